//! The tenant: its epoch and its one counter.

use jobsheet_core::key::SecretKey;
use rusqlite::OptionalExtension;

use super::{Reading, StoreError, Writing, from_sql, to_sql};
use crate::secret;

/// Random bytes that name one life of the database: new when it is created and when it was restored from a backup.
pub(crate) type Epoch = [u8; 8];

/// Creates the tenant if it is not there, and its keys.
pub(super) fn found(tx: &Writing<'_>) -> Result<(), StoreError> {
    let known = tx
        .connection
        .query_row("SELECT 1 FROM tenant WHERE id = ?1", [tx.tenant], |_| Ok(()))
        .optional()?
        .is_some();
    if !known {
        let epoch: Epoch = secret::random()?;
        tx.connection
            .execute("INSERT INTO tenant (id, epoch, next_seq) VALUES (?1, ?2, 1)", (tx.tenant, epoch))?;
    }
    let keyless: bool = tx.connection.query_row(
        "SELECT organisation_key IS NULL FROM tenant WHERE id = ?1",
        [tx.tenant],
        |row| row.get(0),
    )?;
    if keyless {
        // One draw in 2³² is no key.
        let key = loop {
            if let Ok(key) = SecretKey::from_bytes(&secret::random::<32>()?) {
                break key;
            }
        };
        tx.connection
            .execute("UPDATE tenant SET organisation_key = ?2 WHERE id = ?1", (tx.tenant, key.to_bytes()))?;
    }
    let access_key: [u8; 32] = secret::random()?;
    tx.connection.execute(
        "UPDATE tenant SET access_key = ?2 WHERE id = ?1 AND access_key IS NULL",
        (tx.tenant, access_key),
    )?;
    Ok(())
}

/// Writes the counter back as it is: fails where nothing can be written.
pub(super) fn touch(tx: &Writing<'_>) -> Result<(), StoreError> {
    tx.connection.execute("UPDATE tenant SET next_seq = next_seq WHERE id = ?1", [tx.tenant])?;
    Ok(())
}

impl Reading<'_> {
    /// Id of the tenant.
    pub(crate) fn tenant(&self) -> &str {
        self.tenant
    }

    /// The key with which the organisation certifies devices. Secret.
    pub(crate) fn organisation_key(&self) -> Result<SecretKey, StoreError> {
        let bytes: Vec<u8> = self.connection.query_row(
            "SELECT organisation_key FROM tenant WHERE id = ?1",
            [self.tenant],
            |row| row.get(0),
        )?;
        Ok(SecretKey::from_bytes(&bytes)?)
    }

    /// The key by which access tokens are known again. Secret.
    pub(crate) fn access_key(&self) -> Result<[u8; 32], StoreError> {
        let key = self.connection.query_row(
            "SELECT access_key FROM tenant WHERE id = ?1",
            [self.tenant],
            |row| row.get(0),
        )?;
        Ok(key)
    }

    /// The epoch, and the highest sequence number given so far.
    pub(crate) fn position(&self) -> Result<(Epoch, u64), StoreError> {
        let (epoch, next): (Epoch, i64) = self
            .connection
            .prepare_cached("SELECT epoch, next_seq FROM tenant WHERE id = ?1")?
            .query_row([self.tenant], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((epoch, from_sql(next) - 1))
    }
}

impl Writing<'_> {
    /// Takes `count` consecutive sequence numbers and returns the first.
    pub(crate) fn take_seqs(&self, count: usize) -> Result<u64, StoreError> {
        let count = to_sql(count as u64);
        let first: i64 = self
            .connection
            .prepare_cached(
                "UPDATE tenant SET next_seq = next_seq + ?2 WHERE id = ?1 RETURNING next_seq - ?2",
            )?
            .query_row((self.tenant, count), |row| row.get(0))?;
        Ok(from_sql(first))
    }

    /// After a restore: a new epoch, so that devices fetch anew, and new Automerge actors for the office, so that it does
    /// not write again under numbers it had used after the backup was made.
    pub(crate) fn renew_epoch(&self) -> Result<(), StoreError> {
        let epoch: Epoch = secret::random()?;
        self.connection.execute("UPDATE tenant SET epoch = ?2 WHERE id = ?1", (self.tenant, epoch))?;
        let visits: Vec<[u8; 16]> = self
            .connection
            .prepare("SELECT id FROM visit WHERE tenant = ?1")?
            .query_map([self.tenant], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for id in visits {
            let actor: [u8; 16] = secret::random()?;
            self.connection.execute(
                "UPDATE visit SET office_actor = ?3 WHERE tenant = ?1 AND id = ?2",
                (self.tenant, id, actor),
            )?;
            self.add_office_actor(&uuid::Uuid::from_bytes(id), &actor)?;
        }
        Ok(())
    }
}
