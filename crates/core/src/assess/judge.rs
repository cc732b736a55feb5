//! The judging itself: one finding for every rule of the job.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::finding::{Assessment, Counts, Finding, Gate, Status};
use super::milestone::{MilestoneState, MilestoneStatus};
use super::proof::{Evidence, Evidences, Proof};
use super::score::{Points, ScoreLine, ScoreState};
use crate::Text;
use crate::record::{Need, Occurrence, freeing, not_before, state};
use crate::standard::{BreachDemand, Check, Frees, Rule, Score, Severity, Side, Warranty, Window, Witness};

/// What the findings of one document share.
pub(crate) struct Judged {
    pub(crate) now: Timestamp,
    pub(crate) milestones: Vec<MilestoneStatus>,
    /// Breaches by rule: reports of the person himself, a survey, an audit or a complaint, and exceptions that were named
    /// when a phase was attested or audited.
    breaches: BTreeMap<String, Vec<Evidence>>,
}

impl Evidences<'_> {
    pub(crate) fn judged(&self, now: Timestamp) -> Judged {
        Judged { now, milestones: self.milestones(now), breaches: self.reported_breaches() }
    }

    /// Judges the record.
    pub(crate) fn assess(&self, now: Timestamp) -> Assessment {
        let judged = self.judged(now);
        let rules = &self.standard.pack().rules;
        let findings: Vec<Finding> =
            self.course.rules().iter().map(|at| self.finding(*at, &rules[*at], &judged)).collect();
        let counts = Counts::of(findings.iter().map(|finding| finding.status), &judged.milestones);
        let mut assessment = Assessment {
            state: state::of_timeline(&self.timeline, self.standard, &self.record.job),
            gates: self.gates(),
            findings,
            points: Points::of(self.score_lines(&judged)),
            photos: self.pairs(),
            warranties: self.warranties(),
            milestones: judged.milestones,
            incidents: Vec::new(),
            counts,
        };
        assessment.incidents = self.incidents(&assessment, now);
        assessment
    }

    /// Whether a finding is for one side to mend. What a missed deadline demands is owed by the side that missed it, and
    /// points are for the office to decide, whoever gets them.
    pub(crate) fn is_duty_of(&self, side: Side, at: usize, finding: &Finding) -> bool {
        let rule = &self.standard.pack().rules[at];
        match &rule.check {
            Check::OnBreach(_) if rule.roles.iter().any(|role| role == "any") => {
                let own =
                    |id: &String| self.standard.place(id).and_then(|at| self.course.side(at)) == Some(side);
                finding.missing.iter().any(own)
            }
            Check::Score(_) => side == Side::Office,
            _ => self.course.side(at) == Some(side),
        }
    }

    /// The roles that have to do with an outstanding finding.
    pub(crate) fn owing_roles(&self, rule: &Rule, finding: &Finding) -> Vec<String> {
        match &rule.check {
            Check::Score(score) => score.reviewers.clone(),
            Check::OnBreach(_) if rule.roles.iter().any(|role| role == "any") => {
                let rules = finding.missing.iter().filter_map(|id| self.standard.rule(id));
                rules.flat_map(|rule| rule.roles.clone()).collect()
            }
            _ => rule.roles.clone(),
        }
    }

    /// Every deadline, in the order of the pack.
    fn milestones(&self, now: Timestamp) -> Vec<MilestoneStatus> {
        let rules = self.course.rules().iter().map(|at| (*at, &self.standard.pack().rules[*at]));
        rules
            .filter_map(|(at, rule)| match &rule.check {
                Check::Milestone(milestone) => Some(self.milestone(at, rule, milestone, now)),
                _ => None,
            })
            .flatten()
            .collect()
    }

    /// Events that have not happened and are stopped now.
    fn gates(&self) -> Vec<Gate> {
        let pack = self.standard.pack();
        let mut gates = Vec::new();
        let named = pack.events.iter().flat_map(|event| {
            let subjects = event.subjects.iter().map(|subject| format!("{}/{}", event.id, subject.id));
            std::iter::once(event.id.clone()).chain(subjects)
        });
        for event in named {
            if self.course.blocking(&event).is_empty() || self.timeline.happened(&event) {
                continue;
            }
            let blockers = self.blockers(&event).into_iter();
            let needs: Vec<Need> = blockers
                .map(|rule| Need {
                    rule: rule.id.clone(),
                    clause: rule.clause.clone(),
                    text: rule.text.clone(),
                })
                .collect();
            if !needs.is_empty() {
                gates.push(Gate { event, needs });
            }
        }
        gates
    }

    pub(crate) fn finding(&self, at: usize, rule: &Rule, judged: &Judged) -> Finding {
        let mut finding = Finding {
            rule: self.words(&rule.id),
            kind: rule.check.kind(),
            status: Status::Guidance,
            phase: self.words(&rule.phase),
            roles: if self.lean { Vec::new() } else { rule.roles.clone() },
            severity: rule.severity,
            clause: self.words(&rule.clause),
            text: if self.lean { Text::default() } else { rule.text.clone() },
            evidence: Vec::new(),
            missing: Vec::new(),
            note: None,
            disabled: None,
            clock_suspect: false,
        };
        if let Some(reason) = &rule.disabled {
            finding.status = Status::Disabled;
            finding.disabled = Some(reason.clone());
            return finding;
        }
        let applies = self.applies(at);
        if let Some(breaches) = judged.breaches.get(&rule.id) {
            // A reported breach stands whatever else the record says about the rule.
            finding.status = Status::Violated;
            finding.note = breaches.first().map(|breach| breach.value.clone());
            finding.evidence.clone_from(breaches);
            return finding;
        }
        if !applies {
            finding.status = Status::NotApplicable;
            return finding;
        }
        let milestones = judged.milestones.iter();
        match &rule.check {
            Check::Item(_)
            | Check::Field(_)
            | Check::Act(_)
            | Check::Approval(_)
            | Check::Classification(_)
            | Check::Cost(_)
            | Check::Calibrated(_)
            | Check::Parts(_) => self.duty(rule, judged.now, &mut finding),
            Check::Milestone(_) => deadline(milestones.filter(|status| status.rule == rule.id), &mut finding),
            Check::OnBreach(demand) => {
                let about = milestones.filter(|status| demand.milestones.contains(&status.rule));
                on_breach(demand.demands, about, &mut finding);
            }
            Check::Conduct(conduct) => {
                self.conduct(conduct.after.as_deref(), conduct.by, at, judged.now, &mut finding);
            }
            Check::Script(script) => {
                self.conduct(script.after.as_deref(), Witness::Attested, at, judged.now, &mut finding);
            }
            Check::Guidance(_) => {}
            Check::Privacy(privacy) => {
                if privacy.forbid.is_empty() {
                    self.conduct(privacy.after.as_deref(), Witness::Attested, at, judged.now, &mut finding);
                }
                self.privacy(&privacy.forbid, &mut finding);
            }
            Check::StockAge(age) => self.stock_age(age, judged.now, &mut finding),
            Check::Score(score) => points(&self.lines_of(rule, score, judged), score, &mut finding),
            Check::Warranty(warranty) => self.warranty_finding(rule, warranty, &mut finding),
        }
        finding
    }

    fn warranty_finding(&self, rule: &Rule, warranty: &Warranty, finding: &mut Finding) {
        if warranty.terms.is_some() {
            return;
        }
        let status = self.warranty(rule, warranty);
        // While a date is missing, the span may still end earlier than the known ones say.
        let known = status.until.is_some() && status.missing.is_empty();
        finding.status = if known { Status::Satisfied } else { Status::NotYetDue };
        finding.missing = status.missing;
        if let Some(until) = status.until {
            finding.evidence.push(Evidence::plain("until".to_owned(), until.to_string()));
        }
        if let Some(covered) = status.covered {
            finding.evidence.push(Evidence::plain("covered".to_owned(), covered.to_string()));
        }
    }

    fn duty(&self, rule: &Rule, now: Timestamp, finding: &mut Finding) {
        let empty = Window::default();
        let window = rule.window().unwrap_or(&empty);
        let proof = self.proof(rule);
        self.duty_status(rule, window, &proof, now, finding);
        finding.evidence = proof.evidence;
        // What is missing comes before what was found wrong.
        let wrong = std::mem::replace(&mut finding.missing, proof.missing);
        finding.missing.extend(wrong);
        finding.note = proof.waived;
    }

    fn duty_status(
        &self,
        rule: &Rule,
        window: &Window,
        proof: &Proof,
        now: Timestamp,
        finding: &mut Finding,
    ) {
        finding.clock_suspect = proof.clock_suspect;
        if proof.moot {
            finding.status =
                if matches!(rule.check, Check::Cost(_)) { Status::Guidance } else { Status::NotApplicable };
            return;
        }
        let owed = window.after.as_ref().is_none_or(|after| self.timeline.has_come(after, now));
        let should = rule.severity == Severity::Should;
        finding.status = if proof.violated {
            // A recommendation that was not followed is no breach.
            if should { Status::Guidance } else { Status::Violated }
        } else if proof.conflict {
            finding.missing.push("conflict".to_owned());
            Status::Outstanding
        } else if proof.waived.is_some() {
            Status::Waived
        } else if proof.missing.is_empty() {
            self.in_order(window, proof, should, finding)
        } else if !should && (self.gone_through(window) || owed && self.passed(window, now)) {
            if self.broken_off(rule) { Status::NotApplicable } else { Status::Violated }
        } else if self.broken_off(rule) {
            Status::NotApplicable
        } else if owed && !is_optional(&rule.check) {
            Status::Outstanding
        } else {
            Status::NotYetDue
        };
    }

    /// The job ended in the middle of a special situation that lets it, and the duty is none of the situation's own: leaving
    /// rules and signatures can not be asked for any more.
    fn broken_off(&self, rule: &Rule) -> bool {
        let ended = |frees: &Frees, opened: &Occurrence| {
            let freed = frees.events.iter().filter_map(|event| self.timeline.first(event));
            freed.into_iter().any(|at| not_before(opened, at))
        };
        let mut situations = freeing(&self.timeline, self.standard, self.course)
            .filter(|(_, frees, opened)| ended(frees, opened))
            .map(|(situation, ..)| situation)
            .peekable();
        situations.peek().is_some() && !situations.any(|situation| situation.rules.contains(&rule.id))
    }

    /// An event that the duty stops has happened all the same.
    fn gone_through(&self, window: &Window) -> bool {
        window.blocks.iter().any(|event| self.timeline.happened(event))
    }

    /// An event that should have come later than the duty has happened.
    pub(crate) fn passed(&self, window: &Window, now: Timestamp) -> bool {
        window.before.iter().chain(&window.blocks).any(|event| self.timeline.has_come(event, now))
    }

    /// A duty done after the event it had to precede is violated all the same, and the finding says what came first.
    fn in_order(&self, window: &Window, proof: &Proof, should: bool, finding: &mut Finding) -> Status {
        if should {
            return Status::Satisfied;
        }
        for event in window.before.iter().chain(&window.blocks) {
            let Some(limit) = self.timeline.first(event) else { continue };
            let late = proof
                .evidence
                .iter()
                .filter_map(|evidence| evidence.stamp.as_ref())
                .any(|stamp| limit.stamp.until(stamp).duration > SignedDuration::ZERO);
            if late {
                finding.missing.push(format!("after event.{event}"));
                return Status::Violated;
            }
        }
        Status::Satisfied
    }
}

