//! What a client announces in headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jobsheet_core::unhex;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::UploadError;
use super::limits::MAX_METADATA_BYTES;
use crate::store::FileHash;

/// Algorithms of `Upload-Checksum`, as `Tus-Checksum-Algorithm` names them.
pub(crate) const CHECKSUM_ALGORITHMS: &str = "sha256,sha1";

/// A file as it is announced when its upload begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announced {
    /// SHA-256 of the whole file.
    pub(crate) sha256: FileHash,
    /// The document that names it.
    pub(crate) document: Uuid,
    /// Length in bytes.
    pub(crate) length: u64,
    /// `Upload-Metadata` as it came.
    pub(crate) metadata: String,
}

impl Announced {
    /// Reads `Upload-Length` and `Upload-Metadata`. The metadata must hold `sha256` (hexadecimal) and `document` (its id);
    /// what else they hold is kept and means nothing.
    pub(crate) fn read(length: Option<&str>, metadata: Option<&str>) -> Result<Self, UploadError> {
        let wrong =
            |reason: &str| UploadError::Header { header: "Upload-Metadata", reason: reason.to_owned() };
        let metadata = metadata.ok_or_else(|| wrong("send `sha256 BASE64,document BASE64`"))?;
        if metadata.len() > MAX_METADATA_BYTES {
            return Err(wrong(&format!("it has more than {MAX_METADATA_BYTES} bytes; send less")));
        }
        let (mut sha256, mut document) = (None, None);
        for pair in metadata.split(',') {
            let (key, value) = pair.trim().split_once(' ').unwrap_or((pair.trim(), ""));
            let place = match key {
                "sha256" => &mut sha256,
                "document" => &mut document,
                _ => continue,
            };
            let value = STANDARD.decode(value.trim()).ok().and_then(|value| String::from_utf8(value).ok());
            let value =
                value.ok_or_else(|| wrong(&format!("the value of `{key}` is not Base64 of a text")))?;
            if place.replace(value).is_some() {
                return Err(wrong(&format!("`{key}` stands there twice")));
            }
        }
        let sha256 = sha256
            .and_then(|text| unhex(&text))
            .and_then(|bytes| FileHash::try_from(bytes).ok())
            .ok_or_else(|| wrong("`sha256` must be the SHA-256 of the whole file, 64 hexadecimal digits"))?;
        let document = document
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| wrong("`document` must be the id of the document that names the file"))?;
        Ok(Self { sha256, document, length: length_of(length)?, metadata: metadata.to_owned() })
    }
}

fn length_of(length: Option<&str>) -> Result<u64, UploadError> {
    let wrong = |reason: &str| UploadError::Header { header: "Upload-Length", reason: reason.to_owned() };
    match length.and_then(number) {
        None => Err(wrong("send the length of the whole file in bytes; it can not be told later")),
        Some(0) => Err(wrong("an empty file is no attachment")),
        Some(length) => Ok(length),
    }
}

/// A number as tus writes it: digits alone.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// What `Upload-Checksum` says of a body.
pub(crate) struct Checksum {
    digest: Summing,
    expected: Vec<u8>,
}

enum Summing {
    Sha256(Sha256),
    Sha1(Sha1),
}

impl Checksum {
    /// Reads the header.
    pub(crate) fn read(header: &str) -> Result<Self, UploadError> {
        let wrong = || UploadError::Header {
            header: "Upload-Checksum",
            reason: format!("send `ALGORITHM BASE64` with one of {CHECKSUM_ALGORITHMS}"),
        };
        let (algorithm, value) = header.trim().split_once(' ').ok_or_else(wrong)?;
        let expected = STANDARD.decode(value.trim()).map_err(|_| wrong())?;
        let (digest, length) = match algorithm {
            "sha256" => (Summing::Sha256(Sha256::new()), 32),
            "sha1" => (Summing::Sha1(Sha1::new()), 20),
            _ => return Err(wrong()),
        };
        if expected.len() == length { Ok(Self { digest, expected }) } else { Err(wrong()) }
    }

    /// Adds bytes of the body.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.digest {
            Summing::Sha256(digest) => digest.update(bytes),
            Summing::Sha1(digest) => digest.update(bytes),
        }
    }

    /// Whether the whole body has the checksum.
    pub(crate) fn fits(self) -> bool {
        match self.digest {
            Summing::Sha256(digest) => digest.finalize().as_slice() == self.expected,
            Summing::Sha1(digest) => digest.finalize().as_slice() == self.expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(sha256: &str, document: &str) -> String {
        format!("sha256 {},document {}", STANDARD.encode(sha256), STANDARD.encode(document))
    }

    #[test]
    fn an_announcement_names_hash_document_and_length() {
        let (hash, document) = ("ab".repeat(32), "7f1c2a3e-0b5d-4c6f-8a9b-0c1d2e3f4a5b");
        let good = format!("filename cC5qcGc=, {},is_private", metadata(&hash, document));
        let read = Announced::read(Some("12"), Some(&good)).unwrap();
        assert_eq!((read.sha256, read.length), ([0xab; 32], 12));
        assert_eq!(read.document.to_string(), document);
        assert_eq!(read.metadata, good);
        for length in [None, Some("0"), Some("-1"), Some("+1"), Some("1 "), Some("99999999999999999999")] {
            assert!(Announced::read(length, Some(&good)).is_err(), "{length:?}");
        }
        for bad in [
            String::new(),
            metadata(&hash[2..], document),
            metadata(&hash, "none"),
            format!("{good},sha256 {}", STANDARD.encode(&hash)),
            format!("sha256 ***,document {}", STANDARD.encode(document)),
        ] {
            assert!(Announced::read(Some("12"), Some(&bad)).is_err(), "{bad}");
        }
        assert!(Announced::read(Some("12"), None).is_err());
    }

    #[test]
    fn metadata_may_be_as_long_as_the_limit_and_no_longer() {
        let good = metadata(&"ab".repeat(32), "7f1c2a3e-0b5d-4c6f-8a9b-0c1d2e3f4a5b");
        let filled = |bytes: usize| format!("{good},x {}", "A".repeat(bytes - good.len() - 3));
        assert!(Announced::read(Some("1"), Some(&filled(MAX_METADATA_BYTES))).is_ok());
        assert!(Announced::read(Some("1"), Some(&filled(MAX_METADATA_BYTES + 1))).is_err());
    }

    #[test]
    fn checksums_are_those_that_are_named() {
        let sum = |header: &str, bytes: &[u8]| {
            let mut sum = Checksum::read(header).unwrap();
            sum.update(bytes);
            sum.fits()
        };
        assert!(sum("sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=", b"hello"));
        assert!(!sum("sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=", b"hellO"));
        assert!(sum("sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", b"hello"));
        for bad in
            ["", "sha1", "md5 XUFAKrxLKna5cZ2REBfFkg==", "sha1 ***", "sha256 qvTGHdzF6KLavt4PO0gs2a6pQ00="]
        {
            assert!(Checksum::read(bad).is_err(), "{bad}");
        }
    }
}
