//! Deadlines: each figure on both sides, and what a missed one asks for.

use jiff::ToSpan;
use jobsheet_core::Moment;
use jobsheet_core::assess::MilestoneState::{Breached, Met, MetLate, NotApplicable, NotStarted, Running};
use jobsheet_core::assess::Status::{self, Outstanding, Satisfied, Violated};
use jobsheet_core::record::Command;

use super::common::{Job, RECEIVED, moment, rule};
use super::{Case, case};

/// A deadline with a figure: a visit in which it runs, when it is due, and what ends it.
struct Figure {
    rule: &'static str,
    clause: &'static str,
    running: fn() -> Job,
    due: &'static str,
    end: fn(&mut Job),
}

fn office(event: &'static str, job: &mut Job) {
    job.office_report(event);
}

fn figures() -> Vec<Figure> {
    vec![
        Figure {
            rule: "urgent-escalate-30min",
            clause: "第一步.关键动作",
            running: || Job::registered("urgent", RECEIVED),
            due: "2026-03-02T08:30:00+08:00",
            end: |job| office("supervisor-alerted", job),
        },
        // An hour before the agreed start at 10:00.
        Figure {
            rule: "check-tools-1h",
            clause: "第二步.关键动作",
            running: || Job::dispatched("normal"),
            due: "2026-03-02T09:00:00+08:00",
            end: |job| {
                job.go(Command::Prepare);
            },
        },
        Figure {
            rule: "objection-reply-24h",
            clause: "第四步.关键动作",
            running: || {
                let mut job = Job::handed_over("normal");
                job.at("11:12").report("objection-raised");
                job
            },
            due: "2026-03-03T11:12:00+08:00",
            end: |job| office("reply-given", job),
        },
        // From the signature at 11:20, not from leaving at 11:30.
        Figure {
            rule: "upload-24h",
            clause: "第五步.操作要点",
            running: || Job::left("normal", "satisfied"),
            due: "2026-03-03T11:20:00+08:00",
            end: |job| office("record-uploaded", job),
        },
        // From the end of the work at 11:00.
        Figure {
            rule: "callback-3-days",
            clause: "第五步.操作要点",
            running: || Job::left("normal", "satisfied"),
            due: "2026-03-05T11:00:00+08:00",
            end: |job| office("follow-up-done", job),
        },
        // From the rating at 11:15.
        Figure {
            rule: "dissatisfied-measures-48h",
            clause: "第五步.关键动作",
            running: || Job::left("normal", "dissatisfied"),
            due: "2026-03-04T11:15:00+08:00",
            end: |job| office("improvement-set", job),
        },
        Figure {
            rule: "dissatisfied-feedback",
            clause: "第五步.关键动作",
            running: || Job::left("normal", "dissatisfied"),
            due: "2026-03-04T11:15:00+08:00",
            end: |job| office("reply-given", job),
        },
        // From the receipt at 07:50.
        Figure {
            rule: "normal-response-24h",
            clause: "使用关键提示.服务时效性",
            running: || Job::registered("normal", RECEIVED),
            due: "2026-03-03T07:50:00+08:00",
            end: |job| office("first-response-given", job),
        },
        Figure {
            rule: "urgent-arrival-2h",
            clause: "使用关键提示.服务时效性",
            running: || {
                let mut job = Job::dispatched("urgent");
                job.at("08:10").go(Command::Accept).yes("confirm-address-time");
                job.go(Command::ConfirmAppointment { channel: "phone".to_owned() }).go(Command::Depart);
                job
            },
            due: "2026-03-02T09:50:00+08:00",
            end: |job| {
                job.go(Command::Arrive);
            },
        },
    ]
}

fn figure(name: &str) -> Figure {
    figures().into_iter().find(|figure| figure.rule == name).unwrap()
}

fn seconds_after(moment: Moment, seconds: i64) -> Moment {
    Moment::new(moment.instant().checked_add(seconds.seconds()).unwrap(), moment.offset())
}

