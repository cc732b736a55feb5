//! Files on their way: own ones to the server, those of others of the crew from it.
//!
//! What is to be sent is noted in the transaction that names it, so a restart forgets nothing. The server keeps one upload for
//! each device, document and hash: to go on with one is to ask for it again. What is fetched appears in `attachments/` whole
//! and with the right hash, or not at all.

mod fetch;
mod send;
mod tus;

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError, TryLockError};

use jobsheet_core::record::{DocumentId, FileUse};
use serde::Serialize;

pub use fetch::{FetchError, Prefetched};
pub use send::FileProblem;

use crate::attach::{Folder, Named};
use crate::store::{self, Store, lock};
use crate::{StoreError, SyncError};
use send::{Event, Outcome, Work};

/// Files that are sent at the same time.
pub const MAX_PARALLEL_UPLOADS: usize = 3;

/// How far the sending of files has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct UploadProgress {
    /// Files that the server has now.
    pub files_sent: u32,
    /// Files that are still to be sent.
    pub files_to_send: u32,
    /// Bytes that the server has taken, or had already.
    pub bytes_sent: u64,
    /// Bytes of the files that are to be sent, those that were sent included.
    pub bytes: u64,
}

/// What came of sending files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct UploadReport {
    /// Files that the server has now.
    pub sent: u32,
    /// Bytes that were sent.
    pub bytes_sent: u64,
    /// Files that wait: their record has not been accepted, or the server had no room for them now.
    pub waiting: u32,
    /// Files that could not be sent.
    pub problems: Vec<FileProblem>,
    /// Why the others were not tried, in words; none: all were.
    pub stopped: Option<String>,
}

impl Store {
    /// Sends the files that the server does not have: signatures first, then the small ones. Files of records that have not
    /// been sent wait. `progress` is called after every piece and may stop it; what was sent until then stays sent, and the
    /// next call goes on from there. Records go on being exchanged meanwhile.
    ///
    /// # Errors
    /// [`SyncError::AlreadyRunning`] if another call is at it; [`SyncError`] of the network; [`SyncError::Cancelled`].
    pub fn upload(
        &self,
        mut progress: impl FnMut(UploadProgress) -> ControlFlow<()>,
    ) -> Result<UploadReport, SyncError> {
        let (report, stopped) = self.upload_files(&mut progress)?;
        stopped.map_or(Ok(report), Err)
    }

    /// Sends files; with what came of it, why it ended early.
    pub(crate) fn upload_files(
        &self,
        progress: &mut dyn FnMut(UploadProgress) -> ControlFlow<()>,
    ) -> Result<(UploadReport, Option<SyncError>), SyncError> {
        let _one_at_a_time = match self.inner.uploading.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(SyncError::AlreadyRunning),
        };
        self.note_old_files()?;
        let mut report = UploadReport::default();
        let jobs = self.jobs(&mut report)?;
        if jobs.is_empty() {
            return Ok((report, None));
        }
        let mut now = UploadProgress {
            files_to_send: u32::try_from(jobs.len()).unwrap_or(u32::MAX),
            bytes: jobs.iter().map(|job| job.size).sum(),
            ..UploadProgress::default()
        };
        let server = self.authorised()?;
        let workers = jobs.len().min(MAX_PARALLEL_UPLOADS);
        let queue = Mutex::new(jobs);
        let (stop, failed) = (AtomicBool::new(false), Mutex::new(None));
        let mut cancelled = false;
        std::thread::scope(|scope| {
            let (sender, events) = channel();
            for _ in 0..workers {
                let sender = sender.clone();
                let (queue, stop, failed, server) = (&queue, &stop, &failed, &server);
                scope.spawn(move || {
                    let work = Work { store: self, server, stop, events: &sender };
                    if let Err(error) = work_off(queue, &work, &sender) {
                        stop.store(true, Ordering::Relaxed);
                        lock(failed).get_or_insert(error);
                    }
                });
            }
            drop(sender);
            for event in events {
                match event {
                    Event::Bytes { sent, counted } => {
                        report.bytes_sent += sent;
                        now.bytes_sent += counted;
                    }
                    Event::Ended(outcome) => {
                        now.files_to_send = now.files_to_send.saturating_sub(1);
                        match outcome {
                            Outcome::Sent => {
                                report.sent += 1;
                                now.files_sent += 1;
                            }
                            Outcome::Waits => report.waiting += 1,
                            Outcome::Stopped => {}
                            Outcome::Refused(problem) => report.problems.push(problem),
                        }
                    }
                }
                if !cancelled && progress(now).is_break() {
                    cancelled = true;
                    stop.store(true, Ordering::Relaxed);
                }
            }
        });
        let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        let stopped = if cancelled { Some(SyncError::Cancelled) } else { failed };
        report.stopped = stopped.as_ref().map(ToString::to_string);
        Ok((report, stopped))
    }

    /// What is to be sent, in order. Files that are not here are problems.
    fn jobs(&self, report: &mut UploadReport) -> Result<VecDeque<Job>, StoreError> {
        let files = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            store::files_to_send(&tx)?
        };
        let folder = Folder::of(self);
        let mut jobs = Vec::new();
        for file in files {
            let size = folder.file(&file.sha256).and_then(|path| path.metadata().ok()).map(|meta| meta.len());
            match size {
                Some(size) => jobs.push(Job { size, file }),
                None => report.problems.push(FileProblem::new(
                    &file,
                    "missing",
                    "it is not on this device any more; see `attachments check`",
                )),
            }
        }
        jobs.sort_by_key(|job| (job.file.rank, job.size));
        Ok(jobs.into())
    }

    /// Looks through documents of an older version for files, once.
    fn note_old_files(&self) -> Result<(), StoreError> {
        let named = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            if store::are_files_noted(&tx)? {
                return Ok(());
            }
            Named::read(&tx)?
        };
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        for (sha256, naming) in &named.files {
            for visit in &naming.visits {
                let signature = naming.uses.contains(&FileUse::Signature);
                store::note_old_file(&tx, (*visit, sha256), signature, naming.size, naming.own)?;
            }
        }
        store::keep_refused_files_here(&tx)?;
        store::mark_files_noted(&tx)?;
        tx.commit()?;
        Ok(())
    }

    /// The files that this device is to send and has not, by document.
    pub(crate) fn unsent_files(&self) -> Result<BTreeMap<String, Vec<DocumentId>>, StoreError> {
        self.note_old_files()?;
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let mut unsent: BTreeMap<String, Vec<DocumentId>> = BTreeMap::new();
        for file in store::files_to_send(&tx)? {
            unsent.entry(file.sha256).or_default().push(file.document);
        }
        Ok(unsent)
    }
}

/// A file to be sent.
struct Job {
    size: u64,
    file: store::FileToSend,
}

/// Sends one file after the other until none is left or somebody says stop.
fn work_off(queue: &Mutex<VecDeque<Job>>, work: &Work<'_>, events: &Sender<Event>) -> Result<(), SyncError> {
    loop {
        if work.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(job) = lock(queue).pop_front() else { return Ok(()) };
        let outcome = work.send_file(&job.file, job.size)?;
        // Nobody listens any more only when everything is over.
        let _ = events.send(Event::Ended(outcome));
    }
}
