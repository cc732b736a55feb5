//! The record as read from its document.

use std::collections::BTreeMap;

use automerge::{Automerge, ROOT, ReadDoc, ScalarValue, Value, ValueRef};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::DocumentId;
use super::changed::{ChangedSince, Mark};
use super::command::ResolveTarget;
use super::conflict::{Conflict, Version};
use super::containers::{self, Containers, Place};
use super::entry::{
    Amendment, Answer, Assignment, Attestation, By, DocumentFile, EntryId, Event, Measurement, Message,
    PartUsed, Photo, Rating, Seal, Signature,
};
use super::error::RecordError;
use super::write::{Entry, Write};
use crate::Moment;
use crate::standard::{Kind, Side, Standard};

/// The standard that a document pins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StandardRef {
    /// Pack id.
    pub id: String,
    /// Semantic version.
    pub version: String,
    /// SHA-256 of the pack, hexadecimal.
    pub sha256: String,
}

impl std::fmt::Display for StandardRef {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {} ({})", self.id, self.version, self.sha256.get(..12).unwrap_or(&self.sha256))
    }
}

/// Everything that stands in a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Id of the document.
    pub id: DocumentId,
    /// Visit, case or shift.
    pub kind: Kind,
    /// The job, an id of the pack.
    pub job: String,
    /// Schema of the document.
    pub schema: u64,
    /// The standard it is judged by.
    pub standard: StandardRef,
    /// Order fields by id.
    pub order: BTreeMap<String, String>,
    /// Who is sent, when, and with what.
    pub assignment: Option<Assignment>,
    /// What happened, and which side recorded it.
    pub events: BTreeMap<EntryId, (Side, Event)>,
    /// Answers of the field side by rule id. What counts as the answer to a rule says [`Record::answer`].
    pub answers: BTreeMap<String, Answer>,
    /// Answers of the office by rule id.
    pub office_answers: BTreeMap<String, Answer>,
    /// Notes by id.
    pub notes: BTreeMap<String, String>,
    /// Measured values.
    pub measures: BTreeMap<EntryId, Measurement>,
    /// Parts used.
    pub parts: BTreeMap<EntryId, PartUsed>,
    /// Photos.
    pub photos: BTreeMap<EntryId, Photo>,
    /// Documents, videos and other files.
    pub documents: BTreeMap<EntryId, DocumentFile>,
    /// Signatures.
    pub signatures: BTreeMap<EntryId, Signature>,
    /// Seals.
    pub seals: BTreeMap<EntryId, Seal>,
    /// Changes after the seal.
    pub amendments: BTreeMap<EntryId, Amendment>,
    /// Facts that changed since each signature and each seal.
    pub changed_since: ChangedSince,
    /// The customer's rating.
    pub rating: Option<Rating>,
    /// Conduct attested, by phase; what the office attests, by `PHASE/ROLE`.
    pub attestations: BTreeMap<String, Attestation>,
    /// Messages between crew and office.
    pub talk: BTreeMap<EntryId, Message>,
    /// Registers with more than one value.
    pub conflicts: Vec<Conflict>,
    /// Registers whose value this version can not read; they are kept and carried.
    pub unreadable: Vec<String>,
}

/// Any entry, read only for who wrote it.
#[derive(Deserialize)]
struct Signed {
    #[serde(flatten)]
    by: By,
}

impl Record {
    /// Reads a document.
    pub(crate) fn read(doc: &Automerge, at: &Containers) -> Result<Self, RecordError> {
        let root = |key: &str| match doc.get(ROOT, key) {
            Ok(Some((Value::Scalar(scalar), _))) => Some(scalar.into_owned()),
            _ => None,
        };
        let missing = |path: &str| RecordError::NotARecord { missing: path.to_owned() };
        let schema = containers::schema(doc)?;
        let Some(ScalarValue::Str(id)) = root("id") else { return Err(missing("id")) };
        let Some(ScalarValue::Str(standard)) = root("standard") else { return Err(missing("standard")) };
        let kind = match root("kind") {
            Some(ScalarValue::Str(kind)) => Kind::of(&kind).ok_or_else(|| missing("kind"))?,
            _ => return Err(missing("kind")),
        };
        let Some(ScalarValue::Str(job)) = root("job") else { return Err(missing("job")) };
        let mut record = Record {
            id: id.parse().map_err(|_| missing("id"))?,
            kind,
            job: job.to_string(),
            schema,
            standard: serde_json::from_str(&standard).map_err(|_| missing("standard"))?,
            order: BTreeMap::new(),
            assignment: None,
            events: BTreeMap::new(),
            answers: BTreeMap::new(),
            office_answers: BTreeMap::new(),
            notes: BTreeMap::new(),
            measures: BTreeMap::new(),
            parts: BTreeMap::new(),
            photos: BTreeMap::new(),
            documents: BTreeMap::new(),
            signatures: BTreeMap::new(),
            seals: BTreeMap::new(),
            amendments: BTreeMap::new(),
            changed_since: ChangedSince::default(),
            rating: None,
            attestations: BTreeMap::new(),
            talk: BTreeMap::new(),
            conflicts: Vec::new(),
            unreadable: Vec::new(),
        };
        let mut reader = Reader { doc, at, record: &mut record };
        reader.all();
        record.conflicts.sort_by(|left, right| left.target.cmp(&right.target));
        record.changed_since = ChangedSince::of(doc, at, &record);
        Ok(record)
    }

