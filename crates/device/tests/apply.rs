//! Commands on a real store: durable before told, refusals that leave no trace, and what a reopened store knows.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::Path;

use common::{note, open, seeded, visit_id};
use jobsheet::{ApplyError, Options, Store, StoreError};
use jobsheet_core::record::{Command, Refusal};
use rusqlite::Connection;

/// Every row of every table, as text: two equal dumps mean that nothing was written.
fn dump(folder: &Path) -> Vec<String> {
    let connection = Connection::open(folder.join("jobsheet.db")).unwrap();
    let mut dump = Vec::new();
    for table in ["meta", "visit", "change", "snapshot", "actor", "pack", "quarantine"] {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> =
                (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect();
            dump.push(format!("{table}: {}", values.join(" | ")));
        }
    }
    dump
}

fn count(folder: &Path, sql: &str) -> i64 {
    Connection::open(folder.join("jobsheet.db")).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn an_applied_command_is_there_after_reopening() {
    let seeded = seeded(2);
    let receipt = seeded.store.apply(visit_id(0), &Command::Accept).unwrap();
    assert_eq!((receipt.command, receipt.unsent), ("accept", 1));
    let heads = seeded.store.heads(visit_id(0)).unwrap();
    assert_eq!(heads, std::slice::from_ref(&receipt.change));

    let again = open(seeded.folder.path());
    assert_eq!(again.heads(visit_id(0)).unwrap(), heads);
    let view = again.visit(visit_id(0)).unwrap();
    assert_eq!(view.transport.unsent, 1);
    assert_eq!(view.assessment.state.id, receipt.state);
    let history = again.history(visit_id(0)).unwrap();
    let last = history.last().unwrap();
    assert_eq!((last.command.as_str(), last.durable, last.seq), ("accept", false, 1));
    assert_eq!(again.outbox().unwrap()[0].number, "SR-00000");
}

#[test]
fn a_refused_command_leaves_the_file_and_the_document_untouched() {
    let seeded = seeded(1);
    seeded.store.apply(visit_id(0), &note("before")).unwrap();
    let (before, heads) = (dump(seeded.folder.path()), seeded.store.heads(visit_id(0)).unwrap());
    let record = seeded.store.visit(visit_id(0)).unwrap().record;

    for command in [
        Command::Finish,
        Command::Leave,
        Command::Answer {
            item: "execution-form.no-such-rule".to_owned(),
            value: jobsheet_core::record::AnswerValue::Yes(true),
        },
    ] {
        let refusal = seeded.store.apply(visit_id(0), &command).unwrap_err();
        assert!(matches!(refusal, ApplyError::Refused(_)), "{refusal}");
        assert!(matches!(seeded.store.preview(visit_id(0), &command), Err(ApplyError::Refused(_))));
    }

    assert_eq!(dump(seeded.folder.path()), before);
    assert_eq!(seeded.store.heads(visit_id(0)).unwrap(), heads);
    assert_eq!(seeded.store.visit(visit_id(0)).unwrap().record, record);
    // The next command follows the last one: the refused ones have used no number.
    seeded.store.apply(visit_id(0), &note("after")).unwrap();
    assert_eq!(count(seeded.folder.path(), "SELECT max(actor_seq) FROM change"), 2);
}

#[test]
fn preview_writes_nothing_and_says_what_apply_would() {
    let seeded = seeded(1);
    let before = dump(seeded.folder.path());
    seeded.store.preview(visit_id(0), &Command::Accept).unwrap();
    assert_eq!(dump(seeded.folder.path()), before);
    seeded.store.apply(visit_id(0), &Command::Accept).unwrap();
    assert!(matches!(seeded.store.preview(visit_id(0), &Command::Accept), Err(ApplyError::Refused(_))));
}

#[test]
fn a_note_of_ten_megabytes_is_refused_and_names_the_field() {
    let seeded = seeded(1);
    let before = dump(seeded.folder.path());
    let error = seeded.store.apply(visit_id(0), &note(&"x".repeat(10 << 20))).unwrap_err();
    match &error {
        ApplyError::Refused(Refusal::Invalid { reason, .. }) => assert!(reason.contains("20000"), "{reason}"),
        other => panic!("{other}"),
    }
    assert!(error.to_string().len() < 1000);
    assert_eq!(dump(seeded.folder.path()), before);
}

#[test]
fn a_long_visit_is_saved_again_and_again_and_opens_equal() {
    let seeded = seeded(1);
    for at in 0..50 {
        seeded.store.apply(visit_id(0), &note(&format!("{at} "))).unwrap();
    }
    let heads = seeded.store.heads(visit_id(0)).unwrap();
    let notes = seeded.store.visit(visit_id(0)).unwrap().record.notes;
    assert!(notes["steps"].ends_with("48 49 "));
    let tail = "SELECT count(*) FROM change JOIN snapshot USING (document) WHERE n > covers";
    assert!(count(seeded.folder.path(), tail) < 8);
    assert_eq!(count(seeded.folder.path(), "SELECT max(actor_seq) FROM change"), 50);

    let again = open(seeded.folder.path());
    assert_eq!(again.heads(visit_id(0)).unwrap(), heads);
    assert_eq!(again.visit(visit_id(0)).unwrap().record.notes, notes);
    again.apply(visit_id(0), &note("50 ")).unwrap();
    // One installation stays one actor across restarts.
    assert_eq!(count(seeded.folder.path(), "SELECT count(DISTINCT actor) FROM change"), 1);
}

#[test]
fn two_handles_on_one_folder_never_write_over_each_other() {
    let seeded = seeded(1);
    let other = open(seeded.folder.path());
    for at in 0..10 {
        seeded.store.apply(visit_id(0), &note(&format!("a{at} "))).unwrap();
        other.apply(visit_id(0), &note(&format!("b{at} "))).unwrap();
    }
    let notes = seeded.store.visit(visit_id(0)).unwrap().record.notes;
    assert_eq!(notes["steps"].split_whitespace().count(), 20);
    assert_eq!(other.heads(visit_id(0)).unwrap(), seeded.store.heads(visit_id(0)).unwrap());
    assert_eq!(count(seeded.folder.path(), "SELECT max(actor_seq) FROM change"), 20);
}

#[test]
fn threads_share_one_store() {
    let seeded = seeded(4);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let store = seeded.store.clone();
            scope.spawn(move || {
                for at in 0..10 {
                    store.apply(visit_id((worker + at) % 4), &note("x")).unwrap();
                    store.visit(visit_id(at % 4)).unwrap();
                }
            });
        }
    });
    assert_eq!(count(seeded.folder.path(), "SELECT count(*) FROM change"), 40);
    for at in 0..4 {
        assert_eq!(seeded.store.visit(visit_id(at)).unwrap().record.notes["steps"].len(), 10);
    }
}

