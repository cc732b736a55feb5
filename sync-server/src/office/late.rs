//! Work that a device sends after it was revoked. It is kept as it came, touches no record, and waits for somebody at the office:
//! a lost phone that was found had real work on it, and a stolen one may say anything.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use jobsheet_core::hex;
use jobsheet_wire::{DocumentPush, Exchange, Framed, MAX_CHANGES_PER_DOCUMENT, Verdict};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{By, OfficeError};
use crate::admission::{Desk, Sender, push};
use crate::documents::is_finished;
use crate::standards::Standards;
use crate::store::{LateChange, LateRow, Reading, StoreError, Writing};

/// Most changes that are kept of one revoked device.
pub(crate) const MAX_LATE_CHANGES: u64 = 20_000;
/// Most bytes of changes that are kept of one revoked device.
pub(crate) const MAX_LATE_BYTES: u64 = 16 << 20;
/// A device that only asks is noted once a minute: it may have been served this much after it was noted.
const SEEN_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// What became of what a revoked device sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LateKept {
    /// Changes that wait now, or were kept before.
    pub(crate) kept: u64,
    /// Changes that were not kept: of documents that are not the technician's, or beyond what is kept of one device.
    pub(crate) left: u64,
}

/// Keeps what a revoked device sends.
pub(crate) fn keep_late(
    tx: &Writing<'_>,
    sender: &Sender,
    message: &Exchange,
    now: Timestamp,
) -> Result<LateKept, StoreError> {
    let mut done = LateKept::default();
    let (mut changes, mut bytes) = tx.late_size(&sender.device)?;
    let mut fresh = 0;
    for push in &message.push {
        let document = Uuid::from_bytes(push.document);
        let in_scope = tx.is_visit(&document)? && tx.was_granted(&sender.technician, &document)?;
        let known = if in_scope { tx.change_seqs(&document)? } else { HashMap::new() };
        for framed in &push.changes {
            if known.contains_key(&framed.hash) {
                done.kept += 1;
                continue;
            }
            let size = framed.bytes.len() as u64;
            if !in_scope || changes >= MAX_LATE_CHANGES || bytes + size > MAX_LATE_BYTES {
                done.left += 1;
                continue;
            }
            let change = LateChange { hash: framed.hash, bytes: framed.bytes.clone() };
            if tx.keep_late(&sender.device, &document, changes, &change, now)? {
                changes += 1;
                bytes += size;
                fresh += 1;
            }
            done.kept += 1;
        }
    }
    if fresh > 0 {
        let device = sender.device.to_string();
        tx.audit(now, &device, "late-kept", &device, &fresh.to_string())?;
    }
    Ok(done)
}

/// What waits, of all revoked devices.
pub(crate) fn list_late(tx: &Reading<'_>) -> Result<Vec<LateRow>, OfficeError> {
    Ok(tx.late()?)
}

fn waiting(tx: &Reading<'_>, device: &Uuid, document: &Uuid) -> Result<Vec<LateChange>, OfficeError> {
    let changes = tx.late_changes(device, document)?;
    if changes.is_empty() {
        return Err(OfficeError::Unknown {
            what: "waiting work of this device for visit",
            id: document.to_string(),
        });
    }
    Ok(changes)
}

/// What waits of one device for one document, as a salvage file: another device of the technician can restore it.
pub(crate) fn export_late(tx: &Reading<'_>, device: &Uuid, document: &Uuid) -> Result<String, OfficeError> {
    let changes = waiting(tx, device, document)?;
    let number = tx.visit_brief(document)?.map(|brief| brief.number);
    let line = |json: serde_json::Value| {
        let json = json.to_string();
        format!("{} {json}\n", hex(&Sha256::digest(&json)))
    };
    let mut file = line(json!({"salvage": 1}));
    for change in &changes {
        // Nothing of a stranger's bytes is read here: command and time are for whoever restores them to find.
        file += &line(json!({
            "visit": document, "number": number, "change": hex(&change.hash), "command": "", "made_at": 0,
            "durable": false, "refused": false, "bytes": hex(&change.bytes),
        }));
    }
    file += &line(json!({"changes": changes.len(), "unreadable": 0}));
    Ok(file)
}

/// What became of work that was admitted.
#[derive(Debug, Default, Serialize)]
pub(crate) struct LateAdmitted {
    /// Changes that stand in the record now.
    admitted: u64,
    /// Those that go on waiting.
    waiting: Vec<LateRefused>,
}

impl std::fmt::Display for LateAdmitted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} changes admitted, {} go on waiting", self.admitted, self.waiting.len())?;
        self.waiting.iter().try_for_each(|one| write!(out, "\n{}: {} {}", one.change, one.code, one.reason))
    }
}

/// Why a change goes on waiting.
#[derive(Debug, Serialize)]
struct LateRefused {
    change: String,
    code: String,
    reason: String,
}

