//! Uploads that are under way or have just been done.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row};
use uuid::Uuid;

use super::files::FileHash;
use super::{Reading, StoreError, Writing, from_sql, time, to_sql};

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadRow {
    /// Id: it stands in the upload's address.
    pub(crate) id: Uuid,
    /// The device that sends it.
    pub(crate) device: Uuid,
    /// The document that names the file.
    pub(crate) document: Uuid,
    /// SHA-256 that was announced.
    pub(crate) sha256: FileHash,
    /// Length that was announced, in bytes.
    pub(crate) length: u64,
    /// Bytes that are on the disk.
    pub(crate) received: u64,
    /// `Upload-Metadata` as it was given. May be personal.
    pub(crate) metadata: String,
    /// When it is thrown away.
    pub(crate) expires_at: Timestamp,
    /// The file is in its place.
    pub(crate) done: bool,
}

/// What the unfinished uploads of a device take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenUploads {
    /// How many.
    pub(crate) count: u64,
    /// Bytes that were announced.
    pub(crate) bytes: u64,
}

const COLUMNS: &str = "id, device, document, sha256, length, received, metadata, expires_at, done";

fn read(row: &Row<'_>) -> rusqlite::Result<UploadRow> {
    Ok(UploadRow {
        id: Uuid::from_bytes(row.get(0)?),
        device: Uuid::from_bytes(row.get(1)?),
        document: Uuid::from_bytes(row.get(2)?),
        sha256: row.get(3)?,
        length: from_sql(row.get(4)?),
        received: from_sql(row.get(5)?),
        metadata: row.get(6)?,
        expires_at: time(row.get(7)?),
        done: row.get(8)?,
    })
}

impl Reading<'_> {
    /// An upload of a device. `None`: this device has none of this id.
    pub(crate) fn upload(&self, device: &Uuid, id: &Uuid) -> Result<Option<UploadRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM upload WHERE tenant = ?1 AND id = ?2 AND device = ?3");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row((self.tenant, id.as_bytes(), device.as_bytes()), read).optional()?)
    }

    /// A device's upload of a file for a document.
    pub(crate) fn upload_of(
        &self,
        device: &Uuid,
        document: &Uuid,
        sha256: &FileHash,
    ) -> Result<Option<UploadRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM upload WHERE tenant = ?1 AND device = ?2 AND document = ?3 AND sha256 = ?4"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let key = (self.tenant, device.as_bytes(), document.as_bytes(), sha256);
        Ok(statement.query_row(key, read).optional()?)
    }

    /// Whether there is an upload of this id, whosever it is.
    pub(crate) fn is_upload(&self, id: &Uuid) -> Result<bool, StoreError> {
        let there = self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM upload WHERE tenant = ?1 AND id = ?2 AND done = 0)",
            )?
            .query_row((self.tenant, id.as_bytes()), |row| row.get(0))?;
        Ok(there)
    }

    /// What the unfinished uploads of a device take.
    pub(crate) fn open_uploads(&self, device: &Uuid) -> Result<OpenUploads, StoreError> {
        let (count, bytes): (i64, i64) = self
            .connection
            .prepare_cached(
                "SELECT count(*), coalesce(sum(length), 0) FROM upload WHERE tenant = ?1 AND device = ?2 AND done = 0",
            )?
            .query_row((self.tenant, device.as_bytes()), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(OpenUploads { count: from_sql(count), bytes: from_sql(bytes) })
    }

    /// Uploads whose time is over.
    pub(crate) fn expired_uploads(&self, now: Timestamp, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM upload WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3",
        )?;
        let rows = statement
            .query_map((self.tenant, now.as_millisecond(), limit), |row| Ok(Uuid::from_bytes(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Begins an upload.
    pub(crate) fn add_upload(&self, upload: &UploadRow) -> Result<(), StoreError> {
        let UploadRow { id, device, document, sha256, length, received, metadata, expires_at, done } = upload;
        self.connection
            .prepare_cached(
                "INSERT INTO upload (tenant, id, device, document, sha256, length, received, metadata, expires_at, done)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute((
                self.tenant,
                id.as_bytes(),
                device.as_bytes(),
                document.as_bytes(),
                sha256,
                to_sql(*length),
                to_sql(*received),
                metadata,
                expires_at.as_millisecond(),
                done,
            ))?;
        Ok(())
    }

    /// Bytes of an upload are on the disk, and it is kept for longer. Never fewer than before.
    pub(crate) fn note_received(
        &self,
        id: &Uuid,
        received: u64,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE upload SET received = max(received, ?3), expires_at = max(expires_at, ?4)
                 WHERE tenant = ?1 AND id = ?2",
            )?
            .execute((self.tenant, id.as_bytes(), to_sql(received), expires_at.as_millisecond()))?;
        Ok(())
    }

    /// The file of an upload is in its place.
    pub(crate) fn note_upload_done(&self, id: &Uuid) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE upload SET done = 1, received = length WHERE tenant = ?1 AND id = ?2")?
            .execute((self.tenant, id.as_bytes()))?;
        Ok(())
    }

    /// Removes an upload.
    pub(crate) fn remove_upload(&self, id: &Uuid) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM upload WHERE tenant = ?1 AND id = ?2")?
            .execute((self.tenant, id.as_bytes()))?;
        Ok(())
    }

    /// Removes an upload if its time is over. `false`: somebody went on with it.
    pub(crate) fn remove_expired_upload(&self, id: &Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let gone = self
            .connection
            .prepare_cached("DELETE FROM upload WHERE tenant = ?1 AND id = ?2 AND expires_at <= ?3")?
            .execute((self.tenant, id.as_bytes(), now.as_millisecond()))?;
        Ok(gone > 0)
    }
}
