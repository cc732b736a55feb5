//! Documents that are ready in memory. What is warm is never ahead of the disk: a copy carries the version of the row it
//! was made from, and is used only while no other writer (of this process or another) has raised it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard};

use jobsheet_core::record::{Document, DocumentId, RecordError};
use jobsheet_core::standard::Standard;
use lru::LruCache;
use rusqlite::Connection;

use super::row::{Head, VisitRow};
use super::{Standards, changes, lock};
use crate::StoreError;

/// A version that no row has: the copy must not be used.
const UNUSABLE: i64 = -1;

/// Who writes a document for this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DocumentWriter {
    pub(crate) actor: [u8; 16],
    /// The database knows it.
    pub(crate) stored: bool,
}

/// A document in memory.
pub(crate) struct Warm {
    pub(crate) visit: Document,
    pub(crate) standard: Arc<Standard>,
    /// Version of the row that this copy equals.
    pub(crate) version: i64,
    /// Changes since the last snapshot.
    pub(crate) tail: u32,
    /// Actor set on the document.
    pub(crate) actor: Option<DocumentWriter>,
    /// The list row last written from here.
    pub(crate) row: Option<VisitRow>,
}

impl Warm {
    /// Loads a document: the snapshot and its tail, in one batch.
    pub(crate) fn load(
        connection: &Connection,
        standards: &Standards,
        document: DocumentId,
        head: &Head,
    ) -> Result<Self, StoreError> {
        let (visit, tail) = load_visit(connection, document)?;
        let standard = standards.get(connection, &visit.record().standard)?;
        Ok(Self { visit, standard, version: head.version, tail, actor: None, row: None })
    }

    /// Marks the copy as ahead of the disk.
    pub(crate) fn spoil(&mut self) {
        self.version = UNUSABLE;
    }
}

/// Loads a document without its standard; also how many changes follow its snapshot.
pub(crate) fn load_visit(
    connection: &Connection,
    document: DocumentId,
) -> Result<(Document, u32), StoreError> {
    let saved = saved(connection, document)?;
    let count = u32::try_from(saved.tail.len()).unwrap_or(u32::MAX);
    Ok((Document::load_with(&saved.snapshot, &saved.tail)?, count))
}

/// A document as it is stored.
pub(crate) fn saved(
    connection: &Connection,
    document: DocumentId,
) -> Result<changes::SavedDocument, StoreError> {
    changes::snapshot_and_tail(connection, document)?
        .ok_or_else(|| StoreError::Record(RecordError::NotARecord { missing: "snapshot".to_owned() }))
}

/// The warm documents, bounded; the one used longest ago goes first.
pub(crate) struct Warmth {
    documents: Mutex<LruCache<DocumentId, Arc<Mutex<Warm>>>>,
}

impl Warmth {
    pub(crate) fn new(bound: usize) -> Self {
        let bound = NonZeroUsize::new(bound).unwrap_or(NonZeroUsize::MIN);
        Self { documents: Mutex::new(LruCache::new(bound)) }
    }

    /// The warm copy of a document that equals the row's version or has been committed after it; else it is loaded.
    pub(crate) fn get(
        &self,
        connection: &Connection,
        standards: &Standards,
        document: DocumentId,
        head: &Head,
    ) -> Result<Arc<Mutex<Warm>>, StoreError> {
        if let Some(known) = self.known(document, head) {
            return Ok(known);
        }
        let fresh = Arc::new(Mutex::new(Warm::load(connection, standards, document, head)?));
        self.put(document, &fresh);
        Ok(fresh)
    }

    /// The warm copy of a document that is not older than the row, if there is one.
    pub(crate) fn known(&self, document: DocumentId, head: &Head) -> Option<Arc<Mutex<Warm>>> {
        let known = lock(&self.documents).get(&document).cloned()?;
        let fresh = lock_warm(&known).version >= head.version;
        fresh.then_some(known)
    }

    /// Makes a copy the one that is used next. A reader may have loaded an older one meanwhile; versions tell them apart.
    pub(crate) fn put(&self, document: DocumentId, warm: &Arc<Mutex<Warm>>) {
        lock(&self.documents).put(document, warm.clone());
    }

    /// Forgets a document.
    pub(crate) fn forget(&self, document: DocumentId) {
        lock(&self.documents).pop(&document);
    }

    /// Forgets all documents.
    pub(crate) fn clear(&self) {
        lock(&self.documents).clear();
    }

    /// How many documents are warm.
    pub(crate) fn len(&self) -> usize {
        lock(&self.documents).len()
    }
}

/// Locks a warm document. If a command panicked in it, it may be half changed and is not used again.
pub(crate) fn lock_warm(warm: &Mutex<Warm>) -> MutexGuard<'_, Warm> {
    warm.lock().unwrap_or_else(|poisoned| {
        let mut guard = poisoned.into_inner();
        guard.spoil();
        guard
    })
}
