//! Entries: answers, measurements, notes, parts, photos, the rating, signatures, attestations, and settling conflicts.

use sha2::{Digest, Sha256};

use super::values::{check_value, invalid, is_sha256, limit_option, limit_words, need};
use super::{Plan, Planned};
use crate::record::command::{NoteEdit, OldPart, ResolveTarget, SurveyAnswer};
use crate::record::containers::Place;
use crate::record::entry::{
    Answer, AnswerValue, Assignment, Attestation, Exception, Measurement, PartUsed, Photo, Rating, Signature,
};
use crate::record::error::Refusal;
use crate::record::limits::{MAX_NAME_CHARS, MAX_NOTE_CHARS, MAX_QUANTITY, MAX_WORDS_CHARS};
use crate::record::state::{self};
use crate::record::write::{Entry, Write};
use crate::standard::{Ask, Side};

impl Plan<'_> {
    pub(super) fn answer(&self, item: &str, value: &AnswerValue) -> Planned {
        let rule = self.rule("item", item)?;
        let Some(ask) = rule.ask() else {
            return Err(invalid(
                "item",
                "the rule is no checklist item; see `jobsheet next` for what it asks",
            ));
        };
        let side = self.standard.side_of(rule);
        if side != self.context.actor.side {
            let reason = format!("the item is answered by the role `{}`", rule.role);
            return Err(Refusal::Forbidden { reason, rule: Some(Box::new(need(rule))) });
        }
        self.unsealed(Some(rule))?;
        check_value(rule, ask, value)?;
        // Saying the same again, once it is too late to say it, does not make late what was in time.
        let same = self.record.answers.get(&rule.id).filter(|before| before.value == *value);
        let late = rule.window().is_some_and(|window| self.evidences.passed(window));
        let first = same.filter(|_| late).map(|before| Box::new(before.given().clone()));
        let entry = Entry::Answer(Answer { value: value.clone(), by: self.by(), first });
        Ok(vec![Write::Put { place: Place::answers(side), key: rule.id.clone(), entry }])
    }

    pub(super) fn measure(
        &self,
        quantity: &str,
        value: f64,
        unit: &str,
        instrument: Option<&str>,
    ) -> Planned {
        self.side(Side::Field)?;
        let Some(known) = self.standard.pack().quantities.iter().find(|known| known.id == quantity) else {
            return Err(invalid("quantity", "the standard has no such quantity"));
        };
        let rule = self.standard.rule(&known.rule);
        self.unsealed(rule)?;
        limit_option("instrument", instrument, MAX_NAME_CHARS)?;
        let wrong = |field: &str, reason: String| {
            Err(Refusal::Invalid { field: field.to_owned(), reason, rule: rule.map(need).map(Box::new) })
        };
        if unit != known.unit {
            return wrong("unit", format!("must be {}", known.unit));
        }
        if !(known.min..=known.max).contains(&value) {
            return wrong(
                "value",
                format!("must lie between {} and {} {}", known.min, known.max, known.unit),
            );
        }
        let entry = Entry::Measurement(Measurement {
            quantity: quantity.to_owned(),
            value,
            unit: unit.to_owned(),
            instrument: instrument.map(ToOwned::to_owned),
            by: self.by(),
        });
        Ok(vec![self.append(Place::Measures, entry)])
    }

    pub(super) fn note(&self, note: &str, edit: &NoteEdit) -> Planned {
        self.side(Side::Field)?;
        self.unsealed(None)?;
        let Some(text) = self.record.notes.get(note) else {
            return Err(invalid("note", "the standard has no such note"));
        };
        let length = text.chars().count();
        let (at, delete, insert) = match edit {
            NoteEdit::Append(words) => (length, 0, words),
            NoteEdit::Splice { at, delete, insert } => (*at, *delete, insert),
        };
        if at > length || delete > length - at {
            return Err(invalid(
                "edit",
                &format!("reaches past the end of the note, which has {length} characters"),
            ));
        }
        if length - delete + insert.chars().take(MAX_NOTE_CHARS + 1).count() > MAX_NOTE_CHARS {
            return Err(invalid(
                "edit",
                &format!("a note holds at most {MAX_NOTE_CHARS} characters; attach a document instead"),
            ));
        }
        if delete == 0 && insert.is_empty() {
            return Err(invalid("edit", "changes nothing"));
        }
        Ok(vec![Write::Splice { note: note.to_owned(), at, delete, insert: insert.clone() }])
    }

    pub(super) fn part(
        &self,
        number: &str,
        name: Option<&str>,
        quantity: u32,
        serial: Option<&str>,
        replaces: Option<&OldPart>,
    ) -> Planned {
        self.side(Side::Field)?;
        self.unsealed(None)?;
        limit_words("number", number, MAX_NAME_CHARS)?;
        limit_option("name", name, MAX_NAME_CHARS)?;
        limit_option("serial", serial, MAX_NAME_CHARS)?;
        limit_option("replaces.serial", replaces.and_then(|old| old.serial.as_deref()), MAX_NAME_CHARS)?;
        if quantity == 0 || quantity > MAX_QUANTITY {
            return Err(invalid("quantity", &format!("must be 1 to {MAX_QUANTITY}")));
        }
        let entry = Entry::Part(PartUsed {
            number: number.to_owned(),
            name: name.map(ToOwned::to_owned),
            quantity,
            serial: serial.map(ToOwned::to_owned),
            replaces: replaces.cloned(),
            by: self.by(),
        });
        Ok(vec![self.append(Place::Parts, entry)])
    }

    pub(super) fn photo(
        &self,
        sha256: &str,
        size: u64,
        media_type: &str,
        item: Option<&str>,
        moment: Option<&str>,
        caption: Option<&str>,
    ) -> Planned {
        self.side(Side::Field)?;
        let rule = item.map(|item| self.rule("item", item)).transpose()?;
        self.unsealed(rule)?;
        is_sha256("sha256", sha256)?;
        if size == 0 {
            return Err(invalid("size", "an empty file is no photo"));
        }
        let typed = media_type.split_once('/').is_some_and(|(kind, sub)| !kind.is_empty() && !sub.is_empty());
        if !typed {
            return Err(invalid("media_type", "must be a media type such as image/jpeg"));
        }
        limit_words("media_type", media_type, MAX_NAME_CHARS)?;
        limit_option("moment", moment, MAX_NAME_CHARS)?;
        limit_option("caption", caption, MAX_WORDS_CHARS)?;
        if let Some(rule) = rule {
            let Some(Ask::Photo { moments }) = rule.ask() else {
                return Err(Refusal::Invalid {
                    field: "item".to_owned(),
                    reason: "the item does not ask for a photo".to_owned(),
                    rule: Some(Box::new(need(rule))),
                });
            };
            if !moments.is_empty()
                && !moment.is_some_and(|moment| moments.iter().any(|known| known == moment))
            {
                return Err(Refusal::Invalid {
                    field: "moment".to_owned(),
                    reason: format!("must be one of {}", moments.join(", ")),
                    rule: Some(Box::new(need(rule))),
                });
            }
        }
        let entry = Entry::Photo(Photo {
            sha256: sha256.to_owned(),
            size,
            media_type: media_type.to_owned(),
            item: item.map(ToOwned::to_owned),
            moment: moment.map(ToOwned::to_owned),
            caption: caption.map(ToOwned::to_owned),
            by: self.by(),
        });
        Ok(vec![self.append(Place::Photos, entry)])
    }

    pub(super) fn survey(&self, answer: &SurveyAnswer) -> Planned {
        self.side(Side::Field)?;
        let survey = &self.standard.pack().survey;
        self.unsealed(self.standard.rule(&survey.rule))?;
        if !survey.levels.iter().any(|level| level.id == answer.level) {
            let levels: Vec<&str> = survey.levels.iter().map(|level| level.id.as_str()).collect();
            return Err(Refusal::Invalid {
                field: "level".to_owned(),
                reason: format!("must be one of {}", levels.join(", ")),
                rule: self.standard.rule(&survey.rule).map(need).map(Box::new),
            });
        }
        limit_option("words", answer.words.as_deref(), MAX_WORDS_CHARS)?;
        let entry = Entry::Rating(Rating {
            level: answer.level.clone(),
            words: answer.words.clone(),
            by: self.by(),
            first: None,
        });
        Ok(vec![Write::Put { place: Place::Survey, key: "rating".to_owned(), entry }])
    }

    pub(super) fn sign(&self, role: &str, name: &str, image_sha256: Option<&str>) -> Planned {
        self.side(Side::Field)?;
        let signing = &self.standard.pack().signing;
        let rule = self.standard.rule(&signing.rule).map(need).map(Box::new);
        if !signing.signers.iter().chain(&signing.also).any(|signer| signer == role) {
            let roles: Vec<&str> = signing.signers.iter().chain(&signing.also).map(String::as_str).collect();
            let reason = format!("must be one of {}", roles.join(", "));
            return Err(Refusal::Invalid { field: "role".to_owned(), reason, rule });
        }
        limit_words("name", name, MAX_NAME_CHARS)?;
        if let Some(image) = image_sha256 {
            is_sha256("image_sha256", image)?;
        }
        if self.record.signatures.values().any(|signature| signature.role == role) {
            return Err(Refusal::Sealed { rule });
        }
        let finished = self.evidences.timeline.happened("work-finished");
        let parked = self.state.side.is_some_and(|side| side != state::SideState::Paused);
        if !finished && !parked {
            let states = &self.standard.pack().states;
            let from = states.iter().position(|state| state.event == "work-finished").unwrap_or(0);
            let allowed = states.iter().skip(from).map(|state| state.id.clone()).collect();
            return Err(self.wrong_state("sign", allowed, rule));
        }
        if signing.signers.iter().any(|signer| signer == role) {
            self.gate(&signing.event)?;
        }
        // Plain data with string keys: canonical JSON can not fail on it.
        let canonical = serde_json_canonicalizer::to_vec(self.record).unwrap_or_default();
        let entry = Entry::Signature(Signature {
            role: role.to_owned(),
            name: name.to_owned(),
            image_sha256: image_sha256.map(ToOwned::to_owned),
            heads: self.heads.to_vec(),
            record_sha256: crate::hex(&Sha256::digest(&canonical)),
            by: self.by(),
        });
        Ok(vec![self.append(Place::Signatures, entry)])
    }

    pub(super) fn attest(&self, phase: &str, exceptions: &[Exception]) -> Planned {
        self.side(Side::Field)?;
        if !self.standard.pack().phases.iter().any(|known| known.id == phase) {
            return Err(invalid("phase", "the standard has no such phase"));
        }
        for exception in exceptions {
            let rule = self.rule("exceptions", &exception.rule)?;
            if rule.phase != phase {
                return Err(invalid("exceptions", "names a rule of another phase"));
            }
            limit_words("exceptions.reason", &exception.reason, MAX_WORDS_CHARS)?;
        }
        let entry = Entry::Attestation(Attestation { exceptions: exceptions.to_vec(), by: self.by() });
        Ok(vec![Write::Put { place: Place::Attested, key: phase.to_owned(), entry }])
    }

    pub(super) fn resolve(&self, target: &ResolveTarget, version: usize) -> Planned {
        let Some(conflict) = self.record.conflicts.iter().find(|conflict| conflict.target == *target) else {
            return Err(invalid("target", "there is no conflict here"));
        };
        let Some(chosen) = conflict.versions.get(version) else {
            return Err(invalid(
                "version",
                &format!("there are versions 0 to {}", conflict.versions.len() - 1),
            ));
        };
        let value = chosen.value.clone();
        let unreadable =
            |_| invalid("version", "this version was written by a newer app; update the app to settle it");
        let (place, key, entry) = match target {
            ResolveTarget::Answer(item) => {
                let mut answer: Answer = serde_json::from_value(value).map_err(unreadable)?;
                answer.first = Some(Box::new(answer.given().clone()));
                answer.by = self.by();
                let side = self.standard.rule(item).map_or(Side::Field, |rule| self.standard.side_of(rule));
                self.side(side)?;
                (Place::answers(side), item.clone(), Entry::Answer(answer))
            }
            ResolveTarget::Survey => {
                self.side(Side::Field)?;
                let mut rating: Rating = serde_json::from_value(value).map_err(unreadable)?;
                rating.first = Some(Box::new(rating.given().clone()));
                rating.by = self.by();
                (Place::Survey, "rating".to_owned(), Entry::Rating(rating))
            }
            ResolveTarget::Attestation(phase) => {
                self.side(Side::Field)?;
                let mut attestation: Attestation = serde_json::from_value(value).map_err(unreadable)?;
                attestation.by = self.by();
                (Place::Attested, phase.clone(), Entry::Attestation(attestation))
            }
            ResolveTarget::Assignment => {
                self.side(Side::Office)?;
                let mut assignment: Assignment = serde_json::from_value(value).map_err(unreadable)?;
                assignment.by = self.by();
                (Place::Office, "assignment".to_owned(), Entry::Assignment(assignment))
            }
        };
        Ok(vec![Write::Put { place, key, entry }])
    }
}
