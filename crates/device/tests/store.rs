//! The file itself: newer and damaged ones, lists, observers.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::sync::mpsc::channel;
use std::time::Duration;

use common::{delivery, dispatched, note, open, options, seeded, visit_id};
use jobsheet::{ListChange, Query, Store, StoreError};
use jobsheet_core::record::Command;
use jobsheet_wire::{Delivery, PackFile, Reply};
use rusqlite::Connection;

#[test]
fn a_newer_schema_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobsheet.db");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("CREATE TABLE future (x); PRAGMA user_version = 999").unwrap();
    drop(connection);
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(Store::open(folder.path(), options()), Err(StoreError::Newer { found: 999, .. })));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobsheet.db");
    std::fs::write(&file, "not a database, but something a person may want back".repeat(100)).unwrap();
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(Store::open(folder.path(), options()), Err(StoreError::Corrupt(_))));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn lists_are_ordered_paged_and_filtered() {
    let seeded = seeded(230);
    let all = seeded.store.visits(&Query::default()).unwrap();
    assert_eq!((all.rows.len(), all.total), (50, 230));
    assert!(all.rows.is_sorted_by_key(|row| row.planned_start));
    assert_eq!(all.rows[0].number, "SR-00000");

    let mut seen = Vec::new();
    for skip in (0..230).step_by(100) {
        let page = seeded.store.visits(&Query { skip, rows: 100, ..Query::default() }).unwrap();
        seen.extend(page.rows.into_iter().map(|row| row.number));
    }
    assert_eq!(seen, (0..230).map(|at| format!("SR-{at:05}")).collect::<Vec<_>>());
    assert_eq!(seeded.store.visits(&Query { rows: 10_000, ..Query::default() }).unwrap().rows.len(), 200);
    assert_eq!(seeded.store.visits(&Query { rows: 0, ..Query::default() }).unwrap().rows.len(), 1);

    let text =
        |text: &str| seeded.store.visits(&Query { text: text.to_owned(), ..Query::default() }).unwrap();
    assert_eq!(text("sr-00042").rows[0].visit, visit_id(42));
    assert_eq!(text("17 main").total, 3);
    assert_eq!(text("100%").total, 0);
    assert_eq!(text("_").total, 0);

    let accepted = seeded.store.apply(visit_id(5), &Command::Accept).unwrap().state;
    let states = |state: &str| {
        let query = Query { states: vec![state.to_owned()], only_open: true, ..Query::default() };
        seeded.store.visits(&query).unwrap()
    };
    assert_eq!(states(&accepted).rows[0].visit, visit_id(5));
    assert_eq!(states(&accepted).total + states(&all.rows[0].state).total, 230);
}

#[test]
fn visits_are_found_by_id_and_by_number() {
    let seeded = seeded(3);
    assert_eq!(seeded.store.find("sr-00002").unwrap(), [visit_id(2)]);
    assert_eq!(seeded.store.find(&visit_id(1).to_string()).unwrap(), [visit_id(1)]);
    assert!(seeded.store.find("SR-0000").unwrap().is_empty());
}

#[test]
fn an_observer_hears_the_list_then_differences_then_nothing() {
    let seeded = seeded(3);
    let (tell, told) = channel();
    let store = seeded.store.clone();
    let state = seeded.store.visits(&Query::default()).unwrap().rows[0].state.clone();
    let subscription = seeded
        .store
        .observe(Query { states: vec![state], ..Query::default() }, move |change| {
            // A callback may use the store: no lock is held.
            store.visits(&Query::default()).unwrap();
            tell.send(change).unwrap();
        })
        .unwrap();
    let next = || told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(matches!(next(), ListChange::All(rows) if rows.len() == 3));
    seeded.store.apply(visit_id(1), &note("x")).unwrap();
    assert!(matches!(next(), ListChange::Put(row) if row.visit == visit_id(1) && row.unsent == 1));
    seeded.store.apply(visit_id(1), &Command::Accept).unwrap();
    assert_eq!(next(), ListChange::Removed(visit_id(1)));
    seeded.store.receive(&Reply { deliveries: vec![delivery(&dispatched(7))], ..Reply::default() }).unwrap();
    assert!(matches!(next(), ListChange::Put(row) if row.visit == visit_id(7)));
    drop(subscription);
    seeded.store.apply(visit_id(0), &note("x")).unwrap();
    assert!(told.recv_timeout(Duration::from_millis(300)).is_err());
}

