//! Replies of the server: verdicts, documents, tails, revocation, restart, and work that must never be lost.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use common::{TECHNICIAN, context, delivery, dispatched, note, open, seeded, standard, visit_id};
use jobsheet::{Query, Store, StoreError};
use jobsheet_core::record::{Applied, Command, Document};
use jobsheet_core::standard::Side;
use jobsheet_core::unhex;
use jobsheet_wire::{Delivery, Framed, Reply, Tail, Verdict, VerdictOfChange};

fn hash(change: &str) -> [u8; 32] {
    unhex(change).unwrap().try_into().unwrap()
}

fn verdict(at: usize, change: &str, verdict: Verdict) -> VerdictOfChange {
    VerdictOfChange { document: visit_id(at).into_bytes(), hash: hash(change), verdict }
}

fn refused() -> Verdict {
    Verdict::Refused {
        code: "foreign-path".to_owned(),
        reason: "the change touches what it may not".to_owned(),
    }
}

fn words(store: &Store, at: usize) -> String {
    store.visit(visit_id(at)).unwrap().record.notes["steps"].clone()
}

/// Another crew member's device: the visit and what it has changed.
fn colleague(visit: &mut Document, actor: u8, words: &str) -> Applied {
    visit.set_actor(&[actor; 16]);
    let hand = context("tech-2", Side::Field, "2026-03-02T10:00:00+08:00", 77);
    visit.apply(&standard(), &note(words), &hand).unwrap()
}

fn tail(at: usize, changes: &[Applied]) -> Delivery {
    let changes =
        changes.iter().map(|change| Framed { hash: change.hash, bytes: change.bytes.clone() }).collect();
    Delivery::Tail(Tail { document: visit_id(at).into_bytes(), changes })
}

fn deliver(store: &Store, deliveries: Vec<Delivery>) -> jobsheet::Received {
    store.receive(&Reply { deliveries, ..Reply::default() }).unwrap()
}

#[test]
fn accepted_changes_leave_the_outbox() {
    let seeded = seeded(1);
    let one = seeded.store.apply(visit_id(0), &note("one ")).unwrap().change;
    let two = seeded.store.apply(visit_id(0), &note("two ")).unwrap().change;
    let verdicts = vec![verdict(0, &one, Verdict::Accepted(5)), verdict(0, &two, Verdict::Duplicate(6))];
    let received = seeded.store.receive(&Reply { verdicts, ..Reply::default() }).unwrap();
    assert_eq!((received.accepted, received.duplicates), (1, 1));
    assert!(seeded.store.outbox().unwrap().is_empty());
    assert_eq!(seeded.store.visits(&Query::default()).unwrap().rows[0].unsent, 0);
    assert_eq!(words(&seeded.store, 0), "one two ");
    // The warm document goes on.
    assert_eq!(seeded.store.apply(visit_id(0), &note("three ")).unwrap().unsent, 1);
}

#[test]
fn a_refused_change_and_what_builds_on_it_are_kept_aside_and_work_goes_on() {
    let seeded = seeded(2);
    let store = &seeded.store;
    let good = store.apply(visit_id(0), &note("good ")).unwrap().change;
    let bad = store.apply(visit_id(0), &note("bad ")).unwrap().change;
    let child = store.apply(visit_id(0), &note("child ")).unwrap().change;
    store.apply(visit_id(1), &note("elsewhere ")).unwrap();
    let verdicts = vec![verdict(0, &good, Verdict::Accepted(1)), verdict(0, &bad, refused())];
    let received = store.receive(&Reply { verdicts, ..Reply::default() }).unwrap();
    assert_eq!((received.accepted, received.refused), (1, 2));

    assert_eq!(words(store, 0), "good ");
    let kept = store.quarantine().unwrap();
    let kept: Vec<_> =
        kept.iter().map(|kept| (kept.change.as_str(), kept.code.as_str(), kept.command.as_str())).collect();
    assert_eq!(kept.len(), 2);
    assert!(kept.contains(&(bad.as_str(), "foreign-path", "note")));
    assert!(kept.contains(&(child.as_str(), "builds-on-refused", "note")));
    assert!(store.quarantine().unwrap().iter().all(|kept| !kept.bytes.is_empty()));
    let outbox = store.outbox().unwrap();
    assert_eq!(outbox.iter().map(|out| (out.unsent, out.refused)).collect::<Vec<_>>(), [(0, 2), (1, 0)]);

    // The hole in the numbers is not filled: the next change has a new actor, and all of it survives a reopening.
    store.apply(visit_id(0), &note("next ")).unwrap();
    let again = open(seeded.folder.path());
    assert_eq!(words(&again, 0), "good next ");
    let last = again.history(visit_id(0)).unwrap().pop().unwrap();
    assert_eq!(last.seq, 1);
    assert!(again.discard(visit_id(0), &bad).unwrap());
    assert!(!again.discard(visit_id(0), &bad).unwrap());
    assert_eq!(again.quarantine().unwrap().len(), 1);
}

