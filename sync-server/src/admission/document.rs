//! What a device pushes for one document: judged, applied, and checked before it is committed.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jobsheet_core::record::{Command, Document, check_field_change, read_header, state};
use jobsheet_core::standard::Standard;
use jobsheet_wire::{DocumentPush, Verdict};
use uuid::Uuid;

use super::batch::{Batch, Candidate, Judged, refused};
use super::{Refused, Sender};
use crate::documents::{Loaded, commit, load, office_context};
use crate::office::By;
use crate::standards::Standards;
use crate::store::{NewChange, StoreError, Writing};

/// Largest saved document. A larger one would not fit into one reply to a device.
const MAX_DOCUMENT_BYTES: usize = 2 << 20;
/// Length of an Automerge actor id, in bytes.
const ACTOR_BYTES: usize = 16;
/// Person id of the server itself.
const SERVER: &str = "server";

/// What became of the changes pushed to one document.
pub(super) struct Admitted {
    /// A verdict for every change, in the order of the push.
    pub(super) verdicts: Vec<Verdict>,
}

/// Admits what is pushed for one document and writes it. Errors are the store's; whatever is wrong with the push itself is
/// a verdict.
pub(super) fn admit(
    tx: &Writing<'_>,
    standards: &Standards,
    sender: &Sender,
    push: &DocumentPush,
    now: jiff::Timestamp,
) -> Result<Admitted, StoreError> {
    let id = Uuid::from_bytes(push.document);
    let in_scope = tx.was_granted(&sender.technician, &id)?;
    let Some(loaded) = (if in_scope { load(tx, standards, &id)? } else { None }) else {
        let verdict = refused(&Refused::out_of_scope());
        return Ok(Admitted { verdicts: vec![verdict; push.changes.len()] });
    };
    let mut batch = read(tx, &id, push)?;
    judge(tx, &id, &loaded.visit, sender, &mut batch)?;
    let Some(merged) = merge(&loaded.visit, &mut batch) else {
        return Ok(Admitted { verdicts: batch.verdicts(&push.changes, 0) });
    };
    let first = write(tx, &id, &loaded, merged, &batch, sender, now)?;
    Ok(Admitted { verdicts: batch.verdicts(&push.changes, first) })
}

/// Reads the headers. What is known already is known whoever sends it again.
fn read(tx: &Writing<'_>, id: &Uuid, push: &DocumentPush) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    for framed in &push.changes {
        if batch.has(&framed.hash) {
            continue;
        }
        match guarded(|| read_header(&framed.bytes)) {
            Some(Ok(header)) if header.hash == framed.hash => {
                if let Some(seq) = tx.change_seq(id, &framed.hash)? {
                    batch.judge(framed.hash, Judged::Known(seq));
                } else {
                    batch.add(Candidate { header, bytes: framed.bytes.clone() });
                }
            }
            Some(Ok(_)) => {
                let refusal =
                    Refused::new("wrong-hash", "the bytes have another hash than the one they came with");
                batch.judge(framed.hash, Judged::Refused(refusal));
            }
            Some(Err(_)) | None => batch.judge(framed.hash, Judged::Refused(Refused::unreadable())),
        }
    }
    Ok(batch)
}

/// Judges each change: its parents, its actor, its place in the actor's sequence, and what it touches.
fn judge(
    tx: &Writing<'_>,
    id: &Uuid,
    visit: &Document,
    sender: &Sender,
    batch: &mut Batch,
) -> Result<(), StoreError> {
    let mut sequences: HashMap<Vec<u8>, u64> = HashMap::new();
    batch.run(
        |parent| Ok(tx.change_seq(id, parent)?.is_some()),
        |candidate| {
            let actor = &candidate.header.actor;
            if actor.len() != ACTOR_BYTES {
                return Ok(Err(Refused::new(
                    "actor-not-valid",
                    format!("an actor id has {ACTOR_BYTES} bytes"),
                )));
            }
            if let Some(owner) = tx.actor_owner(id, actor)?
                && !is_same_person(tx, owner, sender)?
            {
                return Ok(Err(Refused::new(
                    "foreign-actor",
                    "the change names an actor that is not this person's",
                )));
            }
            let last = match sequences.get(actor) {
                Some(last) => *last,
                None => tx.last_actor_seq(id, actor)?,
            };
            if candidate.header.seq <= last {
                return Ok(Err(Refused::diverged()));
            }
            if candidate.header.seq != last + 1 {
                let reason = format!("the actor's next sequence number is {}", last + 1);
                return Ok(Err(Refused::new("wrong-sequence", reason)));
            }
            match guarded(|| check_field_change(visit, &candidate.bytes, &sender.technician)) {
                Some(Ok(_)) => {
                    sequences.insert(actor.clone(), last + 1);
                    Ok(Ok(()))
                }
                Some(Err(error)) => Ok(Err(Refused::new(error.code(), error.to_string()))),
                None => Ok(Err(Refused::unreadable())),
            }
        },
    )
}

