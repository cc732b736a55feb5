//! Every named hash is here with the right bytes, or it is said which is not.

use jobsheet::{PhotoFacts, Presence};
use jobsheet_wire::{Delivery, Reply};

use crate::common::{TECHNICIAN, context, delivery, dispatched, seeded, standard, visit_id};
use crate::pictures::{attached, jpeg, write};

#[test]
fn missing_damaged_fine_and_elsewhere_are_told_apart() {
    let seeded = seeded(1);
    let (store, folder) = (&seeded.store, seeded.folder.path());
    let hashes: Vec<String> = (0..3).map(|seed| attached(store, folder, &jpeg(seed)).sha256).collect();
    // A photo of the crew's other phone.
    let mut other = dispatched(0);
    other.set_actor(&[5; 16]);
    let photo = jobsheet_core::record::Command::AddPhoto {
        sha256: "cd".repeat(32),
        size: 5,
        media_type: "image/jpeg".to_owned(),
        item: None,
        moment: None,
        caption: None,
        pair_with: None,
        shot: None,
    };
    let by = context("tech-2", jobsheet_core::standard::Side::Field, "2026-03-02T09:10:00+08:00", 5_000);
    other.apply(&standard(), &photo, &by).unwrap();
    store.receive(&Reply { deliveries: vec![delivery(&other)], ..Reply::default() }).unwrap();
    assert_ne!(by.actor.person, TECHNICIAN);
    store.keep_file(&write(folder, "spare", b"nobody names this")).unwrap();

    let check = store.check_attachments().unwrap();
    assert!(check.is_fine());
    assert_eq!((check.fine, check.elsewhere, check.unnamed), (3, 1, 1));
    assert!(check.fine_bytes > 1000);

    std::fs::remove_file(store.attachment(&hashes[0]).unwrap()).unwrap();
    let path = store.attachment(&hashes[1]).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let check = store.check_attachments().unwrap();
    assert!(!check.is_fine());
    assert_eq!((check.fine, check.missing.len(), check.damaged.len(), check.elsewhere), (1, 1, 1, 1));
    assert_eq!((&check.missing[0].sha256, &check.missing[0].visits[..]), (&hashes[0], &[visit_id(0)][..]));
    assert_eq!(check.damaged[0].sha256, hashes[1]);
    // Put aside, not deleted.
    assert!(!path.exists());
    assert_eq!(std::fs::read(&check.damaged[0].kept_as).unwrap(), bytes);
    let presence: Vec<(String, Presence)> =
        store.attachments(None).unwrap().into_iter().map(|file| (file.sha256, file.presence)).collect();
    for (sha256, expected) in [
        (hashes[0].clone(), Presence::Missing),
        (hashes[1].clone(), Presence::Missing),
        (hashes[2].clone(), Presence::Here),
        ("cd".repeat(32), Presence::Elsewhere),
    ] {
        assert!(presence.contains(&(sha256, expected)), "{presence:?}");
    }
    // The true bytes, attached again, heal the record.
    for seed in [0, 1] {
        attached(store, folder, &jpeg(seed));
    }
    assert!(store.check_attachments().unwrap().is_fine());
}

#[test]
fn a_photo_of_a_refused_change_and_of_a_visit_that_was_taken_away_must_still_be_there() {
    let seeded = seeded(2);
    let (store, folder) = (&seeded.store, seeded.folder.path());
    let file = write(folder, "photo.jpg", &jpeg(1));
    let refused = store.attach(visit_id(0), &file, &PhotoFacts::default()).unwrap();
    let file = write(folder, "photo.jpg", &jpeg(2));
    store.attach(visit_id(1), &file, &PhotoFacts::default()).unwrap();
    store.receive(&crate::visits::refusal(0, &refused.change)).unwrap();
    let deliveries = vec![Delivery::Revoked(visit_id(1).into_bytes())];
    store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
    assert!(store.visit(visit_id(0)).unwrap().record.photos.is_empty());
    let files = store.attachments(None).unwrap();
    assert_eq!(files.len(), 2);
    for file in files {
        std::fs::remove_file(store.attachment(&file.sha256).unwrap()).unwrap();
    }
    assert_eq!(store.check_attachments().unwrap().missing.len(), 2);
}
