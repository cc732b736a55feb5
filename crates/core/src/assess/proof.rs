//! Whether one rule's duty is proved by what stands in the record. The checks of commands and the assessment both ask here.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

use cel::Context;
use serde::Serialize;

use crate::record::{Answer, AnswerValue, Measurement, Record, ResolveTarget, Timeline, state};
use crate::standard::condition::{self, Fact, Facts};
use crate::standard::{Ask, Check, FieldCheck, PartsDemand, Rule, Source, Standard};
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
}

impl Proof {
    /// The duty is done, or waived with a reason.
    pub(crate) fn done(&self) -> bool {
        self.missing.is_empty() && !self.violated && !self.conflict
    }
}

/// A record made ready for questions about rules.
pub(crate) struct Evidences<'a> {
    pub(crate) record: &'a Record,
    pub(crate) standard: &'a Standard,
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
            timeline: Timeline::of(record, standard),
            lean: false,
            context: OnceCell::new(),
            applied: vec![Cell::new(None); standard.pack().rules.len()],
        }
    }

    fn context(&self) -> &Context<'static, 'static> {
        self.context.get_or_init(|| {
            let state = state::of_timeline(&self.timeline, self.standard);
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
        let blocking = self.standard.blocking(event).iter();
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
            Check::Classification(class) => self.one("order", &class.field),
            Check::Parts(parts) => self.parts(parts.demands),
            _ => Proof::default(),
        }
    }

    fn item(&self, rule: &Rule, ask: &Ask) -> Proof {
        match ask {
            Ask::Photo { moments } => return self.photos(rule, moments),
            Ask::Signature { role } => return self.one("signature", role),
            Ask::Number { quantity, min, max } => return self.measured(rule, quantity, *min, *max),
            _ => {}
        }
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
            _ => {}
        }
        proof
    }

    fn measured(&self, rule: &Rule, quantity: &str, min: Option<f64>, max: Option<f64>) -> Proof {
        let Some(latest) = latest(self.record, quantity) else {
            let waived = self.record.answers.get(&rule.id).and_then(|answer| match &answer.value {
                AnswerValue::Waived(reason) => Some(reason.clone()),
                _ => None,
            });
            let missing = if waived.is_some() { Vec::new() } else { vec![format!("measure.{quantity}")] };
            return Proof { missing, waived, ..Proof::default() };
        };
        let evidence = Evidence {
            source: format!("measure.{quantity}"),
            value: format!("{} {}", latest.value, latest.unit),
            at: Some(latest.by.stamp.at),
            person: Some(latest.by.person.clone()),
            stamp: Some(latest.by.stamp.clone()),
        };
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
            proof.evidence.push(Evidence {
                source: "photos".to_owned(),
                value: photo.moment.clone().unwrap_or_default(),
                at: Some(photo.by.stamp.at),
                person: Some(photo.by.person.clone()),
                stamp: Some(photo.by.stamp.clone()),
            });
        }
        for moment in moments {
            if !of_item().any(|photo| photo.moment.as_ref() == Some(moment)) {
                proof.missing.push(format!("photos.{moment}"));
            }
        }
        if moments.is_empty() && proof.evidence.is_empty() {
            proof.missing.push("photos".to_owned());
        }
        if !proof.missing.is_empty()
            && let Some(answer) = self.record.answers.get(&rule.id)
            && let AnswerValue::Waived(reason) = &answer.value
        {
            proof.missing.clear();
            proof.waived = Some(reason.clone());
        }
        proof
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
                proof.evidence.push(Evidence {
                    source: "parts".to_owned(),
                    value: part.number.clone(),
                    at: Some(part.by.stamp.at),
                    person: Some(part.by.person.clone()),
                    stamp: Some(part.by.stamp.clone()),
                });
            } else if let Some(at) = reported {
                proof.evidence.push(Evidence {
                    source: format!("event.{event}"),
                    value: part.number.clone(),
                    at: Some(at.stamp.at),
                    person: Some(at.person.clone()),
                    stamp: Some(at.stamp.clone()),
                });
            } else {
                proof.missing.push(format!("parts.{}", part.number));
            }
        }
        proof
    }

    fn evidence_of(&self, source: String, answer: &Answer) -> Evidence {
        Evidence {
            source,
            value: if self.lean { String::new() } else { words(&answer.value) },
            at: Some(answer.given().stamp.at),
            person: Some(self.words(&answer.given().person)),
            stamp: Some(answer.given().stamp.clone()),
        }
    }

    /// The value that stands at a source. `None`: nothing does.
    pub(crate) fn value(&self, source: &Source) -> Option<Evidence> {
        let (root, name) = source.parts();
        self.value_at(root, name)
    }

    fn value_at(&self, root: &str, name: &str) -> Option<Evidence> {
        let record = self.record;
        let plain = |value: &String| Evidence {
            source: self.place(root, name),
            value: self.words(value),
            at: None,
            person: None,
            stamp: None,
        };
        let stamped = |value: &str, stamp: &Stamp, person: &str| Evidence {
            source: self.place(root, name),
            value: self.words(value),
            at: Some(stamp.at),
            person: Some(self.words(person)),
            stamp: Some(stamp.clone()),
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
