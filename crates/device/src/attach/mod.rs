//! Files beside the database: photos, strokes of signatures, documents, videos. Each is named by its SHA-256 and copied as a
//! stream, never held in memory whole.
//!
//! The order is always: copied and synced, then named in the record. A process that dies in between leaves a file that
//! nothing names, never a record without its file. What nothing names is swept away later ([`Store::sweep_attachments`]),
//! under the same lock under which files are named.

mod check;
mod copy;
mod error;
mod exif;
mod export;
mod folder;
mod kind;
mod limits;
mod named;
mod quota;
mod strip;
mod sweep;
mod thumbnail;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jobsheet_core::record::{Command, DocumentId, EntryId};
use serde::Serialize;

use crate::StoreError;
use crate::apply::Receipt;
use crate::store::Store;
pub(crate) use check::hash;
pub(crate) use copy::not_written;
use copy::{Copied, copy};
pub(crate) use folder::Folder;
pub(crate) use named::Named;
pub(crate) use quota::free_bytes;
use quota::{fits, has_space};

pub use check::{AttachmentCheck, CheckedFile, DamagedFile};
pub use error::{AttachError, AttachmentError};
pub use export::Exported;
pub use limits::{AttachmentLimits, MAX_ATTACHMENT_BYTES, MAX_SIGNATURE_BYTES};
pub use named::{AttachedFile, Presence};
pub use sweep::Sweep;
pub use thumbnail::{MAX_PICTURE_BYTES, MAX_PIXELS, THUMBNAIL_SIDE};

/// A file that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// SHA-256 of the bytes, hexadecimal; also the file's name in `attachments/`.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// Media type, told by the first bytes.
    pub media_type: String,
}

/// What a photo shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PhotoFacts {
    /// Rule id of the item it proves.
    pub item: Option<String>,
    /// Moment, such as `before` or `after`.
    pub moment: Option<String>,
    /// Caption.
    pub caption: Option<String>,
    /// Key of the photo of another moment that it shows the same thing as.
    pub pair_with: Option<EntryId>,
    /// Why it is added to a record that is sealed: it is then an amendment.
    pub amend: Option<String>,
}

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentFacts {
    /// Rule id of the item it proves.
    pub item: Option<String>,
    /// What people call it; none: the name of the file.
    pub name: Option<String>,
    /// Why it is added to a record that is sealed: it is then an amendment.
    pub amend: Option<String>,
}

/// The command, or the amendment that carries it out.
fn amended(reason: Option<&String>, command: Command) -> Command {
    match reason {
        Some(reason) => Command::Amend { reason: reason.clone(), command: Box::new(command) },
        None => command,
    }
}

impl Store {
    /// Keeps a photo and names it in the record, with what the camera wrote into it. The file is on the disk before the
    /// record says that it is.
    ///
    /// # Errors
    /// [`AttachError`]; a file that the record refuses is not kept.
    pub fn attach(&self, visit: DocumentId, file: &Path, facts: &PhotoFacts) -> Result<Receipt, AttachError> {
        let offset = self.inner.options.clock.read().offset;
        self.keep_and_name(visit, file, &self.inner.options.attachments, |kept, path| {
            let photo = Command::AddPhoto {
                sha256: kept.sha256.clone(),
                size: kept.size,
                item: facts.item.clone(),
                moment: facts.moment.clone(),
                caption: facts.caption.clone(),
                pair_with: facts.pair_with,
                shot: path.and_then(|path| exif::read(path, &kept.media_type, offset)),
                media_type: kept.media_type.clone(),
            };
            amended(facts.amend.as_ref(), photo)
        })
    }

    /// Keeps a document, a video or another file and names it in the record.
    ///
    /// # Errors
    /// As [`Store::attach`].
    pub fn attach_document(
        &self,
        visit: DocumentId,
        file: &Path,
        facts: &DocumentFacts,
    ) -> Result<Receipt, AttachError> {
        let own = || file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = facts.name.clone().unwrap_or_else(own);
        self.keep_and_name(visit, file, &self.inner.options.attachments, |kept, _| {
            let document = Command::AddDocument {
                sha256: kept.sha256.clone(),
                size: kept.size,
                media_type: kept.media_type.clone(),
                name: name.clone(),
                item: facts.item.clone(),
            };
            amended(facts.amend.as_ref(), document)
        })
    }

    /// Signs with the strokes in a file: a picture, or the strokes as the pad gives them. The file is kept as an attachment
    /// and the signature names it.
    ///
    /// # Errors
    /// As [`Store::attach`]; a file beyond [`MAX_SIGNATURE_BYTES`] is refused.
    pub fn sign_with_strokes(
        &self,
        visit: DocumentId,
        role: &str,
        name: &str,
        strokes: &Path,
    ) -> Result<Receipt, AttachError> {
        let limits = &self.inner.options.attachments;
        let limits =
            AttachmentLimits { file_bytes: limits.file_bytes.min(MAX_SIGNATURE_BYTES), ..limits.clone() };
        self.keep_and_name(visit, strokes, &limits, |kept, _| Command::Sign {
            role: role.to_owned(),
            name: name.to_owned(),
            image_sha256: Some(kept.sha256.clone()),
        })
    }

