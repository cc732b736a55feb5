//! The sync exchange: what a device pushes is admitted change by change and committed once, then it gets what is new.

mod batch;
mod document;
mod exchange;
mod past;
mod pull;
mod reference;

pub(crate) use exchange::{ExchangeError, exchange, push};

use jobsheet_wire::{DESCENDS, DIVERGED};
use uuid::Uuid;

/// The device that exchanges.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// Id of the device.
    pub(crate) device: Uuid,
    /// Whose it is.
    pub(crate) technician: String,
    /// When it last exchanged.
    pub(crate) last_seen: Option<jiff::Timestamp>,
}

/// Why a change is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Short code in kebab case.
    pub(crate) code: &'static str,
    /// In words, without personal data.
    pub(crate) reason: String,
}

impl Refused {
    fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The document is unknown, or not for this device. One answer for both: it must not tell which documents exist.
    fn out_of_scope() -> Self {
        Self::new("out-of-scope", "the document is not among those assigned to this device")
    }

    /// Another change stands under this actor and number: the device's store was copied or restored.
    fn diverged() -> Self {
        let reason = "another change stands under this actor and number: the store was copied or restored";
        Self::new(DIVERGED, reason)
    }

    /// The change builds on one that was refused.
    fn descends() -> Self {
        Self::new(DESCENDS, "the change builds on one that was refused")
    }

    /// The bytes can not be read or applied.
    fn unreadable() -> Self {
        Self::new("unreadable", "the bytes are no change that can be applied to this document")
    }
}
