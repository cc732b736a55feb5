//! What to do now, in order, and why.

use jiff::Timestamp;
use serde::Serialize;

use super::finding::{Assessment, Status};
use super::milestone::MilestoneState;
use super::proof::Evidences;
use crate::Text;
use crate::record::{Command, Record};
use crate::standard::{Ask, BreachDemand, Check, Severity, Side, Standard};

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
    /// Why.
    #[serde(flatten)]
    pub reason: Why,
    /// Name of the command that does it, as [`Command::name`] writes it, and its argument: an item, an event, a note.
    pub command: String,
    /// The argument.
    pub argument: Option<String>,
}

/// What a person of one side can do now: what stops the next event first, then what is owed, then the next event.
/// Recommendations come after duties, deadlines by the time left.
pub fn next(record: &Record, standard: &Standard, side: Side, now: Timestamp) -> Vec<NextStep> {
    judge(record, standard, side, now).1
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
    let mut steps = Steps { standard, side, assessment: &assessment, list: Vec::new() };
    steps.conflicts(record);
    let upcoming = steps.upcoming(&evidences);
    steps.duties(upcoming.as_deref());
    steps.deadlines();
    steps.event(upcoming);
    let mut list = steps.list;
    // Stable: within one class the order of the pack stands.
    list.sort_by_key(|step| match &step.reason {
        Why::Conflict => (0, 0),
        Why::Gate { .. } => (1, 0),
        Why::Deadline { left_seconds: Some(left) } => (2, *left),
        Why::Deadline { left_seconds: None } => (2, i64::MIN),
        Why::Owed => (3, 0),
        Why::Step => (4, 0),
    });
    (assessment, list)
}

struct Steps<'a> {
    standard: &'a Standard,
    side: Side,
    assessment: &'a Assessment,
    list: Vec<NextStep>,
}

