//! Attacks on the admission of a device's change, each built from real Automerge operations on a real visit.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable;
use automerge::{AutoCommit, Change, ExpandedChange, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use common::{Job, RECEIVED, id, moment, rule};
use jobsheet_core::record::{
    AnswerValue, Command, Document, Exception, MAX_ENTRY_BYTES, MAX_NOTE_CHARS, MAX_OP_COUNTER,
    MAX_WORDS_CHARS, NoteEdit, OldPart, OwnershipError, SurveyAnswer, check_field_change, read_header,
};

const EVENT: &str = r#"{"type":"paused","by":"tech-1","at":"2026-03-02T10:30:00+08:00"}"#;
const ANSWER: &str = r#"{"is":{"yes":true},"by":"tech-1","at":"2026-03-02T10:30:00+08:00"}"#;
const MESSAGE: &str = r#"{"words":"hello","by":"tech-1","at":"2026-03-02T10:30:00+08:00"}"#;

fn visit() -> Document {
    let mut job = Job::in_work("normal");
    job.go(Command::Say { words: "on it".to_owned() }).yes("test-run").survey("satisfied");
    job.visit
}

fn object(doc: &AutoCommit, path: &str) -> ObjId {
    path.split('/').fold(ROOT, |parent, key| doc.get(&parent, key).unwrap().unwrap().1)
}

fn key(number: u64) -> String {
    id(number).to_string()
}

/// The change that an editor of the raw document makes.
fn change(visit: &Document, edit: impl FnOnce(&mut AutoCommit)) -> Change {
    let mut doc = AutoCommit::load(&visit.save()).unwrap();
    doc.set_actor(vec![9; 16].into());
    edit(&mut doc);
    doc.commit();
    doc.get_last_local_change().unwrap()
}

fn check(visit: &Document, change: &Change) -> Result<(), OwnershipError> {
    check_field_change(visit, change.raw_bytes(), "tech-1").map(drop)
}

/// The edit is not admitted, for this reason, and the reason tells of this.
fn attack(code: &str, words: &str, edit: impl FnOnce(&mut AutoCommit)) {
    let visit = visit();
    let change = change(&visit, edit);
    refused(&visit, &change, code, words);
}

fn refused(visit: &Document, change: &Change, code: &str, words: &str) {
    let Err(error) = check(visit, change) else { panic!("{code} ({words}) is admitted") };
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(words), "`{error}` does not say `{words}`");
}

fn put(doc: &mut AutoCommit, path: &str, key: &str, value: impl Into<ScalarValue>) {
    let object = object(doc, path);
    doc.put(&object, key, value).unwrap();
}

/// The same change with something written otherwise than the library would.
fn forged(visit: &Document, forge: impl FnOnce(&mut ExpandedChange)) -> Change {
    let honest = change(visit, |doc| put(doc, "field/events", &key(5000), EVENT));
    assert_eq!(check(visit, &honest), Ok(()));
    let mut expanded = honest.decode();
    expanded.hash = None;
    forge(&mut expanded);
    Change::from(expanded)
}

fn op_id(object: &ObjId) -> OpId {
    let ObjId::Id(counter, actor, _) = object else { panic!("the root") };
    OpId::new(*counter, actor)
}

#[test]
fn what_stands_under_office_is_the_offices() {
    let foreign = "foreign-path";
    attack(foreign, "office/order/fault", |doc| put(doc, "office/order", "fault", "none"));
    attack(foreign, "office/events/", |doc| put(doc, "office/events", &key(5000), EVENT));
    attack(foreign, "office/answers/", |doc| put(doc, "office/answers", &rule("verify-need"), ANSWER));
    attack(foreign, "office/assignment", |doc| put(doc, "office", "assignment", "{}"));
    attack(foreign, "office/order/fault", |doc| {
        let order = object(doc, "office/order");
        doc.delete(order, "fault").unwrap();
    });
    attack(foreign, "office/", |doc| {
        let office = object(doc, "office");
        doc.put_object(office, "order", ObjType::Map).unwrap();
    });
}

