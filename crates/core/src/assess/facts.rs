//! The values of a record that conditions see.

use std::collections::BTreeMap;

use super::value::latest;
use crate::record::{AnswerValue, Record, Timeline};
use crate::standard::condition::{Fact, Facts};
use crate::standard::{Ask, Rule, Standard};

pub(super) fn facts(record: &Record, standard: &Standard, timeline: &Timeline, state: String) -> Facts {
    let uses = standard.uses();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let replaced = || record.parts.values().filter_map(|part| part.replaces.as_ref());
    let mut answers = BTreeMap::new();
    for rule in &uses.answers {
        let Some(answer) = record.answer(standard, rule) else { continue };
        let fact = match &answer.value {
            AnswerValue::Yes(yes) => Fact::Bool(*yes),
            AnswerValue::Choice(text) | AnswerValue::Text(text) => Fact::Text(text.clone()),
            AnswerValue::Several(chosen) => Fact::Text(chosen.join(" ")),
            AnswerValue::Time(moment) => Fact::Text(moment.to_string()),
            AnswerValue::Waived(_) => continue,
        };
        answers.insert(rule.clone(), fact);
    }
    for rule in &uses.answers {
        if let Some(Ask::Number { quantity, .. }) = standard.rule(rule).and_then(Rule::ask)
            && let Some(latest) = latest(record, quantity)
        {
            answers.insert(rule.clone(), Fact::Number(latest.value));
        }
    }
    Facts {
        state,
        kind: record.kind.id().to_owned(),
        job: record.job.clone(),
        order: record
            .order
            .iter()
            .filter(|(id, _)| uses.order.contains(*id))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        events: uses
            .events
            .iter()
            .map(|kind| (kind.clone(), count(timeline.standing(kind).count())))
            .collect(),
        answers,
        notes: record
            .notes
            .iter()
            .filter(|(id, _)| uses.notes.contains(*id))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        rating: record.rating.as_ref().map(|rating| rating.level.clone()),
        parts_consumed: count(record.parts.len()),
        parts_unreturned: count(replaced().filter(|old| !old.returned).count()),
        photos: count(record.photos.len()),
    }
}
