//! Events that must be able to happen: somewhere at all, and where a rule or a form looks for them.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use super::gates;
use super::linter::Linter;
use super::place::{Path, Step};
use super::reach::{Model, has};
use super::scope::in_words;
use super::words::flow as say;
use crate::standard::{EventKind, Kind, is_engine_event};

/// An event without which something in the pack has no sense.
pub(super) struct Need {
    fault: &'static Fault,
    path: Path,
    event: String,
    /// In one of these jobs at least.
    jobs: Vec<usize>,
}

impl Linter<'_, '_> {
    /// An event that must be able to happen in one of some jobs; it is looked at when all names have been.
    pub(super) fn need(&mut self, fault: &'static Fault, path: Path, event: &str, jobs: &[usize]) {
        self.needs.push(Need { fault, path, event: event.to_owned(), jobs: jobs.to_vec() });
    }

    /// What can not happen. Each impossible event is told once: after that, it is assumed to be possible.
    pub(super) fn reach(&mut self) {
        let sound = |path: &Path| match path.0.first() {
            Some(Step::Key(key)) => Kind::of(key).is_none() && key != "events" && key != "jobs",
            _ => true,
        };
        if !self.out.list.iter().all(|finding| sound(&finding.path)) {
            return;
        }
        let models = Model::all(self.pack, &self.scopes);
        let mut assumed = self.dead_events(&models);
        for kind in Kind::ALL {
            let models: Vec<&Model> = models.iter().filter(|model| model.kind == kind).collect();
            self.unreachable_states(&models, &mut assumed);
        }
        let possible: BTreeMap<usize, BTreeSet<String>> =
            models.iter().filter_map(|model| Some((model.job?, model.possible(&assumed, None)))).collect();
        for need in std::mem::take(&mut self.needs) {
            let happens = |job: &usize| possible.get(job).is_none_or(|events| has(events, &need.event));
            let told = !self.is_event(&need.event) || self.out.suspects(&need.event);
            if !need.jobs.is_empty() && !need.jobs.iter().any(happens) && !told {
                let places = in_words(self.pack, &need.jobs);
                self.out.say(need.fault, need.path, [&need.event, &places]);
            }
        }
        gates::check(self, &models, &assumed);
    }

    /// Whether an event is defined, and its subject if it names one.
    fn is_event(&self, name: &str) -> bool {
        let (base, subject) =
            name.split_once('/').map_or((name, None), |(base, subject)| (base, Some(subject)));
        let about = |event: &EventKind| {
            subject.is_none_or(|id| event.subjects.iter().any(|subject| subject.id == id))
        };
        is_engine_event(base) || self.pack.events.iter().any(|event| event.id == base && about(event))
    }

    /// Events that nothing in any course brings about.
    fn dead_events(&mut self, models: &[Model]) -> BTreeSet<String> {
        let mut dead = BTreeSet::new();
        let list = Path::top().key("events");
        for (at, event) in self.pack.events.iter().enumerate() {
            let path = self.draft.at(&list, at);
            let fault = if event.by.is_empty() { &say::NEVER_HAPPENS } else { &say::NEVER_RECORDED };
            let happens = |name: &str| models.iter().any(|model| model.mentions(name));
            let subjects: Vec<String> =
                event.subjects.iter().map(|subject| format!("{}/{}", event.id, subject.id)).collect();
            if !happens(&event.id) {
                if !self.out.suspects(&event.id) && !subjects.iter().any(|name| self.out.suspects(name)) {
                    self.out.say(fault, path, [&event.id]);
                }
                dead.insert(event.id.clone());
                continue;
            }
            for (nth, name) in subjects.into_iter().enumerate() {
                if !happens(&name) {
                    if !self.out.suspects(&name) {
                        self.out.say(fault, path.key("subjects").item(nth), [&name]);
                    }
                    dead.insert(name);
                }
            }
        }
        dead
    }

    /// States of a kind of document to which no job leads.
    fn unreachable_states(&mut self, models: &[&Model], assumed: &mut BTreeSet<String>) {
        let Some(first) = models.first() else { return };
        for (rank, state) in first.flow.states.iter().enumerate() {
            if models.iter().any(|model| has(&model.possible(assumed, None), &state.event)) {
                continue;
            }
            let path = self.draft.at(&Path::top().key(first.kind.id()).key("states"), rank);
            self.out.say(&say::UNREACHABLE_STATE, path, [&state.id, &state.event]);
            assumed.insert(state.event.clone());
        }
    }
}
