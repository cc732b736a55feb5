//! A rehearsal: one document of a job, worked from its registration to its last state by doing what `next` says, with
//! sample values. It shows an author whether a standard can be worked at all, and how much it asks of people.

mod sample;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::assess::{NextStep, Why, assess, judge};
use crate::record::{
    Actor, AnswerValue, ApplyError, Command, Context, Document, Registration, Timeline, holds, state,
};
use crate::standard::{Check, Job, Side, Standard};
use crate::{Moment, Stamp};

/// The person who does the job in a rehearsal.
pub const DOER: &str = "doer";
/// The person at the office in a rehearsal.
pub const OFFICE: &str = "office";

/// Most commands of one rehearsal: a course that needs more never ends.
const MAX_COMMANDS: usize = 600;

/// What a person gives with one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// One tap: a step, a yes, a choice, an attestation, a rating, a decision.
    Tap,
    /// A figure or a time.
    Figure,
    /// Words, or the name of a document.
    Words,
    /// A photo.
    Photo,
    /// A signature.
    Signature,
}

/// One command of a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Given {
    /// The side that gave it.
    pub side: Side,
    /// Name of the command.
    pub command: &'static str,
    /// The event that it recorded, if it is one of the course.
    pub event: Option<String>,
    /// The rule for which it was given, if it was for one.
    pub rule: Option<String>,
    /// When.
    pub at: Moment,
    /// What the person gave.
    pub gives: Gives,
}

/// How a rehearsal went.
#[derive(Debug, Clone)]
pub struct Rehearsed {
    /// The job.
    pub job: Job,
    /// The commands, in order.
    pub given: Vec<Given>,
    /// The document at the end.
    pub document: Document,
    /// The time at the end.
    pub now: Moment,
    /// The last state was reached.
    pub finished: bool,
    /// What both sides were still asked to do at the end and could not.
    pub stuck: Vec<NextStep>,
}

impl Rehearsed {
    /// What the doer gave: for a visit and a shift the field side, for a case the office.
    pub fn by_doer(&self) -> impl Iterator<Item = &Given> {
        let side = if self.job.kind == crate::standard::Kind::Case { Side::Office } else { Side::Field };
        self.given.iter().filter(move |given| given.side == side)
    }

    /// How many answers the doer gave, and how many of them were one tap.
    pub fn effort(&self) -> (usize, usize) {
        let taps = self.by_doer().filter(|given| given.gives == Gives::Tap).count();
        (self.by_doer().count(), taps)
    }
}

/// A rehearsal that has been planned. Without further ado everything goes well and nothing special happens.
#[derive(Debug, Clone)]
pub struct Rehearsal<'a> {
    standard: &'a Standard,
    job: String,
    order: BTreeMap<String, String>,
    answers: BTreeMap<String, AnswerValue>,
    incidents: Vec<(String, Command)>,
    left_out: BTreeSet<String>,
    wrong: BTreeSet<String>,
    times: BTreeMap<String, Moment>,
    rating: Option<String>,
    silent: bool,
    lead: Option<SignedDuration>,
    until: Option<String>,
}

