//! Conduct, scripts, principles and privacy: silence is no breach, an attestation satisfies, a report breaks.

use jobsheet_core::assess::Status::{self, Guidance, NotYetDue, Satisfied, Violated};
use jobsheet_core::record::{AnswerValue, Command, Exception, SurveyAnswer};
use jobsheet_core::standard::{Check, Side};

use super::common::{Job, RECEIVED, rule, standard};
use super::{Case, case};

/// A visit in which every phase of conduct has begun.
fn all_begun() -> Job {
    let mut job = Job::in_work("normal");
    job.report("objection-raised");
    job
}

fn attested(phase: &str) -> Job {
    let mut job = all_begun();
    job.attest(phase);
    job
}

fn reported(name: &str, source: &str) -> Job {
    let mut job = all_begun();
    job.breach(name, source);
    job
}

fn excepted(phase: &str, name: &str) -> Job {
    let mut job = all_begun();
    let exceptions = vec![Exception { rule: rule(name), reason: "was not so".to_owned() }];
    job.go(Command::Attest { phase: phase.to_owned(), exceptions, role: None });
    job
}

pub(super) fn cases() -> Vec<Case> {
    let manners = "第三步.操作要点.服务礼仪";
    let key = "第三步.关键动作";
    vec![
        case(
            "traceable",
            "适用工作场景",
            (Guidance, all_begun),
            (Violated, || reported("traceable", "audit")),
        ),
        case(
            "reminder-script",
            "第二步.关键动作",
            (Satisfied, || attested("appointment")),
            (Violated, || reported("reminder-script", "complaint")),
        ),
        case(
            "uniform",
            manners,
            (Satisfied, || attested("arrive")),
            (Violated, || excepted("arrive", "uniform")),
        ),
        case(
            "greet-script",
            manners,
            (Satisfied, || attested("greet")),
            (Violated, || reported("greet-script", "survey")),
        ),
        case(
            "no-change-of-content",
            key,
            (Satisfied, || attested("work")),
            (Violated, || reported("no-change-of-content", "audit")),
        ),
        case(
            "no-extra-promise",
            key,
            (Satisfied, || attested("work")),
            (Violated, || excepted("work", "no-extra-promise")),
        ),
        case(
            "objection-explain",
            "第四步.关键动作",
            (Satisfied, || attested("verify")),
            (Violated, || reported("objection-explain", "complaint")),
        ),
        case(
            "record-no-omission",
            "使用关键提示.记录完整性",
            (Satisfied, || attested("report")),
            (Violated, || reported("record-no-omission", "audit")),
        ),
        case(
            "tools-regular-check",
            "使用关键提示.工具备件管理",
            (Satisfied, || attested("prepare")),
            (Violated, || reported("tools-regular-check", "self")),
        ),
        case(
            "privacy-minimum",
            "使用关键提示.客户隐私保护",
            (Guidance, all_begun),
            (Violated, || {
                let mut job = all_begun();
                job.note("communication", "identity card 11010519491231002X");
                job
            }),
        ),
    ]
}

#[test]
fn a_breach_reported_by_anyone_violates_its_rule_and_no_other() {
    let job = all_begun();
    let before = job.assess();
    for known in &standard().pack().rules {
        for source in ["self", "survey", "audit", "complaint"] {
            let mut job = job.clone();
            let command = Command::ReportBreach {
                rule: known.id.clone(),
                source: source.to_owned(),
                note: "seen by someone".to_owned(),
            };
            // What the person says himself and what the customer writes down come from the site.
            if source == "self" || source == "survey" {
                job.go(command);
            } else {
                job.office(command).unwrap();
            }
            for (was, is) in before.findings.iter().zip(&job.assess().findings) {
                if is.rule == known.id {
                    assert_eq!(is.status, Violated, "{}", is.rule);
                    assert_eq!(is.note.as_deref(), Some("seen by someone"));
                    assert_eq!(is.evidence[0].source, format!("breach.{source}"));
                    assert_eq!(is.clause, known.clause);
                } else {
                    assert_eq!(was.status, is.status, "{} after a breach of {}", is.rule, known.id);
                }
            }
        }
    }
}

/// Statuses of what is conduct, a script or a principle.
fn silent(job: &Job) -> Vec<(String, Status)> {
    let standard = standard();
    let soft = |id: &str| {
        let check = &standard.rule(id).unwrap().check;
        matches!(check, Check::Conduct(_) | Check::Script(_) | Check::Guidance(_) | Check::Privacy(_))
    };
    job.assess()
        .findings
        .into_iter()
        .filter(|finding| soft(&finding.rule))
        .map(|finding| (finding.rule, finding.status))
        .collect()
}

