//! Limits, working hours and pauses: examples, and a comparison with a reference that walks minute by minute.
//!
//! `JOBSHEET_PROPTEST_CASES` asks for more cases than the 1024 of an ordinary run.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod calendars;
mod examples;
mod properties;
mod reference;

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use jobsheet_core::Text;
use jobsheet_core::deadline::{Limit, LimitSpan, Paused, WorkingHours, counted, due, span_end, zone};
use jobsheet_core::standard::{Calendar, Weekday};

/// Cases of an ordinary run.
const CASES: u32 = 1024;

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Mon, "mon"),
    (Weekday::Tue, "tue"),
    (Weekday::Wed, "wed"),
    (Weekday::Thu, "thu"),
    (Weekday::Fri, "fri"),
    (Weekday::Sat, "sat"),
    (Weekday::Sun, "sun"),
];

/// Two changes at 2 o'clock, none, one by half an hour, one at midnight, and one with an offset of half an
/// hour.
const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/St_Johns",
];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn span(text: &str) -> LimitSpan {
    match text.parse() {
        Ok(Limit::Span(span)) => span,
        other => panic!("`{text}` is {other:?}"),
    }
}

fn tz(name: &str) -> TimeZone {
    zone(name).unwrap_or_else(|| panic!("no zone {name}"))
}

fn calendar(hours: &[(&str, &[&str])], holidays: &[&str], special: &[(&str, &[&str])]) -> Calendar {
    let texts = |spans: &[&str]| spans.iter().map(ToString::to_string).collect::<Vec<_>>();
    let weekday = |name| WEEKDAYS.iter().find(|day| day.1 == name).unwrap().0;
    Calendar {
        id: "office".to_owned(),
        name: Text::new("Office", "办公时间"),
        zone: None,
        hours: hours.iter().map(|(day, spans)| (weekday(*day), texts(spans))).collect(),
        holidays: texts(holidays),
        special: special.iter().map(|(day, spans)| ((*day).to_owned(), texts(spans))).collect(),
    }
}

fn compiled(calendar: &Calendar) -> WorkingHours {
    WorkingHours::compile(calendar).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn errors(calendar: &Calendar) -> Vec<String> {
    WorkingHours::compile(calendar).err().unwrap_or_default()
}

const SHIFT: &[&str] = &["08:30-12:00", "13:00-17:30"];
const WORKDAYS: [(&str, &[&str]); 5] =
    [("mon", SHIFT), ("tue", SHIFT), ("wed", SHIFT), ("thu", SHIFT), ("fri", SHIFT)];
const ALL_DAY: &[&str] = &["00:00-24:00"];

/// Monday to Friday with a lunch break; the National Day holiday of 2026 with a working Saturday after it; a
/// short Tuesday.
fn office() -> WorkingHours {
    let holidays: Vec<_> = (1..=7).map(|day| format!("2026-10-0{day}")).collect();
    let holidays: Vec<_> = holidays.iter().map(String::as_str).collect();
    compiled(&calendar(&WORKDAYS, &holidays, &[("2026-10-10", SHIFT), ("2026-03-17", &["10:00-11:00"])]))
}

fn every_day(spans: &[&str]) -> WorkingHours {
    let hours: Vec<_> = WEEKDAYS.iter().map(|day| (day.1, spans)).collect();
    compiled(&calendar(&hours, &[], &[]))
}

fn pause(from: &str, to: &str) -> Paused {
    Paused { from: at(from), to: Some(at(to)) }
}

/// Each of these limits, from these starts, is due then; a date stands for `2026-`.
fn examples(zone: &TimeZone, hours: Option<&WorkingHours>, expected: &[(&str, &str, &str)]) {
    for (start, limit, then) in expected {
        let start = at(start);
        let due = due(start, &span(limit), zone, hours, &[], start);
        assert_eq!(
            due,
            Some(at(then)),
            "{limit} from {start} is due {}",
            due.unwrap().display_with_offset(zone.to_offset(start))
        );
    }
}

// Limits.
