//! How often somebody may ask: each address before it has shown who it is, each device after.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use super::address::caller;

/// Tries to enrol that one address has in a minute, if nothing else is said. Codes have 160 bits.
pub(crate) const ENROLMENTS_PER_MINUTE: NonZeroU32 = per_minute(30);
/// Nonces, proofs and wrong tokens that one address has in a minute. Many phones come from behind one address.
pub(crate) const UNKNOWN_PER_MINUTE: NonZeroU32 = per_minute(1200);
/// Requests that one device has in a minute.
pub(crate) const REQUESTS_PER_MINUTE: NonZeroU32 = per_minute(6000);
/// Addresses, or devices, of which is remembered how often they have asked. About 100 bytes each.
const MAX_REMEMBERED: usize = 100_000;

const fn per_minute(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// How much each may ask in a minute. As much may come at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateLimits {
    /// Tries to enrol, of an address.
    pub(crate) enrolments: NonZeroU32,
    /// Nonces, proofs and wrong tokens, of an address.
    pub(crate) unknown: NonZeroU32,
    /// Requests of a device.
    pub(crate) requests: NonZeroU32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { enrolments: ENROLMENTS_PER_MINUTE, unknown: UNKNOWN_PER_MINUTE, requests: REQUESTS_PER_MINUTE }
    }
}

/// Who has asked how often.
pub(crate) struct Rates {
    enrolments: Keyed<IpAddr>,
    unknown: Keyed<IpAddr>,
    devices: Keyed<Uuid>,
}

/// Too many: how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) Duration);

impl Rates {
    /// Nobody has asked yet.
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self {
            enrolments: Keyed::new(limits.enrolments, MAX_REMEMBERED),
            unknown: Keyed::new(limits.unknown, MAX_REMEMBERED),
            devices: Keyed::new(limits.requests, MAX_REMEMBERED),
        }
    }

    /// Somebody at an address tries to enrol.
    pub(crate) fn enrolment(&self, address: IpAddr) -> Result<(), TooMany> {
        self.enrolments.count(&caller(address))
    }

    /// Somebody at an address is not known yet.
    pub(crate) fn unknown(&self, address: IpAddr) -> Result<(), TooMany> {
        self.unknown.count(&caller(address))
    }

    /// A device asks for something.
    pub(crate) fn device(&self, device: &Uuid) -> Result<(), TooMany> {
        self.devices.count(device)
    }
}

struct Keyed<K: Hash + Eq + Clone> {
    quota: Quota,
    most: usize,
    limiter: RwLock<DefaultKeyedRateLimiter<K>>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new(per_minute: NonZeroU32, most: usize) -> Self {
        let quota = Quota::per_minute(per_minute);
        let limiter = RwLock::new(RateLimiter::keyed(quota));
        Self { quota, most, limiter, clock: DefaultClock::default() }
    }

    fn count(&self, key: &K) -> Result<(), TooMany> {
        let limiter = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
        let counted = limiter.check_key(key);
        let full = limiter.len() > self.most;
        drop(limiter);
        if full {
            self.forget();
        }
        counted.map_err(|until| TooMany(until.wait_time_from(self.clock.now())))
    }

    /// Forgets those that may ask as much as anybody again. If that leaves too many, everybody starts anew: memory is bounded
    /// whatever comes.
    fn forget(&self) {
        let mut limiter = self.limiter.write().unwrap_or_else(PoisonError::into_inner);
        limiter.retain_recent();
        if limiter.len() > self.most / 2 {
            *limiter = RateLimiter::keyed(self.quota);
        } else {
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_may_ask_so_often_and_no_more() {
        let keyed = Keyed::new(per_minute(3), 100);
        for _ in 0..3 {
            assert_eq!(keyed.count(&"a"), Ok(()));
        }
        let TooMany(wait) = keyed.count(&"a").unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(20), "{wait:?}");
        assert_eq!(keyed.count(&"b"), Ok(()), "another one");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let keyed = Keyed::new(per_minute(3), 100);
        for at in 0..1000 {
            let _ = keyed.count(&at);
            assert!(keyed.limiter.read().unwrap().len() <= 101);
        }
    }
}
