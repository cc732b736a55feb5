//! Files on their way between devices and a real server process, through a network that cuts them off.

#![allow(clippy::unwrap_used, clippy::panic)]

mod clients;
mod phones;
mod proxy;
mod world;
