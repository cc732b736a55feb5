//! The checksum of `SQLite`'s write-ahead log (file format, section 4.2), which its checksum extension also puts at the end
//! of each page. Words are little-endian here; a log written on a big-endian machine is not checked.
#![allow(clippy::cast_possible_truncation)] // halves of a word

/// Two sums that run on over data of a multiple of 8 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) one: u32,
    pub(crate) two: u32,
}

impl Sum {
    pub(crate) fn over(mut self, bytes: &[u8]) -> Self {
        for pair in bytes.as_chunks::<8>().0 {
            let word = u64::from_le_bytes(*pair);
            let (first, second) = ((word & 0xffff_ffff) as u32, (word >> 32) as u32);
            self.one = self.one.wrapping_add(first).wrapping_add(self.two);
            self.two = self.two.wrapping_add(second).wrapping_add(self.one);
        }
        self
    }

    pub(crate) fn le_bytes(self) -> [u8; 8] {
        (u64::from(self.one) | u64::from(self.two) << 32).to_le_bytes()
    }

    /// As it stands in a log, big-endian.
    pub(crate) fn read(bytes: [u8; 8]) -> Self {
        let word = u64::from_be_bytes(bytes);
        Self { one: (word >> 32) as u32, two: (word & 0xffff_ffff) as u32 }
    }
}
