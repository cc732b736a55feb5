//! The linter's course through a pack, and the checks of names that all its parts share.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::events::Need;
use super::findings::Findings;
use super::names::Lexicon;
use super::place::{Path, Tree};
use super::scope::Scope;
use super::syntax::Damage;
use super::words::{checks as say_check, flow as say_flow, names as say};
use crate::standard::condition::{Condition, Uses};
use crate::standard::{Choice, Kind, Pack, is_engine_event};

pub(super) struct Linter<'a, 's> {
    pub(super) tree: &'a Tree<'s>,
    pub(super) draft: &'a Draft<Pack>,
    pub(super) pack: &'a Pack,
    pub(super) names: &'a Lexicon,
    pub(super) scopes: Vec<Scope>,
    pub(super) out: &'a mut Findings,
    /// All of the file has been read, so what is not in it is really missing.
    pub(super) whole: bool,
    /// Events that must be able to happen, looked at when all names have been.
    pub(super) needs: Vec<Need>,
}

impl<'a, 's> Linter<'a, 's> {
    pub(super) fn new(
        tree: &'a Tree<'s>,
        draft: &'a Draft<Pack>,
        names: &'a Lexicon,
        damage: &Damage,
        out: &'a mut Findings,
    ) -> Self {
        let pack = &draft.value;
        let scopes = pack.rules.iter().map(|rule| Scope::of(pack, &rule.r#in, &rule.roles)).collect();
        let whole = damage.is_none() && draft.cuts.is_empty();
        Self { tree, draft, pack, names, scopes, out, whole, needs: Vec::new() }
    }

    /// Checks everything; what the conditions compile to is worth something only if no error was found.
    pub(super) fn run(mut self) -> (BTreeMap<usize, Condition>, Uses) {
        self.head();
        self.lists();
        self.flows();
        self.forms();
        self.rules();
        self.situations();
        let compiled = self.conditions();
        if self.whole {
            self.reach();
            self.unused();
        }
        compiled
    }

    pub(super) fn rule_path(&self, at: usize) -> Path {
        self.draft.at(&Path::top().key("rules"), at)
    }

    /// A name that must stand in a list of the pack.
    pub(super) fn known(&mut self, list: &'static str, path: Path, name: &str) -> bool {
        let fault = match list {
            "roles" => &say::ROLE,
            "phases" => &say::PHASE,
            "quantities" => &say::QUANTITY,
            "calendars" => &say::CALENDAR,
            _ => &say::RULE,
        };
        let names = self.names.list(list);
        if !names.has(name) {
            self.out.unknown(fault, path, [name], name, names.all());
            return false;
        }
        true
    }

    pub(super) fn known_all(&mut self, list: &'static str, path: &Path, names: &[String]) {
        for (at, name) in names.iter().enumerate() {
            self.known(list, path.item(at), name);
        }
    }

    /// An event, perhaps with a subject.
    pub(super) fn event(&mut self, path: Path, name: &str) -> bool {
        let (base, subject) =
            name.split_once('/').map_or((name, None), |(base, subject)| (base, Some(subject)));
        let names = self.names.list("events");
        if !names.has(base) && !is_engine_event(base) {
            self.out.unknown(&say::EVENT, path, [base], base, names.all());
            return false;
        }
        let event = self.pack.events.iter().find(|event| event.id == base);
        if let (Some(subject), Some(event)) = (subject, event)
            && !event.subjects.iter().any(|known| known.id == subject)
        {
            let known = event.subjects.iter().map(|known| known.id.as_str());
            self.out.unknown(&say::SUBJECT, path, [subject, base], subject, known);
            return false;
        }
        true
    }

    pub(super) fn events(&mut self, path: &Path, names: &[String]) {
        for (at, name) in names.iter().enumerate() {
            self.event(path.item(at), name);
        }
    }

    /// No id stands twice, and each is an id.
    pub(super) fn ids<'n>(
        &mut self,
        list: &Path,
        key: &'static str,
        ids: impl Iterator<Item = &'n str>,
        snake: bool,
    ) {
        let mut seen = BTreeSet::new();
        for (at, id) in ids.enumerate() {
            let path = self.draft.at(list, at).key(key);
            if !seen.insert(id) {
                self.out.say(&super::words::shape::DUPLICATE_ID, path, [id]);
            } else if snake && !is_id(id, '_') {
                self.out.say(&super::words::shape::BAD_FIELD_ID, path, [id]);
            } else if !snake && !id.split(['/', '.']).all(|part| is_id(part, '-')) {
                self.out.say(&super::words::shape::BAD_ID, path, [id]);
            }
        }
    }

    /// Options: no two with the same id, and their events are known.
    pub(super) fn choices(&mut self, path: &Path, choices: &[Choice], at_least: usize) {
        if choices.len() < at_least {
            self.out.say(&say_flow::FEW_OPTIONS, path.clone(), []);
        }
        for (at, choice) in choices.iter().enumerate() {
            let path = path.item(at);
            if choices[..at].iter().any(|other| other.id == choice.id) {
                self.out.say(&say_flow::DUPLICATE_OPTION, path.key("id"), [&choice.id]);
            } else if !is_id(&choice.id, '-') {
                self.out.say(&super::words::shape::BAD_ID, path.key("id"), [&choice.id]);
            }
            if let Some(event) = &choice.event {
                self.event(path.key("event"), event);
            }
        }
    }

    /// Where a rule or a form belongs.
    pub(super) fn places(&mut self, path: &Path, places: &[String]) {
        if places.is_empty() {
            self.out.say(&say_check::NOWHERE, path.clone(), []);
        }
        for (at, place) in places.iter().enumerate() {
            let jobs = self.names.list("jobs");
            if let Some(kind) = Kind::of(place) {
                if !self.names.has_flow(kind) {
                    self.out.say(&say::NO_FLOW, path.item(at), [place]);
                }
            } else if !jobs.has(place) {
                let kinds = Kind::ALL.map(Kind::id);
                self.out.unknown(&say::JOB, path.item(at), [place], place, jobs.all().chain(kinds));
            }
        }
    }
}

/// Whether a word is an id: parts of small letters and digits.
fn is_id(word: &str, joint: char) -> bool {
    let small = |part: &str| {
        !part.is_empty() && part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    word.split(joint).all(small)
}
