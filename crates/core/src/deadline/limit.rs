//! Limits as packs write them.

use std::str::FromStr;

use jiff::{SignedDuration, Span};

/// The longest limit, in months.
const MAX_MONTHS: i64 = 1200;

/// A twelfth of a mean Gregorian year, in seconds.
const MONTH_SECONDS: i64 = 2_629_746;
pub(super) const DAY_SECONDS: i64 = 86_400;

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

    /// Reads `at-once` or an ISO 8601 duration of whole years, months, weeks, days, hours, minutes and
    /// seconds, at most 100 years in all. A leading `-` means before the start.
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

/// A span of time: a civil part, in months and days, and an exact part, in seconds, with one sign for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSpan {
    pub(super) months: i32,
    pub(super) days: i32,
    pub(super) seconds: i64,
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

    /// The day that lies so many months and days after another; hours and less are left out.
    pub(crate) fn after(&self, day: jiff::civil::Date) -> Option<jiff::civil::Date> {
        day.checked_add(self.civil()).ok()
    }

    /// The civil part without its sign.
    pub(super) fn civil(&self) -> Span {
        Span::new().months(self.months).days(self.days)
    }
}
