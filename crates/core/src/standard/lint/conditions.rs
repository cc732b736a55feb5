//! The conditions of rules: what they may name, and whether they run.

use std::collections::{BTreeMap, BTreeSet};

use super::linter::Linter;
use super::place::Path;
use super::sources::is_answered;
use super::typing::{self, Problem, Vocabulary};
use super::words::{checks as say_check, conditions as say, names as say_name};
use crate::Text;
use crate::standard::condition::{Condition, Fact, Facts, Uses, context};
use crate::standard::{Choice, Kind, engine_events};

impl Linter<'_, '_> {
    pub(super) fn conditions(&mut self) -> (BTreeMap<usize, Condition>, Uses) {
        let mut compiled = BTreeMap::new();
        let mut all = Uses::default();
        let mut vocabularies: BTreeMap<Vec<Kind>, Vocabulary> = BTreeMap::new();
        for (at, rule) in self.pack.rules.iter().enumerate() {
            let Some(source) = &rule.when else { continue };
            let path = self.rule_path(at).key("when");
            let condition = match Condition::parse(source) {
                Ok(condition) => condition,
                Err(error) => {
                    self.out.say(&say::SYNTAX, path, [&first_error(&error)]);
                    continue;
                }
            };
            let scope = &self.scopes[at];
            let (kinds, jobs) = (scope.kinds.clone(), scope.sure_jobs().to_vec());
            if !vocabularies.contains_key(&kinds) {
                vocabularies.insert(kinds.clone(), self.vocabulary(&kinds));
            }
            let vocabulary = &vocabularies[&kinds];
            let typed = typing::check(condition.expression(), vocabulary);
            for problem in &typed.problems {
                self.tell_problem(&path, problem, vocabulary);
            }
            if !typed.problems.is_empty() {
                continue;
            }
            for event in &typed.uses.events {
                self.need(&say_check::IDLE_EVENT, path.clone(), event, &jobs);
            }
            if self.runs(&path, &condition, vocabulary, &typed.uses) && !typed.reads {
                let always = condition.holds(&context(&Facts::default(), &typed.uses)).to_string();
                self.out.say(&say::CONSTANT, path, [&always]);
            }
            let Uses { order, events, answers, notes } = typed.uses;
            all.order.extend(order);
            all.events.extend(events);
            all.answers.extend(answers);
            all.notes.extend(notes);
            compiled.insert(at, condition);
        }
        (compiled, all)
    }

    fn vocabulary(&self, kinds: &[Kind]) -> Vocabulary {
        let mut words = Vocabulary::default();
        for kind in kinds {
            for (list, root) in [("order", "order"), ("notes", "notes")] {
                let names = self.names.flow(*kind, list);
                let into = if root == "order" { &mut words.order } else { &mut words.notes };
                into.extend(names.all().map(str::to_owned));
                if names.is_open() {
                    words.open.insert(root);
                }
            }
        }
        let events = self.names.list("events");
        words.events.extend(events.all().map(str::to_owned));
        words.events.extend(engine_events().iter().map(|event| event.id.clone()));
        for event in &self.pack.events {
            words.events.extend(event.subjects.iter().map(|subject| format!("{}/{}", event.id, subject.id)));
        }
        let rules = self.names.list("rules");
        let read: BTreeSet<&str> = self.pack.rules.iter().map(|rule| rule.id.as_str()).collect();
        words.answers.extend(rules.all().filter(|id| !read.contains(id)).map(str::to_owned));
        for (rule, scope) in self.pack.rules.iter().zip(&self.scopes) {
            if is_answered(rule) && (!scope.sure || scope.kinds.iter().any(|kind| kinds.contains(kind))) {
                words.answers.insert(rule.id.clone());
            }
        }
        for (root, names) in [("events", events), ("answers", rules)] {
            if names.is_open() {
                words.open.insert(root);
            }
        }
        self.values(kinds, &mut words);
        words
    }

    /// The texts that values can be, where that is known.
    fn values(&self, kinds: &[Kind], words: &mut Vocabulary) {
        let ids =
            |choices: &[Choice]| choices.iter().map(|choice| choice.id.clone()).collect::<BTreeSet<_>>();
        if !self.whole {
            return;
        }
        let flows = || kinds.iter().filter_map(|kind| self.pack.flow(*kind));
        let jobs = self.pack.jobs.iter().filter(|job| kinds.contains(&job.kind));
        words.values.insert("job".to_owned(), jobs.map(|job| job.id.clone()).collect());
        words.values.insert("kind".to_owned(), kinds.iter().map(|kind| kind.id().to_owned()).collect());
        let states = flows().flat_map(|flow| &flow.states).map(|state| state.id.clone());
        words.values.insert("state".to_owned(), states.collect());
        let levels = flows().filter_map(|flow| flow.survey.as_ref()).flat_map(|survey| ids(&survey.levels));
        words.values.insert("survey.rating".to_owned(), levels.collect());
        let mut free = BTreeSet::new();
        for field in flows().flat_map(|flow| &flow.order) {
            let name = format!("order.{}", field.id);
            if field.options.is_empty() {
                free.insert(name);
            } else {
                // A field that is not filled is the empty text.
                let values = words.values.entry(name).or_default();
                values.insert(String::new());
                values.extend(ids(&field.options));
            }
        }
        words.values.retain(|name, _| !free.contains(name));
        for rule in &self.pack.rules {
            if let Some(options) = rule.options() {
                words.values.insert(format!("answers.{}", rule.id), ids(options));
            }
        }
    }

