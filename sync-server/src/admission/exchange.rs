//! One exchange: push, commit, pull.

use jiff::{SignedDuration, Timestamp};
use jobsheet_wire::{Exchange, MAX_DOCUMENTS_PER_EXCHANGE, Reply, VerdictOfChange};

use super::push::{PushError, push};
use super::{Desk, Sender, compare, past, pull, reference};
use crate::store::StoreError;

/// Most changes in one exchange, so that the reply with all its verdicts fits into one body.
pub(crate) const MAX_CHANGES_PER_EXCHANGE: usize = 32 * MAX_DOCUMENTS_PER_EXCHANGE;
/// How often it is noted that a device was seen.
const SEEN_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

/// Why an exchange was not carried out to its end. What was written of it is known when it is sent again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    /// Too many changes.
    #[error(
        "the number of changes exceeds the limit of {MAX_CHANGES_PER_EXCHANGE}; send less in one exchange"
    )]
    TooManyChanges,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was pushed was not admitted to its end.
    #[error(transparent)]
    Push(#[from] PushError),
}

/// Takes in what an exchange brings: when this returns, what was accepted is durable. The bytes of its changes are not needed any
/// more, and are gone.
pub(crate) fn take_in(
    desk: &Desk<'_>,
    sender: &Sender,
    message: &mut Exchange,
    now: Timestamp,
) -> Result<Vec<VerdictOfChange>, ExchangeError> {
    let pushed: usize = message.push.iter().map(|push| push.changes.len()).sum();
    if pushed > MAX_CHANGES_PER_EXCHANGE {
        return Err(ExchangeError::TooManyChanges);
    }
    // An exchange that only asks costs no commit, but for one a minute that tells when the device was seen.
    let seen_lately = sender.last_seen.is_some_and(|seen| now.duration_since(seen).abs() < SEEN_INTERVAL);
    if !seen_lately {
        desk.store.write(|tx| tx.device_seen(&sender.device, now))?;
    }
    let verdicts = push(desk, sender, &message.push, &message.hand_overs, now)?;
    for change in message.push.iter_mut().flat_map(|push| &mut push.changes) {
        change.bytes = Vec::new();
    }
    Ok(verdicts)
}

/// Answers an exchange that was taken in: the verdicts, and what is new for the device.
pub(crate) fn answer(
    desk: &Desk<'_>,
    sender: &Sender,
    message: &Exchange,
    verdicts: Vec<VerdictOfChange>,
    now: Timestamp,
) -> Result<Reply, StoreError> {
    let (brought, stock, tariffs, histories, applied) = desk.store.read(|tx| -> Result<_, StoreError> {
        let brought = pull::pull(tx, desk.standards, sender, message)?;
        let stock = reference::stock(tx, sender, message, &brought)?;
        let tariffs = reference::tariffs(tx, message, &brought)?;
        let histories = past::histories(tx, &brought.deliveries)?;
        let applied = compare::applied(tx, sender, message)?;
        Ok((brought, stock, tariffs, histories, applied))
    })?;
    Ok(Reply {
        verdicts,
        deliveries: brought.deliveries,
        packs: brought.packs,
        cursor: brought.cursor,
        more: brought.more,
        server_at_ms: now.as_millisecond(),
        epoch_changed: brought.epoch_changed,
        stock,
        tariffs,
        assigned: Some(brought.assigned),
        histories: (!histories.is_empty()).then_some(histories),
        differed: brought.differed,
        applied,
    })
}
