//! What became of the facts since the record was sealed: what amendments changed, and what somebody wrote who did not know of
//! a seal or had no right to.

use std::collections::{BTreeMap, HashMap};

use crate::assess::Evidences;
use crate::record::{Document, EntryId, FactChange, FactWriter, Mark, Record, outdated};
use crate::standard::{Rule, Standard};

/// Most versions of a document that are read anew to ask what its record took then. Beyond it a change counts as one without
/// right.
const MAX_VERSIONS_ASKED: usize = 64;

/// The facts that changed since any of the seals, by path.
#[derive(Default)]
pub(super) struct Changes {
    /// By amendment.
    pub(super) amended: Vec<FactChange>,
    /// By writers who did not know of a seal, or who had no right to.
    pub(super) late: Vec<FactChange>,
}

/// The worst that the seals say of a fact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// It was let through after the signature.
    Right,
    Amended,
    Late,
}

impl Changes {
    /// All seals are asked, not the first: which is the first only the clocks of the phones say.
    pub(super) fn of(document: &Document, standard: &Standard) -> Self {
        let record = document.record();
        let mut asked = Asked { document, standard, known: HashMap::new() };
        let mut worst: BTreeMap<&str, (Weight, &FactChange)> = BTreeMap::new();
        for (seal, changes) in record.changed_since.since_seals() {
            let outdated = outdated(record, standard, Mark::Seal(seal));
            for change in changes {
                let altered = outdated.iter().any(|one| one.path == change.path);
                let weight = asked.weigh(change, altered);
                // The longest list of writers is that of the earliest seal, and shows what stood there then.
                let shown = worst.entry(&change.path).or_insert((weight, change));
                shown.0 = shown.0.max(weight);
                if change.by.len() > shown.1.by.len() {
                    shown.1 = change;
                }
            }
        }
        let mut found = Self::default();
        for (weight, change) in worst.into_values() {
            match weight {
                Weight::Right => {}
                Weight::Amended => found.amended.push(change.clone()),
                Weight::Late => found.late.push(change.clone()),
            }
        }
        found
    }
}

/// Asks what a record took when somebody wrote.
struct Asked<'a> {
    document: &'a Document,
    standard: &'a Standard,
    /// The document before a change, by the change. `None`: too many were asked.
    known: HashMap<String, Option<Document>>,
}

impl Asked<'_> {
    fn weigh(&mut self, change: &FactChange, altered: bool) -> Weight {
        let unamended = change.unamended();
        if unamended.is_empty() {
            return Weight::Amended;
        }
        if change.is_late() || altered || !unamended.iter().all(|writer| self.took(writer, change)) {
            return Weight::Late;
        }
        if unamended.len() < change.by.len() { Weight::Amended } else { Weight::Right }
    }

    /// The record took this fact without an amendment when it was written.
    fn took(&mut self, writer: &FactWriter, change: &FactChange) -> bool {
        let asks = Asks::of(self.document.record(), self.standard, change);
        if matches!(asks, Asks::Nothing) {
            return false;
        }
        if !self.known.contains_key(&writer.change) {
            let room = self.known.len() < MAX_VERSIONS_ASKED;
            let before = room.then(|| self.document.before(&writer.change)).flatten();
            self.known.insert(writer.change.clone(), before);
        }
        let Some(Some(before)) = self.known.get(&writer.change) else { return false };
        let evidences = Evidences::of(before.record(), self.standard);
        match asks {
            Asks::Rule(rule) => evidences.takes_after_signing(rule),
            Asks::Note(note) => evidences.takes_note_after_signing(note),
            Asks::Nothing => false,
        }
    }
}

/// What asks for a fact.
enum Asks<'a> {
    /// A rule.
    Rule(&'a Rule),
    /// The rules that name this note.
    Note(&'a str),
    /// Nothing that could let it through.
    Nothing,
}

impl<'a> Asks<'a> {
    fn of(record: &'a Record, standard: &'a Standard, change: &'a FactChange) -> Self {
        let Some((place, key)) = change.path.rsplit_once('/') else { return Asks::Nothing };
        let id = key.parse::<EntryId>().ok();
        let item = |item: Option<&'a String>| item.and_then(|item| standard.rule(item));
        let rule = match place {
            "field/notes" => return Asks::Note(key),
            "field/answers" => standard.rule(key),
            "field/measures" => id.and_then(|id| record.measures.get(&id)).and_then(|measured| {
                let mut known = standard.pack().quantities.iter();
                known
                    .find(|known| known.id == measured.quantity)
                    .and_then(|quantity| standard.rule(&quantity.rule))
            }),
            "field/photos" => item(id.and_then(|id| record.photos.get(&id)?.item.as_ref())),
            "field/documents" => item(id.and_then(|id| record.documents.get(&id)?.item.as_ref())),
            "field/survey" => {
                let survey = standard.course(&record.job).flow().survey.as_ref();
                survey.and_then(|survey| standard.rule(&survey.rule))
            }
            _ => None,
        };
        rule.map_or(Asks::Nothing, Asks::Rule)
    }
}