impl<'a> Rehearsal<'a> {
    /// A rehearsal of one job.
    ///
    /// ```
    /// use jobsheet_core::{rehearse::Rehearsal, standard::builtin};
    /// let standard = builtin("execution-form")?.unwrap();
    /// let rehearsed = Rehearsal::of(&standard, "service").run()?;
    /// assert!(rehearsed.finished);
    /// let (answers, taps) = rehearsed.effort();
    /// assert!(answers <= 40 && taps * 2 > answers);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(standard: &'a Standard, job: &str) -> Self {
        Self {
            standard,
            job: job.to_owned(),
            order: BTreeMap::new(),
            answers: BTreeMap::new(),
            incidents: Vec::new(),
            left_out: BTreeSet::new(),
            wrong: BTreeSet::new(),
            times: BTreeMap::new(),
            rating: None,
            silent: false,
            lead: None,
            until: None,
        }
    }

    /// Gives an order field another value than the sample's; an empty one leaves the field out.
    #[must_use]
    pub fn order(mut self, field: &str, value: &str) -> Self {
        self.order.insert(field.to_owned(), value.to_owned());
        self
    }

    /// Gives an item another answer than the sample's.
    #[must_use]
    pub fn answer(mut self, rule: &str, value: AnswerValue) -> Self {
        self.answers.insert(rule.to_owned(), value);
        self
    }

    /// Lets an event happen as soon as it may: a special situation, `EVENT` or `EVENT/SUBJECT`.
    #[must_use]
    pub fn incident(mut self, event: &str) -> Self {
        self.incidents.push((event.to_owned(), sample::happen(event)));
        self
    }

    /// Lets somebody give a command as soon as it may be given, on whichever side: a part that is used, a pause.
    #[must_use]
    pub fn also(mut self, command: Command) -> Self {
        self.incidents.push((String::new(), command));
        self
    }

    /// Gives the customer's rating another level than the best.
    #[must_use]
    pub fn rating(mut self, level: &str) -> Self {
        self.rating = Some(level.to_owned());
        self
    }

    /// Nobody attests anything.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Leaves a rule undone.
    #[must_use]
    pub fn leave_out(mut self, rule: &str) -> Self {
        self.left_out.insert(rule.to_owned());
        self
    }

    /// Does a rule wrong: answers no, measures out of range, rejects, ends the hold too soon.
    #[must_use]
    pub fn do_wrong(mut self, rule: &str) -> Self {
        self.wrong.insert(rule.to_owned());
        self
    }

    /// Sets the clock to a time when an event is recorded.
    #[must_use]
    pub fn at(mut self, event: &str, time: Moment) -> Self {
        self.times.insert(event.to_owned(), time);
        self
    }

    /// How long before the planned start the document is registered.
    #[must_use]
    pub fn lead(mut self, lead: SignedDuration) -> Self {
        self.lead = Some(lead);
        self
    }

    /// Ends once an event has been recorded.
    #[must_use]
    pub fn until(mut self, event: &str) -> Self {
        self.until = Some(event.to_owned());
        self
    }

    /// Carries the rehearsal out. The same plan gives the same bytes on every machine.
    ///
    /// # Errors
    /// [`ApplyError`] if the document can not be registered.
    pub fn run(&self) -> Result<Rehearsed, ApplyError> {
        let mut stage = Stage::set(self)?;
        while stage.given.len() < MAX_COMMANDS {
            if self.until.as_ref().is_some_and(|event| stage.has_happened(event)) || !stage.act() {
                break;
            }
        }
        Ok(stage.end())
    }
}

/// The document while it is worked.
struct Stage<'a> {
    plan: &'a Rehearsal<'a>,
    document: Document,
    now: Moment,
    start: Moment,
    given: Vec<Given>,
    incidents: Vec<(String, Command)>,
    attested: bool,
}

impl<'a> Stage<'a> {
    fn set(plan: &'a Rehearsal<'a>) -> Result<Self, ApplyError> {
        let now = Moment::new(sample::REGISTERED, sample::OFFSET);
        let course = plan.standard.course(&plan.job);
        let lead = plan.lead.unwrap_or_else(|| sample::lead(plan.standard, course));
        let start = Moment::new(now.instant().checked_add(lead).unwrap_or(Timestamp::MAX), sample::OFFSET);
        let mut order = sample::order(plan.standard, course, start);
        for (field, value) in &plan.order {
            if value.is_empty() {
                order.remove(field);
            } else {
                order.insert(field.clone(), value.clone());
            }
        }
        let registration = Registration { job: Some(plan.job.clone()), order, received_at: Some(now) };
        let context = context(Side::Office, now, 0);
        let id = uuid::Uuid::from_u128(0x7265_6865_6172_7361);
        let (document, _) = Document::register(id, plan.standard, &registration, &[1; 16], &context)?;
        let incidents = plan.incidents.clone();
        Ok(Self { plan, document, now, start, given: Vec::new(), incidents, attested: plan.silent })
    }

