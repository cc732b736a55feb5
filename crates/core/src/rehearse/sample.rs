//! Sample values: what a person could give where `next` asks for something.

use std::collections::BTreeMap;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::{DOER, Gives, Stage, is_score};
use crate::Moment;
use crate::assess::NextStep;
use crate::deadline::{self, Limit};
use crate::record::{AnswerValue, Calibration, Command, NoteEdit, SurveyAnswer};
use crate::standard::{Ask, Check, Choice, Course, Flow, Hold, OrderField, Quantity, Rule, Side, Standard};

/// When a rehearsed document is registered: a Monday morning.
pub(super) const REGISTERED: Timestamp = Timestamp::constant(1_772_409_600, 0);
/// The UTC offset of everybody in a rehearsal.
pub(super) const OFFSET: Offset = Offset::constant(8);
const ZONE: &str = "Asia/Shanghai";

/// The longest time that some rule of the course asks for before a planned start, and an hour.
pub(super) fn lead(standard: &Standard, course: &Course) -> SignedDuration {
    let spans = course.rules().iter().filter_map(|at| match standard.limit(*at) {
        Some(Limit::Span(span)) if span.is_negative() => {
            let due = deadline::due(REGISTERED, &span, &TimeZone::UTC, None, &[], REGISTERED)?;
            Some(REGISTERED.duration_since(due))
        }
        _ => None,
    });
    spans.max().map_or(SignedDuration::from_mins(10), |span| span + SignedDuration::from_hours(1))
}

/// Order fields: the first option that stands for nothing special, a date or a time where one is read, else words.
pub(super) fn order(standard: &Standard, course: &Course, start: Moment) -> BTreeMap<String, String> {
    let flow = course.flow();
    let read_as_time = times_of(standard, course);
    let value = |field: &OrderField| {
        let ordinary = field.options.iter().find(|option| option.event.is_none());
        if let Some(option) = ordinary.or(field.options.first()) {
            return option.id.clone();
        }
        match field.id.as_str() {
            "time_zone" => ZONE.to_owned(),
            "received_at" => Moment::new(REGISTERED, OFFSET).to_string(),
            id if read_as_time.contains(&id) => start.to_string(),
            _ => format!("sample {}", field.id),
        }
    };
    flow.order.iter().map(|field| (field.id.clone(), value(field))).collect()
}

/// Order fields that are read as dates or times.
fn times_of<'a>(standard: &'a Standard, course: &'a Course) -> Vec<&'a str> {
    let planned = course.flow().planned.iter().map(|planned| planned.at.parts());
    let rules = course.rules().iter().map(|at| &standard.pack().rules[*at]);
    let ruled = rules.filter_map(|rule| match &rule.check {
        Check::Warranty(warranty) => warranty.from.as_ref(),
        Check::Milestone(milestone) => milestone.due.as_ref(),
        _ => None,
    });
    let ruled = ruled.map(crate::standard::Source::parts);
    planned.chain(ruled).filter(|(root, _)| *root == "order").map(|(_, name)| name).collect()
}

/// The command that lets an event happen: its own, or a report with its subject.
pub(super) fn happen(event: &str) -> Command {
    let because = || "rehearsed".to_owned();
    match event {
        "order-accepted" => Command::Accept,
        "tools-checked" => Command::Prepare,
        "appointment-confirmed" => Command::ConfirmAppointment { channel: "phone".to_owned() },
        "badge-presented" => Command::PresentBadge,
        "entered" => Command::Enter,
        "diagnosis-done" => Command::Diagnose,
        "consent-refused" => Command::ObtainConsent { granted: false, note: Some(because()) },
        "paused" => Command::Pause { reason: because() },
        "resumed" => Command::Resume,
        "left-site" => Command::Leave,
        "work-reopened" => Command::Reopen { reason: because() },
        _ => report(event),
    }
}

/// The report of an event, with its subject.
fn report(event: &str) -> Command {
    let (event, about) = match event.split_once('/') {
        Some((event, subject)) => (event, Some(subject.to_owned())),
        None => (event, None),
    };
    Command::Report { event: event.to_owned(), note: Some("rehearsed".to_owned()), about, happened: None }
}

/// The event that a command records, if it is one of the course.
pub(super) fn event_of(command: &Command, flow: &Flow) -> Option<String> {
    let event = match command {
        Command::Dispatch { .. } => return flow.assigned.clone(),
        Command::Accept => "order-accepted",
        Command::Prepare => "tools-checked",
        Command::ConfirmAppointment { .. } => "appointment-confirmed",
        Command::Depart => "departed",
        Command::Arrive => "arrived",
        Command::PresentBadge => "badge-presented",
        Command::Enter => "entered",
        Command::Diagnose => "diagnosis-done",
        Command::ObtainConsent { granted: true, .. } => "consent-given",
        Command::ObtainConsent { granted: false, .. } => "consent-refused",
        Command::Start => "work-started",
        Command::Pause { .. } => "paused",
        Command::Resume => "resumed",
        Command::Finish => "work-finished",
        Command::Reopen { .. } => "work-reopened",
        Command::HandOver => "handed-over",
        Command::Leave => "left-site",
        Command::Close => "closed",
        Command::Report { event, about: None, .. } => event,
        Command::Report { event, about: Some(about), .. } => return Some(format!("{event}/{about}")),
        _ => return None,
    };
    Some(event.to_owned())
}

