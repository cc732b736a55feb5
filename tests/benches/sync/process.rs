//! What a server and its workers have used, from `/proc`.

use std::fs;
use std::time::Duration;

/// A second has this many ticks on every Linux that people run.
const TICKS_PER_SECOND: u64 = 100;

/// Fields of `/proc/PID/stat` after the name: state, parent, and so on.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split_whitespace().map(ToOwned::to_owned).collect())
}

fn number(fields: &[String], at: usize) -> u64 {
    fields.get(at).and_then(|field| field.parse().ok()).unwrap_or(0)
}

/// Processes below a process, those below these included.
pub(crate) fn below(pid: u32) -> Vec<u32> {
    let all: Vec<(u32, u32)> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|child| Some((child, u32::try_from(number(&stat(child)?, 1)).ok()?)))
        .collect();
    let mut found = Vec::new();
    let mut next = vec![pid];
    while let Some(parent) = next.pop() {
        let children = all.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child);
        for child in children {
            found.push(child);
            next.push(child);
        }
    }
    found
}

/// Processor time of a process, of all below it, and of those below it that have ended.
pub(crate) fn cpu(pid: u32) -> Duration {
    let of = |pid: u32| -> u64 {
        let fields = stat(pid).unwrap_or_default();
        // utime, stime, and both of children that have been waited for.
        (11..15).map(|at| number(&fields, at)).sum()
    };
    let ticks: u64 = std::iter::once(pid).chain(below(pid)).map(of).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

fn status(pid: u32, field: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Most resident bytes of a process since [`forget_peaks`].
pub(crate) fn peak(pid: u32) -> u64 {
    status(pid, "VmHWM")
}

/// Most resident bytes of any process below a process.
pub(crate) fn peak_below(pid: u32) -> Option<u64> {
    below(pid).into_iter().map(peak).max()
}

/// Peaks of a process and of all below it count from now on.
pub(crate) fn forget_peaks(pid: u32) {
    for pid in std::iter::once(pid).chain(below(pid)) {
        let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
    }
}

/// Processor time of the calling thread.
pub(crate) fn of_this_thread() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
