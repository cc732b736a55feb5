//! A store that was copied, and one that was restored from a backup: two installations write as one device under the same numbers.

use std::path::Path;

use jobsheet_tests::phone::{Phone, acknowledged};
use jobsheet_tests::scenario::note;
use serde_json::{Value, json};

use crate::world::{World, world};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Words in the notes of a visit, as the office has them.
fn words(world: &World, visit: &str) -> Value {
    world.office.get(&format!("/v1/visits/{visit}")).unwrap()["record"]["notes"]["steps"].clone()
}

fn has_all(text: &Value, words: &[&str]) {
    for word in words {
        assert!(text.as_str().unwrap().contains(word), "`{word}` is missing in {text}");
    }
}

/// Both sync until neither has anything to say.
fn settle(phones: [&Phone; 2]) -> u64 {
    let mut renewed = 0;
    for _ in 0..3 {
        for phone in phones {
            let told = phone.sync().unwrap();
            assert_eq!((&told["refused"], &told["problems"]), (&json!(0), &json!([])), "{told}");
            renewed += told["renewed"].as_u64().unwrap();
        }
    }
    for phone in phones {
        assert_eq!(phone.json(&["quarantine"]).unwrap(), json!([]), "{}", phone.name);
        assert_eq!(phone.json(&["outbox"]).unwrap(), json!([]), "{}", phone.name);
    }
    renewed
}

/// The record of a visit as a device has it.
fn record(phone: &Phone, visit: &str) -> Value {
    phone.json(&["show", visit]).unwrap()["record"].clone()
}

fn diverged(world: &World) -> Vec<bool> {
    let devices = world.office.get("/v1/devices").unwrap();
    devices.as_array().unwrap().iter().map(|device| device["diverged_at"].is_string()).collect()
}

#[test]
fn a_copied_store_is_noticed_and_the_work_of_both_copies_reaches_the_office() {
    let world = world(None);
    let phone = world.phone("phone");
    let [first, second] = [&world.visits[0], &world.visits[1]];
    phone.work(first, &[json!({"do": "accept"}), note("steps", "before ")]).unwrap();
    phone.work(second, &[json!({"do": "accept"}), note("steps", "before ")]).unwrap();
    phone.sync().unwrap();
    let copied = Phone { name: "copied".to_owned(), store: world.folder.path().join("copied"), clock: None };
    copy(&phone.store, &copied.store);

    // The same actor goes on with the same numbers on both: in one visit from one point, in the other one after some syncs.
    for word in ["one-a ", "one-b ", "one-c "] {
        phone.work(first, &[note("steps", word)]).unwrap();
    }
    copied
        .work(first, &[note("steps", "two-a "), json!({"do": "prepare"}), note("steps", "two-b ")])
        .unwrap();
    phone.work(second, &[note("steps", "one-d ")]).unwrap();
    assert_eq!(phone.sync().unwrap()["accepted"], 4);
    assert_eq!(diverged(&world), [false]);
    assert!(settle([&copied, &phone]) >= 3);
    assert_eq!(diverged(&world), [true]);
    copied.work(second, &[note("steps", "two-c ")]).unwrap();
    phone.work(second, &[note("steps", "one-e ")]).unwrap();
    settle([&copied, &phone]);

    has_all(&words(&world, first), &["before ", "one-a ", "one-b ", "one-c ", "two-a ", "two-b "]);
    has_all(&words(&world, second), &["before ", "one-d ", "one-e ", "two-c "]);
    for visit in [first, second] {
        let here = record(&phone, visit);
        assert_eq!(here, record(&copied, visit), "both copies have the same record");
        assert_eq!(here["notes"]["steps"], words(&world, visit));
    }
    // Everything is the technician's.
    let changes = world.office.get(&format!("/v1/visits/{first}/changes")).unwrap();
    let list = changes.as_array().or(changes["changes"].as_array()).unwrap();
    let marias = list.iter().filter(|change| change["person"] == "maria").count();
    assert_eq!(marias, 8, "{changes}");
}

#[test]
fn a_store_restored_from_a_backup_gets_back_what_it_lost_and_loses_nothing_new() {
    let world = world(None);
    let phone = world.phone("phone");
    let visit = &world.visits[0];
    phone.work(visit, &[json!({"do": "accept"}), note("steps", "before ")]).unwrap();
    phone.sync().unwrap();
    let backup = world.folder.path().join("backup");
    copy(&phone.store, &backup);
    phone.work(visit, &[note("steps", "sent "), note("steps", "before the loss ")]).unwrap();
    phone.sync().unwrap();
    std::fs::remove_dir_all(&phone.store).unwrap();
    copy(&backup, &phone.store);

    let mut session = phone.session(visit).unwrap();
    assert!(acknowledged(&session.give(&note("steps", "after ")).unwrap()));
    session.end().unwrap();
    assert_eq!(settle([&phone, &phone]), 1);
    has_all(&words(&world, visit), &["before ", "sent ", "before the loss ", "after "]);
    assert_eq!(record(&phone, visit)["notes"]["steps"], words(&world, visit));
    // A backup that goes on without new work needs no healing.
    std::fs::remove_dir_all(&phone.store).unwrap();
    copy(&backup, &phone.store);
    assert_eq!(settle([&phone, &phone]), 0);
    assert_eq!(record(&phone, visit)["notes"]["steps"], words(&world, visit));
    phone.work(visit, &[note("steps", "at last ")]).unwrap();
    assert_eq!(settle([&phone, &phone]), 0);
    has_all(&words(&world, visit), &["after ", "at last "]);
}
