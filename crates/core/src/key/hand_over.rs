//! By what a technician's device passes a visit on to another technician while neither of them has a network.

use serde::{Deserialize, Serialize};

use super::{Certificate, DeviceKey, KeyError, KeySignature, PublicKey};
use crate::Moment;
use crate::record::DocumentId;

/// Largest signed hand-over, in bytes of JSON.
pub const MAX_HAND_OVER_BYTES: usize = 320 << 10;
/// Most changes that one hand-over names.
pub const MAX_HAND_OVER_CHANGES: usize = 4096;
/// Most times that one visit is handed on before somebody syncs.
pub const MAX_HAND_OVER_CHAIN: usize = 8;

/// Marks a hand-over, so that no signature for another purpose fits.
const FORMAT: &str = "hand-over-1";

/// What a device signs: this visit, with these changes of mine, goes to this technician. It holds for one organisation, one
/// document and one person, and for no change that it does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// The format: `hand-over-1`.
    pub jobsheet: String,
    /// The organisation's public key: whose server takes it.
    pub organisation: PublicKey,
    /// The document.
    pub document: DocumentId,
    /// Id of the device that hands over.
    pub device: String,
    /// Person id of its technician.
    pub from: String,
    /// Person id of whoever works on.
    pub to: String,
    /// Heads of the document as it is handed over, hexadecimal.
    pub heads: Vec<String>,
    /// Every change that was made on the device, parents first: SHA-256, hexadecimal.
    pub changes: Vec<String>,
    /// When, by the device's clock, corrected by what it knows of the server's.
    pub at: Moment,
}

/// A hand-over with the signature of the device and whose device it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHandOver {
    /// What it says.
    pub says: HandOver,
    /// Whose device has the key that signed.
    pub certificate: Certificate,
    /// The signature of the device.
    pub signature: KeySignature,
}

impl HandOver {
    /// A hand-over of a document by the device of a certificate.
    pub fn new(certificate: &Certificate, document: DocumentId, to: &str, at: Moment) -> Self {
        Self {
            jobsheet: FORMAT.to_owned(),
            organisation: certificate.issuer,
            document,
            device: certificate.says.device.clone(),
            from: certificate.says.person.clone(),
            to: to.to_owned(),
            heads: Vec::new(),
            changes: Vec::new(),
            at,
        }
    }

    /// The bytes that are signed: canonical JSON (RFC 8785).
    pub fn bytes(&self) -> Vec<u8> {
        // A plain struct with string keys: canonical JSON can not fail on it.
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }

    /// Signs it with the device's key.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`].
    pub fn sign(self, certificate: Certificate, key: &dyn DeviceKey) -> Result<SignedHandOver, KeyError> {
        let signature = key.sign(&self.bytes())?;
        Ok(SignedHandOver { says: self, certificate, signature })
    }
}

impl SignedHandOver {
    /// Reads one. `None`: it is none, of another format, or beyond a limit.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_HAND_OVER_BYTES {
            return None;
        }
        let read: Self = serde_json::from_slice(bytes).ok()?;
        let fits = read.says.changes.len() <= MAX_HAND_OVER_CHANGES;
        (fits && read.says.jobsheet == FORMAT).then_some(read)
    }

    /// The bytes as they travel: canonical JSON (RFC 8785).
    pub fn bytes(&self) -> Vec<u8> {
        // A plain struct with string keys: canonical JSON can not fail on it.
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }

    /// Whether it was signed with the secret half of a key.
    pub fn is_signed_by(&self, key: PublicKey) -> bool {
        key.verifies(&self.says.bytes(), &self.signature)
    }

    /// Whether the organisation that it names certified the device that it names, and that device signed it. Whether the
    /// organisation is to be trusted is another question.
    pub fn is_valid(&self) -> bool {
        let Self { says, certificate, .. } = self;
        let facts = &certificate.says;
        certificate.is_valid()
            && certificate.issuer == says.organisation
            && (facts.device.as_str(), facts.person.as_str()) == (says.device.as_str(), says.from.as_str())
            && self.is_signed_by(facts.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{CertificateFacts, SecretKey};

    fn signed() -> SignedHandOver {
        let (office, phone) =
            (SecretKey::from_bytes(&[1; 32]).unwrap(), SecretKey::from_bytes(&[2; 32]).unwrap());
        let facts = CertificateFacts {
            tenant: "default".into(),
            device: "6f2c".into(),
            person: "maria".into(),
            key: phone.public_key().unwrap(),
            issued_at: "2026-03-01T09:00:00Z".parse().unwrap(),
        };
        let certificate = Certificate::issue(facts, &office).unwrap();
        let at = "2026-03-02T09:00:00Z".parse().unwrap();
        let says = HandOver {
            changes: vec!["00".repeat(32)],
            ..HandOver::new(&certificate, DocumentId::from_u128(1), "tom", at)
        };
        says.sign(certificate, &phone).unwrap()
    }

    #[test]
    fn whatever_is_changed_in_a_hand_over_makes_it_invalid() {
        let right = signed();
        assert!(right.is_valid());
        assert_eq!(SignedHandOver::read(&right.bytes()), Some(right.clone()));
        let changes: [fn(&mut SignedHandOver); 9] = [
            |it| it.says.organisation = it.certificate.says.key,
            |it| it.says.document = DocumentId::from_u128(2),
            |it| it.says.device.push('0'),
            |it| it.says.from = "tom".into(),
            |it| it.says.to = "eve".into(),
            |it| it.says.heads.push("00".repeat(32)),
            |it| it.says.changes.push("01".repeat(32)),
            |it| it.says.at = "2026-03-02T09:00:01Z".parse().unwrap(),
            |it| it.certificate.says.person = "eve".into(),
        ];
        for change in changes {
            let mut other = right.clone();
            change(&mut other);
            assert!(!other.is_valid(), "{other:?}");
        }
    }

    #[test]
    fn limits_hold_on_both_sides() {
        let mut most = signed();
        most.says.changes = vec!["ab".repeat(32); MAX_HAND_OVER_CHANGES];
        assert!(SignedHandOver::read(&most.bytes()).is_some(), "{} bytes", most.bytes().len());
        most.says.changes.push("ab".repeat(32));
        assert!(SignedHandOver::read(&most.bytes()).is_none());
        let mut long = signed().bytes();
        long.resize(MAX_HAND_OVER_BYTES, b' ');
        assert!(SignedHandOver::read(&long).is_some());
        long.push(b' ');
        assert!(SignedHandOver::read(&long).is_none());
        let mut newer = signed();
        newer.says.jobsheet = "hand-over-2".into();
        assert!(SignedHandOver::read(&newer.bytes()).is_none());
    }
}
