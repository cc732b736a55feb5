//! Entries: answers, measurements, notes, parts, photos, the rating, signatures, attestations, and settling conflicts.

use sha2::{Digest, Sha256};

use super::register::order_field;
use super::values::{check_value, invalid, is_sha256, limit_option, limit_words, need};
use super::{Plan, Planned};
use crate::record::command::{NoteEdit, OldPart, ResolveTarget, SurveyAnswer};
use crate::record::containers::Place;
use crate::record::entry::{
    Answer, AnswerValue, Assignment, Attestation, Exception, Measurement, PartUsed, Rating, Signature,
};
use crate::record::error::Refusal;
use crate::record::limits::{MAX_NAME_CHARS, MAX_NOTE_CHARS, MAX_QUANTITY, MAX_WORDS_CHARS};
use crate::record::state::{self};
use crate::record::write::{Entry, Write};
use crate::standard::{Ask, Check, Kind, Rule, Side};

impl Plan<'_> {
    pub(super) fn answer(&self, item: &str, value: &AnswerValue) -> Planned {
        let rule = self.rule("item", item)?;
        let classes = matches!(&rule.check, Check::Classification(class) if !class.classes.is_empty());
        if rule.ask().is_none() && !classes {
            return Err(invalid(
                "item",
                "the rule is no checklist item; see `jobsheet next` for what it asks",
            ));
        }
        let side = self.in_scope("item", rule)?;
        if side != self.context.actor.side {
            let reason = format!("the item is answered by the role `{}`", rule.roles.join("` or `"));
            return Err(Refusal::Forbidden { reason, rule: Some(Box::new(need(rule))) });
        }
        self.holds_role_of(rule)?;
        self.unsealed(Some(rule))?;
        check_value(rule, value)?;
        self.rises(rule, value)?;
        // Saying the same again, once it is too late to say it, does not make late what was in time.
        let same = self.record.answer(self.standard, &rule.id).filter(|before| before.value == *value);
        let late =
            rule.window().is_some_and(|window| self.evidences.passed(window, self.context.stamp.corrected()));
        let first = same.filter(|_| late).map(|before| Box::new(before.given().clone()));
        let entry = Entry::Answer(Answer { value: value.clone(), by: self.by(), first });
        Ok(vec![Write::Put { place: Place::answers(side), key: rule.id.clone(), entry }])
    }

    /// A class that only rises does not fall.
    fn rises(&self, rule: &Rule, value: &AnswerValue) -> Result<(), Refusal> {
        let (Check::Classification(class), AnswerValue::Choice(new)) = (&rule.check, value) else {
            return Ok(());
        };
        let rank = |id: &str| class.classes.iter().position(|class| class.id == id);
        let before = self.record.answer(self.standard, &rule.id).and_then(|answer| match &answer.value {
            AnswerValue::Choice(before) => rank(before),
            _ => None,
        });
        if class.rises && before > rank(new) {
            return Err(Refusal::Invalid {
                field: "value".to_owned(),
                reason: "the class never goes down".to_owned(),
                rule: Some(Box::new(need(rule))),
            });
        }
        Ok(())
    }

    pub(super) fn measure(
        &self,
        quantity: &str,
        value: f64,
        unit: &str,
        instrument: Option<&str>,
    ) -> Planned {
        let entry = self.measurement(quantity, value, unit, instrument)?;
        Ok(vec![self.append(Place::measures(self.context.actor.side), entry)])
    }

    pub(super) fn measurement(
        &self,
        quantity: &str,
        value: f64,
        unit: &str,
        instrument: Option<&str>,
    ) -> Result<Entry, Refusal> {
        let Some(known) = self.standard.pack().quantities.iter().find(|known| known.id == quantity) else {
            return Err(invalid("quantity", "the standard has no such quantity"));
        };
        let rule = self.standard.rule(&known.rule);
        self.side(rule.map_or(Ok(Side::Field), |rule| self.in_scope("quantity", rule))?)?;
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
        Ok(Entry::Measurement(Measurement {
            quantity: quantity.to_owned(),
            value,
            unit: unit.to_owned(),
            instrument: instrument.map(ToOwned::to_owned),
            by: self.by(),
        }))
    }

    pub(super) fn fill_order(&self, field: &str, value: &str) -> Planned {
        self.side(Side::Office)?;
        let known = order_field(self.course.flow(), field, value)?;
        let place = format!("order.{field}");
        if known.options.iter().any(|option| option.event.is_some()) {
            return Err(invalid(&place, "stands for an event and is settled at the registration"));
        }
        if known.required && value.trim().is_empty() {
            return Err(invalid(&place, "is required"));
        }
        let entry = Entry::Order(value.to_owned());
        Ok(vec![Write::Put { place: Place::Order, key: field.to_owned(), entry }])
    }

    /// Something that has happened since the signature asks for words in this note.
    fn asks_since_signing(&self, note: &str) -> bool {
        let Some(signed) = self.course.signing_event() else { return false };
        let place = format!("note.{note}");
        let rules = self.course.rules().iter().map(|at| &self.standard.pack().rules[*at]);
        let mut asking = rules.filter(|rule| match &rule.check {
            Check::Field(field) => field.sources.iter().any(|source| source.0 == place),
            _ => false,
        });
        asking.any(|rule| self.arose_since(rule, signed) || self.still_stops(rule))
    }

    pub(super) fn note(&self, note: &str, edit: &NoteEdit) -> Planned {
        self.side(if self.record.kind == Kind::Case { Side::Office } else { Side::Field })?;
        if !self.asks_since_signing(note) {
            self.unsealed(None)?;
        }
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

    pub(super) fn survey(&self, answer: &SurveyAnswer) -> Planned {
        self.side(Side::Field)?;
        let Some(survey) = &self.course.flow().survey else {
            return Err(invalid("level", "the standard has no survey for this job"));
        };
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
        let signing = self.course.flow().signing.as_ref();
        let asked = self.signatures_asked();
        let rule = asked.iter().find(|(signer, ..)| *signer == role).map(|(_, rule, _)| *rule);
        let rule = rule.or_else(|| signing.and_then(|signing| self.standard.rule(&signing.rule)));
        let cited = rule;
        let rule = rule.map(need).map(Box::new);
        let ends =
            |signer: &str| signing.is_some_and(|signing| signing.signers.iter().any(|one| one == signer));
        let also = |signer: &str| signing.is_some_and(|signing| signing.also.iter().any(|one| one == signer));
        if !ends(role) && !also(role) && !asked.iter().any(|(signer, ..)| *signer == role) {
            let mut roles: Vec<&str> = asked.iter().map(|(signer, ..)| *signer).collect();
            roles.extend(
                signing
                    .iter()
                    .flat_map(|signing| signing.signers.iter().chain(&signing.also))
                    .map(String::as_str),
            );
            roles.sort_unstable();
            roles.dedup();
            let reason = format!("must be one of {}", roles.join(", "));
            return Err(Refusal::Invalid { field: "role".to_owned(), reason, rule });
        }
        limit_words("name", name, MAX_NAME_CHARS)?;
        if let Some(image) = image_sha256 {
            is_sha256("image_sha256", image)?;
        }
        let several = asked.iter().any(|(signer, _, everyone)| *signer == role && *everyone);
        let again = |signature: &Signature| signature.role == role && (!several || signature.name == name);
        if self.record.signatures.values().any(again) {
            return Err(Refusal::Sealed { rule });
        }
        if ends(role) || also(role) {
            self.work_is_over(rule)?;
        } else if let Some(after) =
            cited.and_then(|rule| rule.window()).and_then(|window| window.after.as_deref())
            && !self.evidences.timeline.happened(after)
        {
            let from = self.course.rank_of_event(after).unwrap_or(0);
            let allowed = self.course.flow().states.iter().skip(from).map(|state| state.id.clone()).collect();
            return Err(self.wrong_state("sign", allowed, rule));
        }
        if let Some(signing) = signing.filter(|_| ends(role)) {
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

    /// The work is over, or the visit ends without it: the customer declined, or the fault can not be cleared.
    fn work_is_over(&self, rule: Option<Box<crate::record::error::Need>>) -> Result<(), Refusal> {
        let flow = self.course.flow();
        let ended = |event: &str| self.evidences.timeline.happened(event);
        let parked = self.state.side.is_some_and(|side| side != state::SideState::Paused);
        let after =
            rule.as_ref().and_then(|need| self.standard.rule(&need.rule)).and_then(|rule| rule.window());
        let after = after.and_then(|window| window.after.as_deref()).unwrap_or("work-finished");
        if parked || ended(after) || ended("work-finished") {
            return Ok(());
        }
        let from = self.course.rank_of_event(after).unwrap_or(0);
        let allowed = flow.states.iter().skip(from).map(|state| state.id.clone()).collect();
        Err(self.wrong_state("sign", allowed, rule))
    }

    /// The roles whose signature some rule of this job asks for, and whether several persons of the role must sign.
    fn signatures_asked(&self) -> Vec<(&str, &Rule, bool)> {
        let rules = self.course.rules().iter().map(|at| &self.standard.pack().rules[*at]);
        let asking = rules.filter_map(|rule| match rule.ask() {
            Some(Ask::Signature { roles, everyone }) => Some((rule, roles, everyone.is_some())),
            _ => None,
        });
        asking
            .flat_map(|(rule, roles, everyone)| roles.iter().map(move |role| (role.as_str(), rule, everyone)))
            .collect()
    }

    pub(super) fn attest(&self, phase: &str, exceptions: &[Exception], role: Option<&str>) -> Planned {
        self.exceptions(phase, exceptions)?;
        let key = match self.context.actor.side {
            Side::Field => phase.to_owned(),
            Side::Office => format!("{phase}/{}", self.attesting_role(phase, role)?),
        };
        let place = Place::attested(self.context.actor.side);
        let entry = Entry::Attestation(Attestation { exceptions: exceptions.to_vec(), by: self.by() });
        Ok(vec![Write::Put { place, key, entry }])
    }

    /// The role for which a person of the office attests: the one he names, else the only one he holds, else the only one
    /// whose conduct stands in the phase.
    fn attesting_role(&self, phase: &str, role: Option<&str>) -> Result<String, Refusal> {
        let held = &self.context.actor.roles;
        let rules = self.course.rules().iter().filter(|at| self.course.side(**at) == Some(Side::Office));
        let mut roles: Vec<&str> = rules
            .map(|at| &self.standard.pack().rules[*at])
            .filter(|rule| rule.phase == phase && rule.is_attested())
            .flat_map(|rule| rule.roles.iter().map(String::as_str))
            .collect();
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() {
            let reason = "the conduct of this phase is for the crew to attest".to_owned();
            return Err(Refusal::Forbidden { reason, rule: None });
        }
        let may = |role: &str| held.is_empty() || held.iter().any(|one| one == role);
        let fits = match role {
            Some(role) => vec![role].into_iter().filter(|role| roles.contains(role) && may(role)).collect(),
            None => roles.iter().copied().filter(|role| may(role)).collect::<Vec<_>>(),
        };
        match fits[..] {
            [one] => Ok(one.to_owned()),
            _ => Err(invalid("role", &format!("must be one of {}", roles.join(", ")))),
        }
    }

    pub(super) fn exceptions(&self, phase: &str, exceptions: &[Exception]) -> Result<(), Refusal> {
        if !self.standard.pack().phases.iter().any(|known| known.id == phase) {
            return Err(invalid("phase", "the standard has no such phase"));
        }
        for exception in exceptions {
            let rule = self.rule("exceptions", &exception.rule)?;
            if rule.phase != phase {
                return Err(invalid("exceptions", "names a rule of another phase"));
            }
            self.in_scope("exceptions", rule)?;
            limit_words("exceptions.reason", &exception.reason, MAX_WORDS_CHARS)?;
        }
        Ok(())
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
                let rule = self.standard.rule(item);
                let side = rule
                    .and_then(|rule| self.standard.side_of(&self.record.job, rule))
                    .unwrap_or(Side::Field);
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
                let side = if phase.contains('/') { Side::Office } else { Side::Field };
                self.side(side)?;
                let mut attestation: Attestation = serde_json::from_value(value).map_err(unreadable)?;
                attestation.by = self.by();
                (Place::attested(side), phase.clone(), Entry::Attestation(attestation))
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
