//! Codes, devices and their tokens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Device, Server, http, key, ok, problem};
use jobsheet_core::key::DeviceKey;
use jobsheet_wire::{Exchange, encode_exchange};
use reqwest::Method;
use serde_json::{Value, json};

fn enrol(server: &Server, code: &str) -> reqwest::blocking::Response {
    let public_key = key(200).public_key().unwrap();
    let body = json!({"code": code, "device_name": "phone", "public_key": public_key});
    http().post(format!("{}/v1/enrol", server.url)).json(&body).send().unwrap()
}

#[test]
fn a_code_enrols_one_device() {
    let server = Server::start();
    server.technician("lee");
    let code = server.code("lee");
    assert!(code.len() * 4 >= 128, "at least 128 bits");
    let enrolled = ok(enrol(&server, &code));
    assert_eq!((&enrolled["technician"], &enrolled["tenant"]), (&json!("lee"), &json!("main")));
    let device = Device::new(&server.url, &enrolled, key(200));
    let me = http().get(format!("{}/v1/me", server.url)).bearer_auth(&device.token);
    assert_eq!(ok(me.send().unwrap())["technician"]["id"], "lee");
    let used = server.refused(|| enrol(&server, &code), 403, "code-not-valid");
    let unknown = server.refused(|| enrol(&server, &"0".repeat(40)), 403, "code-not-valid");
    assert_eq!(used, unknown, "the answer does not tell a used code from an unknown one");
    problem(server.post("/v1/enrolments", &json!({"technician": "nobody"})), 404, "unknown");
}

#[test]
fn a_code_holds_for_fifteen_minutes() {
    let server = Server::start();
    server.technician("lee");
    let code = server.code("lee");
    let token = server.token.clone();
    let folder = server.stop();
    let mut later = Server::on(folder, &["--clock", "2026-03-02T08:16:00Z"]);
    later.token = token;
    later.refused(|| enrol(&later, &code), 403, "code-not-valid");
    ok(enrol(&later, &later.code("lee")));
}

#[test]
fn the_console_issues_codes_beside_the_running_server() {
    let server = Server::start();
    assert!(server.console(&["technician", "add", "lee", "Lee"]).status.success());
    let output = server.console(&["enrol", "lee", "--server", &server.url]);
    let said = String::from_utf8(output.stdout).unwrap();
    let code = said.lines().find_map(|line| line.strip_prefix("code: ")).unwrap();
    let encoded = server.url.replace(':', "%3A").replace('/', "%2F");
    assert!(said.contains(&format!("jobsheet://enrol?server={encoded}&code={code}")), "{said}");
    assert!(said.contains('█'), "a drawing for a camera");
    ok(enrol(&server, code));
    let output = server.console(&["enrol", "nobody"]);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("no technician `nobody`"));
}

#[test]
fn a_revoked_device_is_out_at_once() {
    let server = Server::start();
    server.technician("lee");
    let device = server.device("lee");
    let sync = || device.send(encode_exchange(&Exchange::default()).unwrap());
    assert!(sync().status().is_success());
    let listed = server.get("/v1/devices");
    assert_eq!((&listed[0]["id"], &listed[0]["revoked_at"]), (&json!(device.id), &Value::Null));
    assert!(listed[0]["last_seen_at"].is_string());
    let path = format!("/v1/devices/{}", device.id);
    assert_eq!(server.ask(Method::DELETE, &path).send().unwrap().status(), 204);
    server.refused(sync, 401, "device-revoked");
    server.refused(|| server.ask(Method::DELETE, &path).send().unwrap(), 404, "unknown");
    let me = || http().get(format!("{}/v1/me", server.url)).bearer_auth(&device.token).send().unwrap();
    server.refused(me, 401, "device-revoked");
    let office =
        || http().get(format!("{}/v1/visits", server.url)).bearer_auth(&device.token).send().unwrap();
    server.refused(office, 403, "office-only");
}

#[test]
fn a_suspended_device_is_out_until_the_office_lets_it_in() {
    let server = Server::start();
    server.technician("lee");
    let device = server.device("lee");
    let sync = || device.send(encode_exchange(&Exchange::default()).unwrap());
    let path = format!("/v1/devices/{}/suspension", device.id);
    let suspend = |suspended: bool| {
        server.ask(Method::PUT, &path).json(&json!({"suspended": suspended})).send().unwrap().status()
    };
    assert_eq!(suspend(true), 204);
    server.refused(sync, 403, "device-suspended");
    let since = server.get("/v1/devices")[0]["suspended_at"].clone();
    assert!(since.is_string());
    assert_eq!(suspend(true), 204);
    assert_eq!(server.get("/v1/devices")[0]["suspended_at"], since, "it has been out since then");
    assert_eq!(suspend(false), 204);
    assert!(sync().status().is_success());
    let auditor = server.token_of(&["auditor"]);
    let refused = server.ask_by(&auditor, Method::PUT, &path).json(&json!({"suspended": true}));
    problem(refused.send().unwrap(), 403, "role");
    // Whoever is revoked is out for good, suspended or not.
    assert_eq!(suspend(true), 204);
    let revoked = server.ask(Method::DELETE, &format!("/v1/devices/{}", device.id));
    assert_eq!(revoked.send().unwrap().status(), 204);
    server.refused(sync, 401, "device-revoked");
    assert_eq!(suspend(false), 404);
}

#[test]
fn a_device_token_opens_nothing_of_the_office() {
    let server = Server::start();
    server.technician("lee");
    let device = server.device("lee");
    for path in ["/v1/visits", "/v1/requests", "/v1/devices", "/v1/technicians"] {
        let ask = || http().get(format!("{}{path}", server.url)).bearer_auth(&device.token).send().unwrap();
        server.refused(ask, 403, "office-only");
    }
}
