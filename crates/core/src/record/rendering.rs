//! A version of a document as canonical JSON (RFC 8785): what is hashed, signed and sealed.
//!
//! It is read from the document itself, not from the view: a later version of this library, which knows more fields of an
//! entry, renders an older record to the same bytes.

use std::collections::BTreeMap;

use automerge::{Automerge, ChangeHash, ObjId, ROOT, ReadDoc, ScalarValueRef, ValueRef};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::containers::{Containers, Place};
use crate::hex;

/// Places whose entries signers sign: the facts of the visit. What the office does with it, conduct, messages and the
/// signatures themselves are none of them.
pub(crate) const FACTS: [Place; 7] = [
    Place::Order,
    Place::FieldAnswers,
    Place::Measures,
    Place::Parts,
    Place::Photos,
    Place::Documents,
    Place::Survey,
];

/// One version of a document.
pub(crate) struct DocumentVersion<'a> {
    pub(crate) doc: &'a Automerge,
    pub(crate) at: &'a Containers,
    pub(crate) heads: Vec<ChangeHash>,
}

impl DocumentVersion<'_> {
    /// The whole record.
    pub(crate) fn record(&self) -> Vec<u8> {
        self.render(|_| true)
    }

    /// SHA-256 of the whole record, hexadecimal.
    pub(crate) fn record_sha256(&self) -> String {
        hex(&Sha256::digest(self.record()))
    }

    /// SHA-256 of the facts that a signer signs, hexadecimal.
    pub(crate) fn facts_sha256(&self) -> String {
        hex(&Sha256::digest(self.render(|place| FACTS.contains(&place))))
    }

    /// Entries that are appended and never changed, each with its path and text.
    pub(crate) fn appended(&self) -> BTreeMap<String, String> {
        let mut entries = BTreeMap::new();
        for (place, object) in self.at.all().filter(|(place, _)| place.is_append_only()) {
            for item in self.doc.map_range_at(object, .., &self.heads) {
                let key = item.key.to_string();
                let text = self.text(place, &key).unwrap_or_default();
                entries.insert(format!("{}/{key}", place.name()), text);
            }
        }
        entries
    }

    /// What stands under a key, as text; of several values all, in a stable order.
    pub(crate) fn text(&self, place: Place, key: &str) -> Option<String> {
        let object = self.at.id(place)?;
        let mut values: Vec<String> = self
            .doc
            .get_all_at(object, key, &self.heads)
            .ok()?
            .into_iter()
            .map(|(value, _)| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
            .collect();
        values.sort_unstable();
        (!values.is_empty()).then(|| values.join("\n"))
    }

    /// A note.
    pub(crate) fn note(&self, note: &str) -> Option<String> {
        self.doc.text_at(self.at.notes.get(note)?, &self.heads).ok().filter(|text| !text.is_empty())
    }

    fn render(&self, shown: impl Fn(Place) -> bool) -> Vec<u8> {
        let mut root = Map::new();
        for key in ["schema", "id", "kind", "job", "standard"] {
            if let Ok(Some((value, _))) = self.doc.get_at(ROOT, key, &self.heads) {
                let json = match (value.as_str(), value.as_u64()) {
                    (Some(text), _) if key == "standard" => entry(text),
                    (Some(text), _) => Value::String(text.to_owned()),
                    (None, number) => number.map_or(Value::Null, Value::from),
                };
                root.insert(key.to_owned(), json);
            }
        }
        for (place, object) in self.at.all().filter(|(place, _)| shown(*place)) {
            let (side, leaf) = place.path();
            let entries = self.entries(place, object);
            let side = root.entry(side).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(side) = side else { continue };
            if leaf.is_empty() {
                side.extend(entries);
            } else {
                side.insert(leaf.to_owned(), Value::Object(entries));
            }
        }
        let notes: Map<String, Value> = self
            .at
            .notes
            .keys()
            .map(|note| (note.clone(), Value::String(self.note(note).unwrap_or_default())))
            .collect();
        root.insert("notes".to_owned(), Value::Object(notes));
        // A JSON value with string keys: canonical JSON can not fail on it.
        serde_json_canonicalizer::to_vec(&Value::Object(root)).unwrap_or_default()
    }

    fn entries(&self, place: Place, object: &ObjId) -> Map<String, Value> {
        let mut entries = Map::new();
        for item in self.doc.map_range_at(object, .., &self.heads) {
            let key = item.key.to_string();
            let json = match &item.value {
                ValueRef::Object(_) => continue,
                ValueRef::Scalar(_) if item.conflict => self.conflict(place, object, &key),
                ValueRef::Scalar(ScalarValueRef::Str(text)) => value(place, text),
                ValueRef::Scalar(other) => Value::String(format!("{other:?}")),
            };
            entries.insert(key, json);
        }
        entries
    }

    /// All values of a register, in a stable order.
    fn conflict(&self, place: Place, object: &ObjId, key: &str) -> Value {
        let values = self.doc.get_all_at(object, key, &self.heads).unwrap_or_default();
        let mut texts: Vec<String> = values
            .iter()
            .map(|(value, _)| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
            .collect();
        texts.sort_unstable();
        let values = texts.iter().map(|text| value(place, text)).collect();
        Value::Object(Map::from_iter([("conflict".to_owned(), Value::Array(values))]))
    }
}

/// What stands in a place: order fields are bare text whatever they look like, all else are entries.
fn value(place: Place, text: &str) -> Value {
    if place == Place::Order { Value::String(text.to_owned()) } else { entry(text) }
}

/// An entry as JSON. One that is none stays text.
fn entry(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
