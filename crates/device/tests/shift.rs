//! A person's shift on a device: the same calls as a visit, from the delivery to the last verdict.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use common::{
    FixedClock, context, delivery, dispatched, gas, moment, note, open, open_with, rostered, visit_id,
};
use jobsheet::{ApplyError, ListChange, Options, PhotoFacts, Query, Receipt, Store, VisitRow};
use jobsheet_core::assess::{MilestoneState, Status, Why};
use jobsheet_core::record::{AnswerValue, Command, Document, NoteEdit, Refusal, Registration};
use jobsheet_core::standard::{Kind, Side, Standard};
use jobsheet_core::unhex;
use jobsheet_wire::{PackFile, Reply, Verdict, VerdictOfChange};
use tempfile::TempDir;

/// A person on duty with a clock in the hand.
struct Duty {
    folder: TempDir,
    clock: Arc<FixedClock>,
    store: Store,
}

impl Duty {
    /// A store with one visit and, planned earlier, one shift.
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::at("2026-03-02T07:50:00+08:00"));
        let store = open_with(folder.path(), Options { clock: clock.clone(), ..Options::default() });
        let deliveries = vec![delivery(&dispatched(0)), delivery(&rostered(1, &gas()))];
        let received = store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
        assert_eq!((received.documents, received.problems.len()), (2, 0));
        Self { folder, clock, store }
    }

    /// A command at a time of the day.
    fn at(&self, time: &str, command: &Command) -> Result<Receipt, ApplyError> {
        self.clock.set(&format!("2026-03-02T{time}:00+08:00"));
        self.store.apply(visit_id(1), command)
    }

    fn answer(&self, time: &str, item: &str, value: AnswerValue) -> Receipt {
        self.at(time, &Command::Answer { item: format!("gas.{item}"), value }).unwrap()
    }

    fn row(&self) -> VisitRow {
        let query = Query { kind: Some(Kind::Shift), ..Query::default() };
        self.store.visits(&query).unwrap().rows.remove(0)
    }
}

fn report(event: &str) -> Command {
    Command::Report { event: event.to_owned(), note: None, about: None, happened: None }
}

/// Written down on paper at a time of the day and entered later.
fn backfilled(event: &str, time: &str) -> Command {
    Command::Report {
        event: event.to_owned(),
        note: None,
        about: None,
        happened: Some(moment(&format!("2026-03-02T{time}:00+08:00"))),
    }
}

fn write_down(note: &str, words: &str) -> Command {
    Command::Note { note: note.to_owned(), edit: NoteEdit::Append(words.to_owned()) }
}

fn text(words: &str) -> AnswerValue {
    AnswerValue::Text(words.to_owned())
}

#[test]
fn a_shift_is_worked_offline_from_the_post_to_its_end() {
    let duty = Duty::begin();
    let received = duty.row();
    assert_eq!((received.kind, received.job.as_str()), (Kind::Shift, "counter-shift"));
    assert_eq!((received.number.as_str(), received.state.as_str()), ("S-00001", "rostered"));
    assert_eq!(received.place, "Counter 3, Harbour Road");
    assert_eq!((received.open, received.ready, received.unsent), (true, true, 0));
    assert_eq!(received.planned_start, Some(moment("2026-03-02T08:00:00+08:00").instant()));

    duty.at("07:55", &report("at-post")).unwrap();
    for item in ["counter-clean", "counter-devices-ready", "counter-name-plate", "counter-supplies"] {
        duty.answer("08:10", item, AnswerValue::Yes(true));
    }
    assert_eq!(duty.at("08:28", &report("counter-opened")).unwrap().state, "open");
    outage(&duty);
    close(&duty);

    let row = duty.row();
    assert_eq!((row.state.as_str(), row.outstanding, row.violated), ("ended", 0, 0));
    assert_eq!((row.open, row.next_due), (true, None), "the office closes it");
    let view = duty.store.visit(visit_id(1)).unwrap();
    assert_eq!(view.assessment.state.id, "ended");
    for rule in
        ["gas.counter-clean", "gas.outage-record", "gas.counter-outage-sign", "gas.counter-cash-count"]
    {
        assert_eq!(view.assessment.finding(rule).unwrap().status, Status::Satisfied, "{rule}");
    }
    // What was written on paper stands at the time at which it happened, and says that it was entered later.
    let backfill = view.assessment.milestone("gas.outage-backfill").unwrap();
    assert_eq!((backfill.state, backfill.entered_later), (MilestoneState::Met, true));
    assert_eq!(backfill.ended, Some(moment("2026-03-02T11:20:00+08:00")));
    let on_time = view.assessment.milestone("gas.counter-open-on-time").unwrap();
    assert_eq!((on_time.state, on_time.entered_later), (MilestoneState::Met, false));
    assert!(view.next.iter().all(|step| matches!(step.reason, Why::Attest { .. })), "{:?}", view.next);

    // A restart changes nothing, and the report is rendered from the same record.
    let again = open(duty.folder.path());
    assert_eq!(again.heads(visit_id(1)).unwrap(), duty.store.heads(visit_id(1)).unwrap());
    assert_eq!(again.visit(visit_id(1)).unwrap().record, view.record);
    let page =
        again.report(visit_id(1), jobsheet_core::Lang::Zh, jobsheet_core::report::Audience::Crew).unwrap();
    assert!(page.contains("S-00001"));
    send(&duty);
}

