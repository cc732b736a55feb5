//! What runs in a worker process: one job after the other, within limits that the operating system keeps.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::Arc;

use jobsheet_core::standard::Standard;
use jobsheet_core::unhex;

use super::Answer;
use super::frame;
use super::limits::{WORKER_MEMORY_BYTES, cpu_seconds};
use crate::admission::{Job, judge};

/// Judges what comes on standard input until it ends, and answers on standard output.
pub(crate) fn work() -> std::io::Result<()> {
    limit_memory();
    // What is judged may be anybody's bytes: a panic says nothing of them.
    std::panic::set_hook(Box::new(|_| {}));
    serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock())
}

fn serve(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<()> {
    let mut packs = HashMap::new();
    while let Some(message) = frame::read(from)? {
        limit_time(message.len());
        let answer = minicbor::decode(&message)
            .map_err(|error| error.to_string())
            .and_then(|mut job| done(&mut job, &mut packs));
        let answer = match answer {
            Ok(done) => Answer::Done(done),
            Err(error) => Answer::Failed(error),
        };
        let answer = minicbor::to_vec(&answer).map_err(std::io::Error::other)?;
        frame::write(to, &answer)?;
    }
    Ok(())
}

fn done(
    job: &mut Job,
    packs: &mut HashMap<[u8; 32], Arc<Standard>>,
) -> Result<crate::admission::Done, String> {
    if let Some(source) = job.pack_source.take() {
        let standard = Standard::load(&source).map_err(|error| error.to_string())?;
        if unhex(standard.sha256()).as_deref() != Some(&job.pack.0) {
            return Err("the pack has another hash than the document pins".to_owned());
        }
        packs.insert(job.pack.0, Arc::new(standard));
    }
    let standard = packs.get(&job.pack.0).ok_or("the pack did not come with the job")?;
    judge(job, standard).map_err(|error| error.to_string())
}

/// From here on no more memory is given than a worker may have; what asks for more ends with the process.
#[cfg(target_os = "linux")]
fn limit_memory() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = Rlimit { current: Some(WORKER_MEMORY_BYTES), maximum: Some(WORKER_MEMORY_BYTES) };
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // A worker that can not be limited does not work.
    if setrlimit(Resource::Data, limit).is_err() || setrlimit(Resource::Core, none).is_err() {
        std::process::exit(1);
    }
}

/// Processor time for one job, on top of what has been used.
#[cfg(target_os = "linux")]
fn limit_time(bytes: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};
    let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or(0);
    let limit =
        Rlimit { current: Some(used + 1 + cpu_seconds(bytes)), maximum: getrlimit(Resource::Cpu).maximum };
    if setrlimit(Resource::Cpu, limit).is_err() {
        std::process::exit(1);
    }
}

/// Other systems do not keep this limit; the server ends a worker that takes too long.
#[cfg(not(target_os = "linux"))]
fn limit_memory() {
    let _ = WORKER_MEMORY_BYTES;
}

/// As [`limit_memory`].
#[cfg(not(target_os = "linux"))]
fn limit_time(bytes: usize) {
    let _ = cpu_seconds(bytes);
}
