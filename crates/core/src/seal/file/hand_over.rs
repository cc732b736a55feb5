//! A visit that is handed over as a file: the record file with what the devices have signed.

use std::io::{Read, Write};
use std::sync::Arc;

use serde::Serialize;

use super::check::{FileProblem, FileVerification, Layout, Stop, record};
use super::manifest::{HAND_OVER_FORMAT, Manifest, ManifestEntry};
use super::{Attached, ExportError, Exporter, MAX_MANIFEST_BYTES, write_as};
use crate::key::{MAX_HAND_OVER_CHAIN, PublicKey, SignedHandOver};
use crate::record::Document;
use crate::seal::{Trust, Verdict};
use crate::standard::Standard;
use crate::unhex;

/// The entry with what the devices have signed.
const SIGNED: &str = "hand-over.json";

const LAYOUT: Layout = Layout {
    format: HAND_OVER_FORMAT,
    names: &["document.automerge", "record.json", "standard.toml", SIGNED],
};

/// What stands against a file by which a visit is handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum HandOverProblem {
    /// The file is damaged, was tampered with, or is none.
    #[error("the file is no hand-over, was changed or was cut off ({0:?}); have it handed over again")]
    File(FileProblem),
    /// It was made by a newer version.
    #[error("the file has the format {format}, which is newer than this version reads; update the app")]
    Newer {
        /// Its format.
        format: String,
    },
    /// Nobody whom this device believes vouches for the device that made it.
    #[error("the file is of another organisation than this device; it can only be handed over within one")]
    Stranger {
        /// The organisation that vouches for it, if one does.
        organisation: Option<PublicKey>,
    },
    /// What was signed does not fit the file.
    #[error("what was signed does not fit the file: {reason}; have it handed over again")]
    Statement {
        /// What is wrong.
        reason: &'static str,
    },
}

/// A file by which a visit is handed over, verified.
#[derive(Debug)]
pub struct HandOverFile {
    /// What it holds.
    pub manifest: Manifest,
    /// The document.
    pub document: Document,
    /// The pack that it pins.
    pub standard: Arc<Standard>,
    /// What the devices have signed, in the order in which the visit went from hand to hand. Never empty.
    pub signed: Vec<SignedHandOver>,
}

/// Writes a file by which a visit is handed over. `signed` ends with the exporter's own.
///
/// # Errors
/// [`ExportError`].
pub fn write_hand_over(
    out: &mut dyn Write,
    document: &Document,
    standard: &Standard,
    signed: &[SignedHandOver],
    attachments: Vec<Attached<'_>>,
    exporter: &Exporter<'_>,
) -> Result<Manifest, ExportError> {
    // Plain structs with string keys: canonical JSON can not fail on them.
    let statements = serde_json_canonicalizer::to_vec(&signed).unwrap_or_default();
    let more = Some((SIGNED, statements.as_slice()));
    write_as(out, HAND_OVER_FORMAT, more, document, standard, attachments, exporter)
}

/// Reads and verifies a file by which a visit is handed over. `attached` is given each attachment, before anything of the file is
/// known to be right but its manifest: whoever keeps one waits for the end.
///
/// # Errors
/// The stream's own, or that of `attached`; whatever stands against the file is a [`HandOverProblem`].
pub fn read_hand_over(
    from: &mut dyn Read,
    trust: &Trust,
    attached: &mut dyn FnMut(&ManifestEntry, &mut dyn Read) -> std::io::Result<()>,
) -> std::io::Result<Result<HandOverFile, HandOverProblem>> {
    let mut start = Vec::new();
    from.take(HEADER_BYTES).read_to_end(&mut start)?;
    let size = manifest_size(&start);
    from.take(size).read_to_end(&mut start)?;
    if let Some(format) = newer(&start) {
        return Ok(Err(HandOverProblem::Newer { format }));
    }
    let mut whole = start.as_slice().chain(from);
    let mut found = FileVerification {
        verdict: Verdict::Broken,
        problems: Vec::new(),
        manifest: None,
        certificate: None,
        record: None,
    };
    let parts = match super::check::read(&mut whole, &LAYOUT, trust, &mut found, attached) {
        Ok(Some((parts, _))) => parts,
        Ok(None) => return Ok(Err(HandOverProblem::Stranger { organisation: found.organisation() })),
        Err(Stop::Problem(problem)) => return Ok(Err(HandOverProblem::File(problem))),
        Err(Stop::Io(error)) => return Err(error),
    };
    let (document, standard) = match record(&parts, found.manifest.as_ref()) {
        Ok(read) => read,
        Err(problem) => return Ok(Err(HandOverProblem::File(problem))),
    };
    let Some(manifest) = found.manifest else {
        return Ok(Err(HandOverProblem::File(FileProblem::Manifest)));
    };
    let signed: Vec<SignedHandOver> = serde_json::from_slice(parts.part(3)).unwrap_or_default();
    Ok(match fault(&signed, &manifest, &document, trust) {
        Some(reason) => Err(HandOverProblem::Statement { reason }),
        None => Ok(HandOverFile { manifest, document, standard, signed }),
    })
}

/// Bytes of the header of an archive's entry.
const HEADER_BYTES: u64 = 512;

/// How large the manifest says that it is; 0 if it can not be told.
fn manifest_size(start: &[u8]) -> u64 {
    let mut header = tar::Header::new_ustar();
    if start.len() != header.as_bytes().len() {
        return 0;
    }
    header.as_mut_bytes().copy_from_slice(start);
    header.entry_size().unwrap_or(0).min(MAX_MANIFEST_BYTES)
}

/// The format of a hand-over of a later version.
fn newer(start: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"\"jobsheet\":\"hand-over-file-";
    let at = start.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let digits: Vec<u8> = start.get(at..)?.iter().copied().take_while(u8::is_ascii_digit).take(9).collect();
    let number: u32 = std::str::from_utf8(&digits).ok()?.parse().ok()?;
    (number > 1).then(|| format!("hand-over-file-{number}"))
}

/// Why what was signed does not fit the file.
fn fault(
    signed: &[SignedHandOver],
    manifest: &Manifest,
    document: &Document,
    trust: &Trust,
) -> Option<&'static str> {
    let Some(last) = signed.last() else { return Some("nobody has signed") };
    if signed.len() > MAX_HAND_OVER_CHAIN {
        return Some("it went from hand to hand too often");
    }
    let believed = |one: &SignedHandOver| trust.organisations.contains(&one.says.organisation);
    if !signed.iter().all(|one| one.is_valid() && believed(one)) {
        return Some("a signature is not right");
    }
    if signed.iter().any(|one| one.says.document != manifest.document) {
        return Some("it is about another document");
    }
    if last.certificate.says.key != manifest.exported.key || last.says.heads != manifest.heads {
        return Some("the device that made the file has signed another one");
    }
    let held = |change: &String| {
        let hash = unhex(change).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        hash.is_some_and(|hash| document.contains(&hash))
    };
    let all = signed.iter().flat_map(|one| &one.says.changes).all(held);
    (!all).then_some("a change is missing")
}
