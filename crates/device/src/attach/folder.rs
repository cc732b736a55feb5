//! The folder of the files, and the lock under which a file is named or removed.

use std::fs::{DirEntry, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::StoreError;
use crate::store::{Store, make_private_folder};

/// How often a lock that somebody else holds is tried again.
const RETRY: Duration = Duration::from_millis(2);

/// The folder of the attachments.
pub(crate) struct Folder {
    path: PathBuf,
    busy: Duration,
}

/// Held while a file is put in its place and named in the record, and while files that nothing names are removed. Dropped,
/// also by the death of the process, it is free.
pub(crate) struct FolderLock {
    _file: File,
}

impl Folder {
    pub(crate) fn of(store: &Store) -> Self {
        Self { path: store.folder().join("attachments"), busy: store.inner.options.busy_timeout }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the file of a hash is or would be; none: the text is no hash.
    pub(crate) fn file(&self, sha256: &str) -> Option<PathBuf> {
        is_hash(sha256).then(|| self.path.join(sha256))
    }

    /// Where damaged files are put aside.
    pub(crate) fn damaged(&self) -> PathBuf {
        self.path.join("damaged")
    }

    /// Makes the folder.
    pub(crate) fn make(&self) -> Result<(), StoreError> {
        make_private_folder(&self.path)
    }

    /// Waits for the lock, in this process or another, no longer than a call waits for the database.
    pub(crate) fn lock(&self) -> Result<FolderLock, StoreError> {
        self.make()?;
        let path = self.path.join(".lock");
        let failed =
            |source| StoreError::file("the lock of the attachments could not be taken", &path, source);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let file = options.open(&path).map_err(failed)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(FolderLock { _file: file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < self.busy => std::thread::sleep(RETRY),
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    /// The files that stand under their hash.
    pub(crate) fn files(&self) -> Result<Vec<KeptFile>, StoreError> {
        let kept = |entry: &DirEntry| is_hash(&entry.file_name().to_string_lossy());
        self.entries(kept)
    }

    /// Files that were being written: of a copy that runs, or of a process that died.
    pub(crate) fn parts(&self) -> Result<Vec<KeptFile>, StoreError> {
        self.entries(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
    }

    fn entries(&self, wanted: impl Fn(&DirEntry) -> bool) -> Result<Vec<KeptFile>, StoreError> {
        let failed = |source| StoreError::file("the attachments could not be listed", &self.path, source);
        let entries = match std::fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if !wanted(&entry) {
                continue;
            }
            match entry.metadata() {
                Ok(meta) if meta.is_file() => files.push(KeptFile {
                    name: entry.file_name().to_string_lossy().into_owned(),
                    path: entry.path(),
                    size: meta.len(),
                    // A time that lies ahead, or none: as if it had come just now.
                    age: meta.modified().ok().and_then(|at| at.elapsed().ok()).unwrap_or_default(),
                }),
                Ok(_) => {}
                // Gone since the folder was read.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(files)
    }

    /// Makes the names in the folder durable. Where folders can not be opened the system sees to it.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        if let Ok(opened) = File::open(&self.path) {
            opened.sync_all().map_err(|source| {
                StoreError::file("the attachments could not be synced", &self.path, source)
            })?;
        }
        Ok(())
    }
}

/// A file in the folder.
#[derive(Debug)]
pub(crate) struct KeptFile {
    /// Its name: the hash, for what is kept.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// Since it was last written.
    pub(crate) age: Duration,
}

/// 64 lower-case hexadecimal digits.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
