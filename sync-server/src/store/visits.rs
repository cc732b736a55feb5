//! Visits, cases and shifts: their documents, and what lists show of them.

use jiff::Timestamp;
use jobsheet_core::standard::Job;
use jobsheet_wire::kept_document;
use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, time, to_sql};

/// What lists show of a visit: read from its document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Projection {
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
    /// Roles that owe something at the office, by id.
    pub(crate) owed_by: Vec<String>,
    /// The nearest deadline that still runs.
    pub(crate) next_due: Option<Timestamp>,
    /// Special situations that are open, by id of the pack.
    pub(crate) incidents: Vec<String>,
    /// Calls for help that nobody at the office has answered.
    pub(crate) alerts: u32,
}

/// A row of the list.
#[derive(Debug, Serialize)]
pub(crate) struct VisitRow {
    /// Id.
    pub(crate) id: Uuid,
    /// `visit`, `case` or `shift`.
    pub(crate) kind: String,
    /// The job, an id of its standard.
    pub(crate) job: String,
    /// Service number: one of its kind among all documents.
    pub(crate) number: String,
    /// The document that a case is about.
    pub(crate) about: Option<Uuid>,
    /// What the list shows.
    #[serde(flatten)]
    pub(crate) projection: Projection,
    /// Files that it names and the server does not have.
    pub(crate) files_missing: u32,
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
    /// `visit`, `case` or `shift`.
    pub(crate) kind: String,
    /// Id of a job.
    pub(crate) job: String,
    /// Id of a role that owes something at the office now.
    pub(crate) owed: String,
    /// Id of a special situation that is open, or `any`.
    pub(crate) incident: String,
    /// `missing`: the server lacks a file that is named; `complete`: it lacks none.
    pub(crate) files: String,
}

/// A new document, before it is filled.
#[derive(Debug)]
pub(crate) struct NewVisit<'a> {
    /// Id.
    pub(crate) id: &'a Uuid,
    /// Kind and job.
    pub(crate) job: &'a Job,
    /// Service number.
    pub(crate) number: &'a str,
    /// The imported request behind it.
    pub(crate) request: Option<&'a str>,
    /// The document that a case is about.
    pub(crate) about: Option<&'a Uuid>,
    /// SHA-256 of the pack it pins.
    pub(crate) pack: &'a [u8; 32],
    /// Automerge actor under which the office writes.
    pub(crate) office_actor: &'a [u8; 16],
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
    /// Sequence number of its last change.
    pub(crate) updated_seq: u64,
}

/// What is known of a visit without its document.
#[derive(Debug)]
pub(crate) struct VisitBrief {
    /// Service number.
    pub(crate) number: String,
    /// The job, an id of its standard.
    pub(crate) job: String,
    /// Id of the state.
    pub(crate) state: String,
    /// SHA-256 of the pack it pins.
    pub(crate) pack: [u8; 32],
}

