//! What a crew does on a visit, as commands with the times at which they are given.

use jiff::{SignedDuration, Timestamp};
use jobsheet_core::Moment;
use serde_json::{Value, json};

/// How a visit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Repaired and signed, the customer content.
    Satisfied,
    /// Repaired and signed, the customer not content.
    Dissatisfied,
    /// Not repairable on this visit: a temporary plan and a next time.
    Parked,
    /// The customer does not agree to the work.
    Declined,
}

/// One stage of a visit: commands given in one session, from a time on.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// When it begins.
    pub at: String,
    /// The commands.
    pub commands: Vec<Value>,
}

/// An answer of yes.
pub fn yes(item: &str) -> Value {
    json!({ "do": "answer", "item": rule(item), "value": { "yes": true } })
}

/// An answer in words.
pub fn text(item: &str, words: &str) -> Value {
    json!({ "do": "answer", "item": rule(item), "value": { "text": words } })
}

/// Words at the end of a note.
pub fn note(note: &str, words: &str) -> Value {
    json!({ "do": "note", "note": note, "edit": { "append": words } })
}

/// A command without arguments.
pub fn plain(name: &str) -> Value {
    json!({ "do": name })
}

/// A whole rule id.
pub fn rule(name: &str) -> String {
    format!("execution-form.{name}")
}

/// A time some minutes after another.
///
/// # Panics
/// Never: the times of the scenario are far from the ends of the calendar.
pub fn minutes(start: &Moment, minutes: i64) -> String {
    let instant = start.instant().checked_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX);
    Moment::new(instant, start.offset()).to_string()
}

/// What comes before the visit: accepted, confirmed, tools checked in time, set out.
pub fn preparation(start: &Moment) -> Vec<Stage> {
    vec![
        Stage {
            at: minutes(start, -70),
            commands: vec![
                plain("accept"),
                yes("confirm-address-time"),
                json!({ "do": "confirm-appointment", "channel": "phone" }),
                plain("prepare"),
            ],
        },
        Stage { at: minutes(start, -30), commands: vec![plain("depart")] },
    ]
}

/// From the door to the customer's decision; `late`: minutes after the planned start.
pub fn diagnosis(start: &Moment, late: i64, cause: &str) -> Stage {
    Stage {
        at: minutes(start, late - 5),
        commands: vec![
            plain("arrive"),
            plain("present-badge"),
            plain("enter"),
            yes("diagnose-procedure"),
            yes("professional-tools"),
            json!({ "do": "measure", "quantity": "supply-voltage", "value": 229.5, "unit": "V", "instrument": "multimeter 7" }),
            plain("diagnose"),
            note("cause", cause),
            yes("explain-problem"),
            yes("explain-solution"),
            text("state-duration", "40 minutes"),
        ],
    }
}

/// The work itself, up to its end; with a part if one is changed.
pub fn work(start: &Moment, late: i64, part: Option<&str>) -> Stage {
    let mut commands = vec![
        json!({ "do": "obtain-consent", "granted": true }),
        plain("start"),
        note("solution", "Worn part changed, contacts cleaned."),
        note("steps", "Isolated. Opened. Changed. Closed. Switched on."),
        note("communication", "Told what failed and why."),
    ];
    if let Some(serial) = part {
        commands.push(json!({ "do": "report", "event": "part-requested" }));
        commands.push(json!({
            "do": "consume-part", "number": "K-204", "name": "contactor", "quantity": 1, "serial": serial,
            "replaces": { "serial": format!("OLD-{serial}"), "returned": true }
        }));
    }
    Stage { at: minutes(start, late + 10), commands }
}

/// From the end of the work until the crew leaves.
pub fn sign_off(start: &Moment, late: i64, ending: Ending) -> Stage {
    let mut commands = vec![
        plain("finish"),
        yes("test-run"),
        yes("problem-solved"),
        text("explain-precautions", "No long continuous running in the first two weeks."),
        plain("hand-over"),
    ];
    for phase in ["prepare", "arrive", "greet", "work", "report"] {
        commands.push(json!({ "do": "attest", "phase": phase }));
    }
    commands.push(if ending == Ending::Dissatisfied {
        json!({ "do": "survey", "level": "dissatisfied", "words": "Took two calls before anybody came." })
    } else {
        json!({ "do": "survey", "level": "satisfied" })
    });
    commands.push(json!({ "do": "sign", "role": "customer", "name": "R. Alvarez" }));
    commands.push(json!({ "do": "sign", "role": "technician", "name": "crew" }));
    commands.push(plain("leave"));
    Stage { at: minutes(start, late + 40), commands }
}

/// The fault can not be cleared today: a temporary plan, the time of the next step, and leave.
pub fn parked(start: &Moment, late: i64) -> Stage {
    Stage {
        at: minutes(start, late + 30),
        commands: vec![
            json!({ "do": "report", "event": "cannot-fix-on-site", "note": "Controller board is not made any more." }),
            note("temporary-plan", "Loan unit until the board comes."),
            json!({ "do": "answer", "item": rule("temporary-next-time"), "value": { "time": minutes(start, 7 * 24 * 60) } }),
            plain("leave"),
        ],
    }
}

/// The customer does not agree, and the crew leaves.
pub fn declined(start: &Moment, late: i64) -> Stage {
    Stage {
        at: minutes(start, late + 10),
        commands: vec![
            json!({ "do": "obtain-consent", "granted": false, "note": "Wants another offer first." }),
            plain("leave"),
        ],
    }
}

/// A small picture: a valid BMP of one colour, different for every seed.
pub fn picture(seed: u32) -> Vec<u8> {
    const SIDE: u32 = 16;
    let pixels = SIDE * SIDE * 3;
    let mut bytes = Vec::from(*b"BM");
    for number in [54 + pixels, 0, 54, 40, SIDE, SIDE] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    for number in [0, pixels, 2835, 2835, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(seed.to_le_bytes().into_iter().cycle().take(pixels as usize));
    bytes
}
