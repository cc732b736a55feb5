//! Files that documents name: which are to be sent, which may be fetched.

use std::collections::{BTreeMap, BTreeSet};

use jobsheet_core::record::{DocumentId, FileUse, Record, files_in, hashes_in};
use rusqlite::{Connection, params};

use super::changes::own_changes;
use super::warm::load_visit;
use crate::StoreError;

/// A file to be sent for a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileToSend {
    /// The document that names it.
    pub(crate) document: DocumentId,
    /// SHA-256, hexadecimal.
    pub(crate) sha256: String,
    /// In which order files are sent.
    pub(crate) rank: i64,
    /// Why the server did not take it the last time.
    pub(crate) refused: Option<String>,
}

/// A file of an open visit or shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileOfOpen {
    /// SHA-256, hexadecimal.
    pub(crate) sha256: String,
    /// Size in bytes, if the record says.
    pub(crate) size: Option<u64>,
}

fn rank(of: FileUse) -> i64 {
    i64::from(of != FileUse::Signature)
}

/// Notes the files that a change made here names.
pub(crate) fn note_own_files(
    connection: &Connection,
    document: DocumentId,
    change: &[u8],
) -> Result<(), StoreError> {
    // Most changes name none: looking for 64 digits costs next to nothing, reading the change does not.
    if hashes_in(change).is_empty() {
        return Ok(());
    }
    for (sha256, of) in files_in(change) {
        connection
            .prepare_cached(
                "INSERT INTO file (document, sha256, rank, own) VALUES (?1, ?2, ?3, 1)
                 ON CONFLICT (document, sha256) DO UPDATE SET own = 1, rank = min(rank, ?3), refused = NULL",
            )?
            .execute(params![document, sha256, rank(of)])?;
    }
    Ok(())
}

/// Files that only a change names which was refused are sent no longer. Where the change stands in the log again, they are.
pub(crate) fn keep_files_here(
    connection: &Connection,
    document: DocumentId,
    change: &[u8],
) -> Result<(), StoreError> {
    let mut files = files_in(change);
    if files.is_empty() {
        return Ok(());
    }
    let own = own_changes(connection, document)?;
    let named: BTreeSet<String> =
        own.iter().flat_map(|own| files_in(&own.bytes)).map(|(sha256, _)| sha256).collect();
    files.retain(|(sha256, _)| !named.contains(sha256));
    for (sha256, _) in files {
        connection
            .prepare_cached("UPDATE file SET own = 0 WHERE document = ?1 AND sha256 = ?2")?
            .execute(params![document, sha256])?;
    }
    Ok(())
}

/// As [`keep_files_here`], for every refused change.
pub(crate) fn keep_refused_files_here(connection: &Connection) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT document, bytes FROM quarantine")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        keep_files_here(connection, row.get(0)?, &row.get::<_, Vec<u8>>(1)?)?;
    }
    Ok(())
}

