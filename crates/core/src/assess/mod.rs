//! Judging: what a record satisfies, what is outstanding, what is late, and what to do next, each with its clause.

mod finding;
mod milestone;
mod next;
mod proof;

pub use finding::{Assessment, Counts, Finding, Gate, Status, Tally, assess, tally};
pub use milestone::{MilestoneState, MilestoneStatus};
pub use next::{NextStep, Why, judge, next};
pub use proof::Evidence;
pub(crate) use proof::Evidences;
