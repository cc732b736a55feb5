//! Rules: one duty of one or more roles under one clause, and the kinds of check. What each kind holds is in `duty.rs`
//! (what people do), `clock.rs` (deadlines) and `matter.rs` (conduct, words, parts, money, points).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pack::visits;
use super::{
    Act, Approval, Calibrated, Classification, Conduct, Cost, FieldCheck, Guidance, Item, Milestone,
    OnBreach, PartsCheck, Privacy, Score, Script, StockAge, Warranty, Witness,
};
use crate::Text;

/// How strongly a rule binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A duty.
    Must,
    /// A prohibition.
    MustNot,
    /// A recommendation: never a violation, never a gate.
    Should,
}

/// A rule: one duty of one role under one clause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Id, `PACK.name`, as in the clause catalogue.
    pub id: String,
    /// The clause of the standard; several places are separated by `; `.
    pub clause: String,
    /// Phase in which the rule is shown.
    pub phase: String,
    /// Roles that have the duty; `any` binds everyone.
    pub roles: Vec<String>,
    /// The jobs or kinds of document to which it belongs.
    #[serde(default = "visits")]
    pub r#in: Vec<String>,
    /// How strongly it binds.
    pub severity: Severity,
    /// The duty in both languages.
    pub text: Text,
    /// A CEL condition over the record; without one the rule always applies.
    #[serde(default)]
    pub when: Option<String>,
    /// A choice the text of the standard leaves open, and how this pack reads it. Shown with the rule.
    #[serde(default)]
    pub reading: Option<Text>,
    /// Switched off by a company's pack, for this reason. It stays visible and is never asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Text>,
    /// What is checked, and how.
    pub check: Check,
}

/// What a rule checks. In TOML: `check.item = { … }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Somebody gives an answer.
    Item(Item),
    /// A value stands in the record.
    Field(FieldCheck),
    /// An event has been recorded.
    Act(Act),
    /// Somebody in charge says yes or no.
    Approval(Approval),
    /// A deadline.
    Milestone(Milestone),
    /// What is demanded when a deadline was missed.
    OnBreach(OnBreach),
    /// Conduct: guidance at its phase, attested by phase, breached only by a report.
    Conduct(Conduct),
    /// Words to say.
    Script(Script),
    /// A principle or a duty that no record can prove: shown, never asked.
    Guidance(Guidance),
    /// The instruments have been calibrated.
    Calibrated(Calibrated),
    /// A value is one of a closed set.
    Classification(Classification),
    /// What must happen with replaced parts.
    Parts(PartsCheck),
    /// Parts that have lain too long carry a mark.
    StockAge(StockAge),
    /// How long repairs are free of charge.
    Warranty(Warranty),
    /// Who bears which cost.
    Cost(Cost),
    /// Points or money for what was done well or badly.
    Score(Score),
    /// Personal data that may not stand in the record or be told.
    Privacy(Privacy),
}

impl Check {
    /// The kind of check, as in the pack.
    pub fn kind(&self) -> &'static str {
        match self {
            Check::Item(_) => "item",
            Check::Field(_) => "field",
            Check::Act(_) => "act",
            Check::Approval(_) => "approval",
            Check::Milestone(_) => "milestone",
            Check::OnBreach(_) => "on-breach",
            Check::Conduct(_) => "conduct",
            Check::Script(_) => "script",
            Check::Guidance(_) => "guidance",
            Check::Calibrated(_) => "calibrated",
            Check::Classification(_) => "classification",
            Check::Parts(_) => "parts",
            Check::StockAge(_) => "stock-age",
            Check::Warranty(_) => "warranty",
            Check::Cost(_) => "cost",
            Check::Score(_) => "score",
            Check::Privacy(_) => "privacy",
        }
    }
}

impl Rule {
    /// The person bound by the rule attests it with one tap for its phase.
    pub fn is_attested(&self) -> bool {
        match &self.check {
            Check::Conduct(conduct) => conduct.by == Witness::Attested,
            Check::Script(_) => true,
            Check::Privacy(privacy) => privacy.forbid.is_empty(),
            _ => false,
        }
    }
}
