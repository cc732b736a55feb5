//! Service standards: packs of rules as data, loaded, checked and compiled.

mod builtin;
mod check;
mod compiled;
pub(crate) mod condition;
mod pack;
mod places;

pub use builtin::{builtin, builtin_ids};
pub use check::{PackError, PackErrors};
pub use compiled::Standard;
pub use pack::*;

/// The JSON Schema of pack format v1, made from the types that read packs.
///
/// ```
/// let schema = jobsheet_core::standard::schema();
/// assert_eq!(schema["title"], "Pack");
/// ```
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Pack).to_value()
}