#[test]
fn warm_documents_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let store = Store::open(folder.path(), Options { warm_documents: 3, ..common::options() }).unwrap();
    let deliveries = (0..10).map(|at| common::delivery(&common::dispatched(at))).collect();
    store.receive(&jobsheet_wire::Reply { deliveries, ..jobsheet_wire::Reply::default() }).unwrap();
    assert_eq!(store.warm_documents(), 0);
    for at in 0..10 {
        store.apply(visit_id(at), &note("x")).unwrap();
        assert!(store.warm_documents() <= 3);
    }
    assert_eq!(store.warm_documents(), 3);
}

#[test]
fn a_restored_copy_takes_a_new_actor() {
    let seeded = seeded(1);
    for _ in 0..16 {
        seeded.store.apply(visit_id(0), &note("x")).unwrap();
    }
    // The document knows of changes that the log does not: as after a restore of parts.
    let connection = Connection::open(seeded.folder.path().join("jobsheet.db")).unwrap();
    connection.execute("DELETE FROM change WHERE n > 10", []).unwrap();
    drop(connection);
    let again = open(seeded.folder.path());
    again.apply(visit_id(0), &note("y")).unwrap();
    assert_eq!(count(seeded.folder.path(), "SELECT count(DISTINCT actor) FROM change"), 2);
    assert_eq!(again.visit(visit_id(0)).unwrap().record.notes["steps"].len(), 17);
}

#[test]
fn without_an_identity_or_a_visit_nothing_is_done() {
    let seeded = seeded(1);
    let unknown = visit_id(99);
    assert!(matches!(
        seeded.store.apply(unknown, &Command::Accept),
        Err(ApplyError::Store(StoreError::UnknownVisit(id))) if id == unknown
    ));
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), common::options()).unwrap();
    let deliveries = vec![common::delivery(&common::dispatched(0))];
    store.receive(&jobsheet_wire::Reply { deliveries, ..jobsheet_wire::Reply::default() }).unwrap();
    assert!(matches!(store.apply(visit_id(0), &Command::Accept), Err(ApplyError::NotEnrolled)));
}

#[test]
fn a_shut_down_store_says_so_and_opens_again() {
    let seeded = seeded(1);
    seeded.store.apply(visit_id(0), &note("x")).unwrap();
    seeded.store.shutdown().unwrap();
    assert!(matches!(
        seeded.store.apply(visit_id(0), &note("y")),
        Err(ApplyError::Store(StoreError::Closed))
    ));
    assert!(matches!(seeded.store.visits(&jobsheet::Query::default()), Err(StoreError::Closed)));
    assert_eq!(open(seeded.folder.path()).visit(visit_id(0)).unwrap().record.notes["steps"], "x");
}
