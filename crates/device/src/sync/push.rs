//! What one exchange carries: unsent changes, parents first, within the limits of the protocol.

use std::collections::HashSet;

use jobsheet_core::record::DocumentId;
use jobsheet_wire::{DocumentPush, Framed, MAX_CHANGES_PER_DOCUMENT, MAX_DOCUMENTS_PER_EXCHANGE};
use rusqlite::Connection;

use crate::StoreError;
use crate::store;

/// Most bytes of changes in one exchange. Half of what a body may have even if nothing compresses, so that hashes and
/// frames fit beside it; small enough that an exchange lost on a bad network costs little.
const BATCH_BYTES: usize = 1 << 20;

/// The next batch, without what has been `offered`. Documents whose changes do not fit come with a later one.
pub(super) fn batch(
    connection: &Connection,
    held_back: &HashSet<DocumentId>,
    offered: &HashSet<[u8; 32]>,
) -> Result<Vec<DocumentPush>, StoreError> {
    let mut batch = Vec::new();
    let mut room = BATCH_BYTES;
    let documents = store::unsent_documents(connection)?;
    for document in documents.into_iter().filter(|document| !held_back.contains(document)) {
        if batch.len() >= MAX_DOCUMENTS_PER_EXCHANGE || room == 0 {
            break;
        }
        let changes = changes(connection, document, offered, &mut room)?;
        if changes.is_empty() {
            continue;
        }
        batch.push(DocumentPush { document: document.into_bytes(), changes });
    }
    Ok(batch)
}

/// Unsent changes of one document, as many as fit: a child never goes before its parent.
fn changes(
    connection: &Connection,
    document: DocumentId,
    offered: &HashSet<[u8; 32]>,
    room: &mut usize,
) -> Result<Vec<Framed>, StoreError> {
    let mut changes = Vec::new();
    let unsent = store::own_changes(connection, document)?
        .into_iter()
        .filter(|change| change.on_device && !offered.contains(&change.hash));
    for change in unsent.take(MAX_CHANGES_PER_DOCUMENT) {
        if change.bytes.len() > *room {
            *room = 0;
            break;
        }
        *room -= change.bytes.len();
        changes.push(Framed { hash: change.hash, bytes: change.bytes });
    }
    Ok(changes)
}
