//! One duty as it is listed: who, when, what follows.

use jobsheet_core::Text;
use jobsheet_core::standard::{Rule, Severity};
use serde::Serialize;

use super::speech::Speech;
use super::when;

/// One duty.
#[derive(Debug, Serialize)]
pub(super) struct Duty<'a> {
    pub(super) rule: &'a str,
    pub(super) clause: &'a str,
    pub(super) severity: Severity,
    pub(super) text: &'a Text,
    pub(super) check: &'static str,
    pub(super) when: Option<String>,
    pub(super) timing: Option<String>,
    pub(super) proof: String,
    pub(super) consequences: Vec<String>,
    pub(super) disabled: Option<&'a Text>,
}

impl<'a> Duty<'a> {
    pub(super) fn of(speech: Speech<'a>, rule: &'a Rule) -> Self {
        Self {
            rule: &rule.id,
            clause: &rule.clause,
            severity: rule.severity,
            text: &rule.text,
            check: rule.check.kind(),
            when: rule.when.as_ref().map(|when| when::in_words(speech, when)),
            timing: speech.timing(rule),
            proof: speech.proof(rule),
            consequences: speech.consequences(rule),
            disabled: rule.disabled.as_ref(),
        }
    }
}
