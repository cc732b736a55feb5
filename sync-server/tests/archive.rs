//! What is finished is kept in less space, and nothing is lost by it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Device, Server, codes, ok};
use jobsheet_core::record::{Command, NoteEdit};
use jobsheet_wire::{Delivery, Framed, Verdict};
use serde_json::{Value, json};
use uuid::Uuid;

/// Some hours after the work.
const EVENING: &str = "2026-03-02T18:00:00Z";
/// Most bytes of an archived visit, seal and all.
const MAX_ARCHIVED_BYTES: u64 = 3_000;

struct Scene {
    server: Server,
    visit: Uuid,
    lee: Device,
    mei: Device,
    pushed: Vec<Framed>,
}

/// A visit with some work on it.
fn scene() -> Scene {
    let server = Server::start();
    server.import();
    for id in ["lee", "mei"] {
        server.technician(id);
    }
    let visit = server.dispatch("101001241039", &["lee", "mei"]);
    let (mut lee, mut mei) = (server.device("lee"), server.device("mei"));
    lee.sync(&[]);
    mei.sync(&[]);
    let mut pushed = vec![lee.work(&visit, Command::Accept)];
    for n in 0..60 {
        let edit = NoteEdit::Append(format!("line {n} of what was found; "));
        pushed.push(lee.work(&visit, Command::Note { note: "cause".to_owned(), edit }));
        if n % 20 == 19 {
            let reply = lee.sync(&[(visit, std::mem::take(&mut pushed))]);
            assert!(codes(&reply).iter().all(|code| code == "accepted"));
        }
    }
    let last = lee.work(&visit, Command::Say { words: "done for today".to_owned() });
    lee.sync(&[(visit, vec![last.clone()])]);
    Scene { server, visit, lee, mei, pushed: vec![last] }
}

fn archive(server: &Server, arguments: &[&str]) -> Value {
    let output = server.console(&[&["archive", "--json", "--clock", EVENING], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_archived_visit_is_what_it_was_and_can_be_worked_on() {
    let Scene { server, visit, mut lee, mut mei, pushed } = scene();
    let paths = [format!("/v1/visits/{visit}"), format!("/v1/visits/{visit}/changes")];
    let before = paths.each_ref().map(|path| server.get(path));

    assert_eq!(archive(&server, &["--idle-days", "0"])["report"]["documents"], 0, "it is not finished");
    assert_eq!(archive(&server, &["--any-state"])["report"]["documents"], 0, "it was worked on today");
    let told = archive(&server, &["--any-state", "--idle-days", "0"]);
    assert_eq!((&told["report"]["documents"], &told["report"]["left"]), (&json!(1), &json!(0)));
    assert_eq!((&told["store"]["archived"], &told["store"]["active"]), (&json!(1), &json!(0)));
    assert!(told["report"]["bytes_after"].as_u64().unwrap() < MAX_ARCHIVED_BYTES, "{told}");
    assert!(told["report"]["bytes_after"].as_u64() < told["report"]["bytes_before"].as_u64(), "{told}");
    assert_eq!(paths.each_ref().map(|path| server.get(path)), before);
    assert_eq!(archive(&server, &["--any-state", "--idle-days", "0"])["report"]["documents"], 0, "it is");

    // Whoever lacks a part of it gets it whole; what was sent is known under its number.
    let reply = mei.sync(&[]);
    assert!(matches!(reply.deliveries[..], [Delivery::New(_)]), "{:?}", reply.deliveries);
    assert_eq!(mei.visits[&visit].heads(), lee.visits[&visit].heads());
    let again = lee.sync(&[(visit, pushed)]);
    let seq = before[1].as_array().unwrap().last().unwrap()["seq"].as_u64().unwrap();
    assert_eq!(again.verdicts[0].verdict, Verdict::Duplicate(seq));
    assert!(again.deliveries.is_empty());

    // Late work, by a device and by the office.
    let late = mei.work(&visit, Command::Say { words: "one thing more".to_owned() });
    assert_eq!(codes(&mei.sync(&[(visit, vec![late])])), ["accepted"]);
    ok(server.post(&format!("/v1/visits/{visit}/commands"), &json!({"do": "say", "words": "thank you"})));
    assert!(matches!(lee.sync(&[]).deliveries[..], [Delivery::Tail(_)]));
    mei.sync(&[]);
    assert_eq!(mei.visits[&visit].heads(), lee.visits[&visit].heads());
    let now = paths.each_ref().map(|path| server.get(path));
    assert_eq!(now[1].as_array().unwrap().len(), before[1].as_array().unwrap().len() + 2);

    assert_eq!(archive(&server, &["--any-state", "--idle-days", "0"])["report"]["documents"], 1);
    assert_eq!(paths.each_ref().map(|path| server.get(path)), now);
}

#[test]
fn a_damaged_document_is_not_archived_and_keeps_no_other_from_it() {
    let Scene { server, visit, .. } = scene();
    let other = server.dispatch("101001241625", &["lee"]);
    let database = rusqlite::Connection::open(server.data().join("jobsheet.db")).unwrap();
    let gone = database
        .execute(
            "DELETE FROM log WHERE seq = (SELECT max(seq) FROM log WHERE document = ?1)",
            [visit.as_bytes()],
        )
        .unwrap();
    assert_eq!(gone, 1);
    let told = archive(&server, &["--any-state", "--idle-days", "0", "--shrink"]);
    assert_eq!((&told["report"]["documents"], &told["report"]["left"]), (&json!(1), &json!(1)));
    assert_eq!(server.get(&format!("/v1/visits/{other}"))["assessment"]["state"]["id"], "assigned");
    assert_eq!(server.get(&format!("/v1/visits/{visit}"))["assessment"]["state"]["id"], "accepted");
}
