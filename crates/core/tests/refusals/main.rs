//! What is refused, with which kind of refusal and which rule; nothing is written then.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::needless_pass_by_value)]

#[path = "../common/mod.rs"]
mod common;
mod limits;

use std::collections::BTreeMap;

use automerge::ROOT;
use automerge::transaction::Transactable;
use common::{Job, PACK, RECEIVED, id, moment, order, rule, standard};
use jobsheet_core::Stamp;
use jobsheet_core::record::{
    Actor, AnswerValue, ApplyError, Command, Context, Document, Exception, MAX_CREW, MAX_WORDS_CHARS,
    NoteEdit, Refusal, Registration, ResolveTarget, SurveyAnswer,
};
use jobsheet_core::standard::{Side, Standard, builtin};

/// Gives a command and proves that it is refused, that `check` says the same, and that nothing has changed.
fn refused(job: &mut Job, side: Side, command: &Command) -> Refusal {
    let (heads, record, saved) = (job.visit.heads(), job.visit.record().clone(), job.visit.save());
    let context = job.context(side);
    let standard = job.standard.clone();
    let refusal = match job.visit.apply(&standard, command, &context) {
        Err(ApplyError::Refused(refusal)) => refusal,
        other => panic!("{command:?} should be refused, but gave {other:?}"),
    };
    assert_eq!(
        job.visit.check(&standard, command, &context).as_ref(),
        Err(&refusal),
        "check and apply differ"
    );
    assert_eq!(job.visit.heads(), heads, "{command:?} was refused and changed the heads");
    assert_eq!(*job.visit.record(), record, "{command:?} was refused and changed the record");
    assert_eq!(job.visit.save(), saved, "{command:?} was refused and changed the document");
    let json = serde_json::to_value(&refusal).unwrap();
    assert_eq!(json["refused"], refusal.code());
    assert_eq!(serde_json::from_value::<Refusal>(json).unwrap(), refusal);
    for need in refusal.rules() {
        assert_eq!(need.clause, standard.rule(&need.rule).unwrap().clause);
        assert!(refusal.to_string().contains(&need.clause), "{refusal}");
    }
    refusal
}

/// The command is refused so, with these words, citing these rules (without the pack's name).
fn expect(job: &mut Job, side: Side, command: Command, code: &str, words: &str, cites: &[&str]) {
    let refusal = refused(job, side, &command);
    let cited: Vec<String> = refusal.rules().iter().map(|need| need.rule.clone()).collect();
    let wanted: Vec<String> = cites.iter().map(|name| rule(name)).collect();
    assert_eq!((refusal.code(), cited), (code, wanted), "{command:?}: {refusal}");
    assert!(refusal.to_string().contains(words), "{command:?}: `{refusal}` does not say `{words}`");
}

fn field(job: &mut Job, command: Command, code: &str, words: &str, cites: &[&str]) {
    expect(job, Side::Field, command, code, words, cites);
}

fn office(job: &mut Job, command: Command, code: &str, words: &str, cites: &[&str]) {
    expect(job, Side::Office, command, code, words, cites);
}

fn report(event: &str) -> Command {
    Command::Report { event: event.to_owned(), note: None, about: None, happened: None }
}

fn answer(item: &str, value: AnswerValue) -> Command {
    Command::Answer { item: rule(item), value }
}

fn measure(quantity: &str, value: f64, unit: &str) -> Command {
    Command::Measure {
        quantity: quantity.to_owned(),
        value,
        unit: unit.to_owned(),
        instrument: None,
        calibration: None,
    }
}

fn append(words: impl Into<String>) -> Command {
    Command::Note { note: "cause".to_owned(), edit: NoteEdit::Append(words.into()) }
}

fn splice(at: usize, delete: usize, insert: &str) -> Command {
    Command::Note {
        note: "cause".to_owned(),
        edit: NoteEdit::Splice { at, delete, insert: insert.to_owned() },
    }
}

fn part(number: &str, quantity: u32) -> Command {
    Command::ConsumePart { number: number.to_owned(), name: None, quantity, serial: None, replaces: None }
}

fn photo(sha256: &str, item: Option<&str>, moment: Option<&str>) -> Command {
    Command::AddPhoto {
        sha256: sha256.to_owned(),
        size: 10,
        media_type: "image/jpeg".to_owned(),
        item: item.map(rule),
        moment: moment.map(ToOwned::to_owned),
        caption: None,
        pair_with: None,
        shot: None,
    }
}

