//! A process that is killed at any moment: what it had acknowledged is there, and the file is whole.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{id, seeded};
use jobsheet::{Options, Store};
use serde_json::{Value, json};

fn run(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_jobsheet"))
        .args(["run", "SR-0"])
        .env("JOBSHEET_STORE", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

fn line(number: usize) -> String {
    json!({ "do": "note", "note": "steps", "edit": { "append": format!("{number} ") } }).to_string() + "\n"
}

fn check(folder: &Path) -> Vec<usize> {
    let integrity: String = rusqlite::open_plain(&folder.join("jobsheet.db"))
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(integrity, "ok");
    let store = Store::open(folder, Options::default()).unwrap();
    let record = store.visit(id(0)).unwrap().record;
    record.notes["steps"].split_whitespace().map(|number| number.parse().unwrap()).collect()
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = seeded();
    for round in 0..20 {
        let mut child = run(folder.path());
        child.stdin.as_mut().unwrap().write_all(line(round).as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
        assert_eq!(check(folder.path()), (0..=round).collect::<Vec<_>>());
    }
}

#[test]
fn a_kill_in_the_middle_of_writing_leaves_a_whole_prefix() {
    let folder = seeded();
    let mut written = 0;
    for round in 0_u64..10 {
        let mut child = run(folder.path());
        let mut stdin = child.stdin.take().unwrap();
        let first = written;
        let feeder = std::thread::spawn(move || {
            let mut at = first;
            // Ends when the process that reads is gone.
            while stdin.write_all(line(at).as_bytes()).is_ok() {
                at += 1;
            }
        });
        let begun = Instant::now();
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = 0;
        while begun.elapsed() < Duration::from_millis(30 + 7 * round) {
            let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
            assert_eq!(answer["ok"], true, "{answer}");
            acknowledged += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        feeder.join().unwrap();
        // More may have become durable than was read here, never less, and never with a gap.
        let found = check(folder.path());
        assert!(found.len() >= first + acknowledged, "{} of {}", found.len(), first + acknowledged);
        assert_eq!(found, (0..found.len()).collect::<Vec<_>>());
        written = found.len();
    }
}
