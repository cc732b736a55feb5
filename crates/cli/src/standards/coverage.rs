//! How a pack accounts for every duty, form field, clock and transition of its source document.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jobsheet_core::Lang;
use jobsheet_core::standard::{Check, Kind, Rule, Standard};
use serde::Serialize;

use super::explain::forms;
use super::facts::{self, pack_of};
use super::speech::{Speech, say};
use crate::failure::Failure;
use crate::output::Output;

/// Exit code if something of the source is missing.
const MISSING: u8 = 3;

/// How a pack accounts for its source.
#[derive(Serialize)]
struct Coverage {
    id: String,
    version: String,
    duties: Table<DutyRow>,
    forms: Table<FormRow>,
    clocks: Table<ClockRow>,
    transitions: Table<TransitionRow>,
    missing: usize,
}

/// One kind of fact with its totals.
#[derive(Serialize)]
struct Table<R> {
    total: usize,
    kept: usize,
    percent: f64,
    kept_as: BTreeMap<&'static str, usize>,
    rows: Vec<R>,
}

/// A duty of the catalogue.
#[derive(Serialize)]
struct DutyRow {
    id: &'static str,
    clause: &'static str,
    catalogue_kind: &'static str,
    kept_as: Option<&'static str>,
    jobs: Vec<String>,
    forms: Vec<String>,
    steps: Vec<String>,
    instead: Option<&'static str>,
    why: Option<String>,
    disabled: bool,
}

/// A field of a form.
#[derive(Serialize)]
struct FormRow {
    form: &'static str,
    rule: &'static str,
    what: &'static str,
    kept_as: Option<&'static str>,
}

/// A clock.
#[derive(Serialize)]
struct ClockRow {
    rule: &'static str,
    start: &'static str,
    limit: &'static str,
    end: &'static str,
    kept_as: Option<&'static str>,
    in_the_pack: Option<String>,
}

/// A step of the course.
#[derive(Serialize)]
struct TransitionRow {
    document: &'static str,
    event: &'static str,
    rules: Vec<&'static str>,
    kept_as: Option<&'static str>,
}

impl<R> Table<R> {
    fn of(rows: Vec<R>, kept_as: impl Fn(&R) -> Option<&'static str>) -> Self {
        let mut counts = BTreeMap::new();
        for how in rows.iter().filter_map(kept_as) {
            *counts.entry(how).or_insert(0) += 1;
        }
        let kept = counts.values().sum();
        Self { total: rows.len(), kept, percent: percent(kept, rows.len()), kept_as: counts, rows }
    }

    fn missing(&self) -> usize {
        self.total - self.kept
    }
}

/// Per cent to one decimal, never rounded up to 100.
fn percent(part: usize, whole: usize) -> f64 {
    let per_mille = (part * 1000).checked_div(whole).unwrap_or(1000);
    f64::from(u32::try_from(per_mille).unwrap_or(0)) / 10.0
}

pub(super) fn coverage(output: &Output, standards: &[&Standard], all_rows: bool) -> Result<(), Failure> {
    let mut covered = Vec::new();
    for standard in standards {
        covered.push(Coverage::of(Speech::of(standard, output.lang)).ok_or_else(|| {
            let id = &standard.pack().id;
            Failure::NotFound(format!("no source document of `{id}` is catalogued in this program"))
        })?);
    }
    output.result(&covered, || {
        covered.iter().fold(String::new(), |out, one| out + &one.people(output.lang, all_rows) + "\n")
    })?;
    if covered.iter().any(|one| one.missing > 0) { Err(Failure::Told(MISSING)) } else { Ok(()) }
}

impl Coverage {
    /// None: the rules of the pack come from no document that is catalogued.
    fn of(speech: Speech<'_>) -> Option<Self> {
        let pack = speech.standard.pack();
        let known: BTreeSet<&str> = facts::duties().map(|duty| pack_of(duty.id)).collect();
        let sources: BTreeSet<&str> = pack.rules.iter().map(|rule| pack_of(&rule.id)).collect();
        let sources: BTreeSet<&str> = sources.intersection(&known).copied().collect();
        if sources.is_empty() {
            return None;
        }
        let from = |rule: &str| sources.contains(pack_of(rule));
        let duties =
            facts::duties().filter(|duty| from(duty.id)).map(|duty| duty_row(speech, duty)).collect();
        let forms =
            facts::form_fields().filter(|field| from(field.rule)).map(|field| form_row(speech, field));
        let clocks = facts::clocks().filter(|clock| from(clock.rule)).map(|clock| clock_row(speech, clock));
        let transitions = facts::transitions().filter(|step| sources.contains(step.pack));
        let transitions = transitions.map(|step| transition_row(speech, step)).collect();
        let mut coverage = Self {
            id: pack.id.clone(),
            version: pack.version.clone(),
            duties: Table::of(duties, |row: &DutyRow| row.kept_as),
            forms: Table::of(forms.collect(), |row: &FormRow| row.kept_as),
            clocks: Table::of(clocks.collect(), |row: &ClockRow| row.kept_as),
            transitions: Table::of(transitions, |row: &TransitionRow| row.kept_as),
            missing: 0,
        };
        coverage.missing = coverage.duties.missing()
            + coverage.forms.missing()
            + coverage.clocks.missing()
            + coverage.transitions.missing();
        Some(coverage)
    }

