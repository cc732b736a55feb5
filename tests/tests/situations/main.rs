//! Special situations, each walked from its report to its end under the pack that asks for it: what is shown, what is done in
//! which order, who is told by when, on the technician's device and at the office. A real server process, real devices.
#![allow(clippy::unwrap_used, clippy::panic)]

mod aftersales;
mod alarm;
mod execution;
mod gas;
mod punctual;
mod walk;
#[allow(dead_code, reason = "shared with another test, which uses the rest")]
#[path = "../at_work/world.rs"]
mod world;
