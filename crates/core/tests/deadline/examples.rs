//! Worked examples.

use super::*;

#[test]
fn limits_have_one_spelling() {
    assert_eq!("at-once".parse(), Ok(Limit::AtOnce));
    for (text, seconds) in [
        ("PT30M", 1800),
        ("-PT1H", -3600),
        ("PT0S", 0),
        ("PT1H30M5S", 5405),
        ("PT200H", 720_000),
        ("-PT0S", 0),
    ] {
        let span = span(text);
        assert_eq!(span.exact(), SignedDuration::from_secs(seconds), "{text}");
        assert!(span.is_exact(), "{text}");
        assert_eq!(span.is_zero(), seconds == 0, "{text}");
        assert_eq!(span.is_negative(), seconds < 0, "{text}");
    }
    for text in ["P3D", "-P7D", "P1W", "P18M", "P1Y", "P1Y2M3W4DT5H6M7S", "P36524D", "P100Y", "P1200M"] {
        let span = span(text);
        assert!(!span.is_exact() && !span.is_zero(), "{text}");
        assert_eq!(span.is_negative(), text.starts_with('-'), "{text}");
    }
    assert_eq!(span("P1DT2H").exact(), SignedDuration::from_hours(2));
    for (text, same) in [
        ("P1W", "P7D"),
        ("P1Y6M", "P18M"),
        ("PT90M", "PT1H30M"),
        ("P0D", "PT0S"),
        ("-PT0S", "PT0S"),
        ("-P0D", "PT0S"),
    ] {
        assert_eq!(span(text), span(same), "{text}");
    }
    assert_ne!(span("P1D"), span("PT24H"));
    assert_ne!(span("P1D"), span("-P1D"));
}

#[test]
fn what_is_no_limit_is_told_with_a_pattern() {
    for text in [
        "",
        "-",
        "P",
        "PT",
        "-P",
        "P1DT",
        "30",
        "30 min",
        "2h",
        "at once",
        "At-Once",
        "PT1H30",
        "--PT1H",
        "+PT1H",
        "P-1D",
        "PT-1H",
        "P1DT-1H",
        "P1.5D",
        "PT1.5H",
        "PT0.5S",
        "pt30m",
        "PT30m",
        " PT30M",
        "PT30M ",
        "P1H",
        "PT1D",
        "PT1M1H",
        "P1D1M",
        "P1D1D",
        "PT1H1H",
        "P1D-",
        "PD",
        "PTH",
        "P１D",
        "P1DT1HT1M",
        "P1 D",
        "1 day",
        "P2026-01-01",
        "三天",
    ] {
        assert_eq!(
            text.parse::<Limit>(),
            Err(format!("`{text}` is not an ISO 8601 duration such as PT30M or P3D, nor `at-once`"))
        );
    }
    for text in [
        "P101Y",
        "P1201M",
        "P36525D",
        "P5218W",
        "PT3155695201S",
        "P99Y13M",
        "-P101Y",
        "P99999999999999999999Y",
        "PT9223372036854775807H",
        "P9223372036854775807DT9223372036854775807S",
        "P4294967297M",
    ] {
        assert_eq!(text.parse::<Limit>(), Err(format!("`{text}` is longer than 100 years")));
    }
}

// Without working hours.

