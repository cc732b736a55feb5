//! The committed pages are those that the packs make.

use std::path::PathBuf;

use crate::run;

fn committed(name: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/standards").join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}; run `cargo xtask docs`"))
}

/// The first line in which two texts differ.
fn difference(one: &str, other: &str) -> Option<String> {
    let mut lines = one.lines().zip(other.lines()).enumerate();
    let found = lines.find(|(_, (one, other))| one != other);
    let found = found.map(|(at, (one, other))| format!("line {}:\n  {one}\n  {other}", at + 1));
    found.or_else(|| (one != other).then(|| "one is longer than the other".to_owned()))
}

#[test]
fn the_committed_pages_are_up_to_date() {
    for id in ["execution-form", "engineering", "aftersales-rules", "gas", "diesel"] {
        let made = run(&["page", id]);
        assert_eq!(made.code, 0, "{}", made.err);
        let difference = difference(&committed(&format!("{id}.md")), &made.out);
        assert_eq!(difference, None, "docs/standards/{id}.md is out of date; run `cargo xtask docs`");
    }
    let index = committed("README.md");
    assert!(
        index.contains(run(&["page"]).out.trim_end()),
        "docs/standards/README.md: run `cargo xtask docs`"
    );
}

#[test]
fn a_page_has_every_rule_in_both_languages() {
    for id in ["execution-form", "engineering", "aftersales-rules", "gas", "diesel"] {
        let page = run(&["page", id]).out;
        let standard = jobsheet_core::standard::builtin(id).unwrap().unwrap();
        for rule in &standard.pack().rules {
            let short = rule.id.split_once('.').unwrap().1;
            assert!(page.contains(&format!("`{short}`")), "{}", rule.id);
        }
        assert!(page.contains("## Clocks") && page.contains("## What no software can carry alone"));
        assert!(!page.contains("](/") && !page.contains("/home/"));
    }
}

#[test]
fn a_page_can_be_led_by_chinese() {
    let page = run(&["page", "gas", "--lang", "zh"]).out;
    assert!(page.starts_with("# 燃气服务规范 · Gas service standard") && page.contains("## 时限"));
}

#[test]
fn all_standards_side_by_side() {
    let page = run(&["page"]).out;
    for part in ["| `arrived` |", "within 15 days of “Ship delivered”", "What 24 hours are", "`hotline-24h`"]
    {
        assert!(page.contains(part), "{part}");
    }
}
