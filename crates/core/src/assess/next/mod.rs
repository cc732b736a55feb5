//! What to do now, in order, and why.

mod command;
mod unsettled;

use jiff::Timestamp;
use serde::Serialize;

use super::consequence::{Consequence, consequences};
use super::finding::{Assessment, Status};
use super::proof::Evidences;
use crate::record::Record;
use crate::standard::{Ask, Check, Course, Rule, Severity, Side, Situation, Standard, Usual};
use crate::{Moment, Text};

/// Why a step is on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Why {
    /// An event is refused until this is done.
    Gate {
        /// The events.
        events: Vec<String>,
    },
    /// A deadline runs or is over.
    Deadline {
        /// Seconds left, negative once it is over; none without a figure.
        left_seconds: Option<i64>,
    },
    /// A duty that is owed now.
    Owed,
    /// Two devices wrote different values.
    Conflict,
    /// Somebody has called for help.
    Alert {
        /// When.
        at: Moment,
        /// Who: person id.
        person: String,
    },
    /// What was signed has changed since; the signature does not stand for it.
    SignAgain {
        /// The facts that are others now: `field/answers/RULE`, `field/parts/ID` …
        changed: Vec<String>,
    },
    /// Conduct of a phase that one tap attests. Leaving it out is no breach.
    Attest {
        /// The rules that the tap speaks of.
        rules: Vec<String>,
    },
    /// The next event of the visit.
    Step,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextStep {
    /// Rule id; none for a step that rests on no rule.
    pub rule: Option<String>,
    /// Clause of the standard.
    pub clause: Option<String>,
    /// What to do.
    pub text: Text,
    /// Phase id.
    pub phase: Option<String>,
    /// Roles that have the duty; empty where any person of the side may do it.
    pub roles: Vec<String>,
    /// What follows if it is not done.
    pub consequences: Vec<Consequence>,
    /// Why.
    #[serde(flatten)]
    pub reason: Why,
    /// Name of the command that does it, as [`crate::record::Command::name`] writes it, and its argument: an item, an event, a note.
    pub command: String,
    /// The argument.
    pub argument: Option<String>,
    /// The open special situation to which it belongs, an id of the pack.
    pub situation: Option<String>,
    /// Another command that does it as well, with the same argument.
    pub or: Option<&'static str>,
    /// Moments of which a photo is missing, for a step that adds one.
    pub moments: Vec<String>,
}

/// What a person of one side can do now: what stops the next event first, then what is owed, then the next event.
/// Recommendations come after duties, deadlines by the time left.
pub fn next(record: &Record, standard: &Standard, side: Side, now: Timestamp) -> Vec<NextStep> {
    judge(record, standard, side, now).1
}

/// The kind of an event that may be written with its subject, as `KIND/SUBJECT`.
pub(super) fn kind_of(event: &str) -> &str {
    event.split_once('/').map_or(event, |(kind, _)| kind)
}

/// A step that moves the document on, so that something else may be too late after it.
fn leads_on(step: &NextStep) -> bool {
    matches!(step.reason, Why::Deadline { .. } | Why::Step)
}

