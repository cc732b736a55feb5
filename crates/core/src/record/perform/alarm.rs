//! What no state and no gate of a standard stops: alerts, the office's answer to them, and passing a visit on.

use super::values::{invalid, limit_option, limit_words};
use super::{Plan, Planned};
use crate::record::alert::{ACKNOWLEDGED, RAISED, Spot, alerts};
use crate::record::entry::EntryId;
use crate::record::limits::{MAX_CREW, MAX_NAME_CHARS, MAX_WORDS_CHARS};
use crate::record::passed_on::{PASSED_ON, TO};
use crate::standard::{Kind, Side};

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

    /// Whoever works on a visit may pass it on, in any state: the work is where he is, and he may have to leave it.
    pub(super) fn pass_on(&self, to: &str) -> Planned {
        self.side(Side::Field)?;
        limit_words("to", to, MAX_NAME_CHARS)?;
        if self.record.kind != Kind::Visit {
            return Err(invalid("to", "a shift is one person's; only visits are passed on"));
        }
        if to == self.context.actor.person {
            return Err(invalid("to", "must be another technician"));
        }
        if self.record.workers().len() >= MAX_CREW {
            return Err(invalid("to", &format!("at most {MAX_CREW} technicians work on one visit")));
        }
        self.step(PASSED_ON, |event| {
            event.facts.insert(TO.to_owned(), to.to_owned());
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
