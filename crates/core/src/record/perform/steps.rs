//! Events: which may be recorded now, by whom, and what stops them.

use super::values::{invalid, limit_option, limit_words, need};
use super::{Plan, Planned, event_of};
use crate::record::containers::Place;
use crate::record::entry::{Assignment, EntryId, Event};
use crate::record::error::{Need, Refusal};
use crate::record::limits::{MAX_CREW, MAX_NAME_CHARS, MAX_WORDS_CHARS};
use crate::record::timeline;
use crate::record::write::{Entry, Write};
use crate::standard::{Side, Step};

impl Plan<'_> {
    /// Records an event that has a step or is an incident.
    pub(super) fn step(&self, kind: &str, fill: impl FnOnce(&mut Event)) -> Planned {
        self.may_happen(kind)?;
        let mut event = event_of(kind, self.by());
        fill(&mut event);
        Ok(vec![self.append(Place::events(self.context.actor.side), Entry::Event(event))])
    }

    pub(super) fn may_happen(&self, kind: &str) -> Result<(), Refusal> {
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
        self.gate(kind)
    }

    pub(super) fn allowed_now(&self, kind: &str, incident: bool) -> Result<(), Refusal> {
        let states = &self.standard.pack().states;
        let Some(step) = self.standard.step(kind) else {
            let rank_of = |event: &str| states.iter().position(|state| state.event == event);
            let after_dispatch = rank_of("order-dispatched").is_none_or(|rank| self.state.rank >= rank);
            let before_closing = rank_of("closed").is_none_or(|rank| self.state.rank < rank);
            if incident && after_dispatch && before_closing {
                return Ok(());
            }
            let allowed =
                states.iter().filter(|state| state.event != "closed").map(|state| state.id.clone()).collect();
            return Err(self.wrong_state(kind, allowed, None));
        };
        let again = self.evidences.timeline.happened(kind) && !step.repeats;
        if !again && step.from.contains(&self.state.id) {
            return Ok(());
        }
        let allowed = if again { Vec::new() } else { step.from.clone() };
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
            let step = self.standard.step(kind);
            let allowed = step.map(|step| step.from.clone()).unwrap_or_default();
            return Err(self.wrong_state(kind, allowed, step.and_then(|step| self.rule_of(step))));
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
        let mut writes = self.step("order-dispatched", |_| {})?;
        let assignment = Assignment { crew: crew.to_vec(), start, end, tools: tools.to_vec(), by: self.by() };
        writes.push(Write::Put {
            place: Place::Office,
            key: "assignment".to_owned(),
            entry: Entry::Assignment(assignment),
        });
        Ok(writes)
    }

    pub(super) fn report(&self, kind: &str, note: Option<&str>, about: Option<&str>) -> Planned {
        limit_option("note", note, MAX_WORDS_CHARS)?;
        limit_option("about", about, MAX_NAME_CHARS)?;
        if BOUND_EVENTS.contains(&kind) {
            return Err(invalid("event", "has a command of its own"));
        }
        self.step(kind, |event| {
            event.note = note.map(ToOwned::to_owned);
            event.about = about.map(ToOwned::to_owned);
        })
    }
}

/// Events that other commands record; `report` does not, so that there is one way to do each.
const BOUND_EVENTS: [&str; 24] = [
    "request-received",
    "request-registered",
    "order-dispatched",
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
    "delay-explained",
    "escalated",
    "breach-reported",
];
