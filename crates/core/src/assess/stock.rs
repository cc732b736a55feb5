//! Parts that have lain too long and must carry a mark.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::finding::{Finding, Status};
use super::proof::{Evidence, Evidences};
use crate::standard::{Check, StockAge};
use crate::{Moment, Stamp, deadline};

/// A part that lies in the store.
struct Lying {
    part: String,
    moved: Stamp,
    /// From when on it must carry the mark.
    due: Timestamp,
    marked: bool,
}

impl Evidences<'_> {
    /// Every part, with its last movement.
    fn lying(&self, age: &StockAge, now: Timestamp) -> Vec<Lying> {
        let mut last: BTreeMap<&str, &Stamp> = BTreeMap::new();
        for at in age.moved.iter().flat_map(|kind| self.timeline.standing(kind)) {
            let Some(part) = at.about.as_deref() else { continue };
            let known = last.entry(part).or_insert(&at.stamp);
            if at.stamp.corrected() > known.corrected() {
                *known = &at.stamp;
            }
        }
        let Some(span) = self.standard.span(&age.idle) else { return Vec::new() };
        let lying = last.into_iter().map(|(part, moved)| {
            let zone = self.record.zone(moved.at);
            let due = deadline::due(moved.corrected(), span, &zone, None, &[], now);
            let marked = self.timeline.standing(&age.mark).any(|mark| {
                mark.about.as_deref() == Some(part) && mark.stamp.corrected() >= moved.corrected()
            });
            Lying { part: part.to_owned(), moved: moved.clone(), due: due.unwrap_or(Timestamp::MAX), marked }
        });
        lying.collect()
    }

    /// When the next part of any store rule must carry a mark.
    pub(super) fn next_mark(&self, now: Timestamp) -> Option<Moment> {
        let rules = self.course.rules().iter().map(|at| &self.standard.pack().rules[*at]);
        let ages = rules.filter_map(|rule| match &rule.check {
            Check::StockAge(age) if rule.disabled.is_none() => Some(age),
            _ => None,
        });
        ages.flat_map(|age| self.lying(age, now))
            .filter(|lying| !lying.marked && lying.due > now)
            .map(|lying| Moment::new(lying.due, lying.moved.at.offset()))
            .min()
    }

    pub(super) fn stock_age(&self, age: &StockAge, now: Timestamp, finding: &mut Finding) {
        finding.status = Status::NotYetDue;
        for lying in self.lying(age, now).into_iter().filter(|lying| lying.due <= now) {
            if lying.marked {
                finding.evidence.push(Evidence {
                    at: Some(lying.moved.at),
                    ..Evidence::plain(format!("event.{}", age.mark), lying.part)
                });
            } else {
                finding.missing.push(format!("event.{} {}", age.mark, lying.part));
            }
        }
        if !finding.missing.is_empty() {
            finding.status = Status::Outstanding;
        } else if !finding.evidence.is_empty() {
            finding.status = Status::Satisfied;
        }
    }
}
