//! Stores as a sync leaves them, and the real binary on them.
#![allow(dead_code)] // each test binary uses a part

use jobsheet_core::key::DeviceKey as _;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use jobsheet::{Enrolment, Options, Store};
use jobsheet_core::record::{self, Actor, Context, Document, Registration};
use jobsheet_core::standard::{self, Side, Standard};
use jobsheet_core::{Moment, Stamp};
use jobsheet_wire::{Delivery, NewDocument, PackFile, Reply};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

pub(crate) fn id(at: u128) -> Uuid {
    Uuid::from_u128(0x2000_0000 + at)
}

fn office(entry: u128) -> Context {
    Context {
        actor: Actor { person: "office-1".to_owned(), side: Side::Office, roles: Vec::new() },
        stamp: Stamp::wall(moment("2026-03-01T09:00:00+08:00")),
        entry_id: Uuid::from_u128(entry),
    }
}

/// A document as the office registers and assigns it: 2 March, 09:00 to 11:00.
pub(crate) fn assigned(at: u128, standard: &Standard, job: Option<&str>, order: &[(&str, &str)]) -> Document {
    let registration = Registration {
        job: job.map(ToOwned::to_owned),
        order: order.iter().map(|(id, value)| ((*id).to_owned(), (*value).to_owned())).collect(),
        received_at: None,
    };
    let (mut document, _) =
        Document::register(id(at), standard, &registration, &[7; 16], &office(at * 2)).unwrap();
    let dispatch = record::Command::Dispatch {
        crew: vec!["tech-1".to_owned()],
        start: moment("2026-03-02T09:00:00+08:00"),
        end: moment("2026-03-02T11:00:00+08:00"),
        tools: Vec::new(),
    };
    document.apply(standard, &dispatch, &office(at * 2 + 1)).unwrap();
    document
}

fn store_with(documents: &[Document], packs: Vec<PackFile>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Options::default()).unwrap();
    store
        .adopt(&Enrolment {
            server: "http://127.0.0.1:1".to_owned(),
            device: "device-1".to_owned(),
            technician: "tech-1".to_owned(),
            organisation: jobsheet_core::key::SecretKey::from_bytes(&[9; 32]).unwrap().public_key().unwrap(),
        })
        .unwrap();
    let deliveries = documents
        .iter()
        .map(|document| {
            let id = document.record().id.into_bytes();
            Delivery::New(NewDocument { document: id, snapshot: document.save() })
        })
        .collect();
    assert!(store.receive(&Reply { deliveries, packs, ..Reply::default() }).unwrap().problems.is_empty());
    folder
}

/// A store with three dispatched visits of the pack `execution-form`.
pub(crate) fn seeded() -> TempDir {
    let standard = standard::builtin("execution-form").unwrap().unwrap();
    let visits: Vec<Document> = (0..3)
        .map(|at| {
            let number = format!("SR-{at}");
            let order = [("number", number.as_str()), ("fault", "Street light out"), ("urgency", "normal")];
            assigned(at, &standard, None, &order)
        })
        .collect();
    store_with(&visits, Vec::new())
}

/// Edits of a pack that comes with the library, as version 9.9.9: each first text becomes the second, wherever it stands.
fn edited(pack: &str, edits: &[(&str, &str)]) -> (Standard, PackFile) {
    let source = standard::builtin(pack).unwrap().unwrap().source().to_owned();
    let edits = edits.iter().chain(&[("version = \"1.0.0\"", "version = \"9.9.9\"")]);
    let source = edits.fold(source, |source, (from, to)| {
        assert!(source.contains(from), "the pack has no `{from}`");
        source.replace(from, to)
    });
    let standard = Standard::load(&source).unwrap();
    let sha256 = jobsheet_core::unhex(standard.sha256()).unwrap().try_into().unwrap();
    (standard, PackFile { sha256, source })
}

/// A store with visits and shifts of several standards:
/// `IGN-1` (ignition) and `REP-1` (booked repair) and `CNT-1` (counter shift) of `gas`; `ENG-1` (installation) of `diesel`;
/// `CNT-2`, a counter shift whose supplies are a list; `DAY-1`, a site day that the technician reviews.
pub(crate) fn seeded_jobs() -> TempDir {
    let builtin = |id: &str| standard::builtin(id).unwrap().unwrap();
    let (gas, diesel) = (builtin("gas"), builtin("diesel"));
    let (listing, listing_file) = edited(
        "gas",
        &[(
            "actually opens; whether it opens on time is checked by itself.\", zh = \"“开门前”以实际开门为准；是否准时开门另行检查。\" }\ncheck.item = { ask = \"yes-no\"",
            "actually opens.\", zh = \"“开门前”以实际开门为准。\" }\ncheck.item = { ask = { several = { options = [{ id = \"paper\", name = { en = \"Paper\", zh = \"纸\" } }, { id = \"bills\", name = { en = \"Bills\", zh = \"票据\" } }, { id = \"pens\", name = { en = \"Pens\", zh = \"笔\" } }] } }",
        )],
    );
    let (reviewing, reviewing_file) = edited(
        "diesel",
        &[
            (
                "roles = [\"supervisor\", \"service-director\"]\nin = [\"site-day\"]",
                "roles = [\"technician\"]\nin = [\"site-day\"]",
            ),
            ("zh = \"审查通过\" }, by = [\"office\"]", "zh = \"审查通过\" }, by = [\"office\", \"field\"]"),
            (
                "zh = \"审查未通过\" }, by = [\"office\"]",
                "zh = \"审查未通过\" }, by = [\"office\", \"field\"]",
            ),
        ],
    );
    let counter = |at, standard, number| {
        let times =
            [("opening_at", "2026-03-02T08:30:00+08:00"), ("closing_at", "2026-03-02T17:00:00+08:00")];
        let order = [("number", number), ("workplace", "Counter 3"), times[0], times[1]];
        assigned(at, standard, Some("counter-shift"), &order)
    };
    let documents = vec![
        assigned(
            10,
            &gas,
            Some("ignition"),
            &[("number", "IGN-1"), ("fault", "New flat"), ("urgency", "booked")],
        ),
        assigned(
            11,
            &gas,
            Some("booked-repair"),
            &[("number", "REP-1"), ("fault", "No hot water"), ("urgency", "booked")],
        ),
        counter(12, &gas, "CNT-1"),
        assigned(
            13,
            &diesel,
            Some("installation"),
            &[
                ("number", "ENG-1"),
                ("customer_name", "Yard"),
                ("fault", "New engine"),
                ("delivered_on", "2025-06-01"),
            ],
        ),
        counter(14, &listing, "CNT-2"),
        assigned(15, &reviewing, Some("site-day"), &[("number", "DAY-1")]),
    ];
    store_with(&documents, vec![listing_file, reviewing_file])
}

pub(crate) fn jobsheet(folder: &Path, args: &[&str]) -> Output {
    at(folder, "08:30", args)
}

/// At a time of 2 March.
pub(crate) fn at(folder: &Path, time: &str, args: &[&str]) -> Output {
    fed(folder, time, args, b"")
}

pub(crate) fn with_input(folder: &Path, args: &[&str], input: &[u8]) -> Output {
    fed(folder, "08:30", args, input)
}

fn fed(folder: &Path, time: &str, args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jobsheet"))
        .args(args)
        .env("JOBSHEET_STORE", folder)
        .env("JOBSHEET_CLOCK", format!("2026-03-02T{time}:00+08:00"))
        .env_remove("JOBSHEET_LANG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that stops early does not read all of it.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    })
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}

pub(crate) fn lines(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
