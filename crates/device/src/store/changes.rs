//! Rows of the change log, the snapshots made from it, and the actors that write it.

use std::collections::{HashMap, HashSet};

use jobsheet_core::record::{DocumentId, Renewed, read_header};
use rusqlite::{Connection, OptionalExtension, params};

use super::files::{keep_files_here, mark_files_unsent, note_own_files};
use super::receipts::forget_receipts;
use crate::StoreError;

/// Where a change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Own = 0,
    Pulled = 1,
    /// Another's, handed over: this device brings it to the server.
    Handed = 2,
}

/// How far a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    OnDevice = 0,
    Durable = 1,
}

/// A row to append.
pub(crate) struct ChangeRow<'a> {
    pub(crate) hash: &'a [u8; 32],
    pub(crate) actor: &'a [u8],
    pub(crate) seq: u64,
    pub(crate) bytes: &'a [u8],
    pub(crate) origin: Origin,
    pub(crate) state: State,
}

/// A change with what the log knows of it.
pub(crate) struct LoggedChange {
    /// Made on this device.
    pub(crate) own: bool,
    /// Made on another one, which handed it over.
    pub(crate) handed: bool,
    pub(crate) hash: [u8; 32],
    pub(crate) bytes: Vec<u8>,
    pub(crate) on_device: bool,
}

fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Appends a change as number `n` of its document.
pub(crate) fn append(
    connection: &Connection,
    document: DocumentId,
    n: i64,
    row: &ChangeRow<'_>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO change (document, n, hash, actor, actor_seq, bytes, origin, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let (origin, state) = (row.origin as i64, row.state as i64);
    statement.execute(params![document, n, row.hash, row.actor, sql(row.seq), row.bytes, origin, state])?;
    if row.origin == Origin::Own { note_own_files(connection, document, row.bytes) } else { Ok(()) }
}

