//! The packs name every row of the clause catalogue, under the same clause and as strongly, and nothing else.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use jobsheet_core::standard::{Severity, builtin, builtin_ids};

const CATALOGUE: &str = include_str!("../packs/facts/catalogue.tsv");

/// Clause and severity by id.
type Rows = BTreeMap<String, (String, String)>;

fn catalogue() -> Rows {
    let mut lines = CATALOGUE.lines();
    assert_eq!(lines.next(), Some("id\tclause\tkind\trole\tseverity\ttrigger\tlimit\tpoints"));
    let rows: Vec<(String, (String, String))> = lines
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [id, clause, _, _, severity, ..] = columns[..] else {
                panic!("`{line}` has too few columns");
            };
            assert_eq!(columns.len(), 8, "`{line}`");
            (id.to_owned(), (clause.to_owned(), severity.to_owned()))
        })
        .collect();
    let count = rows.len();
    let rows: Rows = rows.into_iter().collect();
    assert_eq!(rows.len(), count, "the catalogue names an id twice");
    rows
}

fn packs() -> Rows {
    let severity = |severity| match severity {
        Severity::Must => "must",
        Severity::MustNot => "must-not",
        Severity::Should => "should",
    };
    let mut rows = Rows::new();
    for id in builtin_ids() {
        let standard = builtin(id).unwrap().unwrap();
        for rule in &standard.pack().rules {
            let row = (rule.clause.clone(), severity(rule.severity).to_owned());
            assert!(rows.insert(rule.id.clone(), row).is_none(), "{} stands in two packs", rule.id);
        }
    }
    rows
}

fn differences(wanted: &Rows, found: &Rows) -> Vec<String> {
    let mut differences: Vec<String> = wanted
        .iter()
        .filter_map(|(id, row)| match found.get(id) {
            None => Some(format!("{id} is in the catalogue and not in its pack")),
            Some(other) if other != row => {
                Some(format!("{id} is {row:?} in the catalogue and {other:?} in its pack"))
            }
            Some(_) => None,
        })
        .collect();
    let more = found.keys().filter(|id| !wanted.contains_key(*id));
    differences.extend(more.map(|id| format!("{id} is in a pack and not in the catalogue")));
    differences
}

#[test]
fn the_packs_are_the_catalogue() {
    let wanted = catalogue();
    assert_eq!(wanted.len(), 620);
    let differences = differences(&wanted, &packs());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn each_pack_has_the_number_of_its_rows() {
    let wanted = [
        ("execution-form", 82),
        ("engineering", 105),
        ("aftersales-rules", 146),
        ("gas", 214),
        ("diesel", 73),
    ];
    let rows = catalogue();
    for (pack, count) in wanted {
        let own = rows.keys().filter(|id| id.split('.').next() == Some(pack));
        assert_eq!(own.count(), count, "{pack}");
        assert_eq!(builtin(pack).unwrap().unwrap().pack().rules.len(), count, "{pack}");
    }
}

#[test]
fn a_rule_that_vanishes_or_changes_is_seen() {
    let wanted = catalogue();
    let all = packs();
    for id in wanted.keys() {
        let mut found = all.clone();
        found.remove(id);
        assert_eq!(differences(&wanted, &found), [format!("{id} is in the catalogue and not in its pack")]);
    }
    let mut found = all;
    let row = found.get_mut("execution-form.show-badge").unwrap();
    row.1 = "should".to_owned();
    found.insert("gas.smile".to_owned(), ("三".to_owned(), "should".to_owned()));
    let said = differences(&wanted, &found);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("execution-form.show-badge is (") && said[1].starts_with("gas.smile"));
}

#[test]
fn every_rule_reads_in_both_languages() {
    for id in builtin_ids() {
        let standard = builtin(id).unwrap().unwrap();
        for rule in &standard.pack().rules {
            assert!(rule.text.en.is_ascii() && rule.text.en.ends_with('.'), "{}: {}", rule.id, rule.text.en);
            assert!(rule.text.zh.chars().any(|char| char > '\u{4e00}'), "{}: {}", rule.id, rule.text.zh);
        }
    }
}
