//! Hold tests: a value that is kept for a time. The time is measured on the monotonic clock of one boot where both ends
//! have it, so nobody shortens it by setting the clock.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::entry::{By, EntryId, Event};
use super::view::Record;
use crate::standard::{Ask, Standard};
use crate::time::Elapsed;

/// One end of a hold test.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldPoint {
    /// The value, in the quantity's unit.
    pub value: f64,
    /// Who and when.
    pub by: By,
}

/// The last hold test of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldTest {
    /// Its beginning.
    pub start: HoldPoint,
    /// Key of the event that began it.
    pub id: EntryId,
    /// Its end; none: it runs.
    pub end: Option<HoldPoint>,
    /// How long it must last.
    pub lasts: SignedDuration,
    /// Smallest value at the beginning.
    pub level: f64,
    /// Largest drop.
    pub drop: f64,
    /// The event that stands once it has passed.
    pub event: Option<String>,
}

impl HoldTest {
    /// How long it lasted; none while it runs.
    pub fn lasted(&self) -> Option<Elapsed> {
        self.end.as_ref().map(|end| self.start.by.stamp.until(&end.by.stamp))
    }

    /// It has ended, lasted long enough, and kept the value.
    pub fn passed(&self) -> bool {
        let (Some(end), Some(lasted)) = (&self.end, self.lasted()) else { return false };
        self.start.value >= self.level
            && self.start.value - end.value <= self.drop
            && lasted.duration >= self.lasts
    }

    /// Why it has failed, each as a short id with the figures; empty if it runs or has passed.
    pub fn failures(&self) -> Vec<String> {
        let (Some(end), Some(lasted)) = (&self.end, self.lasted()) else { return Vec::new() };
        let mut failures = Vec::new();
        if self.start.value < self.level {
            failures.push(format!("level {} < {}", self.start.value, self.level));
        }
        if self.start.value - end.value > self.drop {
            failures.push(format!("drop {} > {}", self.start.value - end.value, self.drop));
        }
        if lasted.duration < self.lasts {
            failures.push(format!("lasted {} s < {} s", lasted.duration.as_secs(), self.lasts.as_secs()));
        }
        failures
    }
}

/// The last hold test of each item, by rule id.
pub fn holds(record: &Record, standard: &Standard) -> BTreeMap<String, HoldTest> {
    let mut tests: BTreeMap<String, HoldTest> = BTreeMap::new();
    let mut ends: BTreeMap<EntryId, HoldPoint> = BTreeMap::new();
    for (_, event) in record.events.values().filter(|(_, event)| event.kind == "hold-ended") {
        let Some(point) = point(event) else { continue };
        for start in &event.ends {
            let earlier =
                ends.get(start).is_none_or(|known| point.by.stamp.corrected() < known.by.stamp.corrected());
            if earlier {
                ends.insert(*start, point.clone());
            }
        }
    }
    for (id, (_, event)) in record.events.iter().filter(|(_, (_, event))| event.kind == "hold-started") {
        let (Some(item), Some(start)) = (&event.about, point(event)) else { continue };
        let Some(Ask::Hold(hold)) = standard.rule(item).and_then(|rule| rule.ask()) else { continue };
        let later = |known: &HoldTest| {
            let since = start.by.stamp.until(&known.start.by.stamp).duration;
            (since, known.id) > (SignedDuration::ZERO, *id)
        };
        if tests.get(item).is_some_and(later) {
            continue;
        }
        let test = HoldTest {
            start,
            id: *id,
            end: ends.get(id).cloned(),
            lasts: standard.hold_lasts(hold),
            level: hold.level,
            drop: hold.drop,
            event: hold.event.clone(),
        };
        tests.insert(item.clone(), test);
    }
    tests
}

fn point(event: &Event) -> Option<HoldPoint> {
    let value = event.facts.get("value")?.parse().ok()?;
    Some(HoldPoint { value, by: event.by.clone() })
}
