//! Verifying a file: first that it is what a believed device exported, then the record in it.

use std::io::Read;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::archive::{Opened, Unread};
use super::manifest::{FORMAT, Manifest, ManifestEntry, ManifestSignature};
use super::{MAX_MANIFEST_BYTES, MAX_PART_BYTES};
use crate::hex;
use crate::key::{Certificate, PublicKey};
use crate::record::{Document, StandardRef};
use crate::seal::{Trust, Verdict, Verification};
use crate::standard::{Standard, builtin};

/// What stands against a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum FileProblem {
    /// It is no archive in the form of an exported record, or a byte of its frame was changed, cut off or added.
    Form {
        /// The entry at which it fails.
        at: String,
    },
    /// The manifest can not be read, or is not canonical.
    Manifest,
    /// The manifest was not signed by the key that it names.
    Signature,
    /// The certificate is forged, or that of another key.
    Certificate,
    /// An entry is not the one that the manifest names.
    Entry {
        /// Its name.
        name: String,
    },
    /// The document can not be read.
    Document,
    /// The document is not that of the manifest.
    OtherDocument,
    /// `record.json` is not what the document says at that version.
    Shown,
    /// The pack is not the one that the record pins, or can not be read.
    Standard,
    /// An attachment that the record names is neither in the file nor listed as missing.
    Attachment {
        /// SHA-256, hexadecimal.
        sha256: String,
    },
}

/// What the verification of a file found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileVerification {
    /// What to make of it.
    pub verdict: Verdict,
    /// What stands against the file.
    pub problems: Vec<FileProblem>,
    /// What it says that it holds; none if it can not be read.
    pub manifest: Option<Manifest>,
    /// Whose device exported it, as certified.
    pub certificate: Option<Certificate>,
    /// The record in it; none if the file itself is not to be believed, whose document is not even opened then.
    pub record: Option<Verification>,
}

impl FileVerification {
    /// The organisation that vouches for the device that exported the file.
    pub fn organisation(&self) -> Option<PublicKey> {
        self.certificate.as_ref().map(|certificate| certificate.issuer)
    }
}

/// Verifies an exported record. Attachments are read as a stream.
///
/// # Errors
/// The stream's own; whatever stands in it is no error but a finding.
pub fn verify(from: &mut dyn Read, trust: &Trust) -> std::io::Result<FileVerification> {
    let mut found = FileVerification {
        verdict: Verdict::Broken,
        problems: Vec::new(),
        manifest: None,
        certificate: None,
        record: None,
    };
    match read(from, &RECORD_FILE, trust, &mut found, &mut |_, _| Ok(())) {
        Ok(None) => {}
        Ok(Some((parts, _))) => match record(&parts, found.manifest.as_ref()) {
            Ok((document, standard)) => {
                found.record = Some(crate::seal::verify(&document, &standard, trust));
            }
            Err(problem) => found.problems.push(problem),
        },
        Err(Stop::Problem(problem)) => found.problems.push(problem),
        Err(Stop::Io(error)) => return Err(error),
    }
    found.verdict = if found.problems.is_empty() {
        found.record.as_ref().map_or(Verdict::Untrusted, |record| record.verdict)
    } else {
        Verdict::Broken
    };
    Ok(found)
}

/// What files of one format hold.
pub(super) struct Layout {
    /// The format.
    pub(super) format: &'static str,
    /// The entries that are read whole, in their order; attachments follow.
    pub(super) names: &'static [&'static str],
}

const RECORD_FILE: Layout =
    Layout { format: FORMAT, names: &["document.automerge", "record.json", "standard.toml"] };

/// What is done with each attachment, which can be read once. What is left unread of it is read past.
pub(super) type UseAttachment<'a> = &'a mut dyn FnMut(&ManifestEntry, &mut dyn Read) -> std::io::Result<()>;

pub(super) enum Stop {
    Problem(FileProblem),
    Io(std::io::Error),
}

fn at(name: &str) -> impl Fn(Unread) -> Stop {
    let name = name.to_owned();
    move |unread| match unread {
        Unread::Form => Stop::Problem(FileProblem::Form { at: name.clone() }),
        Unread::Io(error) => Stop::Io(error),
    }
}

