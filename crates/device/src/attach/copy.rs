//! Copying a file in: once through, hashed on the way, never in memory whole.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};

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

/// Blocks that may wait to be hashed.
const WAITING_BLOCKS: usize = 4;

/// Copies a file, at most `limit` bytes of it. Hashing runs beside writing and syncing: each takes about half of the time.
pub(super) fn copy(folder: &Folder, source: &mut impl Read, limit: u64) -> Result<Copied, AttachError> {
    let mut part = Part::begin(folder)?;
    let (written, sha256) = std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Vec<u8>>(WAITING_BLOCKS);
        let hasher = scope.spawn(move || {
            let mut digest = Sha256::new();
            for block in receiver {
                digest.update(&block);
            }
            hex(&digest.finalize())
        });
        let written = write(folder, &mut part, source, limit, &sender);
        // The hasher ends when nothing more can come.
        drop(sender);
        (written, hasher.join())
    });
    let (size, media_type) = written?;
    let sha256 =
        sha256.map_err(|_| AttachError::Unreadable(std::io::Error::other("it could not be hashed")))?;
    Ok(Copied { part, sha256, size, media_type })
}

/// Writes and syncs a file, and gives every block to whoever hashes it. Size and media type of what was written.
fn write(
    folder: &Folder,
    part: &mut Part,
    source: &mut impl Read,
    limit: u64,
    hasher: &SyncSender<Vec<u8>>,
) -> Result<(u64, &'static str), AttachError> {
    let (mut size, mut first) = (0_u64, Vec::with_capacity(FIRST_BYTES));
    loop {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        match source.take(BLOCK_BYTES as u64).read_to_end(&mut block) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(AttachError::Unreadable(error)),
        }
        let wanted = FIRST_BYTES - first.len();
        first.extend_from_slice(&block[..block.len().min(wanted)]);
        size += block.len() as u64;
        if size > limit {
            return Err(AttachError::TooLarge { limit });
        }
        part.file.write_all(&block).map_err(|error| not_written(folder, error))?;
        // Nobody receives only after a panic of the hasher, which its end tells.
        let _ = hasher.send(block);
    }
    if size == 0 {
        return Err(AttachError::Empty);
    }
    part.file.sync_all().map_err(|error| not_written(folder, error))?;
    Ok((size, media_type(&first)))
}

/// Why a file could not be written into the folder.
pub(crate) fn not_written(folder: &Folder, error: std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::DiskFull,
        _ => StoreError::file("the attachment could not be written", folder.path(), error),
    }
}
