//! Clients of others: what speaks tus 1.0 sends files to this server, through a proxy that cuts it off.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use jobsheet_tests::programs::workspace;

use crate::world::{World, exchange, world};

/// Bytes that the clients send in one request.
const CHUNK: usize = 512 << 10;

/// Says loudly that a client is not here. Where tests must be whole, this is a failure.
fn skipped(what: &str) {
    eprintln!("SKIPPED {what}: it needs a program that is not on this machine");
    assert!(std::env::var_os("CI").is_none(), "{what} must be tested in CI");
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A folder below the target folder where a client is installed, and what is to be copied there from the sources.
fn installed(client: &str, files: &[&str]) -> PathBuf {
    let sources = workspace("tests/clients").join(client);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(client);
    std::fs::create_dir_all(&folder).unwrap();
    for file in files {
        std::fs::copy(sources.join(file), folder.join(file)).unwrap();
    }
    folder
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Has a client send a file of 3 pieces and a bit, cut off at every boundary of a piece and a byte beside it.
fn sends(world: &World, client: impl Fn(&[&str], &str) -> String) {
    let maria = world.device("maria");
    let size = 3 * CHUNK + 777;
    let file = world.file(1, size);
    let hash = world.attach(&maria, &file);
    exchange(&maria);
    let database = rusqlite::Connection::open(world.folder.path().join("maria/jobsheet.db")).unwrap();
    let token: String = database.query_row("SELECT token FROM meta", [], |row| row.get(0)).unwrap();

    let around = |at: usize| [at.saturating_sub(1), at, at + 1];
    let cuts: BTreeSet<u64> = (0..=3)
        .flat_map(|n| around(n * CHUNK))
        .chain(around(size))
        .filter(|at| *at <= size)
        .map(|at| at as u64)
        .collect();
    world.proxy.cut_at(cuts);
    let (endpoint, document) = (format!("{}/v1/uploads", world.proxy.address), world.visit.to_string());
    let (chunk, path) = (CHUNK.to_string(), file.to_string_lossy().into_owned());
    let arguments = [endpoint.as_str(), &path, &hash, &document, &chunk];
    let url = client(&arguments, &token);
    assert!(url.trim().starts_with(&format!("{endpoint}/")), "{url}");
    assert!(world.proxy.left().is_empty(), "{:?} never happened", world.proxy.left());
    let told = world.proxy.acknowledged();
    assert!(told.is_sorted(), "the offset fell: {told:?}");
    assert_eq!(world.files()["complete"], true);
    assert_eq!(world.at_office(&hash), hash);

    // What the server has is complete at once: for the same client anew, and for the device itself.
    let passed = world.proxy.passed();
    client(&arguments, &token);
    let report = maria.sync(|_| ControlFlow::Continue(())).unwrap();
    assert_eq!((report.files.sent, report.files.bytes_sent), (1, 0));
    assert!(world.proxy.passed() - passed <= CHUNK as u64, "at most one piece was offered once more");
}

#[test]
fn tus_js_client_uploads_through_a_cutting_proxy() {
    if !has("node") || !has("npm") {
        return skipped("tus-js-client");
    }
    let folder = installed("tus-js", &["package.json", "package-lock.json", "upload.mjs"]);
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder));
    sends(&world(), |arguments, token| {
        run(Command::new("node").arg("upload.mjs").args(arguments).current_dir(&folder).env("TOKEN", token))
    });
}

#[test]
fn tuspy_uploads_through_a_cutting_proxy() {
    if !has("python3") {
        return skipped("tuspy");
    }
    let folder = installed("tuspy", &["requirements.txt", "upload.py"]);
    let python = folder.join("venv/bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv", "venv"]).current_dir(&folder));
    }
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"])
        .current_dir(&folder));
    sends(&world(), |arguments, token| {
        run(Command::new(&python).arg("upload.py").args(arguments).current_dir(&folder).env("TOKEN", token))
    });
}
