//! What the server keeps: one `SQLite` database in the data directory. Raw changes are the truth; documents, lists and scope
//! are derived from them in the same transaction.

mod alerts;
mod archive;
mod audit;
mod connections;
mod files;
mod hand_over;
mod late;
mod log;
mod parts;
mod people;
mod requests;
mod schema;
mod scope;
mod standards;
mod stock;
mod tariffs;
mod tenant;
mod tokens;
mod uploads;
mod visits;

use std::path::PathBuf;

pub(crate) use alerts::AlertRow;
use jobsheet_core::key::KeyError;

pub(crate) use connections::{Reading, Store, Writing, create_private};
pub(crate) use files::FileHash;
pub(crate) use hand_over::{HandOverRow, HandOverState};
pub(crate) use late::{LateCause, LateChange, LateRow};
pub(crate) use log::{ChangeRow, LogRow, NewChange};
pub(crate) use parts::{PartsFilter, RequestedPartRow, ReturnRow};
pub(crate) use people::{DeviceRow, TechnicianRow};
pub(crate) use requests::{RequestPage, RequestRow};
pub(crate) use scope::ScopeRow;
pub(crate) use standards::StandardRow;
pub(crate) use stock::{EntryKind, StockAt};
pub(crate) use tenant::Epoch;
pub(crate) use uploads::UploadRow;
pub(crate) use visits::{NewVisit, Projection, VisitBrief, VisitFilter, VisitPage, VisitSource};

use crate::secret::NoRandomness;

/// Why the store can not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// `SQLite` failed.
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The database was written by a newer version. It has not been touched.
    #[error(
        "the database has schema {found}, this version knows up to {supported}; update jobsheet-server. Nothing was changed"
    )]
    NewerSchema {
        /// Schema of the database.
        found: i64,
        /// Newest this version knows.
        supported: i64,
    },
    /// The data directory can not be used.
    #[error("the data directory {path} can not be used: {source}")]
    Folder {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The organisation's key can not be used.
    #[error("the organisation's key can not be used: {0}")]
    Key(#[from] KeyError),
    /// A stored value can not be read.
    #[error("the stored {what} `{id}` can not be read: {reason}")]
    Damaged {
        /// Kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl StoreError {
    pub(crate) fn damaged(
        what: &'static str,
        id: &dyn std::fmt::Display,
        reason: &dyn std::fmt::Display,
    ) -> Self {
        StoreError::Damaged { what, id: id.to_string(), reason: reason.to_string() }
    }

    /// Whether another try may succeed: another process holds the database.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, StoreError::Sqlite(error)
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy))
    }
}

/// A sequence number as `SQLite` holds it.
fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A sequence number as read from `SQLite`. Negative ones are never written.
fn from_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// An instant as read from `SQLite`, which holds milliseconds since 1970.
fn time(milliseconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}
