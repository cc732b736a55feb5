//! The store of one device: one `SQLite` file, one writer, readers beside it, and the documents that are warm.
//!
//! Locks are taken in one order: the writer, then a warm document, then (briefly, and never while waiting for anything)
//! the cache's index or the pool of readers.

mod changes;
mod connections;
mod meta;
mod packs;
mod row;
mod schema;
mod warm;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::StoreError;
use crate::clock::{Clock, SystemClock};
use crate::observe::Observers;
use crate::sync::Network;

pub(crate) use changes::{
    ChangeRow, Log, LoggedChange, Origin, State, actor, all_unsent, append, count_unsent, forget_pulled,
    keep_snapshot, logged, mark_all_unsent, mark_durable, mark_unsent, note_alert, own_changes, quarantine,
    refused_alerts, refused_count, retire_actor, save_actor, unsent_count, unsent_documents, waiting_alerts,
};
pub(crate) use connections::{Readers, Writer, make_private_folder};
pub use meta::Enrolment;
pub(crate) use meta::Identity;
pub(crate) use packs::{Standards, checked as checked_pack, held as held_packs, keep as keep_pack};
pub use row::VisitRow;
pub(crate) use row::{
    COLUMNS, Head, hot_update, read_head, read_row, row_of, short, unjudged_row, upsert, waiting_for,
};
pub(crate) use warm::{DocumentWriter, Warm, Warmth, load_visit, lock_warm};

/// Changes after which a document is saved anew. Opening a cold visit merges fewer than this many changes into the last
/// snapshot; saving costs about as much as one durable commit, so it is paid once in this many commands.
pub(crate) const SNAPSHOT_EVERY: u32 = 8;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Most documents kept in memory, ready for the next command (default 32; about 100 kB each).
    pub warm_documents: usize,
    /// How long a call waits for another process that writes (default 5 s).
    pub busy_timeout: Duration,
    /// The device's clocks (default: the machine's).
    pub clock: Arc<dyn Clock>,
    /// How the server is reached.
    pub network: Network,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            warm_documents: 32,
            busy_timeout: Duration::from_secs(5),
            clock: Arc::new(SystemClock::default()),
            network: Network::default(),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Options")
            .field("warm_documents", &self.warm_documents)
            .field("busy_timeout", &self.busy_timeout)
            .finish_non_exhaustive()
    }
}

/// Everything a device knows. A handle: clones share one store, and every method may be called from any thread.
///
/// ```
/// use jobsheet::{Options, Query, Store};
/// let folder = tempfile::tempdir().unwrap();
/// let store = Store::open(folder.path(), Options::default()).unwrap();
/// assert!(store.visits(&Query::default()).unwrap().rows.is_empty());
/// ```
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) folder: PathBuf,
    pub(crate) options: Options,
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    pub(crate) warmth: Warmth,
    pub(crate) standards: Standards,
    pub(crate) observers: Observers,
    /// Held by the one sync that runs.
    pub(crate) syncing: Mutex<()>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Store").field("folder", &self.inner.folder).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in a folder, which is made if it is missing. The file is `jobsheet.db`.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a file of a newer version (left untouched), [`StoreError::Corrupt`] for a damaged one,
    /// [`StoreError::File`] for a folder that can not be used.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        let folder = folder.as_ref().to_path_buf();
        make_private_folder(&folder)?;
        let file = folder.join("jobsheet.db");
        let connection = connections::open_writer(&file, options.busy_timeout)?;
        let readers = Readers::new(file, options.busy_timeout);
        let warmth = Warmth::new(options.warm_documents);
        Ok(Self {
            inner: Arc::new(Inner {
                folder,
                writer: Writer::new(connection),
                readers,
                warmth,
                standards: Standards::default(),
                observers: Observers::default(),
                syncing: Mutex::new(()),
                options,
            }),
        })
    }

    /// The folder of the store.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// Closes the files, so that the system may suspend the app. Later calls give [`StoreError::Closed`]; subscriptions
    /// end. Waits for a command that is being written.
    ///
    /// # Errors
    /// [`StoreError`] if the database can not be closed cleanly; nothing is lost then, the next opening recovers.
    pub fn shutdown(&self) -> Result<(), StoreError> {
        self.inner.observers.end();
        self.inner.readers.close();
        self.inner.warmth.clear();
        self.inner.writer.close()
    }

    /// How many documents are in memory; never more than [`Options::warm_documents`].
    pub fn warm_documents(&self) -> usize {
        self.inner.warmth.len()
    }

    /// The time by which the server would judge now.
    pub(crate) fn now(&self, skew_ms: Option<i64>) -> Timestamp {
        self.inner.options.clock.read().corrected(skew_ms)
    }
}

/// Locks; a panic elsewhere while the lock was held does not spread. What could be half done is guarded where it is:
/// a transaction rolls back, a warm document is thrown away.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