/// What a person gives with a command.
pub(super) fn gives(command: &Command) -> Gives {
    match command {
        Command::Answer { value, .. } => match value {
            AnswerValue::Yes(_) | AnswerValue::Choice(_) | AnswerValue::Several(_) => Gives::Tap,
            AnswerValue::Time(_) => Gives::Figure,
            AnswerValue::Text(_) | AnswerValue::Waived(_) => Gives::Words,
        },
        Command::Measure { .. }
        | Command::BeginHold { .. }
        | Command::SampleHold { .. }
        | Command::EndHold { .. }
        | Command::Dispatch { .. } => Gives::Figure,
        Command::Note { .. } | Command::ConsumePart { .. } | Command::Say { .. } => Gives::Words,
        Command::AddPhoto { .. } => Gives::Photo,
        Command::Sign { .. } => Gives::Signature,
        _ => Gives::Tap,
    }
}

/// The command that does a step, with sample values.
pub(super) fn step_command(stage: &Stage<'_>, side: Side, step: &NextStep) -> Option<Command> {
    let standard = stage.plan.standard;
    let argument = step.argument.as_deref();
    let rule = step.rule.as_deref().and_then(|rule| standard.rule(rule));
    let command = match step.command.as_str() {
        "dispatch" => {
            let end = stage.start.instant().checked_add(SignedDuration::from_hours(8)).ok()?;
            Command::Dispatch {
                crew: vec![DOER.to_owned()],
                start: stage.start,
                end: Moment::new(end, OFFSET),
                tools: vec!["sample tool".to_owned()],
            }
        }
        "accept" => Command::Accept,
        "prepare" => Command::Prepare,
        "confirm-appointment" => Command::ConfirmAppointment { channel: "phone".to_owned() },
        "depart" => Command::Depart,
        "arrive" => Command::Arrive,
        "present-badge" => Command::PresentBadge,
        "enter" => Command::Enter,
        "diagnose" => Command::Diagnose,
        "obtain-consent" => Command::ObtainConsent { granted: true, note: None },
        "start" => Command::Start,
        "resume" => Command::Resume,
        "finish" => Command::Finish,
        "hand-over" => Command::HandOver,
        "leave" => Command::Leave,
        "close" => Command::Close,
        "report" => report(argument?),
        "answer" => answer(stage, argument?)?,
        "measure" => measure(stage, rule, argument?)?,
        "begin-hold" | "end-hold" => hold(stage, step, argument?)?,
        "note" => {
            Command::Note { note: argument?.to_owned(), edit: NoteEdit::Append("rehearsed".to_owned()) }
        }
        "add-photo" => photo(stage, rule, argument),
        "survey" => {
            let survey = standard.course(&stage.plan.job).flow().survey.as_ref()?;
            let best = survey.levels.iter().find(|level| level.event.is_none()).or(survey.levels.first());
            let level = stage.plan.rating.clone().or_else(|| best.map(|level| level.id.clone()))?;
            Command::Survey(SurveyAnswer { level, words: Some("rehearsed".to_owned()) })
        }
        "sign" => sign(stage, argument?)?,
        "attest" => Command::Attest {
            phase: argument?.to_owned(),
            exceptions: Vec::new(),
            role: step.roles.first().filter(|_| side == Side::Office).cloned(),
        },
        "decide" => Command::Decide {
            rule: argument?.to_owned(),
            approved: !stage.plan.wrong.contains(argument?),
            note: Some("rehearsed".to_owned()),
        },
        "explain-delay" => {
            Command::ExplainDelay { milestone: argument?.to_owned(), reason: "rehearsed".to_owned() }
        }
        "escalate" => {
            let Check::Milestone(milestone) = &standard.rule(argument?)?.check else { return None };
            Command::Escalate { milestone: argument?.to_owned(), to: milestone.tell.first()?.to.clone() }
        }
        _ => return None,
    };
    let scores = rule.is_some_and(|rule| is_score(&rule.check));
    (!scores).then_some(command)
}

