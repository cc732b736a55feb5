//! Decoders for cargo-fuzz. `tests/tests/fuzz/` runs the same ones with the corpus on stable Rust.

pub mod decoders;
