//! Passing a visit on to another technician: who may, who works on it then, and that the server takes it.

mod common;

use common::Job;
use jobsheet_core::record::{Command, MAX_CREW, Refusal, check_field_change};

fn pass_on(to: &str) -> Command {
    Command::PassOn { to: to.to_owned() }
}

fn invalid(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Invalid { field, .. } if field == "to")
}

#[test]
fn whoever_has_it_from_one_who_works_on_it_works_on_it() {
    let mut job = Job::in_work("normal");
    let crew = job.visit.record().workers().into_iter().map(ToOwned::to_owned).collect::<Vec<_>>();
    job.person = "eve".to_owned();
    assert!(matches!(job.refused(Command::Say { words: "hello".into() }), Refusal::Forbidden { .. }));
    assert!(matches!(job.refused(pass_on("eve")), Refusal::Forbidden { .. }), "nobody lets himself in");
    let before = job.visit.clone();
    job.person.clone_from(&crew[0]);
    let passed = job.try_do(pass_on("tom")).unwrap();
    check_field_change(&before, &passed.bytes, &crew[0]).unwrap();
    job.person = "tom".to_owned();
    job.go(Command::Say { words: "I go on.".into() }).go(pass_on("eve"));
    job.person = "eve".to_owned();
    job.go(Command::Say { words: "Third.".into() });
    assert_eq!(job.visit.record().workers()[crew.len()..], ["tom", "eve"]);
    // No state stops it, and it changes none.
    let state = job.assess().state.id;
    job.go(pass_on(&crew[0]));
    assert_eq!(job.assess().state.id, state);
}

#[test]
fn another_crew_ends_it_for_all_who_have_it_from_the_one_before() {
    let mut job = Job::dispatched("normal");
    job.go(Command::Accept).go(pass_on("tom"));
    let (start, end) =
        ("2026-03-02T09:00:00+08:00".parse().unwrap(), "2026-03-02T11:00:00+08:00".parse().unwrap());
    let crew = vec!["ann".to_owned()];
    job.office(Command::Dispatch { crew, start, end, tools: Vec::new() }).unwrap();
    assert_eq!(job.visit.record().workers(), ["ann"]);
    job.person = "tom".to_owned();
    assert!(matches!(job.refused(Command::Say { words: "x".into() }), Refusal::Forbidden { .. }));
}

#[test]
fn it_goes_to_another_technician_within_the_limit() {
    let mut job = Job::in_work("normal");
    let own = job.person.clone();
    assert!(invalid(&job.refused(pass_on(&own))));
    assert!(invalid(&job.refused(pass_on(""))));
    assert!(matches!(job.office(pass_on("tom")), Err(jobsheet_core::record::ApplyError::Refused(_))));
    let free = MAX_CREW - job.visit.record().workers().len();
    for at in 0..free {
        job.go(pass_on(&format!("tech-x{at}")));
    }
    assert_eq!(job.visit.record().workers().len(), MAX_CREW);
    assert!(invalid(&job.refused(pass_on("one-more"))));
}
