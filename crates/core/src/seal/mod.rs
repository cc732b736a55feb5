//! Verifying a sealed record without a server: what was signed, by whom, and what became of it.
//!
//! A seal names one version of the document by the hashes of its heads, and with them every change before it; the SHA-256 of
//! that version as canonical JSON; and every signature. A device's key has signed that, and the organisation has certified whose
//! device has the key. [`verify`] proves all of it anew from the document alone. Whether the organisation is the right one only the
//! caller can know: [`Trust`].

mod changes;
pub mod file;
mod finding;

pub use finding::{Problem, SealCheck, SignatureCheck, Verdict, Verification};

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use self::changes::Changes;
use crate::hex;
use crate::key::PublicKey;
use crate::record::{
    Document, EntryId, FactChange, Mark, Record, SCHEMA, Seal, SealState, Signature, outdated,
};
use crate::standard::Standard;

/// The organisations whose certificates are believed: by their public keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Public keys.
    pub organisations: Vec<PublicKey>,
}

impl Trust {
    /// One organisation.
    pub fn of(organisation: PublicKey) -> Self {
        Self { organisations: vec![organisation] }
    }
}

/// Verifies the signatures and seals of a record. Bytes of attachments are verified where they are.
///
/// ```
/// use jobsheet_core::seal::{Trust, Verdict, verify};
/// # use jobsheet_core::record::*; use jobsheet_core::standard::*; use jobsheet_core::*;
/// # let standard = builtin("execution-form").unwrap().unwrap();
/// # let context = Context {
/// #     actor: Actor { person: "office-1".into(), side: Side::Office, roles: vec![] },
/// #     stamp: Stamp::wall("2026-03-02T08:00:00+08:00".parse().unwrap()),
/// #     entry_id: uuid::Uuid::from_u128(1),
/// # };
/// # let order = [("number", "SR-1"), ("fault", "Drum does not turn"), ("urgency", "normal")];
/// # let order = order.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
/// # let registration = Registration { job: None, order, received_at: None };
/// # let (document, _) = Document::register(uuid::Uuid::from_u128(2), &standard, &registration, &[1; 16], &context).unwrap();
/// let verification = verify(&document, &standard, &Trust::default());
/// assert_eq!(verification.verdict, Verdict::Unsealed);
/// ```
pub fn verify(document: &Document, standard: &Standard, trust: &Trust) -> Verification {
    let record = document.record();
    let state = record.seal_state(standard);
    let heads = document.head_names();
    let newer = record.schema > SCHEMA;
    let checks = Checks { document, heads, record, standard, trust, newer };
    let mut signatures: Vec<SignatureCheck> =
        record.signatures.iter().map(|(id, signature)| checks.signature(*id, signature)).collect();
    signatures.sort_by_key(|check| (check.at, check.entry));
    let mut seals: Vec<SealCheck> = record.seals.iter().map(|(id, seal)| checks.seal(*id, seal)).collect();
    seals.sort_by_key(|check| (check.at, check.entry));
    let Changes { amended, late } = Changes::of(document, standard);
    let verdict = checks.verdict(&state, &signatures, &seals, &amended, &late);
    Verification { document: record.id, verdict, state, seals, signatures, amended, late }
}

struct Checks<'a> {
    document: &'a Document,
    /// Heads of the document as it is.
    heads: Vec<String>,
    record: &'a Record,
    standard: &'a Standard,
    trust: &'a Trust,
    /// A newer version of this library made the document: it may have places that are not known here, so nobody can say here
    /// what its versions hash to.
    newer: bool,
}