fn sign(role: &str, name: &str) -> Command {
    Command::Sign { role: role.to_owned(), name: name.to_owned(), image_sha256: None }
}

fn dispatch(crew: Vec<String>) -> Command {
    Command::Dispatch {
        crew,
        start: moment("2026-03-02T10:00:00+08:00"),
        end: moment("2026-03-02T12:00:00+08:00"),
        tools: Vec::new(),
    }
}

fn long(chars: usize) -> String {
    // Two, three and four bytes each: limits count characters.
    "é修🔧".chars().cycle().take(chars).collect()
}

#[test]
fn steps_in_the_wrong_state() {
    let wrong = "wrong-state";
    let mut job = Job::dispatched("normal");
    field(&mut job, Command::Depart, wrong, "possible in: accepted, booked", &["reconfirm-visit"]);
    field(&mut job, Command::Arrive, wrong, "possible in: en-route", &["urgent-arrival-2h"]);
    field(&mut job, Command::Start, wrong, "while the visit is `assigned`", &["consent-first"]);
    field(&mut job, Command::Pause { reason: "rain".into() }, wrong, "`pause`", &["traceable"]);
    field(&mut job, Command::Resume, wrong, "`resume`", &["traceable"]);
    field(&mut job, Command::Finish, wrong, "`finish`", &["test-run"]);
    field(&mut job, Command::HandOver, wrong, "`hand-over`", &["explain-precautions"]);
    field(&mut job, Command::Reopen { reason: "loud".into() }, wrong, "`reopen`", &["problem-solved"]);
    field(&mut job, sign("customer", "Chen"), wrong, "`sign`", &["customer-sign"]);
    office(&mut job, report("record-uploaded"), wrong, "`record-uploaded`", &["upload-24h"]);
    office(&mut job, Command::Close, wrong, "possible in: archived", &["field-archive-date"]);
    job.go(Command::Accept);
    field(&mut job, Command::Accept, wrong, "`accept`", &["assign-task"]);
    field(&mut job, report("objection-settled"), wrong, "`objection-settled`", &["objection-explain"]);
}

#[test]
fn incidents_before_the_dispatch_and_after_the_end() {
    let mut job = Job::registered("normal", RECEIVED);
    office(&mut job, report("complaint-escalated"), "wrong-state", "while the visit is `registered`", &[]);
    let mut job = Job::left("normal", "satisfied");
    job.office_report("record-uploaded").office_report("follow-up-done").office_report("archived");
    job.office(Command::Close).unwrap();
    office(&mut job, report("complaint-escalated"), "wrong-state", "while the visit is `closed`", &[]);
    field(&mut job, report("major-fault-found"), "wrong-state", "while the visit is `closed`", &[]);
    office(&mut job, Command::Close, "wrong-state", "while the visit is `closed`", &["field-archive-date"]);
}

#[test]
fn gates_name_every_duty_that_comes_first() {
    let mut job = Job::dispatched("normal");
    job.go(Command::Accept);
    let needs = ["confirm-address-time", "reconfirm-visit"];
    field(&mut job, Command::Depart, "not-yet", "第二步.关键动作", &needs);
    job.no("confirm-address-time");
    field(&mut job, Command::Depart, "not-yet", "comes first", &needs);
    let mut job = Job::arrived("normal");
    job.go(Command::Diagnose).yes("explain-problem");
    let consent = Command::ObtainConsent { granted: true, note: None };
    field(&mut job, consent, "not-yet", "第三步.操作要点.问题诊断", &["explain-solution", "state-duration"]);
    let mut job = Job::in_work("normal");
    job.go(Command::Finish).yes("test-run");
    field(&mut job, sign("customer", "Chen"), "not-yet", "第四步.操作要点", &["problem-solved"]);
    field(&mut job, Command::Leave, "not-yet", "模板.客户签字确认", &["customer-sign"]);
}

#[test]
fn a_foreign_crew_does_nothing() {
    let mut job = Job::dispatched("normal");
    job.person = "tech-9".to_owned();
    for command in
        [Command::Accept, append("x"), Command::Say { words: "hello".into() }, report("delay-foreseen")]
    {
        field(&mut job, command, "forbidden", "another crew", &[]);
    }
    let mut nobody = Job::registered("normal", RECEIVED);
    field(&mut nobody, append("x"), "forbidden", "another crew", &[]);
    // The second of the crew may what the first may.
    job.person = "tech-2".to_owned();
    job.go(Command::Accept);
}

