//! The files that a record names by their SHA-256.

use std::collections::BTreeSet;

use automerge::ScalarValue;
use automerge::legacy::OpType;
use serde::{Deserialize, Serialize};

use super::ownership;
use super::view::Record;

/// Hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

/// As what a record names a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileUse {
    /// A photo.
    Photo,
    /// A document, a video or another file.
    Document,
    /// The strokes of a signature. Personal.
    Signature,
}

impl Record {
    /// The hash of every file that the record names, and as what; a file that is named twice comes twice.
    pub fn files(&self) -> impl Iterator<Item = (&str, FileUse)> {
        let photos = self.photos.values().map(|photo| (photo.sha256.as_str(), FileUse::Photo));
        let documents = self.documents.values().map(|file| (file.sha256.as_str(), FileUse::Document));
        let images = self.signatures.values().filter_map(|signature| signature.image_sha256.as_deref());
        photos.chain(documents).chain(images.map(|image| (image, FileUse::Signature)))
    }

    /// The hash of every file that the record names, each once, sorted.
    pub fn file_hashes(&self) -> BTreeSet<&str> {
        self.files().map(|(sha256, _)| sha256).collect()
    }
}

/// The members of an entry that name a file.
#[derive(Deserialize)]
struct Naming {
    sha256: Option<String>,
    /// Every file has one; other hashes have none.
    media_type: Option<String>,
    image_sha256: Option<String>,
    /// What a document has and a photo has not.
    name: Option<String>,
}

/// The files that one change names, and as what. A change that can not be read names none.
pub fn files_in(change: &[u8]) -> Vec<(String, FileUse)> {
    let Ok(change) = ownership::read(change) else { return Vec::new() };
    let mut files = Vec::new();
    for op in change.decode().operations {
        let OpType::Put(ScalarValue::Str(text)) = &op.action else { continue };
        let Ok(entry) = serde_json::from_str::<Naming>(text) else { continue };
        let of = if entry.name.is_some() { FileUse::Document } else { FileUse::Photo };
        files.extend(entry.sha256.filter(|_| entry.media_type.is_some()).map(|sha256| (sha256, of)));
        files.extend(entry.image_sha256.map(|image| (image, FileUse::Signature)));
    }
    files
}

/// Every text in a change that could be a SHA-256: each run of 64 lower-case hexadecimal digits, wherever it stands. Finds
/// the hashes of entries that this version can not read too, and may find some that are none: whoever asks what must be
/// kept wants rather too many than too few.
///
/// ```
/// use jobsheet_core::record::hashes_in;
/// let hash = "ab".repeat(32);
/// let text = format!("…{{\"sha256\":\"{hash}\"}}…");
/// assert!(hashes_in(text.as_bytes()).contains(&hash));
/// assert!(hashes_in(&hash.as_bytes()[1..]).is_empty());
/// ```
pub fn hashes_in(change: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    for run in change.split(|byte| !is_digit(byte)).filter(|run| run.len() >= DIGITS) {
        // Two values may stand side by side without anything between them.
        for window in run.windows(DIGITS) {
            found.insert(String::from_utf8_lossy(window).into_owned());
        }
    }
    found
}
