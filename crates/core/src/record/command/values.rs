//! What commands say: the parts of which they are made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Moment;

/// Facts of a new visit, case or shift, given once by the office.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The job, an id of the pack; none: the first that the pack lists.
    #[serde(default)]
    pub job: Option<String>,
    /// Order fields by id, as the pack names them.
    pub order: BTreeMap<String, String>,
    /// When the request reached the company; none: now.
    #[serde(default)]
    pub received_at: Option<Moment>,
}

/// The old part that came out for a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldPart {
    /// Serial number of the old part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Taken back for the store.
    pub returned: bool,
    /// In what condition it came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

/// Condition of an old part. No standard that comes with this library names conditions; these are the four that decide what
/// a store does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// It failed: to be looked into, or sent to its maker.
    Defective,
    /// At the end of its life by ordinary use.
    Worn,
    /// Broken by force or by improper use.
    Damaged,
    /// Nothing is wrong with it: it may be used again.
    Intact,
}

impl Condition {
    /// All conditions.
    pub const ALL: [Condition; 4] =
        [Condition::Defective, Condition::Worn, Condition::Damaged, Condition::Intact];

    /// The condition's id, as in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Condition::Defective => "defective",
            Condition::Worn => "worn",
            Condition::Damaged => "damaged",
            Condition::Intact => "intact",
        }
    }

    /// The condition of an id.
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.id() == id)
    }

    /// Its name, shown to people.
    pub fn name(self) -> crate::Text {
        match self {
            Condition::Defective => crate::Text::new("defective", "故障"),
            Condition::Worn => crate::Text::new("worn", "磨损"),
            Condition::Damaged => crate::Text::new("damaged", "损坏"),
            Condition::Intact => crate::Text::new("intact", "完好"),
        }
    }
}

/// How a visit goes with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VisitLink {
    /// The other visit goes on with what this one left open.
    FollowOn,
    /// This visit goes on with what the other one left open.
    Follows,
}

/// One edit of a note, in Unicode code points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum NoteEdit {
    /// Adds words at the end.
    Append(String),
    /// Replaces a stretch.
    Splice {
        /// First code point.
        at: usize,
        /// Code points to remove.
        delete: usize,
        /// Words to put there.
        insert: String,
    },
}

/// The customer's answer to the survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveyAnswer {
    /// Level, an id of the pack.
    pub level: String,
    /// The customer's words.
    #[serde(default)]
    pub words: Option<String>,
}

/// What is said of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScoreVerdict {
    /// They count. A reviewer says so, once the condition has come.
    Confirm,
    /// They do not count, for a reason. A reviewer says so.
    Waive,
    /// Somebody does not agree, for a reason. A reviewer then confirms or waives again.
    Appeal,
}

/// Where two devices wrote different values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResolveTarget {
    /// The answer to an item, by rule id.
    Answer(String),
    /// The customer's rating.
    Survey,
    /// The attestation of a phase, by phase id.
    Attestation(String),
    /// The assignment (office).
    Assignment,
    /// An order field, by id (office).
    Order(String),
}