#[test]
fn days_keep_the_time_of_day_and_hours_pass() {
    examples(
        &tz("Europe/Berlin"),
        None,
        &[
            // Forward on 29 March at 2, back on 25 October at 3.
            ("2026-03-28T12:00:00+01:00", "P1D", "2026-03-29T12:00:00+02:00"),
            ("2026-03-28T12:00:00+01:00", "PT24H", "2026-03-29T13:00:00+02:00"),
            ("2026-03-28T12:00:00+01:00", "P1DT24H", "2026-03-30T12:00:00+02:00"),
            ("2026-10-24T12:00:00+02:00", "P1D", "2026-10-25T12:00:00+01:00"),
            ("2026-10-24T12:00:00+02:00", "PT24H", "2026-10-25T11:00:00+01:00"),
            ("2026-03-27T12:00:00+01:00", "P1W", "2026-04-03T12:00:00+02:00"),
            // 02:30 does not exist, then occurs twice.
            ("2026-03-28T02:30:00+01:00", "P1D", "2026-03-29T03:30:00+02:00"),
            ("2026-10-24T02:30:00+02:00", "P1D", "2026-10-25T02:30:00+02:00"),
            ("2026-09-25T02:30:00+02:00", "P1M", "2026-10-25T02:30:00+02:00"),
            ("2026-03-30T02:30:00+02:00", "-P1D", "2026-03-29T03:30:00+02:00"),
            ("2026-10-26T02:30:00+01:00", "-P1D", "2026-10-25T02:30:00+02:00"),
            // The second 02:30 stays the second if no day is added.
            ("2026-10-25T02:30:00+01:00", "PT0S", "2026-10-25T02:30:00+01:00"),
            ("2026-10-25T02:30:00+02:00", "PT1H", "2026-10-25T02:30:00+01:00"),
            ("2026-10-25T02:30:00+01:00", "-PT1H", "2026-10-25T02:30:00+02:00"),
            ("2026-10-25T02:30:00+01:00", "P1D", "2026-10-26T02:30:00+01:00"),
            ("2026-04-02T12:00:00+02:00", "-P7D", "2026-03-26T12:00:00+01:00"),
            ("2026-03-29T03:30:00+02:00", "-PT1H", "2026-03-29T01:30:00+01:00"),
            ("2026-03-30T12:00:00+02:00", "-P1DT24H", "2026-03-28T11:00:00+01:00"),
            ("2026-03-02T09:00:00.25+01:00", "P1DT1S", "2026-03-03T09:00:01.25+01:00"),
        ],
    );
    examples(
        &tz("America/New_York"),
        None,
        &[
            // Forward on 8 March at 2, back on 1 November at 2.
            ("2026-03-07T18:00:00-05:00", "P1D", "2026-03-08T18:00:00-04:00"),
            ("2026-03-07T18:00:00-05:00", "PT24H", "2026-03-08T19:00:00-04:00"),
            ("2026-10-31T18:00:00-04:00", "P1D", "2026-11-01T18:00:00-05:00"),
            ("2026-10-31T18:00:00-04:00", "PT24H", "2026-11-01T17:00:00-05:00"),
            ("2026-02-08T02:15:00-05:00", "P1M", "2026-03-08T03:15:00-04:00"),
            ("2026-10-31T01:30:00-04:00", "P1D", "2026-11-01T01:30:00-04:00"),
            ("2026-11-02T01:30:00-05:00", "-P1D", "2026-11-01T01:30:00-04:00"),
        ],
    );
    examples(
        &tz("Asia/Shanghai"),
        None,
        &[
            ("2026-03-28T12:00:00+08:00", "P1D", "2026-03-29T12:00:00+08:00"),
            ("2026-03-28T12:00:00+08:00", "PT24H", "2026-03-29T12:00:00+08:00"),
            ("2026-10-24T12:00:00+08:00", "-P30DT48H", "2026-09-22T12:00:00+08:00"),
            ("2026-03-02T09:00:00+08:00", "PT0S", "2026-03-02T09:00:00+08:00"),
        ],
    );
}

