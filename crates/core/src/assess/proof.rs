//! Whether one rule's duty is proved by what stands in the record. The checks of commands and the assessment both ask here.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

use cel::Context;
use jiff::Timestamp;
use serde::Serialize;

use crate::deadline;
use crate::record::{
    Answer, AnswerValue, By, EntryId, Measurement, Occurrence, Record, ResolveTarget, Timeline, holds, state,
};
use crate::standard::condition::{self, Fact, Facts};
use crate::standard::{
    Approval, Ask, Check, Classification, Cost, Course, FieldCheck, PartsDemand, Rule, Source, Standard,
    StockAge,
};
use crate::{Moment, Stamp};

/// Something in the record that proves a duty.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// Where it stands, as in forms: `answer.RULE`, `event.arrived`, `order.fault` …
    pub source: String,
    /// The value in words; empty where the fact itself is the proof.
    pub value: String,
    /// When.
    pub at: Option<Moment>,
    /// Who.
    pub person: Option<String>,
    /// The clocks of the device.
    #[serde(skip)]
    pub stamp: Option<Stamp>,
    /// Key of the entry, if it is one of several.
    #[serde(skip)]
    pub entry: Option<EntryId>,
}

impl Evidence {
    /// Something that somebody recorded.
    pub(crate) fn by(source: String, value: String, by: &By) -> Self {
        Self {
            source,
            value,
            at: Some(by.stamp.at),
            person: Some(by.person.clone()),
            stamp: Some(by.stamp.clone()),
            entry: None,
        }
    }

    /// Something that stands in the record without a time of its own.
    pub(crate) fn plain(source: String, value: String) -> Self {
        Self { source, value, at: None, person: None, stamp: None, entry: None }
    }
}

/// What the record says about a duty.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Proof {
    /// What was found.
    pub(crate) evidence: Vec<Evidence>,
    /// What is still missing, as sources.
    pub(crate) missing: Vec<String>,
    /// Answered, but the answer breaks the rule.
    pub(crate) violated: bool,
    /// Not done, for this reason.
    pub(crate) waived: Option<String>,
    /// Two devices answered differently, and nobody has settled it.
    pub(crate) conflict: bool,
    /// What is asked does not arise here: nothing was replaced, another class was chosen.
    pub(crate) moot: bool,
    /// A device's clocks disagree by more than the tolerance.
    pub(crate) clock_suspect: bool,
}

impl Proof {
    /// The duty is done, or waived with a reason.
    pub(crate) fn done(&self) -> bool {
        self.moot || (self.missing.is_empty() && !self.violated && !self.conflict)
    }
}

/// A record made ready for questions about rules.
pub(crate) struct Evidences<'a> {
    pub(crate) record: &'a Record,
    pub(crate) standard: &'a Standard,
    pub(crate) course: &'a Course,
    pub(crate) timeline: Timeline,
    /// Only the outcome is wanted: words are left empty.
    pub(crate) lean: bool,
    /// Made when the first condition is asked: most commands meet none.
    context: OnceCell<Context<'static, 'static>>,
    /// Conditions asked so far, by rule.
    applied: Vec<Cell<Option<bool>>>,
}

impl<'a> Evidences<'a> {
    pub(crate) fn of(record: &'a Record, standard: &'a Standard) -> Self {
        Self {
            record,
            standard,
            course: standard.course(&record.job),
            timeline: Timeline::of(record, standard),
            lean: false,
            context: OnceCell::new(),
            applied: vec![Cell::new(None); standard.pack().rules.len()],
        }
    }

    fn context(&self) -> &Context<'static, 'static> {
        self.context.get_or_init(|| {
            let state = state::of_timeline(&self.timeline, self.standard, &self.record.job);
            let facts = facts(self.record, self.standard, &self.timeline, state.id);
            condition::context(&facts, self.standard.uses())
        })
    }

    /// Words of a finding, or none if only the outcome is wanted.
    pub(crate) fn words(&self, text: &str) -> String {
        if self.lean { String::new() } else { text.to_owned() }
    }

