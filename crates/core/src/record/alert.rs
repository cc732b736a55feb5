//! Alerts: a person in danger calls the office. They stand in the record as events and are never stopped by a rule.

use serde::{Deserialize, Serialize};

use super::entry::{EntryId, Event};
use super::view::Record;
use crate::Moment;
use crate::standard::Side;

/// The event of an alert.
pub(crate) const RAISED: &str = "alert-raised";
/// The event of the office's answer to it; it is about the alert's id.
pub(crate) const ACKNOWLEDGED: &str = "alert-acknowledged";

/// A place on the earth, as a phone gives it. Personal data of whoever is there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    /// Degrees north, -90 to 90 (WGS 84).
    pub latitude: f64,
    /// Degrees east, -180 to 180 (WGS 84).
    pub longitude: f64,
    /// How exact it is, in metres; none: the phone does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
}

impl std::fmt::Display for Spot {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:.6}, {:.6}", self.latitude, self.longitude)
    }
}

impl Spot {
    /// What is wrong with it, if anything: never the place itself.
    pub(crate) fn fault(&self) -> Option<(&'static str, &'static str)> {
        if !(-90.0..=90.0).contains(&self.latitude) {
            Some(("place.latitude", "must lie between -90 and 90 degrees"))
        } else if !(-180.0..=180.0).contains(&self.longitude) {
            Some(("place.longitude", "must lie between -180 and 180 degrees"))
        } else if self.accuracy_m.is_some_and(|metres| !(0.0..=MAX_ACCURACY_M).contains(&metres)) {
            Some(("place.accuracy_m", "must be 0 to 100000 metres"))
        } else {
            None
        }
    }

    pub(crate) fn write(&self, event: &mut Event) {
        event.facts.insert("latitude".to_owned(), self.latitude.to_string());
        event.facts.insert("longitude".to_owned(), self.longitude.to_string());
        if let Some(metres) = self.accuracy_m {
            event.facts.insert("accuracy_m".to_owned(), metres.to_string());
        }
    }

    /// Whether there is such a place.
    pub fn exists(&self) -> bool {
        self.fault().is_none()
    }

    fn read(event: &Event) -> Option<Self> {
        let number = |name: &str| event.facts.get(name)?.parse::<f64>().ok();
        let spot = Self {
            latitude: number("latitude")?,
            longitude: number("longitude")?,
            accuracy_m: number("accuracy_m"),
        };
        spot.fault().is_none().then_some(spot)
    }
}

/// Largest radius within which a phone may place somebody, in metres.
const MAX_ACCURACY_M: f64 = 100_000.0;

/// The office's answer to an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Person id.
    pub person: String,
    /// When.
    pub at: Moment,
    /// The office's words.
    pub words: Option<String>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Key of its event: what an acknowledgement names.
    pub id: EntryId,
    /// The special situation, an id of the pack; none: nothing is said of it.
    pub situation: Option<String>,
    /// Who raised it.
    pub person: String,
    /// When, by the device's clock.
    pub at: Moment,
    /// The person's words. Personal.
    pub words: Option<String>,
    /// Where the person was. Personal.
    pub place: Option<Spot>,
    /// The first answer of the office.
    pub acknowledged: Option<Acknowledged>,
}

/// The alerts of a record, earliest first.
pub fn alerts(record: &Record) -> Vec<Alert> {
    let of = |side: Side, kind: &'static str| {
        record.events.iter().filter(move |(_, (by, event))| *by == side && event.kind == kind)
    };
    let mut alerts: Vec<_> = of(Side::Field, RAISED)
        .map(|(id, (_, event))| {
            let key = id.to_string();
            let answers = of(Side::Office, ACKNOWLEDGED)
                .filter(|(_, (_, answer))| answer.about.as_deref() == Some(key.as_str()));
            let first = answers.min_by_key(|(id, (_, answer))| (answer.by.stamp.corrected(), **id));
            let alert = Alert {
                id: *id,
                situation: event.about.clone(),
                person: event.by.person.clone(),
                at: event.by.stamp.at,
                words: event.note.clone(),
                place: Spot::read(event),
                acknowledged: first.map(|(_, (_, answer))| Acknowledged {
                    person: answer.by.person.clone(),
                    at: answer.by.stamp.at,
                    words: answer.note.clone(),
                }),
            };
            (event.by.stamp.corrected(), alert)
        })
        .collect();
    alerts.sort_by_key(|(at, alert)| (*at, alert.id));
    alerts.into_iter().map(|(_, alert)| alert).collect()
}
