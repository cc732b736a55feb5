//! Earlier visits of the same asset: sent with a visit that is new on a device, so that its technician knows offline what was done
//! before.
//!
//! Only what the device may know: visits of the same asset at the same customer, told in short. A visit whose order names no
//! customer gets none, because nobody could say whose history it would be.

use jobsheet_core::record::{Document, Record};
use jobsheet_wire::{AssetHistory, Delivery, MAX_PAST_CHARS, MAX_PAST_PARTS, MAX_PAST_VISITS, PastVisit};
use uuid::Uuid;

use crate::store::{Reading, StoreError};

/// The histories of the visits that are new in a reply.
pub(super) fn histories(tx: &Reading<'_>, deliveries: &[Delivery]) -> Result<Vec<AssetHistory>, StoreError> {
    let mut histories = Vec::new();
    for delivery in deliveries {
        let Delivery::New(new) = delivery else { continue };
        let id = Uuid::from_bytes(new.document);
        let mut visits = Vec::new();
        for earlier in tx.visits_of_asset(&id, MAX_PAST_VISITS)? {
            let Some(source) = tx.visit(&earlier)? else { continue };
            // One that can not be read says nothing; it does not keep the new visit back.
            let Ok(document) = Document::load(&source.snapshot) else { continue };
            visits.push(told(document.record()));
        }
        histories.push(AssetHistory { document: new.document, visits });
    }
    Ok(histories)
}

fn told(record: &Record) -> PastVisit {
    let short = |text: &str| text.chars().take(MAX_PAST_CHARS).collect::<String>();
    let order = |field: &str| short(record.order.get(field).map_or("", String::as_str));
    let note = |note: &str| short(record.notes.get(note).map_or("", String::as_str));
    let parts = record.parts.values().take(MAX_PAST_PARTS);
    PastVisit {
        number: order("number"),
        start_at_ms: record.assignment.as_ref().map(|plan| plan.start.instant().as_millisecond()),
        fault: order("fault"),
        cause: note("cause"),
        solution: note("solution"),
        parts: parts.map(|part| format!("{} × {}", part.quantity, short(&part.number))).collect(),
    }
}
