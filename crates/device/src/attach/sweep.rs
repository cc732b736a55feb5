//! Removing files that nothing names: of commands that were refused, of processes that died between the copy and the record.
//!
//! A file that any document names is never removed. What is named is read from the documents themselves, from every change
//! of their history, from changes that wait and from refused ones; a hash counts wherever it occurs. Files are removed under
//! the lock under which files are named, and while no other process can commit to the database, after what was committed
//! since has been read. If one document can not be read, or a damaged database was set aside, nothing is
//! removed at all.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jobsheet_core::record::DocumentId;
use serde::Serialize;

use super::folder::{Folder, KeptFile};
use super::named::Named;
use super::thumbnail;
use crate::StoreError;
use crate::store::{DATABASE, Store};

/// What [`Store::sweep_attachments`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// Hashes of the files that were removed.
    pub removed: Vec<String>,
    /// Bytes that were freed, unfinished copies and thumbnails included.
    pub freed_bytes: u64,
    /// Unfinished copies that were removed.
    pub unfinished: u32,
    /// Files that nothing names, too young to be removed.
    pub young: u32,
    /// Files that are named.
    pub named: u32,
    /// Documents that can not be read; if there is one, nothing was removed.
    pub unreadable: Vec<DocumentId>,
    /// Folders with a database that was set aside, whose documents may name any file; if there is one, nothing was removed.
    pub set_aside: Vec<PathBuf>,
}

impl Sweep {
    /// All that may name a file was read.
    pub fn knew_all(&self) -> bool {
        self.unreadable.is_empty() && self.set_aside.is_empty()
    }
}

impl Store {
    /// Removes files that nothing names and that are older than `grace`; none: [`AttachmentLimits::grace`].
    ///
    /// [`AttachmentLimits::grace`]: crate::AttachmentLimits::grace
    ///
    /// # Errors
    /// [`StoreError`]; whatever it is, no file was removed that a document names.
    pub fn sweep_attachments(&self, grace: Option<Duration>) -> Result<Sweep, StoreError> {
        let grace = grace.unwrap_or(self.inner.options.attachments.grace);
        let folder = Folder::of(self);
        // Most of the reading is done while everybody works on.
        let mut named = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            Named::read(&tx)?
        };
        let _lock = folder.lock()?;
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        named.extend(&tx)?;
        let mut sweep = Sweep {
            unreadable: named.unreadable.iter().copied().collect(),
            set_aside: set_aside(self.folder())?,
            ..Sweep::default()
        };
        for file in folder.files()? {
            if named.anywhere.contains(&file.name) {
                sweep.named += 1;
            } else if file.age < grace {
                sweep.young += 1;
            } else if sweep.knew_all() {
                remove(&file.path)?;
                sweep.freed_bytes += file.size + thumbnail::forget(self, &file.name);
                sweep.removed.push(file.name);
            }
        }
        for part in folder.parts()? {
            if part.age >= grace && is_abandoned(&part) {
                remove(&part.path)?;
                sweep.freed_bytes += part.size;
                sweep.unfinished += 1;
            }
        }
        folder.sync()?;
        // Nothing was written to it: it only kept others from committing.
        drop(tx);
        Ok(sweep)
    }
}

/// Folders inside the store's that hold a database: one that was damaged and set aside, to be read later.
fn set_aside(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |source| StoreError::file("the store's folder could not be listed", folder, source);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.join(DATABASE).exists() {
            found.push(path);
        }
    }
    Ok(found)
}

/// Whoever writes a copy holds its lock until it is named.
fn is_abandoned(part: &KeptFile) -> bool {
    OpenOptions::new().write(true).open(&part.path).is_ok_and(|file| file.try_lock().is_ok())
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::file("the attachment could not be removed", path, error)),
    }
}
