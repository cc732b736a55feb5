//! How much devices may send.

use std::time::Duration;

/// Bytes read from the network before they are written: each upload that runs holds one such piece in memory.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;
/// After so many bytes of one request they are synced and counted, so that a crash costs no more than this.
pub(crate) const CHECKPOINT_BYTES: u64 = 8 << 20;
/// Requests of one device that send bytes at the same time; one more is told to come back.
pub(crate) const MAX_PARALLEL_OF_DEVICE: usize = 4;
/// A body from which nothing comes for so long is given up; what came is kept.
pub(crate) const MAX_SILENCE: Duration = Duration::from_secs(30);
/// One request sends no longer than this; what came is kept, and the client goes on with another request.
pub(crate) const MAX_REQUEST: Duration = Duration::from_mins(15);
/// A request that was told to stop goes on until nothing comes for so long,
pub(crate) const LAST_SILENCE: Duration = Duration::from_millis(200);
/// and no longer than this.
pub(crate) const MAX_LEAVING: Duration = Duration::from_secs(2);
/// How long a request waits for an earlier one on the same upload that was told to stop.
pub(crate) const MAX_HANDOVER: Duration = Duration::from_secs(10);
/// Longest `Upload-Metadata`, in bytes.
pub(crate) const MAX_METADATA_BYTES: usize = 2048;
/// Expired uploads removed in one transaction, so that writers do not wait long.
pub(crate) const SWEPT_AT_ONCE: u32 = 200;

/// Largest file unless the operator says otherwise: as large as a device keeps.
pub(crate) const FILE_BYTES: u64 = 512 << 20;
/// Bytes that one device may store unless the operator says otherwise: some years of photos.
pub(crate) const DEVICE_BYTES: u64 = 256 << 30;
/// Uploads that one device may have open unless the operator says otherwise.
pub(crate) const OPEN_UPLOADS: u64 = 32;
/// Requests that send bytes at the same time, of all devices, unless the operator says otherwise.
pub(crate) const PARALLEL: usize = 32;
/// Seconds after which an upload with which nobody goes on is thrown away, unless the operator says otherwise: a weekend.
pub(crate) const EXPIRY_SECONDS: u64 = 72 * 3600;
/// Free space that uploads leave on the disk, in bytes, unless the operator says otherwise: the database needs it.
pub(crate) const RESERVE_BYTES: u64 = 1 << 30;

/// Limits that an operator may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadLimits {
    /// Largest file, in bytes.
    pub(crate) file_bytes: u64,
    /// Bytes that one device may store, open uploads included.
    pub(crate) device_bytes: u64,
    /// Uploads that one device may have open.
    pub(crate) open_uploads: u64,
    /// Requests that send bytes at the same time.
    pub(crate) parallel: usize,
    /// How long an upload with which nobody goes on is kept.
    pub(crate) expiry: Duration,
    /// Free space that uploads leave on the disk, in bytes.
    pub(crate) reserve_bytes: u64,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            file_bytes: FILE_BYTES,
            device_bytes: DEVICE_BYTES,
            open_uploads: OPEN_UPLOADS,
            parallel: PARALLEL,
            expiry: Duration::from_secs(EXPIRY_SECONDS),
            reserve_bytes: RESERVE_BYTES,
        }
    }
}
