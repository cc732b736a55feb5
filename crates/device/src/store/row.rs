//! List rows: what a list of visits and shifts shows, made from the record and its assessment whenever the document is written.

use jiff::Timestamp;
use jobsheet_core::assess::tally;
use jobsheet_core::record::{DocumentId, Record, StandardRef};
use jobsheet_core::standard::{Kind, Side, Standard};
use jobsheet_core::{hex, unhex};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use crate::StoreError;

/// Planned start of what has none, so that they come last: the end of the year 9999.
const UNPLANNED: i64 = 253_402_300_799;

/// One visit or shift as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitRow {
    /// Id of the visit or shift.
    pub visit: DocumentId,
    /// Visit or shift; a device never holds a case.
    pub kind: Kind,
    /// The job, an id of the pack.
    pub job: String,
    /// The order's number.
    pub number: String,
    /// State of the record, an id of the pack; empty while the pack is not held.
    pub state: String,
    /// Not yet in the last state of the pack.
    pub open: bool,
    /// Urgency, an id of the pack; empty for a shift.
    pub urgency: String,
    /// Place of service or of work.
    pub place: String,
    /// Fault or need as described; empty for a shift.
    pub fault: String,
    /// Planned start, if there is a plan.
    pub planned_start: Option<Timestamp>,
    /// Planned end.
    pub planned_end: Option<Timestamp>,
    /// Duties that the crew or the person on duty still owes; the office's own are not counted.
    pub outstanding: u32,
    /// Duties violated.
    pub violated: u32,
    /// Conflicts that a person must settle.
    pub conflicts: u32,
    /// Changes that the server does not have yet.
    pub unsent: u32,
    /// The server has everything that this device did to it, has judged it, and holds every file that it names. Until then this device
    /// may hold the only copy of something.
    pub applied: bool,
    /// The next deadline that runs. The counts here are as of the last write; a row whose deadline has passed since is
    /// judged anew when it is opened.
    pub next_due: Option<Timestamp>,
    /// Person id of whoever handed it over to this device, if somebody did.
    pub handed_over_by: Option<String>,
    /// The standard is on this device, so that it can be judged and worked.
    pub ready: bool,
}

/// What a writer must know of a document before it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) version: i64,
    pub(crate) last_change: i64,
    pub(crate) revoked: bool,
    pub(crate) unsent: u32,
}

/// Reads the head of a document.
pub(crate) fn read_head(connection: &Connection, document: DocumentId) -> Result<Option<Head>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT version, last_change, revoked, unsent FROM visit WHERE document = ?1")?;
    let head = statement.query_row([document], |row| {
        Ok(Head { version: row.get(0)?, last_change: row.get(1)?, revoked: row.get(2)?, unsent: row.get(3)? })
    });
    Ok(head.optional()?)
}

/// The row of a document that is judged by its standard.
pub(crate) fn row_of(record: &Record, standard: &Standard, now: Timestamp, unsent: u32) -> VisitRow {
    let tally = tally(record, standard, Side::Field, now);
    let last_rank = standard.course(&record.job).flow().states.len().saturating_sub(1);
    VisitRow {
        state: tally.state.id,
        open: tally.state.rank < last_rank,
        outstanding: count(tally.owed),
        violated: count(tally.counts.violated),
        next_due: tally.next_due.map(|due| due.instant()),
        ready: true,
        ..unjudged_row(record, unsent)
    }
}

