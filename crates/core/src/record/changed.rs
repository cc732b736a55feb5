//! What became of signed facts: which of them changed after somebody had signed, or after the seal.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use automerge::legacy::{Key, ObjectId};
use automerge::{Automerge, Change, ChangeHash, ChangeMetadata};
use jiff::Timestamp;
use serde::Serialize;

use super::containers::{Containers, Place};
use super::entry::EntryId;
use super::limits::{MAX_SEALS, MAX_SIGNATURES};
use super::rendering::{DocumentVersion, FACTS};
use super::view::Record;
use crate::{hex, unhex};

/// A fact that is not as it was when somebody signed, or when the record was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactChange {
    /// Where: `field/answers/RULE`, `field/parts/ID`, `field/notes/ID` …
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
            (Some(before), Some(now)) => self.is_note() && now.starts_with(before.as_str()),
            (Some(_), None) => false,
        };
        !added || self.path.starts_with("field/parts/")
    }

    /// It is a note.
    fn is_note(&self) -> bool {
        self.path.starts_with("field/notes/") || self.path.starts_with("office/notes/")
    }

    /// Those who wrote it after the last amendment of it, or without any.
    pub fn unamended(&self) -> &[FactWriter] {
        let last = self.by.iter().rposition(|writer| writer.amendment.is_some());
        self.by.get(last.map_or(0, |last| last + 1)..).unwrap_or_default()
    }

    /// Somebody wrote it who did not know of the signature or the seal, and no amendment has come after that.
    pub fn is_late(&self) -> bool {
        self.unamended().iter().any(|writer| writer.late)
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

/// A signature or a seal, by its key in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// A signature.
    Signature(EntryId),
    /// A seal.
    Seal(EntryId),
}

impl Mark {
    fn place(self) -> (Place, EntryId) {
        match self {
            Mark::Signature(id) => (Place::Signatures, id),
            Mark::Seal(id) => (Place::Seals, id),
        }
    }
}

/// What became of the facts since each signature and each seal. One that names no version which the document holds is
/// missing: nobody can say what it stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangedSince {
    signatures: BTreeMap<EntryId, Vec<FactChange>>,
    seals: BTreeMap<EntryId, Vec<FactChange>>,
}

impl ChangedSince {
    /// Reads it from a document.
    pub(crate) fn of(doc: &Automerge, at: &Containers, record: &Record) -> Self {
        let signatures = record.signatures.iter().take(MAX_SIGNATURES);
        let signatures = signatures.map(|(id, signature)| (Mark::Signature(*id), &signature.heads));
        let seals = record.seals.iter().take(MAX_SEALS);
        let seals = seals.map(|(id, seal)| (Mark::Seal(*id), &seal.statement.heads));
        let mut marked: Vec<Marked> = signatures
            .chain(seals)
            .filter_map(|(mark, heads)| {
                let heads = held_heads(doc, heads)?;
                let changes = doc.get_changes_meta(&heads);
                Some(Marked { mark, changes, then: DocumentVersion { doc, at, heads } })
            })
            .collect();
        // What comes after the earliest holds nearly all that comes after the others.
        marked.sort_by_key(|marked| std::cmp::Reverse(marked.changes.len()));
        let mut reader =
            Reader { now: DocumentVersion { doc, at, heads: doc.get_heads() }, written: HashMap::new() };
        let mut changed = Self::default();
        for marked in marked {
            changed.note(marked.mark, reader.since(&marked));
        }
        changed
    }

    fn note(&mut self, mark: Mark, changes: Vec<FactChange>) {
        match mark {
            Mark::Signature(id) => self.signatures.insert(id, changes),
            Mark::Seal(id) => self.seals.insert(id, changes),
        };
    }

    /// A signature or a seal of the record as it stands has been given: nothing has changed since.
    pub(crate) fn begin(&mut self, mark: Mark) {
        self.note(mark, Vec::new());
    }

