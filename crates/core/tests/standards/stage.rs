//! Scenarios carried out: rehearsals, kept so that each is worked once, and what happens after them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use jiff::ToSpan;
use jobsheet_core::assess::{Assessment, MilestoneState, MilestoneStatus, Status, assess};
use jobsheet_core::record::{
    Actor, AnswerValue, Applied, ApplyError, Command, Context, Document, Exception, OldPart, ScoreVerdict,
};
use jobsheet_core::rehearse::{DOER, OFFICE, Rehearsal, Rehearsed};
use jobsheet_core::standard::{Ask, Check, Kind, Rule, Side, Standard, builtin};
use jobsheet_core::{Moment, Stamp};

use crate::scenario::{self, Word};

pub const PACKS: [&str; 5] = ["execution-form", "engineering", "aftersales-rules", "gas", "diesel"];

pub fn standard(pack: &str) -> Arc<Standard> {
    builtin(pack).unwrap().unwrap()
}

/// The pack that a rule id belongs to.
pub fn of_rule(rule: &str) -> Arc<Standard> {
    standard(rule.split('.').next().unwrap())
}

pub fn after(moment: Moment, seconds: i64) -> Moment {
    Moment::new(moment.instant().checked_add(seconds.seconds()).unwrap(), moment.offset())
}

/// A document with a clock.
#[derive(Clone)]
pub struct Desk {
    pub standard: Arc<Standard>,
    pub document: Document,
    pub now: Moment,
    count: u64,
}

impl Desk {
    pub fn of(standard: &Arc<Standard>, document: Document, now: Moment) -> Self {
        Self { standard: standard.clone(), document, now, count: 0 }
    }

    /// A rehearsal at its end.
    pub fn at_end(standard: &Arc<Standard>, rehearsed: &Rehearsed) -> Self {
        Self::of(standard, rehearsed.document.clone(), rehearsed.now)
    }

    /// A rehearsal as it stood after so many commands.
    pub fn after(standard: &Arc<Standard>, rehearsed: &Rehearsed, commands: usize) -> Self {
        let changes: Vec<Vec<u8>> =
            rehearsed.document.changes().into_iter().take(commands + 1).map(|change| change.bytes).collect();
        let now = match commands.checked_sub(1) {
            Some(last) => rehearsed.given[last].at,
            None => rehearsed.document.record().events.values().next().unwrap().1.by.stamp.at,
        };
        Self::of(standard, Document::from_changes(&changes).unwrap(), now)
    }

    pub fn context(&mut self, side: Side, stamp: Stamp) -> Context {
        self.count += 1;
        let person = if side == Side::Office { OFFICE } else { DOER };
        Context {
            actor: Actor { person: person.to_owned(), side, roles: Vec::new() },
            stamp,
            entry_id: uuid::Uuid::from_u64_pair(0x6465_736b_0000_8000, 0x9000_0000_0000_0000 | self.count),
        }
    }

    pub fn give(&mut self, side: Side, command: &Command) -> Result<Applied, ApplyError> {
        self.give_at(side, command, Stamp::wall(self.now))
    }

    pub fn give_at(&mut self, side: Side, command: &Command, stamp: Stamp) -> Result<Applied, ApplyError> {
        let context = self.context(side, stamp);
        let actor = if side == Side::Office { [1; 16] } else { [2; 16] };
        self.document.set_actor(&actor);
        self.document.apply(&self.standard.clone(), command, &context)
    }

    /// Gives a command that must be taken, on whichever side takes it.
    pub fn go(&mut self, command: &Command) -> &mut Self {
        let Err(refused) = self.give(Side::Office, command) else { return self };
        if let Err(error) = self.give(Side::Field, command) {
            panic!("{command:?} was refused: {error}; {refused}");
        }
        self
    }

    pub fn report(&mut self, event: &str) -> &mut Self {
        let (event, about) =
            event.split_once('/').map_or((event, None), |(event, about)| (event, Some(about)));
        self.go(&Command::Report {
            event: event.to_owned(),
            note: None,
            about: about.map(ToOwned::to_owned),
            happened: None,
        })
    }

    pub fn assess(&self) -> Assessment {
        self.assess_at(self.now)
    }

    pub fn assess_at(&self, now: Moment) -> Assessment {
        assess(self.document.record(), &self.standard, now.instant())
    }

    pub fn status(&self, rule: &str) -> Status {
        self.assess().finding(rule).unwrap_or_else(|| panic!("no finding for {rule}")).status
    }
}

