//! One connection that writes, several that read, and how a connection is opened.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Content, Key, OpenFlags, Transaction, TransactionBehavior};

use super::{legacy, lock, schema};
use crate::StoreError;

/// Readers that are kept open when nobody reads. More are opened when needed.
const IDLE_READERS: usize = 3;
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;
/// Name of the file that openers of one store lock in turn.
const OPENING: &str = "jobsheet.opening";
/// What `SQLite` keeps in the file for the program: a store whose pages carry checksums.
const APPLICATION: u32 = 0x4a4f_4253;

/// Makes a folder that only its owner may enter: it holds customers' data and the device's key.
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

/// How the file is reached.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) file: PathBuf,
    pub(crate) busy: Duration,
    pub(crate) key: Option<Key>,
}

impl Access {
    /// Opens a connection and gives it the key; what is in the file has not been looked at.
    pub(crate) fn connect(&self, flags: OpenFlags) -> Result<Connection, StoreError> {
        rusqlite::initialise()
            .map_err(|code| StoreError::DiskFailed(format!("SQLite does not start: {}", code.0)))?;
        let layer = if self.key.is_some() { rusqlite::KEYED } else { rusqlite::PLAIN };
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags_and_vfs(&self.file, flags, layer)?;
        connection.busy_timeout(self.busy)?;
        if self.key.is_none() {
            rusqlite::reserve_checksums(&connection)?;
        }
        Ok(connection)
    }

    /// Whether a key and what is in a file fit together, as far as the first bytes tell.
    pub(crate) fn check_key(file: &Path, key: Option<&Key>) -> Result<(), StoreError> {
        let access = Self { file: file.to_path_buf(), busy: Duration::from_secs(1), key: key.cloned() };
        let connection = access.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        match (rusqlite::content(&connection)?, key) {
            (Content::Plain { .. }, Some(_)) => Err(StoreError::NotEncrypted),
            (Content::Other, None) if access.could_be_encrypted() => Err(StoreError::KeyMissing),
            _ => Ok(()),
        }
    }

    fn unlock(&self, connection: &Connection) -> Result<(), StoreError> {
        if let Some(key) = &self.key {
            rusqlite::unlock(connection, key)?;
        }
        Ok(())
    }

    /// Opens the database for writing, migrated. The journal is a WAL and every commit is synced: what `apply`
    /// acknowledges survives a loss of power.
    pub(crate) fn open_writer(&self) -> Result<Connection, StoreError> {
        // Openers take turns: who makes a store, migrates it or writes it anew does so undisturbed. No lock is kept.
        let _turn = Turn::take(&self.file.with_file_name(OPENING))?;
        create_private_file(&self.file)?;
        let mut connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // While a new store is being made it has a journal, and what is in the file is for SQLite to take back.
        let unfinished = self.file.with_extension("db-journal").exists();
        match (rusqlite::content(&connection)?, &self.key) {
            _ if unfinished => {}
            (Content::NearlyPlain, _) => {
                return Err(StoreError::Corrupt("its first bytes are not what was written".to_owned()));
            }
            (Content::Plain { .. }, Some(_)) => return Err(StoreError::NotEncrypted),
            (Content::Other, _) if !self.could_be_encrypted() => {
                return Err(StoreError::Corrupt("it is no database".to_owned()));
            }
            (Content::Other, None) => return Err(StoreError::KeyMissing),
            // A store of before pages carried checksums says so in two places: a damaged byte can not make one look so.
            (Content::Plain { checksums: false, application }, None) if application != APPLICATION => {
                drop(connection);
                legacy::write_anew(self, APPLICATION)?;
                connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            }
            _ => {}
        }
        self.unlock(&connection)?;
        schema::refuse_newer(&connection).map_err(|error| self.reading_failed(error))?;
        // A new store is not yet in this mode. Its rollback journal must stay deleted: if it came back after a loss of power
        // it would be rolled back into the store.
        connection.pragma_update(None, "synchronous", "EXTRA")?;
        let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        if application != i64::from(APPLICATION) {
            connection.pragma_update(None, "application_id", APPLICATION)?;
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // The log holds commits and nothing else, so that each of its frames can be checked when it is read.
        connection.pragma_update(None, "cache_spill", false)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        schema::migrate(&mut connection)?;
        Ok(connection)
    }

    fn open_reader(&self) -> Result<Connection, StoreError> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        self.unlock(&connection)?;
        // Opened for writing because a WAL reader may have to recover the journal; this keeps it from writing rows.
        connection.pragma_update(None, "query_only", true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    /// An encrypted database has whole pages; so has a file that is none, sometimes.
    fn could_be_encrypted(&self) -> bool {
        std::fs::metadata(&self.file).is_ok_and(|data| data.len().is_multiple_of(4096))
    }

    /// With a wrong key nothing at all can be read, which is told apart from a page that can not be.
    fn reading_failed(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Corrupt(_) if self.key.is_some() => StoreError::WrongKey,
            error => error,
        }
    }
}

/// The right to open the store, held through a lock on a file of its own.
struct Turn(std::fs::File);

impl Turn {
    fn take(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::file("the store could not be locked", path, source);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(failed)?;
        match file.lock() {
            Ok(()) => Ok(Self(file)),
            // Where files can not be locked there is one process.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => Ok(Self(file)),
            Err(error) => Err(failed(error)),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Closing would do; where it does not, nobody waits for ever.
        let _ = self.0.unlock();
    }
}

/// Makes the file with its rights, if it is missing. An existing one is not opened: closing it again would give up the
/// locks that this process may have on it.
fn create_private_file(file: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::file("the database could not be made", file, error))
        }
        _ => Ok(()),
    }
}

