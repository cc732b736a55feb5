//! Special situations as people see them: what to bear in mind and say, what to do in which order, who is told by when.

use jiff::Timestamp;
use serde::Serialize;

use super::finding::{Assessment, Status};
use super::judge::Judged;
use super::milestone::MilestoneStatus;
use super::next::Steps;
use super::proof::Evidences;
use crate::record::{Alert, EntryId, Record, Spell, alerts, not_before, spells};
use crate::standard::{Check, Rule, Severity, Side, Situation, Standard, Tells};
use crate::{Moment, Text};

/// One report of a special situation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Key of the event; none where it follows from something else.
    pub entry: Option<EntryId>,
    /// Who reported it: person id.
    pub person: String,
    /// When it happened.
    pub at: Moment,
    /// When it was entered, where that was later.
    pub entered: Option<Moment>,
    /// The person's words.
    pub note: Option<String>,
}

/// Something to bear in mind or to say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Guidance {
    /// Rule id.
    pub rule: String,
    /// Clause of the standard.
    pub clause: String,
    /// Must, must not, should.
    pub severity: Severity,
    /// The rule in words.
    pub text: Text,
    /// How the pack reads what the text leaves open.
    pub reading: Option<Text>,
    /// What to say, with placeholders in braces.
    pub say: Option<Text>,
    /// Phrases to avoid.
    pub avoid: Vec<Text>,
    /// Whom it concerns: role ids.
    pub roles: Vec<String>,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Duty {
    /// Rule id.
    pub rule: String,
    /// Clause of the standard.
    pub clause: String,
    /// Must, must not, should.
    pub severity: Severity,
    /// The duty in words.
    pub text: Text,
    /// How the pack reads what the text leaves open.
    pub reading: Option<Text>,
    /// Whose duty it is: role ids.
    pub roles: Vec<String>,
    /// The side that does it.
    pub side: Side,
    /// How it stands.
    pub status: Status,
    /// Nothing is left to do about it.
    pub done: bool,
    /// By when, if the standard gives a figure.
    pub due: Option<Moment>,
    /// Seconds left until then, negative once it is over.
    pub left_seconds: Option<i64>,
    /// Name of the command that does it.
    pub command: Option<String>,
    /// Its argument.
    pub argument: Option<String>,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notice {
    /// Role id.
    pub to: String,
    /// Name of the role.
    pub name: Text,
    /// The rule that asks for it.
    pub rule: String,
    /// Clause of the standard.
    pub clause: String,
    /// By when, if the standard gives a figure.
    pub due: Option<Moment>,
    /// At once: the standard gives no figure, and a person judges whether it took too long.
    pub at_once: bool,
    /// Does not arise here: another way was taken.
    pub moot: bool,
    /// When the role was told.
    pub told: Option<Moment>,
    /// The time was over before.
    pub late: bool,
}

/// A special situation of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// The situation, an id of the pack.
    pub situation: String,
    /// Its name.
    pub name: Text,
    /// How the pack reads what the text leaves open.
    pub reading: Option<Text>,
    /// It has been reported and nothing has closed it.
    pub open: bool,
    /// Since when; none: it has not been reported.
    pub since: Option<Moment>,
    /// Who reported it, earliest first.
    pub reports: Vec<Report>,
    /// When it was closed.
    pub closed: Option<Moment>,
    /// The event that closed it; none: what it asked was done.
    pub closed_by: Option<String>,
    /// Events that would close it; none: it is closed once what it asks is done.
    pub closes: Vec<String>,
    /// What to bear in mind and to say.
    pub guidance: Vec<Guidance>,
    /// What to do, in order. What does not arise is left out.
    pub duties: Vec<Duty>,
    /// Who is told.
    pub tells: Vec<Notice>,
    /// An alert may be raised about it.
    pub alert: bool,
    /// The alerts about it, earliest first.
    pub alerts: Vec<Alert>,
    /// Events that may be recorded in spite of everything else, because of it.
    pub frees: Vec<String>,
}

/// The special situations that have been reported in a record, the open ones first, then by time.
///
/// ```
/// use jobsheet_core::assess::incidents;
/// use jobsheet_core::{rehearse::Rehearsal, standard::builtin};
/// let standard = builtin("aftersales-rules")?.unwrap();
/// let job = Rehearsal::of(&standard, "service").incident("mealtime-reached").until("mealtime-reached").run()?;
/// let open = incidents(job.document.record(), &standard, job.now.instant());
/// assert_eq!(open[0].situation, "mealtime");
/// assert!(open[0].open && !open[0].duties.is_empty() && !open[0].guidance.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn incidents(record: &Record, standard: &Standard, now: Timestamp) -> Vec<Incident> {
    Evidences::of(record, standard).assess(now).incidents
}

