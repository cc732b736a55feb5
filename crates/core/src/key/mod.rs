//! Keys of devices and of the organisation: ECDSA on P-256 with SHA-256 (FIPS 186-5), the one that phones keep in hardware.

mod assertion;
mod certificate;
mod hand_over;

pub use assertion::Assertion;
pub use certificate::{Certificate, CertificateFacts};
pub use hand_over::{
    HandOver, MAX_HAND_OVER_BYTES, MAX_HAND_OVER_CHAIN, MAX_HAND_OVER_CHANGES, SignedHandOver,
};

use std::fmt;

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::{hex, unhex};

/// Why a key or a signature can not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are no point of the curve in SEC 1 form.
    #[error("the bytes are no public key; give a P-256 point in SEC 1 form (33 or 65 bytes)")]
    NotAPublicKey,
    /// The bytes are no scalar of the curve.
    #[error("the bytes are no secret key; give 32 random bytes")]
    NotASecretKey,
    /// The bytes are no signature.
    #[error("the bytes are no signature; give 64 bytes r and s, or DER")]
    NotASignature,
    /// The key's keeper did not sign.
    #[error("the device key could not be used: {0}; unlock the device and try again")]
    Unavailable(String),
}

/// The public half of a key. In JSON: 66 hexadecimal digits, the compressed point of SEC 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a point in SEC 1 form, compressed (33 bytes) or not (65 bytes), as key stores export it.
    ///
    /// # Errors
    /// [`KeyError::NotAPublicKey`].
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        VerifyingKey::from_sec1_bytes(bytes).map(Self).map_err(|_| KeyError::NotAPublicKey)
    }

    /// The compressed point: 33 bytes.
    pub fn to_sec1(self) -> Vec<u8> {
        self.0.to_sec1_point(true).as_bytes().to_vec()
    }

    /// What people compare: the first 16 bytes of the SHA-256 of the compressed point, in groups of four digits.
    pub fn fingerprint(&self) -> String {
        let digits = hex(&Sha256::digest(self.to_sec1())[..16]);
        digits.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    }

    /// Whether a signature of a message was made with the secret half. Of the two forms that every ECDSA signature has, only
    /// the one with the low `s` is taken, so that nobody can write another signature beside a right one.
    pub fn verifies(&self, message: &[u8], signature: &KeySignature) -> bool {
        let low = signature.0.normalize_s() == signature.0;
        low && self.0.verify(message, &signature.0).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex(&self.to_sec1()))
    }
}

impl std::str::FromStr for PublicKey {
    type Err = KeyError;

    /// Reads hexadecimal digits; spaces around them do not count.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::from_sec1(&unhex(text.trim()).ok_or(KeyError::NotAPublicKey)?)
    }
}

/// A signature: 64 bytes, `r` and `s`, with the low `s`. In JSON: 128 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySignature(Signature);

impl KeySignature {
    /// Reads a signature as a key store gives it: 64 bytes, or the DER form of Secure Enclave and Android Keystore.
    ///
    /// # Errors
    /// [`KeyError::NotASignature`].
    pub fn from_key_store(bytes: &[u8]) -> Result<Self, KeyError> {
        let read = Signature::from_slice(bytes).or_else(|_| Signature::from_der(bytes));
        read.map(|signature| Self(signature.normalize_s())).map_err(|_| KeyError::NotASignature)
    }

    /// The 64 bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }
}

/// What keeps a device's secret key: a phone's secure hardware through the app, or [`SecretKey`].
pub trait DeviceKey: Send + Sync {
    /// The public half.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`] while the key can not be reached.
    fn public_key(&self) -> Result<PublicKey, KeyError>;

    /// Signs a message: ECDSA over its SHA-256. May wait for the person to unlock the key; no lock of a store is held.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`] if the person declined or the key is gone.
    fn sign(&self, message: &[u8]) -> Result<KeySignature, KeyError>;
}

