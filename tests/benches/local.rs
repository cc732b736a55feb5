//! What one device costs, with the floors beside: `cargo xtask bench local` reads the medians and compares them with the bars.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use jobsheet_core::key::DeviceKey as _;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use automerge::transaction::Transactable;
use automerge::{Automerge, ROOT};
use criterion::{BatchSize, Criterion};
use jobsheet::{Enrolment, Options, Query, Store};
use jobsheet_core::assess::assess;
use jobsheet_core::record::{AnswerValue, Command};
use jobsheet_core::standard::{Side, Standard, builtin};
use jobsheet_tests::workload::{TECHNICIAN, context, dispatched, field_commands, visit_id, worked};
use jobsheet_wire::{Delivery, NewDocument, PackFile, Reply};

const LIST_VISITS: u64 = 10_000;
const COLD_VISITS: u64 = 64;
const OPENED_VISITS: u64 = 50;
/// Commands on one visit, beyond its 99 changes: few enough for the visit to keep its size.
const APPLIES: u64 = 40;

fn standard() -> Arc<Standard> {
    builtin("execution-form").unwrap().unwrap()
}

fn open(folder: &Path, warm_documents: usize) -> Store {
    let store = Store::open(folder, Options { warm_documents, ..Options::default() }).unwrap();
    if store.enrolment().unwrap().is_none() {
        let enrolment = Enrolment {
            server: "http://127.0.0.1:9".to_owned(),
            device: "bench".to_owned(),
            technician: TECHNICIAN.to_owned(),
            organisation: jobsheet_core::key::SecretKey::from_bytes(&[9; 32]).unwrap().public_key().unwrap(),
        };
        store.adopt(&enrolment).unwrap();
    }
    store
}

/// Seeds a store as a sync does.
fn seed(store: &Store, standard: &Arc<Standard>, numbers: std::ops::Range<u64>, all_changes: bool) {
    let sha256 = jobsheet_core::unhex(standard.sha256()).unwrap().try_into().unwrap();
    let numbers: Vec<u64> = numbers.collect();
    for page in numbers.chunks(500) {
        let deliveries = page
            .iter()
            .map(|number| {
                let visit =
                    if all_changes { worked(standard, *number) } else { dispatched(standard, *number) }
                        .unwrap();
                Delivery::New(NewDocument {
                    document: visit_id(*number).into_bytes(),
                    snapshot: visit.save(),
                })
            })
            .collect();
        let packs = vec![PackFile { sha256, source: standard.source().to_owned() }];
        store.receive(&Reply { deliveries, packs, ..Reply::default() }).unwrap();
    }
}

fn answer(count: u64) -> Command {
    Command::Answer {
        item: "execution-form.state-duration".to_owned(),
        value: AnswerValue::Text(format!("{count} minutes, as agreed")),
    }
}

/// Times two pieces of work in turn, so that whatever else the machine does falls on both, and keeps the medians:
/// Criterion measures one after the other, and a busy minute would fall on one of them alone.
fn paired(folder: &Path, name: &str, rounds: u64, mut floor: impl FnMut(u64), mut figure: impl FnMut(u64)) {
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        let started = Instant::now();
        floor(round);
        samples[0].push(started.elapsed());
        let started = Instant::now();
        figure(round);
        samples[1].push(started.elapsed());
    }
    let [floors, figures] = &mut samples;
    floors.sort();
    figures.sort();
    let at = |sorted: &[Duration], percent: usize| sorted[sorted.len() * percent / 100].as_secs_f64() * 1e6;
    println!(
        "{name}: p50 floor {:.1} us, figure {:.1} us; p99 floor {:.1} us, figure {:.1} us",
        at(floors, 50),
        at(figures, 50),
        at(floors, 99),
        at(figures, 99)
    );
    std::fs::write(folder.join(format!("{name}.txt")), format!("{} {}", at(floors, 50), at(figures, 50)))
        .unwrap();
}

fn apply(folder: &Path) {
    let standard = standard();
    let store = open(&folder.join("apply"), usize::try_from(COLD_VISITS).unwrap());
    seed(&store, &standard, 0..COLD_VISITS, true);
    let mut visit = worked(&standard, 1).unwrap();
    let bytes = visit.apply(&standard, &answer(0), &context(1, 5000, Side::Field)).unwrap().bytes;
    println!("one answer is a change of {} bytes", bytes.len());
    let bare = rusqlite::Connection::open(folder.join("bare.db")).unwrap();
    bare.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE log (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
    )
    .unwrap();
    let commit = |_| {
        bare.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
        bare.prepare_cached("INSERT INTO log (bytes) VALUES (?1)").unwrap().execute([&bytes]).unwrap();
        bare.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
    };
    // As a technician does: item after item on one visit, then the next visit.
    paired(folder, "apply", APPLIES * COLD_VISITS, commit, |round| {
        store.apply(visit_id(round / APPLIES), &answer(round)).unwrap();
    });
}

