//! What became of every field: who changed it, by which command and what stood there before.
//!
//! The operations of all changes are read once, in causal order, and folded (ADR 17). An operation names the ones it
//! replaces, so what stood before is known exactly, without building the document at any earlier point.

mod fold;
mod seen;
mod text;

use serde::Serialize;
use serde_json::Value;

use super::ownership::ChangeHeader;
use crate::standard::Side;

/// One change of a record, and what it did to each field.
#[derive(Debug, Clone, PartialEq)]
pub struct PastChange {
    /// Hash, actor, command and time of the change.
    pub header: ChangeHeader,
    /// The side that made it.
    pub side: Side,
    /// Who made it: the person that its entries name, or those of other changes by the same device. None: a change of the
    /// office without an entry that names its author, such as an order field; the office's log knows.
    pub person: Option<String>,
    /// What it did, in the order in which it was written.
    pub fields: Vec<FieldChange>,
}

/// What a change did to one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// Where: `field/answers/RULE`, `office/assignment`, `field/notes/NOTE`, `field/parts/UUID` …
    pub path: String,
    /// What.
    #[serde(flatten)]
    pub edit: FieldEdit,
    /// Changes of others to the same field, hexadecimal, that were made without knowledge of this one and without its
    /// knowledge: neither stood before the other. Of each other device the last such change is named.
    pub beside: Vec<String>,
}

/// How a field was changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "edit", rename_all = "kebab-case")]
pub enum FieldEdit {
    /// A value was put: an answer, an assignment, an order field, or an entry that is appended and never changes.
    Put {
        /// The values that it replaced. None: nothing stood there. Several: they were in conflict, and this settled it.
        before: Vec<PastValue>,
        /// The value. An entry as it stands in the record; an order field as text.
        after: Value,
        /// It still stands: no later change has replaced it. Several standing values of one field are a conflict.
        stands: bool,
    },
    /// Values were taken away and nothing new was put: a conflict was settled for a value that stood already.
    Drop {
        /// What went.
        gone: Vec<PastValue>,
        /// What stands on; none: the field is empty.
        kept: Vec<PastValue>,
    },
    /// A note was edited.
    Text {
        /// The stretches that changed, in the order of the text.
        edits: Vec<TextEdit>,
    },
}

/// A value that stood in a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PastValue {
    /// The change that put it, hexadecimal.
    pub change: String,
    /// The value.
    pub value: Value,
}

/// One stretch of a note that was edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextEdit {
    /// Where, in code points of the note as the writer saw it.
    pub at: usize,
    /// A few words before it, for reading.
    pub left: String,
    /// The words that went.
    pub deleted: String,
    /// The words that came.
    pub inserted: String,
    /// A few words after it.
    pub right: String,
    /// The changes that had written the words that went, hexadecimal.
    pub written_by: Vec<String>,
}

impl FieldChange {
    /// Whether it is about something that people name: a path or a part of it (a place, a rule, a note, an order field, a
    /// phase), or the rule, quantity or event that the entry is about.
    pub fn concerns(&self, name: &str) -> bool {
        let entry = match &self.edit {
            FieldEdit::Put { after, .. } => Some(after),
            FieldEdit::Drop { .. } | FieldEdit::Text { .. } => None,
        };
        let says = |key: &str| entry.and_then(|entry| entry.get(key)).is_some_and(|said| said == name);
        self.path == name
            || self.path.split('/').any(|part| part == name)
            || ["item", "about", "quantity", "type", "number", "role"].into_iter().any(says)
    }
}

pub(crate) use fold::fold;
