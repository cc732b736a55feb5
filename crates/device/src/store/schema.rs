//! Numbered migrations. `PRAGMA user_version` holds the number of the last one.

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;

/// All migrations, in order; the first is number 1. A migration is never edited once released: a new one is added.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_store.sql"),
    include_str!("../../migrations/0002_alert.sql"),
    include_str!("../../migrations/0003_key.sql"),
    include_str!("../../migrations/0004_parts.sql"),
    include_str!("../../migrations/0005_readiness.sql"),
    include_str!("../../migrations/0006_past.sql"),
    include_str!("../../migrations/0007_access.sql"),
    include_str!("../../migrations/0008_files.sql"),
    include_str!("../../migrations/0009_receipts.sql"),
    include_str!("../../migrations/0010_hand_over.sql"),
];

/// Brings a database to the newest schema.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    refuse_newer(connection)?;
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version(connection)? == newest {
        return Ok(());
    }
    // The version is read again under the lock: another process may have migrated meanwhile.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(version(&transaction)?).unwrap_or(0);
    for migration in MIGRATIONS.get(done..).unwrap_or_default() {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", newest)?;
    transaction.commit()?;
    Ok(())
}

/// Refuses a database that a newer version wrote, before anything else is done to it.
pub(crate) fn refuse_newer(connection: &Connection) -> Result<(), StoreError> {
    let (found, supported) = (version(connection)?, i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX));
    if found > supported { Err(StoreError::Newer { found, supported }) } else { Ok(()) }
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(connection: &Connection) -> Vec<String> {
        let mut statement =
            connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn migrating_one_by_one_gives_the_same_schema_as_at_once_and_twice_changes_nothing() {
        let mut fresh = Connection::open_in_memory().unwrap();
        migrate(&mut fresh).unwrap();
        let stepwise = Connection::open_in_memory().unwrap();
        for (at, migration) in MIGRATIONS.iter().enumerate() {
            stepwise.execute_batch(migration).unwrap();
            stepwise.pragma_update(None, "user_version", i64::try_from(at + 1).unwrap()).unwrap();
        }
        assert_eq!(described(&fresh), described(&stepwise));
        migrate(&mut fresh).unwrap();
        assert_eq!(described(&fresh), described(&stepwise));
    }
}
