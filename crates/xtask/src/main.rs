//! Developer habits, one command each: `cargo xtask demo | test | ci | bench | prove | docs`.

mod bench;
mod ci;
mod demo;
mod docs;
mod prove;
mod shell;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer habits of Jobsheet, one command each")]
struct Cli {
    #[command(subcommand)]
    habit: Habit,
}

#[derive(Subcommand)]
enum Habit {
    /// Shows the main job end to end: real server, real devices, real service requests.
    Demo(demo::Options),
    /// Runs every test.
    Test,
    /// What CI runs: format, lints, dependency rules, documentation, tests.
    Ci,
    /// Measures, and compares with the bars.
    Bench(bench::Options),
    /// The long form of the fault and property tests.
    Prove(prove::Options),
    /// Rewrites the pages of the standards from the packs.
    Docs,
}

fn main() -> ExitCode {
    let result = match Cli::parse().habit {
        Habit::Demo(options) => demo::run(&options),
        Habit::Test => test::run(),
        Habit::Ci => ci::run(),
        Habit::Bench(options) => bench::run(&options),
        Habit::Prove(options) => prove::run(&options),
        Habit::Docs => docs::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