#[test]
fn months_end_with_the_month() {
    examples(
        &tz("Asia/Shanghai"),
        None,
        &[
            ("2026-01-31T10:00:00+08:00", "P1M", "2026-02-28T10:00:00+08:00"),
            ("2024-01-31T10:00:00+08:00", "P1M", "2024-02-29T10:00:00+08:00"),
            ("2026-01-31T10:00:00+08:00", "P1M1D", "2026-03-01T10:00:00+08:00"),
            ("2026-01-31T10:00:00+08:00", "P2M", "2026-03-31T10:00:00+08:00"),
            ("2024-02-29T10:00:00+08:00", "P1Y", "2025-02-28T10:00:00+08:00"),
            ("2024-02-29T10:00:00+08:00", "P4Y", "2028-02-29T10:00:00+08:00"),
            ("2026-01-31T10:00:00+08:00", "P18M", "2027-07-31T10:00:00+08:00"),
            ("2026-08-31T10:00:00+08:00", "P18M", "2028-02-29T10:00:00+08:00"),
            ("2026-03-31T10:00:00+08:00", "-P1M", "2026-02-28T10:00:00+08:00"),
            ("2024-03-31T10:00:00+08:00", "-P1M", "2024-02-29T10:00:00+08:00"),
            ("2026-12-31T23:59:59+08:00", "P2M", "2027-02-28T23:59:59+08:00"),
        ],
    );
}

#[test]
fn a_span_of_months_ends_with_a_day() {
    for (first, limit, last) in [
        (date(2026, 1, 31), "P1M", date(2026, 2, 28)),
        (date(2024, 1, 31), "P1M", date(2024, 2, 29)),
        (date(2026, 1, 15), "P1M", date(2026, 2, 15)),
        (date(2026, 1, 31), "P18M", date(2027, 7, 31)),
        (date(2024, 2, 29), "P12M", date(2025, 2, 28)),
        (date(2024, 2, 29), "P1Y", date(2025, 2, 28)),
        (date(2026, 1, 31), "P1M1W", date(2026, 3, 7)),
        (date(2026, 1, 31), "P0D", date(2026, 1, 31)),
    ] {
        assert_eq!(span_end(first, &span(limit)), Some(last), "{first} {limit}");
    }
    for limit in ["-P1M", "PT1H", "P1MT1S"] {
        assert_eq!(span_end(date(2026, 1, 31), &span(limit)), None, "{limit}");
    }
    assert_eq!(span_end(Date::MAX, &span("P1M")), None);
}

// Working hours.

#[test]
fn exact_time_is_open_time() {
    examples(
        &tz("Asia/Shanghai"),
        Some(&office()),
        &[
            ("2026-03-02T09:00:00+08:00", "PT2H", "2026-03-02T11:00:00+08:00"),
            ("2026-03-02T09:00:00+08:00", "PT4H", "2026-03-02T14:00:00+08:00"),
            // Exactly until the break, until the evening, until the weekend.
            ("2026-03-02T08:30:00+08:00", "PT3H30M", "2026-03-02T12:00:00+08:00"),
            ("2026-03-02T08:30:00+08:00", "PT8H", "2026-03-02T17:30:00+08:00"),
            ("2026-03-02T08:30:00+08:00", "PT40H", "2026-03-06T17:30:00+08:00"),
            ("2026-03-02T08:30:00+08:00", "PT40H1S", "2026-03-09T08:30:01+08:00"),
            ("2026-03-06T17:00:00+08:00", "PT1H", "2026-03-09T09:00:00+08:00"),
            // Outside, the clock begins at the next opening.
            ("2026-03-06T17:30:00+08:00", "PT1H", "2026-03-09T09:30:00+08:00"),
            ("2026-03-07T12:00:00+08:00", "PT1H", "2026-03-09T09:30:00+08:00"),
            ("2026-03-02T12:30:00+08:00", "PT1H", "2026-03-02T14:00:00+08:00"),
            ("2026-03-02T03:00:00+08:00", "PT1H", "2026-03-02T09:30:00+08:00"),
            ("2026-03-02T09:00:00+08:00", "PT0S", "2026-03-02T09:00:00+08:00"),
            ("2026-03-02T12:30:00+08:00", "PT0S", "2026-03-02T13:00:00+08:00"),
            ("2026-03-06T17:30:00+08:00", "PT0S", "2026-03-09T08:30:00+08:00"),
            // Holidays, the working Saturday, the short Tuesday.
            ("2026-09-30T17:00:00+08:00", "PT1H", "2026-10-08T09:00:00+08:00"),
            ("2026-10-09T17:00:00+08:00", "PT8H30M", "2026-10-10T17:30:00+08:00"),
            ("2026-10-10T17:00:00+08:00", "PT1H", "2026-10-12T09:00:00+08:00"),
            ("2026-03-16T17:00:00+08:00", "PT2H", "2026-03-18T09:00:00+08:00"),
        ],
    );
}

