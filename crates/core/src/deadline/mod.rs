//! Limits and working hours: when a deadline is due, and how much of the time its clock has counted.
//!
//! A limit has a civil part (years, months, weeks, days), which keeps the time of day, and an exact part
//! (hours, minutes, seconds), which is time that passes: across a change of the clocks `P1D` is the same time
//! tomorrow, `PT24H` is 24 hours. In working hours a day is a day with open hours, and exact time is open
//! time; the clock is open at an instant if the local time of day is in a span of that local date, so an hour
//! that occurs twice counts twice and one that is left out not at all.

mod hours;
mod limit;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Span, Timestamp};

use hours::SEARCH_DAYS;
pub use hours::WorkingHours;
use limit::DAY_SECONDS;
pub use limit::{Limit, LimitSpan};

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

    fn is_within(&self, at: Timestamp) -> bool {
        if self.back { at > self.horizon } else { at < self.horizon }
    }

    /// The nearest instant at which so much time has been counted from another; for no time the nearest begin
    /// of a span, or its end if the search goes back.
    fn walk(&self, from: Timestamp, amount: SignedDuration, pauses: bool) -> Option<Timestamp> {
        let (mut at, mut left, mut days) = (from, amount, 2);
        while self.is_within(at) {
            let step = SignedDuration::from_hours(24 * days);
            let next = self.clock.hours.and_then(|_| shift(at, step, self.back));
            let next = next.filter(|next| self.is_within(*next)).unwrap_or(self.horizon);
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
        if self.is_within(at) && hours.is_open(at, self.clock.zone) {
            return Some(at);
        }
        self.walk(at, SignedDuration::ZERO, false)
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

/// When a limit is due: the last instant that is in time; for a negative limit, the last that is early enough
/// before the start.
///
/// - Without working hours, months and days keep the local time of day in `zone`. A day of the month that
///   does not exist becomes the last of that month; a time of day that does not exist moves forward by the
///   gap, one that occurs twice is taken as the first. Hours, minutes and seconds are time that passes.
/// - With working hours, the clock starts at the next opening (a negative limit: at the last closing) if the
///   start is not open. Months are added first, then open days, each at the same time of day and moved to the
///   next opening (the last closing) if that is not open; then the exact part counts open time. The zone is
///   that of the hours, if they have one, else `zone`.
/// - What the clock would have counted in a pause is added. A pause that has no end yet lasts until `now`.
///
/// `None` if it is outside the calendar (the years -9999 to 9999), or in working hours more than 3653 days
/// from the start.
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

/// How much of the time between two instants a clock counts: what has passed or, with working hours, what was
/// open, without the pauses. Negative if `to` is the earlier. A pause that has no end yet lasts until `now`;
/// `zone` is that of the place of service, and counts if the working hours have none of their own.
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
    // The zones in the program are the same on every machine; those of the system are not.
    TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown())
}

/// The last day, itself included, of a span of calendar months and days that begins on a date: the day of the
/// same number, or the last day of a month that has none of that number. `None` if the span is negative, has
/// hours, minutes or seconds, or leaves the calendar.
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
