//! What can happen in the documents of one job.

use std::collections::BTreeSet;

use super::scope::Scope;
use crate::standard::{Ask, Check, Choice, Flow, Kind, Pack, Side, Step, is_engine_event};

/// The event that the engine itself derives, whatever the pack.
const PART_REPLACED: &str = "part-replaced";

/// The course of one job, as far as it says what can happen in which order.
pub(super) struct Model<'a> {
    pub(super) kind: Kind,
    /// The job, by place; none: the course of a kind of document for which there is no job.
    pub(super) job: Option<usize>,
    pub(super) flow: &'a Flow,
    /// Events that need no step: opening, assigned, planned, derived from options, signatures or tests, and incidents.
    free: BTreeSet<&'a str>,
    steps: Vec<Way<'a>>,
}

/// A step, with the ranks of the states from which it leads.
struct Way<'a> {
    step: &'a Step,
    from: Vec<usize>,
}

impl<'a> Model<'a> {
    /// The courses of all jobs, and of the kinds of document for which there is none.
    pub(super) fn all(pack: &'a Pack, scopes: &[Scope]) -> Vec<Self> {
        let of_kind = |(kind, flow)| {
            let jobs: Vec<usize> = (0..pack.jobs.len()).filter(|at| pack.jobs[*at].kind == kind).collect();
            let jobs = if jobs.is_empty() { vec![None] } else { jobs.into_iter().map(Some).collect() };
            jobs.into_iter().map(move |job| Self::of(pack, kind, job, flow, scopes))
        };
        pack.flows().flat_map(of_kind).collect()
    }

    fn of(pack: &'a Pack, kind: Kind, job: Option<usize>, flow: &'a Flow, scopes: &[Scope]) -> Self {
        let here = |by: &[Side]| !by.is_empty() && (kind != Kind::Case || by.contains(&Side::Office));
        let mut free: BTreeSet<&str> = BTreeSet::from([PART_REPLACED]);
        free.extend(flow.opening.iter().chain(&flow.assigned).map(String::as_str));
        free.extend(flow.planned.iter().map(|planned| planned.event.as_str()));
        free.extend(flow.signing.iter().map(|signing| signing.event.as_str()));
        free.extend(flow.survey.iter().flat_map(|survey| events_of(&survey.levels)));
        free.extend(flow.order.iter().flat_map(|field| events_of(&field.options)));
        for (rule, scope) in pack.rules.iter().zip(scopes) {
            if job.map_or_else(|| scope.kinds.contains(&kind), |job| scope.jobs.contains(&job)) {
                free.extend(rule.options().into_iter().flat_map(events_of));
                if let Check::Item(item) = &rule.check
                    && let Ask::Hold(hold) = &item.ask
                {
                    free.extend(hold.event.as_deref());
                }
            }
        }
        free.extend(
            pack.events
                .iter()
                .filter(|event| event.incident && here(&event.by))
                .map(|event| event.id.as_str()),
        );
        let may = |event: &str| {
            let base = event.split_once('/').map_or(event, |(base, _)| base);
            pack.events.iter().find(|known| known.id == base).is_none_or(|known| here(&known.by))
        };
        let of_job = |step: &Step| {
            job.is_none_or(|job| step.r#in.is_empty() || step.r#in.contains(&pack.jobs[job].id))
        };
        let ways = flow.steps.iter().filter(|step| may(&step.event) && of_job(step));
        let steps = ways.map(|step| Way { step, from: ranks(flow, &step.from) }).collect();
        Self { kind, job, flow, free, steps }
    }

    /// Whether an event has a way to happen at all.
    pub(super) fn mentions(&self, event: &str) -> bool {
        let all = self.free.iter().copied().chain(self.steps.iter().map(|way| way.step.event.as_str()));
        has(&all.map(str::to_owned).collect(), event)
    }

    /// Whether a step may be done again.
    pub(super) fn repeats(&self, event: &str) -> bool {
        self.steps.iter().any(|way| way.step.event == event && way.step.repeats)
    }

    /// The events that can happen, if those in `assumed` can and `without` can not.
    pub(super) fn possible(&self, assumed: &BTreeSet<String>, without: Option<&str>) -> BTreeSet<String> {
        let lost = |event: &str| {
            without.is_some_and(|lost| {
                event == lost || event.split_once('/').is_some_and(|(base, _)| base == lost)
            })
        };
        let mut events: BTreeSet<String> = self.free.iter().map(|event| (*event).to_owned()).collect();
        events.extend(assumed.iter().cloned());
        events.retain(|event| !lost(event));
        loop {
            let reached: BTreeSet<usize> = (0..self.flow.states.len())
                .filter(|rank| has(&events, &self.flow.states[*rank].event))
                .collect();
            let before = events.len();
            let open = self.steps.iter().filter(|way| way.from.iter().any(|rank| reached.contains(rank)));
            events.extend(open.map(|way| way.step.event.clone()).filter(|event| !lost(event)));
            if events.len() == before {
                return events;
            }
        }
    }
}

fn events_of(choices: &[Choice]) -> impl Iterator<Item = &str> {
    choices.iter().filter_map(|choice| choice.event.as_deref())
}

/// Whether an event is among others. An event stands for each of its subjects, and each of them for it.
pub(super) fn has(events: &BTreeSet<String>, event: &str) -> bool {
    let about = |other: &String| other.strip_prefix(event).is_some_and(|rest| rest.starts_with('/'));
    match event.split_once('/') {
        Some((base, _)) => events.contains(event) || events.contains(base),
        None => events.contains(event) || is_engine_event(event) || events.iter().any(about),
    }
}

/// The ranks of states; `a..b` means these and all between them.
fn ranks(flow: &Flow, from: &[String]) -> Vec<usize> {
    let rank = |id: &str| flow.states.iter().position(|state| state.id == id);
    let range = |entry: &String| match entry.split_once("..") {
        Some((first, last)) => rank(first).zip(rank(last)).map_or(0..0, |(first, last)| first..last + 1),
        None => rank(entry).map_or(0..0, |rank| rank..rank + 1),
    };
    from.iter().flat_map(range).collect()
}
