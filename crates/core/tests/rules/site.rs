//! Arrival, diagnosis, consent and work.

use jobsheet_core::assess::Status::{Outstanding, Satisfied, Violated};
use jobsheet_core::record::{AnswerValue, Command};

use super::common::{Job, RECEIVED, moment, order, rule};
use super::{Case, case};

/// An arrived visit, and what is done there.
fn arrived(act: fn(&mut Job)) -> Job {
    let mut job = Job::arrived("normal");
    act(&mut job);
    job
}

fn diagnosed(act: fn(&mut Job)) -> Job {
    let mut job = Job::arrived("normal");
    job.go(Command::Diagnose);
    act(&mut job);
    job
}

fn in_work(act: fn(&mut Job)) -> Job {
    let mut job = Job::in_work("normal");
    act(&mut job);
    job
}

fn nothing(_: &mut Job) {}

fn placeless() -> Job {
    let mut order = order("normal");
    order.remove("location").expect("the order has a place");
    let mut job = Job::ordered(order, RECEIVED);
    job.dispatch().go(Command::Accept).yes("confirm-address-time");
    job.go(Command::ConfirmAppointment { channel: "phone".to_owned() })
        .go(Command::Depart)
        .go(Command::Arrive);
    job
}

pub(super) fn cases() -> Vec<Case> {
    let diagnosis = "第三步.操作要点.问题诊断";
    let service = "第三步.操作要点.服务实施";
    let key = "第三步.关键动作";
    vec![
        case(
            "show-badge",
            "第三步.操作要点.服务礼仪",
            (Satisfied, || {
                arrived(|job| {
                    job.go(Command::PresentBadge);
                })
            }),
            (Outstanding, || arrived(nothing)),
        ),
        // The time follows from the steps, so only a person finds it wrong.
        case(
            "field-service-time",
            "模板.服务时间",
            (Satisfied, || arrived(nothing)),
            (Violated, || {
                arrived(|job| {
                    job.breach("field-service-time", "audit");
                })
            }),
        ),
        case(
            "field-service-place",
            "模板.服务地点",
            (Satisfied, || arrived(nothing)),
            (Outstanding, placeless),
        ),
        case(
            "diagnose-procedure",
            diagnosis,
            (Satisfied, || {
                arrived(|job| {
                    job.yes("diagnose-procedure");
                })
            }),
            (Violated, || {
                arrived(|job| {
                    job.no("diagnose-procedure");
                })
            }),
        ),
        case(
            "professional-tools",
            diagnosis,
            (Satisfied, || {
                arrived(|job| {
                    job.yes("professional-tools");
                })
            }),
            (Violated, || {
                arrived(|job| {
                    job.no("professional-tools");
                })
            }),
        ),
        case(
            "record-cause",
            "第三步.操作要点.问题诊断; 使用关键提示.记录完整性",
            (Satisfied, || {
                diagnosed(|job| {
                    job.note("cause", "belt worn");
                })
            }),
            (Outstanding, || diagnosed(nothing)),
        ),
        case(
            "explain-problem",
            diagnosis,
            (Satisfied, || {
                diagnosed(|job| {
                    job.yes("explain-problem");
                })
            }),
            (Violated, || {
                diagnosed(|job| {
                    job.no("explain-problem");
                })
            }),
        ),
        case(
            "explain-solution",
            diagnosis,
            (Satisfied, || {
                diagnosed(|job| {
                    job.yes("explain-solution");
                })
            }),
            (Violated, || {
                diagnosed(|job| {
                    job.no("explain-solution");
                })
            }),
        ),
        case(
            "state-duration",
            diagnosis,
            (Satisfied, || {
                diagnosed(|job| {
                    job.text("state-duration", "one hour");
                })
            }),
            (Outstanding, || diagnosed(nothing)),
        ),
        case(
            "consent-first",
            service,
            (Satisfied, || in_work(nothing)),
            (Outstanding, || diagnosed(nothing)),
        ),
        case(
            "protect-site",
            service,
            (Satisfied, || {
                in_work(|job| {
                    job.photo("protect-site", None);
                })
            }),
            (Outstanding, || in_work(nothing)),
        ),
        case(
            "photo-key-steps",
            service,
            (Satisfied, || {
                in_work(|job| {
                    job.part(None)
                        .photo("photo-key-steps", Some("before"))
                        .photo("photo-key-steps", Some("after"));
                })
            }),
            (Outstanding, || {
                in_work(|job| {
                    job.part(None).photo("photo-key-steps", Some("before"));
                })
            }),
        ),
        case(
            "temporary-plan",
            key,
            (Satisfied, || {
                in_work(|job| {
                    job.report("cannot-fix-on-site").note("temporary-plan", "loan unit");
                })
            }),
            (Outstanding, || {
                in_work(|job| {
                    job.report("cannot-fix-on-site");
                })
            }),
        ),
        case(
            "temporary-next-time",
            key,
            (Satisfied, || {
                in_work(|job| {
                    let value = AnswerValue::Time(moment("2026-03-05T09:00:00+08:00"));
                    job.report("cannot-fix-on-site");
                    job.go(Command::Answer { item: rule("temporary-next-time"), value });
                })
            }),
            (Outstanding, || {
                in_work(|job| {
                    job.report("cannot-fix-on-site");
                })
            }),
        ),
        case(
            "field-process-record",
            "模板.服务过程记录",
            (Satisfied, || {
                in_work(|job| {
                    job.note("solution", "belt changed").note("steps", "opened, changed");
                })
            }),
            (Outstanding, || {
                in_work(|job| {
                    job.note("solution", "belt changed");
                })
            }),
        ),
        case(
            "record-complete",
            "使用关键提示.记录完整性",
            (Satisfied, || {
                in_work(|job| {
                    job.note("solution", "belt changed");
                })
            }),
            (Outstanding, || in_work(nothing)),
        ),
        case(
            "record-communication",
            "使用关键提示.记录完整性",
            (Satisfied, || {
                diagnosed(|job| {
                    job.note("communication", "told about the belt");
                })
            }),
            (Outstanding, || diagnosed(nothing)),
        ),
        // An empty box is right where nothing was replaced; only a person finds a part that is not named.
        case(
            "field-parts-replaced",
            "模板.备件更换(如有)",
            (Satisfied, || {
                in_work(|job| {
                    job.part(None);
                })
            }),
            (Violated, || {
                in_work(|job| {
                    job.breach("field-parts-replaced", "audit");
                })
            }),
        ),
        case(
            "old-for-new",
            "使用关键提示.工具备件管理",
            (Satisfied, || {
                in_work(|job| {
                    job.part(Some(true));
                })
            }),
            (Outstanding, || {
                in_work(|job| {
                    job.part(Some(false));
                })
            }),
        ),
        case(
            "old-parts-collect",
            "使用关键提示.工具备件管理",
            (Satisfied, || {
                in_work(|job| {
                    job.part(Some(true)).office_report("old-parts-collected");
                })
            }),
            (Outstanding, || {
                in_work(|job| {
                    job.part(Some(true));
                })
            }),
        ),
        case(
            "old-parts-register",
            "使用关键提示.工具备件管理",
            (Satisfied, || {
                in_work(|job| {
                    job.part(Some(true)).office_report("old-parts-registered");
                })
            }),
            (Outstanding, || {
                in_work(|job| {
                    job.part(Some(true)).office_report("old-parts-collected");
                })
            }),
        ),
        case(
            "emergency-plan",
            "使用关键提示.问题升级机制",
            (Satisfied, || {
                in_work(|job| {
                    job.report("major-fault-found").office_report("emergency-plan-started");
                })
            }),
            (Outstanding, || {
                in_work(|job| {
                    job.report("major-fault-found");
                })
            }),
        ),
    ]
}