#[test]
fn the_field_does_not_do_the_offices_part_nor_the_office_the_fields() {
    let mut job = Job::in_work("normal");
    let forbidden = "forbidden";
    field(&mut job, dispatch(vec!["tech-1".into()]), forbidden, "is for the office", &[]);
    for event in ["record-uploaded", "archived", "first-response-given", "complaint-escalated"] {
        field(&mut job, report(event), forbidden, "recorded by the other side", &[]);
    }
    field(&mut job, Command::Close, forbidden, "recorded by the other side", &[]);
    field(
        &mut job,
        answer("verify-need", AnswerValue::Yes(true)),
        forbidden,
        "customer-service",
        &["verify-need"],
    );
    for command in [
        append("x"),
        measure("temperature", 20.0, "Cel"),
        part("B", 1),
        photo(&"ab".repeat(32), None, None),
        Command::Survey(SurveyAnswer { level: "satisfied".into(), words: None }),
        sign("customer", "Chen"),
        Command::Attest { phase: "work".into(), exceptions: Vec::new(), role: None },
    ] {
        office(&mut job, command, forbidden, "is for the crew", &[]);
    }
    for command in
        [Command::Accept, Command::Depart, Command::Finish, Command::Leave, report("cannot-fix-on-site")]
    {
        office(&mut job, command, forbidden, "recorded by the other side", &[]);
    }
    office(
        &mut job,
        answer("test-run", AnswerValue::Yes(true)),
        forbidden,
        "role `technician`",
        &["test-run"],
    );
    for event in ["appointment-start", "part-replaced", "signed-off", "rated-dissatisfied", "urgent-flagged"]
    {
        field(&mut job, report(event), forbidden, "nobody records it", &[]);
        office(&mut job, report(event), forbidden, "nobody records it", &[]);
    }
}

#[test]
fn ids_that_the_standard_does_not_know() {
    let mut job = Job::in_work("normal");
    let unknown = "has no such";
    let invalid = "invalid";
    field(
        &mut job,
        Command::Answer { item: "x".into(), value: AnswerValue::Yes(true) },
        invalid,
        unknown,
        &[],
    );
    field(&mut job, answer("uniform", AnswerValue::Yes(true)), invalid, "no checklist item", &[]);
    field(&mut job, measure("flow", 1.0, "l"), invalid, unknown, &[]);
    field(
        &mut job,
        Command::Note { note: "x".into(), edit: NoteEdit::Append("x".into()) },
        invalid,
        unknown,
        &[],
    );
    field(
        &mut job,
        Command::Attest { phase: "x".into(), exceptions: Vec::new(), role: None },
        invalid,
        unknown,
        &[],
    );
    field(&mut job, report("x"), invalid, "no event `x`", &[]);
    let about =
        |milestone: &str| Command::ExplainDelay { milestone: milestone.to_owned(), reason: "rain".into() };
    field(&mut job, about("x"), invalid, unknown, &[]);
    field(&mut job, about(&rule("uniform")), invalid, "no deadline", &[]);
    let escalate = Command::Escalate { milestone: rule("upload-24h"), to: "x".into() };
    field(&mut job, escalate, invalid, unknown, &[]);
    let breach = |rule: &str, source: &str| Command::ReportBreach {
        rule: rule.to_owned(),
        source: source.to_owned(),
        note: "n".into(),
    };
    field(&mut job, breach("x", "audit"), invalid, unknown, &[]);
    field(&mut job, breach(&rule("uniform"), "rumour"), invalid, "self, survey, audit, complaint", &[]);
    field(&mut job, photo(&"ab".repeat(32), Some("x"), None), invalid, unknown, &[]);
    field(
        &mut job,
        photo(&"ab".repeat(32), Some("test-run"), None),
        invalid,
        "does not ask for a photo",
        &["test-run"],
    );
    let during = photo(&"ab".repeat(32), Some("photo-key-steps"), Some("during"));
    field(&mut job, during, invalid, "before, after", &["photo-key-steps"]);
    let none = photo(&"ab".repeat(32), Some("photo-key-steps"), None);
    field(&mut job, none, invalid, "before, after", &["photo-key-steps"]);
    let survey = Command::Survey(SurveyAnswer { level: "great".into(), words: None });
    field(&mut job, survey, invalid, "satisfied, basically-satisfied, dissatisfied", &["field-satisfaction"]);
    field(&mut job, sign("neighbour", "Li"), invalid, "customer, technician", &["customer-sign"]);
    for (named, words) in [("x", unknown), (&rule("uniform"), "another phase")] {
        let exceptions = vec![Exception { rule: named.to_owned(), reason: "late".into() }];
        field(
            &mut job,
            Command::Attest { phase: "work".into(), exceptions, role: None },
            invalid,
            words,
            &[],
        );
    }
}

