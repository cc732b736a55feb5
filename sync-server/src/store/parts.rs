//! Old parts on their way back, and parts that were asked for: rows derived from documents.

use jobsheet_core::record::{OldPartRow, PartRequest};
use rusqlite::Row;
use serde::Serialize;
use uuid::Uuid;

use super::{Reading, StoreError, Writing};

/// An old part, with the visit in which it came out.
#[derive(Debug, Serialize)]
pub(crate) struct ReturnRow {
    /// The visit.
    visit: Uuid,
    /// Its number.
    visit_number: String,
    /// Key of the part that took its place.
    part: Uuid,
    /// Who owes it.
    technician: String,
    /// Part number of the new part.
    number: String,
    /// Name of the part.
    name: Option<String>,
    /// Pieces.
    quantity: u32,
    /// Serial number of the old part.
    serial: Option<String>,
    /// Its condition.
    condition: Option<String>,
    /// When it came out.
    replaced_at: String,
    /// When the technician handed it in.
    handed_in: Option<String>,
    /// When the store received it.
    received: Option<String>,
}

/// A part that was asked for, with the visit that needs it.
#[derive(Debug, Serialize)]
pub(crate) struct RequestedPartRow {
    /// The visit.
    visit: Uuid,
    /// Its number.
    visit_number: String,
    /// Key of the request.
    request: Uuid,
    /// Who asked.
    technician: String,
    /// Part number; empty: it was not said.
    number: String,
    /// Name of the part.
    name: Option<String>,
    /// Pieces.
    quantity: u32,
    /// Words.
    note: Option<String>,
    /// When it was asked for.
    asked_at: String,
    /// By when it is needed.
    needed_by: Option<String>,
    /// When it arrived.
    arrived: Option<String>,
    /// The visit that goes on with the work.
    follow_on: Option<Uuid>,
}

/// Which rows. Empty texts mean all.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartsFilter {
    /// Id of a technician.
    pub(crate) technician: String,
    /// Those that are settled too.
    pub(crate) all: bool,
}

fn read_return(row: &Row<'_>) -> rusqlite::Result<ReturnRow> {
    Ok(ReturnRow {
        visit: Uuid::from_bytes(row.get(0)?),
        visit_number: row.get(1)?,
        part: Uuid::from_bytes(row.get(2)?),
        technician: row.get(3)?,
        number: row.get(4)?,
        name: row.get(5)?,
        quantity: row.get(6)?,
        serial: row.get(7)?,
        condition: row.get(8)?,
        replaced_at: row.get(9)?,
        handed_in: row.get(10)?,
        received: row.get(11)?,
    })
}

fn read_request(row: &Row<'_>) -> rusqlite::Result<RequestedPartRow> {
    Ok(RequestedPartRow {
        visit: Uuid::from_bytes(row.get(0)?),
        visit_number: row.get(1)?,
        request: Uuid::from_bytes(row.get(2)?),
        technician: row.get(3)?,
        number: row.get(4)?,
        name: row.get(5)?,
        quantity: row.get(6)?,
        note: row.get(7)?,
        asked_at: row.get(8)?,
        needed_by: row.get(9)?,
        arrived: row.get(10)?,
        follow_on: row.get::<_, Option<[u8; 16]>>(11)?.map(Uuid::from_bytes),
    })
}

impl Reading<'_> {
    /// Old parts, those that came out first coming first.
    pub(crate) fn old_parts(&self, filter: &PartsFilter) -> Result<Vec<ReturnRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT o.document, v.number, o.part, o.technician, o.number, o.name, o.quantity, o.serial, o.condition,
                    o.replaced_at, o.handed_in, o.received
             FROM old_part o JOIN visit v ON v.tenant = o.tenant AND v.id = o.document
             WHERE o.tenant = ?1 AND (?2 = '' OR o.technician = ?2) AND (?3 OR o.received IS NULL)
             ORDER BY o.replaced_at, o.document, o.part",
        )?;
        let rows = statement.query_map((self.tenant, &filter.technician, filter.all), read_return)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Parts that were asked for, those that are needed first coming first.
    pub(crate) fn part_requests(&self, filter: &PartsFilter) -> Result<Vec<RequestedPartRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT r.document, v.number, r.request, r.technician, r.number, r.name, r.quantity, r.note, r.asked_at,
                    r.needed_by, r.arrived,
                    (SELECT f.id FROM visit f WHERE f.tenant = r.tenant AND f.about = r.document AND f.kind = 'visit'
                     ORDER BY f.start_at DESC LIMIT 1)
             FROM part_request r JOIN visit v ON v.tenant = r.tenant AND v.id = r.document
             WHERE r.tenant = ?1 AND (?2 = '' OR r.technician = ?2) AND (?3 OR r.arrived IS NULL)
             ORDER BY r.needed_by IS NULL, r.needed_by, r.asked_at, r.document, r.request",
        )?;
        let rows = statement.query_map((self.tenant, &filter.technician, filter.all), read_request)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every document.
    pub(crate) fn all_documents(&self) -> Result<Vec<Uuid>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT id FROM visit WHERE tenant = ?1")?;
        let rows = statement.query_map([self.tenant], |row| Ok(Uuid::from_bytes(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Stores what a document says of old parts.
    pub(crate) fn store_old_parts(&self, document: &Uuid, rows: &[OldPartRow]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM old_part WHERE tenant = ?1 AND document = ?2")?
            .execute((self.tenant, document.as_bytes()))?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO old_part (tenant, document, part, technician, number, name, quantity, serial, condition,
                                   replaced_at, handed_in, received)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        for row in rows {
            statement.execute((
                self.tenant,
                document.as_bytes(),
                row.part.as_bytes(),
                &row.technician,
                &row.number,
                &row.name,
                row.quantity,
                &row.serial,
                row.condition.map(jobsheet_core::record::Condition::id),
                row.replaced_at.to_string(),
                row.handed_in.map(|at| at.to_string()),
                row.received.map(|at| at.to_string()),
            ))?;
        }
        Ok(())
    }

    /// Stores what a document says of parts that were asked for.
    pub(crate) fn store_part_requests(
        &self,
        document: &Uuid,
        rows: &[PartRequest],
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM part_request WHERE tenant = ?1 AND document = ?2")?
            .execute((self.tenant, document.as_bytes()))?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO part_request (tenant, document, request, technician, number, name, quantity, note, asked_at,
                                       needed_by, arrived)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        for row in rows {
            statement.execute((
                self.tenant,
                document.as_bytes(),
                row.request.as_bytes(),
                &row.technician,
                &row.number,
                &row.name,
                row.quantity,
                &row.note,
                row.asked_at.to_string(),
                row.needed_by.map(|at| at.to_string()),
                row.arrived.map(|at| at.to_string()),
            ))?;
        }
        Ok(())
    }
}
