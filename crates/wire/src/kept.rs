//! Changes and documents as a server keeps them: one zstd frame, or the bytes themselves where that is no longer.
//!
//! The first bytes tell which: a frame begins with zstd's own (RFC 8878), a change or a document with Automerge's.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use crate::compact::{ExpandError, Expanded, compact, expand};
use crate::{MAX_EXPANDED_BYTES, chunk};

/// Written once and read seldom, by a server that writes many.
const LEVEL: i32 = 3;
/// Written once, and never again.
const LEVEL_OF_ARCHIVE: i32 = 19;
/// How a zstd frame begins.
const FRAME: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// Largest document that is kept, as Automerge saves it without compressing, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 8 << 20;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Writes changes of one document, parents first, in as few bytes as they come out of again.
///
/// # Errors
/// zstd has no memory left.
///
/// ```
/// let odd = b"not a change".to_vec();
/// let kept = jobsheet_wire::keep_changes(&[odd.as_slice()]).unwrap();
/// assert_eq!(jobsheet_wire::kept_changes(&kept).unwrap()[0].bytes, odd);
/// ```
pub fn keep_changes(changes: &[&[u8]]) -> std::io::Result<Vec<u8>> {
    keep(changes, compressed)
}

/// Writes changes as [`keep_changes`] does, in fewer bytes and in more time: for what is written once and stays.
///
/// # Errors
/// zstd has no memory left.
pub fn keep_changes_long(changes: &[&[u8]]) -> std::io::Result<Vec<u8>> {
    keep(changes, |bytes| {
        let mut compressor = Compressor::new(LEVEL_OF_ARCHIVE)?;
        compressor.include_checksum(true)?;
        compressor.compress(bytes)
    })
}

fn keep(
    changes: &[&[u8]],
    compress: impl FnOnce(&[u8]) -> std::io::Result<Vec<u8>>,
) -> std::io::Result<Vec<u8>> {
    let frame = compress(&compact(changes.iter().copied()))?;
    match changes {
        [one] if one.len() <= frame.len() && !one.starts_with(&FRAME) => Ok(one.to_vec()),
        _ => Ok(frame),
    }
}

/// Reads what [`keep_changes`] wrote: the same bytes in the same order.
///
/// # Errors
/// [`ExpandError`]: the bytes are damaged, or beyond [`MAX_EXPANDED_BYTES`].
pub fn kept_changes(bytes: &[u8]) -> Result<Vec<Expanded>, ExpandError> {
    if !bytes.starts_with(&FRAME) {
        return Ok(vec![Expanded { hash: chunk::hash(bytes), bytes: bytes.to_vec() }]);
    }
    let mut room = MAX_EXPANDED_BYTES;
    expand(&decompressed(bytes, MAX_EXPANDED_BYTES)?, &mut room)
}

/// Writes a document as Automerge saves it, best without compressing: many alike then travel in few bytes.
///
/// # Errors
/// zstd has no memory left.
pub fn keep_document(saved: &[u8]) -> std::io::Result<Vec<u8>> {
    compressed(saved)
}

/// Reads what [`keep_document`] wrote.
///
/// # Errors
/// [`ExpandError`]: the bytes are damaged, or beyond [`MAX_DOCUMENT_BYTES`].
pub fn kept_document(bytes: Vec<u8>) -> Result<Vec<u8>, ExpandError> {
    if bytes.starts_with(&FRAME) { decompressed(&bytes, MAX_DOCUMENT_BYTES) } else { Ok(bytes) }
}

fn compressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|held| {
        if let Some(compressor) = held {
            return compressor.compress(bytes);
        }
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        held.insert(compressor).compress(bytes)
    })
}

fn decompressed(frame: &[u8], limit: usize) -> Result<Vec<u8>, ExpandError> {
    let size = Decompressor::upper_bound(frame).ok_or(ExpandError::Damaged)?;
    if size > limit {
        return Err(ExpandError::TooLarge { what: "kept bytes", limit });
    }
    DECOMPRESSOR.with_borrow_mut(|held| {
        if held.is_none() {
            *held = Decompressor::new().ok();
        }
        held.as_mut().and_then(|held| held.decompress(frame, size).ok()).ok_or(ExpandError::Damaged)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_out_again_and_what_is_damaged_does_not() {
        let texts: Vec<Vec<u8>> = (0..40_u8).map(|n| vec![n; 200 + usize::from(n)]).collect();
        let slices: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        for count in [1, 2, 40] {
            let kept = keep_changes(&slices[..count]).unwrap();
            let out = kept_changes(&kept).unwrap();
            assert!(out.iter().map(|change| &change.bytes).eq(&texts[..count]));
            for at in 0..kept.len() {
                let mut other = kept.clone();
                other[at] ^= 4;
                let out = kept_changes(&other);
                assert!(out.is_err() || out.unwrap().len() == 1, "byte {at} of {count}");
            }
        }
        let saved: Vec<u8> = (0..=255_u8).flat_map(|n| [n; 300]).collect();
        let kept = keep_document(&saved).unwrap();
        assert!(kept.len() * 10 < saved.len());
        assert_eq!(kept_document(kept).unwrap(), saved);
        assert_eq!(kept_document(b"short".to_vec()).unwrap(), b"short");
    }

    #[test]
    fn a_frame_that_would_fill_memory_is_refused() {
        let bomb = zstd::bulk::compress(&vec![0; MAX_DOCUMENT_BYTES + 1], 3).unwrap();
        assert!(matches!(kept_document(bomb), Err(ExpandError::TooLarge { .. })));
        let most = zstd::bulk::compress(&vec![0; MAX_DOCUMENT_BYTES], 3).unwrap();
        assert_eq!(kept_document(most).unwrap().len(), MAX_DOCUMENT_BYTES);
    }
}
