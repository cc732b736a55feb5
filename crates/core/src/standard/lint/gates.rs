//! Gates that contradict each other or come too late.

use std::collections::{BTreeMap, BTreeSet};

use super::linter::Linter;
use super::reach::{Model, has};
use super::words::checks as say;
use crate::standard::{Check, Rule, Severity, Source};

/// One event that a rule holds up until another has happened.
struct Gate<'a> {
    rule: usize,
    /// Place of the event among those that the rule blocks.
    nth: usize,
    blocked: &'a str,
    wanted: &'a str,
    when: Option<&'a str>,
}

/// Looks through the gates of each job.
pub(super) fn check(linter: &mut Linter, models: &[Model], assumed: &BTreeSet<String>) {
    let mut told = BTreeSet::new();
    for model in models {
        let Some(job) = model.job else { continue };
        let all = model.possible(assumed, None);
        let mut order = Order { model, assumed, all, without: BTreeMap::new() };
        let rules: Vec<usize> = (0..linter.pack.rules.len())
            .filter(|at| linter.scopes[*at].jobs.contains(&job))
            .filter(|at| linter.pack.rules[*at].disabled.is_none())
            .filter(|at| linter.pack.rules[*at].severity != Severity::Should)
            .collect();
        too_late(linter, &rules, &mut order, &mut told);
        cycles(linter, &rules, &mut order, &mut told);
    }
}

/// A duty that begins only after an event can not hold it up.
fn too_late(linter: &mut Linter, rules: &[usize], order: &mut Order, told: &mut BTreeSet<Vec<usize>>) {
    for at in rules {
        let Some(window) = linter.pack.rules[*at].window() else { continue };
        let Some(after) = &window.after else { continue };
        for (nth, blocked) in window.blocks.iter().enumerate() {
            let late = after == blocked || order.needs(after, blocked) && !order.model.repeats(blocked);
            if late && told.insert(vec![*at]) {
                let path = linter.rule_path(*at).key("check").key(linter.pack.rules[*at].check.kind());
                let path = path.key("window").key("blocks").item(nth);
                linter.out.say(&say::GATE_TOO_LATE, path, [after, blocked]);
            }
        }
    }
}

/// Events each of which waits for the other.
fn cycles(linter: &mut Linter, rules: &[usize], order: &mut Order, told: &mut BTreeSet<Vec<usize>>) {
    let pack = linter.pack;
    let gates: Vec<Gate> = rules.iter().flat_map(|at| gates_of(*at, &pack.rules[*at], order)).collect();
    for first in &gates {
        // Rules with different conditions may never be in force together.
        let together = |gate: &Gate| gate.when.is_none() || first.when.is_none() || gate.when == first.when;
        let with: Vec<&Gate> = gates.iter().filter(|gate| together(gate)).collect();
        let Some(mut rules) = way(first.wanted, first.blocked, &with, order, &mut BTreeSet::new()) else {
            continue;
        };
        rules.push(first.rule);
        rules.sort_unstable();
        rules.dedup();
        if !told.insert(rules.clone()) {
            continue;
        }
        let names: Vec<String> = rules.iter().map(|at| format!("`{}`", pack.rules[*at].id)).collect();
        let path = linter.rule_path(first.rule).key("check").key(pack.rules[first.rule].check.kind());
        let path = path.key("window").key("blocks").item(first.nth);
        if names.len() == 1 {
            linter.out.say(&say::GATE_BACKWARDS, path, [first.wanted, first.blocked]);
        } else {
            linter.out.say(&say::GATE_CYCLE, path, [&names.join(", "), first.blocked]);
        }
    }
}

fn gates_of<'a>(at: usize, rule: &'a Rule, order: &mut Order) -> Vec<Gate<'a>> {
    let wanted: Vec<&str> = match &rule.check {
        Check::Act(act) => vec![&act.event],
        Check::Approval(approval) => vec![&approval.approved],
        Check::Field(field) if !field.optional => {
            let events = field.sources.iter().map(Source::parts);
            events.filter(|(root, _)| *root == "event").map(|(_, event)| event).collect()
        }
        _ => Vec::new(),
    };
    let Some(window) = rule.window() else { return Vec::new() };
    let mut gates = Vec::new();
    for (nth, blocked) in window.blocks.iter().enumerate() {
        // Before its duty begins a gate is open: it only counts if the event can not come earlier.
        if window.after.as_ref().is_none_or(|after| order.needs(blocked, after)) {
            let gate = |wanted| Gate { rule: at, nth, blocked, wanted, when: rule.when.as_deref() };
            gates.extend(wanted.iter().copied().map(gate));
        }
    }
    gates
}

/// The rules by whose gates one event waits for another; none: it does not.
fn way(
    from: &str,
    to: &str,
    gates: &[&Gate],
    order: &mut Order,
    seen: &mut BTreeSet<String>,
) -> Option<Vec<usize>> {
    if from == to || order.needs(from, to) {
        return Some(Vec::new());
    }
    if !seen.insert(from.to_owned()) {
        return None;
    }
    for gate in gates {
        if gate.blocked != from && !order.needs(from, gate.blocked) {
            continue;
        }
        if let Some(mut rules) = way(gate.wanted, to, gates, order, seen) {
            rules.push(gate.rule);
            return Some(rules);
        }
    }
    None
}

/// Which event must come before which.
struct Order<'a> {
    model: &'a Model<'a>,
    assumed: &'a BTreeSet<String>,
    all: BTreeSet<String>,
    without: BTreeMap<String, BTreeSet<String>>,
}

impl Order<'_> {
    /// Whether an event can happen only after another.
    fn needs(&mut self, event: &str, earlier: &str) -> bool {
        let possible = self
            .without
            .entry(earlier.to_owned())
            .or_insert_with(|| self.model.possible(self.assumed, Some(earlier)));
        event != earlier && has(&self.all, event) && !has(possible, event)
    }
}
