//! Devices and a real server process: what happens at one is seen at the other without anybody asking, what went missing is
//! noticed and comes back, and each knows how far the other has come.

#![allow(clippy::unwrap_used, clippy::panic)]

mod faults;
mod held;
mod news;
mod proxy;
mod receipts;
mod world;
