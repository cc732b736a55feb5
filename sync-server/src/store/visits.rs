//! Visits: their documents, and what lists show of them.

use jiff::Timestamp;
use rusqlite::OptionalExtension;
use serde::Serialize;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, time, to_sql};

/// What lists show of a visit: read from its document.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Projection {
    /// Service number.
    pub(crate) number: String,
    /// Id of the state.
    pub(crate) state: String,
    /// Urgency.
    pub(crate) urgency: String,
    /// Planned start.
    pub(crate) start: Option<Timestamp>,
    /// Technicians; the first leads.
    pub(crate) crew: Vec<String>,
    /// Customer's name. Personal.
    pub(crate) customer: String,
    /// Duties not yet done.
    pub(crate) outstanding: u32,
    /// Duties violated.
    pub(crate) violated: u32,
    /// Registers with more than one value.
    pub(crate) conflicts: u32,
    /// The nearest deadline that still runs.
    pub(crate) next_due: Option<Timestamp>,
    /// Words by which a visit is found.
    #[serde(skip)]
    pub(crate) search: String,
}

/// A row of the list.
#[derive(Debug, Serialize)]
pub(crate) struct VisitRow {
    /// Id.
    pub(crate) id: Uuid,
    /// What the list shows.
    #[serde(flatten)]
    pub(crate) projection: Projection,
    /// Sequence number of its last change.
    pub(crate) updated_seq: u64,
}

/// One page of visits.
#[derive(Debug, Serialize)]
pub(crate) struct VisitPage {
    /// How many there are in all.
    pub(crate) total: u64,
    /// Page, from 1.
    pub(crate) page: u32,
    /// Rows per page.
    pub(crate) size: u32,
    /// The rows, last changed first.
    pub(crate) visits: Vec<VisitRow>,
}

/// Which visits. Empty texts mean all.
#[derive(Debug, Clone, Default)]
pub(crate) struct VisitFilter {
    /// Id of a state.
    pub(crate) state: String,
    /// Id of a technician who may see them.
    pub(crate) technician: String,
    /// Words in number, customer, area, fault or crew.
    pub(crate) query: String,
}

/// A visit as commands need it.
#[derive(Debug)]
pub(crate) struct VisitSource {
    /// The document as Automerge saves it.
    pub(crate) snapshot: Vec<u8>,
    /// SHA-256 of the pack it pins.
    pub(crate) pack: [u8; 32],
    /// Automerge actor under which the office writes.
    pub(crate) office_actor: [u8; 16],
}

