//! Files beside the database: kept, named, shown, given out, checked and swept.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

#[path = "../common/mod.rs"]
mod common;

mod check;
mod evidence;
mod export;
mod hostile;
mod keep;
mod limits;
mod pictures;
mod sequences;
mod sweep;
mod thumbnails;
mod visits;
