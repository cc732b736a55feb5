//! Why an upload did not go on.

use crate::secret::NoRandomness;
use crate::store::StoreError;

/// Why an upload did not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    /// `Upload-Length`, `Upload-Metadata` or another header is not what tus asks for.
    #[error("{header}: {reason}")]
    Header {
        /// The header.
        header: &'static str,
        /// What is wrong and what to send.
        reason: String,
    },
    /// The file is too large.
    #[error("the file has {length} bytes, the limit is {limit}; make it smaller")]
    TooLarge {
        /// Announced.
        length: u64,
        /// The limit.
        limit: u64,
    },
    /// More bytes came than were announced.
    #[error("more bytes came than the {length} that were announced; begin a new upload with the true length")]
    TooMany {
        /// Announced.
        length: u64,
    },
    /// The device has used up what it may store.
    #[error(
        "this device may store {limit} bytes and has {used} of them; ask the office to raise the limit of the server"
    )]
    Quota {
        /// Stored and announced.
        used: u64,
        /// The limit.
        limit: u64,
    },
    /// The device has too many uploads open.
    #[error("this device has {limit} uploads open, which is the limit; finish or delete one")]
    TooManyOpen {
        /// The limit.
        limit: u64,
    },
    /// The disk of the server is full.
    #[error("the server has no space for the file; it is kept on the device, try again later")]
    NoSpace,
    /// The device may not see the document.
    #[error("this device has no such document")]
    OutOfScope,
    /// The document does not name the file, as far as the server knows it.
    #[error("the document names no file of this hash yet; send the record first (POST /v1/sync)")]
    NotNamed,
    /// There is no such upload of this device.
    #[error("there is no such upload; begin a new one")]
    Unknown,
    /// The upload's time is over.
    #[error("the upload has expired; begin a new one")]
    Expired,
    /// What had been received is gone.
    #[error("what had been received of the upload is gone; begin a new one")]
    Lost,
    /// The offset is not where the upload stands.
    #[error("the upload stands at {at}, not at the offset that was sent; ask with HEAD and go on from there")]
    WrongOffset {
        /// Bytes received.
        at: u64,
    },
    /// Another request sends to this upload.
    #[error("another request sends to this upload; ask with HEAD, which ends it, and go on from there")]
    Locked,
    /// The checksum of the request's body does not fit it.
    #[error("the bytes do not have the checksum that was sent with them; send them again")]
    ChecksumMismatch,
    /// The whole file has another hash than was announced.
    #[error("the file does not have the SHA-256 that was announced; the upload was thrown away")]
    HashMismatch,
    /// The body was cut short. What came is kept.
    #[error("the body was cut short; ask with HEAD and go on from there")]
    Cut,
    /// Nothing came for too long, or too slowly. What came is kept.
    #[error("the body came too slowly; ask with HEAD and go on from there")]
    TooSlow,
    /// As many uploads run as may at once.
    #[error("as many uploads run as may at once; try again")]
    Busy,
    /// A file could not be written or read.
    #[error("a file of an upload failed: {0}")]
    Io(std::io::Error),
    /// The work was broken off.
    #[error("the work on an upload was broken off: {0}")]
    BrokenOff(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl From<std::io::Error> for UploadError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::NoSpace,
            _ => Self::Io(error),
        }
    }
}
