//! What became of every field, told on one device of a crew, and the conflicts of all its visits.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use common::{Seeded, context, delivery, dispatched, note, open, seeded, standard, visit_id};
use jobsheet::{HistoryEntry, OpenConflict, Receipt, Store, StoreError, Writer};
use jobsheet_core::record::{Applied, Command, Document, FieldEdit, NoteEdit, ResolveTarget};
use jobsheet_core::standard::Side;
use jobsheet_wire::{Delivery, Framed, Reply, Tail};

const ITEM: &str = "execution-form.confirm-address-time";

/// `execution-form.confirm-address-time` asks yes or no, and may be answered from the acceptance on.
fn answer(yes: bool) -> Command {
    Command::Answer { item: ITEM.to_owned(), value: jobsheet_core::record::AnswerValue::Yes(yes) }
}

/// What the office and tech-2 do to the visit on their own side, as it reaches this device.
fn elsewhere(visit: &mut Document, actor: u8, side: Side, minute: u32, command: &Command) -> Applied {
    visit.set_actor(&[actor; 16]);
    let person = if side == Side::Office { "office-2" } else { "tech-2" };
    let at = format!("2026-03-02T10:{minute:02}:00+08:00");
    let hand = context(person, side, &at, 7_000 + u128::from(minute));
    visit.apply(&standard(), command, &hand).unwrap()
}

fn deliver(store: &Store, at: usize, changes: &[Applied]) {
    let changes =
        changes.iter().map(|change| Framed { hash: change.hash, bytes: change.bytes.clone() }).collect();
    let delivery = Delivery::Tail(Tail { document: visit_id(at).into_bytes(), changes });
    let received = store.receive(&Reply { deliveries: vec![delivery], ..Reply::default() }).unwrap();
    assert_eq!(received.problems, []);
}

