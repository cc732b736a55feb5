//! What a command writes, before it is written: the same list changes the document and the view.

use serde::Serialize;

use super::changed::is_fact;
use super::containers::{Containers, Place};
use super::entry::{
    Amendment, Answer, Assignment, Attestation, DocumentFile, Event, Measurement, Message, PartUsed, Photo,
    Rating, Seal, Signature,
};

/// One entry of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Entry {
    Event(Event),
    Answer(Answer),
    Assignment(Assignment),
    Measurement(Measurement),
    Part(PartUsed),
    Photo(Photo),
    Document(DocumentFile),
    Signature(Signature),
    Seal(Box<Seal>),
    Amendment(Amendment),
    Rating(Rating),
    Attestation(Attestation),
    Message(Message),
    /// An order field: bare text.
    Order(String),
}

impl Entry {
    /// The entry as it stands in its register.
    pub(crate) fn text(&self) -> String {
        match self {
            Entry::Order(text) => text.clone(),
            // Plain structs with string keys: serialising them can not fail.
            other => serde_json::to_string(other).unwrap_or_default(),
        }
    }
}

/// One write. A command makes one or two of them.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Write {
    /// Puts an entry into a register.
    Put { place: Place, key: String, entry: Entry },
    /// Edits a note, in code points.
    Splice { note: String, at: usize, delete: usize, insert: String },
}

impl Write {
    /// It writes what signers sign.
    pub(crate) fn states_a_fact(&self) -> bool {
        match self {
            Write::Put { place, .. } => is_fact(*place),
            Write::Splice { .. } => true,
        }
    }

    /// Where it writes, as [`super::FactChange::path`] names it.
    pub(crate) fn path(&self, at: &Containers) -> String {
        match self {
            Write::Put { place, key, .. } => format!("{}/{key}", place.name()),
            Write::Splice { note, .. } => at.note_path(note),
        }
    }
}
