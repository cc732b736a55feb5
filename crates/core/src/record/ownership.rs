//! Structural admission of a device's change: what it touches is read from its operations, before it is applied.
//!
//! A diff of before and after would not do: an operation that loses against a concurrent one leaves no trace in it.

use automerge::legacy::{Key, ObjectId, Op, OpType};
use automerge::{Change, ScalarValue};
use serde::Deserialize;

use super::containers::Place;
use super::document::Document;
use super::entry::{
    Amendment, Answer, Attestation, By, DocumentFile, EntryId, Event, Measurement, Message, PartUsed, Photo,
    Rating, Seal, Signature,
};
use super::error::RecordError;
use super::limits::{
    MAX_CHANGE_OPS, MAX_ENTRY_BYTES, MAX_NOTE_CHARS, MAX_OP_COUNTER, MAX_SEALS, MAX_SIGNATURES,
};

/// What a change says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHeader {
    /// SHA-256 by which Automerge names the change.
    pub hash: [u8; 32],
    /// Actor that wrote it.
    pub actor: Vec<u8>,
    /// The actor's sequence number, from 1.
    pub seq: u64,
    /// Changes it builds on.
    pub deps: Vec<[u8; 32]>,
    /// Name of the command.
    pub command: Option<String>,
    /// Device time, seconds since 1970.
    pub time: i64,
}

impl ChangeHeader {
    pub(crate) fn of(change: &Change) -> Self {
        Self {
            hash: change.hash().0,
            actor: change.actor_id().to_bytes().to_vec(),
            seq: change.seq(),
            deps: change.deps().iter().map(|hash| hash.0).collect(),
            command: change.message().map(ToOwned::to_owned),
            time: change.timestamp(),
        }
    }
}

/// Reads the header of a change without applying it.
///
/// # Errors
/// [`RecordError::Unreadable`].
pub fn read_header(bytes: &[u8]) -> Result<ChangeHeader, RecordError> {
    Ok(ChangeHeader::of(&read(bytes)?))
}

/// Reads one change. Automerge itself leaves the checksum of a lone change unread, so a byte that was flipped on the way
/// would make another change of it; and it inflates compressed ones without a limit, which this library never sends.
pub(super) fn read(bytes: &[u8]) -> Result<Change, RecordError> {
    const KIND: usize = 8;
    const UNCOMPRESSED: u8 = 1;
    let unreadable = |reason: String| RecordError::Unreadable { what: "change", reason };
    if bytes.get(KIND) != Some(&UNCOMPRESSED) {
        return Err(unreadable("not an uncompressed change".to_owned()));
    }
    let change = Change::from_bytes(bytes.to_vec()).map_err(|error| unreadable(error.to_string()))?;
    if bytes.get(4..KIND) != change.hash().0.get(..4) {
        return Err(unreadable("the checksum does not fit".to_owned()));
    }
    if change.raw_bytes() != bytes {
        return Err(unreadable("bytes follow the change".to_owned()));
    }
    Ok(change)
}

/// Why a device's change is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnershipError {
    /// The bytes are no change.
    #[error("the bytes are no readable change")]
    Unreadable,
    /// It does not descend from the visit's first change.
    #[error("the change builds on nothing; a device only adds to a visit that the office made")]
    NoParent,
    /// It touches a place that is not the field's.
    #[error("the change touches `{path}`, which devices may not write")]
    ForeignPath {
        /// The path.
        path: String,
    },
    /// It makes a container, deletes, counts or marks.
    #[error("the change does something other than writing entries and text: {what}")]
    ForeignOperation {
        /// What.
        what: String,
    },
    /// It changes an entry that was appended before.
    #[error("the change rewrites `{path}`, which is append-only")]
    Rewrites {
        /// The path.
        path: String,
    },
    /// An entry can not be read.
    #[error("the entry `{path}` is not readable")]
    UnreadableEntry {
        /// The path.
        path: String,
    },
    /// An entry names another author.
    #[error("the entry `{path}` names another author than the device's technician")]
    ForeignAuthor {
        /// The path.
        path: String,
    },
    /// An entry or a counter is beyond a limit.
    #[error("{what} exceeds the limit of {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl OwnershipError {
    /// Short code in kebab case, for verdicts.
    pub fn code(&self) -> &'static str {
        match self {
            OwnershipError::Unreadable => "unreadable",
            OwnershipError::NoParent => "no-parent",
            OwnershipError::ForeignPath { .. } => "foreign-path",
            OwnershipError::ForeignOperation { .. } => "foreign-operation",
            OwnershipError::Rewrites { .. } => "rewrites",
            OwnershipError::UnreadableEntry { .. } => "unreadable-entry",
            OwnershipError::ForeignAuthor { .. } => "foreign-author",
            OwnershipError::TooLarge { .. } => "too-large",
        }
    }
}

