//! One exchange: push, commit, pull.

use jiff::{SignedDuration, Timestamp};
use jobsheet_wire::{
    DIVERGED, DocumentPush, Exchange, MAX_DOCUMENTS_PER_EXCHANGE, Reply, Verdict, VerdictOfChange,
};

use super::document::admit;
use super::{Sender, past, pull, reference};
use crate::standards::Standards;
use crate::store::{Store, StoreError, Writing};

/// Most changes in one exchange, so that the reply with all its verdicts fits into one body.
pub(crate) const MAX_CHANGES_PER_EXCHANGE: usize = 32 * MAX_DOCUMENTS_PER_EXCHANGE;
/// How often it is noted that a device was seen.
const SEEN_INTERVAL: SignedDuration = SignedDuration::from_secs(60);
/// Most refusals of one exchange that are written to the audit log one by one.
const MAX_AUDITED_REFUSALS: usize = 100;

/// Why an exchange was not carried out. Nothing was written.
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
}

/// Carries out an exchange: when this returns, what was accepted is durable.
pub(crate) fn exchange(
    store: &Store,
    standards: &Standards,
    sender: &Sender,
    message: &Exchange,
    now: Timestamp,
) -> Result<Reply, ExchangeError> {
    let pushed: usize = message.push.iter().map(|push| push.changes.len()).sum();
    if pushed > MAX_CHANGES_PER_EXCHANGE {
        return Err(ExchangeError::TooManyChanges);
    }
    // An exchange that only asks costs no commit, but for one a minute that tells when the device was seen.
    let seen_lately = sender.last_seen.is_some_and(|seen| now.duration_since(seen).abs() < SEEN_INTERVAL);
    let verdicts = if message.push.is_empty() && seen_lately {
        Vec::new()
    } else {
        store.write(|tx| {
            tx.device_seen(&sender.device, now)?;
            push(tx, standards, sender, &message.push, now)
        })?
    };
    let (brought, stock, tariffs, histories) = store.read(|tx| -> Result<_, StoreError> {
        let brought = pull::pull(tx, standards, sender, message)?;
        let stock = reference::stock(tx, sender, message, &brought)?;
        let tariffs = reference::tariffs(tx, message, &brought)?;
        let histories = past::histories(tx, &brought.deliveries)?;
        Ok((brought, stock, tariffs, histories))
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
    })
}

/// Admits what is pushed and writes it. Gives a verdict for every change.
pub(crate) fn push(
    tx: &Writing<'_>,
    standards: &Standards,
    sender: &Sender,
    pushes: &[DocumentPush],
    now: Timestamp,
) -> Result<Vec<VerdictOfChange>, StoreError> {
    let mut verdicts = Vec::new();
    for push in pushes {
        let admitted = admit(tx, standards, sender, push, now)?;
        let told = push.changes.iter().zip(admitted.verdicts);
        verdicts.extend(told.map(|(framed, verdict)| VerdictOfChange {
            document: push.document,
            hash: framed.hash,
            verdict,
        }));
    }
    let device = sender.device.to_string();
    let refusals = verdicts.iter().filter_map(|told| match &told.verdict {
        Verdict::Refused { code, .. } => Some((told, code)),
        _ => None,
    });
    for (told, code) in refusals.take(MAX_AUDITED_REFUSALS) {
        let subject = uuid::Uuid::from_bytes(told.document).to_string();
        tx.audit(
            now,
            &device,
            "change-refused",
            &subject,
            &format!("{code} {}", jobsheet_core::hex(&told.hash)),
        )?;
    }
    let diverged =
        |told: &VerdictOfChange| matches!(&told.verdict, Verdict::Refused { code, .. } if code == DIVERGED);
    if verdicts.iter().any(diverged) {
        tx.device_diverged(&sender.device, now)?;
        tx.audit(now, &device, "device-diverged", &device, "")?;
    }
    Ok(verdicts)
}
