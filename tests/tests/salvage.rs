//! A damaged store from outside: visits are worked offline, the database is damaged, `salvage` saves the work, a fresh store
//! takes it in, and the office has all of it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

use jobsheet_tests::office::Office;
use jobsheet_tests::phone::{Phone, acknowledged};
use jobsheet_tests::programs::workspace;
use jobsheet_tests::scenario::{note, text};
use jobsheet_tests::server::Server;
use serde_json::{Value, json};

const REQUESTS: [&str; 3] = ["101001296115", "101001241039", "101001241625"];

struct World {
    _server: Server,
    office: Office,
    visits: Vec<String>,
    folder: tempfile::TempDir,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), None, 0).unwrap();
    let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
    let requests = workspace("sync-server/data/boston-311/service_requests.csv");
    office.import(std::fs::read(requests).unwrap()).unwrap();
    office.technician("maria", "Maria Santos").unwrap();
    let visits = REQUESTS.iter().map(|number| {
        let dispatch = json!({
            "standard": "execution-form", "crew": ["maria"],
            "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
        });
        let told = office.post(&format!("/v1/requests/{number}/dispatch"), &dispatch).unwrap();
        told["visit"].as_str().unwrap().to_owned()
    });
    let visits = visits.collect();
    World { _server: server, office, visits, folder }
}

/// Works on every visit: the hashes of the changes.
fn work(phone: &Phone, visits: &[String], round: usize) -> BTreeSet<String> {
    let mut changes = BTreeSet::new();
    for visit in visits {
        let mut commands = vec![note("steps", &format!("Round {round} of the work. "))];
        commands.extend((0..12).map(|at| text("state-duration", &format!("{round}.{at} minutes"))));
        for answer in phone.run(visit, &commands).unwrap() {
            assert!(acknowledged(&answer), "{answer}");
            changes.insert(answer["change"].as_str().unwrap().to_owned());
        }
    }
    changes
}