impl Checks<'_> {
    fn signature(&self, entry: EntryId, signature: &Signature) -> SignatureCheck {
        let mut problems = Vec::new();
        match self.document.facts_sha256_at(&signature.heads) {
            None => problems.push(Problem::ChangesMissing),
            Some(sha256) if !self.newer && sha256 != signature.facts_sha256 => {
                problems.push(Problem::FactsDiffer);
            }
            Some(_) => {}
        }
        let outdated = outdated(self.record, self.standard, Mark::Signature(entry));
        SignatureCheck {
            entry,
            role: signature.role.clone(),
            name: signature.name.clone(),
            at: signature.by.stamp.at,
            facts_sha256: signature.facts_sha256.clone(),
            outdated: outdated.into_iter().map(|change| change.path.clone()).collect(),
            problems,
        }
    }

    fn seal(&self, entry: EntryId, seal: &Seal) -> SealCheck {
        let mut problems = Vec::new();
        let statement = &seal.statement;
        if statement.document != self.record.id {
            problems.push(Problem::OtherDocument);
        }
        match self.document.record_at(&statement.heads) {
            None => problems.push(Problem::ChangesMissing),
            Some(record) if !self.newer && hex(&Sha256::digest(&record)) != statement.record_sha256 => {
                problems.push(Problem::RecordDiffers);
            }
            Some(_) => {}
        }
        for (signature, sha256) in &statement.signatures {
            // It stood there when it was sealed, and stands there still.
            let then = self.document.signature_sha256_at(&statement.heads, signature);
            let now = self.document.signature_sha256_at(&self.heads, signature);
            if then.as_ref() != Some(sha256) || now != then {
                problems.push(Problem::SignatureDiffers { signature: *signature });
            }
        }
        let rewritten = self.document.rewritten_since(&statement.heads).unwrap_or_default();
        problems.extend(rewritten.into_iter().map(|path| Problem::Rewritten { path }));
        problems.extend(self.unsigned_roles(seal).map(|role| Problem::SignerMissing { role }));
        if !seal.key.verifies(&statement.bytes(), &seal.signature) {
            problems.push(Problem::DeviceSignature);
        }
        let known = match &seal.certificate {
            None => {
                problems.push(Problem::NotCertified);
                false
            }
            Some(certificate) => {
                let says = &certificate.says;
                let own = says.key == seal.key && says.person == seal.by.person;
                if !certificate.is_valid() || !own {
                    problems.push(Problem::Certificate);
                }
                self.trust.organisations.contains(&certificate.issuer)
            }
        };
        SealCheck {
            entry,
            at: seal.by.stamp.at,
            person: seal.by.person.clone(),
            device: seal.certificate.as_ref().map(|certificate| certificate.says.device.clone()),
            organisation: seal.certificate.as_ref().map(|certificate| certificate.issuer),
            trusted: known,
            heads: statement.heads.clone(),
            record_sha256: statement.record_sha256.clone(),
            problems,
        }
    }

    /// The roles that must sign and whose signature the seal does not name.
    fn unsigned_roles(&self, seal: &Seal) -> impl Iterator<Item = String> {
        let signing = self.standard.course(&self.record.job).flow().signing.as_ref();
        let sealed: BTreeSet<&str> = seal
            .statement
            .signatures
            .keys()
            .filter_map(|id| self.record.signatures.get(id))
            .map(|signature| signature.role.as_str())
            .collect();
        let signers = signing.map_or(&[][..], |signing| &signing.signers);
        let missing: Vec<String> =
            signers.iter().filter(|role| !sealed.contains(role.as_str())).cloned().collect();
        missing.into_iter()
    }

    fn verdict(
        &self,
        state: &SealState,
        signatures: &[SignatureCheck],
        seals: &[SealCheck],
        amended: &[FactChange],
        late: &[FactChange],
    ) -> Verdict {
        let broken_signature = signatures.iter().any(|check| !check.problems.is_empty());
        let broken_seal = seals.iter().any(SealCheck::is_broken);
        let of_signature =
            |path: &String| matches!(path.rsplit_once('/'), Some(("field/signatures" | "field/seals", _)));
        let unreadable = !self.newer && self.record.unreadable.iter().any(of_signature);
        if broken_signature || broken_seal || unreadable {
            return Verdict::Broken;
        }
        if self.newer {
            return Verdict::Newer;
        }
        if seals.is_empty() {
            return Verdict::Unsealed;
        }
        if seals.iter().any(|check| !check.trusted) {
            return Verdict::Untrusted;
        }
        match state {
            SealState::Sealed { .. } if amended.is_empty() && late.is_empty() => Verdict::Intact,
            SealState::Sealed { .. } => Verdict::Amended,
            _ => Verdict::Outdated,
        }
    }
}