    fn people(&self, lang: Lang, all_rows: bool) -> String {
        let mut out = format!("{} {}\n", self.id, self.version);
        summary(&mut out, say(lang, "duties", "职责"), &self.duties);
        summary(&mut out, say(lang, "form fields", "表单栏目"), &self.forms);
        summary(&mut out, say(lang, "clocks", "时限"), &self.clocks);
        summary(&mut out, say(lang, "transitions", "流程步骤"), &self.transitions);
        let lost = say(lang, "MISSING", "缺失");
        for row in
            self.duties.rows.iter().filter(|row| all_rows || row.kept_as.is_none() || row.instead.is_some())
        {
            let mut words = row.kept_as.unwrap_or(lost).to_owned();
            for (head, list) in [("form", &row.forms), ("step", &row.steps)] {
                if !list.is_empty() {
                    let _ = write!(words, " · {head} {}", list.join(", "));
                }
            }
            if let (Some(instead), Some(why)) = (row.instead, &row.why) {
                let _ = write!(words, " · {instead} · {why}");
            }
            let _ = writeln!(out, "  {} · {} · {words}", row.id, row.clause);
        }
        for row in self.forms.rows.iter().filter(|row| all_rows || row.kept_as.is_none()) {
            let _ = writeln!(
                out,
                "  {}: {} · {} · {}",
                row.form,
                row.what,
                row.rule,
                row.kept_as.unwrap_or(lost)
            );
        }
        for row in self.clocks.rows.iter().filter(|row| all_rows || row.kept_as.is_none()) {
            let pack = row.in_the_pack.as_deref().unwrap_or_default();
            let how = row.kept_as.unwrap_or(lost);
            let _ =
                writeln!(out, "  {} · {} {} → {} · {how} · {pack}", row.rule, row.start, row.limit, row.end);
        }
        for row in self.transitions.rows.iter().filter(|row| all_rows || row.kept_as.is_none()) {
            let rules = row.rules.join(", ");
            let _ =
                writeln!(out, "  {} {} · {rules} · {}", row.document, row.event, row.kept_as.unwrap_or(lost));
        }
        out
    }
}

fn summary<R>(out: &mut String, head: &str, table: &Table<R>) {
    let shares = table
        .kept_as
        .iter()
        .map(|(how, count)| format!("{how} {count} ({} %)", percent(*count, table.total)));
    let shares = shares.collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "  {head}: {} / {} = {} %: {shares}", table.kept, table.total, table.percent);
}

fn duty_row(speech: Speech<'_>, duty: facts::Duty) -> DutyRow {
    let standard = speech.standard;
    let pack = standard.pack();
    let rule = standard.rule(duty.id);
    let guidance = rule.and_then(|rule| match &rule.check {
        Check::Guidance(guidance) => Some(guidance),
        _ => None,
    });
    let in_job = |job: &str| rule.is_some_and(|rule| standard.side_of(job, rule).is_some());
    let steps = pack.flows().flat_map(|(_, flow)| &flow.steps);
    let steps =
        steps.filter(|step| step.rules.iter().any(|rule| rule == duty.id)).map(|step| step.event.clone());
    DutyRow {
        id: duty.id,
        clause: duty.clause,
        catalogue_kind: duty.kind,
        kept_as: rule.map(|rule| rule.check.kind()),
        jobs: pack.jobs.iter().filter(|job| in_job(&job.id)).map(|job| job.id.clone()).collect(),
        forms: forms(pack, duty.id)
            .into_iter()
            .map(|(form, _)| form.id.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        steps: steps.collect::<BTreeSet<_>>().into_iter().collect(),
        instead: guidance.map(|guidance| speech.instead(guidance)),
        why: guidance.map(|guidance| guidance.why.get(speech.lang).to_owned()),
        disabled: rule.is_some_and(|rule| rule.disabled.is_some()),
    }
}

/// A field stands on its form, or the rule that asks for it keeps it in the record without a printed form.
fn form_row(speech: Speech<'_>, field: facts::FormField) -> FormRow {
    let pack = speech.standard.pack();
    let printed = forms(pack, field.rule).into_iter().any(|(form, _)| form.id == field.form);
    let kept_as = speech.standard.rule(field.rule).map(|_| if printed { "form" } else { "record" });
    FormRow { form: field.form, rule: field.rule, what: field.what, kept_as }
}

fn clock_row(speech: Speech<'_>, clock: facts::Clock) -> ClockRow {
    let rule = speech.standard.rule(clock.rule);
    ClockRow {
        rule: clock.rule,
        start: clock.start,
        limit: clock.limit,
        end: clock.end,
        kept_as: rule.map(|rule| rule.check.kind()),
        in_the_pack: rule.map(|rule| speech.proof(rule)),
    }
}

/// A step of the course, an event that may be reported at any time, one that follows from something else, or only the
/// rules that speak of it.
fn transition_row(speech: Speech<'_>, step: facts::Transition) -> TransitionRow {
    let standard = speech.standard;
    let rules: Vec<_> = step.rules.split('|').collect();
    let flow = Kind::of(step.kind).and_then(|kind| standard.pack().flow(kind));
    let is_step = flow.is_some_and(|flow| flow.steps.iter().any(|known| known.event == step.event));
    let event = standard.event(step.event);
    let known: Vec<&Rule> = rules.iter().filter_map(|rule| standard.rule(rule)).collect();
    let kept_as = match event {
        _ if is_step => Some("step"),
        Some(event) if event.incident => Some("incident"),
        Some(_) => Some("event"),
        None if known.len() == rules.len() => Some("rules"),
        None => None,
    };
    TransitionRow { document: step.kind, event: step.event, rules, kept_as }
}