/// Changes of a visit that the server has, asked through another device of the same person.
fn at_the_office(world: &World, name: &str) -> BTreeSet<String> {
    let witness = Phone::new(name, world.folder.path());
    witness.enrol(&world.office.address, &world.office.code("maria").unwrap()).unwrap();
    witness.sync().unwrap();
    let mut found = BTreeSet::new();
    for visit in &world.visits {
        let history = witness.json(&["history", visit]).unwrap();
        collect(&history, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() == 64 => {
            found.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// The first bytes of a change that Automerge has written.
const CHANGE: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];

/// Damages bytes all over the database, each in another page, and tells how many. Pages that hold changes are left alone: nobody
/// brings back work whose only copy was in a page that is gone, and what is asked here is that nothing else is lost.
fn damage(phone: &Phone) -> usize {
    let file = phone.store.join("jobsheet.db");
    let mut content = std::fs::read(&file).unwrap();
    let pages = content.len() / 4096;
    let mut damaged = 0;
    for page in (1..pages).step_by(2) {
        let held = &content[page * 4096..][..4096];
        if held.windows(CHANGE.len()).any(|bytes| bytes == CHANGE) {
            continue;
        }
        content[page * 4096 + 2000 + page * 7 % 1000] ^= 0x10;
        damaged += 1;
    }
    std::fs::write(&file, content).unwrap();
    damaged
}

fn all_through(phone: &Phone, hurt: impl Fn(&Phone) -> usize) {
    let world = world();
    let phone = &Phone { store: world.folder.path().join(&phone.name), ..phone.clone() };
    phone.enrol(&world.office.address, &world.office.code("maria").unwrap()).unwrap();
    phone.sync().unwrap();
    let mut made = work(phone, &world.visits, 1);
    phone.sync().unwrap();
    made.extend(work(phone, &world.visits, 2));
    assert!(at_the_office(&world, "witness-before").is_disjoint(&work_of_round(phone, &world.visits)));

    let damaged = hurt(phone);
    let told = [phone.call(&["sync"]).unwrap(), phone.call(&["visits"]).unwrap()];
    let corrupt = told.iter().find(|called| called.code != 0).unwrap();
    assert_eq!(corrupt.code, 7, "{corrupt:?}");
    assert!(corrupt.text.contains("salvage"), "{corrupt:?}");

    let file = world.folder.path().join("saved.txt");
    let path = file.to_str().unwrap();
    let salvaged = phone.json(&["salvage", "--out", path]).unwrap();
    let aside = Path::new(salvaged["aside"].as_str().unwrap()).to_owned();
    assert!(aside.join("jobsheet.db").is_file() && !phone.store.join("jobsheet.db").exists());
    // Never written over, and again possible from where it was set aside.
    assert_eq!(phone.call(&["salvage", "--out", path]).unwrap().code, 2);
    let again = world.folder.path().join("again.txt");
    let from = ["salvage", "--out", again.to_str().unwrap(), "--from", aside.to_str().unwrap()];
    assert_eq!(phone.json(&from).unwrap()["salvaged"]["changes"], salvaged["salvaged"]["changes"]);
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&file).unwrap());

    phone.enrol(&world.office.address, &world.office.code("maria").unwrap()).unwrap();
    let early = phone.json(&["restore", path]).unwrap();
    assert_eq!(early["elsewhere"].as_array().unwrap().len(), world.visits.len());
    phone.sync().unwrap();
    let restored = phone.json(&["restore", path]).unwrap();
    assert_eq!(restored["elsewhere"], json!([]));
    assert_eq!((&restored["unusable"], &restored["damaged"]), (&json!(0), &json!(0)));
    let twice = phone.json(&["restore", path]).unwrap();
    assert_eq!(twice["restored"], 0);
    let sync = phone.sync().unwrap();
    assert_eq!(sync["refused"], 0, "{sync}");
    // The device goes on working under its new name.
    made.extend(work(phone, &world.visits, 3));
    assert_eq!(phone.sync().unwrap()["refused"], 0);

    let there = at_the_office(&world, "witness-after");
    let lost: Vec<_> = made.difference(&there).collect();
    println!(
        "{damaged} pages damaged: {} changes saved, {} restored, {} of {} at the office",
        salvaged["salvaged"]["changes"],
        restored["restored"],
        made.len() - lost.len(),
        made.len()
    );
    assert!(lost.is_empty(), "{lost:?}");
}

/// Changes that wait on a phone.
fn work_of_round(phone: &Phone, visits: &[String]) -> BTreeSet<String> {
    let mut waiting = BTreeSet::new();
    for visit in visits {
        let history = phone.json(&["history", visit]).unwrap();
        for entry in history["history"].as_array().or(history.as_array()).unwrap() {
            if entry["durable"] == false {
                waiting.insert(entry["change"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(!waiting.is_empty());
    waiting
}

#[test]
fn the_work_in_a_damaged_store_reaches_the_office() {
    all_through(&Phone::new("maria-phone", Path::new("/")), damage);
}

#[test]
fn the_work_in_a_damaged_log_reaches_the_office() {
    // The process dies with work in the log, and a byte in the middle of the log goes bad.
    all_through(&Phone::new("maria-phone", Path::new("/")), |phone| {
        let visits = phone.json(&["visits"]).unwrap();
        let visit = visits["rows"][0]["visit"].as_str().unwrap().to_owned();
        let mut session = phone.session(&visit).unwrap();
        for at in 0..5 {
            assert!(acknowledged(&session.give(&note("steps", &format!("Before the end {at}. "))).unwrap()));
        }
        session.kill().unwrap();
        let log = phone.store.join("jobsheet.db-wal");
        let mut content = std::fs::read(&log).unwrap();
        let at = content.len() / 2;
        content[at] ^= 4;
        std::fs::write(&log, content).unwrap();
        1
    });
}
