//! What was done before at the same asset.

use jiff::Timestamp;
use jobsheet_core::record::DocumentId;
use jobsheet_wire::AssetHistory;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::StoreError;
use crate::apply::visible_head;
use crate::store::Store;

/// An earlier visit of the same asset at the same customer, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlierVisit {
    /// The order's number.
    pub number: String,
    /// Planned start, if there was a plan.
    pub start: Option<Timestamp>,
    /// Fault as reported.
    pub fault: String,
    /// Cause as diagnosed.
    pub cause: String,
    /// What was done.
    pub solution: String,
    /// Parts used: pieces and part number.
    pub parts: Vec<String>,
}

impl Store {
    /// Earlier visits of the asset that a visit is about, the latest first, as the server told them when it sent the visit. None:
    /// the server has told nothing, as one that does not know how.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn earlier_visits(&self, visit: DocumentId) -> Result<Option<Vec<EarlierVisit>>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        visible_head(&tx, visit)?;
        let Some(history) = history(&tx, visit)? else { return Ok(None) };
        let earlier = history.visits.into_iter().map(|past| EarlierVisit {
            number: past.number,
            start: past.start_at_ms.and_then(|at| Timestamp::from_millisecond(at).ok()),
            fault: past.fault,
            cause: past.cause,
            solution: past.solution,
            parts: past.parts,
        });
        Ok(Some(earlier.collect()))
    }
}

/// Stores what the server told.
pub(crate) fn keep(connection: &Connection, history: &AssetHistory) -> Result<(), StoreError> {
    // Plain fields: encoding them can not fail.
    let bytes = minicbor::to_vec(history).unwrap_or_default();
    let mut statement = connection
        .prepare_cached("INSERT OR REPLACE INTO asset_history (document, bytes) VALUES (?1, ?2)")?;
    statement.execute(params![history.document, bytes])?;
    Ok(())
}

/// What the server told of a visit. What can not be read counts as not told: the next sync from the beginning mends it.
pub(crate) fn history(
    connection: &Connection,
    visit: DocumentId,
) -> Result<Option<AssetHistory>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM asset_history WHERE document = ?1")?;
    let bytes: Option<Vec<u8>> = statement.query_row([visit], |row| row.get(0)).optional()?;
    Ok(bytes.and_then(|bytes| minicbor::decode(&bytes).ok()))
}
