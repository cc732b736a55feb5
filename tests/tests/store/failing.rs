//! A disk that is full, and a disk that fails once, at every write of a piece of work: a typed error, reads that go on, and
//! work that goes on afterwards.

use jobsheet_core::key::DeviceKey as _;
use std::collections::BTreeSet;
use std::path::Path;

use jobsheet::{ApplyError, Enrolment, Query, Store, StoreError};
use jobsheet_core::record::Command;
use jobsheet_core::standard::builtin;
use jobsheet_tests::workload::{TECHNICIAN, dispatched, field_commands, visit_id};
use jobsheet_wire::{Delivery, NewDocument, Reply};

use crate::crash::{changes, in_memory};
use crate::disk::{Disk, Fault};
use crate::work::{SetClock, open};

/// A piece of work, step by step; each is done or is not done at all.
enum Step {
    Apply(Box<Command>),
    /// A reply of the server with another visit.
    Receive(Box<Reply>),
    /// The app goes to the background and comes back.
    Away,
}

fn reply(number: u64) -> Reply {
    let visit = dispatched(&builtin("execution-form").unwrap().unwrap(), number).unwrap();
    let document = visit_id(number).into_bytes();
    let delivery = Delivery::New(NewDocument { document, snapshot: visit.save() });
    Reply { deliveries: vec![delivery], ..Reply::default() }
}

fn steps() -> Vec<Step> {
    let standard = builtin("execution-form").unwrap().unwrap();
    let mut commands = field_commands(&standard, 1).into_iter().map(|command| Step::Apply(Box::new(command)));
    let mut steps: Vec<Step> = commands.by_ref().take(7).collect();
    steps.push(Step::Receive(Box::new(reply(2))));
    steps.extend(commands.by_ref().take(3));
    steps.push(Step::Away);
    steps.extend(commands.take(3));
    steps
}

fn seed(folder: &Path) {
    let store = open(folder, &SetClock::at("2026-03-02T10:00:00-05:00")).unwrap();
    store
        .adopt(&Enrolment {
            server: "http://127.0.0.1:1".to_owned(),
            device: "device-1".to_owned(),
            technician: TECHNICIAN.to_owned(),
            organisation: jobsheet_core::key::SecretKey::from_bytes(&[9; 32]).unwrap().public_key().unwrap(),
        })
        .unwrap();
    store.receive(&reply(1)).unwrap();
    store.shutdown().unwrap();
}

/// The error must be the one that says what the disk did.
fn expected(error: &StoreError, fault: Fault) -> bool {
    match fault {
        Fault::Full => matches!(error, StoreError::DiskFull),
        Fault::Once => matches!(error, StoreError::DiskFailed(_)),
    }
}

/// Tries a step: the hash of the change it made, if it makes one.
fn attempt(store: &Store, step: &Step) -> Result<Option<String>, StoreError> {
    match step {
        Step::Apply(command) => match store.apply(visit_id(1), command) {
            Ok(receipt) => Ok(Some(receipt.change)),
            Err(ApplyError::Store(error)) => Err(error),
            Err(error) => panic!("{error}"),
        },
        Step::Receive(reply) => store.receive(reply).map(|_| None),
        Step::Away => store.pause().and(store.resume()).map(|()| None),
    }
}

/// Does the work with a disk that fails at one call. `None`: there is no such call; else how many calls failed.
fn work(call: usize, fault: Fault) -> Option<usize> {
    let place = in_memory();
    let home = place.path().join("store");
    let disk = Disk::below(&home);
    seed(&home);
    let clock = SetClock::at("2026-03-02T10:00:00-05:00");
    disk.arm(call, fault);
    let mut failed = 0;
    let store = match open(&home, &clock) {
        Ok(store) => store,
        Err(error) => {
            assert!(expected(&error, fault), "call {call}, open: {error}");
            failed += disk.heal();
            open(&home, &clock).unwrap()
        }
    };
    let mut acknowledged = BTreeSet::new();
    for (number, step) in steps().iter().enumerate() {
        let change = match attempt(&store, step) {
            Ok(change) => change,
            Err(error) => {
                assert!(expected(&error, fault), "call {call}, step {number}: {error}");
                let away = matches!(error, StoreError::Paused) || matches!(step, Step::Away);
                if !away {
                    // While the disk still fails, everything can be read, and nothing of the failed step shows.
                    assert!(store.visits(&Query::default()).unwrap().total >= 1);
                    let history = store.history(visit_id(1)).unwrap();
                    assert_eq!(history.len() - 2, acknowledged.len(), "call {call}, step {number}");
                    store.visit(visit_id(1)).unwrap();
                }
                failed += disk.heal();
                attempt(&store, step)
                    .unwrap_or_else(|error| panic!("call {call}, step {number} again: {error}"))
            }
        };
        acknowledged.extend(change);
    }
    // A failure that nobody was told of (such as one while the journal is folded in) may have done no harm.
    failed += disk.heal();
    let there = store.history(visit_id(1)).unwrap();
    assert_eq!(there.len() - 2, acknowledged.len());
    assert_eq!(store.visits(&Query::default()).unwrap().total, 2);
    drop(store);
    let found = changes(&home);
    assert!(acknowledged.is_subset(&found), "call {call}: lost {:?}", acknowledged.difference(&found));
    (failed > 0).then_some(failed)
}

#[test]
fn a_disk_that_is_full_or_fails_at_any_write_costs_nothing_that_was_acknowledged() {
    let mut report = Vec::new();
    for fault in [Fault::Full, Fault::Once] {
        let (mut call, mut silent) = (0, 0);
        // Past the last call of the work nothing fails any more.
        while silent < 3 {
            match work(call, fault) {
                Some(_) => silent = 0,
                None => silent += 1,
            }
            call += 1;
        }
        report.push(format!("{fault:?}: {} places", call - silent));
        assert!(call > 60, "the work has more writes than that");
    }
    println!("{}; 0 acknowledged commands lost, every error typed, work resumed", report.join(", "));
}
