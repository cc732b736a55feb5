//! Deadlines: when they started, when they are due, whether they were met.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::proof::Evidences;
use crate::deadline::{self, Limit, Paused};
use crate::record::{AnswerValue, EntryId, Occurrence};
use crate::standard::{Milestone, Rule, Source};
use crate::{Moment, Text};

/// State of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MilestoneState {
    /// The rule does not apply to this document.
    NotApplicable,
    /// The clock has not started.
    NotStarted,
    /// The clock runs.
    Running,
    /// The clock stands still.
    Paused,
    /// The end came in time.
    Met,
    /// The end came late.
    MetLate,
    /// The time is over and the end has not come.
    Breached,
}

/// One person who is told of a breach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Role id.
    pub to: String,
    /// From when on, if the deadline has a figure.
    pub from: Option<Moment>,
    /// It has been recorded that the role was told.
    pub done: bool,
}

/// One deadline of a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MilestoneStatus {
    /// Rule id.
    pub rule: String,
    /// Clause of the standard.
    pub clause: String,
    /// The duty.
    pub text: Text,
    /// How the pack reads what the text leaves open.
    pub reading: Option<Text>,
    /// Roles that have the duty.
    pub roles: Vec<String>,
    /// The start event that this clock belongs to, where each start has a clock of its own.
    pub subject: Option<EntryId>,
    /// State.
    pub state: MilestoneState,
    /// When the clock started (for a limit before a planned start: that start).
    pub started: Option<Moment>,
    /// When it is due; none without a figure.
    pub due: Option<Moment>,
    /// When the end came.
    pub ended: Option<Moment>,
    /// Seconds left until it is due, negative once it is over; for an end that has come, measured at the end.
    pub left_seconds: Option<i64>,
    /// Events from which the time could have counted too: the text does not say, and the pack has chosen.
    pub other_anchors: Vec<String>,
    /// Who is told of a breach, and from when on.
    pub tell: Vec<Told>,
    /// The reason that was given for the breach.
    pub reason: Option<String>,
    /// Who has been told of the breach: role ids.
    pub escalated_to: Vec<String>,
    /// A device's clocks disagree by more than the tolerance.
    pub clock_suspect: bool,
    /// A start or an end was entered later than it happened.
    pub entered_later: bool,
}

impl MilestoneStatus {
    /// The time was over before the end came.
    pub fn is_missed(&self) -> bool {
        matches!(self.state, MilestoneState::Breached | MilestoneState::MetLate)
    }

    /// The end has not come.
    pub fn is_open(&self) -> bool {
        matches!(self.state, MilestoneState::Running | MilestoneState::Paused | MilestoneState::Breached)
    }
}

