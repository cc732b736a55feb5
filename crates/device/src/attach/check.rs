//! Whether every file that a document names is here, with the bytes it had.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use jobsheet_core::hex;
use jobsheet_core::record::DocumentId;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::copy::BLOCK_BYTES;
use super::folder::Folder;
use super::named::Named;
use crate::store::{Store, make_private_folder};
use crate::{StoreError, random};

/// A file that is named and not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedFile {
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// The visits and shifts that name it.
    pub visits: Vec<DocumentId>,
}

/// A file whose bytes no longer fit its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DamagedFile {
    /// SHA-256 that the bytes should have, hexadecimal.
    pub sha256: String,
    /// The visits and shifts that name it; none: nobody does.
    pub visits: Vec<DocumentId>,
    /// Where it was put aside; it is not deleted.
    pub kept_as: PathBuf,
}

/// What [`Store::check_attachments`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AttachmentCheck {
    /// Files that are named, here, and right.
    pub fine: u32,
    /// Bytes of those.
    pub fine_bytes: u64,
    /// Files that this device attached and that are gone.
    pub missing: Vec<CheckedFile>,
    /// Files whose bytes have changed; they were put aside.
    pub damaged: Vec<DamagedFile>,
    /// Files that other devices attached and this one never had.
    pub elsewhere: u32,
    /// Files that nothing names yet or any more; a sweep removes them in time.
    pub unnamed: u32,
    /// Documents that can not be read: what they name is not known.
    pub unreadable: Vec<DocumentId>,
}

impl AttachmentCheck {
    /// Nothing is missing, damaged or unreadable.
    pub fn is_fine(&self) -> bool {
        self.missing.is_empty() && self.damaged.is_empty() && self.unreadable.is_empty()
    }
}

impl Store {
    /// Reads every kept file as a stream and compares it with its hash, and every document for files that are not here. A
    /// file whose bytes have changed is put aside in `attachments/damaged/`, never deleted: attaching the true bytes again
    /// heals the record.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the folder can not be read.
    pub fn check_attachments(&self) -> Result<AttachmentCheck, StoreError> {
        let folder = Folder::of(self);
        // Files first: what is attached meanwhile is then named and not looked at, never looked for and missing.
        let kept = folder.files()?;
        let named = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            Named::read(&tx)?
        };
        let visits = |sha256: &str| {
            named.files.get(sha256).map(|naming| naming.visits.iter().copied().collect()).unwrap_or_default()
        };
        let mut check = AttachmentCheck {
            unreadable: named.unreadable.iter().copied().collect(),
            ..AttachmentCheck::default()
        };
        for file in kept {
            match examine(&folder, &file.name, &file.path)? {
                Examined::Right(size) if named.files.contains_key(&file.name) => {
                    check.fine += 1;
                    check.fine_bytes += size;
                }
                Examined::Right(_) => check.unnamed += 1,
                Examined::Gone => {}
                Examined::Damaged(kept_as) => {
                    let visits = visits(&file.name);
                    check.damaged.push(DamagedFile { sha256: file.name, visits, kept_as });
                }
            }
        }
        for (sha256, naming) in &named.files {
            if check.damaged.iter().any(|damaged| damaged.sha256 == *sha256)
                || folder.file(sha256).is_some_and(|path| path.is_file())
            {
                continue;
            }
            if naming.own {
                check.missing.push(CheckedFile { sha256: sha256.clone(), visits: visits(sha256) });
            } else {
                check.elsewhere += 1;
            }
        }
        Ok(check)
    }
}

enum Examined {
    Right(u64),
    Damaged(PathBuf),
    /// Removed, or replaced by a whole one, while it was read.
    Gone,
}

fn examine(folder: &Folder, sha256: &str, path: &Path) -> Result<Examined, StoreError> {
    let failed = |source| StoreError::file("the attachment could not be read", path, source);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Examined::Gone),
        Err(error) => return Err(failed(error)),
    };
    let before = file.metadata().map_err(failed)?;
    let (found, size) = hash(&mut file).map_err(failed)?;
    if found == sha256 {
        return Ok(Examined::Right(size));
    }
    let _lock = folder.lock()?;
    // Attached again meanwhile: what was read is not what stands here now.
    match std::fs::metadata(path) {
        Ok(now) if same(&before, &now) => {}
        Ok(_) => return Ok(Examined::Gone),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Examined::Gone),
        Err(error) => return Err(failed(error)),
    }
    let aside = folder.damaged();
    make_private_folder(&aside)?;
    let kept_as = aside.join(format!("{sha256}.{}", random::uuid()?));
    std::fs::rename(path, &kept_as).map_err(failed)?;
    folder.sync()?;
    Ok(Examined::Damaged(kept_as))
}

#[cfg(unix)]
fn same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino(), one.len()) == (other.dev(), other.ino(), other.len())
}

#[cfg(not(unix))]
fn same(one: &Metadata, other: &Metadata) -> bool {
    one.len() == other.len() && one.modified().ok() == other.modified().ok()
}

/// The hash and the size of what a file still holds, read as a stream.
pub(crate) fn hash(file: &mut impl Read) -> std::io::Result<(String, u64)> {
    let (mut digest, mut size, mut block) = (Sha256::new(), 0, vec![0; BLOCK_BYTES]);
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok((hex(&digest.finalize()), size)),
            Ok(read) => {
                digest.update(&block[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
