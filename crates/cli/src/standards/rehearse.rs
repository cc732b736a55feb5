//! Rehearsals: whether a standard can be worked, and how much it asks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jobsheet_core::assess::NextStep;
use jobsheet_core::record::state;
use jobsheet_core::rehearse::{Given, Gives, Rehearsal, Rehearsed};
use jobsheet_core::standard::{Job, Side, Standard};
use jobsheet_core::{Lang, Text};
use serde::Serialize;

use super::show::known_job;
use super::speech::{self, Speech};
use crate::failure::Failure;
use crate::output::Output;

/// Exit code if a document does not reach its last state.
const UNFINISHED: u8 = 3;

/// How one job went.
#[derive(Serialize)]
pub(super) struct Went<'a> {
    pub(super) job: &'a Job,
    pub(super) finished: bool,
    state: StateReached,
    pub(super) answers: usize,
    pub(super) taps: usize,
    pub(super) gives: BTreeMap<Gives, usize>,
    pub(super) office: usize,
    course: Vec<Given>,
    stuck: Vec<NextStep>,
}

/// The state in which it ended.
#[derive(Serialize)]
struct StateReached {
    id: String,
    name: Text,
}

/// Rehearses one job.
pub(super) fn of_job<'a>(standard: &Standard, job: &'a Job) -> Result<Went<'a>, Failure> {
    let rehearsed = Rehearsal::of(standard, &job.id).run().map_err(|error| {
        Failure::input(
            format!("{} {}", standard.pack().id, job.id),
            format!("can not be registered: {error}"),
        )
    })?;
    let (answers, taps) = rehearsed.effort();
    let mut gives = BTreeMap::new();
    for given in rehearsed.by_doer() {
        *gives.entry(given.gives).or_insert(0) += 1;
    }
    let reached = state(rehearsed.document.record(), standard);
    let Rehearsed { given, finished, stuck, .. } = rehearsed;
    Ok(Went {
        job,
        finished,
        state: StateReached { id: reached.id, name: reached.name },
        answers,
        taps,
        gives,
        office: given.len() - answers,
        course: given,
        stuck,
    })
}

pub(super) fn rehearse(output: &Output, standard: &Standard, job: Option<&str>) -> Result<(), Failure> {
    if let Some(job) = job {
        known_job(standard, job)?;
    }
    let jobs = standard.pack().jobs.iter().filter(|known| job.is_none_or(|job| known.id == job));
    let all: Vec<_> = jobs.map(|job| of_job(standard, job)).collect::<Result<_, _>>()?;
    let speech = Speech::of(standard, output.lang);
    output.result(&all, || all.iter().fold(String::new(), |out, went| out + &went.people(speech) + "\n"))?;
    if all.iter().all(|went| went.finished) { Ok(()) } else { Err(Failure::Told(UNFINISHED)) }
}

impl Went<'_> {
    fn people(&self, speech: Speech<'_>) -> String {
        let lang = speech.lang;
        let (job, kind) = (self.job, speech::kind(lang, self.job.kind));
        let end = self.state.name.get(lang);
        let end = match (self.finished, lang) {
            (true, Lang::En) => format!("worked to its end: {end}"),
            (true, Lang::Zh) => format!("可做到结束：{end}"),
            (false, Lang::En) => format!("STUCK in “{end}”"),
            (false, Lang::Zh) => format!("停在“{end}”"),
        };
        let mut out = format!("{} ({}, {kind}): {end}\n", job.name.get(lang), job.id);
        let doer = speech.role(&job.role);
        let _ = match lang {
            Lang::En => writeln!(
                out,
                "  {} answers of {doer} ({}); {} of the office",
                self.answers,
                self.counts(lang),
                self.office
            ),
            Lang::Zh => {
                writeln!(
                    out,
                    "  {doer}共 {} 次填报（{}）；后台 {} 次",
                    self.answers,
                    self.counts(lang),
                    self.office
                )
            }
        };
        for given in &self.course {
            let side = match given.side {
                Side::Field => speech.say("doer  ", "执行人"),
                Side::Office => speech.say("office", "后台  "),
            };
            let event = given.event.as_deref().filter(|event| speech.standard.event(pure(event)).is_some());
            let event = event.map(|event| format!(" {}", speech.event(event))).unwrap_or_default();
            let rule =
                given.rule.as_deref().map(|rule| format!(" [{}]", speech.short(rule))).unwrap_or_default();
            let at = given.at.to_string();
            let at = at.get(..16).unwrap_or(&at);
            let _ = writeln!(out, "  {at}  {side}  {}{event}{rule}", given.command);
        }
        for step in &self.stuck {
            let rule =
                step.rule.as_deref().map(|rule| format!(" [{}]", speech.short(rule))).unwrap_or_default();
            let head = speech.say("still asked", "仍要求");
            let _ = writeln!(out, "  {head}: {}{rule} ({})", step.text.get(lang), step.command);
        }
        out
    }

    /// How many answers of each kind.
    fn counts(&self, lang: Lang) -> String {
        let words = self.gives.iter().map(|(gives, count)| {
            let name = match gives {
                Gives::Tap => speech::say(lang, "one tap", "点选"),
                Gives::Figure => speech::say(lang, "figures", "数字"),
                Gives::Words => speech::say(lang, "words", "文字"),
                Gives::Photo => speech::say(lang, "photos", "照片"),
                Gives::Signature => speech::say(lang, "signatures", "签字"),
            };
            format!("{name} {count}")
        });
        speech::list(lang, words)
    }
}

/// An event without its subject.
fn pure(event: &str) -> &str {
    event.split_once('/').map_or(event, |(event, _)| event)
}