#[test]
fn days_are_open_days() {
    examples(
        &tz("Asia/Shanghai"),
        Some(&office()),
        &[
            ("2026-03-02T10:00:00+08:00", "P1D", "2026-03-03T10:00:00+08:00"),
            ("2026-03-06T10:00:00+08:00", "P1D", "2026-03-09T10:00:00+08:00"),
            ("2026-03-02T10:00:00+08:00", "P1W", "2026-03-11T10:00:00+08:00"),
            ("2026-03-07T12:00:00+08:00", "P1D", "2026-03-10T08:30:00+08:00"),
            ("2026-03-06T17:30:00+08:00", "P1D", "2026-03-10T08:30:00+08:00"),
            ("2026-03-02T12:30:00+08:00", "P1D", "2026-03-03T13:00:00+08:00"),
            ("2026-03-06T10:00:00+08:00", "P1DT8H", "2026-03-10T10:00:00+08:00"),
            // Seven days of holidays, then Thursday, Friday, the working Saturday, Monday.
            ("2026-09-30T15:00:00+08:00", "P1D", "2026-10-08T15:00:00+08:00"),
            ("2026-09-30T15:00:00+08:00", "P3D", "2026-10-10T15:00:00+08:00"),
            ("2026-09-30T15:00:00+08:00", "P4D", "2026-10-12T15:00:00+08:00"),
            ("2026-10-02T15:00:00+08:00", "P1D", "2026-10-09T08:30:00+08:00"),
            // The short Tuesday opens at 10 and closes at 11.
            ("2026-03-16T09:00:00+08:00", "P1D", "2026-03-17T10:00:00+08:00"),
            ("2026-03-16T10:30:00+08:00", "P1D", "2026-03-17T10:30:00+08:00"),
            ("2026-03-16T15:00:00+08:00", "P1D", "2026-03-18T08:30:00+08:00"),
            // Months are months of the calendar: 28 February is a Saturday.
            ("2026-01-30T10:00:00+08:00", "P1M", "2026-03-02T08:30:00+08:00"),
            ("2026-02-02T10:00:00+08:00", "P1M", "2026-03-02T10:00:00+08:00"),
            ("2026-01-30T10:00:00+08:00", "P1M1DT1H", "2026-03-03T09:30:00+08:00"),
            ("2026-03-02T10:00:00+08:00", "P18M", "2027-09-02T10:00:00+08:00"),
        ],
    );
}

