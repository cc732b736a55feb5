//! What the service record costs: `cargo xtask bench record` runs this and prints one line a bar. One file a bar.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod attach;
mod encryption;
mod history;
mod measure;
mod seal;

use std::path::PathBuf;

use measure::Bar;

fn main() {
    // `cargo test` runs benches once too; there is nothing to test here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let kept = tempfile::tempdir().unwrap();
    let folder =
        std::env::var_os("JOBSHEET_BENCH_FOLDER").map_or_else(|| kept.path().to_owned(), PathBuf::from);
    let mut bars: Vec<Bar> = Vec::new();

    bars.extend(attach::bars(&folder));

    bars.extend(history::bars(&folder));

    bars.extend(encryption::bars(&folder));

    bars.extend(seal::bars(&folder));

    let lines: String = bars.iter().map(Bar::line).collect();
    std::fs::write(folder.join("record.txt"), lines).unwrap();
}
