//! What each role has to do, phase by phase.

use std::fmt::Write as _;

use jobsheet_core::standard::{Rule, Standard};
use jobsheet_core::{Lang, Text};
use serde::Serialize;

use super::duty::Duty;
use super::library::Library;
use super::near;
use super::speech::{self, Speech};
use crate::failure::Failure;
use crate::output::Output;
use crate::words::cut;

/// Who is bound by a rule of everyone.
const ANY: &str = "any";

/// What one role has to do.
#[derive(Serialize)]
struct RoleDuties<'a> {
    role: &'a str,
    name: &'a Text,
    phases: Vec<PhaseDuties<'a>>,
}

/// What is to be done in one phase.
#[derive(Serialize)]
struct PhaseDuties<'a> {
    phase: &'a str,
    name: &'a Text,
    duties: Vec<Duty<'a>>,
}

/// A standard with the duties that were asked for.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    version: &'a str,
    sha256: &'a str,
    title: &'a Text,
    source: &'a str,
    about: &'a Text,
    based_on: Option<&'a jobsheet_core::standard::BasedOn>,
    jobs: &'a [jobsheet_core::standard::Job],
    roles: Vec<RoleDuties<'a>>,
}

pub(super) fn show(
    output: &Output,
    library: &Library,
    id: &str,
    job: Option<&str>,
    role: Option<&str>,
) -> Result<(), Failure> {
    let standard = library.open(id)?;
    let pack = standard.pack();
    if let Some(job) = job {
        known_job(&standard, job)?;
    }
    if let Some(role) = role
        && pack.role(role).is_none()
    {
        let hint = near::hint(role, pack.roles.iter().map(|role| role.id.as_str()));
        let ids: Vec<_> = pack.roles.iter().map(|role| role.id.as_str()).collect();
        return Err(Failure::NotFound(format!(
            "`{}` has no role `{}`{hint}; its roles: {}",
            pack.id,
            cut(role, 80),
            ids.join(", ")
        )));
    }
    let speech = Speech::of(&standard, output.lang);
    let belongs = |rule: &Rule| job.is_none_or(|job| standard.side_of(job, rule).is_some());
    let wanted =
        pack.roles.iter().filter(|known| role.is_none_or(|role| known.id == role || known.id == ANY));
    let roles = wanted.filter_map(|role| {
        let phases = pack.phases.iter().filter_map(|phase| {
            let rules =
                pack.rules.iter().filter(|rule| rule.phase == phase.id && rule.roles.contains(&role.id));
            let duties: Vec<_> =
                rules.filter(|rule| belongs(rule)).map(|rule| Duty::of(speech, rule)).collect();
            (!duties.is_empty()).then_some(PhaseDuties { phase: &phase.id, name: &phase.name, duties })
        });
        let phases: Vec<_> = phases.collect();
        (!phases.is_empty()).then_some(RoleDuties { role: &role.id, name: &role.name, phases })
    });
    let shown = Shown {
        id: &pack.id,
        version: &pack.version,
        sha256: standard.sha256(),
        title: &pack.title,
        source: &pack.source,
        about: &pack.about,
        based_on: pack.based_on.as_ref(),
        jobs: &pack.jobs,
        roles: roles.collect(),
    };
    output.result(&shown, || people(&shown, speech))
}

/// Fails if a standard has no such job.
pub(super) fn known_job(standard: &Standard, job: &str) -> Result<(), Failure> {
    let jobs = &standard.pack().jobs;
    if jobs.iter().any(|known| known.id == job) {
        return Ok(());
    }
    let ids: Vec<_> = jobs.iter().map(|job| job.id.as_str()).collect();
    let hint = near::hint(job, ids.iter().copied());
    let (id, job, ids) = (&standard.pack().id, cut(job, 80), ids.join(", "));
    Err(Failure::NotFound(format!("`{id}` has no job `{job}`{hint}; its jobs: {ids}")))
}

fn people(shown: &Shown<'_>, speech: Speech<'_>) -> String {
    let lang = speech.lang;
    let mut out =
        format!("{} {}  {}\n{}\n", shown.id, shown.version, shown.title.get(lang), shown.about.get(lang));
    for role in &shown.roles {
        let _ = writeln!(out, "\n{} ({})", role.name.get(lang), role.role);
        for phase in &role.phases {
            let _ = writeln!(out, "  {}", phase.name.get(lang));
            for duty in &phase.duties {
                line(&mut out, duty, speech);
            }
        }
    }
    out
}

fn line(out: &mut String, duty: &Duty<'_>, speech: Speech<'_>) {
    let (clause, strength) = (speech.say("clause", "条款"), speech::severity(speech.lang, duty.severity));
    let rule = speech.short(duty.rule);
    let text = duty.text.get(speech.lang);
    let _ = writeln!(out, "    {clause} {} · {strength} · {text} [{rule}]", duty.clause);
    let mut note = |head: &str, words: &str| {
        let colon = if speech.lang == Lang::En { ": " } else { "：" };
        let _ = writeln!(out, "      {head}{colon}{words}");
    };
    if let Some(reason) = duty.disabled {
        note(speech.say("switched off", "已停用"), reason.get(speech.lang));
        return;
    }
    if let Some(when) = &duty.when {
        note(speech.say("if", "条件"), when);
    }
    if let Some(timing) = &duty.timing {
        note(speech.say("time", "时间"), timing);
    }
    for consequence in &duty.consequences {
        note(speech.say("otherwise", "否则"), consequence);
    }
}
