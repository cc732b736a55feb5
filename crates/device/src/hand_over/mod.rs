//! Handing a visit over to another technician, by a file, where neither of the two has a network.
//!
//! The file is signed by the device that makes it and names whoever works on; the server takes the first one's changes from the
//! second one's device as what they are, the first one's work.

mod export;
mod import;

use std::path::PathBuf;

use jobsheet_core::key::KeyError;
use jobsheet_core::record::{DocumentId, RecordError};
use jobsheet_core::seal::file::HandOverProblem;
use serde::Serialize;

use crate::{ApplyError, StoreError};

/// Largest file by which a visit is handed over, in bytes.
pub const MAX_HAND_OVER_FILE_BYTES: u64 = 1 << 30;
/// How many bytes of attachments go with a visit unless another limit is set.
pub const HAND_OVER_ATTACHMENT_BYTES: u64 = 64 << 20;

const _: () = assert!(jobsheet_wire::MAX_HAND_OVER_BYTES == jobsheet_core::key::MAX_HAND_OVER_BYTES);

/// How a visit is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOverOptions {
    /// How many bytes of attachments go with it, the smallest first; what does not fit is left out, and comes by the server.
    pub attachment_bytes: u64,
}

impl Default for HandOverOptions {
    fn default() -> Self {
        Self { attachment_bytes: HAND_OVER_ATTACHMENT_BYTES }
    }
}

/// A visit that was written into a file to be handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandedOver {
    /// The visit.
    pub visit: DocumentId,
    /// Person id of whoever works on.
    pub to: String,
    /// The file.
    pub file: PathBuf,
    /// Changes of this device that it brings.
    pub changes: u32,
    /// Attachments in it.
    pub attachments: u32,
    /// Attachments that the record names and that are not in it: SHA-256, hexadecimal.
    pub left_out: Vec<String>,
}

/// A visit that was taken over from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenOver {
    /// The visit.
    pub visit: DocumentId,
    /// The order's number.
    pub number: String,
    /// Person id of whoever handed it over.
    pub from: String,
    /// Changes of others that this device brings to the server.
    pub changes: u32,
    /// Attachments that were kept.
    pub attachments: u32,
    /// Attachments that are not here: not in the file, or there was no room for them. SHA-256, hexadecimal.
    pub missing: Vec<String>,
}

/// Why a visit was not handed over or taken over. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum HandOverError {
    /// The organisation has not certified this device.
    #[error("the organisation has not certified this device, so nobody would believe it; enrol it again")]
    NotCertified,
    /// More changes than one hand-over names.
    #[error("the visit has more than {limit} changes of this device; sync first")]
    TooManyChanges {
        /// The limit.
        limit: usize,
    },
    /// It went from hand to hand too often.
    #[error("the visit has been handed on {limit} times without a sync; sync first")]
    TooOften {
        /// The limit.
        limit: usize,
    },
    /// The file is too large.
    #[error(
        "the file has {size} bytes, more than the limit of {limit}; have it handed over with fewer attachments"
    )]
    TooLarge {
        /// Its size, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The file is damaged, a stranger's, or not what was signed.
    #[error(transparent)]
    Problem(#[from] HandOverProblem),
    /// It is for somebody else.
    #[error("the visit was handed over to `{to}`; have it handed over to you")]
    NotForYou {
        /// Person id of whoever it is for.
        to: String,
    },
    /// It is of another tenant.
    #[error("the file is of the tenant `{tenant}`, to which this device does not belong")]
    OtherTenant {
        /// The tenant.
        tenant: String,
    },
    /// It was made on this device.
    #[error("the file was made on this device; it is for the device of whoever works on")]
    OwnDevice,
    /// It holds no visit.
    #[error("the file holds no visit; shifts and cases are not handed over")]
    NotAVisit,
    /// Its changes do not fit those that are here.
    #[error("the file does not fit the visit as it is here: {0}; sync both devices")]
    Unmergeable(#[source] RecordError),
    /// The file can not be read or written, or an attachment is damaged.
    #[error("the visit could not be written: {0}")]
    Export(String),
    /// The visit can not be passed on, or nobody is known to act.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl From<StoreError> for HandOverError {
    fn from(error: StoreError) -> Self {
        Self::Apply(error.into())
    }
}

impl From<KeyError> for HandOverError {
    fn from(error: KeyError) -> Self {
        StoreError::from(error).into()
    }
}
