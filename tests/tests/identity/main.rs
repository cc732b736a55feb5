//! Who a device is: proved to a real server process with the key that it enrolled with.

#![allow(clippy::unwrap_used, clippy::panic)]

mod clone;
mod lost;
mod tls;
mod tokens;
mod world;
