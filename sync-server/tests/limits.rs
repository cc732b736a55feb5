//! How often callers may ask: by address before they are known, by device after.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use common::{Server, http, key, ok, problem};
use jobsheet_core::key::DeviceKey;
use jobsheet_wire::{Exchange, encode_exchange};
use reqwest::blocking::Response;
use serde_json::json;
use uuid::Uuid;

fn server(arguments: &[&str]) -> Server {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = Server::on(folder, &[&["--clock", common::NOW], arguments].concat());
    server.technician("lee");
    server
}

/// Asked too often: told when to come back.
fn too_many(response: Response) {
    let after: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=61).contains(&after), "{after}");
    problem(response, 429, "too-many-requests");
}

fn enrol(server: &Server, code: &str, forwarded: Option<(&str, &str)>) -> Response {
    let body = json!({"code": code, "device_name": "phone", "public_key": key(7).public_key().unwrap()});
    let mut request = http().post(format!("{}/v1/enrol", server.url)).json(&body);
    if let Some((name, value)) = forwarded {
        request = request.header(name, value);
    }
    request.send().unwrap()
}

#[test]
fn codes_can_not_be_tried_out() {
    let server = server(&["--enrolments-per-minute", "3"]);
    let code = server.code("lee");
    for at in 0..3 {
        problem(enrol(&server, &format!("{at:040}"), None), 403, "code-not-valid");
    }
    // The right code does not help either: it was not looked at, and holds still.
    too_many(enrol(&server, &code, None));
    let folder = server.stop();
    let again = Server::on(folder, &["--clock", common::NOW]);
    ok(enrol(&again, &code, None));
}

#[test]
fn nonces_proofs_and_wrong_tokens_are_counted_together_and_known_devices_are_not() {
    let server = server(&["--unknown-per-minute", "8"]);
    // A nonce and a proof.
    let device = server.device("lee");
    for _ in 0..2 {
        device.nonce();
    }
    problem(device.prove("00"), 401, "nonce-not-valid");
    let me = |token: &str| http().get(format!("{}/v1/me", server.url)).bearer_auth(token).send().unwrap();
    let visits =
        |token: &str| http().get(format!("{}/v1/visits", server.url)).bearer_auth(token).send().unwrap();
    problem(me("jsd_00"), 401, "token-not-valid");
    problem(visits("jsk_00000000_00"), 401, "token-not-valid");
    problem(http().get(format!("{}/v1/visits", server.url)).send().unwrap(), 401, "token-missing");
    too_many(me("jsd_00"));
    too_many(visits("x"));
    too_many(device.prove("00"));
    let nonce = http().post(format!("{}/v1/nonce", server.url)).json(&json!({"device": Uuid::nil()}));
    too_many(nonce.send().unwrap());
    ok(me(&device.token));
    server.get("/v1/visits");
    ok(enrol(&server, &server.code("lee"), None));
}

#[test]
fn who_has_shown_who_it_is_is_not_counted_as_unknown() {
    let server = server(&["--unknown-per-minute", "3"]);
    // A nonce and a proof.
    let device = server.device("lee");
    let path = format!("/v1/devices/{}/suspension", device.id);
    assert_eq!(
        server.ask(reqwest::Method::PUT, &path).json(&json!({"suspended": true})).send().unwrap().status(),
        204
    );
    let me = || http().get(format!("{}/v1/me", server.url)).bearer_auth(&device.token).send().unwrap();
    for _ in 0..4 {
        problem(me(), 403, "device-suspended");
    }
    // The address has one left.
    device.nonce();
}

#[test]
fn each_device_is_counted_by_itself() {
    let server = server(&["--requests-per-minute", "5"]);
    let (one, other) = (server.device("lee"), server.device("lee"));
    let body = || encode_exchange(&Exchange::default()).unwrap();
    for _ in 0..5 {
        assert!(one.send(body()).status().is_success());
    }
    too_many(one.send(body()));
    assert!(other.send(body()).status().is_success());
    server.get("/v1/visits");
}

#[test]
fn who_stands_behind_a_proxy_is_believed_from_trusted_proxies_alone() {
    let wrong = "0".repeat(40);
    let xff = |address| Some(("x-forwarded-for", address));
    // Nobody is trusted: whoever says that he is somebody else is still himself.
    let direct = server(&["--enrolments-per-minute", "1"]);
    problem(enrol(&direct, &wrong, xff("1.1.1.1")), 403, "code-not-valid");
    too_many(enrol(&direct, &wrong, xff("2.2.2.2")));
    let proxied = server(&["--enrolments-per-minute", "1", "--trusted-proxy", "127.0.0.0/8"]);
    problem(enrol(&proxied, &wrong, xff("1.1.1.1")), 403, "code-not-valid");
    problem(enrol(&proxied, &wrong, xff("2.2.2.2")), 403, "code-not-valid");
    too_many(enrol(&proxied, &wrong, xff("9.9.9.9, 1.1.1.1")));
    // The other header is not read: a caller could have written it.
    problem(enrol(&proxied, &wrong, Some(("forwarded", "for=3.3.3.3"))), 403, "code-not-valid");
    too_many(enrol(&proxied, &wrong, Some(("forwarded", "for=4.4.4.4"))));
    let rfc = ["--trusted-proxy", "127.0.0.1/32", "--forwarded-header", "forwarded"];
    let rfc = server(&[&["--enrolments-per-minute", "1"], &rfc[..]].concat());
    problem(enrol(&rfc, &wrong, Some(("forwarded", "for=3.3.3.3"))), 403, "code-not-valid");
    problem(enrol(&rfc, &wrong, Some(("forwarded", "for=4.4.4.4"))), 403, "code-not-valid");
}

#[test]
fn without_tls_the_server_listens_to_this_machine_alone() {
    let refused = |arguments: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let output =
            common::console(folder.path(), &[&["serve", "--listen", "0.0.0.0:0"], arguments].concat());
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let told = refused(&[]);
    assert!(told.contains("--tls-cert") && told.contains("--trusted-proxy"), "{told}");
    assert!(refused(&["--trusted-proxy", "nonsense"]).contains("nonsense"));
    assert!(refused(&["--tls-cert", "x.pem"]).contains("--tls-key"));
    assert!(refused(&["--tls-cert", "x.pem", "--tls-key", "y.pem"]).contains("x.pem can not be read"));
    for open in [&["--trusted-proxy", "10.0.0.0/8"][..], &["--allow-plain-http"]] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(common::BIN)
            .args(["serve", "--listen", "0.0.0.0:0", "--data"])
            .arg(folder.path())
            .args(open)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listens =
            lines.map_while(Result::ok).any(|line| line.starts_with("listening on http://0.0.0.0:"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(listens, "{open:?}");
    }
}
