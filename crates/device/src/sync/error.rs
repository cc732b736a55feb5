//! Why a sync or an enrolment failed.

use jobsheet_core::key::KeyError;
use jobsheet_wire::WireError;

use crate::StoreError;

/// Why a sync or an enrolment failed. Unsent work stays in the outbox whatever the reason.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The device is not enrolled.
    #[error("this device is not enrolled; run enrol with the code from the office")]
    NotEnrolled,
    /// Files of this store are being sent by another call, or a sync was asked for by the progress of a sync.
    #[error("a sync is already running; wait until it is done")]
    AlreadyRunning,
    /// The address of the server can not be used.
    #[error("the server address can not be used: {0}")]
    Address(String),
    /// The certificate given for the server can not be used.
    #[error("the extra certificate can not be used: {0}; give one or more certificates in PEM")]
    Certificate(String),
    /// The server can not be reached.
    #[error("the server can not be reached ({0}); unsent work is kept, try again when there is a network")]
    Unreachable(String),
    /// The server did not answer in time.
    #[error("the server did not answer in time; unsent work is kept, try again")]
    TimedOut,
    /// The server does not know this device, or no longer.
    #[error(
        "the server does not accept this device: {0}; ask the office for a new enrolment code. Unsent work is kept"
    )]
    Unauthorized(String),
    /// The office has revoked this device. What it had done was offered: the office decides on it.
    #[error("{0}. Unsent work is kept")]
    Revoked(String),
    /// The office has shut this device out until further notice.
    #[error("{0}. Unsent work is kept")]
    Suspended(String),
    /// The device's key, by which the server knows this device, can not be used now.
    #[error("{0}. Unsent work is kept")]
    Key(KeyError),
    /// The code was wrong, used or too old.
    #[error("the enrolment was refused: {0}; ask the office for a new code")]
    CodeRefused(String),
    /// The server refused the request.
    #[error("the server answered {status}: {reason}")]
    Server {
        /// HTTP status.
        status: u16,
        /// What the server said.
        reason: String,
    },
    /// The message is not what the protocol says.
    #[error("the exchange is not what the protocol says: {0}; check that app and server are up to date")]
    Protocol(String),
    /// The caller stopped it.
    #[error("the sync was stopped; what was exchanged until then is stored")]
    Cancelled,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SyncError {
    /// Something between here and the server says that it does not get through.
    pub(crate) fn is_gateway(&self) -> bool {
        matches!(self, Self::Server { status: 502 | 504, .. })
    }

    /// Another try may succeed without anybody doing anything about it.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::AlreadyRunning
            | Self::Unreachable(_)
            | Self::TimedOut
            | Self::Server { .. }
            | Self::Protocol(_)
            | Self::Cancelled
            | Self::Key(_)
            | Self::Suspended(_)
            | Self::Store(StoreError::Busy | StoreError::DiskFull) => true,
            Self::NotEnrolled
            | Self::Address(_)
            | Self::Certificate(_)
            | Self::Unauthorized(_)
            | Self::Revoked(_)
            | Self::CodeRefused(_)
            | Self::Store(_) => false,
        }
    }
}

impl From<WireError> for SyncError {
    fn from(error: WireError) -> Self {
        Self::Protocol(error.to_string())
    }
}

impl From<rusqlite::Error> for SyncError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