#[test]
fn limits_before_the_start_go_backwards() {
    examples(
        &tz("Asia/Shanghai"),
        Some(&office()),
        &[
            ("2026-03-09T10:00:00+08:00", "-PT1H", "2026-03-09T09:00:00+08:00"),
            ("2026-03-09T09:00:00+08:00", "-PT1H", "2026-03-06T17:00:00+08:00"),
            ("2026-03-09T08:30:00+08:00", "-PT1H", "2026-03-06T16:30:00+08:00"),
            ("2026-03-07T12:00:00+08:00", "-PT1H", "2026-03-06T16:30:00+08:00"),
            // Exactly back to an opening.
            ("2026-03-09T10:00:00+08:00", "-PT1H30M", "2026-03-09T08:30:00+08:00"),
            ("2026-03-02T14:00:00+08:00", "-PT2H", "2026-03-02T11:00:00+08:00"),
            ("2026-10-08T09:00:00+08:00", "-PT1H", "2026-09-30T17:00:00+08:00"),
            ("2026-03-09T09:00:00+08:00", "-P1D", "2026-03-06T09:00:00+08:00"),
            ("2026-03-09T08:30:00+08:00", "-P1D", "2026-03-06T08:30:00+08:00"),
            ("2026-03-07T12:00:00+08:00", "-P1D", "2026-03-05T17:30:00+08:00"),
            ("2026-03-09T12:30:00+08:00", "-P1D", "2026-03-06T12:00:00+08:00"),
            ("2026-03-12T15:00:00+08:00", "-P7D", "2026-03-03T15:00:00+08:00"),
            ("2026-10-12T15:00:00+08:00", "-P4D", "2026-09-30T15:00:00+08:00"),
            ("2026-03-18T15:00:00+08:00", "-P1D", "2026-03-17T11:00:00+08:00"),
            ("2026-03-18T09:00:00+08:00", "-P1D", "2026-03-16T17:30:00+08:00"),
            ("2026-03-31T10:00:00+08:00", "-P1M", "2026-02-27T17:30:00+08:00"),
            ("2026-03-10T09:00:00+08:00", "-P1DT1H", "2026-03-06T17:00:00+08:00"),
        ],
    );
}

#[test]
fn a_pause_adds_what_would_have_been_counted() {
    let shanghai = tz("Asia/Shanghai");
    let start = at("2026-03-02T10:00:00+08:00");
    let due = |limit: &str, pauses: &[Paused], now: &str| {
        due(start, &span(limit), &shanghai, None, pauses, at(now))
            .unwrap()
            .display_with_offset(jiff::tz::offset(8))
            .to_string()
    };
    let pause = |from: &str, to: &str| {
        pause(&format!("2026-03-02T{from}:00+08:00"), &format!("2026-03-02T{to}:00+08:00"))
    };
    let then = |time: &str| format!("2026-03-02T{time}:00+08:00");
    let noon = "2026-03-02T12:00:00+08:00";
    for (pauses, time) in [
        (vec![], "12:00"),
        (vec![pause("11:00", "13:00")], "14:00"),
        (vec![pause("11:00", "11:30"), pause("11:15", "11:45")], "12:45"),
        (vec![pause("11:15", "11:45"), pause("11:00", "11:30"), pause("11:20", "11:25")], "12:45"),
        // It reaches into the next one, and that into a third.
        (vec![pause("11:00", "11:30"), pause("12:15", "13:15"), pause("13:20", "13:25")], "13:35"),
        (vec![pause("09:00", "10:30")], "12:30"),
        (vec![pause("08:00", "09:30")], "12:00"),
        // From the very instant at which it is due on, nothing is added; one minute earlier it is.
        (vec![pause("12:00", "15:00")], "12:00"),
        (vec![pause("11:59", "15:00")], "15:01"),
        (vec![pause("11:30", "11:00")], "12:00"),
        (vec![pause("11:30", "11:30")], "12:00"),
    ] {
        assert_eq!(due("PT2H", &pauses, noon), then(time), "{pauses:?}");
    }
    let open = |from: &str| vec![Paused { from: at(&then(from)), to: None }];
    assert_eq!(due("PT2H", &open("11:00"), noon), then("13:00"));
    assert_eq!(due("PT2H", &open("11:00"), "2026-03-02T15:00:00+08:00"), then("16:00"));
    assert_eq!(due("PT2H", &open("11:00"), "2026-03-02T10:30:00+08:00"), then("12:00"));
    assert_eq!(due("P1D", &[pause("11:00", "13:00")], noon), "2026-03-03T12:00:00+08:00");
    assert_eq!(due("P1M", &[pause("11:00", "13:00")], noon), "2026-04-02T12:00:00+08:00");
    assert_eq!(due("PT0S", &[pause("09:00", "13:00")], noon), then("10:00"));
    // Before the start, what stood still lies further back.
    assert_eq!(due("-PT2H", &[pause("08:30", "09:00")], noon), then("07:30"));
    assert_eq!(due("-PT2H", &[pause("07:00", "08:00")], noon), then("08:00"));
}

