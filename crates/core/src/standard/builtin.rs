//! The packs that come with the library.

use std::sync::{Arc, OnceLock};

use super::{PackErrors, Standard};

/// Id and text of each pack.
const PACKS: &[(&str, &str)] = &[
    ("execution-form", include_str!("../../packs/execution-form.toml")),
    ("engineering", include_str!("../../packs/engineering.toml")),
    ("aftersales-rules", include_str!("../../packs/aftersales-rules.toml")),
    ("gas", include_str!("../../packs/gas.toml")),
    ("diesel", include_str!("../../packs/diesel.toml")),
];

/// Hash of each pack, in the same order: to say which packs are held takes no reading of them. `tests/packs.rs` proves them.
const HASHES: [&str; 5] = [
    "4dc8b9cee40dc1c7ba49829ae700161731858780257be8d5201ca57b7e00cea1",
    "7f817ee8940e59f4e3a733197791a5e00da316189e517ce0317b67199a07dbee",
    "6ea45c88e232ec905aa7ddc5c2826751622935570ff6a3696646ef7749a0e281",
    "39bf53b64af3e1e22aee92a076c8e9961ab162a1ec6ebf0ef4a9a409fa492a38",
    "807c15aecd30c48fce6b2ddea0985a801a80548d90d34acf3c5307bbced8137c",
];

type Slot = (&'static str, OnceLock<Arc<Standard>>);

/// Ids of the packs that come with the library.
pub fn builtin_ids() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(id, _)| *id)
}

/// SHA-256 of the packs that come with the library, hexadecimal, as documents pin them.
pub fn builtin_hashes() -> impl Iterator<Item = &'static str> {
    HASHES.into_iter()
}

/// A pack that comes with the library, loaded once per process. `None`: there is none of this id.
///
/// # Errors
/// [`PackErrors`] if the embedded text does not load; the library's own tests load every embedded pack.
///
/// ```
/// let standard = jobsheet_core::standard::builtin("execution-form").unwrap().unwrap();
/// assert_eq!(standard.pack().id, "execution-form");
/// ```
pub fn builtin(id: &str) -> Result<Option<Arc<Standard>>, PackErrors> {
    static LOADED: OnceLock<Vec<Slot>> = OnceLock::new();
    let slots = LOADED.get_or_init(|| PACKS.iter().map(|(id, _)| (*id, OnceLock::new())).collect());
    let Some(((_, slot), (_, source))) = slots.iter().zip(PACKS).find(|((known, _), _)| *known == id) else {
        return Ok(None);
    };
    if let Some(standard) = slot.get() {
        return Ok(Some(standard.clone()));
    }
    let standard = Arc::new(Standard::load(source)?);
    Ok(Some(slot.get_or_init(|| standard).clone()))
}
