//! Checks a pack file as a whole and reports every error found, each with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::condition::{Condition, Fact, Facts, Uses, Vocabulary, context};
use super::places::{Places, position};
use super::{Ask, Check, Choice, PACK_FORMAT, Pack, Rule, Source};
use crate::Text;
use crate::time::Limit;

/// One error in a pack file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Id of the rule or other element, empty if the file does not parse.
    pub place: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// All errors of a pack file, in the order of their lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PackErrors(pub Vec<PackError>);

impl fmt::Display for PackErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            write!(out, "line {}, column {}: ", error.line, error.column)?;
            if !error.place.is_empty() {
                write!(out, "{}: ", error.place)?;
            }
            write!(out, "{}", error.message)?;
        }
        Ok(())
    }
}

/// Events that the engine itself derives or records, whatever the pack; a pack must list those it uses.
const DERIVED_EVENTS: [&str; 2] = ["appointment-start", "part-replaced"];

pub(super) type Compiled = (Pack, BTreeMap<usize, Condition>, Uses);

/// Reads and checks a pack file.
pub(super) fn read(source: &str) -> Result<Compiled, PackErrors> {
    let pack: Pack = toml::from_str(source).map_err(|error| {
        let (line, column) = error.span().map_or((1, 1), |span| position(source, span.start));
        PackErrors(vec![PackError {
            line,
            column,
            place: String::new(),
            message: error.message().to_owned(),
        }])
    })?;
    let mut checker = Checker {
        places: Places::of(source),
        section: "",
        errors: Vec::new(),
        pack: &pack,
        names: Names::of(&pack),
    };
    checker.head();
    checker.flow();
    checker.forms();
    checker.rules();
    let (conditions, uses) = checker.conditions();
    let mut errors = checker.errors;
    if errors.is_empty() {
        Ok((pack, conditions, uses))
    } else {
        errors.sort_by_key(|error| error.line);
        Err(PackErrors(errors))
    }
}

struct Names<'a> {
    roles: BTreeSet<&'a str>,
    phases: BTreeSet<&'a str>,
    order: BTreeSet<&'a str>,
    notes: BTreeSet<&'a str>,
    events: BTreeSet<&'a str>,
    states: BTreeSet<&'a str>,
    rules: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(pack: &'a Pack) -> Self {
        Self {
            roles: pack.roles.iter().map(|role| role.id.as_str()).collect(),
            phases: pack.phases.iter().map(|phase| phase.id.as_str()).collect(),
            order: pack.order.iter().map(|field| field.id.as_str()).collect(),
            notes: pack.notes.iter().map(|note| note.id.as_str()).collect(),
            events: pack.events.iter().map(|event| event.id.as_str()).collect(),
            states: pack.states.iter().map(|state| state.id.as_str()).collect(),
            rules: pack.rules.iter().map(|rule| rule.id.as_str()).collect(),
        }
    }
}

struct Checker<'a> {
    places: Places<'a>,
    /// The list of the pack whose elements are being checked; empty for its head.
    section: &'static str,
    errors: Vec<PackError>,
    pack: &'a Pack,
    names: Names<'a>,
}

