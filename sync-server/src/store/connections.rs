//! One writer and a few readers over one database file.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{StoreError, schema};

/// How long a writer waits for another process, such as an import beside the running server.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Readers kept open between requests; more are opened and dropped as needed.
const READERS: usize = 4;
/// Name of the database in the data directory.
const DATABASE: &str = "jobsheet.db";
/// Folder for attachments in the data directory.
const BLOBS: &str = "blobs";
/// Folder for uploads that are not whole yet, on the same file system.
const UPLOADS: &str = "uploads";
/// The tenant of a server that serves one company.
const TENANT: &str = "main";

/// The store.
pub(crate) struct Store {
    folder: PathBuf,
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens the store in a data directory and creates what is missing.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Folder { path: folder.to_path_buf(), source };
        create_private(folder).map_err(failed)?;
        create_private(&folder.join(BLOBS)).map_err(failed)?;
        create_private(&folder.join(UPLOADS)).map_err(failed)?;
        let path = folder.join(DATABASE);
        let mut writer = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        schema::migrate(&mut writer)?;
        let store = Self {
            folder: folder.to_path_buf(),
            path,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
        };
        store.write(super::tenant::found)?;
        Ok(store)
    }

    /// Folder of the files that are whole.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.folder.join(BLOBS)
    }

    /// Folder of the uploads that are not whole yet.
    pub(crate) fn uploads(&self) -> PathBuf {
        self.folder.join(UPLOADS)
    }

    /// Reads in one transaction: everything the closure reads is of one moment.
    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reading<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.reader().map_err(E::from)?;
        let result = {
            let tx = connection
                .transaction_with_behavior(TransactionBehavior::Deferred)
                .map_err(StoreError::from)?;
            work(&Reading { connection: &tx, tenant: TENANT })
        };
        let mut idle = lock(&self.readers);
        if idle.len() < READERS {
            idle.push(connection);
        }
        result
    }

    /// Writes in one transaction. It is committed, and durable, when this returns `Ok`; with `Err` nothing was written.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = lock(&self.writer);
        let tx =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let result = work(&Writing(Reading { connection: &tx, tenant: TENANT }))?;
        tx.commit().map_err(StoreError::from)?;
        Ok(result)
    }

    /// Whether the store can be written now.
    pub(crate) fn check_writable(&self) -> Result<(), StoreError> {
        self.write(super::tenant::touch)
    }

    /// Moves the write-ahead log into the database file, so that after a clean stop one file holds everything.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        lock(&self.readers).clear();
        lock(&self.writer).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn reader(&self) -> Result<Connection, StoreError> {
        if let Some(connection) = lock(&self.readers).pop() {
            return Ok(connection);
        }
        connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }
}

/// A transaction that reads.
pub(crate) struct Reading<'c> {
    pub(super) connection: &'c Connection,
    pub(super) tenant: &'c str,
}

/// A transaction that also writes.
pub(crate) struct Writing<'c>(Reading<'c>);

impl<'c> Deref for Writing<'c> {
    type Target = Reading<'c>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    if flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) && schema::version(&connection)? <= schema::newest()
    {
        connection.pragma_update(None, "journal_mode", "WAL")?;
    }
    // FULL: with NORMAL a power loss can take commits that were acknowledged.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// A panic while the lock is held leaves no half-done work behind: the transaction is rolled back when it is dropped.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a folder that only this user may open.
#[cfg(unix)]
pub(crate) fn create_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a folder.
#[cfg(not(unix))]
pub(crate) fn create_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_database_is_left_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DATABASE);
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(Store::open(folder.path()), Err(StoreError::NewerSchema { found: 99, .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn commits_are_flushed_and_failed_writes_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (mode, synchronous): (String, i64) = store
            .write(|tx| -> Result<_, StoreError> {
                let mode = tx.connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
                Ok((mode, tx.connection.pragma_query_value(None, "synchronous", |row| row.get(0))?))
            })
            .unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2));
        let refused: Result<(), StoreError> = store.write(|tx| {
            tx.add_technician("lee", "Lee", jiff::Timestamp::UNIX_EPOCH)?;
            Err(StoreError::damaged("test", &"x", &"on purpose"))
        });
        assert!(refused.is_err());
        let technicians = store.read(|tx| tx.technicians()).unwrap();
        assert!(technicians.is_empty());
    }
}
