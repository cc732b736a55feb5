//! Rows of the tables, derived: the ordinary rehearsal of each job in scope, then with the events that begin the duty,
//! then with what its guard asks for.

use std::sync::Arc;

use jobsheet_core::standard::{Check, Rule, Standard};

use crate::breaking::{found, is_broken, kept_status, ways};
use crate::scenario::{self, Word};
use crate::special::SPECIAL;
use crate::stage::{jobs, work};
use crate::table::Row;

/// The row of a rule, or what was found instead.
pub fn row(standard: &Arc<Standard>, rule: &Rule) -> Result<Row, String> {
    let mut tried = Vec::new();
    for (job, kept, broken) in candidates(standard, rule) {
        let kept = match kept_status(rule) {
            wanted if found(standard, rule, &job, &kept, "").as_deref() == Some(wanted) => kept,
            _ => {
                tried.push(format!("{job}: {kept}: {:?}", found(standard, rule, &job, &kept, "")));
                continue;
            }
        };
        let hows =
            if broken.is_empty() { ways(standard, rule, &job, &scenario::read(&kept)) } else { vec![broken] };
        for how in hows {
            let Some(status) = found(standard, rule, &job, &kept, &how) else { continue };
            if is_broken(rule, &status) {
                return Ok(Row {
                    rule: rule.id.clone(),
                    clause: rule.clause.clone(),
                    check: rule.check.kind().to_owned(),
                    job,
                    kept_status: kept_status(rule).to_owned(),
                    kept,
                    broken: how,
                    broken_status: status,
                });
            }
            tried.push(format!("{job}: {kept}: broken by {how}: {status}"));
        }
    }
    Err(format!("{} ({}): {}", rule.id, rule.check.kind(), tried.join(" | ")))
}

/// Job, scenario, and what breaks it (empty: to be found).
fn candidates(standard: &Arc<Standard>, rule: &Rule) -> Vec<(String, String, String)> {
    let mut list: Vec<(String, String, String)> = Vec::new();
    for special in SPECIAL.iter().filter(|special| special.rule == rule.id) {
        list.push((special.job.to_owned(), special.kept.to_owned(), special.broken.to_owned()));
    }
    for (job, _) in jobs(standard, rule) {
        let begins: Vec<Word> =
            begins(rule).iter().filter_map(|event| trigger(standard, &job, event)).collect();
        let guard = guard(standard, &job, rule);
        let both: Vec<Word> = guard.iter().chain(&begins).cloned().collect();
        let ends = ends(rule).into_iter().filter_map(|event| trigger(standard, &job, event));
        let ended: Vec<Word> = both.iter().cloned().chain(ends.take(1)).collect();
        let mut sets = vec![Vec::new(), begins, guard.clone(), both, ended];
        sets.extend(guard.into_iter().map(|word| vec![word]));
        if let Check::Score(_) = rule.check {
            sets = points(standard, rule, &job);
        }
        if let Check::Parts(_) = rule.check {
            sets.push(vec![Word::Part("returned".to_owned())]);
        }
        for words in sets {
            let mut words = distinct(words);
            list.push((job.clone(), scenario::write(&words), String::new()));
            if matches!(rule.check, Check::Conduct(_) | Check::Script(_) | Check::Privacy(_)) {
                words.push(Word::Audited(rule.id.clone()));
                list.push((job.clone(), scenario::write(&words), String::new()));
            }
        }
    }
    // The ordinary course of some job is the plainest proof, then what is shortest.
    let specials = SPECIAL.iter().filter(|special| special.rule == rule.id).count();
    list[specials..]
        .sort_by_key(|(_, words, _)| if words == "ordinary" { 0 } else { words.split("; ").count() });
    list.dedup();
    list
}

fn distinct(words: Vec<Word>) -> Vec<Word> {
    let mut list: Vec<Word> = Vec::new();
    for word in words {
        if !list.contains(&word) {
            list.push(word);
        }
    }
    list
}

/// The events with which a duty begins.
fn begins(rule: &Rule) -> Vec<String> {
    let after = match &rule.check {
        Check::Conduct(conduct) => conduct.after.clone(),
        Check::Script(script) => script.after.clone(),
        Check::Privacy(privacy) => privacy.after.clone(),
        Check::Milestone(milestone) => milestone.start.first().cloned(),
        _ => rule.window().and_then(|window| window.after.clone()),
    };
    after.into_iter().collect()
}

