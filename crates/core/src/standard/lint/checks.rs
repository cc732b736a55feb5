//! What rules ask for: items, fields, decisions, words and classes.

use std::collections::BTreeSet;

use super::linter::Linter;
use super::place::Path;
use super::rules::At;
use super::words::{checks as say, flow as say_flow, names as say_name};
use crate::deadline::{Limit, LimitSpan};
use crate::standard::{
    Approval, Ask, Calibrated, Check, Choice, Classification, FieldCheck, Hold, Quantity, Script,
};

impl Linter<'_, '_> {
    pub(super) fn item(&mut self, at: &At, ask: &Ask) {
        let path = at.path.key("ask");
        match ask {
            Ask::Choice { options } => self.choices(&path.key("choice").key("options"), options, 2),
            Ask::Several { options, .. } => self.choices(&path.key("several").key("options"), options, 1),
            Ask::Number { quantity, min, max } => {
                self.number(&path.key("number"), quantity, *min, *max);
            }
            Ask::Series { quantity, count, min, max } => {
                let path = path.key("series");
                self.number(&path, quantity, *min, *max);
                if *count == 0 {
                    self.out.say(&say::SERIES_COUNT, path.key("count"), []);
                }
            }
            Ask::Hold(hold) => self.hold(&path.key("hold"), hold),
            Ask::Signature { roles, everyone } => {
                let path = path.key("signature");
                self.known_all("roles", &path.key("roles"), roles);
                if roles.is_empty() {
                    self.out.say(&say_flow::NO_SIGNER, path.key("roles"), []);
                }
                if let Some(source) = everyone {
                    self.source(&path.key("everyone"), source, &at.kinds);
                }
            }
            Ask::YesNo | Ask::Text | Ask::Time | Ask::Photo { .. } | Ask::Document => {}
        }
    }

    pub(super) fn calibrated(&mut self, at: &At, calibrated: &Calibrated) {
        let path = at.path.key("quantities");
        self.known_all("quantities", &path, &calibrated.quantities);
        if calibrated.quantities.is_empty() {
            self.out.say(&say::NO_QUANTITY, path, []);
        }
        if let Some(within) = &calibrated.within {
            self.positive(at.path.key("within"), within);
        }
    }

    fn quantity(&mut self, path: Path, id: &str) -> Option<&Quantity> {
        self.known("quantities", path, id);
        self.pack.quantities.iter().find(|known| known.id == *id)
    }

