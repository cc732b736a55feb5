//! Files of others of the crew, fetched when somebody wants them or before going offline.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use reqwest::Method;
use reqwest::header::{CONTENT_RANGE, IF_RANGE, RANGE};
use serde::Serialize;

use crate::attach::{AttachError, Folder, MAX_SIGNATURE_BYTES, hash, not_written};
use crate::store::{self, Store};
use crate::sync::Authorised;
use crate::{StoreError, SyncError};

/// Bytes asked for at a time: one answer must come within the wait for an answer.
const PIECE_BYTES: u64 = 4 << 20;
/// Tries that bring nothing before a fetch ends.
const TRIES: u32 = 4;

/// Why a file was not fetched. What came is kept, and the next try goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No record of this device names it.
    #[error("no record on this device names a file {0}; see `attachments list`")]
    NotNamed(String),
    /// The server does not have it yet.
    #[error(
        "the server does not have the file {0} yet: the device that attached it has not sent it; try again later"
    )]
    NotThere(String),
    /// What came is not the file.
    #[error("what the server sent for {0} does not have its hash, and was thrown away; tell the office")]
    Damaged(String),
    /// There is no room for it.
    #[error(transparent)]
    Room(#[from] AttachError),
    /// The network or the server failed.
    #[error(transparent)]
    Sync(#[from] SyncError),
}

impl From<StoreError> for FetchError {
    fn from(error: StoreError) -> Self {
        Self::Sync(error.into())
    }
}

/// What was fetched ahead.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Prefetched {
    /// Files that are here now.
    pub files: u32,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are not here: beyond the limit, not at the server yet, or not to be had now.
    pub left: u32,
}

