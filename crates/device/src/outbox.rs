//! What has not reached the server: waiting, or refused and kept.

use jiff::Timestamp;
use jobsheet_core::record::DocumentId;
use jobsheet_core::{hex, unhex};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use crate::StoreError;
use crate::store::{self, Store};

/// One visit or shift with work that the server does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outgoing {
    /// The visit or shift.
    pub visit: DocumentId,
    /// The order's number.
    pub number: String,
    /// Changes that wait to be sent.
    pub unsent: u32,
    /// Changes that were refused and are kept.
    pub refused: u32,
    /// It is no longer assigned to this device.
    pub revoked: bool,
}

/// A change that was refused. It stays until a person discards it.
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

impl Store {
    /// Visits and shifts with work that the server does not have.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn outbox(&self) -> Result<Vec<Outgoing>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let mut statement = tx.prepare_cached(
            "SELECT document, number, unsent, coalesce(kept.refused, 0), revoked
             FROM visit LEFT JOIN (SELECT document, count(*) AS refused FROM quarantine GROUP BY document) AS kept
                  USING (document)
             WHERE unsent > 0 OR kept.refused > 0 ORDER BY planned_start, document",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Outgoing {
                visit: row.get(0)?,
                number: row.get(1)?,
                unsent: row.get(2)?,
                refused: row.get(3)?,
                revoked: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

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
}
