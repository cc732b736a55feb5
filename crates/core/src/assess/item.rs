//! Whether what an item asks for stands in the record.

use super::proof::{Evidence, Evidences, Proof};
use super::value::latest;
use crate::record::{AnswerValue, ResolveTarget};
use crate::standard::{Ask, Rule, Source};

impl Evidences<'_> {
    pub(super) fn item(&self, rule: &Rule, ask: &Ask) -> Proof {
        match ask {
            Ask::Photo { moments } => return self.photos(rule, moments),
            Ask::Signature { roles, everyone } => return self.signatures(rule, roles, everyone.as_ref()),
            Ask::Number { quantity, min, max } => return self.measured(rule, quantity, *min, *max),
            Ask::Series { quantity, count, min, max } => {
                return self.series(rule, quantity, *count, *min, *max);
            }
            Ask::Hold(_) => return self.held(rule),
            Ask::Document => return self.documents(rule),
            _ => {}
        }
        self.answered(rule, ask)
    }

    /// What was answered to a question.
    pub(super) fn answered(&self, rule: &Rule, ask: &Ask) -> Proof {
        let Some(answer) = self.record.answer(self.standard, &rule.id) else {
            return Proof { missing: vec![self.place("answer", &rule.id)], ..Proof::default() };
        };
        let mut proof = Proof {
            evidence: vec![self.evidence_of(self.place("answer", &rule.id), answer)],
            conflict: !self.record.conflicts.is_empty() && self.disputed(&rule.id),
            ..Proof::default()
        };
        match (&answer.value, ask) {
            (AnswerValue::Waived(reason), _) => proof.waived = Some(reason.clone()),
            (AnswerValue::Yes(yes), Ask::YesNo) => proof.violated = !yes,
            (AnswerValue::Several(chosen), Ask::Several { options, all: true }) => {
                let missing = options.iter().filter(|option| !chosen.contains(&option.id));
                proof.missing = missing.map(|option| format!("answer.{}/{}", rule.id, option.id)).collect();
            }
            _ => {}
        }
        proof
    }

    pub(super) fn measured(&self, rule: &Rule, quantity: &str, min: Option<f64>, max: Option<f64>) -> Proof {
        let Some(latest) = latest(self.record, quantity) else {
            let missing = Proof { missing: vec![self.place("measure", quantity)], ..Proof::default() };
            return self.or_waived(rule, missing);
        };
        let value = format!("{} {}", latest.value, latest.unit);
        let evidence = Evidence::by(self.place("measure", quantity), value, &latest.by);
        let violated = min.is_some_and(|min| latest.value < min) || max.is_some_and(|max| latest.value > max);
        Proof { evidence: vec![evidence], violated, ..Proof::default() }
    }

    /// An answer has versions that differ in substance.
    fn disputed(&self, rule: &str) -> bool {
        let target = ResolveTarget::Answer(rule.to_owned());
        self.record.conflicts.iter().filter(|conflict| conflict.target == target).any(|conflict| {
            conflict.versions.windows(2).any(|pair| pair[0].value.get("is") != pair[1].value.get("is"))
        })
    }

    fn photos(&self, rule: &Rule, moments: &[String]) -> Proof {
        let mut proof = Proof::default();
        let of_item =
            || self.record.photos.values().filter(|photo| photo.item.as_deref() == Some(rule.id.as_str()));
        for photo in of_item() {
            let moment = photo.moment.clone().unwrap_or_default();
            proof.evidence.push(Evidence::by("photos".to_owned(), moment, &photo.by));
        }
        for moment in moments {
            if !of_item().any(|photo| photo.moment.as_ref() == Some(moment)) {
                proof.missing.push(format!("photos.{moment}"));
            }
        }
        if moments.is_empty() && proof.evidence.is_empty() {
            proof.missing.push("photos".to_owned());
        }
        self.or_waived(rule, proof)
    }

    /// A document is attached, or its name or number is given where it is kept elsewhere.
    fn documents(&self, rule: &Rule) -> Proof {
        let files = self.attached(&rule.id);
        let evidence: Vec<Evidence> = files
            .iter()
            .map(|file| Evidence::by("documents".to_owned(), self.words(&file.name), &file.by))
            .collect();
        if evidence.is_empty() {
            return self.answered(rule, &Ask::Document);
        }
        Proof { evidence, ..Proof::default() }
    }

    /// What is missing may have been waived with a reason.
    fn or_waived(&self, rule: &Rule, mut proof: Proof) -> Proof {
        if !proof.missing.is_empty()
            && let Some(answer) = self.record.answer(self.standard, &rule.id)
            && let AnswerValue::Waived(reason) = &answer.value
        {
            proof.missing.clear();
            proof.waived = Some(reason.clone());
        }
        proof
    }

    fn series(&self, rule: &Rule, quantity: &str, count: usize, min: Option<f64>, max: Option<f64>) -> Proof {
        let mut proof = Proof::default();
        let measures = self.record.measures.iter().filter(|(_, measured)| measured.quantity == quantity);
        let mut measures: Vec<_> = measures.collect();
        measures.sort_by_key(|(id, measured)| (measured.by.stamp.corrected(), **id));
        for (_, measurement) in measures {
            let value = format!("{} {}", measurement.value, measurement.unit);
            proof.evidence.push(Evidence::by(self.place("measure", quantity), value, &measurement.by));
            proof.violated |= min.is_some_and(|min| measurement.value < min);
            proof.violated |= max.is_some_and(|max| measurement.value > max);
        }
        let found = proof.evidence.len();
        if found < count {
            proof.missing.push(format!("measure.{quantity} {found} of {count}"));
        }
        self.or_waived(rule, proof)
    }

    /// The last hold test. One that has failed is broken, until another is begun.
    fn held(&self, rule: &Rule) -> Proof {
        let mut proof = Proof::default();
        let Some(test) = self.timeline.holds.get(&rule.id) else {
            proof.missing.push(self.place("hold", &rule.id));
            return self.or_waived(rule, proof);
        };
        let seconds = test.lasted().map(|lasted| format!("{} s", lasted.duration.as_secs()));
        let mut evidence = Evidence::by(
            self.place("hold", &rule.id),
            seconds.unwrap_or_default(),
            test.end.as_ref().map_or(&test.start.by, |end| &end.by),
        );
        evidence.entry = Some(test.id);
        // Across a restart nothing but the wall clock is left, which anybody can set: the finding says so, and what is
        // proved is the time that readings within each boot enclose.
        proof.clock_suspect = test.lasted().is_some_and(|lasted| lasted.clock_suspect || lasted.rebooted);
        proof.evidence.push(evidence);
        proof.missing = test.failures();
        proof.violated = !proof.missing.is_empty();
        if test.end.is_none() {
            proof.missing.push(format!("hold.{} runs", rule.id));
        }
        proof
    }

    fn signatures(&self, rule: &Rule, roles: &[String], everyone: Option<&Source>) -> Proof {
        let mut proof = Proof::default();
        for role in roles {
            match self.value_at("signature", role) {
                Some(evidence) => proof.evidence.push(evidence),
                None => proof.missing.push(self.place("signature", role)),
            }
        }
        if let Some(names) = everyone.and_then(|source| self.value(source)) {
            let signed = |name: &str| {
                self.record
                    .signatures
                    .values()
                    .any(|one| roles.contains(&one.role) && one.name.trim() == name)
            };
            let names = names.value.split([';', '；']).map(str::trim).filter(|name| !name.is_empty());
            // The place is named, the person is not: findings travel further than records.
            let missing = names.filter(|name| !signed(name)).count();
            if missing > 0 {
                proof.missing.push(format!("signature.{} of {missing} more", roles.join("|")));
            }
        }
        self.or_waived(rule, proof)
    }
}
