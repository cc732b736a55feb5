//! Jobsheet.
fn main() {}
