//! Reference data of the server, and the own uses of parts that it may not hold yet.

use jobsheet_core::record::{DocumentId, EntryId, PartUsed, parts_in_change, read_header};
use jobsheet_core::stock::Use;
use jobsheet_wire::{Stock, Tariffs};
use rusqlite::{Connection, OptionalExtension, params};

use super::changes::unsent_documents;
use super::{load_visit, own_changes_with_numbers};
use crate::StoreError;

const STOCK: &str = "stock";
const TARIFFS: &str = "tariffs";

fn keep(connection: &Connection, kind: &str, as_of: u64, body: &[u8]) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT OR REPLACE INTO reference (kind, as_of, body) VALUES (?1, ?2, ?3)")?;
    statement.execute(params![kind, i64::try_from(as_of).unwrap_or(i64::MAX), body])?;
    Ok(())
}

/// How far the copy of a kind goes; 0: there is none.
fn as_of(connection: &Connection, kind: &str) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT as_of FROM reference WHERE kind = ?1")?;
    let found: Option<i64> = statement.query_row([kind], |row| row.get(0)).optional()?;
    Ok(found.and_then(|as_of| u64::try_from(as_of).ok()).unwrap_or(0))
}

fn body<T: for<'b> minicbor::Decode<'b, ()>>(
    connection: &Connection,
    kind: &str,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT body FROM reference WHERE kind = ?1")?;
    let found: Option<Vec<u8>> = statement.query_row([kind], |row| row.get(0)).optional()?;
    // A copy that can not be read is no copy: the server sends it again.
    Ok(found.and_then(|bytes| minicbor::decode(&bytes).ok()))
}

/// How far the stock and the tariffs go that this device holds.
pub(crate) fn held(connection: &Connection) -> Result<(u64, u64), StoreError> {
    let readable = |kind: &str, there: bool| if there { as_of(connection, kind) } else { Ok(0) };
    let stock = readable(STOCK, stock(connection)?.is_some())?;
    let tariffs = readable(TARIFFS, tariffs(connection)?.is_some())?;
    Ok((stock, tariffs))
}

/// The stock of the technician, as the server sent it.
pub(crate) fn stock(connection: &Connection) -> Result<Option<Stock>, StoreError> {
    body(connection, STOCK)
}

/// The tariffs, as the server sent them.
pub(crate) fn tariffs(connection: &Connection) -> Result<Option<Tariffs>, StoreError> {
    body(connection, TARIFFS)
}

/// Stores a stock. One that is older than the one held says nothing new and is passed over.
pub(crate) fn keep_stock(connection: &Connection, stock: &Stock) -> Result<bool, StoreError> {
    let known = as_of(connection, STOCK)?;
    if stock.as_of < known {
        return Ok(false);
    }
    if known == 0 {
        note_unsent_uses(connection)?;
    }
    let bytes = minicbor::to_vec(stock).unwrap_or_default();
    keep(connection, STOCK, stock.as_of, &bytes)?;
    let mut told = connection.prepare_cached("DELETE FROM part_used WHERE entry = ?1")?;
    for entry in &stock.included {
        told.execute([&entry.0[..]])?;
    }
    forget_included(connection)?;
    Ok(true)
}

/// Stores the tariffs.
pub(crate) fn keep_tariffs(connection: &Connection, tariffs: &Tariffs) -> Result<bool, StoreError> {
    if tariffs.as_of < as_of(connection, TARIFFS)? {
        return Ok(false);
    }
    keep(connection, TARIFFS, tariffs.as_of, &minicbor::to_vec(tariffs).unwrap_or_default())?;
    Ok(true)
}

/// Forgets what came from a server that has begun anew, or from another one.
pub(crate) fn forget_reference(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("DELETE FROM reference", [])?;
    Ok(())
}

/// Notes a part that was used by an own change.
pub(crate) fn note_use(
    connection: &Connection,
    document: DocumentId,
    n: i64,
    entry: EntryId,
    part: &PartUsed,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR IGNORE INTO part_used (document, n, entry, technician, number, name, quantity, serial)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    statement.execute(params![
        document,
        n,
        entry,
        part.by.person,
        part.number,
        part.name,
        part.quantity,
        part.serial
    ])?;
    Ok(())
}

/// Reads the uses of all unsent changes from the log: before the first stock came nobody may have noted them, and after the
/// server was restored it lacks again what it had.
fn note_unsent_uses(connection: &Connection) -> Result<(), StoreError> {
    for document in unsent_documents(connection)? {
        let Ok((visit, _)) = load_visit(connection, document) else { continue };
        for (n, bytes) in own_changes_with_numbers(connection, document)? {
            let command = read_header(&bytes).ok().and_then(|header| header.command);
            if command.as_deref() != Some("consume-part") {
                continue;
            }
            for (entry, part) in parts_in_change(&visit, &bytes).unwrap_or_default() {
                note_use(connection, document, n, entry, &part)?;
            }
        }
    }
    Ok(())
}

/// Uses that the stock held does not hold: changes that are unsent, or were committed later than the stock was reckoned.
/// An own change that came back inside a whole document has no number here, and the stock of the same reply holds it.
const NOT_INCLUDED: &str =
    "EXISTS (SELECT 1 FROM change c WHERE c.document = part_used.document AND c.n = part_used.n
     AND (c.state = 0 OR c.server_seq > (SELECT as_of FROM reference WHERE kind = 'stock')))";

fn forget_included(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(&format!("DELETE FROM part_used WHERE NOT {NOT_INCLUDED}"), [])?;
    Ok(())
}

/// What a technician used on this device and the stock does not hold yet.
pub(crate) fn pending_uses(connection: &Connection, technician: &str) -> Result<Vec<Use>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT number, name, quantity, serial FROM part_used
         WHERE technician = ?1 AND {NOT_INCLUDED} ORDER BY document, n, entry"
    ))?;
    let rows = statement.query_map([technician], |row| {
        Ok(Use { number: row.get(0)?, name: row.get(1)?, quantity: row.get(2)?, serial: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes that a document belongs to the ledgers of parts.
pub(crate) fn note_with_parts(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("INSERT OR IGNORE INTO with_parts (document) VALUES (?1)")?;
    statement.execute([document])?;
    Ok(())
}

/// Documents of the ledgers of parts, with their numbers, and whether they are no longer assigned to this device.
pub(crate) fn with_parts(connection: &Connection) -> Result<Vec<(DocumentId, String, bool)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT document, number, revoked FROM with_parts JOIN visit USING (document) ORDER BY planned_start, document",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
