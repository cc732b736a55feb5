//! What stands at a place of the record.

use super::proof::{Evidence, Evidences};
use crate::Stamp;
use crate::record::{Answer, AnswerValue, DocumentFile, Measurement, Record};
use crate::standard::{Side, Source};

impl Evidences<'_> {
    pub(super) fn evidence_of(&self, source: String, answer: &Answer) -> Evidence {
        Evidence {
            source,
            value: if self.lean { String::new() } else { words(&answer.value) },
            at: Some(answer.given().stamp.at),
            person: Some(self.words(&answer.given().person)),
            stamp: Some(answer.given().stamp.clone()),
            entry: None,
        }
    }

    /// The value that stands at a source. `None`: nothing does.
    pub(crate) fn value(&self, source: &Source) -> Option<Evidence> {
        let (root, name) = source.parts();
        self.value_at(root, name)
    }

    pub(super) fn value_at(&self, root: &str, name: &str) -> Option<Evidence> {
        let record = self.record;
        let plain = |value: &String| Evidence::plain(self.place(root, name), self.words(value));
        let stamped = |value: &str, stamp: &Stamp, person: &str| Evidence {
            source: self.place(root, name),
            value: self.words(value),
            at: Some(stamp.at),
            person: Some(self.words(person)),
            stamp: Some(stamp.clone()),
            entry: None,
        };
        match root {
            "order" => record.order.get(name).filter(|text| !text.trim().is_empty()).map(plain),
            "note" => record.notes.get(name).filter(|text| !text.trim().is_empty()).map(plain),
            "event" => self.timeline.first(name).map(|at| {
                let note =
                    at.id.and_then(|id| record.events.get(&id)).and_then(|(_, event)| event.note.as_deref());
                stamped(note.unwrap_or_default(), &at.stamp, &at.person)
            }),
            "answer" => self.attachment(root, name).or_else(|| {
                let answer = record.answer(self.standard, name)?;
                Some(self.evidence_of(self.place(root, name), answer))
            }),
            "signature" => record
                .signatures
                .values()
                .filter(|signature| signature.role == name)
                .min_by_key(|signature| signature.by.stamp.corrected())
                .map(|signature| stamped(&signature.name, &signature.by.stamp, &signature.by.person)),
            "survey" => {
                let rating = record.rating.as_ref()?;
                let value = if name == "rating" { Some(&rating.level) } else { rating.words.as_ref() };
                value.map(|value| stamped(value, &rating.given().stamp, &rating.given().person))
            }
            "assignment" => {
                let assignment = record.assignment.as_ref()?;
                let value = match name {
                    "crew" => assignment.crew.join(", "),
                    "start" => assignment.start.to_string(),
                    "end" => assignment.end.to_string(),
                    _ => assignment.tools.join(", "),
                };
                (!value.is_empty()).then(|| stamped(&value, &assignment.by.stamp, &assignment.by.person))
            }
            "measure" => latest(record, name).map(|latest| {
                let value = format!("{} {}", latest.value, latest.unit);
                Evidence::by(self.place(root, name), value, &latest.by)
            }),
            "parts" => {
                let parts: Vec<String> = record
                    .parts
                    .values()
                    .map(|part| format!("{} × {}", part.quantity, part.number))
                    .collect();
                (!parts.is_empty()).then(|| plain(&parts.join(", ")))
            }
            "photos" => (!record.photos.is_empty()).then(|| plain(&record.photos.len().to_string())),
            _ => None,
        }
    }

    /// The documents that were attached to an item, by time. Only the field attaches; to an item of the office they do not
    /// count.
    pub(crate) fn attached(&self, item: &str) -> Vec<&DocumentFile> {
        if self.record.documents.is_empty() {
            return Vec::new();
        }
        let side = self.standard.rule(item).and_then(|rule| self.standard.side_of(&self.record.job, rule));
        if side != Some(Side::Field) {
            return Vec::new();
        }
        let all = self.record.documents.iter();
        let mut files: Vec<_> = all.filter(|(_, file)| file.item.as_deref() == Some(item)).collect();
        files.sort_by_key(|(id, file)| (file.by.stamp.corrected(), **id));
        files.into_iter().map(|(_, file)| file).collect()
    }

    /// The names of the documents that were attached to an item, with the time of the first.
    fn attachment(&self, root: &str, item: &str) -> Option<Evidence> {
        let files = self.attached(item);
        let first = files.first()?;
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        Some(Evidence::by(self.place(root, item), self.words(&names.join(", ")), &first.by))
    }
}

/// The latest measurement of a quantity, by corrected time.
pub(super) fn latest<'a>(record: &'a Record, quantity: &str) -> Option<&'a Measurement> {
    let measured = record.measures.iter().filter(|(_, measurement)| measurement.quantity == quantity);
    measured
        .max_by_key(|(id, measurement)| (measurement.by.stamp.corrected(), **id))
        .map(|(_, latest)| latest)
}

/// An answer in plain words.
pub(crate) fn words(value: &AnswerValue) -> String {
    match value {
        AnswerValue::Yes(true) => "yes".to_owned(),
        AnswerValue::Yes(false) => "no".to_owned(),
        AnswerValue::Choice(text) | AnswerValue::Text(text) | AnswerValue::Waived(text) => text.clone(),
        AnswerValue::Several(chosen) => chosen.join(", "),
        AnswerValue::Time(moment) => moment.to_string(),
    }
}
