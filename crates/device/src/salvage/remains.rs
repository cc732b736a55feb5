//! Reading what is left. Nothing that the database says is believed: a change proves itself by its own hash.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use jobsheet_core::hex;
use jobsheet_core::record::{Document, DocumentId, read_header};
use rusqlite::{Connection, Key, params};
use tempfolder::Scratch;

use super::file::Saved;
use crate::StoreError;
use crate::store::{Access, DATABASE};

/// How far beyond the last number read single changes are looked for in a damaged stretch.
const LOOK_AHEAD: i64 = 200;

/// What was read.
#[derive(Default)]
pub(super) struct Remains {
    pub(super) changes: Vec<Saved>,
    pub(super) unreadable: u32,
}

/// A row of the change log.
struct Row {
    n: i64,
    bytes: Vec<u8>,
    durable: bool,
}

/// Reads the database of a folder from a copy.
pub(super) fn read(folder: &Path, key: Option<&Key>) -> Result<Remains, StoreError> {
    let scratch = Scratch::below(folder)?;
    for suffix in [""].iter().chain(&rusqlite::COMPANIONS) {
        let name = format!("{DATABASE}{suffix}");
        match std::fs::copy(folder.join(&name), scratch.path().join(&name)) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound || suffix.is_empty() => {
                return Err(StoreError::file(
                    "the damaged store could not be copied",
                    folder.join(name),
                    source,
                ));
            }
            _ => {}
        }
    }
    let file = scratch.path().join(DATABASE);
    Access::check_key(&file, key)?;
    let connection = rusqlite::open_remains(&file, key)?;
    // A table whose description is damaged is not there; the others are.
    connection.pragma_update(None, "writable_schema", true)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(collect(&connection))
}

fn collect(connection: &Connection) -> Remains {
    let mut remains = Remains::default();
    let documents = documents(connection, &mut remains);
    let own = own_actors(connection);
    // An actor writes one document. Where a damaged row names another, most of the others are right.
    let mut homes: HashMap<Vec<u8>, BTreeMap<DocumentId, u32>> = HashMap::new();
    let mut found: BTreeMap<DocumentId, Vec<(Vec<u8>, bool, bool)>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for visit in &documents {
        for row in rows(connection, *visit, &mut remains) {
            match read_header(&row.bytes) {
                Ok(header) => {
                    *homes.entry(header.actor).or_default().entry(*visit).or_default() += 1;
                    if seen.insert(header.hash) {
                        found.entry(*visit).or_default().push((row.bytes, row.durable, false));
                    }
                }
                Err(_) => remains.unreadable += 1,
            }
        }
        // Saved documents hold most changes once more.
        for change in saved_changes(connection, *visit) {
            if own.contains(&change.1) && seen.insert(change.0) {
                found.entry(*visit).or_default().push((change.2, false, false));
            }
        }
    }
    for (visit, bytes) in refused(connection, &mut remains) {
        if read_header(&bytes).is_ok_and(|header| seen.insert(header.hash)) {
            found.entry(visit).or_default().push((bytes, false, true));
        }
    }
    let numbers = numbers(connection);
    for (visit, changes) in found {
        for (bytes, durable, refused) in changes {
            let Ok(header) = read_header(&bytes) else { continue };
            let home =
                homes.get(&header.actor).and_then(|homes| homes.iter().max_by_key(|(_, count)| **count));
            let visit = home.map_or(visit, |(home, _)| *home);
            remains.changes.push(Saved {
                visit,
                number: numbers.get(&visit).cloned().unwrap_or_default(),
                change: hex(&header.hash),
                command: header.command.unwrap_or_default(),
                made_at: header.time,
                durable,
                refused,
                bytes: hex(&bytes),
            });
        }
    }
    remains
}

/// Ids of all documents that any table names.
fn documents(connection: &Connection, remains: &mut Remains) -> BTreeSet<DocumentId> {
    let mut documents = BTreeSet::new();
    for sql in [
        "SELECT document FROM visit",
        "SELECT document FROM visit ORDER BY document DESC",
        "SELECT document FROM visit INDEXED BY visit_planned WHERE revoked >= 0",
        "SELECT document FROM actor",
        "SELECT document FROM snapshot",
        "SELECT document FROM change ORDER BY document, n",
        "SELECT document FROM change ORDER BY document DESC, n DESC",
    ] {
        remains.unreadable += u32::from(!each(
            connection,
            sql,
            |row| row.get(0),
            |id| {
                documents.insert(id);
            },
        ));
    }
    documents
}

