//! What office commands and device changes have in common: a document is loaded, changed, and committed with everything
//! that is derived from it.

use std::sync::Arc;

use jiff::Timestamp;
use jobsheet_core::record::{Actor, Context, Document};
use jobsheet_core::standard::{Side, Standard};
use jobsheet_core::{Moment, Stamp};
use jobsheet_wire::keep_document;
use uuid::Uuid;

use crate::derived::{Derived, name_files_of, store_parts_of, store_shown};
use crate::office::By;
use crate::secret::{self, NoRandomness};
use crate::standards::Standards;
use crate::store::{NewChange, Reading, StoreError, VisitBrief, Writing};

/// A visit, case or shift with what is needed to change and judge it.
pub(crate) struct Loaded {
    /// The document.
    pub(crate) visit: Document,
    /// The standard it pins.
    pub(crate) standard: Arc<Standard>,
    /// Automerge actor under which the office writes to it.
    pub(crate) office_actor: [u8; 16],
}

/// Loads a visit. `None`: there is none of this id.
pub(crate) fn load(tx: &Reading<'_>, standards: &Standards, id: &Uuid) -> Result<Option<Loaded>, StoreError> {
    let Some(source) = tx.visit(id)? else { return Ok(None) };
    let visit = Document::load(&source.snapshot).map_err(|error| StoreError::Damaged {
        what: "document",
        id: id.to_string(),
        reason: error.to_string(),
    })?;
    let standard = standards.pinned(tx, &source.pack)?;
    Ok(Some(Loaded { visit, standard, office_actor: source.office_actor }))
}

/// Commits changes that the office made and that are already in `visit`: the log first, then the document and what is derived
/// from it. Returns the sequence number of the first change; the others follow it.
pub(crate) fn commit(
    tx: &Writing<'_>,
    id: &Uuid,
    visit: &Document,
    standard: &Standard,
    changes: &[NewChange],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let first = tx.append_changes(id, changes, now)?;
    let last = first + changes.len().saturating_sub(1) as u64;
    let kept = keep_document(&visit.save_uncompressed())
        .map_err(|error| StoreError::damaged("document", id, &error))?;
    tx.store_document(id, &kept, &visit.heads(), last)?;
    let bytes = changes.iter().map(|change| change.bytes.as_slice());
    Derived::of(visit, standard, bytes, Vec::new(), now).store(tx, id, first, &[], now)?;
    Ok(first)
}

/// Whether a visit is in the last state of its course. One whose standard can not be read is not: it is rather listed than missed.
pub(crate) fn is_finished(tx: &Reading<'_>, standards: &Standards, visit: &VisitBrief) -> bool {
    match standards.pinned(tx, &visit.pack) {
        Ok(standard) => {
            standard.course(&visit.job).flow().states.last().is_none_or(|last| last.id == visit.state)
        }
        Err(error) => {
            tracing::error!(visit = %visit.number, %error, "it is not known whether the visit is finished");
            false
        }
    }
}

/// Derives from all documents what an older version did not.
pub(crate) fn derive_missing(tx: &Writing<'_>, standards: &Standards) -> Result<(), StoreError> {
    let (parts, files) = (tx.take_to_derive("parts")?, tx.take_to_derive("files")?);
    if !parts && !files {
        return Ok(());
    }
    for id in tx.all_documents()? {
        match load(tx, standards, &id) {
            Ok(Some(Loaded { visit, standard, .. })) => {
                if parts {
                    store_parts_of(tx, &id, visit.record(), &standard)?;
                }
                if files {
                    name_files_of(tx, &id, visit.record())?;
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(visit = %id, %error, "parts and files could not be derived"),
        }
    }
    Ok(())
}

/// Most visits judged anew in one transaction, so that writers do not wait long.
const JUDGED_AT_ONCE: u32 = 200;

/// Judges visits anew whose nearest deadline has passed.
pub(crate) fn judge_overdue(
    tx: &Writing<'_>,
    standards: &Standards,
    now: Timestamp,
) -> Result<(), StoreError> {
    for id in tx.visits_overdue(now, JUDGED_AT_ONCE)? {
        match load(tx, standards, &id) {
            Ok(Some(Loaded { visit, standard, .. })) => {
                store_shown(tx, &id, visit.record(), &standard, now)?;
            }
            Ok(None) => {}
            // One visit that can not be read must not keep the others from being judged.
            Err(error) => {
                tracing::error!(visit = %id, %error, "visit could not be judged");
                tx.forget_due(&id)?;
            }
        }
    }
    Ok(())
}

/// The context of a command that the office gives now.
pub(crate) fn office_context(by: &By) -> Result<Context, NoRandomness> {
    Ok(Context {
        actor: Actor { person: by.person.clone(), side: Side::Office, roles: by.roles.ids() },
        stamp: Stamp::wall(Moment::utc(by.now)),
        entry_id: secret::random_uuid()?,
    })
}
