//! Whatever happens in whatever order: every hash that anything names is here, with its bytes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jobsheet::{DocumentFacts, PhotoFacts, Store};
use jobsheet_wire::{Delivery, Reply, Verdict};
use proptest::prelude::*;

use crate::common::{delivery, dispatched, open, visit_id};
use crate::pictures::write;
use crate::visits::{refusal, verdict};

const VISITS: usize = 3;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    /// A photo or a document of these bytes is attached.
    Attach {
        visit: usize,
        bytes: u8,
        document: bool,
    },
    /// A process died between the copy and the record.
    DiedBeforeTheRecord {
        bytes: u8,
    },
    /// A process died while it copied.
    DiedInTheCopy,
    /// The server refuses one of the changes.
    Refuse(usize),
    /// The server takes one of the changes.
    Accept(usize),
    /// A person throws a refused change away.
    Discard(usize),
    /// The visit is taken from the device.
    Revoke(usize),
    /// The visit comes anew, as it was before anything was attached.
    Replace(usize),
    /// The program is started again.
    Reopen,
    Sweep,
}

fn happening() -> impl Strategy<Value = Happening> {
    let visit = 0..VISITS;
    prop_oneof![
        6 => (visit.clone(), 0..12_u8, any::<bool>())
            .prop_map(|(visit, bytes, document)| Happening::Attach { visit, bytes, document }),
        2 => (0..12_u8).prop_map(|bytes| Happening::DiedBeforeTheRecord { bytes }),
        1 => Just(Happening::DiedInTheCopy),
        2 => (0..20_usize).prop_map(Happening::Refuse),
        2 => (0..20_usize).prop_map(Happening::Accept),
        1 => (0..20_usize).prop_map(Happening::Discard),
        1 => visit.clone().prop_map(Happening::Revoke),
        1 => visit.prop_map(Happening::Replace),
        1 => Just(Happening::Reopen),
        4 => Just(Happening::Sweep),
    ]
}

/// A store and what it must hold.
struct World<'a> {
    folder: &'a Path,
    store: Store,
    /// Changes that name a file and were not thrown away, with their visit and hash.
    naming: BTreeMap<String, (usize, String)>,
}

impl World<'_> {
    fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Attach { visit, bytes, document } => {
                let file = write(self.folder, "file", &[*bytes; 300]);
                let attached = if *document {
                    self.store.attach_document(visit_id(*visit), &file, &DocumentFacts::default())
                } else {
                    self.store.attach(visit_id(*visit), &file, &PhotoFacts::default())
                };
                // Refused where the visit was taken away.
                let Ok(receipt) = attached else { return };
                let record = self.store.visit(visit_id(*visit)).unwrap().record;
                let photo = record.photos.get(&receipt.entry).map(|photo| photo.sha256.clone());
                let file = record.documents.get(&receipt.entry).map(|file| file.sha256.clone());
                self.naming.insert(receipt.change, (*visit, photo.or(file).unwrap()));
            }
            Happening::DiedBeforeTheRecord { bytes } => {
                self.store.keep_file(&write(self.folder, "file", &[*bytes; 300])).unwrap();
            }
            Happening::DiedInTheCopy => {
                let attachments = self.folder.join("attachments");
                std::fs::create_dir_all(&attachments).unwrap();
                write(&attachments, ".died.part", b"half");
            }
            Happening::Refuse(at) => {
                if let Some((change, (visit, _))) = self.some(*at) {
                    self.store.receive(&refusal(visit, &change)).unwrap();
                }
            }
            Happening::Accept(at) => {
                if let Some((change, (visit, _))) = self.some(*at) {
                    self.store.receive(&verdict(visit, &change, Verdict::Accepted(1))).unwrap();
                }
            }
            Happening::Discard(at) => {
                let kept = self.store.quarantine().unwrap();
                if let Some(kept) = kept.get(*at % kept.len().max(1)) {
                    self.store.discard(kept.visit, &kept.change).unwrap();
                    self.naming.remove(&kept.change);
                }
            }
            Happening::Revoke(at) => {
                let deliveries = vec![Delivery::Revoked(visit_id(*at).into_bytes())];
                self.store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
            }
            Happening::Replace(at) => {
                let deliveries = vec![delivery(&dispatched(*at))];
                self.store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
            }
            Happening::Reopen => self.store = open(self.folder),
            Happening::Sweep => {
                let swept = self.store.sweep_attachments(Some(Duration::ZERO)).unwrap();
                assert!(swept.unreadable.is_empty());
            }
        }
    }

    fn some(&self, at: usize) -> Option<(String, (usize, String))> {
        let at = at.checked_rem(self.naming.len())?;
        self.naming.iter().nth(at).map(|(change, named)| (change.clone(), named.clone()))
    }

    fn check(&self) {
        for (_, sha256) in self.naming.values() {
            assert!(self.store.attachment(sha256).is_some(), "{sha256} is named and gone");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_named_hash_is_present(happenings in proptest::collection::vec(happening(), 1..24)) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let deliveries = (0..VISITS).map(|at| delivery(&dispatched(at))).collect();
        store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
        let mut world = World { folder: folder.path(), store, naming: BTreeMap::new() };
        for happening in &happenings {
            world.happens(happening);
            world.check();
        }
        world.happens(&Happening::Sweep);
        world.check();
        let check = world.store.check_attachments().unwrap();
        prop_assert!(check.is_fine(), "{check:?}");
        prop_assert_eq!(check.unnamed, 0);
    }
}
