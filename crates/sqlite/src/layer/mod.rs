//! A layer between `SQLite` and its files, written in safe Rust: it sees every read, write, truncation and sync, may change
//! what goes through, and may answer with an error of its own.

mod glue;

use std::path::Path;

pub use glue::{Below, register};

/// What a file is to `SQLite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The database.
    Database,
    /// Its write-ahead log.
    Log,
    /// Its rollback journal.
    Journal,
    /// Anything else, such as a temporary file.
    Other,
}

/// An error of `SQLite`'s, by its extended result code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub i32);

/// A layer: makes a [`LayerFile`] for every file that `SQLite` opens.
pub trait Layer: Send + Sync + 'static {
    /// A file is opened. Temporary files have no path.
    ///
    /// # Errors
    /// A [`Code`] refuses it.
    fn open(&self, path: Option<&Path>, kind: Kind) -> Result<Box<dyn LayerFile>, Code>;

    /// A file is deleted; `durable`: so that it stays deleted whatever happens next.
    ///
    /// # Errors
    /// A [`Code`] refuses it.
    fn delete(&self, _path: &Path, _durable: bool) -> Result<(), Code> {
        Ok(())
    }
}

/// One open file. Every method stands before the file below and passes on as it sees fit.
pub trait LayerFile: Send {
    /// Fills `into` from the file. What is beyond its end is zero, with `SQLITE_IOERR_SHORT_READ`.
    ///
    /// # Errors
    /// A [`Code`].
    fn read(&mut self, below: &Below, into: &mut [u8], at: u64) -> Result<(), Code> {
        below.read(into, at)
    }

    /// Writes.
    ///
    /// # Errors
    /// A [`Code`].
    fn write(&mut self, below: &Below, bytes: &[u8], at: u64) -> Result<(), Code> {
        below.write(bytes, at)
    }

    /// Cuts the file to a size.
    ///
    /// # Errors
    /// A [`Code`].
    fn truncate(&mut self, below: &Below, size: u64) -> Result<(), Code> {
        below.truncate(size)
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// A [`Code`].
    fn sync(&mut self, below: &Below) -> Result<(), Code> {
        below.sync()
    }
}
