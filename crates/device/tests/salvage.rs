//! What can be read out of damaged stores, and what damaged salvage files still give.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{delivery, dispatched, note, open_with, options, visit_id};
use jobsheet::{Key, Options, Store, StoreError};
use jobsheet_wire::Reply;

const COMMANDS: usize = 40;

fn with(key: Option<&Key>) -> Options {
    Options { key: key.cloned(), ..options() }
}

fn received(folder: &Path, key: Option<&Key>) -> Store {
    let store = open_with(folder, with(key));
    let deliveries = (0..3).map(|at| delivery(&dispatched(at))).collect();
    store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
    store
}

/// A closed store with work on two visits, and the changes of that work.
fn worked(folder: &Path, key: Option<&Key>) -> BTreeSet<String> {
    let store = received(folder, key);
    let commands =
        (0..COMMANDS).map(|at| store.apply(visit_id(at % 2), &note(&format!("{at} "))).unwrap().change);
    let made = commands.collect();
    store.shutdown().unwrap();
    made
}

fn saved(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(&line[65..]).ok());
    lines.filter_map(|line| line["change"].as_str().map(ToOwned::to_owned)).collect()
}

/// Damages one byte in each page in turn and counts what salvage does not find then, at worst.
fn worst(key: Option<&Key>) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let made = worked(folder.path(), key);
    let whole = std::fs::read(folder.path().join("jobsheet.db")).unwrap();
    let (mut worst, mut blind) = (0, 0);
    for page in 0..whole.len() / 4096 {
        let damaged = tempfile::tempdir().unwrap();
        let mut content = whole.clone();
        content[page * 4096 + 200 + page * 397 % 3600] ^= 0x21;
        std::fs::write(damaged.path().join("jobsheet.db"), content).unwrap();
        let out = damaged.path().join("saved.txt");
        match Store::salvage(damaged.path(), key, &out) {
            Ok(salvaged) => {
                let found = saved(&out);
                assert!(found.is_subset(&made));
                let lost = made.difference(&found).count();
                assert!(lost == 0 || salvaged.unreadable > 0, "page {page}: {lost} lost and nothing said");
                worst = worst.max(lost);
            }
            // Without the pages that describe its tables nothing of an encrypted store can be read, and it says so.
            Err(StoreError::Corrupt(_)) if key.is_some() => blind += 1,
            Err(error) => panic!("page {page}: {error}"),
        }
        // Nothing of what was read has been touched, nothing is left behind.
        let left: Vec<_> =
            std::fs::read_dir(damaged.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name == "jobsheet.db" || name == "saved.txt"), "{left:?}");
    }
    assert!(blind <= 6, "{blind} pages");
    println!("{} pages, {} changes, at worst {worst} not found", whole.len() / 4096, made.len());
    worst
}

#[test]
fn a_damaged_byte_costs_a_salvage_of_a_plain_store_one_change_at_most() {
    assert!(worst(None) <= 1);
}

#[test]
fn a_salvage_of_a_damaged_encrypted_store_never_misses_anything_in_silence() {
    // A damaged page can be the one that describes the tables: then much is missing, and it says so.
    assert!(worst(Some(&Key::from_bytes([5; 32]))) <= COMMANDS);
}

#[test]
fn keys_are_asked_for_as_by_open() {
    let folder = tempfile::tempdir().unwrap();
    worked(folder.path(), Some(&Key::from_bytes([5; 32])));
    let out = folder.path().join("saved.txt");
    let salvage = |key: Option<&Key>| Store::salvage(folder.path(), key, &out);
    assert!(matches!(salvage(None), Err(StoreError::KeyMissing)));
    assert!(matches!(salvage(Some(&Key::from_bytes([6; 32]))), Err(StoreError::Corrupt(_))));
    assert!(!out.exists());
    assert_eq!(salvage(Some(&Key::from_bytes([5; 32]))).unwrap().changes as usize, COMMANDS);
    assert!(matches!(salvage(Some(&Key::from_bytes([5; 32]))), Err(StoreError::File { .. })));
}

#[test]
fn a_damaged_salvage_file_gives_what_is_whole_in_it_and_says_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    worked(&folder.path().join("old"), None);
    let file = folder.path().join("saved.txt");
    Store::salvage(folder.path().join("old"), None, &file).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let restore = |name: &str, content: &[u8]| {
        let store = received(&folder.path().join(name), None);
        let path = folder.path().join(format!("{name}.txt"));
        std::fs::write(&path, content).unwrap();
        store.restore(&path)
    };
    let all = restore("whole", &whole).unwrap();
    assert_eq!((all.restored as usize, all.damaged, all.unusable), (COMMANDS, 0, 0));

    let mut damaged = whole.clone();
    let lines: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
    damaged[lines[COMMANDS] - 9] ^= 1;
    let some = restore("damaged", &damaged).unwrap();
    assert_eq!(some.damaged, 1);
    assert_eq!(some.restored as usize, COMMANDS - 1);

    let cut = restore("cut", &whole[..lines[10]]).unwrap();
    assert_eq!((cut.restored, cut.damaged), (10, 1));
    assert!(matches!(restore("none", b"a shopping list\n"), Err(StoreError::Salvage { .. })));
    assert!(matches!(restore("empty", b""), Err(StoreError::Salvage { .. })));
}
