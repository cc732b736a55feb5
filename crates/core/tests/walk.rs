//! One visit under the pack `execution-form`, from registration to closing.

mod common;

use common::{Job, moment, rule};
use jobsheet_core::assess::{MilestoneState, Status, Why, judge, next, tally};
use jobsheet_core::record::{AnswerValue, Command, Document, Refusal};
use jobsheet_core::standard::Side;

#[test]
fn a_whole_visit_ends_with_nothing_violated() {
    let mut job = Job::left("normal", "satisfied");
    assert_eq!(job.assess().state.id, "left");
    job.at("11:40").office_report("first-response-given").office_report("record-uploaded");
    for name in ["verify-need", "recheck-key-fields"] {
        job.office(Command::Answer { item: rule(name), value: AnswerValue::Yes(true) }).unwrap();
    }
    let assessment = job.assess();
    let broken: Vec<_> =
        assessment.findings.iter().filter(|finding| finding.status == Status::Violated).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    job.on("2026-03-03T09:00:00+08:00").office_report("follow-up-done");
    for name in ["callback-status", "callback-satisfaction"] {
        let chosen = job.standard.rule(&rule(name)).unwrap().ask().cloned().unwrap();
        let jobsheet_core::standard::Ask::Choice { options } = chosen else { panic!("{name} is no choice") };
        let value = AnswerValue::Choice(options[0].id.clone());
        job.office(Command::Answer { item: rule(name), value }).unwrap();
    }
    job.office_report("archived");
    job.office(Command::Close).unwrap();
    let assessment = job.assess();
    assert_eq!(assessment.state.id, "closed");
    let open: Vec<_> = assessment
        .findings
        .iter()
        .filter(|finding| matches!(finding.status, Status::Violated | Status::Outstanding))
        .map(|finding| (&finding.rule, finding.status, &finding.missing))
        .collect();
    assert!(open.is_empty(), "{open:#?}");
    let late: Vec<_> = assessment.milestones.iter().filter(|milestone| milestone.is_missed()).collect();
    assert!(late.is_empty(), "{late:#?}");
}

#[test]
fn work_does_not_start_without_consent() {
    let mut job = Job::arrived("normal");
    job.go(Command::Diagnose);
    let refusal = job.refused(Command::ObtainConsent { granted: true, note: None });
    let Refusal::NotYet { needs } = refusal else { panic!("{refusal:?}") };
    let rules: Vec<&str> = needs.iter().map(|need| need.rule.as_str()).collect();
    assert_eq!(
        rules,
        [
            "execution-form.explain-problem",
            "execution-form.explain-solution",
            "execution-form.state-duration"
        ]
    );
    assert_eq!(needs[0].clause, "第三步.操作要点.问题诊断");
    let refusal = job.refused(Command::Start);
    assert!(matches!(&refusal, Refusal::WrongState { state, .. } if state == "diagnosed"), "{refusal:?}");
}

#[test]
fn next_leads_through_the_visit() {
    let mut job = Job::dispatched("normal");
    let steps = |job: &Job| next(job.visit.record(), &job.standard, Side::Field, job.now.instant());
    let first = steps(&job);
    assert!(!first.is_empty());
    assert!(first.iter().all(|step| !step.text.zh.is_empty()));
    job.at("08:10").go(Command::Accept);
    let gates: Vec<String> = steps(&job)
        .into_iter()
        .filter(|step| matches!(step.reason, Why::Gate { .. }))
        .filter_map(|step| step.rule)
        .collect();
    assert!(gates.is_empty() || gates.contains(&rule("confirm-address-time")), "{gates:?}");
    job = Job::handed_over("normal");
    assert!(steps(&job).iter().any(|step| step.command == "sign"), "{:#?}", steps(&job));
}

