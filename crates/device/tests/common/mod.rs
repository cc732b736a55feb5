//! A store with visits of the pack `execution-form`, made as the office makes them and received as a sync receives them.
#![allow(dead_code)] // each test binary uses a part

use jobsheet_core::key::DeviceKey as _;
use std::path::Path;
use std::sync::Arc;

use jobsheet::clock::{Clock, Reading, SteppedClock};
use jobsheet::{Enrolment, Options, Store};
use jobsheet_core::record::{Actor, Command, Context, Document, DocumentId, Registration};
use jobsheet_core::standard::{self, Side, Standard};
use jobsheet_core::{Moment, Stamp};
use jobsheet_wire::{Delivery, NewDocument, Reply};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const TECHNICIAN: &str = "tech-1";

/// A folder and the store in it; the folder goes away last.
pub(crate) struct Seeded {
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
}

pub(crate) fn standard() -> Arc<Standard> {
    standard::builtin("execution-form").unwrap().unwrap()
}

pub(crate) fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

pub(crate) fn options() -> Options {
    Options {
        clock: Arc::new(SteppedClock::starting(moment("2026-03-02T08:00:00+08:00"))),
        ..Options::default()
    }
}

pub(crate) fn open(folder: &Path) -> Store {
    open_with(folder, options())
}

pub(crate) fn open_with(folder: &Path, options: Options) -> Store {
    let store = Store::open(folder, options).unwrap();
    if store.enrolment().unwrap().is_none() {
        store
            .adopt(&Enrolment {
                server: "http://127.0.0.1:1".to_owned(),
                device: "device-1".to_owned(),
                technician: TECHNICIAN.to_owned(),
                organisation: jobsheet_core::key::SecretKey::from_bytes(&[9; 32])
                    .unwrap()
                    .public_key()
                    .unwrap(),
            })
            .unwrap();
    }
    store
}

/// A store with `count` dispatched visits, planned hour by hour.
pub(crate) fn seeded(count: usize) -> Seeded {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for start in (0..count).step_by(500) {
        let deliveries = (start..count.min(start + 500)).map(|at| delivery(&dispatched(at))).collect();
        let received = store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
        assert_eq!(received.problems, []);
    }
    Seeded { store, folder }
}

pub(crate) fn visit_id(at: usize) -> DocumentId {
    Uuid::from_u128(0x1000_0000 + at as u128)
}

pub(crate) fn context(person: &str, side: Side, at: &str, entry: u128) -> Context {
    Context {
        actor: Actor { person: person.to_owned(), side, roles: Vec::new() },
        stamp: Stamp::wall(moment(at)),
        entry_id: Uuid::from_u128(entry),
    }
}

/// A visit as the office registers and dispatches it.
pub(crate) fn dispatched(at: usize) -> Document {
    let standard = standard();
    let order = [
        ("number", format!("SR-{at:05}")),
        ("fault", format!("Street light {at} is out")),
        ("urgency", if at.is_multiple_of(3) { "urgent" } else { "normal" }.to_owned()),
        ("location", format!("{at} Main Street")),
        ("work_type", "repair".to_owned()),
    ];
    let registration = Registration {
        job: None,
        order: order.into_iter().map(|(id, value)| (id.to_owned(), value)).collect(),
        received_at: None,
    };
    let office = context("office-1", Side::Office, "2026-03-01T09:00:00+08:00", 1 + at as u128 * 10);
    let (mut visit, _) =
        Document::register(visit_id(at), &standard, &registration, &[7; 16], &office).unwrap();
    let hour = i64::try_from(at).unwrap();
    let start = moment("2026-03-02T09:00:00+08:00");
    let start = Moment::new(start.instant() + jiff::SignedDuration::from_hours(hour), start.offset());
    let end = Moment::new(start.instant() + jiff::SignedDuration::from_hours(2), start.offset());
    let dispatch = Command::Dispatch {
        crew: vec![TECHNICIAN.to_owned(), "tech-2".to_owned()],
        start,
        end,
        tools: Vec::new(),
    };
    let office = context("office-1", Side::Office, "2026-03-01T09:05:00+08:00", 2 + at as u128 * 10);
    visit.apply(&standard, &dispatch, &office).unwrap();
    visit
}

/// A shift at a gas company's counter, as the office registers and rosters it: 2 March, 08:00 to 17:30.
pub(crate) fn rostered(at: usize, standard: &Standard) -> Document {
    let order = [
        ("number", format!("S-{at:05}")),
        ("workplace", "Counter 3, Harbour Road".to_owned()),
        ("opening_at", "2026-03-02T08:30:00+08:00".to_owned()),
        ("closing_at", "2026-03-02T17:00:00+08:00".to_owned()),
        ("time_zone", "Asia/Shanghai".to_owned()),
    ];
    let registration = Registration {
        job: Some("counter-shift".to_owned()),
        order: order.into_iter().map(|(id, value)| (id.to_owned(), value)).collect(),
        received_at: None,
    };
    let office = context("office-1", Side::Office, "2026-03-01T09:00:00+08:00", 1 + at as u128 * 10);
    let (mut shift, _) =
        Document::register(visit_id(at), standard, &registration, &[7; 16], &office).unwrap();
    let dispatch = Command::Dispatch {
        crew: vec![TECHNICIAN.to_owned()],
        start: moment("2026-03-02T08:00:00+08:00"),
        end: moment("2026-03-02T17:30:00+08:00"),
        tools: Vec::new(),
    };
    let office = context("office-1", Side::Office, "2026-03-01T09:05:00+08:00", 2 + at as u128 * 10);
    shift.apply(standard, &dispatch, &office).unwrap();
    shift
}

pub(crate) fn gas() -> Arc<Standard> {
    standard::builtin("gas").unwrap().unwrap()
}

pub(crate) fn delivery(visit: &Document) -> Delivery {
    Delivery::New(NewDocument { document: visit.record().id.into_bytes(), snapshot: visit.save() })
}

/// A note edit: the cheapest command that is possible in any state.
pub(crate) fn note(words: &str) -> Command {
    Command::Note {
        note: "steps".to_owned(),
        edit: jobsheet_core::record::NoteEdit::Append(words.to_owned()),
    }
}

/// A clock that a test sets.
pub(crate) struct FixedClock(pub(crate) std::sync::Mutex<Reading>);

impl FixedClock {
    pub(crate) fn at(text: &str) -> Self {
        Self(std::sync::Mutex::new(reading(text)))
    }

    pub(crate) fn set(&self, text: &str) {
        *self.0.lock().unwrap() = reading(text);
    }
}

fn reading(text: &str) -> Reading {
    SteppedClock::starting(moment(text)).read()
}

impl Clock for FixedClock {
    fn read(&self) -> Reading {
        self.0.lock().unwrap().clone()
    }
}
