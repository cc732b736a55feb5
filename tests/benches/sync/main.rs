//! What sync costs, in whole processes over loopback: `cargo xtask bench sync` runs this and prints one line a bar. A real server
//! process, real stores of devices in this process, a proxy between them that counts bytes. Floors are taken in the same run.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod changed;
mod devices;
mod figures;
mod first;
mod floor;
mod growth;
mod idle;
mod live;
mod plan;
mod process;
mod proxy;
mod shift;
mod thousand;
mod world;

use figures::Figures;
use plan::Plan;

fn main() {
    // `cargo test` runs benches once too; there is nothing to test here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let plan = Plan::read();
    let mut figures = Figures::default();
    let commits = floor::commits(&plan.folder.join("bare")).into_iter().map(figures::ms).collect();
    figures::note("floor bare SQLite commit, p50", figures::median(commits), "ms");
    if plan.wants("w1") {
        shift::measure(&plan, &mut figures);
    }
    if ["w2", "w3", "w4"].iter().any(|name| plan.wants(name)) {
        thousand::measure(&plan, &mut figures);
    }
    if plan.wants("w5") {
        live::measure(&plan, &mut figures);
    }
    if plan.wants("growth") {
        growth::measure(&plan, &mut figures);
    }
    figures.write(&plan);
}
