//! What the module says is what the reference says.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::reference::*;
use super::*;

/// Up to three spans of a day, in multiples of five minutes; some touch, some reach midnight.
fn spans() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let cuts = prop::collection::btree_set(0_i64..=288, 0..=6);
    let spans = cuts.prop_map(|cuts| {
        let cuts: Vec<_> = cuts.into_iter().map(|cut| cut * 5).collect();
        cuts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
    });
    prop_oneof![
        4 => spans,
        2 => Just(vec![(510, 720), (780, 1050)]),
        1 => Just(vec![(0, DAY)]),
        1 => Just(vec![(0, 180), (180, 360), (1320, DAY)]),
        1 => Just(vec![]),
    ]
}

fn hours() -> impl Strategy<Value = Hours> {
    (
        prop::option::weighted(0.3, 0..ZONES.len()),
        prop::collection::vec(spans(), 7),
        prop::collection::btree_set(-45_i64..45, 0..12),
        prop::collection::btree_map(-45_i64..45, spans(), 0..8),
    )
        .prop_map(|(zone, mut week, holidays, special)| {
            let open: i64 = week.iter().flatten().map(|(from, to)| to - from).sum();
            if open < 20 * 60 {
                week[3] = vec![(240, 1320)];
                week[5] = vec![(0, 600)];
            }
            let holidays = holidays.into_iter().filter(|day| !special.contains_key(day)).collect();
            Hours { zone, week, holidays, special }
        })
}

#[derive(Debug, Clone)]
struct Case {
    zone: usize,
    start: i64,
    now: i64,
    hours: Option<Hours>,
    /// Months, days and minutes.
    span: (i64, i64, i64),
    back: bool,
    /// Minutes from the start on, and how long; none: without an end.
    pauses: Vec<(i64, Option<i64>)>,
    /// Of the window that is counted, in minutes from the start on.
    window: (i64, i64),
}

/// Starts anywhere in 2024 to 2027, half of them within three days of a change of the clocks.
fn start() -> impl Strategy<Value = (usize, i64)> {
    let place = any::<prop::sample::Index>();
    (0..ZONES.len(), any::<bool>(), place, -3 * DAY..3 * DAY).prop_map(|(zone, near, place, shift)| {
        let (from, to) = (date(2024, 1, 1), date(2028, 1, 1));
        let (first, last) = (day_number(from) * DAY, day_number(to) * DAY);
        let zone_of = tz(ZONES[zone]);
        let changes: Vec<_> = zone_of
            .following(minute(first))
            .map(|change| minute_of(change.timestamp()))
            .take_while(|at| *at < last)
            .collect();
        if near && !changes.is_empty() {
            return (zone, place.get(&changes) + shift);
        }
        (zone, first + i64::try_from(place.index(usize::try_from(last - first).unwrap())).unwrap())
    })
}

fn case(hours: impl Strategy<Value = Option<Hours>>) -> impl Strategy<Value = Case> {
    let length = |most: i64| prop_oneof![1 => Just(0), 2 => 0..=most];
    let span = (prop_oneof![2 => Just(0), 1 => 0..=14_i64], length(40), length(200 * 60));
    let pause = (-10 * DAY..30 * DAY, prop::option::weighted(0.9, -60..8 * DAY));
    let window = (-20 * DAY..20 * DAY, 0..25 * DAY);
    (start(), -20 * DAY..60 * DAY, hours, span, any::<bool>(), prop::collection::vec(pause, 0..=3), window)
        .prop_map(|((zone, start), now, hours, span, back, pauses, window)| Case {
            zone,
            start,
            now: start + now,
            hours,
            span,
            back,
            pauses,
            window: (window.0, window.0 + window.1),
        })
}

impl Case {
    fn limit(&self) -> LimitSpan {
        let (months, days, minutes) = self.span;
        span(&format!("{}P{months}M{days}DT{minutes}M", if self.back { "-" } else { "" }))
    }

    fn is_back(&self) -> bool {
        self.back && self.span != (0, 0, 0)
    }

    fn today(&self) -> i64 {
        self.start.div_euclid(DAY)
    }

    fn pauses(&self) -> Vec<(i64, Option<i64>)> {
        let sign = if self.back { -1 } else { 1 };
        self.pauses
            .iter()
            .map(|(from, long)| (self.start + sign * from, long.map(|long| self.start + sign * from + long)))
            .collect()
    }

    fn paused(&self) -> Vec<Paused> {
        self.pauses()
            .into_iter()
            .map(|(from, to)| Paused { from: minute(from), to: to.map(minute) })
            .collect()
    }

    fn compiled(&self) -> Option<WorkingHours> {
        self.hours.as_ref().map(|hours| compiled(&hours.calendar(self.today())))
    }

