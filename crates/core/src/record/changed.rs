//! What became of signed facts: which of them changed after somebody had signed, or after the seal.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use automerge::legacy::{Key, ObjectId};
use automerge::{Automerge, Change, ChangeHash};
use jiff::Timestamp;
use serde::Serialize;

use super::containers::{Containers, Place};
use super::entry::EntryId;
use super::rendering::{FACTS, Version};
use super::view::Record;
use crate::{hex, unhex};

/// A fact that is not as it was when somebody signed, or when the record was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactChange {
    /// Where: `field/answers/RULE`, `field/parts/ID`, `notes/ID` …
    pub path: String,
    /// What stood there then, as in the document; none: nothing.
    pub before: Option<String>,
    /// What stands there now.
    pub now: Option<String>,
    /// The changes that wrote it since; one that saw another comes after it.
    pub by: Vec<FactWriter>,
}

/// A change that wrote a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactWriter {
    /// SHA-256 of the change, hexadecimal.
    pub change: String,
    /// Name of the command.
    pub command: String,
    /// When, by the writer's clock.
    pub at: Option<Timestamp>,
    /// The amendment that it is, if it is one.
    pub amendment: Option<EntryId>,
    /// Its writer did not know of the signature or the seal.
    pub late: bool,
}

impl FactChange {
    /// A fact that had been signed is another one now. What was only added is not; but the list of parts is one fact.
    pub fn alters(&self) -> bool {
        let added = match (&self.before, &self.now) {
            (None, _) => true,
            (Some(before), Some(now)) => self.path.starts_with("notes/") && now.starts_with(before.as_str()),
            (Some(_), None) => false,
        };
        !added || self.path.starts_with("field/parts/")
    }

    /// Somebody wrote it who did not know of the signature or the seal, and no amendment has come after that.
    pub fn is_late(&self) -> bool {
        self.by
            .iter()
            .rev()
            .find(|writer| writer.late || writer.amendment.is_some())
            .is_some_and(|writer| writer.amendment.is_none())
    }

    /// The last amendment that wrote it.
    pub fn amendment(&self) -> Option<EntryId> {
        self.by.iter().rev().find_map(|writer| writer.amendment)
    }

    /// The id of the rule, the part, the photo or the note.
    pub fn key(&self) -> &str {
        self.path.rsplit_once('/').map_or(&*self.path, |(_, key)| key)
    }
}

/// Whether a place holds facts that signers sign.
pub(crate) fn is_fact(place: Place) -> bool {
    FACTS.contains(&place)
}

/// The facts that changed since each signature and each seal; those since which nothing changed are left out.
pub(crate) fn changed_since(
    doc: &Automerge,
    at: &Containers,
    record: &Record,
) -> BTreeMap<EntryId, Vec<FactChange>> {
    let signatures =
        record.signatures.iter().map(|(id, signature)| (*id, Place::Signatures, &signature.heads));
    let seals = record.seals.iter().map(|(id, seal)| (*id, Place::Seals, &seal.statement.heads));
    let now = Version { doc, at, heads: doc.get_heads() };
    let changed = signatures.chain(seals).filter_map(|(id, place, heads)| {
        let heads = read_heads(heads)?;
        let then = Version { doc, at, heads };
        let changed = since(&then, &now, place, id);
        (!changed.is_empty()).then_some((id, changed))
    });
    changed.collect()
}

/// Heads as an entry names them. `None` if one is no hash.
pub(crate) fn read_heads(heads: &[String]) -> Option<Vec<ChangeHash>> {
    let read = heads.iter().map(|head| Some(ChangeHash(unhex(head)?.try_into().ok()?)));
    read.collect()
}

fn since(then: &Version<'_>, now: &Version<'_>, place: Place, id: EntryId) -> Vec<FactChange> {
    let mark = id.to_string();
    let mut knowing: HashSet<ChangeHash> = HashSet::new();
    let mut touched: BTreeMap<Touched, Vec<(u64, FactWriter)>> = BTreeMap::new();
    for change in now.doc.get_changes(&then.heads) {
        let paths = touches(&change, now.at);
        let makes_mark = paths.contains(&(Some(place), mark.clone()));
        let knows = makes_mark || change.deps().iter().any(|dep| knowing.contains(dep));
        if knows {
            knowing.insert(change.hash());
        }
        let amendment = paths.iter().find_map(|(place, key)| {
            (*place == Some(Place::Amendments)).then(|| key.parse::<EntryId>().ok()).flatten()
        });
        let writer = FactWriter {
            change: hex(&change.hash().0),
            command: change.message().unwrap_or_default().to_owned(),
            at: Timestamp::from_second(change.timestamp()).ok(),
            amendment,
            late: !knows,
        };
        for path in paths.into_iter().filter(|(place, _)| place.is_none_or(is_fact)) {
            touched.entry(path).or_default().push((change.start_op().get(), writer.clone()));
        }
    }
    let compared = touched.into_iter().filter_map(|((place, key), mut by)| {
        // Counters rise along the graph, and every replica sorts what is concurrent alike.
        by.sort_by(|(left, one), (right, other)| (left, &one.change).cmp(&(right, &other.change)));
        let by = by.into_iter().map(|(_, writer)| writer).collect();
        let read = |version: &Version<'_>| match place {
            Some(place) => version.text(place, &key),
            None => version.note(&key),
        };
        let (before, now) = (read(then), read(now));
        let path = place.map_or_else(|| format!("notes/{key}"), |place| format!("{}/{key}", place.name()));
        (before != now).then_some(FactChange { path, before, now, by })
    });
    compared.collect()
}

/// A key with its place; none: a note.
type Touched = (Option<Place>, String);

/// The keys that a change writes.
fn touches(change: &Change, at: &Containers) -> BTreeSet<Touched> {
    let mut touched = BTreeSet::new();
    for op in change.decode().operations {
        let ObjectId::Id(object) = &op.obj else { continue };
        match (at.place_of(object.counter(), object.actor()), &op.key) {
            (Some(place), Key::Map(key)) => {
                touched.insert((Some(place), key.to_string()));
            }
            (None, _) => {
                if let Some(note) = at.note_of(object.counter(), object.actor()) {
                    touched.insert((None, note.to_owned()));
                }
            }
            _ => {}
        }
    }
    touched
}
