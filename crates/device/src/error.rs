//! What can go wrong on a device, by what an app can do about it.

use std::path::PathBuf;

use jobsheet_core::key::KeyError;
use jobsheet_core::record::{DocumentId, RecordError, Refusal};
use rusqlite::{ErrorCode, ffi};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder could not be read or written.
    #[error("{what} at {}: {source}; check that the folder exists, is writable and has space", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The database was written by a newer version. It has not been touched.
    #[error(
        "the store has schema {found}, this version reads up to {supported}; update the app. Nothing was changed"
    )]
    Newer {
        /// Schema of the file.
        found: i64,
        /// Newest schema this version reads.
        supported: i64,
    },
    /// Another process holds the database.
    #[error("another process is writing to the store; try again when it is done")]
    Busy,
    /// The disk is full.
    #[error("the disk is full; nothing was written. Free some space and try again")]
    DiskFull,
    /// The disk failed for another reason than being full.
    #[error(
        "the disk failed ({0}); what was asked was not written. Try again, and copy the folder away if it stays"
    )]
    DiskFailed(String),
    /// The file is damaged or no database. Nothing has been deleted.
    #[error(
        "the store is damaged ({0}); set it aside with `Store::salvage` (or `jobsheet salvage`), which also saves the work \
         that the server does not have, and enrol again"
    )]
    Corrupt(String),
    /// The store is encrypted and the key is another one, or the first page is damaged.
    #[error("this is not the key of the store; give the key it was made with. Nothing was changed")]
    WrongKey,
    /// The store is encrypted and no key was given.
    #[error("the store is encrypted; give its key. Nothing was changed")]
    KeyMissing,
    /// A key was given for a store without encryption.
    #[error("the store is not encrypted; open it without a key. Nothing was changed")]
    NotEncrypted,
    /// The store is paused.
    #[error("the store is paused; call resume first")]
    Paused,
    /// A salvage file can not be read.
    #[error("the salvage file can not be used: {reason}")]
    Salvage {
        /// What is wrong with it.
        reason: String,
    },
    /// Any other failure of the database.
    #[error("the database failed: {0}")]
    Database(#[source] rusqlite::Error),
    /// The store was shut down.
    #[error("the store is shut down; open it again")]
    Closed,
    /// There is no such visit or shift on this device.
    #[error("{0} is not on this device; run sync, or ask the office whether it is assigned to you")]
    UnknownVisit(DocumentId),
    /// The visit or shift has been taken from this device.
    #[error("{0} is no longer assigned to this device; unsent work is kept in the outbox")]
    Revoked(DocumentId),
    /// The standard that the document pins is not held.
    #[error("the standard {0} is not on this device yet; run sync")]
    PackMissing(String),
    /// The stored standard is not the one the document pins.
    #[error("the stored standard {0} is damaged and was not used; run sync to fetch it again")]
    PackDamaged(String),
    /// A document can not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {0}")]
    Randomness(String),
    /// The key that seals records can not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A record could not be exported.
    #[error("the record could not be exported: {0}")]
    Export(String),
    /// A report could not be written.
    #[error("the report could not be written: {0}")]
    Report(String),
}

impl StoreError {
    pub(crate) fn file(what: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File { what, path: path.into(), source }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            Some(ErrorCode::SystemIoFailure) => match error.sqlite_error().map(|error| error.extended_code) {
                Some(ffi::SQLITE_IOERR_DATA) => Self::Corrupt("a page is not what was written".to_owned()),
                Some(ffi::SQLITE_IOERR_CORRUPTFS) => Self::Corrupt(error.to_string()),
                _ => Self::DiskFailed(error.to_string()),
            },
            _ => Self::Database(error),
        }
    }
}

/// Why a command was not carried out. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A rule, the state of the record or a value stands against it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The device is not enrolled, so nobody is known to act.
    #[error("this device is not enrolled; run enrol with the code from the office")]
    NotEnrolled,
    /// The change would be larger than one exchange carries.
    #[error("the change has {size} bytes, more than the limit of {limit}; write less in one command")]
    TooLarge {
        /// Size of the change, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for ApplyError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<jobsheet_core::record::ApplyError> for ApplyError {
    fn from(error: jobsheet_core::record::ApplyError) -> Self {
        match error {
            jobsheet_core::record::ApplyError::Refused(refusal) => Self::Refused(refusal),
            jobsheet_core::record::ApplyError::Record(error) => Self::Store(error.into()),
        }
    }
}
