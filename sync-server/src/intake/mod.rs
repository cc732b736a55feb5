//! Service requests come in as CSV. A mapping file says what the columns mean; a row that can not be taken is listed and
//! blocks nothing.

mod mapping;
mod reader;
pub(crate) mod stock;
mod table;
pub(crate) mod tariff;
mod times;

pub(crate) use mapping::{Mapping, MappingError};
pub(crate) use reader::{IntakeError, Problem, Rows, read};

use serde::Serialize;

use crate::office::By;
use crate::store::{StoreError, Writing};

/// What an import did.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// Rows of the file, without the header.
    pub(crate) requests: usize,
    /// Added now.
    pub(crate) added: usize,
    /// Known before; left as they are.
    pub(crate) known: usize,
    /// Not taken; listed in `problems`.
    pub(crate) refused: usize,
    /// Rows that were not taken.
    pub(crate) problems: Vec<Problem>,
    /// Rows that were taken, though something in them had to be interpreted.
    pub(crate) notes: Vec<Problem>,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{} requests: {} added, {} known, {} refused",
            self.requests, self.added, self.known, self.refused
        )
    }
}

/// Stores the rows of a file, in one transaction.
pub(crate) fn store(tx: &Writing<'_>, rows: Rows, by: &By) -> Result<Summary, StoreError> {
    let mut added = 0;
    for request in &rows.requests {
        added += usize::from(tx.add_request(request, by.now)?);
    }
    let summary = Summary {
        requests: rows.requests.len() + rows.problems.len(),
        added,
        known: rows.requests.len() - added,
        refused: rows.problems.len(),
        problems: rows.problems,
        notes: rows.notes,
    };
    tx.audit(by.now, &by.person, "import", &rows.mapping, &summary.to_string())?;
    Ok(summary)
}