/// The logged changes of a document, parents first.
pub(crate) fn logged(connection: &Connection, document: DocumentId) -> Result<Vec<LoggedChange>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT origin, hash, bytes, state FROM change WHERE document = ?1 ORDER BY n")?;
    let rows = statement.query_map([document], |row| {
        let origin: i64 = row.get(0)?;
        Ok(LoggedChange {
            own: origin == Origin::Own as i64,
            handed: origin == Origin::Handed as i64,
            hash: row.get(1)?,
            bytes: row.get(2)?,
            on_device: row.get::<_, i64>(3)? == State::OnDevice as i64,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Changes of a document that this device brings to the server, parents first: its own, and those that were handed over to it.
pub(crate) fn own_changes(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<LoggedChange>, StoreError> {
    Ok(logged(connection, document)?.into_iter().filter(|change| change.own || change.handed).collect())
}

/// Own unsent changes of a document with their numbers.
pub(crate) fn own_changes_with_numbers(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT n, bytes FROM change WHERE document = ?1 AND origin = 0 AND state = 0 ORDER BY n",
    )?;
    let rows = statement.query_map([document], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What the log knows of a document, read once for many questions.
pub(crate) struct Log {
    states: HashMap<[u8; 32], State>,
    unsent: HashMap<(Vec<u8>, u64), [u8; 32]>,
}

impl Log {
    /// Reads the log of a document.
    pub(crate) fn read(connection: &Connection, document: DocumentId) -> Result<Self, StoreError> {
        let mut statement = connection
            .prepare_cached("SELECT hash, state, actor, actor_seq FROM change WHERE document = ?1")?;
        let mut rows = statement.query([document])?;
        let mut log = Self { states: HashMap::new(), unsent: HashMap::new() };
        while let Some(row) = rows.next()? {
            let hash = row.get(0)?;
            if row.get::<_, i64>(1)? == State::OnDevice as i64 {
                log.states.insert(hash, State::OnDevice);
                log.unsent.insert((row.get(2)?, u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0)), hash);
            } else {
                log.states.insert(hash, State::Durable);
            }
        }
        Ok(log)
    }

    /// The state of a change, if it is in the log.
    pub(crate) fn state(&self, hash: &[u8; 32]) -> Option<State> {
        self.states.get(hash).copied()
    }

    /// An own unsent change under the same actor and number as another: this installation was restored or cloned.
    pub(crate) fn rival(&self, actor: &[u8], seq: u64, hash: &[u8; 32]) -> Option<[u8; 32]> {
        self.unsent.get(&(actor.to_vec(), seq)).filter(|own| *own != hash).copied()
    }
}

/// The server has committed changes, under these numbers if it told them. Returns how many had been unsent.
pub(crate) fn mark_durable(
    connection: &Connection,
    document: DocumentId,
    settled: &HashMap<[u8; 32], Option<u64>>,
) -> Result<u32, StoreError> {
    let mut unsent =
        connection.prepare_cached("SELECT n, hash FROM change WHERE document = ?1 AND state = 0")?;
    let unsent: Vec<(i64, [u8; 32])> =
        unsent.query_map([document], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut update = connection
        .prepare_cached("UPDATE change SET state = 1, server_seq = ?3 WHERE document = ?1 AND n = ?2")?;
    let mut count = 0;
    for (n, hash) in unsent {
        if let Some(seq) = settled.get(&hash) {
            update.execute(params![document, n, seq.map(sql)])?;
            count += 1;
        }
    }
    Ok(count)
}

/// The server may have lost what it had: every own change is offered again.
pub(crate) fn mark_all_unsent(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("UPDATE change SET state = 0, server_seq = NULL WHERE origin <> 1", [])?;
    connection.execute(
        "UPDATE visit SET unsent = (SELECT count(*) FROM change WHERE change.document = visit.document AND state = 0)",
        [],
    )?;
    forget_receipts(connection)?;
    mark_files_unsent(connection)
}

/// One change is offered again.
pub(crate) fn mark_unsent(
    connection: &Connection,
    document: DocumentId,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE change SET state = 0, server_seq = NULL WHERE document = ?1 AND hash = ?2")?;
    statement.execute(params![document, hash])?;
    Ok(())
}

/// A change stands in the log under another actor, in its old place, and is offered.
pub(crate) fn rename(
    connection: &Connection,
    document: DocumentId,
    actor: &[u8; 16],
    renewed: &Renewed,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE change SET actor = ?3, actor_seq = ?4 WHERE document = ?1 AND hash = ?2",
        params![document, renewed.was, actor, sql(renewed.seq)],
    )?;
    rewrite(connection, document, renewed)
}

/// Puts a change that was written anew in the place of the one that it stands for, under the same actor and number.
pub(crate) fn rewrite(
    connection: &Connection,
    document: DocumentId,
    renewed: &Renewed,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE change SET hash = ?3, bytes = ?4, state = 0, server_seq = NULL WHERE document = ?1 AND hash = ?2",
        params![document, renewed.was, renewed.hash, renewed.bytes],
    )?;
    connection.execute(
        "UPDATE alert SET hash = ?3 WHERE document = ?1 AND hash = ?2",
        params![document, renewed.was, renewed.hash],
    )?;
    Ok(())
}

/// Forgets pulled changes: a snapshot that holds them has come.
pub(crate) fn forget_pulled(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM change WHERE document = ?1 AND origin = 1")?;
    statement.execute([document])?;
    Ok(())
}

/// Unsent changes of a document, counted.
pub(crate) fn unsent_count(connection: &Connection, document: DocumentId) -> Result<u32, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT count(*) FROM change WHERE document = ?1 AND state = 0")?;
    Ok(statement.query_row([document], |row| row.get(0))?)
}

/// Hashes of the unsent changes of a document.
pub(crate) fn unsent_hashes(
    connection: &Connection,
    document: DocumentId,
) -> Result<HashSet<[u8; 32]>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT hash FROM change WHERE document = ?1 AND state = 0")?;
    let rows = statement.query_map([document], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes the unsent count into the list row.
pub(crate) fn count_unsent(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE visit SET unsent = ?2 WHERE document = ?1")?;
    statement.execute(params![document, unsent_count(connection, document)?])?;
    Ok(())
}

/// Documents with unsent changes; those in which somebody calls for help come first.
pub(crate) fn unsent_documents(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT document FROM visit WHERE unsent > 0
         ORDER BY EXISTS (SELECT 1 FROM alert JOIN change USING (document, hash)
                          WHERE alert.document = visit.document AND change.state = 0) DESC",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes that a change calls for help.
pub(crate) fn note_alert(
    connection: &Connection,
    document: DocumentId,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("INSERT INTO alert (document, hash) VALUES (?1, ?2)")?;
    statement.execute(params![document, hash])?;
    Ok(())
}

/// Calls for help that the server does not have, counted.
pub(crate) fn waiting_alerts(connection: &Connection) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM alert JOIN change USING (document, hash) WHERE change.state = 0",
    )?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Calls for help that the server refused, counted.
pub(crate) fn refused_alerts(connection: &Connection) -> Result<u32, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT count(*) FROM alert JOIN quarantine USING (document, hash)")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// All unsent changes, counted.
pub(crate) fn all_unsent(connection: &Connection) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached("SELECT coalesce(sum(unsent), 0) FROM visit")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Refused changes of a document, counted.
pub(crate) fn refused_count(connection: &Connection, document: DocumentId) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM quarantine WHERE document = ?1")?;
    Ok(statement.query_row([document], |row| row.get(0))?)
}

/// Moves a change to quarantine. Nothing is lost: its bytes, its reason and its command stay until a person discards it.
pub(crate) fn quarantine(
    connection: &Connection,
    document: DocumentId,
    hash: &[u8; 32],
    code: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT bytes FROM change WHERE document = ?1 AND hash = ?2")?;
    let found: Option<Vec<u8>> = statement.query_row(params![document, hash], |row| row.get(0)).optional()?;
    let Some(bytes) = found else { return Ok(()) };
    let header = read_header(&bytes).ok();
    let command = header.as_ref().and_then(|header| header.command.clone()).unwrap_or_default();
    let made_at = header.as_ref().map_or(0, |header| header.time);
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO quarantine (document, hash, actor, actor_seq, bytes, command, made_at, code, reason)
         SELECT document, hash, actor, actor_seq, bytes, ?3, ?4, ?5, ?6 FROM change WHERE document = ?1 AND hash = ?2",
    )?;
    statement.execute(params![document, hash, command, made_at, code, reason])?;
    let mut statement = connection.prepare_cached("DELETE FROM change WHERE document = ?1 AND hash = ?2")?;
    statement.execute(params![document, hash])?;
    keep_files_here(connection, document, &bytes)?;
    // The number of the change is spent, though the log no longer tells.
    match header {
        Some(header) => retire_actor(connection, document, &header.actor),
        None => Ok(()),
    }
}

/// Hashes of the refused changes of a document.
pub(crate) fn refused_hashes(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<[u8; 32]>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT hash FROM quarantine WHERE document = ?1")?;
    let rows = statement.query_map([document], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A change that was refused once stands in the log again.
pub(crate) fn release(
    connection: &Connection,
    document: DocumentId,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("DELETE FROM quarantine WHERE document = ?1 AND hash = ?2")?;
    statement.execute(params![document, hash])?;
    Ok(())
}

/// Stores a snapshot that holds every change up to number `covers`.
pub(crate) fn keep_snapshot(
    connection: &Connection,
    document: DocumentId,
    covers: i64,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT OR REPLACE INTO snapshot (document, covers, bytes) VALUES (?1, ?2, ?3)")?;
    statement.execute(params![document, covers, bytes])?;
    Ok(())
}

/// A document as it is stored.
pub(crate) struct SavedDocument {
    pub(crate) snapshot: Vec<u8>,
    /// Changes after the snapshot.
    pub(crate) tail: Vec<Vec<u8>>,
}

/// The snapshot of a document and the changes after it.
pub(crate) fn snapshot_and_tail(
    connection: &Connection,
    document: DocumentId,
) -> Result<Option<SavedDocument>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT bytes, covers FROM snapshot WHERE document = ?1")?;
    let found: Option<(Vec<u8>, i64)> =
        statement.query_row([document], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((snapshot, covers)) = found else { return Ok(None) };
    let mut statement =
        connection.prepare_cached("SELECT bytes FROM change WHERE document = ?1 AND n > ?2 ORDER BY n")?;
    let tail = statement.query_map(params![document, covers], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Some(SavedDocument { snapshot, tail }))
}

/// The actor that writes a document for this installation, and its last number in the log.
pub(crate) fn actor(
    connection: &Connection,
    document: DocumentId,
) -> Result<Option<([u8; 16], u64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT actor, (SELECT coalesce(max(actor_seq), 0) FROM change
                        WHERE change.document = actor.document AND change.actor = actor.actor AND origin = 0)
         FROM actor WHERE document = ?1",
    )?;
    let found: Option<([u8; 16], i64)> =
        statement.query_row([document], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.map(|(actor, last)| (actor, u64::try_from(last).unwrap_or(0))))
}

/// Every actor under which this installation has written a document.
pub(crate) fn own_actors(
    connection: &Connection,
    document: DocumentId,
) -> Result<HashSet<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT actor FROM change WHERE document = ?1 AND origin = 0 UNION SELECT actor FROM actor WHERE document = ?1",
    )?;
    let rows = statement.query_map([document], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores the actor that writes a document from now on.
pub(crate) fn save_actor(
    connection: &Connection,
    document: DocumentId,
    actor: &[u8; 16],
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO actor (document, actor) VALUES (?1, ?2)")?;
    statement.execute(params![document, actor])?;
    Ok(())
}

/// Forgets the actor of a document if it is this one: the next command takes a new one.
pub(crate) fn retire_actor(
    connection: &Connection,
    document: DocumentId,
    actor: &[u8],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM actor WHERE document = ?1 AND actor = ?2")?;
    statement.execute(params![document, actor])?;
    Ok(())
}
