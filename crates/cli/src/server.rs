//! Enrolment and sync.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::Here;
use crate::failure::Failure;

/// Enrols this device. The token is never printed.
pub(crate) fn enrol(here: &Here<'_>, server: &str, code: &str, name: Option<String>) -> Result<(), Failure> {
    let name = name.unwrap_or_else(machine_name);
    let enrolment = here.store.enrol(server, code, &name)?;
    let shown = json!({
        "server": enrolment.server,
        "device": enrolment.device,
        "technician": enrolment.technician,
        "name": name,
    });
    here.output.result(&shown, || format!("{} · {} · {}", enrolment.technician, name, enrolment.server))
}

fn machine_name() -> String {
    let named =
        std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    named
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "terminal".to_owned())
}

/// Exchanges work with the server.
pub(crate) fn sync(here: &Here<'_>) -> Result<(), Failure> {
    let bar = bar(here.output.is_json());
    let result = here.store.sync(|progress| {
        let done = u64::from(progress.sent) + u64::from(progress.documents) + u64::from(progress.changes);
        bar.set_length(done + u64::from(progress.to_send) + u64::from(progress.more));
        bar.set_position(done);
        let files = progress.files;
        if files.bytes > 0 {
            bar.set_length(files.bytes);
            bar.set_position(files.bytes_sent);
            bar.set_message(format!("↑ {} ({})", files.files_sent, files.files_to_send));
            return ControlFlow::Continue(());
        }
        bar.set_message(format!(
            "↑ {} ({})  ↓ {}",
            progress.sent,
            progress.to_send,
            progress.documents + progress.changes
        ));
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    let report = result?;
    here.output.result(&report, || {
        let words = here.output.words;
        let mut out = format!(
            "↑ {} · ↓ {} + {} · {} B ↑ · {} B ↓",
            report.accepted, report.documents, report.changes, report.bytes_sent, report.bytes_received
        );
        if report.refused > 0 {
            let _ = write!(out, "\n{} {}: jobsheet quarantine", report.refused, words.refused);
        }
        if report.renewed > 0 {
            let _ = write!(out, "\n{} {}", report.renewed, words.renewed);
        }
        if report.healed > 0 {
            let _ = write!(out, "\n{} {}", report.healed, words.healed);
        }
        if report.pending > 0 {
            let _ = write!(out, "\n{} {}", report.pending, words.unsent);
        }
        if report.revoked > 0 {
            let _ = write!(out, "\n− {}", report.revoked);
        }
        let files = &report.files;
        if files.sent > 0 {
            let _ = write!(out, "\n↑ {} {} · {} B", files.sent, words.files, files.bytes_sent);
        }
        if files.waiting > 0 {
            let _ = write!(out, "\n{} {}: {}", files.waiting, words.files, words.to_send);
        }
        for problem in &files.problems {
            let _ = write!(out, "\n{}: {} {}", words.error, problem.sha256, problem.reason);
        }
        if let Some(stopped) = &files.stopped {
            let _ = write!(out, "\n{}: {stopped}", words.to_send);
        }
        for problem in &report.problems {
            let visit = problem.visit.map(|visit| visit.to_string()).unwrap_or_default();
            let _ = write!(out, "\n{}: {visit} {}", words.error, problem.reason);
        }
        out
    })
}

/// A bar on a terminal; nothing where nobody looks.
fn bar(json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:24} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
