//! Exchange with the server: one request pushes and pulls for all documents, until nothing is left on either side.

mod access;
mod client;
mod compare;
mod enrol;
mod error;
mod push;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::{MutexGuard, PoisonError, TryLockError};

use jiff::Timestamp;
use jobsheet_core::record::DocumentId;
use jobsheet_wire::{
    BytesHash, DocumentPush, Exchange, MAX_BODY_BYTES, MAX_UNAPPLIED, MEDIA_TYPE, Reply, Verdict,
    decode_reply, encode_exchange,
};
use reqwest::Method;
use reqwest::blocking::RequestBuilder;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use rusqlite::params;
use serde::Serialize;

pub(crate) use access::Authorised;
pub use client::Network;
pub(crate) use client::{Client, Failed, jittered, open, streaming};
pub use error::SyncError;

use crate::files::{UploadProgress, UploadReport};
use crate::receive::{Problem, Received};
use crate::store::{self, Store};

/// Most exchanges of one sync. A first sync of 100,000 visits takes about 100; more means that one side never ends.
const MAX_EXCHANGES: u32 = 2000;

/// How far a sync has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Progress {
    /// Exchanges that are done.
    pub exchanges: u32,
    /// Changes that the server has given a verdict on.
    pub sent: u32,
    /// Changes that wait to be sent.
    pub to_send: u32,
    /// Documents that came whole.
    pub documents: u32,
    /// Changes of others that came.
    pub changes: u32,
    /// The server has more.
    pub more: bool,
    /// How far the files have come; they follow when nothing else is left.
    pub files: UploadProgress,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SyncReport {
    /// Exchanges with the server.
    pub exchanges: u32,
    /// Changes that the server committed, counting those it had already.
    pub accepted: u32,
    /// Changes that wait at the server for others; they stay in the outbox.
    pub pending: u32,
    /// Changes that were refused; they are kept in quarantine.
    pub refused: u32,
    /// Changes that were written anew because a copy of this store had written others under the same numbers.
    pub renewed: u32,
    /// Documents that came whole.
    pub documents: u32,
    /// Changes of others that came.
    pub changes: u32,
    /// Documents that this device may no longer see.
    pub revoked: u32,
    /// Documents that were not what they should be, without anything being new, and were fetched again.
    pub healed: u32,
    /// Documents of which everything that this device did is now applied: judged by the server, with every file.
    pub applied: u32,
    /// Packs that came.
    pub packs: u32,
    /// Bytes sent, as on the wire.
    pub bytes_sent: u64,
    /// Bytes received, as on the wire.
    pub bytes_received: u64,
    /// Server clock minus this device's clock, milliseconds.
    pub skew_ms: i64,
    /// What could not be taken in; nothing else was held up by it.
    pub problems: Vec<Problem>,
    /// What came of sending files.
    pub files: UploadReport,
}

impl SyncReport {
    fn add(&mut self, received: Received) {
        self.exchanges += 1;
        self.accepted += received.accepted + received.duplicates;
        self.pending = received.pending;
        self.refused += received.refused;
        self.renewed += received.renewed;
        self.documents += received.documents;
        self.changes += received.changes;
        self.revoked += received.revoked;
        self.healed += received.healed;
        self.applied += received.applied;
        self.packs += received.packs;
        self.problems.extend(received.problems);
    }
}

/// How often a request of a sync is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tries {
    /// A few times, with short waits: somebody waits for it.
    Several,
    /// Once: whoever asks tries again by itself.
    One,
}

/// The right to sync.
struct Turn<'a> {
    store: &'a Store,
    _syncing: MutexGuard<'a, ()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *store::lock(&self.store.inner.syncing_thread) = None;
    }
}

