//! Copying a file in: once through, hashed on the way, never in memory whole.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use jobsheet_core::hex;
use sha2::{Digest, Sha256};

use super::error::AttachError;
use super::folder::Folder;
use super::kind::{FIRST_BYTES, media_type};
use crate::{StoreError, random};

/// Bytes copied at a time.
pub(super) const BLOCK_BYTES: usize = 256 << 10;

/// A file that is being written; what is left of it goes away with it. The lock tells a sweep that somebody is at it.
pub(super) struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    pub(super) fn begin(folder: &Folder) -> Result<Self, StoreError> {
        // A sweep that came between making the file and locking it would take it for one that was left behind.
        let _lock = folder.lock()?;
        let path = folder.path().join(format!(".{}.part", random::uuid()?));
        let failed = |source| StoreError::file("the attachment could not be written", &path, source);
        let file = File::create_new(&path).map_err(failed)?;
        // A file system without locks: the grace of the sweep is left.
        let _ = file.try_lock();
        Ok(Self { path, file })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A file that has been copied and synced, and has no name yet.
pub(super) struct Copied {
    pub(super) part: Part,
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) media_type: &'static str,
}

/// Copies a file, at most `limit` bytes of it.
pub(super) fn copy(folder: &Folder, source: &mut impl Read, limit: u64) -> Result<Copied, AttachError> {
    let mut part = Part::begin(folder)?;
    let (mut digest, mut size, mut first) = (Sha256::new(), 0_u64, Vec::with_capacity(FIRST_BYTES));
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let read = match source.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(AttachError::Unreadable(error)),
        };
        let bytes = &block[..read];
        let wanted = FIRST_BYTES - first.len();
        first.extend_from_slice(&bytes[..read.min(wanted)]);
        size += read as u64;
        if size > limit {
            return Err(AttachError::TooLarge { limit });
        }
        digest.update(bytes);
        part.file.write_all(bytes).map_err(|error| not_written(folder, error))?;
    }
    if size == 0 {
        return Err(AttachError::Empty);
    }
    part.file.sync_all().map_err(|error| not_written(folder, error))?;
    Ok(Copied { part, sha256: hex(&digest.finalize()), size, media_type: media_type(&first) })
}

fn not_written(folder: &Folder, error: std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::DiskFull,
        _ => StoreError::file("the attachment could not be written", folder.path(), error),
    }
}
