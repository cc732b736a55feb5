//! Packs that are wrong: each error is reported with the line where it stands and says what is wrong; all at once.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use jobsheet_core::standard::{Standard, builtin, builtin_ids, schema};

const REAL: &str = include_str!("../packs/execution-form.toml");

/// An edit of the real pack: the first `from` becomes `to`. The error stands on the line that holds `line`.
struct Broken {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    line: &'static str,
    says: &'static [&'static str],
}

fn broken(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    line: &'static str,
    says: &'static [&'static str],
) -> Broken {
    Broken { name, from, to, line, says }
}

fn edit(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the pack has no `{from}`");
    text.replacen(from, to, 1)
}

/// Line, from 1, of the first line that holds `needle`.
fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).unwrap_or_else(|| panic!("no line holds `{needle}`"))
        + 1
}

fn head() -> Vec<Broken> {
    vec![
        broken("format", "format = 1", "format = 2", "format = 2", &["format 2 is not readable", "reads 1"]),
        broken(
            "version",
            "version = \"1.0.0\"",
            "version = \"1.0\"",
            "version = \"1.0\"",
            &["`1.0` is not a semantic version"],
        ),
        broken(
            "version with words",
            "version = \"1.0.0\"",
            "version = \"1.0.zero\"",
            "1.0.zero",
            &["semantic version such as 1.0.0"],
        ),
        broken(
            "title",
            "zh = \"售后服务标准执行表\"",
            "zh = \" \"",
            "title = {",
            &["title has no text in `zh`"],
        ),
        broken(
            "unknown field",
            "format = 1",
            "format = 1\ncolour = 3",
            "colour = 3",
            &["unknown field `colour`"],
        ),
        broken(
            "missing field",
            "source = \"004_41c0ff252cdf4ab6\"\n",
            "",
            "# Standard pack",
            &["missing field `source`"],
        ),
        broken("not TOML", "format = 1", "format = = 1", "format = = 1", &[]),
        broken("wrong type", "format = 1", "format = \"one\"", "format = \"one\"", &["invalid type", "u32"]),
    ]
}

