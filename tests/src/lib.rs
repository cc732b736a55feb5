//! Real processes for the end to end tests, the demonstration and the benchmarks: a server, devices, an office.

pub mod office;
pub mod phone;
pub mod programs;
pub mod scenario;
pub mod server;
pub mod story;
pub mod workload;

/// What went wrong, in words that say where.
pub type Failure = String;

/// A result with a [`Failure`].
pub type Outcome<T> = Result<T, Failure>;
