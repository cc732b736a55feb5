//! The store of one device: one `SQLite` file, one writer, readers beside it, and the documents that are warm.
//!
//! Locks are taken in one order: the writer, then a warm document, then (briefly, and never while waiting for anything)
//! the cache's index or the pool of readers.

mod changes;
mod connections;
mod files;
mod hand_overs;
mod legacy;
mod meta;
mod packs;
mod receipts;
mod reference;
mod row;
mod schema;
mod warm;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use jiff::Timestamp;
use jobsheet_core::key::DeviceKey;
pub use rusqlite::Key;

use crate::StoreError;
use crate::attach::AttachmentLimits;
use crate::clock::{Clock, SystemClock};
use crate::live::{Bells, Ring};
use crate::observe::Observers;
use crate::sync::{Client, Network};

pub(crate) use changes::{
    ChangeRow, Log, LoggedChange, Origin, State, actor, all_unsent, append, count_unsent, forget_pulled,
    keep_snapshot, logged, mark_all_unsent, mark_durable, mark_unsent, note_alert, own_actors, own_changes,
    own_changes_with_numbers, quarantine, refused_alerts, refused_count, refused_hashes, release, rename,
    retire_actor, rewrite, save_actor, unsent_count, unsent_documents, unsent_hashes, waiting_alerts,
};
pub(crate) use connections::{Access, Connections, make_private_folder};
pub(crate) use files::{
    FileToSend, are_files_noted, bring_file, count_files_to_send, files_of_open, files_to_send, forget_files,
    is_file_named, keep_refused_files_here, mark_file_refused, mark_file_sent, mark_files_noted, note_files,
    note_old_file,
};
pub(crate) use hand_overs::{hand_overs, keep_hand_overs};
pub use meta::Enrolment;
pub(crate) use meta::{AccessToken, Identity, Vouched};
pub(crate) use packs::{Standards, checked as checked_pack, held as held_packs, keep as keep_pack};
pub(crate) use receipts::{IS_APPLIED, is_applied, note_applied, note_durable, unapplied};
pub(crate) use reference::{
    forget_reference, held as held_reference, keep_stock, keep_tariffs, note_use, note_with_parts,
    pending_uses, stock as held_stock, tariffs as held_tariffs, with_parts,
};
pub use row::VisitRow;
pub(crate) use row::{
    COLUMNS, Head, hot_update, read_head, read_row, row_of, short, unjudged_row, upsert, waiting_for,
};
pub(crate) use warm::{DocumentWriter, Warm, Warmth, load_visit, lock_warm, saved};

/// Changes after which a document is saved anew. Opening a cold visit merges fewer than this many changes into the last
/// snapshot; saving costs about as much as one durable commit, so it is paid once in this many commands.
pub(crate) const SNAPSHOT_EVERY: u32 = 8;

/// Name of the database in the folder of a store.
pub const DATABASE: &str = "jobsheet.db";

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
    /// The key of an encrypted store (default: none, the store is not encrypted). A store is made with or without one and
    /// stays so.
    pub key: Option<Key>,
    /// How much is kept beside the database.
    pub attachments: AttachmentLimits,
    /// What keeps the key by which records are sealed (default: a key in the store). An app gives the phone's secure
    /// hardware here, before it enrols.
    pub device_key: Option<Arc<dyn DeviceKey>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            warm_documents: 32,
            busy_timeout: Duration::from_secs(5),
            clock: Arc::new(SystemClock::default()),
            network: Network::default(),
            key: None,
            attachments: AttachmentLimits::default(),
            device_key: None,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Options")
            .field("warm_documents", &self.warm_documents)
            .field("busy_timeout", &self.busy_timeout)
            .field("key", &self.key)
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
    pub(crate) connections: Connections,
    pub(crate) warmth: Warmth,
    pub(crate) standards: Standards,
    pub(crate) observers: Observers,
    /// Held by the one sync that runs.
    pub(crate) syncing: Mutex<()>,
    /// Which thread that is.
    pub(crate) syncing_thread: Mutex<Option<ThreadId>>,
    /// The connection to the server, if there was one.
    pub(crate) client: Mutex<Option<Arc<Client>>>,
    /// Who syncs as soon as there is something to send.
    pub(crate) bells: Bells,
    /// Held by the one call that sends files.
    pub(crate) uploading: Mutex<()>,
    /// Held by whoever gets another access token: a nonce that is spent makes those before it void.
    pub(crate) renewing: Mutex<()>,
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
    /// [`StoreError::File`] for a folder that can not be used, [`StoreError::WrongKey`], [`StoreError::KeyMissing`] and
    /// [`StoreError::NotEncrypted`] if the key does not fit the store.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        let folder = folder.as_ref().to_path_buf();
        make_private_folder(&folder)?;
        let file = folder.join(DATABASE);
        let access = Access { file, busy: options.busy_timeout, key: options.key.clone() };
        let connections = Connections::open(access)?;
        let warmth = Warmth::new(options.warm_documents);
        Ok(Self {
            inner: Arc::new(Inner {
                folder,
                connections,
                warmth,
                standards: Standards::default(),
                observers: Observers::default(),
                syncing: Mutex::new(()),
                syncing_thread: Mutex::new(None),
                client: Mutex::new(None),
                bells: Bells::default(),
                uploading: Mutex::new(()),
                renewing: Mutex::new(()),
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
        self.inner.bells.ring(Ring::Resumed);
        let closed = self.inner.connections.close(true);
        self.inner.warmth.clear();
        closed
    }

    /// Closes the files for a while: a system that suspends apps ends those that hold a lock on a file. Waits for a command
    /// that is being written. Until [`Store::resume`] every call gives [`StoreError::Paused`] at once (a thread that waited
    /// would be suspended with the app), subscriptions stay and are told afterwards, and a running sync ends with that
    /// error: its unsent work stays. Pausing twice is pausing once.
    ///
    /// ```
    /// use jobsheet::{Options, Query, Store, StoreError};
    /// let folder = tempfile::tempdir().unwrap();
    /// let store = Store::open(folder.path(), Options::default()).unwrap();
    /// store.pause().unwrap();
    /// assert!(matches!(store.visits(&Query::default()), Err(StoreError::Paused)));
    /// store.resume().unwrap();
    /// assert!(store.visits(&Query::default()).is_ok());
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Closed`] after a shutdown. [`StoreError`] if the database can not be closed cleanly; it is closed all
    /// the same and nothing is lost.
    pub fn pause(&self) -> Result<(), StoreError> {
        self.inner.connections.close(false)
    }

    /// Opens the files again after [`Store::pause`].
    ///
    /// # Errors
    /// [`StoreError`] as [`Store::open`]; the store stays paused then.
    pub fn resume(&self) -> Result<(), StoreError> {
        self.inner.connections.reopen()?;
        self.inner.observers.changed([]);
        self.inner.bells.ring(Ring::Resumed);
        Ok(())
    }

    /// Writes an encrypted store anew under another key, in one transaction. Handles opened with the old key, this one
    /// included, are to be closed afterwards.
    ///
    /// # Errors
    /// [`StoreError::NotEncrypted`]; [`StoreError`] if the database fails, which keeps its key then.
    pub fn change_key(&self, key: &Key) -> Result<(), StoreError> {
        if self.inner.options.key.is_none() {
            return Err(StoreError::NotEncrypted);
        }
        let mut writing = self.inner.connections.write()?;
        let connection = writing.connection()?;
        rusqlite::change_key(connection, key)?;
        drop(writing);
        self.shutdown()
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
