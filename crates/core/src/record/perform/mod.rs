//! From a command to what it writes. Everything that may refuse a command is asked here, before anything is written.

mod alarm;
mod decisions;
mod entries;
mod files;
mod parts;
mod register;
mod seal;
mod steps;
mod values;

use files::{NamedFile, Shows};
pub(in crate::record) use register::{course, register};
use values::{invalid, limit_option, limit_words, need};

use crate::assess::Evidences;
use crate::record::SCHEMA;
use crate::record::command::{Command, Context};
use crate::record::containers::Place;
use crate::record::document::Document;
use crate::record::entry::{By, Event, Message};
use crate::record::error::Refusal;
use crate::record::limits::{MAX_ENTRY_BYTES, MAX_NAME_CHARS, MAX_WORDS_CHARS};
use crate::record::state::{self, RecordState};
use crate::record::view::Record;
use crate::record::write::{Entry, Write};
use crate::standard::{Course, Rule, Side, Standard};

/// Who finds a breach of a rule.
const BREACH_SOURCES: [&str; 4] = ["self", "survey", "audit", "complaint"];

fn event_of(kind: &str, by: By) -> Event {
    Event {
        kind: kind.to_owned(),
        by,
        note: None,
        about: None,
        happened: None,
        ends: Vec::new(),
        facts: std::collections::BTreeMap::new(),
    }
}

/// Plans what a command writes.
pub(in crate::record) fn perform(
    document: &Document,
    standard: &Standard,
    command: &Command,
    context: &Context,
) -> Result<Vec<Write>, Refusal> {
    let record = document.record();
    if record.schema > SCHEMA {
        return Err(Refusal::NewerSchema { found: record.schema, supported: SCHEMA });
    }
    if record.standard != standard.reference() {
        return Err(Refusal::OtherStandard {
            wanted: record.standard.to_string(),
            given: standard.reference().to_string(),
        });
    }
    let evidences = Evidences::of(record, standard);
    let state = state::of_timeline(&evidences.timeline, standard, &record.job);
    let course = standard.course(&record.job);
    let (command, amending) = seal::amended(command)?;
    let plan = Plan {
        document,
        record,
        standard,
        course,
        context,
        evidences,
        state,
        command: command.name(),
        amending: amending.is_some(),
    };
    plan.member()?;
    let mut writes = plan.command(command)?;
    plan.amend(command, amending, &mut writes)?;
    for write in &writes {
        let Write::Put { place, entry, .. } = write else { continue };
        if place.since() > record.schema {
            return Err(Refusal::OlderSchema { found: record.schema, needed: place.since() });
        }
        if entry.text().len() > MAX_ENTRY_BYTES {
            let reason = format!("is larger than the {MAX_ENTRY_BYTES} bytes of one entry");
            return Err(invalid(command.name(), &reason));
        }
    }
    Ok(writes)
}

struct Plan<'a> {
    document: &'a Document,
    record: &'a Record,
    standard: &'a Standard,
    course: &'a Course,
    context: &'a Context,
    evidences: Evidences<'a>,
    state: RecordState,
    command: &'static str,
    /// The command changes a fact after the seal, for a reason.
    amending: bool,
}

type Planned = Result<Vec<Write>, Refusal>;

