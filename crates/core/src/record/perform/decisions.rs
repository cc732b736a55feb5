//! Hold tests, approvals, audits and points.

use super::register::derived_id;
use super::values::{invalid, limit_option, limit_words, need};
use super::{Plan, Planned};
use crate::record::command::ScoreVerdict;
use crate::record::containers::Place;
use crate::record::entry::{Calibration, EntryId, Exception};
use crate::record::error::Refusal;
use crate::record::limits::{MAX_NAME_CHARS, MAX_WORDS_CHARS};
use crate::record::write::Write;
use crate::standard::{Ask, Check, Hold, Rule, Side};

impl Plan<'_> {
    fn hold(&self, item: &str) -> Result<(&Rule, &Hold), Refusal> {
        let rule = self.rule("item", item)?;
        let Some(Ask::Hold(hold)) = rule.ask() else {
            return Err(invalid("item", "the rule asks for no hold test"));
        };
        self.in_scope("item", rule)?;
        self.side(Side::Field)?;
        self.unsealed(Some(rule))?;
        Ok((rule, hold))
    }

    /// Begins a test. The value is a measurement like any other too, so one reading serves the level and the hold.
    pub(super) fn begin_hold(
        &self,
        item: &str,
        value: f64,
        unit: &str,
        instrument: Option<&str>,
        calibration: Option<Calibration>,
    ) -> Planned {
        let (rule, hold) = self.hold(item)?;
        let measurement = self.measurement(&hold.quantity, value, unit, instrument, calibration)?;
        let mut writes = self.step("hold-started", |event| {
            event.about = Some(rule.id.clone());
            event.facts.insert("value".to_owned(), value.to_string());
            event.facts.insert("unit".to_owned(), unit.to_owned());
        })?;
        let key = derived_id(&self.context.entry_id, "hold").to_string();
        writes.push(Write::Put { place: Place::measures(Side::Field), key, entry: measurement });
        Ok(writes)
    }

    /// The test of an item that runs, for a value that is read from it.
    fn running(&self, item: &str, value: f64, unit: &str) -> Result<(&Rule, EntryId), Refusal> {
        let (rule, hold) = self.hold(item)?;
        // Checks the value and the unit; what the test found stands in its own event.
        self.measurement(&hold.quantity, value, unit, None, None)?;
        match self.evidences.timeline.holds.get(&rule.id).filter(|test| test.end.is_none()) {
            Some(running) => Ok((rule, running.id)),
            None => Err(Refusal::Invalid {
                field: "item".to_owned(),
                reason: "no test of it runs; use `begin-hold` first".to_owned(),
                rule: Some(Box::new(need(rule))),
            }),
        }
    }

    pub(super) fn sample_hold(&self, item: &str, value: f64, unit: &str) -> Planned {
        let (rule, running) = self.running(item, value, unit)?;
        self.step("hold-sampled", |event| {
            event.about = Some(rule.id.clone());
            event.facts.insert("hold".to_owned(), running.to_string());
            event.facts.insert("value".to_owned(), value.to_string());
            event.facts.insert("unit".to_owned(), unit.to_owned());
        })
    }

    pub(super) fn end_hold(&self, item: &str, value: f64, unit: &str) -> Planned {
        let (rule, running) = self.running(item, value, unit)?;
        self.step("hold-ended", |event| {
            event.about = Some(rule.id.clone());
            event.ends = vec![running];
            event.facts.insert("value".to_owned(), value.to_string());
            event.facts.insert("unit".to_owned(), unit.to_owned());
        })
    }

    /// Whether an event is the yes or the no of an approval of this job.
    pub(super) fn is_decision(&self, kind: &str) -> bool {
        let rules = self.course.rules().iter().map(|at| &self.standard.pack().rules[*at]);
        rules.into_iter().any(|rule| {
            matches!(&rule.check, Check::Approval(approval) if approval.approved == kind || approval.rejected == kind)
        })
    }

    pub(super) fn decide(&self, rule: &str, approved: bool, note: Option<&str>) -> Planned {
        let rule = self.rule("rule", rule)?;
        let Check::Approval(approval) = &rule.check else {
            return Err(invalid("rule", "the rule asks for no decision"));
        };
        let side = self.in_scope("rule", rule)?;
        if side != self.context.actor.side {
            let reason = format!("it is decided by the role `{}`", rule.roles.join("` or `"));
            return Err(Refusal::Forbidden { reason, rule: Some(Box::new(need(rule))) });
        }
        self.holds_role_of(rule)?;
        if approved {
            limit_option("note", note, MAX_WORDS_CHARS)?;
        } else {
            limit_words("note", note.unwrap_or_default(), MAX_WORDS_CHARS)?;
        }
        if let Some(after) = &approval.window.after
            && !self.evidences.timeline.happened(after)
        {
            return Err(Refusal::Invalid {
                field: "rule".to_owned(),
                reason: format!("there is nothing to decide before `{after}`"),
                rule: Some(Box::new(need(rule))),
            });
        }
        let (kind, other) = if approved {
            (&approval.approved, &approval.rejected)
        } else {
            (&approval.rejected, &approval.approved)
        };
        let undone = [kind, other].into_iter().flat_map(|kind| self.evidences.timeline.standing(kind));
        let undone = undone.filter(|at| at.about.as_ref() == Some(&rule.id)).filter_map(|at| at.id).collect();
        self.step(kind, |event| {
            event.about = Some(rule.id.clone());
            event.note = note.map(ToOwned::to_owned);
            event.ends = undone;
        })
    }

    pub(super) fn audit(&self, phase: &str, exceptions: &[Exception]) -> Planned {
        self.side(Side::Office)?;
        self.exceptions(phase, exceptions)?;
        self.step("audited", |event| {
            event.about = Some(phase.to_owned());
            for exception in exceptions {
                event.facts.insert(exception.rule.clone(), exception.reason.clone());
            }
        })
    }

    pub(super) fn score(
        &self,
        rule: &str,
        cause: &str,
        verdict: ScoreVerdict,
        reason: Option<&str>,
    ) -> Planned {
        let rule = self.rule("rule", rule)?;
        let Check::Score(score) = &rule.check else {
            return Err(invalid("rule", "the rule scores nothing"));
        };
        self.in_scope("rule", rule)?;
        limit_words("cause", cause, MAX_NAME_CHARS * 2)?;
        let wrong = |field: &str, reason: String| {
            Err(Refusal::Invalid { field: field.to_owned(), reason, rule: Some(Box::new(need(rule))) })
        };
        let judged = self.evidences.judged(self.context.stamp.corrected());
        let lines = self.evidences.lines_of(rule, score, &judged);
        let Some(line) = lines.iter().find(|line| line.cause == cause) else {
            let known: Vec<&str> = lines.iter().map(|line| line.cause.as_str()).collect();
            let known = if known.is_empty() { "there is none".to_owned() } else { known.join(", ") };
            return wrong("cause", format!("is no cause of these points; causes: {known}"));
        };
        let kind = match verdict {
            ScoreVerdict::Confirm => {
                limit_option("reason", reason, MAX_WORDS_CHARS)?;
                if !line.condition_met {
                    let condition = score.condition.join(" or ");
                    return wrong("verdict", format!("the points are pending until {condition}"));
                }
                "score-confirmed"
            }
            ScoreVerdict::Waive => "score-waived",
            ScoreVerdict::Appeal => "score-appealed",
        };
        if verdict != ScoreVerdict::Confirm {
            limit_words("reason", reason.unwrap_or_default(), MAX_WORDS_CHARS)?;
        }
        if verdict != ScoreVerdict::Appeal {
            self.side(Side::Office)?;
            self.holds_one_of(&score.reviewers, rule)?;
        }
        let known = self.evidences.words_on(&rule.id, cause).iter().map(|(id, ..)| *id).collect();
        self.step(kind, |event| {
            event.about = Some(rule.id.clone());
            event.ends = known;
            event.note = reason.map(ToOwned::to_owned);
            event.facts.insert("cause".to_owned(), cause.to_owned());
        })
    }
}
