//! Time as evidence: what a device's clocks said when something was recorded.

use std::fmt;
use std::str::FromStr;

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far the wall clock and the monotonic clock of one boot may drift apart before a finding calls the clock suspect.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(120);

/// An instant with the UTC offset that the person saw, in RFC 3339 with second precision.
///
/// ```
/// use jobsheet_core::Moment;
/// let moment: Moment = "2026-03-01T09:30:00-05:00".parse().unwrap();
/// assert_eq!(moment.to_string(), "2026-03-01T09:30:00-05:00");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment {
    instant: Timestamp,
    offset: Offset,
}

impl Moment {
    /// An instant as seen at a UTC offset; parts of a second are dropped.
    pub fn new(instant: Timestamp, offset: Offset) -> Self {
        let whole = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
        Self { instant: whole, offset }
    }

    /// An instant in UTC.
    pub fn utc(instant: Timestamp) -> Self {
        Self::new(instant, Offset::UTC)
    }

    /// The instant.
    pub fn instant(&self) -> Timestamp {
        self.instant
    }

    /// The UTC offset.
    pub fn offset(&self) -> Offset {
        self.offset
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.instant.display_with_offset(self.offset))
    }
}

/// A time that is not RFC 3339 with an offset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time; write it as 2026-03-01T09:30:00-05:00 (RFC 3339 with UTC offset)")]
pub struct NotAMoment(pub String);

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAMoment(text.chars().take(40).collect());
        let instant: Timestamp = text.parse().map_err(|_| wrong())?;
        let offset = jiff::fmt::temporal::Pieces::parse(text)
            .map_err(|_| wrong())?
            .to_numeric_offset()
            .ok_or_else(wrong)?;
        Ok(Self::new(instant, offset))
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What the clocks said when something was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Wall clock with its UTC offset.
    pub at: Moment,
    /// Monotonic clock, milliseconds since the boot named in `boot`.
    #[serde(rename = "mono", default, skip_serializing_if = "Option::is_none")]
    pub mono_ms: Option<u64>,
    /// Which boot of which device the monotonic clock counts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// Server clock minus wall clock when last compared, milliseconds.
    #[serde(rename = "skew", default, skip_serializing_if = "Option::is_none")]
    pub skew_ms: Option<i64>,
}

impl Stamp {
    /// A stamp with the wall clock alone.
    pub fn wall(at: Moment) -> Self {
        Self { at, mono_ms: None, boot: None, skew_ms: None }
    }

    /// The instant, corrected by the last known offset to the server.
    pub fn corrected(&self) -> Timestamp {
        let skew = SignedDuration::from_millis(self.skew_ms.unwrap_or(0));
        self.at.instant().checked_add(skew).unwrap_or(self.at.instant())
    }

    /// Time passed until `later`: monotonic within one boot, else by corrected wall clocks.
    pub fn until(&self, later: &Stamp) -> Elapsed {
        let wall = later.corrected().duration_since(self.corrected());
        let same_boot = self.boot.is_some() && self.boot == later.boot;
        match (same_boot, self.mono_ms, later.mono_ms) {
            (true, Some(from), Some(to)) => {
                let mono = SignedDuration::from_millis(
                    i64::try_from(to)
                        .unwrap_or(i64::MAX)
                        .saturating_sub(i64::try_from(from).unwrap_or(i64::MAX)),
                );
                let suspect = (mono - wall).abs() > CLOCK_TOLERANCE;
                Elapsed { duration: mono, wall, clock_suspect: suspect }
            }
            _ => Elapsed { duration: wall, wall, clock_suspect: false },
        }
    }
}

/// A span of time between two stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed {
    /// The best reading.
    pub duration: SignedDuration,
    /// What the corrected wall clocks say.
    pub wall: SignedDuration,
    /// The two disagree by more than [`CLOCK_TOLERANCE`].
    pub clock_suspect: bool,
}

/// A limit of a milestone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// A figure; negative means before the start. Days and longer units are read as 24 h each.
    Figure(SignedDuration),
    /// "At once": no figure, so no computed breach.
    AtOnce,
}

impl FromStr for Limit {
    type Err = String;

    /// Reads `at-once` or an ISO 8601 duration in weeks, days, hours, minutes and seconds.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "at-once" {
            return Ok(Limit::AtOnce);
        }
        // jiff reads "30 min" as well; a pack has one spelling.
        let iso = text.strip_prefix('-').unwrap_or(text).starts_with('P');
        let span: jiff::Span = text.parse().ok().filter(|_| iso).ok_or_else(|| {
            format!("`{text}` is not an ISO 8601 duration such as PT30M or P3D, nor `at-once`")
        })?;
        if span.get_months() != 0 || span.get_years() != 0 {
            return Err(format!("`{text}` has months or years, whose length depends on the calendar"));
        }
        span.to_duration(jiff::SpanRelativeTo::days_are_24_hours())
            .map(Limit::Figure)
            .map_err(|error| format!("`{text}`: {error}"))
    }
}