/// A key in memory.
///
/// ```
/// use jobsheet_core::key::{DeviceKey, SecretKey};
/// let key = SecretKey::from_bytes(&[7; 32]).unwrap();
/// let signature = key.sign(b"what was done").unwrap();
/// assert!(key.public_key().unwrap().verifies(b"what was done", &signature));
/// assert!(!key.public_key().unwrap().verifies(b"what was not", &signature));
/// ```
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// A key from 32 random bytes. One in 2³² of them is no key: draw again.
    ///
    /// # Errors
    /// [`KeyError::NotASecretKey`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        SigningKey::from_slice(bytes).map(Self).map_err(|_| KeyError::NotASecretKey)
    }

    /// The 32 bytes. Secret.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretKey(…)")
    }
}

impl DeviceKey for SecretKey {
    fn public_key(&self) -> Result<PublicKey, KeyError> {
        Ok(PublicKey(*self.0.verifying_key()))
    }

    fn sign(&self, message: &[u8]) -> Result<KeySignature, KeyError> {
        let signature: Signature =
            self.0.try_sign(message).map_err(|error| KeyError::Unavailable(error.to_string()))?;
        Ok(KeySignature(signature.normalize_s()))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // One form alone, so that no second text says the same.
        let text = String::deserialize(deserializer)?;
        let key: Self = text.parse().map_err(de::Error::custom)?;
        if key.to_string() == text { Ok(key) } else { Err(de::Error::custom(KeyError::NotAPublicKey)) }
    }
}

impl Serialize for KeySignature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0.to_bytes()))
    }
}

impl<'de> Deserialize<'de> for KeySignature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || de::Error::custom(KeyError::NotASignature);
        let signature = Signature::from_slice(&unhex(&text).ok_or_else(wrong)?).map_err(|_| wrong())?;
        if hex(&signature.to_bytes()) == text { Ok(Self(signature)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_bytes(&[seed; 32]).unwrap()
    }

    #[test]
    fn the_other_form_of_a_signature_is_refused() {
        let key = key(1);
        let public = key.public_key().unwrap();
        let signature = key.sign(b"words").unwrap();
        let high = Signature::from_scalars(signature.0.r(), -*signature.0.s()).unwrap();
        assert!(public.0.verify(b"words", &high).is_ok(), "the curve takes it");
        assert!(!public.verifies(b"words", &KeySignature(high)), "Jobsheet does not");
        // A key store may give that form; reading it there makes the low one of it.
        let read = KeySignature::from_key_store(&high.to_der().to_bytes()).unwrap();
        assert_eq!(read, signature);
        assert_eq!(KeySignature::from_key_store(&signature.to_bytes()).unwrap(), signature);
    }

    #[test]
    fn keys_and_signatures_have_one_text() {
        let public = key(2).public_key().unwrap();
        let text = serde_json::to_string(&public).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), public);
        assert!(serde_json::from_str::<PublicKey>(&text.to_uppercase()).is_err());
        let long = hex(public.0.to_sec1_point(false).as_bytes());
        assert_eq!(long.parse::<PublicKey>().unwrap(), public, "key stores export the long form");
        assert!(
            serde_json::from_str::<PublicKey>(&format!("\"{long}\"")).is_err(),
            "records hold the short one"
        );
        let signature = key(2).sign(b"x").unwrap();
        let text = serde_json::to_string(&signature).unwrap();
        assert_eq!(serde_json::from_str::<KeySignature>(&text).unwrap(), signature);
        assert!(serde_json::from_str::<KeySignature>("\"00\"").is_err());
        assert_eq!(KeySignature::from_key_store(&[0; 64]), Err(KeyError::NotASignature));
        assert!(matches!(SecretKey::from_bytes(&[0; 32]), Err(KeyError::NotASecretKey)));
        assert_eq!(format!("{:?}", key(2)), "SecretKey(…)");
    }
}