/// Runs a query as far as it goes. `false`: it did not go to its end.
fn each<T>(
    connection: &Connection,
    sql: &str,
    read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    mut take: impl FnMut(T),
) -> bool {
    let Ok(mut statement) = connection.prepare(sql) else { return false };
    let Ok(mut rows) = statement.query([]) else { return false };
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                if let Ok(value) = read(row) {
                    take(value);
                }
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// The changes of a document that were made here: from both ends, and one by one where the log is broken.
fn rows(connection: &Connection, visit: DocumentId, remains: &mut Remains) -> Vec<Row> {
    let mut rows = BTreeMap::new();
    let columns = "SELECT n, bytes, state FROM change WHERE document = ?1 AND (origin = 0 OR state = 0)";
    let mut whole = true;
    for order in ["ASC", "DESC"] {
        let sql = format!("{columns} ORDER BY n {order}");
        let Ok(mut statement) = connection.prepare_cached(&sql) else { continue };
        let Ok(mut found) = statement.query([visit]) else { continue };
        loop {
            match found.next() {
                Ok(Some(row)) => {
                    if let Ok(row) = row_of(row) {
                        rows.insert(row.n, row);
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        if whole {
            break;
        }
    }
    if !whole {
        remains.unreadable += 1;
        let last = rows.last_key_value().map_or(0, |(n, _)| *n);
        for n in 1..=last + LOOK_AHEAD {
            if rows.contains_key(&n) {
                continue;
            }
            let one = format!("{columns} AND n = ?2");
            let found = connection
                .prepare_cached(&one)
                .and_then(|mut statement| statement.query_row(params![visit, n], row_of));
            if let Ok(row) = found {
                rows.insert(n, row);
            }
        }
    }
    rows.into_values().collect()
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row { n: row.get(0)?, bytes: row.get(1)?, durable: row.get::<_, i64>(2)? == 1 })
}

/// Actors of this installation, as far as the log names them.
fn own_actors(connection: &Connection) -> BTreeSet<Vec<u8>> {
    let mut actors = BTreeSet::new();
    for sql in ["SELECT actor FROM actor", "SELECT DISTINCT actor FROM change WHERE origin = 0"] {
        each(
            connection,
            sql,
            |row| row.get(0),
            |actor| {
                actors.insert(actor);
            },
        );
    }
    actors
}

/// Changes in the saved document: hash, actor, bytes.
fn saved_changes(connection: &Connection, visit: DocumentId) -> Vec<([u8; 32], Vec<u8>, Vec<u8>)> {
    let snapshot: Option<Vec<u8>> = connection
        .query_row("SELECT bytes FROM snapshot WHERE document = ?1", [visit], |row| row.get(0))
        .ok();
    let document = snapshot.and_then(|bytes| Document::load(&bytes).ok());
    let changes = document.map(|document| document.changes()).unwrap_or_default();
    changes.into_iter().map(|change| (change.hash, change.actor, change.bytes)).collect()
}

fn refused(connection: &Connection, remains: &mut Remains) -> Vec<(DocumentId, Vec<u8>)> {
    let mut refused = Vec::new();
    let sql = "SELECT document, bytes FROM quarantine";
    let whole = each(connection, sql, |row| Ok((row.get(0)?, row.get(1)?)), |row| refused.push(row));
    remains.unreadable += u32::from(!whole);
    refused
}

fn numbers(connection: &Connection) -> HashMap<DocumentId, String> {
    let mut numbers = HashMap::new();
    each(
        connection,
        "SELECT document, number FROM visit",
        |row| Ok((row.get(0)?, row.get(1)?)),
        |(id, number)| {
            numbers.insert(id, number);
        },
    );
    numbers
}

mod tempfolder {
    //! A folder that goes away with its owner.

    use std::path::{Path, PathBuf};

    use crate::store::make_private_folder;
    use crate::{StoreError, random};

    pub(super) struct Scratch(PathBuf);

    impl Scratch {
        pub(super) fn below(folder: &Path) -> Result<Self, StoreError> {
            let path = folder.join(format!(".reading-{}", random::uuid()?));
            make_private_folder(&path)?;
            Ok(Self(path))
        }

        pub(super) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
