//! The standards that documents pin, loaded once and kept.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jobsheet_core::standard::{self, Diagnostic, Level, PackErrors, Standard};
use jobsheet_core::unhex;

use crate::store::{Reading, StoreError};

/// Loaded standards by the hash of their pack.
#[derive(Default)]
pub(crate) struct Standards {
    loaded: Mutex<HashMap<[u8; 32], Arc<Standard>>>,
}

/// A pack of the company that can be taken.
pub(crate) struct Sent {
    /// The whole pack.
    pub(crate) standard: Standard,
    /// What is worth a look, at the lines of what was sent.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Why a standard is not at hand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StandardError {
    /// The id names none.
    #[error("there is no standard `{id}`; there are: {known}")]
    Unknown {
        /// The id.
        id: String,
        /// Ids that are known.
        known: String,
    },
    /// A pack that comes with the server does not load.
    #[error("the pack `{id}` does not load: {reason}")]
    Broken {
        /// Its id.
        id: String,
        /// Why.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Standards {
    /// The standard that new documents follow: the newest of the company's packs of this id, else the one that comes with the
    /// server.
    pub(crate) fn current(&self, tx: &Reading<'_>, id: &str) -> Result<Arc<Standard>, StandardError> {
        let versions = tx.standard_hashes(id)?;
        let order = |version: &str| (Version::parse(version), version.to_owned());
        if let Some((version, sha256)) = versions.iter().max_by_key(|(version, _)| order(version)) {
            let source = || tx.standard_source(id, version);
            return Ok(self.held_or(sha256, source)?);
        }
        if let Some(standard) = self.builtin(id)? {
            return Ok(standard);
        }
        let mut known: Vec<String> = standard::builtin_ids().map(ToOwned::to_owned).collect();
        known.extend(tx.standards()?.into_iter().map(|row| row.id));
        known.dedup();
        Err(StandardError::Unknown { id: id.chars().take(80).collect(), known: known.join(", ") })
    }

    /// A standard that comes with the server, by id. `None`: there is none of this id.
    pub(crate) fn builtin(&self, id: &str) -> Result<Option<Arc<Standard>>, StandardError> {
        let broken = |reason: String| StandardError::Broken { id: id.to_owned(), reason };
        let found = standard::builtin(id).map_err(|errors| broken(errors.to_string()))?;
        if let Some(found) = &found {
            let sha256 = sha256_of(found).ok_or_else(|| broken("its hash is not one".to_owned()))?;
            self.keep(sha256, found.clone());
        }
        Ok(found)
    }

    /// The standard of a pack that a document pins.
    pub(crate) fn pinned(&self, tx: &Reading<'_>, sha256: &[u8; 32]) -> Result<Arc<Standard>, StoreError> {
        self.held_or(sha256, || tx.pack_source(sha256))
    }

    /// A standard from memory, else from its stored text.
    pub(crate) fn held_or(
        &self,
        sha256: &[u8; 32],
        source: impl FnOnce() -> Result<Option<String>, StoreError>,
    ) -> Result<Arc<Standard>, StoreError> {
        let held = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(sha256).cloned();
        if let Some(standard) = held {
            return Ok(standard);
        }
        let damaged =
            |reason: String| StoreError::Damaged { what: "pack", id: jobsheet_core::hex(sha256), reason };
        let source = source()?.ok_or_else(|| damaged("it is not in the store".to_owned()))?;
        let standard = Standard::load(&source).map_err(|errors| damaged(errors.to_string()))?;
        if sha256_of(&standard).as_ref() != Some(sha256) {
            return Err(damaged("its text has another hash".to_owned()));
        }
        let standard = Arc::new(standard);
        self.keep(*sha256, standard.clone());
        Ok(standard)
    }

    /// Reads a pack of the company, whole or as what differs from another, which is found among those that are current.
    pub(crate) fn read(
        &self,
        tx: &Reading<'_>,
        source: &str,
    ) -> Result<Result<Sent, PackErrors>, StandardError> {
        let failed = RefCell::new(None);
        let find = |id: &str| match self.current(tx, id) {
            Ok(standard) => Some(standard),
            Err(StandardError::Unknown { .. }) => None,
            Err(error) => {
                failed.replace(Some(error));
                None
            }
        };
        let read = standard::resolve(source, &find).and_then(|whole| {
            let standard = Standard::load(&whole)?;
            let mut warnings = standard::lint(source, &find);
            warnings.retain(|diagnostic| diagnostic.level == Level::Warning);
            Ok(Sent { standard, warnings })
        });
        failed.into_inner().map_or(Ok(read), Err)
    }

    fn keep(&self, sha256: [u8; 32], standard: Arc<Standard>) {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(sha256, standard);
    }
}

/// The hash of a standard's pack as bytes.
pub(crate) fn sha256_of(standard: &Standard) -> Option<[u8; 32]> {
    unhex(standard.sha256())?.try_into().ok()
}

/// A semantic version, in the order of semver 2.0: a release comes after its candidates, and build metadata count nothing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    numbers: [u64; 3],
    released: bool,
    candidate: Vec<Part>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

impl Version {
    /// Reads a version. `None`: it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, candidate) = match text.split_once('-') {
            Some((numbers, candidate)) => (numbers, Some(candidate)),
            None => (text, None),
        };
        let numbers: Vec<u64> = numbers.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        let part = |text: &str| text.parse().map_or_else(|_| Part::Word(text.to_owned()), Part::Number);
        Some(Self {
            numbers: numbers.try_into().ok()?,
            released: candidate.is_none(),
            candidate: candidate.map(|text| text.split('.').map(part).collect()).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_the_order_of_semver() {
        let order = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0",
            "1.2.0",
            "1.10.0",
            "2.0.0",
        ];
        let read: Vec<Version> = order.iter().map(|text| Version::parse(text).unwrap()).collect();
        assert!(read.is_sorted(), "{read:?}");
        assert_eq!(Version::parse("1.0.0+one"), Version::parse("1.0.0+two"));
        for text in ["", "1", "1.2", "1.2.3.4", "1.x.0", "v1.0.0"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
