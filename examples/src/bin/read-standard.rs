//! Loads a pack file and lists its rules with their clauses: what an author runs while writing one.
//!
//! `cargo run -p jobsheet-examples --bin read-standard -- crates/core/packs/execution-form.toml`

use std::error::Error;

use jobsheet_core::standard::Standard;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: read-standard PACK.toml")?;
    let standard = Standard::load(&std::fs::read_to_string(file)?)?;
    println!("{} {} sha256:{}", standard.pack().id, standard.pack().version, standard.sha256());
    for rule in &standard.pack().rules {
        println!("{:<45} {:<12} {}", rule.id, rule.phase, rule.text.en);
    }
    Ok(())
}
