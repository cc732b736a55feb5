//! Two people who write without having seen each other: both values stay, with who and when, until a person settles it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT, ReadDoc};
use common::{Job, moment, rule};
use jobsheet_core::assess::{MilestoneState, Status, Why, next};
use jobsheet_core::record::{
    AnswerValue, Command, Conflict, Document, Exception, NoteEdit, ResolveTarget, SealState, SideState,
    SurveyAnswer,
};
use jobsheet_core::standard::Side;

/// The same visit on the devices of tech-1 and tech-2.
fn crew(job: Job) -> (Job, Job) {
    let mut one = job.clone();
    let mut two = job;
    one.visit.set_actor(&[21; 16]);
    two.visit.set_actor(&[22; 16]);
    "tech-2".clone_into(&mut two.person);
    two.count += 10_000;
    (one, two)
}

fn exchange(one: &mut Job, two: &mut Job) {
    let bytes = |job: &Job| job.visit.changes().into_iter().map(|change| change.bytes).collect::<Vec<_>>();
    let (from_one, from_two) = (bytes(one), bytes(two));
    one.visit.merge(&from_two).unwrap();
    two.visit.merge(&from_one).unwrap();
    assert_eq!(one.visit.heads(), two.visit.heads());
    assert_eq!(one.visit.record(), two.visit.record());
}

fn answer(item: &str, value: AnswerValue) -> Command {
    Command::Answer { item: rule(item), value }
}

fn only_conflict(job: &Job) -> &Conflict {
    let [conflict] = &job.visit.record().conflicts[..] else { panic!("{:?}", job.visit.record().conflicts) };
    conflict
}

/// Place of a person's version in the only conflict.
fn version_of(job: &Job, person: &str) -> usize {
    only_conflict(job).versions.iter().position(|version| version.person == person).unwrap()
}

/// Both give a command at once, tech-1 at 11:01 and tech-2 at 11:02.
fn at_once(job: Job, of_one: Command, of_two: Command) -> (Job, Job) {
    let (mut one, mut two) = crew(job);
    one.at("11:01").go(of_one);
    two.at("11:02").go(of_two);
    exchange(&mut one, &mut two);
    (one, two)
}

fn settle(by: &mut Job, other: &mut Job, target: &ResolveTarget, person: &str) {
    let version = version_of(by, person);
    by.at("11:10").go(Command::Resolve { target: target.clone(), version });
    assert_eq!(by.visit.record().conflicts, []);
    exchange(by, other);
    assert_eq!(other.visit.record().conflicts, []);
}

fn finished() -> Job {
    let mut job = Job::in_work("normal");
    job.at("11:00").go(Command::Finish);
    job
}

#[test]
fn two_answers_to_one_item() {
    for winner in ["tech-1", "tech-2"] {
        let yes = |yes| answer("test-run", AnswerValue::Yes(yes));
        let (mut one, mut two) = at_once(finished(), yes(true), yes(false));
        let target = ResolveTarget::Answer(rule("test-run"));
        for job in [&one, &two] {
            let conflict = only_conflict(job);
            assert_eq!(conflict.target, target);
            let mut said: Vec<_> = conflict
                .versions
                .iter()
                .map(|version| {
                    (version.person.as_str(), version.at.to_string(), version.value["is"]["yes"].clone())
                })
                .collect();
            said.sort_by_key(|(person, ..)| *person);
            assert_eq!(
                said,
                [
                    ("tech-1", "2026-03-02T11:01:00+08:00".to_owned(), true.into()),
                    ("tech-2", "2026-03-02T11:02:00+08:00".to_owned(), false.into()),
                ]
            );
            let shown = &job.visit.record().answers[&rule("test-run")];
            assert_eq!(conflict.versions[0].person, shown.by.person, "the one that is shown comes first");
            let mut job = job.clone();
            let refusal = job.refused(Command::Sign {
                role: "customer".into(),
                name: "Chen".into(),
                image_sha256: None,
            });
            assert!(refusal.rules().iter().any(|need| need.rule == rule("test-run")), "{refusal}");
            let steps = next(job.visit.record(), &job.standard, Side::Field, job.now.instant());
            assert_eq!((&steps[0].reason, steps[0].command.as_str()), (&Why::Conflict, "resolve"));
            assert!(steps[0].text.en.contains("tech-1") && steps[0].text.en.contains("tech-2"));
        }
        settle(&mut one, &mut two, &target, winner);
        let wanted = if winner == "tech-1" { Status::Satisfied } else { Status::Violated };
        assert_eq!((one.status("test-run"), two.status("test-run")), (wanted, wanted));
        let stands = &one.visit.record().answers[&rule("test-run")];
        assert_eq!((stands.by.person.as_str(), stands.given().person.as_str()), ("tech-1", winner));
    }
}

