//! Ids from the operating system's randomness.

use uuid::Uuid;

use crate::StoreError;

/// Random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Randomness(error.to_string()))?;
    Ok(bytes)
}

/// A random UUID (version 4).
pub(crate) fn uuid() -> Result<Uuid, StoreError> {
    Ok(uuid::Builder::from_random_bytes(bytes()?).into_uuid())
}
