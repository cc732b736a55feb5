//! Limits of numbers and texts, on both sides.

use jobsheet_core::record::{
    AnswerValue, Command, Exception, MAX_FILE_BYTES, MAX_NAME_CHARS, MAX_NOTE_CHARS, MAX_QUANTITY,
    MAX_WORDS_CHARS, OldPart, SurveyAnswer,
};

use super::common::{Job, rule};
use super::{answer, append, field, long, measure, part, photo, sign, splice};

/// A command with a text of one's choice.
type Worded = fn(String) -> Command;

#[test]
fn numbers_on_both_sides_of_what_is_plausible() {
    let mut job = Job::in_work("normal");
    for value in [-0.1, 1000.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
        field(
            &mut job,
            measure("supply-voltage", value, "V"),
            "invalid",
            "between 0 and 1000 V",
            &["professional-tools"],
        );
    }
    for unit in ["kV", "v", "", "V "] {
        field(
            &mut job,
            measure("supply-voltage", 230.0, unit),
            "invalid",
            "must be V",
            &["professional-tools"],
        );
    }
    for value in [0.0, 230.4, 1000.0] {
        job.go(measure("supply-voltage", value, "V"));
    }
    for quantity in [0, MAX_QUANTITY + 1, u32::MAX] {
        field(&mut job, part("B", quantity), "invalid", "must be 1 to 10000", &[]);
    }
    job.go(part("B", 1)).go(part("B", MAX_QUANTITY));
}

#[test]
fn texts_up_to_their_limit_and_one_character_more() {
    let mut job = Job::in_work("normal");
    let before = job.visit.record().notes["cause"].chars().count();
    let room = MAX_NOTE_CHARS - before;
    field(&mut job, append(long(room + 1)), "invalid", "at most 20000 characters", &[]);
    field(&mut job, append(long(3_000_000)), "invalid", "at most 20000 characters", &[]);
    job.go(append(long(room)));
    field(&mut job, append("x"), "invalid", "at most 20000 characters", &[]);
    field(&mut job, splice(0, 1, "xy"), "invalid", "at most 20000 characters", &[]);
    job.go(splice(0, 1, "x"));
    field(&mut job, splice(0, MAX_NOTE_CHARS + 1, ""), "invalid", "past the end of the note", &[]);
    field(&mut job, splice(MAX_NOTE_CHARS + 1, 0, "x"), "invalid", "past the end of the note", &[]);
    field(&mut job, splice(1, usize::MAX, ""), "invalid", "past the end of the note", &[]);
    field(&mut job, splice(usize::MAX, usize::MAX, "x"), "invalid", "past the end of the note", &[]);

    let words: [Worded; 8] = [
        |text| Command::Say { words: text },
        |text| Command::Pause { reason: text },
        |text| answer("state-duration", AnswerValue::Text(text)),
        |text| answer("test-run", AnswerValue::Waived(text)),
        |text| Command::ExplainDelay { milestone: rule("upload-24h"), reason: text },
        |text| Command::ReportBreach { rule: rule("uniform"), source: "self".into(), note: text },
        |text| Command::Survey(SurveyAnswer { level: "satisfied".into(), words: Some(text) }),
        |text| Command::Report {
            event: "delay-foreseen".into(),
            note: Some(text),
            about: None,
            happened: None,
        },
    ];
    for make in words {
        field(&mut job, make(long(MAX_WORDS_CHARS + 1)), "invalid", "at most 4000 characters", &[]);
        job.go(make(long(MAX_WORDS_CHARS)));
    }
    let names: [Worded; 6] = [
        |text| Command::ConsumePart { number: text, name: None, quantity: 1, serial: None, replaces: None },
        |text| Command::ConsumePart {
            number: "B".into(),
            name: Some(text),
            quantity: 1,
            serial: None,
            replaces: None,
        },
        |text| Command::ConsumePart {
            number: "B".into(),
            name: None,
            quantity: 1,
            serial: Some(text),
            replaces: None,
        },
        |text| Command::ConsumePart {
            number: "B".into(),
            name: None,
            quantity: 1,
            serial: None,
            replaces: Some(OldPart { serial: Some(text), returned: true, condition: None }),
        },
        |text| Command::Measure {
            quantity: "temperature".into(),
            value: 1.0,
            unit: "Cel".into(),
            instrument: Some(text),
            calibration: None,
        },
        |text| Command::Report {
            event: "delay-foreseen".into(),
            note: None,
            about: Some(text),
            happened: None,
        },
    ];
    for make in names {
        field(&mut job, make(long(MAX_NAME_CHARS + 1)), "invalid", "at most 200 characters", &[]);
        job.go(make(long(MAX_NAME_CHARS)));
    }
    let exceptions = |count: usize| Command::Attest {
        phase: "work".into(),
        exceptions: vec![
            Exception { rule: rule("no-extra-promise"), reason: "🔧".repeat(MAX_WORDS_CHARS) };
            count
        ],
        role: None,
    };
    job.go(exceptions(4));
    field(&mut job, exceptions(5), "invalid", "larger than the 65536 bytes of one entry", &[]);
}

#[test]
fn empty_texts() {
    let mut job = Job::in_work("normal");
    for blank in ["", " \t\n", "\u{3000}"] {
        let blank = || blank.to_owned();
        for command in [
            Command::Say { words: blank() },
            Command::Pause { reason: blank() },
            Command::Reopen { reason: blank() },
            Command::ConfirmAppointment { channel: blank() },
            part(&blank(), 1),
            sign("customer", &blank()),
            answer("state-duration", AnswerValue::Text(blank())),
            answer("test-run", AnswerValue::Waived(blank())),
            Command::ExplainDelay { milestone: rule("upload-24h"), reason: blank() },
            Command::ReportBreach { rule: rule("uniform"), source: "self".into(), note: blank() },
            Command::Attest {
                phase: "work".into(),
                exceptions: vec![Exception { rule: rule("no-extra-promise"), reason: blank() }],
                role: None,
            },
        ] {
            field(&mut job, command, "invalid", "is empty", &[]);
        }
    }
    field(&mut job, append(""), "invalid", "changes nothing", &[]);
    field(&mut job, splice(0, 0, ""), "invalid", "changes nothing", &[]);
}

#[test]
fn photos_without_a_hash_a_size_or_a_type() {
    let mut job = Job::in_work("normal");
    let upper = "AB".repeat(32);
    for hash in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &upper, &"zz".repeat(32), &"é".repeat(32)] {
        field(&mut job, photo(hash, None, None), "invalid", "64 lower-case hexadecimal digits", &[]);
    }
    let odd = |size: u64, media_type: &str| Command::AddPhoto {
        sha256: "ab".repeat(32),
        size,
        media_type: media_type.to_owned(),
        item: None,
        moment: None,
        caption: None,
        pair_with: None,
        shot: None,
    };
    field(&mut job, odd(0, "image/jpeg"), "invalid", "empty file", &[]);
    for kind in ["", "jpeg", "image/", "/jpeg"] {
        field(&mut job, odd(1, kind), "invalid", "media type", &[]);
    }
    field(&mut job, odd(MAX_FILE_BYTES + 1, "image/jpeg"), "invalid", "at most", &[]);
    job.go(odd(MAX_FILE_BYTES, "image/jpeg"));
    job.go(Command::Finish);
    let image =
        Command::Sign { role: "technician".into(), name: "Li".into(), image_sha256: Some("ab".into()) };
    field(&mut job, image, "invalid", "64 lower-case hexadecimal digits", &[]);
}
