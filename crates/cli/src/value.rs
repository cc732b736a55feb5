//! Values of the command line that stand for a part of a command.

use clap::{Args, ValueEnum};
use jobsheet_core::Moment;
use jobsheet_core::record::{AnswerValue, Condition, Exception, ResolveTarget, ScoreVerdict};

/// An answer.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Value {
    /// Yes
    #[arg(long)]
    yes: bool,
    /// No
    #[arg(long)]
    no: bool,
    /// One of the item's options
    #[arg(long, value_name = "OPTION")]
    choice: Option<String>,
    /// Several of the item's options, separated by commas
    #[arg(long, value_name = "OPTIONS", value_delimiter = ',')]
    several: Option<Vec<String>>,
    /// Words
    #[arg(long)]
    text: Option<String>,
    /// A time, such as 2026-03-01T09:30:00-05:00
    #[arg(long)]
    time: Option<Moment>,
    /// Not done, for this reason
    #[arg(long, value_name = "REASON")]
    waive: Option<String>,
}

impl Value {
    pub(crate) fn answer(self) -> AnswerValue {
        match self {
            Value { choice: Some(choice), .. } => AnswerValue::Choice(choice),
            Value { several: Some(several), .. } => AnswerValue::Several(several),
            Value { text: Some(text), .. } => AnswerValue::Text(text),
            Value { time: Some(time), .. } => AnswerValue::Time(time),
            Value { waive: Some(reason), .. } => AnswerValue::Waived(reason),
            // The group lets exactly one through.
            Value { yes, .. } => AnswerValue::Yes(yes),
        }
    }
}

/// Yes or no.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Decision {
    /// Yes
    #[arg(long)]
    yes: bool,
    /// No
    #[arg(long)]
    no: bool,
}

impl Decision {
    pub(crate) fn approved(&self) -> bool {
        // The group lets exactly one through.
        self.yes
    }
}

/// What is said of points.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Verdict {
    /// They count (a reviewer)
    Confirm,
    /// They do not count (a reviewer)
    Waive,
    /// They are not agreed with
    Appeal,
}

impl Verdict {
    pub(crate) fn said(self) -> ScoreVerdict {
        match self {
            Self::Confirm => ScoreVerdict::Confirm,
            Self::Waive => ScoreVerdict::Waive,
            Self::Appeal => ScoreVerdict::Appeal,
        }
    }
}

/// Who found a breach.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum BreachSource {
    /// The person who reports it
    #[value(name = "self")]
    Own,
    /// A survey
    Survey,
    /// An audit
    Audit,
    /// A complaint
    Complaint,
}

impl BreachSource {
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Survey => "survey",
            Self::Audit => "audit",
            Self::Complaint => "complaint",
        }
    }
}

pub(crate) fn exception(text: &str) -> Result<Exception, String> {
    match text.split_once('=') {
        Some((rule, reason)) if !rule.is_empty() && !reason.is_empty() => {
            Ok(Exception { rule: rule.to_owned(), reason: reason.to_owned() })
        }
        _ => Err("write it as RULE=REASON".to_owned()),
    }
}

pub(crate) fn condition(text: &str) -> Result<Condition, String> {
    Condition::of(text).ok_or_else(|| {
        let known: Vec<&str> = Condition::ALL.into_iter().map(Condition::id).collect();
        format!("write one of {}", known.join(", "))
    })
}

pub(crate) fn target(text: &str) -> Result<ResolveTarget, String> {
    match text.split_once(':') {
        Some(("answer", item)) if !item.is_empty() => Ok(ResolveTarget::Answer(item.to_owned())),
        Some(("attestation", phase)) if !phase.is_empty() => Ok(ResolveTarget::Attestation(phase.to_owned())),
        Some(("order", field)) if !field.is_empty() => Ok(ResolveTarget::Order(field.to_owned())),
        None if text == "survey" => Ok(ResolveTarget::Survey),
        None if text == "assignment" => Ok(ResolveTarget::Assignment),
        _ => Err("write it as answer:ITEM, attestation:PHASE or survey".to_owned()),
    }
}