/// The judgement and the next steps together, at little more than the cost of one of them.
pub fn judge(
    record: &Record,
    standard: &Standard,
    side: Side,
    now: Timestamp,
) -> (Assessment, Vec<NextStep>) {
    let evidences = Evidences::of(record, standard);
    let assessment = evidences.assess(now);
    let mut steps = Steps::at(&evidences, side, &assessment);
    steps.alerts(record);
    steps.conflicts(record);
    steps.signatures(record);
    let upcoming = steps.upcoming();
    steps.duties(upcoming.as_deref());
    steps.deadlines();
    steps.usual();
    steps.event(upcoming);
    steps.attestations();
    steps.situations();
    let mut list = std::mem::take(&mut steps.list);
    let leading: Vec<String> =
        list.iter().filter(|step| leads_on(step)).filter_map(|step| steps.event_of(step)).collect();
    // Stable: within one class the order of the pack stands. What should precede an event on the list comes before it, and
    // the signature comes after what the signed record would no longer take.
    list.sort_by_key(|step| match &step.reason {
        Why::Alert { .. } => (-2, 0),
        // Whoever is in danger does this first.
        Why::Gate { .. } | Why::Owed | Why::Deadline { .. } if steps.is_urgent(step) => (-1, 0),
        Why::Conflict => (0, 0),
        Why::Gate { .. } | Why::Owed if steps.signs(step) => (3, 1),
        Why::SignAgain { .. } => (3, 2),
        Why::Gate { .. } => (1, 0),
        Why::Owed if steps.precedes(step, &leading) => (1, 1),
        Why::Deadline { left_seconds: Some(left) } => (2, *left),
        Why::Deadline { left_seconds: None } => (2, i64::MIN),
        Why::Owed => (3, 0),
        Why::Step => (4, 0),
        Why::Attest { .. } => (5, 0),
    });
    (assessment, list)
}

pub(super) struct Steps<'a> {
    standard: &'a Standard,
    course: &'a Course,
    evidences: &'a Evidences<'a>,
    side: Side,
    assessment: &'a Assessment,
    list: Vec<NextStep>,
}

impl<'a> Steps<'a> {
    /// Nothing on the list yet.
    pub(super) fn at(evidences: &'a Evidences<'a>, side: Side, assessment: &'a Assessment) -> Self {
        let (standard, course) = (evidences.standard, evidences.course);
        Self { standard, course, evidences, side, assessment, list: Vec::new() }
    }

    /// Says of each step to which open special situation it belongs.
    fn situations(&mut self) {
        let open = self.assessment.incidents.iter().filter(|incident| incident.open);
        let open: Vec<&Situation> = open.filter_map(|one| self.standard.situation(&one.situation)).collect();
        for step in &mut self.list {
            let Some(rule) = &step.rule else { continue };
            let of = open.iter().find(|situation| situation.rules.contains(rule));
            step.situation = step.situation.take().or_else(|| of.map(|situation| situation.id.clone()));
        }
    }

    /// The step belongs to an open special situation that endangers somebody.
    fn is_urgent(&self, step: &NextStep) -> bool {
        let situation = step.situation.as_deref().and_then(|id| self.standard.situation(id));
        situation.is_some_and(|situation| situation.alert.is_some())
    }

    /// The signature of somebody whose signature ends the work.
    fn signs(&self, step: &NextStep) -> bool {
        let signers = self.course.flow().signing.as_ref().map(|signing| &signing.signers);
        step.command == "sign"
            && signers.zip(step.argument.as_ref()).is_some_and(|(signers, role)| signers.contains(role))
    }

    /// This side records the event; what follows from other entries nobody records.
    fn records(&self, event: &str) -> bool {
        if self.course.signing_event() == Some(event) {
            return self.side == Side::Field;
        }
        self.standard.event(kind_of(event)).is_some_and(|known| known.by.contains(&self.side))
    }

    /// A hold test of the rule has begun and not ended.
    fn runs(&self, rule: &str) -> bool {
        self.evidences.timeline.holds.get(rule).is_some_and(|test| test.end.is_none())
    }

    /// The duty should be done before one of these events.
    fn precedes(&self, step: &NextStep, events: &[String]) -> bool {
        let rule = step.rule.as_deref().and_then(|rule| self.standard.rule(rule));
        let window = rule.and_then(|rule| rule.window());
        window.is_some_and(|window| {
            window.before.iter().chain(&window.blocks).any(|event| events.contains(event))
        })
    }

    /// The event that a step records, if it records one.
    fn event_of(&self, step: &NextStep) -> Option<String> {
        if step.command == "report" {
            return step.argument.clone();
        }
        let events = self.standard.pack().events.iter().map(|event| &event.id);
        events
            .into_iter()
            .find(|event| self.command_of_event(event) == (step.command.clone(), step.argument.clone()))
            .cloned()
    }

