//! History and conflicts as people read them in a terminal.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use common::{at, code, jobsheet, json, seeded, text};

#[test]
fn the_history_reads_as_who_what_and_what_before_in_both_languages() {
    let folder = seeded();
    let run = |time: &str, args: &[&str]| {
        let output = at(folder.path(), time, args);
        assert_eq!(code(&output), 0, "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    run("08:30", &["accept", "SR-0"]);
    run("08:31", &["answer", "SR-0", "confirm-address-time", "--yes"]);
    run("08:32", &["answer", "SR-0", "confirm-address-time", "--no"]);
    run("08:33", &["note", "SR-0", "steps", "--append", "Belt worn, changed."]);
    run("08:34", &["note", "SR-0", "steps", "--at", "5", "--delete", "4", "--insert", "断裂"]);

    let all = run("08:40", &["history", "SR-0"]);
    let line = |needle: &str| {
        all.lines().find(|line| line.contains(needle)).unwrap_or_else(|| panic!("no {needle} in {all}"))
    };
    assert!(line("  register  ").contains("office-1 (office)"), "{all}");
    assert!(line("  accept  ").contains("tech-1 (this device)"), "{all}");
    assert!(line("  accept  ").ends_with("unsent"), "{all}");

    let field = run("08:40", &["history", "SR-0", "--field", "confirm-address-time"]);
    assert!(
        field.contains(r#"execution-form.confirm-address-time: {"yes":true}  (replaced since)"#),
        "{field}"
    );
    assert!(field.contains(r#"{"yes":true} → {"yes":false}"#), "{field}");
    let note = run("08:40", &["history", "SR-0", "--field", "steps"]);
    assert!(note.contains("@5 Belt [-worn-]{+断裂+}, changed."), "{note}");
    let chinese = run("08:40", &["history", "SR-0", "--field", "confirm-address-time", "--lang", "zh"]);
    assert!(chinese.contains("tech-1 (本设备)") && chinese.contains("已被替换"), "{chinese}");

    let none = jobsheet(folder.path(), &["history", "SR-0", "--field", "no-such-thing"]);
    assert_eq!(code(&none), 4);
    assert!(text(&none.stderr).contains("`no-such-thing`"));
}

#[test]
fn without_conflicts_the_list_is_empty_and_says_so() {
    let folder = seeded();
    assert_eq!(text(&jobsheet(folder.path(), &["conflicts"]).stdout).trim(), "nothing");
    assert_eq!(json(&jobsheet(folder.path(), &["conflicts", "SR-1", "--json"])), serde_json::json!([]));
    assert_eq!(code(&jobsheet(folder.path(), &["conflicts", "SR-9"])), 4);
}