impl Plan<'_> {
    fn command(&self, command: &Command) -> Planned {
        match command {
            Command::Dispatch { crew, start, end, tools } => self.dispatch(crew, *start, *end, tools),
            Command::FillOrder { field, value } => self.fill_order(field, value),
            Command::Accept => self.step("order-accepted", |_| {}),
            Command::Prepare => self.step("tools-checked", |_| {}),
            Command::ConfirmAppointment { channel } => {
                limit_words("channel", channel, MAX_NAME_CHARS)?;
                self.step("appointment-confirmed", |event| {
                    event.facts.insert("channel".to_owned(), channel.clone());
                })
            }
            Command::Depart => self.step("departed", |_| {}),
            Command::Arrive => self.step("arrived", |_| {}),
            Command::PresentBadge => self.step("badge-presented", |_| {}),
            Command::Enter => self.step("entered", |_| {}),
            Command::Diagnose => self.step("diagnosis-done", |_| {}),
            Command::ObtainConsent { granted, note } => {
                limit_option("note", note.as_deref(), MAX_WORDS_CHARS)?;
                let kind = if *granted { "consent-given" } else { "consent-refused" };
                self.step(kind, |event| {
                    event.ends = self.undoes(kind);
                    event.note.clone_from(note);
                })
            }
            Command::Start => self.step("work-started", |_| {}),
            Command::Pause { reason } => {
                limit_words("reason", reason, MAX_WORDS_CHARS)?;
                self.step("paused", |event| event.note = Some(reason.clone()))
            }
            Command::Resume => self.undo("resumed", None),
            Command::Finish => self.step("work-finished", |_| {}),
            Command::Reopen { reason } => {
                limit_words("reason", reason, MAX_WORDS_CHARS)?;
                self.undo("work-reopened", Some(reason))
            }
            Command::HandOver => self.step("handed-over", |_| {}),
            Command::Leave => self.step("left-site", |_| {}),
            Command::Close => self.step("closed", |_| {}),
            Command::Answer { item, value } => self.answer(item, value),
            Command::BeginHold { item, value, unit, instrument, calibration } => {
                self.begin_hold(item, *value, unit, instrument.as_deref(), *calibration)
            }
            Command::SampleHold { item, value, unit } => self.sample_hold(item, *value, unit),
            Command::EndHold { item, value, unit } => self.end_hold(item, *value, unit),
            Command::Decide { rule, approved, note } => self.decide(rule, *approved, note.as_deref()),
            Command::Measure { quantity, value, unit, instrument, calibration } => {
                self.measure(quantity, *value, unit, instrument.as_deref(), *calibration)
            }
            Command::Note { note, edit } => self.note(note, edit),
            Command::ConsumePart { number, name, quantity, serial, replaces } => {
                self.part(number, name.as_deref(), *quantity, serial.as_deref(), replaces.as_ref())
            }
            Command::HandInPart { part, serial, condition } => {
                self.hand_in(*part, serial.as_deref(), *condition)
            }
            Command::ReceivePart { part, serial, condition } => {
                self.receive(*part, serial.as_deref(), *condition)
            }
            Command::RequestPart { number, name, quantity, note } => {
                self.request_part(number, name.as_deref(), *quantity, note.as_deref())
            }
            Command::PartArrived { request, note } => self.part_arrived(*request, note.as_deref()),
            Command::LinkVisit { how, visit, number } => self.link(*how, *visit, number),
            Command::AddPhoto { sha256, size, media_type, item, moment, caption, pair_with, shot } => {
                let file = NamedFile { sha256, size: *size, media_type, item: item.as_deref() };
                let shows =
                    Shows { moment: moment.as_deref(), caption: caption.as_deref(), pair: *pair_with };
                self.photo(&file, &shows, shot.as_ref())
            }
            Command::AddDocument { sha256, size, media_type, name, item } => {
                self.document(&NamedFile { sha256, size: *size, media_type, item: item.as_deref() }, name)
            }
            Command::Survey(answer) => self.survey(answer),
            Command::Sign { role, name, image_sha256 } => self.sign(role, name, image_sha256.as_deref()),
            Command::Seal { statement, key, certificate, signature } => {
                self.seal(statement, *key, certificate.as_deref(), signature)
            }
            // Taken apart before.
            Command::Amend { .. } => Ok(Vec::new()),
            Command::Attest { phase, exceptions, role } => self.attest(phase, exceptions, role.as_deref()),
            Command::Audit { phase, exceptions } => self.audit(phase, exceptions),
            Command::Score { rule, cause, verdict, reason } => {
                self.score(rule, cause, *verdict, reason.as_deref())
            }
            Command::Report { event, note, about, happened } => {
                self.report(event, note.as_deref(), about.as_deref(), *happened)
            }
            Command::Alert { situation, words, place } => {
                self.alert(situation.as_deref(), words.as_deref(), place.as_ref())
            }
            Command::AcknowledgeAlert { alert, words } => self.acknowledge(alert, words.as_deref()),
            Command::PassOn { to } => self.pass_on(to),
            Command::ExplainDelay { milestone, reason } => {
                limit_words("reason", reason, MAX_WORDS_CHARS)?;
                self.about_milestone("delay-explained", milestone, |event| event.note = Some(reason.clone()))
            }
            Command::Escalate { milestone, to } => {
                if !self.standard.pack().roles.iter().any(|role| role.id == *to) {
                    return Err(invalid("to", "the standard has no such role"));
                }
                self.about_milestone("escalated", milestone, |event| {
                    event.facts.insert("to".to_owned(), to.clone());
                })
            }
            Command::ReportBreach { rule, source, note } => {
                let known = self.rule("rule", rule)?;
                if !BREACH_SOURCES.contains(&source.as_str()) {
                    return Err(invalid("source", &format!("must be one of {}", BREACH_SOURCES.join(", "))));
                }
                limit_words("note", note, MAX_WORDS_CHARS)?;
                self.in_scope("rule", known)?;
                self.step("breach-reported", |event| {
                    event.about = Some(known.id.clone());
                    event.note = Some(note.clone());
                    event.facts.insert("source".to_owned(), source.clone());
                })
            }
            Command::Resolve { target, version } => self.resolve(target, *version),
            Command::Say { words } => {
                limit_words("words", words, MAX_WORDS_CHARS)?;
                let entry = Entry::Message(Message { words: words.clone(), by: self.by() });
                Ok(vec![self.append(Place::Talk, entry)])
            }
        }
    }

    /// A technician works on the visits of his crew and on those passed on to him alone, a person on duty on the own shift.
    fn member(&self) -> Result<(), Refusal> {
        let person = self.context.actor.person.as_str();
        if self.context.actor.side == Side::Field && !self.record.workers().contains(&person) {
            return Err(Refusal::Forbidden {
                reason: "it is assigned to another crew or person".to_owned(),
                rule: None,
            });
        }
        Ok(())
    }

    fn by(&self) -> By {
        By { person: self.context.actor.person.clone(), stamp: self.context.stamp.clone() }
    }

    fn side(&self, side: Side) -> Result<(), Refusal> {
        if self.context.actor.side == side {
            return Ok(());
        }
        let whose = if side == Side::Office { "the office" } else { "the crew" };
        Err(Refusal::Forbidden { reason: format!("`{}` is for {whose}", self.command), rule: None })
    }

    fn append(&self, place: Place, entry: Entry) -> Write {
        Write::Put { place, key: self.context.entry_id.to_string(), entry }
    }

    fn rule(&self, field: &str, id: &str) -> Result<&Rule, Refusal> {
        self.standard.rule(id).ok_or_else(|| invalid(field, "the standard has no such rule"))
    }

    /// The side that has the duty of a rule here.
    fn in_scope(&self, field: &str, rule: &Rule) -> Result<Side, Refusal> {
        self.standard.side_of(&self.record.job, rule).ok_or_else(|| Refusal::Invalid {
            field: field.to_owned(),
            reason: format!("the rule does not belong to the job `{}`", self.record.job),
            rule: Some(Box::new(need(rule))),
        })
    }

    /// A person of the office acts for the roles he holds.
    fn holds_role_of(&self, rule: &Rule) -> Result<(), Refusal> {
        self.holds_one_of(&rule.roles, rule)
    }

    fn holds_one_of(&self, roles: &[String], rule: &Rule) -> Result<(), Refusal> {
        let held = &self.context.actor.roles;
        let any = held.is_empty() || self.context.actor.side == Side::Field;
        if any || roles.iter().any(|role| role == "any" || held.contains(role)) {
            return Ok(());
        }
        let reason = format!("is for the role {}", roles.join(" or "));
        Err(Refusal::Forbidden {
            reason: format!("`{}` {reason}", self.command),
            rule: Some(Box::new(need(rule))),
        })
    }

    /// After the signature the record takes only what belongs after it.
    fn unsealed(&self, rule: Option<&Rule>) -> Result<(), Refusal> {
        if self.amending || !self.is_signed() || self.context.actor.side == Side::Office {
            return Ok(());
        }
        if rule.is_some_and(|rule| self.evidences.takes_after_signing(rule)) {
            return Ok(());
        }
        let signing = self.course.flow().signing.as_ref();
        let rule = signing.and_then(|signing| self.standard.rule(&signing.rule));
        Err(Refusal::Sealed { rule: rule.map(need).map(Box::new) })
    }
}
