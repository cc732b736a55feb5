//! A sealed record as one file that anybody can keep, open and verify.
//!
//! It is a tar archive (POSIX ustar) in one fixed form, so that every byte of it is accounted for:
//!
//! | entry | what |
//! | --- | --- |
//! | `manifest.json` | what the file holds, as canonical JSON (RFC 8785): each entry with its size and SHA-256 |
//! | `manifest.sig` | the signature of the manifest by the device that exported it, with its certificate |
//! | `document.automerge` | the document with its whole history, as Automerge saves it |
//! | `record.json` | the sealed version (or, unsealed, the present one) as canonical JSON |
//! | `standard.toml` | the pack that the record is judged by |
//! | `hand-over.json` | only in a file by which a visit is handed over: what the devices have signed |
//! | `attachments/SHA256` | photos, documents and strokes of signatures |
//!
//! Nothing here opens files: [`write()`] and [`verify()`] work on streams, and an attachment is never in memory whole.

mod archive;
mod check;
mod hand_over;
mod manifest;

pub use check::{FileProblem, FileVerification, verify};
pub use hand_over::{HandOverFile, HandOverProblem, read_hand_over, write_hand_over};
pub use manifest::{ExportedBy, Manifest, ManifestEntry};

use std::io::{Read, Write};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::key::{Certificate, DeviceKey, KeyError};
use crate::record::{Document, SealState};
use crate::standard::Standard;
use crate::{Moment, hex};
use archive::Archive;
use manifest::ManifestSignature;

/// Largest manifest that is read, in bytes: about 10,000 attachments.
pub const MAX_MANIFEST_BYTES: u64 = 2 << 20;
/// Largest document, record or pack in a file, in bytes.
pub const MAX_PART_BYTES: u64 = 64 << 20;

/// An attachment that goes into the file.
pub struct Attached<'a> {
    /// SHA-256 of the bytes, hexadecimal, as the record names it.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// The bytes.
    pub bytes: Box<dyn Read + 'a>,
}

/// Why a file could not be written. What was written of it is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file or an attachment could not be read or written.
    #[error("the file could not be written: {0}; check that there is space")]
    Io(#[from] std::io::Error),
    /// An attachment is not what the record names.
    #[error("the attachment {sha256} is damaged; run `jobsheet attachments check`")]
    Damaged {
        /// Its name.
        sha256: String,
    },
    /// The device's key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Who writes a file.
pub struct Exporter<'a> {
    /// Signs the manifest.
    pub key: &'a dyn DeviceKey,
    /// Whose device has this key; none: whoever verifies the file will not believe it.
    pub certificate: Option<Certificate>,
    /// When.
    pub at: Timestamp,
}

/// Writes a record with its standard and its attachments. Attachments that the record names and that are not given are listed
/// in the manifest as missing.
///
/// # Errors
/// [`ExportError`].
pub fn write(
    out: &mut dyn Write,
    document: &Document,
    standard: &Standard,
    attachments: Vec<Attached<'_>>,
    exporter: &Exporter<'_>,
) -> Result<Manifest, ExportError> {
    write_as(out, manifest::FORMAT, None, document, standard, attachments, exporter)
}

/// Writes a file of a format, with one entry more if it is given.
fn write_as(
    out: &mut dyn Write,
    format: &str,
    more: Option<(&str, &[u8])>,
    document: &Document,
    standard: &Standard,
    attachments: Vec<Attached<'_>>,
    exporter: &Exporter<'_>,
) -> Result<Manifest, ExportError> {
    let saved = document.save();
    let shown = shown_version(document, standard);
    let record = document.record_at(&shown).unwrap_or_default();
    let pack = standard.source().as_bytes();
    let mut parts =
        vec![("document.automerge", &saved[..]), ("record.json", &record), ("standard.toml", pack)];
    parts.extend(more);
    let mut entries: Vec<ManifestEntry> = parts
        .iter()
        .map(|(name, bytes)| ManifestEntry {
            name: (*name).to_owned(),
            size: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
        })
        .collect();
    entries.extend(attachments.iter().map(|attached| ManifestEntry {
        name: format!("attachments/{}", attached.sha256),
        size: attached.size,
        sha256: attached.sha256.clone(),
    }));
    let held: Vec<&str> = attachments.iter().map(|attached| attached.sha256.as_str()).collect();
    let named = document.record().file_hashes();
    let manifest = Manifest {
        jobsheet: format.to_owned(),
        document: document.record().id,
        heads: document.head_names(),
        shown,
        entries,
        missing: named.into_iter().filter(|sha256| !held.contains(sha256)).map(ToOwned::to_owned).collect(),
        exported: ExportedBy { at: Moment::utc(exporter.at), key: exporter.key.public_key()? },
    };
    let bytes = manifest.bytes();
    let signature = ManifestSignature {
        signature: exporter.key.sign(&bytes)?,
        certificate: exporter.certificate.clone(),
    };
    let mut archive = Archive::new(out);
    archive.part("manifest.json", &bytes)?;
    archive.part("manifest.sig", &signature.bytes())?;
    for (name, bytes) in parts {
        archive.part(name, bytes)?;
    }
    for attached in attachments {
        let name = format!("attachments/{}", attached.sha256);
        let copied = archive.stream(&name, attached.size, attached.bytes)?;
        if copied != attached.sha256 {
            return Err(ExportError::Damaged { sha256: attached.sha256 });
        }
    }
    archive.end()?;
    Ok(manifest)
}

/// The heads whose record is shown: those of the last seal, else the present ones.
fn shown_version(document: &Document, standard: &Standard) -> Vec<String> {
    let record = document.record();
    let seal = match record.seal_state(standard) {
        SealState::Sealed { seal } => record.seals.get(&seal),
        _ => record.seals.values().max_by_key(|seal| seal.by.stamp.corrected()),
    };
    let heads = seal.map(|seal| &seal.statement.heads).filter(|heads| document.holds_version(heads));
    heads.cloned().unwrap_or_else(|| document.head_names())
}
