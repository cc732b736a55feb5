//! Whether the instruments from which values were read had been calibrated, and not too long ago.

use jiff::civil::Date;

use super::proof::{Evidence, Evidences, Proof};
use super::value::latest;
use crate::record::Measurement;
use crate::standard::{Ask, Calibrated, Check};

impl Evidences<'_> {
    /// The latest value of each quantity, in a series every one. Where nothing has been measured the rule says nothing.
    pub(super) fn calibrated(&self, calibrated: &Calibrated) -> Proof {
        let mut proof = Proof::default();
        for quantity in &calibrated.quantities {
            let values: Vec<&Measurement> = if self.is_series(quantity) {
                self.record.measures.values().filter(|value| value.quantity == *quantity).collect()
            } else {
                latest(self.record, quantity).into_iter().collect()
            };
            for value in values {
                self.instrument(value, calibrated, &mut proof);
            }
        }
        proof.moot = proof.evidence.is_empty() && proof.missing.is_empty();
        proof
    }

    fn instrument(&self, value: &Measurement, calibrated: &Calibrated, proof: &mut Proof) {
        let place = format!("measure.{}", value.quantity);
        let name = value.instrument.as_deref().unwrap_or_default();
        let Some(calibration) = value.calibration else {
            proof.missing.push(format!("{place} calibration {name}").trim_end().to_owned());
            return;
        };
        let day = value.by.stamp.at.day();
        let last = match &calibrated.within {
            Some(within) => self.last_day(calibration.on, within),
            None => calibration.due,
        };
        // The label's own due date holds as well: the earlier of the two counts.
        let last = [last, calibration.due].into_iter().flatten().min();
        if let Some(last) = last.filter(|last| day > *last) {
            proof.violated = true;
            proof.missing.push(format!("{place} calibration {name} over since {last}"));
            return;
        }
        let said = format!("{name} {}", calibration.on);
        proof.evidence.push(Evidence::by(
            self.place("measure", &value.quantity),
            self.words(&said),
            &value.by,
        ));
    }

    /// The last day on which a calibration counts.
    fn last_day(&self, on: Date, within: &str) -> Option<Date> {
        self.standard.span(within).and_then(|span| span.after(on))
    }

    fn is_series(&self, quantity: &str) -> bool {
        let rules = self.course.rules().iter().map(|at| &self.standard.pack().rules[*at]);
        let mut asking = rules.filter_map(|rule| match &rule.check {
            Check::Item(item) => Some(&item.ask),
            _ => None,
        });
        asking.any(|ask| matches!(ask, Ask::Series { quantity: of, .. } if of == quantity))
    }
}
