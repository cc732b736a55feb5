//! What nothing names goes in time; what anything names never does, whoever does what at the same time.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use automerge::ReadDoc;
use automerge::transaction::Transactable;
use jobsheet::{AttachError, AttachmentLimits, DocumentFacts, Options, PhotoFacts, StoreError};
use jobsheet_wire::{Delivery, Reply};

use crate::common::{delivery, dispatched, open, open_with, options, seeded, visit_id};
use crate::pictures::{attached, jpeg, write};
use crate::visits::refusal;

const NOW: Option<Duration> = Some(Duration::ZERO);

fn age(file: &std::path::Path, age: Duration) {
    File::options().write(true).open(file).unwrap().set_modified(SystemTime::now() - age).unwrap();
}

#[test]
fn what_nothing_names_goes_after_its_grace_and_what_is_named_stays() {
    let seeded = seeded(1);
    let (store, folder) = (&seeded.store, seeded.folder.path());
    let named = attached(store, folder, &jpeg(1)).sha256;
    store.thumbnail(&named).unwrap();
    let kept = store.keep_file(&write(folder, "spare", b"nobody names this")).unwrap();
    let path = store.attachment(&kept.sha256).unwrap();
    let day = AttachmentLimits::default().grace;
    age(&path, Duration::from_mins(24 * 60 - 1));
    age(&store.attachment(&named).unwrap(), day * 100);
    let swept = store.sweep_attachments(None).unwrap();
    assert_eq!((swept.removed.len(), swept.young, swept.named), (0, 1, 1));
    age(&path, day + Duration::from_secs(1));
    let swept = store.sweep_attachments(None).unwrap();
    assert_eq!((swept.removed, swept.freed_bytes), (vec![kept.sha256], 17));
    assert!(!path.exists() && store.attachment(&named).is_some());
    // A time that lies ahead is no age.
    let ahead = store.keep_file(&write(folder, "spare", b"from the future")).unwrap();
    let path = store.attachment(&ahead.sha256).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() + day).unwrap();
    assert_eq!(store.sweep_attachments(None).unwrap().young, 1);
}

#[test]
fn refused_revoked_replaced_and_unsent_work_keeps_its_files() {
    let seeded = seeded(3);
    let (store, folder) = (&seeded.store, seeded.folder.path());
    let attach = |visit: usize, seed| {
        let file = write(folder, "photo.jpg", &jpeg(seed));
        store.attach(visit_id(visit), &file, &PhotoFacts::default()).unwrap()
    };
    let refused = attach(0, 1);
    attach(0, 2); // builds on the refused one
    attach(1, 3);
    attach(2, 4);
    let file = write(folder, "film.mp4", b"\0\0\0\x18ftypmp42 film");
    store.attach_document(visit_id(2), &file, &DocumentFacts::default()).unwrap();
    store.receive(&refusal(0, &refused.change)).unwrap();
    let revoked = Delivery::Revoked(visit_id(1).into_bytes());
    // The server was restored and sends the visit as it was before anything was attached.
    let deliveries = vec![revoked, delivery(&dispatched(2))];
    store.receive(&Reply { deliveries, epoch_changed: true, ..Reply::default() }).unwrap();
    let swept = store.sweep_attachments(NOW).unwrap();
    assert_eq!((swept.removed.len(), swept.named), (0, 5));
    assert!(store.check_attachments().unwrap().is_fine());
    // Thrown away by a person, the refused ones are named no more.
    for kept in store.quarantine().unwrap() {
        assert!(store.discard(kept.visit, &kept.change).unwrap());
    }
    assert_eq!(store.sweep_attachments(NOW).unwrap().removed.len(), 2);
    assert!(store.check_attachments().unwrap().is_fine());
}

#[test]
fn a_hash_in_an_entry_that_this_version_can_not_read_keeps_its_file() {
    let seeded = seeded(1);
    let (store, folder) = (&seeded.store, seeded.folder.path());
    let kept = store.keep_file(&write(folder, "spare", b"named by a newer version")).unwrap();
    // As a newer version may write it: an entry of another shape.
    let mut newer = automerge::AutoCommit::load(&dispatched(0).save()).unwrap();
    let field = newer.get(automerge::ROOT, "field").unwrap().unwrap().1;
    let photos = newer.get(&field, "photos").unwrap().unwrap().1;
    let entry = format!("{{\"film\":\"{}\"}}", kept.sha256);
    newer.put(&photos, "00000000-0000-4000-8000-000000000001", entry).unwrap();
    let snapshot = newer.save();
    let new = jobsheet_wire::NewDocument { document: visit_id(0).into_bytes(), snapshot };
    let received =
        store.receive(&Reply { deliveries: vec![Delivery::New(new)], ..Reply::default() }).unwrap();
    assert_eq!(received.problems, []);
    assert_eq!(store.visit(visit_id(0)).unwrap().record.unreadable.len(), 1);
    assert_eq!(store.sweep_attachments(NOW).unwrap().removed.len(), 0);
    assert!(store.attachment(&kept.sha256).is_some());
}

#[test]
fn nothing_is_removed_while_a_document_can_not_be_read() {
    let seeded = seeded(1);
    let (store, folder) = (&seeded.store, seeded.folder.path());
    store.keep_file(&write(folder, "spare", b"nobody names this")).unwrap();
    let connection = rusqlite::open_plain(&folder.join("jobsheet.db")).unwrap();
    connection.execute("UPDATE snapshot SET bytes = x'00112233'", []).unwrap();
    let fresh = open(folder);
    let swept = fresh.sweep_attachments(NOW).unwrap();
    assert_eq!((swept.removed.len(), &swept.unreadable[..]), (0, &[visit_id(0)][..]));
    assert_eq!(fresh.check_attachments().unwrap().unreadable, [visit_id(0)]);
    assert!(store.attachment(&swept_name(folder)).is_some());
}

