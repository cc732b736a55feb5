//! What has not reached the server.

use jobsheet_core::record::DocumentId;
use serde::Serialize;

use crate::StoreError;
use crate::store::Store;

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
}
