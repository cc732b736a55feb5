//! What a finding says in a scenario, and in which ways a rule can be broken.

use std::sync::Arc;

use jobsheet_core::assess::{ScoreState, Status};
use jobsheet_core::standard::{Ask, Check, Rule, Severity, Standard, Witness};

use crate::scenario::{self, Word};
use crate::stage::{Desk, play, work};

/// A status as tables write it.
pub fn word(status: Status) -> String {
    serde_json::to_value(status).unwrap().as_str().unwrap().to_owned()
}

/// What the finding of a rule says; for points with what became of the first line.
pub fn status(desk: &Desk, rule: &Rule) -> String {
    let assessment = desk.assess();
    let finding = assessment.finding(&rule.id).unwrap_or_else(|| panic!("no finding for {}", rule.id));
    assert_eq!(finding.clause, rule.clause, "{}", rule.id);
    let status = word(finding.status);
    match assessment.points.lines.iter().find(|line| line.rule == rule.id) {
        Some(line) => format!("{status}, {}", score_word(line.state)),
        None => status,
    }
}

pub fn score_word(state: ScoreState) -> String {
    serde_json::to_value(state).unwrap().as_str().unwrap().to_owned()
}

/// The finding of a rule in a scenario of a table. None: the scenario can not be played.
pub fn found(standard: &Arc<Standard>, rule: &Rule, job: &str, kept: &str, broken: &str) -> Option<String> {
    let mut words = scenario::read(kept);
    if !broken.is_empty() {
        let broken = scenario::broken(&rule.id, broken);
        // Whatever a reviewer says in the breach stands instead of what he said before; so does the old part.
        words.retain(|word| {
            !broken.iter().any(|other| match other {
                Word::Points(..) => matches!(word, Word::Points(..)),
                Word::Part(_) => matches!(word, Word::Part(_)),
                Word::Order(field, _) => matches!(word, Word::Order(known, _) if known == field),
                Word::Not(not) => word.to_string() == *not,
                _ => false,
            })
        });
        words.extend(broken);
    }
    play(standard, job, &words).map(|desk| status(&desk, rule))
}

/// What a kept rule says.
pub fn kept_status(rule: &Rule) -> &'static str {
    match &rule.check {
        Check::Guidance(_) => "guidance",
        Check::Warranty(warranty) if warranty.terms.is_some() => "guidance",
        Check::Cost(cost) if cost.quantity.is_none() => "guidance",
        // Nobody can say in advance that it is kept, so silence is all there is.
        Check::Conduct(conduct) if conduct.by == Witness::Reported => "guidance",
        Check::Privacy(privacy) if !privacy.forbid.is_empty() => "guidance",
        Check::Score(_) => "satisfied, confirmed",
        _ => "satisfied",
    }
}

/// Whether a status is one of a broken rule.
pub fn is_broken(rule: &Rule, status: &str) -> bool {
    if let Check::Score(score) = &rule.check {
        let wanted: &[&str] = if score.condition.is_empty() {
            &["outstanding, to-confirm", "satisfied, waived"]
        } else {
            &["not-yet-due, pending"]
        };
        return wanted.contains(&status);
    }
    matches!(status, "violated" | "outstanding")
}

/// The ways in which a rule can be broken, the most telling first.
pub fn ways(standard: &Arc<Standard>, rule: &Rule, job: &str, kept: &[Word]) -> Vec<String> {
    let mut ways: Vec<String> = match &rule.check {
        Check::Item(item) => vec![of_item(&item.ask).to_owned(), "left out".to_owned()],
        Check::Field(field) => {
            let orders = field.sources.iter().filter(|source| source.parts().0 == "order");
            let orders = orders.map(|source| format!("order {}=", source.parts().1));
            orders.chain(["left out".to_owned()]).collect()
        }
        Check::Approval(_) => vec!["rejected".to_owned()],
        Check::Classification(class) => match (&class.field, &class.of) {
            (Some(field), _) => vec![format!("order {field}=")],
            (_, Some(of)) => vec![format!("without {of}")],
            _ => vec!["left out".to_owned()],
        },
        Check::Milestone(milestone) => {
            let is_end =
                |word: &&Word| matches!(word, Word::Incident(event) if milestone.end.contains(event));
            let without = kept.iter().filter(is_end).map(|word| format!("not {word}"));
            let usual = ["1 s late", "left out"].map(ToOwned::to_owned);
            usual.into_iter().chain(without).collect()
        }
        Check::OnBreach(_) => vec!["not explained; left out".to_owned()],
        Check::Conduct(conduct) => vec![match conduct.by {
            Witness::Attested => "breach reported by self".to_owned(),
            Witness::Observed => "breach reported by audit".to_owned(),
            Witness::Surveyed => "breach reported by survey".to_owned(),
            Witness::Reported => "breach reported by complaint".to_owned(),
        }],
        Check::Script(_) => vec!["breach reported by self".to_owned()],
        Check::Privacy(privacy) if !privacy.forbid.is_empty() => {
            vec!["identity number in a message".to_owned()]
        }
        Check::Privacy(_) => vec!["breach reported by complaint".to_owned()],
        Check::Parts(_) => vec!["left out".to_owned(), "old part kept".to_owned()],
        Check::Act(_) | Check::Cost(_) | Check::Calibrated(_) => vec!["left out".to_owned()],
        Check::Score(score) => {
            let condition =
                score.condition.first().map(|event| format!("not incident {event}; points pending"));
            return vec![condition.unwrap_or_else(|| "points waived".to_owned())];
        }
        Check::Guidance(_) | Check::StockAge(_) | Check::Warranty(_) => Vec::new(),
    };
    // A duty that the course itself carries out can only be seen before it does.
    ways.extend(early(standard, rule, job, kept));
    ways.push("breach reported by audit".to_owned());
    ways
}

fn of_item(ask: &Ask) -> &'static str {
    match ask {
        Ask::YesNo => "answered no",
        Ask::Several { all: true, .. } => "one missing",
        Ask::Number { min, max, .. } | Ask::Series { min, max, .. } if min.is_some() || max.is_some() => {
            "measured outside"
        }
        Ask::Hold(_) => "hold 1 s short",
        _ => "left out",
    }
}

/// The event after which the duty is owed and not done.
fn early(standard: &Arc<Standard>, rule: &Rule, job: &str, kept: &[Word]) -> Option<String> {
    let duty = matches!(
        rule.check,
        Check::Item(_)
            | Check::Field(_)
            | Check::Act(_)
            | Check::Approval(_)
            | Check::Classification(_)
            | Check::Milestone(_)
            | Check::Cost(_)
            | Check::Parts(_)
    );
    if !duty || rule.severity == Severity::MustNot {
        return None;
    }
    let rehearsed = work(standard, job, kept)?;
    let owed = |commands| Desk::after(standard, &rehearsed, commands).status(&rule.id) == Status::Outstanding;
    if owed(0) {
        return Some("not done after registration".to_owned());
    }
    let mut events: Vec<&str> = Vec::new();
    for (at, given) in rehearsed.given.iter().enumerate() {
        let Some(event) = given.event.as_deref() else { continue };
        if !events.contains(&event) && owed(at + 1) {
            return Some(format!("not done after {event}"));
        }
        events.push(event);
    }
    None
}
