//! Two receipts: what is committed, and what is applied, with every file. A device knows both of each visit.

use std::ops::ControlFlow;

use jobsheet::{DocumentFacts, Query, Store, SyncError};
use jobsheet_core::record::DocumentId;
use jobsheet_tests::phone::Phone;

use crate::world::{World, say, sync, world};

fn is_applied(store: &Store, visit: DocumentId) -> bool {
    let rows = store.visits(&Query::default()).unwrap().rows;
    let row = rows.iter().find(|row| row.visit == visit).unwrap();
    assert_eq!(
        row.applied,
        store.visit(visit).unwrap().transport.applied,
        "the list says what the view does"
    );
    row.applied
}

fn attach(world: &World, store: &Store, name: &str) {
    let file = world.folder.path().join(name);
    std::fs::write(&file, format!("%PDF-1.4 {name}")).unwrap();
    store.attach_document(world.visit, &file, &DocumentFacts::default()).unwrap();
}

/// Sends records and no files.
fn send_records(store: &Store) {
    let stopped =
        store.sync(|step| if step.to_send == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
    assert!(matches!(stopped, Err(SyncError::Cancelled)), "{stopped:?}");
}

#[test]
fn work_without_files_is_applied_with_the_answer() {
    let world = world();
    let maria = world.device("maria");
    assert!(is_applied(&maria, world.visit), "nothing was done to it here");
    say(&maria, world.visit, "Hello.");
    assert!(!is_applied(&maria, world.visit));
    let report = sync(&maria);
    assert_eq!((report.exchanges, report.accepted, report.applied), (1, 1, 1));
    assert!(is_applied(&maria, world.visit));
}

#[test]
fn work_with_files_is_applied_when_the_server_has_them() {
    let world = world();
    let maria = world.device("maria");
    attach(&world, &maria, "one.pdf");
    send_records(&maria);
    assert!(maria.outbox().unwrap().is_empty(), "it is durable");
    assert!(!is_applied(&maria, world.visit), "and its file is nowhere but here");
    let report = sync(&maria);
    assert_eq!((report.files.sent, report.applied), (1, 1));
    assert!(is_applied(&maria, world.visit));
    // Whoever asks on the command line is told as well.
    let phone = Phone::new("tom", world.folder.path());
    phone.enrol(&world.proxy.address, &world.office.code("tom").unwrap()).unwrap();
    phone.sync().unwrap();
    phone.json(&["say", "101001296115", "On my way."]).unwrap();
    assert_eq!(phone.json(&["show", "101001296115"]).unwrap()["transport"]["applied"], false);
    assert_eq!(phone.sync().unwrap()["applied"], 1);
    assert_eq!(phone.json(&["show", "101001296115"]).unwrap()["transport"]["applied"], true);
}

#[test]
fn a_visit_whose_files_a_colleague_has_is_not_applied_yet() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    attach(&world, &tom, "two.pdf");
    send_records(&tom);
    sync(&maria);
    say(&maria, world.visit, "Where is the paper?");
    assert_eq!(sync(&maria).applied, 0);
    assert!(!is_applied(&maria, world.visit));
    sync(&tom);
    assert!(is_applied(&tom, world.visit));
    let report = sync(&maria);
    assert_eq!((report.exchanges, report.applied), (1, 1), "it comes with any sync");
    assert!(is_applied(&maria, world.visit));
}
