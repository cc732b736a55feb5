//! What a worker process may cost.

use std::time::Duration;

/// Most memory that a worker may write to, in bytes. It is not given more, and ends.
pub(super) const WORKER_MEMORY_BYTES: u64 = 96 << 20;
/// Seconds of processor time for any job,
pub(super) const CPU_SECONDS: u64 = 1;
/// and one more for each so many bytes of what is judged, as it is when it is not compressed.
pub(super) const BYTES_PER_CPU_SECOND: usize = 1 << 20;
/// How much longer than its processor time a job may take: other processes want the processors too.
pub(super) const WALL_PER_CPU: u32 = 4;
/// A job is given at least so much time.
pub(super) const MIN_WALL: Duration = Duration::from_secs(10);
/// Workers at least: one that a costly job keeps busy must not hold up all others.
pub(super) const MIN_WORKERS: usize = 2;
/// Workers at most.
pub(super) const MAX_WORKERS: usize = 8;
/// Largest message between server and worker, in bytes: a document and all changes of one exchange, with room to spare.
pub(super) const MAX_FRAME_BYTES: usize = 32 << 20;

/// Seconds of processor time for a job of so many bytes.
pub(super) fn cpu_seconds(bytes: usize) -> u64 {
    CPU_SECONDS + (bytes / BYTES_PER_CPU_SECOND) as u64
}

/// How long a job of so many bytes may take.
pub(super) fn wall(bytes: usize) -> Duration {
    Duration::from_secs(cpu_seconds(bytes)).saturating_mul(WALL_PER_CPU).max(MIN_WALL)
}