impl Steps<'_> {
    fn conflicts(&mut self, record: &Record) {
        for conflict in &record.conflicts {
            let argument = serde_json::to_value(&conflict.target).ok().map(|target| match target {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            });
            let who: Vec<&str> = conflict.versions.iter().map(|version| version.person.as_str()).collect();
            self.list.push(NextStep {
                rule: None,
                clause: None,
                text: Text::new(
                    format!("Settle what {} wrote differently.", who.join(" and ")),
                    format!("确认 {} 填写不一致的内容。", who.join("、")),
                ),
                phase: None,
                reason: Why::Conflict,
                command: "resolve".to_owned(),
                argument,
            });
        }
    }

    /// The event of the lowest state above the present one that this side records and that may happen now.
    fn upcoming(&self, evidences: &Evidences<'_>) -> Option<String> {
        let pack = self.standard.pack();
        let here = &self.assessment.state;
        pack.states
            .iter()
            .skip(here.rank + 1)
            .map(|state| &state.event)
            .find(|event| {
                let known = self.standard.event(event);
                let signing = **event == pack.signing.event && self.side == Side::Field;
                let mine = known.is_some_and(|known| known.by.contains(&self.side)) || signing;
                let from = self.standard.step(event).is_none_or(|step| step.from.contains(&here.id));
                mine && from && !evidences.timeline.happened(event)
            })
            .cloned()
    }

    fn duties(&mut self, upcoming: Option<&str>) {
        for finding in &self.assessment.findings {
            let Some(rule) = self.standard.rule(&finding.rule) else { continue };
            let for_both = matches!(rule.check, Check::OnBreach(_)) && rule.role == "any";
            if !for_both && self.standard.side_of(rule) != self.side {
                continue;
            }
            let gated: Vec<String> = self
                .assessment
                .gates
                .iter()
                .filter(|gate| Some(gate.event.as_str()) == upcoming)
                .filter(|gate| gate.needs.iter().any(|need| need.rule == rule.id))
                .map(|gate| gate.event.clone())
                .collect();
            let owed = finding.status == Status::Outstanding;
            if gated.is_empty() && !owed {
                continue;
            }
            let Some((command, argument)) = self.command_for(&rule.check, &rule.id) else { continue };
            let reason = if gated.is_empty() { Why::Owed } else { Why::Gate { events: gated } };
            if rule.severity == Severity::Should && !owed {
                continue;
            }
            self.list.push(NextStep {
                rule: Some(rule.id.clone()),
                clause: Some(rule.clause.clone()),
                text: rule.text.clone(),
                phase: Some(rule.phase.clone()),
                reason,
                command,
                argument,
            });
        }
    }

    fn command_for(&self, check: &Check, rule: &str) -> Option<(String, Option<String>)> {
        match check {
            Check::Item(item) => Some(match &item.ask {
                Ask::Photo { .. } => ("add-photo".to_owned(), Some(rule.to_owned())),
                Ask::Signature { role } => ("sign".to_owned(), Some(role.clone())),
                Ask::Number { quantity, .. } => ("measure".to_owned(), Some(quantity.clone())),
                _ => ("answer".to_owned(), Some(rule.to_owned())),
            }),
            Check::Act(act) => Some(self.command_of_event(&act.event)),
            Check::Field(field) => field.sources.iter().find_map(|source| match source.parts() {
                ("note", name) => Some(("note".to_owned(), Some(name.to_owned()))),
                ("survey", _) => Some(("survey".to_owned(), None)),
                ("signature", role) => Some(("sign".to_owned(), Some(role.to_owned()))),
                ("event", event) => Some(self.command_of_event(event)),
                ("answer", item) => Some(("answer".to_owned(), Some(item.to_owned()))),
                _ => None,
            }),
            Check::OnBreach(demand) => {
                // Each side answers for its own deadlines.
                let missing = self.assessment.finding(rule)?.missing.iter();
                let mut own = missing.filter(|milestone| {
                    self.standard.rule(milestone).is_some_and(|rule| self.standard.side_of(rule) == self.side)
                });
                let milestone = own.next()?.clone();
                let command = match demand.demands {
                    BreachDemand::Reason => "explain-delay",
                    BreachDemand::Escalation => "escalate",
                };
                Some((command.to_owned(), Some(milestone)))
            }
            _ => None,
        }
    }

    /// The command that records an event: its own, or `report`.
    fn command_of_event(&self, event: &str) -> (String, Option<String>) {
        if event == self.standard.pack().signing.event {
            return ("sign".to_owned(), self.standard.pack().signing.signers.first().cloned());
        }
        let own = match event {
            "order-dispatched" => "dispatch",
            "order-accepted" => Command::Accept.name(),
            "tools-checked" => Command::Prepare.name(),
            "appointment-confirmed" => "confirm-appointment",
            "departed" => Command::Depart.name(),
            "arrived" => Command::Arrive.name(),
            "badge-presented" => Command::PresentBadge.name(),
            "entered" => Command::Enter.name(),
            "diagnosis-done" => Command::Diagnose.name(),
            "consent-given" | "consent-refused" => "obtain-consent",
            "work-started" => Command::Start.name(),
            "paused" => "pause",
            "resumed" => Command::Resume.name(),
            "work-finished" => Command::Finish.name(),
            "work-reopened" => "reopen",
            "handed-over" => Command::HandOver.name(),
            "left-site" => Command::Leave.name(),
            "closed" => Command::Close.name(),
            _ => return ("report".to_owned(), Some(event.to_owned())),
        };
        (own.to_owned(), None)
    }

    fn deadlines(&mut self) {
        for status in &self.assessment.milestones {
            let open = matches!(status.state, MilestoneState::Running | MilestoneState::Breached);
            let Some(rule) = self.standard.rule(&status.rule) else { continue };
            if !open || self.standard.side_of(rule) != self.side {
                continue;
            }
            let Check::Milestone(milestone) = &rule.check else { continue };
            let mine = milestone
                .end
                .iter()
                .find(|event| self.standard.event(event).is_some_and(|known| known.by.contains(&self.side)));
            let Some(event) = mine else { continue };
            let (command, argument) = self.command_of_event(event);
            self.list.push(NextStep {
                rule: Some(rule.id.clone()),
                clause: Some(rule.clause.clone()),
                text: rule.text.clone(),
                phase: Some(rule.phase.clone()),
                reason: Why::Deadline { left_seconds: status.left_seconds },
                command,
                argument,
            });
        }
    }

    /// The next event of the visit.
    fn event(&mut self, upcoming: Option<String>) {
        let Some(event) = upcoming else { return };
        let (command, argument) = self.command_of_event(&event);
        if self.list.iter().any(|step| step.command == command && step.argument == argument) {
            return;
        }
        let step = self.standard.step(&event);
        let rule = step.and_then(|step| step.rules.first()).and_then(|rule| self.standard.rule(rule));
        let name = self.standard.event(&event).map(|known| known.name.clone()).unwrap_or_default();
        self.list.push(NextStep {
            rule: rule.map(|rule| rule.id.clone()),
            clause: rule.map(|rule| rule.clause.clone()),
            text: name,
            phase: None,
            reason: Why::Step,
            command,
            argument,
        });
    }
}
