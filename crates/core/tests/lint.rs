//! The linter against a corpus of broken packs: each gives the faults that were made in it and no others, at the right
//! place, in both languages. `UPDATE_LINT=1 cargo test -p jobsheet-core --test lint` writes the expected texts anew.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use jobsheet_core::standard::{
    Diagnostic, Level, MAX_TABLES, Standard, builtin, builtin_ids, lint, lint_codes, resolve,
};
use serde::Deserialize;

const BASE: &str = include_str!("lint/base.toml");
const OVERLAY: &str = include_str!("lint/overlay.toml");
const GROUPS: [&str; 7] = ["shape", "names", "flow", "situations", "checks", "conditions", "overlay"];

/// What no pack can bring about: the type check leaves nothing that could fail when a condition runs.
const GUARDS: [&str; 1] = ["condition-fails"];

/// What has a test of its own instead of a case, for its size.
const LARGE: &str = "too-large";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// `base` or `overlay`.
    #[serde(default)]
    base: Option<String>,
    /// What all cases replace.
    #[serde(default)]
    replaces: Option<String>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    edits: Vec<(String, String)>,
    /// Loaded as a complete pack instead of linted.
    #[serde(default)]
    loads: bool,
    /// In the order of the lines.
    codes: Vec<String>,
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint")
}

