//! How long is waited before another try.

use std::time::Duration;

use crate::random;
use crate::sync::jittered;

/// Wait after the first failure, before the random part.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Longest wait before the random part. Not longer: a network that is back is noticed by trying.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How long to wait after so many failures in a row: twice as long each time, and at least as long as the server asked. Up to as
/// much again is added at random, so that devices which lost the server together do not come back together.
pub(super) fn after(failures: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_WAIT);
    asked.map_or_else(|| jittered(doubled), |asked| asked + random_share(asked.min(LONGEST_WAIT)))
}

/// An interval, up to a quarter longer: devices that began together drift apart.
pub(super) fn about(interval: Duration) -> Duration {
    interval + random_share(interval / 4)
}

fn random_share(of: Duration) -> Duration {
    of.mul_f64(f64::from(random::bytes::<1>().map_or(0, |[byte]| byte)) / 256.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let wait = |failures| after(failures, None);
        assert!((FIRST_WAIT..FIRST_WAIT * 2).contains(&wait(1)));
        assert!((FIRST_WAIT * 4..FIRST_WAIT * 8).contains(&wait(3)));
        for failures in [9, 40, u32::MAX] {
            assert!((LONGEST_WAIT..LONGEST_WAIT * 2).contains(&wait(failures)), "{failures}");
        }
    }

    #[test]
    fn never_sooner_than_the_server_asks() {
        for seconds in [0, 1, 30, 3600] {
            let asked = Duration::from_secs(seconds);
            for failures in [1, 5, 50] {
                assert!(after(failures, Some(asked)) >= asked);
            }
        }
    }
}
