//! The one `SQLite` of this project: `SQLCipher`'s, compiled here with crypto from `RustCrypto`, and what stands between it
//! and its files. Everything of `rusqlite` is re-exported, so that whoever uses it links this `SQLite` and no other.
//!
//! A database is opened through one of two layers: [`PLAIN`] checks the pages of databases without encryption; encrypted ones
//! (through [`KEYED`]) authenticate theirs. Both watch the write-ahead log. See ADR 13.

mod control;
mod key;
pub mod layer;
mod log;
mod pages;
mod provider;
mod sum;

use std::path::Path;
use std::sync::OnceLock;

pub use key::{KEY_BYTES, Key};
use layer::{Code, Kind, Layer, LayerFile};
pub use rusqlite::*;

/// Name of the layer for databases without encryption.
pub const PLAIN: &str = "jobsheet-plain";
/// Name of the layer for encrypted databases.
pub const KEYED: &str = "jobsheet-keyed";
/// What the names of a database's files end with, beside the database itself.
pub const COMPANIONS: [&str; 4] = ["-wal", "-shm", "-journal", log::NOTE_SUFFIX];

/// Registers the layers, above what is the default at the first call. Later calls do nothing.
///
/// # Errors
/// A [`Code`] if `SQLite` can not be initialised.
pub fn initialise() -> Result<(), Code> {
    static DONE: OnceLock<Result<(), Code>> = OnceLock::new();
    *DONE.get_or_init(|| {
        // Messages of SQLCipher's would go to the error output of whoever embeds this; its errors reach us as results.
        let quiet =
            Connection::open_in_memory().and_then(|db| db.pragma_update(None, "cipher_log_level", "NONE"));
        quiet.map_err(|_| Code(ffi::SQLITE_ERROR))?;
        layer::register(PLAIN, None, false, Box::new(Guard { pages: true }))?;
        layer::register(KEYED, None, false, Box::new(Guard { pages: false }))
    })
}

/// Opens a database without encryption through [`PLAIN`], for looking into a store from outside. A connection through any
/// other layer may read a store, but if it is the last one to close it folds the log into pages without checksums.
///
/// # Errors
/// What `SQLite` answers.
pub fn open_plain(path: &Path) -> Result<Connection> {
    initialise().map_err(|code| Error::SqliteFailure(ffi::Error::new(code.0), None))?;
    Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_WRITE, PLAIN)
}

/// Opens what is left of a database for reading: a copy of its files, whose log may be changed by this. No page is checked
/// that is not encrypted; what is read must be judged by what it says.
///
/// # Errors
/// What `SQLite` answers.
pub fn open_remains(path: &Path, key: Option<&Key>) -> Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // Where the log can not be mended, less can be read.
    let _ = log::accept(Path::new(&log));
    initialise().map_err(|code| Error::SqliteFailure(ffi::Error::new(code.0), None))?;
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if let Some(key) = key {
        unlock(&connection, key)?;
    }
    Ok(connection)
}

/// Gives a connection its key, before anything else is done with it. Whether it is the right one shows at the first read.
///
/// # Errors
/// What `SQLCipher` answers.
pub fn unlock(connection: &Connection, key: &Key) -> Result<()> {
    control::key(connection, key.bytes())
}

/// Writes an encrypted database anew under another key, in one transaction.
///
/// # Errors
/// What `SQLCipher` answers; the database keeps its key then.
pub fn change_key(connection: &Connection, key: &Key) -> Result<()> {
    control::rekey(connection, key.bytes())
}

/// Prepares an empty database for checksums, before its first page is written.
///
/// # Errors
/// What `SQLite` answers.
pub fn reserve_checksums(connection: &Connection) -> Result<()> {
    control::reserve(connection, i32::try_from(pages::SUM_BYTES).unwrap_or(0))
}

/// What a database file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing yet.
    Empty,
    /// A database without encryption.
    Plain {
        /// Its pages have room for checksums.
        checksums: bool,
        /// The number that its program has given it; 0: none.
        application: u32,
    },
    /// Nearly the beginning of a database without encryption: a damaged one.
    NearlyPlain,
    /// Neither: an encrypted database, or none at all.
    Other,
}

/// First bytes of every database without encryption.
const MAGIC: [u8; 16] = *b"SQLite format 3\0";
/// Bytes of a database's header.
const HEADER_BYTES: usize = 100;
/// Place in it where the program's number stands.
const APPLICATION_AT: usize = 68;

/// Looks at the first bytes of the file that a connection has open. Nothing is recovered, locked or written by that.
///
/// # Errors
/// What `SQLite` answers.
pub fn content(connection: &Connection) -> Result<Content> {
    let mut first = [0; HEADER_BYTES];
    match control::first_bytes(connection, &mut first) {
        Ok(()) => {}
        Err(Error::SqliteFailure(error, _)) if error.extended_code == ffi::SQLITE_IOERR_SHORT_READ => {
            return Ok(if first == [0; HEADER_BYTES] { Content::Empty } else { Content::Other });
        }
        Err(error) => return Err(error),
    }
    let differing = first.iter().zip(&MAGIC).filter(|(found, expected)| found != expected).count();
    Ok(match differing {
        0 => {
            let number = first[APPLICATION_AT..].first_chunk::<4>().copied().unwrap_or_default();
            Content::Plain {
                checksums: usize::from(first[pages::RESERVED_AT]) == pages::SUM_BYTES,
                application: u32::from_be_bytes(number),
            }
        }
        1..=4 => Content::NearlyPlain,
        _ => Content::Other,
    })
}

struct Guard {
    pages: bool,
}

struct Unwatched;

impl LayerFile for Unwatched {}

impl Layer for Guard {
    fn open(&self, path: Option<&Path>, kind: Kind) -> Result<Box<dyn LayerFile>, Code> {
        Ok(match (kind, path) {
            (Kind::Database, _) if self.pages => Box::new(pages::Pages),
            (Kind::Log, Some(path)) => Box::new(log::Log::at(path)),
            _ => Box::new(Unwatched),
        })
    }
}
