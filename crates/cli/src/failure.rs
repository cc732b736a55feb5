//! Why a command failed, and the exit code that says so.

use std::path::Path;

use jobsheet::{ApplyError, AttachError, AttachmentError, FetchError, HandOverError, StoreError, SyncError};
use jobsheet_core::record::{Need, Refusal};
use jobsheet_core::standard::PackErrors;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The program is at fault.
    #[error("{0}")]
    Internal(String),
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// A value can not be right.
    #[error("`{field}`: {reason}")]
    Input {
        /// What was given.
        field: String,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// A pack file has errors.
    #[error("{0}")]
    Pack(PackErrors),
    /// A rule, the state or a value stands against it.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The result that was printed says it all; only the exit code is left.
    #[error("exit code {0}")]
    Told(u8),
    /// There is no such thing here.
    #[error("{0}")]
    NotFound(String),
    /// The server can not be reached, or failed.
    #[error("{0}")]
    Network(String),
    /// Nobody is known to act, or the server does not know this device.
    #[error("{0}")]
    Unauthorized(String),
    /// There is no room for a file; everything else works.
    #[error("{0}")]
    Full(String),
    /// The store can not be used.
    #[error("{0}")]
    Store(String),
}

impl Failure {
    pub(crate) fn input(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Input { field: field.into(), reason: reason.into() }
    }

    pub(crate) fn file(file: &Path, error: &std::io::Error) -> Self {
        Self::input(file.display().to_string(), error.to_string())
    }

    /// The exit code, as the help lists them.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Internal(_) => 1,
            Self::Usage(_) | Self::Input { .. } | Self::Pack(_) => 2,
            Self::Refused(_) => 3,
            Self::Told(code) => *code,
            Self::NotFound(_) => 4,
            Self::Network(_) => 5,
            Self::Unauthorized(_) => 6,
            Self::Store(_) | Self::Full(_) => 7,
        }
    }

    /// The kind, as in JSON.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Internal(_) => "internal",
            Self::Usage(_) => "usage",
            Self::Input { .. } | Self::Pack(_) => "invalid-input",
            Self::Refused(_) | Self::Told(_) => "refused",
            Self::NotFound(_) => "not-found",
            Self::Network(_) => "network",
            Self::Unauthorized(_) => "unauthorized",
            Self::Store(_) | Self::Full(_) => "store",
        }
    }

    /// The rules it rests on.
    pub(crate) fn rules(&self) -> Vec<&Need> {
        match self {
            Self::Refused(refusal) => refusal.rules(),
            _ => Vec::new(),
        }
    }

    /// A failure after which nothing else can work either.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Internal(_))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let words = error.to_string();
        match error {
            StoreError::UnknownVisit(_) | StoreError::Revoked(_) | StoreError::PackMissing(_) => {
                Self::NotFound(words)
            }
            StoreError::Salvage { .. } => Self::input("file", words),
            StoreError::Randomness(_) | StoreError::Report(_) => Self::Internal(words),
            _ => Self::Store(words),
        }
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        let words = error.to_string();
        match error {
            ApplyError::Refused(refusal) => Self::Refused(Box::new(refusal)),
            ApplyError::NotEnrolled => Self::Unauthorized(words),
            ApplyError::TooLarge { .. } => Self::input("command", words),
            ApplyError::Store(error) => error.into(),
        }
    }
}

impl From<AttachError> for Failure {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Apply(error) => error.into(),
            full @ (AttachError::StoreFull { .. }
            | AttachError::VisitFull { .. }
            | AttachError::NoSpace { .. }) => Self::Full(full.to_string()),
            other => Self::input("file", other.to_string()),
        }
    }
}

impl From<AttachmentError> for Failure {
    fn from(error: AttachmentError) -> Self {
        let words = error.to_string();
        match error {
            AttachmentError::Missing(_) | AttachmentError::NotNamed { .. } => Self::NotFound(words),
            AttachmentError::Damaged(_) => Self::Store(words),
            AttachmentError::Output(_) => Self::input("--out", words),
            AttachmentError::Store(error) => error.into(),
            AttachmentError::NoPicture(_) | AttachmentError::TooLarge { .. } => Self::input("file", words),
            AttachmentError::NotStrippable { .. } | AttachmentError::Withheld => {
                Self::input("--audience", words)
            }
        }
    }
}

impl From<HandOverError> for Failure {
    fn from(error: HandOverError) -> Self {
        let words = error.to_string();
        match error {
            HandOverError::Apply(error) => error.into(),
            HandOverError::NotCertified => Self::Unauthorized(words),
            HandOverError::TooManyChanges { .. }
            | HandOverError::TooOften { .. }
            | HandOverError::Unmergeable(_)
            | HandOverError::Export(_) => Self::Store(words),
            HandOverError::TooLarge { .. }
            | HandOverError::Problem(_)
            | HandOverError::NotForYou { .. }
            | HandOverError::OtherTenant { .. }
            | HandOverError::OwnDevice
            | HandOverError::NotAVisit => Self::input("file", words),
        }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        let words = error.to_string();
        match error {
            FetchError::NotNamed(_) | FetchError::NotThere(_) => Self::NotFound(words),
            FetchError::Damaged(_) => Self::Network(words),
            FetchError::Room(error) => error.into(),
            FetchError::Sync(error) => error.into(),
        }
    }
}

impl From<SyncError> for Failure {
    fn from(error: SyncError) -> Self {
        let words = error.to_string();
        match error {
            SyncError::NotEnrolled
            | SyncError::Unauthorized(_)
            | SyncError::Revoked(_)
            | SyncError::Suspended(_)
            | SyncError::CodeRefused(_) => Self::Unauthorized(words),
            SyncError::Address(reason) => Self::input("server", reason),
            SyncError::Certificate(_) => Self::input("--ca", words),
            SyncError::Store(error) => error.into(),
            SyncError::AlreadyRunning | SyncError::Key(_) => Self::Store(words),
            _ => Self::Network(words),
        }
    }
}
