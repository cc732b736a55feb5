//! The course of one job: the part of a standard that concerns the documents of this job.

use std::collections::{HashMap, HashSet};

use super::{Flow, Job, Kind, Pack, Role, Rule, Side, Step};

/// The part of a standard that concerns the documents of one job.
#[derive(Debug)]
pub struct Course {
    job: Job,
    flow: Flow,
    rules: Vec<usize>,
    /// Side by place of the rule in the pack; none: the rule is not of this job.
    sides: Vec<Option<Side>>,
    steps: HashMap<String, (usize, HashSet<String>)>,
    ranks: HashMap<String, usize>,
    blocks: HashMap<String, Vec<usize>>,
    /// Special situations of this job, by place in the pack.
    situations: Vec<usize>,
}

impl Course {
    pub(super) fn of(pack: &Pack, job: &Job) -> Self {
        let flow = pack.flow(job.kind).cloned().unwrap_or_default();
        let ranks: HashMap<String, usize> =
            flow.states.iter().enumerate().map(|(at, state)| (state.id.clone(), at)).collect();
        let steps = flow
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.r#in.is_empty() || step.r#in.contains(&job.id))
            .map(|(at, step)| (step.event.clone(), (at, expand(&step.from, &flow, &ranks))))
            .collect();
        let sides: Vec<Option<Side>> = pack.rules.iter().map(|rule| side(pack, job, rule)).collect();
        let rules: Vec<usize> =
            sides.iter().enumerate().filter(|(_, side)| side.is_some()).map(|(at, _)| at).collect();
        let mut blocks: HashMap<String, Vec<usize>> = HashMap::new();
        for at in &rules {
            let rule = &pack.rules[*at];
            if rule.disabled.is_some() {
                continue;
            }
            for event in rule.window().map_or(&[][..], |window| &window.blocks) {
                blocks.entry(event.clone()).or_default().push(*at);
            }
        }
        let here = |places: &[String]| places.iter().any(|place| *place == job.id || place == job.kind.id());
        let situations = pack.situations.iter().enumerate();
        let situations = situations.filter(|(_, one)| here(&one.r#in)).map(|(at, _)| at).collect();
        Self { job: job.clone(), flow, rules, sides, steps, ranks, blocks, situations }
    }

    /// The course of a job that the standard does not know: no rule, no step.
    pub(super) fn none() -> Self {
        let job = Job {
            id: String::new(),
            name: crate::Text::default(),
            kind: Kind::Visit,
            role: String::new(),
            usual: Vec::new(),
        };
        Self {
            job,
            flow: Flow::default(),
            rules: Vec::new(),
            sides: Vec::new(),
            steps: HashMap::new(),
            ranks: HashMap::new(),
            blocks: HashMap::new(),
            situations: Vec::new(),
        }
    }

    /// The job.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Fields, states and steps of its documents.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The rules that belong to it, by place in the pack.
    pub(crate) fn rules(&self) -> &[usize] {
        &self.rules
    }

    /// The side that has the duty of a rule (by place); none: the rule is not of this job.
    pub(crate) fn side(&self, rule: usize) -> Option<Side> {
        self.sides.get(rule).copied().flatten()
    }

    /// The step that records an event.
    pub fn step(&self, event: &str) -> Option<&Step> {
        self.steps.get(event).map(|(at, _)| &self.flow.steps[*at])
    }

    /// Whether an event may be recorded in a state, as far as its step says.
    pub fn may(&self, event: &str, state: &str) -> bool {
        self.steps.get(event).is_some_and(|(_, from)| from.contains(state))
    }

    /// The states from which a step leads, lowest first.
    pub fn from(&self, event: &str) -> Vec<String> {
        let Some((_, from)) = self.steps.get(event) else { return Vec::new() };
        self.flow.states.iter().map(|state| state.id.clone()).filter(|id| from.contains(id)).collect()
    }

    /// Rank of a state, from 0.
    pub fn rank(&self, state: &str) -> Option<usize> {
        self.ranks.get(state).copied()
    }

    /// Rank of the state to which an event leads.
    pub fn rank_of_event(&self, event: &str) -> Option<usize> {
        self.flow.states.iter().position(|state| state.event == event)
    }

    /// The event that ends the work: the signature of all signers, if anybody signs.
    pub fn signing_event(&self) -> Option<&str> {
        self.flow.signing.as_ref().map(|signing| signing.event.as_str())
    }

    /// Whether what begins with one event comes after another by its nature: they are the same, or it is a later step.
    pub(crate) fn begins_after(&self, event: &str, other: &str) -> bool {
        event == other || self.rank_of_event(event) > self.rank_of_event(other)
    }

    /// The special situations that can arise in it, by place in the pack.
    pub(crate) fn situations(&self) -> &[usize] {
        &self.situations
    }

    /// Rules (by place) that stop an event.
    pub(crate) fn blocking(&self, event: &str) -> &[usize] {
        self.blocks.get(event).map_or(&[], Vec::as_slice)
    }
}

impl Pack {
    /// The course of a kind of document, if the standard has it.
    pub fn flow(&self, kind: Kind) -> Option<&Flow> {
        match kind {
            Kind::Visit => self.visit.as_ref(),
            Kind::Case => self.case.as_ref(),
            Kind::Shift => self.shift.as_ref(),
        }
    }

    /// The courses of all kinds of document.
    pub fn flows(&self) -> impl Iterator<Item = (Kind, &Flow)> {
        Kind::ALL.into_iter().filter_map(|kind| self.flow(kind).map(|flow| (kind, flow)))
    }

    /// A role by id.
    pub fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }
}

/// `a..b` means these states and all between them.
fn expand(from: &[String], flow: &Flow, ranks: &HashMap<String, usize>) -> HashSet<String> {
    let mut states = HashSet::new();
    for entry in from {
        if let Some((first, last)) = entry.split_once("..") {
            let (Some(first), Some(last)) = (ranks.get(first), ranks.get(last)) else { continue };
            states.extend(flow.states.iter().take(last + 1).skip(*first).map(|state| state.id.clone()));
        } else {
            states.insert(entry.clone());
        }
    }
    states
}

/// The side that has the duty of a rule in a job; none: the rule is not of this job.
///
/// The doer of a visit or a shift writes the field side, whatever the role's usual side; a case is written by the office.
fn side(pack: &Pack, job: &Job, rule: &Rule) -> Option<Side> {
    let named = rule.r#in.iter().any(|place| *place == job.id || place == job.kind.id());
    if !named {
        return None;
    }
    let doer = rule.roles.iter().any(|role| role == "any" || *role == job.role);
    let office =
        rule.roles.iter().any(|role| pack.role(role).and_then(|role| role.side) == Some(Side::Office));
    match (job.kind, doer, office) {
        (Kind::Visit | Kind::Shift, true, _) => Some(Side::Field),
        (Kind::Case, ..) | (_, false, true) => Some(Side::Office),
        (_, false, false) => None,
    }
}
