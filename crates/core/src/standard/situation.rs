//! Special situations: what may come between, what is then shown and asked in which order, who is told, and what ends it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pack::visits;
use crate::Text;

/// A special situation. It is opened by an event and gathers the rules that speak of it; it adds no duty of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Situation {
    /// Id in kebab case.
    pub id: String,
    /// Name shown to people.
    pub name: Text,
    /// The jobs or kinds of document in which it can arise.
    #[serde(default = "visits")]
    pub r#in: Vec<String>,
    /// Events that open it: any of them.
    pub opens: Vec<String>,
    /// Events that close it: any of them, at the opening or later. Empty: it is closed once what it asks is done.
    #[serde(default)]
    pub closes: Vec<String>,
    /// The rules that speak of it, in the order in which they are shown and done.
    pub rules: Vec<String>,
    /// Who is told. A rule says by when.
    #[serde(default)]
    pub tells: Vec<Tells>,
    /// It endangers somebody: an alert may be raised about it, which opens it too and goes before all other work.
    #[serde(default)]
    pub alert: Option<Alarm>,
    /// It may end the job: events that are then no longer stopped.
    #[serde(default)]
    pub frees: Option<Frees>,
    /// A choice the text of the standard leaves open, and how this pack reads it.
    #[serde(default)]
    pub reading: Option<Text>,
}

/// Somebody who is told of a special situation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tells {
    /// Role id.
    pub to: String,
    /// The rule that asks for it: a deadline, whose end is that the role has been told, or an event or item that proves it.
    pub rule: String,
}

/// What an alert about a special situation does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Alarm {
    /// The event that stands once the office has acknowledged the alert; none: the acknowledgement stands for nothing else.
    #[serde(default)]
    pub acknowledged: Option<String>,
}

/// What a special situation frees: the job may end in the middle of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Frees {
    /// Events that may be recorded from any state, and that no rule stops but those of the situation.
    pub events: Vec<String>,
    /// Events by which the job goes on after all: from then on the ordinary course holds again.
    #[serde(default)]
    pub until: Vec<String>,
}
