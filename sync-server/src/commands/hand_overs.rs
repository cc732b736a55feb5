//! Hand-overs of visits at the command line.

use std::path::Path;

use clap::Subcommand;
use jobsheet_core::hex;
use serde_json::json;

use super::console::CONSOLE;
use super::{CommandError, DataDir, Output, say};
use crate::app::App;
use crate::clock::Clock;
use crate::office;

#[derive(Debug, Subcommand)]
pub(super) enum HandOversCommand {
    /// List the latest, and how they stand
    List {
        #[command(flatten)]
        data: DataDir,
        #[command(flatten)]
        output: Output,
    },
    /// Take one that waits: the work comes in with the next sync of the device that brought it
    Admit {
        #[command(flatten)]
        data: DataDir,
        /// Its id, as listed
        id: String,
    },
    /// Refuse one that waits, for good
    Refuse {
        #[command(flatten)]
        data: DataDir,
        /// Its id, as listed
        id: String,
    },
}

/// Carries one out.
pub(super) fn carry_out(command: HandOversCommand, clock: Clock) -> Result<(), CommandError> {
    match command {
        HandOversCommand::List { data, output } => list(&data.folder()?, output.json, clock),
        HandOversCommand::Admit { data, id } => decide(&data.folder()?, &id, true, clock),
        HandOversCommand::Refuse { data, id } => decide(&data.folder()?, &id, false, clock),
    }
}

/// Lists the latest.
fn list(folder: &Path, as_json: bool, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let rows = app.store.read(|tx| tx.hand_overs(None))?;
    if as_json {
        say(json!(rows));
        return Ok(());
    }
    for row in rows {
        let state = json!(row.state);
        say(format_args!(
            "{}  {}  {} → {}  {} changes  {}  {} {}",
            hex(&row.id),
            row.visit,
            row.from,
            row.to,
            row.changes,
            row.received_at,
            state.as_str().unwrap_or_default(),
            row.reason.unwrap_or_default()
        ));
    }
    Ok(())
}

/// Takes one that waits, or refuses it.
fn decide(folder: &Path, id: &str, taken: bool, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    let row = app.store.write(|tx| office::decide_hand_over(tx, id, taken, &by))?;
    say(json!(row));
    Ok(())
}
