//! Deadlines: when they started, when they are due, whether they were met.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::proof::Evidences;
use crate::record::Occurrence;
use crate::standard::{Milestone, Rule};
use crate::time::Limit;
use crate::{Moment, Text};

/// State of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MilestoneState {
    /// The rule does not apply to this visit.
    NotApplicable,
    /// The clock has not started.
    NotStarted,
    /// The clock runs.
    Running,
    /// The end came in time.
    Met,
    /// The end came late.
    MetLate,
    /// The time is over and the end has not come.
    Breached,
}

/// One deadline of a visit.
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
    /// Role that has the duty.
    pub role: String,
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
    /// Who is told of a breach: role ids.
    pub tell: Vec<String>,
    /// The reason that was given for the breach.
    pub reason: Option<String>,
    /// Who has been told of the breach: role ids.
    pub escalated_to: Vec<String>,
    /// A device's clocks disagree by more than the tolerance.
    pub clock_suspect: bool,
}

impl MilestoneStatus {
    /// The time was over before the end came.
    pub fn is_missed(&self) -> bool {
        matches!(self.state, MilestoneState::Breached | MilestoneState::MetLate)
    }
}

impl Evidences<'_> {
    /// Judges one deadline.
    pub(crate) fn milestone(
        &self,
        at: usize,
        rule: &Rule,
        milestone: &Milestone,
        now: Timestamp,
    ) -> MilestoneStatus {
        let mut status = MilestoneStatus {
            rule: rule.id.clone(),
            clause: self.words(&rule.clause),
            text: if self.lean { Text::default() } else { rule.text.clone() },
            reading: rule.reading.as_ref().filter(|_| !self.lean).cloned(),
            role: self.words(&rule.role),
            state: MilestoneState::NotStarted,
            started: None,
            due: None,
            ended: None,
            left_seconds: None,
            tell: if self.lean { Vec::new() } else { milestone.tell.clone() },
            reason: self.said("delay-explained", &rule.id),
            escalated_to: self.told(&rule.id),
            clock_suspect: false,
        };
        if !self.applies(at) {
            status.state = MilestoneState::NotApplicable;
            return status;
        }
        let Some(start) = self.timeline.first_of(&milestone.start) else { return status };
        status.started = Some(start.stamp.at);
        let before =
            matches!(self.standard.limit(at), Some(Limit::Figure(limit)) if limit < SignedDuration::ZERO);
        let end = self.end(milestone, start, before);
        status.ended = end.map(|end| end.stamp.at);
        let elapsed = end.map(|end| start.stamp.until(&end.stamp));
        status.clock_suspect = elapsed.is_some_and(|elapsed| elapsed.clock_suspect);
        let Some(Limit::Figure(limit)) = self.standard.limit(at) else {
            status.state = if end.is_some() { MilestoneState::Met } else { MilestoneState::Running };
            return status;
        };
        let due = start.stamp.corrected().checked_add(limit).unwrap_or(Timestamp::MAX);
        status.due = Some(Moment::new(due, start.stamp.at.offset()));
        let used =
            elapsed.map_or_else(|| now.duration_since(start.stamp.corrected()), |elapsed| elapsed.duration);
        let left = limit - used;
        status.left_seconds = Some(left.as_secs());
        status.state = match (end.is_some(), left < SignedDuration::ZERO) {
            (true, false) => MilestoneState::Met,
            (true, true) => MilestoneState::MetLate,
            (false, false) => MilestoneState::Running,
            (false, true) => MilestoneState::Breached,
        };
        status
    }

    /// The end that belongs to a start: the first one after it. A limit before a planned start counts what came before.
    fn end<'a>(&'a self, milestone: &Milestone, start: &Occurrence, before: bool) -> Option<&'a Occurrence> {
        let from = start.stamp.corrected();
        milestone
            .end
            .iter()
            .flat_map(|kind| self.timeline.standing(kind))
            .filter(|end| {
                before
                    || end.stamp.corrected() >= from
                    || start.stamp.until(&end.stamp).duration >= SignedDuration::ZERO
            })
            .min_by_key(|end| end.stamp.corrected())
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
