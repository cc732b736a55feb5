//! Checks of what people do: answers, values, events, decisions, classes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Choice;

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
    /// What counts where the phone was started anew during a test.
    #[serde(default, skip_serializing_if = "AcrossBoots::is_samples")]
    pub across_boots: AcrossBoots,
    /// An event that stands once a test has passed.
    #[serde(default)]
    pub event: Option<String>,
}

/// What of a hold test counts where the phone was started anew in between, or two phones read: no clock spans it but the
/// wall clock, which anybody can set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AcrossBoots {
    /// The time that readings before and readings after enclose; what lies between them does not.
    #[default]
    Samples,
    /// The time by the wall clocks; the finding says what it rests on.
    WallClock,
    /// Nothing: the test is done again.
    Never,
}

impl AcrossBoots {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    fn is_samples(&self) -> bool {
        *self == Self::Samples
    }
}

/// The instruments from which values are read have been calibrated, and not too long ago.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Calibrated {
    /// The quantities whose values must come from such an instrument: the latest value of each, in a series every one.
    pub quantities: Vec<String>,
    /// How old a calibration may be on the day of the reading: ISO 8601 duration in days, months or years. None: until the
    /// instrument's own due date, if it has one.
    #[serde(default)]
    pub within: Option<String>,
    /// When.
    #[serde(default)]
    pub window: Window,
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
