//! Work that waits for somebody at the office. What a device sends after it was revoked is kept as it came and touches no record: a
//! lost phone that was found had real work on it, and a stolen one may say anything. What was refused is kept beside it, with the
//! reason. No bytes of it are read in this process: a worker says what it is.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use jobsheet_core::hex;
use jobsheet_wire::{DocumentPush, Exchange, Framed, MAX_CHANGES_PER_DOCUMENT, Verdict};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{By, OfficeError};
use crate::admission::{Ask, Bytes, Desk, PushError, Sender, Told, admit, ask};
use crate::documents::is_finished;
use crate::secret;
use crate::standards::Standards;
use crate::store::{LateCause, LateChange, LateRow, Reading, StoreError, Writing};

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
    let (mut changes, mut bytes) = tx.late_size(&sender.device, LateCause::Revoked)?;
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
            let change = LateChange { hash: framed.hash, bytes: framed.bytes.clone(), refusal: None };
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

/// What waits, of all devices.
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

impl LateAdmitted {
    /// Notes why a change goes on waiting.
    fn waits(
        &mut self,
        tx: &Writing<'_>,
        device: &Uuid,
        document: &Uuid,
        hash: &[u8; 32],
        (code, reason): (&str, &str),
    ) -> Result<(), StoreError> {
        tx.refuse_late(device, document, hash, (code, reason))?;
        let (change, code, reason) = (hex(hash), code.to_owned(), reason.to_owned());
        self.waiting.push(LateRefused { change, code, reason });
        Ok(())
    }
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

/// What waits of one device for one document, and on whose behalf it is looked at.
fn sender_of(
    desk: &Desk<'_>,
    device: &Uuid,
    document: &Uuid,
) -> Result<(Sender, Vec<LateChange>), OfficeError> {
    let (found, changes) =
        desk.store.read(|tx| Ok::<_, OfficeError>((tx.device(device)?, waiting(tx, device, document)?)))?;
    let found = found.ok_or_else(|| OfficeError::Unknown { what: "device", id: device.to_string() })?;
    let sender = Sender { device: *device, technician: found.technician, last_seen: found.last_seen_at };
    Ok((sender, changes))
}

fn pushed(document: &Uuid, changes: &[LateChange]) -> DocumentPush {
    let framed = |change: &LateChange| Framed { hash: change.hash, bytes: change.bytes.clone() };
    DocumentPush { document: document.into_bytes(), changes: changes.iter().map(framed).collect() }
}

/// Why a change does not come in: code and reason. `None`: it does.
fn stands_against(verdict: &Verdict) -> Option<(&str, &str)> {
    match verdict {
        Verdict::Accepted(_) | Verdict::Duplicate(_) => None,
        Verdict::Pending(_) => Some(("pending", "it builds on changes that are not here")),
        Verdict::Refused { code, reason } => Some((code, reason)),
    }
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
    let (sender, changes) = sender_of(desk, device, document)?;
    let mut done = LateAdmitted::default();
    for changes in changes.chunks(MAX_CHANGES_PER_DOCUMENT) {
        // Between the two commits the changes stand in the record and wait as well: admitted again, they are known.
        let verdicts = admit(desk, &sender, &[pushed(document, changes)], &[], by.now)?;
        store.write(|tx| -> Result<(), OfficeError> {
            for told in &verdicts {
                match stands_against(&told.verdict) {
                    None => {
                        tx.settle_late(device, document, &told.hash, true)?;
                        done.admitted += 1;
                    }
                    Some(against) => done.waits(tx, device, document, &told.hash, against)?,
                }
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

/// Writes what waits of one device for one document anew under another actor, as the work of its technician, and admits that: where
/// only the name under which it was written, or a change before it, stood against it. What can not be taken so goes on waiting.
pub(crate) fn repair_late(
    desk: &Desk<'_>,
    device: &Uuid,
    document: &Uuid,
    by: &By,
) -> Result<LateAdmitted, OfficeError> {
    let (sender, changes) = sender_of(desk, device, document)?;
    let actor: [u8; 16] = secret::random()?;
    let whole = pushed(document, &changes);
    let out = || OfficeError::Unknown { what: "visit of this device's technician", id: document.to_string() };
    let asked = ask(desk, &sender, &whole, Ask::Renew(Bytes(actor.to_vec())), by.now)?.ok_or_else(out)?;
    let (mut was, mut renewed) = (HashMap::new(), Vec::new());
    for one in asked.renewed {
        was.insert(one.hash.0, one.was.0);
        renewed.push(Framed { hash: one.hash.0, bytes: one.bytes.0 });
    }
    let push = DocumentPush { document: document.into_bytes(), changes: renewed };
    let verdicts = admit(desk, &sender, std::slice::from_ref(&push), &[], by.now)?;
    let mut done = LateAdmitted::default();
    desk.store.write(|tx| -> Result<(), OfficeError> {
        let mut told: HashMap<[u8; 32], &Verdict> = HashMap::new();
        told.extend(verdicts.iter().filter_map(|told| Some((*was.get(&told.hash)?, &told.verdict))));
        for change in &changes {
            let not_taken =
                ("not-repairable", "it can not be written anew: show it, and enter what is right by hand");
            match told.get(&change.hash).map(|verdict| stands_against(verdict)) {
                Some(None) => {
                    tx.settle_late(device, document, &change.hash, true)?;
                    done.admitted += 1;
                }
                Some(Some(against)) => done.waits(tx, device, document, &change.hash, against)?,
                None => {
                    let known =
                        change.refusal.as_ref().map(|(code, reason)| (code.as_str(), reason.as_str()));
                    done.waits(tx, device, document, &change.hash, known.unwrap_or(not_taken))?;
                }
            }
        }
        let detail = format!("{document} {}", done.admitted);
        tx.audit(by.now, &by.person, "late-repair", &device.to_string(), &detail)?;
        Ok(())
    })?;
    Ok(done)
}

/// A change that waits, as a worker reads it.
#[derive(Debug, Serialize)]
pub(crate) struct LateShown {
    /// SHA-256 of the change.
    change: String,
    /// Why it was refused; none: nobody has judged it.
    code: Option<String>,
    /// Why, in words.
    reason: Option<String>,
    /// What would become of it if it were admitted now: `accepted`, `duplicate`, `pending` or the code of a refusal.
    now: String,
    /// Command, time, actor, number and what it would do to each field; none: its bytes can not be read.
    says: Option<serde_json::Value>,
}

/// What waits of one device for one document, change by change.
pub(crate) fn show_late(
    desk: &Desk<'_>,
    device: &Uuid,
    document: &Uuid,
    now: Timestamp,
) -> Result<Vec<LateShown>, OfficeError> {
    let (sender, changes) = sender_of(desk, device, document)?;
    let in_scope = desk.store.read(|tx| tx.was_granted(&sender.technician, document))?;
    let mut shown = Vec::new();
    for changes in changes.chunks(MAX_CHANGES_PER_DOCUMENT) {
        let (asked, otherwise) = match ask(desk, &sender, &pushed(document, changes), Ask::Show, now) {
            // A worker that dies of them says nothing of them.
            Err(PushError::Work(error)) => {
                tracing::warn!(%error, "changes that wait can not be shown");
                (None, if in_scope { "too-costly" } else { "out-of-scope" })
            }
            asked => (asked?, "out-of-scope"),
        };
        let mut says: HashMap<usize, serde_json::Value> = HashMap::new();
        for one in asked.iter().flat_map(|done| &done.shown) {
            if let Ok(json) = serde_json::from_slice(&one.json.0) {
                says.insert(one.at as usize, json);
            }
        }
        for (at, change) in changes.iter().enumerate() {
            let now = match asked.as_ref().filter(|_| in_scope).map(|done| done.told.get(at)) {
                None => otherwise,
                Some(Some(Told::Known)) => "duplicate",
                Some(Some(Told::Taken(_) | Told::Again(_))) => "accepted",
                Some(Some(Told::Waits(_))) => "pending",
                Some(Some(Told::Refused(code, _))) => code,
                Some(None) => "unreadable",
            };
            let (code, reason) = change.refusal.clone().unzip();
            let (now, says) = (now.to_owned(), says.remove(&at));
            shown.push(LateShown { change: hex(&change.hash), code, reason, now, says });
        }
    }
    Ok(shown)
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
