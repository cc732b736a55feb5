//! The history of a visit: every change, who made it and when it reached the server.

use std::collections::HashMap;

use jiff::Timestamp;
use jobsheet_core::hex;
use serde::Serialize;
use uuid::Uuid;

use super::OfficeError;
use crate::documents::load;
use crate::standards::Standards;
use crate::store::{ChangeRow, Reading};

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
    /// Person id.
    person: Option<String>,
    /// Device; none: the office.
    device: Option<Uuid>,
    /// The server's sequence number.
    seq: Option<u64>,
    /// When it was committed here.
    received_at: Option<Timestamp>,
}

/// The history of a visit in causal order.
pub(crate) fn history(
    tx: &Reading<'_>,
    standards: &Standards,
    id: &Uuid,
) -> Result<Vec<HistoryEntry>, OfficeError> {
    let unknown = || OfficeError::Unknown { what: "visit", id: id.to_string() };
    let loaded = load(tx, standards, id)?.ok_or_else(unknown)?;
    let log: HashMap<[u8; 32], ChangeRow> =
        tx.changes_of(id)?.into_iter().map(|row| (row.hash, row)).collect();
    let entries = loaded.visit.headers().into_iter().map(|change| {
        let row = log.get(&change.hash);
        HistoryEntry {
            hash: hex(&change.hash),
            parents: change.deps.iter().map(|hash| hex(hash)).collect(),
            actor: hex(&change.actor),
            actor_seq: change.seq,
            command: change.command,
            at: Timestamp::from_second(change.time).ok(),
            person: row.map(|row| row.person.clone()),
            device: row.and_then(|row| row.device),
            seq: row.map(|row| row.seq),
            received_at: row.map(|row| row.received_at),
        }
    });
    Ok(entries.collect())
}
