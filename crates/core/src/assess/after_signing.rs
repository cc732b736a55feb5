//! What a record takes after it is signed, without an amendment. Commands ask here before they write, and whoever verifies the
//! record asks again, of the record as the writer knew it.

use jiff::SignedDuration;

use super::proof::Evidences;
use crate::record::Occurrence;
use crate::standard::{Check, Rule};

impl Evidences<'_> {
    /// The duty belongs after the signature, or nobody could go on without it.
    pub(crate) fn takes_after_signing(&self, rule: &Rule) -> bool {
        self.course.signing_event().is_some_and(|signed| self.comes_after(rule, signed))
            || self.still_stops(rule)
    }

    /// Something that has happened since the signature asks for words in this note.
    pub(crate) fn takes_note_after_signing(&self, note: &str) -> bool {
        let Some(signed) = self.course.signing_event() else { return false };
        let place = format!("note.{note}");
        let rules = self.course.rules().iter().map(|at| &self.standard.pack().rules[*at]);
        let mut asking = rules.filter(|rule| match &rule.check {
            Check::Field(field) => field.sources.iter().any(|source| source.0 == place),
            _ => false,
        });
        asking.any(|rule| self.arose_since(rule, signed) || self.still_stops(rule))
    }

    /// The duty begins with the signature, in a later state, or with something that has happened since.
    fn comes_after(&self, rule: &Rule, signed: &str) -> bool {
        let Some(after) = rule.window().and_then(|window| window.after.as_deref()) else { return false };
        self.course.begins_after(after, signed) || self.arose_since(rule, signed)
    }

    /// The duty begins with something special, no step of the course, that has happened since the signature.
    fn arose_since(&self, rule: &Rule, signed: &str) -> bool {
        let Some(after) = rule.window().and_then(|window| window.after.as_deref()) else { return false };
        let since = |at: &Occurrence| {
            let signature = self.timeline.first(signed);
            signature
                .is_some_and(|signature| signature.stamp.until(&at.stamp).duration >= SignedDuration::ZERO)
        };
        after != signed
            && self.course.rank_of_event(after).is_none()
            && self.timeline.standing(after).any(since)
    }

    /// The duty has not been done and stops an event that has not happened. Giving it changes nothing that was signed, and
    /// without it nobody could go on.
    fn still_stops(&self, rule: &Rule) -> bool {
        let happened = |event: &String| self.timeline.happened(event);
        let stops = rule.window().is_some_and(|window| window.blocks.iter().any(|event| !happened(event)));
        stops && !self.proof(rule).done()
    }
}