#[test]
fn the_root_and_unknown_objects_are_nobodys() {
    let foreign = "foreign-path";
    attack(foreign, "the root", |doc| doc.put(ROOT, "schema", 7_u64).unwrap());
    attack(foreign, "the root", |doc| doc.put(ROOT, "mine", "x").unwrap());
    attack(foreign, "the root", |doc| doc.delete(ROOT, "field").unwrap());
    attack(foreign, "the root", |doc| drop(doc.put_object(ROOT, "field", ObjType::Map).unwrap()));
    attack(foreign, "unknown object", |doc| put(doc, "field", "extra", "x"));
    attack(foreign, "unknown object", |doc| put(doc, "field/notes", "cause", "x"));
    let visit = visit();
    for counter in [1_000_000, u64::from(u32::MAX) - 1] {
        let change = forged(&visit, |change| {
            change.operations[0].obj = ObjectId::Id(OpId::new(counter, &change.actor_id));
        });
        refused(&visit, &change, foreign, "unknown object");
    }
}

#[test]
fn what_was_appended_stays() {
    let first = |doc: &AutoCommit, path: &str| doc.keys(object(doc, path)).next().unwrap();
    for path in ["field/events", "talk"] {
        let text = if path == "talk" { MESSAGE } else { EVENT };
        attack("rewrites", path, |doc| {
            let key = first(doc, path);
            put(doc, path, &key, text);
        });
        attack("foreign-operation", path, |doc| {
            let key = first(doc, path);
            let object = object(doc, path);
            doc.delete(object, key).unwrap();
        });
        // Written as if the entry had never been seen.
        let visit = visit();
        let mut doc = AutoCommit::load(&visit.save()).unwrap();
        let key = first(&doc, path);
        doc.set_actor(vec![9; 16].into());
        put(&mut doc, path, &key, text);
        doc.commit();
        let mut expanded = doc.get_last_local_change().unwrap().decode();
        expanded.hash = None;
        expanded.operations[0].pred = Vec::new().into();
        refused(&visit, &Change::from(expanded), "rewrites", path);
    }
    attack("foreign-operation", "field/answers/", |doc| {
        let answers = object(doc, "field/answers");
        doc.delete(answers, rule("test-run")).unwrap();
    });
}

#[test]
fn nothing_but_texts_in_registers() {
    let foreign = "foreign-operation";
    for kind in [ObjType::Map, ObjType::List, ObjType::Text] {
        attack(foreign, "not a text at field/events/", |doc| {
            let events = object(doc, "field/events");
            doc.put_object(events, key(5000), kind).unwrap();
        });
    }
    let scalars = [
        ScalarValue::counter(1),
        ScalarValue::Int(1),
        ScalarValue::Uint(1),
        ScalarValue::F64(f64::NAN),
        ScalarValue::Boolean(true),
        ScalarValue::Null,
        ScalarValue::Timestamp(0),
        ScalarValue::Bytes(EVENT.as_bytes().to_vec()),
    ];
    for value in scalars {
        attack(foreign, "not a text", |doc| put(doc, "field/answers", &rule("test-run"), value));
    }
    let visit = visit();
    let forge = |edit: fn(&mut Op)| forged(&visit, |change| edit(&mut change.operations[0]));
    refused(&visit, &forge(|op| op.action = OpType::Increment(1)), foreign, "not a text");
    let list = forge(|op| {
        op.key = Key::Seq(ElementId::Head);
        op.insert = true;
    });
    refused(&visit, &list, foreign, "a list operation in field/events");
}

