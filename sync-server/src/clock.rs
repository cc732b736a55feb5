//! The server's clock. It can be set at start, so that past data are replayed and demonstrations tell the same story.

use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// Where the server takes the time from. Everything that needs the time asks this.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    start: Option<Arc<(Timestamp, Instant)>>,
}

impl Clock {
    /// The machine's wall clock.
    pub(crate) fn system() -> Self {
        Self { start: None }
    }

    /// A clock that shows `instant` now and runs on from there.
    pub(crate) fn starting_at(instant: Timestamp) -> Self {
        Self { start: Some(Arc::new((instant, Instant::now()))) }
    }

    /// The present instant, in whole milliseconds as the store keeps it.
    pub(crate) fn now(&self) -> Timestamp {
        let now = match self.start.as_deref() {
            None => Timestamp::now(),
            Some((instant, since)) => {
                let passed = SignedDuration::try_from(since.elapsed()).unwrap_or(SignedDuration::MAX);
                instant.checked_add(passed).unwrap_or(Timestamp::MAX)
            }
        };
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_runs_on_from_its_start() {
        let start: Timestamp = "2015-01-02T14:17:43Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        let first = clock.now();
        assert!(first >= start && first < start + SignedDuration::from_secs(5));
        assert!(clock.clone().now() >= first, "copies show the same time");
    }
}
