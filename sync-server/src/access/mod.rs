//! How callers are let in: devices by a nonce to sign and a short access token for the signature (ADR 21), and everybody so
//! often and no more.

mod address;
mod mac;
mod nonce;
mod rate;
mod token;

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::secret::{self, NoRandomness};
pub(crate) use address::{ForwardedHeader, Peer, Proxies};
use mac::Mac;
pub(crate) use nonce::NONCE_LIFETIME;
use nonce::Nonces;
pub(crate) use rate::{
    ENROLMENTS_PER_MINUTE, REQUESTS_PER_MINUTE, RateLimits, Rates, TooMany, UNKNOWN_PER_MINUTE,
};
pub(crate) use token::{DEFAULT_LIFETIME, MAX_LIFETIME, MIN_LIFETIME, TOKEN_PREFIX, TokenFault};

/// The nonces and access tokens of one running server.
pub(crate) struct Access {
    nonces: Nonces,
    tokens: Mac,
    /// How long an access token holds.
    pub(crate) lifetime: Duration,
}

impl Access {
    /// `key` is the tenant's: tokens outlive the process. Nonces do not.
    pub(crate) fn new(key: [u8; 32]) -> Result<Self, NoRandomness> {
        let nonces = Nonces::new(secret::random()?);
        Ok(Self { nonces, tokens: Mac::new(key, "access-token-1"), lifetime: DEFAULT_LIFETIME })
    }

    /// A nonce for a device to sign, whether there is such a device or not.
    pub(crate) fn nonce(&self, device: &Uuid) -> String {
        self.nonces.issue(device)
    }

    /// Whether a nonce was given to this device, not long ago, and has not been used.
    pub(crate) fn is_fresh(&self, device: &Uuid, nonce: &str) -> bool {
        self.nonces.is_fresh(device, nonce)
    }

    /// Uses a nonce up. `false`: it is not fresh, or has been used just now.
    pub(crate) fn spend(&self, device: &Uuid, nonce: &str) -> bool {
        self.nonces.spend(device, nonce)
    }

    /// An access token for a device.
    pub(crate) fn issue(&self, device: &Uuid, now: Timestamp) -> String {
        token::issue(&self.tokens, device, now, self.lifetime)
    }

    /// The device that an access token is for. Whether that device may still come in is for the store to say.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Uuid, TokenFault> {
        Ok(token::read(&self.tokens, token, now)?.0)
    }

    /// How long an access token that is valid now still holds.
    pub(crate) fn left(&self, token: &str, now: Timestamp) -> Option<Duration> {
        Some(token::read(&self.tokens, token, now).ok()?.1)
    }
}
