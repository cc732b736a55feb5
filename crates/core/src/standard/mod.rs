//! Service standards: packs of rules as data, loaded, checked and compiled.

mod builtin;
mod clock;
mod compiled;
pub(crate) mod condition;
mod course;
mod duty;
mod engine;
mod lint;
mod matter;
mod overlay;
mod pack;
mod rule;
mod situation;

pub use builtin::{builtin, builtin_hashes, builtin_ids};
pub use clock::*;
pub use compiled::Standard;
pub use course::Course;
pub use duty::*;
pub use engine::engine_events;
pub(crate) use engine::is_engine_event;
pub use lint::{Diagnostic, Level, MAX_TABLES, PackErrors, lint, lint_codes, resolve};
pub use matter::*;
pub use overlay::{Disable, Extends, FlowAdditions, NewState, Overlay, Override, overlay_schema};
pub use pack::*;
pub use rule::*;
pub use situation::*;

/// The JSON Schema of pack format v1, made from the types that read packs.
///
/// ```
/// let schema = jobsheet_core::standard::schema();
/// assert_eq!(schema["title"], "Pack");
/// ```
pub fn schema() -> serde_json::Value {
    lint::strict(schemars::schema_for!(Pack).to_value())
}
