//! Imported service requests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, to_sql, visits::like};

/// A service request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RequestRow {
    /// Number in the system it came from.
    pub(crate) number: String,
    /// Order fields by id. Personal.
    pub(crate) fields: BTreeMap<String, String>,
    /// When it reached the company, RFC 3339 with offset.
    pub(crate) received_at: String,
    /// By when it should be done.
    pub(crate) target_at: Option<String>,
    /// When the other system closed it.
    pub(crate) closed_at: Option<String>,
    /// The other system's verdict on its deadline.
    pub(crate) verdict: Option<String>,
    /// The visit made of it.
    pub(crate) visit: Option<Uuid>,
}

/// One page of requests.
#[derive(Debug, Serialize)]
pub(crate) struct RequestPage {
    /// How many there are in all.
    pub(crate) total: u64,
    /// Page, from 1.
    pub(crate) page: u32,
    /// Rows per page.
    pub(crate) size: u32,
    /// The rows, by number.
    pub(crate) requests: Vec<RequestRow>,
}

const COLUMNS: &str = "r.number, r.fields, r.received_at, r.target_at, r.closed_at, r.verdict, v.id";
const FROM: &str = "FROM request r LEFT JOIN visit v ON v.tenant = r.tenant AND v.request = r.number";

fn read(row: &Row<'_>) -> rusqlite::Result<(String, RequestRow)> {
    let fields: String = row.get(1)?;
    let request = RequestRow {
        number: row.get(0)?,
        fields: BTreeMap::new(),
        received_at: row.get(2)?,
        target_at: row.get(3)?,
        closed_at: row.get(4)?,
        verdict: row.get(5)?,
        visit: row.get::<_, Option<[u8; 16]>>(6)?.map(Uuid::from_bytes),
    };
    Ok((fields, request))
}

fn with_fields((fields, mut request): (String, RequestRow)) -> Result<RequestRow, StoreError> {
    request.fields = serde_json::from_str(&fields)
        .map_err(|error| StoreError::damaged("request", &request.number, &error))?;
    Ok(request)
}

impl Reading<'_> {
    /// A request by number.
    pub(crate) fn request(&self, number: &str) -> Result<Option<RequestRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} {FROM} WHERE r.tenant = ?1 AND r.number = ?2");
        let found =
            self.connection.prepare_cached(&sql)?.query_row((self.tenant, number), read).optional()?;
        found.map(with_fields).transpose()
    }

    /// One page of the requests whose number or fields contain `query`.
    pub(crate) fn requests(&self, query: &str, page: u32, size: u32) -> Result<RequestPage, StoreError> {
        let filter =
            "r.tenant = ?1 AND (?2 = '' OR r.number LIKE ?3 ESCAPE '\\' OR r.fields LIKE ?3 ESCAPE '\\')";
        let pattern = like(query);
        let total: i64 = self.connection.query_row(
            &format!("SELECT count(*) FROM request r WHERE {filter}"),
            (self.tenant, query, &pattern),
            |row| row.get(0),
        )?;
        let sql = format!("SELECT {COLUMNS} {FROM} WHERE {filter} ORDER BY r.number LIMIT ?4 OFFSET ?5");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let skip = to_sql(u64::from(page.saturating_sub(1)) * u64::from(size));
        let rows = statement
            .query_map((self.tenant, query, &pattern, size, skip), read)?
            .collect::<Result<Vec<_>, _>>()?;
        let requests = rows.into_iter().map(with_fields).collect::<Result<_, _>>()?;
        Ok(RequestPage { total: from_sql(total), page, size, requests })
    }
}

impl Writing<'_> {
    /// Adds a request. `false`: its number is known; the known one stays as it is.
    pub(crate) fn add_request(&self, request: &RequestRow, at: Timestamp) -> Result<bool, StoreError> {
        let fields = serde_json::to_string(&request.fields)
            .map_err(|error| StoreError::damaged("request", &request.number, &error))?;
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO request (tenant, number, fields, received_at, target_at, closed_at, verdict, imported_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            )?
            .execute((
                self.tenant,
                &request.number,
                fields,
                &request.received_at,
                &request.target_at,
                &request.closed_at,
                &request.verdict,
                at.as_millisecond(),
            ))?;
        Ok(added > 0)
    }
}