fn answer(stage: &Stage<'_>, item: &str) -> Option<Command> {
    let rule = stage.plan.standard.rule(item)?;
    let wrong = stage.plan.wrong.contains(item);
    if let Some(value) = stage.plan.answers.get(item) {
        return Some(Command::Answer { item: item.to_owned(), value: value.clone() });
    }
    let first = |options: &[Choice]| {
        let ordinary = options.iter().find(|option| option.event.is_none()).or(options.first());
        ordinary.map(|option| option.id.clone())
    };
    let value = match rule.ask() {
        None => AnswerValue::Choice(rule.options()?.first()?.id.clone()),
        Some(Ask::YesNo) => AnswerValue::Yes(!wrong),
        Some(Ask::Choice { options }) => AnswerValue::Choice(first(options)?),
        Some(Ask::Several { options, .. }) => {
            let chosen = options.iter().skip(usize::from(wrong)).map(|option| option.id.clone());
            AnswerValue::Several(chosen.collect())
        }
        Some(Ask::Time) => {
            let later = stage.now.instant().checked_add(SignedDuration::from_hours(24)).ok()?;
            AnswerValue::Time(Moment::new(later, OFFSET))
        }
        Some(Ask::Text | Ask::Document) => AnswerValue::Text("rehearsed".to_owned()),
        Some(_) => return None,
    };
    Some(Command::Answer { item: item.to_owned(), value })
}

fn quantity<'a>(stage: &'a Stage<'_>, id: &str) -> Option<&'a Quantity> {
    stage.plan.standard.pack().quantities.iter().find(|quantity| quantity.id == id)
}

/// A value within what the rule asks; where it is to be done wrong, the nearest plausible one outside.
fn measure(stage: &Stage<'_>, rule: Option<&Rule>, id: &str) -> Option<Command> {
    let known = quantity(stage, id)?;
    let (min, max) = match rule.and_then(Rule::ask) {
        Some(Ask::Number { min, max, .. } | Ask::Series { min, max, .. }) => (*min, *max),
        _ => (None, None),
    };
    let wrong = rule.is_some_and(|rule| stage.plan.wrong.contains(&rule.id));
    let value = match (wrong, min, max) {
        (true, Some(min), _) => f64::midpoint(known.min, min),
        (true, None, Some(max)) => f64::midpoint(max, known.max),
        _ => f64::midpoint(min.unwrap_or(known.min), max.unwrap_or(known.max)),
    };
    let (instrument, calibration) = instrument(stage, id);
    Some(Command::Measure {
        quantity: id.to_owned(),
        value,
        unit: known.unit.clone(),
        instrument,
        calibration,
    })
}

/// An instrument that was calibrated today, where some rule asks for one.
fn instrument(stage: &Stage<'_>, quantity: &str) -> (Option<String>, Option<Calibration>) {
    let asks = |rule: &Rule| {
        matches!(&rule.check, Check::Calibrated(calibrated)
            if calibrated.quantities.iter().any(|known| known == quantity))
    };
    let asked = stage.plan.standard.pack().rules.iter().any(asks);
    (asked.then(|| "gauge".to_owned()), asked.then(|| Calibration { on: stage.now.day(), due: None }))
}

fn hold(stage: &Stage<'_>, step: &NextStep, item: &str) -> Option<Command> {
    let Some(Ask::Hold(Hold { quantity: id, level, .. })) = stage.plan.standard.rule(item)?.ask() else {
        return None;
    };
    let unit = quantity(stage, id)?.unit.clone();
    let item = item.to_owned();
    Some(if step.command == "begin-hold" {
        let (_, calibration) = instrument(stage, id);
        Command::BeginHold { item, value: *level, unit, instrument: Some("gauge".to_owned()), calibration }
    } else {
        Command::EndHold { item, value: *level, unit }
    })
}

/// The first moment of which there is no photo.
fn photo(stage: &Stage<'_>, rule: Option<&Rule>, item: Option<&str>) -> Command {
    let photos = &stage.document.record().photos;
    let moment = match rule.and_then(Rule::ask) {
        Some(Ask::Photo { moments }) => moments.iter().find(|moment| {
            !photos
                .values()
                .any(|photo| photo.item.as_deref() == item && photo.moment.as_ref() == Some(moment))
        }),
        _ => None,
    };
    Command::AddPhoto {
        sha256: "ab".repeat(32),
        size: 1000,
        media_type: "image/jpeg".to_owned(),
        item: item.map(ToOwned::to_owned),
        moment: moment.cloned(),
        caption: None,
        pair_with: None,
        shot: None,
    }
}

/// The next person who has not signed for a role: those whom the record lists, else one sample person.
fn sign(stage: &Stage<'_>, role: &str) -> Option<Command> {
    let record = stage.document.record();
    let standard = stage.plan.standard;
    let rules = standard.course(&stage.plan.job).rules().iter().map(|at| &standard.pack().rules[*at]);
    let listed = rules.filter_map(Rule::ask).find_map(|ask| match ask {
        Ask::Signature { roles, everyone: Some(source) } if roles.iter().any(|one| one == role) => {
            record.order.get(source.parts().1)
        }
        _ => None,
    });
    let names = listed.map_or("sample signer", String::as_str).split(';').map(str::trim);
    let signed = |name: &str| record.signatures.values().any(|one| one.role == role && one.name == name);
    let name = names.into_iter().find(|name| !name.is_empty() && !signed(name))?.to_owned();
    Some(Command::Sign { role: role.to_owned(), name, image_sha256: None })
}
