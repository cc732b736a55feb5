//! Whatever breaks, it goes on by itself, and nothing is lost.

use std::time::Duration;

use jobsheet::{LiveEvent, Store, SyncError};
use reqwest::Method;
use serde_json::json;

use crate::world::{observe, said, say, stay_in_touch, sync, until, world, world_with};

fn waiting(event: &LiveEvent) -> Option<Duration> {
    match *event {
        LiveEvent::Waiting { next_in, .. } => Some(next_in),
        _ => None,
    }
}

#[test]
fn a_server_that_is_killed_and_comes_back_loses_nothing() {
    let mut world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    let (at_maria, at_tom) = (stay_in_touch(&maria), stay_in_touch(&tom));
    at_maria.settled();
    at_tom.settled();
    let visit = world.visit;
    let mut count = 0;
    for _ in 0..3 {
        // Killed at some point of what is going on.
        let writer = {
            let maria = maria.clone();
            let from = count;
            std::thread::spawn(move || (from..from + 20).for_each(|n| say(&maria, visit, &format!("{n}"))))
        };
        world.killed(|| {
            writer.join().unwrap();
            at_maria.told("waiting", |event| waiting(&event));
            say(&maria, visit, "while it is away");
        });
        count += 20;
    }
    until("all is there", || said(&tom, visit).len() == 63 && maria.outbox().unwrap().is_empty());
    assert!(maria.quarantine().unwrap().is_empty());
    assert_eq!(maria.visit(visit).unwrap().record, tom.visit(visit).unwrap().record);
    // And it is live again.
    let seen = observe(&tom);
    say(&maria, visit, "again");
    assert_eq!(seen.put().visit, visit);
}

#[test]
fn a_stream_that_is_cut_comes_back() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    let at_tom = stay_in_touch(&tom);
    at_tom.settled();
    for n in 0..3 {
        world.proxy.cut();
        at_tom.told("disconnected", |event| matches!(event, LiveEvent::Disconnected).then_some(()));
        // Said while tom hears nothing, or as soon as he does: it comes all the same.
        say(&maria, world.visit, &format!("Message {n}"));
        sync(&maria);
        at_tom.connected();
        until("it has come", || said(&tom, world.visit).len() == n + 1);
    }
    assert!(world.proxy.streams() >= 4);
}

#[test]
fn without_streams_it_asks_from_time_to_time() {
    let world = world();
    world.proxy.keep_streams_out();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    let at_tom = stay_in_touch(&tom);
    at_tom.told("polling", |event| matches!(event, LiveEvent::Polling { .. }).then_some(()));
    // What is done here goes out at once.
    say(&tom, world.visit, "Here I am.");
    until("it is sent", || tom.outbox().unwrap().is_empty());
    // What is new there comes with the next time.
    sync(&maria);
    say(&maria, world.visit, "So am I.");
    sync(&maria);
    at_tom.told("asked", |event| match event {
        LiveEvent::Synced(report) if report.changes > 0 => Some(()),
        _ => None,
    });
    assert_eq!(said(&tom, world.visit).len(), 2);
    assert_eq!(world.proxy.streams(), 1, "what has no streams is not asked for one all the time");
}

#[test]
fn a_device_that_is_revoked_ends_and_its_work_is_offered() {
    let world = world();
    let maria = world.device("maria");
    let at_maria = stay_in_touch(&maria);
    at_maria.settled();
    let device = maria.enrolment().unwrap().unwrap().device;
    let answer = world.office.ask(Method::DELETE, &format!("/v1/devices/{device}"), None).unwrap();
    assert_eq!(answer.status, 204);
    // Nobody asked: the server ended the stream.
    let error = at_maria.told("ended", |event| match event {
        LiveEvent::Ended(error) => Some(error),
        _ => None,
    });
    assert!(matches!(error, SyncError::Revoked(_)), "{error:?}");
    until("its thread is gone", || at_maria.has_ended());
    assert_eq!(world.answered("/v1/pokes", "200"), 1);
}

