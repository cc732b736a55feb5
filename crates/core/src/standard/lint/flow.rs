//! The courses of documents and the printed forms.

use super::linter::Linter;
use super::place::Path;
use super::scope::{Scope, of_form};
use super::words::{flow as say, names as say_name, shape as say_shape};
use crate::standard::{Flow, Kind, Source, Step};

impl Linter<'_, '_> {
    pub(super) fn flows(&mut self) {
        for (kind, flow, path) in self.draft.flows() {
            self.fields(flow, &path);
            self.events(&path.key("opening"), &flow.opening);
            if let Some(event) = &flow.assigned {
                self.event(path.key("assigned"), event);
            }
            self.planned(kind, flow, &path);
            self.states(kind, flow, &path);
            self.steps(kind, flow, &path);
            if let Some(survey) = &flow.survey {
                let path = path.key("survey");
                self.known("rules", path.key("rule"), &survey.rule);
                self.choices(&path.key("levels"), &survey.levels, 2);
            }
            if let Some(signing) = &flow.signing {
                let path = path.key("signing");
                self.event(path.key("event"), &signing.event);
                self.known("rules", path.key("rule"), &signing.rule);
                self.known_all("roles", &path.key("signers"), &signing.signers);
                self.known_all("roles", &path.key("also"), &signing.also);
                if signing.signers.is_empty() {
                    self.out.say(&say::NO_SIGNER, path.key("signers"), []);
                }
            }
        }
    }

    fn fields(&mut self, flow: &Flow, path: &Path) {
        let list = path.key("order");
        self.ids(&list, "id", flow.order.iter().map(|field| field.id.as_str()), true);
        for (at, field) in flow.order.iter().enumerate() {
            let path = self.draft.at(&list, at).key("options");
            self.choices(&path, &field.options, if field.options.is_empty() { 0 } else { 2 });
        }
        self.ids(&path.key("notes"), "id", flow.notes.iter().map(|note| note.id.as_str()), false);
    }

    fn planned(&mut self, kind: Kind, flow: &Flow, path: &Path) {
        let list = path.key("planned");
        self.ids(&list, "event", flow.planned.iter().map(|planned| planned.event.as_str()), false);
        for (at, planned) in flow.planned.iter().enumerate() {
            let path = self.draft.at(&list, at);
            self.event(path.key("event"), &planned.event);
            let at = path.key("at");
            match planned.at.parts() {
                ("order", _) => self.source(&at, &planned.at, &[kind]),
                ("assignment", "start" | "end") if flow.assigned.is_some() => {}
                ("assignment", "start" | "end") => {
                    self.out.say(&say::PLANNED_UNASSIGNED, at, [&planned.at.0]);
                }
                _ => drop(self.out.say(&say::PLANNED_AT, at, [&planned.at.0])),
            }
        }
    }

    fn states(&mut self, kind: Kind, flow: &Flow, path: &Path) {
        let list = path.key("states");
        self.ids(&list, "id", flow.states.iter().map(|state| state.id.as_str()), false);
        for (at, state) in flow.states.iter().enumerate() {
            let path = self.draft.at(&list, at).key("event");
            self.event(path, &state.event);
        }
        if !self.draft.flow_is_whole(self.tree, kind) {
            return;
        }
        if flow.opening.is_empty() {
            self.out.say(&say::NO_OPENING, path.key("opening"), []);
        }
        let (Some(first), Some(last)) = (flow.states.first(), flow.states.last()) else {
            self.out.say(&say::NO_STATES, list, []);
            return;
        };
        if let Some(opening) = flow.opening.first()
            && first.event != *opening
        {
            self.out.say(&say::FIRST_STATE, list.item(0).key("event"), [&first.event, opening]);
        }
        if last.event != "closed" && !self.out.suspects("closed") {
            self.out.say(&say::LAST_STATE, list.item(flow.states.len() - 1).key("event"), [&last.event]);
        }
    }

    fn steps(&mut self, kind: Kind, flow: &Flow, path: &Path) {
        let list = path.key("steps");
        let states = self.names.flow(kind, "states");
        let rank = |id: &str| flow.states.iter().position(|state| state.id == id);
        for (at, step) in flow.steps.iter().enumerate() {
            let path = self.draft.at(&list, at);
            self.event(path.key("event"), &step.event);
            for (nth, entry) in step.from.iter().enumerate() {
                let path = path.key("from").item(nth);
                let (first, last) = entry.split_once("..").unwrap_or((entry, entry));
                let mut unknown = false;
                for state in if first == last { vec![first] } else { vec![first, last] } {
                    if !states.has(state) {
                        unknown = true;
                        self.out.unknown(&say_name::STATE, path.clone(), [state], state, states.all());
                    }
                }
                if !unknown && rank(first) > rank(last) && rank(last).is_some() {
                    self.out.say(&say_name::STATE_RANGE, path, [entry]);
                }
            }
            self.known_all("rules", &path.key("rules"), &step.rules);
            self.step_jobs(kind, step, &path.key("in"));
            let both = |other: &&Step| {
                let everywhere = other.r#in.is_empty() || step.r#in.is_empty();
                other.event == step.event
                    && (everywhere || other.r#in.iter().any(|job| step.r#in.contains(job)))
            };
            if flow.steps[..at].iter().any(|other| both(&other)) {
                self.out.say(&say_shape::DUPLICATE_ID, path.key("event"), [&step.event]);
            }
        }
    }

    /// The jobs of a step are jobs of its kind of document.
    fn step_jobs(&mut self, kind: Kind, step: &Step, path: &Path) {
        let jobs = self.names.list("jobs");
        for (nth, id) in step.r#in.iter().enumerate() {
            let job = self.pack.jobs.iter().find(|job| job.id == *id);
            if !jobs.has(id) {
                self.out.unknown(&say_name::STEP_JOB, path.item(nth), [id, kind.id()], id, jobs.all());
            } else if job.is_some_and(|job| job.kind != kind) {
                self.out.say(&say_name::STEP_JOB, path.item(nth), [id, kind.id()]);
            }
        }
    }

    pub(super) fn forms(&mut self) {
        let list = Path::top().key("forms");
        self.ids(&list, "id", self.pack.forms.iter().map(|form| form.id.as_str()), false);
        for (at, form) in self.pack.forms.iter().enumerate() {
            let path = self.draft.at(&list, at);
            self.places(&path.key("in"), &form.r#in);
            let scope = of_form(self.pack, &form.r#in);
            for (at, field) in form.fields.iter().enumerate() {
                let path = path.key("fields").item(at);
                self.known("rules", path.key("rule"), &field.rule);
                self.form_sources(&path.key("sources"), &field.sources, &scope);
            }
        }
    }

    fn form_sources(&mut self, path: &Path, sources: &[Source], scope: &Scope) {
        for (at, source) in sources.iter().enumerate() {
            let path = path.item(at);
            self.source(&path, source, scope.sure_kinds());
            if let ("event", event) = source.parts() {
                self.need(&say_name::EVENT_ELSEWHERE, path, event, scope.sure_jobs());
            }
        }
    }
}
