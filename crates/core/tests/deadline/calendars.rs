//! Working hours by themselves.

use super::*;

#[test]
fn a_day_may_be_open_until_24_and_around_the_clock() {
    let berlin = tz("Europe/Berlin");
    let always = every_day(ALL_DAY);
    examples(
        &berlin,
        Some(&always),
        &[
            ("2026-03-02T20:00:00+01:00", "PT36H", "2026-03-04T08:00:00+01:00"),
            ("2026-03-28T12:00:00+01:00", "PT24H", "2026-03-29T13:00:00+02:00"),
            ("2026-03-28T12:00:00+01:00", "P1D", "2026-03-29T12:00:00+02:00"),
            ("2026-03-28T02:30:00+01:00", "P1D", "2026-03-29T03:30:00+02:00"),
            ("2026-10-24T02:30:00+02:00", "P1D", "2026-10-25T02:30:00+02:00"),
            ("2026-03-03T00:00:00+01:00", "-PT1H", "2026-03-02T23:00:00+01:00"),
        ],
    );
    // From 22 to 24 and from 0 to 6 on the next day is one night.
    let nights = every_day(&["00:00-06:00", "22:00-24:00"]);
    examples(
        &berlin,
        Some(&nights),
        &[
            ("2026-03-02T23:00:00+01:00", "PT2H", "2026-03-03T01:00:00+01:00"),
            ("2026-03-02T12:00:00+01:00", "PT2H", "2026-03-03T00:00:00+01:00"),
            ("2026-03-02T12:00:00+01:00", "PT9H", "2026-03-03T23:00:00+01:00"),
            ("2026-03-03T12:00:00+01:00", "-PT8H", "2026-03-02T22:00:00+01:00"),
        ],
    );
    // Closed from Friday midnight to Monday midnight.
    let week: Vec<_> = WORKDAYS.iter().map(|day| (day.0, ALL_DAY)).collect();
    let week = compiled(&calendar(&week, &[], &[]));
    examples(
        &berlin,
        Some(&week),
        &[
            ("2026-03-06T23:00:00+01:00", "PT1H", "2026-03-07T00:00:00+01:00"),
            ("2026-03-06T23:00:00+01:00", "PT1H1S", "2026-03-09T00:00:01+01:00"),
            ("2026-03-07T12:00:00+01:00", "-PT1H", "2026-03-06T23:00:00+01:00"),
            ("2026-03-07T12:00:00+01:00", "-P1D", "2026-03-06T00:00:00+01:00"),
            ("2026-03-09T00:00:00+01:00", "-P1D", "2026-03-06T00:00:00+01:00"),
        ],
    );
}

#[test]
fn an_hour_that_occurs_twice_counts_twice() {
    let (berlin, cairo) = (tz("Europe/Berlin"), tz("Africa/Cairo"));
    let hours = |count| SignedDuration::from_hours(count);
    let day = |hours: &WorkingHours, from: &str, to: &str, zone: &TimeZone| {
        hours.open_between(at(from), at(to), zone)
    };
    let (spring, summer) = ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
    let (autumn, winter) = ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
    for (spans, short, long) in [
        (&["00:00-24:00"][..], 23, 25),
        (&["02:00-03:00"], 0, 2),
        (&["01:00-04:00"], 2, 4),
        (&["03:00-04:00"], 1, 1),
        (&["08:00-12:00", "12:00-16:00"], 8, 8),
    ] {
        let open = every_day(spans);
        assert_eq!(day(&open, spring, summer, &berlin), hours(short), "{spans:?}");
        assert_eq!(day(&open, autumn, winter, &berlin), hours(long), "{spans:?}");
        assert_eq!(day(&open, winter, autumn, &berlin), -hours(long), "{spans:?}");
    }
    // Half of each 02:00-03:00, with a gap between.
    let open = every_day(&["02:00-02:30"]);
    examples(
        &berlin,
        Some(&open),
        &[
            ("2026-10-24T22:00:00+02:00", "PT1H", "2026-10-25T02:30:00+01:00"),
            ("2026-10-24T22:00:00+02:00", "PT45M", "2026-10-25T02:15:00+01:00"),
            ("2026-03-28T22:00:00+01:00", "PT15M", "2026-03-30T02:15:00+02:00"),
            ("2026-03-28T02:15:00+01:00", "P1D", "2026-03-30T02:00:00+02:00"),
        ],
    );
    assert!(open.is_open(at("2026-10-25T02:15:00+01:00"), &berlin));
    assert!(!open.is_open(at("2026-10-25T02:45:00+02:00"), &berlin));
    // In Cairo 24 April begins at 1, and the last hour of 29 October occurs twice.
    let open = every_day(&["00:00-01:00", "23:00-24:00"]);
    assert_eq!(day(&open, "2026-04-23T12:00:00+02:00", "2026-04-24T12:00:00+03:00", &cairo), hours(1));
    assert_eq!(day(&open, "2026-10-29T12:00:00+03:00", "2026-10-30T12:00:00+02:00", &cairo), hours(3));
}

