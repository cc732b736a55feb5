//! The log of changes, and which device writes under which Automerge actor.

use jiff::Timestamp;
use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, time, to_sql};

/// A change to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewChange {
    /// SHA-256 by which Automerge names it.
    pub(crate) hash: [u8; 32],
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

/// A change that a device has not had.
#[derive(Debug, Clone)]
pub(crate) struct NewsRow {
    /// Sequence number.
    pub(crate) seq: u64,
    /// Hash.
    pub(crate) hash: [u8; 32],
    /// Size of its bytes.
    pub(crate) size: usize,
}

impl Reading<'_> {
    /// Sequence number of a change, if it has been committed.
    pub(crate) fn change_seq(&self, document: &Uuid, hash: &[u8; 32]) -> Result<Option<u64>, StoreError> {
        let found: Option<i64> = self
            .connection
            .prepare_cached("SELECT seq FROM change WHERE tenant = ?1 AND document = ?2 AND hash = ?3")?
            .query_row((self.tenant, document.as_bytes(), hash), |row| row.get(0))
            .optional()?;
        Ok(found.map(from_sql))
    }

    /// What the log says of a document's changes, in the order of the log.
    pub(crate) fn changes_of(&self, document: &Uuid) -> Result<Vec<ChangeRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, hash, device, person, received_at FROM change WHERE tenant = ?1 AND document = ?2 ORDER BY seq",
        )?;
        let rows = statement.query_map((self.tenant, document.as_bytes()), |row| {
            Ok(ChangeRow {
                seq: from_sql(row.get(0)?),
                hash: row.get(1)?,
                device: row.get::<_, Option<[u8; 16]>>(2)?.map(Uuid::from_bytes),
                person: row.get(3)?,
                received_at: time(row.get(4)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Changes of a document after a sequence number.
    pub(crate) fn changes_after(&self, document: &Uuid, after: u64) -> Result<Vec<NewsRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, hash, length(bytes) FROM change WHERE tenant = ?1 AND document = ?2 AND seq > ?3 ORDER BY seq",
        )?;
        let rows = statement.query_map((self.tenant, document.as_bytes(), to_sql(after)), |row| {
            let (seq, hash, size) = (from_sql(row.get(0)?), row.get(1)?, row.get::<_, u32>(2)? as usize);
            Ok(NewsRow { seq, hash, size })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Hash and bytes of a change.
    pub(crate) fn change(&self, seq: u64) -> Result<([u8; 32], Vec<u8>), StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT hash, bytes FROM change WHERE tenant = ?1 AND seq = ?2")?
            .query_row((self.tenant, to_sql(seq)), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found)
    }

    /// Who writes under an actor in a document. Outer `None`: nobody yet; inner `None`: the office.
    #[allow(clippy::option_option)] // both levels mean something, and they mean different things
    pub(crate) fn actor_owner(
        &self,
        document: &Uuid,
        actor: &[u8],
    ) -> Result<Option<Option<Uuid>>, StoreError> {
        let found: Option<Option<[u8; 16]>> = self
            .connection
            .prepare_cached("SELECT device FROM actor WHERE tenant = ?1 AND document = ?2 AND actor = ?3")?
            .query_row((self.tenant, document.as_bytes(), actor), |row| row.get(0))
            .optional()?;
        Ok(found.map(|device| device.map(Uuid::from_bytes)))
    }

    /// The highest sequence number of an actor in a document; 0: none.
    pub(crate) fn last_actor_seq(&self, document: &Uuid, actor: &[u8]) -> Result<u64, StoreError> {
        let last: i64 = self
            .connection
            .prepare_cached(
                "SELECT coalesce(max(actor_seq), 0) FROM change WHERE tenant = ?1 AND document = ?2 AND actor = ?3",
            )?
            .query_row((self.tenant, document.as_bytes(), actor), |row| row.get(0))?;
        Ok(from_sql(last))
    }
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
            "INSERT INTO change (tenant, seq, document, hash, actor, actor_seq, bytes, device, person, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        for (seq, change) in (first..).zip(changes) {
            statement.execute((
                self.tenant,
                to_sql(seq),
                document.as_bytes(),
                change.hash,
                &change.actor,
                to_sql(change.actor_seq),
                &change.bytes,
                change.device.as_ref().map(Uuid::as_bytes),
                &change.person,
                at.as_millisecond(),
            ))?;
        }
        Ok(first)
    }

    /// Registers who writes under an actor in a document.
    pub(crate) fn add_actor(
        &self,
        document: &Uuid,
        actor: &[u8],
        device: Option<&Uuid>,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO actor (tenant, document, actor, device) VALUES (?1, ?2, ?3, ?4)")?
            .execute((self.tenant, document.as_bytes(), actor, device.map(Uuid::as_bytes)))?;
        Ok(())
    }
}
