//! What a customer gets: the picture, untouched, and nothing that the camera wrote beside it.

use std::path::Path;

use exif::Tag;
use image::ImageFormat;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageICC};
use jobsheet::{AttachmentError, DocumentFacts, Exported, PhotoFacts, Store};
use jobsheet_core::record::Command;
use jobsheet_core::report::Audience;

use crate::common::{delivery, open_with, options, seeded, visit_id};
use crate::pictures::{ascii, boston, encoded, jpeg, orientation, picture, with_exif, write};

/// What must not come out, wherever it was put in.
const SECRET: &[u8] = b"SECRET-PLACE";

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

fn attach(store: &Store, folder: &Path, bytes: &[u8]) -> String {
    let file = write(folder, "photo", bytes);
    let receipt = store.attach(visit_id(0), &file, &PhotoFacts::default()).unwrap();
    store.visit(visit_id(0)).unwrap().record.photos[&receipt.entry].sha256.clone()
}

fn given(
    store: &Store,
    folder: &Path,
    sha256: &str,
    audience: Audience,
) -> Result<(Exported, Vec<u8>), AttachmentError> {
    let out = folder.join("out");
    let exported = store.attachment_for(visit_id(0), sha256, audience, &out)?;
    Ok((exported, std::fs::read(&out).unwrap()))
}

/// A JPEG with something personal in every place where it can stand.
fn talkative_jpeg(turn: u16) -> Vec<u8> {
    let mut fields = boston();
    fields.extend([orientation(turn), ascii(Tag::Artist, "SECRET-PLACE")]);
    let bytes = with_exif(encoded(&picture(640, 480, 7), ImageFormat::Jpeg), &fields);
    let mut jpeg = Jpeg::from_bytes(bytes.into()).unwrap();
    jpeg.set_icc_profile(Some(Bytes::from_static(b"a colour profile")));
    for (marker, start) in [
        (markers::APP1, &b"http://ns.adobe.com/xap/1.0/\0"[..]),
        (markers::APP0, b"JFXX\0"),
        (markers::APP2, b"MPF\0"),
        (markers::APP13, b"Photoshop 3.0\0"),
        (markers::APP15, b""),
        (markers::COM, b""),
    ] {
        let contents = [start, SECRET].concat();
        jpeg.segments_mut().insert(1, JpegSegment::new_with_contents(marker, contents.into()));
    }
    let mut bytes = jpeg.encoder().bytes().to_vec();
    // What phones put behind the end: a film, a second picture with a place of its own.
    bytes.extend(SECRET);
    bytes.extend(with_exif(encoded(&picture(64, 64, 8), ImageFormat::Jpeg), &fields));
    bytes
}

fn talkative_png() -> Vec<u8> {
    let bytes = with_exif(
        encoded(&picture(64, 48, 7), ImageFormat::Png),
        &[orientation(6), ascii(Tag::Artist, "SECRET-PLACE")],
    );
    let mut png = Png::from_bytes(bytes.into()).unwrap();
    for kind in [*b"tEXt", *b"iTXt", *b"zTXt", *b"tIME", *b"prVt"] {
        png.chunks_mut().insert(1, PngChunk::new(kind, [b"Comment\0", SECRET].concat().into()));
    }
    let mut bytes = png.encoder().bytes().to_vec();
    bytes.extend(SECRET);
    bytes
}

fn talkative_webp() -> Vec<u8> {
    let bytes = with_exif(
        encoded(&picture(64, 48, 7), ImageFormat::WebP),
        &[orientation(6), ascii(Tag::Artist, "SECRET-PLACE")],
    );
    let mut webp = WebP::from_bytes(bytes.into()).unwrap();
    for id in [*b"XMP ", *b"PRIV"] {
        webp.chunks_mut().push(RiffChunk::new(id, RiffContent::Data(Bytes::from_static(SECRET))));
    }
    webp.encoder().bytes().to_vec()
}

#[test]
fn customers_get_the_same_picture_and_nothing_else() {
    let seeded = seeded(1);
    let folder = seeded.folder.path();
    for (bytes, format) in [
        (talkative_jpeg(6), ImageFormat::Jpeg),
        (talkative_png(), ImageFormat::Png),
        (talkative_webp(), ImageFormat::WebP),
    ] {
        assert!(holds(&bytes, SECRET));
        let sha256 = attach(&seeded.store, folder, &bytes);
        for audience in [Audience::Customer, Audience::ThirdParty] {
            let (exported, alone) = given(&seeded.store, folder, &sha256, audience).unwrap();
            assert!(!holds(&alone, SECRET), "{format:?}");
            assert!(exported.stripped && exported.original == sha256 && exported.sha256 != sha256);
            assert_eq!(exported.size, alone.len() as u64);
            let pixels = |bytes: &[u8]| image::load_from_memory_with_format(bytes, format).unwrap().to_rgb8();
            assert_eq!(pixels(&alone), pixels(&bytes), "{format:?}");
            // How it has to be turned is all that is left.
            let exif = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(&alone)).unwrap();
            let left: Vec<(Tag, Option<u32>)> =
                exif.fields().map(|field| (field.tag, field.value.get_uint(0))).collect();
            assert_eq!(left, [(Tag::Orientation, Some(6))], "{format:?}");
        }
        // The original stays as it is, as evidence.
        let kept = std::fs::read(seeded.store.attachment(&sha256).unwrap()).unwrap();
        assert_eq!(kept, bytes);
        for audience in [Audience::Crew, Audience::Office] {
            let (exported, original) = given(&seeded.store, folder, &sha256, audience).unwrap();
            assert_eq!((original, exported.stripped), (bytes.clone(), false));
        }
    }
}

