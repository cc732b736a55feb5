//! From a command to what it writes. Everything that may refuse a command is asked here, before anything is written.

use sha2::{Digest, Sha256};

use super::SCHEMA;
use super::command::{Command, Context, NoteEdit, OldPart, Registration, ResolveTarget, SurveyAnswer};
use super::containers::Place;
use super::entry::{
    Answer, AnswerValue, Assignment, Attestation, By, EntryId, Event, Exception, Measurement, Message,
    PartUsed, Photo, Rating, Signature,
};
use super::error::{Need, Refusal};
use super::limits::{
    MAX_CREW, MAX_ENTRY_BYTES, MAX_NAME_CHARS, MAX_NOTE_CHARS, MAX_QUANTITY, MAX_WORDS_CHARS,
};
use super::state::{self, VisitState};
use super::timeline;
use super::view::Record;
use super::write::{Entry, Write};
use crate::assess::Evidences;
use crate::standard::{Ask, Rule, Side, Standard, Step};

/// Who finds a breach of a rule.
const BREACH_SOURCES: [&str; 4] = ["self", "survey", "audit", "complaint"];

/// Plans the genesis change.
pub(super) fn register(
    standard: &Standard,
    registration: &Registration,
    context: &Context,
) -> Result<Vec<Write>, Refusal> {
    if context.actor.side != Side::Office {
        return Err(Refusal::Forbidden {
            reason: "only the office registers a visit".to_owned(),
            rule: None,
        });
    }
    let pack = standard.pack();
    let mut writes = Vec::new();
    for (id, value) in &registration.order {
        let Some(field) = pack.order.iter().find(|field| field.id == *id) else {
            return Err(invalid(&format!("order.{id}"), "the standard has no such order field"));
        };
        limit_chars(&format!("order.{id}"), value, MAX_WORDS_CHARS)?;
        if !value.is_empty()
            && !field.options.is_empty()
            && !field.options.iter().any(|option| option.id == *value)
        {
            let options: Vec<&str> = field.options.iter().map(|option| option.id.as_str()).collect();
            return Err(invalid(&format!("order.{id}"), &format!("must be one of {}", options.join(", "))));
        }
        writes.push(Write::Put { place: Place::Order, key: id.clone(), entry: Entry::Order(value.clone()) });
    }
    for field in pack.order.iter().filter(|field| field.required) {
        if registration.order.get(&field.id).is_none_or(|value| value.trim().is_empty()) {
            return Err(invalid(&format!("order.{}", field.id), "is required"));
        }
    }
    let by = By { person: context.actor.person.clone(), stamp: context.stamp.clone() };
    let received = registration.received_at.unwrap_or(context.stamp.at);
    let mut received_by = by.clone();
    received_by.stamp.at = received;
    if registration.received_at.is_some() {
        received_by.stamp = crate::Stamp::wall(received);
    }
    for (name, by) in [("request-received", received_by), ("request-registered", by)] {
        let id = derived_id(&context.entry_id, name);
        let event = event_of(name, by);
        writes.push(Write::Put {
            place: Place::OfficeEvents,
            key: id.to_string(),
            entry: Entry::Event(event),
        });
    }
    Ok(writes)
}

