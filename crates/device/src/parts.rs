//! The parts of the technician: what lies in the van, what is on its way back to the store, what was asked for.

use std::collections::BTreeMap;

use jobsheet_core::Text;
use jobsheet_core::assess::{Charge, charge};
use jobsheet_core::record::{
    DocumentId, LinkedVisit, OldPartRow, PartRequest, linked_visits, old_parts, part_requests,
};
use jobsheet_core::stock::{Fault, Stock};
use jobsheet_core::tariff::Tariff;
use rusqlite::Connection;
use serde::Serialize;

use crate::StoreError;
use crate::store::{self, Identity, Store, load_visit};

/// The technician's van, right at this moment: as the server knew it, less what was used on this device since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VanStock {
    /// How far the server's figures go, in its own order.
    pub as_of: u64,
    /// The parts, by number.
    pub lines: Vec<VanLine>,
    /// What is wrong.
    pub findings: Vec<VanFinding>,
}

/// The parts of one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VanLine {
    /// Part number.
    pub number: String,
    /// Name of the part.
    pub name: Option<String>,
    /// Pieces in the van; below zero: more was used than is known to have been there.
    pub quantity: i64,
    /// Pieces used on this device that the server's figures do not hold yet.
    pub used_here: u64,
    /// Each piece has a serial number that is followed.
    pub tracked: bool,
    /// Serial numbers in the van.
    pub serials: Vec<String>,
}

/// Something that is wrong with the stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VanFinding {
    /// Short code in kebab case: `stock-short`, `serial-not-in-van`, `serial-missing`.
    pub fault: String,
    /// Part number.
    pub number: String,
    /// The serial number, if it is about one.
    pub serial: Option<String>,
    /// Pieces that it is about.
    pub quantity: u64,
    /// In words; none for a code that only a newer app knows.
    pub text: Option<Text>,
}

/// An old part that the store does not have yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenReturn {
    /// The visit in which it came out.
    pub visit: DocumentId,
    /// Its number.
    pub visit_number: String,
    /// The visit is no longer assigned to this device: what the office does with the part is not heard here.
    pub revoked: bool,
    /// The old part.
    #[serde(flatten)]
    pub old: OldPartRow,
}

/// A part that was asked for, with the visit that needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestedPart {
    /// The visit.
    pub visit: DocumentId,
    /// Its number.
    pub visit_number: String,
    /// The request.
    #[serde(flatten)]
    pub request: PartRequest,
    /// The visits that this one is tied to.
    pub linked: Vec<LinkedVisit>,
}

impl Store {
    /// The technician's van. `None`: the server keeps no stock for the technician, or none has come yet.
    ///
    /// The figure is right offline, after a lost answer and after the same answer twice: from the server's figures, which
    /// hold everything up to [`VanStock::as_of`], exactly those own uses are taken that are unsent or were committed later.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn van_stock(&self) -> Result<Option<VanStock>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        van_stock(&tx)
    }

    /// Old parts of this technician that the store has not received, those that came out first coming first. One is on the
    /// list until the office has confirmed it, handed in or not.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn open_returns(&self) -> Result<Vec<OpenReturn>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let Some(technician) = Identity::read(&tx)?.technician else { return Ok(Vec::new()) };
        let mut open = Vec::new();
        for (visit, visit_number, revoked) in store::with_parts(&tx)? {
            let (document, _) = load_visit(&tx, visit)?;
            let own = |old: &OldPartRow| old.is_open() && old.technician == technician;
            open.extend(old_parts(document.record()).into_iter().filter(own).map(|old| OpenReturn {
                visit,
                visit_number: visit_number.clone(),
                revoked,
                old,
            }));
        }
        open.sort_by_key(|one| (one.old.replaced_at.instant(), one.old.part));
        Ok(open)
    }

    /// Parts that were asked for in the visits of this device, with what has become of them.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn requested_parts(&self) -> Result<Vec<RequestedPart>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let mut requested = Vec::new();
        for (visit, visit_number, revoked) in store::with_parts(&tx)? {
            if revoked {
                continue;
            }
            let (document, _) = load_visit(&tx, visit)?;
            let record = document.record();
            let Ok(standard) = self.inner.standards.get(&tx, &record.standard) else { continue };
            let linked = linked_visits(record);
            requested.extend(part_requests(record, &standard).into_iter().map(|request| RequestedPart {
                visit,
                visit_number: visit_number.clone(),
                request,
                linked: linked.clone(),
            }));
        }
        requested.sort_by_key(|one| (one.request.asked_at.instant(), one.request.request));
        Ok(requested)
    }

    /// What a visit costs and whom, by the tariffs of the company.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn charge(&self, visit: DocumentId) -> Result<Charge, StoreError> {
        let tariffs = self.tariffs()?;
        self.read(visit, |warm, _, _| Ok(charge(warm.visit.record(), &warm.standard, &tariffs)))
    }

    /// The tariffs of the company. One that this version can not read, or that is not sound, is left out: nothing is charged
    /// by it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn tariffs(&self) -> Result<Vec<Tariff>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let held = store::held_tariffs(&tx)?.map(|held| held.tariffs).unwrap_or_default();
        let read = held.iter().filter_map(|source| serde_json::from_str::<Tariff>(source).ok());
        Ok(read.filter(|tariff| tariff.check().is_ok()).collect())
    }
}

/// The van as the database has it.
fn van_stock(connection: &Connection) -> Result<Option<VanStock>, StoreError> {
    let Some(technician) = Identity::read(connection)?.technician else { return Ok(None) };
    let Some(held) = store::held_stock(connection)? else { return Ok(None) };
    let mut stock = Stock::default();
    for line in held.lines {
        stock.known(line.number, line.name, line.quantity, line.tracked, line.serials);
    }
    let mut used_here: BTreeMap<String, u64> = BTreeMap::new();
    for pending in store::pending_uses(connection, &technician)? {
        stock.take(&pending);
        *used_here.entry(pending.number).or_default() += u64::from(pending.quantity);
    }
    let lines = stock.lines().map(|line| VanLine {
        number: line.number.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        used_here: used_here.get(&line.number).copied().unwrap_or(0),
        tracked: line.tracked,
        serials: line.serials().map(ToOwned::to_owned).collect(),
    });
    let known = held.faults.into_iter().map(|fault| VanFinding {
        text: Fault::of(&fault.code).map(Fault::text),
        fault: fault.code,
        number: fault.number,
        serial: fault.serial,
        quantity: fault.quantity,
    });
    let new = stock.findings().into_iter().map(|finding| VanFinding {
        fault: finding.fault.id().to_owned(),
        number: finding.number,
        serial: finding.serial,
        quantity: finding.quantity,
        text: Some(finding.fault.text()),
    });
    let lines = lines.collect();
    Ok(Some(VanStock { as_of: held.as_of, lines, findings: new.chain(known).collect() }))
}
