//! Rules: their frame, and when their duty is owed.

use super::linter::Linter;
use super::place::Path;
use super::words::{checks as say, shape as say_shape};
use crate::standard::{Check, Kind, Rule, Severity, Window};

/// A rule that is being checked.
#[derive(Clone)]
pub(super) struct At<'r> {
    pub(super) rule: &'r Rule,
    /// Where its check stands.
    pub(super) path: Path,
    pub(super) kinds: Vec<Kind>,
    pub(super) jobs: Vec<usize>,
}

impl Linter<'_, '_> {
    pub(super) fn rules(&mut self) {
        let pack = self.pack;
        self.ids(&Path::top().key("rules"), "id", pack.rules.iter().map(|rule| rule.id.as_str()), false);
        for (at, rule) in pack.rules.iter().enumerate() {
            let path = self.rule_path(at);
            self.frame(at, rule, &path);
            let check = path.key("check").key(rule.check.kind());
            let scope = &self.scopes[at];
            let (kinds, jobs) = (scope.sure_kinds().to_vec(), scope.sure_jobs().to_vec());
            let at = At { rule, path: check, kinds, jobs };
            if let Some(window) = rule.window() {
                self.window(&at, window);
            }
            self.check(&at);
        }
    }

    fn frame(&mut self, at: usize, rule: &Rule, path: &Path) {
        // The rules of a pack that was made from another keep their ids.
        let own = self.pack.based_on.as_ref().is_none_or(|base| base.added.contains(&rule.id));
        let prefix = format!("{}.", self.pack.id);
        if own && self.tree.has("id") && !rule.id.starts_with(&prefix) {
            self.out.say(&say_shape::RULE_PREFIX, path.key("id"), [&rule.id, &self.pack.id]);
        }
        if rule.clause.trim().is_empty() {
            self.out.say(&say::NO_CLAUSE, path.key("clause"), []);
        }
        self.known("phases", path.key("phase"), &rule.phase);
        if rule.roles.is_empty() {
            self.out.say(&say::NO_ROLE, path.key("roles"), []);
        }
        let mut known = !rule.roles.is_empty();
        for (at, role) in rule.roles.iter().enumerate() {
            let path = path.key("roles").item(at);
            known &= role == "any" || self.known("roles", path, role);
        }
        let before = self.out.list.len();
        self.places(&path.key("in"), &rule.r#in);
        known &= self.out.list.len() == before;
        let open = self.names.list("roles").is_open() || self.names.list("jobs").is_open();
        let jobs = self.pack.jobs.len() + self.draft.cuts.len();
        if known && !open && jobs > 0 && self.scopes[at].jobs.is_empty() && !self.doubtful(rule) {
            self.out.say(&say::NOBODY, path.key("roles"), [&rule.r#in.join(", ")]);
        }
    }

    /// Whether a job or role that the rule names could not be read.
    fn doubtful(&self, rule: &Rule) -> bool {
        let read = |role: &String| role == "any" || self.pack.role(role).is_some();
        let job =
            |place: &String| Kind::of(place).is_some() || self.pack.jobs.iter().any(|job| job.id == *place);
        let jobs = self.names.list("jobs").all().count() == self.pack.jobs.len();
        let done_by_known = self.pack.jobs.iter().all(|job| read(&job.role));
        !jobs || !done_by_known || !rule.roles.iter().all(read) || !rule.r#in.iter().all(job)
    }

    fn window(&mut self, at: &At, window: &Window) {
        let path = at.path.key("window");
        if let Some(event) = &window.after {
            self.begins(at, path.key("after"), event);
        }
        for (key, events) in [("before", &window.before), ("blocks", &window.blocks)] {
            for (nth, event) in events.iter().enumerate() {
                let path = path.key(key).item(nth);
                if self.event(path.clone(), event) {
                    self.need(&say::IDLE_EVENT, path, event, &at.jobs);
                }
            }
        }
        if at.rule.severity == Severity::Should && !window.blocks.is_empty() {
            self.out.say(&say::IDLE_GATE, path.key("blocks"), []);
        }
    }

    /// The event from which a rule is in force.
    pub(super) fn begins(&mut self, at: &At, path: Path, event: &str) {
        if self.event(path.clone(), event) {
            self.need(&say::UNREACHABLE_RULE, path, event, &at.jobs);
        }
    }

    /// An event that the duty consists of.
    pub(super) fn proves(&mut self, at: &At, path: Path, event: &str) {
        if self.event(path.clone(), event) {
            self.need(&say::UNMEETABLE, path, event, &at.jobs);
        }
    }

    fn check(&mut self, at: &At) {
        match &at.rule.check {
            Check::Item(item) => self.item(at, &item.ask),
            Check::Field(field) => self.field(at, field),
            Check::Act(act) => self.proves(at, at.path.key("event"), &act.event),
            Check::Approval(approval) => self.approval(at, approval),
            Check::Milestone(milestone) => self.milestone(at, milestone),
            Check::OnBreach(breach) => self.on_breach(at, breach),
            Check::Conduct(conduct) => self.after(at, conduct.after.as_deref()),
            Check::Script(script) => self.script(at, script),
            Check::Guidance(_) | Check::Parts(_) => {}
            Check::Calibrated(calibrated) => self.calibrated(at, calibrated),
            Check::Classification(class) => self.classification(at, class),
            Check::StockAge(age) => self.stock_age(at, age),
            Check::Warranty(warranty) => self.warranty(at, warranty),
            Check::Cost(cost) => self.cost(at, cost),
            Check::Score(score) => self.score(at, score),
            Check::Privacy(privacy) => self.after(at, privacy.after.as_deref()),
        }
    }

    pub(super) fn after(&mut self, at: &At, event: Option<&str>) {
        if let Some(event) = event {
            self.begins(at, at.path.key("after"), event);
        }
    }
}