/// A pattern for LIKE that finds a text anywhere.
pub(super) fn like(query: &str) -> String {
    format!("%{}%", query.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<VisitRow> {
    let list = |at: usize| -> rusqlite::Result<Vec<String>> {
        Ok(serde_json::from_str(&row.get::<_, String>(at)?).unwrap_or_default())
    };
    Ok(VisitRow {
        id: Uuid::from_bytes(row.get(0)?),
        kind: row.get(1)?,
        job: row.get(2)?,
        number: row.get(3)?,
        about: row.get::<_, Option<[u8; 16]>>(4)?.map(Uuid::from_bytes),
        files_missing: row.get(18)?,
        updated_seq: from_sql(row.get(5)?),
        projection: Projection {
            state: row.get(6)?,
            urgency: row.get(7)?,
            start: row.get::<_, Option<i64>>(8)?.map(time),
            crew: list(9)?,
            customer: row.get(10)?,
            outstanding: row.get(11)?,
            violated: row.get(12)?,
            conflicts: row.get(13)?,
            owed_by: list(14)?,
            next_due: row.get::<_, Option<i64>>(15)?.map(time),
            incidents: list(16)?,
            alerts: row.get(17)?,
        },
    })
}

const FILTER: &str = "tenant = ?1 AND (?2 = '' OR state = ?2) AND (?3 = '' OR search LIKE ?4 ESCAPE '\\' OR number LIKE ?4 ESCAPE '\\')
    AND (?5 = '' OR id IN (SELECT document FROM scope WHERE tenant = ?1 AND technician = ?5 AND granted = 1))
    AND (?6 = '' OR kind = ?6) AND (?7 = '' OR job = ?7)
    AND (?8 = '' OR EXISTS (SELECT 1 FROM json_each(owed_by) WHERE value IN (?8, 'any')))
    AND (?9 = '' OR (?9 = 'any' AND incidents <> '[]') OR EXISTS (SELECT 1 FROM json_each(incidents) WHERE value = ?9))
    AND (?10 = '' OR (?10 = 'missing') = EXISTS (SELECT 1 FROM document_file AS f
        WHERE f.tenant = ?1 AND f.document = visit.id AND f.held = 0))";

impl Reading<'_> {
    /// A visit's document. `None`: there is none of this id.
    pub(crate) fn visit(&self, id: &Uuid) -> Result<Option<VisitSource>, StoreError> {
        let Some(mut source) = self.visit_kept(id)? else { return Ok(None) };
        source.snapshot =
            kept_document(source.snapshot).map_err(|error| StoreError::damaged("document", id, &error))?;
        Ok(Some(source))
    }

    /// Sequence number of the last change of a document, and the actor under which the office writes: as long as both are the
    /// same, the document is.
    pub(crate) fn basis(&self, id: &Uuid) -> Result<Option<(u64, [u8; 16])>, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT updated_seq, office_actor FROM visit WHERE tenant = ?1 AND id = ?2")?
            .query_row((self.tenant, id.as_bytes()), |row| Ok((from_sql(row.get(0)?), row.get(1)?)))
            .optional()?;
        Ok(found)
    }

    /// A visit's document as the store keeps it. `None`: there is none of this id.
    pub(crate) fn visit_kept(&self, id: &Uuid) -> Result<Option<VisitSource>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT s.bytes, v.pack, v.office_actor, v.updated_seq FROM visit v
                 LEFT JOIN snapshot s ON s.tenant = v.tenant AND s.document = v.id WHERE v.tenant = ?1 AND v.id = ?2",
            )?
            .query_row((self.tenant, id.as_bytes()), |row| {
                Ok((row.get::<_, Option<Vec<u8>>>(0)?, row.get(1)?, row.get(2)?, from_sql(row.get(3)?)))
            })
            .optional()?;
        let Some((snapshot, pack, office_actor, updated_seq)) = found else { return Ok(None) };
        let snapshot = match snapshot {
            Some(snapshot) => snapshot,
            None => self
                .unarchived(id)?
                .ok_or_else(|| StoreError::damaged("document", id, &"it is not in the store"))?,
        };
        Ok(Some(VisitSource { snapshot, pack, office_actor, updated_seq }))
    }

    /// What is known of a visit without its document. `None`: there is none of this id.
    pub(crate) fn visit_brief(&self, id: &Uuid) -> Result<Option<VisitBrief>, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT number, job, state, pack FROM visit WHERE tenant = ?1 AND id = ?2")?
            .query_row((self.tenant, id.as_bytes()), |row| {
                Ok(VisitBrief {
                    number: row.get(0)?,
                    job: row.get(1)?,
                    state: row.get(2)?,
                    pack: row.get(3)?,
                })
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

    /// Whether a document or a request has this number.
    pub(crate) fn is_number_taken(&self, number: &str) -> Result<bool, StoreError> {
        let taken = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM visit WHERE tenant = ?1 AND number = ?2)
                 OR EXISTS (SELECT 1 FROM request WHERE tenant = ?1 AND number = ?2)",
            (self.tenant, number),
            |row| row.get(0),
        )?;
        Ok(taken)
    }

    /// Whether there is a document of this id.
    pub(crate) fn is_visit(&self, id: &Uuid) -> Result<bool, StoreError> {
        let there = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM visit WHERE tenant = ?1 AND id = ?2)",
            (self.tenant, id.as_bytes()),
            |row| row.get(0),
        )?;
        Ok(there)
    }

    /// The document that has this number.
    pub(crate) fn visit_of_number(&self, number: &str) -> Result<Option<Uuid>, StoreError> {
        let found = self
            .connection
            .query_row(
                "SELECT id FROM visit WHERE tenant = ?1 AND number = ?2",
                (self.tenant, number),
                |row| row.get(0),
            )
            .optional()?;
        Ok(found.map(Uuid::from_bytes))
    }

    /// The document that a case is about.
    pub(crate) fn about(&self, id: &Uuid) -> Result<Option<Uuid>, StoreError> {
        let found: Option<Option<[u8; 16]>> = self
            .connection
            .query_row(
                "SELECT about FROM visit WHERE tenant = ?1 AND id = ?2",
                (self.tenant, id.as_bytes()),
                |row| row.get(0),
            )
            .optional()?;
        Ok(found.flatten().map(Uuid::from_bytes))
    }

    /// One page of visits.
    pub(crate) fn visits(&self, filter: &VisitFilter, page: u32, size: u32) -> Result<VisitPage, StoreError> {
        let pattern = like(&filter.query.to_lowercase());
        let VisitFilter { state, technician, query, kind, job, owed, incident, files } = filter;
        let total: i64 = self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM visit WHERE {FILTER}"))?
            .query_row(
                (self.tenant, state, query, &pattern, technician, kind, job, owed, incident, files),
                |row| row.get(0),
            )?;
        let sql = format!(
            "SELECT id, kind, job, number, about, updated_seq, state, urgency, start_at, crew, customer, outstanding,
             violated, conflicts, owed_by, next_due, incidents, alerts,
             (SELECT count(*) FROM document_file AS f WHERE f.tenant = visit.tenant AND f.document = visit.id AND f.held = 0)
             FROM visit WHERE {FILTER} ORDER BY updated_seq DESC, id LIMIT ?11 OFFSET ?12"
        );
        let skip = to_sql(u64::from(page.saturating_sub(1)) * u64::from(size));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let visits = statement
            .query_map(
                (
                    self.tenant,
                    state,
                    query,
                    &pattern,
                    technician,
                    kind,
                    job,
                    owed,
                    incident,
                    files,
                    size,
                    skip,
                ),
                read,
            )?
            .collect::<Result<_, _>>()?;
        Ok(VisitPage { total: from_sql(total), page, size, visits })
    }

    /// How many visits have registers with more than one value, and one page of them, last changed first: id and number.
    pub(crate) fn visits_in_conflict(
        &self,
        page: u32,
        size: u32,
    ) -> Result<(u64, Vec<(Uuid, String)>), StoreError> {
        let total: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM visit WHERE tenant = ?1 AND conflicts > 0")?
            .query_row([self.tenant], |row| row.get(0))?;
        let mut statement = self.connection.prepare_cached(
            "SELECT id, number FROM visit WHERE tenant = ?1 AND conflicts > 0 ORDER BY updated_seq DESC, id
             LIMIT ?2 OFFSET ?3",
        )?;
        let skip = to_sql(u64::from(page.saturating_sub(1)) * u64::from(size));
        let rows = statement
            .query_map((self.tenant, size, skip), |row| Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?)))?;
        Ok((from_sql(total), rows.collect::<Result<_, _>>()?))
    }

    /// Earlier visits of the asset that a visit is about, at the same customer, the latest first.
    pub(crate) fn visits_of_asset(&self, id: &Uuid, limit: usize) -> Result<Vec<Uuid>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT earlier.id FROM visit AS new JOIN visit AS earlier
                 ON earlier.tenant = new.tenant AND earlier.asset = new.asset AND earlier.customer = new.customer
             WHERE new.tenant = ?1 AND new.id = ?2 AND new.asset <> '' AND new.customer <> '' AND new.kind = 'visit'
                 AND earlier.kind = 'visit' AND earlier.id <> new.id
                 AND (new.start_at IS NULL OR earlier.start_at < new.start_at)
             ORDER BY earlier.start_at DESC, earlier.id LIMIT ?3",
        )?;
        let rows = statement.query_map((self.tenant, id.as_bytes(), to_sql(limit as u64)), |row| {
            Ok(Uuid::from_bytes(row.get(0)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
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
}

impl Writing<'_> {
    /// Adds a document; [`Writing::store_document`] fills it in the same transaction.
    pub(crate) fn add_visit(&self, new: &NewVisit<'_>) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO visit (tenant, id, kind, job, number, request, about, pack, office_actor, state, urgency, crew,
             customer, outstanding, violated, conflicts, owed_by, updated_seq, heads, search)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, '', '', '[]', '', 0, 0, 0, '[]', 0, x'', '')",
            (
                self.tenant,
                new.id.as_bytes(),
                new.job.kind.id(),
                &new.job.id,
                new.number,
                new.request,
                new.about.map(Uuid::as_bytes),
                new.pack,
                new.office_actor,
            ),
        )?;
        self.add_office_actor(new.id, new.office_actor)
    }

    /// Stores what was derived from a document's changes; `snapshot` as `keep_document` writes it.
    pub(crate) fn store_document(
        &self,
        id: &Uuid,
        snapshot: &[u8],
        heads: &[[u8; 32]],
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
        self.note_news(id, updated_seq)
    }

    /// Stores what lists show of a visit, the words by which it is found, and what it is about, as far as its order tells it
    /// apart; empty: nothing is known.
    pub(crate) fn store_projection(
        &self,
        id: &Uuid,
        shown: &Projection,
        search: &str,
        asset: &str,
    ) -> Result<(), StoreError> {
        let list = |list: &[String]| {
            serde_json::to_string(list).map_err(|error| StoreError::damaged("visit", id, &error))
        };
        self.connection
            .prepare_cached(
                "UPDATE visit SET state = ?3, urgency = ?4, start_at = ?5, crew = ?6, customer = ?7, outstanding = ?8,
                 violated = ?9, conflicts = ?10, owed_by = ?11, next_due = ?12, search = ?13, incidents = ?14, alerts = ?15,
                 asset = ?16
                 WHERE tenant = ?1 AND id = ?2",
            )?
            .execute((
                self.tenant,
                id.as_bytes(),
                &shown.state,
                &shown.urgency,
                shown.start.map(Timestamp::as_millisecond),
                list(&shown.crew)?,
                &shown.customer,
                shown.outstanding,
                shown.violated,
                shown.conflicts,
                list(&shown.owed_by)?,
                shown.next_due.map(Timestamp::as_millisecond),
                search,
                list(&shown.incidents)?,
                shown.alerts,
                asset,
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
