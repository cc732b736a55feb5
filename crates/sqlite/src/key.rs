//! The secret of an encrypted store.

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// The key of an encrypted store: 32 random bytes that the app keeps where its platform keeps secrets. Never shown, and
/// overwritten when dropped.
///
/// ```
/// use jobsheet_sqlite::Key;
/// let key = Key::from_bytes([7; 32]);
/// assert_eq!(format!("{key:?}"), "Key(…)");
/// assert!(Key::from_hex(&"07".repeat(32)) == Some(key));
/// ```
#[derive(Clone)]
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// A key from its bytes, which must be random: they are used as they are, not derived from words.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// A key from 64 hexadecimal digits, with white space around them.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        if digits.len() != KEY_BYTES * 2 {
            return None;
        }
        let mut key = Self([0; KEY_BYTES]);
        for (byte, pair) in key.0.iter_mut().zip(digits.chunks(2)) {
            for digit in pair {
                *byte = *byte << 4 | u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
            }
        }
        Some(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
    }
}

impl Eq for Key {}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Key(…)")
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the compiler from leaving the overwriting out.
        std::hint::black_box(&self.0);
    }
}