/// The document as the crew's other device has it: everything that this device has.
fn copy(seeded: &Seeded, at: usize) -> Document {
    let database = rusqlite::Connection::open(seeded.folder.path().join("jobsheet.db")).unwrap();
    let mut log = database.prepare("SELECT bytes FROM change WHERE document = ?1 ORDER BY n").unwrap();
    let changes: Vec<Vec<u8>> =
        log.query_map([visit_id(at)], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut visit = dispatched(at);
    visit.merge(&changes).unwrap();
    visit
}

#[test]
fn own_device_crew_and_office_are_told_apart() {
    let seeded = seeded(1);
    let store = &seeded.store;
    store.apply(visit_id(0), &Command::Accept).unwrap();
    store.apply(visit_id(0), &note("Belt worn.")).unwrap();
    let mut visit = dispatched(0);
    let fill = Command::FillOrder { field: "location".to_owned(), value: "Pier 4".to_owned() };
    let office = elsewhere(&mut visit, 7, Side::Office, 1, &fill);
    let crew = elsewhere(&mut visit, 9, Side::Field, 2, &note("Torn."));
    let said = elsewhere(&mut visit, 9, Side::Field, 3, &Command::Say { words: "Here.".to_owned() });
    deliver(store, 0, &[office, crew, said]);

    let history = store.history(visit_id(0)).unwrap();
    let told: Vec<(&str, Writer, Option<&str>)> =
        history.iter().map(|entry| (entry.command.as_str(), entry.device, entry.person.as_deref())).collect();
    for expected in [
        ("register", Writer::Office, Some("office-1")),
        ("accept", Writer::ThisDevice, Some("tech-1")),
        ("note", Writer::ThisDevice, Some("tech-1")),
        ("fill-order", Writer::Office, None),
        // Its person is known from what else the device wrote.
        ("note", Writer::CrewDevice, Some("tech-2")),
        ("say", Writer::CrewDevice, Some("tech-2")),
    ] {
        assert!(told.contains(&expected), "{expected:?} in {told:?}");
    }
    assert_eq!(history.iter().filter(|entry| !entry.durable).count(), 2);

    // One field, by its path or by its name.
    let steps = store.field_history(visit_id(0), "steps").unwrap();
    assert_eq!(steps, store.field_history(visit_id(0), "field/notes/steps").unwrap());
    let [one, two] = &steps[..] else { panic!("{steps:?}") };
    assert_ne!(one.actor, two.actor);
    for (entry, other) in [(one, two), (two, one)] {
        assert_eq!(entry.fields[0].beside, std::slice::from_ref(&other.change), "written at once");
    }
    let location = store.field_history(visit_id(0), "location").unwrap();
    let FieldEdit::Put { before, .. } = &location[1].fields[0].edit else { panic!("{location:?}") };
    assert_eq!(before[0].value, "0 Main Street");
    assert!(store.field_history(visit_id(0), "no-such-field").unwrap().is_empty());
    assert!(matches!(store.field_history(visit_id(7), "steps"), Err(StoreError::UnknownVisit(_))));
}

fn conflicting(seeded: &Seeded, at: usize) {
    let store = &seeded.store;
    store.apply(visit_id(at), &Command::Accept).unwrap();
    let mut visit = copy(seeded, at);
    store.apply(visit_id(at), &answer(true)).unwrap();
    let crew = elsewhere(&mut visit, 9, Side::Field, 5, &answer(false));
    deliver(store, at, &[crew]);
}

fn resolve(store: &Store, conflict: &OpenConflict, version: usize) -> Receipt {
    store.apply(conflict.visit, &Command::Resolve { target: conflict.target.clone(), version }).unwrap()
}

fn answers(history: &[HistoryEntry]) -> Vec<(String, bool)> {
    let fields = history.iter().flat_map(|entry| entry.fields.iter().map(move |field| (entry, field)));
    fields
        .map(|(entry, field)| match &field.edit {
            FieldEdit::Put { after, stands, .. } => (format!("{} {}", entry.command, after["is"]), *stands),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn conflicts_of_all_visits_stand_in_one_list_and_are_settled_from_it() {
    let seeded = seeded(4);
    for at in [2, 0] {
        conflicting(&seeded, at);
    }
    let store = &seeded.store;
    let open = store.conflicts().unwrap();
    let [first, second] = &open[..] else { panic!("{open:?}") };
    assert_eq!((first.visit, second.visit), (visit_id(0), visit_id(2)), "in the order of the list");
    assert_eq!(
        (first.number.as_str(), first.place.as_str()),
        ("SR-00000", format!("answer:{ITEM}").as_str())
    );
    assert_eq!(first.settled_by, Some(Side::Field));
    let mut who: Vec<(&str, Writer)> =
        first.versions.iter().map(|version| (version.person.as_str(), version.device)).collect();
    who.sort_unstable_by_key(|(person, _)| *person);
    assert_eq!(who, [("tech-1", Writer::ThisDevice), ("tech-2", Writer::CrewDevice)]);

    let own = first.versions.iter().position(|version| version.person == "tech-1").unwrap();
    resolve(store, first, own);
    assert_eq!(store.conflicts().unwrap(), open[1..], "one is settled, the other waits");
    let again = open_again(seeded);
    assert_eq!(again.store.conflicts().unwrap().len(), 1);

    // What was not chosen is still told, as are who chose and when.
    let history = again.store.field_history(visit_id(0), ITEM).unwrap();
    let told = answers(&history);
    assert_eq!(told.len(), 3);
    for gone in ["answer {\"yes\":true}", "answer {\"yes\":false}"] {
        assert!(told.contains(&(gone.to_owned(), false)), "{told:?}");
    }
    assert!(told.contains(&("resolve {\"yes\":true}".to_owned(), true)), "{told:?}");
}

fn open_again(seeded: Seeded) -> Seeded {
    let Seeded { store, folder } = seeded;
    store.shutdown().unwrap();
    Seeded { store: open(folder.path()), folder }
}

#[test]
fn a_settlement_that_crosses_a_new_answer_comes_back_as_a_conflict() {
    let seeded = seeded(1);
    conflicting(&seeded, 0);
    let store = &seeded.store;
    let open = store.conflicts().unwrap();
    // tech-2 has heard of the conflict and answers anew while tech-1 settles it.
    let mut visit = copy(&seeded, 0);
    let crew = elsewhere(&mut visit, 9, Side::Field, 20, &answer(false));
    resolve(store, &open[0], 0);
    assert!(store.conflicts().unwrap().is_empty());
    deliver(store, 0, &[crew]);
    let again = store.conflicts().unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].versions.len(), 2);
    assert_eq!(store.field_history(visit_id(0), ITEM).unwrap().len(), 4);
    assert_eq!(again[0].target, ResolveTarget::Answer(ITEM.to_owned()));
}

#[test]
fn the_conflicts_of_a_visit_that_was_taken_away_are_not_listed() {
    let seeded = seeded(1);
    conflicting(&seeded, 0);
    let revoked = Delivery::Revoked(visit_id(0).into_bytes());
    seeded.store.receive(&Reply { deliveries: vec![revoked], ..Reply::default() }).unwrap();
    assert!(seeded.store.conflicts().unwrap().is_empty());
    assert!(matches!(seeded.store.history(visit_id(0)), Err(StoreError::Revoked(_))));
    // The office gives it back.
    seeded.store.receive(&Reply { deliveries: vec![delivery(&dispatched(0))], ..Reply::default() }).unwrap();
    assert_eq!(seeded.store.history(visit_id(0)).unwrap().len(), 4);
}

#[test]
fn an_edit_in_the_middle_of_a_note_reads_as_a_difference() {
    let seeded = seeded(1);
    let store = &seeded.store;
    store.apply(visit_id(0), &Command::Accept).unwrap();
    store.apply(visit_id(0), &note("Belt worn, changed.")).unwrap();
    let edit = NoteEdit::Splice { at: 5, delete: 4, insert: "断裂".to_owned() };
    store.apply(visit_id(0), &Command::Note { note: "steps".to_owned(), edit }).unwrap();
    let history = store.field_history(visit_id(0), "steps").unwrap();
    let FieldEdit::Text { edits } = &history[1].fields[0].edit else { panic!("{history:?}") };
    let [edit] = &edits[..] else { panic!("{edits:?}") };
    assert_eq!(
        (edit.at, edit.left.as_str(), edit.deleted.as_str(), edit.inserted.as_str(), edit.right.as_str()),
        (5, "Belt ", "worn", "断裂", ", changed.")
    );
    assert_eq!(edit.written_by, [history[0].change.clone()]);
}
