//! Whether one rule's duty is proved by what stands in the record. The checks of commands and the assessment both ask here.

use std::cell::{Cell, OnceCell};

use cel::Context;
use serde::Serialize;

use super::facts::facts;
use crate::record::{AnswerValue, By, EntryId, Occurrence, Record, Timeline, freeing, state};
use crate::standard::condition;
use crate::standard::{
    Approval, Ask, Check, Classification, Cost, Course, FieldCheck, PartsDemand, Rule, Situation, Source,
    Standard,
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
        let blocking = self.course.blocking(event);
        if blocking.is_empty() {
            return Vec::new();
        }
        let freed = self.freed(event);
        blocking
            .iter()
            .filter(|at| self.applies(**at))
            .map(|at| &rules[*at])
            .filter(|rule| freed.is_empty() || freed.iter().any(|one| one.rules.contains(&rule.id)))
            .filter(|rule| rule.severity != crate::standard::Severity::Should)
            .filter(|rule| !self.proof(rule).done())
            .collect()
    }

    /// The special situations that let an event happen in spite of everything else but what they ask themselves.
    pub(crate) fn freed(&self, event: &str) -> Vec<&Situation> {
        freeing(&self.timeline, self.standard, self.course)
            .filter(|(_, frees, _)| frees.events.iter().any(|freed| freed == event))
            .map(|(situation, ..)| situation)
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
            Check::Parts(parts) => self.parts(parts.demands),
            Check::Calibrated(calibrated) => self.calibrated(calibrated),
            _ => Proof::default(),
        }
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
        let Some(answer) = self.record.answer(self.standard, of) else {
            return Proof { missing: vec![self.place("answer", of)], ..Proof::default() };
        };
        let moot = !matches!(&answer.value, AnswerValue::Choice(chosen) if chosen == own);
        // What defines the class has happened: another class no longer stands.
        let demanded = class.window.after.as_ref().is_some_and(|after| self.timeline.happened(after));
        if moot && demanded {
            return Proof { missing: vec![self.place("answer", of)], ..Proof::default() };
        }
        Proof { evidence: vec![self.evidence_of(self.place("answer", of), answer)], moot, ..Proof::default() }
    }

    fn cost(&self, rule: &Rule, cost: &Cost) -> Proof {
        match &cost.quantity {
            Some(quantity) => self.measured(rule, quantity, None, None),
            None => Proof { moot: true, ..Proof::default() },
        }
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
    pub(super) fn place(&self, root: &str, name: &str) -> String {
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
            // What the engine's own commands say is always about one part. The store's receipt is the stronger proof.
            let said = |kind: &str| self.timeline.standing(kind).find(|at| at.about.as_ref() == Some(&key));
            let reported = reported.or_else(|| match demand {
                PartsDemand::OldForNew => said("old-part-handed-in").or_else(|| said("old-part-received")),
                PartsDemand::Collected => said("old-part-received"),
                PartsDemand::Registered => None,
            });
            if demand == PartsDemand::OldForNew && old.returned {
                proof.evidence.push(Evidence::by("parts".to_owned(), part.number.clone(), &part.by));
            } else if let Some(at) = reported {
                proof.evidence.push(Evidence {
                    source: format!("event.{}", if event.is_empty() { "old-part-handed-in" } else { event }),
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
}
