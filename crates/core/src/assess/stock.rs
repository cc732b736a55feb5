//! Parts that have lain too long and must carry a mark.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::finding::{Finding, Status};
use super::proof::{Evidence, Evidences};
use crate::standard::StockAge;
use crate::{Stamp, deadline};

impl Evidences<'_> {
    /// Parts that have lain too long, each with its last movement; `true`: it carries the mark.
    fn aged(&self, age: &StockAge, now: Timestamp) -> Vec<(String, Stamp, bool)> {
        let mut last: BTreeMap<&str, &Stamp> = BTreeMap::new();
        for at in age.moved.iter().flat_map(|kind| self.timeline.standing(kind)) {
            let Some(part) = at.about.as_deref() else { continue };
            let known = last.entry(part).or_insert(&at.stamp);
            if at.stamp.corrected() > known.corrected() {
                *known = &at.stamp;
            }
        }
        let Some(span) = self.standard.span(&age.idle) else { return Vec::new() };
        let mut aged = Vec::new();
        for (part, moved) in last {
            let zone = self.record.zone(moved.at);
            let due = deadline::due(moved.corrected(), span, &zone, None, &[], now);
            if due.is_none_or(|due| due > now) {
                continue;
            }
            let marked = self.timeline.standing(&age.mark).any(|mark| {
                mark.about.as_deref() == Some(part) && mark.stamp.corrected() >= moved.corrected()
            });
            aged.push((part.to_owned(), moved.clone(), marked));
        }
        aged
    }

    pub(super) fn stock_age(&self, age: &StockAge, now: Timestamp, finding: &mut Finding) {
        finding.status = Status::NotYetDue;
        for (part, moved, marked) in self.aged(age, now) {
            if marked {
                finding.evidence.push(Evidence {
                    at: Some(moved.at),
                    ..Evidence::plain(format!("event.{}", age.mark), part)
                });
            } else {
                finding.missing.push(format!("event.{} {part}", age.mark));
            }
        }
        if !finding.missing.is_empty() {
            finding.status = Status::Outstanding;
        } else if !finding.evidence.is_empty() {
            finding.status = Status::Satisfied;
        }
    }
}
