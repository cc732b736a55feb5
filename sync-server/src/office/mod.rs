//! What the back office does: requests become visits, visits are assigned and changed, people and devices are let in.

mod actions;
mod dispatch;
mod enrolment;
mod history;
mod views;

use jobsheet_core::record::{ApplyError, RecordError, Refusal};

pub(crate) use actions::{Assign, assign, command};
pub(crate) use dispatch::{Dispatch, dispatch};
pub(crate) use enrolment::{
    Enrolled, EnrolmentCode, Role, add_technician, create_token, enrol, issue_code, revoke_device,
    revoke_token,
};
pub(crate) use history::{HistoryEntry, history};
pub(crate) use views::{report, visit_view};

use crate::secret::NoRandomness;
use crate::standards::StandardError;
use crate::store::StoreError;

/// Who acts at the office, and when.
#[derive(Debug, Clone)]
pub(crate) struct By {
    /// Person id: the name of the token, `server` for the server itself, `console` for the command line.
    pub(crate) person: String,
    /// The present instant.
    pub(crate) now: jiff::Timestamp,
}

/// Why the office can not do what it was asked. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfficeError {
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    Unknown {
        /// Kind of thing.
        what: &'static str,
        /// The id that was asked for.
        id: String,
    },
    /// The request has become a visit already.
    #[error("request `{number}` has already become visit {visit}; change its assignment instead")]
    AlreadyDispatched {
        /// Number of the request.
        number: String,
        /// The visit.
        visit: uuid::Uuid,
    },
    /// The id is taken.
    #[error("{what} `{id}` exists already")]
    Taken {
        /// Kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A value is wrong.
    #[error("`{field}` is not valid: {reason}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What would be right.
        reason: String,
    },
    /// A rule of the standard refuses the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The enrolment code is unknown, used or expired.
    #[error("the enrolment code is not valid; codes hold for {minutes} minutes and for one device. Ask the office for a new one", minutes = enrolment::CODE_MINUTES)]
    CodeNotValid,
    /// No such standard.
    #[error(transparent)]
    Standard(#[from] StandardError),
    /// A document can not be changed.
    #[error("the document can not be changed: {0}")]
    Record(#[from] RecordError),
    /// The report can not be written.
    #[error("the report can not be written: {0}")]
    Report(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl From<ApplyError> for OfficeError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Refused(refusal) => OfficeError::Refused(refusal),
            ApplyError::Record(error) => OfficeError::Record(error),
        }
    }
}

/// An id that people choose: short, and safe in a path, a log and a document.
fn check_id(field: &'static str, id: &str) -> Result<(), OfficeError> {
    let fits = !id.is_empty()
        && id.len() <= 64
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && !id.starts_with(['-', '.']);
    if fits {
        return Ok(());
    }
    let reason = "use 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit";
    Err(OfficeError::Invalid { field, reason: reason.to_owned() })
}

/// A name as people write it.
fn check_name(field: &'static str, name: &str) -> Result<(), OfficeError> {
    let length = name.chars().count();
    if !name.trim().is_empty() && length <= 200 && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(OfficeError::Invalid { field, reason: "use 1 to 200 characters on one line".to_owned() })
}
