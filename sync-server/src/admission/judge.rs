//! What a device pushes for one document: judged, applied, and checked before it may be committed.
//!
//! This runs in a worker process. It touches no store: what it needs comes with the job, and what it finds is its answer.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use jobsheet_core::record::{
    Actor, Command, Context, Document, EntryId, OwnershipError, PartUsed, ReadChange, renew_what_fits, state,
};
use jobsheet_core::standard::{Side, Standard};
use jobsheet_core::{Moment, Stamp};
use jobsheet_wire::{BytesHash, Hash, MAX_DOCUMENT_BYTES, keep_document, kept_document};
use uuid::Uuid;

use super::Refused;
use super::batch::{Batch, Candidate, Judged};
use super::job::{Ask, Bytes, Done, Job, Noted, RenewedChange, ShownChange, Taken, TakenChange};
use crate::derived::{Derived, PartUse};
use crate::office::Roles;

/// Largest document as the store keeps it, in bytes. A larger one might not fit into one reply to a device.
const MAX_KEPT_BYTES: usize = 2 << 20;
/// Length of an Automerge actor id, in bytes.
const ACTOR_BYTES: usize = 16;
/// Person id of the server itself.
const SERVER: &str = "server";

/// Why a job can not be done, whatever was pushed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    /// The document in the store can not be read.
    #[error("the document can not be read: {0}")]
    Document(String),
    /// What was judged can not be told.
    #[error("the answer can not be written: {0}")]
    Answer(String),
}

/// Parts that changes record as used, by the hash of the change.
type PartsUsed = HashMap<Hash, Vec<(EntryId, PartUsed)>>;

/// Judges what is pushed for one document. Errors are the store's; whatever is wrong with the push itself is told of its
/// changes.
pub(crate) fn judge(job: &Job, standard: &Standard) -> Result<Done, JobError> {
    let unreadable = |error: &dyn std::fmt::Display| JobError::Document(error.to_string());
    let saved = kept_document(job.document.0.clone()).map_err(|error| unreadable(&error))?;
    let visit = Document::load(&saved).map_err(|error| unreadable(&error))?;
    let mut batch = read(job, &visit);
    match &job.ask {
        Some(Ask::Show) => return Ok(show(job, &visit, batch)),
        Some(Ask::Renew(actor)) => return Ok(renew(job, &visit, &batch, actor)),
        None => {}
    }
    let mut parts = check(job, &visit, &mut batch);
    let taken = match merge(&visit, &mut batch) {
        None => None,
        Some(merged) => Some(taken(job, standard, merged, &batch, &mut parts)?),
    };
    Ok(Done { taken, ..told(job, &batch) })
}

/// What became of the changes, and nothing else.
fn told(job: &Job, batch: &Batch) -> Done {
    let told = batch.told(job.changes.iter().map(|pushed| &pushed.hash.0));
    Done { told, taken: None, shown: Vec::new(), renewed: Vec::new() }
}

/// What the changes would do to the document, and what would become of them now.
fn show(job: &Job, visit: &Document, mut batch: Batch) -> Done {
    let read: Vec<Candidate> = batch.candidates().cloned().collect();
    check(job, visit, &mut batch);
    // What is too large is not unpacked.
    let small = |candidate: &&Candidate| {
        !matches!(
            guarded(|| candidate.change.check(visit, &job.person)),
            None | Some(Err(OwnershipError::TooLarge { .. } | OwnershipError::Unreadable))
        )
    };
    let bytes: Vec<Vec<u8>> = read.iter().filter(small).map(|one| one.change.bytes().to_vec()).collect();
    let saved = visit.save_uncompressed();
    let places: HashMap<&Hash, u32> = (0..).zip(&job.changes).map(|(at, one)| (&one.hash.0, at)).collect();
    let history = |changes: &[Vec<u8>]| guarded(|| Document::history_of(&saved, changes).ok()).flatten();
    let all = match history(&bytes) {
        Some(all) => all,
        // Some do not go with each other: each by itself then.
        None => bytes.iter().filter_map(|one| history(std::slice::from_ref(one))).flatten().collect(),
    };
    let shown = all.into_iter().filter_map(|past| {
        let at = *places.get(&past.header.hash)?;
        let json = serde_json::json!({
            "command": past.header.command,
            "at": Timestamp::from_second(past.header.time).ok(),
            "actor": jobsheet_core::hex(&past.header.actor),
            "actor_seq": past.header.seq,
            "fields": past.fields,
        });
        Some((at, ShownChange { at, json: Bytes(json.to_string().into_bytes()) }))
    });
    let shown: BTreeMap<u32, ShownChange> = shown.collect();
    Done { shown: shown.into_values().collect(), ..told(job, &batch) }
}