    /// Gives the reference, whose zone is that of the hours if they have one.
    fn with_reference<T>(&self, pauses: bool, ask: impl FnOnce(&Reference) -> T) -> T {
        let zone = tz(ZONES[self.hours.as_ref().and_then(|hours| hours.zone).unwrap_or(self.zone)]);
        let table = self.hours.as_ref().map(|hours| hours.table(self.today()));
        let pauses =
            self.pauses().into_iter().filter(|_| pauses).map(|(from, to)| (from, to.unwrap_or(self.now)));
        ask(&Reference::new(&zone, table.as_ref(), pauses.collect(), self.is_back()))
    }
}

fn check<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let asked = std::env::var("JOBSHEET_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: asked.unwrap_or(CASES),
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_260_302),
        ..Config::default()
    };
    TestRunner::new(config).run(&strategy, test).unwrap_or_else(|error| panic!("{error}"));
}

fn due_is_that_of_the_reference(case: &Case) -> Result<(), TestCaseError> {
    let hours = case.compiled();
    let (zone, now) = (tz(ZONES[case.zone]), minute(case.now));
    let due = due(minute(case.start), &case.limit(), &zone, hours.as_ref(), &case.paused(), now);
    let expected = minute(case.with_reference(true, |reference| reference.due(case.start, case.span)));
    prop_assert_eq!(due, Some(expected), "from {}", minute(case.start));
    Ok(())
}

#[test]
fn in_working_hours_due_is_that_of_the_reference() {
    check(case(hours().prop_map(Some)), |case| due_is_that_of_the_reference(&case));
}

#[test]
fn without_working_hours_due_is_that_of_the_reference() {
    check(case(Just(None)), |case| due_is_that_of_the_reference(&case));
}

#[test]
fn what_is_counted_is_that_of_the_reference() {
    check(case(prop::option::weighted(0.9, hours())), |case| {
        let hours = case.compiled();
        let (zone, now) = (tz(ZONES[case.zone]), minute(case.now));
        let (from, to) = (case.start + case.window.0, case.start + case.window.1);
        let expected = case.with_reference(true, |reference| reference.counted(from, to));
        let (first, last) = (minute(from), minute(to));
        let forth = counted(first, last, &zone, hours.as_ref(), &case.paused(), now);
        prop_assert_eq!(forth, SignedDuration::from_mins(expected));
        let back = counted(last, first, &zone, hours.as_ref(), &case.paused(), now);
        prop_assert_eq!(back, SignedDuration::from_mins(-expected));
        let Some(hours) = hours else { return Ok(()) };
        let open = case.with_reference(false, |reference| reference.counted(from, to));
        prop_assert_eq!(hours.open_between(first, last, &zone), SignedDuration::from_mins(open));
        prop_assert_eq!(hours.open_between(last, first, &zone), SignedDuration::from_mins(-open));
        let differs = case.with_reference(false, |reference| {
            (from..to).step_by(97).find(|at| hours.is_open(minute(*at), &zone) != reference.open(*at))
        });
        prop_assert_eq!(differs.map(minute), None);
        Ok(())
    });
}

#[test]
fn exactly_the_limit_is_counted_until_it_is_due() {
    let strategy = (case(prop::option::weighted(0.8, hours())), 1_i64..400_000, -70_i64..70);
    check(strategy, |(case, seconds, shift)| {
        let hours = case.compiled();
        let hours = hours.as_ref();
        let (zone, now) = (tz(ZONES[case.zone]), minute(case.now));
        let paused: Vec<_> = case
            .paused()
            .into_iter()
            .map(|pause| Paused {
                from: pause.from + shift.seconds(),
                to: pause.to.map(|to| to - (2 * shift).seconds()),
            })
            .collect();
        let start = minute(case.start) + (shift * 7).seconds();
        let limit = span(&format!("{}PT{seconds}S", if case.back { "-" } else { "" }));
        let due = due(start, &limit, &zone, hours, &paused, now).unwrap();
        let off = |by: i64| {
            let end = due + (if case.back { -by } else { by }).seconds();
            let counted = counted(start, end, &zone, hours, &paused, now);
            (counted - limit.exact()).as_secs() * if case.back { -1 } else { 1 }
        };
        prop_assert_eq!(off(0), 0);
        prop_assert_eq!(off(-1), -1);
        prop_assert!((0..=1).contains(&off(1)));
        Ok(())
    });
}

#[test]
fn open_time_adds_up() {
    let strategy = (case(hours().prop_map(Some)), 0_i64..4_000_000_000, 0_i64..4_000_000_000);
    check(strategy, |(case, middle, end)| {
        let hours = case.compiled().unwrap();
        let zone = tz(ZONES[case.zone]);
        let start = minute(case.start);
        let (middle, end) = (start - middle.seconds(), start + end.seconds());
        let open = |from, to| hours.open_between(from, to, &zone);
        prop_assert_eq!(open(middle, start) + open(start, end), open(middle, end));
        prop_assert!(open(start, end) >= SignedDuration::ZERO);
        prop_assert!(open(start, end) <= end.duration_since(start));
        prop_assert_eq!(open(start, start), SignedDuration::ZERO);
        prop_assert_eq!(open(start, start + 1.nanosecond()).is_zero(), !hours.is_open(start, &zone));
        Ok(())
    });
}