#[test]
fn nothing_but_characters_in_notes() {
    let foreign = "foreign-operation";
    let note = |doc: &AutoCommit| object(doc, "field/notes/cause");
    attack(foreign, "not a character", |doc| {
        let note = note(doc);
        doc.mark(&note, Mark::new("bold".into(), true, 0, 3), ExpandMark::Both).unwrap();
    });
    attack(foreign, "not a character", |doc| {
        let note = note(doc);
        doc.insert_object(&note, 0, ObjType::Map).unwrap();
    });
    for value in
        [ScalarValue::from("two"), ScalarValue::from(""), ScalarValue::Int(1), ScalarValue::counter(1)]
    {
        attack(foreign, "not a character", |doc| {
            let note = note(doc);
            doc.insert(&note, 0, value).unwrap();
        });
    }
    attack("too-large", "a note exceeds the limit of 20000", |doc| {
        let note = note(doc);
        doc.splice_text(&note, 0, 0, &"x".repeat(MAX_NOTE_CHARS + 1)).unwrap();
    });
    let visit = visit();
    let doc = AutoCommit::load(&visit.save()).unwrap();
    let object = ObjectId::Id(op_id(&note(&doc)));
    let keyed = forged(&visit, |change| {
        change.operations[0].obj = object.clone();
        change.operations[0].action = OpType::Put("x".into());
    });
    refused(&visit, &keyed, foreign, "not a character");
}

#[test]
fn every_entry_names_its_author_and_can_be_read() {
    let foreign = |text: &str| text.replace("tech-1", "tech-2");
    attack("foreign-author", "field/events/", |doc| put(doc, "field/events", &key(5000), foreign(EVENT)));
    attack("foreign-author", "field/answers/", |doc| put(doc, "field/answers", "x", foreign(ANSWER)));
    attack("foreign-author", "talk/", |doc| put(doc, "talk", &key(5000), foreign(MESSAGE)));
    let unreadable = "unreadable-entry";
    for text in [
        "",
        "{}",
        "[]",
        "null",
        "{\"type\":\"paused\"}",
        ANSWER,
        &EVENT[1..],
        &EVENT.replace("10:30", "99:30"),
    ] {
        attack(unreadable, "field/events/", |doc| put(doc, "field/events", &key(5000), text));
    }
    attack(unreadable, "field/events/now", |doc| put(doc, "field/events", "now", EVENT));
    attack(unreadable, "field/survey/stars", |doc| put(doc, "field/survey", "stars", ANSWER));
    attack(unreadable, "field/amendments/", |doc| put(doc, "field/amendments", &key(5000), EVENT));
    let deep = format!("{{\"type\":{}", "[".repeat(50_000));
    attack(unreadable, "field/events/", |doc| put(doc, "field/events", &key(5000), deep));
}

#[test]
fn entries_and_counters_have_limits() {
    let sized = |bytes: usize| MESSAGE.replace("hello", &"x".repeat(bytes - MESSAGE.len() + "hello".len()));
    assert_eq!(sized(MAX_ENTRY_BYTES).len(), MAX_ENTRY_BYTES);
    let visit = visit();
    let largest = change(&visit, |doc| put(doc, "talk", &key(5000), sized(MAX_ENTRY_BYTES)));
    assert_eq!(check(&visit, &largest), Ok(()));
    attack("too-large", "an entry exceeds", |doc| put(doc, "talk", &key(5000), sized(MAX_ENTRY_BYTES + 1)));
    for (start, admitted) in
        [(MAX_OP_COUNTER, true), (MAX_OP_COUNTER + 1, false), (u64::from(u32::MAX) - 2, false)]
    {
        let change = forged(&visit, |change| change.start_op = start.try_into().unwrap());
        if admitted {
            assert_eq!(check(&visit, &change), Ok(()));
        } else {
            refused(&visit, &change, "too-large", "the operation counter");
        }
    }
}

#[test]
fn a_change_descends_from_the_visit() {
    let visit = visit();
    refused(&visit, &forged(&visit, |change| change.deps.clear()), "no-parent", "builds on nothing");
    let other = Job::registered("urgent", RECEIVED).visit;
    let genesis = Change::from_bytes(other.changes()[0].bytes.clone()).unwrap();
    refused(&visit, &genesis, "no-parent", "builds on nothing");
}