#[test]
fn a_span_is_open_at_its_begin_and_closed_at_its_end() {
    let (office, shanghai) = (office(), tz("Asia/Shanghai"));
    for (text, open) in [
        ("2026-03-02T08:29:59.999", false),
        ("2026-03-02T08:30:00", true),
        ("2026-03-02T11:59:59.999", true),
        ("2026-03-02T12:00:00", false),
        ("2026-03-02T17:29:59", true),
        ("2026-03-02T17:30:00", false),
        ("2026-03-07T10:00:00", false),
        ("2026-10-01T10:00:00", false),
        ("2026-10-10T10:00:00", true),
        ("2026-03-17T09:59:59", false),
        ("2026-03-17T10:00:00", true),
    ] {
        assert_eq!(office.is_open(at(&format!("{text}+08:00")), &shanghai), open, "{text}");
    }
    let nights = every_day(&["23:00-24:00"]);
    assert!(nights.is_open(at("2026-03-02T23:59:59+08:00"), &shanghai));
    assert!(!nights.is_open(at("2026-03-03T00:00:00+08:00"), &shanghai));
}

#[test]
fn the_zone_of_the_hours_goes_before_that_of_the_place() {
    let (shanghai, york) = (tz("Asia/Shanghai"), tz("America/New_York"));
    let mut calendar = calendar(&WORKDAYS, &[], &[]);
    let local = compiled(&calendar);
    assert!(local.zone().is_none());
    calendar.zone = Some("Asia/Shanghai".to_owned());
    let remote = compiled(&calendar);
    assert_eq!(remote.zone().and_then(TimeZone::iana_name), Some("Asia/Shanghai"));
    // Monday 09:00 in Shanghai is Sunday 20:00 in New York.
    let start = at("2026-03-02T09:00:00+08:00");
    let due = |limit: &str, hours, zone| due(start, &span(limit), zone, Some(hours), &[], start);
    assert_eq!(due("PT1H", &remote, &york), Some(at("2026-03-02T10:00:00+08:00")));
    assert_eq!(due("P1D", &remote, &york), Some(at("2026-03-03T09:00:00+08:00")));
    assert_eq!(due("PT1H", &local, &york), Some(at("2026-03-02T09:30:00-05:00")));
    assert!(remote.is_open(start, &york) && local.is_open(start, &shanghai) && !local.is_open(start, &york));
    let end = at("2026-03-03T09:00:00+08:00");
    assert_eq!(remote.open_between(start, end, &york), local.open_between(start, end, &shanghai));
    let fixed = TimeZone::fixed(jiff::tz::offset(8));
    assert_eq!(due("P3D", &local, &fixed), due("P3D", &local, &shanghai));
}

#[test]
fn a_calendar_is_refused_with_every_error_and_its_place() {
    let mut wrong = calendar(
        &[
            ("mon", &["8:30-12:00", "12:00-12:00", "22:00-06:00"]),
            ("tue", &["08:30-12:00", "13:00-17:00", "11:00-13:30"]),
            (
                "wed",
                &[
                    "08:30",
                    "08:30-24:01",
                    "25:00-26:00",
                    "08:60-09:00",
                    "24:00-24:00",
                    "",
                    "08:30–12:00",
                    "+8:30-12:00",
                ],
            ),
        ],
        &["2026-2-30", "20261001", "2026-10-01", "2026-10-01", "tomorrow"],
        &[("2026-10-01", &["08:30-12:00"]), ("2026-02-29", &["08:30-12:00"]), ("2026-10-10", &["x"])],
    );
    wrong.zone = Some("Mars/Olympus".to_owned());
    let span = |at: &str, text: &str| format!("{at}: `{text}` is not a span of time such as 08:30-12:00");
    let backwards = |at: &str, text: &str| {
        format!("{at}: `{text}` does not end after it begins; hours after midnight belong to the next day")
    };
    let mut expected = vec![
        "zone: `Mars/Olympus` is not a known IANA time zone such as Asia/Shanghai".to_owned(),
        span("hours.mon", "8:30-12:00"),
        backwards("hours.mon", "12:00-12:00"),
        backwards("hours.mon", "22:00-06:00"),
        "hours.tue: `08:30-12:00` and `11:00-13:30` overlap".to_owned(),
        "hours.tue: `11:00-13:30` and `13:00-17:00` overlap".to_owned(),
    ];
    for text in [
        "08:30",
        "08:30-24:01",
        "25:00-26:00",
        "08:60-09:00",
        "24:00-24:00",
        "",
        "08:30–12:00",
        "+8:30-12:00",
    ] {
        expected.push(span("hours.wed", text));
    }
    for text in ["2026-2-30", "20261001", "tomorrow"] {
        expected.push(format!("holidays: `{text}` is not a date such as 2026-10-01"));
    }
    expected.push("special.2026-02-29: is not a date such as 2026-10-01".to_owned());
    expected.push("special.2026-10-01: is one of the holidays as well".to_owned());
    expected.push(span("special.2026-10-10", "x"));
    assert_eq!(errors(&wrong), expected);

    let none = ["hours: there is no open hour at all".to_owned()];
    assert_eq!(errors(&calendar(&[], &["2026-10-01"], &[])), none);
    assert_eq!(errors(&calendar(&[("mon", &[])], &[], &[("2026-10-10", &[])])), none);
    // One open day, an empty day, spans in any order and spans that touch are fine.
    assert!(errors(&calendar(&[], &[], &[("2026-10-10", SHIFT)])).is_empty());
    assert!(errors(&calendar(&[("mon", SHIFT), ("tue", &[])], &[], &[("2026-10-10", &[])])).is_empty());
    assert!(errors(&calendar(&[("mon", &["12:00-24:00", "00:00-12:00"])], &[], &[])).is_empty());
}

// Pauses.
