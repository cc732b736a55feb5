//! What a judgement says: findings, counts, gates, and the tally that lists show.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::incident::Incident;
use super::milestone::{MilestoneState, MilestoneStatus};
use super::pairs::ItemPhotos;
use super::proof::{Evidence, Evidences};
use super::score::Points;
use super::warranty::WarrantyStatus;
use crate::record::{ALERT_RAISED, Need, Record, RecordState, alerts, state};
use crate::standard::{Severity, Side, Standard};
use crate::{Moment, Text};

/// What a rule's finding says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The duty is done.
    Satisfied,
    /// The duty is owed and not done.
    Outstanding,
    /// The duty is not owed yet.
    NotYetDue,
    /// The rule was broken.
    Violated,
    /// Not done, for a stated reason.
    Waived,
    /// The rule does not apply to this visit.
    NotApplicable,
    /// Guidance that nobody has attested or reported: silence is not a breach.
    Guidance,
    /// The company has switched the rule off, for a stated reason.
    Disabled,
}

/// What the record says about one rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Rule id.
    pub rule: String,
    /// Kind of check, as in the pack: `item`, `field`, `act`, `milestone` …
    pub kind: &'static str,
    /// Status.
    pub status: Status,
    /// Phase id.
    pub phase: String,
    /// Roles that have the duty.
    pub roles: Vec<String>,
    /// How strongly the rule binds.
    pub severity: Severity,
    /// Clause of the standard.
    pub clause: String,
    /// The duty.
    pub text: Text,
    /// What was found.
    pub evidence: Vec<Evidence>,
    /// What is missing, as sources; for a violated rule, what is wrong.
    pub missing: Vec<String>,
    /// The reason of a waiver, or the words of a reported breach.
    pub note: Option<String>,
    /// Why the company has switched the rule off.
    pub disabled: Option<Text>,
    /// A device's clocks disagree by more than the tolerance where they matter to this rule. The verdict rests on the
    /// monotonic clock and does not change by it.
    pub clock_suspect: bool,
}

/// What stops an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// The event that is stopped.
    pub event: String,
    /// What must be done first.
    pub needs: Vec<Need>,
}

/// How many findings there are of each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Done.
    pub satisfied: usize,
    /// Owed and not done.
    pub outstanding: usize,
    /// Broken.
    pub violated: usize,
    /// Not done, with a reason.
    pub waived: usize,
    /// Deadlines missed.
    pub deadlines_missed: usize,
}

impl Counts {
    pub(super) fn of(statuses: impl Iterator<Item = Status>, milestones: &[MilestoneStatus]) -> Self {
        let mut counts = Self::default();
        for status in statuses {
            match status {
                Status::Satisfied => counts.satisfied += 1,
                Status::Outstanding => counts.outstanding += 1,
                Status::Violated => counts.violated += 1,
                Status::Waived => counts.waived += 1,
                Status::NotYetDue | Status::NotApplicable | Status::Guidance | Status::Disabled => {}
            }
        }
        counts.deadlines_missed = milestones.iter().filter(|milestone| milestone.is_missed()).count();
        counts
    }
}

/// The judgement of a record under a standard at a time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// State of the visit.
    pub state: RecordState,
    /// One finding for every rule of the job, in the order of the pack.
    pub findings: Vec<Finding>,
    /// Every deadline, in the order of the pack.
    pub milestones: Vec<MilestoneStatus>,
    /// Points and money, with every cause.
    pub points: Points,
    /// The photos of items that ask for moments, side by side.
    pub photos: Vec<ItemPhotos>,
    /// How long repairs are free of charge.
    pub warranties: Vec<WarrantyStatus>,
    /// Events that are stopped now, and by what.
    pub gates: Vec<Gate>,
    /// Special situations that have been reported, the open ones first.
    pub incidents: Vec<Incident>,
    /// How many findings there are of each status.
    pub counts: Counts,
}

impl Assessment {
    /// The finding of a rule.
    pub fn finding(&self, rule: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.rule == rule)
    }

    /// The deadline of a rule.
    pub fn milestone(&self, rule: &str) -> Option<&MilestoneStatus> {
        self.milestones.iter().find(|milestone| milestone.rule == rule)
    }
}

/// Judges a record. Pure and total: the same record, standard and time give the same judgement on every machine.
pub fn assess(record: &Record, standard: &Standard, now: Timestamp) -> Assessment {
    Evidences::of(record, standard).assess(now)
}

/// The outcome of a judgement without its words: what a list of visits shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tally {
    /// State of the visit.
    pub state: RecordState,
    /// How many findings there are of each status, whoever has the duty.
    pub counts: Counts,
    /// Duties that the asking side owes.
    pub owed: usize,
    /// Roles that owe something at the office, each once.
    pub owed_by: BTreeSet<String>,
    /// When something is due next: a running deadline, a mark on a part.
    pub next_due: Option<Moment>,
    /// Special situations that are open, by id of the pack.
    pub incidents: Vec<String>,
    /// Alerts that nobody at the office has acknowledged.
    pub alerts: usize,
}

/// Judges a record as [`assess`] does and gives only the outcome. Every rule is still asked, so it costs little less:
/// 81 µs against 94 µs on a visit of 99 changes (`docs/FIGURES.md`).
pub fn tally(record: &Record, standard: &Standard, side: Side, now: Timestamp) -> Tally {
    let mut evidences = Evidences::of(record, standard);
    evidences.lean = true;
    let judged = evidences.judged(now);
    let rules = &standard.pack().rules;
    let mut owed = 0;
    let mut owed_by = BTreeSet::new();
    let statuses = evidences.course.rules().iter().map(|at| {
        let rule = &rules[*at];
        let finding = evidences.finding(*at, rule, &judged);
        if finding.status == Status::Outstanding {
            owed += usize::from(evidences.is_duty_of(side, *at, &finding));
            if evidences.is_duty_of(Side::Office, *at, &finding) {
                owed_by.extend(evidences.owing_roles(rule, &finding));
            }
        }
        finding.status
    });
    let counts = Counts::of(statuses, &judged.milestones);
    let state = state::of_timeline(&evidences.timeline, standard, &record.job);
    let running = judged.milestones.iter().filter(|milestone| milestone.state == MilestoneState::Running);
    Tally {
        state,
        counts,
        owed,
        owed_by,
        incidents: evidences.open_situations(&judged),
        alerts: if evidences.timeline.happened(ALERT_RAISED) {
            alerts(record).iter().filter(|alert| alert.acknowledged.is_none()).count()
        } else {
            0
        },
        next_due: running.filter_map(|milestone| milestone.due).chain(evidences.next_mark(now)).min(),
    }
}
