//! Checks of conduct, words, parts, warranty, cost, points and personal data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Named, Source, Window};
use crate::Text;

/// Conduct of a person. Silence is never a breach.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Conduct {
    /// The event from which it is shown and may be attested; none: from the beginning.
    #[serde(default)]
    pub after: Option<String>,
    /// Who can say whether it was kept.
    #[serde(default)]
    pub by: Witness,
}

/// Who can say whether a rule of conduct was kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// The person himself, with one tap for the phase.
    #[default]
    Attested,
    /// A supervisor who looks: an audit.
    Observed,
    /// The customer: the survey.
    Surveyed,
    /// Nobody in advance; only a report, such as a complaint.
    Reported,
}

/// Words to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Script {
    /// What to say, with placeholders in braces: `{technician}`, `{time}`.
    pub words: Text,
    /// The placeholders, all of which occur in `words`.
    pub slots: Vec<String>,
    /// Phrases to avoid.
    #[serde(default)]
    pub avoid: Vec<Text>,
    /// The event from which it is shown; none: from the beginning.
    #[serde(default)]
    pub after: Option<String>,
}

/// A principle, or a duty that no record can prove.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Guidance {
    /// What Jobsheet does instead of asking.
    pub instead: Instead,
    /// Why no record can prove it.
    pub why: Text,
}

/// What is done about a rule that no record can prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Instead {
    /// Shown at its phase, and nothing more.
    Shown,
    /// A supervisor's audit looks at it.
    Audit,
    /// The customer's survey speaks of it.
    Survey,
    /// It belongs in training.
    Training,
    /// The design of the product keeps it.
    Design,
}

/// What must happen with replaced parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PartsCheck {
    /// What each replaced part needs.
    pub demands: PartsDemand,
}

/// What a replaced part needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartsDemand {
    /// The old part is handed in for the new one.
    OldForNew,
    /// The old part has been collected by the store.
    Collected,
    /// The old part stands in the register of old parts.
    Registered,
}

/// Parts that have lain too long carry a mark. Each part number has a clock of its own: the event's `about`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StockAge {
    /// Events that are a movement of a part; the last one counts.
    pub moved: Vec<String>,
    /// How long a part may lie unmarked: ISO 8601 duration.
    pub idle: String,
    /// The event of putting on the mark.
    pub mark: String,
}

/// How long repairs are free of charge: a span of its own, or the earliest end of other spans.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Warranty {
    /// Where the first day stands: `order.ID` with a date, or `event.ID`.
    #[serde(default)]
    pub from: Option<Source>,
    /// How long: ISO 8601 duration in calendar months or years.
    #[serde(default)]
    pub lasts: Option<String>,
    /// Warranty rules of this pack; the one that ends first counts.
    #[serde(default)]
    pub earliest_of: Vec<String>,
    /// What is free of charge.
    #[serde(default)]
    pub covers: Vec<Named>,
    /// What may be agreed or explained instead of a span, in words: contract terms, a partner's warranty, goodwill.
    #[serde(default)]
    pub terms: Option<Text>,
    /// The costs of a visit that it decides about: while it runs the company bears them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<CostOf>,
    /// Who bears them once it has ended; none: the text does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub afterwards: Option<Afterwards>,
}

/// A cost of a visit that the record itself says something of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CostOf {
    /// The parts that were used.
    Parts,
    /// The time from the beginning of the work to its end.
    Labour,
}

/// Who bears a cost once a warranty has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Afterwards {
    /// Role id.
    pub bearer: String,
    /// The tariff by which it is charged; the company supplies its table.
    #[serde(default)]
    pub tariff: Option<String>,
}

/// Who bears which cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cost {
    /// The kinds of cost.
    pub kinds: Vec<Named>,
    /// Who bears them: role id.
    pub bearer: String,
    /// The quantity in which the amount is entered; none: only the bearer is stated.
    #[serde(default)]
    pub quantity: Option<String>,
    /// When the amount is owed.
    #[serde(default)]
    pub window: Window,
    /// The costs of a visit that are borne so, from the event on with which the window begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<CostOf>,
    /// The tariff by which it is charged; the company supplies its table. None: an amount is agreed, or nothing is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff: Option<String>,
}

/// Points or money for what was done well or badly. Each counts once, on its scoring rule, and only after a reviewer has
/// confirmed it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Score {
    /// Points, negative for a deduction; a multiple of 0.01. 0: no figure is stated.
    #[serde(default)]
    pub points: f64,
    /// Money for each person concerned.
    #[serde(default)]
    pub money: Option<Money>,
    /// The rules whose breach it is about. Empty: an event alone is the cause.
    #[serde(default)]
    pub applies_to: Vec<String>,
    /// The events that are the cause, where no rule is.
    #[serde(default)]
    pub on: Vec<String>,
    /// Events of which one must have happened before it can be confirmed: the complaint, the loss. Until then it is pending.
    #[serde(default)]
    pub condition: Vec<String>,
    /// Each breach counts, not each rule.
    #[serde(default)]
    pub per_violation: bool,
    /// Roles that may confirm, waive and decide on an appeal.
    pub reviewers: Vec<String>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Money {
    /// The amount, in whole units of the currency.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// Personal data that may not stand in the record or be told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Privacy {
    /// What is forbidden in the record. Identity-document numbers are looked for in every free text; door numbers can only
    /// be found by an audit. Empty: what is forbidden is telling, which is conduct.
    #[serde(default)]
    pub forbid: Vec<PersonalPattern>,
    /// The event from which it is shown and may be attested; none: from the beginning.
    #[serde(default)]
    pub after: Option<String>,
}

/// A kind of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PersonalPattern {
    /// Number of an identity document (18 characters with a valid check character, GB 11643).
    IdentityDocumentNumber,
    /// Full home address down to the door.
    FullDoorNumber,
}
