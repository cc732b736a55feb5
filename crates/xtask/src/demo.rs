//! `cargo xtask demo`: the main job end to end, on one machine, by one command.

use std::time::Instant;

use clap::Args;
use jobsheet_tests::story;

use crate::shell::{self, Outcome, cargo, target};

#[derive(Args)]
pub(crate) struct Options {
    /// Leaves the server up and prints its address; Ctrl-C stops it.
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    shell::run("build", cargo().args(["build", "--quiet", "-p", "jobsheet-server", "-p", "jobsheet-cli"]))?;
    let folder = target().join("demo");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let started = Instant::now();
    let (story, server) = story::tell(&folder, &mut |line| println!("{line}"))?;
    println!(
        "demo    {} visits, {} changes acknowledged, {} lost, {} refused by rules, {} unsent, in {:.1} s",
        story.visits,
        story.acknowledged,
        story.lost,
        story.refusals.len(),
        story.unsent,
        started.elapsed().as_secs_f64()
    );
    if story.lost > 0 || story.killed.0 != story.killed.1 || story.conflicts.1 > 0 || story.unsent > 0 {
        return Err("the demonstration lost something; see above".to_owned());
    }
    if options.keep {
        println!("demo    the server is up at {}; stop it with Ctrl-C", server.address);
        loop {
            std::thread::park();
        }
    }
    server.stop()
}
