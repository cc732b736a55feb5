//! Encrypted stores: the key and what happens without it, and how long it is secret.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use common::{delivery, dispatched, note, options, visit_id};
use jobsheet::{Key, Options, Query, Store, StoreError};
use jobsheet_wire::Reply;

fn key(byte: u8) -> Key {
    Key::from_bytes([byte; 32])
}

fn with(key: Option<Key>) -> Options {
    Options { key, ..options() }
}

/// A store with one visit and one command.
fn made(folder: &std::path::Path, key: Option<Key>) -> Store {
    let store = common::open_with(folder, with(key));
    store.receive(&Reply { deliveries: vec![delivery(&dispatched(0))], ..Reply::default() }).unwrap();
    store.apply(visit_id(0), &note("a secret word")).unwrap();
    store
}

fn every_byte(folder: &std::path::Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn nothing_of_an_encrypted_store_can_be_read_without_its_key() {
    let (plain, secret) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let holds = |folder: &tempfile::TempDir, words: &[u8]| {
        every_byte(folder.path()).windows(words.len()).any(|window| window == words)
    };
    let stores = [made(plain.path(), None), made(secret.path(), Some(key(7)))];
    for words in [b"Main Street".as_slice(), b"CREATE TABLE", common::TECHNICIAN.as_bytes()] {
        assert!(holds(&plain, words));
        assert!(!holds(&secret, words));
    }
    for store in stores {
        store.shutdown().unwrap();
    }
    assert!(holds(&plain, b"Main Street") && !holds(&secret, b"Main Street"));
}

#[test]
fn every_wrong_way_with_a_key_is_a_typed_error_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path(), Some(key(7))).shutdown().unwrap();
    let before = every_byte(folder.path());
    assert!(matches!(Store::open(folder.path(), with(Some(key(8)))), Err(StoreError::WrongKey)));
    assert!(matches!(Store::open(folder.path(), with(None)), Err(StoreError::KeyMissing)));
    assert_eq!(every_byte(folder.path()), before);
    let store = Store::open(folder.path(), with(Some(key(7)))).unwrap();
    assert_eq!(store.visits(&Query::default()).unwrap().total, 1);
    assert_eq!(store.visit(visit_id(0)).unwrap().record.notes["steps"], "a secret word");

    let folder = tempfile::tempdir().unwrap();
    made(folder.path(), None).shutdown().unwrap();
    let before = every_byte(folder.path());
    assert!(matches!(Store::open(folder.path(), with(Some(key(7)))), Err(StoreError::NotEncrypted)));
    assert_eq!(every_byte(folder.path()), before);
    Store::open(folder.path(), with(None)).unwrap();
}

#[test]
fn a_store_can_change_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = made(folder.path(), Some(key(7)));
    store.change_key(&key(9)).unwrap();
    assert!(matches!(store.visits(&Query::default()), Err(StoreError::Closed)));
    drop(store);
    assert!(matches!(Store::open(folder.path(), with(Some(key(7)))), Err(StoreError::WrongKey)));
    let store = Store::open(folder.path(), with(Some(key(9)))).unwrap();
    store.apply(visit_id(0), &note(", and more")).unwrap();
    assert_eq!(store.visit(visit_id(0)).unwrap().record.notes["steps"], "a secret word, and more");

    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(made(folder.path(), None).change_key(&key(9)), Err(StoreError::NotEncrypted)));
}

#[test]
fn a_key_is_never_printed() {
    let told = format!("{:?} {:?}", with(Some(key(0x5a))), key(0x5a));
    assert!(told.contains("Key(…)"));
    assert!(!told.contains("5a") && !told.contains("90"), "{told}");
    assert!(Key::from_hex("5a").is_none() && Key::from_hex(&"5g".repeat(32)).is_none());
    assert!(Key::from_hex(&format!(" {}\n", "5A".repeat(32))) == Some(key(0x5a)));
}
