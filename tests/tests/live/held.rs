//! A device that holds something else than it should, though nothing is new, notices it with an ordinary sync and is healed.

use std::path::Path;

use jobsheet::{Options, Query, Store};
use rusqlite::{Connection, OpenFlags};

use crate::world::{World, dispatch, said, say, sync, world};

/// Does something to the database of a store that is closed.
fn damage(store: &Path, sql: &str) {
    rusqlite::initialise().unwrap();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = store.join("jobsheet.db");
    let connection = Connection::open_with_flags_and_vfs(file, flags, rusqlite::PLAIN).unwrap();
    rusqlite::reserve_checksums(&connection).unwrap();
    connection.execute_batch(sql).unwrap();
}

/// Tom's store, damaged while it was closed, and at a time at which it is compared.
fn damaged(world: &World, tom: &Store, sql: &str) -> Store {
    tom.shutdown().unwrap();
    let folder = world.folder.path().join("tom");
    damage(&folder, sql);
    damage(&folder, "UPDATE meta SET compared_at = 0");
    Store::open(folder, Options::default()).unwrap()
}

/// How many documents were not what they should be, as the server counts them.
fn differed(world: &World) -> u64 {
    let metrics = world.office.text("/metrics").unwrap();
    let line = metrics.lines().find(|line| line.starts_with("jobsheet_documents_differed_total "));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[test]
fn a_change_that_went_missing_comes_back() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    for n in 0..3 {
        say(&maria, world.visit, &format!("Message {n}"));
        sync(&maria);
        sync(&tom);
    }
    assert_eq!(said(&tom, world.visit).len(), 3);
    let tom =
        damaged(&world, &tom, "DELETE FROM change WHERE origin = 1 AND n = (SELECT max(n) FROM change)");
    assert_eq!(said(&tom, world.visit).len(), 2, "it is gone, and nothing here shows that it ever was");
    let report = sync(&tom);
    assert_eq!((report.healed, report.exchanges), (1, 1));
    assert_eq!(differed(&world), 1);
    assert_eq!(said(&tom, world.visit).len(), 3);
    assert_eq!(tom.heads(world.visit).unwrap(), maria.heads(world.visit).unwrap());
    // Healed is healed, and work goes on.
    let tom = damaged(&world, &tom, "");
    assert_eq!(sync(&tom).healed, 0);
    assert_eq!(differed(&world), 1);
    say(&tom, world.visit, "Here.");
    assert_eq!((sync(&tom).accepted, sync(&maria).changes), (1, 1));
}

#[test]
fn unsent_work_in_what_is_damaged_stays() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    say(&maria, world.visit, "First.");
    sync(&maria);
    sync(&tom);
    let tom =
        damaged(&world, &tom, "DELETE FROM change WHERE origin = 1 AND n = (SELECT max(n) FROM change)");
    say(&tom, world.visit, "Mine.");
    // Not compared while it has something of its own; then it is.
    let (first, second) = (sync(&tom), sync(&tom));
    assert_eq!((first.accepted, first.healed, second.healed), (1, 0, 1));
    sync(&maria);
    for store in [&maria, &tom] {
        let mut said = said(store, world.visit);
        said.sort();
        assert_eq!(said, ["First.", "Mine."]);
    }
    assert_eq!(tom.heads(world.visit).unwrap(), maria.heads(world.visit).unwrap());
    assert!(tom.quarantine().unwrap().is_empty() && tom.outbox().unwrap().is_empty());
}

#[test]
fn documents_that_went_missing_come_back_and_strange_ones_go() {
    let world = world();
    let second = dispatch(&world.office, "101001241039", &["tom"]);
    let tom = world.device("tom");
    say(&tom, second, "Mine.");
    sync(&tom);
    let gone = format!(
        "DELETE FROM visit WHERE document = x'{0}'; DELETE FROM snapshot WHERE document = x'{0}';
         DELETE FROM change WHERE document = x'{0}';",
        second.simple()
    );
    let tom = damaged(&world, &tom, &gone);
    let visits = |store: &Store| store.visits(&Query::default()).unwrap().rows.len();
    assert_eq!(visits(&tom), 1);
    assert_eq!(sync(&tom).healed, 1);
    assert_eq!((visits(&tom), said(&tom, second)), (2, vec!["Mine.".to_owned()]));
    // The farewell to a visit is lost.
    let order = serde_json::json!({"crew": ["maria"], "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"});
    let path = format!("/v1/visits/{second}/assignment");
    let body = Some(("application/json", order.to_string().into_bytes()));
    assert_eq!(world.office.ask(reqwest::Method::PUT, &path, body).unwrap().status, 200);
    sync(&tom);
    assert_eq!(visits(&tom), 1);
    let tom = damaged(&world, &tom, "UPDATE visit SET revoked = 0");
    assert_eq!(visits(&tom), 2);
    assert_eq!(sync(&tom).healed, 1);
    assert_eq!(visits(&tom), 1, "who may not see it holds it no longer");
}

#[test]
fn many_documents_are_compared_some_at_a_time() {
    let world = world();
    let csv = std::fs::read_to_string(jobsheet_tests::programs::workspace(
        "sync-server/data/boston-311/service_requests.csv",
    ));
    let numbers: Vec<String> = csv
        .unwrap()
        .lines()
        .skip(1)
        .filter_map(|line| Some(line.split(',').next()?.to_owned()))
        .filter(|number| number.len() == 12 && number != "101001296115")
        .take(40)
        .collect();
    assert_eq!(numbers.len(), 40);
    let visits: Vec<_> = numbers.iter().map(|number| dispatch(&world.office, number, &["tom"])).collect();
    let tom = world.device("tom");
    let last = visits.iter().max().unwrap();
    let gone = format!("DELETE FROM visit WHERE document = x'{}'", last.simple());
    let tom = damaged(&world, &tom, &gone);
    assert_eq!(sync(&tom).healed, 0, "it is not among the first that are compared");
    assert_eq!(sync(&tom).healed, 0, "the next ones are compared later");
    let tom = damaged(&world, &tom, "");
    assert_eq!(sync(&tom).healed, 1);
    assert_eq!(tom.visits(&Query::default()).unwrap().total, 41);
}