#[test]
fn nobody_passes_a_gate_on_the_answer_that_happens_to_win() {
    let mut shown = Vec::new();
    for of_one in [true, false] {
        let yes = |yes| answer("test-run", AnswerValue::Yes(yes));
        let (one, two) = at_once(finished(), yes(of_one), yes(!of_one));
        for mut job in [one, two] {
            let assessment = job.assess();
            let finding = assessment.finding(&rule("test-run")).unwrap();
            let AnswerValue::Yes(wins) = job.visit.record().answers[&rule("test-run")].value else {
                panic!("no yes or no")
            };
            assert_eq!(finding.status, if wins { Status::Outstanding } else { Status::Violated });
            assert_eq!(finding.missing.contains(&"conflict".to_owned()), wins);
            job.yes("problem-solved");
            let refusal = job.refused(Command::Sign {
                role: "customer".into(),
                name: "Chen".into(),
                image_sha256: None,
            });
            assert_eq!(refusal.rules()[0].rule, rule("test-run"));
            shown.push(wins);
        }
    }
    assert!(shown.contains(&true) && shown.contains(&false), "both cases were seen");
}

#[test]
fn a_version_that_is_not_there_is_refused() {
    let yes = |yes| answer("test-run", AnswerValue::Yes(yes));
    let (mut one, _) = at_once(finished(), yes(true), yes(false));
    let target = ResolveTarget::Answer(rule("test-run"));
    let refusal = one.refused(Command::Resolve { target: target.clone(), version: 2 });
    assert!(refusal.to_string().contains("versions 0 to 1"), "{refusal}");
    assert!(
        one.office(Command::Resolve { target, version: 0 }).is_err(),
        "the crew settles what the crew wrote"
    );
}

#[test]
fn both_settle_it_differently() {
    let yes = |yes| answer("test-run", AnswerValue::Yes(yes));
    let (mut one, mut two) = at_once(finished(), yes(true), yes(false));
    let target = ResolveTarget::Answer(rule("test-run"));
    for (job, person) in [(&mut one, "tech-1"), (&mut two, "tech-2")] {
        let version = version_of(job, person);
        job.go(Command::Resolve { target: target.clone(), version });
    }
    exchange(&mut one, &mut two);
    assert_eq!(only_conflict(&one).versions.len(), 2, "still two people, still two values");
    settle(&mut two, &mut one, &target, "tech-1");
    assert_eq!(one.status("test-run"), Status::Satisfied);
}

#[test]
fn the_same_answer_twice_is_listed_and_holds_nothing_up() {
    let yes = answer("test-run", AnswerValue::Yes(true));
    let (one, _) = at_once(finished(), yes.clone(), yes);
    assert_eq!(only_conflict(&one).versions.len(), 2);
    assert_eq!(one.status("test-run"), Status::Satisfied);
}

#[test]
fn a_conflict_settled_late_does_not_make_the_duty_late() {
    let mut job = Job::dispatched("normal");
    job.at("08:10").go(Command::Accept).go(Command::ConfirmAppointment { channel: "phone".to_owned() });
    let (mut one, mut two) = crew(job);
    one.at("08:20").yes("confirm-address-time");
    two.at("08:21").go(answer("confirm-address-time", AnswerValue::Yes(false)));
    one.at("08:30").go(Command::Depart);
    exchange(&mut one, &mut two);
    settle(&mut two, &mut one, &ResolveTarget::Answer(rule("confirm-address-time")), "tech-1");
    let assessment = one.assess();
    let finding = assessment.finding(&rule("confirm-address-time")).unwrap();
    assert_eq!((finding.status, finding.missing.len()), (Status::Satisfied, 0));
    assert_eq!(finding.evidence[0].at, Some(moment("2026-03-02T08:20:00+08:00")));
    assert_eq!(finding.evidence[0].person.as_deref(), Some("tech-1"));
}

