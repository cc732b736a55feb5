//! Every measured figure of the packs on both sides, and the figures of the hold tests.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::SignedDuration;
use jobsheet_core::Stamp;
use jobsheet_core::assess::Status;
use jobsheet_core::deadline::Limit;
use jobsheet_core::record::Command;
use jobsheet_core::standard::{Ask, Hold, Rule, Side, Standard};

use crate::scenario;
use crate::stage::{Desk, PACKS, after, standard, work};
use crate::table;

/// The moment before a rule is done in the scenario that keeps it.
pub fn before(standard: &Arc<Standard>, rule: &Rule) -> Desk {
    let row = table::row(&rule.id);
    let rehearsed = work(standard, &row.job, &scenario::read(&row.kept)).unwrap();
    let done = rehearsed.given.iter().position(|given| given.rule.as_ref() == Some(&rule.id));
    Desk::after(standard, &rehearsed, done.unwrap_or_else(|| panic!("{} is never done", rule.id)))
}

fn unit(standard: &Standard, quantity: &str) -> String {
    let quantities = &standard.pack().quantities;
    quantities.iter().find(|known| known.id == quantity).unwrap().unit.clone()
}

fn plausible(standard: &Standard, quantity: &str) -> RangeInclusive<f64> {
    let quantities = &standard.pack().quantities;
    let known = quantities.iter().find(|known| known.id == quantity).unwrap();
    known.min..=known.max
}

/// The finding after these readings; none: one was refused as a slip of the finger.
fn measured(standard: &Arc<Standard>, rule: &Rule, quantity: &str, values: &[f64]) -> Option<Status> {
    let mut desk = before(standard, rule);
    for value in values {
        let unit = unit(standard, quantity);
        let command = Command::Measure {
            quantity: quantity.to_owned(),
            value: *value,
            unit,
            instrument: None,
            calibration: None,
        };
        desk.now = after(desk.now, 30);
        let plausible = plausible(standard, quantity).contains(value);
        let given = desk.give(side(standard, rule, &desk), &command);
        assert_eq!(given.is_ok(), plausible, "{} {value}: {given:?}", rule.id);
        given.ok()?;
    }
    desk.now = after(desk.now, 1);
    Some(desk.status(&rule.id))
}

fn side(standard: &Standard, rule: &Rule, desk: &Desk) -> Side {
    standard.side_of(&desk.document.record().job, rule).unwrap()
}

/// How long a hold lasts.
pub fn lasts(hold: &Hold) -> SignedDuration {
    let Ok(Limit::Span(span)) = hold.lasts.parse() else { panic!("{}", hold.lasts) };
    span.exact()
}

/// A hold test that begins and ends with these values and lasts so long.
pub fn held(standard: &Arc<Standard>, rule: &Rule, begin: f64, end: f64, seconds: i64) -> Desk {
    let Some(Ask::Hold(hold)) = rule.ask() else { panic!("{} is no hold", rule.id) };
    let unit = unit(standard, &hold.quantity);
    let mut desk = before(standard, rule);
    let item = rule.id.clone();
    let command = Command::BeginHold {
        item: item.clone(),
        value: begin,
        unit: unit.clone(),
        instrument: None,
        calibration: None,
    };
    desk.give_at(Side::Field, &command, Stamp::wall(desk.now)).unwrap();
    desk.now = after(desk.now, seconds);
    desk.give(Side::Field, &Command::EndHold { item, value: end, unit }).unwrap();
    desk
}

#[test]
fn each_measured_figure_holds_at_the_limit_and_not_beyond() {
    let mut figures = BTreeSet::new();
    for pack in PACKS {
        let standard = standard(pack);
        for rule in &standard.pack().rules {
            let (quantity, count, min, max) = match rule.ask() {
                Some(Ask::Number { quantity, min, max }) => (quantity, 1, min, max),
                Some(Ask::Series { quantity, count, min, max }) => (quantity, *count, min, max),
                _ => continue,
            };
            let of = |value: f64| measured(&standard, rule, quantity, &vec![value; count]);
            for (limit, outward) in [(min, -1.0), (max, 1.0)] {
                let Some(limit) = limit else { continue };
                assert_eq!(of(*limit), Some(Status::Satisfied), "{} at {limit}", rule.id);
                for step in [0.001, 1.0] {
                    let beyond = limit + outward * step;
                    let wanted = plausible(&standard, quantity).contains(&beyond).then_some(Status::Violated);
                    assert_eq!(of(beyond), wanted, "{} beyond {limit}", rule.id);
                }
                figures.insert(format!(
                    "{} {} {limit}",
                    rule.id,
                    if outward < 0.0 { "at least" } else { "at most" }
                ));
            }
            if count > 1 {
                let short = vec![min.or(*max).unwrap_or(1.0); count - 1];
                let status = measured(&standard, rule, quantity, &short);
                assert_eq!(status, Some(Status::Outstanding), "{}: one reading too few", rule.id);
                figures.insert(format!("{} {count} readings", rule.id));
            }
        }
    }
    let known = [
        "aftersales-rules.parts-common-stock at least 1",
        "aftersales-rules.parts-no-stockout at most 0",
        // The next value below is no plausible one and is refused.
        "gas.counter-cash-count at least 0",
        "gas.hotline-three-rings at most 3",
        "gas.ignition-pressure-level at least 5000",
        "gas.pipe-pressure-level at least 500",
    ];
    assert_eq!(figures.iter().map(String::as_str).collect::<Vec<_>>(), known);
}

#[test]
fn each_hold_needs_its_level_its_time_and_its_drop() {
    let mut figures = Vec::new();
    for pack in PACKS {
        let standard = standard(pack);
        for rule in &standard.pack().rules {
            let Some(Ask::Hold(hold)) = rule.ask() else { continue };
            let time = lasts(hold).as_secs();
            let (level, lowest) = (hold.level, hold.level - hold.drop);
            for (begin, end, seconds, wanted, missing) in [
                (level, lowest, time, Status::Satisfied, ""),
                (level, level, time + 1, Status::Satisfied, ""),
                (level, lowest, time - 1, Status::Violated, "lasted"),
                (level - 1.0, lowest - 1.0, time, Status::Violated, "level"),
                (level - 0.001, lowest - 0.001, time, Status::Violated, "level"),
                (level, lowest - 1.0, time, Status::Violated, "drop"),
                (level, lowest - 0.001, time, Status::Violated, "drop"),
            ] {
                let desk = held(&standard, rule, begin, end, seconds);
                let assessment = desk.assess();
                let finding = assessment.finding(&rule.id).unwrap();
                assert_eq!(finding.status, wanted, "{}: {begin} to {end} in {seconds} s", rule.id);
                assert_eq!(
                    finding.missing.len(),
                    usize::from(!missing.is_empty()),
                    "{}: {:?}",
                    rule.id,
                    finding.missing
                );
                assert!(
                    finding.missing.iter().all(|found| found.starts_with(missing)),
                    "{:?}",
                    finding.missing
                );
            }
            figures.push(format!("{} {level} for {time} s, drop {}", rule.id, hold.drop));
        }
    }
    assert_eq!(
        figures,
        ["gas.ignition-pressure-hold 5000 for 600 s, drop 0", "gas.pipe-pressure-hold 500 for 900 s, drop 0"]
    );
}
