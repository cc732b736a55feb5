//! Whether a file still fits: into the visit, the store, the disk.

use std::collections::BTreeMap;
use std::path::Path;

use jobsheet_core::record::Record;

use super::error::AttachError;
use super::folder::Folder;
use super::limits::AttachmentLimits;

/// Refuses a file that does not fit. Asked before anything is copied, with the size that the system tells, and again with the
/// true size before the file is named.
pub(super) fn fits(
    limits: &AttachmentLimits,
    folder: &Folder,
    record: Option<&Record>,
    sha256: Option<&str>,
    size: u64,
) -> Result<(), AttachError> {
    if size > limits.file_bytes {
        return Err(AttachError::TooLarge { limit: limits.file_bytes });
    }
    if let Some(record) = record {
        let mut named: BTreeMap<&str, u64> = BTreeMap::new();
        named.extend(record.photos.values().map(|photo| (photo.sha256.as_str(), photo.size)));
        named.extend(record.documents.values().map(|file| (file.sha256.as_str(), file.size)));
        let there = sha256.is_some_and(|sha256| named.contains_key(sha256));
        let left = limits.visit_bytes.saturating_sub(total(named.into_values()));
        if size > left && !there {
            return Err(AttachError::VisitFull { size, left, limit: limits.visit_bytes });
        }
    }
    let files = folder.files()?;
    let there = sha256.is_some_and(|sha256| files.iter().any(|file| file.name == sha256));
    let left = limits.store_bytes.saturating_sub(total(files.iter().map(|file| file.size)));
    if size > left && !there {
        return Err(AttachError::StoreFull { size, left, limit: limits.store_bytes });
    }
    Ok(())
}

/// Refuses to begin a copy that would fill the disk.
pub(super) fn has_space(limits: &AttachmentLimits, folder: &Path, size: u64) -> Result<(), AttachError> {
    match free_bytes(folder) {
        Some(free) if free.saturating_sub(limits.reserve_bytes) < size => {
            Err(AttachError::NoSpace { size, free, reserve: limits.reserve_bytes })
        }
        _ => Ok(()),
    }
}

fn total(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.fold(0, u64::saturating_add)
}

/// Free space where a folder is, in bytes; none: the system does not tell.
#[cfg(unix)]
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    let told = rustix::fs::statvfs(folder).ok()?;
    Some(told.f_bavail.saturating_mul(told.f_frsize))
}

#[cfg(not(unix))]
pub(crate) fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}
