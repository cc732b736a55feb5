//! Limits and working hours: when a deadline is due, and how much of the time its clock has counted.
//!
//! A limit has a civil part (years, months, weeks, days), which keeps the time of day, and an exact part (hours, minutes,
//! seconds), which is time that passes: across a change of the clocks `P1D` is the same time tomorrow, `PT24H` is 24 hours.
//! In working hours a day is a day with open hours, and exact time is open time; the clock is open at an instant if the local
//! time of day is in a span of that local date, so an hour that occurs twice counts twice and one that is left out not at all.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Span, Timestamp, ToSpan};

use crate::standard::{Calendar, Weekday};

/// How far from its start a deadline in working hours is looked for, in days: ten years.
const SEARCH_DAYS: u16 = 3653;

/// The longest limit, in months.
const MAX_MONTHS: i64 = 1200;

/// A twelfth of a mean Gregorian year, in seconds.
const MONTH_SECONDS: i64 = 2_629_746;

const DAY_SECONDS: i64 = 86_400;

/// A Monday from which working hours are summed up.
const MONDAY: Date = Date::constant(1970, 1, 5);

/// A limit as a pack writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A span of time.
    Span(LimitSpan),
    /// "At once": no figure, so no computed breach.
    AtOnce,
}

impl FromStr for Limit {
    type Err = String;

    /// Reads `at-once` or an ISO 8601 duration of whole years, months, weeks, days, hours, minutes and seconds, at most 100
    /// years in all. A leading `-` means before the start.
    ///
    /// ```
    /// use jobsheet_core::deadline::Limit;
    /// assert!(matches!("P18M".parse(), Ok(Limit::Span(span)) if !span.is_exact()));
    /// assert!(matches!("-PT1H30M".parse(), Ok(Limit::Span(span)) if span.exact().as_secs() == -5400));
    /// assert_eq!("at-once".parse(), Ok(Limit::AtOnce));
    /// assert!("30 min".parse::<Limit>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "at-once" {
            return Ok(Limit::AtOnce);
        }
        let wrong = || format!("`{text}` is not an ISO 8601 duration such as PT30M or P3D, nor `at-once`");
        let long = || format!("`{text}` is longer than 100 years");
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let parts = unsigned.strip_prefix('P').filter(|parts| !parts.is_empty()).ok_or_else(wrong)?;
        let (civil, exact) =
            parts.split_once('T').map_or((parts, None), |(civil, exact)| (civil, Some(exact)));
        if exact == Some("") {
            return Err(wrong());
        }
        let [years, months, weeks, days] = figures(civil, ['Y', 'M', 'W', 'D']).ok_or_else(wrong)?;
        let [hours, minutes, seconds] = figures(exact.unwrap_or(""), ['H', 'M', 'S']).ok_or_else(wrong)?;
        let months = years.saturating_mul(12).saturating_add(months);
        let days = weeks.saturating_mul(7).saturating_add(days);
        let seconds =
            hours.saturating_mul(3600).saturating_add(minutes.saturating_mul(60)).saturating_add(seconds);
        let length = months
            .saturating_mul(MONTH_SECONDS)
            .saturating_add(days.saturating_mul(DAY_SECONDS))
            .saturating_add(seconds);
        if length > MAX_MONTHS * MONTH_SECONDS {
            return Err(long());
        }
        let months = i32::try_from(months).map_err(|_| long())?;
        let days = i32::try_from(days).map_err(|_| long())?;
        Ok(Limit::Span(LimitSpan { months, days, seconds, negative: negative && length != 0 }))
    }
}

/// Whole numbers, each followed by its unit, in the order of the units; 0 for a unit that is not there.
fn figures<const N: usize>(mut text: &str, units: [char; N]) -> Option<[i64; N]> {
    let mut figures = [0; N];
    for (figure, unit) in figures.iter_mut().zip(units) {
        let Some((digits, rest)) = text.split_once(unit) else {
            continue;
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // What does not fit is too long for a limit as well.
        *figure = digits.parse().unwrap_or(i64::MAX);
        text = rest;
    }
    text.is_empty().then_some(figures)
}

/// A span of time with a civil part, in months and days, and an exact part, in seconds. All of it has one sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSpan {
    months: i32,
    days: i32,
    seconds: i64,
    negative: bool,
}

