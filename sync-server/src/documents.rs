//! What office commands and device changes have in common: a document is loaded, changed, and committed with everything
//! that is derived from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jobsheet_core::assess;
use jobsheet_core::record::{
    Actor, Context, Document, FileUse, Record, alerts, hashes_in, old_parts, part_requests, parts_in_change,
};
use jobsheet_core::standard::{Side, Standard};
use jobsheet_core::stock::Use;
use jobsheet_core::{Moment, Stamp, unhex};
use uuid::Uuid;

use crate::office::By;
use crate::secret::{self, NoRandomness};
use crate::standards::Standards;
use crate::store::{FileHash, NewChange, Projection, Reading, StoreError, Writing};

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

/// Commits changes that are already in `visit`: the log first, then the document and its row in lists. Returns the
/// sequence number of the first change; the others follow it.
pub(crate) fn commit(
    tx: &Writing<'_>,
    id: &Uuid,
    visit: &Document,
    standard: &Standard,
    changes: &[NewChange],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let first = tx.append_changes(id, changes, now)?;
    let shown = project(visit.record(), standard, now);
    let last = first + changes.len().saturating_sub(1) as u64;
    tx.store_document(id, &visit.save(), &visit.heads(), &shown, last)?;
    tx.store_alerts(id, &alerts(visit.record()), now)?;
    note_uses(tx, id, visit, changes, first)?;
    store_parts(tx, id, visit.record(), standard)?;
    // Most changes name no file: looking for a hash costs next to nothing, noting every file of the record again does not.
    if changes.iter().any(|change| !hashes_in(&change.bytes).is_empty()) {
        name_files(tx, id, visit.record())?;
    }
    Ok(first)
}

/// Takes the parts that the changes of devices record as used from the vans of those who used them.
fn note_uses(
    tx: &Writing<'_>,
    id: &Uuid,
    visit: &Document,
    changes: &[NewChange],
    first: u64,
) -> Result<(), StoreError> {
    if visit.record().parts.is_empty() {
        return Ok(());
    }
    for (seq, change) in (first..).zip(changes).filter(|(_, change)| change.device.is_some()) {
        let parts = parts_in_change(visit, &change.bytes).map_err(|error| StoreError::Damaged {
            what: "change",
            id: jobsheet_core::hex(&change.hash),
            reason: error.to_string(),
        })?;
        for (entry, part) in parts {
            let used =
                Use { number: part.number, name: part.name, quantity: part.quantity, serial: part.serial };
            tx.add_use(&part.by.person, seq, id, &entry, &used)?;
        }
    }
    Ok(())
}

/// Stores what the lists of old parts and of parts asked for show of a record. A record that never had any costs nothing.
fn store_parts(tx: &Writing<'_>, id: &Uuid, record: &Record, standard: &Standard) -> Result<(), StoreError> {
    let old = old_parts(record);
    if !old.is_empty() {
        tx.store_old_parts(id, &old)?;
    }
    let requests = part_requests(record, standard);
    if !requests.is_empty() {
        tx.store_part_requests(id, &requests)?;
    }
    Ok(())
}

/// Notes which files a record names, so that they may be sent and are missed until they are. Hashes that are none are
/// files that nobody can have: they stay away.
fn name_files(tx: &Writing<'_>, id: &Uuid, record: &Record) -> Result<(), StoreError> {
    let mut files: BTreeMap<FileHash, Vec<FileUse>> = BTreeMap::new();
    for (sha256, of) in record.files() {
        let Some(sha256) = unhex(sha256).and_then(|bytes| FileHash::try_from(bytes).ok()) else { continue };
        let uses = files.entry(sha256).or_default();
        if !uses.contains(&of) {
            uses.push(of);
        }
    }
    if files.is_empty() { Ok(()) } else { tx.name_files(id, &files) }
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
                    store_parts(tx, &id, visit.record(), &standard)?;
                }
                if files {
                    name_files(tx, &id, visit.record())?;
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
                tx.store_projection(&id, &project(visit.record(), &standard, now))?;
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

/// What lists show of a record.
fn project(record: &Record, standard: &Standard, now: Timestamp) -> Projection {
    let tally = assess::tally(record, standard, Side::Office, now);
    let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    let order = |field: &str| record.order.get(field).cloned().unwrap_or_default();
    let crew = record.assignment.as_ref().map(|assignment| assignment.crew.clone()).unwrap_or_default();
    let search = ["customer_name", "area", "fault"].map(order).join("\n") + "\n" + &crew.join("\n");
    Projection {
        state: tally.state.id,
        urgency: order("urgency"),
        start: record.assignment.as_ref().map(|assignment| assignment.start.instant()),
        crew,
        customer: order("customer_name"),
        outstanding: count(tally.counts.outstanding),
        violated: count(tally.counts.violated),
        conflicts: count(record.conflicts.len()),
        owed_by: tally.owed_by.into_iter().collect(),
        next_due: tally.next_due.map(|due| due.instant()),
        incidents: tally.incidents,
        alerts: count(tally.alerts),
        search: search.to_lowercase(),
        asset: asset_of(record),
    }
}

/// What tells an asset apart: its own number, else its place and model, else its place.
const ASSET_FIELDS: [&[&str]; 3] = [&["engine_number"], &["location", "product_model"], &["location"]];

fn asset_of(record: &Record) -> String {
    let field = |id: &&str| record.order.get(*id).map(|text| text.trim().to_lowercase());
    let known = |fields: &&[&str]| {
        let texts: Option<Vec<String>> =
            fields.iter().map(|id| field(id).filter(|text| !text.is_empty())).collect();
        texts.map(|texts| format!("{}\n{}", fields.join("+"), texts.join("\n")))
    };
    ASSET_FIELDS.iter().find_map(known).unwrap_or_default()
}

/// The context of a command that the office gives now.
pub(crate) fn office_context(by: &By) -> Result<Context, NoRandomness> {
    Ok(Context {
        actor: Actor { person: by.person.clone(), side: Side::Office, roles: by.roles.ids() },
        stamp: Stamp::wall(Moment::utc(by.now)),
        entry_id: secret::random_uuid()?,
    })
}
