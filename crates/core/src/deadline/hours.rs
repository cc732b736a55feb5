//! Working hours: when a calendar of a pack is open.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::limit::DAY_SECONDS;
use super::{shift, zone};
use crate::standard::{Calendar, Weekday};

/// How far from its start a deadline in working hours is looked for, in days: ten years.
pub(super) const SEARCH_DAYS: u16 = 3653;

/// A Monday from which working hours are summed up.
const MONDAY: Date = Date::constant(1970, 1, 5);

/// Open hours of one day, in seconds after midnight; `to` is not open any more.
#[derive(Debug, Clone, Copy)]
struct Open {
    from: i64,
    to: i64,
}

/// A date with hours of its own.
#[derive(Debug, Clone)]
struct Dated {
    open: Vec<Open>,
    /// Open seconds that this date and all such dates before it have more than their days of the week.
    surplus: i64,
}

/// Working hours ready for use.
///
/// ```
/// use jiff::{SignedDuration, Timestamp};
/// use jobsheet_core::Text;
/// use jobsheet_core::deadline::{WorkingHours, zone};
/// use jobsheet_core::standard::{Calendar, Weekday};
/// let hours = WorkingHours::compile(&Calendar {
///     id: "office".to_owned(),
///     name: Text::new("Office", "办公时间"),
///     zone: None,
///     hours: [(Weekday::Mon, vec!["08:30-12:00".to_owned(), "13:00-17:30".to_owned()])].into(),
///     holidays: vec!["2026-10-05".to_owned()],
///     special: [("2026-10-10".to_owned(), vec!["08:30-12:00".to_owned()])].into(),
/// })
/// .unwrap();
/// let shanghai = zone("Asia/Shanghai").unwrap();
/// let at = |text: &str| text.parse::<Timestamp>().unwrap();
/// let (from, to) = (at("2026-10-05T00:00:00+08:00"), at("2026-10-12T12:00:00+08:00"));
/// assert_eq!(hours.open_between(from, to, &shanghai), SignedDuration::from_hours(7));
/// assert!(!hours.is_open(to, &shanghai));
/// ```
#[derive(Debug, Clone)]
pub struct WorkingHours {
    zone: Option<TimeZone>,
    /// From Monday on.
    week: [Vec<Open>; 7],
    dated: BTreeMap<Date, Dated>,
}

