//! `cargo xtask prove`: the long form of the fault and property tests.

use std::process::Command;

use clap::{Args, ValueEnum};

use crate::shell::{self, Outcome, cargo};

/// How long each decoder is fuzzed: 10 minutes.
const FUZZ_SECONDS: &str = "-max_total_time=600";

#[derive(Args)]
pub(crate) struct Options {
    /// What to prove.
    what: What,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Merges of any interleaving of any commands, 2,000 cases.
    Merge,
    /// 200 rounds of apply, acknowledge, SIGKILL, reopen.
    Kill,
    /// A crash at each of 10,000 writes, with every kind of loss, and the disk's other faults.
    Store,
    /// 1,000 histories of devices, an office and a server under faults.
    Sync,
    /// 100,000 changes and messages of an enrolled device that means harm.
    Hostile,
    /// Every decoder under cargo-fuzz, 10 minutes each.
    Fuzz,
}

pub(crate) fn run(options: &Options) -> Outcome {
    match options.what {
        What::Merge => shell::run(
            "merge, 2,000 cases",
            cargo()
                .args(["test", "--release", "-p", "jobsheet-core", "--test", "merge"])
                .env("JOBSHEET_PROPTEST_CASES", "2000"),
        ),
        What::Sync => {
            shell::run("build the binaries", cargo().args(["build", "--workspace", "--bins"]))?;
            shell::run(
                "sync, 1,000 histories",
                cargo()
                    .args(["test", "-p", "jobsheet-tests", "--test", "faults", "--", "--nocapture"])
                    .env("JOBSHEET_SYNC_HISTORIES", "1000"),
            )
        }
        What::Hostile => shell::run(
            "hostile, 100,000 changes and messages",
            cargo()
                .args(["test", "-p", "jobsheet-server", "--test", "hostile", "--", "--nocapture"])
                .env("JOBSHEET_HOSTILE_CHANGES", "100000"),
        ),
        What::Fuzz => fuzz(),
        What::Store => {
            shell::run("build the binaries", cargo().args(["build", "--workspace", "--bins"]))?;
            shell::run(
                "store, 10,000 points",
                cargo()
                    .args(["test", "-p", "jobsheet-tests", "--test", "store", "--", "--nocapture"])
                    .env("JOBSHEET_STORE_POINTS", "10000"),
            )
        }
        What::Kill => {
            shell::run("build the binaries", cargo().args(["build", "--workspace", "--bins"]))?;
            shell::run(
                "kill, 200 rounds",
                cargo()
                    .args(["test", "-p", "jobsheet-tests", "--test", "kill", "--", "--nocapture"])
                    .env("JOBSHEET_KILL_ROUNDS", "200"),
            )
        }
    }
}

/// Targets are the files of `fuzz/fuzz_targets/`. cargo-fuzz needs nightly Rust.
fn fuzz() -> Outcome {
    let nightly = ["+nightly", "fuzz", "--version"];
    let there = Command::new("cargo").args(nightly).output().is_ok_and(|output| output.status.success());
    if !there {
        println!("SKIPPED fuzz: cargo-fuzz with nightly Rust is not here. No decoder was fuzzed.");
        println!("        `rustup toolchain install nightly` and `cargo install cargo-fuzz` bring them.");
        println!(
            "        `cargo test -p jobsheet-tests --test fuzz` runs the decoders with the corpus alone."
        );
        return Ok(());
    }
    let folder = shell::root().join("fuzz");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    for file in std::fs::read_dir(folder.join("fuzz_targets")).map_err(failed)? {
        let file = file.map_err(failed)?.path();
        let Some(target) = file.file_stem().and_then(|name| name.to_str()) else { continue };
        let mut command = Command::new("cargo");
        command.current_dir(&folder).args([
            "+nightly",
            "fuzz",
            "run",
            target,
            "--",
            FUZZ_SECONDS,
            "-timeout=20",
        ]);
        shell::run(&format!("fuzz {target}"), &mut command)?;
    }
    Ok(())
}
