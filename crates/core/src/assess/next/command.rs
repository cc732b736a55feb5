//! Which command does a thing: what a rule asks, what records an event.

use super::Steps;
use crate::assess::finding::Finding;
use crate::record::Command;
use crate::standard::{Ask, BreachDemand, Check, PartsDemand, Rule};

impl Steps<'_> {
    /// The command that does what a rule asks, a deadline's end included.
    pub(in crate::assess) fn command_of_rule(
        &self,
        rule: &Rule,
        finding: &Finding,
    ) -> Option<(String, Option<String>)> {
        match &rule.check {
            Check::Milestone(milestone) => {
                let event = milestone.end.iter().find(|event| self.records(event))?;
                Some(self.command_of_event(event))
            }
            check => self.command_for(check, finding),
        }
    }

    /// The command that does what a check asks, and its argument.
    pub(super) fn command_for(&self, check: &Check, finding: &Finding) -> Option<(String, Option<String>)> {
        let rule = finding.rule.as_str();
        match check {
            Check::Item(item) => Some(match &item.ask {
                Ask::Photo { .. } => ("add-photo".to_owned(), Some(rule.to_owned())),
                Ask::Signature { roles, .. } => {
                    let signed =
                        |role: &&String| self.evidences.record.signatures.values().any(|s| s.role == **role);
                    let role = roles.iter().find(|role| !signed(role)).or(roles.last())?;
                    ("sign".to_owned(), Some(role.clone()))
                }
                Ask::Number { quantity, .. } | Ask::Series { quantity, .. } => {
                    ("measure".to_owned(), Some(quantity.clone()))
                }
                Ask::Hold(_) => {
                    let command = if self.runs(rule) { "end-hold" } else { "begin-hold" };
                    (command.to_owned(), Some(rule.to_owned()))
                }
                _ => ("answer".to_owned(), Some(rule.to_owned())),
            }),
            Check::Approval(_) => Some(("decide".to_owned(), Some(rule.to_owned()))),
            Check::Classification(class) => {
                let item =
                    class.of.clone().or_else(|| (!class.classes.is_empty()).then(|| rule.to_owned()))?;
                Some(("answer".to_owned(), Some(item)))
            }
            Check::Cost(cost) => Some(("measure".to_owned(), Some(cost.quantity.clone()?))),
            Check::Calibrated(_) => {
                let (_, rest) = finding.missing.first()?.split_once('.')?;
                let quantity = rest.split_once(' ').map_or(rest, |(quantity, _)| quantity);
                Some(("measure".to_owned(), Some(quantity.to_owned())))
            }
            Check::StockAge(age) => Some(self.command_of_event(&age.mark)),
            Check::Score(_) => Some(("score".to_owned(), Some(rule.to_owned()))),
            Check::Parts(parts) => match parts.demands {
                PartsDemand::OldForNew => None,
                PartsDemand::Collected => Some(self.command_of_event("old-parts-collected")),
                PartsDemand::Registered => Some(self.command_of_event("old-parts-registered")),
            },
            Check::Act(act) => self.records(&act.event).then(|| self.command_of_event(&act.event)),
            Check::Field(field) => {
                field.sources.iter().filter(|source| finding.missing.contains(&source.0)).find_map(|source| {
                    match source.parts() {
                        ("note", name) => Some(("note".to_owned(), Some(name.to_owned()))),
                        ("survey", _) => Some(("survey".to_owned(), None)),
                        ("signature", role) => Some(("sign".to_owned(), Some(role.to_owned()))),
                        ("event", event) => self.records(event).then(|| self.command_of_event(event)),
                        ("answer", item) => Some(("answer".to_owned(), Some(item.to_owned()))),
                        ("measure", quantity) => Some(("measure".to_owned(), Some(quantity.to_owned()))),
                        ("parts", _) => Some(("consume-part".to_owned(), None)),
                        ("photos", _) => Some(("add-photo".to_owned(), None)),
                        _ => None,
                    }
                })
            }
            Check::OnBreach(demand) => {
                // Each side answers for its own deadlines.
                let missing = finding.missing.iter();
                let mut own = missing.filter(|milestone| {
                    let at = self.standard.place(milestone);
                    at.and_then(|at| self.course.side(at)) == Some(self.side)
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
    pub(super) fn command_of_event(&self, event: &str) -> (String, Option<String>) {
        if let Some(signing) = self.course.flow().signing.as_ref().filter(|signing| signing.event == event) {
            let signed = |role: &&String| self.evidences.record.signatures.values().any(|s| s.role == **role);
            let role = signing.signers.iter().find(|role| !signed(role)).or(signing.signers.first());
            return ("sign".to_owned(), role.cloned());
        }
        if self.course.flow().assigned.as_deref() == Some(event) {
            return ("dispatch".to_owned(), None);
        }
        let own = match event {
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
}
