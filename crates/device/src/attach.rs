//! Files beside the database, named by their SHA-256. They are copied as a stream, never held in memory whole.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use jobsheet_core::hex;
use jobsheet_core::record::{Command, DocumentId};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::apply::Receipt;
use crate::store::{Store, make_private_folder};
use crate::{ApplyError, StoreError, random};

/// Largest attachment, in bytes.
pub const MAX_ATTACHMENT_BYTES: u64 = 64 << 20;
/// Bytes copied at a time.
const BLOCK_BYTES: usize = 64 << 10;

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
}

/// Why a file was not attached. Nothing is kept of it.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The file can not be read.
    #[error("the file can not be read: {0}; check the path")]
    Unreadable(#[source] std::io::Error),
    /// The file is empty.
    #[error("the file is empty; choose another one")]
    Empty,
    /// The file is too large.
    #[error("the file has more than {MAX_ATTACHMENT_BYTES} bytes; make it smaller")]
    TooLarge,
    /// The command was not carried out.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl From<StoreError> for AttachError {
    fn from(error: StoreError) -> Self {
        Self::Apply(error.into())
    }
}

impl Store {
    /// Keeps a photo and names it in the record. The file is on the disk before the record says that it is.
    ///
    /// # Errors
    /// [`AttachError`]; a file that the record refuses is not kept.
    pub fn attach(&self, visit: DocumentId, file: &Path, facts: &PhotoFacts) -> Result<Receipt, AttachError> {
        let command = |kept: Attachment| Command::AddPhoto {
            sha256: kept.sha256,
            size: kept.size,
            media_type: kept.media_type,
            item: facts.item.clone(),
            moment: facts.moment.clone(),
            caption: facts.caption.clone(),
        };
        // Asked first with a stand-in, so that a photo that will be refused is not copied at all.
        let stand_in = Attachment { sha256: "0".repeat(64), size: 1, media_type: "image/jpeg".to_owned() };
        self.preview(visit, &command(stand_in))?;
        Ok(self.apply(visit, &command(self.keep_file(file)?))?)
    }

    /// Keeps a file in `attachments/` under its hash, synced to the disk. Keeping the same bytes again keeps one file.
    ///
    /// # Errors
    /// [`AttachError`]; nothing is kept then.
    pub fn keep_file(&self, file: &Path) -> Result<Attachment, AttachError> {
        let mut source = File::open(file).map_err(AttachError::Unreadable)?;
        let folder = self.attachments();
        make_private_folder(&folder)?;
        let part = Part { path: folder.join(format!(".{}.part", random::uuid()?)) };
        let failed = |source| StoreError::file("the attachment could not be written", folder.clone(), source);
        let mut copy = File::create_new(&part.path).map_err(failed)?;
        let (mut digest, mut size, mut first) = (Sha256::new(), 0_u64, Vec::new());
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let read = match source.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(AttachError::Unreadable(error)),
            };
            let bytes = &block[..read];
            if first.is_empty() {
                first.extend_from_slice(&bytes[..read.min(16)]);
            }
            size += read as u64;
            if size > MAX_ATTACHMENT_BYTES {
                return Err(AttachError::TooLarge);
            }
            digest.update(bytes);
            copy.write_all(bytes).map_err(failed)?;
        }
        if size == 0 {
            return Err(AttachError::Empty);
        }
        copy.sync_all().map_err(failed)?;
        let sha256 = hex(&digest.finalize());
        std::fs::rename(&part.path, folder.join(&sha256)).map_err(failed)?;
        // The name is durable only once the folder is synced; where folders can not be opened the system sees to it.
        if let Ok(opened) = File::open(&folder) {
            opened.sync_all().map_err(failed)?;
        }
        Ok(Attachment { sha256, size, media_type: media_type(&first).to_owned() })
    }

    /// Where the bytes of an attachment are, if this device has them.
    pub fn attachment(&self, sha256: &str) -> Option<PathBuf> {
        let well_formed = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = self.attachments().join(sha256.to_ascii_lowercase());
        (well_formed && path.is_file()).then_some(path)
    }

    fn attachments(&self) -> PathBuf {
        self.folder().join("attachments")
    }
}

/// A file that is being written; what is left of it goes away with it.
struct Part {
    path: PathBuf,
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Media type by the first bytes, for what phones and scanners make.
fn media_type(first: &[u8]) -> &'static str {
    match first {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e' | b'i', ..] => "image/heic",
        [b'%', b'P', b'D', b'F', ..] => "application/pdf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_told_by_their_first_bytes() {
        assert_eq!(media_type(&[0xff, 0xd8, 0xff, 0xe0, 0, 0]), "image/jpeg");
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n"), "image/png");
        assert_eq!(media_type(b"RIFF\0\0\0\0WEBPVP8 "), "image/webp");
        assert_eq!(media_type(b"\0\0\0\x18ftypheic"), "image/heic");
        assert_eq!(media_type(b"plain"), "application/octet-stream");
        assert_eq!(media_type(b""), "application/octet-stream");
    }
}