    /// The event of the lowest state above the present one that this side records and that may happen now.
    fn upcoming(&self) -> Option<String> {
        let here = &self.assessment.state;
        let flow = self.course.flow();
        flow.states
            .iter()
            .skip(here.rank + 1)
            .map(|state| &state.event)
            .find(|event| {
                if self.evidences.timeline.happened(event) {
                    return false;
                }
                let signing = self.course.signing_event() == Some(event);
                self.records(event) && (signing || self.course.may(event, &here.id))
            })
            .cloned()
    }

    fn duties(&mut self, upcoming: Option<&str>) {
        for finding in &self.assessment.findings {
            let Some(rule) = self.standard.rule(&finding.rule) else { continue };
            let Some(at) = self.standard.place(&finding.rule) else { continue };
            if !self.evidences.is_duty_of(self.side, at, finding) {
                continue;
            }
            // What went wrong is done again wherever it still stops something.
            let again = finding.status == Status::Violated;
            let leads = |event: &str| {
                again || Some(event) == upcoming || self.usual_here().any(|usual| usual.event == event)
            };
            let gates = self.assessment.gates.iter().filter(|gate| leads(&gate.event));
            let gated: Vec<String> = gates
                .filter(|gate| gate.needs.iter().any(|need| need.rule == rule.id))
                .map(|gate| gate.event.clone())
                .collect();
            let owed = finding.status == Status::Outstanding;
            // What has been begun is to be ended.
            let owed = owed || self.runs(&rule.id);
            if gated.is_empty() && !owed {
                continue;
            }
            let Some((command, argument)) = self.command_for(&rule.check, finding) else { continue };
            // Paper is named, what is on the device is attached.
            let document = self.side == Side::Field && matches!(rule.ask(), Some(Ask::Document));
            let or = document.then_some("add-document");
            let moments = finding.missing.iter().filter_map(|place| place.strip_prefix("photos."));
            let moments = moments.map(ToOwned::to_owned).collect();
            let reason = if gated.is_empty() { Why::Owed } else { Why::Gate { events: gated } };
            if rule.severity == Severity::Should && !owed {
                continue;
            }
            self.list.push(NextStep {
                rule: Some(rule.id.clone()),
                clause: Some(rule.clause.clone()),
                text: rule.text.clone(),
                phase: Some(rule.phase.clone()),
                roles: self.evidences.owing_roles(rule, finding),
                consequences: consequences(self.standard, rule),
                reason,
                command,
                argument,
                situation: None,
                or,
                moments,
            });
        }
    }

    fn deadlines(&mut self) {
        for status in &self.assessment.milestones {
            let Some(rule) = self.standard.rule(&status.rule) else { continue };
            if !status.is_open() || self.standard.side_of(&self.evidences.record.job, rule) != Some(self.side)
            {
                continue;
            }
            let Check::Milestone(milestone) = &rule.check else { continue };
            let Some(event) = milestone.end.iter().find(|event| self.records(event)) else { continue };
            let (command, argument) = self.command_of_event(event);
            self.list.push(NextStep {
                rule: Some(rule.id.clone()),
                clause: Some(rule.clause.clone()),
                text: rule.text.clone(),
                phase: Some(rule.phase.clone()),
                roles: rule.roles.clone(),
                consequences: consequences(self.standard, rule),
                reason: Why::Deadline { left_seconds: status.left_seconds },
                command,
                argument,
                situation: None,
                or: None,
                moments: Vec::new(),
            });
        }
    }

    /// The next event of the document, unless it waits for the other side.
    fn event(&mut self, upcoming: Option<String>) {
        if let Some(event) = upcoming.filter(|event| !self.waits(event)) {
            self.step_to(&event);
        }
    }

