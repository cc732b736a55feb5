//! Costs and points.

use super::linter::Linter;
use super::place::Path;
use super::rules::At;
use super::words::checks as say;
use crate::standard::{Check, Cost, Rule, Score};

impl Linter<'_, '_> {
    pub(super) fn cost(&mut self, at: &At, cost: &Cost) {
        self.known("roles", at.path.key("bearer"), &cost.bearer);
        if let Some(quantity) = &cost.quantity {
            self.known("quantities", at.path.key("quantity"), quantity);
        }
        if cost.kinds.is_empty() {
            self.out.say(&say::NO_KINDS, at.path.key("kinds"), []);
        }
        self.ids(&at.path.key("kinds"), "id", cost.kinds.iter().map(|kind| kind.id.as_str()), false);
        self.tariff(at.path.key("tariff"), cost.tariff.as_deref());
    }

    /// The name of a tariff: an id, whose table only the company has.
    pub(super) fn tariff(&mut self, path: Path, tariff: Option<&str>) {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if let Some(id) = tariff
            && (id.is_empty() || id.len() > 64 || !id.bytes().all(fits))
        {
            self.out.say(&say::BAD_TARIFF, path, [id]);
        }
    }

    pub(super) fn score(&mut self, at: &At, score: &Score) {
        let path = &at.path;
        if score.reviewers.is_empty() {
            self.out.say(&say::NO_REVIEWER, path.key("reviewers"), []);
        }
        self.known_all("roles", &path.key("reviewers"), &score.reviewers);
        for (nth, name) in score.applies_to.iter().enumerate() {
            let duty = |rule: &Rule| !matches!(rule.check, Check::Score(_));
            self.rule_of_kind(path.key("applies-to").item(nth), name, &say::SCORES_SCORE, duty);
        }
        for (key, events) in [("on", &score.on), ("condition", &score.condition)] {
            for (nth, event) in events.iter().enumerate() {
                let path = path.key(key).item(nth);
                if self.event(path.clone(), event) {
                    let fault = if events.len() == 1 { &say::UNREACHABLE_RULE } else { &say::IDLE_EVENT };
                    self.need(fault, path, event, &at.jobs);
                }
            }
        }
        let pointless = score.points == 0.0 && score.money.is_none();
        let caused = !score.applies_to.is_empty() || !score.on.is_empty();
        if pointless && !caused && score.condition.is_empty() {
            self.out.say(&say::NOTHING_SCORED, path.clone(), []).on_key();
        } else if !pointless && !caused {
            self.out.say(&say::NO_CAUSE, path.clone(), []).on_key();
        }
        let cents = score.points * 100.0;
        if (cents - cents.round()).abs() > 1e-6 {
            self.out.say(&say::FINE_POINTS, path.key("points"), [&score.points.to_string()]);
        }
        if let Some(money) = &score.money
            && !(money.currency.len() == 3
                && money.currency.bytes().all(|letter| letter.is_ascii_uppercase()))
        {
            self.out.say(&say::BAD_CURRENCY, path.key("money").key("currency"), [&money.currency]);
        }
    }
}
