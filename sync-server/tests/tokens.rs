//! How a device is let in: nonces, assertions, and access tokens that end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Device, Server, http, key, ok, problem};
use jobsheet_core::key::{Assertion, DeviceKey};
use jobsheet_wire::{Exchange, encode_exchange};
use reqwest::blocking::Response;
use serde_json::json;

fn scene() -> (Server, Device) {
    let server = Server::start();
    server.technician("lee");
    let device = server.device("lee");
    (server, device)
}

fn sync(device: &Device) -> Response {
    device.send(encode_exchange(&Exchange::default()).unwrap())
}

#[test]
fn an_assertion_opens_once() {
    let (server, device) = scene();
    let nonce = device.nonce();
    let answer = ok(device.prove(&nonce));
    assert_eq!(answer["expires_in"], 3600);
    let again = server.refused(|| device.prove(&nonce), 401, "nonce-not-valid");
    let fresh = again["nonce"].as_str().unwrap();
    ok(device.prove(fresh));
}

#[test]
fn what_another_key_signed_or_was_signed_for_another_server_is_refused() {
    let (server, device) = scene();
    let nonce = device.nonce();
    let id = device.id.to_string();
    let mine = Assertion { organisation: device.organisation, device: &id, nonce: &nonce };
    let foreign = mine.sign(&key(99)).unwrap();
    server.refused(|| device.show(&nonce, &foreign), 401, "assertion-not-valid");
    let elsewhere = Assertion { organisation: key(98).public_key().unwrap(), ..mine };
    let elsewhere = elsewhere.sign(&device.key).unwrap();
    server.refused(|| device.show(&nonce, &elsewhere), 401, "assertion-not-valid");
    // None of this has used the nonce up: a stranger can not keep a device out.
    ok(device.prove(&nonce));
}

#[test]
fn a_real_assertion_for_one_server_does_not_open_another() {
    let (one, mut device) = scene();
    // Another organisation to which the same device is known under the same id: what is signed there is shown here.
    let (two, mut other) = scene();
    let nonce = device.nonce();
    other.id = device.id;
    let id = device.id.to_string();
    let for_two = Assertion { organisation: other.organisation, device: &id, nonce: &nonce };
    let signature = for_two.sign(&device.key).unwrap();
    one.refused(|| device.show(&nonce, &signature), 401, "assertion-not-valid");
    device.url.clone_from(&two.url);
    two.refused(|| device.prove(&nonce), 401, "nonce-not-valid");
    let theirs = device.nonce();
    two.refused(|| device.prove(&theirs), 401, "assertion-not-valid");
}

#[test]
fn a_nonce_is_for_one_device() {
    let (server, lee) = scene();
    let other = server.device("lee");
    let nonce = other.nonce();
    server.refused(|| lee.prove(&nonce), 401, "nonce-not-valid");
    server.refused(|| lee.prove(""), 401, "nonce-not-valid");
    server.refused(|| lee.prove(&"0".repeat(128)), 401, "nonce-not-valid");
    ok(other.prove(&nonce));
}

#[test]
fn an_unknown_device_and_a_wrong_key_get_one_answer() {
    let (server, mut device) = scene();
    device.id = uuid::Uuid::from_u128(1);
    let nonce = device.nonce();
    let unknown = server.refused(|| device.prove(&nonce), 401, "assertion-not-valid");
    let (_, mut wrong) = (device, server.device("lee"));
    wrong.key = key(99);
    let nonce = wrong.nonce();
    assert_eq!(server.refused(|| wrong.prove(&nonce), 401, "assertion-not-valid"), unknown);
}

#[test]
fn a_token_outlives_the_server_process_and_ends_by_its_clock() {
    let (server, mut device) = scene();
    let nonce = device.nonce();
    let folder = server.stop();
    let again = Server::on(folder, &["--clock", "2026-03-02T08:50:00Z"]);
    device.url.clone_from(&again.url);
    assert!(sync(&device).status().is_success());
    again.refused(|| device.prove(&nonce), 401, "nonce-not-valid");
    let folder = again.stop();
    let later = Server::on(folder, &["--clock", "2026-03-02T09:00:01Z"]);
    device.url.clone_from(&later.url);
    let told = later.refused(|| sync(&device), 401, "token-expired");
    device.renew(told["nonce"].as_str().unwrap());
    assert!(sync(&device).status().is_success());
    // A clock that was ahead is put right: what was given out meanwhile ends with it.
    let folder = later.stop();
    let earlier = Server::on(folder, &["--clock", "2016-03-02T08:00:00Z"]);
    device.url.clone_from(&earlier.url);
    earlier.refused(|| sync(&device), 401, "token-expired");
}

#[test]
fn the_life_of_a_token_can_be_set_within_limits() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let server = Server::on(folder, &["--clock", common::NOW, "--token-lifetime", "60"]);
    server.technician("lee");
    let device = server.device("lee");
    assert_eq!(ok(device.prove(&device.nonce()))["expires_in"], 60);
    for seconds in ["59", "86401", "x"] {
        let output = server.console(&["serve", "--token-lifetime", seconds]);
        assert!(!output.status.success());
    }
}

#[test]
fn nothing_but_a_whole_token_opens() {
    let (server, device) = scene();
    let ask = |token: &str| http().get(format!("{}/v1/me", server.url)).bearer_auth(token).send().unwrap();
    ok(ask(&device.token));
    let last = if device.token.ends_with('0') { "1" } else { "0" };
    let cut = &device.token[..device.token.len() - 1];
    for token in [cut, &format!("{cut}{last}"), &format!("{}0", device.token), "jsd_", "x"] {
        server.refused(|| ask(token), 401, "token-not-valid");
    }
    // What the server still held in memory or in its log is written when it ends.
    let folder = server.stop();
    let sealed = device.token.strip_prefix("jsd_").unwrap();
    let raw = jobsheet_core::unhex(sealed).unwrap();
    let code = &raw[24..];
    let database = std::fs::read(folder.path().join("data/jobsheet.db")).unwrap();
    let holds = |secret: &[u8]| database.windows(secret.len()).any(|window| window == secret);
    assert!(holds(device.id.as_bytes()), "the database is where it is looked for");
    assert!(!holds(sealed.as_bytes()) && !holds(&raw) && !holds(code), "tokens are not stored");
    assert!(!holds(jobsheet_core::hex(code).as_bytes()), "tokens are not stored");
}

#[test]
fn a_device_without_a_key_enrols_anew() {
    let (server, device) = scene();
    let code = server.code("lee");
    let without = json!({"code": code, "device_name": "phone"});
    server.refused(|| server.post("/v1/enrol", &without), 400, "body-not-valid");
    // A row of an earlier version.
    let database = rusqlite::Connection::open(server.data().join("jobsheet.db")).unwrap();
    database.execute("UPDATE device SET public_key = NULL", []).unwrap();
    let nonce = device.nonce();
    let told = server.refused(|| device.prove(&nonce), 401, "device-without-key");
    assert!(told["detail"].as_str().unwrap().contains("enrol it again"), "{told}");
}

#[test]
fn a_device_that_the_server_lost_is_told_so() {
    let (server, device) = scene();
    let database = rusqlite::Connection::open(server.data().join("jobsheet.db")).unwrap();
    database.execute("DELETE FROM device", []).unwrap();
    problem(sync(&device), 401, "device-unknown");
}
