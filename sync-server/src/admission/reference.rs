//! Reference data that travels with a reply: the van of the device's technician, and the tariffs. A device gets a copy to
//! read, and only when it has changed since the one it holds.

use jobsheet_wire::{
    EntryKey, Exchange, MAX_STOCK_FAULTS, MAX_STOCK_INCLUDED, MAX_STOCK_LINES, MAX_STOCK_SERIALS, Stock,
    StockFault, StockLine, Tariffs,
};

use super::Sender;
use super::pull::Brought;
use crate::store::{Reading, StockAt, StoreError};

/// The stock, if the device's is out of date.
///
/// The numbers are those of one moment, the same as that of the deliveries: everything that a reply brings is taken into
/// account in its stock. A device that holds no stock waits for the last page, because it could not tell which of its own
/// uses the stock holds before it has heard of all of them.
pub(super) fn stock(
    tx: &Reading<'_>,
    sender: &Sender,
    message: &Exchange,
    brought: &Brought,
) -> Result<Option<Stock>, StoreError> {
    let Some(held) = message.stock else { return Ok(None) };
    let held = if brought.epoch_changed { 0 } else { held };
    if held == 0 && brought.more {
        return Ok(None);
    }
    let changed = tx.stock_changed(&sender.technician)?;
    if changed.is_none_or(|changed| changed <= held) {
        return Ok(None);
    }
    let Some(at) = tx.stock(&sender.technician)? else { return Ok(None) };
    let included =
        tx.uses_of_device(&sender.technician, &sender.device, brought.after, MAX_STOCK_INCLUDED)?;
    let included = included.into_iter().map(|entry| EntryKey(entry.into_bytes())).collect();
    Ok(Some(on_the_wire(&at, included)))
}

fn on_the_wire(StockAt { as_of, stock }: &StockAt, included: Vec<EntryKey>) -> Stock {
    let mut serials_left = MAX_STOCK_SERIALS;
    // What was counted comes first: what is known only from its use could be any number of numbers.
    let (listed, strange): (Vec<_>, Vec<_>) = stock.lines().partition(|line| line.listed);
    let lines = listed.into_iter().chain(strange).take(MAX_STOCK_LINES).map(|line| {
        let serials: Vec<String> = line.serials().take(serials_left).map(ToOwned::to_owned).collect();
        serials_left -= serials.len();
        StockLine {
            number: line.number.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            tracked: line.tracked,
            serials,
        }
    });
    let lines = lines.collect();
    // A shortage is seen in its line.
    let faults = stock.findings().into_iter().filter(|one| one.serial.is_some() || !is_short(one));
    let faults = faults.take(MAX_STOCK_FAULTS).map(|one| StockFault {
        number: one.number,
        code: one.fault.id().to_owned(),
        serial: one.serial,
        quantity: one.quantity,
    });
    Stock { as_of: *as_of, lines, faults: faults.collect(), included }
}

fn is_short(finding: &jobsheet_core::stock::StockFinding) -> bool {
    finding.fault == jobsheet_core::stock::Fault::StockShort
}

/// The tariffs, if the device's are out of date.
pub(super) fn tariffs(
    tx: &Reading<'_>,
    message: &Exchange,
    brought: &Brought,
) -> Result<Option<Tariffs>, StoreError> {
    let Some(held) = message.tariffs else { return Ok(None) };
    let held = if brought.epoch_changed { 0 } else { held };
    let as_of = tx.tariffs_changed()?;
    if as_of <= held || brought.more {
        return Ok(None);
    }
    Ok(Some(Tariffs { as_of, tariffs: tx.tariff_sources()? }))
}
