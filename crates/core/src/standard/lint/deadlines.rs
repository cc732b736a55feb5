//! Deadlines, what is demanded when one was missed, and other spans of time.

use super::linter::Linter;
use super::place::Path;
use super::rules::At;
use super::words::checks as say;
use crate::deadline::Limit;
use crate::standard::{Check, Kind, Milestone, OnBreach, Rule, StockAge, Tell, Warranty};

impl Linter<'_, '_> {
    pub(super) fn milestone(&mut self, at: &At, milestone: &Milestone) {
        let path = &at.path;
        self.starts(at, &path.key("start"), &milestone.start);
        if milestone.end.is_empty() {
            self.out.say(&say::NO_END, path.key("end"), []);
        }
        for (nth, event) in milestone.end.iter().enumerate() {
            self.proves(at, path.key("end").item(nth), event);
        }
        if milestone.limit.is_some() == milestone.due.is_some() {
            self.out.say(&say::LIMIT_OR_DUE, path.clone(), []).on_key();
        }
        if let Some(limit) = &milestone.limit {
            self.limit(at, milestone, limit);
        }
        if let Some(due) = &milestone.due {
            self.due(&path.key("due"), due, &at.kinds);
        }
        if let Some(calendar) = &milestone.calendar {
            self.known("calendars", path.key("calendar"), calendar);
        }
        for (nth, pause) in milestone.pause.iter().enumerate() {
            let path = path.key("pause").item(nth);
            for (key, event) in [("from", &pause.from), ("to", &pause.to)] {
                if self.event(path.key(key), event) {
                    self.need(&say::IDLE_EVENT, path.key(key), event, &at.jobs);
                }
            }
        }
        self.events(&path.key("other-anchors"), &milestone.other_anchors);
        self.tell(&path.key("tell"), &milestone.tell);
    }

    /// Start events: all are known; if none can happen the rule never comes into force.
    fn starts(&mut self, at: &At, path: &Path, start: &[String]) {
        if start.is_empty() {
            self.out.say(&say::NO_START, path.clone(), []);
        }
        for (nth, event) in start.iter().enumerate() {
            let path = path.item(nth);
            if self.event(path.clone(), event) {
                let fault = if start.len() == 1 { &say::UNREACHABLE_RULE } else { &say::IDLE_EVENT };
                self.need(fault, path, event, &at.jobs);
            }
        }
    }

    fn limit(&mut self, at: &At, milestone: &Milestone, limit: &str) {
        let path = at.path.key("limit");
        match limit.parse() {
            Ok(Limit::Span(span)) if span.is_negative() && self.whole && !at.kinds.is_empty() => {
                let planned = |event: &str, kinds: &[Kind]| {
                    kinds
                        .iter()
                        .filter_map(|kind| self.pack.flow(*kind))
                        .any(|flow| flow.planned.iter().any(|planned| planned.event == event))
                };
                let unplanned = milestone
                    .start
                    .iter()
                    .find(|event| !planned(event, &at.kinds) && !self.out.suspects(event));
                if let Some(event) = unplanned.cloned() {
                    self.out.say(&say::NEGATIVE_LIMIT, path, [limit, &event]);
                }
            }
            Ok(_) => {}
            Err(_) => drop(self.out.say(&say::BAD_DURATION, path, [limit])),
        }
    }

    fn tell(&mut self, path: &Path, tell: &[Tell]) {
        for (at, tell) in tell.iter().enumerate() {
            let path = path.item(at);
            self.known("roles", path.key("to"), &tell.to);
            let Some(after) = &tell.after else { continue };
            if let Some(span) = self.positive(path.key("after"), after)
                && !span.is_exact()
            {
                self.out.say(&say::INEXACT, path.key("after"), [after]);
            }
        }
    }

    pub(super) fn on_breach(&mut self, at: &At, breach: &OnBreach) {
        for (nth, name) in breach.milestones.iter().enumerate() {
            let path = at.path.key("milestones").item(nth);
            let is_milestone = |rule: &Rule| matches!(rule.check, Check::Milestone(_));
            self.rule_of_kind(path, name, &say::NOT_MILESTONE, is_milestone);
        }
    }

    /// A rule with a certain kind of check.
    pub(super) fn rule_of_kind(
        &mut self,
        path: Path,
        name: &str,
        fault: &'static super::fault::Fault,
        right: impl Fn(&Rule) -> bool,
    ) -> bool {
        if !self.known("rules", path.clone(), name) {
            return false;
        }
        let wrong = self.pack.rules.iter().any(|rule| rule.id == name && !right(rule));
        if wrong {
            self.out.say(fault, path, [name]);
        }
        !wrong
    }

    pub(super) fn stock_age(&mut self, at: &At, age: &StockAge) {
        if age.moved.is_empty() {
            self.out.say(&say::NO_MOVEMENT, at.path.key("moved"), []);
        } else {
            self.starts(at, &at.path.key("moved"), &age.moved);
        }
        self.positive(at.path.key("idle"), &age.idle);
        self.proves(at, at.path.key("mark"), &age.mark);
    }

    pub(super) fn warranty(&mut self, at: &At, warranty: &Warranty) {
        let path = &at.path;
        let span = warranty.from.is_some() || warranty.lasts.is_some();
        let half = warranty.from.is_some() != warranty.lasts.is_some();
        let ways = [span, !warranty.earliest_of.is_empty()].into_iter().filter(|way| *way).count();
        if half || ways > 1 || ways == 0 && warranty.terms.is_none() {
            self.out.say(&say::WARRANTY_HOW, path.clone(), []).on_key();
        }
        if let Some(from) = &warranty.from {
            match from.parts() {
                ("event", event) => self.begins(at, path.key("from"), event),
                ("order", _) => self.source(&path.key("from"), from, &at.kinds),
                _ => drop(self.out.say(&say::BAD_FIRST_DAY, path.key("from"), [&from.0])),
            }
        }
        if let Some(lasts) = &warranty.lasts
            && self.positive(path.key("lasts"), lasts).is_some()
            && lasts.contains(['D', 'W', 'T'])
        {
            self.out.say(&say::NOT_MONTHS, path.key("lasts"), [lasts]);
        }
        if let Some(afterwards) = &warranty.afterwards {
            let path = path.key("afterwards");
            self.known("roles", path.key("bearer"), &afterwards.bearer);
            self.tariff(path.key("tariff"), afterwards.tariff.as_deref());
            if warranty.of.is_empty() {
                self.out.say(&say::BEARS_NOTHING, path, []).on_key();
            }
        }
        for (nth, name) in warranty.earliest_of.iter().enumerate() {
            let path = path.key("earliest-of").item(nth);
            let is_warranty = |rule: &Rule| matches!(rule.check, Check::Warranty(_));
            if self.rule_of_kind(path.clone(), name, &say::NOT_WARRANTY, is_warranty)
                && self.leads_to(name, &at.rule.id, &mut Vec::new())
            {
                self.out.say(&say::WARRANTY_CYCLE, path, [name]);
            }
        }
    }

    /// Whether a warranty ends with another, directly or by way of further ones.
    fn leads_to(&self, from: &str, to: &str, seen: &mut Vec<String>) -> bool {
        if from == to {
            return true;
        }
        if seen.iter().any(|known| known == from) {
            return false;
        }
        seen.push(from.to_owned());
        let next = self.pack.rules.iter().find(|rule| rule.id == from).map(|rule| &rule.check);
        let Some(Check::Warranty(warranty)) = next else { return false };
        warranty.earliest_of.iter().any(|next| self.leads_to(next, to, seen))
    }
}