/// The visit with the deadline ended so many seconds after it was due.
fn ended(name: &str, seconds: i64) -> Job {
    let figure = figure(name);
    let mut job = (figure.running)();
    job.now = seconds_after(moment(figure.due), seconds);
    (figure.end)(&mut job);
    job
}

fn upload_missed() -> Job {
    ended("upload-24h", 1)
}

pub(super) fn cases() -> Vec<Case> {
    macro_rules! figure {
        ($name:literal) => {
            case($name, figure($name).clause, (Satisfied, || ended($name, 0)), (Violated, || ended($name, 1)))
        };
    }
    vec![
        figure!("urgent-escalate-30min"),
        figure!("check-tools-1h"),
        figure!("objection-reply-24h"),
        figure!("upload-24h"),
        figure!("callback-3-days"),
        figure!("dissatisfied-measures-48h"),
        figure!("dissatisfied-feedback"),
        figure!("normal-response-24h"),
        figure!("urgent-arrival-2h"),
        case(
            "overdue-reason",
            "使用关键提示.服务时效性",
            (Satisfied, || {
                let mut job = explained(&["upload-24h", "normal-response-24h", "check-tools-1h"]);
                job.now = moment("2026-03-03T12:00:00+08:00");
                job
            }),
            (Outstanding, upload_missed),
        ),
        case(
            "overdue-escalate",
            "使用关键提示.服务时效性",
            (Satisfied, || {
                let mut job = escalated(&["upload-24h", "normal-response-24h", "check-tools-1h"]);
                job.now = moment("2026-03-03T12:00:00+08:00");
                job
            }),
            (Outstanding, upload_missed),
        ),
        // "At once" has no figure: it is owed until it is done.
        case(
            "major-fault-escalate",
            "使用关键提示.问题升级机制",
            (Satisfied, || {
                let mut job = Job::in_work("normal");
                job.report("major-fault-found").report("director-told");
                job
            }),
            (Outstanding, || {
                let mut job = Job::in_work("normal");
                job.report("major-fault-found");
                job
            }),
        ),
    ]
}

fn explained(milestones: &[&str]) -> Job {
    let mut job = upload_missed();
    for milestone in milestones {
        job.go(Command::ExplainDelay { milestone: rule(milestone), reason: "road closed".to_owned() });
    }
    job
}

fn escalated(milestones: &[&str]) -> Job {
    let mut job = upload_missed();
    for milestone in milestones {
        job.go(Command::Escalate { milestone: rule(milestone), to: "supervisor".to_owned() });
    }
    job
}

#[test]
fn each_figure_holds_at_the_limit_and_is_missed_a_second_later() {
    for figure in figures() {
        let id = rule(figure.rule);
        let due = moment(figure.due);
        let job = (figure.running)();
        for (now, state, status, left) in
            [(due, Running, Outstanding, 0), (seconds_after(due, 1), Breached, Violated, -1)]
        {
            let assessment = job.assess_at(now);
            let milestone = assessment.milestone(&id).unwrap();
            assert_eq!((milestone.state, milestone.due), (state, Some(due)), "{id} at {now}");
            assert_eq!((milestone.left_seconds, milestone.ended), (Some(left), None), "{id} at {now}");
            assert_eq!(milestone.clause, figure.clause);
            assert!(!milestone.tell.is_empty(), "{id}: nobody is told");
            assert_eq!(assessment.finding(&id).unwrap().status, status, "{id} at {now}");
        }
        for (seconds, state, status) in [(-1, Met, Satisfied), (0, Met, Satisfied), (1, MetLate, Violated)] {
            let job = ended(figure.rule, seconds);
            let much_later = seconds_after(due, 1_000_000);
            for now in [job.now, much_later] {
                let assessment = job.assess_at(now);
                let milestone = assessment.milestone(&id).unwrap();
                assert_eq!(
                    (milestone.state, milestone.left_seconds),
                    (state, Some(-seconds)),
                    "{id} at {now}"
                );
                assert_eq!(milestone.ended, Some(job.now), "{id}");
                assert_eq!(assessment.finding(&id).unwrap().status, status, "{id} at {now}");
            }
        }
    }
}

