//! Local times of a file, as instants with the offset that people saw.

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jobsheet_core::Moment;

/// A local time, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocalTime {
    /// The instant with its offset.
    pub(super) moment: Moment,
    /// Why the local time needed interpreting.
    pub(super) note: Option<&'static str>,
}

/// Reads a local time. `Err` says what is wrong with it.
pub(super) fn read(text: &str, format: &str, zone: &TimeZone) -> Result<LocalTime, String> {
    let wrong = || format!("is not a time in the format `{format}`");
    let civil: DateTime =
        strtime::parse(format, text).and_then(|parsed| parsed.to_datetime()).map_err(|_| wrong())?;
    let ambiguous = zone.to_ambiguous_zoned_datetime(civil);
    let note = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { .. } => {
            Some("never occurred, the clock was set forward over it; read as if it had not been set")
        }
        AmbiguousOffset::Fold { .. } => {
            Some("occurred twice, the clock was set back; the earlier one is taken")
        }
    };
    let zoned = ambiguous.compatible().map_err(|_| "is out of range".to_owned())?;
    Ok(LocalTime { moment: Moment::new(zoned.timestamp(), zoned.offset()), note })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boston(text: &str) -> Result<LocalTime, String> {
        read(text, "%m/%d/%Y %I:%M:%S %p", &TimeZone::get("America/New_York").unwrap())
    }

    #[test]
    fn summer_and_winter_have_their_offsets() {
        assert_eq!(boston("01/02/2015 09:17:43 AM").unwrap().moment.to_string(), "2015-01-02T09:17:43-05:00");
        assert_eq!(boston("07/02/2015 12:00:00 PM").unwrap().moment.to_string(), "2015-07-02T12:00:00-04:00");
        assert_eq!(boston("07/02/2015 12:00:00 AM").unwrap().moment.to_string(), "2015-07-02T00:00:00-04:00");
    }

    #[test]
    fn a_time_that_occurred_twice_is_the_earlier_one_and_noted() {
        let read = boston("11/01/2015 01:30:00 AM").unwrap();
        assert_eq!(read.moment.to_string(), "2015-11-01T01:30:00-04:00");
        assert!(read.note.unwrap().contains("twice"));
    }

    #[test]
    fn a_time_that_never_occurred_is_read_on_and_noted() {
        let read = boston("03/08/2015 02:30:00 AM").unwrap();
        assert_eq!(read.moment.to_string(), "2015-03-08T03:30:00-04:00");
        assert!(read.note.unwrap().contains("never"));
    }

    #[test]
    fn other_formats_are_refused() {
        for text in ["2015-01-02", "13/40/2015 09:17:43 AM", "02/30/2015 09:00:00 AM", "tomorrow", ""] {
            assert!(boston(text).is_err(), "{text}");
        }
    }
}