#[test]
fn two_ratings() {
    let rate = |level: &str| Command::Survey(SurveyAnswer { level: level.to_owned(), words: None });
    let (mut one, mut two) = at_once(Job::handed_over("normal"), rate("satisfied"), rate("dissatisfied"));
    settle(&mut one, &mut two, &ResolveTarget::Survey, "tech-2");
    assert_eq!(two.visit.record().rating.as_ref().unwrap().level, "dissatisfied");
    // The 48 hours count from the rating at 11:02, not from the settling at 11:10.
    let assessment = one.assess();
    let milestone = assessment.milestone(&rule("dissatisfied-measures-48h")).unwrap();
    assert_eq!(milestone.state, MilestoneState::Running);
    assert_eq!(milestone.started, Some(moment("2026-03-02T11:02:00+08:00")));
}

#[test]
fn two_attestations() {
    let attest = |exceptions| Command::Attest { phase: "work".to_owned(), exceptions, role: None };
    let broken = vec![Exception { rule: rule("no-extra-promise"), reason: "a visit".to_owned() }];
    let (mut one, mut two) = at_once(finished(), attest(Vec::new()), attest(broken));
    settle(&mut one, &mut two, &ResolveTarget::Attestation("work".to_owned()), "tech-2");
    assert_eq!(two.status("no-extra-promise"), Status::Violated);
}

#[test]
fn two_assignments() {
    let mut one = Job::registered("normal", common::RECEIVED);
    let mut two = one.clone();
    two.visit.set_actor(&[31; 16]);
    two.count += 10_000;
    one.dispatch();
    two.office(Command::Dispatch {
        crew: vec!["tech-3".to_owned()],
        start: moment("2026-03-02T14:00:00+08:00"),
        end: moment("2026-03-02T15:00:00+08:00"),
        tools: Vec::new(),
    })
    .unwrap();
    exchange(&mut one, &mut two);
    let conflict = only_conflict(&one);
    assert_eq!(conflict.target, ResolveTarget::Assignment);
    let version = conflict.versions.iter().position(|version| version.value["crew"][0] == "tech-3").unwrap();
    one.office(Command::Resolve { target: ResolveTarget::Assignment, version }).unwrap();
    exchange(&mut one, &mut two);
    assert_eq!(two.visit.record().assignment.as_ref().unwrap().crew, ["tech-3"]);
    assert_eq!(two.visit.record().conflicts, []);
}

#[test]
fn two_values_of_an_order_field() {
    let fill = |value: &str| Command::FillOrder { field: "location".to_owned(), value: value.to_owned() };
    for wins in ["Pier 4", "Pier 5"] {
        let mut one = Job::dispatched("normal");
        let mut two = one.clone();
        two.visit.set_actor(&[31; 16]);
        two.count += 10_000;
        one.at("08:30").office(fill("Pier 4")).unwrap();
        two.at("08:40").office(fill("Pier 5")).unwrap();
        exchange(&mut one, &mut two);
        let conflict = only_conflict(&one).clone();
        let target = ResolveTarget::Order("location".to_owned());
        assert_eq!((&conflict.target, conflict.target.side("x", &one.standard)), (&target, Side::Office));
        assert_eq!(conflict.target.to_string(), "order:location");
        let told: Vec<_> = conflict
            .versions
            .iter()
            .map(|version| (version.value.as_str().unwrap(), version.person.as_str(), version.at))
            .collect();
        for (value, time) in [("Pier 4", "00:30"), ("Pier 5", "00:40")] {
            let at = moment(&format!("2026-03-02T{time}:00Z"));
            assert!(told.contains(&(value, "office", at)), "{told:?}");
        }
        assert_ne!(conflict.versions[0].actor, conflict.versions[1].actor);
        // The crew sees it and leaves it to the office.
        let steps = next(one.visit.record(), &one.standard, Side::Field, one.now.instant());
        assert!(!steps.iter().any(|step| step.command == "resolve"));
        let version = conflict.versions.iter().position(|version| version.value == wins).unwrap();
        let settle = Command::Resolve { target, version };
        assert_eq!(one.refused(settle.clone()).code(), "forbidden");
        let steps = next(one.visit.record(), &one.standard, Side::Office, one.now.instant());
        assert!(steps.iter().any(|step| step.command == "resolve"));
        one.office(settle).unwrap();
        assert_eq!(one.visit.record().conflicts, []);
        exchange(&mut one, &mut two);
        assert_eq!(two.visit.record().order["location"], wins);
        assert_eq!(two.visit.record().conflicts, []);
        // What lost is still told.
        let told = serde_json::to_string(
            &one.visit.history().into_iter().flat_map(|change| change.fields).collect::<Vec<_>>(),
        )
        .unwrap();
        assert!(told.contains("Pier 4") && told.contains("Pier 5") && told.contains("Harbour Street"));
    }
}

