//! Entries: answers, measurements, notes, photos, the rating, signatures, attestations, and settling conflicts.

use super::register::order_field;
use super::values::{check_value, invalid, limit_option, limit_words, need};
use super::{Plan, Planned};
use crate::record::command::{NoteEdit, ResolveTarget, SurveyAnswer};
use crate::record::containers::Place;
use crate::record::entry::{
    Answer, AnswerValue, Assignment, Attestation, Calibration, Exception, Measurement, Rating,
};
use crate::record::error::Refusal;
use crate::record::limits::{MAX_NAME_CHARS, MAX_NOTE_CHARS, MAX_WORDS_CHARS};
use crate::record::write::{Entry, Write};
use crate::standard::{Check, Kind, Rule, Side};

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
        calibration: Option<Calibration>,
    ) -> Planned {
        let entry = self.measurement(quantity, value, unit, instrument, calibration)?;
        Ok(vec![self.append(Place::measures(self.context.actor.side), entry)])
    }

    pub(super) fn measurement(
        &self,
        quantity: &str,
        value: f64,
        unit: &str,
        instrument: Option<&str>,
        calibration: Option<Calibration>,
    ) -> Result<Entry, Refusal> {
        let Some(known) = self.standard.pack().quantities.iter().find(|known| known.id == quantity) else {
            return Err(invalid("quantity", "the standard has no such quantity"));
        };
        let rule = self.standard.rule(&known.rule);
        self.side(rule.map_or(Ok(Side::Field), |rule| self.in_scope("quantity", rule))?)?;
        self.unsealed(rule)?;
        limit_option("instrument", instrument, MAX_NAME_CHARS)?;
        if let Some(calibration) = calibration {
            if instrument.is_none() {
                return Err(invalid("instrument", "name the instrument that was calibrated"));
            }
            let today = self.context.stamp.at.day();
            if calibration.on > today {
                return Err(invalid("calibration.on", "lies ahead"));
            }
            if calibration.due.is_some_and(|due| due < calibration.on) {
                return Err(invalid("calibration.due", "is before the calibration"));
            }
        }
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
            calibration,
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

    pub(super) fn note(&self, note: &str, edit: &NoteEdit) -> Planned {
        self.side(if self.record.kind == Kind::Case { Side::Office } else { Side::Field })?;
        if !self.evidences.takes_note_after_signing(note) {
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
        let side = target.side(&self.record.job, self.standard);
        self.side(side)?;
        let (place, key, entry) = match target {
            ResolveTarget::Answer(item) => {
                let mut answer: Answer = serde_json::from_value(value).map_err(unreadable)?;
                answer.first = Some(Box::new(answer.given().clone()));
                answer.by = self.by();
                (Place::answers(side), item.clone(), Entry::Answer(answer))
            }
            ResolveTarget::Survey => {
                let mut rating: Rating = serde_json::from_value(value).map_err(unreadable)?;
                rating.first = Some(Box::new(rating.given().clone()));
                rating.by = self.by();
                (Place::Survey, "rating".to_owned(), Entry::Rating(rating))
            }
            ResolveTarget::Attestation(phase) => {
                let mut attestation: Attestation = serde_json::from_value(value).map_err(unreadable)?;
                attestation.by = self.by();
                (Place::attested(side), phase.clone(), Entry::Attestation(attestation))
            }
            ResolveTarget::Assignment => {
                let mut assignment: Assignment = serde_json::from_value(value).map_err(unreadable)?;
                assignment.by = self.by();
                (Place::Office, "assignment".to_owned(), Entry::Assignment(assignment))
            }
            ResolveTarget::Order(field) => {
                let text = serde_json::from_value(value).map_err(unreadable)?;
                (Place::Order, field.clone(), Entry::Order(text))
            }
        };
        Ok(vec![Write::Put { place, key, entry }])
    }
}
