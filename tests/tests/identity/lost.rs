//! A phone is lost: it is shut out at once, the office knows what may be on it, and what is on it is not lost.

use jobsheet_tests::phone::Phone;
use jobsheet_tests::scenario::note;
use jobsheet_tests::server::server_command;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, world};

const NOON: &str = "2026-03-02T12:00:00Z";

fn notes(world: &World, visit: &str) -> String {
    let visit = world.office.get(&format!("/v1/visits/{visit}")).unwrap();
    visit["record"]["notes"]["steps"].as_str().unwrap_or_default().to_owned()
}

fn revoke(world: &World) -> String {
    let devices = world.office.get("/v1/devices").unwrap();
    let id = devices[0]["id"].as_str().unwrap().to_owned();
    let told = world.office.ask(Method::DELETE, &format!("/v1/devices/{id}"), None).unwrap();
    assert_eq!(told.status, 204, "{}", told.text);
    id
}

/// The phone is refused, and says that it was revoked.
fn is_out(phone: &Phone) -> String {
    let called = phone.call(&["sync"]).unwrap();
    assert_eq!(called.code, 6, "{called:?}");
    assert!(called.text.contains("revoked"), "{called:?}");
    called.text
}

fn late(world: &World) -> Value {
    world.office.get("/v1/late").unwrap()
}

/// A phone with sent work on the first visit, unsent work on both, and revoked.
fn lost() -> (World, Phone, String) {
    let world = world(Some(NOON));
    let phone = world.phone("phone").at(NOON);
    let [first, second] = [&world.visits[0], &world.visits[1]];
    phone.work(first, &[json!({"do": "accept"}), note("steps", "sent ")]).unwrap();
    phone.sync().unwrap();
    phone.work(first, &[note("steps", "late-a "), json!({"do": "prepare"})]).unwrap();
    phone.work(second, &[json!({"do": "accept"}), note("steps", "late-b ")]).unwrap();
    let device = revoke(&world);
    (world, phone, device)
}

