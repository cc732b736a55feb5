//! Acceptance, upload, call-back and improvement.

use jobsheet_core::assess::Status::{NotApplicable, Outstanding, Satisfied, Violated};
use jobsheet_core::record::{AnswerValue, Command, SideState, SurveyAnswer};

use super::common::{Job, rule};
use super::{Case, case};

fn finished(act: fn(&mut Job)) -> Job {
    let mut job = Job::in_work("normal");
    job.at("11:00").go(Command::Finish);
    act(&mut job);
    job
}

fn handed_over(act: fn(&mut Job)) -> Job {
    let mut job = Job::handed_over("normal");
    act(&mut job);
    job
}

fn left(level: &str, act: fn(&mut Job)) -> Job {
    let mut job = Job::left("normal", level);
    job.at("12:00");
    act(&mut job);
    job
}

fn objected(act: fn(&mut Job)) -> Job {
    let mut job = Job::handed_over("normal");
    job.report("objection-raised");
    act(&mut job);
    job
}

fn nothing(_: &mut Job) {}

fn choose(job: &mut Job, item: &str, option: &str) {
    job.office_answer(item, AnswerValue::Choice(option.to_owned()));
}

pub(super) fn cases() -> Vec<Case> {
    let fourth = "第四步.操作要点";
    vec![
        case(
            "test-run",
            fourth,
            (Satisfied, || {
                finished(|job| {
                    job.yes("test-run");
                })
            }),
            (Violated, || {
                finished(|job| {
                    job.no("test-run");
                })
            }),
        ),
        case(
            "problem-solved",
            fourth,
            (Satisfied, || {
                finished(|job| {
                    job.yes("problem-solved");
                })
            }),
            (Violated, || {
                finished(|job| {
                    job.no("problem-solved");
                })
            }),
        ),
        case(
            "explain-precautions",
            fourth,
            (Satisfied, || handed_over(nothing)),
            (Outstanding, || finished(nothing)),
        ),
        case(
            "customer-sign",
            "第四步.操作要点; 模板.客户签字确认",
            (Satisfied, || {
                handed_over(|job| {
                    job.sign("customer");
                })
            }),
            (Outstanding, || handed_over(nothing)),
        ),
        case(
            "field-technician-signature",
            "模板.服务人员签字",
            (Satisfied, || {
                handed_over(|job| {
                    job.sign("technician");
                })
            }),
            (Outstanding, || handed_over(nothing)),
        ),
        case(
            "field-satisfaction",
            "第四步.操作要点; 模板.满意度评价",
            (Satisfied, || {
                handed_over(|job| {
                    job.survey("satisfied");
                })
            }),
            (Outstanding, || handed_over(nothing)),
        ),
        // The customer need not say anything; only a person finds that no room was offered.
        case(
            "field-comments",
            "第四步.操作要点; 模板.客户评价/建议",
            (Satisfied, || {
                handed_over(|job| {
                    let words = Some("quick".to_owned());
                    job.go(Command::Survey(SurveyAnswer { level: "satisfied".to_owned(), words }));
                })
            }),
            (Violated, || {
                handed_over(|job| {
                    job.breach("field-comments", "complaint");
                })
            }),
        ),
        case(
            "objection-record",
            "第四步.关键动作",
            (Satisfied, || {
                objected(|job| {
                    job.note("objection", "says it is still loud");
                })
            }),
            (Outstanding, || objected(nothing)),
        ),
        case(
            "upload-contents",
            "第五步.操作要点",
            (Satisfied, || left("satisfied", nothing)),
            (Outstanding, || {
                finished(|job| {
                    job.yes("test-run").yes("problem-solved").go(Command::HandOver).sign("customer");
                })
            }),
        ),
        case(
            "callback-status",
            "第五步.操作要点",
            (Satisfied, || left("satisfied", |job| choose(job, "callback-status", "stands-still"))),
            (Outstanding, || left("satisfied", nothing)),
        ),
        case(
            "callback-satisfaction",
            "第五步.操作要点; 模板.回访记录; 模板.回访时间",
            (Satisfied, || left("satisfied", |job| choose(job, "callback-satisfaction", "satisfied"))),
            (Outstanding, || left("satisfied", nothing)),
        ),
        case(
            "callback-archive",
            "第五步.操作要点",
            (Satisfied, || {
                left("satisfied", |job| {
                    job.office_report("follow-up-done");
                    choose(job, "callback-status", "runs-well");
                    choose(job, "callback-satisfaction", "satisfied");
                })
            }),
            (Outstanding, || {
                left("satisfied", |job| {
                    job.office_report("follow-up-done");
                })
            }),
        ),
        case(
            "field-follow-up-time",
            "模板.回访时间",
            (Satisfied, || {
                left("satisfied", |job| {
                    job.office_report("follow-up-done");
                })
            }),
            (Outstanding, || left("satisfied", nothing)),
        ),
        case(
            "field-archive-date",
            "模板.归档日期",
            (Satisfied, || {
                left("satisfied", |job| {
                    job.office_report("record-uploaded").office_report("archived");
                })
            }),
            (Outstanding, || {
                left("satisfied", |job| {
                    job.office_report("record-uploaded");
                })
            }),
        ),
        case(
            "retrieve-original",
            "使用关键提示.客户隐私保护",
            (Satisfied, || {
                left("satisfied", |job| {
                    job.office_report("record-uploaded");
                })
            }),
            (Outstanding, || left("satisfied", nothing)),
        ),
        case(
            "dissatisfied-analysis",
            "第五步.关键动作",
            (Satisfied, || {
                left("dissatisfied", |job| {
                    job.office_answer("dissatisfied-analysis", AnswerValue::Text("came late".to_owned()));
                })
            }),
            (Outstanding, || left("dissatisfied", nothing)),
        ),
    ]
}

