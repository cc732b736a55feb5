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

    /// The day that the person saw.
    pub fn day(&self) -> jiff::civil::Date {
        self.offset.to_datetime(self.instant).date()
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
        let rebooted = self.boot.is_some() && later.boot.is_some() && !same_boot;
        match (same_boot, self.mono_ms, later.mono_ms) {
            (true, Some(from), Some(to)) => {
                let mono = SignedDuration::from_millis(
                    i64::try_from(to)
                        .unwrap_or(i64::MAX)
                        .saturating_sub(i64::try_from(from).unwrap_or(i64::MAX)),
                );
                let suspect = (mono - wall).abs() > CLOCK_TOLERANCE;
                Elapsed { duration: mono, wall, clock_suspect: suspect, rebooted }
            }
            _ => Elapsed { duration: wall, wall, clock_suspect: false, rebooted },
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
    /// The stamps are of two boots, or of two devices: only the wall clocks can be compared.
    pub rebooted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn stamp(at: &str, mono_ms: u64, boot: &str) -> Stamp {
        Stamp { at: moment(at), mono_ms: Some(mono_ms), boot: Some(boot.to_owned()), skew_ms: None }
    }

    const NINE: &str = "2026-03-02T09:00:00+08:00";
    const TEN: &str = "2026-03-02T10:00:00+08:00";

    #[test]
    fn within_one_boot_the_monotonic_clock_counts() {
        // Someone sets the clock an hour on: the hold of ten minutes stays one of ten minutes, and it shows.
        let elapsed = stamp(NINE, 5_000, "a").until(&stamp(TEN, 605_000, "a"));
        assert_eq!(elapsed.duration, SignedDuration::from_mins(10));
        assert_eq!(elapsed.wall, SignedDuration::from_hours(1));
        assert!(elapsed.clock_suspect);
        // And back: the wall clock says that it ended before it began.
        let elapsed = stamp(TEN, 5_000, "a").until(&stamp(NINE, 605_000, "a"));
        assert_eq!(elapsed.duration, SignedDuration::from_mins(10));
        assert!(elapsed.clock_suspect && elapsed.wall.is_negative());
    }

    #[test]
    fn a_drift_up_to_the_tolerance_is_no_suspicion() {
        let from = stamp(NINE, 0, "a");
        let tolerated = u64::try_from(CLOCK_TOLERANCE.as_millis()).unwrap();
        for (mono_ms, suspect) in [
            (3_600_000, false),
            (3_600_000 - tolerated, false),
            (3_600_000 - tolerated - 1, true),
            (3_600_000 + tolerated, false),
            (3_600_000 + tolerated + 1, true),
        ] {
            assert_eq!(from.until(&stamp(TEN, mono_ms, "a")).clock_suspect, suspect, "{mono_ms}");
        }
    }

    #[test]
    fn across_boots_and_devices_the_wall_clocks_count() {
        let hour = SignedDuration::from_hours(1);
        let other_boot = stamp(NINE, 9_000_000, "a").until(&stamp(TEN, 1_000, "b"));
        assert_eq!((other_boot.duration, other_boot.clock_suspect), (hour, false));
        let bare = Stamp::wall(moment(NINE)).until(&stamp(TEN, 1_000, "b"));
        assert_eq!((bare.duration, bare.wall, bare.clock_suspect), (hour, hour, false));
        let mut no_boot = stamp(NINE, 0, "a");
        no_boot.boot = None;
        let elapsed = no_boot.until(&no_boot);
        assert_eq!((elapsed.duration, elapsed.clock_suspect), (SignedDuration::ZERO, false));
    }

    #[test]
    fn the_offset_to_the_server_corrects_the_wall_clock() {
        let mut slow = Stamp::wall(moment(NINE));
        slow.skew_ms = Some(90_500);
        assert_eq!(slow.corrected(), "2026-03-02T01:01:30.5Z".parse().unwrap());
        let mut fast = Stamp::wall(moment(TEN));
        fast.skew_ms = Some(-60_000);
        assert_eq!(fast.corrected(), "2026-03-02T01:59:00Z".parse().unwrap());
        assert_eq!(slow.until(&fast).duration, SignedDuration::from_millis(3_600_000 - 150_500));
        // No offset takes a stamp out of the calendar, and no counter a span out of bounds.
        for skew in [i64::MIN, i64::MAX] {
            let mut wild = stamp(NINE, u64::MAX, "a");
            wild.skew_ms = Some(skew);
            let _ = (wild.until(&slow), slow.until(&wild), wild.until(&stamp(TEN, 0, "a")));
            assert_eq!(wild.until(&wild).duration, SignedDuration::ZERO);
        }
    }

    #[test]
    fn a_stamp_reads_back_as_it_was_written() {
        let mut full = stamp(NINE, 7, "a");
        full.skew_ms = Some(-3);
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(text, r#"{"at":"2026-03-02T09:00:00+08:00","mono":7,"boot":"a","skew":-3}"#);
        assert_eq!(serde_json::from_str::<Stamp>(&text).unwrap(), full);
        let bare = Stamp::wall(moment(NINE));
        assert_eq!(serde_json::to_string(&bare).unwrap(), r#"{"at":"2026-03-02T09:00:00+08:00"}"#);
    }

    #[test]
    fn moments_keep_their_offset_and_drop_parts_of_a_second() {
        for (text, shown) in [
            ("2026-03-01T09:30:00-05:00", "2026-03-01T09:30:00-05:00"),
            ("2026-03-01T09:30:00.999-05:00", "2026-03-01T09:30:00-05:00"),
            ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00+00:00"),
            ("2026-03-01T09:30:00+05:45", "2026-03-01T09:30:00+05:45"),
        ] {
            let read = moment(text);
            assert_eq!(read.to_string(), shown);
            assert_eq!(moment(&read.to_string()), read);
        }
        let east = moment("2026-03-01T22:30:00+08:00");
        let west = moment("2026-03-01T09:30:00-05:00");
        assert_eq!(east.instant(), west.instant());
        assert_ne!(east, west, "the same instant, seen at another place");
    }

    #[test]
    fn what_is_no_moment_is_told_with_a_pattern() {
        for text in [
            "",
            "yesterday",
            "2026-03-01",
            "09:30",
            "2026-03-01T09:30:00",
            "2026-13-01T09:30:00Z",
            "2026-02-30T09:30:00Z",
            "2026-03-01T25:30:00Z",
            "2026-03-01T09:30:00+99:00",
            "1772357400",
        ] {
            let error = text.parse::<Moment>().unwrap_err();
            assert_eq!(error, NotAMoment(text.to_owned()));
            assert!(error.to_string().contains("2026-03-01T09:30:00-05:00"));
            assert!(serde_json::from_value::<Moment>(text.into()).is_err());
        }
        // A long text is not repeated whole.
        assert_eq!("长".repeat(500).parse::<Moment>().unwrap_err().0.chars().count(), 40);
    }
}