/// What the store is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Paused,
    Closed,
}

impl Phase {
    fn error(self) -> StoreError {
        if self == Self::Paused { StoreError::Paused } else { StoreError::Closed }
    }
}

/// All connections of one store.
pub(crate) struct Connections {
    access: Access,
    /// Held while the phase changes.
    changing: Mutex<()>,
    writer: Mutex<Option<Connection>>,
    readers: Mutex<Readers>,
    /// A reader has come back.
    returned: Condvar,
}

struct Readers {
    phase: Phase,
    idle: Vec<Connection>,
    /// Readers that are in use.
    out: usize,
}

impl Connections {
    pub(crate) fn open(access: Access) -> Result<Self, StoreError> {
        let writer = access.open_writer()?;
        Ok(Self {
            access,
            changing: Mutex::new(()),
            writer: Mutex::new(Some(writer)),
            readers: Mutex::new(Readers { phase: Phase::Open, idle: Vec::new(), out: 0 }),
            returned: Condvar::new(),
        })
    }

    /// Refuses a store that was shut down.
    pub(crate) fn check_not_closed(&self) -> Result<(), StoreError> {
        if lock(&self.readers).phase == Phase::Closed { Err(StoreError::Closed) } else { Ok(()) }
    }

    /// Waits for the connection that writes.
    pub(crate) fn write(&self) -> Result<Writing<'_>, StoreError> {
        let guard = lock(&self.writer);
        if guard.is_none() {
            return Err(lock(&self.readers).phase.error());
        }
        Ok(Writing { guard })
    }

    /// A connection that reads; it goes back when dropped.
    pub(crate) fn read(&self) -> Result<Reader<'_>, StoreError> {
        let idle = {
            let mut readers = lock(&self.readers);
            if readers.phase != Phase::Open {
                return Err(readers.phase.error());
            }
            readers.out += 1;
            readers.idle.pop()
        };
        // From here on the reader is counted, whatever comes.
        let mut reader = Reader { connection: idle, pool: self };
        if reader.connection.is_none() {
            reader.connection = Some(self.access.open_reader()?);
        }
        Ok(reader)
    }

    /// Finishes what runs and closes every file. `last`: for good.
    pub(crate) fn close(&self, last: bool) -> Result<(), StoreError> {
        let _changing = lock(&self.changing);
        {
            let mut readers = lock(&self.readers);
            match readers.phase {
                Phase::Closed if last => return Ok(()),
                Phase::Closed => return Err(StoreError::Closed),
                _ => readers.phase = if last { Phase::Closed } else { Phase::Paused },
            }
            readers.idle.clear();
            while readers.out > 0 {
                readers = self.returned.wait(readers).unwrap_or_else(PoisonError::into_inner);
            }
        }
        let Some(connection) = lock(&self.writer).take() else { return Ok(()) };
        // The journal is folded into the file where nobody else needs it; the connection closes whatever comes of that.
        let folded = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        connection.close().map_err(|(_, error)| error)?;
        Ok(folded?)
    }

    /// Opens the files again.
    pub(crate) fn reopen(&self) -> Result<(), StoreError> {
        let _changing = lock(&self.changing);
        match lock(&self.readers).phase {
            Phase::Open => return Ok(()),
            Phase::Closed => return Err(StoreError::Closed),
            Phase::Paused => {}
        }
        *lock(&self.writer) = Some(self.access.open_writer()?);
        lock(&self.readers).phase = Phase::Open;
        Ok(())
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

    /// The connection, for what no transaction may hold.
    pub(crate) fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        self.guard.as_mut().ok_or(StoreError::Closed)
    }
}

/// A connection that reads.
pub(crate) struct Reader<'a> {
    connection: Option<Connection>,
    pool: &'a Connections,
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
        let connection = self.connection.take();
        let mut readers = lock(&self.pool.readers);
        let keep = readers.phase == Phase::Open && readers.idle.len() < IDLE_READERS;
        let superfluous = match connection {
            Some(connection) if keep => {
                readers.idle.push(connection);
                None
            }
            other => other,
        };
        // Closed before it is counted as back: who pauses must find no file open.
        drop(superfluous);
        readers.out -= 1;
        self.pool.returned.notify_all();
    }
}
