//! The packs of the library, their hash and their schema; how a faulty pack is refused. What the linter finds is tested in
//! `lint.rs`.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use jobsheet_core::standard::{Standard, builtin, builtin_hashes, builtin_ids, overlay_schema, schema};

const REAL: &str = include_str!("../packs/execution-form.toml");

fn edit(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the pack has no `{from}`");
    text.replacen(from, to, 1)
}

#[test]
fn all_errors_are_reported_at_once_in_the_order_of_lines() {
    // Each edit makes one fault, on the line that holds the last text.
    let edits = [
        (
            "unit = \"kPa\"",
            "unit = \"\"",
            "unit = \"\"",
            "pressure: quantity `pressure` has no unit; write the UCUM code",
        ),
        (
            "signers = [\"customer\"]",
            "signers = []",
            "signers = []",
            "signing: nobody signs; name at least one role",
        ),
        ("en = \"Storekeeper\"", "en = \"\"", "id = \"warehouse\"", "warehouse: there is no text in `en`"),
        (
            "zh = \"到场后主动出示工牌。\"",
            "zh = \"\"",
            "On arrival show the work badge",
            "there is no text in `zh`",
        ),
        ("\"PT30M\"", "\"30 min\"", "\"30 min\"", "`30 min` is not a duration"),
        ("end = [\"supervisor-alerted\"]", "end = []", "end = []", "a deadline without an end event"),
        (
            "when = \"order.urgency == 'urgent'\"",
            "when = \"urgency == 'urgent'\"",
            "when = \"urgency ==",
            "`urgency` is not known",
        ),
        ("phase = \"greet\"", "phase = \"great\"", "phase = \"great\"", "did you mean `greet`?"),
        ("event = \"entered\", from", "evnt = \"entered\", from", "evnt = ", "did you mean `event`?"),
    ];
    let text = edits.iter().fold(REAL.to_owned(), |text, (from, to, ..)| edit(&text, from, to));
    let errors = Standard::load(&text).unwrap_err();
    let shown = errors.to_string();
    for (_, _, line, says) in edits {
        let line = text.lines().position(|one| one.contains(line)).unwrap() + 1;
        let found =
            shown.lines().any(|one| one.starts_with(&format!("line {line}, column ")) && one.contains(says));
        assert!(found, "no `{says}` about line {line} in\n{shown}");
    }
    // The step without an event lacks it as well.
    assert_eq!(errors.0.len(), edits.len() + 1, "{shown}");
    assert!(errors.0.is_sorted_by_key(|error| error.line));
}

#[test]
fn the_packs_of_the_library_load() {
    let ids: Vec<&str> = builtin_ids().collect();
    assert_eq!(ids, ["execution-form", "engineering", "aftersales-rules", "gas", "diesel"]);
    for id in ids {
        let standard = builtin(id).unwrap().unwrap();
        assert_eq!(standard.pack().id, id);
        assert_eq!(standard.sha256().len(), 64);
    }
    assert!(builtin("nothing").unwrap().is_none());
}

#[test]
fn comments_and_layout_do_not_change_the_hash() {
    let hash = Standard::load(REAL).unwrap().sha256().to_owned();
    let bare: String = REAL
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .flat_map(|line| ["", line, "# a remark\n\n"].into_iter().flat_map(|text| [text, "\n"]))
        .collect();
    let signing = "signing = { event = \"signed-off\", signers = [\"customer\"], ";
    let reordered = edit(REAL, signing, "signing = { signers   = [ \"customer\" ], event='signed-off', ");
    let explicit = edit(REAL, "{ event = \"arrived\", from", "{ event = \"arrived\", repeats = false, from");
    for (what, text) in [("bare", bare), ("reordered", reordered), ("with an explicit default", explicit)] {
        assert_eq!(Standard::load(&text).unwrap().sha256(), hash, "{what}");
    }
}

#[test]
fn any_change_of_content_changes_the_hash() {
    let mut seen = vec![Standard::load(REAL).unwrap().sha256().to_owned()];
    for (from, to) in [
        ("version = \"1.0.0\"", "version = \"1.0.1\""),
        ("source = \"004_41c0ff252cdf4ab6\"", "source = \"004\""),
        ("\"PT30M\"", "\"PT31M\""),
        ("severity = \"should\"", "severity = \"must\""),
        ("max = 1000.0", "max = 1000.5"),
        ("到场后主动出示工牌。", "到场后主动出示工牌"),
        ("personal = true", "personal = false"),
        ("when = \"order.urgency == 'urgent'\"", "when = \"order.urgency != 'normal'\""),
        ("number = 21", "number = 22"),
        ("also = [\"technician\"]", "also = []"),
        ("blocks = [\"departed\"]", "blocks = []"),
        ("The standard gives no figure", "The standard has no figure"),
    ] {
        let hash = Standard::load(&edit(REAL, from, to)).unwrap().sha256().to_owned();
        assert!(!seen.contains(&hash), "`{from}` became `{to}` and the hash is the same");
        seen.push(hash);
    }
}

#[test]
fn the_schema_files_are_the_schemas_of_the_types() {
    for (name, schema) in [("pack-v1", schema()), ("overlay-v1", overlay_schema())] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{name}.schema.json"));
        let now = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == now,
            "{} is not the schema of the pack types; renew it with UPDATE_SCHEMA=1 cargo test -p jobsheet-core --test packs",
            path.display()
        );
    }
}

#[test]
fn the_hashes_that_are_named_without_reading_are_those_of_the_packs() {
    let read = builtin_ids().map(|id| builtin(id).unwrap().unwrap().sha256().to_owned());
    let read: Vec<String> = read.collect();
    assert_eq!(builtin_hashes().collect::<Vec<_>>(), read, "HASHES in standard/builtin.rs are to be these");
}
