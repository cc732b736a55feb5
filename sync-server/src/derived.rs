//! What the server derives from a document: its row in lists, calls for help, parts and files. Derived where the document is at
//! hand, which for work of devices is another process, and stored in the transaction that brings its changes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jobsheet_core::assess;
use jobsheet_core::record::{
    Alert, Document, EntryId, FileUse, OldPartRow, PartRequest, PartUsed, Record, alerts, hashes_in,
    old_parts, part_requests,
};
use jobsheet_core::standard::{Side, Standard};
use jobsheet_core::stock::Use;
use jobsheet_core::unhex;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{FileHash, NewChange, Projection, StoreError, Writing};

/// What is derived from a document and the changes that made it what it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Derived {
    shown: Shown,
    alerts: Vec<Alert>,
    old_parts: Vec<OldPartRow>,
    part_requests: Vec<PartRequest>,
    /// Files that it names, by SHA-256 in hexadecimal; none: the changes name no file, so nothing is new.
    files: Option<BTreeMap<String, Vec<FileUse>>>,
    uses: Vec<PartUse>,
}

/// What lists show.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Shown {
    projection: Projection,
    search: String,
    asset: String,
}

/// A part that a change records as used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartUse {
    /// Place of the change among those that are committed, from 0.
    change: usize,
    entry: EntryId,
    person: String,
    used: Use,
}

impl PartUse {
    /// The part that an entry of a change records; `change` is its place among those that are committed.
    pub(crate) fn of(change: usize, entry: EntryId, part: PartUsed) -> Self {
        let used = Use { number: part.number, name: part.name, quantity: part.quantity, serial: part.serial };
        Self { change, entry, person: part.by.person, used }
    }
}

impl Derived {
    /// Derives from a document, the changes that are committed with it, and the parts that these record as used.
    pub(crate) fn of<'a>(
        visit: &Document,
        standard: &Standard,
        changes: impl IntoIterator<Item = &'a [u8]>,
        uses: Vec<PartUse>,
        now: Timestamp,
    ) -> Self {
        let record = visit.record();
        // Most changes name no file: looking for a hash costs next to nothing, noting every file of the record again does not.
        let named = changes.into_iter().any(|bytes| !hashes_in(bytes).is_empty());
        Self {
            shown: shown(record, standard, now),
            alerts: alerts(record),
            old_parts: old_parts(record),
            part_requests: part_requests(record, standard),
            files: named.then(|| files(record)),
            uses,
        }
    }

    /// Stores it with the changes that were committed under `first` and the numbers after it.
    pub(crate) fn store(
        &self,
        tx: &Writing<'_>,
        id: &Uuid,
        first: u64,
        changes: &[NewChange],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.shown.store(tx, id)?;
        tx.store_alerts(id, &self.alerts, now)?;
        for PartUse { change, entry, person, used } in &self.uses {
            let device = changes.get(*change).and_then(|change| change.device.as_ref());
            tx.add_use(person, first + *change as u64, id, entry, used, device)?;
        }
        store_parts(tx, id, &self.old_parts, &self.part_requests)?;
        self.files.as_ref().map_or(Ok(()), |files| name_files(tx, id, files))
    }
}

impl Shown {
    fn store(&self, tx: &Writing<'_>, id: &Uuid) -> Result<(), StoreError> {
        tx.store_projection(id, &self.projection, &self.search, &self.asset)
    }
}

/// Stores what lists show of a document that is as it was: time has passed.
pub(crate) fn store_shown(
    tx: &Writing<'_>,
    id: &Uuid,
    record: &Record,
    standard: &Standard,
    now: Timestamp,
) -> Result<(), StoreError> {
    shown(record, standard, now).store(tx, id)
}

/// Stores the parts of a document that is as it was.
pub(crate) fn store_parts_of(
    tx: &Writing<'_>,
    id: &Uuid,
    record: &Record,
    standard: &Standard,
) -> Result<(), StoreError> {
    store_parts(tx, id, &old_parts(record), &part_requests(record, standard))
}

/// Notes the files of a document that is as it was.
pub(crate) fn name_files_of(tx: &Writing<'_>, id: &Uuid, record: &Record) -> Result<(), StoreError> {
    name_files(tx, id, &files(record))
}

/// Stores what the lists of old parts and of parts asked for show. A record that never had any costs nothing.
fn store_parts(
    tx: &Writing<'_>,
    id: &Uuid,
    old: &[OldPartRow],
    requests: &[PartRequest],
) -> Result<(), StoreError> {
    if !old.is_empty() {
        tx.store_old_parts(id, old)?;
    }
    if !requests.is_empty() {
        tx.store_part_requests(id, requests)?;
    }
    Ok(())
}

/// Notes which files a record names, so that they may be sent and are missed until they are. Hashes that are none are
/// files that nobody can have: they stay away.
fn name_files(tx: &Writing<'_>, id: &Uuid, named: &BTreeMap<String, Vec<FileUse>>) -> Result<(), StoreError> {
    let mut files: BTreeMap<FileHash, Vec<FileUse>> = BTreeMap::new();
    for (sha256, uses) in named {
        let Some(sha256) = unhex(sha256).and_then(|bytes| FileHash::try_from(bytes).ok()) else { continue };
        let known = files.entry(sha256).or_default();
        known.extend(uses.iter().filter(|of| !known.contains(of)).copied().collect::<Vec<_>>());
    }
    if files.is_empty() { Ok(()) } else { tx.name_files(id, &files) }
}

fn files(record: &Record) -> BTreeMap<String, Vec<FileUse>> {
    let mut files: BTreeMap<String, Vec<FileUse>> = BTreeMap::new();
    for (sha256, of) in record.files() {
        let uses = files.entry(sha256.to_owned()).or_default();
        if !uses.contains(&of) {
            uses.push(of);
        }
    }
    files
}

/// What lists show of a record.
fn shown(record: &Record, standard: &Standard, now: Timestamp) -> Shown {
    let tally = assess::tally(record, standard, Side::Office, now);
    let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    let order = |field: &str| record.order.get(field).cloned().unwrap_or_default();
    let crew = record.assignment.as_ref().map(|assignment| assignment.crew.clone()).unwrap_or_default();
    let search = ["customer_name", "area", "fault"].map(order).join("\n") + "\n" + &crew.join("\n");
    let projection = Projection {
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
    };
    Shown { projection, search: search.to_lowercase(), asset: asset_of(record) }
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
