//! How much may be kept.

use std::time::Duration;

/// Largest attachment unless an app says otherwise, in bytes: a video of some minutes.
pub const MAX_ATTACHMENT_BYTES: u64 = 512 << 20;
/// Largest file of a signature's strokes, in bytes.
pub const MAX_SIGNATURE_BYTES: u64 = 4 << 20;

/// Limits of what a device keeps beside the database. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentLimits {
    /// Largest file (default [`MAX_ATTACHMENT_BYTES`]).
    pub file_bytes: u64,
    /// All files that one visit or shift names, each counted once (default 4 GiB).
    pub visit_bytes: u64,
    /// All files of the store (default 16 GiB).
    pub store_bytes: u64,
    /// Space that a copy must leave free on the disk, for the database above all (default 64 MiB).
    pub reserve_bytes: u64,
    /// Files of others of the crew that are fetched ahead, in bytes (default 64 MiB).
    pub prefetch_bytes: u64,
    /// How long a file that no document names is left alone (default 24 h): somebody may be about to name it.
    pub grace: Duration,
}

impl Default for AttachmentLimits {
    fn default() -> Self {
        Self {
            file_bytes: MAX_ATTACHMENT_BYTES,
            visit_bytes: 4 << 30,
            store_bytes: 16 << 30,
            reserve_bytes: 64 << 20,
            prefetch_bytes: 64 << 20,
            grace: Duration::from_hours(24),
        }
    }
}