/// The row of a document whose standard is not held.
pub(crate) fn unjudged_row(record: &Record, unsent: u32) -> VisitRow {
    let field = |id: &str| record.order.get(id).cloned().unwrap_or_default();
    let places = ["location", "workplace", "area"].map(field);
    let place = places.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let plan = record.assignment.as_ref();
    VisitRow {
        visit: record.id,
        kind: record.kind,
        job: record.job.clone(),
        number: field("number"),
        state: String::new(),
        open: true,
        urgency: field("urgency"),
        place,
        fault: field("fault"),
        planned_start: plan.map(|plan| plan.start.instant()),
        planned_end: plan.map(|plan| plan.end.instant()),
        outstanding: 0,
        violated: 0,
        conflicts: count(record.conflicts.len()),
        unsent,
        // Nobody asks a row that is being made; from the database it comes with what the server said.
        applied: false,
        next_due: None,
        handed_over_by: None,
        ready: false,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Columns of a row, in the order [`read_row`] expects; after them comes [`super::IS_APPLIED`].
pub(crate) const COLUMNS: &str = "document, kind, job, number, state, open, urgency, place, fault, planned_start, \
                                  planned_end, outstanding, violated, conflicts, unsent, next_due, ready, \
                                  (SELECT giver FROM hand_over WHERE hand_over.document = visit.document \
                                   ORDER BY n DESC LIMIT 1)";

/// Reads a row of [`COLUMNS`] and [`super::IS_APPLIED`].
pub(crate) fn read_row(row: &Row<'_>) -> rusqlite::Result<VisitRow> {
    let time = |seconds: Option<i64>| seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let kind: String = row.get(1)?;
    let planned_start: i64 = row.get(9)?;
    Ok(VisitRow {
        visit: row.get(0)?,
        kind: Kind::of(&kind).ok_or_else(|| rusqlite::Error::InvalidColumnType(1, kind, Type::Text))?,
        job: row.get(2)?,
        number: row.get(3)?,
        state: row.get(4)?,
        open: row.get(5)?,
        urgency: row.get(6)?,
        place: row.get(7)?,
        fault: row.get(8)?,
        planned_start: time((planned_start != UNPLANNED).then_some(planned_start)),
        planned_end: time(row.get(10)?),
        outstanding: row.get(11)?,
        violated: row.get(12)?,
        conflicts: row.get(13)?,
        unsent: row.get(14)?,
        next_due: time(row.get(15)?),
        ready: row.get(16)?,
        applied: row.get(18)?,
        handed_over_by: row.get(17)?,
    })
}

fn planned_start(row: &VisitRow) -> i64 {
    row.planned_start.map_or(UNPLANNED, Timestamp::as_second)
}

/// What lists are ordered, filtered and searched by, the state aside, which no index holds.
fn place_in_lists(row: &VisitRow) -> impl PartialEq + '_ {
    let VisitRow {
        visit,
        kind,
        job,
        number,
        state: _,
        open,
        urgency,
        place,
        fault,
        planned_start,
        planned_end,
        outstanding: _,
        violated: _,
        conflicts: _,
        unsent: _,
        applied: _,
        next_due: _,
        handed_over_by: _,
        ready,
    } = row;
    (visit, kind, job, number, open, urgency, place, fault, planned_start, planned_end, ready)
}

/// Writes what a command changes. `SQLite` rewrites every index whose column an `UPDATE` names, changed or not, so the
/// columns of lists are named only when they did change.
pub(crate) fn hot_update(
    connection: &Connection,
    head: &Head,
    before: &VisitRow,
    row: &VisitRow,
    pinned: &StandardRef,
) -> Result<(), StoreError> {
    if place_in_lists(before) != place_in_lists(row) {
        return upsert(connection, head, row, pinned);
    }
    let mut statement = connection.prepare_cached(
        "UPDATE visit SET version = ?2, last_change = ?3, state = ?4, outstanding = ?5, violated = ?6, conflicts = ?7,
                          unsent = ?8, next_due = ?9
         WHERE document = ?1",
    )?;
    statement.execute(params![
        row.visit,
        head.version,
        head.last_change,
        row.state,
        row.outstanding,
        row.violated,
        row.conflicts,
        row.unsent,
        row.next_due.map(Timestamp::as_second),
    ])?;
    Ok(())
}

/// Writes a whole row.
pub(crate) fn upsert(
    connection: &Connection,
    head: &Head,
    row: &VisitRow,
    pinned: &StandardRef,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO visit (document, version, last_change, standard, standard_name, ready, revoked, kind, job,
                                       number, state, open, urgency, place, fault, planned_start, planned_end,
                                       outstanding, violated, conflicts, unsent, next_due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
    )?;
    statement.execute(params![
        row.visit,
        head.version,
        head.last_change,
        unhex(&pinned.sha256).unwrap_or_default(),
        pinned.to_string(),
        row.ready,
        head.revoked,
        row.kind.id(),
        row.job,
        row.number,
        row.state,
        row.open,
        row.urgency,
        row.place,
        row.fault,
        planned_start(row),
        row.planned_end.map(Timestamp::as_second),
        row.outstanding,
        row.violated,
        row.conflicts,
        row.unsent,
        row.next_due.map(Timestamp::as_second),
    ])?;
    Ok(())
}

/// Documents that wait for a standard which is there now.
pub(crate) fn waiting_for(connection: &Connection, sha256: &[u8; 32]) -> Result<Vec<DocumentId>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT document FROM visit WHERE standard = ?1 AND ready = 0")?;
    let rows = statement.query_map([&sha256[..]], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Short form of a hash for people.
pub(crate) fn short(hash: &[u8; 32]) -> String {
    hex(&hash[..6])
}
