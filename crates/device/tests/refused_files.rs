//! Files of changes that were refused: they stay here, and are not sent.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::time::Duration;

use common::{seeded, visit_id};
use jobsheet::{DocumentFacts, Lack, Presence, Store};
use jobsheet_wire::{Reply, Verdict, VerdictOfChange};

fn unsent_files(store: &Store) -> u32 {
    let lacks = store.readiness(0).unwrap().findings.into_iter().map(|finding| finding.lack);
    lacks.map(|lack| if let Lack::FilesUnsent { files } = lack { files } else { 0 }).sum()
}

fn refuse(store: &Store, change: &str) {
    let hash = jobsheet_core::unhex(change).unwrap().try_into().unwrap();
    let verdict = Verdict::Refused { code: "out-of-scope".to_owned(), reason: "not yours".to_owned() };
    let verdicts = vec![VerdictOfChange { document: visit_id(0).into_bytes(), hash, verdict }];
    store.receive(&Reply { verdicts, ..Reply::default() }).unwrap();
}

#[test]
fn they_are_kept_not_sent_and_forgotten_with_the_change() {
    let seeded = seeded(1);
    let store = &seeded.store;
    let attach = |name: &str| {
        let file = seeded.folder.path().join("paper.pdf");
        std::fs::write(&file, name).unwrap();
        store.attach_document(visit_id(0), &file, &DocumentFacts::default()).unwrap().change
    };
    attach("kept");
    let refused = [attach("given up"), attach("kept")];
    assert_eq!(unsent_files(store), 2);
    // The one change names a file that nothing else of this device names, the other one a file that stays in the record.
    for change in &refused {
        refuse(store, change);
    }
    assert_eq!(store.quarantine().unwrap().len(), 2);
    assert_eq!(unsent_files(store), 1);
    let listed = store.attachments(None).unwrap();
    assert_eq!(listed.iter().map(|file| file.to_send).filter(|sent| *sent).count(), 1);
    assert!(listed.iter().all(|file| file.presence == Presence::Here), "nothing is lost");
    for change in &refused {
        assert!(store.discard(visit_id(0), change).unwrap());
        assert!(!store.discard(visit_id(0), change).unwrap());
    }
    assert_eq!(store.sweep_attachments(Some(Duration::ZERO)).unwrap().removed.len(), 1);
    assert_eq!(unsent_files(store), 1);
    // Nothing asks for the file that is gone: no network is needed to know it.
    assert_eq!(store.prefetch(None).unwrap().left, 0);
    // Attached again, it is sent.
    attach("given up");
    assert_eq!(unsent_files(store), 2);
}
