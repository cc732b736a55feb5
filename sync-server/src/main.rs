//! The sync server and back office of Jobsheet: one binary, no configuration needed.
//!
//! [`http`] is its face to the network and [`commands`] to the command line; both call [`office`] (what the back office
//! does), [`intake`] (service requests come in), [`admission`] (devices exchange) and [`uploads`] (devices send files), which
//! stand on [`store`].

// Transactions have a lifetime: their methods are not general enough to be passed by name, as this lint would have it.
#![allow(clippy::redundant_closure_for_method_calls)]

mod access;
mod admission;
mod app;
mod clock;
mod commands;
mod derived;
mod documents;
mod failpoint;
mod http;
mod intake;
mod office;
mod pokes;
mod secret;
mod standards;
mod store;
mod uploads;
mod workers;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::run(commands::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
