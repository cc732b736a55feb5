//! What comes into a document otherwise than by a reply: a visit that was handed over, refused changes that are written anew.

use std::collections::HashSet;

use jiff::Timestamp;
use jobsheet_core::record::Document;
use jobsheet_core::seal::file::HandOverFile;
use jobsheet_core::unhex;
use rusqlite::Connection;

use super::document::{Draft, Incoming};
use crate::StoreError;
use crate::hand_over::HandOverError;
use crate::store::{self, ChangeRow, Head, Identity, Origin, State, Store, load_visit};

impl Store {
    /// Takes a verified hand-over in; gives how many changes of others are to be brought to the server. `files` are
    /// attachments that came with it.
    pub(crate) fn take_over(
        &self,
        file: &HandOverFile,
        handed: &HashSet<[u8; 32]>,
        files: &[String],
    ) -> Result<u32, HandOverError> {
        let visit = file.document.record().id;
        let changes = {
            let mut writing = self.inner.connections.write()?;
            let tx = writing.begin()?;
            if let Some(sha256) = unhex(file.standard.sha256()).and_then(|bytes| bytes.try_into().ok()) {
                store::keep_pack(&tx, &sha256, file.standard.source())?;
            }
            store::keep_hand_overs(&tx, visit, &file.signed)?;
            let now = self.now(Identity::read(&tx)?.skew_ms);
            let incoming = Incoming { connection: &tx, standards: &self.inner.standards, now, visit };
            let changes = incoming.take_over(&file.document, handed)?;
            for sha256 in files {
                store::bring_file(&tx, visit, sha256)?;
            }
            tx.commit().map_err(StoreError::from)?;
            changes
        };
        self.inner.warmth.forget(visit);
        self.inner.observers.changed([visit]);
        Ok(changes)
    }
}

impl Store {
    /// Stores a document into which refused changes were written anew.
    pub(crate) fn write_repaired(
        &self,
        connection: &Connection,
        now: Timestamp,
        document: Document,
        head: Head,
        tail: u32,
    ) -> Result<(), StoreError> {
        let visit = document.record().id;
        let incoming = Incoming { connection, standards: &self.inner.standards, now, visit };
        incoming.finish(Draft { document, head, tail, rewritten: true, saved: None })
    }
}

impl Incoming<'_> {
    fn take_over(&self, theirs: &Document, handed: &HashSet<[u8; 32]>) -> Result<u32, HandOverError> {
        let mut draft = if let Some(head) = store::read_head(self.connection, self.visit)? {
            let (document, tail) = load_visit(self.connection, self.visit)?;
            Draft { document, head, tail, rewritten: true, saved: None }
        } else {
            let head = Head { version: 0, last_change: 0, revoked: false, unsent: 0 };
            Draft { document: theirs.clone(), head, tail: 0, rewritten: true, saved: None }
        };
        let is_new = draft.head.version == 0;
        let log = store::Log::read(self.connection, self.visit)?;
        let all = theirs.changes().into_iter();
        let lacked: Vec<_> = all
            .filter(|change| log.state(&change.hash).is_none())
            .filter(|change| is_new || !draft.document.contains(&change.hash))
            .collect();
        if !is_new {
            let bytes: Vec<Vec<u8>> = lacked.iter().map(|change| change.bytes.clone()).collect();
            draft.document.merge(&bytes).map_err(HandOverError::Unmergeable)?;
        }
        draft.head.revoked = false;
        let mut brought = 0;
        for change in lacked.iter().filter(|change| handed.contains(&change.hash)) {
            draft.head.last_change += 1;
            let row = ChangeRow {
                hash: &change.hash,
                actor: &change.actor,
                seq: change.seq,
                bytes: &change.bytes,
                origin: Origin::Handed,
                state: State::OnDevice,
            };
            store::append(self.connection, self.visit, draft.head.last_change, &row)?;
            store::release(self.connection, self.visit, &change.hash)?;
            brought += 1;
        }
        self.finish(draft)?;
        Ok(brought)
    }
}
