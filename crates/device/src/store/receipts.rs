//! How far the server has come with the work of this device: committed, and then applied.

use jobsheet_core::record::DocumentId;
use rusqlite::{Connection, params};

use crate::StoreError;

/// Whether the server has applied everything of a document, in a query over `visit`.
pub(crate) const IS_APPLIED: &str = "unsent = 0 AND NOT EXISTS (SELECT 1 FROM receipt WHERE receipt.document = visit.document \
                                     AND applied_seq < durable_seq)";

fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Notes that the server has committed work of this device under a number.
pub(crate) fn note_durable(
    connection: &Connection,
    document: DocumentId,
    seq: u64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO receipt (document, durable_seq) VALUES (?1, ?2)
             ON CONFLICT (document) DO UPDATE SET durable_seq = max(durable_seq, excluded.durable_seq)",
        )?
        .execute(params![document, sql(seq)])?;
    Ok(())
}

/// Notes that everything of a document up to a number is applied. `false`: that was known, or there is no work of this device.
pub(crate) fn note_applied(
    connection: &Connection,
    document: DocumentId,
    seq: u64,
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE receipt SET applied_seq = ?2 WHERE document = ?1 AND applied_seq < ?2")?
        .execute(params![document, sql(seq)])?;
    Ok(changed > 0)
}

/// Documents with work of this device that is committed and not known to be applied.
pub(crate) fn unapplied(connection: &Connection, most: usize) -> Result<Vec<DocumentId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT document FROM receipt INDEXED BY receipt_open WHERE applied_seq < durable_seq LIMIT ?1",
    )?;
    let rows = statement.query_map([sql(most as u64)], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether the server has applied everything of a document.
pub(crate) fn is_applied(connection: &Connection, document: DocumentId) -> Result<bool, StoreError> {
    let sql = format!("SELECT {IS_APPLIED} FROM visit WHERE document = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([document], |row| row.get(0))?)
}

/// The server may have lost what it had, and its numbers begin anew.
pub(crate) fn forget_receipts(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("DELETE FROM receipt", [])?;
    Ok(())
}
