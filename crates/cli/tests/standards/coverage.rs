//! Nothing of the source documents is lost, and a loss is seen.

use serde_json::Value;

use crate::{File, OVERLAY, run, source};

/// A pack's text without one of its rules.
fn without(pack: &str, rule: &str) -> String {
    let text = source(pack);
    let blocks: Vec<&str> = text.split("[[rules]]\n").collect();
    let kept: Vec<&str> =
        blocks.iter().copied().filter(|block| !block.starts_with(&format!("id = \"{rule}\"\n"))).collect();
    assert_eq!(kept.len() + 1, blocks.len(), "{rule}");
    kept.join("[[rules]]\n")
}

fn total(coverage: &Value, table: &str) -> (u64, u64) {
    (coverage[table]["kept"].as_u64().unwrap(), coverage[table]["total"].as_u64().unwrap())
}

#[test]
fn every_duty_form_clock_and_transition_is_accounted_for() {
    let ran = run(&["coverage", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let all = ran.json();
    let sum = |table: &str| {
        let totals: Vec<_> = all.as_array().unwrap().iter().map(|one| total(one, table)).collect();
        (totals.iter().map(|(kept, _)| kept).sum::<u64>(), totals.iter().map(|(_, total)| total).sum::<u64>())
    };
    assert_eq!(sum("duties"), (620, 620));
    assert_eq!(sum("forms"), (171, 171));
    assert_eq!(sum("clocks"), (37, 37));
    assert_eq!(sum("transitions"), (111, 111));
    for row in all.as_array().unwrap().iter().flat_map(|one| one["duties"]["rows"].as_array().unwrap()) {
        let guidance = row["kept_as"] == "guidance";
        assert_eq!(guidance, row["instead"].is_string() && row["why"].is_string(), "{row}");
        assert!(!row["jobs"].as_array().unwrap().is_empty(), "no job has {}", row["id"]);
    }
    let people = run(&["coverage", "diesel"]).out;
    assert!(people.contains("duties: 73 / 73 = 100 %") && people.contains("shown; a supervisor's audit"));
    assert!(run(&["coverage", "diesel", "--lang", "zh"]).out.contains("职责: 73 / 73"));
}

#[test]
fn a_rule_that_vanishes_is_missed() {
    let file = File::of("diesel.toml", without("diesel", "diesel.clear-doubts"));
    let lint = run(&["lint", file.name()]);
    assert_eq!(lint.code, 0, "{}", lint.out);
    let ran = run(&["coverage", file.name()]);
    assert_eq!((ran.code, ran.err.as_str()), (3, ""));
    assert!(ran.out.contains("duties: 72 / 73 = 98.6 %"), "{}", ran.out);
    assert!(ran.out.contains("diesel.clear-doubts") && ran.out.contains("MISSING"), "{}", ran.out);
    let json = run(&["coverage", file.name(), "--json"]);
    assert_eq!((json.code, json.json()[0]["missing"].as_u64()), (3, Some(1)));
    let zh = run(&["coverage", file.name(), "--lang", "zh"]);
    assert!(zh.out.contains("缺失"));
}

#[test]
fn every_rule_that_vanishes_alone_is_missed() {
    let mut tried = 0;
    for rule in run(&["coverage", "diesel", "--json"]).json()[0]["duties"]["rows"].as_array().unwrap() {
        let rule = rule["id"].as_str().unwrap();
        let file = File::of("diesel.toml", without("diesel", rule));
        // A rule that others refer to can not simply be taken out: the linter says so.
        if run(&["lint", file.name()]).code == 0 {
            let ran = run(&["coverage", file.name(), "--json"]);
            assert_eq!(ran.code, 3, "{rule}");
            tried += 1;
        } else {
            assert_eq!(run(&["coverage", file.name()]).code, 2, "{rule}");
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn an_overlay_is_compared_with_the_source_of_its_base() {
    let file = File::of("yard.toml", OVERLAY);
    let ran = run(&["coverage", file.name(), "--json"]);
    let covered = ran.json();
    assert_eq!((ran.code, total(&covered[0], "duties")), (0, (73, 73)));
    let rows = covered[0]["duties"]["rows"].as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["disabled"] == true).count(), 1);
}

#[test]
fn a_standard_that_nobody_catalogued_is_not_found() {
    let renamed = source("diesel").replace("diesel.", "yard.").replace("id = \"diesel\"", "id = \"yard\"");
    let ran = run(&["coverage", File::of("yard.toml", renamed).name()]);
    assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
}
