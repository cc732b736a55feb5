//! What the device's clocks say. An app may bring its own [`Clock`]; tests and demonstrations use [`SteppedClock`].

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use jobsheet_core::{Moment, Stamp};

/// One reading of all clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Wall clock.
    pub wall: Timestamp,
    /// UTC offset that the person sees.
    pub offset: Offset,
    /// Monotonic clock that also counts while the device sleeps, milliseconds since the boot named in `boot`.
    pub mono_ms: u64,
    /// Which boot the monotonic clock counts from.
    pub boot: Arc<str>,
}

impl Reading {
    /// The reading as evidence in a record.
    pub(crate) fn stamp(&self, skew_ms: Option<i64>) -> Stamp {
        Stamp {
            at: Moment::new(self.wall, self.offset),
            mono_ms: Some(self.mono_ms),
            boot: Some(self.boot.to_string()),
            skew_ms,
        }
    }

    /// The wall clock corrected by the last known offset to the server.
    pub(crate) fn corrected(&self, skew_ms: Option<i64>) -> Timestamp {
        let skew = SignedDuration::from_millis(skew_ms.unwrap_or(0));
        self.wall.checked_add(skew).unwrap_or(self.wall)
    }
}

/// The device's clocks.
pub trait Clock: Send + Sync {
    /// Reads all of them at once.
    fn read(&self) -> Reading;
}

/// The clocks of the machine.
///
/// ```
/// use jobsheet::clock::{Clock, SystemClock};
/// let clock = SystemClock::default();
/// let (one, two) = (clock.read(), clock.read());
/// assert!(one.mono_ms <= two.mono_ms);
/// assert_eq!(one.boot, two.boot);
/// ```
#[derive(Debug)]
pub struct SystemClock {
    zone: TimeZone,
    boot: OnceLock<Arc<str>>,
    #[cfg_attr(any(target_os = "linux", target_os = "android"), allow(dead_code))]
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { zone: TimeZone::system(), boot: OnceLock::new(), started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn read(&self) -> Reading {
        let wall = Timestamp::now();
        Reading {
            wall,
            offset: self.zone.to_offset(wall),
            mono_ms: self.mono_ms(),
            boot: self.boot.get_or_init(boot_id).clone(),
        }
    }
}

impl SystemClock {
    /// `CLOCK_MONOTONIC` stands still while a phone sleeps, `CLOCK_BOOTTIME` does not.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[allow(clippy::unused_self)] // the other platforms count from the first reading
    fn mono_ms(&self) -> u64 {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let millis = u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000;
        seconds.saturating_mul(1000).saturating_add(millis)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn mono_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The kernel's boot id; where there is none (or the app may not read it) a random one, so that durations never span
/// two processes by mistake.
fn boot_id() -> Arc<str> {
    let known = if cfg!(any(target_os = "linux", target_os = "android")) {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()
    } else {
        None
    };
    match known.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => id.into(),
        None => crate::random::uuid().map_or_else(|_| "unknown".into(), |id| id.to_string().into()),
    }
}

/// A clock that starts at a given instant and runs on from there, for tests and demonstrations.
///
/// ```
/// use jobsheet::clock::{Clock, SteppedClock};
/// let clock = SteppedClock::starting("2026-03-01T09:30:00-05:00".parse().unwrap());
/// assert_eq!(clock.read().wall.to_string().get(..16), Some("2026-03-01T14:30"));
/// assert_eq!(&*clock.read().boot, "stepped");
/// ```
#[derive(Debug)]
pub struct SteppedClock {
    start: Moment,
    started: Instant,
    boot: Arc<str>,
}

impl SteppedClock {
    /// A clock that shows `start` now.
    pub fn starting(start: Moment) -> Self {
        Self { start, started: Instant::now(), boot: "stepped".into() }
    }
}

impl Clock for SteppedClock {
    fn read(&self) -> Reading {
        let run = SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::ZERO);
        let wall = self.start.instant().checked_add(run).unwrap_or(self.start.instant());
        // Counted from 1970, so that two processes with stepped clocks agree on the time between them.
        let mono_ms = u64::try_from(wall.as_millisecond()).unwrap_or(0);
        Reading { wall, offset: self.start.offset(), mono_ms, boot: self.boot.clone() }
    }
}

/// Name of the environment variable that [`from_environment`] reads.
pub const CLOCK_VARIABLE: &str = "JOBSHEET_CLOCK";

/// The clock for this process: a [`SteppedClock`] if `JOBSHEET_CLOCK` holds an RFC 3339 time, else the [`SystemClock`].
///
/// # Errors
/// [`jobsheet_core::NotAMoment`] if the variable holds anything else.
pub fn from_environment() -> Result<Arc<dyn Clock>, jobsheet_core::NotAMoment> {
    match std::env::var(CLOCK_VARIABLE) {
        Ok(text) if !text.is_empty() => Ok(Arc::new(SteppedClock::starting(text.parse()?))),
        _ => Ok(Arc::new(SystemClock::default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stepped_clocks_of_two_processes_agree_on_the_time_between_them() {
        let early = SteppedClock::starting("2026-03-01T09:30:00Z".parse().unwrap()).read().stamp(None);
        let late = SteppedClock::starting("2026-03-01T09:40:00Z".parse().unwrap()).read().stamp(None);
        let elapsed = early.until(&late);
        assert_eq!(elapsed.duration.as_mins(), 10);
        assert!(!elapsed.clock_suspect);
    }

    #[test]
    fn the_corrected_time_follows_the_server() {
        let reading = SteppedClock::starting("2026-03-01T09:30:00Z".parse().unwrap()).read();
        assert_eq!(reading.corrected(Some(-60_000)), reading.wall - SignedDuration::from_secs(60));
        assert_eq!(reading.corrected(None), reading.wall);
    }
}