#[test]
fn a_missed_deadline_asks_for_its_reason_and_for_an_escalation() {
    for figure in figures() {
        let id = rule(figure.rule);
        let mut job = ended(figure.rule, 1);
        let asked = |job: &Job, name: &str| job.assess().finding(&rule(name)).unwrap().missing.contains(&id);
        assert!(asked(&job, "overdue-reason") && asked(&job, "overdue-escalate"), "{id}");
        let explain = Command::ExplainDelay { milestone: id.clone(), reason: "road closed".to_owned() };
        let escalate = Command::Escalate { milestone: id.clone(), to: "service-director".to_owned() };
        job.office(explain).unwrap();
        assert!(!asked(&job, "overdue-reason") && asked(&job, "overdue-escalate"), "{id}");
        job.office(escalate).unwrap();
        assert!(!asked(&job, "overdue-escalate"), "{id}");
        let assessment = job.assess();
        let milestone = assessment.milestone(&id).unwrap();
        assert_eq!(
            (milestone.state, milestone.reason.as_deref()),
            (MetLate, Some("road closed")),
            "a reason heals nothing"
        );
        assert_eq!(milestone.escalated_to, ["service-director"]);
        assert_eq!(assessment.finding(&id).unwrap().note.as_deref(), Some("road closed"));
    }
}

#[test]
fn a_reason_is_asked_for_while_the_breach_lasts_too_and_for_nothing_else() {
    let job = Job::registered("urgent", RECEIVED);
    let status =
        |job: &Job, now: &str| job.assess_at(moment(now)).finding(&rule("overdue-reason")).unwrap().status;
    assert_eq!(status(&job, "2026-03-02T08:30:00+08:00"), Status::NotApplicable);
    assert_eq!(status(&job, "2026-03-02T08:30:01+08:00"), Outstanding);
}

#[test]
fn deadlines_that_do_not_apply_or_have_not_begun_say_so() {
    let state = |job: &Job, name: &str| job.assess().milestone(&rule(name)).unwrap().state;
    let normal = Job::registered("normal", RECEIVED);
    assert_eq!(state(&normal, "urgent-arrival-2h"), NotApplicable);
    assert_eq!(state(&normal, "check-tools-1h"), NotStarted);
    let mut objected = Job::handed_over("normal");
    assert_eq!(state(&objected, "objection-reply-24h"), NotApplicable);
    objected.report("objection-raised");
    assert_eq!(state(&objected, "objection-reply-24h"), Running);
    objected.report("objection-settled");
    assert_eq!(state(&objected, "objection-reply-24h"), NotApplicable, "settled on the spot");
}

#[test]
fn at_once_is_never_overdue_by_itself() {
    let mut job = Job::in_work("normal");
    job.report("major-fault-found");
    let much_later = moment("2027-03-02T08:00:00+08:00");
    let assessment = job.assess_at(much_later);
    let milestone = assessment.milestone(&rule("major-fault-escalate")).unwrap();
    assert_eq!((milestone.state, milestone.due, milestone.left_seconds), (Running, None, None));
}

#[test]
fn a_new_date_moves_the_deadline_before_it() {
    let mut job = Job::dispatched("normal");
    job.office(Command::Dispatch {
        crew: vec!["tech-1".to_owned()],
        start: moment("2026-03-02T14:00:00+08:00"),
        end: moment("2026-03-02T15:00:00+08:00"),
        tools: Vec::new(),
    })
    .unwrap();
    let assessment = job.assess();
    let milestone = assessment.milestone(&rule("check-tools-1h")).unwrap();
    assert_eq!(milestone.due, Some(moment("2026-03-02T13:00:00+08:00")));
}