impl Evidences<'_> {
    /// Judges one deadline: one status, or one for each start.
    pub(crate) fn milestone(
        &self,
        at: usize,
        rule: &Rule,
        milestone: &Milestone,
        now: Timestamp,
    ) -> Vec<MilestoneStatus> {
        let mut blank = self.blank(rule, milestone);
        if rule.disabled.is_some() || !self.applies(at) {
            blank.state = MilestoneState::NotApplicable;
            return vec![blank];
        }
        if !milestone.each {
            if let Some(start) = self.timeline.first_of(&milestone.start) {
                let end = self.end(at, milestone, start, None);
                self.judge_clock(at, milestone, start, end, now, &mut blank);
            }
            return vec![blank];
        }
        let mut starts: Vec<&Occurrence> =
            milestone.start.iter().flat_map(|kind| self.timeline.standing(kind)).collect();
        starts.sort_by_key(|start| (start.stamp.corrected(), start.id));
        let mut used: Vec<&Occurrence> = Vec::new();
        let mut all: Vec<MilestoneStatus> = Vec::new();
        for start in starts {
            let mut status = blank.clone();
            status.subject = start.id;
            let end = self.end(at, milestone, start, Some(&used));
            used.extend(end);
            self.judge_clock(at, milestone, start, end, now, &mut status);
            all.push(status);
        }
        if all.is_empty() { vec![blank] } else { all }
    }

    fn blank(&self, rule: &Rule, milestone: &Milestone) -> MilestoneStatus {
        let escalated_to = self.told(&rule.id);
        let tell = if self.lean { &[][..] } else { &milestone.tell };
        let told = |to: &String| escalated_to.contains(to);
        MilestoneStatus {
            rule: rule.id.clone(),
            clause: self.words(&rule.clause),
            text: if self.lean { Text::default() } else { rule.text.clone() },
            reading: rule.reading.as_ref().filter(|_| !self.lean).cloned(),
            roles: if self.lean { Vec::new() } else { rule.roles.clone() },
            subject: None,
            state: MilestoneState::NotStarted,
            started: None,
            due: None,
            ended: None,
            left_seconds: None,
            other_anchors: if self.lean { Vec::new() } else { milestone.other_anchors.clone() },
            tell: tell
                .iter()
                .map(|tell| Told { to: tell.to.clone(), from: None, done: told(&tell.to) })
                .collect(),
            reason: self.said("delay-explained", &rule.id),
            escalated_to,
            clock_suspect: false,
            entered_later: false,
        }
    }

    fn judge_clock(
        &self,
        at: usize,
        milestone: &Milestone,
        start: &Occurrence,
        end: Option<&Occurrence>,
        now: Timestamp,
        status: &mut MilestoneStatus,
    ) {
        status.started = Some(start.stamp.at);
        status.ended = end.map(|end| end.stamp.at);
        status.entered_later = start.entered.is_some() || end.is_some_and(|end| end.entered.is_some());
        let began = start.stamp.corrected();
        let elapsed = end.map(|end| start.stamp.until(&end.stamp));
        status.clock_suspect = elapsed.is_some_and(|elapsed| elapsed.clock_suspect);
        // Within one boot the monotonic clock says when the end was, whatever somebody did to the wall clock.
        let ended = elapsed.map(|elapsed| began.checked_add(elapsed.duration).unwrap_or(Timestamp::MAX));
        let zone = self.record.zone(start.stamp.at);
        let paused = self.pauses(milestone);
        let due = match (&milestone.due, self.standard.limit(at)) {
            (Some(promised), _) => self.promised(promised, start.stamp.at),
            (None, Some(Limit::Span(span))) => {
                let hours = milestone.calendar.as_deref().and_then(|id| self.standard.calendar(id));
                deadline::due(began, &span, &zone, hours, &paused, ended.unwrap_or(now))
            }
            _ => None,
        };
        let standing = ended.is_none() && paused.iter().any(|span| span.to.is_none() && span.from <= now);
        let Some(due) = due else {
            status.state = match (end.is_some(), standing) {
                (true, _) => MilestoneState::Met,
                (false, true) => MilestoneState::Paused,
                (false, false) => MilestoneState::Running,
            };
            return;
        };
        let offset = zone.to_offset(due);
        status.due = Some(Moment::new(due, offset));
        for (told, tell) in status.tell.iter_mut().zip(&milestone.tell) {
            let after = tell.after.as_deref().and_then(|after| self.standard.span(after));
            let from = due.checked_add(after.map_or(SignedDuration::ZERO, deadline::LimitSpan::exact));
            told.from = from.ok().map(|from| Moment::new(from, offset));
        }
        // A planned time that lies ahead has not started the clock, unless the limit looks back from it.
        if start.planned && began > now && due > began {
            return;
        }
        let left = due.duration_since(ended.unwrap_or(now));
        status.left_seconds = Some(left.as_secs());
        status.state = match (ended.is_some(), left < SignedDuration::ZERO) {
            (true, false) => MilestoneState::Met,
            (true, true) => MilestoneState::MetLate,
            (false, true) => MilestoneState::Breached,
            (false, false) if standing => MilestoneState::Paused,
            (false, false) => MilestoneState::Running,
        };
    }

    /// The end that belongs to a start: the first one after it. A limit at or before a planned start counts what came
    /// before: whoever arrives early is on time.
    /// Where each start has a clock, an end about this start comes first, and no end serves twice.
    fn end<'a>(
        &'a self,
        at: usize,
        milestone: &Milestone,
        start: &Occurrence,
        used: Option<&[&Occurrence]>,
    ) -> Option<&'a Occurrence> {
        let before = matches!(self.standard.limit(at), Some(Limit::Span(span)) if span.is_negative() || span.is_zero());
        let from = start.stamp.corrected();
        let ends = || {
            let standing = milestone.end.iter().flat_map(|kind| self.timeline.standing(kind));
            standing.filter(|end| {
                before
                    || end.stamp.corrected() >= from
                    || start.stamp.until(&end.stamp).duration >= SignedDuration::ZERO
            })
        };
        let Some(used) = used else { return ends().min_by_key(|end| end.stamp.corrected()) };
        let key = start.id.map(|id| id.to_string());
        let subject =
            |end: &Occurrence| end.about.is_some() && (end.about == key || end.about == start.about);
        // What is about another start belongs there; a subject from the pack's own list is about none.
        let open =
            |end: &Occurrence| end.about.as_deref().is_none_or(|about| about.parse::<EntryId>().is_err());
        let free = || ends().filter(|end| !used.iter().any(|used| std::ptr::eq(*used, *end)));
        let own = free().filter(|end| subject(end)).min_by_key(|end| end.stamp.corrected());
        own.or_else(|| free().filter(|end| open(end)).min_by_key(|end| end.stamp.corrected()))
    }

    /// The spans in which a clock stands still: each goes on until the first event after it that ends it.
    fn pauses(&self, milestone: &Milestone) -> Vec<Paused> {
        let mut spans = Vec::new();
        for pause in &milestone.pause {
            for from in self.timeline.all(&pause.from) {
                let from = from.stamp.corrected();
                let to =
                    self.timeline.all(&pause.to).iter().map(|to| to.stamp.corrected()).find(|to| *to >= from);
                spans.push(Paused { from, to });
            }
        }
        spans
    }

    /// The time that was promised for this one document.
    fn promised(&self, source: &Source, like: Moment) -> Option<Timestamp> {
        match source.parts() {
            ("order", field) => self.record.moment_of_order(field, like).map(|moment| moment.instant()),
            ("answer", rule) => match &self.record.answer(self.standard, rule)?.value {
                AnswerValue::Time(moment) => Some(moment.instant()),
                _ => None,
            },
            _ => None,
        }
    }

    fn said(&self, kind: &str, about: &str) -> Option<String> {
        let said = self.timeline.standing(kind).filter(|at| at.about.as_deref() == Some(about)).last()?;
        self.record.events.get(&said.id?).and_then(|(_, event)| event.note.clone())
    }

    fn told(&self, about: &str) -> Vec<String> {
        self.timeline
            .standing("escalated")
            .filter(|at| at.about.as_deref() == Some(about))
            .filter_map(|at| self.record.events.get(&at.id?))
            .filter_map(|(_, event)| event.facts.get("to").cloned())
            .collect()
    }
}
