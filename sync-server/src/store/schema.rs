//! Numbered migrations. `user_version` says which have been applied.

use rusqlite::Connection;

use super::{StoreError, to_sql};

const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_store.sql"),
    include_str!("../../migrations/0002_incidents.sql"),
    include_str!("../../migrations/0003_key.sql"),
    include_str!("../../migrations/0004_parts.sql"),
    include_str!("../../migrations/0005_asset.sql"),
    include_str!("../../migrations/0006_access.sql"),
    include_str!("../../migrations/0007_diverged.sql"),
    include_str!("../../migrations/0008_late.sql"),
    include_str!("../../migrations/0009_files.sql"),
    include_str!("../../migrations/0010_suspended.sql"),
    include_str!("../../migrations/0011_log.sql"),
    include_str!("../../migrations/0012_archive.sql"),
    include_str!("../../migrations/0013_hand_over.sql"),
    include_str!("../../migrations/0014_refused.sql"),
];

/// Brings a database to the newest schema. A newer one is refused and left as it is.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let supported = newest();
    let found = version(connection)?;
    if found > supported {
        return Err(StoreError::NewerSchema { found, supported });
    }
    if found == supported {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have migrated meanwhile.
    let applied = usize::try_from(version(&tx)?).unwrap_or(0);
    for (at, sql) in MIGRATIONS.iter().enumerate().skip(applied) {
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", to_sql(at as u64 + 1))?;
    }
    tx.commit()?;
    Ok(())
}

/// The newest schema this version knows.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The schema a database has.
pub(super) fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_database_gets_the_newest_schema_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), newest());
    }

    #[test]
    fn a_newer_schema_is_refused_untouched() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 999).unwrap();
        let error = migrate(&mut connection).unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found: 999, .. }), "{error}");
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!((tables, version(&connection).unwrap()), (0, 999));
    }
}
