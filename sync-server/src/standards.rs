//! The standards that visits pin, loaded once and kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jobsheet_core::standard::{self, Standard};
use jobsheet_core::unhex;

use crate::store::{Reading, StoreError};

/// Loaded standards by the hash of their pack.
#[derive(Default)]
pub(crate) struct Standards {
    loaded: Mutex<HashMap<[u8; 32], Arc<Standard>>>,
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
}

impl Standards {
    /// A standard that comes with the server, by id.
    pub(crate) fn builtin(&self, id: &str) -> Result<Arc<Standard>, StandardError> {
        let broken = |reason: String| StandardError::Broken { id: id.to_owned(), reason };
        let found = standard::builtin(id).map_err(|errors| broken(errors.to_string()))?.ok_or_else(|| {
            let known = standard::builtin_ids().collect::<Vec<_>>().join(", ");
            StandardError::Unknown { id: id.chars().take(80).collect(), known }
        })?;
        let sha256 = sha256_of(&found).ok_or_else(|| broken("its hash is not one".to_owned()))?;
        self.keep(sha256, found.clone());
        Ok(found)
    }

    /// The standard of a pack that a visit pins: from memory, else from the store.
    pub(crate) fn pinned(&self, tx: &Reading<'_>, sha256: &[u8; 32]) -> Result<Arc<Standard>, StoreError> {
        let held = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(sha256).cloned();
        if let Some(standard) = held {
            return Ok(standard);
        }
        let damaged =
            |reason: String| StoreError::Damaged { what: "pack", id: jobsheet_core::hex(sha256), reason };
        let source = tx.pack_source(sha256)?.ok_or_else(|| damaged("it is not in the store".to_owned()))?;
        let standard = Standard::load(&source).map_err(|errors| damaged(errors.to_string()))?;
        if sha256_of(&standard).as_ref() != Some(sha256) {
            return Err(damaged("its text has another hash".to_owned()));
        }
        let standard = Arc::new(standard);
        self.keep(*sha256, standard.clone());
        Ok(standard)
    }

    fn keep(&self, sha256: [u8; 32], standard: Arc<Standard>) {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(sha256, standard);
    }
}

/// The hash of a standard's pack as bytes.
pub(crate) fn sha256_of(standard: &Standard) -> Option<[u8; 32]> {
    unhex(standard.sha256())?.try_into().ok()
}
