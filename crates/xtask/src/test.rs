//! `cargo xtask test`: every test, by one command.

use crate::shell::{self, Outcome, cargo};

/// Builds the binaries that the tests start, then runs every test and every example in the documentation.
pub(crate) fn run() -> Outcome {
    shell::run("build the binaries", cargo().args(["build", "--workspace", "--bins"]))?;
    shell::run("tests", cargo().args(["test", "--workspace", "--no-fail-fast"]).env("RUST_BACKTRACE", "0"))
}
