//! What is applied at one device is seen at the others, and what the office does, without anybody asking.

use jobsheet::{ListChange, LiveEvent};
use reqwest::Method;
use serde_json::json;

use crate::world::{dispatch, observe, said, say, stay_in_touch, sync, until, world};

#[test]
fn what_one_applies_the_other_s_observer_sees() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    let (at_maria, at_tom) = (stay_in_touch(&maria), stay_in_touch(&tom));
    at_maria.settled();
    at_tom.settled();
    let seen = observe(&tom);
    for n in 0..20 {
        let words = format!("Message {n}");
        say(&maria, world.visit, &words);
        // Told when it is in tom's store, and not before.
        assert_eq!(seen.put().visit, world.visit);
        assert!(said(&tom, world.visit).contains(&words), "{words}");
        until("maria knows that the server has it", || maria.outbox().unwrap().is_empty());
    }
    // And back, while both write at once.
    let writers = [(&maria, "maria"), (&tom, "tom")];
    std::thread::scope(|scope| {
        for (store, name) in writers {
            let visit = world.visit;
            scope.spawn(move || (0..30).for_each(|n| say(store, visit, &format!("{name} {n}"))));
        }
    });
    for (store, _) in writers {
        until("both have all", || said(store, world.visit).len() == 80);
        until("nothing waits", || store.outbox().unwrap().is_empty());
    }
    assert_eq!(
        maria.visit(world.visit).unwrap().record,
        tom.visit(world.visit).unwrap().record,
        "both hold the same"
    );
}

#[test]
fn what_the_office_does_comes_by_itself() {
    let world = world();
    let tom = world.device("tom");
    let at_tom = stay_in_touch(&tom);
    at_tom.settled();
    let seen = observe(&tom);
    // Words of the office.
    let command = json!({"do": "say", "words": "The gate is open."});
    world.office.command(&world.visit.to_string(), &command).unwrap();
    assert_eq!(seen.put().visit, world.visit);
    assert!(said(&tom, world.visit).contains(&"The gate is open.".to_owned()));
    // A new visit.
    let second = dispatch(&world.office, "101001241039", &["tom"]);
    assert_eq!(seen.put().visit, second);
    // It goes to somebody else.
    let order =
        json!({"crew": ["maria"], "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"});
    let body = Some(("application/json", order.to_string().into_bytes()));
    let answer = world.office.ask(Method::PUT, &format!("/v1/visits/{second}/assignment"), body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    loop {
        match seen.next() {
            ListChange::Removed(gone) => break assert_eq!(gone, second),
            ListChange::Put(row) => assert_eq!(row.visit, second),
            other @ ListChange::All(_) => panic!("{other:?}"),
        }
    }
    // What is in the van.
    let path = "/v1/technicians/tom/stock/receipts";
    let rows = b"part_number,quantity\nPUMP-1,2\n".to_vec();
    let answer = world.office.ask(Method::POST, path, Some(("text/csv", rows))).unwrap();
    assert!(answer.status < 300, "{}", answer.text);
    until("the stock has come", || tom.van_stock().unwrap().is_some_and(|van| !van.lines.is_empty()));
}

#[test]
fn somebody_else_s_work_pokes_nobody() {
    let world = world();
    world.office.technician("kim", "Kim").unwrap();
    let kim = world.device("kim");
    let at_kim = stay_in_touch(&kim);
    at_kim.settled();
    let before = world.answered("/v1/sync", "200");
    let maria = world.device("maria");
    let own = world.answered("/v1/sync", "200") - before;
    for n in 0..5 {
        say(&maria, world.visit, &format!("Message {n}"));
        sync(&maria);
    }
    dispatch(&world.office, "101001241039", &["kim"]);
    let told = at_kim.synced();
    assert_eq!(told.documents, 1, "the first thing that kim was poked for is kim's own visit");
    assert_eq!(world.answered("/v1/sync", "200") - before, own + 5 + 1);
}

#[test]
fn a_manual_sync_takes_turns_with_a_live_one() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    let at_maria = stay_in_touch(&maria);
    at_maria.settled();
    std::thread::scope(|scope| {
        let (maria, visit) = (&maria, world.visit);
        scope.spawn(move || (0..40).for_each(|n| say(maria, visit, &format!("Message {n}"))));
        for _ in 0..2 {
            scope.spawn(move || (0..20).for_each(|_| drop(sync(maria))));
        }
    });
    until("nothing waits", || maria.outbox().unwrap().is_empty());
    sync(&tom);
    assert_eq!(said(&tom, world.visit).len(), 40);
    assert!(maria.quarantine().unwrap().is_empty());
}

#[test]
fn who_syncs_while_told_of_a_sync_is_refused_and_does_not_hang() {
    let world = world();
    let maria = world.device("maria");
    let inner = maria.clone();
    let mut refused = 0;
    maria
        .sync(|_| {
            let again = inner.sync(|_| std::ops::ControlFlow::Continue(()));
            refused += u32::from(matches!(again, Err(jobsheet::SyncError::AlreadyRunning)));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert!(refused > 0);
}

#[test]
fn files_follow_by_themselves() {
    let world = world();
    let maria = world.device("maria");
    let at_maria = stay_in_touch(&maria);
    at_maria.settled();
    let file = world.folder.path().join("paper.pdf");
    std::fs::write(&file, b"%PDF-1.4 a paper").unwrap();
    maria.attach_document(world.visit, &file, &jobsheet::DocumentFacts::default()).unwrap();
    let path = format!("/v1/visits/{}", world.visit);
    until("the office has the file", || world.office.get(&path).unwrap()["files"]["complete"] == true);
}

#[test]
fn the_program_follows_what_another_call_of_it_does() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use jobsheet_tests::phone::Phone;
    use jobsheet_tests::programs::program;

    let world = world();
    let tom = world.device("tom");
    let at_tom = stay_in_touch(&tom);
    at_tom.settled();
    let seen = observe(&tom);
    let maria = Phone::new("maria", world.folder.path());
    maria.enrol(&world.proxy.address, &world.office.code("maria").unwrap()).unwrap();
    maria.sync().unwrap();
    let follow = Command::new(program("jobsheet").unwrap())
        .arg("--store")
        .arg(&maria.store)
        .args(["--json", "sync", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut follow = Killed(follow);
    let mut lines = BufReader::new(follow.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("\"connected\"")));
    maria.json(&["say", "101001296115", "On my way."]).unwrap();
    assert_eq!(seen.put().visit, world.visit);
    assert!(said(&tom, world.visit).contains(&"On my way.".to_owned()));
    // Back to the program.
    say(&tom, world.visit, "See you there.");
    assert!(lines.any(|line| {
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        event["event"] == "synced" && event["report"]["changes"] == 1
    }));
    drop(follow);
    // Without a code there is nothing to follow.
    let nobody = Phone::new("nobody", world.folder.path());
    let called = nobody.call(&["sync", "--follow"]).unwrap();
    assert_ne!(called.code, 0);
    assert!(called.text.contains("not enrolled"), "{}", called.text);
}

/// A process that ends with the test, however that ends.
struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

#[test]
fn a_device_that_is_not_enrolled_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = jobsheet::Store::open(folder.path(), jobsheet::Options::default()).unwrap();
    let touch = stay_in_touch(&store);
    touch.told("ended", |event| {
        matches!(event, LiveEvent::Ended(jobsheet::SyncError::NotEnrolled)).then_some(())
    });
    until("its thread is gone", || touch.has_ended());
}
