//! The genesis of a document.

use sha2::{Digest, Sha256};

use super::event_of;
use super::values::{invalid, limit_chars};
use crate::record::command::{Context, Registration};
use crate::record::containers::Place;
use crate::record::entry::{By, EntryId};
use crate::record::error::Refusal;
use crate::record::limits::MAX_WORDS_CHARS;
use crate::record::write::{Entry, Write};
use crate::standard::{Course, Flow, OrderField, Side, Standard};

/// The course that a new document will follow.
pub(in crate::record) fn course<'a>(
    standard: &'a Standard,
    registration: &Registration,
) -> Result<&'a Course, Refusal> {
    let jobs = &standard.pack().jobs;
    let job = match &registration.job {
        Some(wanted) => jobs.iter().find(|job| job.id == *wanted),
        None => jobs.first(),
    };
    job.map(|job| standard.course(&job.id)).ok_or_else(|| {
        let known: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
        invalid("job", &format!("must be one of {}", known.join(", ")))
    })
}

/// Plans the genesis change.
pub(in crate::record) fn register(
    course: &Course,
    registration: &Registration,
    context: &Context,
) -> Result<Vec<Write>, Refusal> {
    if context.actor.side != Side::Office {
        return Err(Refusal::Forbidden {
            reason: "only the office registers a document".to_owned(),
            rule: None,
        });
    }
    let flow = course.flow();
    let mut writes = Vec::new();
    for (id, value) in &registration.order {
        order_field(flow, id, value)?;
        writes.push(Write::Put { place: Place::Order, key: id.clone(), entry: Entry::Order(value.clone()) });
    }
    for field in flow.order.iter().filter(|field| field.required) {
        if registration.order.get(&field.id).is_none_or(|value| value.trim().is_empty()) {
            return Err(invalid(&format!("order.{}", field.id), "is required"));
        }
    }
    let by = By { person: context.actor.person.clone(), stamp: context.stamp.clone() };
    let received = registration.received_at.unwrap_or(context.stamp.at);
    let mut received_by = by.clone();
    received_by.stamp.at = received;
    if registration.received_at.is_some() {
        received_by.stamp = crate::Stamp::wall(received);
    }
    for (at, name) in flow.opening.iter().enumerate() {
        let by = if at == 0 { received_by.clone() } else { by.clone() };
        let id = derived_id(&context.entry_id, name);
        let event = event_of(name, by);
        writes.push(Write::Put {
            place: Place::OfficeEvents,
            key: id.to_string(),
            entry: Entry::Event(event),
        });
    }
    Ok(writes)
}

/// An order field that the flow has, with a value that it may hold.
pub(super) fn order_field<'a>(flow: &'a Flow, id: &str, value: &str) -> Result<&'a OrderField, Refusal> {
    let Some(field) = flow.order.iter().find(|field| field.id == id) else {
        return Err(invalid(&format!("order.{id}"), "the standard has no such order field"));
    };
    limit_chars(&format!("order.{id}"), value, MAX_WORDS_CHARS)?;
    if !value.is_empty()
        && !field.options.is_empty()
        && !field.options.iter().any(|option| option.id == value)
    {
        let options: Vec<&str> = field.options.iter().map(|option| option.id.as_str()).collect();
        return Err(invalid(&format!("order.{id}"), &format!("must be one of {}", options.join(", "))));
    }
    Ok(field)
}

/// A further key for a command that writes more than one entry: version 8 UUID from the command's key and a label.
pub(super) fn derived_id(base: &EntryId, label: &str) -> EntryId {
    let mut digest = Sha256::new();
    digest.update(base.as_bytes());
    digest.update(label.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
