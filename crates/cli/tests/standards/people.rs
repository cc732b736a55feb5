//! What people read, in both languages.

use crate::{File, OVERLAY, run};

/// The output of a command that succeeds, in English and in Chinese.
fn both(args: &[&str]) -> (String, String) {
    let said = |lang: &str| {
        let ran = run(&[args, &["--lang", lang]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}\n{}", ran.out);
        ran.out
    };
    (said("en"), said("zh"))
}

fn has_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..'\u{9fff}').contains(&letter))
}

#[test]
fn list_names_every_standard() {
    let (en, zh) = both(&["list"]);
    for id in ["execution-form", "engineering", "aftersales-rules", "gas", "diesel"] {
        assert!(en.contains(id) && zh.contains(id), "{id}");
    }
    assert!(en.contains("214 rules, 11 jobs") && !has_chinese(&en));
    assert!(zh.contains("214 条规则"));
}

#[test]
fn show_tells_one_role_what_to_do_and_what_follows() {
    let (en, zh) = both(&["show", "gas", "--job", "emergency-repair", "--role", "technician"]);
    assert!(en.contains("time: within 30 minutes of “Alarm call taken”"), "{en}");
    assert!(
        en.contains("otherwise: “Step with a safeguard begun: Gas shut-off” is refused until it is done")
    );
    assert!(en.contains("All staff (any)") && !en.contains("Meter reader"));
    assert!(zh.contains("条款 三.(五).2 · 必须"), "{zh}");
    assert!(zh.contains("起 30 分钟内") && zh.contains("否则：完成之前不能记录"));
    let (en, _) = both(&["show", "diesel", "--job", "maintenance"]);
    assert!(en.contains("otherwise: -0.5 points once “Customer complained"), "{en}");
}

#[test]
fn explain_tells_where_a_clock_starts_and_where_it_could() {
    let (en, zh) = both(&["explain", "repair-visit-24h"]);
    for part in [
        "chosen by this pack; also possible: “Request registered”",
        "clause        三.(五).2",
        "counts in",
        "reading",
    ] {
        assert!(en.contains(part), "{part}\n{en}");
    }
    assert!(zh.contains("本包所选；也可为：") && zh.contains("昼夜连续计时"), "{zh}");
}

#[test]
fn explain_tells_of_points_forms_steps_and_conditions() {
    let (en, _) = both(&["explain", "diesel.arrive-on-time"]);
    assert!(en.contains("scored by     一.服务准备.考核.3") && en.contains("step "), "{en}");
    let (en, zh) = both(&["explain", "engineering.class3-case-study"]);
    assert!(en.contains("CEL: answers['engineering.class1-definition'] == '3'"), "{en}");
    assert!(en.contains("is “Class 3") && zh.contains("条件"), "{en}{zh}");
    assert!(en.contains("form "), "{en}");
    let (en, _) = both(&["explain", "gas.ignition-pressure-hold"]);
    assert!(en.contains("5000 mm[H2O] or more, held for 10 minutes"), "{en}");
    let (en, _) = both(&["explain", "execution-form.urgent-arrival-2h"]);
    assert!(en.contains("demanded by   [overdue-reason]") && en.contains("if missed     "), "{en}");
    let (en, _) = both(&["explain", "execution-form.traceable"]);
    assert!(en.contains("why not asked"), "{en}");
}

#[test]
fn every_rule_of_every_standard_is_explained_in_both_languages() {
    for id in ["execution-form", "engineering", "aftersales-rules", "gas", "diesel"] {
        let (en, zh) = both(&["show", id]);
        assert!(en.len() > 1000 && has_chinese(&zh));
        // A condition for which there are no words stands as code.
        assert!(!en.contains("if: `") && !zh.contains("条件：`"), "{id}");
    }
}

#[test]
fn an_overlay_is_shown_with_what_it_changes() {
    let file = File::of("yard.toml", OVERLAY);
    let (en, zh) = both(&["diff", "diesel", file.name()]);
    assert!(en.contains("check.milestone.limit: \"PT2H\" → \"PT1H\""), "{en}");
    assert!(en.contains("~ diesel.hotline-24h") && en.contains("rules: 0 added, 0 removed, 2 changed"));
    assert!(zh.contains("修改 2"));
    let (back, _) = both(&["diff", file.name(), "diesel"]);
    assert!(back.contains("\"PT1H\" → \"PT2H\""));
    let (en, zh) = both(&["explain", "diesel.hotline-24h", "--with", file.name()]);
    assert!(en.contains("switched off  Another company answers.") && zh.contains("已停用"), "{en}");
    let (en, zh) = both(&["explain", "diesel.specialist-2h", "--with", file.name()]);
    assert!(en.contains("The yard has a specialist.") && zh.contains("船厂自有专家。"), "{en}");
    let (en, _) = both(&["show", file.name()]);
    assert!(en.contains("switched off: Another company answers."));
    let (whole, _) = both(&["resolve", file.name()]);
    assert!(whole.contains("[based-on]") && whole.contains("PT1H"));
    let (page, _) = both(&["page", file.name()]);
    assert!(page.contains("## Switched off"));
}

#[test]
fn a_pack_can_extend_one_that_is_given_beside_it() {
    let base = File::of("yard.toml", OVERLAY);
    let second = OVERLAY
        .replace("\"yard\"", "\"quay\"")
        .replace("\"diesel\", version = \"1.0.0\"", "\"yard\", version = \"0.1.0\"");
    let second = second.replace("PT1H", "PT30M").split("[[disable]]").next().unwrap().to_owned();
    let name = base.beside("quay.toml", &second);
    assert_eq!(run(&["lint", &name]).code, 2, "its base is not known without --with");
    assert_eq!(run(&["lint", &name, "--with", base.name()]).code, 0);
    let (en, _) = both(&["diff", "yard", &name, "--with", base.name()]);
    assert!(en.contains("\"PT1H\" → \"PT30M\""), "{en}");
}

#[test]
fn rehearse_shows_the_course_and_counts_answers() {
    let (en, zh) = both(&["rehearse", "execution-form"]);
    assert!(en.contains("worked to its end: Closed") && en.contains("depart “Set out"), "{en}");
    assert!(zh.contains("可做到结束"), "{zh}");
    let (en, _) = both(&["rehearse", "gas", "--job", "complaint"]);
    assert!(en.starts_with("Complaint (complaint, case)") && !en.contains("Ignition"));
}

#[test]
fn rehearse_says_where_a_job_gets_stuck() {
    let (step, other) = (
        r#"{ event = "closed", from = ["left"] }"#,
        r#"{ event = "closed", from = ["left"], in = ["ignition"] }"#,
    );
    let text = crate::source("gas");
    assert!(text.contains(step), "the pack has changed");
    // Only ignitions are ever closed: free of errors, and a meter reading never ends.
    let file = File::of("gas.toml", text.replacen(step, other, 1));
    let ran = run(&["rehearse", file.name(), "--job", "meter-reading"]);
    assert_eq!((ran.code, ran.err.as_str()), (3, ""), "{}", ran.out);
    assert!(ran.out.contains("STUCK in “Left”"), "{}", ran.out);
    let zh = run(&["rehearse", file.name(), "--job", "meter-reading", "--lang", "zh"]);
    assert!(zh.out.contains("停在“已离开”"), "{}", zh.out);
    assert_eq!(
        run(&["rehearse", file.name(), "--job", "meter-reading", "--json"]).json()[0]["finished"],
        false
    );
    assert!(run(&["page", file.name()]).out.contains("| NO |"));
}
