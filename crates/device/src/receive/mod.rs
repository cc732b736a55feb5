//! What a reply of the server changes on this device: packs, verdicts, documents and the cursor, in one transaction.

mod document;
mod rebuild;
mod take_over;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jobsheet_core::hex;
use jobsheet_core::record::{Document, DocumentId};
use jobsheet_core::standard::{Kind, Standard};
use jobsheet_wire::{Delivery, Reply, Verdict};
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::StoreError;
use crate::live::Ring;
use crate::past;
use crate::salvage::Restored;
use crate::store::{self, Identity, Store};
use document::{Incoming, Whole, Work};

/// What a reply brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Received {
    /// Changes that the server has committed.
    pub accepted: u32,
    /// Changes that it had before.
    pub duplicates: u32,
    /// Changes that wait at the server for others.
    pub pending: u32,
    /// Changes that were refused, and those that built on them; all are kept.
    pub refused: u32,
    /// Changes that a copy of this store had written other ones in the place of: written anew under another name, and offered again.
    pub renewed: u32,
    /// Documents that are new on this device, or were replaced.
    pub documents: u32,
    /// Changes of others that were merged.
    pub changes: u32,
    /// Documents that this device may no longer see.
    pub revoked: u32,
    /// Documents that were not what they should be, without anything being new, and were fetched again.
    pub healed: u32,
    /// Documents of which the server has said that everything of this device's work is applied.
    pub applied: u32,
    /// Packs that were stored.
    pub packs: u32,
    /// The van stock was replaced by a newer one.
    pub stock: bool,
    /// The tariffs were replaced by newer ones.
    pub tariffs: bool,
    /// The server was restored or replaced; everything is fetched again.
    pub epoch_changed: bool,
    /// What could not be taken in. Nothing else was held up by it.
    pub problems: Vec<Problem>,
}

/// Something in a reply that could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The visit or shift, if it is about one.
    pub visit: Option<DocumentId>,
    /// What is wrong, in words, without personal data.
    pub reason: String,
}

impl Received {
    fn problem(&mut self, visit: Option<DocumentId>, reason: impl Into<String>) {
        let reason = reason.into();
        tracing::warn!(?visit, %reason, "a delivery could not be taken in");
        self.problems.push(Problem { visit, reason });
    }
}

impl Store {
    /// Stores a reply of the server, as [`Store::sync`] does with every answer. Documents, verdicts and the cursor are
    /// committed together; a document that can not be read is reported and holds up nothing else. An empty cursor leaves
    /// the stored one as it is.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; nothing of the reply is stored then.
    pub fn receive(&self, reply: &Reply) -> Result<Received, StoreError> {
        let mut received = Received::default();
        let packs = checked_packs(reply, &mut received);
        let mut work = sorted(reply);
        // Documents are read before the writer is taken: a first sync of hundreds of visits must not stop a command.
        read_ahead(&mut work, &mut received);
        let mut touched: Vec<DocumentId> = Vec::new();
        {
            let mut writing = self.inner.connections.write()?;
            let tx = writing.begin()?;
            for (sha256, source, _) in &packs {
                store::keep_pack(&tx, sha256, source)?;
                received.packs += 1;
            }
            if reply.epoch_changed {
                store::mark_all_unsent(&tx)?;
                store::forget_reference(&tx)?;
                received.epoch_changed = true;
            }
            touched.extend(verdicts(&tx, reply, &mut received)?);
            for told in &reply.applied {
                let visit = DocumentId::from_bytes(told.document);
                if store::note_applied(&tx, visit, told.seq)? {
                    received.applied += 1;
                    touched.push(visit);
                }
            }
            if let Some(differed @ 1..) = reply.differed {
                tracing::warn!(differed, "documents were not what they should be; they are fetched again");
                received.healed = count_of(reply);
            }
            let now = self.now(Identity::read(&tx)?.skew_ms);
            for (visit, work) in work {
                let incoming = Incoming { connection: &tx, standards: &self.inner.standards, now, visit };
                if incoming.take_in(work, &mut received)? {
                    touched.push(visit);
                }
            }
            for (sha256, ..) in &packs {
                for visit in store::waiting_for(&tx, sha256)? {
                    Incoming { connection: &tx, standards: &self.inner.standards, now, visit }
                        .judge_again()?;
                    touched.push(visit);
                }
            }
            // After the documents and the verdicts: the stock holds what this reply says of them.
            if let Some(stock) = &reply.stock {
                received.stock = store::keep_stock(&tx, stock)?;
            }
            if let Some(tariffs) = &reply.tariffs {
                received.tariffs = store::keep_tariffs(&tx, tariffs)?;
            }
            for history in reply.histories.iter().flatten() {
                past::keep(&tx, history)?;
            }
            if let Some(assigned) = reply.assigned {
                tx.execute("UPDATE meta SET assigned = ?1", params![assigned])?;
            }
            // A server that begins anew sends the cursor of its first page, or none: the old one is forgotten either way.
            if reply.epoch_changed || !reply.cursor.is_empty() {
                tx.execute("UPDATE meta SET cursor = ?1", params![reply.cursor])?;
            }
            tx.commit()?;
        }
        for visit in &touched {
            self.inner.warmth.forget(*visit);
        }
        self.inner.observers.changed(touched);
        Ok(received)
    }
}

