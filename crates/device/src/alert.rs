//! Calls for help: durable first, sent before everything else, and tried again until the server has them.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use jobsheet_core::record::{Command, DocumentId, Spot};
use serde::Serialize;

use crate::store::{self, Store};
use crate::sync::SyncError;
use crate::{ApplyError, Receipt, StoreError, random};

/// Wait after the first try that failed; it doubles with each further one, and up to as much again is added at random.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait between two tries before the random part: somebody may be in danger.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often a waiting driver asks whether it should stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What somebody says who calls for help.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallForHelp {
    /// Special situation, an id of the pack; none: nothing is said of it.
    pub situation: Option<String>,
    /// Words. Personal.
    pub words: Option<String>,
    /// Where the person is, if the app knows. Personal.
    pub place: Option<Spot>,
}

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryTry {
    /// Its number, from 1.
    pub number: u32,
    /// Why it failed; none: the server has everything.
    pub failed: Option<String>,
    /// How long the driver waits before the next one.
    pub next_in: Option<Duration>,
}

/// What came of the tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Tries.
    pub tries: u32,
    /// Calls for help that still wait.
    pub waiting: u32,
    /// Calls for help that the server refused; they are in quarantine, and somebody has to phone.
    pub refused: u32,
}

impl Store {
    /// Calls the office for help. Durable when it returns, as every command; no rule and no state stops it. Sending it is
    /// [`Store::keep_alerting`]'s, or that of the next sync, which sends it first.
    ///
    /// # Errors
    /// [`ApplyError`], as [`Store::apply`].
    pub fn alert(&self, visit: DocumentId, call: CallForHelp) -> Result<Receipt, ApplyError> {
        let CallForHelp { situation, words, place } = call;
        self.apply(visit, &Command::Alert { situation, words, place })
    }

    /// How many calls for help the server does not have yet.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn waiting_alerts(&self) -> Result<u32, StoreError> {
        let mut reader = self.inner.connections.read()?;
        store::waiting_alerts(&*reader.begin()?)
    }

    /// Exchanges records, and no files, until the server has every call for help, with waits that grow from one second to half a
    /// minute. Blocks: an app gives it a thread. `tried` is told of every try, and while it waits is asked ten times a second
    /// through `stop` whether it should end. What has not been delivered stays in the outbox; calling again goes on, also after a
    /// restart.
    ///
    /// # Errors
    /// Only what no further try can mend: [`SyncError::NotEnrolled`], [`SyncError::Unauthorized`], [`SyncError::Revoked`], an address or a certificate
    /// that can not be used, and a store that is closed or damaged.
    pub fn keep_alerting(
        &self,
        stop: impl Fn() -> bool,
        mut tried: impl FnMut(&DeliveryTry),
    ) -> Result<Delivery, SyncError> {
        let mut delivery = Delivery { tries: 0, waiting: self.waiting_alerts()?, refused: 0 };
        let mut wait = FIRST_WAIT;
        while delivery.waiting > 0 && !stop() {
            delivery.tries += 1;
            let failed = match self
                .sync_records(|_| if stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            {
                Ok(_) => None,
                Err(error) if error.may_pass() => Some(error.to_string()),
                Err(error) => return Err(error),
            };
            delivery.waiting = self.waiting_alerts()?;
            let again = delivery.waiting > 0;
            let pause = wait + wait.mul_f64(f64::from(random::bytes::<1>().map_or(0, |[byte]| byte)) / 256.0);
            let next_in = again.then_some(pause);
            tried(&DeliveryTry { number: delivery.tries, failed: failed.filter(|_| again), next_in });
            if again {
                let until = Instant::now() + pause;
                while Instant::now() < until && !stop() {
                    std::thread::sleep(LOOK_EVERY.min(until.saturating_duration_since(Instant::now())));
                }
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
        let mut reader = self.inner.connections.read()?;
        delivery.refused = store::refused_alerts(&*reader.begin().map_err(SyncError::from)?)?;
        Ok(delivery)
    }
}
