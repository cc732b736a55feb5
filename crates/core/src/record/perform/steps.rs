//! Events: which may be recorded now, by whom, and what stops them.

use super::values::{invalid, limit_option, limit_words, need};
use super::{Plan, Planned, event_of};
use crate::record::containers::Place;
use crate::record::entry::{Assignment, EntryId, Event};
use crate::record::error::{Need, Refusal};
use crate::record::limits::{MAX_CREW, MAX_NAME_CHARS, MAX_WORDS_CHARS};
use crate::record::timeline;
use crate::record::write::{Entry, Write};
use crate::standard::{Side, Step, is_engine_event};

impl Plan<'_> {
    /// Records an event that has a step or is an incident.
    pub(super) fn step(&self, kind: &str, fill: impl FnOnce(&mut Event)) -> Planned {
        let mut event = event_of(kind, self.by());
        fill(&mut event);
        self.may_happen(kind, event.about.as_deref())?;
        Ok(vec![self.append(Place::events(self.context.actor.side), Entry::Event(event))])
    }

    pub(super) fn may_happen(&self, kind: &str, about: Option<&str>) -> Result<(), Refusal> {
        let Some(known) = self.standard.event(kind) else {
            return Err(invalid("event", &format!("the standard has no event `{kind}`")));
        };
        if !known.by.contains(&self.context.actor.side) {
            let reason = if known.by.is_empty() {
                format!("`{kind}` follows from the record; nobody records it")
            } else {
                format!("`{kind}` is recorded by the other side")
            };
            return Err(Refusal::Forbidden { reason, rule: None });
        }
        self.allowed_now(kind, known.incident)?;
        self.gate(kind)?;
        if known.subjects.is_empty() {
            return Ok(());
        }
        let Some(subject) = about.filter(|about| known.subjects.iter().any(|subject| subject.id == *about))
        else {
            let subjects: Vec<&str> = known.subjects.iter().map(|subject| subject.id.as_str()).collect();
            return Err(invalid("about", &format!("must be one of {}", subjects.join(", "))));
        };
        self.gate(&format!("{kind}/{subject}"))
    }

    pub(super) fn allowed_now(&self, kind: &str, incident: bool) -> Result<(), Refusal> {
        if is_engine_event(kind) {
            return Ok(());
        }
        if !self.evidences.freed(kind).is_empty() && !self.evidences.timeline.happened(kind) {
            return Ok(());
        }
        let Some(step) = self.course.step(kind) else {
            let flow = self.course.flow();
            let from =
                flow.assigned.as_deref().and_then(|event| self.course.rank_of_event(event)).unwrap_or(0);
            let last = flow.states.len().saturating_sub(1);
            if incident && (from..last).contains(&self.state.rank) {
                return Ok(());
            }
            let open = if incident { from..last } else { 0..0 };
            let allowed =
                flow.states.get(open).unwrap_or_default().iter().map(|state| state.id.clone()).collect();
            return Err(self.wrong_state(kind, allowed, None));
        };
        let again = self.evidences.timeline.happened(kind) && !step.repeats;
        if !again && self.course.may(kind, &self.state.id) {
            return Ok(());
        }
        let allowed = if again { Vec::new() } else { self.course.from(kind) };
        Err(self.wrong_state(kind, allowed, self.rule_of(step)))
    }

    /// The rule that is cited when a step is refused.
    pub(super) fn rule_of(&self, step: &Step) -> Option<Box<Need>> {
        step.rules.first().and_then(|rule| self.standard.rule(rule)).map(need).map(Box::new)
    }

    pub(super) fn wrong_state(&self, kind: &str, allowed: Vec<String>, rule: Option<Box<Need>>) -> Refusal {
        let command = if self.command == "report" { kind.to_owned() } else { self.command.to_owned() };
        Refusal::WrongState { command, state: self.state.id.clone(), allowed, rule }
    }

    pub(super) fn gate(&self, event: &str) -> Result<(), Refusal> {
        let needs: Vec<Need> = self.evidences.blockers(event).into_iter().map(need).collect();
        if needs.is_empty() { Ok(()) } else { Err(Refusal::NotYet { needs }) }
    }

    /// The standing events that an event of a kind undoes.
    pub(super) fn undoes(&self, kind: &str) -> Vec<EntryId> {
        let undone = timeline::undoes(kind).iter();
        let standing = undone.flat_map(|undone| self.evidences.timeline.standing(undone));
        standing.filter_map(|occurrence| occurrence.id).collect()
    }

    /// Records an event that undoes those it sees: the state falls back to what stood before them.
    pub(super) fn undo(&self, kind: &str, note: Option<&str>) -> Planned {
        let ends = self.undoes(kind);
        if ends.is_empty() {
            let rule = self.course.step(kind).and_then(|step| self.rule_of(step));
            return Err(self.wrong_state(kind, self.course.from(kind), rule));
        }
        self.step(kind, |event| {
            event.ends = ends;
            event.note = note.map(ToOwned::to_owned);
        })
    }

    pub(super) fn about_milestone(
        &self,
        kind: &str,
        milestone: &str,
        fill: impl FnOnce(&mut Event),
    ) -> Planned {
        let rule = self.rule("milestone", milestone)?;
        if !matches!(rule.check, crate::standard::Check::Milestone(_)) {
            return Err(invalid("milestone", "the rule is no deadline"));
        }
        self.in_scope("milestone", rule)?;
        let id = rule.id.clone();
        self.step(kind, |event| {
            event.about = Some(id);
            fill(event);
        })
    }

    pub(super) fn dispatch(
        &self,
        crew: &[String],
        start: crate::Moment,
        end: crate::Moment,
        tools: &[String],
    ) -> Planned {
        self.side(Side::Office)?;
        if crew.is_empty() || crew.len() > MAX_CREW {
            return Err(invalid("crew", &format!("must name 1 to {MAX_CREW} technicians")));
        }
        for (at, person) in crew.iter().enumerate() {
            limit_words("crew", person, MAX_NAME_CHARS)?;
            if crew[..at].contains(person) {
                return Err(invalid("crew", "names a technician twice"));
            }
        }
        for tool in tools {
            limit_words("tools", tool, MAX_NAME_CHARS)?;
        }
        if end.instant() <= start.instant() {
            return Err(invalid("end", "must be after the start"));
        }
        let Some(assigned) = &self.course.flow().assigned else {
            let reason = format!("nobody is assigned to a document of the job `{}`", self.record.job);
            return Err(Refusal::Forbidden { reason, rule: None });
        };
        let mut writes = self.step(assigned, |_| {})?;
        let assignment = Assignment { crew: crew.to_vec(), start, end, tools: tools.to_vec(), by: self.by() };
        writes.push(Write::Put {
            place: Place::Office,
            key: "assignment".to_owned(),
            entry: Entry::Assignment(assignment),
        });
        Ok(writes)
    }

    pub(super) fn report(
        &self,
        kind: &str,
        note: Option<&str>,
        about: Option<&str>,
        happened: Option<crate::Moment>,
    ) -> Planned {
        limit_option("note", note, MAX_WORDS_CHARS)?;
        limit_option("about", about, MAX_NAME_CHARS)?;
        let flow = self.course.flow();
        let of_flow =
            flow.assigned.as_deref() == Some(kind) || flow.opening.iter().any(|event| event == kind);
        if BOUND_EVENTS.contains(&kind) || is_engine_event(kind) || of_flow || self.is_decision(kind) {
            return Err(invalid("event", "has a command of its own"));
        }
        if happened.is_some_and(|happened| happened.instant() > self.context.stamp.corrected()) {
            return Err(invalid("happened", "lies ahead; leave it out for what happens now"));
        }
        self.step(kind, |event| {
            event.happened = happened;
            event.note = note.map(ToOwned::to_owned);
            event.about = about.map(ToOwned::to_owned);
        })
    }
}

/// Events that other commands record; `report` does not, so that there is one way to do each.
const BOUND_EVENTS: [&str; 18] = [
    "order-accepted",
    "tools-checked",
    "appointment-confirmed",
    "departed",
    "arrived",
    "badge-presented",
    "entered",
    "diagnosis-done",
    "consent-given",
    "consent-refused",
    "work-started",
    "paused",
    "resumed",
    "work-finished",
    "work-reopened",
    "handed-over",
    "left-site",
    "closed",
];
