//! Tokens and codes: made from the operating system's randomness, stored as hashes, compared in constant time.

use jobsheet_core::hex;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256 of a secret: what is stored in its place.
pub(crate) type SecretHash = [u8; 32];

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub(crate) struct NoRandomness(String);

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| NoRandomness(error.to_string()))?;
    Ok(bytes)
}

/// A random UUID (version 4).
pub(crate) fn random_uuid() -> Result<uuid::Uuid, NoRandomness> {
    Ok(uuid::Builder::from_random_bytes(random()?).into_uuid())
}

/// How every office token begins, for people and for secret scanners.
pub(crate) const OFFICE_PREFIX: &str = "jsk";

/// An office token as its holder has it: prefix, public id, secret of 256 bits.
pub(crate) struct Token {
    /// Finds the stored hash. Not secret.
    pub(crate) id: String,
    secret: String,
}

impl Token {
    /// Makes a new token under a public id.
    pub(crate) fn make(id: String) -> Result<Self, NoRandomness> {
        Ok(Self { id, secret: hex(&random::<32>()?) })
    }

    /// Reads a token. `None` if it does not have the form of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut pieces = text.splitn(3, '_');
        let (prefix, id, secret) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let well_formed = |part: &str| part.len() <= 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        (prefix == OFFICE_PREFIX && well_formed(id) && secret.len() == 64 && well_formed(secret))
            .then(|| Self { id: id.to_owned(), secret: secret.to_owned() })
    }

    /// The text to give to the holder, once.
    pub(crate) fn reveal(&self) -> String {
        format!("{OFFICE_PREFIX}_{}_{}", self.id, self.secret)
    }

    /// What is stored.
    pub(crate) fn hash(&self) -> SecretHash {
        hash(&self.secret)
    }

    /// Whether this token is the one whose hash was stored. With `None` (an unknown id) it takes as long and says no.
    pub(crate) fn matches(&self, stored: Option<&SecretHash>) -> bool {
        let known = stored.is_some();
        let equal = bool::from(self.hash().ct_eq(stored.unwrap_or(&[0; 32])));
        known & equal
    }
}

/// SHA-256 of a secret text. The secrets are random and long, so a slow hash would add nothing.
pub(crate) fn hash(secret: &str) -> SecretHash {
    Sha256::digest(secret.as_bytes()).into()
}

/// A new enrolment code: 160 random bits in hexadecimal digits.
pub(crate) fn enrolment_code() -> Result<String, NoRandomness> {
    Ok(hex(&random::<20>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_matches_only_its_own_hash() {
        let token = Token::make("0a1b2c3d".to_owned()).unwrap();
        let read = Token::parse(&token.reveal()).unwrap();
        assert_eq!(read.id, "0a1b2c3d");
        assert!(read.matches(Some(&token.hash())));
        let other = Token::make("0a1b2c3d".to_owned()).unwrap();
        assert!(!read.matches(Some(&other.hash())));
        assert!(!read.matches(None));
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let token = Token::make("00".to_owned()).unwrap().reveal();
        for text in [
            "",
            "jsk",
            "jsk__",
            "abc_00_11",
            &token.replace("jsk", "jsd"),
            &token[..token.len() - 1],
            &format!("{token}0"),
            &token.replace('_', "-"),
        ] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }
}
