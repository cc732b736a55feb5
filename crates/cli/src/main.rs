//! `jobsheet`: the technician's side from a terminal. Everything an app does through the library can be done here.

mod act;
mod args;
mod attachments;
mod complete;
mod conflicts;
mod failure;
mod follow;
mod history;
mod holds;
mod incidents;
mod lists;
mod names;
mod next;
mod output;
mod parts;
mod pass_on;
mod past;
mod quarantine;
mod ready;
mod run;
mod salvage;
mod sealed;
mod server;
mod show;
mod standards;
mod value;
mod visit;
mod words;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use clap::error::ErrorKind;
use jobsheet::{Network, Options, Store, clock};

use args::{Args, Verb};
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let output = Output::new(args.json, args.lang);
    match carry_out(args, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Errors of the command line itself. With `--json` they are JSON too.
fn usage(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|arg| arg == "--json");
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if json && !asked_for {
        let message =
            error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Output::new(true, jobsheet_core::Lang::En).failure(&Failure::Usage(message));
        return ExitCode::from(2);
    }
    // Nobody is left to tell if the terminal is gone.
    let _ = error.print();
    ExitCode::from(if asked_for { 0 } else { 2 })
}

fn carry_out(args: Args, output: &Output) -> Result<(), Failure> {
    let verb = match args.verb {
        Verb::Completions { shell } => {
            args::completions(shell);
            return Ok(());
        }
        Verb::Standards(verb) => return standards::carry_out(verb, output),
        verb => verb,
    };
    let clock = clock::from_environment()
        .map_err(|error| Failure::input(clock::CLOCK_VARIABLE, error.to_string()))?;
    let extra_ca_pem = match &args.ca {
        Some(file) => Some(std::fs::read(file).map_err(|error| Failure::file(file, &error))?),
        None => None,
    };
    let network = Network { extra_ca_pem, allow_plain_http: args.plain_http, ..Network::default() };
    let key = args.key_file.as_deref().map(salvage::key).transpose()?;
    let folder = args::store_folder(args.store)?;
    if let Verb::Salvage { out, from } = verb {
        return salvage::salvage(output, &folder, from.as_deref(), key.as_ref(), &out);
    }
    let options = Options { clock: Arc::clone(&clock), network, key, ..Options::default() };
    if let Verb::Verify { what, trust } = &verb
        && let Some(file) = sealed::file(what)
        && !folder.join(jobsheet::DATABASE).exists()
    {
        return sealed::verify_alone(output, &file, trust.clone());
    }
    let store = Store::open(folder, options)?;
    let here = Here { store, output, offset: clock.read().offset };
    match verb {
        Verb::Enrol { server, code, name } => server::enrol(&here, &server, &code, name),
        Verb::Sync { follow: false } => server::sync(&here),
        Verb::Sync { follow: true } => follow::follow(&here),
        Verb::Visits(query) => lists::visits(&here, query),
        Verb::Parts(verb) => parts::show(&here, verb),
        Verb::Charge { visit } => parts::charge(&here, &visit),
        Verb::Outbox => lists::outbox(&here),
        Verb::Quarantine { verb } => quarantine::carry_out(&here, verb),
        Verb::Show { visit } => show::show(&here, &visit),
        Verb::Next { visit, role } => next::next(&here, &visit, role.as_deref()),
        Verb::Incidents { visit } => incidents::list(&here, &visit),
        Verb::Incident { visit, situation } => incidents::show(&here, &visit, &situation),
        Verb::Alert(args) => incidents::alert(&here, args),
        Verb::Holds { visit } => holds::list(&here, &visit),
        Verb::Report { visit, out, audience, photos } => visit::report(&here, &visit, out, audience, photos),
        Verb::Attachments(verb) => attachments::carry_out(&here, verb),
        Verb::Seal { visit } => sealed::seal(&here, &visit),
        Verb::Export { visit, out } => sealed::export(&here, &visit, &out),
        Verb::PassOn { visit, to, out, attachments } => {
            pass_on::pass_on(&here, &visit, &to, &out, attachments)
        }
        Verb::TakeOver { file } => pass_on::take_over(&here, &file),
        Verb::Verify { what, trust } => sealed::verify(&here, &what, trust),
        Verb::Earlier { visit } => past::earlier(&here, &visit),
        Verb::History { visit, field } => history::history(&here, &visit, field),
        Verb::Conflicts { visit } => conflicts::conflicts(&here, visit.as_deref()),
        Verb::Ready { days, sync } => ready::ready(&here, days, sync),
        Verb::Preview { visit, command } => run::preview(&here, &visit, &command),
        Verb::Run { visit } => run::run(&here, visit.as_deref()),
        Verb::Act(act) => act::carry_out(&here, act),
        Verb::Restore { file, refused } => salvage::restore(&here, &file, refused),
        Verb::Completions { .. } | Verb::Standards(_) | Verb::Salvage { .. } => Ok(()),
    }
}

/// What every command works with.
struct Here<'a> {
    store: Store,
    output: &'a Output,
    /// UTC offset in which times are shown.
    offset: jiff::tz::Offset,
}
