//! Several standards side by side: what each holds, and how their clocks differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jobsheet_core::Lang;
use jobsheet_core::standard::{Check, Milestone, Rule, Standard};

use super::super::speech::{Speech, list, say};
use super::table::{escape, write};

/// Event that ends a clock, its names, and what each pack says of it.
type ByEnd = BTreeMap<String, Vec<Vec<String>>>;

/// What each standard holds, the same moment in each of them, and every clock with its anchor.
pub(in super::super) fn side_by_side(standards: &[Arc<Standard>], lang: Lang) -> String {
    let mut out = String::new();
    index(&mut out, standards, lang);
    out.push('\n');
    let _ =
        writeln!(out, "### {}\n", say(lang, "The same moment in each standard", "同一时刻在各标准中的要求"));
    same_moment(&mut out, standards, lang);
    let _ = writeln!(out, "\n### {}\n", say(lang, "What 24 hours are", "24 小时的含义"));
    day_and_night(&mut out, standards, lang);
    let _ = writeln!(out, "\n### {}\n", say(lang, "What each clock counts from", "各时限的起算点"));
    anchors(&mut out, standards, lang);
    out
}

fn index(out: &mut String, standards: &[Arc<Standard>], lang: Lang) {
    let row = |standard: &Arc<Standard>| {
        let pack = standard.pack();
        let count = |wanted: &dyn Fn(&Rule) -> bool| {
            pack.rules.iter().filter(|rule| wanted(rule)).count().to_string()
        };
        let jobs = pack.jobs.iter().map(|job| escape(job.name.get(lang))).collect::<Vec<_>>();
        vec![
            format!("[{} · {}]({}.md)", escape(&pack.title.en), escape(&pack.title.zh), pack.id),
            format!("`{}`", pack.id),
            jobs.join(say(lang, ", ", "、")),
            pack.rules.len().to_string(),
            count(&|rule| matches!(rule.check, Check::Milestone(_))),
            count(&|rule| rule.window().is_some_and(|window| !window.blocks.is_empty())),
            count(&|rule| matches!(rule.check, Check::Conduct(_) | Check::Privacy(_) | Check::Script(_))),
            count(&|rule| matches!(rule.check, Check::Guidance(_))),
        ]
    };
    let head = [
        say(lang, "Page", "页面"),
        say(lang, "Id", "编号"),
        say(lang, "Jobs", "工作"),
        say(lang, "Rules", "规则"),
        say(lang, "Clocks", "时限"),
        say(lang, "Gates", "先后约束"),
        say(lang, "Conduct and words", "行为规范与话术"),
        say(lang, "No record proves", "记录不能证明"),
    ];
    let rows: Vec<_> = standards.iter().map(row).collect();
    write(out, &head, &rows);
}

fn milestones(standard: &Standard) -> impl Iterator<Item = (&Rule, &Milestone)> {
    standard.pack().rules.iter().filter_map(|rule| match &rule.check {
        Check::Milestone(milestone) => Some((rule, milestone)),
        _ => None,
    })
}

/// Moments about which more than one standard has a clock.
fn same_moment(out: &mut String, standards: &[Arc<Standard>], lang: Lang) {
    let mut ends: ByEnd = BTreeMap::new();
    for (at, standard) in standards.iter().enumerate() {
        let speech = Speech::of(standard, lang);
        for (rule, milestone) in milestones(standard) {
            let Some(end) = milestone.end.first() else { continue };
            let columns = ends.entry(end.clone()).or_insert_with(|| vec![Vec::new(); standards.len()]);
            if let Some(column) = columns.get_mut(at) {
                column.push(format!("{} `{}`", escape(&speech.limit(milestone)), speech.short(&rule.id)));
            }
        }
    }
    let mut head = vec![say(lang, "Kept by", "完成标志").to_owned()];
    head.extend(standards.iter().map(|standard| format!("`{}`", standard.pack().id)));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let shared =
        ends.iter().filter(|(_, columns)| columns.iter().filter(|column| !column.is_empty()).count() > 1);
    let rows: Vec<_> = shared
        .map(|(end, columns)| {
            let mut row = vec![format!("`{end}`")];
            row.extend(
                columns
                    .iter()
                    .map(|column| if column.is_empty() { "—".to_owned() } else { column.join("<br>") }),
            );
            row
        })
        .collect();
    write(out, &head, &rows);
}

/// Rules whose text or limit speaks of 24 hours.
fn day_and_night(out: &mut String, standards: &[Arc<Standard>], lang: Lang) {
    let speaks = |rule: &Rule| match &rule.check {
        Check::Milestone(milestone) if matches!(milestone.limit.as_deref(), Some("PT24H" | "P1D")) => true,
        _ => {
            rule.text.en.contains("24 hours")
                || rule.text.zh.contains("24小时")
                || rule.text.zh.contains("24 小时")
        }
    };
    let rows: Vec<_> = standards
        .iter()
        .flat_map(|standard| {
            let speech = Speech::of(standard, lang);
            standard.pack().rules.iter().filter(|rule| speaks(rule)).map(move |rule| {
                let meaning = match &rule.check {
                    Check::Milestone(milestone) => {
                        format!(
                            "{}{}{}",
                            speech.limit(milestone),
                            speech.say("; ", "；"),
                            speech.counts_in(milestone)
                        )
                    }
                    _ => speech.proof(rule),
                };
                vec![
                    format!("`{}`", standard.pack().id),
                    format!("`{}`", speech.short(&rule.id)),
                    escape(rule.text.get(lang)),
                    escape(&meaning),
                    rule.reading.as_ref().map(|reading| escape(reading.get(lang))).unwrap_or_default(),
                ]
            })
        })
        .collect();
    let head = [
        say(lang, "Standard", "标准"),
        say(lang, "Rule", "规则"),
        say(lang, "Text", "内容"),
        say(lang, "Meaning", "含义"),
        say(lang, "Reading", "解读"),
    ];
    write(out, &head, &rows);
}

fn anchors(out: &mut String, standards: &[Arc<Standard>], lang: Lang) {
    let rows: Vec<_> = standards
        .iter()
        .flat_map(|standard| {
            let speech = Speech::of(standard, lang);
            milestones(standard).map(move |(rule, milestone)| {
                let others = milestone.other_anchors.iter().map(|event| speech.event(event));
                vec![
                    format!("`{}`", standard.pack().id),
                    format!("`{}`", speech.short(&rule.id)),
                    escape(&speech.limit(milestone)),
                    escape(&list(lang, others)),
                    escape(&speech.counts_in(milestone)),
                ]
            })
        })
        .collect();
    let head = [
        say(lang, "Standard", "标准"),
        say(lang, "Rule", "规则"),
        say(lang, "Limit", "时限"),
        say(lang, "Also possible", "也可为"),
        say(lang, "Counts in", "计时方式"),
    ];
    write(out, &head, &rows);
}
