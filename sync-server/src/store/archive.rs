//! Documents with which nobody works any more: all changes in one row, nothing that can be made again.

use jiff::Timestamp;
use jobsheet_core::record::Document;
use jobsheet_wire::{Expanded, keep_changes_long, kept_changes};
use minicbor::{Decode, Encode};
use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::log::ChangeRow;
use super::{Reading, StoreError, Writing, from_sql, time, to_sql};

/// Changes that came together, as the log had them.
#[derive(Debug, Clone, Encode, Decode)]
struct Run {
    #[n(0)]
    seq: u64,
    #[n(1)]
    count: u64,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    device: Option<Vec<u8>>,
    #[n(3)]
    person: String,
    #[n(4)]
    received_at_ms: i64,
}

/// A document as it is archived.
#[derive(Debug)]
pub(crate) struct Archived {
    document: Uuid,
    /// The document it was made of.
    updated_seq: u64,
    runs: Vec<Run>,
    bytes: Vec<u8>,
    /// How many bytes its log and its document took.
    pub(crate) before: usize,
}

impl Archived {
    /// How many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }
}

impl Reading<'_> {
    /// Documents that could be archived: nothing came for them since an instant, and they are whole in `log` and `snapshot`. With
    /// `settled`, only those that owe nothing and lack nothing.
    pub(crate) fn idle_documents(
        &self,
        since: Timestamp,
        settled: bool,
        after: &Uuid,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT v.id FROM visit AS v JOIN snapshot AS s ON s.tenant = v.tenant AND s.document = v.id
             WHERE v.tenant = ?1 AND v.id > ?4
               AND (?3 = 0 OR (v.owed_by = '[]' AND v.alerts = 0 AND v.conflicts = 0 AND v.next_due IS NULL
                    AND NOT EXISTS (SELECT 1 FROM document_file AS f
                                    WHERE f.tenant = v.tenant AND f.document = v.id AND f.held = 0)))
               AND (SELECT max(received_at) FROM log AS l WHERE l.tenant = v.tenant AND l.document = v.id) < ?2
             ORDER BY v.id LIMIT ?5",
        )?;
        let arguments = (self.tenant, since.as_millisecond(), settled, after.as_bytes(), limit);
        let rows = statement.query_map(arguments, |row| Ok(Uuid::from_bytes(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes what is archived of a document, and proves that the document comes out of it again. `None`: it is too large for one
    /// row.
    pub(crate) fn to_archive(&self, id: &Uuid) -> Result<Option<Archived>, StoreError> {
        let damaged = |reason: &dyn std::fmt::Display| StoreError::damaged("document", id, reason);
        let source = self.visit_kept(id)?.ok_or_else(|| damaged(&"it is not in the store"))?;
        let mut before = source.snapshot.len();
        let (mut runs, mut changes) = self.archived(id)?.unwrap_or_default();
        before += changes.iter().map(|change| change.bytes.len()).sum::<usize>();
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, count, device, person, received_at, bytes FROM log WHERE tenant = ?1 AND document = ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query((self.tenant, id.as_bytes()))?;
        while let Some(row) = rows.next()? {
            let run = Run {
                seq: from_sql(row.get(0)?),
                count: from_sql(row.get(1)?),
                device: row.get(2)?,
                person: row.get(3)?,
                received_at_ms: row.get(4)?,
            };
            let bytes = row.get_ref(5)?.as_blob().map_err(rusqlite::Error::from)?;
            before += bytes.len();
            changes.extend(kept_changes(bytes).map_err(|error| damaged(&error))?);
            runs.push(run);
        }
        let all: Vec<&[u8]> = changes.iter().map(|change| change.bytes.as_slice()).collect();
        let bytes = keep_changes_long(&all).map_err(|error| damaged(&error))?;
        let Ok(again) = kept_changes(&bytes) else { return Ok(None) };
        let heads = rebuilt(id, &again)?.heads();
        if again != changes || self.heads(id)? != heads.concat() {
            return Err(damaged(&"its changes do not make it again"));
        }
        Ok(Some(Archived { document: *id, updated_seq: source.updated_seq, runs, bytes, before }))
    }

    fn heads(&self, id: &Uuid) -> Result<Vec<u8>, StoreError> {
        let heads = self
            .connection
            .prepare_cached("SELECT heads FROM visit WHERE tenant = ?1 AND id = ?2")?
            .query_row((self.tenant, id.as_bytes()), |row| row.get(0))?;
        Ok(heads)
    }

    /// What is archived of a document.
    #[allow(clippy::type_complexity)]
    fn archived(&self, id: &Uuid) -> Result<Option<(Vec<Run>, Vec<Expanded>)>, StoreError> {
        let damaged = |reason: &dyn std::fmt::Display| StoreError::damaged("archive of", id, reason);
        let found: Option<(Vec<u8>, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT runs, bytes FROM archive WHERE tenant = ?1 AND document = ?2")?
            .query_row((self.tenant, id.as_bytes()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((runs, bytes)) = found else { return Ok(None) };
        let runs: Vec<Run> = minicbor::decode(&runs).map_err(|error| damaged(&error))?;
        let changes = kept_changes(&bytes).map_err(|error| damaged(&error))?;
        if runs.iter().map(|run| run.count).sum::<u64>() != changes.len() as u64 {
            return Err(damaged(&"changes are missing"));
        }
        Ok(Some((runs, changes)))
    }

    /// What the log said of the archived changes of a document.
    pub(super) fn archived_changes(&self, id: &Uuid) -> Result<Vec<ChangeRow>, StoreError> {
        let Some((runs, changes)) = self.archived(id)? else { return Ok(Vec::new()) };
        let numbered = runs.iter().flat_map(|run| (run.seq..run.seq + run.count).map(move |seq| (seq, run)));
        let row = |((seq, run), change): ((u64, &Run), Expanded)| ChangeRow {
            seq,
            hash: change.hash,
            device: run.device.as_deref().and_then(|device| Uuid::from_slice(device).ok()),
            person: run.person.clone(),
            received_at: time(run.received_at_ms),
        };
        Ok(numbered.zip(changes).map(row).collect())
    }

    /// The last number among the archived changes of a document; 0: none is archived.
    pub(crate) fn archived_until(&self, id: &Uuid) -> Result<u64, StoreError> {
        let last: Option<i64> = self
            .connection
            .prepare_cached("SELECT last_seq FROM archive WHERE tenant = ?1 AND document = ?2")?
            .query_row((self.tenant, id.as_bytes()), |row| row.get(0))
            .optional()?;
        Ok(last.map_or(0, from_sql))
    }

    /// A document that is archived whole, as Automerge saves it. `None`: it is not archived.
    pub(super) fn unarchived(&self, id: &Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((_, changes)) = self.archived(id)? else { return Ok(None) };
        let document = rebuilt(id, &changes)?;
        if self.heads(id)? != document.heads().concat() {
            return Err(StoreError::damaged("archive of", id, &"its changes make another document"));
        }
        Ok(Some(document.save_uncompressed()))
    }

    /// How many documents are archived, and how many are not.
    pub(crate) fn archive_counts(&self) -> Result<(u64, u64), StoreError> {
        let (archived, active): (i64, i64) = self.connection.query_row(
            "SELECT (SELECT count(*) FROM archive WHERE tenant = ?1), (SELECT count(*) FROM snapshot WHERE tenant = ?1)",
            [self.tenant],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok((from_sql(archived), from_sql(active)))
    }
}

fn rebuilt(id: &Uuid, changes: &[Expanded]) -> Result<Document, StoreError> {
    let bytes: Vec<Vec<u8>> = changes.iter().map(|change| change.bytes.clone()).collect();
    Document::from_changes(&bytes).map_err(|error| StoreError::damaged("archive of", id, &error))
}

impl Writing<'_> {
    /// Archives a document. `false`: it has changed meanwhile.
    pub(crate) fn archive(&self, archived: &Archived, now: Timestamp) -> Result<bool, StoreError> {
        let id = archived.document.as_bytes();
        if self.basis(&archived.document)?.is_none_or(|(seq, _)| seq != archived.updated_seq) {
            return Ok(false);
        }
        let runs = minicbor::to_vec(&archived.runs)
            .map_err(|error| StoreError::damaged("archive of", &archived.document, &error))?;
        let last = archived.runs.iter().map(|run| run.seq + run.count - 1).max().unwrap_or(0);
        self.connection
            .prepare_cached(
                "INSERT INTO archive (tenant, document, last_seq, runs, bytes, archived_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (tenant, document) DO UPDATE SET last_seq = excluded.last_seq, runs = excluded.runs,
                     bytes = excluded.bytes, archived_at = excluded.archived_at",
            )?
            .execute((self.tenant, id, to_sql(last), runs, &archived.bytes, now.as_millisecond()))?;
        for sql in [
            "DELETE FROM log WHERE tenant = ?1 AND document = ?2",
            "DELETE FROM snapshot WHERE tenant = ?1 AND document = ?2",
            // Uses that are older than the last count of their part, or than the whole stock, count nothing any more.
            "DELETE FROM part_use WHERE tenant = ?1 AND document = ?2 AND seq < coalesce(
                 (SELECT max(c.seq) FROM stock_entry AS c WHERE c.tenant = ?1 AND c.technician = part_use.technician
                     AND c.number = part_use.number AND c.kind = 'count'),
                 (SELECT min(e.seq) FROM stock_entry AS e WHERE e.tenant = ?1 AND e.technician = part_use.technician),
                 9223372036854775807)",
        ] {
            self.connection.prepare_cached(sql)?.execute((self.tenant, id))?;
        }
        Ok(true)
    }
}
