//! What can not be had for less: Automerge, zstd and `SQLite` alone, on the same data.

use std::path::Path;
use std::time::{Duration, Instant};

use automerge::{Automerge, Change};

use crate::devices::Held;
use crate::process::of_this_thread;

/// Bytes of uncompressed documents that are compressed together: what a page of an answer brings.
const PAGE_BYTES: usize = 2 << 20;
/// Durable commits of which the median is taken.
const COMMITS: usize = 200;

/// zstd at level 3 over the uncompressed saves of some documents together.
pub(crate) fn compressed(documents: &[Held]) -> u64 {
    let saves: Vec<u8> = documents.iter().flat_map(|held| held.whole.save_nocompress()).collect();
    zstd::encode_all(&saves[..], 3).unwrap().len() as u64
}

/// The same, page by page.
pub(crate) fn compressed_pages(documents: &[Held]) -> u64 {
    let (mut page, mut sum) = (Vec::new(), 0);
    let mut close = |page: &mut Vec<u8>| {
        sum += zstd::encode_all(&page[..], 3).unwrap().len() as u64;
        page.clear();
    };
    for held in documents {
        page.extend(held.whole.save_nocompress());
        if page.len() >= PAGE_BYTES {
            close(&mut page);
        }
    }
    if !page.is_empty() {
        close(&mut page);
    }
    sum
}

/// Processor time of parsing the changes of a device and applying them, in one batch, to what the server had.
pub(crate) fn parse_and_apply(held: &Held) -> Duration {
    let own: Vec<Change> = held.own.iter().map(|bytes| Change::from_bytes(bytes.clone()).unwrap()).collect();
    let hashes: std::collections::HashSet<_> = own.iter().map(Change::hash).collect();
    let mut before = Automerge::new();
    let others = held.whole.get_changes(&[]).into_iter().filter(|change| !hashes.contains(&change.hash()));
    before.apply_changes(others).unwrap();
    let bytes = held.own.clone();
    let started = of_this_thread();
    let parsed: Vec<Change> = bytes.into_iter().map(|bytes| Change::from_bytes(bytes).unwrap()).collect();
    before.apply_changes(parsed).unwrap();
    let took = of_this_thread().saturating_sub(started);
    assert_eq!(before.get_heads(), held.whole.get_heads());
    took
}

/// Loading every document and inserting it into a bare table, a durable commit for each page.
pub(crate) fn load_and_insert(folder: &Path, saves: &[Vec<u8>]) -> Duration {
    let bare = bare(folder);
    let started = Instant::now();
    let mut room = 0;
    for save in saves {
        if room == 0 {
            bare.execute_batch("BEGIN IMMEDIATE").unwrap();
        }
        std::hint::black_box(Automerge::load(save).unwrap());
        bare.prepare_cached("INSERT INTO log (bytes) VALUES (?1)").unwrap().execute([save]).unwrap();
        room += save.len();
        if room >= PAGE_BYTES {
            bare.execute_batch("COMMIT").unwrap();
            room = 0;
        }
    }
    if room > 0 {
        bare.execute_batch("COMMIT").unwrap();
    }
    started.elapsed()
}

/// Times of durable commits of one small row.
pub(crate) fn commits(folder: &Path) -> Vec<Duration> {
    let bare = bare(folder);
    let commit = |_| {
        let started = Instant::now();
        bare.prepare_cached("INSERT INTO log (bytes) VALUES (?1)").unwrap().execute([[7_u8; 200]]).unwrap();
        started.elapsed()
    };
    (0..COMMITS).map(commit).collect()
}

fn bare(folder: &Path) -> rusqlite::Connection {
    std::fs::create_dir_all(folder).unwrap();
    let file = folder.join("bare.db");
    let _ = std::fs::remove_file(&file);
    let bare = rusqlite::Connection::open(file).unwrap();
    bare.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
         CREATE TABLE log (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
    )
    .unwrap();
    bare
}