#[test]
fn colours_stay_and_an_upright_picture_needs_no_exif() {
    let seeded = seeded(1);
    let folder = seeded.folder.path();
    let sha256 = attach(&seeded.store, folder, &talkative_jpeg(1));
    let (_, alone) = given(&seeded.store, folder, &sha256, Audience::Customer).unwrap();
    assert!(!holds(&alone, b"Exif"));
    let jpeg = Jpeg::from_bytes(alone.into()).unwrap();
    assert_eq!(jpeg.icc_profile(), Some(Bytes::from_static(b"a colour profile")));
}

#[test]
fn what_can_not_be_stripped_is_for_crew_and_office_alone() {
    let seeded = seeded(1);
    let folder = seeded.folder.path();
    for (name, bytes) in [
        ("a.mp4", &b"\0\0\0\x18ftypmp42 with a place"[..]),
        ("a.pdf", b"%PDF-1.7"),
        ("a.heic", b"\0\0\0\x18ftypheic"),
    ] {
        let file = write(folder, name, bytes);
        let receipt = seeded.store.attach_document(visit_id(0), &file, &DocumentFacts::default()).unwrap();
        let record = seeded.store.visit(visit_id(0)).unwrap().record;
        let sha256 = record.documents[&receipt.entry].sha256.clone();
        for audience in [Audience::Customer, Audience::ThirdParty] {
            let refused = given(&seeded.store, folder, &sha256, audience);
            assert!(matches!(refused, Err(AttachmentError::NotStrippable { .. })), "{refused:?}");
        }
        assert_eq!(given(&seeded.store, folder, &sha256, Audience::Office).unwrap().1, bytes);
    }
    // A broken picture can not be proved to be alone.
    let sha256 = attach(&seeded.store, folder, b"\xff\xd8\xff\xe1\0\x10Exif");
    let out = folder.join("none");
    let refused = seeded.store.attachment_for(visit_id(0), &sha256, Audience::Customer, &out);
    assert!(matches!(refused, Err(AttachmentError::NoPicture(_))), "{refused:?}");
    assert!(!out.exists());
}

#[test]
fn strokes_are_personal() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_with(folder.path(), options());
    let deliveries = vec![delivery(&crate::visits::handed_over())];
    store.receive(&jobsheet_wire::Reply { deliveries, ..Default::default() }).unwrap();
    let strokes = write(folder.path(), "strokes.png", &encoded(&picture(60, 20, 1), ImageFormat::Png));
    store.sign_with_strokes(visit_id(0), "customer", "Chen", &strokes).unwrap();
    let record = store.visit(visit_id(0)).unwrap().record;
    let image = record.signatures.values().next().unwrap().image_sha256.clone().unwrap();
    let refused = given(&store, folder.path(), &image, Audience::ThirdParty);
    assert!(matches!(refused, Err(AttachmentError::Withheld)));
    given(&store, folder.path(), &image, Audience::Customer).unwrap();
}

#[test]
fn only_what_the_visit_names_and_only_whole_files() {
    let seeded = seeded(2);
    let folder = seeded.folder.path();
    let file = write(folder, "photo", &jpeg(1));
    let kept = seeded.store.keep_file(&file).unwrap().sha256;
    let unnamed = given(&seeded.store, folder, &kept, Audience::Office);
    assert!(matches!(unnamed, Err(AttachmentError::NotNamed { .. })));
    let sha256 = attach(&seeded.store, folder, &jpeg(2));
    let out = folder.join("other");
    let other = seeded.store.attachment_for(visit_id(1), &sha256, Audience::Office, &out);
    assert!(matches!(other, Err(AttachmentError::NotNamed { .. })));
    // Cut short on the disk: nothing is given out, and nothing is left where it was to go.
    std::fs::write(seeded.store.attachment(&sha256).unwrap(), &jpeg(2)[..500]).unwrap();
    for audience in [Audience::Office, Audience::Customer] {
        let damaged = seeded.store.attachment_for(visit_id(0), &sha256, audience, &out);
        assert!(matches!(damaged, Err(AttachmentError::Damaged(_))));
    }
    assert!(!out.exists());
    let names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains(".part")), "{names:?}");
    let elsewhere = Command::AddPhoto {
        sha256: "cd".repeat(32),
        size: 5,
        media_type: "image/jpeg".to_owned(),
        item: None,
        moment: None,
        caption: None,
        pair_with: None,
        shot: None,
    };
    seeded.store.apply(visit_id(0), &elsewhere).unwrap();
    let missing = given(&seeded.store, folder, &"cd".repeat(32), Audience::Office);
    assert!(matches!(missing, Err(AttachmentError::Missing(_))));
}

#[test]
fn a_report_for_a_customer_embeds_pictures_without_metadata() {
    let seeded = seeded(1);
    let sha256 = attach(&seeded.store, seeded.folder.path(), &talkative_jpeg(6));
    let page =
        |audience| seeded.store.report_with_photos(visit_id(0), jobsheet_core::Lang::En, audience).unwrap();
    let customer = page(Audience::Customer);
    assert_eq!(customer.matches("<img src=\"data:image/jpeg;base64,").count(), 1);
    assert!(customer.contains(&sha256) && !customer.contains("42.35"));
    assert!(page(Audience::Office).contains("42.358400"));
    assert!(!page(Audience::ThirdParty).contains("<img"));
}
