//! Saved work comes into a fresh store.

use std::collections::BTreeMap;
use std::path::Path;

use jobsheet_core::record::DocumentId;
use jobsheet_core::unhex;
use serde::Serialize;

use super::file;
use crate::StoreError;
use crate::store::Store;

/// What became of a salvage file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Changes that are in this store now and go out with the next sync.
    pub restored: u32,
    /// Changes that were here already: the server had them.
    pub known: u32,
    /// Changes that could not be taken into their document; they stay in the file.
    pub unusable: u32,
    /// Lines of the file that are damaged or missing.
    pub damaged: u32,
    /// Visits and shifts that are not on this device: sync first, then restore again. Their changes stay in the file.
    pub elsewhere: Vec<DocumentId>,
}

impl Store {
    /// Takes saved work from a salvage file into this store, from which the next sync sends it. To be called after the
    /// device has been enrolled and has synced. Restoring twice is restoring once.
    ///
    /// # Errors
    /// [`StoreError::Salvage`] if the file is none, or of a newer format; [`StoreError`] if the database fails. Documents
    /// are restored one by one, each whole.
    pub fn restore(&self, file: impl AsRef<Path>) -> Result<Restored, StoreError> {
        self.restore_those(file.as_ref(), false)
    }

    /// As [`Store::restore`], with the changes that were refused too, as [`Store::export_refused`] writes them: for a device on
    /// which they may be taken now. What is refused again is kept in quarantine there.
    ///
    /// # Errors
    /// As [`Store::restore`].
    pub fn restore_refused(&self, file: impl AsRef<Path>) -> Result<Restored, StoreError> {
        self.restore_those(file.as_ref(), true)
    }

    fn restore_those(&self, file: &Path, refused: bool) -> Result<Restored, StoreError> {
        let (saved, damaged) = file::read(file)?;
        let mut restored = Restored { damaged, ..Restored::default() };
        let mut visits: BTreeMap<DocumentId, Vec<Vec<u8>>> = BTreeMap::new();
        // What was refused once would be refused again; it stays in the file unless a person wants it.
        for change in saved.into_iter().filter(|change| refused || !change.refused) {
            match unhex(&change.bytes) {
                Some(bytes) => visits.entry(change.visit).or_default().push(bytes),
                None => restored.damaged += 1,
            }
        }
        for (visit, changes) in visits {
            self.restore_one(visit, &changes, &mut restored)?;
        }
        tracing::info!(restored = restored.restored, known = restored.known, "saved work was restored");
        Ok(restored)
    }
}