    /// The answer to a rule: that of the side which has the duty. What the other side may have written does not count.
    pub fn answer(&self, standard: &Standard, rule: &str) -> Option<&Answer> {
        match standard.side_of(&self.job, standard.rule(rule)?)? {
            Side::Office => self.office_answers.get(rule),
            Side::Field => self.answers.get(rule),
        }
    }

    /// The side of the record in which an event stands, and the event.
    pub fn event(&self, id: &EntryId) -> Option<&(Side, Event)> {
        self.events.get(id)
    }

    /// Takes over what a command has written to the document.
    pub(crate) fn absorb(&mut self, write: &Write) {
        match write {
            Write::Splice { note, at, delete, insert } => {
                let text = self.notes.entry(note.clone()).or_default();
                *text = text
                    .chars()
                    .take(*at)
                    .chain(insert.chars())
                    .chain(text.chars().skip(at + delete))
                    .collect();
            }
            Write::Put { place, key, entry } => self.absorb_put(*place, key, entry),
        }
    }

    fn absorb_put(&mut self, place: Place, key: &str, entry: &Entry) {
        let path = format!("{}/{key}", place.name());
        self.unreadable.retain(|unreadable| *unreadable != path);
        let id = key.parse::<EntryId>();
        match (entry.clone(), id) {
            (Entry::Event(event), Ok(id)) => {
                let side = if place == Place::OfficeEvents { Side::Office } else { Side::Field };
                self.events.insert(id, (side, event));
            }
            (Entry::Measurement(measurement), Ok(id)) => {
                self.measures.insert(id, measurement);
            }
            (Entry::Part(part), Ok(id)) => {
                self.parts.insert(id, part);
            }
            (Entry::Photo(photo), Ok(id)) => {
                self.photos.insert(id, photo);
            }
            (Entry::Document(document), Ok(id)) => {
                self.documents.insert(id, document);
            }
            (Entry::Signature(signature), Ok(id)) => {
                self.signatures.insert(id, signature);
                self.changed_since.begin(Mark::Signature(id));
            }
            (Entry::Seal(seal), Ok(id)) => {
                self.seals.insert(id, *seal);
                self.changed_since.begin(Mark::Seal(id));
            }
            (Entry::Amendment(amendment), Ok(id)) => {
                self.amendments.insert(id, amendment);
            }
            (Entry::Message(message), Ok(id)) => {
                self.talk.insert(id, message);
            }
            (Entry::Answer(answer), _) => {
                self.settle(&ResolveTarget::Answer(key.to_owned()));
                let answers =
                    if place == Place::OfficeAnswers { &mut self.office_answers } else { &mut self.answers };
                answers.insert(key.to_owned(), answer);
            }
            (Entry::Assignment(assignment), _) => {
                self.settle(&ResolveTarget::Assignment);
                self.assignment = Some(assignment);
            }
            (Entry::Rating(rating), _) => {
                self.settle(&ResolveTarget::Survey);
                self.rating = Some(rating);
            }
            (Entry::Attestation(attestation), _) => {
                self.settle(&ResolveTarget::Attestation(key.to_owned()));
                self.attestations.insert(key.to_owned(), attestation);
            }
            (Entry::Order(text), _) => {
                self.settle(&ResolveTarget::Order(key.to_owned()));
                self.order.insert(key.to_owned(), text);
            }
            // Append-only entries are keyed by UUIDs that the command itself brought.
            _ => {}
        }
    }

    fn settle(&mut self, target: &ResolveTarget) {
        self.conflicts.retain(|conflict| conflict.target != *target);
    }
}

struct Reader<'a> {
    doc: &'a Automerge,
    at: &'a Containers,
    record: &'a mut Record,
}

