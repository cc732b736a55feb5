//! Counts, receipts and tariffs, stored.

use jobsheet_core::tariff::{Tariff, TariffError};
use jobsheet_wire::{MAX_TARIFF_BYTES, MAX_TARIFFS, MAX_TARIFFS_BYTES};
use serde::Serialize;

use super::actions::check_crew;
use super::{By, OfficeError};
use crate::intake::stock::StockRows;
use crate::intake::tariff::TariffRows;
use crate::intake::{self, Summary};
use crate::store::{EntryKind, StoreError, Writing};

/// Stores what was counted in a technician's van or put into it.
pub(crate) fn stock(
    tx: &Writing<'_>,
    technician: &str,
    kind: EntryKind,
    rows: StockRows,
    by: &By,
) -> Result<Summary, OfficeError> {
    check_crew(tx, &[technician.to_owned()])?;
    Ok(intake::stock::store(tx, technician, kind, rows, by)?)
}

/// A version of a tariff that was stored.
#[derive(Debug, Serialize)]
pub(crate) struct TariffSet {
    /// The tariff.
    tariff: Tariff,
    /// Rows that were taken.
    pub(crate) taken: usize,
}

/// Stores a version of a tariff. A stored one never changes: what was charged by it can be reckoned again.
pub(crate) fn set_tariff(
    tx: &Writing<'_>,
    rows: Result<TariffRows, TariffError>,
    by: &By,
) -> Result<TariffSet, OfficeError> {
    let TariffRows { tariff, taken, problems } = rows?;
    if !problems.is_empty() {
        return Err(OfficeError::TariffRows(problems));
    }
    let source = serde_json::to_string(&tariff).map_err(|error| StoreError::Damaged {
        what: "tariff",
        id: tariff.id.clone(),
        reason: error.to_string(),
    })?;
    let stored = tx.tariff_sources()?;
    let all = stored.iter().map(String::len).sum::<usize>() + source.len();
    let limit = if source.len() > MAX_TARIFF_BYTES {
        Some(format!("{MAX_TARIFF_BYTES} bytes for one"))
    } else if stored.len() >= MAX_TARIFFS {
        Some(format!("{MAX_TARIFFS} versions"))
    } else if all > MAX_TARIFFS_BYTES {
        Some(format!("{MAX_TARIFFS_BYTES} bytes for all"))
    } else {
        None
    };
    if let Some(what) = limit {
        return Err(OfficeError::TariffsTooLarge { what });
    }
    if !tx.add_tariff(&tariff, &source, &by.person, by.now)? {
        return Err(OfficeError::TariffTaken { id: tariff.id, valid_from: tariff.valid_from });
    }
    let detail = format!("from {}", tariff.valid_from);
    tx.audit(by.now, &by.person, "tariff", &tariff.id, &detail)?;
    Ok(TariffSet { tariff, taken })
}