/// A special situation of the record's job: as it stands if it has been reported (its latest stretch), else what it would
/// ask. `None`: the job knows no such situation.
pub fn situation(record: &Record, standard: &Standard, id: &str, now: Timestamp) -> Option<Incident> {
    let evidences = Evidences::of(record, standard);
    let places = evidences.course.situations().iter();
    let known = places.map(|at| &standard.pack().situations[*at]).find(|known| known.id == id)?;
    let mut assessment = evidences.assess(now);
    let reported = assessment.incidents.iter().rposition(|incident| incident.situation == id);
    match reported {
        Some(at) => {
            // The open one comes first in the list; among closed ones the last is the latest.
            let open = assessment.incidents.iter().position(|one| one.situation == id && one.open);
            Some(assessment.incidents.swap_remove(open.unwrap_or(at)))
        }
        None => Some(evidences.asked(known, None, &assessment)),
    }
}

impl Evidences<'_> {
    /// The special situations that have been reported.
    pub(super) fn incidents(&self, assessment: &Assessment, now: Timestamp) -> Vec<Incident> {
        let all = spells(&self.timeline, self.standard, self.course);
        if all.is_empty() {
            return Vec::new();
        }
        let raised = alerts(self.record);
        let mut list: Vec<Incident> =
            all.iter().map(|spell| self.incident(spell, assessment, now, &raised)).collect();
        list.sort_by_key(|incident| (!incident.open, incident.since.map(|since| since.instant())));
        list
    }

    /// The situations that are open, by id, each once.
    pub(super) fn open_situations(&self, judged: &Judged) -> Vec<String> {
        let mut open: Vec<String> = spells(&self.timeline, self.standard, self.course)
            .iter()
            .filter(|spell| self.is_open(spell, &judged.milestones, judged.now))
            .map(|spell| spell.situation.id.clone())
            .collect();
        open.dedup();
        open
    }

    fn incident(
        &self,
        spell: &Spell<'_>,
        assessment: &Assessment,
        now: Timestamp,
        raised: &[Alert],
    ) -> Incident {
        let report = |at: &&crate::record::Occurrence| Report {
            entry: at.id,
            person: at.person.clone(),
            at: at.stamp.at,
            entered: at.entered,
            note: at.id.and_then(|id| self.record.events.get(&id)).and_then(|(_, event)| event.note.clone()),
        };
        let open = self.is_open(spell, &assessment.milestones, now);
        let of_spell = |alert: &&Alert| spell.reports.iter().any(|at| at.id == Some(alert.id));
        Incident {
            open,
            since: spell.reports.first().map(|at| at.stamp.at),
            reports: spell.reports.iter().map(report).collect(),
            closed: spell.closed.map(|(_, at)| at.stamp.at).filter(|_| !open),
            closed_by: spell.closed.map(|(kind, _)| kind.to_owned()).filter(|_| !open),
            alerts: raised.iter().filter(of_spell).cloned().collect(),
            ..self.asked(spell.situation, Some(spell), assessment)
        }
    }

    /// What a situation asks: in a stretch of it, or where it has not been reported.
    fn asked(&self, situation: &Situation, spell: Option<&Spell<'_>>, assessment: &Assessment) -> Incident {
        let rules = || situation.rules.iter().filter_map(|id| self.standard.rule(id));
        let tells = situation.tells.iter();
        Incident {
            situation: situation.id.clone(),
            name: situation.name.clone(),
            reading: situation.reading.clone(),
            open: false,
            since: None,
            reports: Vec::new(),
            closed: None,
            closed_by: None,
            closes: situation.closes.clone(),
            guidance: rules().filter_map(|rule| self.guidance(rule)).collect(),
            duties: rules().filter_map(|rule| self.duty_of(rule, assessment)).collect(),
            tells: tells.filter_map(|tells| self.notice(tells, spell, assessment)).collect(),
            alert: situation.alert.is_some(),
            alerts: Vec::new(),
            frees: situation.frees.as_ref().map(|frees| frees.events.clone()).unwrap_or_default(),
        }
    }

    /// A situation is open until an event closes it or, where none is named, until what it asks is done. What the crew still
    /// owes keeps nothing open once the record has come to its end.
    fn is_open(&self, spell: &Spell<'_>, milestones: &[MilestoneStatus], now: Timestamp) -> bool {
        if spell.closed.is_some() {
            return false;
        }
        let over = self.course.flow().states.last().is_some_and(|state| self.timeline.happened(&state.event));
        if !spell.situation.closes.is_empty() {
            return !over;
        }
        let rules = spell.situation.rules.iter().filter_map(|id| self.standard.place(id));
        rules.into_iter().any(|at| {
            let side = self.course.side(at);
            side.is_some() && (!over || side == Some(Side::Office)) && !self.settled(at, milestones, now)
        })
    }

    /// Nothing is left to do about a rule (by place).
    fn settled(&self, at: usize, milestones: &[MilestoneStatus], now: Timestamp) -> bool {
        let rule = &self.standard.pack().rules[at];
        if rule.severity == Severity::Should || rule.disabled.is_some() || !self.applies(at) {
            return true;
        }
        match &rule.check {
            Check::Milestone(_) => {
                !milestones.iter().any(|status| status.rule == rule.id && status.is_open())
            }
            Check::Item(_)
            | Check::Field(_)
            | Check::Act(_)
            | Check::Approval(_)
            | Check::Classification(_)
            | Check::Cost(_)
            | Check::Calibrated(_)
            | Check::Parts(_) => {
                let window = rule.window().and_then(|window| window.after.as_deref());
                let begun = window.is_none_or(|after| self.timeline.has_come(after, now));
                let proof = self.proof(rule);
                !begun || proof.done() || proof.waived.is_some()
            }
            _ => true,
        }
    }

    fn guidance(&self, rule: &Rule) -> Option<Guidance> {
        if rule.disabled.is_some() {
            return None;
        }
        let (say, avoid) = match &rule.check {
            Check::Script(script) => (Some(script.words.clone()), script.avoid.clone()),
            Check::Warranty(warranty) => (warranty.terms.clone(), Vec::new()),
            Check::Conduct(_) | Check::Guidance(_) | Check::Privacy(_) => (None, Vec::new()),
            _ => return None,
        };
        self.standard.side_of(&self.record.job, rule)?;
        Some(Guidance {
            rule: rule.id.clone(),
            clause: rule.clause.clone(),
            severity: rule.severity,
            text: rule.text.clone(),
            reading: rule.reading.clone(),
            say,
            avoid,
            roles: rule.roles.clone(),
        })
    }

    fn duty_of(&self, rule: &Rule, assessment: &Assessment) -> Option<Duty> {
        let at = self.standard.place(&rule.id)?;
        let side = self.course.side(at)?;
        let finding = assessment.finding(&rule.id)?;
        let asks = !matches!(
            rule.check,
            Check::Conduct(_)
                | Check::Script(_)
                | Check::Guidance(_)
                | Check::Privacy(_)
                | Check::Warranty(_)
                | Check::Score(_)
        );
        if !asks || matches!(finding.status, Status::NotApplicable | Status::Disabled) {
            return None;
        }
        let clock = assessment.milestones.iter().filter(|status| status.rule == rule.id);
        let clock = clock.max_by_key(|status| (status.is_open(), status.started.map(|at| at.instant())));
        let done = match clock {
            Some(status) => status.ended.is_some(),
            None => matches!(finding.status, Status::Satisfied | Status::Waived) || self.proof(rule).done(),
        };
        let act = Steps::at(self, side, assessment).command_of_rule(rule, finding);
        let (command, argument) = act.unzip();
        Some(Duty {
            rule: rule.id.clone(),
            clause: rule.clause.clone(),
            severity: rule.severity,
            text: rule.text.clone(),
            reading: rule.reading.clone(),
            roles: rule.roles.clone(),
            side,
            status: finding.status,
            done,
            due: clock.and_then(|status| status.due),
            left_seconds: clock.and_then(|status| status.left_seconds),
            command,
            argument: argument.flatten(),
        })
    }

    fn notice(&self, tells: &Tells, spell: Option<&Spell<'_>>, assessment: &Assessment) -> Option<Notice> {
        let rule = self.standard.rule(&tells.rule)?;
        let at = self.standard.place(&rule.id)?;
        self.course.side(at)?;
        let role = self.standard.pack().role(&tells.to)?;
        let opened = spell.and_then(|spell| spell.reports.first());
        let clocks = || assessment.milestones.iter().filter(|status| status.rule == rule.id);
        let clock = clocks()
            .find(|status| {
                status.subject.is_some() && opened.is_some_and(|opened| opened.id == status.subject)
            })
            .or_else(|| clocks().next());
        let events: &[String] = match &rule.check {
            Check::Milestone(milestone) => &milestone.end,
            Check::Act(act) => std::slice::from_ref(&act.event),
            _ => &[],
        };
        let since = |told: &&crate::record::Occurrence| opened.is_none_or(|opened| not_before(opened, told));
        let recorded = events.iter().flat_map(|kind| self.timeline.standing(kind)).filter(since);
        let recorded =
            recorded.min_by_key(|told| (told.stamp.corrected(), told.id)).map(|told| told.stamp.at);
        let proved = || {
            let proof = self.proof(rule);
            let at = proof.evidence.iter().filter_map(|evidence| evidence.at).max_by_key(Moment::instant);
            at.filter(|_| proof.done())
        };
        Some(Notice {
            to: role.id.clone(),
            name: role.name.clone(),
            rule: rule.id.clone(),
            clause: rule.clause.clone(),
            due: clock.and_then(|status| status.due),
            at_once: matches!(&rule.check, Check::Milestone(milestone)
                if milestone.limit.as_deref() == Some("at-once")),
            moot: !self.applies(at) || rule.disabled.is_some(),
            told: recorded
                .or_else(|| if events.is_empty() { proved() } else { None })
                .filter(|_| opened.is_some()),
            late: clock.is_some_and(super::MilestoneStatus::is_missed),
        })
    }
}
