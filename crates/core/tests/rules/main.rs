//! Every rule of the pack `execution-form`, kept and broken.
//!
//! One line a rule: its clause, a visit that keeps it and one that breaks it, and the status of the finding in each.
//! A duty that is not done yet is outstanding, one that is missed or answered against the rule is violated.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod conduct;
mod deadlines;
mod handover;
mod intake;
mod site;

use std::collections::BTreeSet;

use common::{Job, rule, standard};
use jobsheet_core::assess::Status;
use jobsheet_core::standard::Check;

/// A visit, made ready for one look at one rule.
type Make = fn() -> Job;

struct Case {
    /// Rule id without the pack's name.
    rule: &'static str,
    clause: &'static str,
    kept: (Status, Make),
    broken: (Status, Make),
}

fn case(rule: &'static str, clause: &'static str, kept: (Status, Make), broken: (Status, Make)) -> Case {
    Case { rule, clause, kept, broken }
}

fn cases() -> Vec<Case> {
    [intake::cases(), site::cases(), handover::cases(), conduct::cases(), deadlines::cases()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn each_rule_fires_both_ways_under_its_clause() {
    let mut wrong = Vec::new();
    for case in cases() {
        let id = rule(case.rule);
        for (side, (status, make)) in [("kept", case.kept), ("broken", case.broken)] {
            let job = make();
            let assessment = job.assess();
            let finding = assessment.finding(&id).unwrap_or_else(|| panic!("no finding for {id}"));
            if finding.status != status || finding.clause != case.clause {
                let found = (finding.status, &finding.clause, &finding.missing, &finding.evidence);
                wrong.push(format!(
                    "{id}, {side}: {status:?} under {} expected, found {found:?}",
                    case.clause
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_is_left_out_on_either_side() {
    let rules: BTreeSet<String> = standard().pack().rules.iter().map(|rule| rule.id.clone()).collect();
    let cases = cases();
    let kept: BTreeSet<String> = cases
        .iter()
        .filter(|case| match &standard().rule(&rule(case.rule)).unwrap().check {
            // Nothing in a record proves a principle or the absence of private data: silence is all there is.
            Check::Guidance(_) | Check::Privacy(_) => case.kept.0 == Status::Guidance,
            _ => case.kept.0 == Status::Satisfied,
        })
        .map(|case| rule(case.rule))
        .collect();
    let broken: BTreeSet<String> = cases
        .iter()
        .filter(|case| matches!(case.broken.0, Status::Violated | Status::Outstanding))
        .map(|case| rule(case.rule))
        .collect();
    assert_eq!(kept, rules);
    assert_eq!(broken, rules);
    assert_eq!(cases.len(), rules.len(), "a rule stands in two tables");
}
