//! By what a device proves to a server that it holds its key.

use serde::Serialize;

use super::{DeviceKey, KeyError, KeySignature, PublicKey};

/// What a device signs to be let in: this server, this device, this nonce. None of it is a time, so a device whose clock is
/// wrong by years is let in as any other.
///
/// The server is named by the organisation's public key, which the device got when it enrolled, and not by its address: what
/// was signed for one organisation opens no other, whatever address it was sent to.
///
/// ```
/// use jobsheet_core::key::{Assertion, DeviceKey, SecretKey};
/// let (office, phone) = (SecretKey::from_bytes(&[1; 32]).unwrap(), SecretKey::from_bytes(&[2; 32]).unwrap());
/// let assertion = Assertion { organisation: office.public_key().unwrap(), device: "6f2c", nonce: "0a1b" };
/// let signature = assertion.sign(&phone).unwrap();
/// assert!(assertion.is_signed_by(phone.public_key().unwrap(), &signature));
/// let elsewhere = Assertion { organisation: phone.public_key().unwrap(), ..assertion };
/// assert!(!elsewhere.is_signed_by(phone.public_key().unwrap(), &signature));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assertion<'a> {
    /// The organisation's public key: whose server this is for.
    pub organisation: PublicKey,
    /// Id of the device.
    pub device: &'a str,
    /// What the server gave to be signed, once.
    pub nonce: &'a str,
}

#[derive(Serialize)]
struct Statement<'a> {
    jobsheet: &'static str,
    organisation: PublicKey,
    device: &'a str,
    nonce: &'a str,
}

impl Assertion<'_> {
    /// The bytes that are signed: canonical JSON (RFC 8785) of `device`, `jobsheet` (always `device-assertion-1`, which no
    /// other signed thing of Jobsheet has), `nonce` and `organisation` (66 hexadecimal digits).
    pub fn bytes(&self) -> Vec<u8> {
        let Self { organisation, device, nonce } = *self;
        let statement = Statement { jobsheet: "device-assertion-1", organisation, device, nonce };
        // Plain structs with string keys: canonical JSON can not fail on them.
        serde_json_canonicalizer::to_vec(&statement).unwrap_or_default()
    }

    /// Signs it: ECDSA on P-256 over the SHA-256 of the bytes, with the low `s`.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`].
    pub fn sign(&self, key: &dyn DeviceKey) -> Result<KeySignature, KeyError> {
        key.sign(&self.bytes())
    }

    /// Whether it was signed with the secret half of a key. A signature with the high `s` is refused.
    pub fn is_signed_by(&self, key: PublicKey, signature: &KeySignature) -> bool {
        key.verifies(&self.bytes(), signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SecretKey;

    #[test]
    fn the_bytes_are_these_and_no_others() {
        let organisation = SecretKey::from_bytes(&[1; 32]).unwrap().public_key().unwrap();
        let assertion = Assertion { organisation, device: "6f2c", nonce: "0a1b" };
        let expected = format!(
            r#"{{"device":"6f2c","jobsheet":"device-assertion-1","nonce":"0a1b","organisation":"{organisation}"}}"#
        );
        assert_eq!(String::from_utf8(assertion.bytes()).unwrap(), expected);
    }

    #[test]
    fn a_signature_holds_for_one_server_one_device_and_one_nonce() {
        let (office, phone) =
            (SecretKey::from_bytes(&[1; 32]).unwrap(), SecretKey::from_bytes(&[2; 32]).unwrap());
        let (organisation, public) = (office.public_key().unwrap(), phone.public_key().unwrap());
        let assertion = Assertion { organisation, device: "6f2c", nonce: "0a1b" };
        let signature = assertion.sign(&phone).unwrap();
        assert!(assertion.is_signed_by(public, &signature));
        for other in [
            Assertion { organisation: public, ..assertion },
            Assertion { device: "6f2d", ..assertion },
            Assertion { nonce: "0a1c", ..assertion },
        ] {
            assert!(!other.is_signed_by(public, &signature), "{other:?}");
        }
        assert!(!assertion.is_signed_by(organisation, &signature), "another key");
    }
}