/// The changes under another actor, as far as a device of their person may write them and they fit.
fn renew(job: &Job, visit: &Document, batch: &Batch, actor: &Bytes) -> Done {
    let candidates: Vec<Vec<u8>> = job
        .changes
        .iter()
        .filter(|pushed| batch.candidates().any(|candidate| candidate.header.hash == pushed.hash.0))
        .map(|pushed| pushed.bytes.0.clone())
        .collect();
    let renewed = <[u8; ACTOR_BYTES]>::try_from(actor.0.as_slice()).ok().and_then(|actor| {
        // A seal is of exact changes.
        let seals = batch.candidates().filter(|one| one.header.command.as_deref() == Some("seal"));
        let mut left = seals.map(|one| (one.header.hash, (String::new(), String::new()))).collect();
        guarded(|| renew_what_fits(visit, &candidates, &mut left, &job.person, &actor).1)
    });
    let renewed = renewed.unwrap_or_default().into_iter().map(|one| RenewedChange {
        was: BytesHash(one.was),
        hash: BytesHash(one.hash),
        bytes: Bytes(one.bytes),
    });
    Done { renewed: renewed.collect(), ..told(job, batch) }
}

/// Reads the headers. What is known already is known whoever sends it again.
fn read(job: &Job, visit: &Document) -> Batch {
    let mut batch = Batch::default();
    for refused in &job.refused {
        batch.judge(refused.0, Judged::Refused(Refused::descends()));
    }
    for pushed in &job.changes {
        let hash = pushed.hash.0;
        if batch.has(&hash) {
            continue;
        }
        match guarded(|| ReadChange::read(&pushed.bytes.0)) {
            Some(Ok(change)) => {
                let header = change.header();
                if header.hash != hash {
                    let refusal =
                        Refused::new("wrong-hash", "the bytes have another hash than the one they came with");
                    batch.judge(hash, Judged::Refused(refusal));
                } else if visit.contains(&hash) {
                    batch.judge(hash, Judged::Known);
                } else {
                    batch.add(Candidate { header, change });
                }
            }
            Some(Err(_)) | None => batch.judge(hash, Judged::Refused(Refused::unreadable())),
        }
    }
    batch
}

/// Judges each change: its parents, its actor, its place in the actor's sequence, and what it touches.
fn check(job: &Job, visit: &Document, batch: &mut Batch) -> PartsUsed {
    let known: HashMap<&[u8], (Option<&str>, u64)> = job
        .actors
        .iter()
        .map(|known| (known.actor.0.as_slice(), (known.person.as_deref(), known.last_seq)))
        .collect();
    let handed: HashMap<Hash, &str> =
        job.handed.iter().map(|one| (one.hash.0, one.person.as_str())).collect();
    // Whose an actor is that nobody has written under yet: what was handed over says so before anything else.
    let mut owners: HashMap<Vec<u8>, &str> = batch
        .candidates()
        .filter_map(|candidate| Some((candidate.header.actor.clone(), *handed.get(&candidate.header.hash)?)))
        .collect();
    let mut sequences: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut parts = PartsUsed::new();
    batch.run(
        |parent| visit.contains(parent),
        |Candidate { header, change }| {
            if header.actor.len() != ACTOR_BYTES {
                let reason = format!("an actor id has {ACTOR_BYTES} bytes");
                return Err(Refused::new("actor-not-valid", reason));
            }
            let author = handed.get(&header.hash).copied().unwrap_or(&job.person);
            let (owner, stored) = match known.get(header.actor.as_slice()) {
                Some(known) => *known,
                None => (Some(*owners.entry(header.actor.clone()).or_insert(author)), 0),
            };
            if owner != Some(author) {
                let reason = "the change names an actor that is not this person's";
                return Err(Refused::new("foreign-actor", reason));
            }
            let last = sequences.get(&header.actor).copied().unwrap_or(stored);
            if header.seq <= last {
                return Err(Refused::diverged());
            }
            if header.seq != last + 1 {
                let reason = format!("the actor's next sequence number is {}", last + 1);
                return Err(Refused::new("wrong-sequence", reason));
            }
            match guarded(|| change.check(visit, author)) {
                Some(Ok(used)) => {
                    sequences.insert(header.actor.clone(), last + 1);
                    if !used.is_empty() {
                        parts.insert(header.hash, used);
                    }
                    Ok(())
                }
                Some(Err(error)) => Err(Refused::new(error.code(), error.to_string())),
                None => Err(Refused::unreadable()),
            }
        },
    );
    parts
}

