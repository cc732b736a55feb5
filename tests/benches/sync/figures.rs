//! Bars, figures without a bar, and medians.

use std::time::{Duration, Instant};

use crate::plan::Plan;

/// A bar: a figure and the most it may be, both in `unit`.
struct Bar {
    name: String,
    measured: f64,
    limit: f64,
    unit: &'static str,
}

/// What was measured.
#[derive(Default)]
pub(crate) struct Figures {
    bars: Vec<Bar>,
}

impl Figures {
    /// A figure that has a bar.
    pub(crate) fn bar(&mut self, name: impl Into<String>, measured: f64, limit: f64, unit: &'static str) {
        let name = name.into();
        note(&name, measured, unit);
        self.bars.push(Bar { name, measured, limit, unit });
    }

    /// Writes the bars as `cargo xtask bench sync` reads them: one line each. A quick run has none: its sizes are not those of
    /// the bars.
    pub(crate) fn write(&self, plan: &Plan) {
        let line = |bar: &Bar| format!("{} {} {} {}\n", bar.name, bar.measured, bar.limit, bar.unit);
        let lines: String = if plan.quick { String::new() } else { self.bars.iter().map(line).collect() };
        std::fs::write(plan.folder.join("sync.txt"), lines).unwrap();
    }
}

/// Shows a figure.
pub(crate) fn note(name: &str, measured: f64, unit: &str) {
    println!("figure {name:38} {measured:12.3} {unit}");
}

/// What has begun, for whoever waits.
pub(crate) fn begins(what: &str) -> Instant {
    println!("       {what} …");
    Instant::now()
}

/// The middle of some samples.
pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A count as a figure.
#[allow(clippy::cast_precision_loss)] // counts of a bench are far below 2^52
pub(crate) fn number(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}
