//! One damaged byte in every page of every file of a store: the same answers as without it, or a typed error, never other
//! answers.

use jobsheet_core::key::DeviceKey as _;
use std::collections::BTreeMap;
use std::path::Path;

use jobsheet::{Enrolment, Key, Options, Query, Store, StoreError};
use jobsheet_core::standard::builtin;
use jobsheet_tests::workload::{TECHNICIAN, dispatched, field_commands, visit_id};
use jobsheet_wire::{Delivery, NewDocument, Reply};

use crate::crash::in_memory;
use crate::disk::{Dice, Disk, put};
use crate::work::SetClock;

const PAGE: usize = 4096;

fn options(key: Option<&Key>) -> Options {
    Options { clock: SetClock::at("2026-03-02T10:00:00-05:00"), key: key.cloned(), ..Options::default() }
}

/// A store with four visits, two of them worked; some of it in the database, the rest still in its journal.
fn made(folder: &Path, key: Option<&Key>) -> Store {
    let standard = builtin("execution-form").unwrap().unwrap();
    let store = Store::open(folder, options(key)).unwrap();
    store
        .adopt(&Enrolment {
            server: "http://127.0.0.1:1".to_owned(),
            device: "device-1".to_owned(),
            technician: TECHNICIAN.to_owned(),
            organisation: jobsheet_core::key::SecretKey::from_bytes(&[9; 32]).unwrap().public_key().unwrap(),
        })
        .unwrap();
    let deliveries = (0..4).map(|number| {
        let document = visit_id(number).into_bytes();
        Delivery::New(NewDocument { document, snapshot: dispatched(&standard, number).unwrap().save() })
    });
    store.receive(&Reply { deliveries: deliveries.collect(), ..Reply::default() }).unwrap();
    for number in 0..2 {
        for command in field_commands(&standard, number).iter().take(50) {
            store.apply(visit_id(number), command).unwrap();
        }
    }
    store.pause().unwrap();
    store.resume().unwrap();
    for command in field_commands(&standard, 2).iter().take(12) {
        store.apply(visit_id(2), command).unwrap();
    }
    store
}

/// Everything that a store answers, as text.
fn answers(folder: &Path, key: Option<&Key>) -> Result<Vec<String>, StoreError> {
    let store = Store::open(folder, options(key))?;
    let mut told = vec![
        format!("{:?}", store.visits(&Query::default())?),
        format!("{:?}", store.outbox()?),
        format!("{:?}", store.quarantine()?),
        format!("{:?}", store.enrolment()?),
        format!("{:?}", store.skew_ms()?),
        format!("{:?}", store.find("SR-000002")?),
    ];
    for number in 0..4 {
        told.push(format!("{:?}", store.visit(visit_id(number))?.record));
        told.push(format!("{:?}", store.history(visit_id(number))?));
        told.push(format!("{:?}", store.heads(visit_id(number))?));
    }
    Ok(told)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    named
        .filter(|(_, path)| path.is_file())
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect()
}

#[derive(Default)]
struct Count {
    bytes: usize,
    detected: usize,
    harmless: usize,
}

/// Damages one byte and looks at what the store says.
fn damage(
    whole: &[String],
    files: &BTreeMap<String, Vec<u8>>,
    name: &str,
    at: usize,
    key: Option<&Key>,
    count: &mut Count,
) {
    let place = in_memory();
    let mut damaged = files.clone();
    let byte = damaged.get_mut(name).and_then(|content| content.get_mut(at)).unwrap();
    *byte ^= 1 << (at % 8);
    put(&damaged, place.path());
    count.bytes += 1;
    match answers(place.path(), key) {
        Ok(told) => {
            assert_eq!(told, whole, "{name}, byte {at}: another answer");
            count.harmless += 1;
        }
        Err(
            StoreError::Corrupt(_)
            | StoreError::WrongKey
            | StoreError::KeyMissing
            | StoreError::NotEncrypted
            | StoreError::Newer { .. },
        ) => count.detected += 1,
        Err(other) => panic!("{name}, byte {at}: {other:?}"),
    }
}

fn every_page(key: Option<&Key>) {
    let place = in_memory();
    let home = place.path().join("store");
    let _first = Disk::below(&home);
    let store = made(&home, key);
    // As a killed process leaves them: database, journal, and what is beside.
    let left = files(&home);
    store.shutdown().unwrap();
    let closed = files(&home);
    let mut dice = Dice(7);
    for (state, files) in [("killed", &left), ("closed", &closed)] {
        let copy = in_memory();
        put(files, copy.path());
        let whole = answers(copy.path(), key).unwrap();
        assert!(whole[0].contains("SR-000002"));
        for (name, content) in files {
            let mut count = Count::default();
            // Every byte of the header of what is read first: the database when it was closed, else its journal.
            let first = if state == "closed" { "jobsheet.db" } else { "jobsheet.db-wal" };
            let header = if name == first { 0..100.min(content.len()) } else { 0..0 };
            for at in header {
                damage(&whole, files, name, at, key, &mut count);
            }
            let size = if name.ends_with("-wal") { PAGE + 24 } else { PAGE };
            for start in (0..content.len()).step_by(size) {
                let length = size.min(content.len() - start) as u64;
                let at = start + usize::try_from(dice.below(length)).unwrap();
                damage(&whole, files, name, at, key, &mut count);
                // The last byte of a page or frame, and in a journal the beginning of each frame.
                damage(&whole, files, name, (start + size).min(content.len()) - 1, key, &mut count);
            }
            let (bytes, detected, harmless) = (count.bytes, count.detected, count.harmless);
            let kind = if key.is_some() { "encrypted" } else { "plain" };
            println!(
                "{kind}, {state}, {name}: {bytes} damaged bytes, {detected} detected, {harmless} harmless, 0 wrong"
            );
        }
    }
}

#[test]
fn a_damaged_byte_in_any_page_of_a_plain_store_is_detected_or_harmless() {
    every_page(None);
}

#[test]
fn a_damaged_byte_in_any_page_of_an_encrypted_store_is_detected_or_harmless() {
    every_page(Some(&Key::from_bytes([9; 32])));
}