/// A document with changes that have been applied, and that has been loaded again from how it is kept.
struct Applied {
    visit: Document,
    kept: Vec<u8>,
}

/// Applies the changes taken. What can not be applied, or would make a document that can not be loaded again, is taken
/// back; the rest is applied without it. `None`: nothing is left.
fn merge(visit: &Document, batch: &mut Batch) -> Option<Applied> {
    loop {
        if batch.taken().is_empty() {
            return None;
        }
        if let Ok(merged) = applied(visit, batch.taken()) {
            return Some(merged);
        }
        // Nearly always all apply at once; only if not is the one looked for that does not.
        let (hash, refusal) = culprit(visit, batch.taken());
        batch.refuse_taken(&hash, &refusal);
    }
}

/// The first change that can not be applied after those before it.
fn culprit(visit: &Document, taken: &[Candidate]) -> (Hash, Refused) {
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

fn applied(visit: &Document, changes: &[Candidate]) -> Result<Applied, Refused> {
    let attempt = guarded(|| {
        let mut merged = visit.clone();
        let read = changes.iter().map(|candidate| candidate.change.clone());
        merged.take_in(read).map_err(|_| Refused::unreadable())?;
        let whole = changes.iter().all(|change| merged.contains(&change.header.hash));
        if !whole || merged.record().id != visit.record().id {
            return Err(Refused::unreadable());
        }
        // A change can be accepted and then make a document that does not load: try it while nothing is written.
        let kept = kept(&merged)?;
        let saved = kept_document(kept.clone()).map_err(|_| Refused::unreadable())?;
        let visit = Document::load(&saved).map_err(|_| Refused::unreadable())?;
        if visit.heads() != merged.heads() || visit.record() != merged.record() {
            return Err(Refused::unreadable());
        }
        Ok(Applied { visit, kept })
    });
    attempt.unwrap_or_else(|| Err(Refused::unreadable()))
}

/// A document as the store keeps it.
fn kept(visit: &Document) -> Result<Vec<u8>, Refused> {
    let saved = visit.save_uncompressed();
    let kept = keep_document(&saved).map_err(|_| Refused::unreadable())?;
    for (size, limit) in [(saved.len(), MAX_DOCUMENT_BYTES), (kept.len(), MAX_KEPT_BYTES)] {
        if size > limit {
            let reason = format!("the visit would exceed {limit} bytes");
            return Err(Refused::new("document-too-large", reason));
        }
    }
    Ok(kept)
}

/// What is to be committed: the changes taken and, if they complete the record, the server's own note that it has arrived.
fn taken(
    job: &Job,
    standard: &Standard,
    Applied { mut visit, kept: mut document }: Applied,
    batch: &Batch,
    parts: &mut PartsUsed,
) -> Result<Taken, JobError> {
    let now = Timestamp::from_millisecond(job.now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let places: HashMap<&Hash, u32> = (0..).zip(&job.changes).map(|(at, one)| (&one.hash.0, at)).collect();
    let mut changes = Vec::new();
    let mut uses = Vec::new();
    for (index, Candidate { header, .. }) in batch.taken().iter().enumerate() {
        let at = places.get(&header.hash).copied().unwrap_or_default();
        let (actor, actor_seq) = (Bytes(header.actor.clone()), header.seq);
        changes.push(TakenChange { at, actor, actor_seq });
        let used = parts.remove(&header.hash).unwrap_or_default();
        uses.extend(used.into_iter().map(|(entry, part)| PartUse::of(index, entry, part)));
    }
    let note = note_upload(&mut visit, standard, job, now);
    if note.is_some() {
        document = kept(&visit).map_err(|refusal| JobError::Answer(refusal.reason))?;
    }
    let noted = note.iter().map(|note| note.bytes.0.as_slice());
    let bytes = batch.taken().iter().map(|candidate| candidate.change.bytes()).chain(noted);
    let derived = Derived::of(&visit, standard, bytes, uses, now);
    let derived = serde_json::to_vec(&derived).map_err(|error| JobError::Answer(error.to_string()))?;
    Ok(Taken {
        changes,
        note,
        document: Bytes(document),
        heads: visit.heads().into_iter().map(BytesHash).collect(),
        derived: Bytes(derived),
    })
}

/// Records that a signed record is in the system, for standards that ask for it.
fn note_upload(visit: &mut Document, standard: &Standard, job: &Job, now: Timestamp) -> Option<Noted> {
    let course = standard.course(&visit.record().job);
    let uploaded = course.flow().uploaded.as_ref()?;
    let done = visit.record().events.values().any(|(_, event)| event.kind == *uploaded);
    let signed = course.signing_event().and_then(|event| course.rank_of_event(event));
    let reached = signed.is_some_and(|rank| state(visit.record(), standard).rank >= rank);
    if done || !reached {
        return None;
    }
    let entry_id = Uuid::from_slice(&job.entry_id.0).ok()?;
    visit.set_actor(&job.office_actor.0);
    let command = Command::Report { event: uploaded.clone(), note: None, about: None, happened: None };
    let actor = Actor { person: SERVER.to_owned(), side: Side::Office, roles: Roles::admin().ids() };
    let context = Context { actor, stamp: Stamp::wall(Moment::utc(now)), entry_id };
    // The standard may want something else first; the office records the upload once that is done.
    let applied = visit.apply(standard, &command, &context).ok()?;
    Some(Noted { actor_seq: applied.seq, bytes: Bytes(applied.bytes) })
}

/// Runs work on bytes that a device sent. A panic costs that device a refusal and nobody else anything.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::job::Pushed;
    use jobsheet_core::record::Registration;
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
    fn taken(visit: &Document, standard: &Standard, bytes: &[u8]) -> Option<Document> {
        let hash = guarded(|| ReadChange::read(bytes))?.ok()?.header().hash;
        let job = Job {
            document: Bytes(visit.save_uncompressed()),
            pack: BytesHash([0; 32]),
            pack_source: None,
            office_actor: Bytes(vec![1; 16]),
            person: "lee".to_owned(),
            actors: Vec::new(),
            changes: vec![Pushed { hash: BytesHash(hash), bytes: Bytes(bytes.to_vec()) }],
            refused: Vec::new(),
            now_ms: 0,
            entry_id: Bytes(vec![9; 16]),
            handed: Vec::new(),
            ask: None,
        };
        let taken = judge(&job, standard).unwrap().taken?;
        Some(Document::load(&kept_document(taken.document.0).unwrap()).unwrap())
    }

    /// Automerge accepts some damaged changes and then saves what it can not load, or fails at the next edit. None of
    /// these may get in: every single bit of a change is flipped here, with the checksum made right again.
    #[test]
    fn whatever_is_taken_can_be_loaded_and_worked_on() {
        let standard = jobsheet_core::standard::builtin("execution-form").unwrap().unwrap();
        let visit = visit(&standard);
        let good = say(&mut visit.clone(), &standard, 2, 4);
        assert!(taken(&visit, &standard, &good.bytes).is_some());
        let mut admitted = 0;
        for at in 0..good.bytes.len() {
            for bit in 0..8 {
                let mut bytes = good.bytes.clone();
                bytes[at] ^= 1 << bit;
                // A chunk begins with 4 fixed bytes and the first 4 of the SHA-256 over the rest.
                let checksum = sha2::Sha256::digest(&bytes[8..]);
                bytes[4..8].copy_from_slice(&checksum[..4]);
                let Some(merged) = taken(&visit, &standard, &bytes) else { continue };
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
