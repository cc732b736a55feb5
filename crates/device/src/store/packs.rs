//! Standards by hash: those that come with the library, those that came with a sync, and those in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jobsheet_core::record::StandardRef;
use jobsheet_core::standard::{self, Standard};
use jobsheet_core::{hex, unhex};
use rusqlite::{Connection, OptionalExtension, params};

use super::lock;
use crate::StoreError;

/// Standards that have been read and checked. A device works by a handful; none is ever dropped.
#[derive(Default)]
pub(crate) struct Standards {
    loaded: Mutex<HashMap<String, Arc<Standard>>>,
}

impl Standards {
    /// The standard that a visit pins, by its hash.
    pub(crate) fn get(
        &self,
        connection: &Connection,
        pinned: &StandardRef,
    ) -> Result<Arc<Standard>, StoreError> {
        if let Some(standard) = lock(&self.loaded).get(&pinned.sha256) {
            return Ok(standard.clone());
        }
        let standard = match builtin(pinned) {
            Some(standard) => standard,
            None => Arc::new(stored(connection, pinned)?),
        };
        lock(&self.loaded).insert(pinned.sha256.clone(), standard.clone());
        Ok(standard)
    }
}

fn builtin(pinned: &StandardRef) -> Option<Arc<Standard>> {
    standard::builtin(&pinned.id).ok().flatten().filter(|standard| standard.sha256() == pinned.sha256)
}

fn stored(connection: &Connection, pinned: &StandardRef) -> Result<Standard, StoreError> {
    let missing = || StoreError::PackMissing(pinned.to_string());
    let key = unhex(&pinned.sha256).ok_or_else(missing)?;
    let mut statement = connection.prepare_cached("SELECT source FROM pack WHERE sha256 = ?1")?;
    let source: String = statement.query_row([key], |row| row.get(0)).optional()?.ok_or_else(missing)?;
    checked(&source, &pinned.sha256).ok_or_else(|| StoreError::PackDamaged(pinned.to_string()))
}

/// Reads a pack and compares its hash with the announced one.
pub(crate) fn checked(source: &str, sha256: &str) -> Option<Standard> {
    Standard::load(source).ok().filter(|standard| standard.sha256() == sha256)
}

/// Keeps a pack file.
pub(crate) fn keep(connection: &Connection, sha256: &[u8; 32], source: &str) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO pack (sha256, source) VALUES (?1, ?2)")?;
    statement.execute(params![sha256, source])?;
    Ok(())
}

/// Hashes of the packs that this device can use: the server need not send them. A stored pack that no longer matches its
/// hash is left out, so that it is sent again.
pub(crate) fn held(connection: &Connection) -> Result<Vec<[u8; 32]>, StoreError> {
    let mut hashes: Vec<[u8; 32]> =
        standard::builtin_hashes().filter_map(|sha256| unhex(sha256)?.try_into().ok()).collect();
    let mut statement = connection.prepare_cached("SELECT sha256, source FROM pack")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, String>(1)?)))?;
    for row in rows {
        let (sha256, source) = row?;
        if !hashes.contains(&sha256) && checked(&source, &hex(&sha256)).is_some() {
            hashes.push(sha256);
        }
    }
    Ok(hashes)
}
