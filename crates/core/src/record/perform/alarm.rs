//! Alerts and the office's answer to them.

use super::values::{invalid, limit_option};
use super::{Plan, Planned};
use crate::record::alert::{ACKNOWLEDGED, RAISED, Spot, alerts};
use crate::record::entry::EntryId;
use crate::record::limits::MAX_WORDS_CHARS;
use crate::standard::Side;

impl Plan<'_> {
    /// Whoever calls for help is asked for nothing: neither the state nor a gate is looked at.
    pub(super) fn alert(
        &self,
        situation: Option<&str>,
        words: Option<&str>,
        place: Option<&Spot>,
    ) -> Planned {
        self.side(Side::Field)?;
        limit_option("words", words, MAX_WORDS_CHARS)?;
        if let Some((field, reason)) = place.and_then(Spot::fault) {
            return Err(invalid(field, reason));
        }
        if let Some(id) = situation {
            let with_alert = self.course.situations().iter().map(|at| &self.standard.pack().situations[*at]);
            let known: Vec<&str> =
                with_alert.filter(|one| one.alert.is_some()).map(|one| one.id.as_str()).collect();
            if !known.contains(&id) {
                let known = if known.is_empty() { "none has".to_owned() } else { known.join(", ") };
                let reason = format!("the standard has no alert for it; situations with one: {known}");
                return Err(invalid("situation", &reason));
            }
        }
        self.step(RAISED, |event| {
            event.about = situation.map(ToOwned::to_owned);
            event.note = words.map(ToOwned::to_owned);
            if let Some(place) = place {
                place.write(event);
            }
        })
    }

    pub(super) fn acknowledge(&self, alert: &EntryId, words: Option<&str>) -> Planned {
        self.side(Side::Office)?;
        limit_option("words", words, MAX_WORDS_CHARS)?;
        if !alerts(self.record).iter().any(|known| known.id == *alert) {
            return Err(invalid("alert", "there is no such alert in this record"));
        }
        self.step(ACKNOWLEDGED, |event| {
            event.about = Some(alert.to_string());
            event.note = words.map(ToOwned::to_owned);
        })
    }
}