    /// The facts that changed since a signature or a seal; none: the document does not hold the version that it names.
    pub fn since(&self, mark: Mark) -> Option<&[FactChange]> {
        let changes = match mark {
            Mark::Signature(id) => self.signatures.get(&id),
            Mark::Seal(id) => self.seals.get(&id),
        };
        changes.map(Vec::as_slice)
    }

    /// The lists of all seals.
    pub(crate) fn since_seals(&self) -> impl Iterator<Item = (EntryId, &[FactChange])> {
        self.seals.iter().map(|(id, changes)| (*id, changes.as_slice()))
    }
}

/// The heads that an entry names, if they are a version that the document holds: at least one change, and none unknown.
pub(crate) fn held_heads(doc: &Automerge, heads: &[String]) -> Option<Vec<ChangeHash>> {
    let read = |head: &String| {
        let hash = ChangeHash(unhex(head)?.try_into().ok()?);
        doc.get_change_meta_by_hash(&hash).map(|_| hash)
    };
    let heads: Vec<ChangeHash> = heads.iter().map(read).collect::<Option<_>>()?;
    (!heads.is_empty()).then_some(heads)
}

/// A signature or a seal with the version that it names and the changes since.
struct Marked<'d> {
    mark: Mark,
    then: DocumentVersion<'d>,
    changes: Vec<ChangeMetadata<'d>>,
}

/// Reads what changed, each change once, however many signatures and seals it comes after.
struct Reader<'d> {
    now: DocumentVersion<'d>,
    /// The keys that each change writes.
    written: HashMap<ChangeHash, BTreeSet<Touched>>,
}

impl Reader<'_> {
    fn since(&mut self, Marked { mark, then, changes }: &Marked<'_>) -> Vec<FactChange> {
        self.decode(then, changes);
        let at = self.now.at;
        let (place, id) = mark.place();
        let mark: Touched = (Some(place), id.to_string());
        let nothing = BTreeSet::new();
        let mut knowing: HashSet<ChangeHash> = HashSet::new();
        let mut touched: BTreeMap<Touched, Vec<(u64, FactWriter)>> = BTreeMap::new();
        for change in changes {
            let keys = self.written.get(&change.hash).unwrap_or(&nothing);
            let knows = keys.contains(&mark) || change.deps.iter().any(|dep| knowing.contains(dep));
            if knows {
                knowing.insert(change.hash);
            }
            let amendment = keys.iter().find_map(|(place, key)| {
                (*place == Some(Place::Amendments)).then(|| key.parse::<EntryId>().ok()).flatten()
            });
            let writer = FactWriter {
                change: hex(&change.hash.0),
                command: change.message.as_deref().unwrap_or_default().to_owned(),
                at: Timestamp::from_second(change.timestamp).ok(),
                amendment,
                late: !knows,
            };
            for key in keys.iter().filter(|(place, _)| place.is_none_or(is_fact)) {
                touched.entry(key.clone()).or_default().push((change.start_op, writer.clone()));
            }
        }
        let compared = touched.into_iter().filter_map(|((place, key), mut by)| {
            // Counters rise along the graph, and every replica sorts what is concurrent alike.
            by.sort_by(|(left, one), (right, other)| (left, &one.change).cmp(&(right, &other.change)));
            let by = by.into_iter().map(|(_, writer)| writer).collect();
            let read = |version: &DocumentVersion<'_>| match place {
                Some(place) => version.text(place, &key),
                None => version.note(&key),
            };
            let (before, now) = (read(then), read(&self.now));
            let path = place.map_or_else(|| at.note_path(&key), |place| format!("{}/{key}", place.name()));
            (before != now).then_some(FactChange { path, before, now, by })
        });
        compared.collect()
    }

    /// Decodes what has not been decoded yet: all at once, for one change alone costs as much.
    fn decode(&mut self, then: &DocumentVersion<'_>, changes: &[ChangeMetadata<'_>]) {
        if changes.iter().all(|change| self.written.contains_key(&change.hash)) {
            return;
        }
        for change in self.now.doc.get_changes(&then.heads) {
            let at = self.now.at;
            self.written.entry(change.hash()).or_insert_with(|| touches(&change, at));
        }
    }
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
