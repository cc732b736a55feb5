//! What is done with a damaged store: its files are set aside, never deleted; what this device made is read out of them as
//! far as it can be, into a file that a person can keep or hand over; and that file is restored into a fresh store, from
//! which the next sync sends it.

mod file;
mod remains;
mod restore;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Key;
use serde::Serialize;

use crate::StoreError;
use crate::quarantine::Quarantined;
use crate::store::{DATABASE, Store};

pub use restore::Restored;

/// What was saved from a damaged store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Salvaged {
    /// The file that it is in.
    pub file: PathBuf,
    /// Visits and shifts with saved work.
    pub visits: u32,
    /// Changes saved: all that this device made and that could be read, sent or not.
    pub changes: u32,
    /// Those of them that the store knew the server to have.
    pub durable: u32,
    /// Refused changes that were kept and are saved too.
    pub refused: u32,
    /// Places where something was and could not be read. 0: nothing is known to be missing.
    pub unreadable: u32,
}

/// Writes refused changes into a new file; gives how many.
pub(crate) fn write_refused(out: &Path, kept: &[Quarantined]) -> Result<u32, StoreError> {
    let saved = |kept: &Quarantined| file::Saved {
        visit: kept.visit,
        number: kept.number.clone(),
        change: kept.change.clone(),
        command: kept.command.clone(),
        made_at: kept.made_at.map_or(0, Timestamp::as_second),
        durable: false,
        refused: true,
        bytes: jobsheet_core::hex(&kept.bytes),
    };
    let changes = kept.iter().map(saved).collect();
    file::write(out, &remains::Remains { changes, unreadable: 0 })?;
    Ok(u32::try_from(kept.len()).unwrap_or(u32::MAX))
}

impl Store {
    /// Moves the database and what belongs to it into a new folder `damaged-…` inside the store's, which it returns.
    /// Nothing is deleted; attachments stay where they are. Every handle of the store must be closed.
    ///
    /// # Errors
    /// [`StoreError::File`] if there is no database or a file can not be moved.
    pub fn set_aside(folder: impl AsRef<Path>) -> Result<PathBuf, StoreError> {
        let folder = folder.as_ref();
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut aside = folder.join(format!("damaged-{now}"));
        let mut number = 1;
        while let Err(source) = std::fs::create_dir(&aside) {
            if source.kind() != std::io::ErrorKind::AlreadyExists {
                return Err(StoreError::file("the damaged store could not be set aside", aside, source));
            }
            number += 1;
            aside = folder.join(format!("damaged-{now}-{number}"));
        }
        // The database goes last: as long as it is there the others are found beside it by who tries again.
        let companions = rusqlite::COMPANIONS.iter().map(|suffix| format!("{DATABASE}{suffix}"));
        for name in companions.chain([DATABASE.to_owned()]) {
            match std::fs::rename(folder.join(&name), aside.join(&name)) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound || name == DATABASE => {
                    return Err(StoreError::file(
                        "the damaged store could not be set aside",
                        folder.join(name),
                        source,
                    ));
                }
                _ => {}
            }
        }
        Ok(aside)
    }

    /// Reads what this device made out of a damaged store that was set aside (or a whole one that is closed) and writes it
    /// to a new file: text, one line a change, each with its checksum. The store's files are not touched: a copy is read.
    ///
    /// # Errors
    /// [`StoreError::File`] if the files can not be copied or the new one not be written, [`StoreError::Corrupt`] if
    /// nothing at all can be read, and the errors about keys of [`Store::open`].
    pub fn salvage(
        folder: impl AsRef<Path>,
        key: Option<&Key>,
        out: impl AsRef<Path>,
    ) -> Result<Salvaged, StoreError> {
        let (folder, out) = (folder.as_ref(), out.as_ref());
        let remains = remains::read(folder, key)?;
        let mut salvaged =
            Salvaged { file: out.to_path_buf(), unreadable: remains.unreadable, ..Salvaged::default() };
        let visits: std::collections::BTreeSet<_> =
            remains.changes.iter().map(|change| change.visit).collect();
        salvaged.visits = u32::try_from(visits.len()).unwrap_or(u32::MAX);
        for change in &remains.changes {
            salvaged.changes += 1;
            salvaged.durable += u32::from(change.durable);
            salvaged.refused += u32::from(change.refused);
        }
        file::write(out, &remains)?;
        Ok(salvaged)
    }
}