/// The system is down from 10:00 to 11:00; what was done meanwhile is entered afterwards.
fn outage(duty: &Duty) {
    duty.at("08:40", &write_down("service-record", "Two meters registered. ")).unwrap();
    let before = duty.row().outstanding;
    let vague = duty.at("10:00", &report("system-down")).unwrap_err();
    assert!(matches!(&vague, ApplyError::Refused(Refusal::Invalid { field, .. }) if field == "about"));
    let down = Command::Report {
        event: "system-down".to_owned(),
        note: None,
        about: Some("power-cut".to_owned()),
        happened: None,
    };
    assert_eq!(duty.at("10:00", &down).unwrap().outstanding, before + 2);
    duty.at("10:05", &write_down("outage-record", "10:30 payment of customer 8817 taken by hand")).unwrap();
    let sign = duty.folder.path().join("sign.jpg");
    std::fs::write(&sign, [0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]).unwrap();
    let item = Some("gas.counter-outage-sign".to_owned());
    duty.clock.set("2026-03-02T10:06:00+08:00");
    duty.store.attach(visit_id(1), &sign, &PhotoFacts { item, ..PhotoFacts::default() }).unwrap();
    assert_eq!(duty.row().outstanding, before);

    assert_eq!(duty.at("11:00", &report("system-restored")).unwrap().outstanding, before + 1);
    let next = duty.store.visit(visit_id(1)).unwrap().next;
    let owed = next.iter().find(|step| step.rule.as_deref() == Some("gas.outage-backfill")).unwrap();
    assert_eq!((owed.command.as_str(), owed.argument.as_deref()), ("report", Some("backfill-done")));
    assert_eq!(owed.roles, ["counter-clerk", "hotline-agent"]);

    duty.at("11:10", &backfilled("transaction-done", "10:30")).unwrap();
    let ahead = duty.at("11:40", &backfilled("backfill-done", "11:50")).unwrap_err();
    assert!(matches!(&ahead, ApplyError::Refused(Refusal::Invalid { field, .. }) if field == "happened"));
    assert_eq!(duty.at("11:40", &backfilled("backfill-done", "11:20")).unwrap().outstanding, before);
    let record = duty.store.visit(visit_id(1)).unwrap().record;
    let (_, taken) = record.events.values().find(|(_, event)| event.kind == "transaction-done").unwrap();
    assert_eq!(taken.happened, Some(moment("2026-03-02T10:30:00+08:00")));
    assert_eq!(taken.by.stamp.at, moment("2026-03-02T11:10:00+08:00"));
}

/// The last customer, the till, the handover, the end.
fn close(duty: &Duty) {
    for item in ["counter-return-papers", "counter-remind-check"] {
        duty.answer("16:30", item, AnswerValue::Yes(true));
    }
    duty.answer("16:31", "counter-write-forms", text("Forms 31 to 44"));
    match duty.at("17:00", &report("counter-closed")) {
        Err(ApplyError::Refused(Refusal::NotYet { needs })) => {
            let needs: Vec<_> = needs.iter().map(|need| (need.rule.as_str(), need.clause.as_str())).collect();
            assert_eq!(needs, [("gas.counter-finish-queue", "三.(一).13")]);
        }
        other => panic!("{other:?}"),
    }
    duty.answer("17:05", "counter-finish-queue", AnswerValue::Yes(true));
    assert_eq!(duty.at("17:06", &report("counter-closed")).unwrap().state, "counter-closed");
    duty.answer("17:10", "counter-shift-handover", text("Handed to the evening clerk; nothing open"));
    duty.answer("17:12", "counter-daily-report", text("Daily report of 2 March"));
    let till = Command::Measure {
        quantity: "cash-counted".to_owned(),
        value: 4210.5,
        unit: "CNY".to_owned(),
        instrument: None,
        calibration: None,
    };
    duty.at("17:15", &till).unwrap();
    assert_eq!(duty.at("17:20", &report("shift-ended")).unwrap().state, "ended");
}

