//! A store against its disk: crashes at every write with what a disk may make of them, a full disk, failing writes, damaged
//! bytes. `disk.rs` stands between `SQLite` and its files.

#![allow(clippy::unwrap_used, clippy::panic)]

mod crash;
mod damage;
mod disk;
mod failing;
mod work;
