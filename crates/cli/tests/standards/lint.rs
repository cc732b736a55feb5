//! The linter as people and editors see it.

use crate::{File, OVERLAY, run, source, with_input};

#[test]
fn the_packs_that_come_with_the_program_are_sound() {
    for id in ["execution-form", "engineering", "aftersales-rules", "gas", "diesel"] {
        let file = File::of("pack.toml", source(id));
        let ran = run(&["lint", "--strict", file.name()]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{id}: {}", ran.out);
        assert_eq!(ran.out, "1 file: 0 errors, 0 warnings\n");
    }
}

#[test]
fn an_error_is_shown_at_its_place_with_a_remedy() {
    let file = File::of("gas.toml", source("gas").replace("limit = \"PT30M\"", "limit = \"30 min\""));
    let ran = run(&["lint", file.name()]);
    assert_eq!((ran.code, ran.err.as_str()), (2, ""), "{}", ran.out);
    let place = source("gas").lines().position(|line| line.contains("limit = \"PT30M\"")).unwrap() + 1;
    assert!(ran.out.contains("error[bad-duration]: `30 min` is not a duration"), "{}", ran.out);
    assert!(ran.out.contains(&format!("gas.toml:{place}:")), "{}", ran.out);
    assert!(
        ran.out.contains("^^^^^^^^ gas.repair-emergency-30min")
            && ran.out.contains("= help: write an ISO 8601")
    );
    let zh = run(&["lint", file.name(), "--lang", "zh"]);
    assert!(zh.out.contains("错误[bad-duration]") && zh.out.contains("修改: 请写"), "{}", zh.out);
    assert!(zh.out.contains("1 个文件：1 个错误"));
}

#[test]
fn editors_get_one_element_a_fault() {
    let file = File::of("gas.toml", source("gas").replace("limit = \"PT30M\"", "limit = \"30 min\""));
    let ran = run(&["lint", file.name(), "--json"]);
    assert_eq!(ran.code, 2);
    let found = ran.json();
    let one = &found[0];
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(
        (one["code"].as_str(), one["level"].as_str(), one["place"].as_str()),
        (Some("bad-duration"), Some("error"), Some("gas.repair-emergency-30min"))
    );
    let text = std::fs::read_to_string(&file.path).unwrap();
    let at = |key: &str| usize::try_from(one["span"][key].as_u64().unwrap()).unwrap();
    assert_eq!(&text[at("start")..at("end")], "\"30 min\"");
    assert_eq!(one["line"], one["end_line"]);
    assert_eq!(one["end_column"].as_u64().unwrap() - one["column"].as_u64().unwrap(), 8);
    assert!(one["message"]["zh"].is_string() && one["help"]["en"].is_string() && one["file"] == file.name());
}

#[test]
fn warnings_fail_only_if_asked() {
    let phases = "phases = [\n";
    let unused = "phases = [\n  { id = \"never-used\", name = { en = \"Never\", zh = \"从不\" } },\n";
    let file = File::of("gas.toml", source("gas").replacen(phases, unused, 1));
    let ran = run(&["lint", file.name()]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("warning[unused-phase]") && ran.out.contains("never-used"), "{}", ran.out);
    assert_eq!(run(&["lint", file.name(), "--strict"]).code, 2);
}

#[test]
fn several_files_and_standard_input() {
    let good = File::of("good.toml", source("diesel"));
    let bad = File::of("bad.toml", "format = 1\n");
    let ran = run(&["lint", good.name(), bad.name()]);
    assert_eq!(ran.code, 2);
    assert!(ran.out.contains("2 files:"), "{}", ran.out);
    let piped = with_input(&["lint", "-"], OVERLAY.as_bytes());
    assert_eq!((piped.code, piped.out.as_str()), (0, "1 file: 0 errors, 0 warnings\n"));
    let piped = with_input(&["lint", "-"], b"= 1");
    assert_eq!(piped.code, 2);
    assert!(piped.out.contains("--> <stdin>:1:1"), "{}", piped.out);
}

#[test]
fn an_overlay_whose_base_is_unknown_is_an_error() {
    let file = File::of("yard.toml", OVERLAY.replace("id = \"diesel\"", "id = \"diesl\""));
    let ran = run(&["lint", file.name()]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert!(ran.out.contains("diesl"), "{}", ran.out);
}
