//! One visit: shown, what to do next, its history, its report.

use std::fmt::Write as _;
use std::path::PathBuf;

use jobsheet::{Store, VisitView};
use jobsheet_core::assess::{MilestoneState, Status, Why};
use jobsheet_core::record::{DocumentId, ResolveTarget};
use jobsheet_core::report::Audience;
use serde_json::Value;

use crate::Here;
use crate::failure::Failure;
use crate::lists::local;
use crate::words::{cut, span};

/// Finds a visit by id or order number.
pub(crate) fn find(store: &Store, visit: &str) -> Result<DocumentId, Failure> {
    let visit = visit.trim();
    let shown = cut(visit, 80);
    if visit.is_empty() || visit.chars().count() > 200 {
        return Err(Failure::input("visit", "give a visit's id (a UUID) or its order number"));
    }
    let found = store.find(visit)?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] if looks_like_uuid(visit) => {
            Err(Failure::input("visit", format!("`{shown}` is not a UUID: 8-4-4-4-12 hexadecimal digits")))
        }
        [] => Err(Failure::NotFound(format!(
            "no visit with the id or number `{shown}` is on this device; see `jobsheet visits`, or run `jobsheet sync`"
        ))),
        several => Err(Failure::input(
            "visit",
            format!(
                "{} visits have the number `{shown}`; give one of the ids: {}",
                several.len(),
                several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}

/// Meant as a UUID, but none.
fn looks_like_uuid(text: &str) -> bool {
    text.matches('-').count() >= 4 && text.len() >= 30 && text.parse::<DocumentId>().is_err()
}

/// Shows a visit.
pub(crate) fn show(here: &Here<'_>, visit: &str) -> Result<(), Failure> {
    let view = here.store.visit(find(&here.store, visit)?)?;
    here.output.result(&view, || describe(here, &view))
}

fn describe(here: &Here<'_>, view: &VisitView) -> String {
    let (lang, words) = (here.output.lang, here.output.words);
    let (record, assessment) = (&view.record, &view.assessment);
    let mut out = String::new();
    let order = |id: &str| record.order.get(id).map_or("", String::as_str);
    let _ = writeln!(out, "{}  {}  {}", order("number"), assessment.state.name.get(lang), order("urgency"));
    let _ = writeln!(out, "{}", record.id);
    let _ = writeln!(out, "{}", order("fault"));
    if !order("location").is_empty() {
        let _ = writeln!(out, "{}", order("location"));
    }
    if let Some(plan) = &record.assignment {
        let crew = plan.crew.join(", ");
        let _ = writeln!(
            out,
            "{}: {} – {} · {crew}",
            words.planned,
            local(here, plan.start.instant()),
            local(here, plan.end.instant())
        );
    }
    let _ = writeln!(out, "{}: {}", words.standard, record.standard);
    let counts = assessment.counts;
    let _ = writeln!(
        out,
        "{} {} · {} {} · {} {} · {} {}",
        counts.satisfied,
        words.satisfied,
        counts.outstanding,
        words.owed,
        counts.violated,
        words.violated,
        view.transport.unsent,
        words.unsent
    );
    for (status, title) in [(Status::Violated, words.violated), (Status::Outstanding, words.owed)] {
        let findings: Vec<_> =
            assessment.findings.iter().filter(|finding| finding.status == status).collect();
        if findings.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title}");
        for finding in findings {
            let _ = writeln!(
                out,
                "  {} {}: {} [{}]",
                words.clause,
                finding.clause,
                finding.text.get(lang),
                finding.rule
            );
        }
    }
    deadlines(here, view, &mut out);
    conflicts(here, view, &mut out);
    let notes: Vec<_> = record.notes.iter().filter(|(_, text)| !text.trim().is_empty()).collect();
    if !notes.is_empty() {
        let _ = writeln!(out, "\n{}", words.notes);
        for (id, text) in notes {
            let _ = writeln!(out, "  {id}: {}", cut(text, 200));
        }
    }
    out
}

fn deadlines(here: &Here<'_>, view: &VisitView, out: &mut String) {
    let (lang, words) = (here.output.lang, here.output.words);
    let live =
        |state| matches!(state, MilestoneState::Running | MilestoneState::Breached | MilestoneState::MetLate);
    let deadlines: Vec<_> =
        view.assessment.milestones.iter().filter(|milestone| live(milestone.state)).collect();
    if deadlines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", words.deadlines);
    for milestone in deadlines {
        let left = match (milestone.state, milestone.left_seconds) {
            (MilestoneState::Running, Some(left)) => format!("{} {}", span(left), words.left),
            (MilestoneState::MetLate, Some(left)) => format!("{} {}", span(left), words.late),
            (MilestoneState::Breached, Some(left)) => format!("{} {}", span(left), words.over),
            _ => "–".to_owned(),
        };
        let _ = writeln!(
            out,
            "  {left} · {} {}: {} [{}]",
            words.clause,
            milestone.clause,
            milestone.text.get(lang),
            milestone.rule
        );
    }
}

fn conflicts(here: &Here<'_>, view: &VisitView, out: &mut String) {
    if view.record.conflicts.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", here.output.words.conflicts);
    for conflict in &view.record.conflicts {
        let target = match &conflict.target {
            ResolveTarget::Answer(item) => format!("answer:{item}"),
            ResolveTarget::Attestation(phase) => format!("attestation:{phase}"),
            ResolveTarget::Survey => "survey".to_owned(),
            ResolveTarget::Assignment => "assignment".to_owned(),
        };
        let _ = writeln!(out, "  {target}");
        for (at, version) in conflict.versions.iter().enumerate() {
            let value = said(&version.value);
            let _ = writeln!(
                out,
                "    {at}: {} · {} · {}",
                cut(&value.to_string(), 80),
                version.person,
                version.at
            );
        }
    }
}

/// What a version says, without who and when, which are shown beside it.
fn said(version: &Value) -> Value {
    if let Some(answer) = version.get("is") {
        return answer.clone();
    }
    let mut said = version.clone();
    if let Value::Object(fields) = &mut said {
        fields.retain(|name, _| !["by", "at", "mono", "boot", "skew"].contains(&name.as_str()));
    }
    said
}

/// Prints what to do now.
pub(crate) fn next(here: &Here<'_>, visit: &str) -> Result<(), Failure> {
    let view = here.store.visit(find(&here.store, visit)?)?;
    here.output.result(&view.next, || {
        let (lang, words) = (here.output.lang, here.output.words);
        if view.next.is_empty() {
            return words.nothing.to_owned();
        }
        let mut out = String::new();
        for (at, step) in view.next.iter().enumerate() {
            let clause = step
                .clause
                .as_ref()
                .map_or_else(String::new, |clause| format!(" ({} {clause})", words.clause));
            let why = match &step.reason {
                Why::Gate { events } => format!("→ {}", events.join(", ")),
                Why::Deadline { left_seconds: Some(left) } if *left < 0 => {
                    format!("{} {}", span(*left), words.over)
                }
                Why::Deadline { left_seconds: Some(left) } => format!("{} {}", span(*left), words.left),
                Why::Deadline { left_seconds: None } => words.deadlines.to_owned(),
                Why::Owed => words.owed.to_owned(),
                Why::Conflict => words.conflicts.to_owned(),
                Why::Step => String::new(),
            };
            let argument = step.argument.as_deref().unwrap_or_default();
            let _ = writeln!(out, "{:>2}. {}{clause}", at + 1, step.text.get(lang));
            let hint = format!("{} {argument}", step.command);
            let _ = writeln!(out, "    {}  {why}", hint.trim_end());
        }
        out
    })
}

/// Prints the history.
pub(crate) fn history(here: &Here<'_>, visit: &str) -> Result<(), Failure> {
    let history = here.store.history(find(&here.store, visit)?)?;
    here.output.result(&history, || {
        let mut out = String::new();
        for entry in &history {
            let at = entry.at.map_or_else(String::new, |at| local(here, at));
            let unsent = if entry.durable { "" } else { here.output.words.unsent };
            let line =
                format!("{at}  {:<20}  {}:{}  {unsent}", entry.command, cut(&entry.actor, 9), entry.seq);
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    })
}

/// Renders the service report.
pub(crate) fn report(
    here: &Here<'_>,
    visit: &str,
    out: Option<PathBuf>,
    audience: Audience,
) -> Result<(), Failure> {
    let visit = find(&here.store, visit)?;
    let html = here.store.report(visit, here.output.lang, audience)?;
    let Some(file) = out else {
        let html_json = serde_json::json!({ "visit": visit, "html": html });
        return here.output.result(&html_json, || html.clone());
    };
    std::fs::write(&file, &html).map_err(|error| Failure::file(&file, &error))?;
    let written = serde_json::json!({ "visit": visit, "file": file, "bytes": html.len() });
    here.output.result(&written, || file.display().to_string())
}
