//! Why a file was not attached, or can not be given out.

use jobsheet_core::record::DocumentId;

use crate::{ApplyError, StoreError};

/// Why a file was not attached. Nothing is kept of it.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The file can not be read.
    #[error("the file can not be read: {0}; check the path")]
    Unreadable(#[source] std::io::Error),
    /// The file is empty.
    #[error("the file is empty; choose another one")]
    Empty,
    /// The file is too large.
    #[error("the file has more than {limit} bytes; make it smaller")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The visit's files would become too many.
    #[error("the file has {size} bytes, and only {left} of the {limit} bytes of this visit are left")]
    VisitFull {
        /// Size of the file.
        size: u64,
        /// What is left.
        left: u64,
        /// The limit.
        limit: u64,
    },
    /// The store's files would become too many.
    #[error(
        "the file has {size} bytes, and only {left} of the {limit} bytes of the store are left; sync, then sweep files that nothing names"
    )]
    StoreFull {
        /// Size of the file.
        size: u64,
        /// What is left.
        left: u64,
        /// The limit.
        limit: u64,
    },
    /// The disk has too little space.
    #[error(
        "the file has {size} bytes, and the disk has {free} free, of which {reserve} stay free; free some space"
    )]
    NoSpace {
        /// Size of the file.
        size: u64,
        /// Free space, in bytes.
        free: u64,
        /// What must stay free.
        reserve: u64,
    },
    /// The command was not carried out.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl From<StoreError> for AttachError {
    fn from(error: StoreError) -> Self {
        Self::Apply(error.into())
    }
}

/// Why an attachment can not be shown or given out.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// The bytes are not on this device.
    #[error("the file {0} is not on this device; it may be on the phone that made it, or at the office")]
    Missing(String),
    /// The visit names no such file.
    #[error("{visit} names no file {sha256}; see `attachments list`")]
    NotNamed {
        /// The visit or shift.
        visit: DocumentId,
        /// The hash that was asked for.
        sha256: String,
    },
    /// The bytes are not those that the record names.
    #[error("the file {0} is damaged: its bytes no longer fit its hash; run `attachments check`")]
    Damaged(String),
    /// No picture can be made of it.
    #[error("no picture can be made of the file: {0}; the file itself is kept")]
    NoPicture(String),
    /// The picture is larger than is decoded.
    #[error("the picture is larger than is decoded: {what} is limited to {limit}; the file itself is kept")]
    TooLarge {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// What the camera wrote can not be taken out, so the file is for crew and office alone.
    #[error("{media_type} is given to crew and office only: what else it says can not be taken out of it")]
    NotStrippable {
        /// Media type.
        media_type: String,
    },
    /// The file is personal and not for this audience.
    #[error("the file is personal and not for this audience")]
    Withheld,
    /// The copy could not be written.
    #[error("the copy can not be written: {0}; check the path and the space")]
    Output(#[source] std::io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