/// The answer that a word gives, as the rule asks for it.
fn value(rule: &Rule, text: &str) -> AnswerValue {
    match rule.ask() {
        None | Some(Ask::Choice { .. }) => AnswerValue::Choice(text.to_owned()),
        Some(Ask::Several { .. }) => AnswerValue::Several(text.split('+').map(ToOwned::to_owned).collect()),
        Some(Ask::YesNo) => AnswerValue::Yes(text == "yes"),
        Some(Ask::Time) => AnswerValue::Time(text.parse().unwrap()),
        _ => AnswerValue::Text(text.to_owned()),
    }
}

fn part(what: &str) -> Command {
    let replaces =
        (what != "new").then(|| OldPart { serial: None, returned: what == "returned", condition: None });
    Command::ConsumePart { number: "BELT-7".to_owned(), name: None, quantity: 1, serial: None, replaces }
}

/// The rehearsal that the words plan. Words about what happens after it are left aside.
pub fn plan<'a>(standard: &'a Arc<Standard>, job: &str, words: &[Word]) -> Rehearsal<'a> {
    let mut plan = Rehearsal::of(standard, job);
    for word in words {
        plan = match word {
            Word::Order(field, value) => plan.order(field, value),
            Word::Answer(rule, text) => plan.answer(rule, value(standard.rule(rule).unwrap(), text)),
            Word::Incident(event) => plan.incident(event),
            Word::Rating(level) => plan.rating(level),
            Word::Without(rule) => plan.leave_out(rule),
            Word::Wrong(rule) => plan.do_wrong(rule),
            Word::Part(what) => plan.also(part(what)),
            Word::At(event, time) => plan.at(event, time.parse().unwrap()),
            _ => plan,
        };
    }
    plan
}

/// Works a rehearsal, or takes it from those that have been worked.
pub fn work(standard: &Arc<Standard>, job: &str, words: &[Word]) -> Option<Arc<Rehearsed>> {
    static WORKED: OnceLock<Mutex<HashMap<String, Option<Arc<Rehearsed>>>>> = OnceLock::new();
    let worked = WORKED.get_or_init(Mutex::default);
    let of_plan: Vec<Word> = words.iter().filter(|word| !is_afterwards(word)).cloned().collect();
    let key = format!("{} {job} {}", standard.sha256(), scenario::write(&of_plan));
    if let Some(known) = worked.lock().unwrap().get(&key) {
        return known.clone();
    }
    let mut rehearsal = plan(standard, job, &of_plan);
    for word in &of_plan {
        if let Word::Late(rule) = word {
            let rest: Vec<Word> = of_plan.iter().filter(|other| *other != word).cloned().collect();
            let (event, due) = end_of(standard, job, &rest, rule)?;
            rehearsal = rehearsal.at(&event, after(due, 1));
        }
    }
    let rehearsed = rehearsal.run().ok().map(Arc::new);
    worked.lock().unwrap().insert(key, rehearsed.clone());
    rehearsed
}

/// The event that ended a deadline in a scenario, and when it was due.
pub fn end_of(standard: &Arc<Standard>, job: &str, words: &[Word], rule: &str) -> Option<(String, Moment)> {
    let Check::Milestone(milestone) = &standard.rule(rule)?.check else { return None };
    let rehearsed = work(standard, job, words)?;
    let assessment = Desk::at_end(standard, &rehearsed).assess();
    let status = assessment.milestone(rule)?;
    let (due, ended) = (status.due?, status.ended?);
    let is_end = |event: &str| {
        let kind = event.split_once('/').map_or(event, |(kind, _)| kind);
        milestone.end.iter().any(|end| end == event || end == kind)
    };
    let given = rehearsed.given.iter().filter(|given| given.at == ended);
    let event = given.filter_map(|given| given.event.clone()).find(|event| is_end(event))?;
    Some((event, due))
}

fn is_afterwards(word: &Word) -> bool {
    matches!(
        word,
        Word::Later(_)
            | Word::After(_)
            | Word::Audited(_)
            | Word::Breach(..)
            | Word::Explained
            | Word::Identity
            | Word::Points(..)
            | Word::Not(_)
    )
}

