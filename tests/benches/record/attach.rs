//! Attaching a 5 MB photo, over copying and hashing the same bytes durably.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use jobsheet::{Options, PhotoFacts};
use jobsheet_tests::workload::{visit_id, worked};
use sha2::{Digest, Sha256};

use crate::measure::{Bar, paired, seed, standard, store};

const PHOTO_BYTES: usize = 5_000_000;
const ROUNDS: usize = 30;
const BLOCK_BYTES: usize = 64 << 10;

/// Bytes that look like a JPEG from outside and do not compress; each round has its own.
fn photo(round: usize) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0];
    let mut state = round as u64 + 0x9e37_79b9_7f4a_7c15;
    while bytes.len() < PHOTO_BYTES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

/// What cannot be had for less: the bytes read, hashed, written and synced.
fn copied_and_hashed(from: &Path, to: &Path) -> [u8; 32] {
    let (mut source, mut copy) = (File::open(from).unwrap(), File::create_new(to).unwrap());
    let (mut digest, mut block) = (Sha256::new(), vec![0; BLOCK_BYTES]);
    loop {
        let read = source.read(&mut block).unwrap();
        if read == 0 {
            break;
        }
        digest.update(&block[..read]);
        copy.write_all(&block[..read]).unwrap();
    }
    copy.sync_all().unwrap();
    digest.finalize().into()
}

pub(crate) fn bars(folder: &Path) -> Vec<Bar> {
    let folder = folder.join("attach");
    let copies = folder.join("copies");
    std::fs::create_dir_all(&copies).unwrap();
    let standard = standard();
    let store = store(&folder.join("store"), Options::default());
    seed(&store, &standard, &[worked(&standard, 0).unwrap()]);
    let source = |round: usize, what: &str| {
        let file = folder.join(format!("{what}-{round}.jpg"));
        std::fs::write(&file, photo(round)).unwrap();
        file
    };
    // Both read a file of their own from a warm page cache, as a camera leaves it.
    let floors: Vec<_> = (0..ROUNDS).map(|round| source(round, "floor")).collect();
    let figures: Vec<_> = (0..ROUNDS).map(|round| source(round + ROUNDS, "photo")).collect();
    let (floor, attach) = paired(
        ROUNDS,
        |round| copied_and_hashed(&floors[round], &copies.join(round.to_string())),
        |round| store.attach(visit_id(0), &figures[round], &PhotoFacts::default()).unwrap(),
    );
    for file in floors.iter().chain(&figures) {
        std::fs::remove_file(file).unwrap();
    }
    std::fs::remove_dir_all(&copies).unwrap();
    println!("floor  copy, hash and sync 5 MB       {floor:9.2} ms");
    println!("figure attach a photo of 5 MB         {attach:9.2} ms");
    vec![Bar { name: "attach-over-copy-and-hash", measured: attach / floor, limit: 1.3, unit: "x" }]
}
