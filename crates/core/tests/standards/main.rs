//! The five standards that come with the library: each rule kept and broken, each deadline and each figure on both
//! sides, points, facts, and how much a job asks of a person.
//!
//! `tables/PACK.tsv` has one line a rule; `UPDATE_TABLES=1` derives it anew. A scenario is a few words (`scenario.rs`),
//! and every test recomputes what it reads there.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod breaking;
mod clocks;
mod derive;
mod effort;
mod facts;
mod milestones;
mod rules;
mod scenario;
mod score;
mod special;
mod stage;
mod table;
mod thresholds;