#[test]
fn nothing_is_removed_while_a_damaged_database_waits_to_be_read() {
    let seeded = seeded(1);
    let (store, folder) = (&seeded.store, seeded.folder.path());
    let named = attached(store, folder, &jpeg(1)).sha256;
    store.shutdown().unwrap();
    let aside = folder.join("damaged-20260302T080000Z");
    std::fs::create_dir(&aside).unwrap();
    std::fs::rename(folder.join("jobsheet.db"), aside.join("jobsheet.db")).unwrap();
    // The new store knows nothing of the photo, the old one does.
    let fresh = open(folder);
    let swept = fresh.sweep_attachments(NOW).unwrap();
    assert_eq!((swept.removed.len(), &swept.set_aside[..]), (0, std::slice::from_ref(&aside)));
    assert!(fresh.attachment(&named).is_some());
    std::fs::remove_dir_all(&aside).unwrap();
    assert_eq!(fresh.sweep_attachments(NOW).unwrap().removed, [named]);
}

fn swept_name(folder: &std::path::Path) -> String {
    let names = std::fs::read_dir(folder.join("attachments")).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .find(|name| name.len() == 64)
        .unwrap()
}

#[test]
fn unfinished_copies_go_unless_somebody_is_at_them() {
    let seeded = seeded(1);
    let (store, folder) = (&seeded.store, seeded.folder.path());
    attached(store, folder, &jpeg(1));
    let left = write(&folder.join("attachments"), ".left.part", b"half a photo");
    let running = write(&folder.join("attachments"), ".running.part", b"half a film");
    let held = File::options().write(true).open(&running).unwrap();
    held.lock().unwrap();
    assert_eq!(store.sweep_attachments(None).unwrap().unfinished, 0, "both are young");
    assert_eq!(store.sweep_attachments(NOW).unwrap().unfinished, 1);
    assert!(!left.exists() && running.exists());
    drop(held);
    assert_eq!(store.sweep_attachments(NOW).unwrap().unfinished, 1);
}

#[test]
fn whoever_waits_too_long_for_the_lock_is_told_so() {
    let seeded = seeded(1);
    let (store, folder) = (&seeded.store, seeded.folder.path());
    attached(store, folder, &jpeg(1));
    let impatient = open_with(folder, Options { busy_timeout: Duration::from_millis(50), ..options() });
    let lock = File::options().write(true).open(folder.join("attachments/.lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(impatient.sweep_attachments(NOW), Err(StoreError::Busy)));
    let file = write(folder, "photo.jpg", &jpeg(2));
    let busy = impatient.attach(visit_id(0), &file, &PhotoFacts::default());
    assert!(matches!(busy, Err(AttachError::Apply(_))), "{busy:?}");
    drop(lock);
    impatient.attach(visit_id(0), &file, &PhotoFacts::default()).unwrap();
}

#[test]
fn attaching_and_sweeping_at_once_loses_nothing() {
    const EACH: u32 = 12;
    let seeded = seeded(4);
    let folder = seeded.folder.path();
    // Whoever looks for a lock finds it held by one of several others nearly always, on a machine that is busy besides.
    let open = |folder: &std::path::Path| {
        open_with(folder, Options { busy_timeout: Duration::from_mins(2), ..options() })
    };
    let done = AtomicBool::new(false);
    let swept = std::thread::scope(|scope| {
        let attachers: Vec<_> = (0..3_u32)
            .map(|thread| {
                // Each its own handle, as another process has; two of them share their visits.
                let store = open(folder);
                scope.spawn(move || {
                    for round in 0..EACH {
                        let seed = if round % 3 == 0 { 1000 + round } else { thread * 100 + round };
                        let file = write(folder, &format!("photo-{thread}.jpg"), &jpeg(seed));
                        let visit = visit_id((thread as usize + round as usize) % 4);
                        store.attach(visit, &file, &PhotoFacts::default()).unwrap();
                        // What nobody names, for the sweepers to find.
                        let spare =
                            write(folder, &format!("spare-{thread}"), format!("{thread} {round}").as_bytes());
                        store.keep_file(&spare).unwrap();
                    }
                })
            })
            .collect();
        let sweepers: Vec<_> = (0..2)
            .map(|_| {
                let (store, done) = (open(folder), &done);
                scope.spawn(move || {
                    let mut removed = 0;
                    while !done.load(Ordering::Acquire) {
                        removed += store.sweep_attachments(NOW).unwrap().removed.len();
                        assert!(store.check_attachments().unwrap().is_fine());
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    removed
                })
            })
            .collect();
        // The sweepers end whatever became of the others.
        let attached: Vec<_> = attachers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Release);
        for attached in attached {
            attached.unwrap();
        }
        sweepers.into_iter().map(|sweeper| sweeper.join().unwrap()).sum::<usize>()
    });
    let store = open(folder);
    let left = store.sweep_attachments(NOW).unwrap().removed.len();
    assert_eq!(swept + left, 3 * EACH as usize, "each spare file was removed once");
    let check = store.check_attachments().unwrap();
    assert!(check.is_fine() && check.unnamed == 0);
    // Of every three rounds, one attaches what the other threads attach too.
    assert_eq!(check.fine, 3 * (EACH - EACH / 3) + EACH / 3);
    let named: usize = (0..4).map(|at| store.visit(visit_id(at)).unwrap().record.photos.len()).sum();
    assert_eq!(named, 3 * EACH as usize);
}
