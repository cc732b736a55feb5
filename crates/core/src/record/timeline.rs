//! When what happened: the recorded events and those that follow from the record (a planned start, a rating, a signature),
//! by kind. Everything that judges a record reads this, so all of it agrees on what has happened.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil;

use super::alert;
use super::entry::{AnswerValue, By, EntryId, Event};
use super::hold::{HoldTest, holds};
use super::view::Record;
use crate::standard::{Check, Choice, Side, Source, Standard};
use crate::{Moment, Stamp, deadline};

/// Kinds of events that an event of a kind can undo whatever the pack; whatever else it names stands.
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
    /// When: as recorded, or as it happened where somebody entered it later.
    pub stamp: Stamp,
    /// When it was entered, where that was later than it happened.
    pub entered: Option<Moment>,
    /// Who recorded it; for a planned time, who planned it.
    pub person: String,
    /// Key of the event; none for derived ones.
    pub id: Option<EntryId>,
    /// What it is about.
    pub about: Option<String>,
    /// Undone by a later event (a resume, a reopening).
    pub undone: bool,
    /// A time that was planned: it may lie ahead.
    pub planned: bool,
}

/// All occurrences by kind of event, each kind in order of corrected time.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    kinds: HashMap<String, Vec<Occurrence>>,
    /// Events that stand on the side which may not record them: they count for nothing, and are shown.
    foreign: Vec<(EntryId, String)>,
    /// The last hold test of each rule.
    pub(crate) holds: BTreeMap<String, HoldTest>,
}

impl Timeline {
    /// Reads the events of a record.
    pub fn of(record: &Record, standard: &Standard) -> Self {
        let undone: HashSet<EntryId> = record
            .events
            .values()
            .filter(|(side, event)| may_record(*side, &event.kind, standard))
            .flat_map(|(_, event)| event.ends.iter().map(move |id| (event, id)))
            .filter(|(event, id)| {
                record.events.get(id).is_some_and(|(_, ended)| may_undo(event, ended, standard))
            })
            .map(|(_, id)| *id)
            .collect();
        let mut timeline = Self::default();
        for (id, (side, event)) in &record.events {
            if !may_record(*side, &event.kind, standard) {
                timeline.foreign.push((*id, event.kind.clone()));
                continue;
            }
            let (stamp, entered) = happened(event);
            let occurrence = Occurrence {
                stamp,
                entered,
                person: event.by.person.clone(),
                id: Some(*id),
                about: event.about.clone(),
                undone: undone.contains(id),
                planned: false,
            };
            if let Some(about) = &event.about
                && standard.event(&event.kind).is_some_and(|kind| !kind.subjects.is_empty())
            {
                timeline.add(&format!("{}/{about}", event.kind), occurrence.clone());
            }
            if let Some(kind) = stands_for(event, record, standard) {
                timeline.add_named(&kind, &occurrence);
            }
            timeline.add(&event.kind, occurrence);
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

    /// Adds something that is written as `KIND` or `KIND/SUBJECT`, under both names.
    fn add_named(&mut self, kind: &str, occurrence: &Occurrence) {
        let base = kind.split_once('/');
        let about = base.map(|(_, subject)| subject.to_owned());
        let occurrence =
            Occurrence { about: about.or_else(|| occurrence.about.clone()), ..occurrence.clone() };
        if let Some((base, _)) = base {
            self.add(base, occurrence.clone());
        }
        self.add(kind, occurrence);
    }

    fn derived(&mut self, kind: &str, by: &By, about: Option<String>) {
        let occurrence = Occurrence {
            stamp: by.stamp.clone(),
            entered: None,
            person: by.person.clone(),
            id: None,
            about,
            undone: false,
            planned: false,
        };
        if let Some((kind, subject)) = kind.split_once('/') {
            self.add(kind, Occurrence { about: Some(subject.to_owned()), ..occurrence.clone() });
        }
        self.add(kind, occurrence);
    }

    fn option(&mut self, options: &[Choice], chosen: &str, by: &By) {
        let option = options.iter().find(|option| option.id == chosen);
        if let Some(event) = option.and_then(|option| option.event.as_ref()) {
            self.derived(event, by, None);
        }
    }

    fn derive(&mut self, record: &Record, standard: &Standard) {
        let flow = standard.course(&record.job).flow();
        let registered = flow.opening.last().and_then(|event| self.first(event));
        let registered = registered.map(|at| By { person: at.person.clone(), stamp: at.stamp.clone() });
        for planned in &flow.planned {
            if let Some(by) = plan(record, &planned.at, registered.as_ref()) {
                self.derived(&planned.event, &by, None);
                for occurrence in self.kinds.get_mut(&planned.event).into_iter().flatten() {
                    occurrence.planned = occurrence.id.is_none();
                }
            }
        }
        if let Some(by) = registered {
            for field in &flow.order {
                if let Some(value) = record.order.get(&field.id) {
                    self.option(&field.options, value, &by);
                }
            }
        }
        if let (Some(rating), Some(survey)) = (&record.rating, &flow.survey) {
            self.option(&survey.levels, &rating.level, rating.given());
        }
        for (id, part) in &record.parts {
            if part.replaces.is_some() {
                self.derived("part-replaced", &part.by, Some(id.to_string()));
            }
        }
        for rule in record.answers.keys().chain(record.office_answers.keys()) {
            let Some(answer) = record.answer(standard, rule) else { continue };
            let Some(options) = standard.rule(rule).and_then(|rule| rule.options()) else { continue };
            match &answer.value {
                AnswerValue::Choice(chosen) => self.option(options, chosen, answer.given()),
                AnswerValue::Several(chosen) => {
                    for chosen in chosen {
                        self.option(options, chosen, answer.given());
                    }
                }
                _ => {}
            }
        }
        let holds = holds(record, standard);
        for hold in holds.values().filter(|hold| hold.passed()) {
            if let (Some(event), Some(end)) = (&hold.event, &hold.end) {
                self.derived(event, &end.by, None);
            }
        }
        self.holds = holds;
        let Some(signing) = &flow.signing else { return };
        // The signing event stands once each signer has signed, at the time of the last first signature.
        let firsts: Option<Vec<&By>> = signing
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
            self.derived(&signing.event, by, None);
        }
    }

    /// Kinds of events that the wrong side has recorded.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &str> {
        self.foreign.iter().map(|(_, kind)| kind.as_str())
    }