/// Forgets the files of a refused change that a person threw away, but those that the record names.
pub(crate) fn forget_files(
    connection: &Connection,
    document: DocumentId,
    change: &[u8],
) -> Result<(), StoreError> {
    let files = files_in(change);
    if files.is_empty() {
        return Ok(());
    }
    let loaded = match load_visit(connection, document) {
        Ok((loaded, _)) => loaded,
        // What it names is not known.
        Err(StoreError::Record(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let named = loaded.record().file_hashes();
    for (sha256, _) in files.into_iter().filter(|(sha256, _)| !named.contains(sha256.as_str())) {
        connection
            .prepare_cached("DELETE FROM file WHERE document = ?1 AND sha256 = ?2 AND own = 0")?
            .execute(params![document, sha256])?;
    }
    Ok(())
}

/// Notes the files that a record names. A record without files costs nothing.
pub(crate) fn note_files(connection: &Connection, record: &Record) -> Result<(), StoreError> {
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    sizes.extend(record.photos.values().map(|photo| (photo.sha256.as_str(), photo.size)));
    sizes.extend(record.documents.values().map(|file| (file.sha256.as_str(), file.size)));
    for (sha256, of) in record.files() {
        let size = sizes.get(sha256).map(|size| i64::try_from(*size).unwrap_or(i64::MAX));
        connection
            .prepare_cached(
                "INSERT INTO file (document, sha256, rank, size, own) VALUES (?1, ?2, ?3, ?4, 0)
                 ON CONFLICT (document, sha256) DO UPDATE SET size = excluded.size
                 WHERE file.size IS NULL AND excluded.size IS NOT NULL",
            )?
            .execute(params![record.id, sha256, rank(of), size])?;
    }
    Ok(())
}

/// A file that came with a hand-over is to be sent, if the record names it.
pub(crate) fn bring_file(
    connection: &Connection,
    document: DocumentId,
    sha256: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE file SET own = 1, refused = NULL WHERE document = ?1 AND sha256 = ?2")?
        .execute(params![document, sha256])?;
    Ok(())
}

/// Files to be sent, signatures first.
pub(crate) fn files_to_send(connection: &Connection) -> Result<Vec<FileToSend>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT document, sha256, rank, refused FROM file INDEXED BY file_to_send WHERE own = 1 AND sent = 0
         ORDER BY rank",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(FileToSend { document: row.get(0)?, sha256: row.get(1)?, rank: row.get(2)?, refused: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many files are to be sent, each counted once.
pub(crate) fn count_files_to_send(connection: &Connection) -> Result<u32, StoreError> {
    let sql = "SELECT count(DISTINCT sha256) FROM file INDEXED BY file_to_send WHERE own = 1 AND sent = 0";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Files of open visits and shifts, the next one's first.
pub(crate) fn files_of_open(connection: &Connection) -> Result<Vec<FileOfOpen>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sha256, size FROM visit CROSS JOIN file USING (document) WHERE revoked = 0 AND open = 1
         ORDER BY planned_start, rank, size",
    )?;
    let rows = statement.query_map([], |row| {
        let size: Option<i64> = row.get(1)?;
        Ok(FileOfOpen { sha256: row.get(0)?, size: size.and_then(|size| u64::try_from(size).ok()) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a document that this device may see names a file.
pub(crate) fn is_file_named(connection: &Connection, sha256: &str) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM visit CROSS JOIN file USING (document) WHERE revoked = 0 AND sha256 = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([sha256], |row| row.get(0))?)
}

/// The server has a file for a document.
pub(crate) fn mark_file_sent(
    connection: &Connection,
    document: DocumentId,
    sha256: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE file SET sent = 1, refused = NULL WHERE document = ?1 AND sha256 = ?2")?
        .execute(params![document, sha256])?;
    Ok(())
}

/// The server does not take a file for a document.
pub(crate) fn mark_file_refused(
    connection: &Connection,
    document: DocumentId,
    sha256: &str,
    code: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE file SET refused = ?3 WHERE document = ?1 AND sha256 = ?2")?
        .execute(params![document, sha256, code])?;
    Ok(())
}

/// The server was restored: it may lack files that it had.
pub(crate) fn mark_files_unsent(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("UPDATE file SET sent = 0 WHERE sent = 1", [])?;
    Ok(())
}

/// Whether documents of an older version are still to be looked through.
pub(crate) fn are_files_noted(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row("SELECT files_noted FROM meta", [], |row| row.get(0))?)
}

/// Notes a file that a document of an older version names.
pub(crate) fn note_old_file(
    connection: &Connection,
    (document, sha256): (DocumentId, &str),
    signature: bool,
    size: Option<u64>,
    own: bool,
) -> Result<(), StoreError> {
    let size = size.map(|size| i64::try_from(size).unwrap_or(i64::MAX));
    connection
        .prepare_cached(
            "INSERT INTO file (document, sha256, rank, size, own) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (document, sha256) DO UPDATE SET own = max(own, ?5), size = coalesce(size, ?4)",
        )?
        .execute(params![document, sha256, i64::from(!signature), size, own])?;
    Ok(())
}

/// All documents have been looked through.
pub(crate) fn mark_files_noted(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("UPDATE meta SET files_noted = 1", [])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::migrate;

    #[test]
    fn signatures_are_sent_first_and_a_restored_server_gets_everything_again() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let document = DocumentId::from_bytes([7; 16]);
        for (sha256, signature, own) in
            [("a", false, true), ("b", true, true), ("c", false, true), ("d", true, false)]
        {
            note_old_file(&connection, (document, sha256), signature, None, own).unwrap();
        }
        let waiting = || -> Vec<String> {
            files_to_send(&connection).unwrap().into_iter().map(|file| file.sha256).collect()
        };
        assert_eq!(waiting(), ["b", "a", "c"], "what others attached is not sent");
        mark_file_sent(&connection, document, "b").unwrap();
        assert_eq!((waiting(), count_files_to_send(&connection).unwrap()), (vec!["a".into(), "c".into()], 2));
        mark_files_unsent(&connection).unwrap();
        assert_eq!(waiting(), ["b", "a", "c"]);
    }
}
