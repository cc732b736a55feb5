//! Sync under faults: seeded histories of several devices, an office and a server that ends at every step of an exchange. Whatever
//! happens, in the end all have the same, and nothing that was acknowledged is lost.
//!
//! `JOBSHEET_SYNC_HISTORIES` histories from `JOBSHEET_SYNC_SEED` on; `cargo xtask prove sync` is the long form.
#![allow(clippy::unwrap_used, clippy::panic)]

mod device;
mod dice;
mod history;
mod machine;
mod proxy;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use history::{Outcome, history};

/// Histories of an ordinary run.
const HISTORIES: u64 = 24;
/// Seed of the first.
const SEED: u64 = 1;
/// Histories that once failed, and are beyond those.
const ONCE_FAILED: [u64; 1] = [826];
/// Histories at once: most of their time devices wait for a server that starts again.
const AT_ONCE: usize = 6;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn every_history_ends_in_sync_with_all_that_was_acknowledged() {
    let chosen = number("JOBSHEET_SYNC_SEED").is_some();
    let first = number("JOBSHEET_SYNC_SEED").unwrap_or(SEED);
    let last = first + number("JOBSHEET_SYNC_HISTORIES").unwrap_or(HISTORIES);
    let mut seeds: Vec<u64> = (first..last).collect();
    if !chosen {
        seeds.extend(ONCE_FAILED);
    }
    let (next, started) = (AtomicUsize::new(0), Instant::now());
    let outcomes = Mutex::new(Vec::<(u64, Result<Outcome, String>)>::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::SeqCst)).copied() {
                    let outcome = history(seed);
                    if let Err(what) = &outcome {
                        println!("history {seed} failed:\n{what}\n");
                    }
                    outcomes.lock().unwrap().push((seed, outcome));
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let failed: Vec<u64> =
        outcomes.iter().filter(|(_, outcome)| outcome.is_err()).map(|(seed, _)| *seed).collect();
    let mut whole = Outcome::default();
    for outcome in outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().ok()) {
        whole.add(outcome);
    }
    let places: BTreeMap<&String, &u64> = whole.ended_at.iter().collect();
    println!(
        "{} histories in {:.0} s: {} commands, {} of them acknowledged by the server, {} requests spoiled, {} servers ended \
         ({places:?}), {} restored, {} stores restored or copied, {} clocks set; {} histories failed",
        outcomes.len(),
        started.elapsed().as_secs_f64(),
        whole.commands,
        whole.acknowledged,
        whole.spoiled,
        whole.ended_at.values().sum::<u64>(),
        whole.servers_restored,
        whole.stores_restored,
        whole.clocks_set,
        failed.len()
    );
    assert!(failed.is_empty(), "histories that failed, by seed: {failed:?}");
    assert_eq!(outcomes.len(), seeds.len());
}