impl WorkingHours {
    /// Reads a calendar of a pack.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place in the calendar: times and dates that can not be
    /// read, spans that end before they begin or overlap, a date that is both a holiday and a special day, an
    /// unknown time zone, no open hour at all.
    pub fn compile(calendar: &Calendar) -> Result<Self, Vec<String>> {
        let mut errors = Vec::new();
        let zone = calendar.zone.as_deref().and_then(|name| {
            let known = zone(name);
            if known.is_none() {
                errors.push(format!("zone: `{name}` is not a known IANA time zone such as Asia/Shanghai"));
            }
            known
        });
        let mut week: [Vec<Open>; 7] = Default::default();
        for (weekday, spans) in &calendar.hours {
            let (place, name) = place(*weekday);
            if let Some(day) = week.get_mut(place) {
                *day = day_of(spans, &format!("hours.{name}"), &mut errors);
            }
        }
        let mut days = BTreeMap::new();
        for text in &calendar.holidays {
            match date_of(text) {
                Some(date) => drop(days.insert(date, Vec::new())),
                None => errors.push(format!("holidays: `{text}` is not a date such as 2026-10-01")),
            }
        }
        for (text, spans) in &calendar.special {
            let at = format!("special.{text}");
            let open = day_of(spans, &at, &mut errors);
            match date_of(text) {
                Some(date) => {
                    if days.insert(date, open).is_some() {
                        errors.push(format!("{at}: is one of the holidays as well"));
                    }
                }
                None => errors.push(format!("{at}: is not a date such as 2026-10-01")),
            }
        }
        if calendar.hours.values().chain(calendar.special.values()).all(Vec::is_empty) {
            errors.push("hours: there is no open hour at all".to_owned());
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut hours = Self { zone, week, dated: BTreeMap::new() };
        let mut surplus = 0;
        for (date, open) in days {
            surplus += total(&open) - total(hours.day(date));
            hours.dated.insert(date, Dated { open, surplus });
        }
        Ok(hours)
    }

    /// The time zone of the hours; none: that of the place of service.
    pub fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    /// Open time between two instants, negative if `to` is the earlier. `zone` is that of the place of
    /// service; it counts if the hours have none of their own.
    pub fn open_between(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> SignedDuration {
        if from > to {
            return -self.open_between(to, from, zone);
        }
        stretches(self.zone.as_ref().unwrap_or(zone), from, to)
            .map(|(from, to, offset)| {
                self.open_until(offset.to_datetime(to)) - self.open_until(offset.to_datetime(from))
            })
            .sum()
    }

    /// Whether an instant is in open hours; the end of a span is not. `zone` is that of the place of service;
    /// it counts if the hours have none of their own.
    pub fn is_open(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let local = self.zone.as_ref().unwrap_or(zone).to_datetime(at);
        let second = local.time().duration_since(Time::midnight()).as_secs();
        self.day(local.date()).iter().any(|open| open.from <= second && second < open.to)
    }

    fn day(&self, date: Date) -> &[Open] {
        if let Some(dated) = self.dated.get(&date) {
            return &dated.open;
        }
        let place = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        self.week.get(place).map_or(&[], Vec::as_slice)
    }

    /// Open time from [`MONDAY`] until a local time, as if no clock had ever been changed.
    pub(super) fn open_until(&self, local: DateTime) -> SignedDuration {
        let date = local.date();
        let days = date.duration_since(MONDAY).as_secs().div_euclid(DAY_SECONDS);
        let weeks = days.div_euclid(7) * self.week.iter().map(|day| total(day)).sum::<i64>();
        let begun = usize::try_from(days.rem_euclid(7)).unwrap_or(0);
        let rest: i64 = self.week.iter().take(begun).map(|day| total(day)).sum();
        let surplus = self.dated.range(..date).next_back().map_or(0, |(_, dated)| dated.surplus);
        let time = local.time().duration_since(Time::midnight());
        let today: SignedDuration = self
            .day(date)
            .iter()
            .map(|open| (SignedDuration::from_secs(open.from), SignedDuration::from_secs(open.to)))
            .map(|(from, to)| time.clamp(from, to) - from)
            .sum();
        SignedDuration::from_secs(weeks + rest + surplus) + today
    }

    /// The open spans between two instants, in order.
    pub(super) fn open_spans(
        &self,
        from: Timestamp,
        to: Timestamp,
        zone: &TimeZone,
    ) -> Vec<(Timestamp, Timestamp)> {
        let mut spans = Vec::new();
        for (from, to, offset) in stretches(zone, from, to) {
            let last = offset.to_datetime(to).date();
            for date in offset.to_datetime(from).date().series(1.day()).take_while(|date| *date <= last) {
                let Ok(midnight) = offset.to_timestamp(date.to_datetime(Time::midnight())) else {
                    continue;
                };
                for open in self.day(date) {
                    let begin = shift(midnight, SignedDuration::from_secs(open.from), false).unwrap_or(to);
                    let end = shift(midnight, SignedDuration::from_secs(open.to), false).unwrap_or(to);
                    if begin.max(from) < end.min(to) {
                        spans.push((begin.max(from), end.min(to)));
                    }
                }
            }
        }
        spans
    }

    /// The date so many open days after or before another.
    pub(super) fn open_day(&self, from: Date, count: i32, back: bool) -> Option<Date> {
        let others = usize::try_from(count).ok()?.checked_sub(1)?;
        let step = if back { (-1).day() } else { 1.day() };
        from.series(step)
            .skip(1)
            .take(usize::from(SEARCH_DAYS))
            .filter(|date| !self.day(*date).is_empty())
            .nth(others)
    }
}

fn place(day: Weekday) -> (usize, &'static str) {
    match day {
        Weekday::Mon => (0, "mon"),
        Weekday::Tue => (1, "tue"),
        Weekday::Wed => (2, "wed"),
        Weekday::Thu => (3, "thu"),
        Weekday::Fri => (4, "fri"),
        Weekday::Sat => (5, "sat"),
        Weekday::Sun => (6, "sun"),
    }
}

/// Open seconds of a day.
fn total(day: &[Open]) -> i64 {
    day.iter().map(|open| open.to - open.from).sum()
}

fn date_of(text: &str) -> Option<Date> {
    // jiff reads "20261001" as well; a pack has one spelling.
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}

/// The spans of one day, in order.
fn day_of(texts: &[String], at: &str, errors: &mut Vec<String>) -> Vec<Open> {
    let mut day = Vec::new();
    for text in texts {
        match span_of(text) {
            None => errors.push(format!("{at}: `{text}` is not a span of time such as 08:30-12:00")),
            Some(open) if open.to <= open.from => errors.push(format!(
                "{at}: `{text}` does not end after it begins; hours after midnight belong to the next day"
            )),
            Some(open) => day.push((open, text)),
        }
    }
    day.sort_by_key(|(open, _)| (open.from, open.to));
    for ((before, first), (after, second)) in day.iter().zip(day.iter().skip(1)) {
        if after.from < before.to {
            errors.push(format!("{at}: `{first}` and `{second}` overlap"));
        }
    }
    day.into_iter().map(|(open, _)| open).collect()
}

fn span_of(text: &str) -> Option<Open> {
    let (from, to) = text.split_once('-')?;
    let open = Open { from: second_of(from)?, to: second_of(to)? };
    (open.from < DAY_SECONDS).then_some(open)
}

/// `08:30`, or `24:00`, in seconds after midnight.
fn second_of(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let figure = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = (figure(hours)?, figure(minutes)?);
    let second = hours * 3600 + minutes * 60;
    (minutes < 60 && second <= DAY_SECONDS).then_some(second)
}

/// The time between two instants, divided where the offset of the zone changes.
fn stretches(
    zone: &TimeZone,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = (Timestamp, Timestamp, Offset)> {
    let mut changes = zone.following(from);
    let mut at = from;
    std::iter::from_fn(move || {
        (at < to).then(|| {
            let end = changes.next().map_or(to, |change| change.timestamp().min(to));
            let stretch = (at, end, zone.to_offset(at));
            at = end;
            stretch
        })
    })
}