impl Checker<'_> {
    fn error(&mut self, place: &str, message: impl Into<String>) {
        self.error_at(place, "", message);
    }

    /// An error of an element, at the place where `needle` stands in it.
    fn error_at(&mut self, place: &str, needle: &str, message: impl Into<String>) {
        let (line, column) = self.places.position(self.section, place, 0, needle);
        self.errors.push(PackError { line, column, place: place.to_owned(), message: message.into() });
    }

    fn known(&mut self, place: &str, kind: &str, name: &str) {
        let set = match kind {
            "role" => &self.names.roles,
            "phase" => &self.names.phases,
            "order field" => &self.names.order,
            "note" => &self.names.notes,
            "event" => &self.names.events,
            "state" => &self.names.states,
            _ => &self.names.rules,
        };
        if !set.contains(name) {
            self.error_at(
                place,
                &format!("{name}\""),
                format!("{kind} `{name}` is not defined in this pack"),
            );
        }
    }

    fn text(&mut self, place: &str, what: &str, text: &Text) {
        self.text_at(place, what, &format!("{what} = "), text);
    }

    fn text_at(&mut self, place: &str, what: &str, needle: &str, text: &Text) {
        for (lang, words) in [("en", &text.en), ("zh", &text.zh)] {
            if words.trim().is_empty() {
                self.error_at(place, needle, format!("{what} has no text in `{lang}`"));
            }
        }
    }

    /// No id stands twice; the next checks are of this section.
    fn section<'b>(&mut self, section: &'static str, kind: &str, ids: impl Iterator<Item = &'b str>) {
        self.section = section;
        let mut seen = BTreeSet::new();
        for id in ids {
            if !seen.insert(id) {
                let (line, column) = self.places.position(section, id, 1, "");
                let message = format!("{kind} `{id}` is defined twice");
                self.errors.push(PackError { line, column, place: id.to_owned(), message });
            }
        }
    }

    fn head(&mut self) {
        let pack = self.pack;
        if pack.format != PACK_FORMAT {
            let message = format!("format {} is not readable; this library reads {PACK_FORMAT}", pack.format);
            self.error_at(&pack.id, "format = ", message);
        }
        let numbers: Vec<_> = pack.version.split(['-', '+']).next().unwrap_or_default().split('.').collect();
        if numbers.len() != 3 || numbers.iter().any(|number| number.parse::<u32>().is_err()) {
            let message = format!("version `{}` is not a semantic version such as 1.0.0", pack.version);
            self.error_at(&pack.id, "version = ", message);
        }
        self.text(&pack.id, "title", &pack.title);
        self.text(&pack.id, "about", &pack.about);
        self.section("roles", "role", pack.roles.iter().map(|role| role.id.as_str()));
        for role in &pack.roles {
            self.text(&role.id, "name", &role.name);
        }
        self.section("phases", "phase", pack.phases.iter().map(|phase| phase.id.as_str()));
        for phase in &pack.phases {
            self.text(&phase.id, "name", &phase.name);
        }
        self.section("order", "order field", pack.order.iter().map(|field| field.id.as_str()));
        for field in &pack.order {
            self.text(&field.id, "name", &field.name);
            self.choices(&field.id, &field.options);
        }
        self.section("notes", "note", pack.notes.iter().map(|note| note.id.as_str()));
        for note in &pack.notes {
            self.text(&note.id, "name", &note.name);
        }
        self.section("quantities", "quantity", pack.quantities.iter().map(|quantity| quantity.id.as_str()));
        for quantity in &pack.quantities {
            self.text(&quantity.id, "name", &quantity.name);
            self.known(&quantity.id, "rule", &quantity.rule);
            if quantity.unit.trim().is_empty() {
                self.error(&quantity.id, "has no unit; write the UCUM code, or `1` for a bare number");
            }
            if quantity.min >= quantity.max {
                self.error(&quantity.id, "no value lies between its smallest and its largest");
            }
        }
    }

    /// Options have names, no two have the same id, and their events are known.
    fn choices(&mut self, place: &str, choices: &[Choice]) {
        for (at, choice) in choices.iter().enumerate() {
            let needle = format!("id = \"{}\"", choice.id);
            if choices[..at].iter().any(|other| other.id == choice.id) {
                self.error_at(place, &needle, format!("option `{}` is defined twice", choice.id));
            }
            self.text_at(place, &format!("option `{}`", choice.id), &needle, &choice.name);
            if let Some(event) = &choice.event {
                self.known(place, "event", event);
            }
        }
    }

    fn flow(&mut self) {
        let pack = self.pack;
        self.section("events", "event", pack.events.iter().map(|event| event.id.as_str()));
        for event in &pack.events {
            self.text(&event.id, "name", &event.name);
            let has_step = pack.steps.iter().any(|step| step.event == event.id);
            if !event.by.is_empty() && !event.incident && !has_step {
                self.error(&event.id, "can never be recorded: it has no step and is no incident");
            }
            if event.by.is_empty() && !self.is_derived(&event.id) {
                self.error(&event.id, "can never happen: nobody records it and nothing derives it");
            }
        }
        self.section("states", "state", pack.states.iter().map(|state| state.id.as_str()));
        for state in &pack.states {
            self.text(&state.id, "name", &state.name);
            self.known(&state.id, "event", &state.event);
        }
        self.section("steps", "step", pack.steps.iter().map(|step| step.event.as_str()));
        for step in &pack.steps {
            self.known(&step.event, "event", &step.event);
            for state in &step.from {
                self.known(&step.event, "state", state);
            }
            for rule in &step.rules {
                self.known(&step.event, "rule", rule);
            }
        }
        self.section = "survey";
        self.known("survey", "rule", &pack.survey.rule);
        self.choices("survey", &pack.survey.levels);
        self.section = "signing";
        self.known("signing", "event", &pack.signing.event);
        self.known("signing", "rule", &pack.signing.rule);
        for role in pack.signing.signers.iter().chain(&pack.signing.also) {
            self.known("signing", "role", role);
        }
        if pack.signing.signers.is_empty() {
            self.error_at("signing", "signers = ", "nobody signs; name at least one signer");
        }
    }

    fn is_derived(&self, event: &str) -> bool {
        let pack = self.pack;
        let asked = pack.rules.iter().filter_map(|rule| match rule.ask() {
            Some(Ask::Choice { options }) => Some(options),
            _ => None,
        });
        DERIVED_EVENTS.contains(&event)
            || pack.signing.event == event
            || pack
                .order
                .iter()
                .flat_map(|field| &field.options)
                .chain(&pack.survey.levels)
                .chain(asked.flatten())
                .any(|choice| choice.event.as_deref() == Some(event))
    }

    fn forms(&mut self) {
        let pack = self.pack;
        self.section("forms", "form", pack.forms.iter().map(|form| form.id.as_str()));
        for form in &pack.forms {
            self.text(&form.id, "title", &form.title);
            for field in &form.fields {
                self.known(&form.id, "rule", &field.rule);
                self.text(&form.id, "label", &field.label);
                for source in &field.sources {
                    self.source_exists(&form.id, source);
                }
            }
        }
    }

    fn source_exists(&mut self, place: &str, source: &Source) {
        let (root, name) = source.parts();
        match root {
            "order" => self.known(place, "order field", name),
            "note" => self.known(place, "note", name),
            "event" => self.known(place, "event", name),
            "answer" => self.known(place, "rule", name),
            "signature" => self.known(place, "role", name),
            "assignment" if ["crew", "start", "end", "tools"].contains(&name) => {}
            "survey" if ["rating", "words"].contains(&name) => {}
            "parts" | "photos" if name.is_empty() => {}
            _ => self.error_at(place, &source.0, format!("`{}` is not a place in the record", source.0)),
        }
    }

    fn rules(&mut self) {
        let pack = self.pack;
        self.section("rules", "rule", pack.rules.iter().map(|rule| rule.id.as_str()));
        for rule in &pack.rules {
            self.rule(rule);
        }
    }

    fn rule(&mut self, rule: &Rule) {
        let id = rule.id.as_str();
        if !id.starts_with(&format!("{}.", self.pack.id)) {
            self.error(id, format!("rule ids of this pack begin with `{}.`", self.pack.id));
        }
        if rule.clause.trim().is_empty() {
            self.error_at(id, "clause = ", "cites no clause");
        }
        self.text(id, "text", &rule.text);
        if let Some(reading) = &rule.reading {
            self.text(id, "reading", reading);
        }
        self.known(id, "phase", &rule.phase);
        self.known(id, "role", &rule.role);
        if let Some(window) = rule.window() {
            for event in window.after.iter().chain(&window.before).chain(&window.blocks) {
                self.known(id, "event", event);
            }
        }
        match &rule.check {
            Check::Item(item) => self.ask(id, &item.ask),
            Check::Field(field) => {
                if field.sources.is_empty() {
                    self.error(id, "names no source");
                }
                for source in &field.sources {
                    self.source_exists(id, source);
                }
            }
            Check::Act(act) => self.known(id, "event", &act.event),
            Check::Milestone(milestone) => {
                if let Err(message) = milestone.limit.parse::<Limit>() {
                    self.error_at(id, "limit = ", message);
                }
                if milestone.start.is_empty() {
                    self.error_at(id, "start = ", "has no start event");
                }
                if milestone.end.is_empty() {
                    self.error_at(id, "end = ", "has no end event: a deadline that nothing can meet");
                }
                for event in milestone.start.iter().chain(&milestone.end) {
                    self.known(id, "event", event);
                }
                for role in &milestone.tell {
                    self.known(id, "role", role);
                }
            }
            Check::OnBreach(breach) => {
                for milestone in &breach.milestones {
                    self.known(id, "rule", milestone);
                    let is_milestone =
                        self.pack.rules.iter().any(|other| {
                            other.id == *milestone && matches!(other.check, Check::Milestone(_))
                        });
                    if !is_milestone {
                        self.error_at(
                            id,
                            &format!("\"{milestone}\""),
                            format!("`{milestone}` is not a milestone"),
                        );
                    }
                }
            }
            Check::Conduct(conduct) => self.after(id, conduct.after.as_deref()),
            Check::Script(script) => {
                self.after(id, script.after.as_deref());
                self.text(id, "words", &script.words);
                for slot in &script.slots {
                    let placeholder = format!("{{{slot}}}");
                    for words in [&script.words.en, &script.words.zh] {
                        if !words.contains(&placeholder) {
                            self.error_at(
                                id,
                                "words = ",
                                format!("placeholder {placeholder} does not occur in `{words}`"),
                            );
                        }
                    }
                }
            }
            Check::Classification(class) => {
                self.known(id, "order field", &class.field);
                if self.pack.order.iter().any(|field| field.id == class.field && field.options.is_empty()) {
                    self.error_at(
                        id,
                        &format!("{}\"", class.field),
                        format!("order field `{}` has no options to classify by", class.field),
                    );
                }
            }
            Check::Guidance(_) | Check::Parts(_) | Check::Privacy(_) => {}
        }
    }

    fn after(&mut self, id: &str, event: Option<&str>) {
        if let Some(event) = event {
            self.known(id, "event", event);
        }
    }

    fn ask(&mut self, id: &str, ask: &Ask) {
        match ask {
            Ask::Choice { options } => {
                if options.len() < 2 {
                    self.error(id, "a choice needs at least two options");
                }
                self.choices(id, options);
            }
            Ask::Number { quantity, min, max } => {
                if !self.pack.quantities.iter().any(|known| known.id == *quantity) {
                    self.error_at(
                        id,
                        &format!("{quantity}\""),
                        format!("quantity `{quantity}` is not defined in this pack"),
                    );
                }
                if let (Some(min), Some(max)) = (min, max)
                    && min > max
                {
                    self.error(id, format!("no number lies between min {min} and max {max}"));
                }
            }
            Ask::Signature { role } => self.known(id, "role", role),
            Ask::YesNo | Ask::Text | Ask::Time | Ask::Photo { .. } | Ask::Document => {}
        }
    }

    fn conditions(&mut self) -> (BTreeMap<usize, Condition>, Uses) {
        let own = |names: &BTreeSet<&str>| names.iter().map(|name| (*name).to_owned()).collect();
        let vocabulary = Vocabulary {
            order: own(&self.names.order),
            events: own(&self.names.events),
            answers: own(&self.names.rules),
            notes: own(&self.names.notes),
        };
        let mut uses = Uses::default();
        let mut conditions = BTreeMap::new();
        for (at, rule) in self.pack.rules.iter().enumerate() {
            let Some(source) = &rule.when else { continue };
            match Condition::compile(source, &vocabulary, &mut uses) {
                Ok(condition) => {
                    conditions.insert(at, condition);
                }
                Err(message) => {
                    self.error_at(&rule.id, "when = ", format!("condition `{source}` {message}"));
                }
            }
        }
        let samples = [Facts::default(), full_sample(&vocabulary)];
        for (at, condition) in &conditions {
            for sample in &samples {
                if let Err(message) = condition.try_run(&context(sample, &uses)) {
                    let rule = &self.pack.rules[*at];
                    let id = rule.id.clone();
                    self.error_at(
                        &id,
                        "when = ",
                        format!(
                            "condition `{}` fails on a sample record: {message}",
                            rule.when.as_deref().unwrap_or_default()
                        ),
                    );
                }
            }
        }
        (conditions, uses)
    }
}

fn full_sample(vocabulary: &Vocabulary) -> Facts {
    Facts {
        state: "sample".to_owned(),
        order: vocabulary.order.iter().map(|name| (name.clone(), "sample".to_owned())).collect(),
        events: vocabulary.events.iter().map(|name| (name.clone(), 1)).collect(),
        answers: vocabulary.answers.iter().map(|name| (name.clone(), Fact::Bool(true))).collect(),
        notes: vocabulary.notes.iter().map(|name| (name.clone(), "sample".to_owned())).collect(),
        rating: Some("sample".to_owned()),
        parts_consumed: 1,
        parts_unreturned: 1,
        photos: 1,
    }
}