/// A further key for a command that writes more than one entry: version 8 UUID from the command's key and a label.
fn derived_id(base: &EntryId, label: &str) -> EntryId {
    let mut digest = Sha256::new();
    digest.update(base.as_bytes());
    digest.update(label.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn event_of(kind: &str, by: By) -> Event {
    Event {
        kind: kind.to_owned(),
        by,
        note: None,
        about: None,
        ends: Vec::new(),
        facts: std::collections::BTreeMap::new(),
    }
}

/// Plans what a command writes.
pub(super) fn perform(
    record: &Record,
    standard: &Standard,
    command: &Command,
    context: &Context,
    heads: &[String],
) -> Result<Vec<Write>, Refusal> {
    if record.schema > SCHEMA {
        return Err(Refusal::NewerSchema { found: record.schema, supported: SCHEMA });
    }
    if record.standard != standard.reference() {
        return Err(Refusal::OtherStandard {
            wanted: record.standard.to_string(),
            given: standard.reference().to_string(),
        });
    }
    let evidences = Evidences::of(record, standard);
    let state = state::of_timeline(&evidences.timeline, standard);
    let plan = Plan { record, standard, context, heads, evidences, state, command: command.name() };
    plan.member()?;
    let writes = plan.command(command)?;
    for write in &writes {
        if let Write::Put { entry, .. } = write
            && entry.text().len() > MAX_ENTRY_BYTES
        {
            let reason = format!("is larger than the {MAX_ENTRY_BYTES} bytes of one entry");
            return Err(invalid(command.name(), &reason));
        }
    }
    Ok(writes)
}

struct Plan<'a> {
    record: &'a Record,
    standard: &'a Standard,
    context: &'a Context,
    heads: &'a [String],
    evidences: Evidences<'a>,
    state: VisitState,
    command: &'static str,
}

type Planned = Result<Vec<Write>, Refusal>;

impl Plan<'_> {
    fn command(&self, command: &Command) -> Planned {
        match command {
            Command::Dispatch { crew, start, end, tools } => self.dispatch(crew, *start, *end, tools),
            Command::Accept => self.step("order-accepted", |_| {}),
            Command::Prepare => self.step("tools-checked", |_| {}),
            Command::ConfirmAppointment { channel } => {
                limit_words("channel", channel, MAX_NAME_CHARS)?;
                self.step("appointment-confirmed", |event| {
                    event.facts.insert("channel".to_owned(), channel.clone());
                })
            }
            Command::Depart => self.step("departed", |_| {}),
            Command::Arrive => self.step("arrived", |_| {}),
            Command::PresentBadge => self.step("badge-presented", |_| {}),
            Command::Enter => self.step("entered", |_| {}),
            Command::Diagnose => self.step("diagnosis-done", |_| {}),
            Command::ObtainConsent { granted, note } => {
                limit_option("note", note.as_deref(), MAX_WORDS_CHARS)?;
                let kind = if *granted { "consent-given" } else { "consent-refused" };
                self.step(kind, |event| {
                    event.ends = self.undoes(kind);
                    event.note.clone_from(note);
                })
            }
            Command::Start => self.step("work-started", |_| {}),
            Command::Pause { reason } => {
                limit_words("reason", reason, MAX_WORDS_CHARS)?;
                self.step("paused", |event| event.note = Some(reason.clone()))
            }
            Command::Resume => self.undo("resumed", None),
            Command::Finish => self.step("work-finished", |_| {}),
            Command::Reopen { reason } => {
                limit_words("reason", reason, MAX_WORDS_CHARS)?;
                self.undo("work-reopened", Some(reason))
            }
            Command::HandOver => self.step("handed-over", |_| {}),
            Command::Leave => self.step("left-site", |_| {}),
            Command::Close => self.step("closed", |_| {}),
            Command::Answer { item, value } => self.answer(item, value),
            Command::Measure { quantity, value, unit, instrument } => {
                self.measure(quantity, *value, unit, instrument.as_deref())
            }
            Command::Note { note, edit } => self.note(note, edit),
            Command::ConsumePart { number, name, quantity, serial, replaces } => {
                self.part(number, name.as_deref(), *quantity, serial.as_deref(), replaces.as_ref())
            }
            Command::AddPhoto { sha256, size, media_type, item, moment, caption } => {
                self.photo(sha256, *size, media_type, item.as_deref(), moment.as_deref(), caption.as_deref())
            }
            Command::Survey(answer) => self.survey(answer),
            Command::Sign { role, name, image_sha256 } => self.sign(role, name, image_sha256.as_deref()),
            Command::Attest { phase, exceptions } => self.attest(phase, exceptions),
            Command::Report { event, note, about } => self.report(event, note.as_deref(), about.as_deref()),
            Command::ExplainDelay { milestone, reason } => {
                limit_words("reason", reason, MAX_WORDS_CHARS)?;
                self.about_milestone("delay-explained", milestone, |event| event.note = Some(reason.clone()))
            }
            Command::Escalate { milestone, to } => {
                if !self.standard.pack().roles.iter().any(|role| role.id == *to) {
                    return Err(invalid("to", "the standard has no such role"));
                }
                self.about_milestone("escalated", milestone, |event| {
                    event.facts.insert("to".to_owned(), to.clone());
                })
            }
            Command::ReportBreach { rule, source, note } => {
                let known = self.rule("rule", rule)?;
                if !BREACH_SOURCES.contains(&source.as_str()) {
                    return Err(invalid("source", &format!("must be one of {}", BREACH_SOURCES.join(", "))));
                }
                limit_words("note", note, MAX_WORDS_CHARS)?;
                self.step("breach-reported", |event| {
                    event.about = Some(known.id.clone());
                    event.note = Some(note.clone());
                    event.facts.insert("source".to_owned(), source.clone());
                })
            }
            Command::Resolve { target, version } => self.resolve(target, *version),
            Command::Say { words } => {
                limit_words("words", words, MAX_WORDS_CHARS)?;
                let entry = Entry::Message(Message { words: words.clone(), by: self.by() });
                Ok(vec![self.append(Place::Talk, entry)])
            }
        }
    }

    /// A technician works on the visits of his crew alone.
    fn member(&self) -> Result<(), Refusal> {
        let crew = self.record.assignment.as_ref().map_or(&[][..], |assignment| &assignment.crew);
        if self.context.actor.side == Side::Field && !crew.contains(&self.context.actor.person) {
            return Err(Refusal::Forbidden {
                reason: "the visit is assigned to another crew".to_owned(),
                rule: None,
            });
        }
        Ok(())
    }

    fn by(&self) -> By {
        By { person: self.context.actor.person.clone(), stamp: self.context.stamp.clone() }
    }

    fn side(&self, side: Side) -> Result<(), Refusal> {
        if self.context.actor.side == side {
            return Ok(());
        }
        let whose = if side == Side::Office { "the office" } else { "the crew" };
        Err(Refusal::Forbidden { reason: format!("`{}` is for {whose}", self.command), rule: None })
    }

    fn append(&self, place: Place, entry: Entry) -> Write {
        Write::Put { place, key: self.context.entry_id.to_string(), entry }
    }

    /// Records an event that has a step or is an incident.
    fn step(&self, kind: &str, fill: impl FnOnce(&mut Event)) -> Planned {
        self.may_happen(kind)?;
        let mut event = event_of(kind, self.by());
        fill(&mut event);
        Ok(vec![self.append(Place::events(self.context.actor.side), Entry::Event(event))])
    }

    fn may_happen(&self, kind: &str) -> Result<(), Refusal> {
        let Some(known) = self.standard.event(kind) else {
            return Err(invalid("event", &format!("the standard has no event `{kind}`")));
        };
        if !known.by.contains(&self.context.actor.side) {
            let reason = if known.by.is_empty() {
                format!("`{kind}` follows from the record; nobody records it")
            } else {
                format!("`{kind}` is recorded by the other side")
            };
            return Err(Refusal::Forbidden { reason, rule: None });
        }
        self.allowed_now(kind, known.incident)?;
        self.gate(kind)
    }

    fn allowed_now(&self, kind: &str, incident: bool) -> Result<(), Refusal> {
        let states = &self.standard.pack().states;
        let Some(step) = self.standard.step(kind) else {
            let rank_of = |event: &str| states.iter().position(|state| state.event == event);
            let after_dispatch = rank_of("order-dispatched").is_none_or(|rank| self.state.rank >= rank);
            let before_closing = rank_of("closed").is_none_or(|rank| self.state.rank < rank);
            if incident && after_dispatch && before_closing {
                return Ok(());
            }
            let allowed =
                states.iter().filter(|state| state.event != "closed").map(|state| state.id.clone()).collect();
            return Err(self.wrong_state(kind, allowed, None));
        };
        let again = self.evidences.timeline.happened(kind) && !step.repeats;
        if !again && step.from.contains(&self.state.id) {
            return Ok(());
        }
        let allowed = if again { Vec::new() } else { step.from.clone() };
        Err(self.wrong_state(kind, allowed, self.rule_of(step)))
    }

    /// The rule that is cited when a step is refused.
    fn rule_of(&self, step: &Step) -> Option<Box<Need>> {
        step.rules.first().and_then(|rule| self.standard.rule(rule)).map(need).map(Box::new)
    }

    fn wrong_state(&self, kind: &str, allowed: Vec<String>, rule: Option<Box<Need>>) -> Refusal {
        let command = if self.command == "report" { kind.to_owned() } else { self.command.to_owned() };
        Refusal::WrongState { command, state: self.state.id.clone(), allowed, rule }
    }

    fn gate(&self, event: &str) -> Result<(), Refusal> {
        let needs: Vec<Need> = self.evidences.blockers(event).into_iter().map(need).collect();
        if needs.is_empty() { Ok(()) } else { Err(Refusal::NotYet { needs }) }
    }

    /// The standing events that an event of a kind undoes.
    fn undoes(&self, kind: &str) -> Vec<EntryId> {
        let undone = timeline::undoes(kind).iter();
        let standing = undone.flat_map(|undone| self.evidences.timeline.standing(undone));
        standing.filter_map(|occurrence| occurrence.id).collect()
    }

    /// Records an event that undoes those it sees: the state falls back to what stood before them.
    fn undo(&self, kind: &str, note: Option<&str>) -> Planned {
        let ends = self.undoes(kind);
        if ends.is_empty() {
            let step = self.standard.step(kind);
            let allowed = step.map(|step| step.from.clone()).unwrap_or_default();
            return Err(self.wrong_state(kind, allowed, step.and_then(|step| self.rule_of(step))));
        }
        self.step(kind, |event| {
            event.ends = ends;
            event.note = note.map(ToOwned::to_owned);
        })
    }

    fn about_milestone(&self, kind: &str, milestone: &str, fill: impl FnOnce(&mut Event)) -> Planned {
        let rule = self.rule("milestone", milestone)?;
        if !matches!(rule.check, crate::standard::Check::Milestone(_)) {
            return Err(invalid("milestone", "the rule is no deadline"));
        }
        let id = rule.id.clone();
        self.step(kind, |event| {
            event.about = Some(id);
            fill(event);
        })
    }

    fn dispatch(
        &self,
        crew: &[String],
        start: crate::Moment,
        end: crate::Moment,
        tools: &[String],
    ) -> Planned {
        self.side(Side::Office)?;
        if crew.is_empty() || crew.len() > MAX_CREW {
            return Err(invalid("crew", &format!("must name 1 to {MAX_CREW} technicians")));
        }
        for (at, person) in crew.iter().enumerate() {
            limit_words("crew", person, MAX_NAME_CHARS)?;
            if crew[..at].contains(person) {
                return Err(invalid("crew", "names a technician twice"));
            }
        }
        for tool in tools {
            limit_words("tools", tool, MAX_NAME_CHARS)?;
        }
        if end.instant() <= start.instant() {
            return Err(invalid("end", "must be after the start"));
        }
        let mut writes = self.step("order-dispatched", |_| {})?;
        let assignment = Assignment { crew: crew.to_vec(), start, end, tools: tools.to_vec(), by: self.by() };
        writes.push(Write::Put {
            place: Place::Office,
            key: "assignment".to_owned(),
            entry: Entry::Assignment(assignment),
        });
        Ok(writes)
    }

    fn rule(&self, field: &str, id: &str) -> Result<&Rule, Refusal> {
        self.standard.rule(id).ok_or_else(|| invalid(field, "the standard has no such rule"))
    }

    /// After the signature the record takes only what belongs after it.
    fn unsealed(&self, rule: Option<&Rule>) -> Result<(), Refusal> {
        let pack = self.standard.pack();
        let signed = self.evidences.timeline.happened(&pack.signing.event);
        if !signed || self.context.actor.side == Side::Office {
            return Ok(());
        }
        let rank_of = |event: &str| pack.states.iter().position(|state| state.event == event);
        let sealed_at = rank_of(&pack.signing.event);
        let belongs_after = rule
            .and_then(|rule| rule.window())
            .and_then(|window| window.after.as_deref())
            .is_some_and(|after| after == pack.signing.event || rank_of(after) > sealed_at);
        if belongs_after {
            return Ok(());
        }
        Err(Refusal::Sealed { rule: self.standard.rule(&pack.signing.rule).map(need).map(Box::new) })
    }

    fn answer(&self, item: &str, value: &AnswerValue) -> Planned {
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

    fn measure(&self, quantity: &str, value: f64, unit: &str, instrument: Option<&str>) -> Planned {
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

    fn note(&self, note: &str, edit: &NoteEdit) -> Planned {
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

    fn part(
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

    fn photo(
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

    fn survey(&self, answer: &SurveyAnswer) -> Planned {
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

    fn sign(&self, role: &str, name: &str, image_sha256: Option<&str>) -> Planned {
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

    fn attest(&self, phase: &str, exceptions: &[Exception]) -> Planned {
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

    fn report(&self, kind: &str, note: Option<&str>, about: Option<&str>) -> Planned {
        limit_option("note", note, MAX_WORDS_CHARS)?;
        limit_option("about", about, MAX_NAME_CHARS)?;
        if BOUND_EVENTS.contains(&kind) {
            return Err(invalid("event", "has a command of its own"));
        }
        self.step(kind, |event| {
            event.note = note.map(ToOwned::to_owned);
            event.about = about.map(ToOwned::to_owned);
        })
    }

    fn resolve(&self, target: &ResolveTarget, version: usize) -> Planned {
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

/// Events that other commands record; `report` does not, so that there is one way to do each.
const BOUND_EVENTS: [&str; 24] = [
    "request-received",
    "request-registered",
    "order-dispatched",
    "order-accepted",
    "tools-checked",
    "appointment-confirmed",
    "departed",
    "arrived",
    "badge-presented",
    "entered",
    "diagnosis-done",
    "consent-given",
    "consent-refused",
    "work-started",
    "paused",
    "resumed",
    "work-finished",
    "work-reopened",
    "handed-over",
    "left-site",
    "closed",
    "delay-explained",
    "escalated",
    "breach-reported",
];

fn need(rule: &Rule) -> Need {
    Need { rule: rule.id.clone(), clause: rule.clause.clone(), text: rule.text.clone() }
}

fn invalid(field: &str, reason: &str) -> Refusal {
    Refusal::Invalid { field: field.to_owned(), reason: reason.to_owned(), rule: None }
}

fn limit_chars(field: &str, text: &str, limit: usize) -> Result<(), Refusal> {
    // Counting stops at the limit: a text of ten megabytes costs no more than a short one.
    if text.chars().take(limit + 1).count() > limit {
        return Err(invalid(field, &format!("holds at most {limit} characters")));
    }
    Ok(())
}

fn limit_words(field: &str, text: &str, limit: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(invalid(field, "is empty"));
    }
    limit_chars(field, text, limit)
}

fn limit_option(field: &str, text: Option<&str>, limit: usize) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| limit_chars(field, text, limit))
}

fn is_sha256(field: &str, text: &str) -> Result<(), Refusal> {
    let right =
        text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if right { Ok(()) } else { Err(invalid(field, "must be 64 lower-case hexadecimal digits")) }
}

fn check_value(rule: &Rule, ask: &Ask, value: &AnswerValue) -> Result<(), Refusal> {
    let wrong = |reason: String| {
        Err(Refusal::Invalid { field: "value".to_owned(), reason, rule: Some(Box::new(need(rule))) })
    };
    match (ask, value) {
        (Ask::Signature { .. }, _) => wrong("is proved by a signature; use `sign`".to_owned()),
        (_, AnswerValue::Waived(reason)) => limit_words("value", reason, MAX_WORDS_CHARS),
        (Ask::YesNo, AnswerValue::Yes(_)) | (Ask::Time, AnswerValue::Time(_)) => Ok(()),
        (Ask::Text | Ask::Document, AnswerValue::Text(text)) => limit_words("value", text, MAX_WORDS_CHARS),
        (Ask::Choice { options }, AnswerValue::Choice(chosen)) => {
            if options.iter().any(|option| option.id == *chosen) {
                return Ok(());
            }
            let options: Vec<&str> = options.iter().map(|option| option.id.as_str()).collect();
            wrong(format!("must be one of {}", options.join(", ")))
        }
        (Ask::Photo { .. }, _) => wrong("is proved by photos; use `add-photo`".to_owned()),
        (Ask::YesNo, _) => wrong("must be yes or no".to_owned()),
        (Ask::Choice { .. }, _) => wrong("must be one of the options".to_owned()),
        (Ask::Text | Ask::Document, _) => wrong("must be a text".to_owned()),
        (Ask::Time, _) => wrong("must be a time".to_owned()),
        (Ask::Number { quantity, .. }, _) => {
            wrong(format!("is proved by a measurement; use `measure` with `{quantity}`"))
        }
    }
}