fn is_optional(check: &Check) -> bool {
    matches!(check, Check::Field(field) if field.optional)
}

/// Several clocks of one rule: the worst says what the rule's finding is.
fn deadline<'a>(statuses: impl Iterator<Item = &'a MilestoneStatus>, finding: &mut Finding) {
    let rank = |status: Status| match status {
        Status::Violated => 4,
        Status::Outstanding => 3,
        Status::Satisfied => 2,
        Status::NotYetDue => 1,
        _ => 0,
    };
    let mut worst: Option<Status> = None;
    for status in statuses {
        let own = match status.state {
            MilestoneState::NotApplicable => Status::NotApplicable,
            MilestoneState::NotStarted => Status::NotYetDue,
            MilestoneState::Running | MilestoneState::Paused => Status::Outstanding,
            MilestoneState::Met => Status::Satisfied,
            MilestoneState::MetLate | MilestoneState::Breached => Status::Violated,
        };
        finding.clock_suspect |= status.clock_suspect;
        finding.note = finding.note.take().or_else(|| status.reason.clone());
        if worst.is_none_or(|known| rank(own) > rank(known)) {
            worst = Some(own);
        }
        for (source, at) in [("started", status.started), ("due", status.due), ("ended", status.ended)] {
            if let Some(at) = at {
                let plain = Evidence::plain(source.to_owned(), String::new());
                finding.evidence.push(Evidence { at: Some(at), ..plain });
            }
        }
    }
    finding.status = worst.unwrap_or(Status::NotApplicable);
    if finding.status == Status::Violated && finding.severity == Severity::Should {
        finding.status = Status::Guidance;
    }
}

