//! One writer and a few readers over one database file.
//!
//! Writers that come while another is at work share its transaction: each has a savepoint of its own in it, and all of them are
//! told when it is committed, so that many small commits cost one flush of the disk together.

use std::cell::RefCell;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{StoreError, schema};
use crate::pokes::{News, Pokes};

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
    writer: Mutex<Writer>,
    /// Writers that wait for their turn.
    waiting: AtomicUsize,
    /// Who is told when something new is durable.
    pokes: Arc<Pokes>,
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
            writer: Mutex::new(Writer { connection: writer, group: None }),
            waiting: AtomicUsize::new(0),
            pokes: Arc::default(),
            readers: Mutex::new(Vec::new()),
        };
        store.write(super::tenant::found)?;
        Ok(store)
    }

    /// Who listens for news.
    pub(crate) fn pokes(&self) -> &Arc<Pokes> {
        &self.pokes
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
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut writer = lock(&self.writer);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let group = writer.join()?;
        // A panic must neither keep the others of the group from being told nor leave half of its work in their transaction.
        let news = RefCell::default();
        let result = catch_unwind(AssertUnwindSafe(|| writer.savepoint(&news, work)));
        let last = self.waiting.load(Ordering::SeqCst) == 0;
        writer.leave(last);
        drop(writer);
        match result {
            Err(panic) => resume_unwind(panic),
            Ok(Err(error)) => Err(error),
            Ok(Ok(value)) => {
                group.wait()?;
                self.pokes.tell(&news.into_inner());
                Ok(value)
            }
        }
    }

    /// Whether the store can be written now.
    pub(crate) fn check_writable(&self) -> Result<(), StoreError> {
        self.write(super::tenant::touch)
    }

    /// Moves the write-ahead log into the database file, so that after a clean stop one file holds everything.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        lock(&self.readers).clear();
        lock(&self.writer).connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Rewrites the database without the space that nothing uses. Nobody else may use it meanwhile.
    pub(crate) fn shrink(&self) -> Result<(), StoreError> {
        lock(&self.readers).clear();
        lock(&self.writer).connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
        Ok(())
    }

    /// Size of the database, in bytes.
    pub(crate) fn size(&self) -> Result<u64, StoreError> {
        let writer = lock(&self.writer);
        let pragma =
            |name: &str| writer.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        Ok(super::from_sql(pragma("page_count")?).saturating_mul(super::from_sql(pragma("page_size")?)))
    }

    fn reader(&self) -> Result<Connection, StoreError> {
        if let Some(connection) = lock(&self.readers).pop() {
            return Ok(connection);
        }
        connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }
}

/// Most writers that share a transaction: the first must not wait for ever.
const MAX_GROUP: usize = 256;

/// The connection that writes, and the transaction that is open in it.
struct Writer {
    connection: Connection,
    group: Option<(Arc<Group>, usize)>,
}

impl Writer {
    /// Takes part in the transaction that is open, else begins one.
    fn join(&mut self) -> Result<Arc<Group>, StoreError> {
        if let Some((group, members)) = &mut self.group {
            *members += 1;
            return Ok(group.clone());
        }
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let group = Arc::<Group>::default();
        self.group = Some((group.clone(), 1));
        Ok(group)
    }

    /// Does the work of one member; what it wrote is taken back if it fails.
    fn savepoint<T, E: From<StoreError>>(
        &self,
        news: &RefCell<News>,
        work: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let run = |sql: &str| -> Result<(), StoreError> {
            self.connection.prepare_cached(sql)?.execute([])?;
            Ok(())
        };
        run("SAVEPOINT member")?;
        let undo = Undo(&self.connection);
        let reading = Reading { connection: &self.connection, tenant: TENANT };
        let value = work(&Writing { reading, news })?;
        run("RELEASE member")?;
        std::mem::forget(undo);
        Ok(value)
    }

    /// Ends a member's part. The last one, or one too many, commits for all.
    fn leave(&mut self, last: bool) {
        // Some errors, such as a full disk, roll the whole transaction back by themselves.
        let lost = self.connection.is_autocommit();
        let full = self.group.as_ref().is_some_and(|(_, members)| *members >= MAX_GROUP);
        if !(last || full || lost) {
            return;
        }
        let Some((group, _)) = self.group.take() else { return };
        let result = if lost {
            Err(Failure { error: None, message: "another write failed and took this one with it".to_owned() })
        } else {
            crate::failpoint::reached("before-commit");
            let committed = self.connection.execute_batch("COMMIT");
            crate::failpoint::reached("after-commit");
            committed.map_err(|error| Failure::of(&error))
        };
        if result.is_err() && !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        group.tell(result);
    }
}

/// Takes back what one member wrote, unless it is forgotten.
struct Undo<'c>(&'c Connection);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        let _ = self.0.execute_batch("ROLLBACK TO member; RELEASE member");
    }
}

/// Writers that share a transaction.
#[derive(Default)]
struct Group {
    result: Mutex<Option<Result<(), Failure>>>,
    told: Condvar,
}

