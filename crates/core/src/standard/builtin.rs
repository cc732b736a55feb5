//! The packs that come with the library.

use std::sync::{Arc, OnceLock};

use super::{PackErrors, Standard};

const PACKS: &[(&str, &str)] = &[
    ("execution-form", include_str!("../../packs/execution-form.toml")),
    ("engineering", include_str!("../../packs/engineering.toml")),
    ("aftersales-rules", include_str!("../../packs/aftersales-rules.toml")),
    ("gas", include_str!("../../packs/gas.toml")),
    ("diesel", include_str!("../../packs/diesel.toml")),
];

type Slot = (&'static str, OnceLock<Arc<Standard>>);

/// Ids of the packs that come with the library.
pub fn builtin_ids() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(id, _)| *id)
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
