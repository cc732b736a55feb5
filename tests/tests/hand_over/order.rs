//! Whoever syncs first, the server has the work of both as what it is, and every device has all of it.

use jobsheet_tests::phone::Phone;
use jobsheet_tests::scenario::note;
use serde_json::{Value, json};

use crate::world::{World, history, take_over, world};

/// A sync after which nothing waits, nothing was refused, and nothing could not be taken in.
fn syncs(phone: &Phone) -> Value {
    let report = phone.at("2026-03-02T17:00:00Z").sync().unwrap();
    assert_eq!(
        (&report["refused"], &report["pending"], &report["problems"]),
        (&json!(0), &json!(0), &json!([]))
    );
    assert_eq!(phone.json(&["outbox"]).unwrap(), json!([]));
    assert_eq!(phone.json(&["quarantine"]).unwrap(), json!([]));
    report
}

/// Maria has begun and handed over, Tom has taken over and finished; neither had a network.
fn handed_over() -> World {
    let world = world();
    world.maria_begins();
    let file = world.pass_on(&world.maria, "tom", "for-tom.tar");
    let taken = take_over(&world.tom, &file);
    assert_eq!(
        (&taken["from"], &taken["attachments"], &taken["missing"]),
        (&json!("maria"), &json!(2), &json!([]))
    );
    let listed = world.tom.json(&["visits"]).unwrap();
    assert_eq!(listed["rows"][0]["handed_over_by"], "maria");
    assert_eq!(listed["total"], 1);
    world.finishes(&world.tom);
    world
}

/// Both phones and the server have all of it, and it is whole.
fn all_is_there(world: &World) {
    let view = world.view();
    assert_eq!(view["verification"]["verdict"], "intact", "{}", view["verification"]);
    assert_eq!((&view["files"]["named"], &view["files"]["complete"]), (&json!(2), &json!(true)), "{view}");
    let hand_over = &view["hand_overs"][0];
    assert_eq!(
        (&hand_over["from"], &hand_over["to"], &hand_over["state"]),
        (&json!("maria"), &json!("tom"), &json!("taken"))
    );
    let writers = world.writers();
    let people: Vec<(&str, &str)> =
        writers.iter().map(|(person, device, _)| (person.as_str(), device.as_str())).collect();
    assert_eq!(people, [("maria", "maria"), ("tom", "tom")]);
    assert_eq!(history(&world.maria, &world.visit), history(&world.tom, &world.visit));
    assert!(world.eve.at("2026-03-02T17:00:00Z").sync().is_ok());
    assert_eq!(world.eve.json(&["visits"]).unwrap()["total"], 0);
}

#[test]
fn tom_syncs_first() {
    let world = handed_over();
    let report = syncs(&world.tom);
    assert_eq!(report["files"]["sent"], 2, "{report}");
    let mut before = world.writers();
    for one in &mut before {
        one.2 = one.2.min(1);
    }
    assert_eq!(before, [("maria".into(), "maria".into(), 1), ("tom".into(), "tom".into(), 1)]);
    syncs(&world.maria);
    syncs(&world.tom);
    all_is_there(&world);
}

#[test]
fn maria_syncs_first() {
    let world = handed_over();
    syncs(&world.maria);
    syncs(&world.tom);
    syncs(&world.maria);
    all_is_there(&world);
}

#[test]
fn both_work_on_and_the_office_too() {
    let world = world();
    world.maria_begins();
    let file = world.pass_on(&world.maria, "tom", "for-tom.tar");
    take_over(&world.tom, &file);
    world
        .maria
        .at("2026-03-02T15:10:00Z")
        .work(&world.visit, &[note("steps", "Maria: valve closed. ")])
        .unwrap();
    world.tom.at("2026-03-02T15:11:00Z").work(&world.visit, &[note("steps", "Tom: cover off. ")]).unwrap();
    world.office.command(&world.visit, &json!({"do": "say", "words": "The spare is in the van."})).unwrap();
    syncs(&world.tom);
    syncs(&world.maria);
    syncs(&world.tom);
    let record = world.view()["record"].clone();
    let steps = record["notes"]["steps"].as_str().unwrap().to_owned();
    assert!(steps.contains("Maria: valve closed.") && steps.contains("Tom: cover off."), "{steps}");
    assert!(record.to_string().contains("The spare is in the van."));
    assert_eq!(history(&world.maria, &world.visit), history(&world.tom, &world.visit));
}

#[test]
fn it_goes_on_from_hand_to_hand_and_the_last_one_brings_it_all() {
    let world = world();
    world.maria_begins();
    let first = world.pass_on(&world.maria, "tom", "for-tom.tar");
    take_over(&world.tom, &first);
    world.tom.at("2026-03-02T15:09:00Z").work(&world.visit, &[note("steps", "Tom: cover off. ")]).unwrap();
    let second = world.pass_on(&world.tom, "eve", "for-eve.tar");
    assert_eq!(take_over(&world.eve, &second)["from"], "tom");
    world.finishes(&world.eve);
    syncs(&world.eve);
    let writers = world.writers();
    let people: Vec<&str> = writers.iter().map(|(person, ..)| person.as_str()).collect();
    assert_eq!(people, ["maria", "tom", "eve"]);
    for phone in [&world.tom, &world.maria] {
        syncs(phone);
    }
    assert_eq!(history(&world.maria, &world.visit), history(&world.eve, &world.visit));
    assert_eq!(history(&world.tom, &world.visit), history(&world.eve, &world.visit));
}

#[test]
fn a_device_that_was_shut_out_loses_nothing_and_gains_nothing() {
    let world = handed_over();
    let devices = world.office.get("/v1/devices").unwrap();
    let marias = devices.as_array().unwrap().iter().find(|device| device["technician"] == "maria").unwrap();
    let path = format!("/v1/devices/{}", marias["id"].as_str().unwrap());
    assert_eq!(world.office.ask(reqwest::Method::DELETE, &path, None).unwrap().status, 204);
    let tom = world.tom.at("2026-03-02T17:00:00Z");
    let report = tom.sync().unwrap();
    assert_eq!(report["refused"], 0, "{report}");
    assert_ne!(tom.json(&["outbox"]).unwrap(), json!([]));
    assert_eq!(tom.json(&["quarantine"]).unwrap(), json!([]));
    assert!(world.writers().is_empty());
    let waiting = world.office.get("/v1/hand-overs").unwrap();
    assert_eq!(waiting[0]["state"], "waiting");
    let listed = jobsheet_tests::server::server_command(&world.server.data, &["hand-overs", "list"]).unwrap();
    assert!(listed.contains("device-shut-out"), "{listed}");
    let id = waiting[0]["id"].as_str().unwrap();
    jobsheet_tests::server::server_command(&world.server.data, &["hand-overs", "admit", id]).unwrap();
    syncs(&world.tom);
    let writers = world.writers();
    let people: Vec<&str> = writers.iter().map(|(person, ..)| person.as_str()).collect();
    assert_eq!(people, ["maria", "tom"]);
}