#[test]
fn answers_of_the_wrong_kind() {
    let mut job = Job::in_work("normal");
    let text = || AnswerValue::Text("x".into());
    let invalid = "invalid";
    office(
        &mut job,
        answer("callback-status", AnswerValue::Choice("splendid".into())),
        invalid,
        "runs-well, runs-with-faults, stands-still",
        &["callback-status"],
    );
    office(&mut job, answer("callback-status", text()), invalid, "one of the options", &["callback-status"]);
    field(&mut job, answer("test-run", text()), invalid, "yes or no", &["test-run"]);
    field(&mut job, answer("state-duration", AnswerValue::Yes(true)), invalid, "a text", &["state-duration"]);
    field(&mut job, answer("temporary-next-time", text()), invalid, "a time", &["temporary-next-time"]);
    field(
        &mut job,
        answer("protect-site", AnswerValue::Yes(true)),
        invalid,
        "use `add-photo`",
        &["protect-site"],
    );
    for value in [AnswerValue::Yes(true), AnswerValue::Waived("in a hurry".into())] {
        field(&mut job, answer("customer-sign", value), invalid, "use `sign`", &["customer-sign"]);
    }
}

#[test]
fn resolving_where_there_is_no_conflict() {
    let mut job = Job::in_work("normal");
    for target in [
        ResolveTarget::Answer(rule("explain-problem")),
        ResolveTarget::Answer("x".into()),
        ResolveTarget::Survey,
        ResolveTarget::Attestation("work".into()),
        ResolveTarget::Assignment,
        ResolveTarget::Order("location".into()),
    ] {
        for version in [0, 1, usize::MAX] {
            let command = Command::Resolve { target: target.clone(), version };
            field(&mut job, command.clone(), "invalid", "no conflict here", &[]);
            office(&mut job, command, "invalid", "no conflict here", &[]);
        }
    }
}

#[test]
fn events_that_have_a_command_of_their_own_are_not_reported() {
    let mut job = Job::in_work("normal");
    for event in [
        "departed",
        "arrived",
        "work-finished",
        "consent-given",
        "paused",
        "delay-explained",
        "breach-reported",
    ] {
        field(&mut job, report(event), "invalid", "a command of its own", &[]);
    }
    for event in ["request-received", "order-dispatched", "closed", "escalated"] {
        office(&mut job, report(event), "invalid", "a command of its own", &[]);
    }
}

#[test]
fn a_signed_record_takes_only_what_belongs_after_it() {
    let mut job = Job::handed_over("normal");
    job.sign("customer");
    for command in [
        answer("test-run", AnswerValue::Yes(false)),
        append("more"),
        part("B", 1),
        photo(&"ab".repeat(32), Some("protect-site"), None),
        photo(&"ab".repeat(32), None, None),
        measure("temperature", 20.0, "Cel"),
        Command::Survey(SurveyAnswer { level: "satisfied".into(), words: None }),
        sign("customer", "Chen"),
    ] {
        field(&mut job, command, "sealed", "the record is signed", &["customer-sign"]);
    }
    job.sign("technician").go(Command::Say { words: "done".into() }).go(Command::Leave);
}

#[test]
fn a_dispatch_names_a_crew_and_a_span_of_time() {
    let mut job = Job::registered("normal", RECEIVED);
    let crew = |count: usize| (0..count).map(|number| format!("tech-{number}")).collect::<Vec<_>>();
    office(&mut job, dispatch(Vec::new()), "invalid", "1 to 20 technicians", &[]);
    office(&mut job, dispatch(crew(MAX_CREW + 1)), "invalid", "1 to 20 technicians", &[]);
    office(&mut job, dispatch(vec!["a".into(), "a".into()]), "invalid", "names a technician twice", &[]);
    office(&mut job, dispatch(vec![" ".into()]), "invalid", "is empty", &[]);
    let at = moment("2026-03-02T10:00:00+08:00");
    let command = Command::Dispatch { crew: crew(1), start: at, end: at, tools: Vec::new() };
    office(&mut job, command, "invalid", "after the start", &[]);
    let tools = vec!["multimeter".repeat(18); 400];
    let end = moment("2026-03-02T11:00:00+08:00");
    let command = Command::Dispatch { crew: crew(1), start: at, end, tools };
    office(&mut job, command, "invalid", "larger than the 65536 bytes", &[]);
    job.office(dispatch(crew(MAX_CREW))).unwrap();
}