/// Carries a whole scenario out. None: the words do not fit the job.
pub fn play(standard: &Arc<Standard>, job: &str, words: &[Word]) -> Option<Desk> {
    let rehearsed = work(standard, job, words)?;
    let mut desk = Desk::at_end(standard, &rehearsed);
    if let Some(Word::After(event)) = words.iter().find(|word| matches!(word, Word::After(_))) {
        let at = rehearsed.given.iter().position(|given| given.event.as_ref() == Some(event));
        let commands = if event == "registration" { 0 } else { at? + 1 };
        desk = Desk::after(standard, &rehearsed, commands);
    }
    for word in words.iter().filter(|word| is_afterwards(word)) {
        afterwards(&mut desk, word)?;
    }
    Some(desk)
}

fn afterwards(desk: &mut Desk, word: &Word) -> Option<()> {
    let standard = desk.standard.clone();
    match word {
        Word::Later(span) => {
            let days: i64 = span.trim_matches(['P', 'D']).parse().unwrap();
            desk.now = after(desk.now, days * 86_400);
        }
        Word::Audited(rule) => {
            let phase = standard.rule(rule)?.phase.clone();
            desk.go(&Command::Audit { phase, exceptions: Vec::new() });
        }
        Word::Breach(rule, source) => breach(desk, standard.rule(rule)?, source),
        Word::Explained => {
            let missed = desk.assess().milestones.into_iter().filter(MilestoneStatus::is_missed);
            for status in missed.collect::<Vec<_>>() {
                let milestone = status.rule;
                let reason = "road closed".to_owned();
                desk.go(&Command::ExplainDelay { milestone: milestone.clone(), reason });
                let to = standard.pack().roles[0].id.clone();
                desk.go(&Command::Escalate { milestone, to });
            }
        }
        Word::Identity => {
            desk.go(&Command::Say { words: "card 11010519491231002X".to_owned() });
        }
        Word::Points(rule, verdict) => {
            let points = desk.assess().points;
            let line = points.lines.iter().find(|line| line.rule == *rule)?;
            let verdict = match verdict.as_str() {
                "confirmed" => ScoreVerdict::Confirm,
                "waived" => ScoreVerdict::Waive,
                _ => return Some(()),
            };
            let (rule, cause) = (rule.clone(), line.cause.clone());
            let reason = Some("looked into".to_owned());
            desk.give(Side::Office, &Command::Score { rule, cause, verdict, reason }).ok()?;
        }
        _ => {}
    }
    Some(())
}

/// A report, an audit with an exception, or an attestation with one: the three ways in which a breach is told.
fn breach(desk: &mut Desk, rule: &Rule, source: &str) {
    let exceptions = vec![Exception { rule: rule.id.clone(), reason: "seen".to_owned() }];
    let phase = rule.phase.clone();
    let job = desk.document.record().job.clone();
    let office = desk.standard.side_of(&job, rule) == Some(Side::Office);
    match source {
        "audit" => desk.go(&Command::Audit { phase, exceptions }),
        "self" => {
            let role = office.then(|| rule.roles[0].clone());
            let side = if office { Side::Office } else { Side::Field };
            let command = Command::Attest { phase, exceptions, role };
            desk.give(side, &command).unwrap_or_else(|error| panic!("{}: {error}", rule.id));
            desk
        }
        _ => desk.go(&Command::ReportBreach {
            rule: rule.id.clone(),
            source: source.to_owned(),
            note: "seen".to_owned(),
        }),
    };
}

/// The first moment of a rehearsal at which a deadline runs: its start has come and its end has not, and a time that was
/// promised is known.
pub fn running(standard: &Arc<Standard>, job: &str, words: &[Word], rule: &str) -> Option<Desk> {
    let rehearsed = work(standard, job, words)?;
    let Check::Milestone(milestone) = &standard.rule(rule)?.check else { return None };
    let promised = milestone.due.is_some();
    (0..=rehearsed.given.len()).map(|commands| Desk::after(standard, &rehearsed, commands)).find(|desk| {
        let assessment = desk.assess();
        let clocks = assessment.milestones.iter().filter(|status| status.rule == rule);
        clocks.clone().any(|status| status.state != MilestoneState::NotApplicable)
            && clocks.clone().any(|status| status.started.is_some() && status.ended.is_none())
            && clocks.clone().all(|status| status.due.is_some() || !promised)
    })
}

/// The jobs to which a rule belongs.
pub fn jobs(standard: &Standard, rule: &Rule) -> Vec<(String, Kind)> {
    let jobs = standard.pack().jobs.iter().filter(|job| standard.side_of(&job.id, rule).is_some());
    jobs.map(|job| (job.id.clone(), job.kind)).collect()
}
