//! The real binary on a real store: results, refusals, bad input, exit codes.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::Path;
use std::process::Command;

use common::{code, id, jobsheet, json, lines, seeded, text, with_input};
use jobsheet_core::standard;
use serde_json::json;
use uuid::Uuid;

#[test]
fn help_lists_every_command_and_the_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let help = jobsheet(folder.path(), &["--help"]);
    assert_eq!(code(&help), 0);
    let help = text(&help.stdout);
    for word in [
        "enrol",
        "sync",
        "visits",
        "show",
        "next",
        "preview",
        "run",
        "history",
        "conflicts",
        "ready",
        "outbox",
        "quarantine",
        "report",
        "standards",
        "completions",
        "accept",
        "prepare",
        "confirm-appointment",
        "depart",
        "arrive",
        "present-badge",
        "enter",
        "diagnose",
        "obtain-consent",
        "start",
        "pause",
        "resume",
        "finish",
        "reopen",
        "hand-over",
        "leave",
        "answer",
        "begin-hold",
        "end-hold",
        "decide",
        "score",
        "measure",
        "note",
        "consume-part",
        "add-photo",
        "add-document",
        "attachments",
        "survey",
        "sign",
        "attest",
        "report-event",
        "explain-delay",
        "escalate",
        "report-breach",
        "resolve",
        "say",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word} is not in the help");
    }
    // Asking for help touches no store.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_visit_is_listed_shown_and_worked() {
    let folder = seeded();
    let list = json(&jobsheet(folder.path(), &["visits", "--json", "--size", "2"]));
    assert_eq!((list["total"].as_u64(), list["rows"].as_array().map(Vec::len)), (Some(3), Some(2)));
    let human = text(&jobsheet(folder.path(), &["visits"]).stdout);
    assert!(human.contains("SR-2") && human.contains("2026-03-02 09:00"), "{human}");

    let receipt = json(&jobsheet(folder.path(), &["accept", "SR-0", "--json"]));
    assert_eq!((receipt["command"].as_str(), receipt["unsent"].as_u64()), (Some("accept"), Some(1)));
    let shown = jobsheet(folder.path(), &["show", "sr-0"]);
    assert_eq!(code(&shown), 0);
    assert!(text(&shown.stdout).contains(&id(0).to_string()));
    let shown = json(&jobsheet(folder.path(), &["show", &id(0).to_string(), "--json"]));
    assert_eq!(shown["record"]["order"]["number"], "SR-0");
    assert!(shown["next"].as_array().is_some_and(|next| !next.is_empty()));
    assert!(text(&jobsheet(folder.path(), &["next", "SR-0"]).stdout).starts_with(" 1. "));
    assert!(text(&jobsheet(folder.path(), &["next", "SR-0", "--lang", "zh"]).stdout).contains("条款"));
    let history = json(&jobsheet(folder.path(), &["history", "SR-0", "--json"]));
    assert_eq!(history.as_array().unwrap().last().unwrap()["command"], "accept");
    let outbox = json(&jobsheet(folder.path(), &["outbox", "--json"]));
    assert_eq!(
        outbox,
        json!([{ "visit": id(0), "number": "SR-0", "unsent": 1, "refused": 0, "revoked": false }])
    );
    assert_eq!(json(&jobsheet(folder.path(), &["quarantine", "--json"])), json!([]));
}

