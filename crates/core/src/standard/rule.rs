//! Rules: one duty of one or more roles under one clause, and what is checked of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pack::visits;
use super::{Choice, Named};
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

/// When a duty begins, and what may not happen before it is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Window {
    /// The event from which the duty is owed; none: from the beginning.
    #[serde(default)]
    pub after: Option<String>,
    /// Events that should come later than the duty: done after one of them it counts as violated.
    #[serde(default)]
    pub before: Vec<String>,
    /// Events that are refused until the duty is done.
    #[serde(default)]
    pub blocks: Vec<String>,
}

impl Window {
    /// Nothing is said about the time.
    pub fn is_open(&self) -> bool {
        self.after.is_none() && self.before.is_empty() && self.blocks.is_empty()
    }
}

/// A checklist item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Item {
    /// What is asked.
    pub ask: Ask,
    /// When.
    #[serde(default)]
    pub window: Window,
}

/// What an item asks for. In TOML: `ask = "yes-no"` or `ask = { number = { quantity = "pressure" } }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Ask {
    /// Yes or no; only yes satisfies.
    YesNo,
    /// One of several.
    Choice {
        /// The options.
        options: Vec<Choice>,
    },
    /// Words.
    Text,
    /// A time.
    Time,
    /// Several of several; with `all`, each of them must be chosen.
    Several {
        /// The options.
        options: Vec<Choice>,
        /// Each must be chosen.
        #[serde(default)]
        all: bool,
    },
    /// A measured value; the latest measurement counts.
    Number {
        /// The quantity.
        quantity: String,
        /// Smallest value that satisfies, in the quantity's unit.
        #[serde(default)]
        min: Option<f64>,
        /// Largest value that satisfies, in the quantity's unit.
        #[serde(default)]
        max: Option<f64>,
    },
    /// Several measured values, each within the limits.
    Series {
        /// The quantity.
        quantity: String,
        /// How many, at least.
        count: usize,
        /// Smallest value that satisfies, in the quantity's unit.
        #[serde(default)]
        min: Option<f64>,
        /// Largest value that satisfies, in the quantity's unit.
        #[serde(default)]
        max: Option<f64>,
    },
    /// A value that is held for a time, such as a test pressure.
    Hold(Hold),
    /// Photos.
    Photo {
        /// Moments of which there must be at least one photo each, such as `before` and `after`.
        #[serde(default)]
        moments: Vec<String>,
    },
    /// Signatures.
    Signature {
        /// Roles of the signers; each must sign.
        roles: Vec<String>,
        /// Where the names stand of those who must all sign, separated by `;`: one signature each.
        #[serde(default)]
        everyone: Option<Source>,
    },
    /// A document has been handed over, filed or listed; the answer names it.
    Document,
}

/// A value that is held for a time: the test begins at the level or above and ends after the time with no larger drop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Hold {
    /// The quantity.
    pub quantity: String,
    /// Smallest value at the beginning, in the quantity's unit.
    pub level: f64,
    /// How long, at least: ISO 8601 duration in hours, minutes and seconds.
    pub lasts: String,
    /// Largest drop from beginning to end, in the quantity's unit.
    pub drop: f64,
    /// An event that stands once a test has passed.
    #[serde(default)]
    pub event: Option<String>,
}

/// A value that stands in the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FieldCheck {
    /// Where; all of them must be filled.
    pub sources: Vec<Source>,
    /// May stay empty.
    #[serde(default)]
    pub optional: bool,
    /// When.
    #[serde(default)]
    pub window: Window,
}

/// Where a value stands: `order.ID`, `note.ID`, `event.ID` (its time), `answer.RULE`, `assignment.crew|start|end|tools`,
/// `survey.rating|words`, `signature.ROLE`, `measure.QUANTITY`, `parts`, `photos`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Source(pub String);

impl Source {
    /// The part before the first dot and the part after it (empty if there is none).
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('.').unwrap_or((&self.0, ""))
    }
}

/// An event that must be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Act {
    /// The event.
    pub event: String,
    /// When.
    #[serde(default)]
    pub window: Window,
}

/// Somebody in charge says yes or no. The last decision counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Approval {
    /// The event of a yes.
    pub approved: String,
    /// The event of a no.
    pub rejected: String,
    /// When.
    #[serde(default)]
    pub window: Window,
}

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

/// A value is one of a closed set. One of the three ways to say where it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Classification {
    /// The order field that holds it; its options are the classes.
    #[serde(default)]
    pub field: Option<String>,
    /// The classes, lowest first: somebody answers with one of them.
    #[serde(default)]
    pub classes: Vec<Choice>,
    /// The class only ever rises.
    #[serde(default)]
    pub rises: bool,
    /// The rule of this pack that holds the classes, of which this rule defines one.
    #[serde(default)]
    pub of: Option<String>,
    /// The class that this rule defines.
    #[serde(default)]
    pub class: Option<String>,
    /// When.
    #[serde(default)]
    pub window: Window,
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
