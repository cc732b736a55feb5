//! What devices have signed that visits were handed over by.

use jobsheet_core::key::SignedHandOver;
use jobsheet_core::record::DocumentId;
use rusqlite::{Connection, params};

use crate::StoreError;

/// The hand-overs of a document, in the order in which it went from hand to hand.
pub(crate) fn hand_overs(connection: &Connection, document: DocumentId) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT signed FROM hand_over WHERE document = ?1 ORDER BY n")?;
    Ok(statement.query_map([document], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Keeps hand-overs of a document after those that are known, each once.
pub(crate) fn keep_hand_overs(
    connection: &Connection,
    document: DocumentId,
    signed: &[SignedHandOver],
) -> Result<(), StoreError> {
    let known = hand_overs(connection, document)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO hand_over (document, n, giver, signed)
         SELECT ?1, coalesce(max(n) + 1, 0), ?2, ?3 FROM hand_over WHERE document = ?1",
    )?;
    for one in signed {
        let bytes = one.bytes();
        if !known.contains(&bytes) {
            insert.execute(params![document, one.says.from, bytes])?;
        }
    }
    Ok(())
}