    /// Keeps a file in `attachments/` under its hash, synced to the disk, for a command that names it. Keeping the same
    /// bytes again keeps one file. A sweep removes it if no command has named it within [`AttachmentLimits::grace`].
    ///
    /// # Errors
    /// [`AttachError`]; nothing is kept then.
    pub fn keep_file(&self, file: &Path) -> Result<Attachment, AttachError> {
        let folder = Folder::of(self);
        let limits = &self.inner.options.attachments;
        let copied = self.copy_in(&folder, None, file, limits)?;
        let _lock = folder.lock()?;
        fits(limits, &folder, None, Some(&copied.sha256), copied.size)?;
        place(&folder, &copied)?;
        Ok(attachment(&copied))
    }

    /// Refuses a file of others that comes from the server if there is no room for it. `left`: what is still to come of it.
    pub(crate) fn has_room(&self, folder: &Folder, size: u64, left: u64) -> Result<(), AttachError> {
        let limits = &self.inner.options.attachments;
        fits(limits, folder, None, None, size)?;
        has_space(limits, folder.path(), left)
    }

    /// Keeps a file that comes with a visit, under the hash that it must have.
    pub(crate) fn keep_incoming(
        &self,
        mut bytes: &mut dyn Read,
        size: u64,
        sha256: &str,
    ) -> Result<(), AttachError> {
        let folder = Folder::of(self);
        let limits = &self.inner.options.attachments;
        folder.make()?;
        self.has_room(&folder, size, size)?;
        let copied = copy(&folder, &mut bytes, limits.file_bytes)?;
        if copied.sha256 != sha256 {
            return Err(AttachError::Unreadable(std::io::Error::other("it is not what was signed")));
        }
        let _lock = folder.lock()?;
        place(&folder, &copied)?;
        Ok(())
    }

    /// Where the bytes of an attachment are, if this device has them.
    pub fn attachment(&self, sha256: &str) -> Option<PathBuf> {
        let path = Folder::of(self).file(&sha256.to_ascii_lowercase())?;
        path.is_file().then_some(path)
    }

    fn keep_and_name(
        &self,
        visit: DocumentId,
        file: &Path,
        limits: &AttachmentLimits,
        command: impl Fn(&Attachment, Option<&Path>) -> Command,
    ) -> Result<Receipt, AttachError> {
        // Asked first with a stand-in, so that a file that will be refused is not copied at all.
        let stand_in = Attachment { sha256: "0".repeat(64), size: 1, media_type: "image/jpeg".to_owned() };
        self.preview(visit, &command(&stand_in, None))?;
        let folder = Folder::of(self);
        let copied = self.copy_in(&folder, Some(visit), file, limits)?;
        let command = command(&attachment(&copied), Some(copied.part.path()));
        let receipt = {
            // From here until the record names it no sweep runs, and nobody else uses up what is left.
            let _lock = folder.lock()?;
            self.fits(&folder, Some(visit), limits, Some(&copied.sha256), copied.size)?;
            place(&folder, &copied)?;
            // Refused after all, it is swept in time: another document may name the same bytes.
            self.carry_out(visit, &command)?
        };
        self.seal_after(visit, &command);
        Ok(receipt)
    }

    fn copy_in(
        &self,
        folder: &Folder,
        visit: Option<DocumentId>,
        file: &Path,
        limits: &AttachmentLimits,
    ) -> Result<Copied, AttachError> {
        let mut source = File::open(file).map_err(AttachError::Unreadable)?;
        let meta = source.metadata().map_err(AttachError::Unreadable)?;
        // A pipe does not tell its size; it is found out while copying.
        let told = if meta.is_file() { meta.len() } else { 0 };
        folder.make()?;
        self.fits(folder, visit, limits, None, told)?;
        has_space(limits, folder.path(), told)?;
        copy(folder, &mut source, limits.file_bytes)
    }

    fn fits(
        &self,
        folder: &Folder,
        visit: Option<DocumentId>,
        limits: &AttachmentLimits,
        sha256: Option<&str>,
        size: u64,
    ) -> Result<(), AttachError> {
        let Some(visit) = visit else { return fits(limits, folder, None, sha256, size) };
        self.read(visit, |warm, _, _| Ok(fits(limits, folder, Some(warm.visit.record()), sha256, size)))?
    }
}

fn attachment(copied: &Copied) -> Attachment {
    Attachment { sha256: copied.sha256.clone(), size: copied.size, media_type: copied.media_type.to_owned() }
}

/// Gives a copied file its name.
fn place(folder: &Folder, copied: &Copied) -> Result<(), StoreError> {
    let path = folder.path().join(&copied.sha256);
    // One that is there may be damaged: the copy just made is not.
    std::fs::rename(copied.part.path(), &path)
        .map_err(|source| StoreError::file("the attachment could not be written", &path, source))?;
    folder.sync()
}
