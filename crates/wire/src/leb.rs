//! Numbers in LEB128 (DWARF 5, section 7.6), as Automerge's storage format has them.

/// Reads a byte string from its beginning.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes that are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A number of at most 64 bits.
    pub(crate) fn u64(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take(1)? else { return None };
            let bits = u64::from(byte & 0x7f);
            number |= bits << shift;
            if bits << shift >> shift != bits {
                return None;
            }
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A signed number of at most 64 bits.
    pub(crate) fn i64(&mut self) -> Option<i64> {
        let mut number = 0_i64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take(1)? else { return None };
            number |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let filled = shift + 7;
                let negative = byte & 0x40 != 0 && filled < 64;
                return Some(if negative { number | (-1 << filled) } else { number });
            }
        }
        None
    }

    /// How many things follow: never more than there are bytes, since each takes at least one.
    pub(crate) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.u64()?).ok().filter(|count| *count <= self.left())
    }

    /// A length and as many bytes.
    pub(crate) fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        self.take(length)
    }

    /// A signed number folded into an unsigned one: 0, -1, 1, -2 are 0, 1, 2, 3.
    pub(crate) fn folded(&mut self) -> Option<i64> {
        let folded = self.u64()?;
        Some((folded >> 1).cast_signed() ^ -((folded & 1).cast_signed()))
    }
}

pub(crate) fn write_u64(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

pub(crate) fn write_i64(out: &mut Vec<u8>, mut number: i64) {
    loop {
        let byte = (number.cast_unsigned() & 0x7f) as u8;
        number >>= 7;
        if (number == 0 && byte & 0x40 == 0) || (number == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

/// Writes a signed number folded into an unsigned one.
pub(crate) fn write_folded(out: &mut Vec<u8>, number: i64) {
    write_u64(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            write_u64(&mut bytes, number);
            assert_eq!(Reader::new(&bytes).u64(), Some(number));
            let signed = number.cast_signed();
            let (mut bytes, mut folded) = (Vec::new(), Vec::new());
            write_i64(&mut bytes, signed);
            write_folded(&mut folded, signed);
            assert_eq!(Reader::new(&bytes).i64(), Some(signed), "{signed}");
            assert_eq!(Reader::new(&folded).folded(), Some(signed), "{signed}");
        }
    }

    #[test]
    fn what_does_not_fit_or_does_not_end_is_none() {
        assert_eq!(Reader::new(&[0xff; 9]).u64(), None, "no end");
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]).u64(),
            None,
            "65 bits"
        );
        assert_eq!(Reader::new(&[0x80; 12]).i64(), None);
        assert_eq!(Reader::new(&[3, 1]).count(), None, "more things than bytes");
        assert_eq!(Reader::new(&[2, 1]).text(), None);
    }
}
