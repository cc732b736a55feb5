//! Pack format v1: a service standard as data. These types are what a pack file holds, field by field;
//! the JSON Schema is made from them. Rules and what they check are in `rule.rs`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Rule, Situation, Source};
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
    /// The pack that a company's pack was made from, and what it changed there; see [`super::resolve`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub based_on: Option<BasedOn>,
    /// Who has duties.
    pub roles: Vec<Role>,
    /// The jobs that are done under this standard, each with the kind of document it fills and the role that does it.
    pub jobs: Vec<Job>,
    /// The phases, in the order in which guidance is shown.
    pub phases: Vec<Named>,
    /// Quantities that are measured.
    #[serde(default)]
    pub quantities: Vec<Quantity>,
    /// What can happen.
    pub events: Vec<EventKind>,
    /// Working hours that deadlines can run in.
    #[serde(default)]
    pub calendars: Vec<Calendar>,
    /// The course of a visit: one attendance at a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Flow>,
    /// The course of a case: a complaint or another matter that the office handles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<Flow>,
    /// The course of a shift: a person's time on duty, at a counter, a hotline, a store or a site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<Flow>,
    /// Printed forms, field by field.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// Special situations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub situations: Vec<Situation>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// Where a company's pack comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BasedOn {
    /// Id of the pack that was extended.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of it, as [`super::Standard::sha256`] gives it.
    pub sha256: String,
    /// Ids of the rules that were given other parameters.
    #[serde(default)]
    pub overridden: Vec<String>,
    /// Why, by rule, where the company has said so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<String, Text>,
    /// Ids of the rules that were added.
    #[serde(default)]
    pub added: Vec<String>,
}

/// The kinds of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One attendance at a customer.
    Visit,
    /// A complaint or another matter that the office handles.
    Case,
    /// A person's time on duty.
    Shift,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 3] = [Kind::Visit, Kind::Case, Kind::Shift];

    /// The kind's id.
    pub fn id(self) -> &'static str {
        match self {
            Kind::Visit => "visit",
            Kind::Case => "case",
            Kind::Shift => "shift",
        }
    }

    /// The kind of an id.
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

/// A job: what is done, in which kind of document, by whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Job {
    /// Id in kebab case; not the id of a kind of document.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
    /// Kind of document.
    pub kind: Kind,
    /// The role of the person who does it: the crew of a visit, the person on duty, the keeper of a case.
    pub role: String,
    /// Events that usually happen though no state asks for them. They are suggested, never demanded.
    #[serde(default)]
    pub usual: Vec<Usual>,
}

/// An event that usually happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Usual {
    /// The event, or `EVENT/SUBJECT`.
    pub event: String,
    /// The state in which it is suggested.
    pub state: String,
}

/// The course of one kind of document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Flow {
    /// The events that stand from the registration on; the first has the time at which the matter reached the company.
    pub opening: Vec<String>,
    /// The event of an assignment: crew and window, or person and hours. None: nobody is assigned.
    #[serde(default)]
    pub assigned: Option<String>,
    /// The event that the server records by itself once the signed record has reached it. None: it records nothing.
    #[serde(default)]
    pub uploaded: Option<String>,
    /// Times that are planned and stand in the record as if they were events.
    #[serde(default)]
    pub planned: Vec<Planned>,
    /// The fields of the order, written by the office at the registration.
    pub order: Vec<OrderField>,
    /// Free texts, edited character by character.
    #[serde(default)]
    pub notes: Vec<Named>,
    /// The states, lowest first. The state of a record is the highest whose event stands.
    pub states: Vec<State>,
    /// Which event may be recorded in which state.
    pub steps: Vec<Step>,
    /// How the customer rates the service.
    #[serde(default)]
    pub survey: Option<Survey>,
    /// Whose signature ends the work.
    #[serde(default)]
    pub signing: Option<Signing>,
}

/// A time that is planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Planned {
    /// The event that stands for it.
    pub event: String,
    /// Where the time stands: `assignment.start`, `assignment.end` or `order.ID` with a date or a time.
    pub at: Source,
}

/// Working hours. All local times are of one time zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Calendar {
    /// Id in kebab case.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
    /// IANA time zone, such as `Asia/Shanghai`; none: that of the place of service (order field `time_zone`).
    #[serde(default)]
    pub zone: Option<String>,
    /// Open hours by weekday (`mon` to `sun`), each as `08:30-12:00`; `24:00` ends a day. A day that is not named is closed.
    pub hours: BTreeMap<Weekday, Vec<String>>,
    /// Days on which it is closed, as `2026-10-01`.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// Days with hours of their own, such as working Saturdays before a holiday.
    #[serde(default)]
    pub special: BTreeMap<String, Vec<String>>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
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
    /// Which side of the record the role writes; `None` for parties that are only told or only sign. In a job of its own
    /// it writes the side of that job, see [`super::Standard::side_of`].
    #[serde(default)]
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
    /// An event that stands as soon as this choice does; with a subject as `complaint-classified/class-2`.
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
    /// A special situation: may be reported in any state between assignment and closing.
    #[serde(default)]
    pub incident: bool,
    /// What it can be about, if that is a closed list. The event about one of them is referred to as `EVENT/SUBJECT`.
    #[serde(default)]
    pub subjects: Vec<Named>,
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
    /// States in which it may be recorded; `registered..signed` means these and all between them.
    pub from: Vec<String>,
    /// The jobs in which it is a step; empty: all of this kind of document.
    #[serde(default)]
    pub r#in: Vec<String>,
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
    /// The jobs or kinds of document that fill it.
    #[serde(default = "visits")]
    pub r#in: Vec<String>,
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

/// Where a rule or a form belongs if it does not say.
pub(super) fn visits() -> Vec<String> {
    vec![Kind::Visit.id().to_owned()]
}

/// Values of a record by id, as forms and conditions see them.
pub type Values = BTreeMap<String, String>;
