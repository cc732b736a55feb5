//! What one exchange carries: unsent changes, parents first, within the limits of the protocol.

use std::collections::HashSet;

use jobsheet_core::record::DocumentId;
use jobsheet_wire::{
    DocumentPush, Framed, HandOverBytes, MAX_CHANGES_PER_DOCUMENT, MAX_DOCUMENTS_PER_EXCHANGE,
    MAX_HAND_OVERS_PER_EXCHANGE,
};
use rusqlite::Connection;

use crate::StoreError;
use crate::store;

/// Most bytes of changes in one exchange. Half of what a body may have even if nothing compresses, so that hashes and
/// frames fit beside it; small enough that an exchange lost on a bad network costs little.
const BATCH_BYTES: usize = 1 << 20;

/// Most bytes of hand-overs in one exchange.
const HAND_OVER_BYTES: usize = 2 << 20;

/// What one exchange carries of the outbox.
#[derive(Default)]
pub(super) struct Batch {
    /// Changes by document.
    pub(super) push: Vec<DocumentPush>,
    /// What was signed that changes of others among them were handed over by.
    pub(super) hand_overs: Vec<HandOverBytes>,
}

/// The next batch, without what has been `offered`. Documents whose changes do not fit come with a later one.
pub(super) fn batch(
    connection: &Connection,
    held_back: &HashSet<DocumentId>,
    offered: &HashSet<[u8; 32]>,
) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    let (mut room, mut signed_room) = (BATCH_BYTES, HAND_OVER_BYTES);
    let documents = store::unsent_documents(connection)?;
    for document in documents.into_iter().filter(|document| !held_back.contains(document)) {
        if batch.push.len() >= MAX_DOCUMENTS_PER_EXCHANGE || room == 0 {
            break;
        }
        let (changes, handed) = changes(connection, document, offered, &mut room)?;
        if changes.is_empty() {
            continue;
        }
        if handed {
            let signed = store::hand_overs(connection, document)?;
            let size: usize = signed.iter().map(Vec::len).sum();
            let many = batch.hand_overs.len() + signed.len();
            if !batch.push.is_empty() && (size > signed_room || many > MAX_HAND_OVERS_PER_EXCHANGE) {
                // With a later one.
                continue;
            }
            signed_room = signed_room.saturating_sub(size);
            batch.hand_overs.extend(signed.into_iter().map(HandOverBytes));
        }
        batch.push.push(DocumentPush { document: document.into_bytes(), changes });
    }
    Ok(batch)
}

/// Unsent changes of one document, as many as fit, and whether others handed over some of them: a child never goes before its
/// parent.
fn changes(
    connection: &Connection,
    document: DocumentId,
    offered: &HashSet<[u8; 32]>,
    room: &mut usize,
) -> Result<(Vec<Framed>, bool), StoreError> {
    let (mut changes, mut handed) = (Vec::new(), false);
    let unsent = store::own_changes(connection, document)?
        .into_iter()
        .filter(|change| change.on_device && !offered.contains(&change.hash));
    for change in unsent.take(MAX_CHANGES_PER_DOCUMENT) {
        if change.bytes.len() > *room {
            *room = 0;
            break;
        }
        *room -= change.bytes.len();
        handed |= change.handed;
        changes.push(Framed { hash: change.hash, bytes: change.bytes });
    }
    Ok((changes, handed))
}