#[derive(Deserialize)]
struct Signed {
    #[serde(flatten)]
    by: By,
}

/// A change that has been read: once, for its header, for admission and to be applied.
#[derive(Debug, Clone)]
pub struct ReadChange(pub(super) Change);

impl ReadChange {
    /// Reads one change.
    ///
    /// # Errors
    /// [`RecordError::Unreadable`].
    pub fn read(bytes: &[u8]) -> Result<Self, RecordError> {
        read(bytes).map(Self)
    }

    /// What it says of itself.
    pub fn header(&self) -> ChangeHeader {
        ChangeHeader::of(&self.0)
    }

    /// The bytes it was read from.
    pub fn bytes(&self) -> &[u8] {
        self.0.raw_bytes()
    }

    /// Checks it as [`check_field_change`] does. Gives the parts that it records as used.
    ///
    /// # Errors
    /// [`OwnershipError`], the first that is found.
    pub fn check(&self, visit: &Document, person: &str) -> Result<Vec<(EntryId, PartUsed)>, OwnershipError> {
        check(visit, &self.0, person)
    }
}

/// Checks that a change may come from a device of `person`: it only adds entries under `field/` and `talk/`, makes no
/// container, rewrites nothing that is append-only, and every entry names `person` as its author. The change is not
/// applied, and the rules of the standard are not asked: what breaks a rule is admitted and flagged.
///
/// # Errors
/// [`OwnershipError`], the first that is found.
pub fn check_field_change(
    visit: &Document,
    bytes: &[u8],
    person: &str,
) -> Result<ChangeHeader, OwnershipError> {
    let change = ReadChange::read(bytes).map_err(|_| OwnershipError::Unreadable)?;
    change.check(visit, person)?;
    Ok(change.header())
}

fn check(
    visit: &Document,
    change: &Change,
    person: &str,
) -> Result<Vec<(EntryId, PartUsed)>, OwnershipError> {
    if change.deps().is_empty() {
        return Err(OwnershipError::NoParent);
    }
    if change.max_op() > MAX_OP_COUNTER {
        return Err(OwnershipError::TooLarge { what: "the operation counter", limit: MAX_OP_COUNTER });
    }
    // Alike operations are run-length encoded: a change of a hundred bytes can have millions of them.
    if change.len() > MAX_CHANGE_OPS {
        return Err(OwnershipError::TooLarge {
            what: "the number of operations",
            limit: MAX_CHANGE_OPS as u64,
        });
    }
    let mut parts = Vec::new();
    let containers = visit.containers();
    let mut inserted = 0;
    for op in change.decode().operations {
        let ObjectId::Id(object) = &op.obj else {
            return Err(OwnershipError::ForeignPath { path: "the root".to_owned() });
        };
        if containers.note_of(object.counter(), object.actor()).is_some() {
            check_note_op(&op)?;
            inserted += usize::from(op.insert);
            if inserted > MAX_NOTE_CHARS {
                return Err(OwnershipError::TooLarge { what: "a note", limit: MAX_NOTE_CHARS as u64 });
            }
            continue;
        }
        let Some(place) = containers.place_of(object.counter(), object.actor()) else {
            return Err(OwnershipError::ForeignPath { path: "an unknown object".to_owned() });
        };
        let Key::Map(key) = &op.key else {
            return Err(OwnershipError::ForeignOperation {
                what: format!("a list operation in {}", place.name()),
            });
        };
        let path = format!("{}/{}", place.name(), key.chars().take(80).collect::<String>());
        if !place.is_field() {
            return Err(OwnershipError::ForeignPath { path });
        }
        let OpType::Put(ScalarValue::Str(text)) = &op.action else {
            return Err(OwnershipError::ForeignOperation { what: format!("not a text at {path}") });
        };
        if text.len() > MAX_ENTRY_BYTES {
            return Err(OwnershipError::TooLarge { what: "an entry", limit: MAX_ENTRY_BYTES as u64 });
        }
        if place.is_append_only() && (!op.pred.is_empty() || exists(visit, place, key)) {
            return Err(OwnershipError::Rewrites { path });
        }
        let (what, held, limit) = match place {
            Place::Signatures => {
                ("the number of signatures", visit.record().signatures.len(), MAX_SIGNATURES)
            }
            Place::Seals => ("the number of seals", visit.record().seals.len(), MAX_SEALS),
            _ => ("", 0, usize::MAX),
        };
        if held >= limit {
            return Err(OwnershipError::TooLarge { what, limit: limit as u64 });
        }
        if !readable(place, key, text) {
            return Err(OwnershipError::UnreadableEntry { path });
        }
        match serde_json::from_str::<Signed>(text) {
            Ok(signed) if signed.by.person == person => {}
            Ok(_) => return Err(OwnershipError::ForeignAuthor { path }),
            Err(_) => return Err(OwnershipError::UnreadableEntry { path }),
        }
        if place == Place::Parts
            && let (Ok(id), Ok(part)) = (key.parse(), serde_json::from_str(text))
        {
            parts.push((id, part));
        }
    }
    Ok(parts)
}

