//! What follows if a rule is not kept.

use serde::Serialize;

use super::score::centipoints;
use crate::standard::{Check, Money, Rule, Standard};

/// What follows if a duty is not done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "then", rename_all = "kebab-case")]
pub enum Consequence {
    /// Events are refused until it is done.
    Blocks {
        /// The events.
        events: Vec<String>,
    },
    /// Somebody is told.
    Tells {
        /// Role ids, in the order in which they are told.
        roles: Vec<String>,
    },
    /// The reason must be given.
    Reason,
    /// Points, once the condition has come and a reviewer has confirmed them.
    Points {
        /// The scoring rule.
        rule: String,
        /// Its clause.
        clause: String,
        /// Hundredths of a point, negative for a deduction.
        centipoints: i64,
        /// Money for each person concerned.
        money: Option<Money>,
        /// Events of which one must have happened first.
        condition: Vec<String>,
    },
}

/// What follows if a rule is not kept.
pub fn consequences(standard: &Standard, rule: &Rule) -> Vec<Consequence> {
    let mut list = Vec::new();
    if let Some(window) = rule.window().filter(|window| !window.blocks.is_empty()) {
        list.push(Consequence::Blocks { events: window.blocks.clone() });
    }
    if let Check::Milestone(milestone) = &rule.check {
        if !milestone.tell.is_empty() {
            list.push(Consequence::Tells {
                roles: milestone.tell.iter().map(|tell| tell.to.clone()).collect(),
            });
        }
        if milestone.reason_on_breach {
            list.push(Consequence::Reason);
        }
    }
    for scoring in standard.scored_by(&rule.id) {
        let Check::Score(score) = &scoring.check else { continue };
        list.push(Consequence::Points {
            rule: scoring.id.clone(),
            clause: scoring.clause.clone(),
            centipoints: centipoints(score.points),
            money: score.money.clone(),
            condition: score.condition.clone(),
        });
    }
    list
}
