//! Hold tests: a value that is kept for a time. The time is measured on the monotonic clock of one boot where both ends
//! have it, so nobody shortens it by setting the clock. Where a phone was started anew between the two ends, only what its
//! readings cover within each boot counts, unless the pack says otherwise.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::entry::{By, EntryId, Event};
use super::view::Record;
use crate::standard::{AcrossBoots, Ask, Standard};
use crate::time::Elapsed;
use crate::{Moment, Stamp, Text};

/// One reading of a hold test: its beginning, a sample, or its end.
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
    /// Values read while it ran, in order of time.
    pub samples: Vec<HoldPoint>,
    /// Its end; none: it runs.
    pub end: Option<HoldPoint>,
    /// How long it must last.
    pub lasts: SignedDuration,
    /// Smallest value at the beginning.
    pub level: f64,
    /// Largest drop.
    pub drop: f64,
    /// What counts where a phone was started anew in between.
    pub across_boots: AcrossBoots,
    /// The event that stands once it has passed.
    pub event: Option<String>,
}

impl HoldTest {
    /// How long it lasted, as far as it is proved; none while it runs.
    pub fn lasted(&self) -> Option<Elapsed> {
        self.end.as_ref().map(|end| self.proved(&end.by.stamp))
    }

    /// How much of the time until a reading is proved.
    pub fn proved(&self, until: &Stamp) -> Elapsed {
        let direct = self.start.by.stamp.until(until);
        if !direct.rebooted {
            return direct;
        }
        let duration = match self.across_boots {
            AcrossBoots::WallClock => direct.duration,
            AcrossBoots::Never => SignedDuration::ZERO,
            AcrossBoots::Samples => self.covered(until).min(direct.wall).max(SignedDuration::ZERO),
        };
        Elapsed { duration, ..direct }
    }

    /// The time that readings of one boot enclose, summed over the boots; where two phones read at once it counts once. The
    /// length of each stretch is monotonic, its place in time is the wall clock's.
    fn covered(&self, until: &Stamp) -> SignedDuration {
        let stamps = std::iter::once(&self.start.by.stamp)
            .chain(self.samples.iter().map(|sample| &sample.by.stamp))
            .chain(std::iter::once(until));
        let mut boots: BTreeMap<&str, (u64, u64, Timestamp)> = BTreeMap::new();
        for stamp in stamps {
            let (Some(boot), Some(mono)) = (stamp.boot.as_deref(), stamp.mono_ms) else { continue };
            let (first, last, at) = boots.entry(boot).or_insert((mono, mono, stamp.corrected()));
            if mono < *first {
                (*first, *at) = (mono, stamp.corrected());
            }
            *last = mono.max(*last);
        }
        let mut stretches: Vec<(Timestamp, Timestamp)> = boots
            .into_values()
            .map(|(first, last, at)| {
                let length = i64::try_from(last - first).unwrap_or(i64::MAX);
                (at, at.checked_add(SignedDuration::from_millis(length)).unwrap_or(Timestamp::MAX))
            })
            .collect();
        stretches.sort();
        let mut sum = SignedDuration::ZERO;
        let mut reached = Timestamp::MIN;
        for (from, to) in stretches {
            let from = from.max(reached);
            if to > from {
                sum += to.duration_since(from);
                reached = to;
            }
        }
        sum
    }

    /// The lowest value that was read after the beginning; none: nothing was.
    pub fn lowest(&self) -> Option<f64> {
        let values = self.samples.iter().chain(&self.end).map(|point| point.value);
        values.reduce(f64::min)
    }

    /// It has ended, lasted long enough, and kept the value.
    pub fn passed(&self) -> bool {
        self.end.is_some() && self.failures().is_empty()
    }

    /// Why it has failed, each as a short id with the figures. A value that fell too far fails it at once, also while it
    /// runs and although it rose again; whether it lasted long enough shows at its end.
    pub fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        if self.start.value < self.level && (self.end.is_some() || !self.samples.is_empty()) {
            failures.push(format!("level {} < {}", self.start.value, self.level));
        }
        if let Some(lowest) = self.lowest().filter(|lowest| self.start.value - lowest > self.drop) {
            failures.push(format!("drop {} > {}", self.start.value - lowest, self.drop));
        }
        if let Some(lasted) = self.lasted().filter(|lasted| lasted.duration < self.lasts) {
            let word = if lasted.rebooted { "restarted, proved" } else { "lasted" };
            failures.push(format!("{word} {} s < {} s", lasted.duration.as_secs(), self.lasts.as_secs()));
        }
        failures
    }
}

/// How a hold test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldVerdict {
    /// It runs, and nothing has failed it.
    Running,
    /// It runs, and has failed already: the value fell too far.
    Failing,
    /// It has passed.
    Passed,
    /// It has failed.
    Failed,
}