#[test]
fn a_pause_in_working_hours_adds_open_time() {
    let (office, shanghai) = (office(), tz("Asia/Shanghai"));
    let due = |start: &str, limit: &str, from: &str, to: &str| {
        let pauses = [pause(&format!("2026-03-{from}:00+08:00"), &format!("2026-03-{to}:00+08:00"))];
        let start = at(&format!("2026-03-{start}:00+08:00"));
        due(start, &span(limit), &shanghai, Some(&office), &pauses, start)
    };
    let then = |time: &str| Some(at(&format!("2026-03-{time}:00+08:00")));
    // Over night, half an hour on each side.
    assert_eq!(due("02T16:30", "PT2H", "02T17:00", "03T09:00"), then("03T10:30"));
    // Closed time adds nothing.
    assert_eq!(due("02T16:30", "PT2H", "02T17:30", "03T08:30"), then("03T09:30"));
    assert_eq!(due("02T16:30", "PT2H", "02T18:00", "03T06:00"), then("03T09:30"));
    // A pause of an open day adds eight hours.
    assert_eq!(due("02T10:00", "P1D", "02T10:00", "03T10:00"), then("04T10:00"));
    assert_eq!(due("06T10:00", "P1D", "06T17:00", "09T09:00"), then("09T11:00"));
    // Due at closing time, it goes on at the next opening.
    assert_eq!(due("02T16:30", "PT1H", "02T17:00", "02T17:15"), then("03T08:45"));
    assert_eq!(due("09T09:30", "-PT2H", "06T17:00", "09T09:00"), then("06T15:30"));
}

// Bounds.

#[test]
fn a_search_ends() {
    let shanghai = tz("Asia/Shanghai");
    let start = at("2026-03-02T10:00:00+08:00");
    let once = |day: &str| compiled(&calendar(&[], &[], &[(day, SHIFT)]));
    let due =
        |limit: &str, hours: Option<&WorkingHours>| due(start, &span(limit), &shanghai, hours, &[], start);
    for (day, limit, then) in [
        ("2020-03-02", "PT1H", None),
        ("2020-03-02", "P1D", None),
        ("2030-03-04", "-PT1H", None),
        ("2030-03-04", "-P1M", None),
        ("2037-03-02", "PT1H", None),
        ("2035-03-02", "PT1H", Some("2035-03-02T09:30:00+08:00")),
        ("2035-03-02", "PT8H", Some("2035-03-02T17:30:00+08:00")),
        ("2035-03-02", "PT8H1S", None),
        ("2017-03-02", "-PT1H", Some("2017-03-02T16:30:00+08:00")),
        ("2015-03-02", "-PT1H", None),
    ] {
        assert_eq!(due(limit, Some(&once(day))), then.map(at), "{day} {limit}");
    }
    let office = office();
    for limit in ["P100Y", "P36524D", "PT876000H", "-P100Y", "-P36524D", "-PT876000H", "P11Y"] {
        assert_eq!(due(limit, Some(&office)), None, "{limit}");
        assert!(due(limit, None).is_some(), "{limit}");
    }
}