    /// Does one thing; `false`: there is nothing that anybody can do.
    fn act(&mut self) -> bool {
        for at in 0..self.incidents.len() {
            let (event, command) = self.incidents[at].clone();
            let done =
                [Side::Field, Side::Office].into_iter().any(|side| self.give(side, &command, None, &event));
            if done {
                self.incidents.remove(at);
                return true;
            }
        }
        let sides = [Side::Office, Side::Field];
        let lists = sides.map(|side| (side, self.steps(side)));
        for turn in 0..4 {
            for (side, steps) in &lists {
                for step in steps {
                    if self.turn_of(step) != Some(turn) || !self.wanted(step) {
                        continue;
                    }
                    let last = turn == 2 && *side == Side::Field && self.is_last(step);
                    if last && (self.wait() || !self.plan.silent && self.attest(Side::Field)) {
                        return true;
                    }
                    if self.do_step(*side, step) {
                        return true;
                    }
                }
            }
        }
        !self.attested && {
            self.attested = true;
            let field = self.attest(Side::Field);
            self.attest(Side::Office) || field
        }
    }

    /// Nobody goes home before the planned times have come: what is owed from then on is still asked.
    fn wait(&mut self) -> bool {
        let planned = Timeline::of(self.document.record(), self.plan.standard).last_planned();
        let ahead = planned.filter(|planned| planned.instant() > self.now.instant());
        self.now = ahead.unwrap_or(self.now);
        ahead.is_some()
    }

    fn steps(&self, side: Side) -> Vec<NextStep> {
        judge(self.document.record(), self.plan.standard, side, self.now.instant()).1
    }

    fn wanted(&self, step: &NextStep) -> bool {
        step.rule.as_ref().is_none_or(|rule| !self.plan.left_out.contains(rule))
    }

    /// The step records the last event of the course that the field side records.
    fn is_last(&self, step: &NextStep) -> bool {
        let flow = self.plan.standard.course(&self.plan.job).flow();
        let by_field = |event: &str| {
            self.plan.standard.event(event).is_some_and(|known| known.by.contains(&Side::Field))
        };
        let last = flow.states.iter().map(|state| &state.event).rfind(|event| by_field(event));
        let command = sample::step_command(self, Side::Field, step);
        command.and_then(|command| sample::event_of(&command, flow)).as_ref() == last
    }

    fn attest(&mut self, side: Side) -> bool {
        let mut any = false;
        for step in self.steps(side) {
            let Why::Attest { .. } = &step.reason else { continue };
            let Some(command) = sample::step_command(self, side, &step) else { continue };
            any |= self.give(side, &command, None, "");
        }
        any
    }

    fn do_step(&mut self, side: Side, step: &NextStep) -> bool {
        if let Some(start) = self.starts_at(step) {
            self.now = start;
        }
        let Some(command) = sample::step_command(self, side, step) else { return false };
        let flow = self.plan.standard.course(&self.plan.job).flow();
        let event = sample::event_of(&command, flow).unwrap_or_default();
        self.give(side, &command, step.rule.as_deref(), &event)
    }

    /// In which turn a step is done; none: it is an attestation, which has its own time. What is owed comes before
    /// deadlines, and those before what leads on: nobody is in a hurry here. A clock that starts at a date of the order
    /// can wait until nothing else is left.
    fn turn_of(&self, step: &NextStep) -> Option<usize> {
        match &step.reason {
            Why::Conflict | Why::Alert { .. } | Why::Gate { .. } | Why::Owed => Some(0),
            Why::Deadline { .. } if self.waits_for_order(step) => Some(3),
            Why::Deadline { .. } | Why::SignAgain { .. } => Some(1),
            Why::Step => Some(2),
            Why::Attest { .. } => None,
        }
    }

