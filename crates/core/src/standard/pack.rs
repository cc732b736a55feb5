//! Pack format v1: a service standard as data. These types are what a pack file holds, field by field;
//! the JSON Schema in `crates/core/schema/` is made from them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Text;

/// The pack format this library reads and writes.
pub const PACK_FORMAT: u32 = 1;

/// A service standard as written in a pack file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pack {
    /// Pack format, 1.
    pub format: u32,
    /// Id of the standard, in kebab case. Rule ids begin with it and a dot.
    pub id: String,
    /// Semantic version of the pack (semver 2.0).
    pub version: String,
    /// Name of the standard.
    pub title: Text,
    /// Where the standard comes from: a document id that an auditor can follow.
    pub source: String,
    /// What the standard is for, in a sentence or two.
    pub about: Text,
    /// Who has duties.
    pub roles: Vec<Role>,
    /// The phases of a visit, in the order in which guidance is shown.
    pub phases: Vec<Named>,
    /// The fields of the order, written by the office when it registers the visit.
    pub order: Vec<OrderField>,
    /// Free texts of the record, edited character by character.
    pub notes: Vec<Named>,
    /// Quantities that are measured on site.
    #[serde(default)]
    pub quantities: Vec<Quantity>,
    /// What can happen in a visit.
    pub events: Vec<EventKind>,
    /// The states of a visit, lowest first. The state of a record is the highest whose event stands.
    pub states: Vec<State>,
    /// Which event may be recorded in which state, and by whom.
    pub steps: Vec<Step>,
    /// How the customer rates the service.
    pub survey: Survey,
    /// Whose signature ends the work on site.
    pub signing: Signing,
    /// Printed forms, field by field.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// Something with an id and a name in both languages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Named {
    /// Id in kebab case.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
}

/// Which side of the record a person writes: the office, or the crew in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Written through the server by a person of the back office.
    Office,
    /// Written on a device by the assigned crew.
    Field,
}

/// A role that a rule addresses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Role {
    /// Id in kebab case.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
    /// Which side of the record the role writes; `None` for parties that are only told or only sign.
    pub side: Option<Side>,
}

/// A field of the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OrderField {
    /// Id in snake case, used in conditions as `order.ID`.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
    /// Registration is refused without it.
    #[serde(default)]
    pub required: bool,
    /// Holds personal data: redacted for audiences that have no need of it.
    #[serde(default)]
    pub personal: bool,
    /// If given, the value must be one of these.
    #[serde(default)]
    pub options: Vec<Choice>,
}

/// A quantity that is measured on site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Quantity {
    /// Id in kebab case.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
    /// UCUM unit code, such as `V`, `kPa`, `mm[H2O]`.
    pub unit: String,
    /// Smallest plausible value, in `unit`: a smaller one is a slip of the finger and is refused.
    pub min: f64,
    /// Largest plausible value, in `unit`.
    pub max: f64,
    /// The rule under which it is measured.
    pub rule: String,
}

/// One possible answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Choice {
    /// Id in kebab case: the value that is stored.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
    /// An event that stands as soon as this choice does.
    #[serde(default)]
    pub event: Option<String>,
}

/// A kind of event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventKind {
    /// Id in kebab case.
    pub id: String,
    /// What happened, shown to people.
    pub name: Text,
    /// Who may record it. Empty: nobody records it, it is derived (a planned time, a rating, a signature).
    #[serde(default)]
    pub by: Vec<Side>,
    /// A special situation: may be reported in any state between dispatch and closing.
    #[serde(default)]
    pub incident: bool,
}

/// A state of a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct State {
    /// Id in kebab case.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
    /// The event that leads here.
    pub event: String,
}

/// A step: an event, and the states in which it may be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// The event.
    pub event: String,
    /// States in which it may be recorded.
    pub from: Vec<String>,
    /// May be recorded more than once.
    #[serde(default)]
    pub repeats: bool,
    /// Rules on which the step rests; the first is cited when the step is refused.
    #[serde(default)]
    pub rules: Vec<String>,
}

/// How the customer rates the service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Survey {
    /// Levels, best first.
    pub levels: Vec<Choice>,
    /// The rule that asks for the rating.
    pub rule: String,
}

/// Whose signature ends the work on site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Signing {
    /// The event that stands once all have signed, at the time of the last signature.
    pub event: String,
    /// Roles that must sign for it.
    pub signers: Vec<String>,
    /// Further roles that may sign.
    #[serde(default)]
    pub also: Vec<String>,
    /// The rule that asks for the signature.
    pub rule: String,
}

/// A printed form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Form {
    /// Id in kebab case.
    pub id: String,
    /// Title shown to people.
    pub title: Text,
    /// Fields in printed order.
    pub fields: Vec<FormField>,
}

/// A field of a printed form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FormField {
    /// Number on the printed form; none for content that the procedure demands but the form has no box for.
    #[serde(default)]
    pub number: Option<u32>,
    /// Label.
    pub label: Text,
    /// Where the value stands in the record; several are joined. Empty for a heading.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// The rule that asks for it.
    pub rule: String,
}

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
    /// Role that has the duty; `any` binds everyone.
    pub role: String,
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
    /// A deadline.
    Milestone(Milestone),
    /// What is demanded when a deadline was missed.
    OnBreach(OnBreach),
    /// Conduct: guidance at its phase, attested by phase, breached only by a report.
    Conduct(Conduct),
    /// Words to say.
    Script(Script),
    /// A principle: shown, audited, never asked.
    Guidance(Guidance),
    /// A value is one of a closed set.
    Classification(Classification),
    /// What must happen with replaced parts.
    Parts(PartsCheck),
    /// Personal data that may not stand in the record.
    Privacy(Privacy),
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
    /// Photos.
    Photo {
        /// Moments of which there must be at least one photo each, such as `before` and `after`.
        #[serde(default)]
        moments: Vec<String>,
    },
    /// A signature.
    Signature {
        /// Role of the signer.
        role: String,
    },
    /// A document has been handed over, filed or listed; the answer names it.
    Document,
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
/// `survey.rating|words`, `signature.ROLE`, `parts`, `photos`.
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

/// A deadline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Milestone {
    /// Events that start the clock; the first that happens does.
    pub start: Vec<String>,
    /// ISO 8601 duration (`PT30M`, `P3D`; negative: before a planned start), or `at-once`, which has no figure and can
    /// be overdue only in a person's judgement.
    pub limit: String,
    /// Events that stop the clock; the first that happens does.
    pub end: Vec<String>,
    /// Who is told of a breach: role ids.
    #[serde(default)]
    pub tell: Vec<String>,
    /// A breach asks for its reason.
    #[serde(default)]
    pub reason_on_breach: bool,
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

/// Conduct of a person.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Conduct {
    /// The event from which it is shown and may be attested; none: from the beginning.
    #[serde(default)]
    pub after: Option<String>,
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

/// A principle.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Guidance {}

/// A value is one of a closed set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Classification {
    /// The order field that holds it; its options are the classes.
    pub field: String,
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

/// Personal data that may not stand in the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Privacy {
    /// What is forbidden. Identity-document numbers are looked for in every free text; door numbers can only be
    /// found by an audit.
    pub forbid: Vec<PersonalPattern>,
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

/// Values of a record by id, as forms and conditions see them.
pub type Values = BTreeMap<String, String>;