impl LimitSpan {
    /// It lies before the start: at least that long before. A span of no length does not.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// It has no length.
    pub fn is_zero(&self) -> bool {
        self.is_exact() && self.seconds == 0
    }

    /// It has nothing but hours, minutes and seconds, so its length does not depend on the calendar.
    pub fn is_exact(&self) -> bool {
        self.months == 0 && self.days == 0
    }

    /// The hours, minutes and seconds of it, with its sign.
    pub fn exact(&self) -> SignedDuration {
        SignedDuration::from_secs(if self.negative { -self.seconds } else { self.seconds })
    }

    /// The civil part without its sign.
    fn civil(&self) -> Span {
        Span::new().months(self.months).days(self.days)
    }
}

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
    /// Everything that is wrong with it, each with its place in the calendar: times and dates that can not be read, spans that
    /// end before they begin or overlap, a date that is both a holiday and a special day, an unknown time zone, no open hour
    /// at all.
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

    /// Open time between two instants, negative if `to` is the earlier. `zone` is that of the place of service; it counts if
    /// the hours have none of their own.
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

    /// Whether an instant is in open hours; the end of a span is not. `zone` is that of the place of service; it counts if
    /// the hours have none of their own.
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
    fn open_until(&self, local: DateTime) -> SignedDuration {
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
    fn open_spans(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, Timestamp)> {
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
    fn open_day(&self, from: Date, count: i32, back: bool) -> Option<Date> {
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

/// An instant so much later, or earlier if it goes back.
fn shift(at: Timestamp, by: SignedDuration, back: bool) -> Option<Timestamp> {
    if back { at.checked_sub(by).ok() } else { at.checked_add(by).ok() }
}

/// A span in which a clock stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paused {
    /// When the clock stopped.
    pub from: Timestamp,
    /// When it went on; none: it still stands. A pause that ends before it begins is none.
    pub to: Option<Timestamp>,
}

/// A clock that counts time: all of it or what is open, and none of it while it stands still.
struct Clock<'a> {
    zone: &'a TimeZone,
    hours: Option<&'a WorkingHours>,
    /// In order and apart from each other.
    pauses: Vec<(Timestamp, Timestamp)>,
}

impl<'a> Clock<'a> {
    fn new(zone: &'a TimeZone, hours: Option<&'a WorkingHours>, paused: &[Paused], now: Timestamp) -> Self {
        let mut spans: Vec<_> = paused
            .iter()
            .map(|pause| (pause.from, pause.to.unwrap_or(now)))
            .filter(|(from, to)| from < to)
            .collect();
        spans.sort_unstable();
        let mut pauses: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (from, to) in spans {
            match pauses.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => pauses.push((from, to)),
            }
        }
        Self { zone: hours.and_then(WorkingHours::zone).unwrap_or(zone), hours, pauses }
    }

    /// Time between two instants in order, whether it stands still or not.
    fn running(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        self.hours.map_or_else(|| to.duration_since(from), |hours| hours.open_between(from, to, self.zone))
    }

    /// Time between two instants in order in which it would count but stands still.
    fn standing(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        self.pauses
            .iter()
            .map(|pause| (pause.0.max(from), pause.1.min(to)))
            .filter(|(from, to)| from < to)
            .map(|(from, to)| self.running(from, to))
            .sum()
    }

    /// The spans between two instants in order in which it counts.
    fn spans(&self, from: Timestamp, to: Timestamp, pauses: bool) -> Vec<(Timestamp, Timestamp)> {
        let open = self.hours.map_or_else(|| vec![(from, to)], |hours| hours.open_spans(from, to, self.zone));
        if !pauses {
            return open;
        }
        let mut spans = Vec::new();
        for (mut from, to) in open {
            let first = self.pauses.partition_point(|pause| pause.1 <= from);
            for pause in self.pauses.iter().skip(first).take_while(|pause| pause.0 < to) {
                if from < pause.0 {
                    spans.push((from, pause.0));
                }
                from = pause.1;
            }
            if from < to {
                spans.push((from, to));
            }
        }
        spans
    }
}

