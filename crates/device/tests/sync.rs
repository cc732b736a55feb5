//! The sync loop against a small HTTP server in this process: what is sent, what is retried, what each answer means.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use jobsheet_core::key::{Certificate, CertificateFacts, DeviceKey as _, SecretKey};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::thread;

use common::{delivery, dispatched, note, options, visit_id};
use jobsheet::{CallForHelp, Enrolment, Lack, Progress, Query, Store, SyncError};
use jobsheet_core::record::{Command, NoteEdit, Spot};
use jobsheet_wire::{Exchange, Reply, Verdict, VerdictOfChange, decode_exchange, encode_reply};

struct Request {
    path: String,
    authorization: String,
    body: Vec<u8>,
}

type Answer = (u16, Vec<u8>);

/// A server that answers each request in turn with what `answer` gives; the requests are kept. It lets every device in.
fn server(answer: impl Fn(usize, &Request) -> Answer + Send + 'static) -> (String, Arc<Mutex<Vec<Request>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = requests.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut first = String::new();
            stream.read_line(&mut first).unwrap();
            let (mut length, mut authorization) = (0, String::new());
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim_end().split_once(": ") else { break };
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().unwrap(),
                    "authorization" => value.clone_into(&mut authorization),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let path = first.split(' ').nth(1).unwrap().to_owned();
            let request = Request { path, authorization, body };
            let (status, body) = match request.path.as_str() {
                "/v1/nonce" => (200, br#"{"nonce": "n", "expires_in": 60}"#.to_vec()),
                "/v1/token" => (200, br#"{"token": "secret-token", "expires_in": 3600}"#.to_vec()),
                _ => {
                    let mut kept = kept.lock().unwrap();
                    let answered = answer(kept.len(), &request);
                    kept.push(request);
                    answered
                }
            };
            let head =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let stream = stream.get_mut();
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    (address, requests)
}

fn enrolled(folder: &std::path::Path, server: &str) -> Store {
    let store = Store::open(folder, options()).unwrap();
    store
        .adopt(&Enrolment {
            server: server.to_owned(),
            device: "device-1".to_owned(),
            technician: common::TECHNICIAN.to_owned(),
            organisation: jobsheet_core::key::SecretKey::from_bytes(&[9; 32]).unwrap().public_key().unwrap(),
        })
        .unwrap();
    store
}

fn asked(request: &Request) -> Exchange {
    decode_exchange(&request.body).unwrap()
}

fn accept_all(exchange: &Exchange) -> Vec<VerdictOfChange> {
    exchange
        .push
        .iter()
        .flat_map(|push| push.changes.iter().map(|change| (push.document, change.hash)))
        .enumerate()
        .map(|(at, (document, hash))| VerdictOfChange {
            document,
            hash,
            verdict: Verdict::Accepted(at as u64 + 1),
        })
        .collect()
}

/// The changes that a request offers.
fn offers(request: &Request) -> Vec<[u8; 32]> {
    asked(request).push.iter().flat_map(|push| &push.changes).map(|change| change.hash).collect()
}

/// The answer to an exchange.
fn ok(exchange: &Exchange, reply: &Reply) -> Answer {
    (200, encode_reply(reply, exchange).unwrap())
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn a_sync_pulls_all_pages_and_pushes_until_nothing_is_left() {
    let (address, requests) = server(|at, request| {
        let exchange = asked(request);
        let deliveries = if at < 3 { vec![delivery(&dispatched(at))] } else { Vec::new() };
        // Five seconds ahead of the device.
        let server_at_ms = exchange.sent_at_ms + 5000;
        ok(
            &exchange,
            &Reply {
                verdicts: accept_all(&exchange),
                deliveries,
                cursor: vec![u8::try_from(at).unwrap() + 1],
                more: at < 2,
                server_at_ms,
                ..Reply::default()
            },
        )
    });
    let folder = tempfile::tempdir().unwrap();
    let store = enrolled(folder.path(), &address);
    let mut seen = Vec::new();
    let report = store
        .sync(|progress| {
            seen.push((progress.exchanges, progress.documents, progress.more));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, [(1, 1, true), (2, 2, true), (3, 3, false)]);
    assert_eq!((report.exchanges, report.documents, report.accepted), (3, 3, 0));
    assert!((4000..=5000).contains(&report.skew_ms), "{}", report.skew_ms);
    assert_eq!(store.visits(&Query::default()).unwrap().total, 3);

    for at in 0..3 {
        store.apply(visit_id(at), &note("done ")).unwrap();
    }
    let report = store.sync(go_on).unwrap();
    assert_eq!((report.exchanges, report.accepted), (1, 3));
    assert!(store.outbox().unwrap().is_empty());

    let requests = requests.lock().unwrap();
    assert!(requests.iter().all(|request| request.path == "/v1/sync"));
    assert!(requests.iter().all(|request| request.authorization == "Bearer secret-token"));
    let cursors: Vec<Vec<u8>> =
        requests.iter().map(|request| decode_exchange(&request.body).unwrap().cursor).collect();
    assert_eq!(cursors, [vec![], vec![1], vec![2], vec![3]]);
    // What the record says of the clock is what the comparison found.
    let record = store.visit(visit_id(0)).unwrap().record;
    assert!(record.notes["steps"].contains("done"));
}

/// Words that do not compress: a change with them has about 30 kB.
fn words_of(seed: usize) -> String {
    let mut seed = u64::try_from(seed).unwrap() + 1;
    (0..19_000)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from_u32(0x4e00 + u32::try_from(seed >> 33).unwrap() % 20_000).unwrap()
        })
        .collect()
}

#[test]
fn a_large_outbox_goes_out_in_several_exchanges() {
    let (address, requests) = server(|_, request| {
        let exchange = asked(request);
        ok(&exchange, &Reply { verdicts: accept_all(&exchange), ..Reply::default() })
    });
    let folder = tempfile::tempdir().unwrap();
    let store = enrolled(folder.path(), &address);
    let deliveries = (0..40).map(|at| delivery(&dispatched(at))).collect();
    store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
    for at in 0..40 {
        store.apply(visit_id(at), &note(&words_of(at))).unwrap();
    }
    let report = store.sync(go_on).unwrap();
    assert_eq!(report.accepted, 40);
    assert!(report.exchanges >= 2, "{}", report.exchanges);
    assert!(requests.lock().unwrap().iter().all(|request| request.body.len() < 2 << 20));
}

#[test]
fn a_busy_server_is_asked_again_and_a_refusing_one_is_not() {
    let (address, requests) =
        server(|at, request| if at < 2 { (503, Vec::new()) } else { ok(&asked(request), &Reply::default()) });
    let folder = tempfile::tempdir().unwrap();
    enrolled(folder.path(), &address).sync(go_on).unwrap();
    assert_eq!(requests.lock().unwrap().len(), 3);

    let problem = br#"{"title": "Unauthorized", "detail": "the token is revoked"}"#;
    let (address, requests) = server(move |_, _| (401, problem.to_vec()));
    let folder = tempfile::tempdir().unwrap();
    let error = enrolled(folder.path(), &address).sync(go_on).unwrap_err();
    assert!(matches!(&error, SyncError::Unauthorized(reason) if reason == "the token is revoked"), "{error}");
    assert_eq!(requests.lock().unwrap().len(), 1);
}

#[test]
fn a_revoked_device_offers_all_it_has_and_a_suspended_one_waits() {
    let refused = Arc::new(Mutex::new((401, "device-revoked")));
    let told = refused.clone();
    let (address, requests) = server(move |_, _| {
        let (status, code) = *told.lock().unwrap();
        (status, serde_json::to_vec(&serde_json::json!({"code": code, "detail": "out"})).unwrap())
    });
    let folder = tempfile::tempdir().unwrap();
    let store = enrolled(folder.path(), &address);
    let deliveries = (0..40).map(|at| delivery(&dispatched(at))).collect();
    store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
    for at in 0..40 {
        // More than one exchange carries.
        store.apply(visit_id(at), &note(&words_of(at))).unwrap();
    }
    assert!(matches!(store.sync(go_on), Err(SyncError::Revoked(reason)) if reason == "out"));
    let offered = |requests: &[Request]| -> usize {
        requests.iter().map(|request| decode_exchange(&request.body).unwrap().push.len()).sum()
    };
    {
        let requests = requests.lock().unwrap();
        assert!(requests.len() >= 2, "{}", requests.len());
        assert_eq!(offered(&requests), 40);
    }
    let unsent: u32 = store.outbox().unwrap().iter().map(|visit| visit.unsent).sum();
    assert_eq!(unsent, 40, "nothing is lost here");
    // One visit with more than one exchange carries.
    for at in 0..40 {
        let edit = NoteEdit::Splice { at: 0, delete: 19_000, insert: words_of(100 + at) };
        store.apply(visit_id(0), &Command::Note { note: "steps".to_owned(), edit }).unwrap();
    }
    requests.lock().unwrap().clear();
    assert!(matches!(store.sync(go_on), Err(SyncError::Revoked(_))));
    let changes: std::collections::HashSet<[u8; 32]> =
        requests.lock().unwrap().iter().flat_map(offers).collect();
    assert_eq!(changes.len(), 80, "every change is offered");
    *refused.lock().unwrap() = (403, "device-suspended");
    let before = requests.lock().unwrap().len();
    assert!(matches!(store.sync(go_on), Err(SyncError::Suspended(_))));
    assert_eq!(requests.lock().unwrap().len(), before + 1);
    // A suspended device needs no new code.
    let folder = tempfile::tempdir().unwrap();
    let store = enrolled(folder.path(), &address);
    assert!(matches!(store.sync(go_on), Err(SyncError::Suspended(_))));
    assert!(!store.readiness(0).unwrap().findings.iter().any(|found| found.lack == Lack::ShutOut));
}

#[test]
fn damaged_answers_are_typed_and_change_nothing() {
    let mut cut =
        encode_reply(&Reply { cursor: vec![7; 100], ..Reply::default() }, &Exchange::default()).unwrap();
    cut.truncate(cut.len() - 1);
    let mut future = encode_reply(&Reply::default(), &Exchange::default()).unwrap();
    future[0] = 9;
    for answer in [cut, future, Vec::new(), b"<html>a captive portal</html>".to_vec()] {
        let (address, _) = server(move |_, _| (200, answer.clone()));
        let folder = tempfile::tempdir().unwrap();
        let store = enrolled(folder.path(), &address);
        assert!(matches!(store.sync(go_on), Err(SyncError::Protocol(_))));
        assert_eq!(store.visits(&Query::default()).unwrap().total, 0);
    }
}

#[test]
fn without_a_network_or_an_enrolment_the_reason_is_clear() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), options()).unwrap();
    assert!(matches!(store.sync(go_on), Err(SyncError::NotEnrolled)));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let store = enrolled(folder.path(), &format!("http://{closed}"));
    assert!(matches!(store.sync(go_on), Err(SyncError::Unreachable(_))));
    let store = enrolled(folder.path(), "http://jobs.example.org");
    assert!(matches!(store.sync(go_on), Err(SyncError::Address(_))));
}

