//! The state of a visit: derived from what stands in the record, so that no merge can produce an impossible one.
//!
//! Precedence: the state is the highest, in the order of the pack, whose event stands. An event stands unless another
//! event that had seen it undoes it by its id (a reopening undoes the finish it saw, a resume the pause, a consent the
//! refusal). This is a function of the set of events alone: the order in which they arrive does not matter.

use serde::Serialize;

use super::spell::freeing;
use super::timeline::Timeline;
use super::view::Record;
use crate::Text;
use crate::standard::Standard;
use crate::time::CLOCK_TOLERANCE;

/// State of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordState {
    /// Id of the state in the pack.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Its rank in the pack, from 0.
    pub rank: usize,
    /// What holds the visit up.
    pub side: Option<SideState>,
    /// Events that contradict each other.
    pub contradictions: Vec<Contradiction>,
}

/// What holds a visit up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SideState {
    /// The work is interrupted.
    Paused,
    /// The fault can not be cleared on this visit.
    Parked,
    /// The customer did not agree to the work.
    Refused,
    /// A special situation has broken the job off: it may end in the middle of it.
    Interrupted,
}

/// Events that can not both be true, as after a merge of two devices' work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The events.
    pub events: [String; 2],
    /// What contradicts what.
    pub text: Text,
}

/// Derives the state of a visit.
pub fn state(record: &Record, standard: &Standard) -> RecordState {
    of_timeline(&Timeline::of(record, standard), standard, &record.job)
}

/// Derives the state from a timeline already read.
pub(crate) fn of_timeline(timeline: &Timeline, standard: &Standard, job: &str) -> RecordState {
    let course = standard.course(job);
    let states = &course.flow().states;
    let rank = states.iter().rposition(|state| timeline.happened(&state.event)).unwrap_or(0);
    let left = timeline.happened("left-site");
    let side = if freeing(timeline, standard, course).next().is_some() {
        Some(SideState::Interrupted)
    } else if timeline.happened("consent-refused") && !timeline.happened("consent-given") {
        Some(SideState::Refused)
    } else if timeline.happened("cannot-fix-on-site") || timeline.happened("part-missing") {
        Some(SideState::Parked)
    } else if timeline.happened("paused") && !left {
        Some(SideState::Paused)
    } else {
        None
    };
    let (id, name) = states.get(rank).map(|state| (state.id.clone(), state.name.clone())).unwrap_or_default();
    RecordState { id, name, rank, side, contradictions: contradictions(timeline) }
}

fn contradictions(timeline: &Timeline) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let mut add = |one: &str, other: &str, en: &str, zh: &str| {
        found.push(Contradiction { events: [one.to_owned(), other.to_owned()], text: Text::new(en, zh) });
    };
    if timeline.happened("consent-given") && timeline.happened("consent-refused") {
        add(
            "consent-given",
            "consent-refused",
            "One device recorded that the customer agreed, another that the customer did not.",
            "一台设备记录客户同意，另一台记录客户不同意。",
        );
    }
    for kind in timeline.foreign() {
        add(
            kind,
            kind,
            "Recorded by the side that may not record it; it counts for nothing.",
            "由无权记录的一方写入，不予采信。",
        );
    }
    if let Some(left) = timeline.first("left-site") {
        if timeline.happened("paused") {
            add(
                "paused",
                "left-site",
                "The crew left while the work was interrupted.",
                "作业中断期间人员已离场。",
            );
        }
        for kind in ["work-started", "work-finished", "handed-over"] {
            let later = timeline
                .standing(kind)
                .any(|at| left.stamp.until(&at.stamp).duration > CLOCK_TOLERANCE && left.person != at.person);
            if later {
                add(
                    kind,
                    "left-site",
                    "One device recorded work after another had recorded that the crew left.",
                    "一台设备记录已离场之后，另一台仍有作业记录。",
                );
            }
        }
    }
    found
}