    /// All occurrences of a kind (or of a kind and subject, `KIND/SUBJECT`), earliest first, the undone ones too.
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

    /// The latest planned time.
    pub(crate) fn last_planned(&self) -> Option<Moment> {
        let planned = self.kinds.values().flatten().filter(|occurrence| occurrence.planned);
        planned.map(|occurrence| occurrence.stamp.at).max_by_key(Moment::instant)
    }

    /// Whether a kind has happened and stands at a time: a planned time that lies ahead has not come.
    pub fn has_come(&self, kind: &str, now: jiff::Timestamp) -> bool {
        self.first(kind).is_some_and(|at| !at.planned || at.stamp.corrected() <= now)
    }

    /// Whether a kind has happened and stands, or is planned.
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

/// Whether a side may record events of a kind. A kind that the standard does not know is nobody's and harms nobody.
fn may_record(side: Side, kind: &str, standard: &Standard) -> bool {
    standard.event(kind).is_none_or(|known| known.by.contains(&side))
}

/// The events that an alert, or the office's answer to one, stands for: what opens the special situation, and what the pack
/// says of the answer.
fn stands_for(event: &Event, record: &Record, standard: &Standard) -> Option<String> {
    let of = |id: Option<&String>| id.and_then(|id| standard.situation(id));
    match event.kind.as_str() {
        alert::RAISED => of(event.about.as_ref())?.opens.first().cloned(),
        alert::ACKNOWLEDGED => {
            let alert: EntryId = event.about.as_deref()?.parse().ok()?;
            let (side, raised) = record.events.get(&alert)?;
            if raised.kind != alert::RAISED || !may_record(*side, &raised.kind, standard) {
                return None;
            }
            of(raised.about.as_ref())?.alert.as_ref()?.acknowledged.clone()
        }
        _ => None,
    }
}

/// Whether an event may take back another: those of the engine's own pairs, and a yes of an approval its no and the other
/// way round.
fn may_undo(event: &Event, ended: &Event, standard: &Standard) -> bool {
    if undoes(&event.kind).contains(&ended.kind.as_str()) {
        return true;
    }
    let rule = event.about.as_deref().filter(|_| event.about == ended.about);
    let Some(Check::Approval(approval)) = rule.and_then(|id| standard.rule(id)).map(|rule| &rule.check)
    else {
        return false;
    };
    let decisions = [&approval.approved, &approval.rejected];
    decisions.contains(&&event.kind) && decisions.contains(&&ended.kind)
}

/// When an event happened: never after it was recorded.
fn happened(event: &Event) -> (Stamp, Option<Moment>) {
    let recorded = &event.by.stamp;
    match event.happened {
        Some(moment) if moment.instant() < recorded.corrected() => (Stamp::wall(moment), Some(recorded.at)),
        _ => (recorded.clone(), None),
    }
}

/// A planned time as an occurrence; a date without a time begins at its midnight at the place of service.
fn plan(record: &Record, at: &Source, registered: Option<&By>) -> Option<By> {
    match at.parts() {
        ("assignment", place) => {
            let assignment = record.assignment.as_ref()?;
            let moment = if place == "end" { assignment.end } else { assignment.start };
            Some(By { person: assignment.by.person.clone(), stamp: Stamp::wall(moment) })
        }
        ("order", field) => {
            let by = registered?;
            let moment = record.moment_of_order(field, by.stamp.at)?;
            Some(By { person: by.person.clone(), stamp: Stamp::wall(moment) })
        }
        _ => None,
    }
}

impl Record {
    /// The time or date in an order field. A date begins at its midnight at the place of service, as far as it is known,
    /// else at the UTC offset of `like`.
    pub(crate) fn moment_of_order(&self, field: &str, like: Moment) -> Option<Moment> {
        let text = self.order.get(field)?.trim();
        if let Ok(moment) = text.parse() {
            return Some(moment);
        }
        let date: civil::Date = text.parse().ok()?;
        let zone = self.zone(like);
        let midnight = zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0)).compatible().ok()?;
        Some(Moment::new(midnight, zone.to_offset(midnight)))
    }

    /// The time zone of the place of service: the order field `time_zone`, else the UTC offset of `like`.
    pub(crate) fn zone(&self, like: Moment) -> jiff::tz::TimeZone {
        let named = self.order.get("time_zone").and_then(|name| deadline::zone(name));
        named.unwrap_or_else(|| jiff::tz::TimeZone::fixed(like.offset()))
    }
}