fn group(name: &str) -> Group {
    let path = folder().join(format!("{name}.cases.toml"));
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn find(id: &str) -> Option<Arc<Standard>> {
    let source = match id {
        "shop" => BASE.to_owned(),
        "corner-shop" => resolve(OVERLAY, &find).unwrap(),
        _ => return None,
    };
    Some(Arc::new(Standard::load(&source).unwrap()))
}

fn broken(group: &Group, case: &Case) -> String {
    let whole = if group.base.as_deref() == Some("overlay") { OVERLAY } else { BASE };
    let single = case.to.as_ref().map(|to| (case.from.as_ref().or(group.replaces.as_ref()).unwrap(), to));
    let edits = case.edits.iter().map(|(from, to)| (from, to)).chain(single);
    edits.fold(whole.to_owned(), |text, (from, to)| {
        assert!(text.contains(from.as_str()), "{}: the pack has no `{from}`", case.name);
        text.replacen(from.as_str(), to, 1)
    })
}

fn found(case: &Case, text: &str) -> Vec<Diagnostic> {
    if case.loads { Standard::load(text).unwrap_err().0 } else { lint(text, &find) }
}

fn shown(found: &[Diagnostic], text: &str) -> String {
    let mut shown = String::new();
    for one in found {
        let level = if one.level == Level::Error { "error" } else { "warning" };
        let meant = text.get(one.span.clone()).unwrap().lines().next().unwrap_or_default();
        let meant: String = meant.chars().take(60).collect();
        writeln!(shown, "{level} {} at {}:{} in `{}`: {meant}", one.code, one.line, one.column, one.place)
            .unwrap();
        writeln!(shown, "  {}\n  {}", one.message.en, one.help.en).unwrap();
        writeln!(shown, "  {}\n  {}", one.message.zh, one.help.zh).unwrap();
    }
    shown
}

#[test]
fn the_base_and_the_changes_to_it_are_without_fault() {
    assert_eq!(shown(&lint(BASE, &find), BASE), "");
    assert_eq!(shown(&lint(OVERLAY, &find), OVERLAY), "");
}

#[test]
fn the_packs_of_the_library_are_without_fault() {
    for id in builtin_ids() {
        let standard = builtin(id).unwrap_or_else(|errors| panic!("{id}:\n{errors}")).unwrap();
        let text = standard.source();
        assert_eq!(shown(&lint(text, &find), text), "", "{id}");
    }
}

#[test]
fn every_broken_pack_gives_the_faults_made_in_it_and_no_others() {
    let mut wrong = String::new();
    let mut count = 0;
    for name in GROUPS {
        let group = group(name);
        let mut all = String::new();
        for case in &group.case {
            count += 1;
            let text = broken(&group, case);
            let found = found(case, &text);
            let codes: Vec<&str> = found.iter().map(|one| one.code).collect();
            let shown = shown(&found, &text);
            let mut sorted = (codes.clone(), case.codes.iter().map(String::as_str).collect::<Vec<_>>());
            sorted.0.sort_unstable();
            sorted.1.sort_unstable();
            if sorted.0 != sorted.1 {
                writeln!(
                    wrong,
                    "# {name}: {}\nexpected {:?}, found {codes:?}\n{shown}",
                    case.name, case.codes
                )
                .unwrap();
            }
            assert!(found.is_sorted_by_key(|one| one.line), "{}", case.name);
            writeln!(all, "# {}\n\n{shown}", case.name).unwrap();
        }
        let path = folder().join(format!("{name}.expected.txt"));
        if std::env::var_os("UPDATE_LINT").is_some() {
            std::fs::write(&path, &all).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != all {
            writeln!(
                wrong,
                "# {} is not what the linter says; see `git diff` after UPDATE_LINT=1",
                path.display()
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 60, "{count} cases");
}

#[test]
fn every_code_has_a_case() {
    let mut used: BTreeSet<String> = GUARDS.into_iter().chain([LARGE]).map(str::to_owned).collect();
    for name in GROUPS {
        used.extend(group(name).case.into_iter().flat_map(|case| case.codes));
    }
    let codes: BTreeSet<String> = lint_codes().into_iter().map(str::to_owned).collect();
    let missing: Vec<_> = codes.difference(&used).collect();
    assert!(missing.is_empty(), "no broken pack gives {missing:?}");
    let unknown: Vec<_> = used.difference(&codes).collect();
    assert!(unknown.is_empty(), "the linter does not know {unknown:?}");
}

#[test]
fn a_pack_loads_if_and_only_if_the_linter_finds_no_error() {
    for name in GROUPS.into_iter().filter(|name| *name != "overlay") {
        let group = group(name);
        for case in group.case.iter().filter(|case| !case.loads) {
            let text = broken(&group, case);
            let errors: Vec<_> =
                lint(&text, &find).into_iter().filter(|one| one.level == Level::Error).collect();
            match Standard::load(&text) {
                Ok(standard) => {
                    assert!(errors.is_empty(), "{}", case.name);
                    assert_eq!(standard.warnings(), lint(&text, &find), "{}", case.name);
                }
                Err(loading) => assert_eq!(loading.0, errors, "{}", case.name),
            }
        }
    }
}

#[test]
fn a_file_of_too_many_tables_is_not_read_any_further() {
    let empty = |count: usize| format!("rules = [{}]", "{},".repeat(count));
    let codes = |text: &str| lint(text, &find).into_iter().map(|one| one.code).collect::<BTreeSet<_>>();
    assert!(
        !codes(&empty(MAX_TABLES - 1)).contains(LARGE),
        "the list and its tables are as many as are read"
    );
    let text = empty(MAX_TABLES);
    assert_eq!(codes(&text), [LARGE].into());
    assert_eq!(Standard::load(&text).unwrap_err().0[0].code, LARGE);
    let found = resolve(&format!("extends = {{ id = \"shop\" }}\n{text}"), &find).unwrap_err().0;
    assert_eq!((found.len(), found[0].code), (1, LARGE));
}

#[test]
fn changes_make_a_complete_pack() {
    let base = find("shop").unwrap();
    let text = resolve(OVERLAY, &find).unwrap();
    let made = Standard::load(&text).unwrap();
    let pack = made.pack();
    assert_eq!((pack.id.as_str(), pack.version.as_str()), ("corner-shop", "2.0.0"));
    assert_eq!((pack.title.en.as_str(), pack.source.as_str()), ("Corner shop", "manual-7"));
    let based_on = pack.based_on.as_ref().unwrap();
    assert_eq!((based_on.id.as_str(), based_on.version.as_str()), ("shop", "1.0.0"));
    assert_eq!(based_on.sha256, base.sha256());
    assert_eq!(based_on.overridden, ["shop.on-time", "shop.approve"]);
    assert_eq!(based_on.added, ["corner-shop.return-key"]);

    let on_time = serde_json::to_value(made.rule("shop.on-time").unwrap()).unwrap();
    let mut expected = serde_json::to_value(base.rule("shop.on-time").unwrap()).unwrap();
    expected["roles"] = serde_json::json!(["fitter", "night-desk"]);
    expected["check"]["milestone"]["limit"] = serde_json::json!("PT1H");
    assert_eq!(on_time, expected, "the rest of the rule stays as it is");
    let checked = serde_json::to_value(made.rule("shop.approve").unwrap()).unwrap();
    assert_eq!(checked["check"], serde_json::json!({ "conduct": { "after": "arrived", "by": "attested" } }));

    let series = made.rule("shop.series").unwrap();
    assert_eq!(series.disabled.as_ref().unwrap().en, "One measurement is enough here.");
    let states: Vec<&str> =
        pack.visit.as_ref().unwrap().states.iter().map(|state| state.id.as_str()).collect();
    assert_eq!(states, ["new", "given", "there", "at-work", "done", "key-back", "over"]);
    let untouched = |standard: &Standard| {
        let changed = ["shop.on-time", "shop.approve", "shop.series", "corner-shop.return-key"];
        let rules = standard.pack().rules.iter().filter(|rule| !changed.contains(&rule.id.as_str()));
        rules.cloned().collect::<Vec<_>>()
    };
    assert_eq!(untouched(&made), untouched(&base));
}

#[test]
fn a_complete_pack_is_resolved_already() {
    assert_eq!(resolve(BASE, &find).unwrap(), BASE);
}

#[test]
fn changes_can_be_laid_over_changes() {
    let further = r#"
format = 1
id = "night-shop"
version = "1.0.0"
extends = { id = "corner-shop", version = "2.0.0" }
override = [{ rule = "corner-shop.return-key", set = { severity = "should", check.act.window.blocks = [] } }]
disable = [{ rule = "shop.hold", reason = { en = "No gas at night.", zh = "夜间无燃气。" } }]
"#;
    assert_eq!(shown(&lint(further, &find), further), "");
    let made = Standard::load(&resolve(further, &find).unwrap()).unwrap();
    assert_eq!(made.pack().based_on.as_ref().unwrap().id, "corner-shop");
    assert!(made.rule("shop.series").unwrap().disabled.is_some(), "what the first changes did stays");
    assert!(made.rule("shop.hold").unwrap().disabled.is_some());
    let twice = further.replace("shop.hold", "shop.series");
    assert_eq!(lint(&twice, &find).iter().map(|one| one.code).collect::<Vec<_>>(), ["disabled-twice"]);
}

#[test]
fn nothing_makes_the_linter_fall_over() {
    // A pack that is cut off anywhere is an error, never a panic; and every byte that is left out is survived.
    for at in (0..BASE.len()).filter(|at| BASE.is_char_boundary(*at)).step_by(97) {
        let _ = lint(&BASE[..at], &find);
    }
    for at in (0..BASE.len() - 40)
        .filter(|at| BASE.is_char_boundary(*at) && BASE.is_char_boundary(at + 40))
        .step_by(131)
    {
        let _ = lint(&format!("{}{}", &BASE[..at], &BASE[at + 40..]), &find);
    }
    // A name of a megabyte is unknown, and is like none that is known.
    let long = BASE.replacen("roles = [\"", &format!("roles = [\"{}", "x".repeat(1 << 20)), 1);
    assert!(lint(&long, &find).iter().any(|one| one.code == "unknown-role"));
    for text in [
        "",
        "=",
        "[",
        "rules = 3",
        "[[rules]]",
        "visit = []",
        "extends = 1",
        "extends = {}",
        "override = [[]]",
    ] {
        assert!(!lint(text, &find).is_empty(), "{text}");
    }
}