#[test]
fn two_values_of_an_order_field_of_a_signed_record() {
    let fill = |value: &str| Command::FillOrder { field: "location".to_owned(), value: value.to_owned() };
    let sign = || Command::Sign { role: "customer".into(), name: "Chen".into(), image_sha256: None };
    let two_of_the_office = |job: Job, [this, that]: [&str; 2]| {
        let (mut one, mut two) = crew(job);
        one.at("11:30").office(fill(this)).unwrap();
        two.at("11:40").office(fill(that)).unwrap();
        exchange(&mut one, &mut two);
        one
    };
    let settle = |job: &mut Job| {
        let target = ResolveTarget::Order("location".to_owned());
        job.office(Command::Resolve { target, version: 0 }).unwrap();
        assert_eq!(job.visit.record().conflicts, []);
    };
    // Nobody signs off two places at once.
    let mut job = two_of_the_office(Job::handed_over("normal"), ["Pier 4", "Pier 5"]);
    let refusal = job.refused(sign());
    assert_eq!(refusal.code(), "invalid");
    assert!(refusal.to_string().contains("`order.location`"), "{refusal}");
    settle(&mut job);
    job.go(sign());
    // Where it is signed the office settles it all the same, and who signed signs again.
    let mut job = two_of_the_office(job, ["Pier 6", "Pier 7"]);
    assert_eq!(job.refused(sign()).code(), "invalid");
    settle(&mut job);
    assert!(job.visit.record().amendments.is_empty(), "the office writes nothing of the crew's");
    let roles = vec!["customer".to_owned()];
    assert_eq!(job.visit.record().seal_state(&job.standard), SealState::Outdated { roles });
    job.go(sign());
    assert_eq!(job.visit.record().seal_state(&job.standard), SealState::Due);
}

#[test]
fn notes_keep_the_words_of_both() {
    let (mut one, mut two) = crew(Job::in_work("normal"));
    let words = |at: usize, delete: usize, insert: &str| Command::Note {
        note: "cause".to_owned(),
        edit: NoteEdit::Splice { at, delete, insert: insert.to_owned() },
    };
    // "belt worn": code points, not bytes or UTF-16 units.
    one.go(words(0, 4, "皮带🔧"));
    two.go(words(9, 0, " — e\u{301}vide\u{301} 🧰"));
    exchange(&mut one, &mut two);
    assert_eq!(one.visit.record().notes["cause"], "皮带🔧 worn — e\u{301}vide\u{301} 🧰");
    one.go(words(2, 1, ""));
    assert_eq!(one.visit.record().notes["cause"], "皮带 worn — e\u{301}vide\u{301} 🧰");
    assert_eq!(Document::load(&one.visit.save()).unwrap().record(), one.visit.record());
}

#[test]
fn events_that_cannot_both_be_true_are_told() {
    let mut job = Job::arrived("normal");
    job.go(Command::Diagnose).yes("explain-problem").yes("explain-solution").text("state-duration", "1 h");
    let (mut one, mut two) = crew(job);
    one.go(Command::ObtainConsent { granted: true, note: None }).go(Command::Start);
    two.go(Command::ObtainConsent { granted: false, note: None });
    exchange(&mut one, &mut two);
    let state = one.assess().state;
    assert_eq!((state.id.as_str(), state.side), ("in-work", None::<SideState>));
    assert_eq!(state.contradictions.len(), 1);
    assert_eq!(state.contradictions[0].events, ["consent-given", "consent-refused"]);
}

