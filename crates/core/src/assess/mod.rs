//! Judging: what a record satisfies, what is outstanding, what is late, and what to do next, each with its clause.

mod finding;
mod milestone;
mod next;
mod proof;
mod score;
mod warranty;

pub use finding::{Assessment, Counts, Finding, Gate, Status, Tally, assess, tally};
pub use milestone::{MilestoneState, MilestoneStatus, Told};
pub use next::{Consequence, NextStep, Why, consequences, judge, next};
pub use proof::Evidence;
pub(crate) use proof::Evidences;
pub use score::{Points, ScoreLine, ScoreState};
pub use warranty::WarrantyStatus;
