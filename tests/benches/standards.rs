//! What the standards cost: `cargo xtask bench standards` reads the figures and compares them with the bars.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jobsheet_core::assess::assess;
use jobsheet_core::rehearse::Rehearsal;
use jobsheet_core::standard::{Standard, builtin, builtin_ids};

const ROUNDS: usize = 60;
const WARM_ROUNDS: usize = 2_000;

fn sources() -> Vec<String> {
    builtin_ids().map(|id| builtin(id).unwrap().unwrap().source().to_owned()).collect()
}

/// Median in microseconds.
fn median(mut samples: Vec<Duration>) -> f64 {
    samples.sort();
    samples[samples.len() / 2].as_secs_f64() * 1e6
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    black_box(work());
    started.elapsed()
}

fn main() {
    // `cargo test` runs benches once too; there is nothing to test here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let sources = sources();
    let load = median(
        (0..ROUNDS)
            .map(|_| {
                timed(|| sources.iter().for_each(|source| drop(black_box(Standard::load(source).unwrap()))))
            })
            .collect(),
    );
    let parse = median(
        (0..ROUNDS)
            .map(|_| {
                timed(|| {
                    for source in &sources {
                        black_box(source.parse::<toml::Table>().unwrap());
                    }
                })
            })
            .collect(),
    );

    let largest =
        sources.iter().max_by_key(|source| Standard::load(source).unwrap().pack().rules.len()).unwrap();
    let standard = Standard::load(largest).unwrap();
    let visits = standard.pack().jobs.iter().filter(|job| job.kind == jobsheet_core::standard::Kind::Visit);
    let worked = visits
        .map(|job| Rehearsal::of(&standard, &job.id).run().unwrap())
        .max_by_key(|done| done.given.len())
        .unwrap();
    let (record, now) = (worked.document.record(), worked.now.instant());
    let findings = assess(record, &standard, now).findings.len();
    let cold = median(
        (0..ROUNDS)
            .map(|_| {
                let fresh = Standard::load(largest).unwrap();
                timed(|| assess(record, &fresh, now))
            })
            .collect(),
    );
    let warm = median((0..WARM_ROUNDS).map(|_| timed(|| assess(record, &standard, now))).collect());
    let embedded: usize = sources.iter().map(String::len).sum();

    println!(
        "largest pack {} with {} rules; job {} has {findings} findings",
        standard.pack().id,
        standard.pack().rules.len(),
        worked.job.id
    );
    println!("floor  parse five packs as TOML   {:9.2} ms", parse / 1e3);
    println!("figure load and check five packs  {:9.2} ms", load / 1e3);
    println!("figure assess, cold               {cold:9.1} us");
    println!("figure assess, warm               {warm:9.1} us");
    println!("figure embedded packs             {embedded:9} bytes");
    if let Some(folder) = std::env::var_os("JOBSHEET_BENCH_FOLDER").map(PathBuf::from) {
        std::fs::write(folder.join("standards.txt"), format!("{load} {cold} {warm} {embedded}")).unwrap();
    }
}