impl Reader<'_> {
    fn all(&mut self) {
        self.order();
        self.assignment();
        for (side, place) in [(Side::Office, Place::OfficeEvents), (Side::Field, Place::FieldEvents)] {
            for (id, event) in self.entries::<Event>(place) {
                self.record.events.insert(id, (side, event));
            }
        }
        for place in [Place::OfficeMeasures, Place::Measures] {
            let measures = self.entries(place);
            self.record.measures.extend(measures);
        }
        self.record.parts = self.entries(Place::Parts);
        self.record.photos = self.entries(Place::Photos);
        self.record.documents = self.entries(Place::Documents);
        self.record.signatures = self.entries(Place::Signatures);
        self.record.seals = self.entries(Place::Seals);
        self.record.amendments = self.entries(Place::Amendments);
        self.record.talk = self.entries(Place::Talk);
        self.record.office_answers = self.registers(Place::OfficeAnswers, ResolveTarget::Answer);
        self.record.answers = self.registers(Place::FieldAnswers, ResolveTarget::Answer);
        // Each side has its own form of key, so that neither attests for the other.
        for (place, of_role) in [(Place::OfficeAttested, true), (Place::Attested, false)] {
            let mut attested: BTreeMap<String, _> = self.registers(place, ResolveTarget::Attestation);
            attested.retain(|key, _| key.contains('/') == of_role);
            self.record.attestations.extend(attested);
        }
        let mut survey = self.registers::<Rating>(Place::Survey, |_| ResolveTarget::Survey);
        self.record.rating = survey.remove("rating");
        for (name, id) in &self.at.notes {
            self.record.notes.insert(name.clone(), self.doc.text(id).unwrap_or_default());
        }
    }

    fn order(&mut self) {
        let Some(order) = self.at.id(Place::Order).cloned() else { return };
        for item in self.doc.map_range(&order, ..) {
            if let ValueRef::Scalar(value) = &item.value
                && let automerge::ScalarValueRef::Str(text) = value
            {
                let field = item.key.to_string();
                if item.conflict {
                    self.conflict(&order, &field, &ResolveTarget::Order(field.clone()));
                }
                self.record.order.insert(field, text.to_string());
            }
        }
    }

    fn assignment(&mut self) {
        let Some(office) = self.at.id(Place::Office).cloned() else { return };
        let found = self.doc.get(&office, "assignment").ok().flatten();
        if let Some((Value::Scalar(scalar), _)) = found {
            let text = scalar.as_str().unwrap_or_default().to_owned();
            self.record.assignment = self.parse(Place::Office, "assignment", &text);
            self.conflict(&office, "assignment", &ResolveTarget::Assignment);
        }
    }

    fn parse<T: DeserializeOwned>(&mut self, place: Place, key: &str, text: &str) -> Option<T> {
        if let Ok(entry) = serde_json::from_str(text) {
            return Some(entry);
        }
        self.record.unreadable.push(format!("{}/{key}", place.name()));
        None
    }

    fn texts(&mut self, place: Place) -> Vec<(String, String, bool)> {
        let mut texts = Vec::new();
        let Some(object) = self.at.id(place) else { return texts };
        for item in self.doc.map_range(object, ..) {
            match &item.value {
                ValueRef::Scalar(automerge::ScalarValueRef::Str(text)) => {
                    texts.push((item.key.to_string(), text.to_string(), item.conflict));
                }
                _ => self.record.unreadable.push(format!("{}/{}", place.name(), item.key)),
            }
        }
        texts
    }

    fn entries<T: DeserializeOwned>(&mut self, place: Place) -> BTreeMap<EntryId, T> {
        let mut entries = BTreeMap::new();
        for (key, text, _) in self.texts(place) {
            let Ok(id) = key.parse::<EntryId>() else {
                self.record.unreadable.push(format!("{}/{key}", place.name()));
                continue;
            };
            if let Some(entry) = self.parse(place, &key, &text) {
                entries.insert(id, entry);
            }
        }
        entries
    }

    fn registers<T: DeserializeOwned>(
        &mut self,
        place: Place,
        target: impl Fn(String) -> ResolveTarget,
    ) -> BTreeMap<String, T> {
        let mut registers = BTreeMap::new();
        for (key, text, conflict) in self.texts(place) {
            if conflict && let Some(object) = self.at.id(place).cloned() {
                self.conflict(&object, &key, &target(key.clone()));
            }
            if let Some(entry) = self.parse(place, &key, &text) {
                registers.insert(key, entry);
            }
        }
        registers
    }

    fn conflict(&mut self, object: &automerge::ObjId, key: &str, target: &ResolveTarget) {
        let Ok(values) = self.doc.get_all(object, key) else { return };
        if values.len() < 2 {
            return;
        }
        let bare = matches!(target, ResolveTarget::Order(_));
        let mut versions: Vec<Version> = values
            .iter()
            .rev()
            .filter_map(|(value, id)| {
                let automerge::ObjId::Id(_, actor, _) = id else { return None };
                let (text, actor) = (value.as_str()?, actor.to_hex_string());
                if bare {
                    let (person, at) = ("office".to_owned(), self.made_at(id));
                    return Some(Version { value: text.into(), person, at, actor });
                }
                let signed: Signed = serde_json::from_str(text).ok()?;
                let value = serde_json::from_str(text).ok()?;
                Some(Version { value, person: signed.by.person, at: signed.by.stamp.at, actor })
            })
            .collect();
        // Equal values written twice are no conflict of substance, but stay listed: a person confirms with one command.
        if versions.len() > 1 {
            versions[1..].sort_by(|left, right| {
                (left.at, &left.person, left.value.to_string()).cmp(&(
                    right.at,
                    &right.person,
                    right.value.to_string(),
                ))
            });
            self.record.conflicts.push(Conflict { target: target.clone(), versions });
        }
    }

    /// When the change was made that wrote a value, by its writer's clock.
    fn made_at(&self, id: &automerge::ObjId) -> Moment {
        let change = self.doc.hash_for_opid(id).and_then(|hash| self.doc.get_change_meta_by_hash(&hash));
        let second = change.map_or(0, |change| change.timestamp);
        Moment::utc(jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }
}
