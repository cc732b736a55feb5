//! One file, in pieces, over a network that breaks.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jobsheet_core::record::DocumentId;
use serde::Serialize;

use super::tus::{Answer, Tus};
use crate::attach::{Folder, hash};
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
    /// Why, as a short code in kebab case: `missing`, `damaged`, `failed` (something is wrong at the server), or the server's.
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
        match self.try_file(file, size) {
            // The server is there, and fails at this file.
            Err(error @ (SyncError::Server { .. } | SyncError::Protocol(_))) if !error.is_gateway() => {
                Ok(Outcome::Refused(FileProblem::new(file, "failed", &error.to_string())))
            }
            done => done,
        }
    }

    fn try_file(&self, file: &FileToSend, size: u64) -> Result<Outcome, SyncError> {
        let Some(path) = Folder::of(self.store).file(&file.sha256) else {
            return Ok(Outcome::Refused(FileProblem::new(file, "missing", "its name is no hash")));
        };
        let mut source = match File::open(&path) {
            Ok(source) => source,
            Err(error) => return Ok(Outcome::Refused(FileProblem::new(file, "missing", &error.to_string()))),
        };
        // Once refused for its hash, it is looked at before it is sent again.
        if file.refused.as_deref() == Some("hash-mismatch")
            && hash(&mut source).map_err(not_read)?.0 != file.sha256
        {
            let reason = "its bytes no longer fit its hash; see `attachments check`";
            return Ok(Outcome::Refused(FileProblem::new(file, "damaged", reason)));
        }
        let tus = Tus { server: self.server };
        let mut pieces = Pieces { size: FIRST_PIECE, failures: 0 };
        let mut counted = 0;
        'begin: loop {
            // A small file goes with the request that begins its upload.
            let first =
                if size <= FIRST_PIECE as u64 { piece(&mut source, 0, FIRST_PIECE)? } else { Bytes::new() };
            let sent = first.len() as u64;
            let (location, mut offset) = match tus.create(file, size, &first)? {
                Answer::At { location, offset } => (location, offset),
                Answer::Gone | Answer::Elsewhere if pieces.try_again() => continue,
                Answer::Gone | Answer::Elsewhere | Answer::NotNamed | Answer::Later => {
                    return Ok(Outcome::Waits);
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
                    Ok(Answer::Gone) if pieces.try_again() => continue 'begin,
                    Ok(Answer::Later) if pieces.try_again() => {}
                    Ok(Answer::Gone | Answer::Later | Answer::NotNamed) => return Ok(Outcome::Waits),
                    // The answer was lost, or an earlier request is still at it: what counts is what the server has.
                    Ok(Answer::Elsewhere) | Err(SyncError::Unreachable(_) | SyncError::TimedOut) => {
                        match self.ask(&tus, &location, &mut pieces)? {
                            Answer::At { offset: at, .. } => offset = at,
                            Answer::Gone if pieces.try_again() => continue 'begin,
                            _ => return Ok(Outcome::Waits),
                        }
                        if offset > before {
                            pieces.failures = 0;
                        } else if !pieces.try_again() {
                            return Ok(Outcome::Waits);
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

    /// Where the server stands: somewhere, gone, or what it last said instead.
    fn ask(&self, tus: &Tus<'_>, location: &str, pieces: &mut Pieces) -> Result<Answer, SyncError> {
        loop {
            let answer = tus.ask(location);
            match &answer {
                Ok(Answer::At { .. } | Answer::Gone) => return answer,
                Ok(_) | Err(SyncError::Unreachable(_) | SyncError::TimedOut) => {
                    if self.stop.load(Ordering::Relaxed) || !pieces.try_again() {
                        return answer;
                    }
                }
                Err(_) => return answer,
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

    /// After a try that brought nothing: waits. `false`: there were too many of them.
    fn try_again(&mut self) -> bool {
        self.failures += 1;
        self.size = (self.size / 2).max(SMALLEST_PIECE);
        if self.failures >= TRIES {
            return false;
        }
        std::thread::sleep(FIRST_WAIT * 2_u32.pow(self.failures - 1));
        true
    }
}

fn piece(source: &mut File, from: u64, size: usize) -> Result<Bytes, StoreError> {
    source.seek(SeekFrom::Start(from)).map_err(not_read)?;
    let mut bytes = Vec::new();
    source.take(size as u64).read_to_end(&mut bytes).map_err(not_read)?;
    Ok(bytes.into())
}

fn not_read(error: std::io::Error) -> StoreError {
    StoreError::file("the attachment could not be read", "attachments", error)
}
