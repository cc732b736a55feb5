//! The checksum of `SQLite`'s write-ahead log (file format, section 4.2), which its checksum extension also puts at the end
//! of each page. Words are little-endian here; a log written on a big-endian machine is not checked.

/// Two sums that run on over data of a multiple of 8 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) one: u32,
    pub(crate) two: u32,
}

impl Sum {
    pub(crate) fn over(mut self, bytes: &[u8]) -> Self {
        let (pairs, _) = bytes.as_chunks::<8>();
        for [a, b, c, d, e, f, g, h] in pairs {
            self.one = self.one.wrapping_add(u32::from_le_bytes([*a, *b, *c, *d])).wrapping_add(self.two);
            self.two = self.two.wrapping_add(u32::from_le_bytes([*e, *f, *g, *h])).wrapping_add(self.one);
        }
        self
    }

    pub(crate) fn le_bytes(self) -> [u8; 8] {
        let ([a, b, c, d], [e, f, g, h]) = (self.one.to_le_bytes(), self.two.to_le_bytes());
        [a, b, c, d, e, f, g, h]
    }

    /// As it stands in a log, big-endian.
    pub(crate) fn read(bytes: &[u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = *bytes;
        Self { one: u32::from_be_bytes([a, b, c, d]), two: u32::from_be_bytes([e, f, g, h]) }
    }
}