#[test]
fn the_office_sees_what_may_be_on_a_lost_phone() {
    let (world, phone, device) = lost();
    let path = format!("/v1/devices/{device}/unsent");
    let unsent = world.office.get(&path).unwrap();
    assert_eq!((&unsent["technician"], &unsent["revoked"]), (&json!("maria"), &json!(true)));
    assert!(unsent["last_seen_at"].is_string());
    let seen: Vec<(&str, bool, u64)> = world
        .visits
        .iter()
        .map(|visit| {
            let row = unsent["visits"].as_array().unwrap().iter().find(|row| row["visit"] == *visit).unwrap();
            (row["state"].as_str().unwrap(), row["started"].as_bool().unwrap(), row["late"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(seen, [("accepted", true, 0), ("assigned", false, 0)]);
    is_out(&phone);
    let after = world.office.get(&path).unwrap();
    let late: u64 = after["visits"].as_array().unwrap().iter().map(|row| row["late"].as_u64().unwrap()).sum();
    assert_eq!(late, 4);
    let told = world.office.ask(Method::GET, "/v1/devices/6f2c1a3e-0b5d-4c6f-8a9b-0c1d2e3f4a5b/unsent", None);
    assert_eq!(told.unwrap().status, 404);
    let data = &world.server.as_ref().unwrap().data;
    let console: Value = serde_json::from_str(&server_command(data, &["unsent", &device]).unwrap()).unwrap();
    assert_eq!(console, after);
}

#[test]
fn late_work_waits_for_the_office_and_comes_in_as_the_technicians() {
    let (mut world, phone, device) = lost();
    let [first, second] = [world.visits[0].clone(), world.visits[1].clone()];
    let before = notes(&world, &first);
    let told = is_out(&phone);
    assert!(told.contains("4 of its changes"), "{told}");
    let waiting = late(&world);
    assert_eq!(waiting.as_array().unwrap().len(), 2);
    assert!(waiting.as_array().unwrap().iter().all(|row| row["device"] == *device && row["changes"] == 2));
    assert_eq!(notes(&world, &first), before, "no record was touched");

    // Once more, with a token that has ended: the key still proves who it is, and nothing comes twice.
    world.restart(Some("2026-03-02T14:00:00Z"));
    is_out(&phone);
    assert_eq!(late(&world), waiting);

    let admit = |visit: &str| world.office.post(&format!("/v1/late/{device}/{visit}/admit"), &json!({}));
    assert_eq!(admit(&first).unwrap(), json!({"admitted": 2, "waiting": []}));
    assert!(notes(&world, &first).contains("late-a "));
    let changes = world.office.get(&format!("/v1/visits/{first}/changes")).unwrap();
    let list = changes.as_array().or(changes["changes"].as_array()).unwrap();
    let marias = list.iter().filter(|one| one["person"] == "maria" && one["device"] == *device).count();
    assert_eq!(marias, 4, "{changes}");
    assert!(admit(&first).is_err(), "nothing waits any more");
    assert_eq!(late(&world).as_array().unwrap().len(), 1);

    let path = format!("/v1/late/{device}/{second}");
    let gone = world.office.ask(Method::DELETE, &path, None).unwrap();
    assert_eq!((gone.status, gone.json), (200, json!({"discarded": 2})));
    assert_eq!(late(&world), json!([]));
    assert!(!notes(&world, &second).contains("late-b "));
    // What was settled does not come up again, and nothing is lost on the phone.
    is_out(&phone);
    assert_eq!(late(&world), json!([]));
    let outbox = phone.json(&["outbox"]).unwrap();
    assert_eq!(outbox.as_array().unwrap().len(), 2, "{outbox}");
}

#[test]
fn who_may_decide_on_late_work() {
    let (world, phone, device) = lost();
    is_out(&phone);
    let data = &world.server.as_ref().unwrap().data;
    let visit = &world.visits[0];
    let admit = format!("/v1/late/{device}/{visit}/admit");
    let ask = |role: &str, method: Method, path: &str| {
        let made =
            server_command(data, &["token", "create", "--json", "--name", role, "--role", role]).unwrap();
        let made: Value = serde_json::from_str(&made).unwrap();
        let office =
            jobsheet_tests::office::Office::at(&world.office.address, made["token"].as_str().unwrap())
                .unwrap();
        office.ask(method, path, Some(("application/json", b"{}".to_vec()))).unwrap().status
    };
    assert_eq!(ask("warehouse", Method::POST, &admit), 403);
    assert_eq!(ask("auditor", Method::DELETE, &format!("/v1/late/{device}/{visit}")), 403);
    assert_eq!(late(&world).as_array().unwrap().len(), 2);
    assert_eq!(ask("supervisor", Method::POST, &admit), 200);
    for path in ["/v1/late/x/y", &format!("/v1/late/{device}/x")] {
        assert_eq!(world.office.ask(Method::GET, path, None).unwrap().status, 400);
    }
}

#[test]
fn late_work_can_be_given_to_the_technicians_next_phone() {
    let (world, phone, device) = lost();
    is_out(&phone);
    let data = &world.server.as_ref().unwrap().data;
    let visit = &world.visits[1];
    let file = world.folder.path().join("late.txt");
    let path = file.to_str().unwrap();
    server_command(data, &["late", "export", &device, visit, "--out", path]).unwrap();
    assert!(
        server_command(data, &["late", "export", &device, visit, "--out", path]).is_err(),
        "never over it"
    );
    let listed = server_command(data, &["late", "list"]).unwrap();
    assert!(listed.contains(&device) && listed.contains("2 changes"), "{listed}");
    server_command(data, &["late", "discard", &device, visit]).unwrap();
    let next = world.phone("next");
    let restored = next.json(&["restore", path]).unwrap();
    assert_eq!((&restored["restored"], &restored["damaged"]), (&json!(2), &json!(0)), "{restored}");
    assert_eq!(next.sync().unwrap()["accepted"], 2);
    assert!(notes(&world, visit).contains("late-b "));
}

#[test]
fn a_phone_that_was_found_gives_a_file_that_brings_its_work_in() {
    let (world, phone, _) = lost();
    let file = world.folder.path().join("found.txt");
    let path = file.to_str().unwrap();
    phone.json(&["salvage", "--out", path]).unwrap();
    let next = world.phone("next");
    let restored = next.json(&["restore", path]).unwrap();
    assert_eq!((&restored["restored"], &restored["unusable"]), (&json!(4), &json!(0)), "{restored}");
    assert_eq!(next.sync().unwrap()["accepted"], 4);
    assert!(notes(&world, &world.visits[0]).contains("late-a "));
    assert!(notes(&world, &world.visits[1]).contains("late-b "));
}
