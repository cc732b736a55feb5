//! One document of a reply.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jobsheet_core::record::{Document, DocumentId, adopt_orphans, read_header, under_new_actor};
use jobsheet_wire::{DESCENDS, DIVERGED, Framed, NewDocument};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::Received;
use super::rebuild::{self, Fallen};
use crate::StoreError;
use crate::apply::asks_for_a_part;
use crate::salvage::Restored;
use crate::seal::note_due;
use crate::store::{
    self, ChangeRow, Head, LoggedChange, Origin, SNAPSHOT_EVERY, Standards, State, load_visit,
};

/// What a reply says about one document.
#[derive(Default)]
pub(super) struct Work<'a> {
    /// Own changes that were refused: code and reason by hash.
    pub(super) refused: HashMap<[u8; 32], (&'a str, &'a str)>,
    /// The whole document.
    pub(super) new: Option<&'a NewDocument>,
    /// The whole document, read.
    pub(super) document: Option<Whole>,
    /// Changes, parents first.
    pub(super) tail: Vec<&'a Framed>,
    /// The device may no longer see it.
    pub(super) revoked: bool,
}

/// A document that came whole.
pub(super) struct Whole {
    pub(super) document: Document,
    /// As Automerge saves it.
    pub(super) saved: Vec<u8>,
}

/// Where one document is taken in.
pub(super) struct Incoming<'a> {
    pub(super) connection: &'a Connection,
    pub(super) standards: &'a Standards,
    pub(super) now: Timestamp,
    pub(super) visit: DocumentId,
}

/// A document while it is taken in.
pub(super) struct Draft {
    pub(super) document: Document,
    pub(super) head: Head,
    /// Changes since the stored snapshot.
    pub(super) tail: u32,
    /// The stored snapshot no longer holds what the document does.
    pub(super) rewritten: bool,
    /// The document as it is, saved; none: it is to be saved if it is to be stored whole.
    pub(super) saved: Option<Vec<u8>>,
}

/// The actor under which a change, and what follows it, is written anew. Two copies of a store that hold the same unsent work write
/// it anew alike, so that the server knows the second as it knows what is sent twice; where they differ they part once more.
fn actor_after(first: &[u8; 32]) -> [u8; 16] {
    let digest = Sha256::new_with_prefix(b"jobsheet renewed 1\0").chain_update(first).finalize();
    let mut actor = [0; 16];
    actor.copy_from_slice(&digest[..16]);
    actor
}

