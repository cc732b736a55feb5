//! What the server gives out and recognises again: bytes with an HMAC-SHA-256 behind them, as hexadecimal digits.

use hmac::{Hmac, KeyInit, Mac as _};
use jobsheet_core::{hex, unhex};
use sha2::Sha256;

/// Length of the authentication code, in bytes.
const MAC_BYTES: usize = 32;

/// A secret key for one kind of thing.
pub(super) struct Mac {
    keyed: Hmac<Sha256>,
}

impl Mac {
    /// A key for what `label` names. What is made under one label is not recognised under another.
    pub(super) fn new(key: [u8; 32], label: &str) -> Self {
        // A key that is shorter than a block of the hash is filled up with zeros (RFC 2104).
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(&key);
        let mut keyed = Hmac::<Sha256>::new(&block.into());
        keyed.update(label.as_bytes());
        keyed.update(&[0]);
        Self { keyed }
    }

    /// The bytes with their code.
    pub(super) fn seal(&self, bytes: &[u8]) -> String {
        let mut mac = self.keyed.clone();
        mac.update(bytes);
        hex(&[bytes, &mac.finalize().into_bytes()].concat())
    }

    /// The bytes of a sealed text, if they have this length and the code is right. Compared in constant time.
    pub(super) fn open<const N: usize>(&self, text: &str) -> Option<[u8; N]> {
        if text.len() != 2 * (N + MAC_BYTES) {
            return None;
        }
        let sealed = unhex(text)?;
        let (bytes, code) = sealed.split_first_chunk::<N>()?;
        let mut mac = self.keyed.clone();
        mac.update(bytes);
        mac.verify_slice(code).ok()?;
        Some(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_cut_or_of_another_key_or_label_is_not_opened() {
        let mac = Mac::new([1; 32], "a");
        let text = mac.seal(&[1, 2, 3]);
        assert_eq!(mac.open::<3>(&text), Some([1, 2, 3]));
        assert_eq!(mac.open::<2>(&text), None);
        for other in [Mac::new([2; 32], "a"), Mac::new([1; 32], "b")] {
            assert_eq!(other.open::<3>(&text), None);
        }
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(mac.open::<3>(&String::from_utf8(changed).unwrap()), None, "{at}");
            assert_eq!(mac.open::<3>(&text[..at]), None);
        }
        assert_eq!(mac.open::<3>(&text.to_uppercase()), Some([1, 2, 3]));
        assert_eq!(mac.open::<3>(&"ü".repeat(35)), None);
    }
}
