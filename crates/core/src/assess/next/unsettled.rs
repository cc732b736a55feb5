//! What waits for a person though no rule asks for it: a call for help, two versions of one thing, a signature that stands
//! for something else.

use super::{NextStep, Steps, Why};
use crate::record::{ALERT_RAISED, Conflict, Mark, Record, SealState, alerts, outdated};
use crate::standard::Side;
use crate::{Lang, Text};

impl Steps<'_> {
    /// Calls for help that nobody at the office has answered.
    pub(super) fn alerts(&mut self, record: &Record) {
        if self.side != Side::Office || !self.evidences.timeline.happened(ALERT_RAISED) {
            return;
        }
        for alert in alerts(record).into_iter().filter(|alert| alert.acknowledged.is_none()) {
            let named = alert.situation.as_deref().and_then(|id| self.standard.situation(id));
            let (en, zh) = named.map_or(("", ""), |known| (known.name.en.as_str(), known.name.zh.as_str()));
            self.list.push(NextStep {
                rule: None,
                clause: None,
                text: Text::new(
                    format!("Answer the call for help of {}. {en}", alert.person).trim_end().to_owned(),
                    format!("处理 {} 的求助警报。{zh}", alert.person),
                ),
                phase: None,
                roles: Vec::new(),
                consequences: Vec::new(),
                reason: Why::Alert { at: alert.at, person: alert.person },
                command: "acknowledge-alert".to_owned(),
                argument: Some(alert.id.to_string()),
                situation: alert.situation,
                or: None,
                moments: Vec::new(),
            });
        }
    }

    /// What two devices wrote differently, for the side that may settle it.
    pub(super) fn conflicts(&mut self, record: &Record) {
        let own = |conflict: &&Conflict| conflict.target.side(&record.job, self.standard) == self.side;
        for conflict in record.conflicts.iter().filter(own) {
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
                roles: Vec::new(),
                consequences: Vec::new(),
                reason: Why::Conflict,
                command: "resolve".to_owned(),
                argument,
                situation: None,
                or: None,
                moments: Vec::new(),
            });
        }
    }

    /// Who signed what has changed since signs again.
    pub(super) fn signatures(&mut self, record: &Record) {
        if self.side != Side::Field {
            return;
        }
        let SealState::Outdated { roles } = record.seal_state(self.standard) else { return };
        let signing = self.course.flow().signing.as_ref();
        let rule = signing.and_then(|signing| self.standard.rule(&signing.rule));
        for role in roles {
            let signed = record.signatures.iter().filter(|(_, signature)| signature.role == role);
            let mut changed: Vec<String> = signed
                .flat_map(|(id, _)| outdated(record, self.standard, Mark::Signature(*id)))
                .map(|change| change.path.clone())
                .collect();
            changed.sort_unstable();
            changed.dedup();
            let name = self.standard.pack().roles.iter().find(|known| known.id == role);
            let name = name.map_or_else(|| Text::new(role.clone(), role.clone()), |role| role.name.clone());
            self.list.push(NextStep {
                rule: rule.map(|rule| rule.id.clone()),
                clause: rule.map(|rule| rule.clause.clone()),
                text: Text::new(
                    format!("What was signed has changed; sign again: {}.", name.get(Lang::En)),
                    format!("已签字的内容有变更，请重新签字：{}。", name.get(Lang::Zh)),
                ),
                phase: rule.map(|rule| rule.phase.clone()),
                roles: Vec::new(),
                consequences: Vec::new(),
                moments: Vec::new(),
                or: None,
                situation: None,
                reason: Why::SignAgain { changed },
                command: "sign".to_owned(),
                argument: Some(role),
            });
        }
    }
}