/// Reads a file. Gives its parts if the organisation that vouches for it is trusted: a stranger's document is not opened,
/// since Automerge does not withstand hostile bytes.
pub(super) fn read(
    from: &mut dyn Read,
    layout: &Layout,
    trust: &Trust,
    found: &mut FileVerification,
    attached: UseAttachment<'_>,
) -> Result<Option<(Parts, Certificate)>, Stop> {
    let mut archive = Opened::new(from);
    let bytes = archive.sized("manifest.json", MAX_MANIFEST_BYTES).map_err(at("manifest.json"))?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|_| Stop::Problem(FileProblem::Manifest))?;
    if manifest.jobsheet != layout.format || manifest.bytes() != bytes {
        return Err(Stop::Problem(FileProblem::Manifest));
    }
    let signature = archive.sized("manifest.sig", MAX_MANIFEST_BYTES).map_err(at("manifest.sig"))?;
    let signed: ManifestSignature =
        serde_json::from_slice(&signature).map_err(|_| Stop::Problem(FileProblem::Signature))?;
    if signed.bytes() != signature || !manifest.exported.key.verifies(&bytes, &signed.signature) {
        return Err(Stop::Problem(FileProblem::Signature));
    }
    if let Some(certificate) = &signed.certificate
        && (!certificate.is_valid() || certificate.says.key != manifest.exported.key)
    {
        return Err(Stop::Problem(FileProblem::Certificate));
    }
    found.certificate.clone_from(&signed.certificate);
    let manifest = found.manifest.insert(manifest);
    let parts = parts(&mut archive, layout, manifest, attached)?;
    let known = signed.certificate.filter(|certificate| trust.organisations.contains(&certificate.issuer));
    Ok(known.map(|certificate| (parts, certificate)))
}

/// The entries that are read whole, in the order of the layout.
pub(super) struct Parts(pub(super) Vec<Vec<u8>>);

impl Parts {
    pub(super) fn part(&self, number: usize) -> &[u8] {
        self.0.get(number).map_or(&[], Vec::as_slice)
    }
}

/// Reads all entries, each compared with the manifest.
fn parts(
    archive: &mut Opened<'_>,
    layout: &Layout,
    manifest: &Manifest,
    attached: UseAttachment<'_>,
) -> Result<Parts, Stop> {
    let mut parts = Parts(Vec::new());
    for (number, entry) in manifest.entries.iter().enumerate() {
        let name = entry.name.as_str();
        let wrong = || Stop::Problem(FileProblem::Entry { name: entry.name.chars().take(120).collect() });
        let sha256 = if let Some(expected) = layout.names.get(number) {
            if name != *expected || entry.size > MAX_PART_BYTES {
                return Err(wrong());
            }
            let bytes = archive.part(name, entry.size).map_err(at(name))?;
            let sha256 = hex(&Sha256::digest(&bytes));
            parts.0.push(bytes);
            sha256
        } else {
            if name.strip_prefix("attachments/") != Some(&*entry.sha256) {
                return Err(wrong());
            }
            archive.digest(name, entry.size, |bytes| attached(entry, bytes)).map_err(at(name))?
        };
        if sha256 != entry.sha256 {
            return Err(wrong());
        }
    }
    if manifest.entries.len() < layout.names.len() {
        return Err(Stop::Problem(FileProblem::Manifest));
    }
    archive.end().map_err(at("end"))?;
    Ok(parts)
}

/// The record in a file, compared with the manifest, and its standard.
pub(super) fn record(
    parts: &Parts,
    manifest: Option<&Manifest>,
) -> Result<(Document, Arc<Standard>), FileProblem> {
    let manifest = manifest.ok_or(FileProblem::Manifest)?;
    let document = Document::load(parts.part(0)).map_err(|_| FileProblem::Document)?;
    let record = document.record();
    if record.id != manifest.document || document.head_names() != manifest.heads {
        return Err(FileProblem::OtherDocument);
    }
    if document.record_at(&manifest.shown).as_deref() != Some(parts.part(1)) {
        return Err(FileProblem::Shown);
    }
    let standard = standard(parts.part(2), &record.standard).ok_or(FileProblem::Standard)?;
    if standard.reference() != record.standard {
        return Err(FileProblem::Standard);
    }
    let held = manifest.entries.iter().filter_map(|entry| entry.name.strip_prefix("attachments/"));
    let known: Vec<&str> = held.chain(manifest.missing.iter().map(String::as_str)).collect();
    if let Some(sha256) = record.file_hashes().into_iter().find(|sha256| !known.contains(sha256)) {
        return Err(FileProblem::Attachment { sha256: sha256.to_owned() });
    }
    Ok((document, standard))
}

/// The pack in the file. One that came with this library is not read again.
fn standard(source: &[u8], pinned: &StandardRef) -> Option<Arc<Standard>> {
    let source = std::str::from_utf8(source).ok()?;
    let known = builtin(&pinned.id).ok().flatten().filter(|standard| standard.source() == source);
    known.or_else(|| Standard::load(source).ok().map(Arc::new))
}
