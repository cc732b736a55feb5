//! How long repairs are free of charge: calendar months from a date that stands in the record, and the earliest of several.

use jiff::civil::Date;
use serde::Serialize;

use super::proof::Evidences;
use crate::Text;
use crate::deadline::span_end;
use crate::standard::{Check, Rule, Source, Warranty};

/// What a warranty rule says about a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WarrantyStatus {
    /// Rule id.
    pub rule: String,
    /// Clause of the standard.
    pub clause: String,
    /// What it says.
    pub text: Text,
    /// First day.
    pub from: Option<Date>,
    /// Last day on which repairs are free; none: a date is missing.
    pub until: Option<Date>,
    /// The rule whose span ends first, where several are compared.
    pub ended_by: Option<String>,
    /// Places in the record whose date is missing.
    pub missing: Vec<String>,
    /// The matter was received on or before the last day; none: it can not be said.
    pub covered: Option<bool>,
}

impl Evidences<'_> {
    /// Every warranty rule that speaks of dates.
    pub(crate) fn warranties(&self) -> Vec<WarrantyStatus> {
        let rules = self.course.rules().iter();
        rules
            .filter(|at| self.standard.pack().rules[**at].disabled.is_none() && self.applies(**at))
            .map(|at| &self.standard.pack().rules[*at])
            .filter_map(|rule| match &rule.check {
                Check::Warranty(warranty) if warranty.terms.is_none() => Some(self.warranty(rule, warranty)),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn warranty(&self, rule: &Rule, warranty: &Warranty) -> WarrantyStatus {
        let mut missing = Vec::new();
        let (mut from, mut until, mut ended_by) = (None, None, None);
        if let (Some(source), Some(lasts)) = (&warranty.from, &warranty.lasts) {
            from = self.date(source);
            until = from.and_then(|from| span_end(from, self.standard.span(lasts)?));
            if from.is_none() {
                missing.push(source.0.clone());
            }
        }
        for other in warranty.earliest_of.iter().filter_map(|id| self.standard.rule(id)) {
            // The linter admits no circle.
            let Check::Warranty(span) = &other.check else { continue };
            let status = self.warranty(other, span);
            missing.extend(status.missing);
            if let Some(end) = status.until
                && until.is_none_or(|known| end < known)
            {
                (from, until, ended_by) = (status.from, Some(end), Some(other.id.clone()));
            }
        }
        // The matter is judged by the day on which it reached the company, at the place of service.
        let opening = self.course.flow().opening.first();
        let received = opening.and_then(|event| self.timeline.first(event)).map(|at| at.stamp.at);
        let received = received.map(|at| self.record.zone(at).to_datetime(at.instant()).date());
        let known = if missing.is_empty() || until < received { until.zip(received) } else { None };
        WarrantyStatus {
            rule: rule.id.clone(),
            clause: rule.clause.clone(),
            text: rule.text.clone(),
            from,
            until,
            ended_by,
            missing,
            covered: known.map(|(until, received)| received <= until),
        }
    }

    fn date(&self, source: &Source) -> Option<Date> {
        let (root, name) = source.parts();
        match root {
            "order" => {
                let text = self.record.order.get(name)?.trim();
                text.parse::<Date>().ok().or_else(|| {
                    let moment: crate::Moment = text.parse().ok()?;
                    Some(self.record.zone(moment).to_datetime(moment.instant()).date())
                })
            }
            "event" => {
                let at = self.timeline.first(name)?.stamp.at;
                Some(self.record.zone(at).to_datetime(at.instant()).date())
            }
            _ => None,
        }
    }
}
