//! From time to time the documents here are compared with the server's, some at once: what differs, and nobody knows why, is
//! fetched again.

use jiff::{SignedDuration, Timestamp};
use jobsheet_core::record::DocumentId;
use jobsheet_wire::{Held, HeldDocument, MAX_HELD_DOCUMENTS, digest_of_heads};
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::store::load_visit;

/// How often some documents are compared.
const EVERY: SignedDuration = SignedDuration::from_mins(15);
/// Most documents that are compared at once: each is read for it.
const AT_ONCE: usize = 32;
const _: () = assert!(AT_ONCE <= MAX_HELD_DOCUMENTS);

/// The documents that are compared with the next exchange. None: it is not time yet.
pub(super) fn held(connection: &Connection, now: Timestamp) -> Result<Option<Held>, StoreError> {
    let (at, after): (Option<i64>, Vec<u8>) =
        connection.query_row("SELECT compared_at, compared_upto FROM meta", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    // Whatever has just been fetched is compared later; a clock that was set back makes it time.
    let Some(at) = at.and_then(|at| Timestamp::from_millisecond(at).ok()) else { return Ok(None) };
    if now.duration_since(at).abs() < EVERY {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached(
        "SELECT document, unsent FROM visit WHERE revoked = 0 AND document > ?1 ORDER BY document LIMIT ?2",
    )?;
    let rows = statement
        .query_map(params![after, i64::try_from(AT_ONCE + 1).unwrap_or(i64::MAX)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let mut rows = rows.collect::<Result<Vec<(DocumentId, u32)>, _>>()?;
    let upto = if rows.len() > AT_ONCE {
        rows.truncate(AT_ONCE);
        rows.last().map(|(document, _)| document.into_bytes().to_vec()).unwrap_or_default()
    } else {
        Vec::new()
    };
    let held = |(document, unsent): (DocumentId, u32)| {
        let key = document.into_bytes();
        let digest = match load_visit(connection, document) {
            // The server lacks something of it, and so it differs.
            _ if unsent > 0 => Vec::new(),
            Ok((document, _)) => digest_of_heads(&key, &document.heads()).to_vec(),
            // What can not be read is held by nobody.
            Err(StoreError::Record(_)) => digest_of_heads(&key, &[]).to_vec(),
            Err(error) => return Err(error),
        };
        Ok(HeldDocument { document: key, digest })
    };
    let documents = rows.into_iter().map(held).collect::<Result<_, _>>()?;
    Ok(Some(Held { after, upto, documents }))
}

/// Notes up to where documents have been compared, and when.
pub(super) fn note(connection: &Connection, upto: &[u8], now: Timestamp) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE meta SET compared_at = ?1, compared_upto = ?2",
        params![now.as_millisecond(), upto],
    )?;
    Ok(())
}

/// Whether everything has been fetched once, so that there is something to compare.
pub(super) fn has_begun(connection: &Connection) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT compared_at IS NOT NULL FROM meta")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}