/// The server takes what the shift made.
fn send(duty: &Duty) {
    let history = duty.store.history(visit_id(1)).unwrap();
    let unsent: Vec<_> = history.iter().filter(|entry| !entry.durable).collect();
    let outbox = duty.store.outbox().unwrap();
    assert_eq!((outbox.len(), outbox[0].number.as_str()), (1, "S-00001"));
    assert_eq!((outbox[0].unsent as usize, duty.row().unsent as usize), (unsent.len(), unsent.len()));
    let verdicts = unsent
        .iter()
        .zip(1..)
        .map(|(entry, seq)| VerdictOfChange {
            document: visit_id(1).into_bytes(),
            hash: unhex(&entry.change).unwrap().try_into().unwrap(),
            verdict: Verdict::Accepted(seq),
        })
        .collect();
    duty.store.receive(&Reply { verdicts, ..Reply::default() }).unwrap();
    assert_eq!((duty.store.outbox().unwrap().len(), duty.row().unsent), (0, 0));
}

#[test]
fn lists_and_observers_tell_visits_and_shifts_apart() {
    let duty = Duty::begin();
    let of = |kind| duty.store.visits(&Query { kind, ..Query::default() }).unwrap();
    let numbers = |kind| of(kind).rows.into_iter().map(|row| row.number).collect::<Vec<_>>();
    assert_eq!(numbers(None), ["S-00001", "SR-00000"], "by planned start, whatever the kind");
    assert_eq!((numbers(Some(Kind::Visit)), of(Some(Kind::Visit)).total), (vec!["SR-00000".to_owned()], 1));
    assert_eq!((numbers(Some(Kind::Shift)), of(Some(Kind::Shift)).total), (vec!["S-00001".to_owned()], 1));
    assert_eq!((of(Some(Kind::Case)).rows.len(), of(Some(Kind::Case)).total), (0, 0));
    let visit = of(Some(Kind::Visit)).rows.remove(0);
    assert_eq!((visit.kind, visit.job.as_str()), (Kind::Visit, "service"));
    let open_shifts = Query { kind: Some(Kind::Shift), only_open: true, ..Query::default() };
    assert_eq!(duty.store.visits(&open_shifts).unwrap().total, 1);
    assert_eq!(duty.store.find("s-00001").unwrap(), [visit_id(1)]);

    let (tell, told) = channel();
    let _watch = duty.store.observe(open_shifts, move |change| tell.send(change).unwrap()).unwrap();
    let next = || told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(matches!(next(), ListChange::All(rows) if rows.len() == 1 && rows[0].kind == Kind::Shift));
    duty.store.apply(visit_id(0), &note("a visit is none of its business")).unwrap();
    duty.at("07:55", &report("at-post")).unwrap();
    assert!(matches!(next(), ListChange::Put(row) if row.visit == visit_id(1) && row.state == "at-post"));
}

#[test]
fn a_shift_waits_for_its_pack_as_a_visit_does() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let source = gas().source().replacen("version = \"1.0.0\"", "version = \"9.9.9\"", 1);
    let standard = Standard::load(&source).unwrap();
    let deliveries = vec![delivery(&rostered(1, &standard))];
    store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
    let shifts = Query { kind: Some(Kind::Shift), ..Query::default() };
    let row = store.visits(&shifts).unwrap().rows.remove(0);
    assert_eq!((row.kind, row.job.as_str(), row.ready), (Kind::Shift, "counter-shift", false));
    assert_eq!((row.number.as_str(), row.state.as_str(), row.outstanding), ("S-00001", "", 0));

    let sha256 = unhex(standard.sha256()).unwrap().try_into().unwrap();
    store.receive(&Reply { packs: vec![PackFile { sha256, source }], ..Reply::default() }).unwrap();
    let row = store.visits(&shifts).unwrap().rows.remove(0);
    assert_eq!((row.ready, row.state.as_str()), (true, "rostered"));
}

#[test]
fn a_case_that_is_sent_is_reported_and_not_kept() {
    let duty = Duty::begin();
    let order = [("number", "C-1"), ("customer_name", "Wang"), ("complaint", "No gas since noon")];
    let registration = Registration {
        job: Some("complaint".to_owned()),
        order: order.into_iter().map(|(id, value)| (id.to_owned(), value.to_owned())).collect(),
        received_at: None,
    };
    let office = context("office-1", Side::Office, "2026-03-01T09:00:00+08:00", 99);
    let (case, _) = Document::register(visit_id(9), &gas(), &registration, &[7; 16], &office).unwrap();
    let deliveries = vec![delivery(&case), delivery(&dispatched(2))];
    let received = duty.store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
    assert_eq!((received.documents, received.problems.len()), (1, 1), "{:?}", received.problems);
    assert_eq!(received.problems[0].visit, Some(visit_id(9)));
    assert_eq!(duty.store.visits(&Query::default()).unwrap().total, 3);
}
