//! Special situations: what opens and closes them, the rules that they gather, who is told.

use super::linter::Linter;
use super::place::Path;
use super::scope;
use super::words::{checks as say_check, flow as say};
use crate::standard::{Check, Rule, Severity, Situation};

impl Linter<'_, '_> {
    pub(super) fn situations(&mut self) {
        let list = Path::top().key("situations");
        self.ids(&list, "id", self.pack.situations.iter().map(|one| one.id.as_str()), false);
        for at in 0..self.pack.situations.len() {
            let path = self.draft.at(&list, at);
            self.situation(&self.pack.situations[at], &path);
        }
    }

    fn situation(&mut self, situation: &Situation, path: &Path) {
        self.places(&path.key("in"), &situation.r#in);
        let scope = scope::of_form(self.pack, &situation.r#in);
        let jobs = scope.sure_jobs().to_vec();
        if situation.opens.is_empty() {
            self.out.say(&say::NEVER_OPENS, path.key("opens"), [&situation.id]);
        }
        self.happens(path, "opens", &situation.opens, &jobs);
        self.happens(path, "closes", &situation.closes, &jobs);
        if let Some(event) = situation.alert.as_ref().and_then(|alert| alert.acknowledged.as_ref()) {
            self.event(path.key("alert").key("acknowledged"), event);
        }
        if let Some(frees) = &situation.frees {
            self.happens(&path.key("frees"), "events", &frees.events, &jobs);
            self.happens(&path.key("frees"), "until", &frees.until, &jobs);
        }
        let rules = path.key("rules");
        let mut asks = situation.rules.iter().any(|id| !self.names.list("rules").has(id));
        for (nth, id) in situation.rules.iter().enumerate() {
            if !self.known("rules", rules.item(nth), id) {
                continue;
            }
            if situation.rules[..nth].contains(id) {
                self.out.say(&say::RULE_TWICE, rules.item(nth), [id]);
            }
            let Some(place) = self.pack.rules.iter().position(|rule| rule.id == *id) else {
                asks = true;
                continue;
            };
            let known = &self.scopes[place];
            if known.sure && !jobs.is_empty() && !known.jobs.iter().any(|job| jobs.contains(job)) {
                self.out.say(&say::RULE_ELSEWHERE, rules.item(nth), [id, &situation.id]);
            }
            asks |= is_asked(&self.pack.rules[place]);
        }
        if situation.closes.is_empty() && !asks {
            self.out.say(&say::NEVER_CLOSES, path.key("closes"), [&situation.id]);
        }
        for (nth, tells) in situation.tells.iter().enumerate() {
            let path = path.key("tells").item(nth);
            self.known("roles", path.key("to"), &tells.to);
            if !self.known("rules", path.key("rule"), &tells.rule) {
                continue;
            }
            if !situation.rules.contains(&tells.rule) {
                self.out.say(&say::TELLS_ELSEWHERE, path.key("rule"), [&tells.rule, &situation.id]);
            } else if let Some(rule) = self.pack.rules.iter().find(|rule| rule.id == tells.rule)
                && !proves(rule)
            {
                self.out.say(&say::TELLS_UNPROVED, path.key("rule"), [&tells.rule]);
            }
        }
    }

    fn happens(&mut self, path: &Path, key: &'static str, events: &[String], jobs: &[usize]) {
        for (nth, event) in events.iter().enumerate() {
            let path = path.key(key).item(nth);
            if self.event(path.clone(), event) {
                self.need(&say_check::IDLE_EVENT, path, event, jobs);
            }
        }
    }
}

/// Whether the rule proves that something has been done.
fn proves(rule: &Rule) -> bool {
    matches!(
        rule.check,
        Check::Milestone(_) | Check::Act(_) | Check::Item(_) | Check::Field(_) | Check::Approval(_)
    )
}

/// Whether the rule asks for something whose being done can be seen.
fn is_asked(rule: &Rule) -> bool {
    rule.severity != Severity::Should && (proves(rule) || matches!(rule.check, Check::Classification(_)))
}
