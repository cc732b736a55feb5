//! The stream of pokes, as a device that reads it line by line sees it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Device, Server, http, ok, order, problem};
use jobsheet_core::record::Command;
use reqwest::Method;
use reqwest::blocking::Response;
use serde_json::json;

fn ask(device: &Device) -> Response {
    http().get(format!("{}/v1/pokes", device.url)).bearer_auth(&device.token).send().unwrap()
}

/// A stream that is open.
struct Stream(BufReader<Response>);

impl Stream {
    fn open(device: &Device) -> Self {
        let response = ask(device);
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let mut stream = Self(BufReader::new(response));
        assert_eq!(stream.next().unwrap(), POKE, "one at the beginning");
        stream
    }

    /// The next event, whole; none: the stream has ended.
    fn next(&mut self) -> Option<String> {
        let mut event = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            match line.trim_end() {
                "" if event.is_empty() => {}
                "" => return Some(event),
                comment if comment.starts_with(':') => {}
                field => {
                    event += field;
                    event.push('\n');
                }
            }
        }
    }
}

/// All that an event says.
const POKE: &str = "event: poke\ndata: poke\n";

fn say(words: &str) -> Command {
    Command::Say { words: words.to_owned() }
}

#[test]
fn pokes_say_nothing_and_go_to_those_who_may_see_it() {
    let server = Server::start();
    server.import();
    for id in ["lee", "kim", "pat"] {
        server.technician(id);
    }
    let visit = server.dispatch("101001296115", &["lee", "kim"]);
    let (mut lee, mut kim, pat) = (server.device("lee"), server.device("kim"), server.device("pat"));
    let other = server.device("lee");
    lee.sync(&[]);
    kim.sync(&[]);
    let (mut to_lee, mut to_kim) = (Stream::open(&lee), Stream::open(&kim));
    let (mut to_other, mut to_pat) = (Stream::open(&other), Stream::open(&pat));
    // A colleague.
    let change = kim.work(&visit, say("On my way."));
    kim.sync(&[(visit, vec![change])]);
    assert_eq!(to_lee.next().unwrap(), POKE);
    assert_eq!(to_other.next().unwrap(), POKE, "the other device of the same person");
    // What kim sent kim knows; the office's answer is news.
    let path = format!("/v1/visits/{visit}/commands");
    ok(server.post(&path, &json!({"do": "say", "words": "Good."})));
    for stream in [&mut to_lee, &mut to_kim, &mut to_other] {
        assert_eq!(stream.next().unwrap(), POKE);
    }
    // Somebody new in the crew, and somebody gone.
    let path = format!("/v1/visits/{visit}/assignment");
    let changed = server.ask(Method::PUT, &path).json(&order(&["lee", "pat"])).send().unwrap();
    assert_eq!(changed.status(), 200);
    for stream in [&mut to_lee, &mut to_kim, &mut to_pat] {
        assert_eq!(stream.next().unwrap(), POKE);
    }
    // Kim may not see it any more and hears no more of it: all that came is what was told above, and then the end.
    ok(server.post(&format!("/v1/visits/{visit}/commands"), &json!({"do": "say", "words": "Thanks."})));
    assert_eq!(to_pat.next().unwrap(), POKE);
    let gone = server.ask(Method::DELETE, &format!("/v1/devices/{}", kim.id)).send().unwrap();
    assert_eq!(gone.status(), 204);
    assert_eq!(to_kim.next(), None);
    problem(ask(&kim), 401, "device-revoked");
}

#[test]
fn streams_end_with_the_device_s_right_to_come_in() {
    let server = Server::start();
    server.technician("lee");
    let lee = server.device("lee");
    let mut stream = Stream::open(&lee);
    let path = format!("/v1/devices/{}/suspension", lee.id);
    let suspended = server.ask(Method::PUT, &path).json(&json!({"suspended": true})).send().unwrap();
    assert_eq!(suspended.status(), 204);
    assert_eq!(stream.next(), None);
    problem(ask(&lee), 403, "device-suspended");
    // Whoever is nobody, or somebody else.
    let bare = http().get(format!("{}/v1/pokes", server.url)).send().unwrap();
    problem(bare, 401, "token-missing");
    problem(server.ask(Method::GET, "/v1/pokes").send().unwrap(), 403, "device-only");
}

#[test]
fn a_stream_ends_with_its_token() {
    let server = Server::on(Arc::new(tempfile::tempdir().unwrap()), &["--clock", "2026-03-02T08:00:00Z"]);
    server.technician("lee");
    let mut lee = server.device("lee");
    let folder = server.stop();
    // An hour less a few seconds later.
    let server = Server::on(folder, &["--clock", "2026-03-02T08:59:56Z"]);
    lee.url.clone_from(&server.url);
    let mut stream = Stream::open(&lee);
    assert_eq!(stream.next(), None);
    problem(ask(&lee), 401, "token-expired");
}

#[test]
fn a_device_that_another_process_shuts_out_is_noticed() {
    let server = Server::start();
    server.technician("lee");
    let lee = server.device("lee");
    let mut stream = Stream::open(&lee);
    let database = rusqlite::Connection::open(server.data().join("jobsheet.db")).unwrap();
    let out = database.execute("UPDATE device SET suspended_at = 1 WHERE id = ?1", [lee.id.as_bytes()]);
    assert_eq!(out.unwrap(), 1);
    assert_eq!(stream.next(), None);
}

#[test]
fn too_many_listeners_are_told_when_to_come_back() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = Server::on(folder, &["--clock", common::NOW, "--max-listeners", "2"]);
    for id in ["lee", "kim", "pat"] {
        server.technician(id);
    }
    let (lee, kim, pat) = (server.device("lee"), server.device("kim"), server.device("pat"));
    let (stream, _other) = (Stream::open(&lee), Stream::open(&kim));
    let refused = ask(&pat);
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 503, "busy");
    drop(stream);
    let begun = Instant::now();
    while ask(&pat).status() != 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "there is room again");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_with_listeners_stops_at_once() {
    let server = Server::start();
    server.technician("lee");
    let lee = server.device("lee");
    let mut stream = Stream::open(&lee);
    let begun = Instant::now();
    server.stop();
    // Requests in flight are given half a minute; this one would never end.
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(stream.next(), None);
}
