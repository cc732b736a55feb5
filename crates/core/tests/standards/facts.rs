//! The lists of facts that were drawn from the documents, compared with the packs.

use std::collections::{BTreeMap, BTreeSet};

use jobsheet_core::standard::{Check, Kind, Standard};

use crate::stage::{of_rule, standard};
use crate::table::facts;

/// Clocks that a pack writes otherwise than the list does, and why.
const OTHERWISE: &[(&str, &str)] = &[
    (
        "gas.hotline-three-rings",
        "rings are counted, not timed: the longest wait of the shift is entered as a figure",
    ),
    ("gas.counter-arrive-early", "how much earlier is set elsewhere; the planned start is the latest time"),
    (
        "gas.counter-dated-reply",
        "one shift holds many questions: the date stands in a note, and a person judges",
    ),
    (
        "gas.hotline-dated-reply",
        "one shift holds many questions: the date stands in a note, and a person judges",
    ),
    ("diesel.hotline-24h", "no single shift covers the day: a supervisor compares the roster with it"),
];

#[test]
fn clocks_are_those_of_the_packs() {
    let otherwise: BTreeMap<&str, &str> = OTHERWISE.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for [rule, start, limit, end] in facts::<4>("clocks.tsv") {
        let standard = of_rule(&rule);
        let known = standard.rule(&rule).unwrap_or_else(|| panic!("no rule {rule}"));
        let differs = match &known.check {
            Check::Milestone(milestone) => {
                let limits = match limit.as_str() {
                    "promised" | "set elsewhere" => milestone.due.is_some(),
                    limit => milestone.limit.as_deref() == Some(limit),
                };
                let starts = milestone.start.contains(&start);
                // An end may be narrowed to some of what it can be about.
                let ends = end.is_empty()
                    || milestone.end.iter().any(|known| known.split('/').next() == Some(end.as_str()));
                (!limits || !starts || !ends).then(|| format!("{milestone:?}"))
            }
            other => Some(other.kind().to_owned()),
        };
        match (differs, otherwise.get(rule.as_str())) {
            (Some(found), None) => wrong.push(format!("{rule}: {start} {limit} {end}: {found}")),
            (None, Some(_)) => wrong.push(format!("{rule} is no exception any more")),
            (Some(_), Some(_)) => drop(used.insert(rule)),
            (None, None) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(used.len(), OTHERWISE.len());
}

/// Whether an event can happen in some document of a kind: recorded, or derived from something.
fn can_happen(standard: &Standard, kind: Kind, event: &str) -> bool {
    let Some(flow) = standard.pack().flow(kind) else { return false };
    let jobs: Vec<&str> =
        standard.pack().jobs.iter().filter(|job| job.kind == kind).map(|job| job.id.as_str()).collect();
    let is = |of: &str| of == event || of.split_once('/').is_some_and(|(kind, _)| kind == event);
    let chosen = |of: &Option<String>| of.as_deref().is_some_and(is);
    let rules = || {
        standard
            .pack()
            .rules
            .iter()
            .filter(|rule| jobs.iter().any(|job| standard.side_of(job, rule).is_some()))
    };
    let recorded = standard.event(event).is_some_and(|known| known.incident && !known.by.is_empty())
        || jobs.iter().any(|job| standard.course(job).step(event).is_some())
        || flow.opening.iter().any(|of| is(of))
        || chosen(&flow.assigned)
        || chosen(&flow.uploaded);
    recorded
        || flow.planned.iter().any(|planned| is(&planned.event))
        || flow.order.iter().flat_map(|field| &field.options).any(|option| chosen(&option.event))
        || flow.survey.iter().flat_map(|survey| &survey.levels).any(|level| chosen(&level.event))
        || flow.signing.as_ref().is_some_and(|signing| is(&signing.event))
        || rules().flat_map(|rule| rule.options().unwrap_or_default()).any(|option| chosen(&option.event))
        || event == "part-replaced" && kind == Kind::Visit
}

/// Moments that the packs see elsewhere than in an event of their own, and why.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("gas", "consent-given", "the spoken agreement is an item of the measuring job"),
    ("gas", "own-fault-confirmed", "the complaint is judged valid"),
    ("gas", "alarm-received", "an alarm opens an emergency repair, which is a record of its own"),
    ("diesel", "sla-missed", "the clock of a deadline says so, nobody records it"),
    ("execution-form", "sla-missed", "the clock of a deadline says so, nobody records it"),
    ("execution-form", "part-needed", "the stated duration is that of the repair or of the delivery"),
    ("execution-form", "part-issued", "the part that is used stands for it"),
];

#[test]
fn what_sets_a_rule_going_can_happen_in_its_pack() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for [pack, kind, event, rules] in facts::<4>("transitions.tsv") {
        let standard = standard(&pack);
        for rule in rules.split('|') {
            assert!(standard.rule(rule).is_some(), "no rule {rule}");
        }
        let exempt = ELSEWHERE.iter().any(|(of, moment, _)| *of == pack && *moment == event);
        let happens = can_happen(&standard, Kind::of(&kind).unwrap(), &event);
        if !happens && exempt {
            used.insert(format!("{pack} {event}"));
        } else if !happens {
            wrong.push(format!("{pack} {kind} {event} can not happen"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(used.len(), ELSEWHERE.len(), "{used:?}");
}

/// Papers that a pack prints under another name or as a line of another form.
const PRINTED_AS: &[(&str, &str, &[&str])] = &[
    (
        "execution-form",
        "service-execution-form",
        &["service-execution-form", "fault-handling-report", "site-photos"],
    ),
    ("aftersales-rules", "construction-drawings", &["papers-on-receipt"]),
    ("aftersales-rules", "service-feedback-form", &["papers-on-receipt"]),
    ("aftersales-rules", "completion-acceptance-form", &["papers-on-receipt"]),
    ("aftersales-rules", "ageing-mark", &["shelf-marks"]),
    ("gas", "accident-report", &["alarm-record"]),
    ("gas", "call-record", &["hotline-record", "booking-record", "alarm-record"]),
    ("gas", "meter-record", &["meter-reading-record"]),
];

/// Rules of a form that none of its fields names, and why.
const NO_FIELD: &[(&str, &str)] = &[
    ("execution-form.record-cause", "the box of the process record names the rule of the whole box"),
    ("execution-form.privacy-minimum", "it says what may not stand in the form"),
    ("execution-form.callback-archive", "the result of the call stands in boxes of its own"),
    ("engineering.class3-share", "conduct of the department, which no box proves"),
    ("aftersales-rules.alignment-recheck", "its figure stands in the line of the log rule"),
    ("gas.meter-bills-sorted", "attested or answered on the round, no figure of the reading"),
    ("gas.meter-bills-delivered", "attested or answered on the round, no figure of the reading"),
    ("diesel.follow-up-thanks", "words to say, which are attested and not printed"),
];

#[test]
fn forms_name_their_rules() {
    let mut wrong = BTreeSet::new();
    for [form, pack, rule, _] in facts::<4>("forms.tsv") {
        let standard = standard(&pack);
        assert!(standard.rule(&rule).is_some(), "no rule {rule}");
        let own = [form.as_str()];
        let printed = PRINTED_AS.iter().find(|(of, id, _)| *of == pack && *id == form);
        let forms = printed.map_or(&own[..], |(.., forms)| forms);
        let mut fields = Vec::new();
        for id in forms {
            match standard.pack().forms.iter().find(|known| known.id == *id) {
                Some(known) => fields.extend(&known.fields),
                None => drop(wrong.insert(format!("{pack} has no form {id}"))),
            }
        }
        let named = fields.iter().any(|field| field.rule == rule);
        let exempt = NO_FIELD.iter().any(|(of, _)| *of == rule);
        if named == exempt {
            wrong.insert(format!("{pack} {form}: {rule} named {named}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
