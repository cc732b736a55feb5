//! Which files the documents of this device name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jobsheet_core::record::{DocumentId, FileUse, files_in, hashes_in};
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::folder::Folder;
use crate::StoreError;
use crate::store::{Store, load_visit};

/// Whether the bytes of a file are on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// They are.
    Here,
    /// Another device attached it, and this one never had it.
    Elsewhere,
    /// This device attached it, and it is gone.
    Missing,
}

/// A file that a document of this device names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachedFile {
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// Size in bytes, as the record says; none: a signature's strokes, whose size it does not say.
    pub size: Option<u64>,
    /// Media type, as the record says.
    pub media_type: Option<String>,
    /// As what it is named.
    pub uses: BTreeSet<FileUse>,
    /// The visits and shifts that name it.
    pub visits: BTreeSet<DocumentId>,
    /// Whether the bytes are here.
    pub presence: Presence,
    /// This device attached it and the server does not have it yet, for at least one of the visits.
    pub to_send: bool,
}

/// What one file is to one document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Naming {
    pub(crate) uses: BTreeSet<FileUse>,
    pub(crate) visits: BTreeSet<DocumentId>,
    pub(crate) size: Option<u64>,
    pub(crate) media_type: Option<String>,
    /// A change that was made here names it, be it sent, unsent or refused: its bytes must be here.
    pub(crate) own: bool,
}

/// Everything that the documents name.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// Files that records and own changes name.
    pub(crate) files: BTreeMap<String, Naming>,
    /// Every hash that occurs anywhere, in whatever role: nothing of it may be removed.
    pub(super) anywhere: BTreeSet<String>,
    /// Documents that can not be read: what they name is not known.
    pub(super) unreadable: BTreeSet<DocumentId>,
    /// Versions of the documents that were read.
    versions: HashMap<DocumentId, i64>,
}

impl Named {
    /// Reads what all documents name, those included that are taken from this device, and refused changes.
    pub(crate) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let mut named = Self::default();
        named.extend(connection)?;
        Ok(named)
    }

    /// Adds what has come since. Nothing is ever taken away: names of an older state stay.
    pub(super) fn extend(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let mut statement = connection.prepare(
            "SELECT document, coalesce((SELECT version FROM visit WHERE visit.document = all_of.document), -1)
             FROM (SELECT document FROM visit UNION SELECT document FROM snapshot UNION SELECT document FROM change) AS all_of",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let documents: Vec<(DocumentId, i64)> = rows.collect::<Result<_, _>>()?;
        for (document, version) in documents {
            if version >= 0 && self.versions.get(&document) == Some(&version) {
                continue;
            }
            self.document(connection, document)?;
            self.versions.insert(document, version);
        }
        let mut statement = connection.prepare("SELECT document, bytes FROM quarantine")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.change(row.get(0)?, &row.get::<_, Vec<u8>>(1)?, true);
        }
        Ok(())
    }

    fn document(&mut self, connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
        // The log first: it holds changes that wait for others, and is read even where the snapshot can not be.
        let mut statement =
            connection.prepare_cached("SELECT bytes, origin FROM change WHERE document = ?1")?;
        let mut rows = statement.query([document])?;
        while let Some(row) = rows.next()? {
            let own = row.get::<_, i64>(1)? == 0;
            self.change(document, &row.get::<_, Vec<u8>>(0)?, own);
        }
        let stored: Option<i64> = connection
            .query_row("SELECT 1 FROM snapshot WHERE document = ?1", [document], |row| row.get(0))
            .optional()?;
        if stored.is_none() {
            return Ok(());
        }
        let loaded = match load_visit(connection, document) {
            Ok((loaded, _)) => loaded,
            Err(StoreError::Record(_)) => {
                self.unreadable.insert(document);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for change in loaded.changes() {
            self.anywhere.extend(hashes_in(&change.bytes));
        }
        let record = loaded.record();
        for (sha256, of) in record.files() {
            let naming = self.naming(sha256, document);
            naming.uses.insert(of);
        }
        let photos = record.photos.values().map(|photo| (&photo.sha256, photo.size, &photo.media_type));
        let files = record.documents.values().map(|file| (&file.sha256, file.size, &file.media_type));
        for (sha256, size, media_type) in photos.chain(files) {
            let naming = self.naming(sha256, document);
            naming.size = Some(size);
            naming.media_type = Some(media_type.clone());
        }
        Ok(())
    }

    fn change(&mut self, document: DocumentId, bytes: &[u8], own: bool) {
        self.anywhere.extend(hashes_in(bytes));
        if own {
            for (sha256, of) in files_in(bytes) {
                let naming = self.naming(&sha256, document);
                naming.own = true;
                naming.uses.insert(of);
            }
        }
    }

    fn naming(&mut self, sha256: &str, document: DocumentId) -> &mut Naming {
        let naming = self.files.entry(sha256.to_owned()).or_default();
        naming.visits.insert(document);
        naming
    }
}

impl Store {
    /// The files that documents of this device name, by hash: of one visit or shift, or of all.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the folder can not be read.
    pub fn attachments(&self, visit: Option<DocumentId>) -> Result<Vec<AttachedFile>, StoreError> {
        let named = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            Named::read(&tx)?
        };
        let unsent = self.unsent_files()?;
        let to_send = |sha256: &str| {
            let of = unsent.get(sha256).into_iter().flatten();
            of.into_iter().any(|of| visit.is_none_or(|visit| visit == *of))
        };
        let folder = Folder::of(self);
        let files = named
            .files
            .into_iter()
            .filter(|(_, naming)| visit.is_none_or(|visit| naming.visits.contains(&visit)));
        let listed = files.map(|(sha256, naming)| AttachedFile {
            presence: presence(&folder, &sha256, naming.own),
            to_send: to_send(&sha256),
            sha256,
            size: naming.size,
            media_type: naming.media_type,
            uses: naming.uses,
            visits: naming.visits,
        });
        Ok(listed.collect())
    }
}

pub(super) fn presence(folder: &Folder, sha256: &str, own: bool) -> Presence {
    match (folder.file(sha256).is_some_and(|path| path.is_file()), own) {
        (true, _) => Presence::Here,
        (false, true) => Presence::Missing,
        (false, false) => Presence::Elsewhere,
    }
}
