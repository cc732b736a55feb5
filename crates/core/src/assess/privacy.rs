//! Personal data that may not stand in a record.

use super::finding::{Finding, Status};
use super::proof::Evidences;
use crate::record::AnswerValue;
use crate::standard::PersonalPattern;

impl Evidences<'_> {
    pub(super) fn privacy(&self, forbid: &[PersonalPattern], finding: &mut Finding) {
        if !forbid.contains(&PersonalPattern::IdentityDocumentNumber) {
            return;
        }
        for (place, text) in self.free_texts() {
            if holds_identity_number(text) {
                // The place is named, the number is not repeated.
                finding.missing.push(format!("identity-document-number in {place}"));
                finding.status = Status::Violated;
            }
        }
    }

    /// Every text that a person wrote freely, with its place.
    fn free_texts(&self) -> impl Iterator<Item = (String, &str)> {
        let record = self.record;
        let notes = record.notes.iter().map(|(id, text)| (format!("note.{id}"), text.as_str()));
        let order = record.order.iter().map(|(id, text)| (format!("order.{id}"), text.as_str()));
        let events = record.events.values().filter_map(|(_, event)| {
            event.note.as_deref().map(|text| (format!("event.{}", event.kind), text))
        });
        let answers = record.answers.iter().chain(&record.office_answers).filter_map(|(rule, answer)| {
            match &answer.value {
                AnswerValue::Text(text) | AnswerValue::Waived(text) => {
                    Some((format!("answer.{rule}"), text.as_str()))
                }
                _ => None,
            }
        });
        let words = record.rating.iter().filter_map(|rating| rating.words.as_deref());
        let captions = record.photos.values().filter_map(|photo| photo.caption.as_deref());
        let documents = record.documents.values().map(|file| file.name.as_str());
        let parts = record.parts.values().filter_map(|part| part.name.as_deref());
        let messages = record.talk.values().map(|message| message.words.as_str());
        let attested = record.attestations.iter().flat_map(|(phase, attestation)| {
            attestation.exceptions.iter().map(move |said| (format!("attested.{phase}"), said.reason.as_str()))
        });
        notes
            .chain(order)
            .chain(events)
            .chain(answers)
            .chain(attested)
            .chain(words.map(|text| ("survey.words".to_owned(), text)))
            .chain(captions.map(|text| ("photos".to_owned(), text)))
            .chain(documents.map(|text| ("documents".to_owned(), text)))
            .chain(parts.map(|text| ("parts".to_owned(), text)))
            .chain(messages.map(|text| ("talk".to_owned(), text)))
    }
}

/// Whether a text holds an identity-document number: 17 digits and a check character that fits (GB 11643).
fn holds_identity_number(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: &[u8; 11] = b"10X98765432";
    let bytes = text.as_bytes();
    bytes.windows(18).enumerate().any(|(at, window)| {
        let alone = (at == 0 || !bytes[at - 1].is_ascii_digit())
            && bytes.get(at + 18).is_none_or(|next| !next.is_ascii_digit());
        let digits = &window[..17];
        alone && digits.iter().all(u8::is_ascii_digit) && {
            let sum: u32 =
                digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
            CHECK[(sum % 11) as usize] == window[17].to_ascii_uppercase()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::holds_identity_number;

    #[test]
    fn identity_numbers_are_known_by_their_check_character() {
        // The specimen number printed in GB 11643-1999.
        assert!(holds_identity_number("ID 11010519491231002X."));
        assert!(!holds_identity_number("ID 110105194912310021."));
        assert!(!holds_identity_number("serial 911010519491231002X"), "part of a longer number");
        assert!(!holds_identity_number("客户电话 13800000000"));
    }
}