/// A search from a start, towards later or earlier instants.
struct Search<'a> {
    clock: &'a Clock<'a>,
    back: bool,
    /// Where it is given up.
    horizon: Timestamp,
}

impl<'a> Search<'a> {
    fn new(clock: &'a Clock<'a>, start: Timestamp, back: bool) -> Self {
        let end = if back { Timestamp::MIN } else { Timestamp::MAX };
        let years = SignedDuration::from_secs(i64::from(SEARCH_DAYS) * DAY_SECONDS);
        let horizon = clock.hours.and_then(|_| shift(start, years, back)).unwrap_or(end);
        Self { clock, back, horizon }
    }

    /// The nearest instant at which so much time has been counted from another; for no time the nearest begin of a span, or its
    /// end if the search goes back.
    fn walk(&self, from: Timestamp, amount: SignedDuration, pauses: bool) -> Option<Timestamp> {
        let (mut at, mut left, mut days) = (from, amount, 2);
        while if self.back { at > self.horizon } else { at < self.horizon } {
            let next = match self
                .clock
                .hours
                .and_then(|_| shift(at, SignedDuration::from_hours(24 * days), self.back))
            {
                Some(next) if self.back => next.max(self.horizon),
                Some(next) => next.min(self.horizon),
                None => self.horizon,
            };
            let mut spans = self.clock.spans(at.min(next), at.max(next), pauses);
            if self.back {
                spans.reverse();
            }
            for (from, to) in spans {
                let length = to.duration_since(from);
                if length >= left {
                    return shift(if self.back { to } else { from }, left, self.back);
                }
                left -= length;
            }
            at = next;
            days = (days * 2).min(64);
        }
        None
    }

    /// An instant itself if it is open, else the next opening, or the last closing if the search goes back.
    fn settle(&self, at: Timestamp, hours: &WorkingHours) -> Option<Timestamp> {
        if hours.is_open(at, self.clock.zone) { Some(at) } else { self.walk(at, SignedDuration::ZERO, false) }
    }

    /// The start moved by months and days.
    fn civil(&self, start: Timestamp, span: &LimitSpan) -> Option<Timestamp> {
        let zone = self.clock.zone;
        let add = |at: Timestamp, civil: Span| -> Option<Timestamp> {
            let at = at.to_zoned_datetime(zone.clone());
            let moved = if self.back { at.checked_sub(civil) } else { at.checked_add(civil) };
            moved.ok().map(|moved| moved.timestamp())
        };
        let Some(hours) = self.clock.hours else {
            return if span.is_exact() { Some(start) } else { add(start, span.civil()) };
        };
        let mut at = self.settle(start, hours)?;
        if span.months != 0 {
            at = self.settle(add(at, Span::new().months(span.months))?, hours)?;
        }
        if span.days != 0 {
            let local = zone.to_datetime(at);
            let date = hours.open_day(local.date(), span.days, self.back)?;
            at = self.settle(zone.to_timestamp(date.to_datetime(local.time())).ok()?, hours)?;
        }
        Some(at)
    }
}

/// When a limit is due: the last instant in time, for a negative limit the last one that is early enough before the start.
///
/// - Without working hours, months and days keep the local time of day in `zone`. A day of the month that does not exist
///   becomes the last of that month; a time of day that does not exist moves forward by the gap, one that occurs twice is
///   taken as the first. Hours, minutes and seconds are time that passes.
/// - With working hours, the clock starts at the next opening (a negative limit: at the last closing) if the start is not open.
///   Months are added first, then open days, each at the same time of day and moved to the next opening (the last closing) if
///   that is not open; then the exact part counts open time. The zone is that of the hours, if they have one, else `zone`.
/// - What the clock would have counted in a pause is added. A pause that has no end yet lasts until `now`.
///
/// `None` if it is outside the calendar (the years -9999 to 9999), or in working hours more than 3653 days from the start.
///
/// ```
/// use jiff::Timestamp;
/// use jobsheet_core::deadline::{Limit, due, zone};
/// let berlin = zone("Europe/Berlin").unwrap();
/// let start: Timestamp = "2026-03-28T12:00:00+01:00".parse().unwrap();
/// let due = |limit: &str| match limit.parse() {
///     Ok(Limit::Span(span)) => due(start, &span, &berlin, None, &[], start),
///     _ => None,
/// };
/// // The clocks go forward in the night.
/// assert_eq!(due("P1D"), "2026-03-29T12:00:00+02:00".parse().ok());
/// assert_eq!(due("PT24H"), "2026-03-29T13:00:00+02:00".parse().ok());
/// ```
pub fn due(
    start: Timestamp,
    span: &LimitSpan,
    zone: &TimeZone,
    hours: Option<&WorkingHours>,
    paused: &[Paused],
    now: Timestamp,
) -> Option<Timestamp> {
    let clock = Clock::new(zone, hours, paused, now);
    let back = span.is_negative();
    let search = Search::new(&clock, start, back);
    let mut due = search.civil(start, span)?;
    if span.seconds != 0 {
        let exact = SignedDuration::from_secs(span.seconds);
        due = if hours.is_none() { shift(due, exact, back)? } else { search.walk(due, exact, false)? };
    }
    let stood = clock.standing(start.min(due), start.max(due));
    if stood.is_zero() { Some(due) } else { search.walk(due, stood, true) }
}

