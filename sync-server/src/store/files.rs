//! Which files documents name, and which of them the server has.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jobsheet_core::hex;
use jobsheet_core::record::FileUse;
use rusqlite::OptionalExtension;
use serde::Serialize;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, to_sql};

/// SHA-256 of a file.
pub(crate) type FileHash = [u8; 32];

/// A file that a document names and that the server does not have for it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MissingFile {
    /// SHA-256, hexadecimal.
    pub(crate) sha256: String,
    /// As what it is named: `photo`, `document`, `signature`.
    pub(crate) uses: Vec<String>,
}

/// How a document stands with its files.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DocumentFiles {
    /// The server has every file that the document names.
    pub(crate) complete: bool,
    /// How many it names.
    pub(crate) named: u64,
    /// Those that the server does not have.
    pub(crate) missing: Vec<MissingFile>,
}

/// A file that the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredFile {
    /// Size in bytes.
    pub(crate) size: u64,
    /// It lies in its place.
    pub(crate) placed: bool,
}

impl Reading<'_> {
    /// How a document stands with its files.
    pub(crate) fn document_files(&self, document: &Uuid) -> Result<DocumentFiles, StoreError> {
        let named: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM document_file WHERE tenant = ?1 AND document = ?2")?
            .query_row((self.tenant, document.as_bytes()), |row| row.get(0))?;
        let mut statement = self.connection.prepare_cached(
            "SELECT sha256, uses FROM document_file WHERE tenant = ?1 AND document = ?2 AND held = 0 ORDER BY sha256",
        )?;
        let rows = statement.query_map((self.tenant, document.as_bytes()), |row| {
            let uses: String = row.get(1)?;
            Ok(MissingFile {
                sha256: hex(&row.get::<_, FileHash>(0)?),
                uses: serde_json::from_str(&uses).unwrap_or_default(),
            })
        })?;
        let missing: Vec<MissingFile> = rows.collect::<Result<_, _>>()?;
        Ok(DocumentFiles { complete: missing.is_empty(), named: from_sql(named), missing })
    }

    /// Whether a document names a file, and whether the server has it for this document.
    pub(crate) fn named_file(&self, document: &Uuid, sha256: &FileHash) -> Result<Option<bool>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT held FROM document_file WHERE tenant = ?1 AND document = ?2 AND sha256 = ?3",
            )?
            .query_row((self.tenant, document.as_bytes(), sha256), |row| row.get(0))
            .optional()?;
        Ok(found)
    }

    /// Whether a technician may read a file: a document that this technician sees now names it, and its bytes came for that
    /// document. To know the hash of a file, and to name it, is not to have it.
    pub(crate) fn may_read_file(&self, technician: &str, sha256: &FileHash) -> Result<bool, StoreError> {
        let may = self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM document_file AS f WHERE f.tenant = ?1 AND f.sha256 = ?3 AND f.held = 1
                 AND EXISTS (SELECT 1 FROM scope AS s WHERE s.tenant = ?1 AND s.technician = ?2
                      AND s.document = f.document AND s.granted = 1))",
            )?
            .query_row((self.tenant, technician, sha256), |row| row.get(0))?;
        Ok(may)
    }

    /// A file that the server has or is about to have.
    pub(crate) fn file(&self, sha256: &FileHash) -> Result<Option<StoredFile>, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT size, placed FROM file WHERE tenant = ?1 AND sha256 = ?2")?
            .query_row((self.tenant, sha256), |row| {
                Ok(StoredFile { size: from_sql(row.get(0)?), placed: row.get(1)? })
            })
            .optional()?;
        Ok(found)
    }

    /// Bytes of the files that a device sent first.
    pub(crate) fn bytes_of_device(&self, device: &Uuid) -> Result<u64, StoreError> {
        let bytes: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(sum(size), 0) FROM file WHERE tenant = ?1 AND device = ?2")?
            .query_row((self.tenant, device.as_bytes()), |row| row.get(0))?;
        Ok(from_sql(bytes))
    }

    /// Files that were about to be placed and that no upload stands for any more: what is left of them may go.
    pub(crate) fn abandoned_files(&self) -> Result<Vec<FileHash>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT sha256 FROM file WHERE tenant = ?1 AND placed = 0 AND NOT EXISTS
                 (SELECT 1 FROM upload WHERE upload.tenant = file.tenant AND upload.sha256 = file.sha256)",
        )?;
        let rows = statement.query_map([self.tenant], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Notes the files that a document names. One that is known stays as it is.
    pub(crate) fn name_files(
        &self,
        document: &Uuid,
        files: &BTreeMap<FileHash, Vec<FileUse>>,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO document_file (tenant, document, sha256, uses) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, document, sha256) DO UPDATE SET uses = excluded.uses WHERE uses <> excluded.uses",
        )?;
        for (sha256, uses) in files {
            let uses = serde_json::to_string(uses)
                .map_err(|error| StoreError::damaged("file", &hex(sha256), &error))?;
            statement.execute((self.tenant, document.as_bytes(), sha256, uses))?;
        }
        Ok(())
    }

    /// The bytes of a file came for a document.
    pub(crate) fn hold_file(&self, document: &Uuid, sha256: &FileHash) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE document_file SET held = 1 WHERE tenant = ?1 AND document = ?2 AND sha256 = ?3",
            )?
            .execute((self.tenant, document.as_bytes(), sha256))?;
        Ok(())
    }

    /// A file is about to be moved to its place.
    pub(crate) fn begin_file(
        &self,
        sha256: &FileHash,
        size: u64,
        device: &Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO file (tenant, sha256, size, device, stored_at, placed) VALUES (?1, ?2, ?3, ?4, ?5, 0)
                 ON CONFLICT DO NOTHING",
            )?
            .execute((self.tenant, sha256, to_sql(size), device.as_bytes(), now.as_millisecond()))?;
        Ok(())
    }

    /// A file lies in its place.
    pub(crate) fn place_file(&self, sha256: &FileHash) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE file SET placed = 1 WHERE tenant = ?1 AND sha256 = ?2")?
            .execute((self.tenant, sha256))?;
        Ok(())
    }

    /// A file that was never placed is given up.
    pub(crate) fn forget_file(&self, sha256: &FileHash) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM file WHERE tenant = ?1 AND sha256 = ?2 AND placed = 0")?
            .execute((self.tenant, sha256))?;
        Ok(())
    }
}