#[test]
fn a_photo_that_was_due_before_the_signature_is_missed_after_it() {
    let mut job = Job::in_work("normal");
    job.part(None).at("11:00").go(Command::Finish);
    job.yes("test-run").yes("problem-solved").go(Command::HandOver);
    assert_eq!(job.status("photo-key-steps"), Outstanding);
    job.at("11:20").sign("customer");
    assert_eq!(job.status("photo-key-steps"), Violated);
}

#[test]
fn a_duty_done_after_what_it_had_to_precede_is_violated_and_says_so() {
    let mut job = Job::dispatched("normal");
    job.at("08:10").go(Command::Accept).yes("confirm-address-time");
    job.go(Command::ConfirmAppointment { channel: "phone".to_owned() }).at("09:00").go(Command::Depart);
    // Said again it stays as early as it was; changed and changed back it is as late as the last change.
    job.at("09:10").yes("confirm-address-time");
    assert_eq!(job.status("confirm-address-time"), Satisfied);
    job.no("confirm-address-time").at("09:20").yes("confirm-address-time");
    let assessment = job.assess();
    let finding = assessment.finding(&rule("confirm-address-time")).unwrap();
    assert_eq!((finding.status, &finding.missing[..]), (Violated, &["after event.departed".to_owned()][..]));
}

#[test]
fn the_customers_change_of_mind_is_no_contradiction() {
    let mut job = Job::arrived("normal");
    job.go(Command::Diagnose).yes("explain-problem").yes("explain-solution").text("state-duration", "1 h");
    job.go(Command::ObtainConsent { granted: false, note: None });
    assert_eq!(job.assess().state.side, Some(SideState::Refused));
    assert_eq!(job.status("customer-sign"), NotApplicable);
    job.go(Command::ObtainConsent { granted: true, note: None });
    let state = job.assess().state;
    assert_eq!((state.side, state.contradictions), (None, Vec::new()));
    // What was refused and then agreed to is signed for like any other work.
    job.go(Command::Start).go(Command::Finish);
    assert_eq!(job.status("customer-sign"), Outstanding);
    let refusal = job.refused(Command::Leave);
    assert_eq!(refusal.rules()[0].clause, "第四步.操作要点; 模板.客户签字确认");
}
