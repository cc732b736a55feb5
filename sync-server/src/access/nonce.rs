//! Nonces: what a device signs to be let in. Each is for one device, holds for a minute and is good once.
//!
//! Giving one out costs no memory. What has been used is one number for each device that was let in within the last minute:
//! nonces are numbered, and the latest number that a device has used stands for all before it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::mac::Mac;

/// How long a nonce holds, measured from the start of the process: no clock that is put right makes it longer.
pub(crate) const NONCE_LIFETIME: Duration = Duration::from_mins(1);
/// Used numbers after which those that hold no longer are forgotten.
const FORGET_AT: usize = 1024;

/// Gives nonces out and takes them back.
pub(super) struct Nonces {
    mac: Mac,
    started: Instant,
    next: AtomicU64,
    used: Mutex<HashMap<Uuid, Used>>,
}

struct Used {
    number: u64,
    at: Duration,
}

impl Nonces {
    /// `key`: new at each start, so that nothing given out before it holds.
    pub(super) fn new(key: [u8; 32]) -> Self {
        let mac = Mac::new(key, "nonce-1");
        Self { mac, started: Instant::now(), next: AtomicU64::new(1), used: Mutex::new(HashMap::new()) }
    }

    pub(super) fn issue(&self, device: &Uuid) -> String {
        self.issue_at(device, self.started.elapsed())
    }

    pub(super) fn is_fresh(&self, device: &Uuid, text: &str) -> bool {
        self.number(device, text, self.started.elapsed()).is_some()
    }

    pub(super) fn spend(&self, device: &Uuid, text: &str) -> bool {
        self.spend_at(device, text, self.started.elapsed())
    }

    fn issue_at(&self, device: &Uuid, at: Duration) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(device.as_bytes());
        bytes[16..24].copy_from_slice(&number.to_be_bytes());
        bytes[24..].copy_from_slice(&at.to_be_bytes());
        self.mac.seal(&bytes)
    }

    /// The number of a nonce that holds.
    fn number(&self, device: &Uuid, text: &str, now: Duration) -> Option<u64> {
        let bytes = self.mac.open::<32>(text)?;
        let (of, rest) = bytes.split_first_chunk::<16>()?;
        let (number, at) = rest.split_first_chunk::<8>()?;
        let number = u64::from_be_bytes(*number);
        let at = Duration::from_millis(u64::from_be_bytes(at.try_into().ok()?));
        let holds = of == device.as_bytes() && now.saturating_sub(at) < NONCE_LIFETIME;
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        (holds && used.get(device).is_none_or(|used| number > used.number)).then_some(number)
    }

    fn spend_at(&self, device: &Uuid, text: &str, now: Duration) -> bool {
        let Some(number) = self.number(device, text, now) else { return false };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.get(device).is_some_and(|used| number <= used.number) {
            return false;
        }
        if used.len() >= FORGET_AT {
            // A number whose last use is older than a nonce lives stands for nonces that no longer hold.
            used.retain(|_, used| now.saturating_sub(used.at) <= NONCE_LIFETIME);
        }
        used.insert(*device, Used { number, at: now });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::ZERO;

    #[test]
    fn a_nonce_is_good_once_for_its_device_and_for_a_minute() {
        let (lee, tom) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let nonces = Nonces::new([1; 32]);
        let nonce = nonces.issue_at(&lee, START);
        assert!(!nonces.spend_at(&tom, &nonce, START), "another device's");
        assert!(!Nonces::new([2; 32]).spend_at(&lee, &nonce, START), "another start's");
        assert!(!nonces.spend_at(&lee, &nonce, NONCE_LIFETIME), "too old");
        let last = NONCE_LIFETIME.checked_sub(Duration::from_millis(1)).unwrap();
        assert!(nonces.spend_at(&lee, &nonce, last));
        assert!(!nonces.spend_at(&lee, &nonce, last), "used");
        assert_ne!(nonces.issue_at(&lee, START), nonces.issue_at(&lee, START));
    }

    #[test]
    fn a_later_nonce_makes_earlier_ones_useless_for_its_device_alone() {
        let (lee, tom) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let nonces = Nonces::new([1; 32]);
        let (first, others, second) =
            (nonces.issue_at(&lee, START), nonces.issue_at(&tom, START), nonces.issue_at(&lee, START));
        assert!(nonces.spend_at(&lee, &second, START));
        assert!(!nonces.is_fresh(&lee, &first) && !nonces.spend_at(&lee, &first, START));
        assert!(nonces.spend_at(&tom, &others, START));
    }

    #[test]
    fn what_was_used_long_ago_is_forgotten_and_stays_useless() {
        let nonces = Nonces::new([1; 32]);
        let mut first = String::new();
        for at in 0..FORGET_AT as u128 {
            let device = Uuid::from_u128(at);
            let nonce = nonces.issue_at(&device, START);
            assert!(nonces.spend_at(&device, &nonce, START));
            first = nonce;
        }
        let (later, device) = (NONCE_LIFETIME + Duration::from_millis(1), Uuid::from_u128(9999));
        let nonce = nonces.issue_at(&device, later);
        assert!(nonces.spend_at(&device, &nonce, later));
        assert_eq!(nonces.used.lock().unwrap().len(), 1);
        assert!(!nonces.spend_at(&Uuid::from_u128(FORGET_AT as u128 - 1), &first, later));
    }
}
