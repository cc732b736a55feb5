//! A pack ready for use: checked, hashed, its conditions compiled and its names indexed.

use std::collections::{BTreeMap, HashMap};

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::condition::{Condition, Uses};
use super::course::Course;
use super::engine::engine_event;
use super::lint::{self, Diagnostic, PackErrors};
use super::{Ask, Check, Choice, EventKind, Hold, Pack, Rule, Situation, Window};
use crate::deadline::{Limit, LimitSpan, WorkingHours};
use crate::record::StandardRef;

/// A standard: a pack that has been checked, with its hash and its compiled conditions.
#[derive(Debug)]
pub struct Standard {
    pack: Pack,
    source: String,
    sha256: String,
    warnings: Vec<Diagnostic>,
    rules: HashMap<String, usize>,
    events: HashMap<String, usize>,
    courses: HashMap<String, Course>,
    none: Course,
    conditions: BTreeMap<usize, Condition>,
    limits: HashMap<usize, Limit>,
    spans: HashMap<String, LimitSpan>,
    calendars: HashMap<String, WorkingHours>,
    uses: Uses,
    /// Scoring rules (by place) of each rule.
    scored_by: HashMap<String, Vec<usize>>,
}

impl Standard {
    /// Reads, checks and compiles a pack file that is complete: one that extends no other.
    ///
    /// # Errors
    /// [`PackErrors`] names every error found with its line; nothing is loaded if there is one.
    pub fn load(source: &str) -> Result<Self, PackErrors> {
        let lint::Checked { pack, conditions, uses, warnings } = lint::read(source)?;
        let index = |names: Vec<&str>| {
            names.into_iter().enumerate().map(|(at, name)| (name.to_owned(), at)).collect()
        };
        let rules = index(pack.rules.iter().map(|rule| rule.id.as_str()).collect());
        let events = index(pack.events.iter().map(|event| event.id.as_str()).collect());
        let courses = pack.jobs.iter().map(|job| (job.id.clone(), Course::of(&pack, job))).collect();
        let calendars = pack
            .calendars
            .iter()
            .filter_map(|calendar| Some((calendar.id.clone(), WorkingHours::compile(calendar).ok()?)))
            .collect();
        let mut limits = HashMap::new();
        let mut spans = HashMap::new();
        for (at, rule) in pack.rules.iter().enumerate() {
            if let Check::Milestone(milestone) = &rule.check
                && let Some(Ok(limit)) = milestone.limit.as_deref().map(str::parse)
            {
                limits.insert(at, limit);
            }
            for text in durations(rule) {
                if let Ok(Limit::Span(span)) = text.parse() {
                    spans.insert(text.to_owned(), span);
                }
            }
        }
        let mut scored_by: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, rule) in pack.rules.iter().enumerate().filter(|(_, rule)| rule.disabled.is_none()) {
            if let Check::Score(score) = &rule.check {
                for scored in &score.applies_to {
                    scored_by.entry(scored.clone()).or_default().push(at);
                }
            }
        }
        let sha256 = hash(&pack);
        Ok(Self {
            pack,
            source: source.to_owned(),
            sha256,
            warnings,
            rules,
            events,
            courses,
            none: Course::none(),
            conditions,
            limits,
            spans,
            calendars,
            uses,
            scored_by,
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

    /// What the linter thinks worth a look, though the pack loads.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// SHA-256 of the pack as canonical JSON (RFC 8785), hexadecimal: comments and layout do not change it.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What a document pins: id, version and hash.
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

    /// A special situation by id.
    pub fn situation(&self, id: &str) -> Option<&Situation> {
        self.pack.situations.iter().find(|situation| situation.id == id)
    }

    /// The special situations that can arise in a job, in the order of the pack.
    pub fn situations_of(&self, job: &str) -> impl Iterator<Item = &Situation> {
        self.course(job).situations().iter().map(|at| &self.pack.situations[*at])
    }

    /// Place of a rule in the pack.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.rules.get(id).copied()
    }

    /// The scoring rules that are about a rule.
    pub fn scored_by(&self, rule: &str) -> impl Iterator<Item = &Rule> {
        self.scored_by.get(rule).into_iter().flatten().map(|at| &self.pack.rules[*at])
    }

    /// An event kind by id, of the pack or of the engine.
    pub fn event(&self, id: &str) -> Option<&EventKind> {
        self.events.get(id).map(|at| &self.pack.events[*at]).or_else(|| engine_event(id))
    }

    /// The course of a job. A job that the standard does not know has one without rules and steps: nothing may happen.
    pub fn course(&self, job: &str) -> &Course {
        self.courses.get(job).unwrap_or(&self.none)
    }

    /// The side that has the duty of a rule in a job; none: the rule is not of this job.
    pub fn side_of(&self, job: &str, rule: &Rule) -> Option<super::Side> {
        self.place(&rule.id).and_then(|at| self.course(job).side(at))
    }

    pub(crate) fn condition(&self, rule: usize) -> Option<&Condition> {
        self.conditions.get(&rule)
    }

    pub(crate) fn limit(&self, rule: usize) -> Option<Limit> {
        self.limits.get(&rule).copied()
    }

    /// A duration of the pack, as it is written there.
    pub(crate) fn span(&self, text: &str) -> Option<&LimitSpan> {
        self.spans.get(text)
    }

    /// How long a value must be held.
    pub(crate) fn hold_lasts(&self, hold: &Hold) -> SignedDuration {
        self.span(&hold.lasts).map_or(SignedDuration::MAX, LimitSpan::exact)
    }

    pub(crate) fn calendar(&self, id: &str) -> Option<&WorkingHours> {
        self.calendars.get(id)
    }

    pub(crate) fn uses(&self) -> &Uses {
        &self.uses
    }
}

/// The durations that a rule holds beside its limit.
fn durations(rule: &Rule) -> Vec<&str> {
    match &rule.check {
        Check::Milestone(milestone) => {
            milestone.tell.iter().filter_map(|tell| tell.after.as_deref()).collect()
        }
        Check::Item(item) => match &item.ask {
            Ask::Hold(hold) => vec![hold.lasts.as_str()],
            _ => Vec::new(),
        },
        Check::StockAge(age) => vec![age.idle.as_str()],
        Check::Calibrated(calibrated) => calibrated.within.iter().map(String::as_str).collect(),
        Check::Warranty(warranty) => warranty.lasts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
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
            Check::Approval(approval) => Some(&approval.window),
            Check::Classification(class) => Some(&class.window),
            Check::Cost(cost) => Some(&cost.window),
            Check::Calibrated(calibrated) => Some(&calibrated.window),
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

    /// The options of which the answer is one (or several), if the rule has any.
    pub fn options(&self) -> Option<&[Choice]> {
        match &self.check {
            Check::Item(item) => match &item.ask {
                Ask::Choice { options } | Ask::Several { options, .. } => Some(options),
                _ => None,
            },
            Check::Classification(class) if !class.classes.is_empty() => Some(&class.classes),
            _ => None,
        }
    }
}