impl Store {
    /// Takes changes of this person's that were saved from another store into one document, to be sent.
    pub(crate) fn restore_one(
        &self,
        visit: DocumentId,
        changes: &[Vec<u8>],
        restored: &mut Restored,
    ) -> Result<(), StoreError> {
        {
            let mut writing = self.inner.connections.write()?;
            let tx = writing.begin()?;
            let now = self.now(Identity::read(&tx)?.skew_ms);
            let incoming = Incoming { connection: &tx, standards: &self.inner.standards, now, visit };
            if !incoming.restore(changes, restored)? {
                restored.elsewhere.push(visit);
                return Ok(());
            }
            tx.commit()?;
        }
        self.inner.warmth.forget(visit);
        self.inner.bells.ring(Ring::Work);
        self.inner.observers.changed([visit]);
        Ok(())
    }
}

/// Threads that read documents.
const READERS: usize = 4;

/// Reads whole documents, on as many processors as there are.
fn read_ahead(work: &mut BTreeMap<DocumentId, Work<'_>>, received: &mut Received) {
    let mut fresh: Vec<(DocumentId, &mut Work<'_>)> =
        work.iter_mut().filter(|(_, work)| work.new.is_some()).map(|(visit, work)| (*visit, work)).collect();
    if fresh.is_empty() {
        return;
    }
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(READERS);
    let share = fresh.len().div_ceil(processors);
    let read_share = |share: &mut [(DocumentId, &mut Work<'_>)]| -> Vec<(DocumentId, String)> {
        share
            .iter_mut()
            .filter_map(|(visit, work)| read_one(*visit, work).err().map(|why| (*visit, why)))
            .collect()
    };
    let problems: Vec<(DocumentId, String)> = std::thread::scope(|scope| {
        let mut shares = fresh.chunks_mut(share);
        let own = shares.next();
        let others: Vec<_> = shares.map(|share| scope.spawn(move || read_share(share))).collect();
        let mut problems = own.map(read_share).unwrap_or_default();
        for other in others {
            match other.join() {
                Ok(found) => problems.extend(found),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        problems
    });
    for (visit, reason) in problems {
        received.problem(Some(visit), reason);
    }
}

fn read_one(visit: DocumentId, work: &mut Work<'_>) -> Result<(), String> {
    let Some(new) = work.new else { return Ok(()) };
    let document = Document::load(&new.snapshot).map_err(|error| error.to_string())?;
    if document.record().kind == Kind::Case {
        return Err("a case is worked at the office; a device holds none".to_owned());
    }
    if document.record().id != visit {
        return Err("the document has another id than it was sent under".to_owned());
    }
    let saved = document.save();
    work.document = Some(Whole { document, saved });
    Ok(())
}

/// Sorts verdicts and deliveries by visit. A new document makes what came before it in the same reply superfluous.
fn sorted(reply: &Reply) -> BTreeMap<DocumentId, Work<'_>> {
    let mut work: BTreeMap<DocumentId, Work<'_>> = BTreeMap::new();
    for verdict in &reply.verdicts {
        if let Verdict::Refused { code, reason } = &verdict.verdict {
            let work = work.entry(DocumentId::from_bytes(verdict.document)).or_default();
            work.refused.insert(verdict.hash, (code.as_str(), reason.as_str()));
        }
    }
    for delivery in &reply.deliveries {
        match delivery {
            Delivery::New(new) => {
                let work = work.entry(DocumentId::from_bytes(new.document)).or_default();
                work.new = Some(new);
                work.tail.clear();
                work.revoked = false;
            }
            Delivery::Tail(tail) => {
                let work = work.entry(DocumentId::from_bytes(tail.document)).or_default();
                work.tail.extend(&tail.changes);
            }
            Delivery::Revoked(document) => {
                work.entry(DocumentId::from_bytes(*document)).or_default().revoked = true;
            }
        }
    }
    work
}

type CheckedPack<'a> = ([u8; 32], &'a str, Arc<Standard>);

/// Packs whose text has the hash it was sent under.
fn checked_packs<'a>(reply: &'a Reply, received: &mut Received) -> Vec<CheckedPack<'a>> {
    let mut packs = Vec::new();
    for pack in &reply.packs {
        match store::checked_pack(&pack.source, &hex(&pack.sha256)) {
            Some(standard) => packs.push((pack.sha256, pack.source.as_str(), Arc::new(standard))),
            None => received.problem(
                None,
                format!("pack {} does not have the hash it was sent under", store::short(&pack.sha256)),
            ),
        }
    }
    packs
}

/// How many documents a reply brings or takes.
fn count_of(reply: &Reply) -> u32 {
    u32::try_from(reply.deliveries.len()).unwrap_or(u32::MAX)
}

/// Stores the verdicts that say a change is with the server; returns the visits whose unsent count changed.
fn verdicts(
    connection: &Connection,
    reply: &Reply,
    received: &mut Received,
) -> Result<Vec<DocumentId>, StoreError> {
    let mut settled: BTreeMap<DocumentId, HashMap<[u8; 32], Option<u64>>> = BTreeMap::new();
    for told in &reply.verdicts {
        let seq = match &told.verdict {
            Verdict::Accepted(seq) => {
                received.accepted += 1;
                *seq
            }
            Verdict::Duplicate(seq) => {
                received.duplicates += 1;
                *seq
            }
            Verdict::Pending(_) => {
                received.pending += 1;
                continue;
            }
            Verdict::Refused { .. } => continue,
        };
        settled.entry(DocumentId::from_bytes(told.document)).or_default().insert(told.hash, Some(seq));
    }
    let mut touched = Vec::new();
    for (visit, settled) in settled {
        if let Some(seq) = settled.values().copied().flatten().max() {
            store::note_durable(connection, visit, seq)?;
        }
        if store::mark_durable(connection, visit, &settled)? > 0 {
            store::count_unsent(connection, visit)?;
            touched.push(visit);
        }
    }
    Ok(touched)
}
