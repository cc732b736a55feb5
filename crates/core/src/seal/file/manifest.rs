//! What a file says that it holds.

use serde::{Deserialize, Serialize};

use crate::Moment;
use crate::key::{Certificate, KeySignature, PublicKey};
use crate::record::DocumentId;

/// Marks a manifest, so that no signature for another purpose fits.
pub(super) const FORMAT: &str = "record-file-1";
/// Marks the manifest of a file by which a visit is handed over.
pub(super) const HAND_OVER_FORMAT: &str = "hand-over-file-1";

/// What a file holds, signed by the device that exported it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format: `record-file-1`, or `hand-over-file-1`.
    pub jobsheet: String,
    /// The document.
    pub document: DocumentId,
    /// Heads of the document in the file.
    pub heads: Vec<String>,
    /// Heads of the version that `record.json` shows.
    pub shown: Vec<String>,
    /// The entries after the manifest and its signature, in the order of the file.
    pub entries: Vec<ManifestEntry>,
    /// Attachments that the record names and that are not in the file: SHA-256, hexadecimal.
    pub missing: Vec<String>,
    /// Who exported it.
    pub exported: ExportedBy,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestEntry {
    /// Name in the archive.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// Who exported a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedBy {
    /// When, by the exporting device's clock.
    pub at: Moment,
    /// Its key.
    pub key: PublicKey,
}

impl Manifest {
    /// Canonical JSON: what is signed, and what stands in the file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        // A plain struct with string keys: canonical JSON can not fail on it.
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }
}

/// The signature of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestSignature {
    pub(super) signature: KeySignature,
    pub(super) certificate: Option<Certificate>,
}

impl ManifestSignature {
    pub(super) fn bytes(&self) -> Vec<u8> {
        // A plain struct with string keys: canonical JSON can not fail on it.
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }
}
