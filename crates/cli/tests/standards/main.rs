//! `jobsheet standards` from outside: every verb in both languages, the shapes of its JSON, bad input.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod bad_input;
mod coverage;
mod json;
mod lint;
mod pages;
mod people;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jobsheet_core::standard;
use serde_json::Value;

/// What a command of the program gave.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// The error of a command that was asked for JSON.
    fn error(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap().to_owned()
    }
}

fn run(args: &[&str]) -> Ran {
    with_input(args, b"")
}

fn with_input(args: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jobsheet"))
        .arg("standards")
        .args(args)
        .env("JOBSHEET_STORE", "/no/such/folder")
        .env_remove("JOBSHEET_LANG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let Output { status, stdout, stderr } = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that stops early does not read all of it.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    });
    Ran {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// The text of a pack that comes with the program.
fn source(id: &str) -> String {
    standard::builtin(id).unwrap().unwrap().source().to_owned()
}

/// A file in a folder of its own.
struct File {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn of(name: &str, text: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Self { folder, path }
    }

    fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }

    fn beside(&self, name: &str, text: &str) -> String {
        let path: &Path = &self.folder.path().join(name);
        std::fs::write(path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// A company's changes to the diesel standard.
const OVERLAY: &str = r#"
format = 1
id = "yard"
version = "0.1.0"
title = { en = "Yard", zh = "船厂" }
extends = { id = "diesel", version = "1.0.0" }
[[override]]
rule = "diesel.specialist-2h"
set = { check.milestone.limit = "PT1H" }
reason = { en = "The yard has a specialist.", zh = "船厂自有专家。" }
[[disable]]
rule = "diesel.hotline-24h"
reason = { en = "Another company answers.", zh = "由其他公司接听。" }
"#;
