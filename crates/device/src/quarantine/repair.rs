//! Writing refused changes anew under an actor of this device, where what stood against them has gone.

use std::collections::{BTreeMap, HashMap};

use jobsheet_core::hex;
use jobsheet_core::record::{Document, DocumentId, NotRenewed, Renewed, read_header, renew_what_fits};
use serde::Serialize;

use super::Quarantined;
use crate::apply::visible_head;
use crate::store::{self, ChangeRow, Identity, Origin, State, Store, load_visit};
use crate::{ApplyError, StoreError, random};

/// Codes of refusals that writing a change anew does not change: it is the change itself that the server does not take.
const OF_THE_CHANGE: [&str; 6] =
    ["unreadable", "wrong-hash", "no-parent", "too-costly", "too-large", "document-too-large"];
/// Code of a seal, which is of exact changes: another one is made instead.
const SEAL: &str = "seal";

/// A refused change that is written anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// SHA-256 of the change that was refused, hexadecimal.
    pub change: String,
    /// SHA-256 of the one that says the same now.
    pub now: String,
    /// Name of the command.
    pub command: String,
}

/// A refused change that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftRefused {
    /// SHA-256 of the change, hexadecimal.
    pub change: String,
    /// Name of the command.
    pub command: String,
    /// Why it can not be written anew, as a short code in kebab case.
    pub code: String,
    /// Why, in words.
    pub reason: String,
}

/// What came, or would come, of writing the refused changes of a visit anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// The visit or shift.
    pub visit: DocumentId,
    /// What is written anew, and goes out with the next sync.
    pub written: Vec<Repaired>,
    /// What stays refused: show it, give the commands again by hand, export or discard it.
    pub left: Vec<LeftRefused>,
}

/// What would be written.
struct Plan {
    document: Document,
    actor: [u8; 16],
    renewed: Vec<Renewed>,
    told: Repair,
}

impl Store {
    /// What [`Store::repair`] would do. Writes nothing.
    ///
    /// # Errors
    /// As [`Store::repair`].
    pub fn repair_preview(&self, visit: DocumentId) -> Result<Repair, ApplyError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        visible_head(&tx, visit)?;
        let me = Identity::read(&tx)?.technician.ok_or(ApplyError::NotEnrolled)?;
        let (document, _) = load_visit(&tx, visit)?;
        Ok(plan(&document, visit, &me, &self.refused_of(visit)?)?.told)
    }

    /// Writes the refused changes of a visit anew, with the same entries, times and words, under another actor of this
    /// device: after the office has assigned the visit again, after a server that was restored has what they build on, or where
    /// only a change before them was at fault. What the server would refuse again stays as it is, and is told with the reason.
    ///
    /// # Errors
    /// [`StoreError::Revoked`] while the visit is not assigned to this device, [`StoreError::UnknownVisit`] if it is not here.
    pub fn repair(&self, visit: DocumentId) -> Result<Repair, ApplyError> {
        let refused = self.refused_of(visit)?;
        let told = {
            let mut writing = self.inner.connections.write()?;
            let tx = writing.begin()?;
            let head = visible_head(&tx, visit)?;
            let identity = Identity::read(&tx)?;
            let me = identity.technician.ok_or(ApplyError::NotEnrolled)?;
            let (document, tail) = load_visit(&tx, visit)?;
            let Plan { document, actor, renewed, told } = plan(&document, visit, &me, &refused)?;
            let mut n = head.last_change;
            for change in &renewed {
                n += 1;
                let row = ChangeRow {
                    hash: &change.hash,
                    actor: &actor,
                    seq: change.seq,
                    bytes: &change.bytes,
                    origin: Origin::Own,
                    state: State::OnDevice,
                };
                store::append(&tx, visit, n, &row)?;
                store::release(&tx, visit, &change.was)?;
            }
            if !renewed.is_empty() {
                store::save_actor(&tx, visit, &actor)?;
                crate::seal::note_due(&tx, visit)?;
                let now = self.now(identity.skew_ms);
                self.write_repaired(&tx, now, document, store::Head { last_change: n, ..head }, tail)?;
            }
            tx.commit()?;
            told
        };
        self.inner.warmth.forget(visit);
        self.inner.observers.changed([visit]);
        Ok(told)
    }

    fn refused_of(&self, visit: DocumentId) -> Result<Vec<Quarantined>, StoreError> {
        let mut refused = self.quarantine()?;
        refused.retain(|kept| kept.visit == visit);
        Ok(refused)
    }
}

/// Finds out what can be written anew: all that a device of this person may write and that fits the document; the rest is left
/// out, and what builds on it builds on what it built on.
fn plan(
    document: &Document,
    visit: DocumentId,
    me: &str,
    refused: &[Quarantined],
) -> Result<Plan, StoreError> {
    let actor = random::bytes::<16>()?;
    let mut left: BTreeMap<[u8; 32], NotRenewed> = BTreeMap::new();
    let assigned = document.record().workers().contains(&me);
    let mut known = Vec::new();
    let mut unreadable = Vec::new();
    for kept in refused {
        let Ok(header) = read_header(&kept.bytes) else {
            unreadable.push(kept);
            continue;
        };
        if !assigned {
            let reason = "the office has not assigned it to you; ask there, sync, and try again".to_owned();
            left.insert(header.hash, ("not-assigned".to_owned(), reason));
        } else if OF_THE_CHANGE.contains(&kept.code.as_str()) {
            left.insert(header.hash, (kept.code.clone(), kept.reason.clone()));
        } else if header.command.as_deref() == Some(SEAL) {
            let reason = "a seal is of exact changes; the record is sealed anew once it is signed".to_owned();
            left.insert(header.hash, (SEAL.to_owned(), reason));
        }
        known.push((header, kept));
    }
    let own: Vec<Vec<u8>> = known.iter().map(|(_, kept)| kept.bytes.clone()).collect();
    let (merged, renewed) = renew_what_fits(document, &own, &mut left, me, &actor);
    let command = |kept: &Quarantined| kept.command.clone();
    let now: HashMap<[u8; 32], &Renewed> = renewed.iter().map(|change| (change.was, change)).collect();
    let mut told = Repair { visit, written: Vec::new(), left: Vec::new() };
    for (header, kept) in &known {
        match (now.get(&header.hash), left.get(&header.hash)) {
            (Some(renewed), _) => told.written.push(Repaired {
                change: kept.change.clone(),
                now: hex(&renewed.hash),
                command: command(kept),
            }),
            (None, fault) => {
                let (code, reason) =
                    fault.cloned().unwrap_or_else(|| (kept.code.clone(), kept.reason.clone()));
                told.left.push(LeftRefused {
                    change: kept.change.clone(),
                    command: command(kept),
                    code,
                    reason,
                });
            }
        }
    }
    told.left.extend(unreadable.into_iter().map(|kept| LeftRefused {
        change: kept.change.clone(),
        command: command(kept),
        code: "unreadable".to_owned(),
        reason: "its bytes can not be read; export it for the office, or discard it".to_owned(),
    }));
    Ok(Plan { document: merged, actor, renewed, told })
}
