//! A checksum in the last 8 bytes of every page of a plain database, in the format of `SQLite`'s own checksum extension:
//! `SQLite` itself does not notice a page that has changed on the disk.

use rusqlite::ffi;

use crate::layer::{Below, Code, LayerFile};
use crate::sum::Sum;

/// Size of a page in every store.
pub(crate) const PAGE_BYTES: usize = 4096;
/// Bytes of a page that `SQLite` leaves to the checksum.
pub(crate) const SUM_BYTES: usize = 8;
/// Place in the first page where that number stands.
pub(crate) const RESERVED_AT: usize = 20;

/// A database whose pages carry checksums.
pub(crate) struct Pages;

impl LayerFile for Pages {
    fn read(&mut self, below: &Below, into: &mut [u8], at: u64) -> Result<(), Code> {
        below.read(into, at)?;
        // Beside whole pages `SQLite` reads a part of the header before it knows the size of pages; it reads the whole
        // first page before it believes any of it.
        if into.len() < 512 || whole(into, at) && sound(into, at) {
            Ok(())
        } else {
            Err(Code(ffi::SQLITE_IOERR_DATA))
        }
    }

    fn write(&mut self, below: &Below, bytes: &[u8], at: u64) -> Result<(), Code> {
        if !whole(bytes, at) {
            // A page of another size would never be read again.
            return Err(Code(ffi::SQLITE_IOERR_WRITE));
        }
        let mut page = bytes.to_vec();
        let sum = Sum::default().over(&bytes[..PAGE_BYTES - SUM_BYTES]);
        page[PAGE_BYTES - SUM_BYTES..].copy_from_slice(&sum.le_bytes());
        below.write(&page, at)
    }
}

fn whole(page: &[u8], at: u64) -> bool {
    page.len() == PAGE_BYTES && at.is_multiple_of(PAGE_BYTES as u64)
}

fn sound(page: &[u8], at: u64) -> bool {
    let (content, sum) = page.split_at(PAGE_BYTES - SUM_BYTES);
    sum == Sum::default().over(content).le_bytes() && (at > 0 || usize::from(page[RESERVED_AT]) == SUM_BYTES)
}