impl Incoming<'_> {
    /// Takes in what a reply says about the document. `false`: nothing of it could be used.
    pub(super) fn take_in(&self, mut work: Work<'_>, received: &mut Received) -> Result<bool, StoreError> {
        let Some(mut draft) = self.draft(&mut work, received)? else { return Ok(false) };
        if !work.refused.is_empty() {
            self.give_up(&mut draft, &work.refused, received)?;
        }
        if let Some(whole) = work.document {
            self.replace(&mut draft, whole)?;
            received.documents += 1;
        }
        if !work.tail.is_empty() {
            self.extend(&mut draft, &work.tail, received)?;
        }
        if work.new.is_some() || !work.tail.is_empty() {
            self.adopt_orphans(&mut draft)?;
        }
        if work.revoked {
            draft.head.revoked = true;
            received.revoked += 1;
        }
        self.finish(draft)?;
        Ok(true)
    }

    /// Makes the list row anew, as after a pack has come.
    pub(super) fn judge_again(&self) -> Result<(), StoreError> {
        let Some(head) = store::read_head(self.connection, self.visit)? else { return Ok(()) };
        let (document, tail) = load_visit(self.connection, self.visit)?;
        self.finish(Draft { document, head, tail, rewritten: false, saved: None })
    }

    fn draft(&self, work: &mut Work<'_>, received: &mut Received) -> Result<Option<Draft>, StoreError> {
        let known = store::read_head(self.connection, self.visit)?;
        let is_known = known.is_some();
        let head = known.unwrap_or(Head { version: 0, last_change: 0, revoked: false, unsent: 0 });
        if is_known {
            match load_visit(self.connection, self.visit) {
                Ok((document, tail)) => {
                    return Ok(Some(Draft { document, head, tail, rewritten: false, saved: None }));
                }
                // What is stored can not be read: the server's copy heals it, with the own changes in the log.
                Err(StoreError::Record(_)) if work.document.is_some() => {}
                Err(StoreError::Record(error)) => {
                    received.problem(Some(self.visit), error.to_string());
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        let of = |document, saved| Draft { document, head, tail: 0, rewritten: true, saved };
        if work.refused.is_empty()
            && let Some(Whole { document, saved }) = work.document.take()
        {
            let mut draft = of(document, Some(saved));
            self.merge_own(&mut draft)?;
            received.documents += 1;
            return Ok(Some(draft));
        }
        if let Some(whole) = &work.document {
            return Ok(Some(of(whole.document.clone(), None)));
        }
        // A verdict on, or a farewell to, a document that is not here changes nothing.
        if !work.tail.is_empty() {
            received.problem(Some(self.visit), "changes came for a document that is not on this device");
        }
        Ok(None)
    }

    /// Rebuilds the document without refused changes and what builds on them. What was refused because a copy of this store has
    /// written under the same numbers is written anew under another actor, and offered again.
    fn give_up(
        &self,
        draft: &mut Draft,
        refused: &HashMap<[u8; 32], (&str, &str)>,
        received: &mut Received,
    ) -> Result<(), StoreError> {
        let logged = store::logged(self.connection, self.visit)?;
        let fallen = rebuild::closure(&draft.document, &logged, refused);
        if fallen.is_empty() {
            return Ok(());
        }
        draft.document = rebuild::without(&draft.document, &logged, &fallen)?;
        draft.rewritten = true;
        let renewed = self.renew(draft, &logged, &fallen)?;
        received.renewed += u32::try_from(renewed.len()).unwrap_or(u32::MAX);
        let kept_aside = fallen.iter().filter(|change| !renewed.contains(&change.hash));
        for change in kept_aside {
            store::quarantine(self.connection, self.visit, &change.hash, &change.code, &change.reason)?;
            received.refused += 1;
        }
        Ok(())
    }

    /// Writes own changes anew that two copies of this store made under the same numbers. Gives the hashes that they had. A seal
    /// is of exact changes and can not be written anew: it is kept aside, and another one is due.
    fn renew(
        &self,
        draft: &mut Draft,
        logged: &[LoggedChange],
        fallen: &[Fallen],
    ) -> Result<HashSet<[u8; 32]>, StoreError> {
        let healable = |code: &str| [DIVERGED, DESCENDS, rebuild::BUILDS_ON_REFUSED].contains(&code);
        if !fallen.iter().any(|change| change.code == DIVERGED) {
            return Ok(HashSet::new());
        }
        let fallen: HashSet<[u8; 32]> =
            fallen.iter().filter(|change| healable(&change.code)).map(|change| change.hash).collect();
        let own: Vec<Vec<u8>> = logged
            .iter()
            .filter(|change| change.own && fallen.contains(&change.hash))
            .map(|change| change.bytes.clone())
            .collect();
        let command = |bytes: &Vec<u8>| read_header(bytes).ok().map(|header| (header.hash, header.command));
        let seals: HashSet<[u8; 32]> = own
            .iter()
            .filter_map(command)
            .filter(|(_, command)| command.as_deref() == Some("seal"))
            .map(|(hash, _)| hash)
            .collect();
        let Some(first) = own.first().and_then(|bytes| read_header(bytes).ok()) else {
            return Ok(HashSet::new());
        };
        let actor = actor_after(&first.hash);
        let mut done = HashSet::new();
        // Those that can not be written anew are kept aside as they are.
        let Ok(renewed) = under_new_actor(&own, |hash| seals.contains(hash), &actor) else {
            return Ok(done);
        };
        for change in &renewed {
            let before = draft.document.clone();
            let merged = draft.document.merge(std::slice::from_ref(&change.bytes)).is_ok();
            if !merged || !draft.document.contains(&change.hash) {
                draft.document = before;
                break;
            }
            store::rename(self.connection, self.visit, &actor, change)?;
            done.insert(change.was);
        }
        if !done.is_empty() {
            store::save_actor(self.connection, self.visit, &actor)?;
        }
        if !seals.is_empty() {
            note_due(self.connection, self.visit)?;
        }
        Ok(done)
    }

    /// Own changes that wait for changes of others which the server has lost are written anew on what it has: nobody would ever
    /// bring their parents.
    fn adopt_orphans(&self, draft: &mut Draft) -> Result<(), StoreError> {
        let own = store::own_changes(self.connection, self.visit)?.into_iter();
        let waiting: Vec<LoggedChange> =
            own.filter(|change| change.on_device && !draft.document.contains(&change.hash)).collect();
        if waiting.is_empty() {
            return Ok(());
        }
        // They do not wait inside the document any more: it would take the old one and the new one for rivals.
        let history: Vec<Vec<u8>> = draft.document.changes().into_iter().map(|change| change.bytes).collect();
        let mut document = Document::from_changes(&history)?;
        let bytes: Vec<Vec<u8>> = waiting.iter().map(|change| change.bytes.clone()).collect();
        let adopted = adopt_orphans(&mut document, &bytes);
        if adopted.is_empty() {
            return Ok(());
        }
        let done: HashSet<[u8; 32]> = adopted.iter().map(|change| change.was).collect();
        let still: Vec<Vec<u8>> = waiting
            .iter()
            .filter(|change| !done.contains(&change.hash))
            .map(|change| change.bytes.clone())
            .collect();
        document.merge(&still)?;
        for change in &adopted {
            store::rewrite(self.connection, self.visit, change)?;
        }
        draft.document = document;
        draft.rewritten = true;
        Ok(())
    }

    /// The server's copy takes the place of this device's; own changes that it lacks are merged into it and offered
    /// again.
    fn replace(&self, draft: &mut Draft, whole: Whole) -> Result<(), StoreError> {
        draft.document = whole.document;
        draft.saved = Some(whole.saved);
        draft.rewritten = true;
        self.merge_own(draft)
    }

    /// Merges own changes into a document that has just come from the server.
    fn merge_own(&self, draft: &mut Draft) -> Result<(), StoreError> {
        draft.head.revoked = false;
        store::forget_pulled(self.connection, self.visit)?;
        // What was refused and stands there all the same: somebody at the office took it in.
        for refused in store::refused_hashes(self.connection, self.visit)? {
            if draft.document.contains(&refused) {
                store::release(self.connection, self.visit, &refused)?;
            }
        }
        let mut held = HashMap::new();
        for own in store::own_changes(self.connection, self.visit)? {
            if draft.document.contains(&own.hash) {
                held.insert(own.hash, None);
                continue;
            }
            let before = draft.document.clone();
            draft.saved = None;
            match draft.document.merge(std::slice::from_ref(&own.bytes)) {
                Ok(_) if !own.on_device => store::mark_unsent(self.connection, self.visit, &own.hash)?,
                Ok(_) => {}
                Err(error) => {
                    draft.document = before;
                    store::quarantine(
                        self.connection,
                        self.visit,
                        &own.hash,
                        "unmergeable",
                        &error.to_string(),
                    )?;
                }
            }
        }
        store::mark_durable(self.connection, self.visit, &held)?;
        Ok(())
    }

    /// Merges changes of others, in one batch.
    fn extend(&self, draft: &mut Draft, tail: &[&Framed], received: &mut Received) -> Result<(), StoreError> {
        let log = store::Log::read(self.connection, self.visit)?;
        let (mut batch, mut held) = (Vec::new(), HashMap::new());
        for framed in tail {
            let header = match read_header(&framed.bytes) {
                Ok(header) if header.hash == framed.hash => header,
                Ok(_) => {
                    received.problem(Some(self.visit), "a change does not have the hash it was sent under");
                    continue;
                }
                Err(error) => {
                    received.problem(Some(self.visit), error.to_string());
                    continue;
                }
            };
            if let Some(rival) = log.rival(&header.actor, header.seq, &header.hash) {
                // The server's stands, the own one is written anew under another actor.
                let reason =
                    "the server holds another change under this number: the store was restored or cloned";
                self.give_up(draft, &HashMap::from([(rival, (DIVERGED, reason))]), received)?;
            }
            match log.state(&header.hash) {
                Some(State::OnDevice) => {
                    held.insert(header.hash, None);
                }
                Some(State::Durable) => {}
                None if draft.document.contains(&header.hash) => {}
                None => {
                    // If it is under this installation's name, a copy of it lives on.
                    store::retire_actor(self.connection, self.visit, &header.actor)?;
                    batch.push((header, framed));
                }
            }
        }
        store::mark_durable(self.connection, self.visit, &held)?;
        if batch.is_empty() {
            return Ok(());
        }
        draft.saved = None;
        let before = draft.document.clone();
        let bytes: Vec<Vec<u8>> = batch.iter().map(|(_, framed)| framed.bytes.clone()).collect();
        if let Err(error) = draft.document.merge(&bytes) {
            draft.document = before;
            received.problem(Some(self.visit), error.to_string());
            return Ok(());
        }
        for (header, framed) in &batch {
            draft.head.last_change += 1;
            store::append(
                self.connection,
                self.visit,
                draft.head.last_change,
                &ChangeRow {
                    hash: &framed.hash,
                    actor: &header.actor,
                    seq: header.seq,
                    bytes: &framed.bytes,
                    origin: Origin::Pulled,
                    state: State::Durable,
                },
            )?;
            store::release(self.connection, self.visit, &framed.hash)?;
            draft.tail += 1;
            received.changes += 1;
        }
        Ok(())
    }

    /// Takes own changes in that were saved from another store. `false`: the document is not here.
    pub(super) fn restore(&self, changes: &[Vec<u8>], restored: &mut Restored) -> Result<bool, StoreError> {
        let Some(head) = store::read_head(self.connection, self.visit)?.filter(|head| !head.revoked) else {
            return Ok(false);
        };
        let (document, tail) = load_visit(self.connection, self.visit)?;
        let log = store::Log::read(self.connection, self.visit)?;
        let mut draft = Draft { document, head, tail, rewritten: false, saved: None };
        for bytes in changes {
            let Ok(header) = read_header(bytes) else {
                restored.unusable += 1;
                continue;
            };
            if draft.document.contains(&header.hash) || log.state(&header.hash).is_some() {
                restored.known += 1;
                continue;
            }
            // One by one: a change that does not fit must not take others with it.
            let before = draft.document.clone();
            if draft.document.merge(std::slice::from_ref(bytes)).is_err() {
                draft.document = before;
                restored.unusable += 1;
                continue;
            }
            draft.head.last_change += 1;
            let (n, seq) = (draft.head.last_change, header.seq);
            let (origin, state) = (Origin::Own, State::OnDevice);
            let row = ChangeRow { hash: &header.hash, actor: &header.actor, seq, bytes, origin, state };
            store::append(self.connection, self.visit, n, &row)?;
            draft.tail += 1;
            restored.restored += 1;
        }
        self.finish(draft)?;
        Ok(true)
    }

    pub(super) fn finish(&self, draft: Draft) -> Result<(), StoreError> {
        let Draft { document, mut head, tail, rewritten, saved } = draft;
        head.version += 1;
        if rewritten || tail >= SNAPSHOT_EVERY {
            let saved = saved.unwrap_or_else(|| document.save());
            store::keep_snapshot(self.connection, self.visit, head.last_change, &saved)?;
        }
        head.unsent = store::unsent_count(self.connection, self.visit)?;
        let record = document.record();
        store::note_files(self.connection, record)?;
        let asked = record.events.values().any(|(_, event)| asks_for_a_part(&event.kind));
        if asked || record.parts.values().any(|part| part.replaces.is_some()) {
            store::note_with_parts(self.connection, self.visit)?;
        }
        let row = match self.standards.get(self.connection, &record.standard) {
            Ok(standard) => store::row_of(record, &standard, self.now, head.unsent),
            Err(StoreError::PackMissing(_) | StoreError::PackDamaged(_)) => {
                store::unjudged_row(record, head.unsent)
            }
            Err(error) => return Err(error),
        };
        store::upsert(self.connection, &head, &row, &record.standard)
    }
}