/// A scoring rule has nothing to say without a cause, and waits for the reviewer with one.
fn points(lines: &[ScoreLine], score: &Score, finding: &mut Finding) {
    let waiting = |line: &&ScoreLine| matches!(line.state, ScoreState::ToConfirm | ScoreState::Appealed);
    finding.status = if lines.is_empty() {
        Status::NotApplicable
    } else if lines.iter().any(|line| waiting(&line)) {
        Status::Outstanding
    } else if lines.iter().any(|line| line.state == ScoreState::Pending) {
        Status::NotYetDue
    } else {
        Status::Satisfied
    };
    for line in lines {
        let plain = Evidence::plain(format!("cause.{}", line.cause), line.figure());
        finding.evidence.push(Evidence { at: line.at, ..plain });
    }
    finding.missing = lines.iter().filter(waiting).map(|line| line.cause.clone()).collect();
    if finding.status == Status::Outstanding {
        finding.roles.clone_from(&score.reviewers);
    }
}

fn on_breach<'a>(
    demand: BreachDemand,
    milestones: impl Iterator<Item = &'a MilestoneStatus>,
    finding: &mut Finding,
) {
    finding.status = Status::NotApplicable;
    for status in milestones.filter(|status| status.is_missed()) {
        if finding.status == Status::NotApplicable {
            finding.status = Status::Satisfied;
        }
        let given = match demand {
            BreachDemand::Reason => status.reason.is_some(),
            BreachDemand::Escalation => !status.escalated_to.is_empty(),
        };
        if !given {
            finding.status = Status::Outstanding;
            finding.missing.push(status.rule.clone());
        }
    }
}