#[test]
fn pending_changes_stay_hold_up_no_other_visit_and_do_not_make_the_loop_endless() {
    let (address, requests) = server(|_, request| {
        let exchange = asked(request);
        let mut verdicts = accept_all(&exchange);
        for verdict in &mut verdicts {
            if verdict.document == visit_id(0).into_bytes() {
                verdict.verdict = Verdict::Pending(Vec::new());
            }
        }
        ok(&exchange, &Reply { verdicts, ..Reply::default() })
    });
    let folder = tempfile::tempdir().unwrap();
    let store = enrolled(folder.path(), &address);
    let deliveries = (0..3).map(|at| delivery(&dispatched(at))).collect();
    store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();
    for _ in 0..20 {
        store.apply(visit_id(0), &note(&"\u{4e00}".repeat(900))).unwrap();
    }
    for at in 1..3 {
        store.apply(visit_id(at), &note("x")).unwrap();
    }
    let report = store.sync(go_on).unwrap();
    assert_eq!(report.accepted, 2);
    assert!(requests.lock().unwrap().len() <= 2);
    let outbox = store.outbox().unwrap();
    assert_eq!(outbox.iter().map(|out| (out.visit, out.unsent)).collect::<Vec<_>>(), [(visit_id(0), 20)]);
}

#[test]
fn a_caller_can_stop_a_sync_and_a_restless_server_is_left() {
    let (address, requests) = server(|at, request| {
        ok(
            &asked(request),
            &Reply { more: true, cursor: vec![u8::try_from(at).unwrap() + 1], ..Reply::default() },
        )
    });
    let folder = tempfile::tempdir().unwrap();
    let store = enrolled(folder.path(), &address);
    let stopped =
        store.sync(
            |progress| {
                if progress.exchanges == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
    assert!(matches!(stopped, Err(SyncError::Cancelled)));
    assert_eq!(requests.lock().unwrap().len(), 2);

    let (address, requests) =
        server(|_, request| ok(&asked(request), &Reply { epoch_changed: true, ..Reply::default() }));
    assert!(matches!(enrolled(folder.path(), &address).sync(go_on), Err(SyncError::Protocol(_))));
    assert_eq!(requests.lock().unwrap().len(), 2);
}

#[test]
fn enrolling_stores_what_the_server_gives() {
    let key = SecretKey::from_bytes(&[9; 32]).unwrap();
    let named = key.public_key().unwrap();
    let organisation = key.clone();
    let (address, requests) = server(move |at, _| {
        if at == 0 {
            let organisation = organisation.public_key().unwrap();
            // A certificate that vouches for somebody else's key vouches for nothing.
            let says = CertificateFacts {
                tenant: "default".to_owned(),
                device: "d-1".to_owned(),
                person: "tech-9".to_owned(),
                key: organisation,
                issued_at: "2026-03-01T09:00:00Z".parse().unwrap(),
            };
            let certificate = Certificate::issue(says, &key).unwrap();
            let answer = serde_json::json!({"device": "d-1", "technician": "tech-9", "tenant": "default",
                                            "certificate": certificate, "organisation": organisation});
            (201, serde_json::to_vec(&answer).unwrap())
        } else {
            (410, br#"{"title": "Gone", "detail": "the code is used"}"#.to_vec())
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), options()).unwrap();
    let enrolment = store.enrol(&format!("{address}/"), " code-1 ", "van phone").unwrap();
    assert_eq!((enrolment.technician.as_str(), enrolment.server.as_str()), ("tech-9", address.as_str()));
    assert_eq!(store.enrolment().unwrap(), Some(enrolment));
    let error = store.enrol(&address, "code-1", "van phone").unwrap_err();
    assert!(matches!(&error, SyncError::CodeRefused(reason) if reason == "the code is used"), "{error}");
    let requests = requests.lock().unwrap();
    assert_eq!(requests[0].path, "/v1/enrol");
    let body: serde_json::Value = serde_json::from_slice(&requests[0].body).unwrap();
    let key = store.device_key().unwrap().public_key().unwrap();
    let told = serde_json::json!({ "code": "code-1", "device_name": "van phone", "public_key": key });
    assert_eq!(body, told);
    assert_eq!(store.trust().unwrap().organisations, [named]);
    store.shutdown().unwrap();
    let database = rusqlite::open_plain(&folder.path().join("jobsheet.db")).unwrap();
    let kept: Option<String> =
        database.query_row("SELECT certificate FROM meta", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, None, "it is dropped");
}

/// The first exchange brings three visits; `then` answers those after it.
fn three_visits(
    then: impl Fn(usize, &Exchange) -> Answer + Send + 'static,
) -> (String, Arc<Mutex<Vec<Request>>>) {
    server(move |at, request| {
        let exchange = decode_exchange(&request.body).unwrap();
        if at > 0 {
            return then(at, &exchange);
        }
        let deliveries = (0..3).map(|visit| delivery(&dispatched(visit))).collect();
        let server_at_ms = exchange.sent_at_ms;
        ok(&exchange, &Reply { deliveries, cursor: vec![1], server_at_ms, ..Reply::default() })
    })
}

fn takes_all(exchange: &Exchange) -> Answer {
    let server_at_ms = exchange.sent_at_ms;
    ok(exchange, &Reply { verdicts: accept_all(exchange), cursor: vec![1], server_at_ms, ..Reply::default() })
}

fn help() -> CallForHelp {
    let place = Some(Spot { latitude: 31.2, longitude: 121.4, accuracy_m: None });
    CallForHelp { situation: None, words: Some("Locked in.".to_owned()), place }
}

#[test]
fn a_call_for_help_goes_before_all_other_work() {
    let (address, requests) = three_visits(|_, exchange| takes_all(exchange));
    let folder = tempfile::tempdir().unwrap();
    let store = enrolled(folder.path(), &address);
    store.sync(go_on).unwrap();
    for caller in 0..3 {
        for at in 0..3 {
            store.apply(visit_id(at), &note("work ")).unwrap();
        }
        store.alert(visit_id(caller), help()).unwrap();
        assert_eq!(store.waiting_alerts().unwrap(), 1);
        store.sync(go_on).unwrap();
        assert_eq!(store.waiting_alerts().unwrap(), 0);
        let requests = requests.lock().unwrap();
        let pushed = decode_exchange(&requests.last().unwrap().body).unwrap().push;
        assert_eq!((pushed.len(), pushed[0].document), (3, visit_id(caller).into_bytes()));
    }
}

#[test]
fn a_driver_tries_until_the_server_has_the_call_and_says_what_came_of_each_try() {
    // The client asks four times before it gives up once.
    let (address, _) = three_visits(|at, exchange| match at {
        1..=4 => (503, Vec::new()),
        _ => takes_all(exchange),
    });
    let folder = tempfile::tempdir().unwrap();
    let store = enrolled(folder.path(), &address);
    store.sync(go_on).unwrap();
    store.alert(visit_id(1), help()).unwrap();
    // Whoever opens the store anew goes on: the call is on the disk.
    store.shutdown().unwrap();
    let store = Store::open(folder.path(), options()).unwrap();
    let mut tries = Vec::new();
    let done = store.keep_alerting(|| false, |tried| tries.push(tried.clone())).unwrap();
    assert_eq!((done.tries, done.waiting, done.refused), (2, 0, 0));
    let failed = tries[0].failed.clone().unwrap();
    assert!(failed.contains("503") && !failed.contains("Locked"), "{failed}");
    let wait = tries[0].next_in.unwrap();
    assert!((1000..2000).contains(&wait.as_millis()), "{wait:?}");
    assert_eq!((tries[1].number, &tries[1].failed, tries[1].next_in), (2, &None, None));
    // Nothing waits: nothing is tried.
    assert_eq!(store.keep_alerting(|| false, |_| panic!("no try")).unwrap().tries, 0);
}

#[test]
fn a_driver_ends_when_it_is_told_to_when_the_call_is_refused_and_when_no_try_can_help() {
    let refuses = |exchange: &Exchange| {
        let verdict = Verdict::Refused { code: "out-of-scope".to_owned(), reason: "not yours".to_owned() };
        let mut verdicts = accept_all(exchange);
        for one in &mut verdicts {
            one.verdict = verdict.clone();
        }
        ok(
            exchange,
            &Reply { verdicts, cursor: vec![1], server_at_ms: exchange.sent_at_ms, ..Reply::default() },
        )
    };
    let (address, _) = three_visits(move |at, exchange| match at {
        1..=4 => (503, Vec::new()),
        5 => (401, Vec::new()),
        _ => refuses(exchange),
    });
    let folder = tempfile::tempdir().unwrap();
    let store = enrolled(folder.path(), &address);
    store.sync(go_on).unwrap();
    store.alert(visit_id(1), help()).unwrap();
    let stop = std::cell::Cell::new(false);
    let done = store.keep_alerting(|| stop.get(), |_| stop.set(true)).unwrap();
    assert_eq!((done.tries, done.waiting), (1, 1), "stopped while it waits, and the call is kept");
    let never = store.keep_alerting(|| false, |_| {}).unwrap_err();
    assert!(matches!(never, SyncError::Unauthorized(_)), "{never}");
    assert_eq!(store.waiting_alerts().unwrap(), 1);
    let done = store.keep_alerting(|| false, |_| {}).unwrap();
    assert_eq!((done.waiting, done.refused), (0, 1), "somebody has to phone");
}
