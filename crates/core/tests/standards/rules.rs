//! Every rule, kept and broken.

use std::collections::{BTreeMap, BTreeSet};

use crate::breaking::{found, is_broken, kept_status};
use crate::derive;
use crate::stage::{PACKS, standard};
use crate::table::{self, HEADING};

/// Recomputes each line of a pack's table, or writes the table anew.
fn check(pack: &str) {
    let standard = standard(pack);
    if table::updating() {
        let rows: Vec<_> = standard.pack().rules.iter().map(|rule| derive::row(&standard, rule)).collect();
        let lines = rows.iter().filter_map(|row| row.as_ref().ok()).map(table::Row::line);
        table::write(pack, &[vec![HEADING.to_owned()], lines.collect()].concat());
        let wrong: Vec<_> = rows.into_iter().filter_map(Result::err).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    let mut wrong = Vec::new();
    for row in table::rows(pack) {
        let rule = standard.rule(&row.rule).unwrap_or_else(|| panic!("no rule {}", row.rule));
        for (broken, wanted) in [("", &row.kept_status), (row.broken.as_str(), &row.broken_status)] {
            let found = found(&standard, rule, &row.job, &row.kept, broken);
            if found.as_ref() != Some(wanted) {
                wrong.push(format!(
                    "{} in {}, {} {broken}: {wanted} expected, found {found:?}",
                    row.rule, row.job, row.kept
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_of_execution_form() {
    check("execution-form");
}

#[test]
fn rules_of_engineering() {
    check("engineering");
}

#[test]
fn rules_of_aftersales() {
    check("aftersales-rules");
}

#[test]
fn rules_of_gas() {
    check("gas");
}

#[test]
fn rules_of_diesel() {
    check("diesel");
}

#[test]
fn each_rule_stands_in_one_line_and_fires_both_ways_under_its_clause() {
    let catalogue: BTreeMap<String, String> =
        table::facts::<8>("catalogue.tsv").into_iter().map(|[id, clause, ..]| (id, clause)).collect();
    let mut seen = BTreeSet::new();
    for pack in PACKS {
        let standard = standard(pack);
        for row in table::rows(pack) {
            let rule = standard.rule(&row.rule).unwrap_or_else(|| panic!("no rule {}", row.rule));
            assert!(seen.insert(row.rule.clone()), "{} stands in two lines", row.rule);
            assert_eq!(catalogue.get(&row.rule), Some(&row.clause), "{}", row.rule);
            assert_eq!(rule.clause, row.clause, "{}", row.rule);
            assert_eq!(rule.check.kind(), row.check, "{}", row.rule);
            assert_eq!(row.kept_status, kept_status(rule), "{}", row.rule);
            assert!(is_broken(rule, &row.broken_status), "{}: {}", row.rule, row.broken_status);
            let owed = row.broken_status == "outstanding";
            assert!(!owed || row.broken != "answered no", "{}: a no is no breach", row.rule);
        }
        let missing: Vec<_> =
            standard.pack().rules.iter().map(|rule| &rule.id).filter(|id| !seen.contains(*id)).collect();
        assert!(missing.is_empty(), "{pack}: no line for {missing:?}");
    }
    assert_eq!(seen.len(), 620);
    assert_eq!(seen.len(), catalogue.len());
}
