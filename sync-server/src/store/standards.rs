//! Packs: those that documents pin, and those of the company.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row};

use super::{Reading, StoreError, Writing, time};

/// A version of a company's pack.
#[derive(Debug, Clone)]
pub(crate) struct StandardRow {
    /// Id of the standard.
    pub(crate) id: String,
    /// Semantic version.
    pub(crate) version: String,
    /// SHA-256 of the pack.
    pub(crate) sha256: [u8; 32],
    /// The whole pack, as documents pin it.
    pub(crate) source: String,
    /// What was sent.
    pub(crate) original: String,
    /// Who sent it: person id.
    pub(crate) added_by: String,
    /// When.
    pub(crate) added_at: Timestamp,
}

const COLUMNS: &str = "id, version, sha256, source, original, added_by, added_at";

fn read(row: &Row<'_>) -> rusqlite::Result<StandardRow> {
    Ok(StandardRow {
        id: row.get(0)?,
        version: row.get(1)?,
        sha256: row.get(2)?,
        source: row.get(3)?,
        original: row.get(4)?,
        added_by: row.get(5)?,
        added_at: time(row.get(6)?),
    })
}

impl Reading<'_> {
    /// Text of a pack that a document pins.
    pub(crate) fn pack_source(&self, sha256: &[u8; 32]) -> Result<Option<String>, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT source FROM pack WHERE tenant = ?1 AND sha256 = ?2")?
            .query_row((self.tenant, sha256), |row| row.get(0))
            .optional()?;
        Ok(found)
    }

    /// All versions of the company's packs, by id.
    pub(crate) fn standards(&self) -> Result<Vec<StandardRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM standard WHERE tenant = ?1 ORDER BY id, added_at, version");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([self.tenant], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Id, version and hash of every version of one of the company's packs.
    pub(crate) fn standard_hashes(&self, id: &str) -> Result<Vec<(String, [u8; 32])>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT version, sha256 FROM standard WHERE tenant = ?1 AND id = ?2")?;
        let rows = statement.query_map((self.tenant, id), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Text of a version of one of the company's packs.
    pub(crate) fn standard_source(&self, id: &str, version: &str) -> Result<Option<String>, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT source FROM standard WHERE tenant = ?1 AND id = ?2 AND version = ?3")?
            .query_row((self.tenant, id, version), |row| row.get(0))
            .optional()?;
        Ok(found)
    }
}

impl Writing<'_> {
    /// Keeps a pack that a document pins.
    pub(crate) fn add_pack(&self, sha256: &[u8; 32], id: &str, source: &str) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO pack (tenant, sha256, id, source) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            (self.tenant, sha256, id, source),
        )?;
        Ok(())
    }

    /// Adds a version of a company's pack. It must not be there yet.
    pub(crate) fn add_standard(&self, row: &StandardRow) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO standard (tenant, id, version, sha256, source, original, added_by, added_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                self.tenant,
                &row.id,
                &row.version,
                &row.sha256,
                &row.source,
                &row.original,
                &row.added_by,
                row.added_at.as_millisecond(),
            ),
        )?;
        Ok(())
    }
}
