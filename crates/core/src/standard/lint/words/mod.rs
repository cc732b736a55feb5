//! What is said of every kind of fault, English and Chinese side by side.

pub(in crate::standard) mod checks;
pub(in crate::standard) mod conditions;
pub(in crate::standard) mod flow;
pub(in crate::standard) mod names;
pub(in crate::standard) mod overlay;
pub(in crate::standard) mod shape;

use super::fault::Fault;

/// Every fault there is.
pub(super) fn all() -> impl Iterator<Item = &'static Fault> {
    [shape::ALL, names::ALL, flow::ALL, checks::ALL, conditions::ALL, overlay::ALL]
        .into_iter()
        .flatten()
        .copied()
}
