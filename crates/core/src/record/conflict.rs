//! Where two devices wrote different values without having seen each other.

use serde::{Deserialize, Serialize};

use super::command::ResolveTarget;
use crate::Moment;
use crate::standard::{Side, Standard};

/// Two or more values of one register. One of them is shown; none is dropped until a person settles it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// Where.
    pub target: ResolveTarget,
    /// The values; the one that is shown comes first, the others in a stable order.
    pub versions: Vec<Version>,
}

impl ResolveTarget {
    /// The side that settles a conflict there.
    pub fn side(&self, job: &str, standard: &Standard) -> Side {
        match self {
            ResolveTarget::Answer(item) => {
                let rule = standard.rule(item);
                rule.and_then(|rule| standard.side_of(job, rule)).unwrap_or(Side::Field)
            }
            ResolveTarget::Attestation(key) if key.contains('/') => Side::Office,
            ResolveTarget::Attestation(_) | ResolveTarget::Survey => Side::Field,
            ResolveTarget::Assignment | ResolveTarget::Order(_) => Side::Office,
        }
    }
}

/// `answer:ITEM`, `attestation:PHASE`, `survey`, `assignment`, `order:FIELD`.
impl std::fmt::Display for ResolveTarget {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ResolveTarget::Answer(item) => write!(out, "answer:{item}"),
            ResolveTarget::Attestation(phase) => write!(out, "attestation:{phase}"),
            ResolveTarget::Survey => out.write_str("survey"),
            ResolveTarget::Assignment => out.write_str("assignment"),
            ResolveTarget::Order(field) => write!(out, "order:{field}"),
        }
    }
}

/// One value of a conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The value, as it stands in the record.
    pub value: serde_json::Value,
    /// Who wrote it; `office` for an order field, which does not say who at the office.
    pub person: String,
    /// When.
    pub at: Moment,
    /// The Automerge actor that wrote it, hexadecimal: one installation, not a person.
    pub actor: String,
}
