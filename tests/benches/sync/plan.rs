//! What is measured, and how much of it.

use std::path::PathBuf;

use tempfile::TempDir;

/// Sizes of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Devices of a shift.
    pub(crate) devices: u64,
    /// Visits of each of them.
    pub(crate) visits_each: u64,
    /// How often a shift ends.
    pub(crate) shifts: u64,
    /// Visits of one technician in W2 to W4.
    pub(crate) visits: u64,
    /// How often a device comes back in W2 and W4.
    pub(crate) returns: usize,
    /// New devices in W3.
    pub(crate) new_devices: usize,
    /// Pairs of devices in W5.
    pub(crate) pairs: u64,
    /// Changes of each pair.
    pub(crate) rounds: usize,
    /// Few and many visits between which W2 may not grow.
    pub(crate) flat: (u64, u64),
    /// Documents that are on the server before a shift ends.
    pub(crate) documents: u64,
    /// Devices that the server knows then.
    pub(crate) known_devices: u64,
}

/// As the bars have them.
const FULL: Sizes = Sizes {
    devices: 50,
    visits_each: 8,
    shifts: 3,
    visits: 1000,
    returns: 15,
    new_devices: 3,
    pairs: 50,
    rounds: 40,
    flat: (100, 10_000),
    documents: 100_000,
    known_devices: 10_000,
};

/// For a look while something is being changed.
const QUICK: Sizes = Sizes {
    devices: 10,
    visits_each: 8,
    shifts: 1,
    visits: 100,
    returns: 5,
    new_devices: 2,
    pairs: 5,
    rounds: 10,
    flat: (100, 1000),
    documents: 2000,
    known_devices: 200,
};

/// What is measured.
pub(crate) struct Plan {
    only: Vec<String>,
    /// Smaller sizes, and no bars.
    pub(crate) quick: bool,
    pub(crate) sizes: Sizes,
    /// Where stores and figures lie.
    pub(crate) folder: PathBuf,
    _kept: Option<TempDir>,
}

impl Plan {
    /// Reads the environment, as `cargo xtask bench sync` sets it.
    pub(crate) fn read() -> Self {
        let only = std::env::var("JOBSHEET_BENCH_ONLY").unwrap_or_default();
        let only =
            only.split(',').map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect();
        let quick = std::env::var_os("JOBSHEET_BENCH_QUICK").is_some();
        let (folder, kept) = if let Some(folder) = std::env::var_os("JOBSHEET_BENCH_FOLDER") {
            (PathBuf::from(folder), None)
        } else {
            let kept = tempfile::tempdir().unwrap();
            (kept.path().to_owned(), Some(kept))
        };
        Self { only, quick, sizes: if quick { QUICK } else { FULL }, folder, _kept: kept }
    }

    /// Whether something is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|one| one == name)
    }
}