/// Whether an actor's device is the sender, or another one of the same person: what was saved from a damaged store comes
/// through the device that took its place. The actor's sequence keeps two devices apart.
fn is_same_person(tx: &Writing<'_>, owner: Option<Uuid>, sender: &Sender) -> Result<bool, StoreError> {
    let Some(owner) = owner else { return Ok(false) };
    if owner == sender.device {
        return Ok(true);
    }
    Ok(tx.device(&owner)?.is_some_and(|device| device.technician == sender.technician))
}

/// Applies the changes taken. What can not be applied, or would make a document that can not be loaded again, is taken
/// back; the rest is applied without it. `None`: nothing is left.
fn merge(visit: &Document, batch: &mut Batch) -> Option<Document> {
    loop {
        if batch.taken().is_empty() {
            return None;
        }
        if let Ok(merged) = applied(visit, batch.taken()) {
            return Some(merged);
        }
        // Nearly always all apply at once; only if not is the one looked for that does not.
        let (hash, refusal) = culprit(visit, batch.taken());
        batch.refuse_taken(&hash, refusal);
    }
}

/// The first change that can not be applied after those before it.
fn culprit(visit: &Document, taken: &[Candidate]) -> ([u8; 32], Refused) {
    let mut low = 0;
    let mut high = taken.len() - 1;
    // Prefixes apply up to some length and fail from there on: parents come first, and the failing one stays in.
    while low < high {
        let middle = low.midpoint(high);
        if applied(visit, &taken[..=middle]).is_ok() {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let refusal = applied(visit, &taken[..=low]).err().unwrap_or_else(Refused::unreadable);
    (taken[low].header.hash, refusal)
}

fn applied(visit: &Document, changes: &[Candidate]) -> Result<Document, Refused> {
    let bytes: Vec<Vec<u8>> = changes.iter().map(|candidate| candidate.bytes.clone()).collect();
    let attempt = guarded(|| {
        let mut merged = visit.clone();
        let told = merged.merge(&bytes).map_err(|_| Refused::unreadable())?;
        let whole =
            told.waiting.is_empty() && changes.iter().all(|change| merged.contains(&change.header.hash));
        if !whole || merged.record().id != visit.record().id {
            return Err(Refused::unreadable());
        }
        // A change can be accepted and then make a document that does not load: try it while nothing is written.
        let saved = merged.save();
        if saved.len() > MAX_DOCUMENT_BYTES {
            let reason = format!("the visit would exceed {MAX_DOCUMENT_BYTES} bytes");
            return Err(Refused::new("document-too-large", reason));
        }
        let reloaded = Document::load(&saved).map_err(|_| Refused::unreadable())?;
        if reloaded.heads() != merged.heads() || reloaded.record() != merged.record() {
            return Err(Refused::unreadable());
        }
        Ok(reloaded)
    });
    attempt.unwrap_or_else(|| Err(Refused::unreadable()))
}

/// Commits the changes taken and, if they complete the record, the server's own note that it has arrived.
fn write(
    tx: &Writing<'_>,
    id: &Uuid,
    loaded: &Loaded,
    mut merged: Document,
    batch: &Batch,
    sender: &Sender,
    now: jiff::Timestamp,
) -> Result<u64, StoreError> {
    let mut changes: Vec<NewChange> = batch
        .taken()
        .iter()
        .map(|candidate| NewChange {
            hash: candidate.header.hash,
            actor: candidate.header.actor.clone(),
            actor_seq: candidate.header.seq,
            bytes: candidate.bytes.clone(),
            device: Some(sender.device),
            person: sender.technician.clone(),
        })
        .collect();
    for change in &changes {
        if tx.actor_owner(id, &change.actor)?.is_none() {
            tx.add_actor(id, &change.actor, Some(&sender.device))?;
        }
    }
    let by = By::itself(SERVER, now);
    changes.extend(note_upload(&mut merged, &loaded.standard, &loaded.office_actor, &by)?);
    commit(tx, id, &merged, &loaded.standard, &changes, now)
}

/// Records that a signed record is in the system, for standards that ask for it.
fn note_upload(
    visit: &mut Document,
    standard: &Standard,
    actor: &[u8],
    by: &By,
) -> Result<Option<NewChange>, StoreError> {
    let course = standard.course(&visit.record().job);
    let Some(uploaded) = &course.flow().uploaded else { return Ok(None) };
    let done = visit.record().events.values().any(|(_, event)| event.kind == *uploaded);
    let signed = course.signing_event().and_then(|event| course.rank_of_event(event));
    let reached = signed.is_some_and(|rank| state(visit.record(), standard).rank >= rank);
    if done || !reached {
        return Ok(None);
    }
    visit.set_actor(actor);
    let command = Command::Report { event: uploaded.clone(), note: None, about: None, happened: None };
    let context = office_context(by)?;
    match visit.apply(standard, &command, &context) {
        Ok(applied) => Ok(Some(NewChange {
            hash: applied.hash,
            actor: applied.actor,
            actor_seq: applied.seq,
            bytes: applied.bytes,
            device: None,
            person: by.person.clone(),
        })),
        // The standard wants something else first; the office records the upload once that is done.
        Err(refusal) => {
            tracing::info!(visit = %visit.record().id, %refusal, "upload not recorded");
            Ok(None)
        }
    }
}

/// Runs work on bytes that a device sent. A panic costs that device a refusal and nobody else anything.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jobsheet_core::record::{Actor, Context, Registration};
    use jobsheet_core::standard::Side;
    use jobsheet_core::{Moment, Stamp};
    use sha2::Digest;

    fn context(person: &str, side: Side, id: u128) -> Context {
        let now: Moment = "2026-03-02T08:00:00Z".parse().unwrap();
        let actor = Actor { person: person.to_owned(), side, roles: Vec::new() };
        Context { actor, stamp: Stamp::wall(now), entry_id: Uuid::from_u128(id) }
    }

    fn visit(standard: &Standard) -> Document {
        let order = [("number", "1"), ("fault", "Drain"), ("urgency", "normal")];
        let order = order.into_iter().map(|(id, value)| (id.to_owned(), value.to_owned())).collect();
        let registration = Registration { job: None, order, received_at: None };
        let office = |id| context("office", Side::Office, id);
        let (mut visit, _) =
            Document::register(Uuid::from_u128(1), standard, &registration, &[1; 16], &office(2)).unwrap();
        visit.set_actor(&[1; 16]);
        let (start, end) = ("2026-03-02T10:00:00Z".parse().unwrap(), "2026-03-02T12:00:00Z".parse().unwrap());
        let dispatch = Command::Dispatch { crew: vec!["lee".to_owned()], start, end, tools: Vec::new() };
        visit.apply(standard, &dispatch, &office(3)).unwrap();
        visit
    }

    fn say(visit: &mut Document, standard: &Standard, actor: u8, id: u128) -> jobsheet_core::record::Applied {
        visit.set_actor(&[actor; 16]);
        let command = Command::Say { words: "On my way.".to_owned() };
        visit.apply(standard, &command, &context("lee", Side::Field, id)).unwrap()
    }

    /// What admission makes of bytes whose hash is right.
    fn taken(visit: &Document, bytes: &[u8]) -> Option<Document> {
        let header = guarded(|| read_header(bytes))?.ok()?;
        let mut batch = Batch::default();
        batch.add(Candidate { header, bytes: bytes.to_vec() });
        let known = |parent: &[u8; 32]| Ok::<_, StoreError>(visit.contains(parent));
        let admit =
            |candidate: &Candidate| match guarded(|| check_field_change(visit, &candidate.bytes, "lee")) {
                Some(Ok(_)) => Ok(Ok(())),
                _ => Ok(Err(Refused::unreadable())),
            };
        batch.run(known, admit).unwrap();
        merge(visit, &mut batch)
    }

    /// Automerge accepts some damaged changes and then saves what it can not load, or fails at the next edit. None of
    /// these may get in: every single bit of a change is flipped here, with the checksum made right again.
    #[test]
    fn whatever_is_taken_can_be_loaded_and_worked_on() {
        let standard = jobsheet_core::standard::builtin("execution-form").unwrap().unwrap();
        let visit = visit(&standard);
        let good = say(&mut visit.clone(), &standard, 2, 4);
        assert!(taken(&visit, &good.bytes).is_some());
        let mut admitted = 0;
        for at in 0..good.bytes.len() {
            for bit in 0..8 {
                let mut bytes = good.bytes.clone();
                bytes[at] ^= 1 << bit;
                // A chunk begins with 4 fixed bytes and the first 4 of the SHA-256 over the rest.
                let checksum = sha2::Sha256::digest(&bytes[8..]);
                bytes[4..8].copy_from_slice(&checksum[..4]);
                let Some(merged) = taken(&visit, &bytes) else { continue };
                admitted += 1;
                let mut loaded = Document::load(&merged.save()).unwrap();
                assert_eq!(loaded.heads(), merged.heads(), "byte {at}, bit {bit}");
                let edited = guarded(|| say(&mut loaded, &standard, 3, 5));
                assert!(edited.is_some(), "byte {at}, bit {bit}: no edit is possible any more");
            }
        }
        // Words, times and ids may be changed by a flip and still be a change; most flips are no change at all.
        assert!((1..good.bytes.len() * 4).contains(&admitted), "{admitted}");
    }
}