/// A pattern for LIKE that finds a text anywhere.
pub(super) fn like(query: &str) -> String {
    format!("%{}%", query.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

const FILTER: &str = "tenant = ?1 AND (?2 = '' OR state = ?2) AND (?3 = '' OR search LIKE ?4 ESCAPE '\\')
    AND (?5 = '' OR id IN (SELECT document FROM
        (SELECT document, max(seq), granted FROM scope_event WHERE tenant = ?1 AND technician = ?5 GROUP BY document)
        WHERE granted = 1))";

impl Reading<'_> {
    /// A visit's document. `None`: there is none of this id.
    pub(crate) fn visit(&self, id: &Uuid) -> Result<Option<VisitSource>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT s.bytes, v.pack, v.office_actor FROM visit v
                 JOIN snapshot s ON s.tenant = v.tenant AND s.document = v.id WHERE v.tenant = ?1 AND v.id = ?2",
            )?
            .query_row((self.tenant, id.as_bytes()), |row| {
                Ok(VisitSource { snapshot: row.get(0)?, pack: row.get(1)?, office_actor: row.get(2)? })
            })
            .optional()?;
        Ok(found)
    }

    /// The visit made of a request.
    pub(crate) fn visit_of_request(&self, number: &str) -> Result<Option<Uuid>, StoreError> {
        let found = self
            .connection
            .query_row(
                "SELECT id FROM visit WHERE tenant = ?1 AND request = ?2",
                (self.tenant, number),
                |row| row.get(0),
            )
            .optional()?;
        Ok(found.map(Uuid::from_bytes))
    }

    /// One page of visits.
    pub(crate) fn visits(&self, filter: &VisitFilter, page: u32, size: u32) -> Result<VisitPage, StoreError> {
        let pattern = like(&filter.query.to_lowercase());
        let (state, query, technician) = (&filter.state, &filter.query, &filter.technician);
        let total: i64 = self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM visit WHERE {FILTER}"))?
            .query_row((self.tenant, state, query, &pattern, technician), |row| row.get(0))?;
        let sql = format!(
            "SELECT id, number, state, urgency, start_at, crew, customer, outstanding, violated, conflicts, next_due,
             updated_seq FROM visit WHERE {FILTER} ORDER BY updated_seq DESC, id LIMIT ?6 OFFSET ?7"
        );
        let skip = to_sql(u64::from(page.saturating_sub(1)) * u64::from(size));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let visits = statement
            .query_map((self.tenant, state, query, &pattern, technician, size, skip), |row| {
                let crew: String = row.get(5)?;
                Ok(VisitRow {
                    id: Uuid::from_bytes(row.get(0)?),
                    projection: Projection {
                        number: row.get(1)?,
                        state: row.get(2)?,
                        urgency: row.get(3)?,
                        start: row.get::<_, Option<i64>>(4)?.map(time),
                        crew: serde_json::from_str(&crew).unwrap_or_default(),
                        customer: row.get(6)?,
                        outstanding: row.get(7)?,
                        violated: row.get(8)?,
                        conflicts: row.get(9)?,
                        next_due: row.get::<_, Option<i64>>(10)?.map(time),
                        search: String::new(),
                    },
                    updated_seq: from_sql(row.get(11)?),
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(VisitPage { total: from_sql(total), page, size, visits })
    }

    /// Visits whose nearest deadline has passed since they were judged.
    pub(crate) fn visits_overdue(&self, now: Timestamp, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM visit WHERE tenant = ?1 AND next_due < ?2 ORDER BY next_due LIMIT ?3",
        )?;
        let rows = statement
            .query_map((self.tenant, now.as_millisecond(), limit), |row| Ok(Uuid::from_bytes(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Text of a pack.
    pub(crate) fn pack_source(&self, sha256: &[u8; 32]) -> Result<Option<String>, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT source FROM pack WHERE tenant = ?1 AND sha256 = ?2")?
            .query_row((self.tenant, sha256), |row| row.get(0))
            .optional()?;
        Ok(found)
    }
}

impl Writing<'_> {
    /// Keeps a pack.
    pub(crate) fn add_pack(&self, sha256: &[u8; 32], id: &str, source: &str) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO pack (tenant, sha256, id, source) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            (self.tenant, sha256, id, source),
        )?;
        Ok(())
    }

    /// Adds a visit; [`Writing::store_document`] fills it in the same transaction.
    pub(crate) fn add_visit(
        &self,
        id: &Uuid,
        request: &str,
        pack: &[u8; 32],
        office_actor: &[u8; 16],
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO visit (tenant, id, request, pack, office_actor, number, state, urgency, crew, customer,
             outstanding, violated, conflicts, updated_seq, heads, search)
             VALUES (?1, ?2, ?3, ?4, ?5, '', '', '', '[]', '', 0, 0, 0, 0, x'', '')",
            (self.tenant, id.as_bytes(), request, pack, office_actor),
        )?;
        self.add_actor(id, office_actor, None)
    }

    /// Stores what was derived from a document's changes.
    pub(crate) fn store_document(
        &self,
        id: &Uuid,
        snapshot: &[u8],
        heads: &[[u8; 32]],
        shown: &Projection,
        updated_seq: u64,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO snapshot (tenant, document, bytes) VALUES (?1, ?2, ?3)
                 ON CONFLICT (tenant, document) DO UPDATE SET bytes = excluded.bytes",
            )?
            .execute((self.tenant, id.as_bytes(), snapshot))?;
        self.connection
            .prepare_cached("UPDATE visit SET updated_seq = ?3, heads = ?4 WHERE tenant = ?1 AND id = ?2")?
            .execute((self.tenant, id.as_bytes(), to_sql(updated_seq), heads.concat()))?;
        self.store_projection(id, shown)
    }

    /// Stores what lists show of a visit.
    pub(crate) fn store_projection(&self, id: &Uuid, shown: &Projection) -> Result<(), StoreError> {
        let crew =
            serde_json::to_string(&shown.crew).map_err(|error| StoreError::damaged("visit", id, &error))?;
        self.connection
            .prepare_cached(
                "UPDATE visit SET number = ?3, state = ?4, urgency = ?5, start_at = ?6, crew = ?7, customer = ?8,
                 outstanding = ?9, violated = ?10, conflicts = ?11, next_due = ?12, search = ?13
                 WHERE tenant = ?1 AND id = ?2",
            )?
            .execute((
                self.tenant,
                id.as_bytes(),
                &shown.number,
                &shown.state,
                &shown.urgency,
                shown.start.map(Timestamp::as_millisecond),
                crew,
                &shown.customer,
                shown.outstanding,
                shown.violated,
                shown.conflicts,
                shown.next_due.map(Timestamp::as_millisecond),
                &shown.search,
            ))?;
        Ok(())
    }

    /// Takes a visit from those whose deadlines are watched.
    pub(crate) fn forget_due(&self, id: &Uuid) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE visit SET next_due = NULL WHERE tenant = ?1 AND id = ?2",
            (self.tenant, id.as_bytes()),
        )?;
        Ok(())
    }
}
