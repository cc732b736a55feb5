//! A device's certificate: the organisation says whose device has which key.

use serde::{Deserialize, Serialize};

use super::{DeviceKey, KeyError, KeySignature, PublicKey};
use crate::Moment;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFacts {
    /// The organisation, as its server names it.
    pub tenant: String,
    /// Id of the device.
    pub device: String,
    /// Person id of its technician.
    pub person: String,
    /// The device's key.
    pub key: PublicKey,
    /// When it was issued, by the server's clock.
    pub issued_at: Moment,
}

/// A device's certificate, signed with the organisation's key when the device enrolled.
///
/// ```
/// use jobsheet_core::key::{Certificate, CertificateFacts, DeviceKey, SecretKey};
/// let (office, phone) = (SecretKey::from_bytes(&[1; 32]).unwrap(), SecretKey::from_bytes(&[2; 32]).unwrap());
/// let facts = CertificateFacts {
///     tenant: "default".into(),
///     device: "6f2c".into(),
///     person: "maria".into(),
///     key: phone.public_key().unwrap(),
///     issued_at: "2026-03-01T09:00:00Z".parse().unwrap(),
/// };
/// let certificate = Certificate::issue(facts, &office).unwrap();
/// assert!(certificate.is_valid());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What it says.
    pub says: CertificateFacts,
    /// The organisation's key.
    pub issuer: PublicKey,
    /// The organisation's signature.
    pub signature: KeySignature,
}

#[derive(Serialize)]
struct Statement<'a> {
    jobsheet: &'static str,
    issuer: PublicKey,
    says: &'a CertificateFacts,
}

fn statement(says: &CertificateFacts, issuer: PublicKey) -> Vec<u8> {
    let statement = Statement { jobsheet: "device-certificate-1", issuer, says };
    // Plain structs with string keys: canonical JSON can not fail on them.
    serde_json_canonicalizer::to_vec(&statement).unwrap_or_default()
}

impl Certificate {
    /// Issues a certificate with the organisation's key.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`].
    pub fn issue(says: CertificateFacts, organisation: &dyn DeviceKey) -> Result<Self, KeyError> {
        let issuer = organisation.public_key()?;
        let signature = organisation.sign(&statement(&says, issuer))?;
        Ok(Self { says, issuer, signature })
    }

    /// The issuer has signed what it says. Whether the issuer is to be trusted is another question.
    pub fn is_valid(&self) -> bool {
        self.issuer.verifies(&statement(&self.says, self.issuer), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SecretKey;

    #[test]
    fn whatever_is_changed_in_a_certificate_makes_it_invalid() {
        let (office, phone) =
            (SecretKey::from_bytes(&[1; 32]).unwrap(), SecretKey::from_bytes(&[2; 32]).unwrap());
        let says = CertificateFacts {
            tenant: "default".into(),
            device: "6f2c".into(),
            person: "maria".into(),
            key: phone.public_key().unwrap(),
            issued_at: "2026-03-01T09:00:00Z".parse().unwrap(),
        };
        let certificate = Certificate::issue(says, &office).unwrap();
        assert!(certificate.is_valid());
        let changes: [fn(&mut Certificate); 6] = [
            |it| it.says.tenant.push('x'),
            |it| it.says.device.clear(),
            |it| it.says.person = "tom".into(),
            |it| it.says.key = it.issuer,
            |it| it.says.issued_at = "2026-03-01T09:00:01Z".parse().unwrap(),
            |it| it.issuer = it.says.key,
        ];
        for change in changes {
            let mut other = certificate.clone();
            change(&mut other);
            assert!(!other.is_valid(), "{other:?}");
        }
    }
}