impl Store {
    /// Exchanges with the server until the outbox is empty and the server has no more; then sends the files that it does not
    /// have ([`Store::upload`]). `progress` is called after every exchange and every piece of a file and may stop the sync
    /// there; what is done until then stays done. Blocks; commands may be applied meanwhile and go out with it, and while
    /// files are being sent another call exchanges records.
    ///
    /// If another sync of this store is under way it waits for its end.
    ///
    /// Files that do not get through fail no sync: `files` of the report says what is left and why, and the next sync goes on.
    ///
    /// # Errors
    /// [`SyncError`]. Every exchange that was stored before the error stays stored.
    pub fn sync(
        &self,
        mut progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<SyncReport, SyncError> {
        let mut last = Progress::default();
        let mut report = self.sync_records(|step| {
            last = step;
            progress(step)
        })?;
        match self.upload_files(&mut |files| progress(Progress { files, ..last })) {
            Ok((_, Some(SyncError::Cancelled))) => return Err(SyncError::Cancelled),
            Ok((files, _)) if files.sent > 0 && self.awaits_receipts()? => {
                // What waited for its files is applied now.
                report.files = files;
                report.applied += self.sync_records(|_| ControlFlow::Continue(()))?.applied;
            }
            Ok((files, _)) => report.files = files,
            Err(error) => report.files.stopped = Some(error.to_string()),
        }
        Ok(report)
    }

    /// Whether there is committed work that the server has not said to be applied.
    fn awaits_receipts(&self) -> Result<bool, SyncError> {
        let mut reader = self.inner.connections.read()?;
        Ok(!store::unapplied(&*reader.begin()?, 1)?.is_empty())
    }

    /// As [`Store::sync`], without the files: for what must not wait for them.
    pub(crate) fn sync_records(
        &self,
        progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<SyncReport, SyncError> {
        Ok(self.sync_as(Tries::Several, progress)?)
    }

    /// As [`Store::sync_records`]; the error keeps what the server said.
    pub(crate) fn sync_as(
        &self,
        tries: Tries,
        progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<SyncReport, Failed> {
        let outcome = self.exchange_all(tries, progress);
        self.note_sync(outcome.as_ref().err().map(Failed::error))?;
        outcome
    }

    /// Waits until no other sync of this store is under way.
    fn take_turn(&self) -> Result<Turn<'_>, SyncError> {
        let me = std::thread::current().id();
        let syncing = match self.inner.syncing.try_lock() {
            Ok(guard) => guard,
            // The lock guards nothing but the turn: a panic of the sync before leaves nothing half done.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Whoever is told of progress and syncs there would wait for itself.
            Err(TryLockError::WouldBlock) if *store::lock(&self.inner.syncing_thread) == Some(me) => {
                return Err(SyncError::AlreadyRunning);
            }
            Err(TryLockError::WouldBlock) => {
                self.inner.syncing.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        *store::lock(&self.inner.syncing_thread) = Some(me);
        Ok(Turn { store: self, _syncing: syncing })
    }

    fn exchange_all(
        &self,
        tries: Tries,
        mut progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<SyncReport, Failed> {
        let _turn = self.take_turn()?;
        let server = self.authorised()?;
        self.seal_what_is_due()?;
        let mut report = SyncReport::default();
        let mut restarted = false;
        // Visits of which the server left something open: they wait for the next sync, the others go on.
        let mut held_back: HashSet<DocumentId> = HashSet::new();
        // What a server that revoked this device was offered: the office has it.
        let (mut revoked, mut offered): (Option<String>, HashSet<[u8; 32]>) = (None, HashSet::new());
        loop {
            let exchange = self.exchange(&held_back, &offered)?;
            if let Some(reason) = revoked.take_if(|_| exchange.push.is_empty()) {
                return Err(SyncError::Revoked(reason).into());
            }
            let body = encode_exchange(&exchange)?;
            report.bytes_sent += body.len() as u64;
            let sent = self.inner.options.clock.read();
            let finish = |request: RequestBuilder| {
                request.header(CONTENT_TYPE, MEDIA_TYPE).header(ACCEPT, MEDIA_TYPE).body(body.clone())
            };
            let answer = match tries {
                Tries::Several => server.try_send(&Method::POST, "v1/sync", finish),
                Tries::One => server.try_once(&Method::POST, "v1/sync", finish),
            };
            let answer = match (answer.as_ref().err().and_then(Failed::revoked), answer) {
                (Some(reason), _) => {
                    // The rest is offered too.
                    let changes = exchange.push.iter().flat_map(|push| &push.changes);
                    offered.extend(changes.map(|change| change.hash));
                    report.exchanges += 1;
                    if exchange.push.is_empty() || report.exchanges >= MAX_EXCHANGES {
                        return Err(SyncError::Revoked(reason).into());
                    }
                    revoked = Some(reason);
                    continue;
                }
                (None, answer) => answer?,
            };
            // Let in again meanwhile: what was only offered is sent.
            (revoked, offered) = (None, HashSet::new());
            let answer = client::read(answer, MAX_BODY_BYTES)?;
            let answered = self.inner.options.clock.read();
            report.bytes_received += answer.len() as u64;
            let reply = decode_reply(&answer, &exchange)?;
            report.skew_ms = self.compare_clocks(&reply, sent.wall, answered.wall)?;
            let received = self.receive(&reply)?;
            if received.epoch_changed && restarted {
                let reason = "the server asks to start over again and again";
                return Err(SyncError::Protocol(reason.to_owned()).into());
            }
            restarted |= received.epoch_changed;
            self.note_compared(&exchange, &reply)?;
            let more = reply.more || (received.epoch_changed && reply.cursor.is_empty());
            held_back.extend(unsettled(&exchange, &reply));
            // What can not be taken in would be offered, and refused, without end.
            held_back.extend(received.problems.iter().filter_map(|problem| problem.visit));
            report.add(received);
            let (to_send, can_send) = self.to_send(&held_back)?;
            let step = Progress {
                exchanges: report.exchanges,
                sent: report.accepted + report.refused,
                to_send,
                documents: report.documents,
                changes: report.changes,
                more,
                files: UploadProgress::default(),
            };
            if progress(step).is_break() {
                return Err(SyncError::Cancelled.into());
            }
            if !more && !can_send {
                return Ok(report);
            }
            if report.exchanges >= MAX_EXCHANGES {
                return Err(SyncError::Protocol(format!("no end after {MAX_EXCHANGES} exchanges")).into());
            }
        }
    }

    fn exchange(
        &self,
        held_back: &HashSet<DocumentId>,
        offered: &HashSet<[u8; 32]>,
    ) -> Result<Exchange, SyncError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin().map_err(SyncError::from)?;
        let cursor =
            tx.query_row("SELECT cursor FROM meta", [], |row| row.get(0)).map_err(crate::StoreError::from)?;
        let (stock, tariffs) = store::held_reference(&tx)?;
        let push::Batch { push, hand_overs } = push::batch(&tx, held_back, offered)?;
        let now = self.inner.options.clock.read().wall;
        let held = if push.is_empty() { compare::held(&tx, now)? } else { None };
        // Of what is sent now the answer tells by itself.
        let sent: HashSet<[u8; 16]> = push.iter().map(|push| push.document).collect();
        let unapplied = store::unapplied(&tx, MAX_UNAPPLIED)?.into_iter().map(DocumentId::into_bytes);
        let unapplied = unapplied.filter(|document| !sent.contains(document)).collect();
        Ok(Exchange {
            cursor,
            push,
            packs: store::held_packs(&tx)?.into_iter().map(BytesHash).collect(),
            sent_at_ms: now.as_millisecond(),
            stock: Some(stock),
            tariffs: Some(tariffs),
            held,
            unapplied,
            hand_overs,
        })
    }

    /// Notes what has been compared, so that the next ones come next. What the reply had no room for is compared again.
    fn note_compared(&self, exchange: &Exchange, reply: &Reply) -> Result<(), SyncError> {
        let upto = match (&exchange.held, reply.differed) {
            (Some(held), Some(differed)) if reply.deliveries.len() >= differed as usize => &held.upto,
            // The first time that everything has been fetched.
            (None, None) if !reply.more && !self.has_compared()? => &Vec::new(),
            _ => return Ok(()),
        };
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        compare::note(&tx, upto, self.inner.options.clock.read().wall)?;
        tx.commit()?;
        Ok(())
    }

    /// Whether everything has been fetched once.
    fn has_compared(&self) -> Result<bool, SyncError> {
        let mut reader = self.inner.connections.read()?;
        Ok(compare::has_begun(&*reader.begin()?)?)
    }

    /// How many changes wait, and whether any of them can go now.
    fn to_send(&self, held_back: &HashSet<DocumentId>) -> Result<(u32, bool), SyncError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let can_send = store::unsent_documents(&tx)?.iter().any(|document| !held_back.contains(document));
        Ok((store::all_unsent(&tx)?, can_send))
    }

    /// The server's clock minus ours, taking the middle of the exchange as the moment of the answer. Stored when it moved by
    /// more than a second: the stamps of records have second precision.
    fn compare_clocks(&self, reply: &Reply, sent: Timestamp, received: Timestamp) -> Result<i64, SyncError> {
        let middle = i64::midpoint(sent.as_millisecond(), received.as_millisecond());
        let skew = reply.server_at_ms.saturating_sub(middle);
        let known = self.skew_ms()?;
        if known.is_none_or(|known| (known - skew).abs() > 1000) {
            let mut writing = self.inner.connections.write()?;
            let tx = writing.begin()?;
            tx.execute("UPDATE meta SET skew_ms = ?1", params![skew]).map_err(crate::StoreError::from)?;
            tx.commit().map_err(crate::StoreError::from)?;
        }
        Ok(known.filter(|known| (known - skew).abs() <= 1000).unwrap_or(skew))
    }
}

/// Visits of which the server settled not every change that was offered.
fn unsettled(exchange: &Exchange, reply: &Reply) -> Vec<DocumentId> {
    let settled: HashSet<([u8; 16], [u8; 32])> = reply
        .verdicts
        .iter()
        .filter(|told| !matches!(told.verdict, Verdict::Pending(_)))
        .map(|told| (told.document, told.hash))
        .collect();
    let open = |push: &&DocumentPush| {
        push.changes.iter().any(|change| !settled.contains(&(push.document, change.hash)))
    };
    exchange.push.iter().filter(open).map(|push| DocumentId::from_bytes(push.document)).collect()
}
