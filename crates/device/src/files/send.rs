//! One file, in pieces, over a network that breaks.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use jobsheet_core::hex;
use jobsheet_core::record::DocumentId;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::tus::{Answer, Tus};
use crate::attach::Folder;
use crate::store::{self, FileToSend, Store};
use crate::sync::Authorised;
use crate::{StoreError, SyncError};

/// First and smallest pieces of a file, in bytes. A piece grows while the network is fast, and shrinks when it breaks.
const FIRST_PIECE: usize = 1 << 20;
const SMALLEST_PIECE: usize = 64 << 10;
/// Largest piece: each file that is being sent holds one in memory.
const LARGEST_PIECE: usize = 8 << 20;
/// A piece that takes less than this lets the next one be larger.
const FAST: Duration = Duration::from_secs(5);
/// Tries that bring nothing before a file is left for the next sync.
const TRIES: u32 = 6;
/// Wait after the first of them; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// A file that could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileProblem {
    /// The visit or shift that names it.
    pub visit: DocumentId,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Why, as a short code in kebab case: `missing`, `damaged`, or the server's.
    pub code: String,
    /// Why, in words.
    pub reason: String,
}

impl FileProblem {
    pub(super) fn new(file: &FileToSend, code: &str, reason: &str) -> Self {
        let (code, reason) = (code.to_owned(), reason.to_owned());
        Self { visit: file.document, sha256: file.sha256.clone(), code, reason }
    }
}

/// What became of one file.
pub(super) enum Outcome {
    Sent,
    /// Its time comes later.
    Waits,
    /// Somebody said stop.
    Stopped,
    Refused(FileProblem),
}

/// What the threads that send tell.
pub(super) enum Event {
    /// Bytes that were sent, and bytes that the server has now and had not before, as far as this device knew.
    Bytes {
        sent: u64,
        counted: u64,
    },
    Ended(Outcome),
}

/// What every file is sent with.
pub(super) struct Work<'a> {
    pub(super) store: &'a Store,
    pub(super) server: &'a Authorised<'a>,
    pub(super) stop: &'a AtomicBool,
    pub(super) events: &'a Sender<Event>,
}

