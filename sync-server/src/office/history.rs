//! The history of a visit: every change, what it did to each field, who made it and when it reached the server; and the
//! conflicts of all visits.

use std::collections::HashMap;

use jiff::Timestamp;
use jobsheet_core::record::{FieldChange, PastChange, ResolveTarget, Version};
use jobsheet_core::standard::Side;
use jobsheet_core::{Moment, hex, unhex};
use serde::Serialize;
use uuid::Uuid;

use super::OfficeError;
use crate::documents::{Loaded, load};
use crate::standards::Standards;
use crate::store::{ChangeRow, Reading, StoreError};

/// One change of a visit's history.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryEntry {
    /// SHA-256 by which Automerge names the change.
    hash: String,
    /// Changes it builds on.
    parents: Vec<String>,
    /// Automerge actor.
    actor: String,
    /// The actor's sequence number.
    actor_seq: u64,
    /// Name of the command.
    command: Option<String>,
    /// Clock of whoever made it.
    at: Option<Timestamp>,
    /// The side that made it.
    side: Side,
    /// Person id.
    person: Option<String>,
    /// Device; none: the office.
    device: Option<Uuid>,
    /// What its owner calls the device.
    device_name: Option<String>,
    /// The server's sequence number.
    seq: Option<u64>,
    /// When it was committed here.
    received_at: Option<Timestamp>,
    /// What it did to each field, and what stood there before.
    fields: Vec<FieldChange>,
}

/// The history of a visit in causal order; with `field`, what became of that field alone.
pub(crate) fn history(
    tx: &Reading<'_>,
    standards: &Standards,
    id: &Uuid,
    field: Option<&str>,
) -> Result<Vec<HistoryEntry>, OfficeError> {
    let unknown = || OfficeError::Unknown { what: "visit", id: id.to_string() };
    let loaded = load(tx, standards, id)?.ok_or_else(unknown)?;
    let log: HashMap<[u8; 32], ChangeRow> =
        tx.changes_of(id)?.into_iter().map(|row| (row.hash, row)).collect();
    let names = device_names(tx)?;
    let mut entries = Vec::new();
    for PastChange { header, side, person, mut fields } in loaded.visit.history() {
        if let Some(field) = field {
            fields.retain(|change| change.concerns(field));
            if fields.is_empty() {
                continue;
            }
        }
        let row = log.get(&header.hash);
        let device = row.and_then(|row| row.device);
        entries.push(HistoryEntry {
            hash: hex(&header.hash),
            parents: header.deps.iter().map(|hash| hex(hash)).collect(),
            actor: hex(&header.actor),
            actor_seq: header.seq,
            command: header.command,
            at: Timestamp::from_second(header.time).ok(),
            side,
            person: row.map(|row| row.person.clone()).or(person),
            device,
            device_name: device.and_then(|device| names.get(&device).cloned()),
            seq: row.map(|row| row.seq),
            received_at: row.map(|row| row.received_at),
            fields,
        });
    }
    Ok(entries)
}

fn device_names(tx: &Reading<'_>) -> Result<HashMap<Uuid, String>, StoreError> {
    Ok(tx.devices()?.into_iter().map(|device| (device.id, device.name)).collect())
}

/// A conflict that a person must settle.
#[derive(Debug, Serialize)]
pub(crate) struct OpenConflict {
    /// The visit, case or shift.
    visit: Uuid,
    /// Its number.
    number: String,
    /// Where, as the command `resolve` takes it.
    target: ResolveTarget,
    /// The side that settles it: the office by `resolve`, the field by the crew's devices.
    settled_by: Side,
    /// The versions, in the order in which `resolve` counts them; the first is the one that is shown.
    versions: Vec<OpenVersion>,
}

/// One version of a conflict.
#[derive(Debug, Serialize)]
pub(crate) struct OpenVersion {
    /// The value, as it stands in the record.
    value: serde_json::Value,
    /// Person id.
    person: String,
    /// When, by the writer's clock.
    at: Moment,
    /// Device; none: the office.
    device: Option<Uuid>,
    /// What its owner calls the device.
    device_name: Option<String>,
}

/// The conflicts of one page of the visits that have any.
#[derive(Debug, Serialize)]
pub(crate) struct ConflictPage {
    /// How many visits, cases and shifts have conflicts.
    total: u64,
    /// Page, from 1.
    page: u32,
    /// Visits per page.
    size: u32,
    /// Their conflicts, last changed visit first.
    conflicts: Vec<OpenConflict>,
}

/// The conflicts of all visits, cases and shifts.
pub(crate) fn conflicts(
    tx: &Reading<'_>,
    standards: &Standards,
    page: u32,
    size: u32,
) -> Result<ConflictPage, OfficeError> {
    let (total, visits) = tx.visits_in_conflict(page, size)?;
    let names = device_names(tx)?;
    let mut conflicts = Vec::new();
    for (id, number) in visits {
        let Some(Loaded { visit, standard, .. }) = load(tx, standards, &id)? else { continue };
        let record = visit.record();
        for conflict in &record.conflicts {
            let mut versions = Vec::new();
            for Version { value, person, at, actor } in &conflict.versions {
                let owner = unhex(actor).map(|actor| tx.actor(&id, &actor)).transpose()?;
                let device = owner.flatten().and_then(|owner| owner.device);
                versions.push(OpenVersion {
                    value: value.clone(),
                    person: person.clone(),
                    at: *at,
                    device,
                    device_name: device.and_then(|device| names.get(&device).cloned()),
                });
            }
            conflicts.push(OpenConflict {
                visit: id,
                number: number.clone(),
                target: conflict.target.clone(),
                settled_by: conflict.target.side(&record.job, &standard),
                versions,
            });
        }
    }
    Ok(ConflictPage { total, page, size, conflicts })
}