    /// When a clock starts that lies ahead and is not stopped before it starts.
    fn starts_at(&self, step: &NextStep) -> Option<Moment> {
        if !matches!(step.reason, Why::Deadline { left_seconds: Some(_) }) {
            return None;
        }
        let assessment = assess(self.document.record(), self.plan.standard, self.now.instant());
        let clock = assessment.milestone(step.rule.as_deref()?)?;
        let (started, due) = (clock.started?, clock.due?);
        (due.instant() > started.instant() && started.instant() > self.now.instant()).then_some(started)
    }

    fn waits_for_order(&self, step: &NextStep) -> bool {
        let rule = step.rule.as_deref().and_then(|rule| self.plan.standard.rule(rule));
        let Some(Check::Milestone(milestone)) = rule.map(|rule| &rule.check) else { return false };
        let planned = &self.plan.standard.course(&self.plan.job).flow().planned;
        let of_order = |event: &String| {
            planned.iter().any(|planned| planned.event == *event && planned.at.parts().0 == "order")
        };
        milestone.start.iter().any(of_order) && self.starts_at(step).is_some()
    }

    /// Gives a command; `false`: it was refused.
    fn give(&mut self, side: Side, command: &Command, rule: Option<&str>, event: &str) -> bool {
        let before = self.now;
        if let Command::EndHold { item, .. } = command {
            self.now = self.hold_end(item);
        }
        if let Some(time) = self.plan.times.get(event) {
            self.now = *time;
        }
        let context = context(side, self.now, self.given.len() as u64 + 1);
        let actor = if side == Side::Office { [1; 16] } else { [2; 16] };
        self.document.set_actor(&actor);
        if self.document.apply(self.plan.standard, command, &context).is_err() {
            self.now = before;
            return false;
        }
        self.given.push(Given {
            side,
            command: command.name(),
            event: (!event.is_empty()).then(|| event.to_owned()),
            rule: rule.map(ToOwned::to_owned),
            at: self.now,
            gives: sample::gives(command),
        });
        let later = self.now.instant().checked_add(SignedDuration::from_secs(20));
        self.now = Moment::new(later.unwrap_or(Timestamp::MAX), sample::OFFSET);
        true
    }

    /// When a hold test has lasted long enough; a second before where it is to be done wrong.
    fn hold_end(&self, item: &str) -> Moment {
        let running = holds(self.document.record(), self.plan.standard).remove(item);
        let Some(test) = running else { return self.now };
        let short = SignedDuration::from_secs(i64::from(self.plan.wrong.contains(item)));
        let end = test.start.by.stamp.at.instant().checked_add(test.lasts - short);
        Moment::new(end.unwrap_or(Timestamp::MAX), sample::OFFSET)
    }

    fn has_happened(&self, event: &str) -> bool {
        self.given.iter().any(|given| given.event.as_deref() == Some(event))
    }

    fn end(self) -> Rehearsed {
        let course = self.plan.standard.course(&self.plan.job);
        let state = state(self.document.record(), self.plan.standard);
        let stuck = [Side::Office, Side::Field].into_iter().flat_map(|side| self.steps(side));
        let stuck = stuck.filter(|step| !matches!(step.reason, Why::Attest { .. })).collect();
        Rehearsed {
            job: course.job().clone(),
            finished: state.rank + 1 == course.flow().states.len(),
            stuck,
            given: self.given,
            document: self.document,
            now: self.now,
        }
    }
}

fn context(side: Side, now: Moment, number: u64) -> Context {
    let person = if side == Side::Office { OFFICE } else { DOER };
    Context {
        actor: Actor { person: person.to_owned(), side, roles: Vec::new() },
        stamp: Stamp::wall(now),
        entry_id: uuid::Uuid::from_u64_pair(0x7265_6865_6172_8000, 0x8000_0000_0000_0000 | number),
    }
}

/// Whether a rule is one of points: nobody earns them in a rehearsal.
fn is_score(check: &Check) -> bool {
    matches!(check, Check::Score(_))
}
