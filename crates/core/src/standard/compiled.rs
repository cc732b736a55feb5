//! A pack ready for use: checked, hashed, its conditions compiled and its names indexed.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};

use super::check::{self, PackErrors};
use super::condition::{Condition, Uses};
use super::{Ask, Check, EventKind, Pack, Rule, Side, Step, Window};
use crate::record::StandardRef;
use crate::time::Limit;

/// A standard: a pack that has been checked, with its hash and its compiled conditions.
#[derive(Debug)]
pub struct Standard {
    pack: Pack,
    source: String,
    sha256: String,
    rules: HashMap<String, usize>,
    events: HashMap<String, usize>,
    steps: HashMap<String, usize>,
    states: HashMap<String, usize>,
    blocks: HashMap<String, Vec<usize>>,
    conditions: BTreeMap<usize, Condition>,
    limits: HashMap<usize, Limit>,
    uses: Uses,
}

impl Standard {
    /// Reads, checks and compiles a pack file.
    ///
    /// # Errors
    /// [`PackErrors`] names every error found with its line; nothing is loaded if there is one.
    pub fn load(source: &str) -> Result<Self, PackErrors> {
        let (pack, conditions, uses) = check::read(source)?;
        let index = |names: Vec<&str>| {
            names.into_iter().enumerate().map(|(at, name)| (name.to_owned(), at)).collect()
        };
        let rules = index(pack.rules.iter().map(|rule| rule.id.as_str()).collect());
        let events = index(pack.events.iter().map(|event| event.id.as_str()).collect());
        let steps = index(pack.steps.iter().map(|step| step.event.as_str()).collect());
        let states = index(pack.states.iter().map(|state| state.id.as_str()).collect());
        let mut blocks: HashMap<String, Vec<usize>> = HashMap::new();
        let mut limits = HashMap::new();
        for (at, rule) in pack.rules.iter().enumerate() {
            for event in rule.window().map_or(&[][..], |window| &window.blocks) {
                blocks.entry(event.clone()).or_default().push(at);
            }
            if let Check::Milestone(milestone) = &rule.check
                && let Ok(limit) = milestone.limit.parse()
            {
                limits.insert(at, limit);
            }
        }
        let sha256 = hash(&pack);
        Ok(Self {
            pack,
            source: source.to_owned(),
            sha256,
            rules,
            events,
            steps,
            states,
            blocks,
            conditions,
            limits,
            uses,
        })
    }

    /// The pack as data.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The pack file's text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// SHA-256 of the pack as canonical JSON (RFC 8785), hexadecimal: comments and layout do not change it.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What a visit pins: id, version and hash.
    pub fn reference(&self) -> StandardRef {
        StandardRef {
            id: self.pack.id.clone(),
            version: self.pack.version.clone(),
            sha256: self.sha256.clone(),
        }
    }

    /// A rule by id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id).map(|at| &self.pack.rules[*at])
    }

    /// An event kind by id.
    pub fn event(&self, id: &str) -> Option<&EventKind> {
        self.events.get(id).map(|at| &self.pack.events[*at])
    }

    /// The step that records an event.
    pub fn step(&self, event: &str) -> Option<&Step> {
        self.steps.get(event).map(|at| &self.pack.steps[*at])
    }

    /// Rank of a state, from 0.
    pub fn rank(&self, state: &str) -> Option<usize> {
        self.states.get(state).copied()
    }

    /// The side that answers a rule: that of its role, and the field's where the role has none.
    pub fn side_of(&self, rule: &Rule) -> Side {
        self.pack
            .roles
            .iter()
            .find(|role| role.id == rule.role)
            .and_then(|role| role.side)
            .unwrap_or(Side::Field)
    }

    /// Rules (by place) that stop an event.
    pub(crate) fn blocking(&self, event: &str) -> &[usize] {
        self.blocks.get(event).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn condition(&self, rule: usize) -> Option<&Condition> {
        self.conditions.get(&rule)
    }

    pub(crate) fn limit(&self, rule: usize) -> Option<Limit> {
        self.limits.get(&rule).copied()
    }

    pub(crate) fn uses(&self) -> &Uses {
        &self.uses
    }
}

fn hash(pack: &Pack) -> String {
    // A pack is plain data with string keys; canonical JSON can not fail on it.
    let canonical = serde_json_canonicalizer::to_vec(pack).unwrap_or_default();
    crate::hex(&Sha256::digest(&canonical))
}

impl Rule {
    /// When the rule's duty is owed, for checks that have a window.
    pub fn window(&self) -> Option<&Window> {
        match &self.check {
            Check::Item(item) => Some(&item.window),
            Check::Field(field) => Some(&field.window),
            Check::Act(act) => Some(&act.window),
            _ => None,
        }
    }

    /// What the rule asks of a person, if it is an item.
    pub fn ask(&self) -> Option<&Ask> {
        match &self.check {
            Check::Item(item) => Some(&item.ask),
            _ => None,
        }
    }
}
