//! What a device says it lacks before it goes offline.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::ops::ControlFlow;

use common::{delivery, dispatched, note, seeded, visit_id};
use jobsheet::{Lack, Options, Readiness, Severity, Store, SyncError};
use jobsheet_core::record::Command;
use jobsheet_wire::{AssetHistory, Reply};

fn lacks(readiness: &Readiness) -> Vec<&Lack> {
    readiness.findings.iter().map(|finding| &finding.lack).collect()
}

#[test]
fn a_store_without_an_enrolment_says_so_and_nothing_else_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Options::default()).unwrap();
    let readiness = store.readiness(3).unwrap();
    assert!(!readiness.ready);
    assert_eq!(lacks(&readiness)[0], &Lack::NotEnrolled);
    assert!(matches!(store.prime(3, |_| ControlFlow::Continue(())), Err(SyncError::NotEnrolled)));
    for finding in &readiness.findings {
        assert!(!finding.text.en.is_empty() && !finding.text.zh.is_empty(), "{finding:?}");
    }
}

#[test]
fn only_what_is_planned_in_the_days_ahead_is_asked_for() {
    // Visits every hour from 09:00; it is 08:00.
    let seeded = seeded(40);
    assert_eq!(seeded.store.readiness(0).unwrap().planned, 0);
    assert_eq!(seeded.store.readiness(1).unwrap().planned, 24);
    assert_eq!(seeded.store.readiness(9).unwrap().planned, 40);
    assert_eq!(seeded.store.readiness(u32::MAX).unwrap().days, jobsheet::MAX_DAYS_AHEAD);
}

#[test]
fn what_the_server_has_and_the_device_lacks_blocks_until_it_is_delivered() {
    let seeded = seeded(2);
    let store = &seeded.store;
    store.receive(&Reply { assigned: Some(3), ..Reply::default() }).unwrap();
    let lack = Lack::NotDelivered { assigned: 3, held: 2 };
    let readiness = store.readiness(1).unwrap();
    let finding = readiness.findings.iter().find(|finding| finding.lack == lack).unwrap();
    assert_eq!((finding.severity, finding.sync_mends, readiness.ready), (Severity::Blocks, true, false));
    let deliveries = vec![delivery(&dispatched(2))];
    store.receive(&Reply { deliveries, assigned: Some(3), ..Reply::default() }).unwrap();
    assert!(!lacks(&store.readiness(1).unwrap()).contains(&&lack));
}

#[test]
fn unsent_work_and_files_of_the_crew_warn() {
    let seeded = seeded(1);
    let store = &seeded.store;
    store.apply(visit_id(0), &Command::Accept).unwrap();
    store.apply(visit_id(0), &note("words")).unwrap();
    // Named by the record of another device, so the bytes are not here.
    store
        .apply(
            visit_id(0),
            &Command::AddPhoto {
                sha256: "ab".repeat(32),
                size: 10,
                media_type: "image/jpeg".to_owned(),
                item: None,
                moment: None,
                caption: None,
                pair_with: None,
                shot: None,
            },
        )
        .unwrap();
    let readiness = store.readiness(1).unwrap();
    let found = lacks(&readiness);
    let past = Lack::PastUnknown { visit: visit_id(0), number: "SR-00000".to_owned() };
    assert!(found.contains(&&past), "{found:?}");
    let told = AssetHistory { document: visit_id(0).into_bytes(), visits: Vec::new() };
    store.receive(&Reply { histories: Some(vec![told]), ..Reply::default() }).unwrap();
    assert_eq!(store.earlier_visits(visit_id(0)).unwrap(), Some(Vec::new()));
    let readiness = store.readiness(1).unwrap();
    let found = lacks(&readiness);
    assert!(!found.contains(&&past), "{found:?}");
    assert!(found.contains(&&Lack::Unsent { changes: 3 }), "{found:?}");
    let files = Lack::FilesMissing { visit: visit_id(0), number: "SR-00000".to_owned(), files: 1 };
    assert!(found.contains(&&files), "{found:?}");
    assert!(found.contains(&&Lack::NeverSynced) && found.contains(&&Lack::ClockUnknown), "{found:?}");
    let blocking = readiness.findings.iter().take_while(|finding| finding.severity == Severity::Blocks);
    assert_eq!(blocking.count(), 1, "the worst stands first: {found:?}");
}

#[test]
fn a_device_that_the_server_can_not_be_asked_about_stays_as_ready_as_it_was() {
    let seeded = seeded(1);
    let before = lacks(&seeded.store.readiness(1).unwrap()).len();
    assert!(seeded.store.prime(1, |_| ControlFlow::Continue(())).is_err(), "nobody listens there");
    assert_eq!(lacks(&seeded.store.readiness(1).unwrap()).len(), before);
}
