//! The log of changes, and which device writes under which Automerge actor.

use std::collections::HashMap;

use jiff::Timestamp;
use jobsheet_wire::{Expanded, keep_changes, kept_changes};
use rusqlite::{OptionalExtension, Row};
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, time, to_sql};

/// Most bytes of changes, as they are, in one row: a row is what a reply to a device brings whole.
const MAX_ROW_BYTES: usize = 1 << 20;
/// Most changes in one row.
const MAX_ROW_CHANGES: usize = 1024;

/// A change to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewChange {
    /// Automerge actor.
    pub(crate) actor: Vec<u8>,
    /// The actor's sequence number.
    pub(crate) actor_seq: u64,
    /// The change chunk.
    pub(crate) bytes: Vec<u8>,
    /// The device that sent it; none: the office.
    pub(crate) device: Option<Uuid>,
    /// Person id.
    pub(crate) person: String,
}

/// What the log says of a change.
#[derive(Debug, Clone)]
pub(crate) struct ChangeRow {
    /// Sequence number.
    pub(crate) seq: u64,
    /// Hash.
    pub(crate) hash: [u8; 32],
    /// The device that sent it; none: the office.
    pub(crate) device: Option<Uuid>,
    /// Person id.
    pub(crate) person: String,
    /// When it was committed.
    pub(crate) received_at: Timestamp,
}

/// Changes that came together: a row of the log without its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogRow {
    /// Sequence number of the first.
    pub(crate) seq: u64,
    /// How many; their numbers follow one another.
    pub(crate) count: u64,
    /// Their bytes together, as they are.
    pub(crate) size: usize,
}

impl LogRow {
    /// Sequence number of the last.
    pub(crate) fn last(&self) -> u64 {
        self.seq + self.count - 1
    }
}

/// Who writes under an actor, and how far its numbers have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ActorRow {
    /// The device; none: the office.
    pub(crate) device: Option<Uuid>,
    /// The highest sequence number of the actor; 0: none.
    pub(crate) last_seq: u64,
}

