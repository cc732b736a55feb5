//! The shapes of the JSON.

use serde_json::Value;

use crate::{File, OVERLAY, run};

fn json(args: &[&str]) -> Value {
    let ran = run(&[args, &["--json"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}: {}", ran.out);
    ran.json()
}

/// Names of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn list() {
    let list = json(&["list"]);
    assert_eq!(list.as_array().unwrap().len(), 5);
    assert_eq!(keys(&list[0]), ["id", "jobs", "rules", "sha256", "source", "title", "version"]);
    assert_eq!(json(&["list", "--lang", "zh"])[3]["title"], "燃气服务规范");
}

#[test]
fn show() {
    let shown = json(&["show", "gas", "--role", "meter-reader"]);
    assert_eq!(
        keys(&shown),
        ["about", "based_on", "id", "jobs", "roles", "sha256", "source", "title", "version"]
    );
    assert_eq!(keys(&shown["roles"][0]), ["name", "phases", "role"]);
    let duty = &shown["roles"][0]["phases"][0]["duties"][0];
    assert_eq!(
        keys(duty),
        [
            "check",
            "clause",
            "consequences",
            "disabled",
            "proof",
            "rule",
            "severity",
            "text",
            "timing",
            "when"
        ]
    );
    let roles: Vec<_> = shown["roles"].as_array().unwrap().iter().map(|role| &role["role"]).collect();
    assert_eq!(roles, ["meter-reader", "any"]);
}

#[test]
fn explain() {
    let explained = json(&["explain", "gas.repair-visit-24h"]);
    assert_eq!(explained["rule"]["id"], "gas.repair-visit-24h");
    assert!(explained["clock"]["also_possible"].as_array().unwrap().iter().all(Value::is_string));
    assert!(explained["clock"]["also_possible"][0].is_string());
    assert_eq!(explained["standard"]["id"], "gas");
    assert_eq!(explained["jobs"][0]["side"], "field");
    assert_eq!(explained["steps"][0]["event"], "arrived");
    assert!(explained["scored_by"].as_array().unwrap().is_empty());
    let gate = json(&["explain", "gas.ignition-pressure-hold"]);
    assert_eq!(gate["blocks"][0], "guarded-step-started/ignition");
    let scored = json(&["explain", "diesel.data-backup"]);
    assert_eq!(scored["scored_by"][0]["rule"], "diesel.score-backup");
}

#[test]
fn resolve_and_diff() {
    let file = File::of("yard.toml", OVERLAY);
    let resolved = json(&["resolve", file.name()]);
    assert_eq!(keys(&resolved), ["based_on", "id", "sha256", "text", "version"]);
    assert_eq!(resolved["based_on"]["id"], "diesel");
    let diff = json(&["diff", "diesel", file.name()]);
    assert_eq!(keys(&diff), ["added", "changed", "elsewhere", "from", "removed", "to"]);
    let changed = &diff["changed"];
    let rules: Vec<_> = changed.as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert_eq!(rules.len(), 2);
    let limit = changed.as_array().unwrap().iter().find(|one| one["rule"] == "diesel.specialist-2h").unwrap();
    assert_eq!(
        limit["fields"],
        serde_json::json!([{ "path": "check.milestone.limit", "old": "PT2H", "new": "PT1H" }])
    );
    let same = json(&["diff", "gas", "gas"]);
    assert!(
        ["added", "changed", "removed", "elsewhere"].iter().all(|key| same[key] == serde_json::json!([]))
    );
}

#[test]
fn rehearse() {
    let went = json(&["rehearse", "diesel", "--job", "maintenance"]);
    assert_eq!(
        keys(&went[0]),
        ["answers", "course", "finished", "gives", "job", "office", "state", "stuck", "taps"]
    );
    assert_eq!(went[0]["finished"], true);
    let counted: u64 = went[0]["gives"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(Some(counted), went[0]["answers"].as_u64());
    assert_eq!(keys(&went[0]["course"][0]), ["at", "command", "event", "gives", "rule", "side"]);
}

#[test]
fn page_and_schema() {
    let page = json(&["page", "gas"]);
    assert!(page["markdown"].as_str().unwrap().starts_with("# Gas service standard · 燃气服务规范\n"));
    assert_eq!(json(&["schema"])["title"], "Pack");
    assert_eq!(json(&["schema", "--overlay"])["title"], "Overlay");
    assert_eq!(run(&["schema"]).json(), json(&["schema"]));
}