/// Admits what waits of one device for one document: as the work of its technician, on the way that all work of devices takes.
/// What is refused there goes on waiting. Admitting twice is admitting once.
pub(crate) fn admit_late(
    desk: &Desk<'_>,
    device: &Uuid,
    document: &Uuid,
    by: &By,
) -> Result<LateAdmitted, OfficeError> {
    let store = desk.store;
    let (found, changes) =
        store.read(|tx| Ok::<_, OfficeError>((tx.device(device)?, waiting(tx, device, document)?)))?;
    let found = found.ok_or_else(|| OfficeError::Unknown { what: "device", id: device.to_string() })?;
    let sender = Sender { device: *device, technician: found.technician, last_seen: found.last_seen_at };
    let mut done = LateAdmitted::default();
    for changes in changes.chunks(MAX_CHANGES_PER_DOCUMENT) {
        let changes = changes.iter();
        let changes: Vec<Framed> =
            changes.map(|change| Framed { hash: change.hash, bytes: change.bytes.clone() }).collect();
        let pushed = DocumentPush { document: document.into_bytes(), changes };
        // Between the two commits the changes stand in the record and wait as well: admitted again, they are known.
        let verdicts = push(desk, &sender, std::slice::from_ref(&pushed), &[], by.now)?;
        store.write(|tx| -> Result<(), OfficeError> {
            for told in &verdicts {
                let (code, reason) = match &told.verdict {
                    Verdict::Accepted(_) | Verdict::Duplicate(_) => {
                        tx.settle_late(device, document, &told.hash, true)?;
                        done.admitted += 1;
                        continue;
                    }
                    Verdict::Pending(_) => ("pending", "it builds on changes that are not here"),
                    Verdict::Refused { code, reason } => (code.as_str(), reason.as_str()),
                };
                tx.refuse_late(device, document, &told.hash, (code, reason))?;
                let (change, code, reason) = (hex(&told.hash), code.to_owned(), reason.to_owned());
                done.waiting.push(LateRefused { change, code, reason });
            }
            Ok(())
        })?;
    }
    store.write(|tx| {
        let detail = format!("{document} {}", done.admitted);
        tx.audit(by.now, &by.person, "late-admit", &device.to_string(), &detail)
    })?;
    Ok(done)
}

/// Throws away what waits of one device for one document. Gives how many changes that were.
pub(crate) fn discard_late(
    tx: &Writing<'_>,
    device: &Uuid,
    document: &Uuid,
    by: &By,
) -> Result<usize, OfficeError> {
    let changes = waiting(tx, device, document)?;
    for change in &changes {
        tx.settle_late(device, document, &change.hash, false)?;
    }
    let detail = format!("{document} {}", changes.len());
    tx.audit(by.now, &by.person, "late-discard", &device.to_string(), &detail)?;
    Ok(changes.len())
}

/// A visit or shift that was on a device when it last exchanged and is not finished: there may be work on it that the server
/// has not seen.
#[derive(Debug, Serialize)]
pub(crate) struct MayHoldWork {
    visit: Uuid,
    number: String,
    /// Its state, as far as the server knows.
    state: String,
    /// Work of the technician has begun, as far as the server knows.
    started: bool,
    /// When the device last sent something for it.
    last_work_at: Option<Timestamp>,
    /// Changes that it sent after it was revoked, which wait at the office.
    late: u64,
}

/// What may be on a device and is not known here.
#[derive(Debug, Serialize)]
pub(crate) struct Unsent {
    device: Uuid,
    technician: String,
    /// When it last exchanged; none: never, so nothing is on it.
    last_seen_at: Option<Timestamp>,
    revoked: bool,
    visits: Vec<MayHoldWork>,
}

/// Lists what may be on a device and is not known here.
pub(crate) fn unsent(tx: &Reading<'_>, standards: &Standards, device: &Uuid) -> Result<Unsent, OfficeError> {
    let unknown = || OfficeError::Unknown { what: "device", id: device.to_string() };
    let found = tx.device(device)?.ok_or_else(unknown)?;
    let late = tx.late()?;
    let mut visits = Vec::new();
    if let Some(seen) = found.last_seen_at {
        let later = tx.first_seq_after(seen.saturating_add(SEEN_TOLERANCE).unwrap_or(Timestamp::MAX))?;
        for row in tx.scope(&found.technician)? {
            // What was granted later never reached the device; what was taken away may still be on it.
            if row.granted && later.is_some_and(|later| row.seq > later) {
                continue;
            }
            let Some(brief) = tx.visit_brief(&row.document)? else { continue };
            let last_work_at = tx.last_work(device, &row.document)?;
            let waiting = late.iter().find(|late| late.device == *device && late.visit == row.document);
            let waiting = waiting.map_or(0, |late| late.changes);
            if waiting == 0 && is_finished(tx, standards, &brief) {
                continue;
            }
            let started = last_work_at.is_some();
            visits.push(MayHoldWork {
                visit: row.document,
                number: brief.number,
                state: brief.state,
                started,
                last_work_at,
                late: waiting,
            });
        }
    }
    visits.sort_by(|one, other| one.number.cmp(&other.number));
    Ok(Unsent {
        device: *device,
        technician: found.technician,
        last_seen_at: found.last_seen_at,
        revoked: found.revoked,
        visits,
    })
}
