//! Lists of visits and shifts: one query over rows that are already made, never over documents.

use jobsheet_core::record::DocumentId;
use jobsheet_core::standard::Kind;
use rusqlite::types::ToSql;
use rusqlite::{Connection, params_from_iter};
use serde::Serialize;

use crate::StoreError;
use crate::store::{COLUMNS, IS_APPLIED, Store, VisitRow, read_row};

/// Most rows of one page.
pub const MAX_PAGE_ROWS: u32 = 200;
/// Longest text to look for, in characters. More is cut.
const MAX_TEXT_CHARS: usize = 200;

/// Which visits and shifts, and which page of them. Ordered by planned start, unplanned ones last.
///
/// ```
/// use jobsheet::Query;
/// let query = Query { text: "boiler".into(), only_open: true, ..Query::default() };
/// assert_eq!(query.rows, 50);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Words that occur in the number, the place or the fault; empty: any.
    pub text: String,
    /// Visits or shifts alone; none: both.
    pub kind: Option<Kind>,
    /// States, by id of the pack; empty: any.
    pub states: Vec<String>,
    /// Leaves out what is in its last state.
    pub only_open: bool,
    /// Rows to skip.
    pub skip: u32,
    /// Rows of the page, 1 to [`MAX_PAGE_ROWS`]; a number outside is taken as the nearest one inside.
    pub rows: u32,
}

impl Default for Query {
    fn default() -> Self {
        Self { text: String::new(), kind: None, states: Vec::new(), only_open: false, skip: 0, rows: 50 }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The rows.
    pub rows: Vec<VisitRow>,
    /// How many visits and shifts match, on all pages.
    pub total: u32,
}

impl Store {
    /// Lists visits and shifts.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn visits(&self, query: &Query) -> Result<Page, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let filter = Filter::of(query);
        let sql = format!("SELECT count(*) FROM visit WHERE {}", filter.sql);
        let total = tx.prepare_cached(&sql)?.query_row(params_from_iter(&filter.values), |row| row.get(0))?;
        let rows = select(&tx, &filter, query.skip, query.rows.clamp(1, MAX_PAGE_ROWS))?;
        Ok(Page { rows, total })
    }

    /// Finds visits and shifts by id or by the order's number, whole.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn find(&self, id_or_number: &str) -> Result<Vec<DocumentId>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let mut statement = match id_or_number.parse::<DocumentId>() {
            Ok(id) => {
                let mut statement = tx.prepare_cached("SELECT document FROM visit WHERE document = ?1")?;
                return Ok(statement.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?);
            }
            Err(_) => tx.prepare_cached(
                "SELECT document FROM visit WHERE number = ?1 COLLATE NOCASE AND revoked = 0 ORDER BY planned_start, document",
            )?,
        };
        Ok(statement.query_map([id_or_number], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

/// A condition over rows with its values.
pub(crate) struct Filter {
    sql: String,
    values: Vec<Box<dyn ToSql>>,
}

impl Filter {
    pub(crate) fn of(query: &Query) -> Self {
        let mut filter = Self { sql: "revoked = 0".to_owned(), values: Vec::new() };
        if let Some(kind) = query.kind {
            // As a literal: a partial index is not used for a bound value.
            filter.sql.push_str(" AND kind = '");
            filter.sql.push_str(kind.id());
            filter.sql.push('\'');
        }
        if query.only_open {
            filter.sql.push_str(" AND open = 1");
        }
        if !query.states.is_empty() {
            filter.sql.push_str(" AND state IN (");
            filter.sql.push_str(&vec!["?"; query.states.len()].join(", "));
            filter.sql.push(')');
            for state in &query.states {
                filter.values.push(Box::new(state.clone()));
            }
        }
        let text: String = query.text.trim().chars().take(MAX_TEXT_CHARS).collect();
        if !text.is_empty() {
            let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
            filter.sql.push_str(
                r" AND (number LIKE ? ESCAPE '\' OR place LIKE ? ESCAPE '\' OR fault LIKE ? ESCAPE '\')",
            );
            for _ in 0..3 {
                filter.values.push(Box::new(format!("%{escaped}%")));
            }
        }
        filter
    }

    /// Narrowed to one document.
    pub(crate) fn and_document(mut self, document: DocumentId) -> Self {
        self.sql.push_str(" AND document = ?");
        self.values.push(Box::new(document));
        self
    }
}

/// Rows that match.
pub(crate) fn select(
    connection: &Connection,
    filter: &Filter,
    skip: u32,
    rows: u32,
) -> Result<Vec<VisitRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, {IS_APPLIED} FROM visit WHERE {} ORDER BY planned_start, document LIMIT {rows} OFFSET {skip}",
        filter.sql
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params_from_iter(&filter.values), read_row)?;
    Ok(found.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    /// How `SQLite` finds the rows of a statement.
    fn plan(connection: &Connection, filter: &Filter, select: &str) -> String {
        let sql = format!("EXPLAIN QUERY PLAN {}", select.replace("FILTER", &filter.sql));
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map(params_from_iter(&filter.values), |row| row.get(3)).unwrap();
        rows.collect::<Result<Vec<String>, _>>().unwrap().join("; ")
    }

    #[test]
    fn pages_are_read_in_the_order_of_an_index_and_counted_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Options::default()).unwrap();
        let mut reader = store.inner.connections.read().unwrap();
        let tx = reader.begin().unwrap();
        for (kind, only_open, index) in [
            (None, false, "visit_planned"),
            (None, true, "visit_open"),
            (Some(Kind::Visit), false, "visit_planned"),
            (Some(Kind::Visit), true, "visit_open"),
            (Some(Kind::Shift), false, "visit_shift"),
            (Some(Kind::Shift), true, "visit_open"),
        ] {
            let filter = Filter::of(&Query { kind, only_open, ..Query::default() });
            let page = "SELECT * FROM visit WHERE FILTER ORDER BY planned_start, document LIMIT 50";
            let page = plan(&tx, &filter, page);
            assert!(page.contains(index) && !page.contains("TEMP"), "{kind:?} {only_open}: {page}");
            let count = plan(&tx, &filter, "SELECT count(*) FROM visit WHERE FILTER");
            assert!(count.contains("COVERING INDEX"), "{kind:?} {only_open}: {count}");
        }
    }
}