/// A value read during a hold test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HoldReading {
    /// The value, in the quantity's unit.
    pub value: f64,
    /// When, by the device's clock.
    pub at: Moment,
    /// Who: person id.
    pub person: String,
}

/// A hold test as a screen shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HoldView {
    /// Rule id of the item.
    pub item: String,
    /// Its clause.
    pub clause: String,
    /// What it asks.
    pub text: Text,
    /// UCUM unit code of the values.
    pub unit: String,
    /// How it stands.
    pub verdict: HoldVerdict,
    /// Its beginning, its samples and its end, in order.
    pub readings: Vec<HoldReading>,
    /// Smallest value at the beginning.
    pub level: f64,
    /// Largest drop.
    pub drop: f64,
    /// The lowest value that was read after the beginning.
    pub lowest: Option<f64>,
    /// Seconds it must last.
    pub lasts_seconds: i64,
    /// Seconds that are proved, until now or until its end.
    pub proved_seconds: i64,
    /// Seconds that are missing; 0: it may be ended.
    pub remaining_seconds: i64,
    /// A phone was started anew in between, or two phones read: the time between their readings proves nothing.
    pub rebooted: bool,
    /// A phone's clocks disagree by more than the tolerance.
    pub clock_suspect: bool,
    /// Why it has failed, each as a short id with the figures.
    pub failures: Vec<String>,
}

/// The last hold test of each item as they stand at a reading of the device's clocks, the running ones first.
pub fn hold_views(record: &Record, standard: &Standard, now: &Stamp) -> Vec<HoldView> {
    let mut views: Vec<HoldView> = holds(record, standard)
        .into_iter()
        .filter_map(|(item, test)| view(standard, item, &test, now))
        .collect();
    views.sort_by_key(|view| matches!(view.verdict, HoldVerdict::Passed | HoldVerdict::Failed));
    views
}

fn view(standard: &Standard, item: String, test: &HoldTest, now: &Stamp) -> Option<HoldView> {
    let rule = standard.rule(&item)?;
    let Some(Ask::Hold(hold)) = rule.ask() else { return None };
    let quantity = standard.pack().quantities.iter().find(|known| known.id == hold.quantity);
    let failures = test.failures();
    let verdict = match (&test.end, failures.is_empty()) {
        (None, true) => HoldVerdict::Running,
        (None, false) => HoldVerdict::Failing,
        (Some(_), true) => HoldVerdict::Passed,
        (Some(_), false) => HoldVerdict::Failed,
    };
    let proved = test.proved(test.end.as_ref().map_or(now, |end| &end.by.stamp));
    let readings = std::iter::once(&test.start).chain(&test.samples).chain(&test.end);
    Some(HoldView {
        clause: rule.clause.clone(),
        text: rule.text.clone(),
        unit: quantity.map(|known| known.unit.clone()).unwrap_or_default(),
        verdict,
        readings: readings
            .map(|point| HoldReading {
                value: point.value,
                at: point.by.stamp.at,
                person: point.by.person.clone(),
            })
            .collect(),
        level: test.level,
        drop: test.drop,
        lowest: test.lowest(),
        lasts_seconds: test.lasts.as_secs(),
        proved_seconds: proved.duration.as_secs(),
        remaining_seconds: (test.lasts - proved.duration).as_secs().max(0),
        rebooted: proved.rebooted,
        clock_suspect: proved.clock_suspect,
        failures,
        item,
    })
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
            samples: Vec::new(),
            start,
            id: *id,
            end: ends.get(id).cloned(),
            lasts: standard.hold_lasts(hold),
            level: hold.level,
            drop: hold.drop,
            across_boots: hold.across_boots,
            event: hold.event.clone(),
        };
        tests.insert(item.clone(), test);
    }
    for test in tests.values_mut() {
        test.samples = samples(record, test);
    }
    tests
}

/// The values that were read while a test ran. What another device read after the end belongs to no test.
fn samples(record: &Record, test: &HoldTest) -> Vec<HoldPoint> {
    let key = test.id.to_string();
    let from = &test.start.by.stamp;
    let end = test.end.as_ref().map(|end| from.until(&end.by.stamp).duration);
    let mut samples: Vec<(SignedDuration, EntryId, HoldPoint)> = record
        .events
        .iter()
        .filter(|(_, (_, event))| event.kind == "hold-sampled" && event.facts.get("hold") == Some(&key))
        .filter_map(|(id, (_, event))| {
            let point = point(event)?;
            Some((from.until(&point.by.stamp).duration, *id, point))
        })
        .filter(|(at, ..)| end.is_none_or(|end| *at <= end))
        .collect();
    samples.sort_by_key(|(at, id, _)| (*at, *id));
    samples.into_iter().map(|(.., point)| point).collect()
}

fn point(event: &Event) -> Option<HoldPoint> {
    let value = event.facts.get("value")?.parse().ok()?;
    Some(HoldPoint { value, by: event.by.clone() })
}
