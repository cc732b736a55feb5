//! A started visit goes from one technician to another while neither has a network: real stores, a real server, a file.

#![allow(clippy::unwrap_used, clippy::panic)]

mod files;
mod order;
mod refused;
mod world;
