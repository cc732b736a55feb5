//! Checks of time: deadlines, who is told of a miss, what a miss demands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Source;

/// A deadline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Milestone {
    /// Events that start the clock; the first that happens does.
    pub start: Vec<String>,
    /// ISO 8601 duration (`PT30M`, `P3D`, `P1M`; negative: before a planned start), or `at-once`, which has no figure and
    /// can be overdue only in a person's judgement. Days and months keep the time of day at the place of service.
    #[serde(default)]
    pub limit: Option<String>,
    /// Where a time stands that was promised for this one case: `order.ID` or `answer.RULE`. Instead of a limit.
    #[serde(default)]
    pub due: Option<Source>,
    /// Events that stop the clock; the first that happens does.
    pub end: Vec<String>,
    /// Working hours in which the limit counts: id of a calendar. None: elapsed time.
    #[serde(default)]
    pub calendar: Option<String>,
    /// Spans in which the clock stands still.
    #[serde(default)]
    pub pause: Vec<Pause>,
    /// Each start has a clock of its own, and the end that belongs to it is the first after it or the one about it.
    #[serde(default)]
    pub each: bool,
    /// The text does not say from what the time counts. `start` is the choice of this pack; these were possible too.
    #[serde(default)]
    pub other_anchors: Vec<String>,
    /// Who is told of a breach, and when: the chain of escalation.
    #[serde(default)]
    pub tell: Vec<Tell>,
    /// A breach asks for its reason.
    #[serde(default)]
    pub reason_on_breach: bool,
}

/// A span in which a clock stands still.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pause {
    /// The event that stops the clock.
    pub from: String,
    /// The event that lets it go on.
    pub to: String,
}

/// One step of an escalation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tell {
    /// Who: role id.
    pub to: String,
    /// How long after the deadline was missed: ISO 8601 duration in hours, minutes and seconds; none: at once.
    #[serde(default)]
    pub after: Option<String>,
}

/// What is demanded when a deadline was missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OnBreach {
    /// What each missed deadline needs.
    pub demands: BreachDemand,
    /// The missed deadlines it is about: rule ids of milestones.
    pub milestones: Vec<String>,
}

/// What a missed deadline needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BreachDemand {
    /// A recorded reason.
    Reason,
    /// A recorded escalation.
    Escalation,
}
