//! What people read: lists by kind, who has a duty, what follows, deadlines, points and warranties, in both languages.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::Path;

use common::{at, code, jobsheet, json, seeded, seeded_jobs, text};

fn said(folder: &Path, time: &str, args: &[&str]) -> String {
    let output = at(folder, time, args);
    assert_eq!(code(&output), 0, "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn holds(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
}

#[test]
fn lists_show_kind_and_job_and_take_one_kind() {
    let folder = seeded_jobs();
    let folder = folder.path();
    let all = said(folder, "08:00", &["visits"]);
    holds(
        &all,
        &["visit ignition · New flat", "shift counter-shift · Counter 3", "shift site-day", "1–6 / 6"],
    );
    holds(&said(folder, "08:00", &["visits", "--lang", "zh"]), &["上门服务 ignition", "当班 counter-shift"]);
    let shifts = said(folder, "08:00", &["visits", "--kind", "shift"]);
    holds(&shifts, &["CNT-1", "CNT-2", "DAY-1", "1–3 / 3"]);
    assert!(!shifts.contains("IGN-1"));
    let visits = json(&jobsheet(folder, &["visits", "--kind", "visit", "--json"]));
    let rows: Vec<_> =
        visits["rows"].as_array().unwrap().iter().map(|row| (&row["kind"], &row["job"])).collect();
    assert_eq!((rows.len(), visits["total"].as_u64()), (3, Some(3)));
    assert!(rows.iter().all(|(kind, job)| *kind == "visit" && job.is_string()), "{rows:?}");
    let wrong = jobsheet(folder, &["visits", "--kind", "case"]);
    assert_eq!(code(&wrong), 2);
    holds(&text(&wrong.stderr), &["case", "visit", "shift"]);
}

#[test]
fn next_says_who_what_follows_and_how_to_do_it() {
    let folder = seeded_jobs();
    let folder = folder.path();
    for step in [
        &["accept", "IGN-1"][..],
        &["depart", "IGN-1"],
        &["arrive", "IGN-1"],
        &["answer", "IGN-1", "identify-self", "--yes"],
        &["answer", "IGN-1", "show-card", "--yes"],
        &["start", "IGN-1"],
        &["report-event", "IGN-1", "guarded-step-planned", "--about", "ignition"],
    ] {
        said(folder, "08:50", step);
    }
    let next = said(folder, "08:51", &["next", "IGN-1"]);
    holds(
        &next,
        &[
            "begin-hold gas.ignition-pressure-hold VALUE mm[H2O]",
            "who: Conversion and ignition technician",
            "otherwise: blocks Step with a safeguard begun (Conversion or ignition)",
            " rules\n",
            "attest general",
        ],
    );
    let next = said(folder, "08:51", &["next", "IGN-1", "--lang", "zh"]);
    holds(&next, &["责任人: 置换点火员", "否则: 不能受控步骤已开始 (置换或点火)", " 条\n"]);
    let engine = said(folder, "08:51", &["next", "ENG-1"]);
    holds(
        &engine,
        &[
            "otherwise: -0.20 points, clause 一.服务准备.考核.2; 二.服务准备.考核.2 [diesel.score-tools], if Job overran its schedule",
        ],
    );
    let form = seeded();
    holds(
        &said(form.path(), "08:00", &["next", "SR-0"]),
        &["otherwise: tells Service supervisor · the reason must be given"],
    );
    holds(&said(form.path(), "08:00", &["next", "SR-0", "--lang", "zh"]), &["否则: 告知", "须说明原因"]);
}

#[test]
fn next_is_narrowed_to_a_role() {
    let folder = seeded_jobs();
    let folder = folder.path();
    said(folder, "08:00", &["report-event", "CNT-1", "at-post"]);
    let steps = |role: &[&str]| {
        let steps = json(&at(folder, "08:01", &[&["next", "CNT-1", "--json"], role].concat()));
        steps.as_array().unwrap().len()
    };
    let (all, clerk) = (steps(&[]), steps(&["--role", "counter-clerk"]));
    assert_eq!(
        (all, steps(&["--role", "Counter Clerk"]), steps(&["--role", "营业员"])),
        (clerk, clerk, clerk)
    );
    // The hotline's agent shares only what anybody may do.
    let agent = steps(&["--role", "hotline-agent"]);
    assert!(0 < agent && agent < clerk, "{agent} of {clerk}");
    let unknown = at(folder, "08:01", &["next", "CNT-1", "--role", "pilot"]);
    assert_eq!(code(&unknown), 2);
    holds(&text(&unknown.stderr), &["--role", "`pilot`", "counter-clerk"]);
}

#[test]
fn show_tells_roles_deadlines_points_and_warranties() {
    let folder = seeded_jobs();
    let folder = folder.path();
    let shift = said(folder, "08:40", &["show", "CNT-1"]);
    holds(
        &shift,
        &[
            "shift: Counter shift [counter-shift]",
            "Counter 3",
            "who: Counter clerk",
            "over · clause 三.(一).2",
        ],
    );
    holds(
        &said(folder, "08:40", &["show", "CNT-1", "--lang", "zh"]),
        &["当班: 营业厅当班 [counter-shift]", "责任人: 营业员"],
    );
    let repair = said(folder, "08:40", &["show", "REP-1"]);
    holds(
        &repair,
        &[
            "start chosen by the standard's pack; also possible: Request registered, Time agreed with the customer",
        ],
    );
    holds(
        &said(folder, "08:40", &["show", "REP-1", "--lang", "zh"]),
        &["起算点由标准包选定；也可能是：需求已登记、"],
    );
    let engine = said(folder, "08:40", &["show", "ENG-1"]);
    holds(
        &engine,
        &[
            "warranties\n  until 2026-12-01 · covered · clause 服务承诺.质保: ",
            "no date in Launch trial on",
            "visit: Installation and commissioning [installation]",
            // What the breach of a deadline costs stands with the deadline.
            "otherwise: -0.50 points, clause 一.服务准备.考核.3",
        ],
    );
    holds(
        &said(folder, "08:40", &["show", "ENG-1", "--lang", "zh"]),
        &["保修期\n  截止 2026-12-01 · 保修期内 · 条款"],
    );
}

#[test]
fn a_missed_deadline_names_its_chain_of_escalation() {
    let folder = seeded();
    let folder = folder.path();
    // The tools were to be checked by 08:00.
    let late = said(folder, "08:30", &["show", "SR-0"]);
    holds(
        &late,
        &[
            "30 min over · clause 第二步.关键动作",
            "tells Service supervisor (since 2026-03-02 08:00)",
            "otherwise: the reason must be given",
        ],
    );
    said(folder, "08:31", &["escalate", "SR-0", "check-tools-1h", "supervisor"]);
    said(folder, "08:31", &["explain-delay", "SR-0", "check-tools-1h", "The store opened late"]);
    let told = said(folder, "08:32", &["show", "SR-0"]);
    holds(&told, &["tells Service supervisor (told)", "reason: The store opened late"]);
    holds(
        &said(folder, "08:32", &["show", "SR-0", "--lang", "zh"]),
        &[" (已告知)", "原因: The store opened late"],
    );
}

#[test]
fn a_refusal_of_what_is_done_already_says_so() {
    let folder = seeded();
    said(folder.path(), "08:30", &["accept", "SR-0"]);
    let again = jobsheet(folder.path(), &["accept", "SR-0"]);
    assert_eq!(code(&again), 3);
    let words = text(&again.stderr);
    holds(&words, &["refused: `accept` has been done and is not repeated\n  clause "]);
}