fn lists() -> Vec<Broken> {
    vec![
        broken(
            "role name",
            "en = \"Storekeeper\"",
            "en = \"\"",
            "id = \"warehouse\"",
            &["warehouse: name has no text in `en`"],
        ),
        broken(
            "phase twice",
            "{ id = \"triage\", name = { en = \"Urgency and type\"",
            "{ id = \"intake\", name = { en = \"Urgency and type\"",
            "{ en = \"Urgency and type\"",
            &["phase `intake` is defined twice"],
        ),
        broken(
            "unknown side",
            "side = \"field\"",
            "side = \"filed\"",
            "side = \"filed\"",
            &["unknown variant `filed`", "`field`"],
        ),
        broken(
            "event of an option",
            "event = \"urgent-flagged\" }",
            "event = \"urgent-flaged\" }",
            "urgent-flaged",
            &["event `urgent-flaged` is not defined in this pack"],
        ),
        broken(
            "option name",
            "{ id = \"training\", name = { en = \"Training\", zh = \"培训\" }",
            "{ id = \"training\", name = { en = \"Training\", zh = \"\" }",
            "{ id = \"training\"",
            &["option `training` has no text in `zh`"],
        ),
        broken(
            "option twice",
            "{ id = \"inspection\", name",
            "{ id = \"repair\", name",
            "{ id = \"repair\"",
            &["option `repair` is defined twice"],
        ),
        broken("unit", "unit = \"kPa\"", "unit = \"\"", "unit = \"\"", &["pressure: has no unit", "UCUM"]),
        broken(
            "bounds",
            "min = -60.0, max = 1500.0",
            "min = 1500.0, max = -60.0",
            "min = 1500.0",
            &["temperature: no value lies between"],
        ),
        broken(
            "rule of a quantity",
            "max = 1000.0, rule = \"execution-form.professional-tools\"",
            "max = 1000.0, rule = \"execution-form.tools\"",
            "\"execution-form.tools\"",
            &["supply-voltage: rule `execution-form.tools` is not defined"],
        ),
        broken(
            "event without a step",
            "  { event = \"entered\", from = [\"on-site\", \"diagnosed\"], rules = [\"execution-form.show-badge\"] },\n",
            "",
            "{ id = \"entered\"",
            &["entered: can never be recorded"],
        ),
        broken(
            "event that nothing derives",
            "{ id = \"entered\", name = { en = \"Let in by the customer\", zh = \"经客户同意入内\" }, by = [\"field\"] }",
            "{ id = \"entered\", name = { en = \"Let in by the customer\", zh = \"经客户同意入内\" }, by = [] }",
            "{ id = \"entered\"",
            &["entered: can never happen"],
        ),
        broken(
            "event of a state",
            "{ id = \"closed\", name = { en = \"Closed\", zh = \"已关闭\" }, event = \"closed\" }",
            "{ id = \"closed\", name = { en = \"Closed\", zh = \"已关闭\" }, event = \"shut\" }",
            "event = \"shut\"",
            &["closed: event `shut` is not defined"],
        ),
        broken(
            "state of a step",
            "{ event = \"arrived\", from = [\"en-route\"]",
            "{ event = \"arrived\", from = [\"en-rout\"]",
            "en-rout\"",
            &["arrived: state `en-rout` is not defined"],
        ),
        broken(
            "step twice",
            "{ event = \"entered\", from",
            "{ event = \"arrived\", from",
            "{ event = \"arrived\", from = [\"on-site\", \"diagnosed\"]",
            &["step `arrived` is defined twice"],
        ),
        broken("no signer", "signers = [\"customer\"]", "signers = []", "signers = []", &["nobody signs"]),
        broken(
            "unknown signer",
            "signers = [\"customer\"]",
            "signers = [\"client\"]",
            "signers = [\"client\"]",
            &["role `client` is not defined"],
        ),
        broken(
            "rule of the survey",
            "rule = \"execution-form.field-satisfaction\"\nlevels",
            "rule = \"execution-form.satisfaction\"\nlevels",
            "rule = \"execution-form.satisfaction\"",
            &["survey: rule `execution-form.satisfaction` is not defined"],
        ),
        broken(
            "place of a form",
            "sources = [\"order.number\"], rule = \"execution-form.field-service-number\" },\n  { number = 2",
            "sources = [\"order.nummer\"], rule = \"execution-form.field-service-number\" },\n  { number = 2",
            "order.nummer",
            &["service-execution-form: order field `nummer` is not defined"],
        ),
        broken(
            "no such place",
            "sources = [\"survey.words\"], rule",
            "sources = [\"survey.mood\"], rule",
            "survey.mood",
            &["`survey.mood` is not a place in the record"],
        ),
    ]
}