#[test]
fn a_newer_schema_is_carried_and_not_edited() {
    let mut job = Job::in_work("normal").crafted(|doc| doc.put(ROOT, "schema", 3_u64).unwrap());
    for command in [Command::Finish, append("x"), Command::Say { words: "x".into() }] {
        field(&mut job, command, "newer-schema", "has schema 3, this version edits up to 2", &[]);
    }
    office(&mut job, Command::Close, "newer-schema", "update the app", &[]);
    assert_eq!(job.assess().state.id, "in-work", "it is still read");
    let carried: Vec<Vec<u8>> = job.visit.changes().into_iter().map(|change| change.bytes).collect();
    assert_eq!(Document::from_changes(&carried).unwrap().heads(), job.visit.heads(), "and still synced");
}

#[test]
fn an_older_schema_is_read_and_edited() {
    // Saved by the version that wrote schema 1.
    let visit = Document::load(include_bytes!("../fixtures/visit-schema-1.automerge")).unwrap();
    assert_eq!(visit.record().schema, 1);
    assert_eq!(visit.record().unreadable, Vec::<String>::new());
    // The pack as it was then: what a document pins keeps its hash, whatever a later format adds.
    let standard = Standard::load(include_str!("../fixtures/execution-form-at-schema-1.toml")).unwrap();
    assert_eq!(visit.record().standard, standard.reference());
    let mut job = Job { visit, standard: standard.into(), ..Job::in_work("normal") };
    assert_eq!(job.assess().state.id, "in-work");
    job.go(Command::Finish);
    assert_eq!(job.assess().state.id, "verifying");
    assert_eq!(Document::load(&job.visit.save()).unwrap().record(), job.visit.record());
}

#[test]
fn a_visit_is_worked_under_the_standard_it_pins() {
    let mut job = Job::in_work("normal");
    let source = builtin(PACK).unwrap().unwrap().source().replacen("\"PT30M\"", "\"PT31M\"", 1);
    job.standard = Standard::load(&source).unwrap().into();
    let refusal = refused(&mut job, Side::Field, &Command::Finish);
    let Refusal::OtherStandard { wanted, given } = &refusal else { panic!("{refusal:?}") };
    assert!(wanted.starts_with("execution-form 1.0.0 (") && given.starts_with("execution-form 1.0.0 ("));
    assert_ne!(wanted, given, "the same version with other content is another standard");
}

#[test]
fn registrations_that_are_refused() {
    let register = |side: Side, order: BTreeMap<String, String>| {
        let context = Context {
            actor: Actor { person: "p".to_owned(), side, roles: Vec::new() },
            stamp: Stamp::wall(moment(RECEIVED)),
            entry_id: id(1),
        };
        let registration = Registration { job: None, order, received_at: None };
        match Document::register(id(2), &standard(), &registration, &[1; 16], &context) {
            Err(ApplyError::Refused(refusal)) => refusal.to_string(),
            other => panic!("should be refused, but gave {other:?}"),
        }
    };
    let with = |key: &str, value: &str| {
        let mut order = order("normal");
        order.insert(key.to_owned(), value.to_owned());
        order
    };
    assert!(register(Side::Field, order("normal")).contains("only the office"));
    for required in ["number", "fault", "urgency"] {
        assert!(
            register(Side::Office, with(required, ""))
                .contains(&format!("`order.{required}` is not valid: is required"))
        );
        let mut order = order("normal");
        order.remove(required);
        assert!(register(Side::Office, order).contains("is required"));
    }
    assert!(register(Side::Office, with("colour", "red")).contains("no such order field"));
    assert!(register(Side::Office, with("urgency", "soon")).contains("must be one of normal, urgent"));
    assert!(
        register(Side::Office, with("fault", &long(MAX_WORDS_CHARS + 1))).contains("at most 4000 characters")
    );
}