#[test]
fn an_observer_that_panics_hurts_nobody() {
    let seeded = seeded(1);
    let _bad = seeded.store.observe(Query::default(), |_| panic!("a bug of the app")).unwrap();
    let (tell, told) = channel();
    let _good = seeded.store.observe(Query::default(), move |change| tell.send(change).unwrap()).unwrap();
    assert!(matches!(told.recv_timeout(Duration::from_secs(10)).unwrap(), ListChange::All(_)));
    seeded.store.apply(visit_id(0), &note("x")).unwrap();
    assert!(matches!(told.recv_timeout(Duration::from_secs(10)).unwrap(), ListChange::Put(_)));
}

/// A pack that does not come with the library: a second version of one that does.
fn other_pack() -> (String, jobsheet_core::standard::Standard) {
    let source = common::standard().source().replacen("version = \"1.0.0\"", "version = \"9.9.9\"", 1);
    let standard = jobsheet_core::standard::Standard::load(&source).unwrap();
    (source, standard)
}

fn pinned_to_other_pack() -> Delivery {
    let (_, standard) = other_pack();
    let order = [("number", "SR-9"), ("fault", "Dark"), ("urgency", "normal")];
    let registration = jobsheet_core::record::Registration {
        job: None,
        order: order.into_iter().map(|(id, value)| (id.to_owned(), value.to_owned())).collect(),
        received_at: None,
    };
    let office =
        common::context("office-1", jobsheet_core::standard::Side::Office, "2026-03-01T09:00:00+08:00", 1);
    let (visit, _) =
        jobsheet_core::record::Document::register(visit_id(9), &standard, &registration, &[7; 16], &office)
            .unwrap();
    delivery(&visit)
}

#[test]
fn a_visit_waits_for_its_pack_and_a_corrupted_pack_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (source, standard) = other_pack();
    let sha256: [u8; 32] = jobsheet_core::unhex(standard.sha256()).unwrap().try_into().unwrap();

    // Listed without its pack, but neither judged nor worked; a pack under a wrong hash changes nothing.
    let wrong = PackFile { sha256, source: source.replace("9.9.9", "9.9.8") };
    let received = store
        .receive(&Reply { deliveries: vec![pinned_to_other_pack()], packs: vec![wrong], ..Reply::default() })
        .unwrap();
    assert_eq!((received.packs, received.documents, received.problems.len()), (0, 1, 1));
    let row = store.visits(&Query::default()).unwrap().rows.remove(0);
    assert_eq!((row.ready, row.number.as_str(), row.state.as_str()), (false, "SR-9", ""));
    assert!(matches!(
        store.apply(visit_id(9), &note("x")),
        Err(jobsheet::ApplyError::Store(StoreError::PackMissing(_)))
    ));

    let right = PackFile { sha256, source };
    assert_eq!(store.receive(&Reply { packs: vec![right], ..Reply::default() }).unwrap().packs, 1);
    assert!(store.visits(&Query::default()).unwrap().rows[0].ready);
    store.visit(visit_id(9)).unwrap();

    let connection = Connection::open(folder.path().join("jobsheet.db")).unwrap();
    connection.execute("UPDATE pack SET source = replace(source, '9.9.9', '9.9.7')", []).unwrap();
    let again = open(folder.path());
    assert!(matches!(again.visit(visit_id(9)), Err(StoreError::PackDamaged(_))));
}
