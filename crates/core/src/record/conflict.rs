//! Where two devices wrote different values without having seen each other.

use serde::{Deserialize, Serialize};

use super::command::ResolveTarget;
use crate::Moment;

/// Two or more values of one register. One of them is shown; none is dropped until a person settles it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// Where.
    pub target: ResolveTarget,
    /// The values; the one that is shown comes first, the others in a stable order.
    pub versions: Vec<Version>,
}

/// One value of a conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The value, as it stands in the record.
    pub value: serde_json::Value,
    /// Who wrote it.
    pub person: String,
    /// When.
    pub at: Moment,
}
