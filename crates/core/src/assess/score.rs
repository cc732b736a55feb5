//! Points: every deduction and bonus with its rule, its cause and what has been said of it. Nothing counts before its
//! condition has come and a reviewer has confirmed it, and each cause counts once, on its scoring rule.

use serde::Serialize;

use super::finding::Status;
use super::judge::Judged;
use super::proof::Evidences;
use crate::record::{EntryId, Event, Occurrence};
use crate::standard::{Check, Money, Rule, Score};
use crate::{Moment, Text};

/// What has become of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScoreState {
    /// The condition has not come.
    Pending,
    /// The condition has come; a reviewer has not spoken.
    ToConfirm,
    /// A reviewer has confirmed it: it counts.
    Confirmed,
    /// A reviewer has waived it: it does not count.
    Waived,
    /// It was appealed after the last decision, and does not count until a reviewer speaks again.
    Appealed,
}

/// One deduction or bonus.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreLine {
    /// The scoring rule.
    pub rule: String,
    /// Its clause.
    pub clause: String,
    /// What it says.
    pub text: Text,
    /// Hundredths of a point, negative for a deduction.
    pub centipoints: i64,
    /// Money for each person concerned.
    pub money: Option<Money>,
    /// The cause: the broken rule or the event, `#` and the key of the one report where each report counts.
    pub cause: String,
    /// Clause of the broken rule.
    pub cause_clause: Option<String>,
    /// When the cause was recorded, as far as the record knows.
    pub at: Option<Moment>,
    /// Whom it concerns: person ids of the crew; empty for points of somebody at the office.
    pub persons: Vec<String>,
    /// The condition has come, or there is none.
    pub condition_met: bool,
    /// What has become of it.
    pub state: ScoreState,
    /// Who spoke last, and the words.
    pub decided_by: Option<String>,
    /// The words of the last decision or appeal.
    pub reason: Option<String>,
}

impl ScoreLine {
    /// Points with their sign and two decimals, money with its currency.
    pub fn figure(&self) -> String {
        let points = (self.centipoints != 0).then(|| {
            let sign = if self.centipoints < 0 { "-" } else { "+" };
            let size = self.centipoints.unsigned_abs();
            format!("{sign}{}.{:02}", size / 100, size % 100)
        });
        let money = self.money.as_ref().map(|money| format!("{:+} {}", money.amount, money.currency));
        [points, money].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// All points of a document.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Points {
    /// Every deduction and bonus.
    pub lines: Vec<ScoreLine>,
    /// Sum of what is confirmed, in hundredths of a point.
    pub confirmed_centipoints: i64,
    /// Sum of what may still be confirmed, in hundredths of a point.
    pub open_centipoints: i64,
}

impl Points {
    pub(crate) fn of(lines: Vec<ScoreLine>) -> Self {
        let sum = |states: &[ScoreState]| {
            lines.iter().filter(|line| states.contains(&line.state)).map(|line| line.centipoints).sum()
        };
        Self {
            confirmed_centipoints: sum(&[ScoreState::Confirmed]),
            open_centipoints: sum(&[ScoreState::Pending, ScoreState::ToConfirm, ScoreState::Appealed]),
            lines,
        }
    }
}

/// Points as hundredths: the linter admits only multiples of 0.01.
pub(crate) fn centipoints(points: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // The linter bounds the figure.
    let rounded = (points * 100.0).round() as i64;
    rounded
}

struct Cause {
    id: String,
    clause: Option<String>,
    at: Option<Moment>,
}

impl Evidences<'_> {
    /// Every deduction and bonus for which there is a cause at this time.
    pub(crate) fn score_lines(&self, judged: &Judged) -> Vec<ScoreLine> {
        let rules = &self.standard.pack().rules;
        let mut lines = Vec::new();
        for at in self.course.rules() {
            if let Check::Score(score) = &rules[*at].check
                && rules[*at].disabled.is_none()
                && self.applies(*at)
            {
                lines.extend(self.lines_of(&rules[*at], score, judged));
            }
        }
        lines
    }

    /// Every deduction or bonus of one scoring rule.
    pub(crate) fn lines_of(&self, rule: &Rule, score: &Score, judged: &Judged) -> Vec<ScoreLine> {
        self.causes(score, judged).into_iter().map(|cause| self.line(rule, score, cause)).collect()
    }

