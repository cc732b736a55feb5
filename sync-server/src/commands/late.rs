//! Work that waits at the office, at the command line.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use uuid::Uuid;

use super::console::CONSOLE;
use super::{CommandError, DataDir, Output, say};
use crate::app::App;
use crate::clock::Clock;
use crate::office;

#[derive(Debug, Subcommand)]
pub(super) enum LateCommand {
    /// List what waits, by device and visit
    List {
        #[command(flatten)]
        data: DataDir,
        #[command(flatten)]
        output: Output,
    },
    /// Admit what waits of a device for a visit, as the work of its technician
    Admit {
        #[command(flatten)]
        data: DataDir,
        /// Id of the device
        device: Uuid,
        /// Id of the visit
        visit: Uuid,
        #[command(flatten)]
        output: Output,
    },
    /// Show what waits of a device for a visit, change by change: what it says, and what would become of it now
    Show {
        #[command(flatten)]
        data: DataDir,
        /// Id of the device
        device: Uuid,
        /// Id of the visit
        visit: Uuid,
    },
    /// Write what waits of a device for a visit anew, as its technician's work, and admit that
    Repair {
        #[command(flatten)]
        data: DataDir,
        /// Id of the device
        device: Uuid,
        /// Id of the visit
        visit: Uuid,
        #[command(flatten)]
        output: Output,
    },
    /// Throw away what waits of a device for a visit, for good
    Discard {
        #[command(flatten)]
        data: DataDir,
        /// Id of the device
        device: Uuid,
        /// Id of the visit
        visit: Uuid,
    },
    /// Write what waits of a device for a visit into a file, which `jobsheet restore` takes on another device
    Export {
        #[command(flatten)]
        data: DataDir,
        /// Id of the device
        device: Uuid,
        /// Id of the visit
        visit: Uuid,
        /// The new file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Carries one out.
pub(super) fn carry_out(command: LateCommand, clock: Clock) -> Result<(), CommandError> {
    match command {
        LateCommand::List { data, output } => list(&data.folder()?, output.json, clock),
        LateCommand::Admit { data, device, visit, output } => {
            admit(&data.folder()?, &device, &visit, output.json, clock)
        }
        LateCommand::Show { data, device, visit } => {
            let app = App::open(&data.folder()?, clock)?;
            say(json!(office::show_late(&app.desk(), &device, &visit, app.clock.now())?));
            Ok(())
        }
        LateCommand::Repair { data, device, visit, output } => {
            let app = App::open(&data.folder()?, clock)?;
            let done = office::repair_late(&app.desk(), &device, &visit, &app.itself(CONSOLE))?;
            if output.json {
                say(json!(done));
            } else {
                say(done);
            }
            Ok(())
        }
        LateCommand::Discard { data, device, visit } => discard(&data.folder()?, &device, &visit, clock),
        LateCommand::Export { data, device, visit, out } => {
            export(&data.folder()?, &device, &visit, &out, clock)
        }
    }
}

/// Lists what waits.
fn list(folder: &Path, as_json: bool, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let rows = app.store.read(office::list_late)?;
    if as_json {
        say(json!(rows));
        return Ok(());
    }
    for row in rows {
        let refused = if row.refused > 0 {
            format!("  {} refused: {}", row.refused, row.codes.join(", "))
        } else {
            String::new()
        };
        say(format_args!(
            "{}  {}  {}  {}  {} changes  {}{refused}",
            row.device, row.visit, row.technician, row.number, row.changes, row.last_received_at
        ));
    }
    Ok(())
}

/// Admits what waits of one device for one visit.
fn admit(
    folder: &Path,
    device: &Uuid,
    visit: &Uuid,
    as_json: bool,
    clock: Clock,
) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let done = office::admit_late(&app.desk(), device, visit, &app.itself(CONSOLE))?;
    if as_json {
        say(json!(done));
    } else {
        say(done);
    }
    Ok(())
}

/// Throws away what waits of one device for one visit.
fn discard(folder: &Path, device: &Uuid, visit: &Uuid, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    let count = app.store.write(|tx| office::discard_late(tx, device, visit, &by))?;
    say(format_args!("{count} changes discarded"));
    Ok(())
}

/// Writes what waits of one device for one visit into a new file, which another device of the technician can restore.
fn export(folder: &Path, device: &Uuid, visit: &Uuid, out: &Path, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let file = app.store.read(|tx| office::export_late(tx, device, visit))?;
    let failed = |source| CommandError::File { path: out.to_path_buf(), source };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(out).and_then(|mut opened| opened.write_all(file.as_bytes())).map_err(failed)?;
    say(out.display());
    Ok(())
}

/// Lists what may be on a device and is not known here.
pub(super) fn unsent(folder: &Path, device: &Uuid, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    say(json!(app.store.read(|tx| office::unsent(tx, &app.standards, device))?));
    Ok(())
}
