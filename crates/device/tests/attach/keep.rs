//! What is attached is kept under its hash, whole, and named in the record.

use jobsheet::{AttachError, DocumentFacts, PhotoFacts};

use crate::common::{seeded, visit_id};
use crate::pictures::{jpeg, write};

fn kept(folder: &std::path::Path) -> Vec<String> {
    let names = std::fs::read_dir(folder.join("attachments")).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != ".lock");
    names
}

#[test]
fn a_photo_is_kept_under_its_hash_and_named_in_the_record() {
    let seeded = seeded(1);
    let photo = seeded.folder.path().join("photo.jpg");
    let bytes: Vec<u8> =
        [0xff, 0xd8, 0xff, 0xe0].into_iter().chain((0..=250_u8).cycle().take(2_000_000)).collect();
    std::fs::write(&photo, &bytes).unwrap();
    let facts = PhotoFacts { caption: Some("the lamp".to_owned()), ..PhotoFacts::default() };
    seeded.store.attach(visit_id(0), &photo, &facts).unwrap();
    let record = seeded.store.visit(visit_id(0)).unwrap().record;
    let named = record.photos.values().next().unwrap();
    assert_eq!((named.size, named.media_type.as_str()), (2_000_004, "image/jpeg"));
    assert_eq!(named.shot, None, "the bytes are no picture: nothing is known of it, and it is kept");
    let path = seeded.store.attachment(&named.sha256).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), bytes);
    assert!(seeded.store.attachment("../jobsheet.db").is_none());
    assert_eq!(kept(seeded.folder.path()), std::slice::from_ref(&named.sha256));
}

#[test]
fn what_is_refused_is_not_copied() {
    let seeded = seeded(1);
    let photo = write(seeded.folder.path(), "photo.jpg", b"some bytes");
    std::fs::create_dir(seeded.folder.path().join("attachments")).unwrap();
    let no_rule =
        PhotoFacts { item: Some("execution-form.no-such-rule".to_owned()), ..PhotoFacts::default() };
    let refused = seeded.store.attach(visit_id(0), &photo, &no_rule);
    assert!(matches!(refused, Err(AttachError::Apply(_))));
    write(seeded.folder.path(), "photo.jpg", b"");
    let empty = seeded.store.attach(visit_id(0), &photo, &PhotoFacts::default());
    assert!(matches!(empty, Err(AttachError::Empty)));
    let missing = seeded.folder.path().join("no such file");
    let unreadable = seeded.store.attach(visit_id(0), &missing, &PhotoFacts::default());
    assert!(matches!(unreadable, Err(AttachError::Unreadable(_))));
    let folder = seeded.store.attach(visit_id(0), seeded.folder.path(), &PhotoFacts::default());
    assert!(matches!(folder, Err(AttachError::Unreadable(_))));
    let unknown = seeded.store.attach(visit_id(9), &photo, &PhotoFacts::default());
    assert!(matches!(unknown, Err(AttachError::Apply(_))));
    assert_eq!(kept(seeded.folder.path()), Vec::<String>::new());
}

#[test]
fn the_same_bytes_are_kept_once() {
    let seeded = seeded(2);
    let photo = write(seeded.folder.path(), "photo.jpg", &jpeg(1));
    for visit in [0, 0, 1] {
        seeded.store.attach(visit_id(visit), &photo, &PhotoFacts::default()).unwrap();
    }
    seeded.store.attach_document(visit_id(1), &photo, &DocumentFacts::default()).unwrap();
    assert_eq!(kept(seeded.folder.path()).len(), 1);
    let files = seeded.store.attachments(None).unwrap();
    assert_eq!((files.len(), files[0].visits.len(), files[0].uses.len()), (1, 2, 2));
    assert_eq!(seeded.store.attachments(Some(visit_id(0))).unwrap()[0].uses.len(), 2);
}

#[test]
fn documents_keep_their_name_and_strokes_are_named_by_the_signature() {
    let seeded = seeded(1);
    let folder = seeded.folder.path();
    let pdf = write(folder, "manual.pdf", b"%PDF-1.7 and so on");
    seeded.store.attach_document(visit_id(0), &pdf, &DocumentFacts::default()).unwrap();
    let named = DocumentFacts { name: Some("Contract".to_owned()), ..DocumentFacts::default() };
    seeded.store.attach_document(visit_id(0), &pdf, &named).unwrap();
    let record = seeded.store.visit(visit_id(0)).unwrap().record;
    let mut names: Vec<&str> = record.documents.values().map(|file| file.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Contract", "manual.pdf"]);
    assert!(record.documents.values().all(|file| file.media_type == "application/pdf" && file.size == 18));
    // The signature itself is refused here, before anything is copied: the work has not begun.
    let strokes = write(folder, "strokes.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    let early = seeded.store.sign_with_strokes(visit_id(0), "customer", "Chen", &strokes);
    assert!(matches!(early, Err(AttachError::Apply(_))));
    assert_eq!(kept(folder).len(), 1);
}
