//! Old parts on their way from the customer to the store.

use serde::{Deserialize, Serialize};

use super::command::Condition;
use super::entry::{By, EntryId, Event, PartUsed};
use super::view::Record;
use crate::Moment;
use crate::standard::Side;

/// An old part that came out for a new one. It is open until the store has received it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldPartRow {
    /// Key of the part that took its place.
    pub part: EntryId,
    /// Part number of the new part.
    pub number: String,
    /// Name of the new part.
    pub name: Option<String>,
    /// Pieces.
    pub quantity: u32,
    /// Serial number of the old part, as it was said last.
    pub serial: Option<String>,
    /// Its condition, as it was said last.
    pub condition: Option<Condition>,
    /// Who took it out, and owes it.
    pub technician: String,
    /// When it came out.
    pub replaced_at: Moment,
    /// When the technician says that it was handed in.
    pub handed_in: Option<Moment>,
    /// When the store received it.
    pub received: Option<Moment>,
}

impl OldPartRow {
    /// The store does not have it yet.
    pub fn is_open(&self) -> bool {
        self.received.is_none()
    }
}

/// The old parts of a record, in the order in which they came out.
///
/// An event about one part speaks of it alone. A collection that names no part (`old-parts-collected`) speaks of the parts
/// that had come out by then: one that comes out later stays open.
pub fn old_parts(record: &Record) -> Vec<OldPartRow> {
    let mut rows: Vec<OldPartRow> =
        record.parts.iter().filter_map(|(id, part)| old_part(record, *id, part)).collect();
    rows.sort_by_key(|row| (row.replaced_at.instant(), row.part));
    rows
}

fn old_part(record: &Record, id: EntryId, part: &PartUsed) -> Option<OldPartRow> {
    let old = part.replaces.as_ref()?;
    let key = id.to_string();
    let mut row = OldPartRow {
        part: id,
        number: part.number.clone(),
        name: part.name.clone(),
        quantity: part.quantity,
        serial: old.serial.clone(),
        condition: old.condition,
        technician: part.by.person.clone(),
        replaced_at: part.by.stamp.at,
        handed_in: old.returned.then_some(part.by.stamp.at),
        received: None,
    };
    let mut said: Vec<&Event> = Vec::new();
    for (side, event) in record.events.values() {
        let own = event.about.as_ref() == Some(&key);
        let named = match (side, event.kind.as_str()) {
            (Side::Field, "old-part-handed-in") | (Side::Office, "old-part-received") => own,
            (Side::Office, "old-parts-collected") => {
                own || event.about.is_none() && out_before(&part.by, &event.by)
            }
            _ => false,
        };
        if named {
            said.push(event);
        }
    }
    // What the store says counts more than what the technician says, and the later word more than the earlier.
    said.sort_by_key(|event| (event.kind != "old-part-handed-in", event.by.stamp.corrected()));
    for event in said {
        let slot = if event.kind == "old-part-handed-in" { &mut row.handed_in } else { &mut row.received };
        slot.get_or_insert(event.by.stamp.at);
        if let Some(serial) = event.facts.get("serial") {
            row.serial = Some(serial.clone());
        }
        if let Some(condition) = event.facts.get("condition").and_then(|id| Condition::of(id)) {
            row.condition = Some(condition);
        }
    }
    Some(row)
}

fn out_before(part: &By, collection: &By) -> bool {
    part.stamp.corrected() <= collection.stamp.corrected()
}
