//! What the back office does: requests become visits, shifts and cases are opened, documents are assigned and changed, packs
//! are published, people and devices are let in.

mod actions;
mod alerts;
mod archive;
mod dispatch;
mod enrolment;
mod hand_overs;
mod history;
mod late;
mod open;
mod packs;
mod parts;
mod register;
mod roles;
mod stock;
mod views;

use jobsheet_core::key::KeyError;
use jobsheet_core::record::{ApplyError, RecordError, Refusal};
use jobsheet_core::standard::Diagnostic;

pub(crate) use actions::{Assign, assign, command};
pub(crate) use alerts::{AlertPage, list_alerts};
pub(crate) use archive::{ArchiveReport, Idle, archive_idle};
pub(crate) use dispatch::{Dispatch, Register, dispatch, register};
pub(crate) use enrolment::{
    Enrolled, EnrolmentCode, add_technician, create_token, enrol, issue_code, revoke_device, revoke_token,
    suspend_device,
};
pub(crate) use hand_overs::decide_hand_over;
pub(crate) use history::{ConflictPage, HistoryEntry, conflicts, history};
pub(crate) use late::{
    LateAdmitted, LateKept, LateShown, Unsent, admit_late, discard_late, export_late, keep_late, list_late,
    repair_late, show_late, unsent,
};
pub(crate) use open::{NewCase, NewShift, OpenedDocument, open_case, open_shift};
pub(crate) use packs::{Published, StandardSummary, StandardView, list_standards, publish, show_standard};
pub(crate) use parts::{FollowOn, FollowOnOpened, Van, follow_on, van, vans};
pub(crate) use roles::{Act, Role, Roles};
pub(crate) use stock::{set_tariff, stock};
pub(crate) use views::{Viewer, charge, report, visit_view};

use crate::admission::PushError;
use crate::secret::NoRandomness;
use crate::standards::StandardError;
use crate::store::StoreError;

/// Who acts at the office, and when.
#[derive(Debug, Clone)]
pub(crate) struct By {
    /// Person id: the name of the token, `server` for the server itself, `console` for the command line.
    pub(crate) person: String,
    /// The roles the person holds.
    pub(crate) roles: Roles,
    /// The present instant.
    pub(crate) now: jiff::Timestamp,
}

impl By {
    /// The server itself, or whoever works at its command line.
    pub(crate) fn itself(name: &str, now: jiff::Timestamp) -> Self {
        Self { person: name.to_owned(), roles: Roles::admin(), now }
    }
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
    /// The job is done in another kind of document.
    #[error("the job `{job}` is a {is}, not a {wanted}; the standard's {wanted} jobs are: {known}")]
    WrongKind {
        /// The job.
        job: String,
        /// Its kind.
        is: &'static str,
        /// The kind that is made here.
        wanted: &'static str,
        /// The jobs of that kind.
        known: String,
    },
    /// None of the person's roles may do it.
    #[error("the roles of this token do not allow this")]
    Role,
    /// A pack has errors.
    #[error("errors in the pack: {}; the first: {}", .0.len(), .0.first().map_or("", |first| &first.message.en))]
    Pack(Vec<Diagnostic>),
    /// Another pack of this id and version is stored.
    #[error(
        "`{id}` {version} is stored with other content, and documents may pin it; give the changed pack a new version"
    )]
    VersionTaken {
        /// Id of the pack.
        id: String,
        /// Its version.
        version: String,
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
    /// A tariff is not sound.
    #[error(transparent)]
    Tariff(#[from] jobsheet_core::tariff::TariffError),
    /// Rows of a tariff can not be read. Nothing was stored.
    #[error("{} rows of the tariff can not be taken, so nothing was stored; the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    TariffRows(Vec<crate::intake::Problem>),
    /// A version of a tariff is stored.
    #[error(
        "a version of tariff `{id}` from {valid_from} on is stored, and may have been charged by; give the new one another first day"
    )]
    TariffTaken {
        /// Id of the tariff.
        id: String,
        /// Its first day.
        valid_from: jiff::civil::Date,
    },
    /// The tariffs would be too many or too large for devices.
    #[error("the tariffs would exceed {what}; leave out part numbers that are not charged")]
    TariffsTooLarge {
        /// The limit.
        what: String,
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
    /// Work of a device could not be admitted to its end.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl From<KeyError> for OfficeError {
    fn from(error: KeyError) -> Self {
        Self::Store(error.into())
    }
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
