//! Who gives a command, and when.

use crate::Stamp;
use crate::record::entry::EntryId;
use crate::standard::Side;

/// Who gives a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Person id.
    pub person: String,
    /// Which side of the record the person writes.
    pub side: Side,
    /// The roles that the person holds at the office; empty: any. In the field the job says the role.
    pub roles: Vec<String>,
}

/// What the core can not know by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Who.
    pub actor: Actor,
    /// When.
    pub stamp: Stamp,
    /// Key for an entry that the command may append; fresh for every command.
    pub entry_id: EntryId,
}
