//! A company's changes to a standard: the file that holds them. What comes of them is made in `apply.rs`.

mod apply;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Table;

pub(super) use self::apply::apply;
use super::lint::strict;
use super::{
    Calendar, EventKind, Form, Job, Named, OrderField, Planned, Quantity, Role, Rule, Signing, Situation,
    Step, Survey,
};
use crate::Text;

/// A company's changes to a pack. What it says of roles, jobs, events and so on is added to what the pack has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Overlay {
    /// Pack format, 1.
    pub format: u32,
    /// Id of the company's pack. Ids of the rules that it adds begin with it and a dot.
    pub id: String,
    /// Its semantic version.
    pub version: String,
    /// Its name; none: that of the pack that is extended.
    #[serde(default)]
    pub title: Option<Text>,
    /// Where the changes come from; none: as in the pack that is extended.
    #[serde(default)]
    pub source: Option<String>,
    /// What it is for; none: as in the pack that is extended.
    #[serde(default)]
    pub about: Option<Text>,
    /// The pack that is extended.
    pub extends: Extends,
    /// Rules with other values.
    #[serde(default)]
    pub r#override: Vec<Override>,
    /// Rules that are switched off.
    #[serde(default)]
    pub disable: Vec<Disable>,
    /// Further roles.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Further jobs.
    #[serde(default)]
    pub jobs: Vec<Job>,
    /// Further phases, after those there are.
    #[serde(default)]
    pub phases: Vec<Named>,
    /// Further quantities.
    #[serde(default)]
    pub quantities: Vec<Quantity>,
    /// Further events.
    #[serde(default)]
    pub events: Vec<EventKind>,
    /// Further working hours.
    #[serde(default)]
    pub calendars: Vec<Calendar>,
    /// Additions to the course of a visit, or all of it.
    #[serde(default)]
    pub visit: Option<FlowAdditions>,
    /// Additions to the course of a case, or all of it.
    #[serde(default)]
    pub case: Option<FlowAdditions>,
    /// Additions to the course of a shift, or all of it.
    #[serde(default)]
    pub shift: Option<FlowAdditions>,
    /// Further forms.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// Further special situations.
    #[serde(default)]
    pub situations: Vec<Situation>,
    /// Further rules.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// The pack that is extended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Extends {
    /// Its id.
    pub id: String,
    /// Its version: the changes were made with this one in view.
    pub version: String,
}

/// A rule with other values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Override {
    /// The rule.
    pub rule: String,
    /// What is laid over its table: tables are merged, everything else is replaced. `id` and `clause` stay.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub set: Table,
    /// Why.
    #[serde(default)]
    pub reason: Option<Text>,
}

/// A rule that is switched off. It stays visible with the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Disable {
    /// The rule.
    pub rule: String,
    /// Why.
    pub reason: Text,
}

/// Additions to the course of one kind of document; the whole course if the pack that is extended has none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FlowAdditions {
    /// As in [`super::Flow`], if the pack that is extended has none.
    #[serde(default)]
    pub opening: Option<Vec<String>>,
    /// As in [`super::Flow`], if the pack that is extended has none.
    #[serde(default)]
    pub assigned: Option<String>,
    /// Further planned times.
    #[serde(default)]
    pub planned: Vec<Planned>,
    /// Further fields of the order.
    #[serde(default)]
    pub order: Vec<OrderField>,
    /// Further notes.
    #[serde(default)]
    pub notes: Vec<Named>,
    /// Further states.
    #[serde(default)]
    pub states: Vec<NewState>,
    /// Further steps.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// As in [`super::Flow`], if the pack that is extended has none.
    #[serde(default)]
    pub survey: Option<Survey>,
    /// As in [`super::Flow`], if the pack that is extended has none.
    #[serde(default)]
    pub signing: Option<Signing>,
}

/// A further state of a course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NewState {
    /// The state.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
    /// The event that leads here.
    pub event: String,
    /// The state above which it stands; none: below the last one, or on top if there is none yet.
    #[serde(default)]
    pub after: Option<String>,
}

/// The JSON Schema of a company's changes.
pub fn overlay_schema() -> serde_json::Value {
    strict(schemars::schema_for!(Overlay).to_value())
}
