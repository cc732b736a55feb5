//! Starting and stopping, tokens and probes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use common::{BIN, Server, console, http, problem};
use reqwest::Method;

#[test]
fn the_first_start_shows_where_the_data_lie_and_one_token() {
    let server = Server::start();
    assert!(server.said[0].starts_with("data in "), "{:?}", server.said);
    assert!(server.token.as_ref().unwrap().starts_with("jsk_"));
    assert!(server.data().join("jobsheet.db").is_file() && server.data().join("blobs").is_dir());
    let secret = server.token.clone().unwrap();
    let folder = server.stop();
    let database = std::fs::read(folder.path().join("data/jobsheet.db")).unwrap();
    let secret = secret.rsplit('_').next().unwrap().as_bytes();
    assert!(!database.windows(secret.len()).any(|window| window == secret), "the secret is not stored");
    let again = Server::on(folder, &[]);
    assert_eq!(again.token, None, "shown once");
}

#[test]
fn probes_answer_and_metrics_count() {
    let server = Server::start();
    server.alive();
    server.get("/v1/visits");
    let text = http().get(format!("{}/metrics", server.url)).send().unwrap().text().unwrap();
    assert!(
        text.contains(r#"jobsheet_requests_total{method="GET",route="/v1/visits",status="200"} 1"#),
        "{text}"
    );
    assert_eq!(http().get(format!("{}/healthz", server.url)).send().unwrap().status(), 200);
}

#[test]
fn a_stop_lets_requests_in_flight_finish_and_empties_the_log() {
    let mut server = Server::start();
    let body = br#"{"id": "lee", "name": "Lee"}"#;
    let mut slow = TcpStream::connect(server.address()).unwrap();
    write!(
        slow,
        "POST /v1/technicians HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        server.token.as_ref().unwrap(),
        body.len()
    )
    .unwrap();
    slow.write_all(&body[..5]).unwrap();
    slow.flush().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.signal("-TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(TcpStream::connect(server.address()).is_err(), "no new connections");
    slow.write_all(&body[5..]).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(server.wait().success());
    assert!(!server.data().join("jobsheet.db-wal").exists(), "the log was moved into the database");
    let again = Server::on(server.folder.clone(), &[]);
    assert_eq!(again.rows().iter().find(|(table, _)| *table == "technician").unwrap().1, 1);
}

#[test]
fn an_interrupt_stops_it_too() {
    let mut server = Server::start();
    server.signal("-INT");
    assert!(server.wait().success());
}

#[test]
fn tokens_are_made_listed_and_revoked_beside_the_running_server() {
    let mut server = Server::start();
    let made = server.console(&["token", "create", "--name", "ann", "--role", "auditor", "--json"]);
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    server.token = Some(made["token"].as_str().unwrap().to_owned());
    server.get("/v1/visits");
    let refused = server.post("/v1/technicians", &serde_json::json!({"id": "lee", "name": "Lee"}));
    problem(refused, 403, "role");
    let id = made["id"].as_str().unwrap();
    assert!(server.console(&["token", "revoke", id]).status.success());
    problem(server.ask(Method::GET, "/v1/visits").send().unwrap(), 401, "token-revoked");
    let listed = server.console(&["token", "list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.contains("office  admin") && listed.contains("ann  auditor") && listed.contains("revoked"),
        "{listed}"
    );
    assert!(!server.console(&["token", "revoke", id]).status.success(), "revoked already");
    assert!(!server.console(&["token", "create", "--name", "x", "--role", "root"]).status.success());
}

#[test]
fn without_a_token_or_with_a_wrong_one_nothing_opens() {
    let server = Server::start();
    let url = format!("{}/v1/visits", server.url);
    problem(http().get(&url).send().unwrap(), 401, "token-missing");
    let wrong = server.token.as_ref().unwrap().replace("jsk_", "jsx_");
    for token in ["x", "jsk_00000000_00", &wrong] {
        server.refused(|| http().get(&url).bearer_auth(token).send().unwrap(), 401, "token-not-valid");
    }
    let mut flipped = server.token.clone().unwrap();
    let last = if flipped.pop() == Some('0') { '1' } else { '0' };
    flipped.push(last);
    server.refused(|| http().get(&url).bearer_auth(&flipped).send().unwrap(), 401, "token-not-valid");
    problem(server.ask(Method::GET, "/v1/me").send().unwrap(), 403, "device-only");
    problem(server.ask(Method::POST, "/v1/sync").body("x").send().unwrap(), 403, "device-only");
    problem(server.ask(Method::GET, "/v1/nothing").send().unwrap(), 404, "no-such-path");
    problem(server.ask(Method::DELETE, "/v1/visits").send().unwrap(), 405, "method-not-allowed");
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    Server::on(folder.clone(), &[]).stop();
    let path = folder.path().join("data/jobsheet.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&path).unwrap();
    let output = console(&folder.path().join("data"), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("schema 99") && error.contains("update jobsheet-server"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn an_address_in_use_is_a_clear_error() {
    let server = Server::start();
    let output = std::process::Command::new(BIN)
        .args(["serve", "--listen", server.address(), "--data"])
        .arg(server.folder.path().join("other"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("can not listen on"), "{error}");
}

#[test]
fn a_set_clock_is_warned_of() {
    let output =
        console(&tempfile::tempdir().unwrap().path().join("data"), &["technician", "add", "lee", "Lee"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && error.contains("warning: the clock is set to 2026-03-02"), "{error}");
}
