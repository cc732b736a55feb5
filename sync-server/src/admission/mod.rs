//! The sync exchange: what a device pushes is admitted change by change and committed once, then it gets what is new.

mod batch;
mod compare;
mod exchange;
mod hand_over;
mod job;
mod judge;
mod past;
mod pull;
mod push;
mod reference;
mod refused;

pub(crate) use exchange::{ExchangeError, answer, take_in};
pub(crate) use hand_over::share;
pub(crate) use job::{Ask, Bytes, Done, Job, Told};
pub(crate) use judge::judge;
pub(crate) use push::{AtWork, PushError, admit, ask};

use jobsheet_wire::{DESCENDS, DIVERGED};
use uuid::Uuid;

use crate::standards::Standards;
use crate::store::Store;
use crate::workers::Workers;

/// What an exchange is carried out with.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    /// The store.
    pub(crate) store: &'a Store,
    /// The standards that documents pin.
    pub(crate) standards: &'a Standards,
    /// Who judges what devices send.
    pub(crate) workers: &'a Workers,
}

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

    /// A worker process died of the change, more than once.
    fn too_costly() -> Self {
        Self::new(
            "too-costly",
            "the change needs more memory or time than one change may, or breaks what reads it",
        )
    }

    /// The change was not looked at.
    fn not_judged() -> Self {
        Self::new(
            "not-judged",
            "too many changes of this exchange could not be judged; this one was not tried",
        )
    }

    /// The bytes can not be read or applied.
    fn unreadable() -> Self {
        Self::new("unreadable", "the bytes are no change that can be applied to this document")
    }
}
