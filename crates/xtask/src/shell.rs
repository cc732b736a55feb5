//! Running commands, and where things lie.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Outcome of a habit: the message says what failed and what to do.
pub(crate) type Outcome = Result<(), String>;

/// The workspace's top folder.
pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).map_or(manifest.clone(), ToOwned::to_owned)
}

/// The target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo, in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command, shows what it prints, and fails if it does.
pub(crate) fn run(title: &str, command: &mut Command) -> Outcome {
    let started = Instant::now();
    println!("==> {title}");
    let status = command.status().map_err(|error| format!("{title}: could not start: {error}"))?;
    println!("    {title}: {:.0} s", started.elapsed().as_secs_f64());
    if status.success() { Ok(()) } else { Err(format!("{title} failed ({status})")) }
}

/// Whether a program can be run.
pub(crate) fn has(program: impl AsRef<OsStr>, argument: &str) -> bool {
    let tried = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}
