//! Why a command is refused, and why a document can not be read.

use serde::{Deserialize, Serialize};

use crate::Text;

/// A rule that must be satisfied first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Rule id.
    pub rule: String,
    /// Clause of the standard.
    pub clause: String,
    /// The duty.
    pub text: Text,
}

/// Why a command was refused. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refused", rename_all = "kebab-case")]
pub enum Refusal {
    /// Other duties come first.
    #[error("not yet: {} comes first", list(needs))]
    NotYet {
        /// What comes first, in the order of the pack.
        needs: Vec<Need>,
    },
    /// The visit is not in a state in which this may happen.
    #[error("`{command}` is not possible while the visit is `{state}`; {}{}", possible(allowed), cite(rule.as_deref()))]
    WrongState {
        /// The command.
        command: String,
        /// State of the visit.
        state: String,
        /// States in which it is possible; empty: it has been done and is not repeated.
        allowed: Vec<String>,
        /// The rule on which the step rests, if the pack names one.
        rule: Option<Box<Need>>,
    },
    /// This person may not do it.
    #[error("forbidden: {reason}{}", cite(rule.as_deref()))]
    Forbidden {
        /// Why.
        reason: String,
        /// The rule, if one forbids it.
        rule: Option<Box<Need>>,
    },
    /// A value is wrong.
    #[error("`{field}` is not valid: {reason}{}", cite(rule.as_deref()))]
    Invalid {
        /// The field of the command.
        field: String,
        /// What is wrong and what would be right. Never a personal value.
        reason: String,
        /// The rule that demands it, if one does.
        rule: Option<Box<Need>>,
    },
    /// The record is signed; it takes no more changes of this kind.
    #[error("the record is signed{}", cite(rule.as_deref()))]
    Sealed {
        /// The rule that asked for the signature.
        rule: Option<Box<Need>>,
    },
    /// The document was written by a newer version of Jobsheet.
    #[error(
        "the visit has schema {found}, this version edits up to {supported}; update the app. It is still kept and synced"
    )]
    NewerSchema {
        /// Schema of the document.
        found: u64,
        /// Newest schema this version edits.
        supported: u64,
    },
    /// The document was made by an older version of Jobsheet and has no place for this.
    #[error(
        "the visit has schema {found}, and this needs {needed}; the office must register it anew with a current server. Everything else works"
    )]
    OlderSchema {
        /// Schema of the document.
        found: u64,
        /// The first schema with a place for it.
        needed: u64,
    },
    /// The visit pins another standard than the one given.
    #[error("the visit pins {wanted}, but {given} was given")]
    OtherStandard {
        /// What the visit pins.
        wanted: String,
        /// What was given.
        given: String,
    },
}

impl Refusal {
    /// The refusal's kind, as in JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::NotYet { .. } => "not-yet",
            Refusal::WrongState { .. } => "wrong-state",
            Refusal::Forbidden { .. } => "forbidden",
            Refusal::Invalid { .. } => "invalid",
            Refusal::Sealed { .. } => "sealed",
            Refusal::NewerSchema { .. } => "newer-schema",
            Refusal::OlderSchema { .. } => "older-schema",
            Refusal::OtherStandard { .. } => "other-standard",
        }
    }

    /// The rules the refusal rests on, with their clauses.
    pub fn rules(&self) -> Vec<&Need> {
        match self {
            Refusal::NotYet { needs } => needs.iter().collect(),
            Refusal::WrongState { rule, .. }
            | Refusal::Forbidden { rule, .. }
            | Refusal::Invalid { rule, .. }
            | Refusal::Sealed { rule } => rule.iter().map(AsRef::as_ref).collect(),
            Refusal::NewerSchema { .. } | Refusal::OlderSchema { .. } | Refusal::OtherStandard { .. } => {
                Vec::new()
            }
        }
    }
}

fn list(needs: &[Need]) -> String {
    needs.iter().map(|need| format!("{} ({})", need.rule, need.clause)).collect::<Vec<_>>().join(", ")
}

fn possible(allowed: &[String]) -> String {
    if allowed.is_empty() {
        return "it has been done and is not repeated".to_owned();
    }
    format!("it is possible in: {}", allowed.join(", "))
}

fn cite(rule: Option<&Need>) -> String {
    rule.map(|need| format!(" ({}, clause {})", need.rule, need.clause)).unwrap_or_default()
}

/// Why a document can not be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bytes are no Automerge document or change.
    #[error("the bytes are not a readable Automerge {what}: {reason}")]
    Unreadable {
        /// `document` or `change`.
        what: &'static str,
        /// What Automerge said.
        reason: String,
    },
    /// The document is no record of this library.
    #[error("the document is not a Jobsheet record: `{missing}` is missing or has another type")]
    NotARecord {
        /// The path that is missing.
        missing: String,
    },
    /// Automerge refused an operation that this library made.
    #[error("the document could not be changed: {0}")]
    Automerge(String),
}
