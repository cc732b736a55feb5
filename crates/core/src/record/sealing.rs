//! How a record stands with its signatures and its seal.

use serde::Serialize;

use super::changed::{FactChange, Mark};
use super::entry::{EntryId, Seal};
use super::view::Record;
use crate::standard::Standard;

/// How a record stands with its signatures and its seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum SealState {
    /// Somebody who must sign has not yet.
    Open,
    /// All have signed the facts as they stand; a device has to seal them.
    Due,
    /// Sealed, and no signed fact has changed since.
    Sealed {
        /// The seal.
        seal: EntryId,
    },
    /// A signed fact has changed: these roles sign again, then it is sealed again.
    Outdated {
        /// Roles whose signature stands for other facts.
        roles: Vec<String>,
    },
}

/// The signed facts that are others now, of a signature or a seal. What belongs after the signature is none of them.
pub fn outdated<'a>(record: &'a Record, standard: &Standard, mark: Mark) -> Vec<&'a FactChange> {
    let changes = record.changed_since.since(mark).unwrap_or_default();
    changes.iter().filter(|change| change.alters() && !belongs_after(record, standard, change)).collect()
}

/// Whether a signature or a seal stands for the facts as they are. One that names no version of this document stands for
/// nothing.
pub fn stands(record: &Record, standard: &Standard, mark: Mark) -> bool {
    record.changed_since.since(mark).is_some() && outdated(record, standard, mark).is_empty()
}

/// The answer is given after the signature by its nature: its duty begins with it or later.
fn belongs_after(record: &Record, standard: &Standard, change: &FactChange) -> bool {
    let course = standard.course(&record.job);
    let Some(signed) = course.signing_event() else { return false };
    let Some(rule) = change.path.strip_prefix("field/answers/").and_then(|id| standard.rule(id)) else {
        return false;
    };
    let after = rule.window().and_then(|window| window.after.as_deref());
    after.is_some_and(|after| course.begins_after(after, signed))
}

/// The signatures of a role that stand for the facts as they are.
fn standing<'a>(
    record: &'a Record,
    standard: &'a Standard,
    role: &'a str,
) -> impl Iterator<Item = &'a EntryId> {
    let of_role = record.signatures.iter().filter(move |(_, signature)| signature.role == role);
    of_role.map(|(id, _)| id).filter(|id| stands(record, standard, Mark::Signature(**id)))
}

/// Whether somebody of a role has signed the facts as they stand.
pub fn signs_off(record: &Record, standard: &Standard, role: &str) -> bool {
    standing(record, standard, role).next().is_some()
}

impl Record {
    /// How the record stands with its signatures and its seal.
    pub fn seal_state(&self, standard: &Standard) -> SealState {
        let signing = standard.course(&self.job).flow().signing.as_ref();
        let signers = signing.map_or(&[][..], |signing| &signing.signers);
        let current = |id: &EntryId| stands(self, standard, Mark::Seal(*id));
        let also = signing.map_or(&[][..], |signing| &signing.also);
        let covers = |seal: &Seal| {
            let mut standing = signers.iter().chain(also).flat_map(|role| standing(self, standard, role));
            signers.iter().all(|role| signs_off(self, standard, role))
                && standing.all(|id| seal.statement.signatures.contains_key(id))
        };
        let mut seals: Vec<_> = self.seals.iter().filter(|(id, seal)| current(id) && covers(seal)).collect();
        seals.sort_by_key(|(id, seal)| (seal.by.stamp.corrected(), **id));
        if let Some((seal, _)) = seals.last() {
            return SealState::Sealed { seal: **seal };
        }
        let signed = |role: &String| self.signatures.values().any(|signature| signature.role == **role);
        let asked = signers.iter().chain(also.iter().filter(|role| signed(role)));
        let roles: Vec<String> = asked.filter(|role| !signs_off(self, standard, role)).cloned().collect();
        if roles.is_empty() {
            if signing.is_some() { SealState::Due } else { self.without_signers() }
        } else if signers.iter().all(signed) {
            SealState::Outdated { roles }
        } else {
            SealState::Open
        }
    }

    /// Where nobody signs a seal is made by command alone.
    fn without_signers(&self) -> SealState {
        if self.seals.is_empty() { SealState::Open } else { SealState::Outdated { roles: Vec::new() } }
    }
}
