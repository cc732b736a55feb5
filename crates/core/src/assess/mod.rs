//! Judging: what a record satisfies, what is outstanding, what is late, and what to do next, each with its clause.

mod after_signing;
mod calibration;
mod charge;
mod conduct;
mod consequence;
mod facts;
mod finding;
mod incident;
mod item;
mod judge;
mod milestone;
mod next;
mod pairs;
mod privacy;
mod proof;
mod score;
mod stock;
mod value;
mod warranty;

pub use charge::{Bearer, Borne, Charge, ChargeFault, ChargeFinding, ChargeLine, ChargeTotal, charge};
pub use consequence::{Consequence, consequences};
pub use finding::{Assessment, Counts, Finding, Gate, Status, Tally, assess, tally};
pub use incident::{Duty, Guidance, Incident, Notice, Report, incidents, situation};
pub use milestone::{MilestoneState, MilestoneStatus, Told};
pub use next::{NextStep, Why, judge, next};
pub use pairs::{ItemPhotos, PhotoDoubt, PhotoRow, pairs};
pub use proof::Evidence;
pub(crate) use proof::Evidences;
pub use score::{Points, ScoreLine, ScoreState};
pub use warranty::WarrantyStatus;