#[test]
fn an_unticked_box_is_never_a_breach() {
    let visits = vec![
        Job::registered("normal", RECEIVED),
        Job::dispatched("normal"),
        Job::arrived("urgent"),
        Job::in_work("normal"),
        Job::handed_over("normal"),
        Job::left("urgent", "dissatisfied"),
    ];
    for job in visits {
        for (rule, status) in silent(&job) {
            assert!(
                matches!(status, Guidance | NotYetDue),
                "{rule} is {status:?} though nobody said anything"
            );
        }
        // What is asked and not answered is at most owed; the photo and the items before a gate are looked at elsewhere.
        let assessment = job.assess();
        let broken = assessment.findings.iter().filter(|finding| finding.status == Violated);
        let broken: Vec<&str> =
            broken.filter(|found| found.kind != "milestone").map(|found| found.rule.as_str()).collect();
        assert!(broken.is_empty(), "{broken:?} in {}", assessment.state.id);
    }
}

#[test]
fn an_attestation_from_before_the_duty_began_proves_nothing() {
    let mut job = Job::arrived("normal");
    job.attest("work");
    assert_eq!(job.status("no-extra-promise"), Satisfied, "begins with the arrival");
    assert_eq!(job.status("no-change-of-content"), NotYetDue, "begins with the work");
    let mut job = Job::arrived("normal");
    job.attest("work");
    job.at("10:10").go(Command::Diagnose);
    job.yes("explain-problem").yes("explain-solution").text("state-duration", "one hour");
    job.go(Command::ObtainConsent { granted: true, note: None }).at("10:20").go(Command::Start);
    assert_eq!(job.status("no-change-of-content"), Guidance, "attested before there was any work");
    job.at("10:30").attest("work");
    assert_eq!(job.status("no-change-of-content"), Satisfied);
}

#[test]
fn identity_numbers_are_found_wherever_a_person_writes() {
    const NUMBER: &str = "11010519491231002X";
    let words = || format!("card {NUMBER}");
    let photo = Command::AddPhoto {
        sha256: "ab".repeat(32),
        size: 1,
        media_type: "image/jpeg".to_owned(),
        item: None,
        moment: None,
        caption: Some(words()),
        pair_with: None,
        shot: None,
    };
    let document = Command::AddDocument {
        sha256: "ab".repeat(32),
        size: 1,
        media_type: "application/pdf".to_owned(),
        name: words(),
        item: None,
    };
    let part = Command::ConsumePart {
        number: "B".into(),
        name: Some(words()),
        quantity: 1,
        serial: None,
        replaces: None,
    };
    let waived = Command::Answer { item: rule("test-run"), value: AnswerValue::Waived(words()) };
    let exceptions = vec![Exception { rule: rule("no-extra-promise"), reason: words() }];
    for (place, command) in [
        ("photos", photo),
        ("documents", document),
        ("parts", part),
        ("talk", Command::Say { words: words() }),
        ("answer.execution-form.test-run", waived),
        (
            "answer.execution-form.state-duration",
            Command::Answer { item: rule("state-duration"), value: AnswerValue::Text(words()) },
        ),
        ("attested.work", Command::Attest { phase: "work".to_owned(), exceptions, role: None }),
        ("event.paused", Command::Pause { reason: words() }),
        ("survey.words", Command::Survey(SurveyAnswer { level: "satisfied".into(), words: Some(words()) })),
    ] {
        let mut job = Job::in_work("normal");
        assert_eq!(job.status("privacy-minimum"), Guidance);
        job.go(command);
        let assessment = job.assess();
        let finding = assessment.finding(&rule("privacy-minimum")).unwrap();
        assert_eq!(finding.status, Violated, "{place}");
        assert_eq!(finding.missing, [format!("identity-document-number in {place}")]);
        assert!(!format!("{finding:?}").contains(NUMBER), "the finding repeats the number");
    }
}

#[test]
fn a_phase_is_attested_from_the_field_alone() {
    let mut job = all_begun();
    let command = Command::Attest { phase: "work".to_owned(), exceptions: Vec::new(), role: None };
    assert!(job.office(command).is_err());
    assert_eq!(standard().side_of("service", standard().rule(&rule("uniform")).unwrap()), Some(Side::Field));
}
