//! Two processes on one store, both working at once: each is served, and nothing that was acknowledged is lost.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use jobsheet_tests::office::Office;
use jobsheet_tests::phone::{Phone, acknowledged};
use jobsheet_tests::programs::workspace;
use jobsheet_tests::scenario::note;
use jobsheet_tests::server::Server;
use serde_json::json;

const COMMANDS: usize = 60;

#[test]
fn two_processes_work_on_one_store_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), None, 0).unwrap();
    let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
    let requests = workspace("sync-server/data/boston-311/service_requests.csv");
    office.import(std::fs::read(requests).unwrap()).unwrap();
    office.technician("maria", "Maria Santos").unwrap();
    let visits: Vec<String> = ["101001296115", "101001241039"]
        .iter()
        .map(|number| {
            let dispatch = json!({
                "standard": "execution-form", "crew": ["maria"],
                "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
            });
            let told = office.post(&format!("/v1/requests/{number}/dispatch"), &dispatch).unwrap();
            told["visit"].as_str().unwrap().to_owned()
        })
        .collect();
    let phone = Phone::new("phone", folder.path());
    phone.enrol(&office.address, &office.code("maria").unwrap()).unwrap();
    phone.sync().unwrap();

    // Both write the first visit, each also one of its own, while a third process reads and syncs.
    let (phone, visits) = (&phone, &visits);
    let made: Vec<BTreeSet<String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|worker| {
                scope.spawn(move || {
                    let mut sessions =
                        [phone.session(&visits[0]).unwrap(), phone.session(&visits[1]).unwrap()];
                    let mut made = BTreeSet::new();
                    for at in 0..COMMANDS {
                        let words = format!("{worker}.{at} ");
                        let session = &mut sessions[usize::from(at % 3 == 2)];
                        let answer = session.give(&note("steps", &words)).unwrap();
                        assert!(acknowledged(&answer), "{answer}");
                        made.insert(answer["change"].as_str().unwrap().to_owned());
                    }
                    for session in sessions {
                        session.end().unwrap();
                    }
                    made
                })
            })
            .collect();
        for _ in 0..6 {
            assert_eq!(phone.json(&["visits"]).unwrap()["total"], 2);
            assert_eq!(phone.sync().unwrap()["refused"], 0);
        }
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(made[0].intersection(&made[1]).count(), 0);
    assert_eq!(made[0].len() + made[1].len(), 2 * COMMANDS);

    let connection = rusqlite::open_plain(&phone.store.join("jobsheet.db")).unwrap();
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let mut statement = connection.prepare("SELECT lower(hex(hash)) FROM change").unwrap();
    let there: BTreeSet<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let lost = made.iter().flatten().filter(|change| !there.contains(*change)).count();
    assert_eq!(lost, 0);
    let report = phone.sync().unwrap();
    assert_eq!(report["refused"], 0, "{report}");
    assert_eq!(phone.json(&["outbox"]).unwrap().as_array().map_or(0, Vec::len), 0);
    println!("4 writing processes and a reader on one store: {} commands, {lost} lost", 2 * COMMANDS);
}
