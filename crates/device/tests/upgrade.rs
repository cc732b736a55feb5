//! A store as the first version made it: no checksums, the first schema. It is brought up to date with everything in it.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::Path;

use common::{TECHNICIAN, note, open, seeded, visit_id};
use jobsheet::{Query, StoreError};
use rusqlite::{Connection, Content};

/// Makes a store of the first version from one of today: the first migration, and its rows.
fn first_version(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let old = Connection::open(to.join("jobsheet.db")).unwrap();
    old.pragma_update(None, "journal_mode", "WAL").unwrap();
    old.execute_batch(include_str!("../migrations/0001_store.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    let new = rusqlite::open_plain(&from.join("jobsheet.db")).unwrap();
    let names = |connection: &Connection, sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for table in names(&old, "SELECT name FROM sqlite_schema WHERE type = 'table'") {
        old.execute(&format!("DELETE FROM {table}"), []).unwrap();
        let columns = names(&old, &format!("SELECT name FROM pragma_table_info('{table}')"));
        let marks = vec!["?"; columns.len()].join(", ");
        let columns = columns.join(", ");
        let mut insert = old.prepare(&format!("INSERT INTO {table} ({columns}) VALUES ({marks})")).unwrap();
        let mut select = new.prepare(&format!("SELECT {columns} FROM {table}")).unwrap();
        let count = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<rusqlite::types::Value> = (0..count).map(|at| row.get(at).unwrap()).collect();
            insert.execute(rusqlite::params_from_iter(values)).unwrap();
        }
    }
}

fn content(folder: &Path) -> Content {
    rusqlite::content(&rusqlite::open_plain(&folder.join("jobsheet.db")).unwrap()).unwrap()
}

#[test]
fn a_store_of_the_first_version_is_brought_up_to_date_with_all_that_is_in_it() {
    let today = seeded(3);
    for words in ["one", ", two", ", three"] {
        today.store.apply(visit_id(1), &note(words)).unwrap();
    }
    let rows = today.store.visits(&Query::default()).unwrap();
    let history = today.store.history(visit_id(1)).unwrap();
    today.store.shutdown().unwrap();

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("a name with % and ? and #");
    first_version(today.folder.path(), &folder);
    assert!(matches!(content(&folder), Content::Plain { checksums: false, application: 0 }));

    let store = open(&folder);
    assert_eq!(store.visits(&Query::default()).unwrap(), rows);
    assert_eq!(store.history(visit_id(1)).unwrap(), history);
    assert_eq!(store.enrolment().unwrap().unwrap().technician, TECHNICIAN);
    store.apply(visit_id(1), &note(", four")).unwrap();
    store.shutdown().unwrap();
    assert!(matches!(content(&folder), Content::Plain { checksums: true, application } if application != 0));

    // What was upgraded is as what was made new.
    let described = |folder: &Path| -> Vec<String> {
        let connection = rusqlite::open_plain(&folder.join("jobsheet.db")).unwrap();
        let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(described(&folder), described(today.folder.path()));
    assert_eq!(open(&folder).visit(visit_id(1)).unwrap().record.notes["steps"], "one, two, three, four");
}

#[test]
fn a_store_that_another_has_open_is_not_written_anew_beneath_it() {
    let today = seeded(1);
    today.store.shutdown().unwrap();
    let folder = tempfile::tempdir().unwrap();
    first_version(today.folder.path(), folder.path());
    let other = Connection::open(folder.path().join("jobsheet.db")).unwrap();
    let count: i64 = other.query_row("SELECT count(*) FROM visit", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
    let options =
        jobsheet::Options { busy_timeout: std::time::Duration::from_millis(50), ..common::options() };
    assert!(matches!(jobsheet::Store::open(folder.path(), options), Err(StoreError::Busy)));
    drop(other);
    assert_eq!(open(folder.path()).visits(&Query::default()).unwrap().total, 1);
}
