//! What a device has acknowledged is there after SIGKILL: apply, acknowledge, kill, reopen, 200 times.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use jobsheet_tests::office::Office;
use jobsheet_tests::phone::{Phone, acknowledged};
use jobsheet_tests::programs::workspace;
use jobsheet_tests::scenario::{note, text};
use jobsheet_tests::server::Server;
use serde_json::{Value, json};

fn rounds() -> usize {
    std::env::var("JOBSHEET_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

fn integrity(phone: &Phone) -> String {
    let file = phone.store.join("jobsheet.db");
    let connection = rusqlite::open_plain(&file).unwrap();
    connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

fn hashes(history: &Value) -> BTreeSet<String> {
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
    let mut found = BTreeSet::new();
    collect(history, &mut found);
    found
}

#[test]
fn no_acknowledged_command_is_lost_by_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), None, 0).unwrap();
    let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
    office
        .import(std::fs::read(workspace("sync-server/data/boston-311/service_requests.csv")).unwrap())
        .unwrap();
    office.technician("maria", "Maria Santos").unwrap();
    let visit = office
        .post(
            "/v1/requests/101001296115/dispatch",
            &json!({
                "standard": "execution-form", "crew": ["maria"],
                "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
            }),
        )
        .unwrap()["visit"]
        .as_str()
        .unwrap()
        .to_owned();
    let phone = Phone::new("maria-phone", folder.path());
    phone.enrol(&office.address, &office.code("maria").unwrap()).unwrap();
    phone.sync().unwrap();
    server.stop().unwrap();

    let mut kept: BTreeSet<String> = BTreeSet::new();
    for round in 0..rounds() {
        let mut session = phone.session(&visit).unwrap();
        // One to three acknowledged commands, then one more that is cut off wherever it is.
        for step in 0..=(round % 3) {
            let command = if step == 1 {
                note("steps", &format!("round {round}. "))
            } else {
                text("state-duration", &format!("{round}.{step} minutes"))
            };
            let answer = session.give(&command).unwrap();
            assert!(acknowledged(&answer), "round {round}: {answer}");
            kept.insert(answer["change"].as_str().unwrap().to_owned());
        }
        session.send(&note("communication", "cut off. ")).unwrap();
        if round % 2 == 1 {
            std::thread::sleep(std::time::Duration::from_micros(137 * (round as u64 % 29)));
        }
        session.kill().unwrap();
        assert_eq!(integrity(&phone), "ok", "round {round}");
        let there = hashes(&phone.json(&["history", &visit]).unwrap());
        let lost: Vec<_> = kept.difference(&there).collect();
        assert!(lost.is_empty(), "round {round}: lost {lost:?}");
    }
    println!("{} rounds, {} acknowledged commands, 0 lost", rounds(), kept.len());
}
