//! `cargo xtask ci`: what must hold before a change lands.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{self, Outcome, cargo, has, target};
use crate::test;

/// The version of cargo-deny that CI uses.
const DENY_VERSION: &str = "0.20.2";

pub(crate) fn run() -> Outcome {
    shell::run("format", cargo().args(["fmt", "--all", "--check"]))?;
    shell::run("lints", cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings");
    shell::run("documentation", &mut doc)?;
    deny()?;
    test::run()
}

/// Licences, bans and sources always; advisories where their database can be fetched.
fn deny() -> Outcome {
    let tool = deny_tool()?;
    let check = |what: &[&str]| {
        let mut command = Command::new(&tool);
        command.current_dir(shell::root()).args(["--log-level", "error", "check"]).args(what);
        command
    };
    shell::run("dependency rules", &mut check(&["bans", "licenses", "sources"]))?;
    let database = "https://github.com/rustsec/advisory-db";
    let reachable = Command::new("git")
        .args(["ls-remote", "--exit-code", database, "HEAD"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .is_ok_and(|output| output.status.success());
    if reachable {
        return shell::run("advisories", &mut check(&["advisories"]));
    }
    println!("SKIPPED advisories: the advisory database ({database}) can not be reached from here.");
    println!("        Run `cargo deny check advisories` on a machine that reaches it before a release.");
    Ok(())
}

/// cargo-deny from the path, or installed below the target folder.
fn deny_tool() -> Result<PathBuf, String> {
    if has("cargo-deny", "--version") {
        return Ok(PathBuf::from("cargo-deny"));
    }
    let root = target().join("tools");
    let tool = root.join("bin").join("cargo-deny");
    if !has(&tool, "--version") {
        let mut install = cargo();
        // Unoptimised: it runs for a second, and compiles in half the time.
        install.args(["install", "cargo-deny", "--locked", "--debug", "--quiet", "--version", DENY_VERSION]);
        install.arg("--root").arg(&root).arg("--target-dir").arg(target().join("tools-build"));
        shell::run("install cargo-deny", &mut install)?;
    }
    Ok(tool)
}
