//! Files on the disk: parts that grow under the id of their upload, and whole files under their hash.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jobsheet_core::hex;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::limits::BLOCK_BYTES;
use crate::store::{FileHash, Store, create_private};

/// Where the bytes lie.
#[derive(Debug, Clone)]
pub(super) struct Blobs {
    whole: PathBuf,
    parts: PathBuf,
}

impl Blobs {
    pub(super) fn of(store: &Store) -> Self {
        Self { whole: store.blobs(), parts: store.uploads() }
    }

    /// Where a whole file lies: `blobs/ab/ab12…`.
    pub(super) fn whole(&self, sha256: &FileHash) -> PathBuf {
        let name = hex(sha256);
        self.whole.join(&name[..2]).join(name)
    }

    fn part(&self, upload: &Uuid) -> PathBuf {
        self.parts.join(upload.to_string())
    }

    /// Opens a part where it stands. What lies behind was never counted, and is cut off. `None`: what was counted is gone.
    pub(super) fn open_part(&self, upload: &Uuid, at: u64) -> std::io::Result<Option<File>> {
        let path = self.part(upload);
        let mut options = OpenOptions::new();
        options.write(true).truncate(false).create(at == 0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = match options.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if file.metadata()?.len() < at {
            return Ok(None);
        }
        file.set_len(at)?;
        file.seek(SeekFrom::Start(at))?;
        if at == 0 {
            sync_folder(&self.parts)?;
        }
        Ok(Some(file))
    }

    /// SHA-256 of a part as it lies on the disk. `None`: there is none.
    pub(super) fn hash_part(&self, upload: &Uuid) -> std::io::Result<Option<FileHash>> {
        let mut file = match File::open(self.part(upload)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let (mut digest, mut block) = (Sha256::new(), vec![0; BLOCK_BYTES]);
        loop {
            match file.read(&mut block)? {
                0 => return Ok(Some(digest.finalize().into())),
                read => digest.update(&block[..read]),
            }
        }
    }

    /// Moves a part to its place, durably.
    pub(super) fn place(&self, upload: &Uuid, sha256: &FileHash) -> std::io::Result<()> {
        let to = self.whole(sha256);
        let folder = to.parent().unwrap_or(&self.whole);
        if !folder.exists() {
            create_private(folder)?;
            sync_folder(&self.whole)?;
        }
        std::fs::rename(self.part(upload), &to)?;
        sync_folder(folder)?;
        sync_folder(&self.parts)
    }

    /// Whether a whole file lies in its place.
    pub(super) fn is_placed(&self, sha256: &FileHash) -> bool {
        self.whole(sha256).is_file()
    }

    pub(super) fn remove_part(&self, upload: &Uuid) -> std::io::Result<()> {
        remove(&self.part(upload))
    }

    pub(super) fn remove_whole(&self, sha256: &FileHash) -> std::io::Result<()> {
        remove(&self.whole(sha256))
    }

    /// Ids under which parts lie. Anything else in the folder is somebody else's and stays.
    pub(super) fn parts(&self) -> std::io::Result<Vec<Uuid>> {
        let mut parts = Vec::new();
        for entry in std::fs::read_dir(&self.parts)? {
            parts.extend(entry?.file_name().to_str().and_then(|name| name.parse::<Uuid>().ok()));
        }
        Ok(parts)
    }

    /// Free space where the parts lie, in bytes; none: the system does not tell.
    #[cfg(unix)]
    pub(super) fn free_bytes(&self) -> Option<u64> {
        let told = rustix::fs::statvfs(&self.parts).ok()?;
        Some(told.f_bavail.saturating_mul(told.f_frsize))
    }

    /// Free space where the parts lie, in bytes; none: the system does not tell.
    #[cfg(not(unix))]
    pub(super) fn free_bytes(&self) -> Option<u64> {
        None
    }
}

/// A part that is being written. What is not counted yet is cut off again when it is opened the next time.
pub(super) struct PartWriter {
    file: File,
    /// Where it stands, bytes not yet synced included.
    pub(super) at: u64,
    /// What is synced and counted.
    pub(super) counted: u64,
}

impl PartWriter {
    pub(super) fn new(file: File, at: u64) -> Self {
        Self { file, at, counted: at }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Makes what was written durable.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable. Where folders can not be opened the system sees to it.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder).map_or(Ok(()), |opened| opened.sync_all())
}
