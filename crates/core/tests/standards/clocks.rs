//! Clocks that somebody sets. Within one boot the monotonic clock says how long something took; the finding says that the
//! clock is suspect and its verdict does not change. Across a reboot only the wall clock is left, and nothing is said.

use std::sync::Arc;

use jobsheet_core::assess::{MilestoneState, Status};
use jobsheet_core::record::Command;
use jobsheet_core::standard::{Ask, Side, Standard};
use jobsheet_core::{Moment, Stamp};

use crate::scenario;
use crate::stage::{Desk, PACKS, after, standard, work};
use crate::table;
use crate::thresholds::{before, lasts};

const BEGUN_MS: u64 = 1_000_000;

fn stamp(wall: Moment, seconds: i64, boot: &str) -> Stamp {
    let mono = BEGUN_MS + u64::try_from(seconds).unwrap() * 1000;
    Stamp { at: wall, mono_ms: Some(mono), boot: Some(boot.to_owned()), skew_ms: None }
}

/// By how much somebody sets the wall clock, in seconds.
const SET: [i64; 5] = [-7 * 3600, -3600, 0, 3600, 7 * 3600];

#[test]
fn a_hold_is_measured_by_the_monotonic_clock() {
    let mut count = 0;
    for pack in PACKS {
        let standard = standard(pack);
        for rule in &standard.pack().rules {
            let Some(Ask::Hold(hold)) = rule.ask() else { continue };
            let time = lasts(hold).as_secs();
            for set in SET {
                for (short, wanted) in [(0, Status::Satisfied), (1, Status::Violated)] {
                    let mut desk = before(&standard, rule);
                    let (begun, lasted) = (desk.now, time - short);
                    hold_ends(&mut desk, &rule.id, hold.level, begun, &[(lasted, lasted + set, "a")]);
                    let assessment = desk.assess();
                    let finding = assessment.finding(&rule.id).unwrap();
                    let said = (finding.status, finding.clock_suspect);
                    assert_eq!(said, (wanted, set != 0), "{}: {lasted} s, clock set by {set}", rule.id);
                    assert_eq!(finding.evidence[0].value, format!("{lasted} s"), "{}", rule.id);
                    count += 1;
                }
                // The device starts anew in between: no clock spans the test, and the wall clock proves nothing.
                let mut desk = before(&standard, rule);
                let begun = desk.now;
                hold_ends(&mut desk, &rule.id, hold.level, begun, &[(1, time + set, "b")]);
                let assessment = desk.assess();
                let finding = assessment.finding(&rule.id).unwrap();
                let said = (finding.status, finding.clock_suspect);
                assert_eq!(said, (Status::Violated, true), "{}: {set}", rule.id);
                assert_eq!(finding.evidence[0].value, "0 s", "{}", rule.id);
                let why = format!("restarted, proved 0 s < {time} s");
                assert_eq!(finding.missing, [why], "{}", rule.id);
            }
        }
    }
    assert_eq!(count, 2 * SET.len() * 2);
}

/// Begins a hold and ends it: seconds on the monotonic clock and on the wall clock, and the boot.
fn hold_ends(desk: &mut Desk, item: &str, level: f64, begun: Moment, ends: &[(i64, i64, &str)]) {
    let unit = "mm[H2O]".to_owned();
    let item = item.to_owned();
    let begin = Command::BeginHold {
        item: item.clone(),
        value: level,
        unit: unit.clone(),
        instrument: None,
        calibration: None,
    };
    desk.give_at(Side::Field, &begin, stamp(begun, 0, "a")).unwrap();
    for (mono, wall, boot) in ends {
        let end = Command::EndHold { item: item.clone(), value: level, unit: unit.clone() };
        desk.now = after(begun, *wall);
        desk.give_at(Side::Field, &end, stamp(desk.now, *mono, boot)).unwrap();
    }
}

/// A deadline whose start and end one device records.
struct Pair {
    rule: &'static str,
    side: Side,
    start: Command,
    end: Command,
    /// Seconds from the start to the limit; none: a time that was promised.
    limit: Option<i64>,
}