#[test]
fn nothing_breaks_at_the_ends_of_time() {
    let hours = [None, Some(office()), Some(every_day(&["12:00-12:01"]))];
    let (min, max) = (Timestamp::MIN, Timestamp::MAX);
    let near = [min, at("-009999-02-01T00:00:00Z"), at("9999-12-01T00:00:00Z"), max];
    for (zone, hours) in ["Asia/Shanghai", "Africa/Cairo"]
        .iter()
        .flat_map(|name| hours.iter().map(|hours| (tz(name), hours.as_ref())))
    {
        for start in near {
            let wild = [Paused { from: min, to: None }, Paused { from: start, to: Some(max) }];
            for limit in ["PT0S", "PT1S", "P1D", "P1M", "P100Y", "-PT1S", "-P1D", "-P1M", "-P100Y"] {
                let _ = due(start, &span(limit), &zone, hours, &[], start);
                let _ = due(start, &span(limit), &zone, hours, &wild, max);
            }
            let forth = counted(min, start, &zone, hours, &[], start);
            assert_eq!(forth, -counted(start, min, &zone, hours, &[], start));
            assert_eq!(counted(min, start, &zone, hours, &wild, start), SignedDuration::ZERO);
            let _ = hours.map(|hours| hours.is_open(start, &zone));
        }
    }
    let whole = office().open_between(min, max, &TimeZone::UTC);
    assert!((20_000 * 52 * 39..20_000 * 53 * 40).contains(&whole.as_hours()), "{whole}");
}

#[test]
fn zones_have_iana_names() {
    for name in ["Asia/Shanghai", "UTC", "Etc/GMT-8", "America/Argentina/Buenos_Aires"] {
        assert_eq!(zone(name).unwrap().iana_name(), Some(name));
    }
    for name in [
        "",
        "Mars/Olympus",
        "Etc/Unknown",
        "localtime",
        "posix/Asia/Shanghai",
        "right/UTC",
        "posixrules",
        "+08:00",
        "CST-8",
        "../passwd",
    ] {
        assert!(zone(name).is_none(), "`{name}` is taken for a zone");
    }
}

// To the second.

#[test]
fn a_second_decides() {
    let (office, shanghai) = (office(), tz("Asia/Shanghai"));
    let pauses = [
        pause("2026-03-02T10:00:07+08:00", "2026-03-02T10:20:19+08:00"),
        pause("2026-03-02T17:00:00+08:00", "2026-03-03T08:45:00+08:00"),
    ];
    for (start, limit, hours, pauses, after) in [
        ("2026-03-02T09:00:03+08:00", "PT24H", None, &pauses[..0], 1),
        ("2026-03-02T09:00:03+08:00", "PT24H", None, &pauses[..], 1),
        ("2026-03-02T09:00:03+08:00", "PT4H", Some(&office), &pauses[..0], 1),
        ("2026-03-02T09:00:03+08:00", "PT9H", Some(&office), &pauses[..], 1),
        // Due at the end of the day, one second later counts nothing.
        ("2026-03-02T08:30:00+08:00", "PT8H", Some(&office), &pauses[..0], 0),
    ] {
        let start = at(start);
        let span = span(limit);
        let due = due(start, &span, &shanghai, hours, pauses, start).unwrap();
        let counted = |end: Timestamp| counted(start, end, &shanghai, hours, pauses, start) - span.exact();
        assert_eq!(counted(due), SignedDuration::ZERO, "{limit} from {start} is due {due}");
        assert_eq!(counted(due - 1.second()), SignedDuration::from_secs(-1));
        assert_eq!(counted(due + 1.second()), SignedDuration::from_secs(after));
    }
    // Before a planned start: late is what counts less than the limit.
    let start = at("2026-03-03T09:00:00+08:00");
    let due = due(start, &span("-PT1H"), &shanghai, Some(&office), &[], start).unwrap();
    assert_eq!(due, at("2026-03-02T17:00:00+08:00"));
    let left = |told: Timestamp| counted(told, start, &shanghai, Some(&office), &[], start);
    assert_eq!(left(due).as_secs(), 3600);
    assert_eq!(left(due - 1.second()).as_secs(), 3601);
    assert_eq!(left(due + 1.second()).as_secs(), 3599);
}

// The reference: minutes since 1970, one after the other.
