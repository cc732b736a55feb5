//! The pack names every row of the clause catalogue, under the same clause and as strongly, and nothing else.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use jobsheet_core::standard::{Severity, builtin};

const CATALOGUE: &str = include_str!("../packs/execution-form.catalogue.tsv");

/// Clause and severity by id.
type Rows = BTreeMap<String, (String, String)>;

fn catalogue() -> Rows {
    let mut lines = CATALOGUE.lines();
    assert_eq!(lines.next(), Some("id\tclause\tkind\tseverity"));
    let rows: Vec<(String, (String, String))> = lines
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [id, clause, _, severity] = columns[..] else { panic!("`{line}` has not four columns") };
            (id.to_owned(), (clause.to_owned(), severity.to_owned()))
        })
        .collect();
    let count = rows.len();
    let rows: Rows = rows.into_iter().collect();
    assert_eq!(rows.len(), count, "the catalogue names an id twice");
    rows
}

fn pack() -> Rows {
    let standard = builtin("execution-form").unwrap().unwrap();
    let severity = |severity| match severity {
        Severity::Must => "must",
        Severity::MustNot => "must-not",
        Severity::Should => "should",
    };
    let rules = &standard.pack().rules;
    rules
        .iter()
        .map(|rule| (rule.id.clone(), (rule.clause.clone(), severity(rule.severity).to_owned())))
        .collect()
}

fn differences(wanted: &Rows, found: &Rows) -> Vec<String> {
    let mut differences: Vec<String> = wanted
        .iter()
        .filter_map(|(id, row)| match found.get(id) {
            None => Some(format!("{id} is in the catalogue and not in the pack")),
            Some(other) if other != row => {
                Some(format!("{id} is {row:?} in the catalogue and {other:?} in the pack"))
            }
            Some(_) => None,
        })
        .collect();
    let more = found.keys().filter(|id| !wanted.contains_key(*id));
    differences.extend(more.map(|id| format!("{id} is in the pack and not in the catalogue")));
    differences
}

#[test]
fn the_pack_is_the_catalogue() {
    let wanted = catalogue();
    assert_eq!(wanted.len(), 82);
    let differences = differences(&wanted, &pack());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_rule_that_vanishes_or_changes_is_seen() {
    let wanted = catalogue();
    for id in wanted.keys() {
        let mut found = pack();
        found.remove(id);
        assert_eq!(differences(&wanted, &found), [format!("{id} is in the catalogue and not in the pack")]);
    }
    let mut found = pack();
    let row = found.get_mut("execution-form.show-badge").unwrap();
    row.1 = "should".to_owned();
    found.insert("execution-form.smile".to_owned(), ("第三步".to_owned(), "should".to_owned()));
    let said = differences(&wanted, &found);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].starts_with("execution-form.show-badge is (") && said[1].starts_with("execution-form.smile")
    );
}

#[test]
fn every_rule_reads_in_both_languages() {
    let standard = builtin("execution-form").unwrap().unwrap();
    for rule in &standard.pack().rules {
        assert!(rule.text.en.is_ascii() && rule.text.en.ends_with('.'), "{}: {}", rule.id, rule.text.en);
        assert!(rule.text.zh.chars().any(|char| char > '\u{4e00}'), "{}: {}", rule.id, rule.text.zh);
    }
}