#[test]
fn a_tail_merges_with_unsent_work() {
    let seeded = seeded(1);
    seeded.store.apply(visit_id(0), &note("mine ")).unwrap();
    let mut office = dispatched(0);
    let theirs: Vec<Applied> = (0..30).map(|at| colleague(&mut office, 9, &format!("t{at} "))).collect();
    let received = deliver(&seeded.store, vec![tail(0, &theirs)]);
    assert_eq!((received.changes, received.problems.len()), (30, 0));
    let merged = words(&seeded.store, 0);
    assert!(merged.contains("mine ") && merged.contains("t29 "), "{merged}");
    assert_eq!(seeded.store.outbox().unwrap()[0].unsent, 1);
    // The same again brings nothing.
    assert_eq!(deliver(&seeded.store, vec![tail(0, &theirs)]).changes, 0);
    let again = open(seeded.folder.path());
    assert_eq!(words(&again, 0), merged);
    assert_eq!(again.heads(visit_id(0)).unwrap().len(), 2);
}

#[test]
fn children_that_come_first_wait_for_their_parents() {
    let seeded = seeded(1);
    let mut office = dispatched(0);
    let theirs: Vec<Applied> = (0..20).map(|at| colleague(&mut office, 9, &format!("t{at} "))).collect();
    deliver(&seeded.store, vec![tail(0, &theirs[1..])]);
    assert_eq!(words(&seeded.store, 0), "");
    let again = open(seeded.folder.path());
    deliver(&again, vec![tail(0, &theirs[..1])]);
    assert!(words(&again, 0).ends_with("t19 "));
    assert_eq!(open(seeded.folder.path()).heads(visit_id(0)).unwrap().len(), 1);
}

#[test]
fn a_document_that_comes_anew_keeps_unsent_work() {
    let seeded = seeded(1);
    seeded.store.apply(visit_id(0), &note("mine ")).unwrap();
    let mut office = dispatched(0);
    colleague(&mut office, 9, "theirs ");
    let received = deliver(&seeded.store, vec![delivery(&office)]);
    assert_eq!(received.documents, 1);
    let merged = words(&seeded.store, 0);
    assert!(merged.contains("mine ") && merged.contains("theirs "), "{merged}");
    assert_eq!(seeded.store.outbox().unwrap()[0].unsent, 1);
    let again = open(seeded.folder.path());
    assert_eq!(words(&again, 0), merged);
    again.apply(visit_id(0), &note("more ")).unwrap();
    assert_eq!(again.history(visit_id(0)).unwrap().pop().unwrap().seq, 2);
}

#[test]
fn a_revoked_visit_is_hidden_and_its_unsent_work_is_kept() {
    let seeded = seeded(2);
    seeded.store.apply(visit_id(0), &note("mine ")).unwrap();
    let received = deliver(&seeded.store, vec![Delivery::Revoked(visit_id(0).into_bytes())]);
    assert_eq!(received.revoked, 1);
    assert!(matches!(seeded.store.visit(visit_id(0)), Err(StoreError::Revoked(_))));
    assert_eq!(seeded.store.visits(&Query::default()).unwrap().total, 1);
    let outbox = seeded.store.outbox().unwrap();
    assert_eq!((outbox[0].unsent, outbox[0].revoked), (1, true));
    // Assigned again, it is back with the work in it.
    deliver(&seeded.store, vec![delivery(&dispatched(0))]);
    assert_eq!(words(&seeded.store, 0), "mine ");
}

