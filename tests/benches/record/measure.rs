//! What the bars have in common: a store, times in turn, medians.

use jobsheet_core::key::DeviceKey as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jobsheet::{Enrolment, Options, Store};
use jobsheet_core::record::Document;
use jobsheet_core::standard::{Standard, builtin};
use jobsheet_tests::workload::TECHNICIAN;
use jobsheet_wire::{Delivery, NewDocument, PackFile, Reply};

/// A bar: a figure and the most it may be, both in `unit`.
pub(crate) struct Bar {
    pub(crate) name: &'static str,
    pub(crate) measured: f64,
    pub(crate) limit: f64,
    pub(crate) unit: &'static str,
}

impl Bar {
    /// As `cargo xtask bench record` reads it.
    pub(crate) fn line(&self) -> String {
        format!("{} {} {} {}\n", self.name, self.measured, self.limit, self.unit)
    }
}

pub(crate) fn standard() -> Arc<Standard> {
    builtin("execution-form").unwrap().unwrap()
}

/// An enrolled store.
pub(crate) fn store(folder: &Path, options: Options) -> Store {
    let store = Store::open(folder, options).unwrap();
    let enrolment = Enrolment {
        server: "http://127.0.0.1:9".to_owned(),
        device: "bench".to_owned(),
        technician: TECHNICIAN.to_owned(),
        organisation: jobsheet_core::key::SecretKey::from_bytes(&[9; 32]).unwrap().public_key().unwrap(),
    };
    store.adopt(&enrolment).unwrap();
    store
}

/// Puts visits into a store as a sync does.
pub(crate) fn seed(store: &Store, standard: &Standard, visits: &[Document]) {
    let sha256 = jobsheet_core::unhex(standard.sha256()).unwrap().try_into().unwrap();
    let deliveries = visits
        .iter()
        .map(|visit| {
            let document = visit.record().id.into_bytes();
            Delivery::New(NewDocument { document, snapshot: visit.save() })
        })
        .collect();
    let packs = vec![PackFile { sha256, source: standard.source().to_owned() }];
    let received = store.receive(&Reply { deliveries, packs, ..Reply::default() }).unwrap();
    assert!(received.problems.is_empty(), "{:?}", received.problems);
}

pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    std::hint::black_box(work());
    started.elapsed()
}

/// Median in milliseconds.
pub(crate) fn median(mut samples: Vec<Duration>) -> f64 {
    samples.sort();
    samples[samples.len() / 2].as_secs_f64() * 1e3
}

/// Medians of two pieces of work, in milliseconds, timed in turn so that whatever else the machine does falls on both.
pub(crate) fn paired<A, B>(
    rounds: usize,
    mut floor: impl FnMut(usize) -> A,
    mut figure: impl FnMut(usize) -> B,
) -> (f64, f64) {
    let (mut floors, mut figures) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        floors.push(timed(|| floor(round)));
        figures.push(timed(|| figure(round)));
    }
    (median(floors), median(figures))
}