fn rules() -> Vec<Broken> {
    vec![
        broken(
            "rule twice",
            "[[rules]]\nid = \"execution-form.scope-scenes\"",
            "[[rules]]\nid = \"execution-form.scope-work-types\" # again",
            "# again",
            &["rule `execution-form.scope-work-types` is defined twice"],
        ),
        broken(
            "foreign id",
            "[[rules]]\nid = \"execution-form.show-badge\"",
            "[[rules]]\nid = \"etiquette.show-badge\"",
            "id = \"etiquette.show-badge\"",
            &["rule ids of this pack begin with `execution-form.`"],
        ),
        broken(
            "no clause",
            "clause = \"适用工作场景\"\nphase = \"general\"",
            "clause = \"\"\nphase = \"general\"",
            "clause = \"\"",
            &["execution-form.traceable: cites no clause"],
        ),
        broken(
            "translation",
            "zh = \"到场后主动出示工牌。\"",
            "zh = \"\"",
            "On arrival show the work badge",
            &["execution-form.show-badge: text has no text in `zh`"],
        ),
        broken(
            "phase",
            "phase = \"greet\"\nrole = \"technician\"\nseverity = \"must\"\ntext = { en = \"On arrival",
            "phase = \"great\"\nrole = \"technician\"\nseverity = \"must\"\ntext = { en = \"On arrival",
            "phase = \"great\"",
            &["phase `great` is not defined in this pack"],
        ),
        broken(
            "severity",
            "severity = \"must-not\"",
            "severity = \"never\"",
            "severity = \"never\"",
            &["unknown variant `never`", "`must-not`"],
        ),
        broken(
            "event of an act",
            "check.act = { event = \"badge-presented\"",
            "check.act = { event = \"badge-shown\"",
            "badge-shown",
            &["execution-form.show-badge: event `badge-shown` is not defined in this pack"],
        ),
        broken(
            "event of a window",
            "check.conduct = { after = \"arrived\" }",
            "check.conduct = { after = \"arived\" }",
            "\"arived\"",
            &["execution-form.uniform: event `arived` is not defined"],
        ),
        broken(
            "milestone without end",
            "end = [\"supervisor-alerted\"]",
            "end = []",
            "end = []",
            &["execution-form.urgent-escalate-30min: has no end event", "nothing can meet"],
        ),
        broken(
            "milestone without start",
            "start = [\"work-finished\"]",
            "start = []",
            "start = []",
            &["execution-form.callback-3-days: has no start event"],
        ),
        broken(
            "duration",
            "\"PT30M\"",
            "\"30 min\"",
            "\"30 min\"",
            &["`30 min` is not an ISO 8601 duration such as PT30M"],
        ),
        broken("calendar duration", "\"P3D\"", "\"P1M\"", "\"P1M\"", &["`P1M` has months or years"]),
        broken(
            "told role",
            "limit = \"P3D\", end = [\"follow-up-done\"], tell = [\"supervisor\"]",
            "limit = \"P3D\", end = [\"follow-up-done\"], tell = [\"boss\"]",
            "\"boss\"",
            &["role `boss` is not defined"],
        ),
        broken(
            "no milestone",
            "  \"execution-form.callback-3-days\",\n",
            "  \"execution-form.show-badge\", # odd\n",
            "# odd",
            &["execution-form.overdue-reason: `execution-form.show-badge` is not a milestone"],
        ),
        broken(
            "slot",
            "zh = \"{salutation}，您好！我是{role}",
            "zh = \"您好！我是{role}",
            "check.script = { words = { en = \"Good day, {salutation}",
            &["placeholder {salutation} does not occur in"],
        ),
        broken(
            "one option",
            "  { id = \"runs-with-faults\", name = { en = \"Runs with faults\", zh = \"带故障运行\" } },\n  { id = \"stands-still\", name = { en = \"Does not run\", zh = \"无法运行\" } },\n",
            "",
            "id = \"execution-form.callback-status\"",
            &["a choice needs at least two options"],
        ),
        broken(
            "classes",
            "check.classification = { field = \"scene\" }",
            "check.classification = { field = \"fault\" }",
            "check.classification = { field = \"fault\" }",
            &["order field `fault` has no options to classify by"],
        ),
        broken(
            "quantity of an item",
            "check.item = { ask = \"time\"",
            "check.item = { ask = { number = { quantity = \"flow\" } }",
            "quantity = \"flow\"",
            &["quantity `flow` is not defined"],
        ),
        broken(
            "bound that nobody reads",
            "check.item = { ask = \"time\"",
            "check.item = { ask = { number = { quantity = \"pressure\", mxa = 3.0 } }",
            "mxa",
            &["unexpected keys", "mxa", "max"],
        ),
        broken(
            "unknown check",
            "check.guidance = {}",
            "check.guideline = {}",
            "check.guideline = {}",
            &["unknown variant `guideline`", "`guidance`"],
        ),
        broken(
            "two checks",
            "check.guidance = {}",
            "check.guidance = {}\ncheck.conduct = {}",
            "check.guidance = {}",
            &["wanted exactly 1 element"],
        ),
        broken(
            "unknown field of a check",
            "check.guidance = {}",
            "check.guidance = { loud = true }",
            "loud = true",
            &["unknown field `loud`"],
        ),
    ]
}

