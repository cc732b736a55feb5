//! Changes that were refused, kept for a person: to see, to write anew, to carry elsewhere, or to throw away.

mod repair;

use std::path::Path;

use jiff::Timestamp;
use jobsheet_core::record::{Document, DocumentId, FieldChange};
use jobsheet_core::{hex, unhex};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use crate::StoreError;
use crate::salvage;
use crate::store::{self, Store, load_visit};

pub use repair::{LeftRefused, Repair, Repaired};

/// A change that was refused. It stays until a person repairs or discards it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// The visit or shift.
    pub visit: DocumentId,
    /// The order's number.
    pub number: String,
    /// SHA-256 of the change, hexadecimal.
    pub change: String,
    /// Name of the command that made it.
    pub command: String,
    /// When it was made, by the device's clock.
    pub made_at: Option<Timestamp>,
    /// Why, as a short code in kebab case.
    pub code: String,
    /// Why, in words.
    pub reason: String,
    /// The change itself, for export.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// A refused change with what it would have done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RefusedChange {
    /// What is known of it.
    #[serde(flatten)]
    pub kept: Quarantined,
    /// What it would have done to each field, and what stands there.
    pub fields: Vec<FieldChange>,
    /// Its bytes could be read; else nothing is known of the fields.
    pub readable: bool,
}

impl Store {
    /// Changes that were refused.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn quarantine(&self) -> Result<Vec<Quarantined>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let mut statement = tx.prepare_cached(
            "SELECT document, coalesce(number, ''), hash, command, made_at, code, reason, bytes
             FROM quarantine LEFT JOIN visit USING (document) ORDER BY made_at, document, actor_seq",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Quarantined {
                visit: row.get(0)?,
                number: row.get(1)?,
                change: hex(&row.get::<_, Vec<u8>>(2)?),
                command: row.get(3)?,
                made_at: Timestamp::from_second(row.get(4)?).ok(),
                code: row.get(5)?,
                reason: row.get(6)?,
                bytes: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Throws a refused change away, for good. `false`: there is none of this hash.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn discard(&self, visit: DocumentId, change: &str) -> Result<bool, StoreError> {
        let Some(hash) = unhex(change) else { return Ok(false) };
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        let gone: Option<Vec<u8>> = tx
            .query_row(
                "DELETE FROM quarantine WHERE document = ?1 AND hash = ?2 RETURNING bytes",
                params![visit, hash],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(bytes) = &gone {
            store::forget_files(&tx, visit, bytes)?;
        }
        tx.commit()?;
        Ok(gone.is_some())
    }

    /// A refused change with what it would have done, as far as its bytes can be read. `None`: there is none of this hash.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn refused_change(
        &self,
        visit: DocumentId,
        change: &str,
    ) -> Result<Option<RefusedChange>, StoreError> {
        let kept: Vec<Quarantined> =
            self.quarantine()?.into_iter().filter(|kept| kept.visit == visit).collect();
        let Some(one) = kept.iter().find(|kept| kept.change == change).cloned() else { return Ok(None) };
        let document = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            match load_visit(&tx, visit) {
                Ok((document, _)) => Some(document),
                Err(StoreError::Record(_) | StoreError::UnknownVisit(_)) => None,
                Err(error) => return Err(error),
            }
        };
        // It may build on others that were refused; those that do not fit with each other are left out.
        let all: Vec<Vec<u8>> = kept.iter().map(|kept| kept.bytes.clone()).collect();
        let done = document.and_then(|document| {
            done_by(&document, &all, change)
                .or_else(|| done_by(&document, std::slice::from_ref(&one.bytes), change))
        });
        let readable = done.is_some();
        Ok(Some(RefusedChange { kept: one, fields: done.unwrap_or_default(), readable }))
    }

    /// Writes refused changes, of one visit or of all, into a new file in the form of a salvage file: for the office, or for
    /// [`Store::restore_refused`] on another device. They stay here. Gives how many they are.
    ///
    /// # Errors
    /// [`StoreError::File`] if the file is there or can not be written.
    pub fn export_refused(&self, visit: Option<DocumentId>, out: &Path) -> Result<u32, StoreError> {
        let mut kept = self.quarantine()?;
        kept.retain(|kept| visit.is_none_or(|visit| kept.visit == visit));
        salvage::write_refused(out, &kept)
    }
}

/// What a change does to a document together with others.
fn done_by(document: &Document, changes: &[Vec<u8>], change: &str) -> Option<Vec<FieldChange>> {
    let history = Document::history_of(&document.save(), changes).ok()?;
    history.into_iter().find(|past| hex(&past.header.hash) == change).map(|past| past.fields)
}
