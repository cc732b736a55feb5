//! Vans and tariffs on a data directory.

use std::path::Path;

use jiff::civil::Date;
use serde_json::json;

use super::console::CONSOLE;
use super::{CommandError, say};
use crate::app::App;
use crate::clock::Clock;
use crate::intake;
use crate::office::{self, OfficeError};
use crate::store::EntryKind;

fn file(path: &Path) -> Result<Vec<u8>, CommandError> {
    std::fs::read(path).map_err(|source| CommandError::File { path: path.to_path_buf(), source })
}

/// Counts a van, or puts parts into it. Rows that can not be taken are listed, and make the command fail after the others
/// were stored.
pub(super) fn stock(
    folder: &Path,
    technician: &str,
    csv: &Path,
    kind: EntryKind,
    as_json: bool,
    clock: Clock,
) -> Result<(), CommandError> {
    let rows = intake::stock::read(&file(csv)?, kind)?;
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    let summary = app.store.write(|tx| office::stock(tx, technician, kind, rows, &by))?;
    if as_json {
        say(json!(summary));
    } else {
        for problem in &summary.problems {
            say(format_args!("refused: {problem}"));
        }
        say(format_args!("{}: {} part numbers, {} refused", kind.id(), summary.added, summary.refused));
    }
    if summary.refused == 0 { Ok(()) } else { Err(CommandError::RowsRefused(summary.refused)) }
}

/// Shows a van.
pub(super) fn van(folder: &Path, technician: &str, as_json: bool, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let van = app.store.read(|tx| office::van(tx, technician))?;
    if as_json {
        say(json!(van));
    } else {
        say(van);
    }
    Ok(())
}

/// Stores a version of a tariff.
pub(super) fn set_tariff(
    folder: &Path,
    (id, valid_from, currency): (&str, Date, &str),
    csv: &Path,
    as_json: bool,
    clock: Clock,
) -> Result<(), CommandError> {
    let rows = intake::tariff::read(&file(csv)?, id, valid_from, currency)?;
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    let set = match app.store.write(|tx| office::set_tariff(tx, rows, &by)) {
        Err(OfficeError::TariffRows(problems)) => {
            if as_json {
                say(json!({ "problems": problems }));
            } else {
                for problem in &problems {
                    say(format_args!("refused: {problem}"));
                }
            }
            return Err(CommandError::RowsRefused(problems.len()));
        }
        set => set?,
    };
    if as_json {
        say(json!(set));
    } else {
        say(format_args!("tariff {id} from {valid_from}: {} prices", set.taken));
    }
    Ok(())
}

/// Lists the tariffs.
pub(super) fn tariffs(folder: &Path, as_json: bool, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let tariffs = app.store.read(|tx| tx.tariffs())?;
    if as_json {
        say(json!(tariffs));
        return Ok(());
    }
    for tariff in tariffs {
        let (parts, fees) = (tariff.parts.len(), tariff.fees.len());
        say(format_args!(
            "{}  from {}  {}  {parts} parts, {fees} fees",
            tariff.id, tariff.valid_from, tariff.currency
        ));
    }
    Ok(())
}
