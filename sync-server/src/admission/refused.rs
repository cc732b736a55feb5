//! What is refused is kept for somebody at the office, beside the work of revoked devices.

use jiff::Timestamp;
use jobsheet_wire::{DIVERGED, DocumentPush, Verdict, VerdictOfChange};
use uuid::Uuid;

use super::Sender;
use crate::store::{LateCause, StoreError, Writing};

/// Most refused changes that are kept of one device.
pub(crate) const MAX_REFUSED_CHANGES: u64 = 2_000;
/// Most bytes of refused changes that are kept of one device.
pub(crate) const MAX_REFUSED_BYTES: u64 = 4 << 20;

/// Keeps the changes that were refused. Those of a copied store are not: the device writes them anew by itself, with all that builds
/// on them.
pub(super) fn keep(
    tx: &Writing<'_>,
    sender: &Sender,
    pushes: &[DocumentPush],
    verdicts: &[VerdictOfChange],
    now: Timestamp,
) -> Result<(), StoreError> {
    let (mut count, mut size) = tx.late_size(&sender.device, LateCause::Refused)?;
    let mut verdicts = verdicts.iter();
    for push in pushes {
        let told: Vec<&Verdict> =
            verdicts.by_ref().take(push.changes.len()).map(|told| &told.verdict).collect();
        let diverged =
            |verdict: &&Verdict| matches!(verdict, Verdict::Refused { code, .. } if code == DIVERGED);
        let document = Uuid::from_bytes(push.document);
        if told.iter().any(diverged) || !tx.is_visit(&document)? {
            continue;
        }
        for (framed, verdict) in push.changes.iter().zip(told) {
            let Verdict::Refused { code, reason } = verdict else { continue };
            let bytes = framed.bytes.len() as u64;
            if count >= MAX_REFUSED_CHANGES || size + bytes > MAX_REFUSED_BYTES {
                tracing::warn!(device = %sender.device, "a refused change was not kept: there are too many");
                return Ok(());
            }
            let change = (&framed.hash, framed.bytes.as_slice());
            if tx.keep_refused(&sender.device, &document, change, (code, reason), now)? {
                count += 1;
                size += bytes;
            }
        }
    }
    Ok(())
}