    fn causes(&self, score: &Score, judged: &Judged) -> Vec<Cause> {
        let mut causes = Vec::new();
        for id in &score.applies_to {
            let (Some(rule), Some(at)) = (self.standard.rule(id), self.standard.place(id)) else { continue };
            if self.course.side(at).is_none() {
                continue;
            }
            let finding = self.finding(at, rule, judged);
            if finding.status != Status::Violated {
                continue;
            }
            let cause = |id: String, at| Cause { id, clause: Some(rule.clause.clone()), at };
            let reports = finding.evidence.iter().filter(|found| found.source.starts_with("breach."));
            let reports: Vec<_> = reports.collect();
            if score.per_violation && !reports.is_empty() {
                causes.extend(reports.iter().enumerate().map(|(n, report)| {
                    let key = report.entry.map_or_else(|| n.to_string(), |entry| entry.to_string());
                    cause(format!("{id}#{key}"), report.at)
                }));
            } else {
                causes.push(cause(id.clone(), finding.evidence.iter().find_map(|found| found.at)));
            }
        }
        for event in &score.on {
            let cause = |id: String, found: &Occurrence| Cause { id, clause: None, at: Some(found.stamp.at) };
            if score.per_violation {
                let standing = self.timeline.standing(event);
                causes.extend(
                    standing.filter_map(|found| Some(cause(format!("{event}#{}", found.id?), found))),
                );
            } else {
                causes.extend(self.timeline.first(event).map(|found| cause(event.clone(), found)));
            }
        }
        causes
    }

    fn line(&self, rule: &Rule, score: &Score, cause: Cause) -> ScoreLine {
        let condition_met =
            score.condition.is_empty() || score.condition.iter().any(|event| self.timeline.happened(event));
        let last = self.last_word(&rule.id, &cause.id);
        let state = match last.map(|event| event.kind.as_str()) {
            Some("score-confirmed") if condition_met => ScoreState::Confirmed,
            Some("score-waived") => ScoreState::Waived,
            Some("score-appealed") => ScoreState::Appealed,
            _ if condition_met => ScoreState::ToConfirm,
            _ => ScoreState::Pending,
        };
        ScoreLine {
            rule: rule.id.clone(),
            clause: rule.clause.clone(),
            text: if self.lean { Text::default() } else { rule.text.clone() },
            centipoints: centipoints(score.points),
            money: score.money.clone(),
            cause: cause.id,
            cause_clause: cause.clause,
            at: cause.at,
            persons: self.concerned(rule),
            condition_met,
            state,
            decided_by: last.map(|event| event.by.person.clone()),
            reason: last.and_then(|event| event.note.clone()),
        }
    }

    /// Whom points concern: the crew, where the rule is one of the doer's. Who else it was the record does not say.
    fn concerned(&self, rule: &Rule) -> Vec<String> {
        let doer = rule.roles.iter().any(|role| role == "any" || *role == self.course.job().role);
        let crew = self.record.assignment.as_ref().filter(|_| doer).map(|sent| sent.crew.clone());
        crew.unwrap_or_default()
    }

    /// Decisions and appeals about points, with their keys.
    pub(crate) fn words_on(&self, rule: &str, cause: &str) -> Vec<(EntryId, &Occurrence, &Event)> {
        let kinds = ["score-confirmed", "score-waived", "score-appealed"];
        let words = kinds.iter().flat_map(|kind| self.timeline.standing(kind));
        words
            .filter(|at| at.about.as_deref() == Some(rule))
            .filter_map(|at| Some((at.id?, at, &self.record.events.get(&at.id?)?.1)))
            .filter(|(_, _, event)| event.facts.get("cause").is_some_and(|known| known == cause))
            .collect()
    }

    /// The last word about points: one that no other names as known. Order comes from what people had seen, not from their
    /// clocks. Of two that did not know of each other an appeal stands, so that a reviewer looks again.
    fn last_word(&self, rule: &str, cause: &str) -> Option<&Event> {
        let words = self.words_on(rule, cause);
        let answered = |id: &EntryId| words.iter().any(|(_, _, event)| event.ends.contains(id));
        words
            .iter()
            .filter(|(id, ..)| !answered(id))
            .max_by_key(|(id, at, event)| (event.kind == "score-appealed", at.stamp.corrected(), *id))
            .map(|(_, _, event)| *event)
    }
}
