//! The guide “Write your own standard”, carried out: its files are written, its commands run, their output is compared.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic
#![cfg(unix)] // the commands of the guide are those of a Unix shell

use std::fs;
use std::path::Path;
use std::process::Command;

const GUIDE: &str = include_str!("../../../docs/standards/write-your-own.md");

/// What a fenced block does.
#[derive(Debug)]
enum Block {
    Write { file: String, text: String },
    Append { file: String, text: String },
    Run { command: String, expected: Vec<String>, code: i32 },
}

fn blocks(guide: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = body.iter().flat_map(|line| [line, "\n"]).collect();
        match info.split_whitespace().collect::<Vec<_>>()[..] {
            ["toml", ">", file] => blocks.push(Block::Write { file: file.to_owned(), text }),
            ["toml", ">>", file] => blocks.push(Block::Append { file: file.to_owned(), text }),
            ["console"] => blocks.extend(session(&body)),
            _ => panic!("a block of an unknown kind: {info}"),
        }
    }
    blocks
}

/// The commands of a session, each with the output below it.
fn session(lines: &[&str]) -> Vec<Block> {
    let mut runs = Vec::new();
    for line in lines {
        if let Some(command) = line.strip_prefix("$ ") {
            runs.push(Block::Run { command: command.to_owned(), expected: Vec::new(), code: 0 });
            continue;
        }
        let Some(Block::Run { expected, code, .. }) = runs.last_mut() else {
            panic!("output without a command")
        };
        match line.strip_prefix("(exit ").and_then(|rest| rest.strip_suffix(')')) {
            Some(wanted) => *code = wanted.parse().unwrap(),
            None => expected.push((*line).to_owned()),
        }
    }
    runs
}

/// Whether a line is the expected one, in which `…` stands for anything.
fn alike(expected: &str, line: &str) -> bool {
    match expected.split_once('…') {
        None => expected == line,
        Some((head, tail)) => {
            let Some(rest) = line.strip_prefix(head) else { return false };
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| alike(tail, &rest[at..]))
        }
    }
}

/// Whether the output is the expected one, in which a line `…` stands for any number of lines.
fn matches(expected: &[String], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "…" => {
            (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..]))
        }
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, more)| alike(first, line) && matches(rest, more))
        }
    }
}

fn carry_out(folder: &Path, block: &Block) {
    match block {
        Block::Write { file, text } => fs::write(folder.join(file), text).unwrap(),
        Block::Append { file, text } => {
            let before = fs::read_to_string(folder.join(file)).unwrap();
            fs::write(folder.join(file), before + text).unwrap();
        }
        Block::Run { command, expected, code } => {
            let programs = Path::new(env!("CARGO_BIN_EXE_jobsheet")).parent().unwrap();
            let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
            let output = Command::new("sh")
                .args(["-c", command])
                .current_dir(folder)
                .env("PATH", path)
                .env_remove("JOBSHEET_LANG")
                .output()
                .unwrap();
            let printed = String::from_utf8(output.stdout).unwrap();
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(*code), "{command}\n{printed}{errors}");
            let lines: Vec<&str> = printed.trim_end().lines().collect();
            assert!(
                matches(expected, &lines),
                "{command}\n--- the guide shows\n{}\n--- the program prints\n{printed}{errors}",
                expected.join("\n")
            );
        }
    }
}

#[test]
fn the_guide_works_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let blocks = blocks(GUIDE);
    assert!(blocks.len() > 15, "{}", blocks.len());
    for block in &blocks {
        carry_out(folder.path(), block);
    }
}

#[test]
fn a_line_that_differs_is_seen() {
    let expected = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert!(matches(&expected(&["a (…) b", "…", "z"]), &["a (12) b", "x", "y", "z"]));
    assert!(!matches(&expected(&["a", "z"]), &["a", "y", "z"]));
    assert!(!matches(&expected(&["a"]), &["a", "b"]));
    assert!(!matches(&expected(&["a", "…", "c"]), &["a", "b"]));
    assert!(!alike("a … c", "a b d"));
}
