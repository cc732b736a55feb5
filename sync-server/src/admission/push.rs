//! What a device pushes: judged by workers, document by document, and committed if the document is still what it was then.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jobsheet_wire::{BytesHash, DIVERGED, DocumentPush, Framed, HandOverBytes, Verdict, VerdictOfChange};
use uuid::Uuid;

use super::hand_over::{self, Handing, NotHanded};
use super::job::{Ask, Bytes, Done, Handed, Job, KnownActor, Pushed, Told};
use super::{Desk, Refused, Sender, refused};
use crate::derived::Derived;
use crate::secret;
use crate::store::{NewChange, StoreError, VisitSource, Writing};
use crate::workers::WorkError;

/// Most refusals of one exchange that are written to the audit log one by one.
const MAX_AUDITED_REFUSALS: usize = 100;
/// How much is judged before it is committed, in bytes of documents and changes as the store keeps them.
const COMMIT_BYTES: usize = 16 << 20;
/// How often a document is judged anew because somebody else changed it meanwhile.
const MAX_TRIES: u32 = 20;
/// Most workers that die of one exchange; what has not been judged then is not taken.
const MAX_DEATHS: u32 = 32;
/// A device whose changes have killed so many workers is shut out until the office lets it in again.
pub(crate) const MAX_STRIKES: u32 = 3;
/// Person id of the server itself.
const SERVER: &str = "server";

/// Why what was pushed was not admitted to its end. What was committed is known when it is sent again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    /// Others change the same document all the time.
    #[error("others are changing the same visit; try again")]
    Contended,
    /// The device is pushing in another request.
    #[error("another request of this device is still at work; try again")]
    AtWork,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No worker could do it, whatever was pushed.
    #[error(transparent)]
    Work(WorkError),
}

/// Devices that push now.
#[derive(Default)]
pub(crate) struct AtWork(Mutex<HashSet<Uuid>>);

/// The turn of one device. Dropped, it may push again.
struct Turn<'a>(&'a AtWork, Uuid);

impl AtWork {
    fn begin(&self, device: Uuid) -> Result<Turn<'_>, PushError> {
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if devices.insert(device) { Ok(Turn(self, device)) } else { Err(PushError::AtWork) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// Some of the changes that were pushed for one document.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Which of the pushes.
    push: usize,
    /// The first of its changes.
    from: usize,
    /// How many.
    count: usize,
    tries: u32,
    /// A worker has died of it before.
    killed: bool,
}

/// A piece that has been judged.
struct Judged {
    piece: Piece,
    /// What the document was when it was judged.
    basis: u64,
    office_actor: [u8; 16],
    done: Done,
}

/// Admits what a device pushes. Gives a verdict for every change; what is accepted is durable, and what is refused is kept for the
/// office, within limits.
pub(crate) fn push(
    desk: &Desk<'_>,
    sender: &Sender,
    pushes: &[DocumentPush],
    hand_overs: &[HandOverBytes],
    now: Timestamp,
) -> Result<Vec<VerdictOfChange>, PushError> {
    let verdicts = admit(desk, sender, pushes, hand_overs, now)?;
    if verdicts.iter().any(|told| matches!(told.verdict, Verdict::Refused { .. })) {
        desk.store.write(|tx| refused::keep(tx, sender, pushes, &verdicts, now))?;
    }
    Ok(verdicts)
}

/// Admits changes. Gives a verdict for every change; what is accepted is durable.
pub(crate) fn admit(
    desk: &Desk<'_>,
    sender: &Sender,
    pushes: &[DocumentPush],
    hand_overs: &[HandOverBytes],
    now: Timestamp,
) -> Result<Vec<VerdictOfChange>, PushError> {
    if pushes.is_empty() {
        return Ok(Vec::new());
    }
    let _turn = desk.workers.at_work.begin(sender.device)?;
    let handing = if hand_overs.is_empty() {
        Handing::default()
    } else {
        desk.store.write(|tx| hand_over::take(tx, sender, hand_overs, now))?
    };
    let mut work = Work {
        desk,
        sender,
        pushes,
        handing,
        now,
        verdicts: pushes.iter().map(|push| vec![None; push.changes.len()]).collect(),
        deaths: 0,
        strikes: 0,
        audited: 0,
    };
    work.run()?;
    let mut told = Vec::new();
    for (push, verdicts) in pushes.iter().zip(work.verdicts) {
        for (framed, verdict) in push.changes.iter().zip(verdicts) {
            let verdict = verdict.unwrap_or_else(|| as_verdict(Refused::not_judged()));
            told.push(VerdictOfChange { document: push.document, hash: framed.hash, verdict });
        }
    }
    Ok(told)
}

/// Asks a worker about changes of one document without admitting any. `None`: there is no such document, or, unless it is only to
/// show them, it is not for the sender.
pub(crate) fn ask(
    desk: &Desk<'_>,
    sender: &Sender,
    push: &DocumentPush,
    ask: Ask,
    now: Timestamp,
) -> Result<Option<Done>, PushError> {
    let work = Work {
        desk,
        sender,
        pushes: std::slice::from_ref(push),
        handing: Handing::default(),
        now,
        verdicts: vec![vec![None; push.changes.len()]],
        deaths: 0,
        strikes: 0,
        audited: 0,
    };
    let piece = Piece { push: 0, from: 0, count: push.changes.len(), tries: 0, killed: false };
    let anybodys = matches!(ask, Ask::Show);
    let Some((mut job, ..)) = work.job(piece, anybodys)? else { return Ok(None) };
    job.ask = Some(ask);
    work.judge(&mut job).map(Some).map_err(PushError::Work)
}

struct Work<'a> {
    desk: &'a Desk<'a>,
    sender: &'a Sender,
    pushes: &'a [DocumentPush],
    handing: Handing,
    now: Timestamp,
    verdicts: Vec<Vec<Option<Verdict>>>,
    deaths: u32,
    strikes: u32,
    audited: usize,
}