    fn tell_problem(&mut self, path: &Path, problem: &Problem, vocabulary: &Vocabulary) {
        let path = path.clone();
        match problem {
            Problem::UnknownName(name) => {
                const ROOTS: [&str; 10] = [
                    "state", "job", "kind", "order", "events", "answers", "notes", "survey", "parts",
                    "photos",
                ];
                self.out.unknown(&say::UNKNOWN_NAME, path, [name], name, ROOTS.into_iter());
            }
            Problem::NeedsMember(name) => drop(self.out.say(&say::NEEDS_MEMBER, path, [name])),
            Problem::UnknownMember { root, key } => {
                if root == "answers"
                    && self.pack.rules.iter().any(|rule| rule.id == *key && !is_answered(rule))
                {
                    self.out.say(&say_name::NO_ANSWER, path, [key]);
                    return;
                }
                let none = BTreeSet::new();
                let known = match root.as_str() {
                    "order" => &vocabulary.order,
                    "events" => &vocabulary.events,
                    "answers" => &vocabulary.answers,
                    "notes" => &vocabulary.notes,
                    _ => &none,
                };
                self.out.unknown(
                    &say::UNKNOWN_MEMBER,
                    path,
                    [root, key],
                    key,
                    known.iter().map(String::as_str),
                );
            }
            Problem::NoValue { name, text } => {
                let values = vocabulary.values.get(name).into_iter().flatten().map(String::as_str);
                let values: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
                self.out.unknown(
                    &say::NO_VALUE,
                    path,
                    [name, text, &values.join(", ")],
                    text,
                    values.into_iter(),
                );
            }
            Problem::Compared(left, right) => {
                self.out.say(&say::TYPE_COMPARED, path, [left.word(), right.word()]);
            }
            Problem::Ordered(left, right) => {
                self.out.say(&say::TYPE_ORDERED, path, [left.word(), right.word()]);
            }
            Problem::Result(found) => drop(self.out.say(&say::TYPE_RESULT, path, [found.word()])),
            Problem::Wanted { by, wanted, found } => {
                self.out.say(&say::TYPE_WANTED, path, [by, wanted.word(), found.word()]);
            }
            Problem::Listed(wanted, found) => {
                self.out.say(&say::TYPE_LISTED, path, [wanted.word(), found.word()]);
            }
            Problem::Form(en, zh) => drop(self.out.words(&say::FORM, path, vec![Text::new(en, zh)])),
        }
    }

    /// Whether a condition runs on a record without anything and on one that has everything.
    fn runs(&mut self, path: &Path, condition: &Condition, vocabulary: &Vocabulary, uses: &Uses) -> bool {
        for sample in [Facts::default(), full_sample(vocabulary)] {
            if let Err(error) = condition.try_run(&context(&sample, uses)) {
                self.out.say(&say::FAILS, path.clone(), [&error]);
                return false;
            }
        }
        true
    }
}

/// The first thing that CEL says, without the name of a file and the list of all that could have stood there.
fn first_error(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default();
    let short = line.split(" expecting {").next().unwrap_or(line);
    let place = short.strip_prefix("ERROR: <input>:1:").and_then(|rest| rest.split_once(": "));
    place.map_or_else(|| short.to_owned(), |(column, what)| format!("{what} (at {column})"))
}

fn full_sample(vocabulary: &Vocabulary) -> Facts {
    let texts =
        |names: &BTreeSet<String>| names.iter().map(|name| (name.clone(), "sample".to_owned())).collect();
    Facts {
        state: "sample".to_owned(),
        kind: "sample".to_owned(),
        job: "sample".to_owned(),
        order: texts(&vocabulary.order),
        events: vocabulary.events.iter().map(|name| (name.clone(), 1)).collect(),
        answers: vocabulary.answers.iter().map(|name| (name.clone(), Fact::Bool(true))).collect(),
        notes: texts(&vocabulary.notes),
        rating: Some("sample".to_owned()),
        parts_consumed: 1,
        parts_unreturned: 1,
        photos: 1,
    }
}