fn conditions() -> Vec<Broken> {
    const WHEN: &str = "when = \"order.urgency == 'urgent'\"";
    let made = |name, to, says| broken(name, WHEN, to, to, says);
    vec![
        made("syntax", "when = \"order.urgency == \"", &["does not parse as CEL"]),
        made(
            "unknown name",
            "when = \"urgency == 'urgent'\"",
            &["`urgency` is not known", "a condition sees state, order"],
        ),
        made(
            "unknown member",
            "when = \"order.urgncy == 'urgent'\"",
            &["`urgncy` is not among the order of this pack"],
        ),
        made(
            "unknown event",
            "when = \"events['arived'] > 0\"",
            &["`arived` is not among the events of this pack"],
        ),
        made("unknown answer", "when = \"answers['x'] == true\"", &["`x` is not among the answers"]),
        made("comparison of types", "when = \"order.urgency == 3\"", &["compares string with int"]),
        made("order of types", "when = \"order.urgency > 'normal'\"", &["orders string and string"]),
        made("no bool", "when = \"events['arrived']\"", &["gives int, but a condition must give bool"]),
        made("logic of no bool", "when = \"photos || true\"", &["needs bool, not int"]),
        made("computed index", "when = \"events[state] > 0\"", &["an index must be a literal string"]),
        made("has", "when = \"has(order.urgency)\"", &["`has(…)` is not needed"]),
        made("macro", "when = \"[1, 2].all(x, x > 0)\"", &["condition"]),
        made(
            "function",
            "when = \"matches(order.urgency, 'u.*')\"",
            &["`matches` with 2 arguments is not available"],
        ),
        made("bare root", "when = \"parts == 3\"", &["`parts` needs a member"]),
        made("list of types", "when = \"photos in ['a', 'b']\"", &["looks for int among string"]),
        made("unknown survey member", "when = \"survey.mood == 'good'\"", &["`survey` has no `mood`"]),
    ]
}

#[test]
fn every_broken_pack_is_an_error_with_its_line() {
    let corpus: Vec<Broken> = head().into_iter().chain(lists()).chain(rules()).chain(conditions()).collect();
    assert!(corpus.len() >= 20);
    let mut wrong = Vec::new();
    for case in &corpus {
        let text = edit(REAL, case.from, case.to);
        let Err(errors) = Standard::load(&text) else {
            wrong.push(format!("{}: loads", case.name));
            continue;
        };
        let line = line_of(&text, case.line);
        let shown = errors.to_string();
        let found = errors.0.iter().any(|error| {
            let said = format!("{}: {}", error.place, error.message);
            error.line == line && case.says.iter().all(|words| said.contains(words))
        });
        if !found {
            wrong.push(format!("{}: line {line} and {:?} expected, but:\n{shown}", case.name, case.says));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn all_errors_are_reported_at_once_in_the_order_of_lines() {
    let together: Vec<Broken> = lists()
        .into_iter()
        .chain(rules())
        .chain(conditions())
        .filter(|case| {
            [
                "unit",
                "no signer",
                "role name",
                "translation",
                "duration",
                "milestone without end",
                "unknown name",
            ]
            .contains(&case.name)
        })
        .collect();
    // `duration` and `milestone without end` are about one rule, `unknown name` about the same one again.
    assert_eq!(together.len(), 7);
    let text = together.iter().fold(REAL.to_owned(), |text, case| edit(&text, case.from, case.to));
    let errors = Standard::load(&text).unwrap_err();
    for case in &together {
        let line = line_of(&text, case.line);
        assert!(
            errors.0.iter().any(|error| error.line == line),
            "{}: nothing about line {line} in\n{errors}",
            case.name
        );
    }
    assert_eq!(errors.0.len(), together.len(), "{errors}");
    assert!(errors.0.is_sorted_by_key(|error| error.line));
    assert!(errors.to_string().contains(&format!("line {}, column ", errors.0[0].line)));
}

#[test]
fn the_packs_of_the_library_load() {
    let ids: Vec<&str> = builtin_ids().collect();
    assert_eq!(ids, ["execution-form"]);
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
    let reordered = edit(
        REAL,
        "[signing]\nevent = \"signed-off\"\nsigners = [\"customer\"]\n",
        "[signing]\nsigners   = [ \"customer\" ]\nevent='signed-off'\n",
    );
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
fn the_schema_file_is_the_schema_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/pack-v1.schema.json");
    let now = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
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
