//! What became of a visit or shift, and of every field of it.

use std::collections::HashSet;

use jiff::Timestamp;
use jobsheet_core::hex;
use jobsheet_core::record::{Document, DocumentId, FieldChange, PastChange};
use jobsheet_core::standard::Side;
use serde::Serialize;

use crate::StoreError;
use crate::apply::visible_head;
use crate::store::{self, Identity, Store, lock_warm};

/// Where a change was made, seen from this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writer {
    /// On this device.
    ThisDevice,
    /// On another device of the crew; it may be the same person's.
    CrewDevice,
    /// At the office.
    Office,
}

/// One change of a visit or shift, as its history tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryEntry {
    /// SHA-256 of the change, hexadecimal.
    pub change: String,
    /// Name of the command.
    pub command: String,
    /// When, by the writer's clock.
    pub at: Option<Timestamp>,
    /// Where it was made.
    pub device: Writer,
    /// Who made it, as far as it is known here: an order field does not say who filled it in at the office.
    pub person: Option<String>,
    /// Actor that wrote it, hexadecimal: one installation, not a person.
    pub actor: String,
    /// The actor's sequence number, from 1.
    pub seq: u64,
    /// The server has it.
    pub durable: bool,
    /// What it did to each field, and what stood there before.
    pub fields: Vec<FieldChange>,
}

/// What this device knows of its own part in a document.
struct Own {
    actors: HashSet<Vec<u8>>,
    unsent: HashSet<[u8; 32]>,
    technician: Option<String>,
}

impl Store {
    /// The history of a visit or shift, parents first: every change with what it did to each field.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn history(&self, visit: DocumentId) -> Result<Vec<HistoryEntry>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let head = visible_head(&tx, visit)?;
        let own = Own {
            actors: store::own_actors(&tx, visit)?,
            unsent: store::unsent_hashes(&tx, visit)?,
            technician: Identity::read(&tx)?.technician,
        };
        let history = if let Some(warm) = self.inner.warmth.known(visit, &head) {
            lock_warm(&warm).visit.history()
        } else {
            let saved = store::saved(&tx, visit)?;
            Document::history_of(&saved.snapshot, &saved.tail)?
        };
        Ok(told(history, &own))
    }

    /// What became of one field: the changes that concern it, each with what it did to it alone. The field is named by its
    /// path or by what people call it: a rule, a note, an order field, `assignment`, `survey`, a phase.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn field_history(&self, visit: DocumentId, field: &str) -> Result<Vec<HistoryEntry>, StoreError> {
        let mut history = self.history(visit)?;
        for entry in &mut history {
            entry.fields.retain(|change| change.concerns(field));
        }
        history.retain(|entry| !entry.fields.is_empty());
        Ok(history)
    }
}

fn told(history: Vec<PastChange>, own: &Own) -> Vec<HistoryEntry> {
    let entry = |change: PastChange| {
        let PastChange { header, side, person, fields } = change;
        let device = match side {
            _ if own.actors.contains(&header.actor) => Writer::ThisDevice,
            Side::Office => Writer::Office,
            Side::Field => Writer::CrewDevice,
        };
        HistoryEntry {
            change: hex(&header.hash),
            command: header.command.unwrap_or_default(),
            at: Timestamp::from_second(header.time).ok(),
            device,
            person: match device {
                Writer::ThisDevice => person.or_else(|| own.technician.clone()),
                Writer::CrewDevice | Writer::Office => person,
            },
            actor: hex(&header.actor),
            seq: header.seq,
            durable: !own.unsent.contains(&header.hash),
            fields,
        }
    };
    history.into_iter().map(entry).collect()
}
