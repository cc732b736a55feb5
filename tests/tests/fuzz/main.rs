//! Every decoder with the corpus, with seeds that were made here, with what becomes of both when they are tampered with, and with
//! bytes of chance. `cargo xtask prove fuzz` lets cargo-fuzz look for more.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../../fuzz/src/decoders.rs"]
#[allow(unreachable_pub)] // it is the library of cargo-fuzz, too
mod decoders;

use std::path::PathBuf;

use jobsheet_core::key::SecretKey;
use jobsheet_core::seal::file::{Exporter, write};
use jobsheet_core::standard::builtin;
use jobsheet_tests::programs::workspace;
use jobsheet_tests::workload::worked;
use jobsheet_wire::{
    DocumentPush, Exchange, Framed, Reply, compact, encode_exchange, encode_reply, keep_changes,
    keep_document,
};

use decoders::{DECODERS, Decoder};

/// Tampered inputs of each seed.
const TAMPERED: usize = 150;
/// Inputs of chance.
const CHANCE: usize = 500;
/// Changes of a seed.
const CHANGES: usize = 6;
/// Longer seeds cost time and reach nothing more.
const SEED_BYTES: usize = 16 << 10;

/// Numbers that look like chance.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap()
    }
}

fn corpus(name: &str) -> PathBuf {
    workspace("fuzz/corpus").join(name)
}

/// What is valid for a decoder.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let standard = builtin("execution-form").unwrap().unwrap();
    let visit = worked(&standard, 7).unwrap();
    let changes = || visit.changes().into_iter().skip(2).take(CHANGES);
    let framed = changes().map(|change| Framed { hash: change.hash, bytes: change.bytes }).collect();
    let push = vec![DocumentPush { document: [3; 16], changes: framed }];
    let body = encode_exchange(&Exchange { push, ..Exchange::default() }).unwrap();
    let bytes: Vec<Vec<u8>> = changes().map(|change| change.bytes).collect();
    let each = || bytes.iter().map(Vec::as_slice);
    match name {
        "exchange" => vec![body],
        "message" => vec![zstd::decode_all(&body[1..]).unwrap()],
        "reply" => vec![answer()],
        "compact_changes" => vec![compact(each())],
        "kept" => {
            let slices: Vec<&[u8]> = each().collect();
            vec![keep_changes(&slices).unwrap(), keep_document(&visit.save()).unwrap()]
        }
        "sealed_file" => {
            let key = SecretKey::from_bytes(&[7; 32]).unwrap();
            let at = "2026-03-02T10:00:00Z".parse().unwrap();
            let mut file = Vec::new();
            write(&mut file, &visit, &standard, Vec::new(), &Exporter { key: &key, certificate: None, at })
                .unwrap();
            vec![file]
        }
        "change_header" => bytes.clone(),
        "pack" => vec![standard.source().as_bytes()[..SEED_BYTES.min(standard.source().len())].to_vec()],
        _ => Vec::new(),
    }
}

/// The message of an answer that tells nothing.
fn answer() -> Vec<u8> {
    let body = encode_reply(&Reply::default(), &Exchange::default()).unwrap();
    zstd::decode_all(&body[1..]).unwrap()
}

fn tampered(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(5) {
            _ if bytes.is_empty() => {}
            0 | 1 => bytes[at] ^= 1 << dice.below(8),
            2 => bytes.truncate(at),
            3 => drop(bytes.splice(at..at, [0xff; 9])),
            _ => bytes[at] = [0, 0x7f, 0x80, 0xff][dice.below(4)],
        }
    }
    bytes
}

fn feed(name: &str, decode: Decoder) {
    let mut inputs = seeds(name);
    for file in std::fs::read_dir(corpus(name)).unwrap() {
        inputs.push(std::fs::read(file.unwrap().path()).unwrap());
    }
    assert!(!inputs.is_empty(), "{name} has a corpus");
    let mut dice = Dice(0x5eed_5eed_5eed_5eed);
    for input in &inputs {
        decode(input);
        for _ in 0..TAMPERED {
            decode(&tampered(input, &mut dice));
        }
    }
    for _ in 0..CHANCE {
        let length = dice.below(400);
        let bytes: Vec<u8> = (0..length).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
        decode(&bytes);
    }
}

#[test]
fn no_decoder_is_brought_down() {
    for (name, decode) in DECODERS {
        feed(name, decode);
    }
}

/// Seeds change when the formats do: `UPDATE_CORPUS=1` writes them anew.
#[test]
fn each_decoder_has_a_target_and_a_corpus() {
    for (name, _) in DECODERS {
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            std::fs::create_dir_all(corpus(name)).unwrap();
            for (at, seed) in seeds(name).into_iter().enumerate() {
                std::fs::write(corpus(name).join(format!("seed-{at}")), seed).unwrap();
            }
        }
        assert!(workspace("fuzz/fuzz_targets").join(format!("{name}.rs")).is_file(), "{name}");
        assert!(corpus(name).is_dir(), "{name}");
    }
}