impl Work<'_> {
    /// Sends a file.
    ///
    /// # Errors
    /// What stops all other files too: no network, no access, a store that fails.
    pub(super) fn send_file(&self, file: &FileToSend, size: u64) -> Result<Outcome, SyncError> {
        let Some(path) = Folder::of(self.store).file(&file.sha256) else {
            return Ok(Outcome::Refused(FileProblem::new(file, "missing", "its name is no hash")));
        };
        let mut source = match File::open(&path) {
            Ok(source) => source,
            Err(error) => return Ok(Outcome::Refused(FileProblem::new(file, "missing", &error.to_string()))),
        };
        // Once refused for its hash, it is looked at before it is sent again.
        if file.refused.as_deref() == Some("hash-mismatch") && !fits(&path, &file.sha256) {
            let reason = "its bytes no longer fit its hash; see `attachments check`";
            return Ok(Outcome::Refused(FileProblem::new(file, "damaged", reason)));
        }
        let tus = Tus { server: self.server };
        let mut pieces = Pieces { size: FIRST_PIECE, failures: 0 };
        let mut counted = 0;
        'begin: loop {
            // A small file goes with the request that begins its upload.
            let first =
                if size <= FIRST_PIECE as u64 { piece(&mut source, 0, FIRST_PIECE)? } else { Vec::new() };
            let sent = first.len() as u64;
            let (location, mut offset) = match tus.create(file, size, &first)? {
                Answer::At { location, offset } => (location, offset),
                Answer::NotNamed | Answer::Later => return Ok(Outcome::Waits),
                Answer::Gone | Answer::Elsewhere => {
                    pieces.failed()?;
                    continue;
                }
                Answer::Refused { code, reason } => return self.refused(file, &code, &reason),
            };
            self.tell(sent, offset, &mut counted);
            while offset < size {
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(Outcome::Stopped);
                }
                let bytes = piece(&mut source, offset, pieces.size)?;
                if bytes.is_empty() {
                    return Ok(Outcome::Refused(FileProblem::new(file, "damaged", "it became shorter")));
                }
                let (sent, begun) = (bytes.len() as u64, Instant::now());
                let before = offset;
                match tus.append(&location, offset, &bytes) {
                    Ok(Answer::At { offset: at, .. }) => {
                        offset = at;
                        pieces.sent(begun.elapsed());
                    }
                    Ok(Answer::Refused { code, reason }) => return self.refused(file, &code, &reason),
                    Ok(Answer::Gone) => {
                        pieces.failed()?;
                        continue 'begin;
                    }
                    Ok(Answer::NotNamed) => return Ok(Outcome::Waits),
                    Ok(Answer::Later) => {
                        if pieces.failed().is_err() {
                            return Ok(Outcome::Waits);
                        }
                    }
                    // The answer was lost, or an earlier request is still at it: what counts is what the server has.
                    Ok(Answer::Elsewhere) | Err(SyncError::Unreachable(_) | SyncError::TimedOut) => {
                        match self.ask(&tus, &location, &mut pieces)? {
                            Some(at) => offset = at,
                            None => continue 'begin,
                        }
                        if offset <= before {
                            pieces.failed()?;
                        } else {
                            pieces.failures = 0;
                        }
                    }
                    Err(error) => return Err(error),
                }
                self.tell(sent, offset, &mut counted);
            }
            self.note(|tx| store::mark_file_sent(tx, file.document, &file.sha256))?;
            return Ok(Outcome::Sent);
        }
    }

    /// Where the server stands. `None`: the upload is gone.
    fn ask(&self, tus: &Tus<'_>, location: &str, pieces: &mut Pieces) -> Result<Option<u64>, SyncError> {
        loop {
            match tus.ask(location) {
                Ok(Answer::At { offset, .. }) => return Ok(Some(offset)),
                Ok(_) => return Ok(None),
                Err(error @ (SyncError::Unreachable(_) | SyncError::TimedOut)) => {
                    if self.stop.load(Ordering::Relaxed) {
                        return Err(error);
                    }
                    pieces.failed()?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn tell(&self, sent: u64, offset: u64, counted: &mut u64) {
        let more = offset.saturating_sub(*counted);
        *counted += more;
        let _ = self.events.send(Event::Bytes { sent, counted: more });
    }

    fn refused(&self, file: &FileToSend, code: &str, reason: &str) -> Result<Outcome, SyncError> {
        self.note(|tx| store::mark_file_refused(tx, file.document, &file.sha256, code))?;
        Ok(Outcome::Refused(FileProblem::new(file, code, reason)))
    }

    fn note(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut writing = self.store.inner.connections.write()?;
        let tx = writing.begin()?;
        work(&tx)?;
        Ok(tx.commit()?)
    }
}

/// How large the next piece is, and how often nothing came through.
struct Pieces {
    size: usize,
    failures: u32,
}

impl Pieces {
    fn sent(&mut self, took: Duration) {
        self.failures = 0;
        if took < FAST {
            self.size = (self.size * 2).min(LARGEST_PIECE);
        }
    }

    /// Waits; an error after too many tries that brought nothing.
    fn failed(&mut self) -> Result<(), SyncError> {
        self.failures += 1;
        self.size = (self.size / 2).max(SMALLEST_PIECE);
        if self.failures >= TRIES {
            return Err(SyncError::Unreachable("files do not get through".to_owned()));
        }
        std::thread::sleep(FIRST_WAIT * 2_u32.pow(self.failures - 1));
        Ok(())
    }
}

fn piece(source: &mut File, from: u64, size: usize) -> Result<Vec<u8>, StoreError> {
    let failed =
        |error| StoreError::file("the attachment could not be read", Path::new("attachments"), error);
    source.seek(SeekFrom::Start(from)).map_err(failed)?;
    let mut bytes = Vec::new();
    source.take(size as u64).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Whether a file has a hash.
pub(super) fn fits(path: &Path, sha256: &str) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let (mut digest, mut block) = (Sha256::new(), vec![0; 256 << 10]);
    loop {
        match file.read(&mut block) {
            Ok(0) => return hex(&digest.finalize()) == sha256,
            Ok(read) => digest.update(&block[..read]),
            Err(_) => return false,
        }
    }
}