#[test]
fn a_refusal_names_rule_and_clause_in_both_languages_and_exits_with_3() {
    let folder = seeded();
    let refused = jobsheet(folder.path(), &["finish", "SR-0"]);
    assert_eq!(code(&refused), 3);
    assert!(text(&refused.stderr).starts_with("refused: "), "{}", text(&refused.stderr));
    assert!(refused.stdout.is_empty());
    let refused = jobsheet(folder.path(), &["finish", "SR-0", "--lang", "zh"]);
    assert!(text(&refused.stderr).starts_with("已拒绝"));
    let refused = jobsheet(folder.path(), &["finish", "SR-0", "--json"]);
    assert_eq!(code(&refused), 3);
    let error = &json(&refused)["error"];
    assert_eq!((error["kind"].as_str(), error["code"].as_str()), (Some("refused"), Some("wrong-state")));
    let preview = jobsheet(folder.path(), &["preview", "SR-0", r#"{"do": "finish"}"#, "--json"]);
    assert_eq!((code(&preview), &json(&preview)["error"]["code"]), (3, &error["code"]));
    assert_eq!(code(&jobsheet(folder.path(), &["preview", "SR-0", r#"{"do": "accept"}"#])), 0);
    assert_eq!(json(&jobsheet(folder.path(), &["outbox", "--json"])), json!([]));
}

#[test]
fn bad_input_has_a_reason_and_its_exit_code() {
    let folder = seeded();
    let uuid = "2f3c1d8e-0000-0000-0000-00000000zzzz";
    let unknown = Uuid::from_u128(9).to_string();
    for (args, expected, words) in [
        (vec!["show", &unknown], 4, "is on this device"),
        (vec!["show", "SR-99"], 4, "SR-99"),
        (vec!["show", uuid], 2, "is not a UUID"),
        (vec!["show", ""], 2, "visit"),
        (vec!["answer", "SR-0", "no-such-item", "--yes"], 3, "no such rule"),
        (vec!["measure", "SR-0", "supply-voltage", "230", "kPa"], 3, "unit"),
        (vec!["measure", "SR-0", "supply-voltage", "5000", "V"], 3, "between 0 and 1000 V"),
        (vec!["measure", "SR-0", "no-such-quantity", "1", "V"], 3, "quantity"),
        (vec!["preview", "SR-0", "{"], 2, "json"),
        (vec!["preview", "SR-0", r#"{"do": "fly"}"#], 2, "fly"),
        (vec!["add-photo", "SR-0", "/no/such/file"], 2, "file"),
        (vec!["report", "SR-0", "--audience", "everybody"], 2, "everybody"),
        (vec!["answer", "SR-0", "x"], 2, "--yes"),
        (vec!["visits", "--size", "201"], 2, "201"),
        (vec!["standards", "show", "no-such-standard"], 4, "no-such-standard"),
        (vec!["no-such-command"], 2, "no-such-command"),
        (vec!["sync"], 5, "can not be reached"),
        (vec!["enrol", "--server", "ftp://x", "--code", "c"], 2, "ftp"),
        (vec!["quarantine", "discard", "00"], 4, "00"),
    ] {
        let output = jobsheet(folder.path(), &args);
        let said = text(&output.stderr);
        assert_eq!(code(&output), expected, "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
        let mut args = args;
        args.push("--json");
        let output = jobsheet(folder.path(), &args);
        assert_eq!(code(&output), expected, "{args:?}");
        assert!(json(&output)["error"]["message"].is_string(), "{args:?}");
    }
    assert_eq!(json(&jobsheet(folder.path(), &["outbox", "--json"])), json!([]));
}

#[test]
fn a_device_that_is_not_enrolled_exits_with_6_and_a_store_of_a_newer_version_with_7() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(&jobsheet(folder.path(), &["sync"])), 6);
    let newer = tempfile::tempdir().unwrap();
    std::fs::write(newer.path().join("jobsheet.db"), b"this is not a database at all, but somebody's file")
        .unwrap();
    assert_eq!(code(&jobsheet(newer.path(), &["visits"])), 7);
}

#[test]
fn run_answers_every_line_and_goes_on_after_refusals() {
    let folder = seeded();
    let photo = folder.path().join("photo.jpg");
    std::fs::write(&photo, [0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]).unwrap();
    let input = [
        json!({ "do": "accept" }).to_string(),
        json!({ "do": "finish" }).to_string(),
        "not json".to_owned(),
        String::new(),
        json!({ "visit": "SR-1", "do": "accept" }).to_string(),
        json!({ "visit": "SR-9", "do": "accept" }).to_string(),
        json!({ "do": "note", "note": "steps", "edit": { "append": "x".repeat(10 << 20) } }).to_string(),
        json!({ "do": "add-photo", "file": photo, "caption": "before" }).to_string(),
        json!({ "do": "accept", "surprise": 1 }).to_string(),
        json!({ "do": "note", "note": "steps", "edit": { "append": "last line, no line end" } }).to_string(),
    ];
    let output = with_input(folder.path(), &["run", "SR-0"], input.join("\n").as_bytes());
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let answers = lines(&output);
    let kinds: Vec<(u64, bool, &str)> = answers
        .iter()
        .map(|answer| {
            let kind = answer["error"]["kind"].as_str().unwrap_or_default();
            (answer["line"].as_u64().unwrap(), answer["ok"].as_bool().unwrap(), kind)
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (1, true, ""),
            (2, false, "refused"),
            (3, false, "invalid-input"),
            (5, true, ""),
            (6, false, "not-found"),
            (7, false, "refused"),
            (8, true, ""),
            (9, false, "invalid-input"),
            (10, true, ""),
        ]
    );
    assert!(answers[5]["error"]["message"].as_str().unwrap().contains("20000"));
    let shown = json(&jobsheet(folder.path(), &["show", "SR-0", "--json"]));
    assert_eq!(shown["record"]["notes"]["steps"], "last line, no line end");
    assert_eq!(shown["transport"]["unsent"], 3);
}

#[test]
fn a_note_of_ten_megabytes_from_standard_input_is_refused() {
    let folder = seeded();
    let output = with_input(
        folder.path(),
        &["note", "SR-0", "steps", "--append", "-"],
        "x".repeat(10 << 20).as_bytes(),
    );
    assert_eq!(code(&output), 3);
    let said = text(&output.stderr);
    assert!(said.contains("20000") && said.len() < 500, "{said}");
}

#[test]
fn a_report_is_written_for_an_audience() {
    let folder = seeded();
    let file = folder.path().join("report.html");
    let output = jobsheet(
        folder.path(),
        &["report", "SR-0", "--out", file.to_str().unwrap(), "--audience", "customer"],
    );
    assert_eq!(code(&output), 0);
    assert!(std::fs::read_to_string(&file).unwrap().contains("SR-0"));
    let printed = jobsheet(folder.path(), &["report", "SR-0", "--lang", "zh"]);
    assert!(text(&printed.stdout).contains("<html"));
}

#[test]
fn standards_and_completions_need_no_store() {
    let nowhere = Path::new("/no/such/folder");
    let list = json(&jobsheet(nowhere, &["standards", "list", "--json"]));
    assert!(list.as_array().unwrap().iter().any(|standard| standard["id"] == "execution-form"));
    assert!(
        text(&jobsheet(nowhere, &["standards", "show", "execution-form", "--lang", "zh"]).stdout)
            .contains("条款")
    );
    assert_eq!(json(&jobsheet(nowhere, &["standards", "schema"]))["title"], "Pack");
    assert!(text(&jobsheet(nowhere, &["completions", "bash"]).stdout).contains("present-badge"));

    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("pack.toml");
    let source = standard::builtin("execution-form").unwrap().unwrap().source().to_owned();
    std::fs::write(&pack, &source).unwrap();
    assert_eq!(code(&jobsheet(nowhere, &["standards", "lint", pack.to_str().unwrap()])), 0);
    std::fs::write(&pack, source.replacen("phase = \"intake\"", "phase = \"nowhere\"", 1)).unwrap();
    let bad = jobsheet(nowhere, &["standards", "lint", pack.to_str().unwrap(), "--json"]);
    assert_eq!(code(&bad), 2);
    let found = json(&bad);
    let errors: Vec<_> = found.as_array().unwrap().iter().filter(|one| one["level"] == "error").collect();
    let line = source.lines().position(|line| line == "phase = \"intake\"").unwrap() + 1;
    assert_eq!(
        (errors.len(), &errors[0]["code"], &errors[0]["line"]),
        (1, &json!("unknown-phase"), &json!(line))
    );
}

#[test]
fn the_reader_may_go_away() {
    let folder = seeded();
    let binary = env!("CARGO_BIN_EXE_jobsheet");
    let script = format!("{binary} standards schema | head -1");
    let output =
        Command::new("sh").args(["-c", &script]).env("JOBSHEET_STORE", folder.path()).output().unwrap();
    assert_eq!((code(&output), text(&output.stderr).as_str()), (0, ""));
}
