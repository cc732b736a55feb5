//! Giving a file out: the original to crew and office, the picture alone to everybody else.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::tz::Offset;
use jobsheet_core::hex;
use jobsheet_core::record::{DocumentId, FileUse};
use jobsheet_core::report::Audience;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::copy::BLOCK_BYTES;
use super::error::AttachmentError;
use super::exif;
use super::folder::Folder;
use super::kind::media_type;
use super::strip::strip;
use super::thumbnail::read_whole;
use crate::store::Store;
use crate::{StoreError, random};

/// A file that was given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// SHA-256 of the original, hexadecimal: what the record names.
    pub original: String,
    /// SHA-256 of what was written, hexadecimal.
    pub sha256: String,
    /// Size of what was written, in bytes.
    pub size: u64,
    /// What the camera wrote was taken out: the two hashes differ.
    pub stripped: bool,
}

impl Store {
    /// Writes a file that a visit names for a reader. Crew and office get the original, compared with its hash on the way.
    /// Everybody else gets the picture alone: the original stays as it is, as evidence. What can not be stripped (films,
    /// documents) is not given to them; strokes of signatures are not given to third parties.
    ///
    /// # Errors
    /// [`AttachmentError`]; nothing is left at `out` then.
    pub fn attachment_for(
        &self,
        visit: DocumentId,
        sha256: &str,
        audience: Audience,
        out: &Path,
    ) -> Result<Exported, AttachmentError> {
        let sha256 = sha256.to_ascii_lowercase();
        let uses: Vec<FileUse> = self.read(visit, |warm, _, _| {
            let files = warm.visit.record().files();
            Ok(files.filter(|(named, _)| *named == sha256).map(|(_, of)| of).collect())
        })?;
        if uses.is_empty() {
            return Err(AttachmentError::NotNamed { visit, sha256: sha256.chars().take(64).collect() });
        }
        if audience.sees_findings() {
            return self.original(&sha256, out);
        }
        if uses.contains(&FileUse::Signature) && !audience.sees_personal() {
            return Err(AttachmentError::Withheld);
        }
        let path = self.attachment(&sha256).ok_or_else(|| AttachmentError::Missing(sha256.clone()))?;
        let media_type = first_bytes(&path)?;
        if !matches!(media_type, "image/jpeg" | "image/png" | "image/webp") {
            return Err(AttachmentError::NotStrippable { media_type: media_type.to_owned() });
        }
        let orientation = exif::read(&path, media_type, Offset::UTC).and_then(|shot| shot.orientation);
        let alone = strip(read_whole(self, &sha256)?, media_type, orientation)?;
        let written = hex(&Sha256::digest(&alone));
        let mut output = Output::begin(out)?;
        output.file.write_all(&alone).map_err(AttachmentError::Output)?;
        output.finish()?;
        Ok(Exported { original: sha256, sha256: written, size: alone.len() as u64, stripped: true })
    }

    fn original(&self, sha256: &str, out: &Path) -> Result<Exported, AttachmentError> {
        let missing = || AttachmentError::Missing(sha256.to_owned());
        let path = Folder::of(self).file(sha256).ok_or_else(missing)?;
        let mut source = File::open(&path).map_err(|_| missing())?;
        let mut output = Output::begin(out)?;
        let (mut digest, mut size, mut block) = (Sha256::new(), 0, vec![0; BLOCK_BYTES]);
        loop {
            let read = source
                .read(&mut block)
                .map_err(|error| StoreError::file("the attachment could not be read", &path, error))?;
            if read == 0 {
                break;
            }
            digest.update(&block[..read]);
            size += read as u64;
            output.file.write_all(&block[..read]).map_err(AttachmentError::Output)?;
        }
        if hex(&digest.finalize()) != sha256 {
            return Err(AttachmentError::Damaged(sha256.to_owned()));
        }
        output.finish()?;
        Ok(Exported { original: sha256.to_owned(), sha256: sha256.to_owned(), size, stripped: false })
    }
}

fn first_bytes(path: &Path) -> Result<&'static str, AttachmentError> {
    let failed = |source| StoreError::file("the attachment could not be read", path, source);
    let mut first = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(super::kind::FIRST_BYTES as u64).read_to_end(&mut first).map_err(failed)?;
    Ok(media_type(&first))
}

/// A file that is there whole or not at all.
struct Output {
    part: PathBuf,
    out: PathBuf,
    file: File,
}

impl Output {
    fn begin(out: &Path) -> Result<Self, AttachmentError> {
        let mut name = out.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.part", random::uuid()?));
        let part = out.with_file_name(name);
        let file = File::create_new(&part).map_err(AttachmentError::Output)?;
        Ok(Self { part, out: out.to_path_buf(), file })
    }

    fn finish(&self) -> Result<(), AttachmentError> {
        self.file
            .sync_all()
            .and_then(|()| std::fs::rename(&self.part, &self.out))
            .map_err(AttachmentError::Output)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.part);
    }
}
