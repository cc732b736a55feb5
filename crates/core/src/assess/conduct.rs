//! Conduct: kept if somebody who can know has said so, broken if somebody has reported it, and otherwise only guidance.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::finding::{Finding, Status};
use super::proof::{Evidence, Evidences};
use crate::record::{Attestation, By};
use crate::standard::{Rule, Side, Witness};

impl Evidences<'_> {
    /// Conduct is kept if somebody who can know has said so: the person by attesting the phase, a supervisor by an audit of
    /// it. Whoever spoke before the duty began proves nothing.
    pub(super) fn conduct(
        &self,
        after: Option<&str>,
        by: Witness,
        at: usize,
        now: Timestamp,
        finding: &mut Finding,
    ) {
        if after.is_some_and(|after| !self.timeline.has_come(after, now)) {
            finding.status = Status::NotYetDue;
            return;
        }
        let begun = after.and_then(|after| self.timeline.first(after));
        let rule = &self.standard.pack().rules[at];
        let attested = self.attestations(at, rule).map(|said| ("attested", &said.by));
        let attested = attested.filter(|_| by == Witness::Attested);
        let audits = self.record.events.values().filter(|(side, event)| {
            *side == Side::Office
                && event.kind == "audited"
                && event.about.as_deref() == Some(rule.phase.as_str())
        });
        let audited = audits.map(|(_, event)| ("audited", &event.by)).filter(|_| by != Witness::Reported);
        for (how, by) in attested.chain(audited) {
            let early =
                begun.is_some_and(|begun| begun.stamp.until(&by.stamp).duration < SignedDuration::ZERO);
            if !early {
                finding.status = Status::Satisfied;
                finding.evidence.push(Evidence::by(format!("{how}.{}", rule.phase), String::new(), by));
            }
        }
    }

    /// What the people whom a rule binds have attested of its phase.
    fn attestations(&self, at: usize, rule: &Rule) -> impl Iterator<Item = &Attestation> {
        let field = self.course.side(at) != Some(Side::Office);
        let own = field.then(|| self.record.attestations.get(&rule.phase)).flatten();
        let any = rule.roles.iter().any(|role| role == "any");
        let office = self.record.attestations.iter().filter(move |(key, _)| {
            let (phase, role) = key.split_once('/').unwrap_or((key, ""));
            !field
                && phase == rule.phase
                && !role.is_empty()
                && (any || rule.roles.iter().any(|one| one == role))
        });
        own.into_iter().chain(office.map(|(_, attestation)| attestation))
    }

    pub(super) fn reported_breaches(&self) -> BTreeMap<String, Vec<Evidence>> {
        let mut breaches: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
        let mut add = |rule: &str, source: &str, words: &str, by: &By, entry| {
            let evidence =
                Evidence { entry, ..Evidence::by(format!("breach.{source}"), words.to_owned(), by) };
            breaches.entry(rule.to_owned()).or_default().push(evidence);
        };
        for (id, (side, event)) in &self.record.events {
            match (event.kind.as_str(), event.about.as_deref()) {
                ("breach-reported", Some(rule)) => {
                    let source = event.facts.get("source").map_or("", String::as_str);
                    add(rule, source, event.note.as_deref().unwrap_or_default(), &event.by, Some(*id));
                }
                ("audited", _) if *side == Side::Office => {
                    for (rule, reason) in &event.facts {
                        add(rule, "audit", reason, &event.by, Some(*id));
                    }
                }
                _ => {}
            }
        }
        for attestation in self.record.attestations.values() {
            for exception in &attestation.exceptions {
                add(&exception.rule, "self", &exception.reason, &attestation.by, None);
            }
        }
        breaches
    }
}
