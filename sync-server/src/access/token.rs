//! Access tokens of devices: device and end, with the server's code behind them. Nothing of them is stored.
//!
//! A token says who asks, and never that he may: the device's status is read from the store on every request.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::mac::Mac;

/// How every access token begins, for people and for secret scanners.
pub(crate) const TOKEN_PREFIX: &str = "jsd_";
/// How long an access token holds if nothing else is said.
pub(crate) const DEFAULT_LIFETIME: Duration = Duration::from_hours(1);
/// Shortest life of an access token that can be asked for.
pub(crate) const MIN_LIFETIME: Duration = Duration::from_mins(1);
/// Longest life of an access token that can be asked for.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_hours(24);

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    /// It is none of this server's.
    NotValid,
    /// It has been one of this device.
    Expired(Uuid),
}

pub(super) fn issue(mac: &Mac, device: &Uuid, now: Timestamp, lifetime: Duration) -> String {
    let life = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::ZERO);
    let until = now.saturating_add(life).unwrap_or(Timestamp::MAX).as_millisecond();
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(device.as_bytes());
    bytes[16..].copy_from_slice(&until.to_be_bytes());
    format!("{TOKEN_PREFIX}{}", mac.seal(&bytes))
}

/// The device of a token, and how long it still holds.
pub(super) fn read(mac: &Mac, token: &str, now: Timestamp) -> Result<(Uuid, Duration), TokenFault> {
    let sealed = token.strip_prefix(TOKEN_PREFIX).ok_or(TokenFault::NotValid)?;
    let bytes = mac.open::<24>(sealed).ok_or(TokenFault::NotValid)?;
    let (device, until) = bytes.split_first_chunk::<16>().ok_or(TokenFault::NotValid)?;
    let device = Uuid::from_bytes(*device);
    let until = i64::from_be_bytes(until.try_into().map_err(|_| TokenFault::NotValid)?);
    let left = until.saturating_sub(now.as_millisecond());
    // One that ends later than any token does was made while the server's clock was ahead.
    let longest = i64::try_from(MAX_LIFETIME.as_millis()).unwrap_or(i64::MAX);
    match u64::try_from(left) {
        Ok(milliseconds) if 0 < left && left <= longest => Ok((device, Duration::from_millis(milliseconds))),
        _ => Err(TokenFault::Expired(device)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_device_until_its_end() {
        let mac = Mac::new([1; 32], "access-token-1");
        let device = Uuid::from_u128(7);
        let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let after = |life: Duration| now + SignedDuration::try_from(life).unwrap();
        let token = issue(&mac, &device, now, DEFAULT_LIFETIME);
        assert_eq!(read(&mac, &token, now), Ok((device, DEFAULT_LIFETIME)));
        let last = after(DEFAULT_LIFETIME) - SignedDuration::from_millis(1);
        assert_eq!(read(&mac, &token, last), Ok((device, Duration::from_millis(1))));
        assert_eq!(read(&mac, &token, after(DEFAULT_LIFETIME)), Err(TokenFault::Expired(device)));
        assert_eq!(read(&mac, &token[4..], now), Err(TokenFault::NotValid));
        assert_eq!(read(&Mac::new([2; 32], "access-token-1"), &token, now), Err(TokenFault::NotValid));
    }

    #[test]
    fn a_token_of_a_clock_that_was_ahead_does_not_live_on() {
        let mac = Mac::new([1; 32], "access-token-1");
        let device = Uuid::from_u128(7);
        let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let longest = SignedDuration::try_from(MAX_LIFETIME).unwrap();
        let token = issue(&mac, &device, now, MAX_LIFETIME);
        assert_eq!(read(&mac, &token, now), Ok((device, MAX_LIFETIME)));
        let earlier = now - SignedDuration::from_millis(1);
        assert_eq!(read(&mac, &token, earlier), Err(TokenFault::Expired(device)));
        assert_eq!(read(&mac, &token, now - longest), Err(TokenFault::Expired(device)));
    }
}