    fn number(&mut self, path: &Path, quantity: &str, min: Option<f64>, max: Option<f64>) {
        let range = self.quantity(path.key("quantity"), quantity).map(|known| (known.min, known.max));
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            self.out.say(&say_flow::BOUNDS, path.key("min"), [&min.to_string(), &max.to_string()]);
            return;
        }
        for (key, bound) in [("min", min), ("max", max)] {
            if let Some(bound) = bound {
                self.plausible(path.key(key), quantity, range, bound);
            }
        }
    }

    fn plausible(&mut self, path: Path, quantity: &str, range: Option<(f64, f64)>, value: f64) {
        if let Some((least, most)) = range
            && least < most
            && !(least..=most).contains(&value)
        {
            let words = [&value.to_string(), quantity, &least.to_string(), &most.to_string()];
            self.out.say(&say::OUTSIDE_PLAUSIBLE, path, words);
        }
    }

    fn hold(&mut self, path: &Path, hold: &Hold) {
        let range = self.quantity(path.key("quantity"), &hold.quantity).map(|known| (known.min, known.max));
        self.plausible(path.key("level"), &hold.quantity, range, hold.level);
        if let Some(span) = self.positive(path.key("lasts"), &hold.lasts)
            && !span.is_exact()
        {
            self.out.say(&say::INEXACT, path.key("lasts"), [&hold.lasts]);
        }
        if hold.drop < 0.0 {
            self.out.say(&say::NEGATIVE_DROP, path.key("drop"), []);
        }
        if let Some(event) = &hold.event {
            self.event(path.key("event"), event);
        }
    }

    /// A duration with a length.
    pub(super) fn positive(&mut self, path: Path, text: &str) -> Option<LimitSpan> {
        match text.parse() {
            Ok(Limit::Span(span)) if span.is_negative() || span.is_zero() => {
                self.out.say(&say::NOT_POSITIVE, path, [text]);
                None
            }
            Ok(Limit::Span(span)) => Some(span),
            _ => {
                self.out.say(&say::BAD_DURATION, path, [text]);
                None
            }
        }
    }

    pub(super) fn field(&mut self, at: &At, field: &FieldCheck) {
        let path = at.path.key("sources");
        if field.sources.is_empty() {
            self.out.say(&say::NO_SOURCE, path.clone(), []);
        }
        self.all_sources(&path, &field.sources, &at.kinds);
        for (nth, source) in field.sources.iter().enumerate() {
            if let ("event", event) = source.parts() {
                self.need(&say::UNMEETABLE, path.item(nth), event, &at.jobs);
            }
        }
    }

    pub(super) fn approval(&mut self, at: &At, approval: &Approval) {
        self.proves(at, at.path.key("approved"), &approval.approved);
        self.proves(at, at.path.key("rejected"), &approval.rejected);
        if approval.approved == approval.rejected {
            self.out.say(&say::SAME_DECISION, at.path.key("rejected"), [&approval.rejected]);
        }
    }

    pub(super) fn script(&mut self, at: &At, script: &Script) {
        self.after(at, script.after.as_deref());
        for (lang, words) in [("en", &script.words.en), ("zh", &script.words.zh)] {
            let path = at.path.key("words").key(lang);
            let found = placeholders(words);
            for slot in &script.slots {
                if !found.contains(slot.as_str()) {
                    self.out.say(&say::MISSING_PLACEHOLDER, path.clone(), [&format!("{{{slot}}}"), lang]);
                }
            }
            for slot in found {
                if !script.slots.iter().any(|known| known == slot) {
                    let name = format!("{{{slot}}}");
                    self.out.say(&say::UNDECLARED_PLACEHOLDER, path.clone(), [&name]);
                }
            }
        }
    }

    pub(super) fn classification(&mut self, at: &At, class: &Classification) {
        let ways =
            [class.field.is_some(), !class.classes.is_empty(), class.of.is_some() || class.class.is_some()];
        let half = class.of.is_some() != class.class.is_some();
        if ways.iter().filter(|way| **way).count() != 1 || half {
            self.out.say(&say::CLASSES_HOW, at.path.clone(), []).on_key();
        }
        if !class.classes.is_empty() {
            self.choices(&at.path.key("classes"), &class.classes, 2);
        }
        if let Some(name) = &class.field {
            self.class_field(at, name);
        }
        if let (Some(of), Some(id)) = (&class.of, &class.class) {
            self.class_of(at, of, id);
        }
    }

    fn class_field(&mut self, at: &At, name: &str) {
        let (path, names) = (at.path.key("field"), self.names);
        if !names.anywhere("order").any(|(_, names)| names.has(name)) {
            let known = names.anywhere("order").flat_map(|(_, names)| names.all());
            self.out.unknown(&say_name::ORDER_FIELD, path, [name], name, known);
            return;
        }
        let fields = self.pack.flows().flat_map(|(_, flow)| &flow.order).filter(|field| field.id == name);
        let fields: Vec<_> = fields.collect();
        if !fields.is_empty() && fields.iter().all(|field| field.options.is_empty()) {
            self.out.say(&say::NO_CLASSES, path, [name]);
        }
    }

    fn class_of(&mut self, at: &At, of: &str, id: &str) {
        if !self.known("rules", at.path.key("of"), of) {
            return;
        }
        let Some(rule) = self.pack.rules.iter().find(|rule| rule.id == of) else { return };
        let classes: &[Choice] = match &rule.check {
            Check::Classification(class) => &class.classes,
            _ => &[],
        };
        if classes.is_empty() {
            self.out.say(&say::NO_CLASSES, at.path.key("of"), [of]);
        } else if !classes.iter().any(|class| class.id == id) {
            let known = classes.iter().map(|class| class.id.as_str());
            self.out.unknown(&say::UNKNOWN_CLASS, at.path.key("class"), [id, of], id, known);
        }
    }
}

/// The words in braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}
