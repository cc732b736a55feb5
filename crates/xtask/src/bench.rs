//! `cargo xtask bench`: measures, and compares with the bars. One line a bar; exit 1 if one is missed.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::shell::{self, Outcome, cargo, target};

#[derive(Args)]
pub(crate) struct Options {
    /// What to measure.
    what: What,
    /// Of `sync`: what alone, separated by commas: w1, w2, w3, w4, w5, growth.
    #[arg(long, value_name = "NAMES")]
    only: Option<String>,
    /// Of `sync`: smaller sizes, for a look while something is being changed. There are no bars then.
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// One device: apply, open, list, assess, memory.
    Local,
    /// The five packs: load, judge, size.
    Standards,
    /// The service record: attach, history.
    Record,
    /// Sync, in whole processes over loopback.
    Sync,
}

/// A bar: a figure in its unit and the most it may be.
struct Bar<'a> {
    name: &'a str,
    measured: f64,
    limit: f64,
    unit: &'a str,
}

pub(crate) fn run(options: &Options) -> Outcome {
    match options.what {
        What::Local => local(),
        What::Standards => standards(),
        What::Record => report_lines(&measured("record")?.join("record.txt")),
        What::Sync => sync(options),
    }
}

/// An empty folder for the figures of a bench.
fn emptied(bench: &str) -> Result<PathBuf, String> {
    let folder = target().join(format!("bench-{bench}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// Runs a bench with an empty folder for its figures.
fn measured(bench: &str) -> Result<PathBuf, String> {
    let folder = emptied(bench)?;
    let mut command = cargo();
    command.args(["bench", "-p", "jobsheet-tests", "--bench", bench]).env("JOBSHEET_BENCH_FOLDER", &folder);
    shell::run(&format!("bench {bench}"), &mut command)?;
    Ok(folder)
}

fn standards() -> Outcome {
    let folder = measured("standards")?;
    let figures = figures(&folder, "standards")?;
    let [load, cold, warm, embedded] = figures[..] else {
        return Err("bench standards wrote other figures than expected".to_owned());
    };
    report(&[
        Bar { name: "load-and-check-five-packs", measured: load / 1e3, limit: 50.0, unit: "ms" },
        Bar { name: "assess-largest-cold", measured: cold / 1e3, limit: 1.0, unit: "ms" },
        Bar { name: "assess-largest-warm", measured: warm, limit: 200.0, unit: "us" },
        Bar { name: "embedded-packs", measured: embedded / 1e3, limit: 600.0, unit: "kB" },
    ])
}

/// The bench starts the server, so both are built, alike: optimised as a release, but each crate by itself.
fn sync(options: &Options) -> Outcome {
    let folder = emptied("sync")?;
    let profile = ["build", "--profile", "bench"];
    let server = ["-p", "jobsheet-server", "--bin", "jobsheet-server"];
    let bench = ["-p", "jobsheet-tests", "--bench", "sync"];
    shell::run("build the server", cargo().args(profile).args(server).args(bench))?;
    let mut command = cargo();
    command.args(["bench", "-p", "jobsheet-server", "-p", "jobsheet-tests", "--bench", "sync"]);
    command.env("JOBSHEET_BENCH_FOLDER", &folder);
    command.env_remove("JOBSHEET_BENCH_ONLY").env_remove("JOBSHEET_BENCH_QUICK");
    if let Some(only) = &options.only {
        command.env("JOBSHEET_BENCH_ONLY", only);
    }
    if options.quick {
        command.env("JOBSHEET_BENCH_QUICK", "1");
    }
    shell::run("bench sync", &mut command)?;
    if options.quick {
        println!("quick: the sizes are not those of the bars, so no bar is judged");
    }
    report_lines(&folder.join("sync.txt"))
}

/// Bars that a bench names itself, one line each: name, measured, limit, unit (which may be empty).
fn report_lines(file: &Path) -> Outcome {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut bars = Vec::new();
    for line in text.lines() {
        let wrong = || format!("{}: not a bar: {line}", file.display());
        let [name, measured, limit, unit] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(wrong());
        };
        let (measured, limit) = (measured.parse().map_err(|_| wrong())?, limit.parse().map_err(|_| wrong())?);
        bars.push(Bar { name, measured, limit, unit });
    }
    report(&bars)
}

fn local() -> Outcome {
    let folder = measured("local")?;
    let memory = resident_bytes(&folder)?;

    let (commit, apply) = pair(&folder, "apply")?;
    let (load, open) = pair(&folder, "open")?;
    let (edit, command) = pair(&folder, "edit")?;
    let list = median("list the first 50 of 10000 visits")?;
    let assess = median("assess one visit")?;
    println!("floor  bare SQLite FULL commit      {commit:9.1} us");
    println!("figure apply one answer, durable    {apply:9.1} us");
    println!("floor  bare Automerge edit          {edit:9.1} us");
    println!("figure command without the store    {command:9.1} us");
    println!("apply over both floors together     {:9.2} x", apply / (commit + edit));
    println!("floor  Automerge::load, 99 changes  {load:9.1} us");
    println!("figure open a cold visit            {open:9.1} us");
    report(&[
        Bar { name: "apply-over-bare-commit", measured: apply / commit, limit: 2.0, unit: "x" },
        Bar { name: "open-over-load", measured: open / load, limit: 2.0, unit: "x" },
        Bar { name: "list-first-page", measured: list / 1e6, limit: 5.0, unit: "ms" },
        Bar { name: "assess", measured: assess / 1e6, limit: 1.0, unit: "ms" },
        Bar { name: "resident-memory", measured: memory / 1e6, limit: 60.0, unit: "MB" },
    ])
}

fn report(bars: &[Bar]) -> Outcome {
    let mut missed = 0;
    for bar in bars {
        let ok = bar.measured <= bar.limit;
        missed += usize::from(!ok);
        let verdict = if ok { "ok" } else { "missed" };
        println!("BAR {} {:.3}{unit} {}{unit} {verdict}", bar.name, bar.measured, bar.limit, unit = bar.unit);
    }
    if missed == 0 { Ok(()) } else { Err(format!("{missed} of {} bars missed", bars.len())) }
}

/// Medians of a floor and of the figure beside it, in microseconds, as the bench wrote them.
fn pair(folder: &Path, name: &str) -> Result<(f64, f64), String> {
    match figures(folder, name)?[..] {
        [floor, figure] => Ok((floor, figure)),
        _ => Err(format!("{name}.txt: not two figures")),
    }
}

/// Figures as a bench wrote them, in one line.
fn figures(folder: &Path, name: &str) -> Result<Vec<f64>, String> {
    let file = folder.join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect())
}

/// Median time of one iteration in nanoseconds, as Criterion stored it.
fn median(name: &str) -> Result<f64, String> {
    let file = target().join("criterion").join(name).join("new/estimates.json");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let estimates: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    estimates["median"]["point_estimate"].as_f64().ok_or_else(|| format!("{}: no median", file.display()))
}

/// Resident memory of a fresh process with the big store open: the compiled bench, started once more in its memory mode.
fn resident_bytes(folder: &Path) -> Result<f64, String> {
    let output = cargo()
        .args(["bench", "--quiet", "-p", "jobsheet-tests", "--bench", "local"])
        .env("JOBSHEET_BENCH_FOLDER", folder)
        .env("JOBSHEET_BENCH_MEMORY", "1")
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let kilobytes = text
        .lines()
        .find_map(|line| line.strip_prefix("resident "))
        .and_then(|line| line.split_whitespace().next())
        .and_then(|number| number.parse::<f64>().ok());
    kilobytes.map(|number| number * 1024.0).ok_or_else(|| format!("no memory figure in: {text}"))
}