    /// Whether a rule (by place in the pack) applies to this record.
    pub(crate) fn applies(&self, at: usize) -> bool {
        let Some(condition) = self.standard.condition(at) else { return true };
        let Some(asked) = self.applied.get(at) else { return condition.holds(self.context()) };
        if let Some(known) = asked.get() {
            return known;
        }
        let holds = condition.holds(self.context());
        asked.set(Some(holds));
        holds
    }

    /// Rules that stop an event now, in the order of the pack. Recommendations stop nothing.
    pub(crate) fn blockers(&self, event: &str) -> Vec<&'a Rule> {
        let rules = &self.standard.pack().rules;
        let blocking = self.course.blocking(event).iter();
        blocking
            .filter(|at| self.applies(**at))
            .map(|at| &rules[*at])
            .filter(|rule| rule.severity != crate::standard::Severity::Should)
            .filter(|rule| !self.proof(rule).done())
            .collect()
    }

    /// What the record says about the duty of an item, a field or an act.
    pub(crate) fn proof(&self, rule: &Rule) -> Proof {
        match &rule.check {
            Check::Item(item) => self.item(rule, &item.ask),
            Check::Field(field) => self.field(field),
            Check::Act(act) => self.one("event", &act.event),
            Check::Approval(approval) => self.approval(rule, approval),
            Check::Classification(class) => self.classification(rule, class),
            Check::Cost(cost) => self.cost(rule, cost),
            Check::StockAge(_) => Proof::default(),
            Check::Parts(parts) => self.parts(parts.demands),
            _ => Proof::default(),
        }
    }

    fn item(&self, rule: &Rule, ask: &Ask) -> Proof {
        match ask {
            Ask::Photo { moments } => return self.photos(rule, moments),
            Ask::Signature { roles, everyone } => return self.signatures(rule, roles, everyone.as_ref()),
            Ask::Number { quantity, min, max } => return self.measured(rule, quantity, *min, *max),
            Ask::Series { quantity, count, min, max } => {
                return self.series(rule, quantity, *count, *min, *max);
            }
            Ask::Hold(_) => return self.held(rule),
            _ => {}
        }
        self.answered(rule, ask)
    }

    /// What was answered to a question.
    fn answered(&self, rule: &Rule, ask: &Ask) -> Proof {
        let Some(answer) = self.record.answers.get(&rule.id) else {
            return Proof { missing: vec![self.place("answer", &rule.id)], ..Proof::default() };
        };
        let mut proof = Proof {
            evidence: vec![self.evidence_of(self.place("answer", &rule.id), answer)],
            conflict: !self.record.conflicts.is_empty() && self.disputed(&rule.id),
            ..Proof::default()
        };
        match (&answer.value, ask) {
            (AnswerValue::Waived(reason), _) => proof.waived = Some(reason.clone()),
            (AnswerValue::Yes(yes), Ask::YesNo) => proof.violated = !yes,
            (AnswerValue::Several(chosen), Ask::Several { options, all: true }) => {
                let missing = options.iter().filter(|option| !chosen.contains(&option.id));
                proof.missing = missing.map(|option| format!("answer.{}/{}", rule.id, option.id)).collect();
            }
            _ => {}
        }
        proof
    }

    fn measured(&self, rule: &Rule, quantity: &str, min: Option<f64>, max: Option<f64>) -> Proof {
        let Some(latest) = latest(self.record, quantity) else {
            let missing = Proof { missing: vec![self.place("measure", quantity)], ..Proof::default() };
            return self.or_waived(rule, missing);
        };
        let value = format!("{} {}", latest.value, latest.unit);
        let evidence = Evidence::by(self.place("measure", quantity), value, &latest.by);
        let violated = min.is_some_and(|min| latest.value < min) || max.is_some_and(|max| latest.value > max);
        Proof { evidence: vec![evidence], violated, ..Proof::default() }
    }

    /// An answer has versions that differ in substance.
    fn disputed(&self, rule: &str) -> bool {
        let target = ResolveTarget::Answer(rule.to_owned());
        self.record.conflicts.iter().filter(|conflict| conflict.target == target).any(|conflict| {
            conflict.versions.windows(2).any(|pair| pair[0].value.get("is") != pair[1].value.get("is"))
        })
    }

    fn photos(&self, rule: &Rule, moments: &[String]) -> Proof {
        let mut proof = Proof::default();
        let of_item =
            || self.record.photos.values().filter(|photo| photo.item.as_deref() == Some(rule.id.as_str()));
        for photo in of_item() {
            let moment = photo.moment.clone().unwrap_or_default();
            proof.evidence.push(Evidence::by("photos".to_owned(), moment, &photo.by));
        }
        for moment in moments {
            if !of_item().any(|photo| photo.moment.as_ref() == Some(moment)) {
                proof.missing.push(format!("photos.{moment}"));
            }
        }
        if moments.is_empty() && proof.evidence.is_empty() {
            proof.missing.push("photos".to_owned());
        }
        self.or_waived(rule, proof)
    }

    /// What is missing may have been waived with a reason.
    fn or_waived(&self, rule: &Rule, mut proof: Proof) -> Proof {
        if !proof.missing.is_empty()
            && let Some(answer) = self.record.answers.get(&rule.id)
            && let AnswerValue::Waived(reason) = &answer.value
        {
            proof.missing.clear();
            proof.waived = Some(reason.clone());
        }
        proof
    }

    fn series(&self, rule: &Rule, quantity: &str, count: usize, min: Option<f64>, max: Option<f64>) -> Proof {
        let mut proof = Proof::default();
        for measurement in self.record.measures.values().filter(|measured| measured.quantity == quantity) {
            let value = format!("{} {}", measurement.value, measurement.unit);
            proof.evidence.push(Evidence::by(self.place("measure", quantity), value, &measurement.by));
            proof.violated |= min.is_some_and(|min| measurement.value < min);
            proof.violated |= max.is_some_and(|max| measurement.value > max);
        }
        let found = proof.evidence.len();
        if found < count {
            proof.missing.push(format!("measure.{quantity} {found} of {count}"));
        }
        self.or_waived(rule, proof)
    }

    /// The last hold test. One that has failed is broken, until another is begun.
    fn held(&self, rule: &Rule) -> Proof {
        let mut proof = Proof::default();
        let Some(test) = holds(self.record, self.standard).remove(&rule.id) else {
            proof.missing.push(self.place("hold", &rule.id));
            return self.or_waived(rule, proof);
        };
        let seconds = test.lasted().map(|lasted| format!("{} s", lasted.duration.as_secs()));
        let mut evidence = Evidence::by(
            self.place("hold", &rule.id),
            seconds.unwrap_or_default(),
            test.end.as_ref().map_or(&test.start.by, |end| &end.by),
        );
        evidence.entry = Some(test.id);
        proof.clock_suspect = test.lasted().is_some_and(|lasted| lasted.clock_suspect);
        proof.evidence.push(evidence);
        proof.missing = test.failures();
        proof.violated = !proof.missing.is_empty();
        if test.end.is_none() {
            proof.missing.push(format!("hold.{} runs", rule.id));
        }
        proof
    }

    fn signatures(&self, rule: &Rule, roles: &[String], everyone: Option<&Source>) -> Proof {
        let mut proof = Proof::default();
        for role in roles {
            match self.value_at("signature", role) {
                Some(evidence) => proof.evidence.push(evidence),
                None => proof.missing.push(self.place("signature", role)),
            }
        }
        if let Some(names) = everyone.and_then(|source| self.value(source)) {
            let signed = |name: &str| {
                self.record
                    .signatures
                    .values()
                    .any(|one| roles.contains(&one.role) && one.name.trim() == name)
            };
            let names = names.value.split([';', '；']).map(str::trim).filter(|name| !name.is_empty());
            // The place is named, the person is not: findings travel further than records.
            let missing = names.filter(|name| !signed(name)).count();
            if missing > 0 {
                proof.missing.push(format!("signature.{} of {missing} more", roles.join("|")));
            }
        }
        self.or_waived(rule, proof)
    }

    /// The last decision of an approval.
    fn approval(&self, rule: &Rule, approval: &Approval) -> Proof {
        let of = |kind: &String| {
            let own = |at: &&Occurrence| at.about.as_deref().is_none_or(|about| about == rule.id);
            self.timeline.standing(kind).filter(own).max_by_key(|at| (at.stamp.corrected(), at.id))
        };
        let (yes, no) = (of(&approval.approved), of(&approval.rejected));
        let later = |at: &Occurrence| (at.stamp.corrected(), at.id);
        let rejected = no.map(later) > yes.map(later);
        let Some((kind, at)) = (if rejected { no } else { yes })
            .map(|at| (if rejected { &approval.rejected } else { &approval.approved }, at))
        else {
            return Proof { missing: vec![self.place("event", &approval.approved)], ..Proof::default() };
        };
        let note = at.id.and_then(|id| self.record.events.get(&id)).and_then(|(_, event)| event.note.clone());
        let evidence = Evidence {
            source: self.place("event", kind),
            value: note.unwrap_or_default(),
            at: Some(at.stamp.at),
            person: Some(at.person.clone()),
            stamp: Some(at.stamp.clone()),
            entry: at.id,
        };
        Proof { evidence: vec![evidence], violated: rejected, ..Proof::default() }
    }

    fn classification(&self, rule: &Rule, class: &Classification) -> Proof {
        if let Some(field) = &class.field {
            return self.one("order", field);
        }
        let (Some(of), Some(own)) = (&class.of, &class.class) else {
            return self.answered(rule, &Ask::Text);
        };
        let Some(answer) = self.record.answers.get(of) else {
            return Proof { missing: vec![self.place("answer", of)], ..Proof::default() };
        };
        let moot = !matches!(&answer.value, AnswerValue::Choice(chosen) if chosen == own);
        Proof { evidence: vec![self.evidence_of(self.place("answer", of), answer)], moot, ..Proof::default() }
    }

    fn cost(&self, rule: &Rule, cost: &Cost) -> Proof {
        match &cost.quantity {
            Some(quantity) => self.measured(rule, quantity, None, None),
            None => Proof { moot: true, ..Proof::default() },
        }
    }

    /// Parts that have lain too long, each with its last movement; `true`: it carries the mark.
    pub(crate) fn aged(&self, age: &StockAge, now: Timestamp) -> Vec<(String, Stamp, bool)> {
        let mut last: BTreeMap<&str, &Stamp> = BTreeMap::new();
        for at in age.moved.iter().flat_map(|kind| self.timeline.standing(kind)) {
            let Some(part) = at.about.as_deref() else { continue };
            let known = last.entry(part).or_insert(&at.stamp);
            if at.stamp.corrected() > known.corrected() {
                *known = &at.stamp;
            }
        }
        let Some(span) = self.standard.span(&age.idle) else { return Vec::new() };
        let mut aged = Vec::new();
        for (part, moved) in last {
            let zone = self.record.zone(moved.at);
            let due = deadline::due(moved.corrected(), span, &zone, None, &[], now);
            if due.is_none_or(|due| due > now) {
                continue;
            }
            let marked = self.timeline.standing(&age.mark).any(|mark| {
                mark.about.as_deref() == Some(part) && mark.stamp.corrected() >= moved.corrected()
            });
            aged.push((part.to_owned(), moved.clone(), marked));
        }
        aged
    }

    fn field(&self, field: &FieldCheck) -> Proof {
        let mut proof = self.sources(&field.sources);
        if field.optional {
            proof.missing.clear();
        }
        proof
    }

    fn sources(&self, sources: &[Source]) -> Proof {
        let mut proof = Proof::default();
        for source in sources {
            match self.value(source) {
                Some(evidence) => proof.evidence.push(evidence),
                None => proof.missing.push(self.words(&source.0)),
            }
        }
        proof
    }

    /// What one place says.
    fn one(&self, root: &str, name: &str) -> Proof {
        match self.value_at(root, name) {
            Some(evidence) => Proof { evidence: vec![evidence], ..Proof::default() },
            None => Proof { missing: vec![self.place(root, name)], ..Proof::default() },
        }
    }

    /// A place as sources are written, or nothing if only the outcome is wanted.
    fn place(&self, root: &str, name: &str) -> String {
        match (self.lean, name) {
            (true, _) => String::new(),
            (false, "") => root.to_owned(),
            (false, name) => format!("{root}.{name}"),
        }
    }

    fn parts(&self, demand: PartsDemand) -> Proof {
        let mut proof = Proof::default();
        let event = match demand {
            PartsDemand::OldForNew => "",
            PartsDemand::Collected => "old-parts-collected",
            PartsDemand::Registered => "old-parts-registered",
        };
        for (id, part) in &self.record.parts {
            let Some(old) = &part.replaces else { continue };
            let key = id.to_string();
            // An event that names no part speaks of all of them.
            let reported = self
                .timeline
                .standing(event)
                .find(|at| at.about.is_none() || at.about.as_ref() == Some(&key));
            if demand == PartsDemand::OldForNew && old.returned {
                proof.evidence.push(Evidence::by("parts".to_owned(), part.number.clone(), &part.by));
            } else if let Some(at) = reported {
                proof.evidence.push(Evidence {
                    source: format!("event.{event}"),
                    value: part.number.clone(),
                    at: Some(at.stamp.at),
                    person: Some(at.person.clone()),
                    stamp: Some(at.stamp.clone()),
                    entry: at.id,
                });
            } else {
                proof.missing.push(format!("parts.{}", part.number));
            }
        }
        proof.moot = proof.evidence.is_empty() && proof.missing.is_empty();
        proof
    }

    fn evidence_of(&self, source: String, answer: &Answer) -> Evidence {
        Evidence {
            source,
            value: if self.lean { String::new() } else { words(&answer.value) },
            at: Some(answer.given().stamp.at),
            person: Some(self.words(&answer.given().person)),
            stamp: Some(answer.given().stamp.clone()),
            entry: None,
        }
    }

    /// The value that stands at a source. `None`: nothing does.
    pub(crate) fn value(&self, source: &Source) -> Option<Evidence> {
        let (root, name) = source.parts();
        self.value_at(root, name)
    }

    fn value_at(&self, root: &str, name: &str) -> Option<Evidence> {
        let record = self.record;
        let plain = |value: &String| Evidence::plain(self.place(root, name), self.words(value));
        let stamped = |value: &str, stamp: &Stamp, person: &str| Evidence {
            source: self.place(root, name),
            value: self.words(value),
            at: Some(stamp.at),
            person: Some(self.words(person)),
            stamp: Some(stamp.clone()),
            entry: None,
        };
        match root {
            "order" => record.order.get(name).filter(|text| !text.trim().is_empty()).map(plain),
            "note" => record.notes.get(name).filter(|text| !text.trim().is_empty()).map(plain),
            "event" => self.timeline.first(name).map(|at| {
                let note =
                    at.id.and_then(|id| record.events.get(&id)).and_then(|(_, event)| event.note.as_deref());
                stamped(note.unwrap_or_default(), &at.stamp, &at.person)
            }),
            "answer" => {
                record.answers.get(name).map(|answer| self.evidence_of(self.place(root, name), answer))
            }
            "signature" => record
                .signatures
                .values()
                .filter(|signature| signature.role == name)
                .min_by_key(|signature| signature.by.stamp.corrected())
                .map(|signature| stamped(&signature.name, &signature.by.stamp, &signature.by.person)),
            "survey" => {
                let rating = record.rating.as_ref()?;
                let value = if name == "rating" { Some(&rating.level) } else { rating.words.as_ref() };
                value.map(|value| stamped(value, &rating.given().stamp, &rating.given().person))
            }
            "assignment" => {
                let assignment = record.assignment.as_ref()?;
                let value = match name {
                    "crew" => assignment.crew.join(", "),
                    "start" => assignment.start.to_string(),
                    "end" => assignment.end.to_string(),
                    _ => assignment.tools.join(", "),
                };
                (!value.is_empty()).then(|| stamped(&value, &assignment.by.stamp, &assignment.by.person))
            }
            "measure" => latest(record, name).map(|latest| {
                let value = format!("{} {}", latest.value, latest.unit);
                Evidence::by(self.place(root, name), value, &latest.by)
            }),
            "parts" => {
                let parts: Vec<String> = record
                    .parts
                    .values()
                    .map(|part| format!("{} × {}", part.quantity, part.number))
                    .collect();
                (!parts.is_empty()).then(|| plain(&parts.join(", ")))
            }
            "photos" => (!record.photos.is_empty()).then(|| plain(&record.photos.len().to_string())),
            _ => None,
        }
    }
}