/// The events that end a deadline.
fn ends(rule: &Rule) -> Vec<&str> {
    match &rule.check {
        Check::Milestone(milestone) => milestone.end.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// What lets an event happen in a job: a report, an order field, an answer or a rating.
fn trigger(standard: &Standard, job: &str, event: &str) -> Option<Word> {
    let course = standard.course(job);
    let chosen = |of: &Option<String>| of.as_deref() == Some(event);
    for field in &course.flow().order {
        if let Some(option) = field.options.iter().find(|option| chosen(&option.event)) {
            return Some(Word::Order(field.id.clone(), option.id.clone()));
        }
    }
    for rule in standard.pack().rules.iter().filter(|rule| standard.side_of(job, rule).is_some()) {
        if let Some(option) = rule.options().unwrap_or_default().iter().find(|option| chosen(&option.event)) {
            return Some(Word::Answer(rule.id.clone(), option.id.clone()));
        }
    }
    let decided = |rule: &&Rule| {
        matches!(&rule.check, Check::Approval(approval) if approval.rejected == event)
            && standard.side_of(job, rule).is_some()
    };
    if let Some(approval) = standard.pack().rules.iter().find(decided) {
        return Some(Word::Wrong(approval.id.clone()));
    }
    let levels = course.flow().survey.as_ref().map_or(&[][..], |survey| &survey.levels);
    if let Some(level) = levels.iter().find(|level| chosen(&level.event)) {
        return Some(Word::Rating(level.id.clone()));
    }
    let kind = event.split_once('/').map_or(event, |(kind, _)| kind);
    let known = standard.event(kind).filter(|known| !known.by.is_empty())?;
    let assigned = course.flow().assigned.as_deref() == Some(kind);
    if assigned || !known.incident && course.step(kind).is_none() {
        return None;
    }
    let event = match known.subjects.first() {
        Some(subject) if kind == event => format!("{kind}/{}", subject.id),
        _ => event.to_owned(),
    };
    Some(Word::Incident(event))
}

/// What a guard asks for, as far as it is a comparison with a value or a count above zero.
fn guard(standard: &Standard, job: &str, rule: &Rule) -> Vec<Word> {
    let mut words = Vec::new();
    if let Check::Classification(class) = &rule.check
        && let (Some(of), Some(own)) = (&class.of, &class.class)
    {
        words.push(Word::Answer(of.clone(), own.clone()));
    }
    let Some(when) = &rule.when else { return words };
    for term in when.split(['&', '|']).map(|term| term.trim_matches([' ', '(', ')', '!'])) {
        let quoted = |text: &str| text.split('\'').nth(1).map(ToOwned::to_owned);
        let positive = [" > ", " == '", " == true", " in ["].iter().any(|sign| term.contains(sign));
        if let Some(rest) = term.strip_prefix("events['").filter(|_| positive) {
            let event = rest.split('\'').next().unwrap();
            words.extend(trigger(standard, job, event));
        } else if let Some(rest) = term.strip_prefix("order.").filter(|_| term.contains("==")) {
            let field = rest.split(' ').next().unwrap().to_owned();
            words.extend(quoted(rest).map(|value| Word::Order(field, value)));
        } else if let Some(rest) = term.strip_prefix("answers['").filter(|_| positive) {
            let (answered, value) = rest.split_once("']").unwrap();
            let value = if value.contains("true") { Some("yes".to_owned()) } else { quoted(value) };
            words.extend(value.map(|value| Word::Answer(answered.to_owned(), value)));
        } else if term.starts_with("parts.consumed > 0") {
            words.push(Word::Part("new".to_owned()));
        }
    }
    words
}

/// The cause of points and their condition, and a reviewer who confirms them.
fn points(standard: &Arc<Standard>, rule: &Rule, job: &str) -> Vec<Vec<Word>> {
    let Check::Score(score) = &rule.check else { return Vec::new() };
    let mut words: Vec<Word> =
        score.condition.first().and_then(|event| trigger(standard, job, event)).into_iter().collect();
    words.extend(score.on.iter().filter_map(|event| trigger(standard, job, event)));
    let confirm = Word::Points(rule.id.clone(), "confirmed".to_owned());
    if score.applies_to.is_empty() {
        words.push(confirm);
        return vec![words];
    }
    let cause = |id: &String| {
        let scored = standard.rule(id)?;
        standard.side_of(job, scored)?;
        // A deadline is broken by its own clock, if one can be.
        let late = matches!(&scored.check, Check::Milestone(milestone) if milestone.limit.as_deref() != Some("at-once"));
        let mut words = words.clone();
        words.push(if late { Word::Late(id.clone()) } else { Word::Breach(id.clone(), "audit".to_owned()) });
        words.push(confirm.clone());
        work(standard, job, &words).map(|_| words)
    };
    score.applies_to.iter().filter_map(cause).collect()
}
