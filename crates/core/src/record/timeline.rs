//! When what happened: the recorded events and those that follow from the record (a planned start, a rating, a signature),
//! by kind. Everything that judges a record reads this, so all of it agrees on what has happened.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::entry::{AnswerValue, By, EntryId};
use super::view::Record;
use crate::Stamp;
use crate::standard::{Ask, Standard};

/// Kinds of events that an event of a kind can undo; whatever else it names stands.
pub(crate) fn undoes(kind: &str) -> &'static [&'static str] {
    match kind {
        "resumed" => &["paused"],
        "work-reopened" => &["work-finished", "handed-over"],
        "consent-given" => &["consent-refused"],
        _ => &[],
    }
}

/// One time that something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// When.
    pub stamp: Stamp,
    /// Who recorded it; for a planned time, who planned it.
    pub person: String,
    /// Key of the event; none for derived ones.
    pub id: Option<EntryId>,
    /// What it is about.
    pub about: Option<String>,
    /// Undone by a later event (a resume, a reopening).
    pub undone: bool,
}

/// All occurrences by kind of event, each kind in order of corrected time.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    kinds: HashMap<String, Vec<Occurrence>>,
}

impl Timeline {
    /// Reads the events of a record.
    pub fn of(record: &Record, standard: &Standard) -> Self {
        let undone: HashSet<EntryId> = record
            .events
            .values()
            .flat_map(|(_, event)| event.ends.iter().map(|id| (event.kind.as_str(), id)))
            .filter(|(kind, id)| {
                record.events.get(id).is_some_and(|(_, ended)| undoes(kind).contains(&ended.kind.as_str()))
            })
            .map(|(_, id)| *id)
            .collect();
        let mut timeline = Self::default();
        for (id, (_, event)) in &record.events {
            timeline.add(
                &event.kind,
                Occurrence {
                    stamp: event.by.stamp.clone(),
                    person: event.by.person.clone(),
                    id: Some(*id),
                    about: event.about.clone(),
                    undone: undone.contains(id),
                },
            );
        }
        timeline.derive(record, standard);
        for occurrences in timeline.kinds.values_mut() {
            occurrences.sort_by_key(|occurrence| (occurrence.stamp.corrected(), occurrence.id));
        }
        timeline
    }

    fn add(&mut self, kind: &str, occurrence: Occurrence) {
        if let Some(list) = self.kinds.get_mut(kind) {
            list.push(occurrence);
        } else {
            self.kinds.insert(kind.to_owned(), vec![occurrence]);
        }
    }

    fn derived(&mut self, kind: &str, by: &By, about: Option<String>) {
        let occurrence =
            Occurrence { stamp: by.stamp.clone(), person: by.person.clone(), id: None, about, undone: false };
        self.add(kind, occurrence);
    }

    fn derive(&mut self, record: &Record, standard: &Standard) {
        let pack = standard.pack();
        if let Some(assignment) = &record.assignment {
            let planned = By { person: assignment.by.person.clone(), stamp: Stamp::wall(assignment.start) };
            self.derived("appointment-start", &planned, None);
        }
        let registered = self
            .first("request-registered")
            .map(|at| By { person: at.person.clone(), stamp: at.stamp.clone() });
        if let Some(by) = registered {
            for field in &pack.order {
                let value = record.order.get(&field.id);
                let chosen = field.options.iter().find(|option| Some(&option.id) == value);
                if let Some(event) = chosen.and_then(|option| option.event.as_ref()) {
                    self.derived(event, &by, None);
                }
            }
        }
        if let Some(rating) = &record.rating {
            let level = pack.survey.levels.iter().find(|level| level.id == rating.level);
            if let Some(event) = level.and_then(|level| level.event.as_ref()) {
                self.derived(event, rating.given(), None);
            }
        }
        for (id, part) in &record.parts {
            if part.replaces.is_some() {
                self.derived("part-replaced", &part.by, Some(id.to_string()));
            }
        }
        for (rule, answer) in &record.answers {
            let AnswerValue::Choice(chosen) = &answer.value else { continue };
            if let Some(Ask::Choice { options }) = standard.rule(rule).and_then(|rule| rule.ask())
                && let Some(event) =
                    options.iter().find(|option| option.id == *chosen).and_then(|o| o.event.as_ref())
            {
                self.derived(event, answer.given(), None);
            }
        }
        // The signing event stands once each signer has signed, at the time of the last first signature.
        let firsts: Option<Vec<&By>> = pack
            .signing
            .signers
            .iter()
            .map(|role| {
                let of_role = record.signatures.values().filter(|signature| signature.role == *role);
                of_role
                    .map(|signature| &signature.by)
                    .min_by_key(|by| (by.stamp.corrected(), by.person.clone()))
            })
            .collect();
        if let Some(by) = firsts.unwrap_or_default().into_iter().max_by_key(|by| by.stamp.corrected()) {
            self.derived(&pack.signing.event, by, None);
        }
    }

    /// All occurrences of a kind, earliest first, the undone ones too.
    pub fn all(&self, kind: &str) -> &[Occurrence] {
        self.kinds.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Occurrences of a kind that stand.
    pub fn standing<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Occurrence> {
        self.all(kind).iter().filter(|occurrence| !occurrence.undone)
    }

    /// The earliest occurrence of a kind that stands.
    pub fn first(&self, kind: &str) -> Option<&Occurrence> {
        self.all(kind).iter().find(|occurrence| !occurrence.undone)
    }

    /// The earliest occurrence of any of several kinds that stands.
    pub fn first_of(&self, kinds: &[String]) -> Option<&Occurrence> {
        kinds.iter().filter_map(|kind| self.first(kind)).min_by_key(|occurrence| occurrence.stamp.corrected())
    }

    /// Whether a kind has happened and stands.
    pub fn happened(&self, kind: &str) -> bool {
        self.first(kind).is_some()
    }

    /// How often each kind stands.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        self.kinds
            .iter()
            .map(|(kind, list)| (kind.as_str(), list.iter().filter(|occurrence| !occurrence.undone).count()))
            .collect()
    }
}