#[test]
fn bytes_that_are_no_change() {
    let visit = visit();
    let honest = change(&visit, |doc| put(doc, "talk", &key(5000), MESSAGE));
    let bytes = honest.raw_bytes();
    let unreadable = |bytes: &[u8]| {
        assert_eq!(check_field_change(&visit, bytes, "tech-1"), Err(OwnershipError::Unreadable));
        assert!(read_header(bytes).is_err());
    };
    unreadable(&[]);
    unreadable(&[0; 64]);
    unreadable(b"{\"do\":\"finish\"}");
    unreadable(&visit.save());
    unreadable(&[bytes, b"more"].concat());
    unreadable(&[bytes, bytes].concat());
    // Compressed it could grow without limit before anybody looks at it.
    let long = "x".repeat(2000);
    let mut packed = change(&visit, |doc| put(doc, "talk", &key(5000), MESSAGE.replace("hello", &long)));
    assert_eq!(check(&visit, &packed), Ok(()));
    assert!(packed.bytes().len() < 1000);
    unreadable(&packed.bytes());
    for length in 0..bytes.len() {
        unreadable(&bytes[..length]);
    }
    // Each byte is under the checksum, so each flip shows.
    for at in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1 << bit;
            unreadable(&flipped);
        }
    }
}

#[test]
fn an_operation_that_loses_against_a_concurrent_one_is_seen_all_the_same() {
    // The attacker writes from the state before the dispatch; the office's later write wins in the merged document.
    let mut job = Job::registered("normal", RECEIVED);
    let stale = job.visit.clone();
    job.dispatch();
    job.dispatch();
    let lost = change(&stale, |doc| put(doc, "office", "assignment", r#"{"crew":["tech-1"]}"#));
    let mut merged = job.visit.clone();
    merged.merge(&[lost.raw_bytes().to_vec()]).unwrap();
    assert_eq!(merged.record().assignment, job.visit.record().assignment, "the operation loses");
    refused(&job.visit, &lost, "foreign-path", "office/assignment");
}

#[test]
fn one_bad_operation_among_good_ones_is_enough() {
    attack("foreign-path", "office/order/fault", |doc| {
        for number in 0..20 {
            put(doc, "field/events", &key(5000 + number), EVENT);
        }
        put(doc, "office/order", "fault", "none");
        put(doc, "talk", &key(5000), MESSAGE);
    });
}

#[test]
fn an_event_undoes_only_what_its_kind_undoes() {
    let job = Job::in_work("normal");
    let record = job.visit.record();
    let every: Vec<String> = record.events.keys().map(ToString::to_string).collect();
    for kind in ["resumed", "consent-given", "work-reopened", "paused", "breach-reported"] {
        let ends = serde_json::to_string(&every).unwrap();
        let text = EVENT.replace("paused", kind).replace("\"by\"", &format!("\"ends\":{ends},\"by\""));
        let bytes = change(&job.visit, |doc| put(doc, "field/events", &key(5000), text)).raw_bytes().to_vec();
        check_field_change(&job.visit, &bytes, "tech-1").unwrap();
        let mut job = job.clone();
        job.visit.merge(&[bytes]).unwrap();
        assert_eq!(job.assess().state.id, "in-work", "{kind} undid what it may not");
    }
}

/// Gives a command and checks the change it makes against the visit as it was before.
fn admitted(job: &mut Job, command: Command) {
    let before = job.visit.clone();
    let name = command.name();
    let applied = job.try_do(command).unwrap_or_else(|error| panic!("{name}: {error}"));
    let header = check_field_change(&before, &applied.bytes, &job.person)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((header.hash, &header.actor, header.seq), (applied.hash, &applied.actor, applied.seq));
    assert_eq!(header.command.as_deref(), Some(name));
    assert_eq!(header.time, job.now.instant().as_second());
    assert_eq!(header.deps, before.heads());
    let unsigned = name == "note" || job.visit.record() == before.record();
    let other = check_field_change(&before, &applied.bytes, "tech-9");
    assert!(other.is_err() || unsigned, "{name} is admitted from another");
}

#[test]
fn every_change_of_a_field_command_is_admitted() {
    let mut job = Job::dispatched("urgent");
    let answer = |item: &str, value: AnswerValue| Command::Answer { item: rule(item), value };
    let yes = |item: &str| answer(item, AnswerValue::Yes(true));
    let words = || "🔧".repeat(MAX_WORDS_CHARS);
    let splice = |at: usize, delete: usize, insert: &str| {
        let edit = NoteEdit::Splice { at, delete, insert: insert.to_owned() };
        Command::Note { note: "cause".to_owned(), edit }
    };
    let commands = [
        Command::Accept,
        yes("confirm-address-time"),
        Command::Prepare,
        Command::ConfirmAppointment { channel: "phone".to_owned() },
        Command::Depart,
        Command::Arrive,
        Command::PresentBadge,
        Command::Enter,
        Command::Diagnose,
        yes("explain-problem"),
        yes("explain-problem"),
        answer("explain-solution", AnswerValue::Waived(words())),
        answer("state-duration", AnswerValue::Text(words())),
        Command::ObtainConsent { granted: false, note: Some(words()) },
        Command::ObtainConsent { granted: true, note: None },
        Command::Start,
        Command::Pause { reason: words() },
        Command::Resume,
        Command::Measure {
            quantity: "pressure".into(),
            value: 101.325,
            unit: "kPa".into(),
            instrument: None,
            calibration: None,
        },
        Command::Note { note: "steps".into(), edit: NoteEdit::Append("修🔧".repeat(MAX_NOTE_CHARS / 2)) },
        splice(0, 0, "带轮 🔧\r\n\0"),
        splice(1, 2, "x"),
        splice(0, 3, ""),
        Command::ConsumePart {
            number: "B".into(),
            name: Some("belt".into()),
            quantity: 2,
            serial: Some("1".into()),
            replaces: Some(OldPart { serial: None, returned: true, condition: None }),
        },
        Command::AddPhoto {
            sha256: "ab".repeat(32),
            size: 5,
            media_type: "image/png".into(),
            item: Some(rule("photo-key-steps")),
            moment: Some("before".into()),
            caption: Some(words()),
            pair_with: None,
            shot: None,
        },
        Command::AddDocument {
            sha256: "ef".repeat(32),
            size: 9,
            media_type: "application/pdf".into(),
            name: words().chars().take(200).collect(),
            item: None,
        },
        Command::Attest {
            phase: "work".into(),
            exceptions: vec![Exception { rule: rule("no-extra-promise"), reason: "\u{1}".repeat(2_000) }],
            role: None,
        },
        Command::Report {
            event: "objection-raised".into(),
            note: Some(words()),
            about: None,
            happened: None,
        },
        Command::Report { event: "objection-settled".into(), note: None, about: None, happened: None },
        Command::ExplainDelay { milestone: rule("urgent-arrival-2h"), reason: words() },
        Command::Escalate { milestone: rule("urgent-arrival-2h"), to: "supervisor".into() },
        Command::ReportBreach { rule: rule("uniform"), source: "self".into(), note: words() },
        Command::Say { words: words() },
        Command::Finish,
        Command::Reopen { reason: "loud".into() },
        Command::Finish,
        yes("test-run"),
        yes("problem-solved"),
        Command::HandOver,
        Command::Survey(SurveyAnswer { level: "satisfied".into(), words: Some(words()) }),
        Command::Sign { role: "customer".into(), name: "Chen".into(), image_sha256: Some("cd".repeat(32)) },
        Command::Sign { role: "technician".into(), name: "Li".into(), image_sha256: None },
        answer("temporary-next-time", AnswerValue::Time(moment(RECEIVED))),
        Command::Leave,
    ];
    let last = commands.len() - 2;
    for (at, command) in commands.into_iter().enumerate() {
        if at == last {
            // Sealed by now; the kind of answer is looked at in a visit of its own.
            admitted(&mut Job::in_work("normal"), command);
        } else {
            admitted(&mut job, command);
        }
    }
    // Resolving: two of the crew rate differently.
    let mut one = Job::handed_over("normal");
    one.visit.set_actor(&[2; 16]);
    let mut other = one.clone();
    other.visit.set_actor(&[3; 16]);
    other.person = "tech-2".to_owned();
    other.count += 1000;
    one.survey("satisfied");
    other.survey("dissatisfied");
    let changes: Vec<Vec<u8>> = other.visit.changes().into_iter().map(|change| change.bytes).collect();
    one.visit.merge(&changes).unwrap();
    admitted(&mut one, Command::Resolve { target: jobsheet_core::record::ResolveTarget::Survey, version: 1 });
}