impl Reading<'_> {
    /// Sequence numbers of the changes of a document, by hash.
    pub(crate) fn change_seqs(&self, document: &Uuid) -> Result<HashMap<[u8; 32], u64>, StoreError> {
        Ok(self.changes_of(document)?.into_iter().map(|row| (row.hash, row.seq)).collect())
    }

    /// What the log says of a document's changes, in the order of the log.
    pub(crate) fn changes_of(&self, document: &Uuid) -> Result<Vec<ChangeRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, bytes, device, person, received_at FROM log WHERE tenant = ?1 AND document = ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query((self.tenant, document.as_bytes()))?;
        let mut changes = self.archived_changes(document)?;
        while let Some(row) = rows.next()? {
            let first = from_sql(row.get(0)?);
            let device = row.get::<_, Option<[u8; 16]>>(2)?.map(Uuid::from_bytes);
            let (person, received_at): (String, _) = (row.get(3)?, time(row.get(4)?));
            for (seq, change) in (first..).zip(kept(first, row, 1)?) {
                let (hash, person) = (change.hash, person.clone());
                changes.push(ChangeRow { seq, hash, device, person, received_at });
            }
        }
        Ok(changes)
    }

    /// Rows of a document that bring changes after a sequence number.
    pub(crate) fn log_after(&self, document: &Uuid, after: u64) -> Result<Vec<LogRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, count, size FROM log WHERE tenant = ?1 AND document = ?2 AND seq + count - 1 > ?3 ORDER BY seq",
        )?;
        let rows = statement.query_map((self.tenant, document.as_bytes(), to_sql(after)), |row| {
            Ok(LogRow {
                seq: from_sql(row.get(0)?),
                count: from_sql(row.get(1)?),
                size: row.get::<_, u32>(2)? as usize,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The changes of a row of the log, in their order.
    pub(crate) fn logged(&self, seq: u64) -> Result<Vec<Expanded>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT bytes FROM log WHERE tenant = ?1 AND seq = ?2")?;
        let mut rows = statement.query((self.tenant, to_sql(seq)))?;
        let gone = || StoreError::damaged("changes", &seq, &"they are not in the log");
        kept(seq, rows.next()?.ok_or_else(gone)?, 0)
    }

    /// Who has written in a document, by Automerge actor.
    pub(crate) fn actors(&self, document: &Uuid) -> Result<Vec<(Vec<u8>, ActorRow)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT actor, device, last_seq FROM actor WHERE tenant = ?1 AND document = ?2",
        )?;
        let rows = statement.query_map((self.tenant, document.as_bytes()), |row| {
            let device = row.get::<_, Option<[u8; 16]>>(1)?.map(Uuid::from_bytes);
            Ok((row.get(0)?, ActorRow { device, last_seq: from_sql(row.get(2)?) }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Who writes under an actor in a document. `None`: nobody yet.
    pub(crate) fn actor(&self, document: &Uuid, actor: &[u8]) -> Result<Option<ActorRow>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT device, last_seq FROM actor WHERE tenant = ?1 AND document = ?2 AND actor = ?3",
            )?
            .query_row((self.tenant, document.as_bytes(), actor), |row| {
                let device = row.get::<_, Option<[u8; 16]>>(0)?.map(Uuid::from_bytes);
                Ok(ActorRow { device, last_seq: from_sql(row.get(1)?) })
            })
            .optional()?;
        Ok(found)
    }
}

/// The changes in a column of a row of the log.
fn kept(seq: u64, row: &Row<'_>, column: usize) -> Result<Vec<Expanded>, StoreError> {
    let bytes = row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?;
    kept_changes(bytes).map_err(|error| StoreError::damaged("changes", &seq, &error))
}

impl Writing<'_> {
    /// Appends changes to the log and returns the sequence number of the first; the others follow it.
    pub(crate) fn append_changes(
        &self,
        document: &Uuid,
        changes: &[NewChange],
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let first = self.take_seqs(changes.len())?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO log (tenant, seq, count, document, bytes, size, device, person, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        let mut seq = first;
        let mut left = changes;
        while let Some((one, _)) = left.split_first() {
            let (row, rest) = left.split_at(one_row(left));
            let bytes: Vec<&[u8]> = row.iter().map(|change| change.bytes.as_slice()).collect();
            let kept = keep_changes(&bytes).map_err(|error| StoreError::damaged("changes", &seq, &error))?;
            statement.execute((
                self.tenant,
                to_sql(seq),
                to_sql(row.len() as u64),
                document.as_bytes(),
                kept,
                to_sql(bytes.iter().map(|change| change.len() as u64).sum()),
                one.device.as_ref().map(Uuid::as_bytes),
                &one.person,
                at.as_millisecond(),
            ))?;
            seq += row.len() as u64;
            left = rest;
        }
        self.note_actors(document, changes)?;
        // What a device brings comes first; what the server notes with it is in the same reply.
        if let Some(device) = changes.first().and_then(|change| change.device) {
            self.news.borrow_mut().by = Some(device);
        }
        Ok(first)
    }

    /// Notes how far the actors of changes have come, and to whom new ones belong.
    fn note_actors(&self, document: &Uuid, changes: &[NewChange]) -> Result<(), StoreError> {
        let mut last: HashMap<&[u8], &NewChange> = HashMap::new();
        for change in changes {
            let known = last.entry(&change.actor).or_insert(change);
            if known.actor_seq < change.actor_seq {
                *known = change;
            }
        }
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO actor (tenant, document, actor, device, last_seq) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant, document, actor) DO UPDATE SET last_seq = max(last_seq, excluded.last_seq)",
        )?;
        for (actor, change) in last {
            let device = change.device.as_ref().map(Uuid::as_bytes);
            statement.execute((self.tenant, document.as_bytes(), actor, device, to_sql(change.actor_seq)))?;
        }
        Ok(())
    }

    /// Registers an actor of the office in a document.
    pub(crate) fn add_office_actor(&self, document: &Uuid, actor: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO actor (tenant, document, actor) VALUES (?1, ?2, ?3)")?
            .execute((self.tenant, document.as_bytes(), actor))?;
        Ok(())
    }
}

/// How many of some changes, at least one, go into one row: those of one writer, within the limits.
fn one_row(changes: &[NewChange]) -> usize {
    let mut size = 0;
    let fits = |change: &&NewChange| {
        size += change.bytes.len();
        (change.device, &change.person) == (changes[0].device, &changes[0].person) && size <= MAX_ROW_BYTES
    };
    changes.iter().take(MAX_ROW_CHANGES).take_while(fits).count().max(1)
}