/// Why a transaction was not committed, for each who took part in it.
#[derive(Clone)]
struct Failure {
    error: Option<rusqlite::ffi::Error>,
    message: String,
}

impl Failure {
    fn of(error: &rusqlite::Error) -> Self {
        Self { error: error.sqlite_error().copied(), message: error.to_string() }
    }
}

impl From<Failure> for StoreError {
    fn from(Failure { error, message }: Failure) -> Self {
        let error = error.unwrap_or_else(|| rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT));
        rusqlite::Error::SqliteFailure(error, Some(message)).into()
    }
}

impl Group {
    fn tell(&self, result: Result<(), Failure>) {
        *lock(&self.result) = Some(result);
        self.told.notify_all();
    }

    /// Waits until the transaction has been committed.
    fn wait(&self) -> Result<(), StoreError> {
        let mut result = lock(&self.result);
        loop {
            if let Some(result) = &*result {
                return result.clone().map_err(StoreError::from);
            }
            result = self.told.wait(result).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A transaction that reads.
pub(crate) struct Reading<'c> {
    pub(super) connection: &'c Connection,
    pub(super) tenant: &'c str,
}

/// A transaction that also writes.
pub(crate) struct Writing<'c> {
    reading: Reading<'c>,
    /// For whom it brings something new.
    pub(super) news: &'c RefCell<News>,
}

impl<'c> Deref for Writing<'c> {
    type Target = Reading<'c>;

    fn deref(&self) -> &Self::Target {
        &self.reading
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
    connection.set_prepared_statement_cache_capacity(128);
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

    /// How many technicians are in the store, as another process sees it.
    fn seen(folder: &Path) -> i64 {
        let connection = Connection::open(folder.join(DATABASE)).unwrap();
        connection.query_row("SELECT count(*) FROM technician", [], |row| row.get(0)).unwrap()
    }

    fn add(store: &Store, id: &str) -> Result<(), StoreError> {
        store.write(|tx| tx.add_technician(id, id, jiff::Timestamp::UNIX_EPOCH).map(drop))
    }

    #[test]
    fn writers_that_share_a_transaction_are_told_when_it_is_durable() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let failed = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (store, folder, failed) = (&store, folder.path(), &failed);
                scope.spawn(move || {
                    for n in 0..50 {
                        let id = format!("t{thread}-{n}");
                        match n % 10 {
                            // What fails, or panics, takes only its own work with it.
                            3 => {
                                let told: Result<(), StoreError> = store.write(|tx| {
                                    tx.add_technician(&id, "none", jiff::Timestamp::UNIX_EPOCH)?;
                                    Err(StoreError::damaged("test", &"x", &"on purpose"))
                                });
                                assert!(told.is_err());
                                failed.fetch_add(1, Ordering::SeqCst);
                            }
                            7 => {
                                let told = catch_unwind(AssertUnwindSafe(|| {
                                    store.write(|tx| -> Result<(), StoreError> {
                                        tx.add_technician(&id, "none", jiff::Timestamp::UNIX_EPOCH)?;
                                        panic!("on purpose")
                                    })
                                }));
                                assert!(told.is_err());
                                failed.fetch_add(1, Ordering::SeqCst);
                            }
                            _ => add(store, &id).unwrap(),
                        }
                        let there = Connection::open(folder.join(DATABASE))
                            .unwrap()
                            .query_row("SELECT count(*) FROM technician WHERE id = ?1", [&id], |row| {
                                row.get::<_, i64>(0)
                            })
                            .unwrap();
                        assert_eq!(there, i64::from(!matches!(n % 10, 3 | 7)), "{id}");
                    }
                });
            }
        });
        assert_eq!(failed.into_inner(), 80);
        assert_eq!(seen(folder.path()), 320);
    }

    #[test]
    fn a_transaction_that_is_rolled_back_is_told_to_all_who_share_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        std::thread::scope(|scope| {
            let (begun, begins) = std::sync::mpsc::channel();
            // The first waits inside its work until the second stands in line, so that both share a transaction.
            let store = &store;
            let first = scope.spawn(move || {
                store.write(|tx| {
                    begun.send(()).unwrap();
                    while store.waiting.load(Ordering::SeqCst) == 0 {
                        std::thread::yield_now();
                    }
                    tx.add_technician("first", "First", jiff::Timestamp::UNIX_EPOCH).map(drop)
                })
            });
            begins.recv().unwrap();
            // As SQLite itself does when the disk is full.
            let second: Result<(), StoreError> = store.write(|tx| {
                tx.connection.execute_batch("ROLLBACK")?;
                Err(StoreError::damaged("test", &"x", &"on purpose"))
            });
            assert!(second.is_err());
            assert!(first.join().unwrap().is_err(), "nothing is said to be stored that is not");
        });
        assert_eq!(seen(folder.path()), 0);
        add(&store, "later").unwrap();
        assert_eq!(seen(folder.path()), 1);
    }
}
