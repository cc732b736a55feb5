//! Values of commands: their limits, and whether they fit what an item asks.

use crate::record::entry::AnswerValue;
use crate::record::error::{Need, Refusal};
use crate::record::limits::MAX_WORDS_CHARS;
use crate::standard::{Ask, Check, Rule};

pub(super) fn need(rule: &Rule) -> Need {
    Need { rule: rule.id.clone(), clause: rule.clause.clone(), text: rule.text.clone() }
}

pub(super) fn invalid(field: &str, reason: &str) -> Refusal {
    Refusal::Invalid { field: field.to_owned(), reason: reason.to_owned(), rule: None }
}

pub(super) fn limit_chars(field: &str, text: &str, limit: usize) -> Result<(), Refusal> {
    // Counting stops at the limit: a text of ten megabytes costs no more than a short one.
    if text.chars().take(limit + 1).count() > limit {
        return Err(invalid(field, &format!("holds at most {limit} characters")));
    }
    Ok(())
}

pub(super) fn limit_words(field: &str, text: &str, limit: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(invalid(field, "is empty"));
    }
    limit_chars(field, text, limit)
}

pub(super) fn limit_option(field: &str, text: Option<&str>, limit: usize) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| limit_chars(field, text, limit))
}

pub(super) fn is_sha256(field: &str, text: &str) -> Result<(), Refusal> {
    let right =
        text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if right { Ok(()) } else { Err(invalid(field, "must be 64 lower-case hexadecimal digits")) }
}

/// Whether a value is an answer to what a rule asks.
pub(super) fn check_value(rule: &Rule, value: &AnswerValue) -> Result<(), Refusal> {
    let classes;
    let ask = match (&rule.check, rule.ask()) {
        (_, Some(ask)) => ask,
        (Check::Classification(class), None) => {
            classes = Ask::Choice { options: class.classes.clone() };
            &classes
        }
        _ => return Err(invalid("item", "the rule is no checklist item")),
    };
    let wrong = |reason: String| {
        Err(Refusal::Invalid { field: "value".to_owned(), reason, rule: Some(Box::new(need(rule))) })
    };
    match (ask, value) {
        (Ask::Signature { .. }, _) => wrong("is proved by a signature; use `sign`".to_owned()),
        (_, AnswerValue::Waived(reason)) => limit_words("value", reason, MAX_WORDS_CHARS),
        (Ask::YesNo, AnswerValue::Yes(_)) | (Ask::Time, AnswerValue::Time(_)) => Ok(()),
        (Ask::Text | Ask::Document, AnswerValue::Text(text)) => limit_words("value", text, MAX_WORDS_CHARS),
        (Ask::Choice { options }, AnswerValue::Choice(chosen)) => {
            if options.iter().any(|option| option.id == *chosen) {
                return Ok(());
            }
            let options: Vec<&str> = options.iter().map(|option| option.id.as_str()).collect();
            wrong(format!("must be one of {}", options.join(", ")))
        }
        (Ask::Several { options, .. }, AnswerValue::Several(chosen)) => {
            let known = |id: &String| options.iter().any(|option| option.id == *id);
            let twice = chosen.iter().enumerate().any(|(at, id)| chosen[..at].contains(id));
            if !chosen.is_empty() && !twice && chosen.iter().all(known) {
                return Ok(());
            }
            let options: Vec<&str> = options.iter().map(|option| option.id.as_str()).collect();
            wrong(format!("must be some of {}, each once", options.join(", ")))
        }
        (Ask::Photo { .. }, _) => wrong("is proved by photos; use `add-photo`".to_owned()),
        (Ask::Hold(_), _) => wrong("is proved by a hold test; use `begin-hold` and `end-hold`".to_owned()),
        (Ask::Several { .. }, _) => wrong("must be a list of options".to_owned()),
        (Ask::YesNo, _) => wrong("must be yes or no".to_owned()),
        (Ask::Choice { .. }, _) => wrong("must be one of the options".to_owned()),
        (Ask::Text | Ask::Document, _) => wrong("must be a text".to_owned()),
        (Ask::Time, _) => wrong("must be a time".to_owned()),
        (Ask::Number { quantity, .. } | Ask::Series { quantity, .. }, _) => {
            wrong(format!("is proved by a measurement; use `measure` with `{quantity}`"))
        }
    }
}