#[test]
fn a_signed_record_is_sealed() {
    let mut job = Job::handed_over("normal");
    job.survey("satisfied").sign("customer");
    let refusal = job.refused(Command::Answer { item: rule("test-run"), value: AnswerValue::Yes(false) });
    assert!(matches!(refusal, Refusal::Sealed { rule: Some(_) }), "{refusal:?}");
    let refusal =
        job.refused(Command::Sign { role: "customer".into(), name: "Chen".into(), image_sha256: None });
    assert!(matches!(refusal, Refusal::Sealed { .. }), "{refusal:?}");
    job.sign("technician").go(Command::Leave);
    assert_eq!(job.assess().state.id, "left");
}

#[test]
fn a_failed_test_reopens_the_work() {
    let mut job = Job::in_work("normal");
    job.at("11:00").go(Command::Finish);
    assert_eq!(job.assess().state.id, "verifying");
    job.go(Command::Reopen { reason: "still noisy".to_owned() });
    assert_eq!(job.assess().state.id, "in-work");
    job.at("11:30").go(Command::Finish);
    assert_eq!(job.assess().state.id, "verifying");
}

#[test]
fn saved_and_loaded_it_is_the_same_visit() {
    let job = Job::left("urgent", "dissatisfied");
    let loaded = Document::load(&job.visit.save()).unwrap();
    assert_eq!(loaded.record(), job.visit.record());
    assert_eq!(loaded.heads(), job.visit.heads());
    let changes: Vec<Vec<u8>> = job.visit.changes().into_iter().map(|change| change.bytes).collect();
    let rebuilt = Document::from_changes(&changes).unwrap();
    assert_eq!(rebuilt.record(), job.visit.record());
}

#[test]
fn an_urgent_visit_is_met_at_two_hours_and_late_a_second_after() {
    let until = rule("urgent-arrival-2h");
    for (arrival, state) in [
        ("2026-03-02T09:50:00+08:00", MilestoneState::Met),
        ("2026-03-02T09:50:01+08:00", MilestoneState::MetLate),
    ] {
        let mut job = Job::dispatched("urgent");
        job.at("08:10").go(Command::Accept).yes("confirm-address-time");
        job.go(Command::ConfirmAppointment { channel: "sms".to_owned() }).go(Command::Depart);
        job.on(arrival).go(Command::Arrive);
        let assessment = job.assess();
        assert_eq!(assessment.milestone(&until).unwrap().state, state, "{arrival}");
        assert_eq!(assessment.milestone(&until).unwrap().due, Some(moment("2026-03-02T09:50:00+08:00")));
    }
}

#[test]
fn the_tally_of_a_list_row_is_the_outcome_of_the_whole_judgement() {
    let mut jobs = vec![
        Job::dispatched("urgent"),
        Job::in_work("normal"),
        Job::handed_over("urgent"),
        Job::left("urgent", "dissatisfied"),
    ];
    jobs[1].report("objection-raised").report("cannot-fix-on-site");
    for mut job in jobs {
        for time in ["2026-03-02T11:40:00+08:00", "2026-03-04T18:00:00+08:00"] {
            let now = job.on(time).now.instant();
            let whole = job.assess();
            let sides =
                [Side::Field, Side::Office].map(|side| tally(job.visit.record(), &job.standard, side, now));
            let tally = &sides[0];
            assert_eq!((&tally.state, tally.counts), (&whole.state, whole.counts));
            let both: usize = sides.iter().map(|tally| tally.owed).sum();
            assert!(both >= whole.counts.outstanding && tally.owed < whole.counts.outstanding, "{sides:?}");
            let running = whole.milestones.iter().filter(|status| status.state == MilestoneState::Running);
            assert_eq!(tally.next_due, running.filter_map(|status| status.due).min());
            let (judged, steps) = judge(job.visit.record(), &job.standard, Side::Field, now);
            assert_eq!(judged, whole);
            assert_eq!(steps, next(job.visit.record(), &job.standard, Side::Field, now));
        }
    }
}