#[test]
fn children_before_their_parents_wait() {
    let job = Job::left("normal", "satisfied");
    let changes: Vec<_> = job.visit.changes();
    let (genesis, rest) = changes.split_first().unwrap();
    let mut other = Document::from_changes(std::slice::from_ref(&genesis.bytes)).unwrap();
    for (at, change) in rest.iter().enumerate().skip(1).rev() {
        let merged = other.merge(std::slice::from_ref(&change.bytes)).unwrap();
        assert_eq!(merged.applied, Vec::<[u8; 32]>::new());
        assert!(!merged.waiting.is_empty());
        assert!(!other.contains(&change.hash), "change {at} stands without its parent");
        // Again, and through a restart.
        other.merge(std::slice::from_ref(&change.bytes)).unwrap();
        other = Document::load(&other.save()).unwrap();
    }
    let merged = other.merge(std::slice::from_ref(&rest[0].bytes)).unwrap();
    assert_eq!(merged.applied.len(), rest.len());
    assert!(merged.waiting.is_empty());
    assert_eq!((other.heads(), other.record()), (job.visit.heads(), job.visit.record()));
}

#[test]
fn a_flipped_byte_is_not_merged() {
    let job = Job::dispatched("normal");
    let mut other = Document::from_changes(&[job.visit.changes()[0].bytes.clone()]).unwrap();
    let before = (other.heads(), other.record().clone());
    let bytes = job.visit.changes()[1].bytes.clone();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        assert!(other.merge(&[flipped]).is_err(), "byte {at}");
    }
    assert_eq!((other.heads(), other.record().clone()), before);
}

#[test]
fn one_command_is_one_change_though_it_says_the_same_again() {
    let mut job = finished();
    let first = job.try_do(answer("test-run", AnswerValue::Yes(true))).unwrap();
    let again = job.try_do(answer("test-run", AnswerValue::Yes(true))).unwrap();
    assert_ne!(first.hash, again.hash);
    assert_eq!((again.seq, job.visit.heads()), (first.seq + 1, vec![again.hash]));
    assert_eq!(job.visit.headers().last().unwrap().command.as_deref(), Some("answer"));
}

#[test]
fn measured_values_are_kept_to_the_last_bit() {
    let mut job = Job::in_work("normal");
    for value in [0.1 + 0.2, 230.399_999_999_999_98, 1.0e-300, 5e-324, 999.999_999_999_999_9, 1.0 / 3.0, 0.0]
    {
        let command = Command::Measure {
            quantity: "supply-voltage".into(),
            value,
            unit: "V".into(),
            instrument: None,
            calibration: None,
        };
        job.go(command);
    }
    assert_eq!(Document::load(&job.visit.save()).unwrap().record(), job.visit.record());
}

#[test]
fn what_a_newer_app_wrote_is_kept_listed_and_can_be_written_anew() {
    let newer = |doc: &mut AutoCommit| {
        let field = doc.get(ROOT, "field").unwrap().unwrap().1;
        let answers = doc.get(&field, "answers").unwrap().unwrap().1;
        doc.put(
            &answers,
            rule("test-run"),
            r#"{"is":{"degrees":7},"by":"tech-1","at":"2026-03-02T11:00:00+08:00"}"#,
        )
        .unwrap();
    };
    let mut job = finished().crafted(newer);
    let path = format!("field/answers/{}", rule("test-run"));
    assert_eq!(job.visit.record().unreadable, [path]);
    assert_eq!(job.status("test-run"), Status::Outstanding);
    let loaded = Document::load(&job.visit.save()).unwrap();
    assert_eq!(loaded.record(), job.visit.record());
    job.yes("test-run");
    assert_eq!(job.visit.record().unreadable, Vec::<String>::new());
    assert_eq!(Document::load(&job.visit.save()).unwrap().record(), job.visit.record());
}
