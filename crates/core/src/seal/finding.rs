//! What a verification found.

use serde::Serialize;

use crate::Moment;
use crate::key::PublicKey;
use crate::record::{DocumentId, EntryId, FactChange, SealState};

/// What stands against a signature or a seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum Problem {
    /// The document does not hold the changes that were signed.
    ChangesMissing,
    /// The facts of that version are not those that were signed.
    FactsDiffer,
    /// The record of that version is not the one that was sealed.
    RecordDiffers,
    /// A sealed signature is missing or another one.
    SignatureDiffers {
        /// The signature.
        signature: EntryId,
    },
    /// An entry that may only be appended is another one now, or gone.
    Rewritten {
        /// Where.
        path: String,
    },
    /// A role that must sign has not signed what is sealed.
    SignerMissing {
        /// The role.
        role: String,
    },
    /// The seal is that of another document.
    OtherDocument,
    /// The device's key has not signed this.
    DeviceSignature,
    /// The certificate is forged, or that of another key or person.
    Certificate,
    /// No certificate says whose device has this key.
    NotCertified,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureCheck {
    /// Its key in the record.
    pub entry: EntryId,
    /// Role of the signer.
    pub role: String,
    /// Name of the signer. Personal.
    pub name: String,
    /// When, by the device's clock.
    pub at: Moment,
    /// SHA-256 of the facts that were signed, hexadecimal.
    pub facts_sha256: String,
    /// Signed facts that are others now: the signature does not stand for them.
    pub outdated: Vec<String>,
    /// What stands against it.
    pub problems: Vec<Problem>,
}

/// One seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealCheck {
    /// Its key in the record.
    pub entry: EntryId,
    /// When, by the device's clock.
    pub at: Moment,
    /// Whose device.
    pub person: String,
    /// Id of the device, as certified.
    pub device: Option<String>,
    /// The organisation that certified it.
    pub organisation: Option<PublicKey>,
    /// The organisation is one of those that are believed.
    pub trusted: bool,
    /// Heads of the sealed version.
    pub heads: Vec<String>,
    /// SHA-256 of the sealed version, hexadecimal.
    pub record_sha256: String,
    /// What stands against it.
    pub problems: Vec<Problem>,
}

impl SealCheck {
    /// Something stands against the seal itself. That nobody certified the key makes it untrusted, not broken.
    pub fn is_broken(&self) -> bool {
        self.problems.iter().any(|problem| *problem != Problem::NotCertified)
    }
}

/// What to make of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Something is not as it was signed or sealed.
    Broken,
    /// It holds together, but who sealed it is certified by nobody who is believed.
    Untrusted,
    /// A signed fact has changed since; those who signed must sign again.
    Outdated,
    /// Sealed, changed by amendments, signed again where signed facts changed.
    Amended,
    /// Sealed, and as it was.
    Intact,
    /// A newer version of Jobsheet made the record; this one can not tell whether it is as it was. Update.
    Newer,
    /// Not sealed yet; the signatures that are there stand.
    Unsealed,
}

impl Verdict {
    /// Whether the record can be relied on as it is.
    pub fn holds(self) -> bool {
        matches!(self, Verdict::Intact | Verdict::Amended)
    }

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Broken => "broken",
            Verdict::Untrusted => "untrusted",
            Verdict::Outdated => "outdated",
            Verdict::Amended => "amended",
            Verdict::Intact => "intact",
            Verdict::Newer => "newer",
            Verdict::Unsealed => "unsealed",
        }
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification {
    /// The document.
    pub document: DocumentId,
    /// What to make of it.
    pub verdict: Verdict,
    /// How it stands with its signatures and its seal.
    pub state: SealState,
    /// Seals, earliest first.
    pub seals: Vec<SealCheck>,
    /// Signatures, earliest first.
    pub signatures: Vec<SignatureCheck>,
    /// Facts that amendments changed since any of the seals.
    pub amended: Vec<FactChange>,
    /// Facts that somebody wrote who did not know of the seal, or who had no right to: amendments without a reason.
    pub late: Vec<FactChange>,
}