/// The parts that a change records as used, with their keys: what a ledger takes from it. Entries that can not be read are
/// left out, as in the record.
///
/// # Errors
/// [`RecordError::Unreadable`].
pub fn parts_in_change(document: &Document, bytes: &[u8]) -> Result<Vec<(EntryId, PartUsed)>, RecordError> {
    let containers = document.containers();
    let part = |op: &Op| {
        let ObjectId::Id(object) = &op.obj else { return None };
        if containers.place_of(object.counter(), object.actor()) != Some(Place::Parts) {
            return None;
        }
        match (&op.key, &op.action) {
            (Key::Map(key), OpType::Put(ScalarValue::Str(text))) => {
                Some((key.parse().ok()?, serde_json::from_str(text).ok()?))
            }
            _ => None,
        }
    };
    Ok(read(bytes)?.decode().operations.iter().filter_map(part).collect())
}

fn check_note_op(op: &Op) -> Result<(), OwnershipError> {
    let right = match (&op.key, &op.action) {
        (Key::Seq(_), OpType::Delete) => !op.insert,
        (Key::Seq(_), OpType::Put(ScalarValue::Str(text))) => text.chars().count() == 1,
        _ => false,
    };
    if right {
        return Ok(());
    }
    Err(OwnershipError::ForeignOperation { what: "not a character in a note".to_owned() })
}

fn exists(visit: &Document, place: Place, key: &str) -> bool {
    let record = visit.record();
    let Ok(id) = key.parse::<EntryId>() else { return false };
    match place {
        Place::FieldEvents => record.events.contains_key(&id),
        Place::Measures => record.measures.contains_key(&id),
        Place::Parts => record.parts.contains_key(&id),
        Place::Photos => record.photos.contains_key(&id),
        Place::Documents => record.documents.contains_key(&id),
        Place::Signatures => record.signatures.contains_key(&id),
        Place::Seals => record.seals.contains_key(&id),
        Place::Amendments => record.amendments.contains_key(&id),
        Place::Talk => record.talk.contains_key(&id),
        _ => false,
    }
}

fn readable(place: Place, key: &str, text: &str) -> bool {
    fn is<T: for<'a> Deserialize<'a>>(text: &str) -> bool {
        serde_json::from_str::<T>(text).is_ok()
    }
    let keyed = key.parse::<EntryId>().is_ok();
    match place {
        Place::FieldEvents => keyed && is::<Event>(text),
        Place::Measures => keyed && is::<Measurement>(text),
        Place::Parts => keyed && is::<PartUsed>(text),
        Place::Photos => keyed && is::<Photo>(text),
        Place::Documents => keyed && is::<DocumentFile>(text),
        Place::Signatures => keyed && is::<Signature>(text),
        Place::Seals => keyed && is::<Seal>(text),
        Place::Amendments => keyed && is::<Amendment>(text),
        Place::Talk => keyed && is::<Message>(text),
        Place::FieldAnswers => is::<Answer>(text),
        Place::Attested => is::<Attestation>(text),
        Place::Survey => key == "rating" && is::<Rating>(text),
        _ => false,
    }
}
