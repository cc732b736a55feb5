//! Changes and messages that were tampered with, under checksums and hashes that fit.

use jobsheet_wire::{Framed, PROTOCOL};
use sha2::Digest;

use crate::common::bomb::{read_number, write_number};

/// Bytes of a change before what its hash is of.
const BEFORE_HASHED: usize = 8;

/// Chance that comes again: splitmix64.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `sides`.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.next() % sides.max(1) as u64).unwrap()
    }

    /// An id of an actor.
    pub(crate) fn actor(&mut self) -> [u8; 16] {
        let mut actor = [0; 16];
        actor[..8].copy_from_slice(&self.next().to_le_bytes());
        actor[8..].copy_from_slice(&self.next().to_le_bytes());
        actor
    }
}

/// Bytes with one to four things done to them, from `from` on; `other` gives bytes to mix in.
pub(crate) fn mutated(bytes: &[u8], other: &[u8], from: usize, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        if bytes.len() <= from {
            break;
        }
        let at = from + dice.below(bytes.len() - from);
        match dice.below(8) {
            0 | 1 => bytes[at] ^= 1 << dice.below(8),
            2 => bytes[at] = [0, 1, 0x7e, 0x7f, 0x80, 0xff][dice.below(6)],
            3 => drop(bytes.remove(at)),
            4 => bytes.insert(at, u8::try_from(dice.below(256)).unwrap()),
            // A number, as large as it can be.
            5 => drop(bytes.splice(at..=at, [0xff; 9].into_iter().chain([1]))),
            6 => {
                let end = (at + 1 + dice.below(16)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
            _ => {
                let start = dice.below(other.len());
                let end = (start + 1 + dice.below(24)).min(other.len());
                let until = (at + end - start).min(bytes.len());
                drop(bytes.splice(at..until, other[start..end].iter().copied()));
            }
        }
    }
    bytes
}

/// A change that was tampered with. Its length, its checksum and its hash are right.
pub(crate) fn mutated_change(change: &[u8], other: &[u8], dice: &mut Dice) -> Framed {
    let mut at = BEFORE_HASHED + 1;
    while change[at] & 0x80 != 0 {
        at += 1;
    }
    let body = mutated(&change[at + 1..], other, 0, dice);
    rebuilt(&body)
}

/// The change with a body.
pub(crate) fn rebuilt(body: &[u8]) -> Framed {
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1];
    write_number(&mut bytes, body.len() as u64);
    bytes.extend(body);
    sealed(bytes)
}

/// Bytes under the checksum and hash that they have.
pub(crate) fn sealed(mut bytes: Vec<u8>) -> Framed {
    let hash: [u8; 32] = sha2::Sha256::digest(&bytes[BEFORE_HASHED..]).into();
    bytes[4..BEFORE_HASHED].copy_from_slice(&hash[..4]);
    Framed { hash, bytes }
}

/// The body of a change.
pub(crate) fn body(change: &[u8]) -> &[u8] {
    let mut at = BEFORE_HASHED + 1;
    while change[at] & 0x80 != 0 {
        at += 1;
    }
    &change[at + 1..]
}

/// A change with another first counter of its operations and another number.
pub(crate) fn renumbered(change: &[u8], seq: Option<u64>, start_op: Option<u64>) -> Framed {
    let body = body(change);
    let mut at = 0;
    let deps = read_number(body, &mut at);
    at += usize::try_from(deps).unwrap() * 32;
    let actor = read_number(body, &mut at);
    at += usize::try_from(actor).unwrap();
    let mut out = body[..at].to_vec();
    let (old_seq, old_start) = (read_number(body, &mut at), read_number(body, &mut at));
    write_number(&mut out, seq.unwrap_or(old_seq));
    write_number(&mut out, start_op.unwrap_or(old_start));
    out.extend(&body[at..]);
    rebuilt(&out)
}

/// A body whose message was tampered with before it was compressed.
pub(crate) fn mutated_message(body: &[u8], dice: &mut Dice) -> Vec<u8> {
    let plain = zstd::decode_all(&body[1..]).unwrap();
    message(&mutated(&plain, &plain, 0, dice))
}

/// A body with a message.
pub(crate) fn message(plain: &[u8]) -> Vec<u8> {
    [vec![PROTOCOL], zstd::encode_all(plain, 1).unwrap()].concat()
}