#[test]
fn after_a_restart_of_the_server_everything_is_offered_again() {
    let seeded = seeded(1);
    let one = seeded.store.apply(visit_id(0), &note("one ")).unwrap().change;
    let verdicts = vec![verdict(0, &one, Verdict::Accepted(1))];
    seeded.store.receive(&Reply { verdicts, cursor: vec![1, 2, 3], ..Reply::default() }).unwrap();
    assert!(seeded.store.outbox().unwrap().is_empty());
    let received = seeded.store.receive(&Reply { epoch_changed: true, ..Reply::default() }).unwrap();
    assert!(received.epoch_changed);
    assert_eq!(seeded.store.outbox().unwrap()[0].unsent, 1);
    assert_eq!(words(&seeded.store, 0), "one ");
    let connection = rusqlite::Connection::open(seeded.folder.path().join("jobsheet.db")).unwrap();
    let cursor: Vec<u8> = connection.query_row("SELECT cursor FROM meta", [], |row| row.get(0)).unwrap();
    assert!(cursor.is_empty());
    // A server that sends its first page at once sends the cursor of it.
    seeded.store.receive(&Reply { epoch_changed: true, cursor: vec![9], ..Reply::default() }).unwrap();
    let cursor: Vec<u8> = connection.query_row("SELECT cursor FROM meta", [], |row| row.get(0)).unwrap();
    assert_eq!(cursor, [9]);
}

#[test]
fn a_bad_delivery_holds_up_nothing() {
    let seeded = seeded(1);
    let mut office = dispatched(0);
    let good = colleague(&mut office, 9, "theirs ");
    let mut broken = good.clone();
    broken.bytes[20] ^= 1;
    let foreign = Delivery::New(jobsheet_wire::NewDocument {
        document: visit_id(5).into_bytes(),
        snapshot: dispatched(6).save(),
    });
    let garbage = Delivery::New(jobsheet_wire::NewDocument {
        document: visit_id(4).into_bytes(),
        snapshot: vec![1, 2, 3],
    });
    let unknown = tail(50, std::slice::from_ref(&good));
    let received = deliver(
        &seeded.store,
        vec![garbage, foreign, unknown, tail(0, &[broken]), tail(0, &[good]), delivery(&dispatched(8))],
    );
    assert_eq!(received.problems.len(), 4, "{:?}", received.problems);
    assert_eq!((received.documents, received.changes), (1, 1));
    assert_eq!(words(&seeded.store, 0), "theirs ");
    assert_eq!(seeded.store.visits(&Query::default()).unwrap().total, 2);
}

#[test]
fn a_cloned_store_goes_on_under_another_name_with_all_that_is_its_own() {
    let seeded = seeded(1);
    seeded.store.apply(visit_id(0), &note("shared ")).unwrap();
    let actor = unhex(&seeded.store.history(visit_id(0)).unwrap().pop().unwrap().actor).unwrap();
    // A copy of this installation was restored elsewhere, wrote another second change and sent it.
    let mut copy = dispatched(0);
    copy.set_actor(&actor);
    let hand = context(TECHNICIAN, Side::Field, "2026-03-02T10:00:00+08:00", 78);
    let theirs = copy.apply(&standard(), &note("from the copy "), &hand).unwrap();
    let received = deliver(&seeded.store, vec![tail(0, &[theirs])]);
    assert_eq!((received.renewed, received.refused, received.changes), (1, 0, 1));
    assert!(received.problems.is_empty() && seeded.store.quarantine().unwrap().is_empty());
    let both = words(&seeded.store, 0);
    assert!(both.contains("from the copy ") && both.contains("shared "), "{both}");
    assert_eq!(seeded.store.outbox().unwrap()[0].unsent, 1, "it is offered again");
    seeded.store.apply(visit_id(0), &Command::Accept).unwrap();
    let history = seeded.store.history(visit_id(0)).unwrap();
    let last = history.last().unwrap();
    assert_eq!((last.seq, unhex(&last.actor).unwrap() == actor), (2, false));
}