/// The latest measurement of a quantity, by corrected time.
fn latest<'a>(record: &'a Record, quantity: &str) -> Option<&'a Measurement> {
    let measured = record.measures.iter().filter(|(_, measurement)| measurement.quantity == quantity);
    measured
        .max_by_key(|(id, measurement)| (measurement.by.stamp.corrected(), **id))
        .map(|(_, latest)| latest)
}

/// An answer in plain words.
pub(crate) fn words(value: &AnswerValue) -> String {
    match value {
        AnswerValue::Yes(true) => "yes".to_owned(),
        AnswerValue::Yes(false) => "no".to_owned(),
        AnswerValue::Choice(text) | AnswerValue::Text(text) | AnswerValue::Waived(text) => text.clone(),
        AnswerValue::Several(chosen) => chosen.join(", "),
        AnswerValue::Time(moment) => moment.to_string(),
    }
}

fn facts(record: &Record, standard: &Standard, timeline: &Timeline, state: String) -> Facts {
    let uses = standard.uses();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let replaced = || record.parts.values().filter_map(|part| part.replaces.as_ref());
    let mut answers = BTreeMap::new();
    for rule in &uses.answers {
        let Some(answer) = record.answers.get(rule) else { continue };
        let fact = match &answer.value {
            AnswerValue::Yes(yes) => Fact::Bool(*yes),
            AnswerValue::Choice(text) | AnswerValue::Text(text) => Fact::Text(text.clone()),
            AnswerValue::Several(chosen) => Fact::Text(chosen.join(" ")),
            AnswerValue::Time(moment) => Fact::Text(moment.to_string()),
            AnswerValue::Waived(_) => continue,
        };
        answers.insert(rule.clone(), fact);
    }
    for rule in &uses.answers {
        if let Some(Ask::Number { quantity, .. }) = standard.rule(rule).and_then(Rule::ask)
            && let Some(latest) = latest(record, quantity)
        {
            answers.insert(rule.clone(), Fact::Number(latest.value));
        }
    }
    Facts {
        state,
        kind: record.kind.id().to_owned(),
        job: record.job.clone(),
        order: record
            .order
            .iter()
            .filter(|(id, _)| uses.order.contains(*id))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        events: uses
            .events
            .iter()
            .map(|kind| (kind.clone(), count(timeline.standing(kind).count())))
            .collect(),
        answers,
        notes: record
            .notes
            .iter()
            .filter(|(id, _)| uses.notes.contains(*id))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        rating: record.rating.as_ref().map(|rating| rating.level.clone()),
        parts_consumed: count(record.parts.len()),
        parts_unreturned: count(replaced().filter(|old| !old.returned).count()),
        photos: count(record.photos.len()),
    }
}