/// How much of the time between two instants a clock counts: what has passed or, with working hours, what was open, without
/// the pauses. Negative if `to` is the earlier. A pause that has no end yet lasts until `now`; `zone` is that of the place of
/// service, and counts if the working hours have none of their own.
///
/// ```
/// use jiff::{SignedDuration, Timestamp};
/// use jobsheet_core::deadline::{Paused, counted, zone};
/// let shanghai = zone("Asia/Shanghai").unwrap();
/// let at = |text: &str| text.parse::<Timestamp>().unwrap();
/// let (nine, noon) = (at("2026-03-02T09:00:00+08:00"), at("2026-03-02T12:00:00+08:00"));
/// let pause = Paused { from: at("2026-03-02T11:30:00+08:00"), to: None };
/// assert_eq!(counted(nine, noon, &shanghai, None, &[pause], noon), SignedDuration::from_mins(150));
/// ```
pub fn counted(
    from: Timestamp,
    to: Timestamp,
    zone: &TimeZone,
    hours: Option<&WorkingHours>,
    paused: &[Paused],
    now: Timestamp,
) -> SignedDuration {
    let clock = Clock::new(zone, hours, paused, now);
    let (first, last) = (from.min(to), from.max(to));
    let counted = clock.running(first, last) - clock.standing(first, last);
    if from > to { -counted } else { counted }
}

/// The time zone of an IANA name, for a place of service; `None` if it is unknown.
///
/// ```
/// assert!(jobsheet_core::deadline::zone("Asia/Shanghai").is_some());
/// assert!(jobsheet_core::deadline::zone("Middle-earth/Shire").is_none());
/// ```
pub fn zone(name: &str) -> Option<TimeZone> {
    let bundled = TimeZoneDatabase::bundled();
    // The zones in the program are the same on every machine; those of the system will do where there are none.
    let database = if bundled.is_definitively_empty() { jiff::tz::db() } else { &bundled };
    let zone = database.get(name).ok()?;
    // What a system's directory of zones holds beside them, such as `localtime`, differs from machine to machine.
    let own = zone.iana_name().is_some_and(|name| {
        matches!(name, "localtime" | "posixrules") || name.starts_with("posix/") || name.starts_with("right/")
    });
    (!own && !zone.is_unknown()).then_some(zone)
}

/// The last day, itself included, of a span of calendar months and days that begins on a date: the day of the same number, or
/// the last day of a month that has none of that number. `None` if the span is negative, has hours, minutes or seconds, or
/// leaves the calendar.
///
/// ```
/// use jiff::civil::date;
/// use jobsheet_core::deadline::{Limit, span_end};
/// let Ok(Limit::Span(month)) = "P1M".parse() else { panic!() };
/// assert_eq!(span_end(date(2026, 1, 15), &month), Some(date(2026, 2, 15)));
/// assert_eq!(span_end(date(2026, 1, 31), &month), Some(date(2026, 2, 28)));
/// ```
pub fn span_end(first: Date, span: &LimitSpan) -> Option<Date> {
    if span.is_negative() || span.seconds != 0 {
        return None;
    }
    first.checked_add(span.civil()).ok()
}
