//! Bad input through the real programs: a clear error, nothing written, and everything else goes on.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::process::Command;

use jobsheet_tests::office::Office;
use jobsheet_tests::phone::Phone;
use jobsheet_tests::programs::{program, workspace};
use jobsheet_tests::scenario::{note, plain, yes};
use jobsheet_tests::server::Server;
use serde_json::{Value, json};

struct Scene {
    server: Server,
    office: Office,
    phone: Phone,
    visit: String,
}

fn scene(folder: &Path) -> Scene {
    let server = Server::start(&folder.join("server"), None, 0).unwrap();
    let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
    office
        .import(std::fs::read(workspace("sync-server/data/boston-311/service_requests.csv")).unwrap())
        .unwrap();
    office.technician("maria", "Maria Santos").unwrap();
    office.technician("tom", "Tom Becker").unwrap();
    let visit = dispatch(&office, "101001296115", "maria");
    let phone = Phone::new("maria-phone", folder);
    phone.enrol(&office.address, &office.code("maria").unwrap()).unwrap();
    phone.sync().unwrap();
    Scene { server, office, phone, visit }
}

fn dispatch(office: &Office, number: &str, technician: &str) -> String {
    let body = json!({
        "standard": "execution-form", "crew": [technician],
        "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
    });
    office.post(&format!("/v1/requests/{number}/dispatch"), &body).unwrap()["visit"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Number of changes the device holds.
fn changes(phone: &Phone) -> i64 {
    let file = phone.store.join("jobsheet.db");
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.query_row("SELECT count(*) FROM change", [], |row| row.get(0)).unwrap()
}

fn code_of(answer: &Value) -> String {
    answer["error"]["code"].as_str().or(answer["error"]["kind"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn a_device_says_what_is_wrong_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path());
    let before = changes(&scene.phone);
    let unknown = "5e5e5e5e-0000-4000-8000-000000000001";
    for (arguments, exit, says) in [
        (vec!["show", unknown], 4, "visit"),
        (vec!["accept", unknown], 4, "visit"),
        (vec!["show", "not-an-id"], 4, "not-an-id"),
        (vec!["start", &scene.visit], 3, "consent"),
        (vec!["measure", &scene.visit, "supply-voltage", "99999", "V"], 3, "between 0 and 1000 V"),
        (vec!["measure", &scene.visit, "supply-voltage", "230", "mV"], 3, "must be V"),
        (vec!["measure", &scene.visit, "supply-voltage", "NaN", "V"], 3, "between"),
        (vec!["answer", &scene.visit, "no-such-item", "--yes"], 3, "no such rule"),
    ] {
        let called = scene.phone.call(&arguments).unwrap();
        assert_eq!(called.code, exit, "{arguments:?}: {}{}", called.text, called.error);
        assert!(called.text.contains(says), "{arguments:?} should say `{says}`: {}", called.text);
    }
    assert_eq!(changes(&scene.phone), before, "bad input was written");
    scene.phone.work(&scene.visit, &[plain("accept")]).unwrap();
    assert_eq!(changes(&scene.phone), before + 1);
}

#[test]
fn a_note_of_ten_megabytes_is_refused_with_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path());
    let before = changes(&scene.phone);
    let answers =
        scene.phone.run(&scene.visit, &[note("steps", &"z".repeat(10 << 20)), plain("accept")]).unwrap();
    assert!(answers[0].to_string().contains("20000"), "the limit is not named: {}", answers[0]);
    assert!(answers[1]["change"].is_string(), "work did not go on: {}", answers[1]);
    assert_eq!(changes(&scene.phone), before + 1);
}

#[test]
fn another_technicians_visit_is_not_there_and_a_revoked_device_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path());
    let foreign = dispatch(&scene.office, "101001296331", "tom");
    scene.phone.sync().unwrap();
    let called = scene.phone.call(&["show", &foreign]).unwrap();
    assert_eq!(called.code, 4, "{}", called.text);

    scene.phone.work(&scene.visit, &[plain("accept"), yes("confirm-address-time")]).unwrap();
    let devices = scene.office.get("/v1/devices").unwrap();
    let device = jobsheet_tests::story::find(&devices, "id")
        .or(jobsheet_tests::story::find(&devices, "device"))
        .unwrap();
    let path = format!("/v1/devices/{}", device.as_str().unwrap());
    assert!(scene.office.ask(reqwest::Method::DELETE, &path, None).unwrap().status < 300);
    let called = scene.phone.call(&["sync"]).unwrap();
    assert_eq!(called.code, 6, "{}{}", called.text, called.error);
    let waiting = scene.phone.json(&["outbox"]).unwrap();
    assert!(waiting.to_string().contains(&scene.visit), "unsent work of a revoked device is gone: {waiting}");
    let visit = scene.office.get(&format!("/v1/visits/{}", scene.visit)).unwrap();
    assert_eq!(visit["assessment"]["state"]["id"], "assigned", "work of a revoked device was taken");
}

#[test]
fn without_a_server_work_goes_on_and_the_reason_is_clear() {
    let folder = tempfile::tempdir().unwrap();
    let Scene { server, phone, visit, .. } = scene(folder.path());
    server.kill().unwrap();
    phone.work(&visit, &[plain("accept")]).unwrap();
    let called = phone.call(&["sync"]).unwrap();
    assert_eq!(called.code, 5, "{}{}", called.text, called.error);
    assert!(!code_of(&called.json).is_empty(), "{}", called.text);
    phone.work(&visit, &[yes("confirm-address-time")]).unwrap();
}

#[test]
fn examples_run_against_a_real_server() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path());
    let code = scene.office.code("maria").unwrap();
    let store = folder.path().join("example");
    let output = Command::new(program("first-visit").unwrap())
        .arg(&store)
        .args([&scene.server.address, &code])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("101001296115") && text.contains("accepted"), "{text}");
    let visit = scene.office.get(&format!("/v1/visits/{}", scene.visit)).unwrap();
    assert_eq!(visit["assessment"]["state"]["id"], "accepted");

    let pack = workspace("crates/core/packs/execution-form.toml");
    let output = Command::new(program("read-standard").unwrap()).arg(&pack).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout).matches("execution-form.").count(), 82);
}