impl Store {
    /// Where a file is, fetched from the server if it is not here. It appears in `attachments/` only whole and with the right
    /// hash; what came of a fetch that broke off is kept for the next.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn fetch_file(&self, sha256: &str) -> Result<PathBuf, FetchError> {
        let sha256 = sha256.to_ascii_lowercase();
        if let Some(path) = self.attachment(&sha256) {
            return Ok(path);
        }
        self.note_old_files()?;
        let named = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            store::is_file_named(&tx, &sha256)?
        };
        let folder = Folder::of(self);
        let path = folder.file(&sha256).filter(|_| named);
        let path = path.ok_or_else(|| FetchError::NotNamed(sha256.clone()))?;
        self.fetch(&self.authorised()?, &folder, &sha256)?;
        Ok(path)
    }

    /// Fetches what open visits and shifts name and is not here, the next ones first, up to so many bytes; none:
    /// [`AttachmentLimits::prefetch_bytes`]. A file that can not be had now holds up nothing.
    ///
    /// [`AttachmentLimits::prefetch_bytes`]: crate::AttachmentLimits::prefetch_bytes
    ///
    /// # Errors
    /// [`FetchError`]; what was fetched before stays.
    pub fn prefetch(&self, max_bytes: Option<u64>) -> Result<Prefetched, FetchError> {
        let mut left = max_bytes.unwrap_or(self.inner.options.attachments.prefetch_bytes);
        self.note_old_files()?;
        let files = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            store::files_of_open(&tx)?
        };
        let folder = Folder::of(self);
        let mut fetched = Prefetched::default();
        let mut server = None;
        for file in files {
            if self.attachment(&file.sha256).is_some() {
                continue;
            }
            if file.size.unwrap_or(MAX_SIGNATURE_BYTES) > left {
                fetched.left += 1;
                continue;
            }
            let server = match &server {
                Some(server) => server,
                None => server.insert(self.authorised()?),
            };
            match self.fetch(server, &folder, &file.sha256) {
                Ok(size) => {
                    fetched.files += 1;
                    fetched.bytes += size;
                    left = left.saturating_sub(size);
                }
                Err(FetchError::NotThere(_) | FetchError::Damaged(_) | FetchError::Room(_)) => {
                    fetched.left += 1;
                }
                // One file that another call is fetching, or that the server does not give now.
                Err(FetchError::Sync(
                    error @ (SyncError::AlreadyRunning | SyncError::Server { .. } | SyncError::Protocol(_)),
                )) => {
                    tracing::warn!(%error, sha256 = file.sha256, "a file was not fetched ahead");
                    fetched.left += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(fetched)
    }

    /// Fetches one file and gives its size.
    fn fetch(&self, server: &Authorised<'_>, folder: &Folder, sha256: &str) -> Result<u64, FetchError> {
        let part_path = folder.path().join(format!(".{sha256}.part"));
        let failed = |source| not_written(folder, source);
        let mut part = {
            // A sweep takes a part that nobody has locked for one that was left behind.
            let _lock = folder.lock()?;
            let mut options = OpenOptions::new();
            let part = options
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&part_path)
                .map_err(failed)?;
            if part.try_lock().is_err() {
                return Err(SyncError::AlreadyRunning.into());
            }
            part
        };
        let size = loop {
            let found = part.metadata().map_err(failed)?.len();
            let size = self.fill(server, folder, sha256, &mut part)?;
            part.sync_all().map_err(failed)?;
            part.rewind().map_err(failed)?;
            if hash(&mut part).map_err(failed)?.0 == sha256 {
                break size;
            }
            if found == 0 {
                let _ = std::fs::remove_file(&part_path);
                return Err(FetchError::Damaged(sha256.to_owned()));
            }
            // What an earlier try left may be at fault: once anew.
            part.set_len(0).map_err(failed)?;
        };
        let _lock = folder.lock()?;
        std::fs::rename(&part_path, folder.path().join(sha256)).map_err(failed)?;
        folder.sync()?;
        Ok(size)
    }

    fn fill(
        &self,
        server: &Authorised<'_>,
        folder: &Folder,
        sha256: &str,
        part: &mut File,
    ) -> Result<u64, FetchError> {
        let failed = |source| not_written(folder, source);
        let path = format!("v1/files/{sha256}");
        let mut at = part.seek(SeekFrom::End(0)).map_err(failed)?;
        let (mut size, mut failures) = (None, 0);
        while size.is_none_or(|size| at < size) {
            let answer = server.try_send(&Method::GET, &path, |request| {
                let last = at + PIECE_BYTES - 1;
                request.header(RANGE, format!("bytes={at}-{last}")).header(IF_RANGE, format!("\"{sha256}\""))
            });
            let mut answer = match answer {
                Ok(answer) => answer,
                Err(error) if error.status() == Some(404) => {
                    return Err(FetchError::NotThere(sha256.to_owned()));
                }
                // All of it had come, and only its name was missing; or it is not that file.
                Err(error) if error.status() == Some(416) && at > 0 => return Ok(at),
                Err(error) => return Err(SyncError::from(error).into()),
            };
            let whole = range(&answer).filter(|(from, _)| *from == at).map(|(_, whole)| whole);
            let whole = whole.ok_or_else(|| {
                SyncError::Protocol("the answer is not the range of the file that was asked for".to_owned())
            })?;
            if size.replace(whole).is_none() {
                self.has_room(folder, whole, whole.saturating_sub(at))?;
            }
            let before = at;
            let mut block = vec![0; 64 << 10];
            let mut left = PIECE_BYTES.min(whole - at);
            while left > 0 {
                match answer.read(&mut block) {
                    Ok(read) if read > 0 && read as u64 <= left => {
                        part.write_all(&block[..read]).map_err(failed)?;
                        at += read as u64;
                        left -= read as u64;
                    }
                    // Cut short: the next request goes on from here.
                    _ => break,
                }
            }
            failures = if at > before { 0 } else { failures + 1 };
            if failures >= TRIES {
                return Err(SyncError::Unreachable("the file does not get through".to_owned()).into());
            }
        }
        Ok(at)
    }
}

/// Where the range of an answer begins, and the size of the whole.
fn range(answer: &reqwest::blocking::Response) -> Option<(u64, u64)> {
    let text = answer.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, whole) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, whole.parse().ok()?))
}
