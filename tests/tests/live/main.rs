//! Devices that stay in touch with a real server process: what happens at one is seen at the other without anybody asking.

#![allow(clippy::unwrap_used, clippy::panic)]

mod faults;
mod news;
mod proxy;
mod world;