#[test]
fn a_device_that_is_suspended_waits_and_goes_on_when_it_is_let_in() {
    let world = world();
    let maria = world.device("maria");
    let at_maria = stay_in_touch(&maria);
    at_maria.settled();
    let device = maria.enrolment().unwrap().unwrap().device;
    let suspend = |suspended: bool| {
        let body = json!({ "suspended": suspended }).to_string().into_bytes();
        let path = format!("/v1/devices/{device}/suspension");
        let answer = world.office.ask(Method::PUT, &path, Some(("application/json", body))).unwrap();
        assert_eq!(answer.status, 204);
    };
    suspend(true);
    at_maria.told("suspended", |event| match event {
        LiveEvent::Waiting { reason, .. } => reason.contains("suspended").then_some(()),
        _ => None,
    });
    say(&maria, world.visit, "Not lost.");
    suspend(false);
    at_maria.connected();
    until("it is sent", || maria.outbox().unwrap().is_empty());
}

#[test]
fn a_server_that_asks_to_be_left_alone_is() {
    let world = world_with(&["--requests-per-minute", "6"]);
    let maria = world.device("maria");
    let at_maria = stay_in_touch(&maria);
    at_maria.settled();
    // As many requests as it takes to be asked to wait.
    let asked = loop {
        say(&maria, world.visit, "Hello?");
        let told = at_maria.told("an outcome", |event| match event {
            LiveEvent::Synced(_) => Some(None),
            LiveEvent::Waiting { next_in, .. } => Some(Some(next_in)),
            _ => None,
        });
        if let Some(next_in) = told {
            break next_in;
        }
    };
    let turned_away = world.answered("/v1/sync", "429");
    assert_eq!(turned_away, 1);
    assert!(asked > Duration::from_secs(1), "the server says when there is room for another: {asked:?}");
    // Neither more work nor somebody in a hurry changes that.
    for _ in 0..10 {
        say(&maria, world.visit, "Hello!");
        at_maria.live.as_ref().unwrap().now();
    }
    until("it goes on by itself", || maria.outbox().unwrap().is_empty());
    assert_eq!(world.answered("/v1/sync", "429"), turned_away, "it was not asked before its time");
}

#[test]
fn dropped_it_ends_and_the_store_lives_on() {
    let world = world();
    let maria = world.device("maria");
    let mut at_maria = stay_in_touch(&maria);
    at_maria.settled();
    at_maria.live = None;
    until("its thread is gone", || at_maria.has_ended());
    say(&maria, world.visit, "On my own.");
    assert_eq!(maria.outbox().unwrap().len(), 1, "nobody syncs any more");
    sync(&maria);
    // The server notices that nobody listens.
    until("nobody listens", || listeners(&world.office) == 0.0);
}

#[test]
fn a_store_that_is_gone_or_shut_down_ends_it() {
    let world = world();
    let maria = world.device("maria");
    let at_maria = stay_in_touch(&maria);
    at_maria.settled();
    maria.shutdown().unwrap();
    at_maria.told("ended", |event| matches!(event, LiveEvent::Ended(SyncError::Store(_))).then_some(()));
    until("its thread is gone", || at_maria.has_ended());
    let tom: Store = world.device("tom");
    let at_tom = stay_in_touch(&tom);
    at_tom.settled();
    drop(tom);
    at_tom.live.as_ref().unwrap().now();
    until("its thread is gone", || at_tom.has_ended());
}

#[test]
fn a_paused_store_rests_and_goes_on() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    let at_tom = stay_in_touch(&tom);
    at_tom.settled();
    tom.pause().unwrap();
    say(&maria, world.visit, "Are you there?");
    sync(&maria);
    at_tom.told("paused", |event| matches!(event, LiveEvent::Paused).then_some(()));
    tom.resume().unwrap();
    until("it has come", || said(&tom, world.visit).len() == 1);
}

/// How many listen, as the server says.
fn listeners(office: &jobsheet_tests::office::Office) -> f64 {
    let metrics = office.text("/metrics").unwrap();
    let line = metrics.lines().find(|line| line.starts_with("jobsheet_listeners ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