impl Work<'_> {
    fn run(&mut self) -> Result<(), PushError> {
        let mut line: VecDeque<Piece> = (0..)
            .zip(self.pushes)
            .filter(|(_, push)| !push.changes.is_empty())
            .map(|(at, push)| Piece { push: at, from: 0, count: push.changes.len(), tries: 0, killed: false })
            .collect();
        let mut judged = Vec::new();
        let mut held = 0;
        while let Some(piece) = line.pop_front() {
            let document = self.pushes[piece.push].document;
            // A piece of a document is judged on top of the piece before it.
            let same = |one: &Judged| self.pushes[one.piece.push].document == document;
            if judged.iter().any(same) || held >= COMMIT_BYTES {
                self.commit(&mut judged, &mut line)?;
                held = 0;
            }
            let fault = self.handing.fault(&Uuid::from_bytes(document));
            if fault == Some(NotHanded::Waits) {
                // It waits for the office, not for changes.
                self.tell(piece, |_| Verdict::Pending(Vec::new()));
                continue;
            }
            let Some((mut job, basis, office_actor)) = self.job(piece, false)? else {
                let refusal = match fault {
                    Some(NotHanded::Refused(refusal)) => refusal,
                    _ => Refused::out_of_scope(),
                };
                self.tell(piece, |_| as_verdict(refusal.clone()));
                continue;
            };
            match self.judge(&mut job) {
                Ok(done) => {
                    held += done.taken.as_ref().map_or(0, |taken| taken.document.0.len());
                    held += job.changes.iter().map(|change| change.bytes.0.len()).sum::<usize>();
                    judged.push(Judged { piece, basis, office_actor, done });
                }
                Err(WorkError::Died(_)) => self.died(piece, &mut line),
                Err(error) => return Err(PushError::Work(error)),
            }
            if line.is_empty() {
                self.commit(&mut judged, &mut line)?;
                held = 0;
            }
        }
        self.commit(&mut judged, &mut line)
    }

    /// What a worker is asked about a piece. `None`: the document is not for this device, unless it may be anybody's.
    fn job(&self, piece: Piece, anybodys: bool) -> Result<Option<(Job, u64, [u8; 16])>, PushError> {
        let push = &self.pushes[piece.push];
        let id = Uuid::from_bytes(push.document);
        let sender = self.sender;
        let found = self.desk.store.read(|tx| -> Result<_, StoreError> {
            if !anybodys && !tx.was_granted(&sender.technician, &id)? {
                return Ok(None);
            }
            let Some(source) = tx.visit_kept(&id)? else { return Ok(None) };
            let mut actors = Vec::new();
            for (actor, row) in tx.actors(&id)? {
                // What was saved from a damaged store comes through the device that took its place: any device of the person.
                let person = match row.device {
                    None => None,
                    Some(owner) if owner == sender.device => Some(sender.technician.clone()),
                    Some(owner) => tx.device(&owner)?.map(|device| device.technician),
                };
                actors.push(KnownActor { actor: Bytes(actor), person, last_seq: row.last_seq });
            }
            Ok(Some((source, actors)))
        })?;
        let Some((VisitSource { snapshot, pack, office_actor, updated_seq }, actors)) = found else {
            return Ok(None);
        };
        let pushed =
            |framed: &Framed| Pushed { hash: BytesHash(framed.hash), bytes: Bytes(framed.bytes.clone()) };
        let refused = push.changes.iter().zip(&self.verdicts[piece.push]);
        let refused = refused.filter(|(_, verdict)| matches!(verdict, Some(Verdict::Refused { .. })));
        let job = Job {
            document: Bytes(snapshot),
            pack: BytesHash(pack),
            pack_source: None,
            office_actor: Bytes(office_actor.to_vec()),
            person: sender.technician.clone(),
            actors,
            changes: push.changes[piece.from..piece.from + piece.count].iter().map(pushed).collect(),
            refused: refused.map(|(framed, _)| BytesHash(framed.hash)).collect(),
            now_ms: self.now.as_millisecond(),
            entry_id: Bytes(secret::random::<16>().map_err(StoreError::from)?.to_vec()),
            handed: push.changes[piece.from..piece.from + piece.count]
                .iter()
                .filter_map(|framed| {
                    let author = self.handing.author(&id, &framed.hash)?;
                    Some(Handed { hash: BytesHash(framed.hash), person: author.person.clone() })
                })
                .collect(),
            ask: None,
        };
        Ok(Some((job, updated_seq, office_actor)))
    }

    fn judge(&self, job: &mut Job) -> Result<Done, WorkError> {
        let pack = job.pack.0;
        let Desk { store, standards, workers } = self.desk;
        workers.judge(job, || {
            let standard = store.read(|tx| standards.pinned(tx, &pack));
            Ok(standard.map_err(|error| WorkError::Failed(error.to_string()))?.source().to_owned())
        })
    }

    /// A worker died of a piece. It may have died of itself: the piece is tried once more; then in halves, until one change
    /// remains, of which it dies.
    fn died(&mut self, piece: Piece, line: &mut VecDeque<Piece>) {
        self.deaths += 1;
        if self.deaths > MAX_DEATHS {
            self.tell(piece, |_| as_verdict(Refused::not_judged()));
            return;
        }
        if !piece.killed {
            line.push_front(Piece { killed: true, ..piece });
            return;
        }
        if piece.count == 1 {
            self.strikes += 1;
            self.tell(piece, |_| as_verdict(Refused::too_costly()));
            return;
        }
        let first = piece.count / 2;
        let second = Piece { from: piece.from + first, count: piece.count - first, ..piece };
        line.push_front(second);
        line.push_front(Piece { count: first, ..piece });
    }

    fn tell(&mut self, piece: Piece, verdict: impl Fn(usize) -> Verdict) {
        for (at, told) in
            self.verdicts[piece.push][piece.from..piece.from + piece.count].iter_mut().enumerate()
        {
            *told = Some(verdict(at));
        }
    }

    /// Commits what was judged; what is no longer judged on what stands in the store comes to the end of the line.
    fn commit(&mut self, judged: &mut Vec<Judged>, line: &mut VecDeque<Piece>) -> Result<(), PushError> {
        let judged = std::mem::take(judged);
        if judged.is_empty() && self.strikes == 0 {
            return Ok(());
        }
        let (strikes, audited) = (std::mem::take(&mut self.strikes), self.audited);
        let this = &*self;
        crate::failpoint::reached("judged");
        let written = this.desk.store.write(|tx| -> Result<_, StoreError> {
            let mut written = Vec::new();
            for one in &judged {
                written.push(this.write(tx, one)?);
            }
            let audited = this.note(tx, &judged, &written, strikes, audited)?;
            Ok((written, audited))
        });
        let (written, audited) = written?;
        self.audited = audited;
        for (Judged { piece, .. }, verdicts) in judged.into_iter().zip(written) {
            match verdicts {
                Some(verdicts) => self.tell(piece, |at| verdicts[at].clone()),
                None if piece.tries >= MAX_TRIES => return Err(PushError::Contended),
                None => line.push_back(Piece { tries: piece.tries + 1, ..piece }),
            }
        }
        Ok(())
    }

    /// Writes what was taken and gives the verdicts. `None`: the document is not what it was when this was judged.
    fn write(&self, tx: &Writing<'_>, judged: &Judged) -> Result<Option<Vec<Verdict>>, StoreError> {
        let Judged { piece, basis, office_actor, done } = judged;
        let push = &self.pushes[piece.push];
        let id = Uuid::from_bytes(push.document);
        let mut first = 0;
        if let Some(taken) = &done.taken {
            if tx.basis(&id)? != Some((*basis, *office_actor)) {
                return Ok(None);
            }
            let change = |at: u32| &push.changes[piece.from + at as usize];
            let mut changes: Vec<NewChange> = taken
                .changes
                .iter()
                .map(|one| {
                    let author = self.handing.author(&id, &change(one.at).hash);
                    NewChange {
                        actor: one.actor.0.clone(),
                        actor_seq: one.actor_seq,
                        bytes: change(one.at).bytes.clone(),
                        device: Some(author.map_or(self.sender.device, |author| author.device)),
                        person: author.map_or(&self.sender.technician, |author| &author.person).clone(),
                    }
                })
                .collect();
            changes.extend(taken.note.as_ref().map(|note| NewChange {
                actor: office_actor.to_vec(),
                actor_seq: note.actor_seq,
                bytes: note.bytes.0.clone(),
                device: None,
                person: SERVER.to_owned(),
            }));
            let derived: Derived = serde_json::from_slice(&taken.derived.0)
                .map_err(|error| StoreError::damaged("answer of a worker about", &id, &error))?;
            first = tx.append_changes(&id, &changes, self.now)?;
            let last = first + changes.len().saturating_sub(1) as u64;
            let heads: Vec<[u8; 32]> = taken.heads.iter().map(|head| head.0).collect();
            tx.store_document(&id, &taken.document.0, &heads, last)?;
            derived.store(tx, &id, first, &changes, self.now)?;
        }
        let known = if done.told.iter().any(|told| matches!(told, Told::Known)) {
            tx.change_seqs(&id)?
        } else {
            HashMap::new()
        };
        let changes = &push.changes[piece.from..piece.from + piece.count];
        // Changes of others without a hand-over that holds: it says why.
        let fault = self.handing.fault(&id);
        let verdict = |(told, framed): (&Told, &Framed)| match told {
            Told::Known => Verdict::Duplicate(known.get(&framed.hash).copied().unwrap_or_default()),
            Told::Taken(at) => Verdict::Accepted(first + u64::from(*at)),
            Told::Again(at) => Verdict::Duplicate(first + u64::from(*at)),
            Told::Waits(parents) => Verdict::Pending(parents.clone()),
            Told::Refused(code, reason) => match (code.as_str(), &fault) {
                ("foreign-actor" | "foreign-author", Some(NotHanded::Refused(refusal))) => {
                    as_verdict(refusal.clone())
                }
                _ => Verdict::Refused { code: code.clone(), reason: reason.clone() },
            },
        };
        Ok(Some(done.told.iter().zip(changes).map(verdict).collect()))
    }

    /// Notes what the office should know of refusals. Gives how many have been audited.
    fn note(
        &self,
        tx: &Writing<'_>,
        judged: &[Judged],
        written: &[Option<Vec<Verdict>>],
        strikes: u32,
        mut audited: usize,
    ) -> Result<usize, StoreError> {
        let device = self.sender.device.to_string();
        let mut diverged = false;
        for (Judged { piece, .. }, verdicts) in judged.iter().zip(written) {
            let push = &self.pushes[piece.push];
            let subject = Uuid::from_bytes(push.document).to_string();
            for (verdict, framed) in verdicts.iter().flatten().zip(&push.changes[piece.from..]) {
                let Verdict::Refused { code, .. } = verdict else { continue };
                diverged |= code == DIVERGED;
                if audited < MAX_AUDITED_REFUSALS {
                    audited += 1;
                    let detail = format!("{code} {}", jobsheet_core::hex(&framed.hash));
                    tx.audit(self.now, &device, "change-refused", &subject, &detail)?;
                }
            }
        }
        if diverged {
            tx.device_diverged(&self.sender.device, self.now)?;
            tx.audit(self.now, &device, "device-diverged", &device, "")?;
        }
        if strikes > 0 {
            let all = tx.strike_device(&self.sender.device, strikes)?;
            tx.audit(self.now, &device, "device-struck", &device, &all.to_string())?;
            if all >= MAX_STRIKES && tx.suspend_device(&self.sender.device, Some(self.now))? {
                tx.audit(self.now, SERVER, "device-suspend", &device, "strikes")?;
            }
        }
        Ok(audited)
    }
}

/// A refusal as a verdict.
fn as_verdict(refusal: Refused) -> Verdict {
    Verdict::Refused { code: refusal.code.to_owned(), reason: refusal.reason }
}
