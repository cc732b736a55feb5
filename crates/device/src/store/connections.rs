//! One connection that writes, several that read.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{lock, schema};
use crate::StoreError;

/// Readers that are kept open when nobody reads. More are opened when needed.
const IDLE_READERS: usize = 3;
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;

/// Makes a folder that only its owner may enter: it holds customers' data and the device's token.
pub(crate) fn make_private_folder(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| StoreError::file("the folder could not be made", folder, source))
}

/// Opens the database for writing, migrated. The journal is a WAL and every commit is synced: what `apply` acknowledges
/// survives a loss of power.
pub(crate) fn open_writer(file: &Path, busy: Duration) -> Result<Connection, StoreError> {
    if file.exists() {
        let connection = Connection::open_with_flags(
            file,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(busy)?;
        schema::refuse_newer(&connection)?;
    } else {
        create_private_file(file)?;
    }
    let mut connection = Connection::open(file)?;
    connection.busy_timeout(busy)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    schema::migrate(&mut connection)?;
    Ok(connection)
}

fn create_private_file(file: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(file)
        .map(drop)
        .map_err(|source| StoreError::file("the database could not be made", file, source))
}

/// The connection that writes.
pub(crate) struct Writer {
    connection: Mutex<Option<Connection>>,
}

impl Writer {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection: Mutex::new(Some(connection)) }
    }

    /// Waits for the connection.
    pub(crate) fn lock(&self) -> Result<Writing<'_>, StoreError> {
        let guard = lock(&self.connection);
        if guard.is_none() {
            return Err(StoreError::Closed);
        }
        Ok(Writing { guard })
    }

    /// Folds the journal into the file and closes it.
    pub(crate) fn close(&self) -> Result<(), StoreError> {
        let Some(connection) = lock(&self.connection).take() else { return Ok(()) };
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        connection.close().map_err(|(_, error)| error.into())
    }
}

/// The connection that writes, locked.
pub(crate) struct Writing<'a> {
    guard: MutexGuard<'a, Option<Connection>>,
}

impl Writing<'_> {
    /// Begins a transaction that may write. Dropped without a commit it writes nothing.
    pub(crate) fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        let connection = self.guard.as_mut().ok_or(StoreError::Closed)?;
        Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

/// Connections that read.
pub(crate) struct Readers {
    file: PathBuf,
    busy: Duration,
    idle: Mutex<Vec<Connection>>,
    closed: AtomicBool,
}

impl Readers {
    pub(crate) fn new(file: PathBuf, busy: Duration) -> Self {
        Self { file, busy, idle: Mutex::new(Vec::new()), closed: AtomicBool::new(false) }
    }

    /// A connection that reads; it goes back when dropped.
    pub(crate) fn get(&self) -> Result<Reader<'_>, StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        Ok(Reader { connection: Some(connection), pool: self })
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(self.busy)?;
        // Opened for writing because a WAL reader may have to recover the journal; this keeps it from writing rows.
        connection.pragma_update(None, "query_only", true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        lock(&self.idle).clear();
    }
}

/// A connection that reads.
pub(crate) struct Reader<'a> {
    connection: Option<Connection>,
    pool: &'a Readers,
}

impl Reader<'_> {
    /// Begins a transaction in which every read sees the same state.
    pub(crate) fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        let connection = self.connection.as_mut().ok_or(StoreError::Closed)?;
        Ok(connection.transaction_with_behavior(TransactionBehavior::Deferred)?)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let mut idle = lock(&self.pool.idle);
        if idle.len() < IDLE_READERS && !self.pool.closed.load(Ordering::Acquire) {
            idle.push(connection);
        }
    }
}
