//! A store with visits of the pack `execution-form`, as a sync leaves it.
#![allow(dead_code)] // each test binary uses a part

use jobsheet::{Enrolment, Options, Store};
use jobsheet_core::record::{self, Actor, Context, Document, Registration};
use jobsheet_core::standard::{self, Side};
use jobsheet_core::{Moment, Stamp};
use jobsheet_wire::{Delivery, NewDocument, Reply};
use tempfile::TempDir;
use uuid::Uuid;

fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

pub(crate) fn id(at: u128) -> Uuid {
    Uuid::from_u128(0x2000_0000 + at)
}

/// A store with three dispatched visits, as a sync leaves it.
pub(crate) fn seeded() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let standard = standard::builtin("execution-form").unwrap().unwrap();
    let office = |entry: u128| Context {
        actor: Actor { person: "office-1".to_owned(), side: Side::Office, roles: Vec::new() },
        stamp: Stamp::wall(moment("2026-03-01T09:00:00+08:00")),
        entry_id: Uuid::from_u128(entry),
    };
    let deliveries = (0..3)
        .map(|at| {
            let number = format!("SR-{at}");
            let order = [("number", number.as_str()), ("fault", "Street light out"), ("urgency", "normal")];
            let registration = Registration {
                job: None,
                order: order.into_iter().map(|(id, value)| (id.to_owned(), value.to_owned())).collect(),
                received_at: None,
            };
            let (mut visit, _) =
                Document::register(id(at), &standard, &registration, &[7; 16], &office(at * 2)).unwrap();
            let dispatch = record::Command::Dispatch {
                crew: vec!["tech-1".to_owned()],
                start: moment("2026-03-02T09:00:00+08:00"),
                end: moment("2026-03-02T11:00:00+08:00"),
                tools: Vec::new(),
            };
            visit.apply(&standard, &dispatch, &office(at * 2 + 1)).unwrap();
            Delivery::New(NewDocument { document: id(at).into_bytes(), snapshot: visit.save() })
        })
        .collect();
    let store = Store::open(folder.path(), Options::default()).unwrap();
    store
        .adopt(&Enrolment {
            server: "http://127.0.0.1:1".to_owned(),
            device: "device-1".to_owned(),
            technician: "tech-1".to_owned(),
            token: "token".to_owned(),
        })
        .unwrap();
    assert!(store.receive(&Reply { deliveries, ..Reply::default() }).unwrap().problems.is_empty());
    folder
}
