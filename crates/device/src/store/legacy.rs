//! Stores of before pages carried checksums are written anew, once, when they are opened.

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::connections::Access;
use super::schema;
use crate::StoreError;

/// Copies the store into a new file with checksums and puts it in the place of the old one. A newer store is refused
/// before; whatever fails leaves the old one as it is.
pub(crate) fn write_anew(access: &Access, application: u32) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let old = Connection::open_with_flags(&access.file, flags)?;
    old.busy_timeout(access.busy)?;
    schema::refuse_newer(&old)?;
    let fresh = access.file.with_extension("db-anew");
    let failed = |source| StoreError::file("the store could not be written anew", fresh.clone(), source);
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    // Alone: the journal is folded in and goes away, and nobody else may come in until the connection is closed.
    old.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    old.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    old.execute_batch("BEGIN EXCLUSIVE")?;
    let target = Access { file: fresh.clone(), ..access.clone() };
    copy(
        &old,
        &target.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?,
        application,
    )?;
    let file = std::fs::File::open(&fresh).map_err(failed)?;
    if let Ok(old) = std::fs::metadata(&access.file) {
        file.set_permissions(old.permissions()).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    std::fs::rename(&fresh, &access.file).map_err(failed)?;
    if let Some(folder) = access.file.parent().and_then(|folder| std::fs::File::open(folder).ok()) {
        folder.sync_all().map_err(failed)?;
    }
    Ok(())
}

/// Copies every table with its rows, every index, and the number of the schema. (`VACUUM INTO` would do it, but `SQLCipher`'s
/// does not work beside reserved bytes.)
fn copy(old: &Connection, fresh: &Connection, application: u32) -> Result<(), StoreError> {
    fresh.pragma_update(None, "foreign_keys", false)?;
    fresh.pragma_update(None, "application_id", application)?;
    fresh.execute_batch("BEGIN IMMEDIATE")?;
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
               ORDER BY type = 'table' DESC, rowid";
    let mut parts = old.prepare(sql)?;
    let parts: Vec<(String, String, String)> =
        parts.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    for (kind, name, sql) in parts {
        fresh.execute_batch(&sql)?;
        if kind != "table" {
            continue;
        }
        let mut select = old.prepare(&format!("SELECT * FROM \"{name}\""))?;
        let columns = select.column_count();
        let marks = vec!["?"; columns].join(", ");
        let mut insert = fresh.prepare(&format!("INSERT INTO \"{name}\" VALUES ({marks})"))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let values: Vec<Value> = (0..columns).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            insert.execute(params_from_iter(values))?;
        }
    }
    let version: i64 = old.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    fresh.pragma_update(None, "user_version", version)?;
    fresh.execute_batch("COMMIT")?;
    Ok(())
}