    /// Something that the other side has to do first stops the event.
    fn waits(&self, event: &str) -> bool {
        let needs =
            self.assessment.gates.iter().filter(|gate| gate.event == event).flat_map(|gate| &gate.needs);
        needs.into_iter().any(|need| {
            let at = self.standard.place(&need.rule);
            let finding = self.assessment.findings.iter().find(|finding| finding.rule == need.rule);
            !at.zip(finding).is_some_and(|(at, finding)| self.evidences.is_duty_of(self.side, at, finding))
        })
    }

    /// Events that usually happen in this state.
    fn usual_here(&self) -> impl Iterator<Item = &Usual> {
        self.course.job().usual.iter().filter(|usual| usual.state == self.assessment.state.id)
    }

    fn usual(&mut self) {
        let events: Vec<String> = self.usual_here().map(|usual| usual.event.clone()).collect();
        for event in events {
            if self.records(&event) && !self.evidences.timeline.happened(&event) {
                self.step_to(&event);
            }
        }
    }

    fn step_to(&mut self, event: &str) {
        let (command, argument) = self.command_of_event(event);
        if self.list.iter().any(|step| step.command == command && step.argument == argument) {
            return;
        }
        let kind = kind_of(event);
        let known = self.standard.event(kind);
        let subject = known.and_then(|known| {
            known
                .subjects
                .iter()
                .find(|subject| event.strip_prefix(kind) == Some(&format!("/{}", subject.id)))
        });
        let name = known.map(|known| known.name.clone()).unwrap_or_default();
        let text = subject.map_or(name.clone(), |subject| {
            Text::new(
                format!("{}: {}", name.en, subject.name.en),
                format!("{}：{}", name.zh, subject.name.zh),
            )
        });
        let step = self.course.step(kind);
        let rule = step.and_then(|step| step.rules.first()).and_then(|rule| self.standard.rule(rule));
        self.list.push(NextStep {
            rule: rule.map(|rule| rule.id.clone()),
            clause: rule.map(|rule| rule.clause.clone()),
            text,
            phase: None,
            roles: Vec::new(),
            consequences: Vec::new(),
            reason: Why::Step,
            command,
            argument,
            situation: None,
            or: None,
            moments: Vec::new(),
        });
    }

    /// Phases whose conduct may be attested now: one tap each.
    fn attestations(&mut self) {
        let pack = self.standard.pack();
        for phase in &pack.phases {
            let mut by_roles: Vec<(Vec<String>, Vec<&Rule>)> = Vec::new();
            for finding in self.assessment.findings.iter().filter(|finding| finding.phase == phase.id) {
                let Some(rule) = self.standard.rule(&finding.rule) else { continue };
                let own = self.standard.side_of(&self.evidences.record.job, rule) == Some(self.side);
                if !own || !rule.is_attested() || finding.status != Status::Guidance {
                    continue;
                }
                // In the field one person attests for all; at the office each role for itself.
                let roles = if self.side == Side::Field { Vec::new() } else { rule.roles.clone() };
                match by_roles.iter_mut().find(|(known, _)| *known == roles) {
                    Some((_, rules)) => rules.push(rule),
                    None => by_roles.push((roles, vec![rule])),
                }
            }
            for (roles, rules) in by_roles {
                self.list.push(NextStep {
                    rule: None,
                    clause: None,
                    text: Text::new(
                        format!(
                            "Attest: {} ({} rule{}).",
                            phase.name.en,
                            rules.len(),
                            if rules.len() == 1 { "" } else { "s" }
                        ),
                        format!("确认遵守：{}（{} 条）。", phase.name.zh, rules.len()),
                    ),
                    phase: Some(phase.id.clone()),
                    roles,
                    consequences: Vec::new(),
                    reason: Why::Attest { rules: rules.iter().map(|rule| rule.id.clone()).collect() },
                    command: "attest".to_owned(),
                    argument: Some(phase.id.clone()),
                    situation: None,
                    or: None,
                    moments: Vec::new(),
                });
            }
        }
    }
}