fn report(event: &str) -> Command {
    Command::Report { event: event.to_owned(), note: None, about: None, happened: None }
}

fn pairs() -> Vec<Pair> {
    vec![
        Pair {
            rule: "diesel.specialist-2h",
            side: Side::Office,
            start: report("phone-guidance-failed"),
            end: report("specialist-guidance-started"),
            limit: Some(2 * 3600),
        },
        Pair {
            rule: "gas.repair-fix-in-time",
            side: Side::Field,
            start: Command::Start,
            end: Command::Finish,
            limit: None,
        },
    ]
}

/// The moment before the clock of a pair starts.
fn before_start(standard: &Arc<Standard>, pair: &Pair) -> Desk {
    let row = table::row(pair.rule);
    let rehearsed = work(standard, &row.job, &scenario::read(&row.kept)).unwrap();
    let name = match &pair.start {
        Command::Report { event, .. } => event.as_str(),
        _ => "work-started",
    };
    let start = rehearsed.given.iter().position(|given| given.event.as_deref() == Some(name)).unwrap();
    let mut desk = Desk::after(standard, &rehearsed, start);
    desk.now = rehearsed.given[start].at;
    desk
}

#[test]
fn a_deadline_is_measured_by_the_monotonic_clock() {
    for pair in pairs() {
        let standard = crate::stage::of_rule(pair.rule);
        for set in SET {
            for (late, state, wanted) in
                [(0, MilestoneState::Met, Status::Satisfied), (1, MilestoneState::MetLate, Status::Violated)]
            {
                let mut desk = before_start(&standard, &pair);
                let begun = desk.now;
                desk.give_at(pair.side, &pair.start, stamp(begun, 0, "a")).unwrap();
                let due = desk.assess().milestone(pair.rule).unwrap().due.unwrap();
                let limit = due.instant().duration_since(begun.instant()).as_secs();
                assert!(pair.limit.is_none_or(|known| known == limit), "{}: {limit}", pair.rule);
                let passed = limit + late;
                desk.now = after(begun, passed + set);
                desk.give_at(pair.side, &pair.end, stamp(desk.now, passed, "a")).unwrap();
                let assessment = desk.assess();
                let milestone = assessment.milestone(pair.rule).unwrap();
                let finding = assessment.finding(pair.rule).unwrap();
                assert_eq!((milestone.state, finding.status), (state, wanted), "{}: set by {set}", pair.rule);
                assert_eq!(milestone.left_seconds, Some(-late), "{}: set by {set}", pair.rule);
                let suspect = (milestone.clock_suspect, finding.clock_suspect);
                assert_eq!(suspect, (set != 0, set != 0), "{}: set by {set}", pair.rule);
            }
            across_a_reboot(&standard, &pair, set);
        }
    }
}

/// The wall clock is all there is: set forwards it makes the end late, set back it makes a late end timely, and an end that
/// comes before its start is none.
fn across_a_reboot(standard: &Arc<Standard>, pair: &Pair, set: i64) {
    let mut desk = before_start(standard, pair);
    let begun = desk.now;
    desk.give_at(pair.side, &pair.start, stamp(begun, 0, "a")).unwrap();
    let due = desk.assess().milestone(pair.rule).unwrap().due.unwrap();
    let limit = due.instant().duration_since(begun.instant()).as_secs();
    desk.now = after(begun, limit + set);
    desk.give_at(pair.side, &pair.end, stamp(desk.now, 1, "b")).unwrap();
    let now = after(due, 0);
    let milestone = desk.assess_at(now).milestone(pair.rule).unwrap().clone();
    let wanted = match set {
        _ if limit + set < 0 => MilestoneState::Running,
        1.. => MilestoneState::MetLate,
        _ => MilestoneState::Met,
    };
    assert_eq!((milestone.state, milestone.clock_suspect), (wanted, false), "{}: set by {set}", pair.rule);
}
