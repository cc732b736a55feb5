//! Whether a device holds what it should: what differs, though nothing is new, is sent again.

use std::collections::{BTreeSet, HashMap};

use jobsheet_wire::{Applied, Exchange, Held, digest_of_heads};
use uuid::Uuid;

use super::Sender;
use super::pull::Page;
use crate::store::{Reading, StoreError};

/// Compares the documents of which a device tells with those that it should hold, and adds what differs to the page. Gives how
/// many differed; what the page has no room for is sent when they are compared again.
pub(super) fn compare(
    tx: &Reading<'_>,
    sender: &Sender,
    held: &Held,
    page: &mut Page,
) -> Result<u32, StoreError> {
    let mut told: HashMap<Uuid, &[u8]> =
        held.documents.iter().map(|held| (Uuid::from_bytes(held.document), held.digest.as_slice())).collect();
    let mut differed = 0;
    for row in tx.scope_between(&sender.technician, &held.after, &held.upto)? {
        let digest = told.remove(&row.document);
        let same = match digest {
            // The device has unsent work in it.
            Some([]) => true,
            Some(digest) => row.granted && digest == digest_of_heads(row.document.as_bytes(), &row.heads),
            None => !row.granted,
        };
        if same {
            continue;
        }
        differed += 1;
        if row.granted {
            page.add_document(tx, row.document)?;
        } else {
            page.add_farewell(row.document);
        }
    }
    // Documents that this technician never had.
    for (document, _) in told {
        differed += 1;
        page.add_farewell(document);
    }
    Ok(differed)
}

/// Of the documents that a device sends work for or asks about, those of which everything is applied: judged with the commit, and every file that they
/// name is here.
pub(super) fn applied(
    tx: &Reading<'_>,
    sender: &Sender,
    message: &Exchange,
) -> Result<Vec<Applied>, StoreError> {
    let mut applied = Vec::new();
    let pushed: BTreeSet<[u8; 16]> = message.push.iter().map(|push| push.document).collect();
    let asked = message.unapplied.iter().copied().filter(|document| !pushed.contains(document));
    for document in asked.chain(pushed.iter().copied()) {
        let id = Uuid::from_bytes(document);
        if tx.was_granted(&sender.technician, &id)?
            && tx.document_files(&id)?.missing.is_empty()
            && let Some((seq, _)) = tx.basis(&id)?
        {
            applied.push(Applied { document, seq });
        }
    }
    Ok(applied)
}