/// What of one command is Automerge's own: one put, the commit and the change's bytes, on documents of 99 changes.
fn edit(folder: &Path) {
    let standard = standard();
    let mut visits: Vec<_> = (0..COLD_VISITS).map(|number| worked(&standard, number).unwrap()).collect();
    let mut bare: Vec<_> = visits.iter().map(|visit| Automerge::load(&visit.save()).unwrap()).collect();
    let place = |round: u64| usize::try_from(round / APPLIES).unwrap();
    let entry = format!("{:200}", "an entry as long as an answer");
    let put = |round: u64| {
        let doc = &mut bare[place(round)];
        let mut tx = doc.transaction();
        tx.put(ROOT, "bench", format!("{entry}{round}")).unwrap();
        tx.commit();
        black_box(doc.get_last_local_change().unwrap().raw_bytes());
    };
    paired(folder, "edit", APPLIES * COLD_VISITS, put, |round| {
        let hand = context(round / APPLIES, 6000 + round, Side::Field);
        visits[place(round)].apply(&standard, &answer(round), &hand).unwrap();
    });
}

fn cold(folder: &Path) {
    let standard = standard();
    // As a device leaves them: 97 commands, the last of which stand after the last snapshot.
    let store = open(&folder.join("cold"), 1);
    seed(&store, &standard, 0..COLD_VISITS, false);
    for number in 0..COLD_VISITS {
        for command in field_commands(&standard, number) {
            store.apply(visit_id(number), &command).unwrap();
        }
    }
    let snapshots: Vec<Vec<u8>> =
        (0..COLD_VISITS).map(|number| worked(&standard, number).unwrap().save()).collect();
    let load = |round: u64| {
        black_box(Automerge::load(&snapshots[usize::try_from(round % COLD_VISITS).unwrap()]).unwrap());
    };
    paired(folder, "open", 1000, load, |round| {
        black_box(store.visit(visit_id(round % COLD_VISITS)).unwrap());
    });
}

fn judge(criterion: &mut Criterion) {
    let standard = standard();
    let visit = worked(&standard, 3).unwrap();
    let now = jiff::Timestamp::from_second(1_770_100_000).unwrap();
    criterion.bench_function("assess one visit", |bencher| {
        bencher.iter_batched(
            || (),
            |()| assess(black_box(visit.record()), &standard, now),
            BatchSize::SmallInput,
        );
    });
}

fn list(criterion: &mut Criterion, folder: &Path) {
    let store = open(&folder.join("list"), 32);
    seed(&store, &standard(), 0..LIST_VISITS, false);
    criterion.bench_function("list the first 50 of 10000 visits", |bencher| {
        bencher.iter(|| {
            let page = store.visits(&Query::default()).unwrap();
            assert_eq!((page.rows.len(), u64::from(page.total)), (50, LIST_VISITS));
            page
        });
    });
    store.shutdown().unwrap();
}

/// Resident memory of a process that has the big store open, in bytes.
fn memory(folder: &Path) {
    let store = open(&folder.join("list"), 64);
    let page = store.visits(&Query { rows: 200, ..Query::default() }).unwrap();
    for row in page.rows.iter().take(usize::try_from(OPENED_VISITS).unwrap()) {
        black_box(store.visit(row.visit).unwrap());
    }
    assert_eq!(store.warm_documents(), 50);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB").trim().to_owned();
    println!("resident {resident}");
}

fn main() {
    let folder = std::env::var_os("JOBSHEET_BENCH_FOLDER").map(std::path::PathBuf::from);
    if std::env::var_os("JOBSHEET_BENCH_MEMORY").is_some() {
        memory(&folder.unwrap());
        return;
    }
    let kept = tempfile::tempdir().unwrap();
    let folder = folder.unwrap_or_else(|| kept.path().to_owned());
    let mut criterion = Criterion::default().configure_from_args();
    apply(&folder);
    cold(&folder);
    edit(&folder);
    judge(&mut criterion);
    list(&mut criterion, &folder);
    criterion.final_summary();
}
