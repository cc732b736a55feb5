//! One worker process, seen from the server.

use std::collections::HashSet;
use std::io::{BufReader, BufWriter};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::frame;

/// Name of the hidden command that runs a worker.
pub(super) const COMMAND: &str = "worker";

/// A worker that waits for a job. Dropped, it ends.
pub(super) struct Worker {
    child: Child,
    to: BufWriter<ChildStdin>,
    answers: Receiver<Vec<u8>>,
    /// Packs that it has.
    pub(super) packs: HashSet<[u8; 32]>,
}

/// How a worker died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Death {
    /// It took too long and was ended.
    #[error("it took too long")]
    TooSlow,
    /// It ended by itself: out of memory, out of processor time, or broken.
    #[error("it needed too much memory or time, or broke")]
    Gone,
}

impl Worker {
    /// Starts a worker: this program, without anything that is in this process's environment or data directory.
    pub(super) fn start() -> std::io::Result<Self> {
        let mut child = Command::new(program()?)
            .arg(COMMAND)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::other("the worker has no pipes"));
        };
        let (send, answers) = channel();
        std::thread::Builder::new().name("worker".to_owned()).spawn(move || {
            let mut from = BufReader::new(from);
            while let Ok(Some(answer)) = frame::read(&mut from) {
                if send.send(answer).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { child, to: BufWriter::new(to), answers, packs: HashSet::new() })
    }

    /// Asks it, and waits for its answer.
    pub(super) fn ask(&mut self, message: &[u8], wait: Duration) -> Result<Vec<u8>, Death> {
        frame::write(&mut self.to, message).map_err(|_| Death::Gone)?;
        self.answers.recv_timeout(wait).map_err(|error| match error {
            RecvTimeoutError::Timeout => Death::TooSlow,
            RecvTimeoutError::Disconnected => Death::Gone,
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This very program, even if its file has been replaced meanwhile.
fn program() -> std::io::Result<std::path::PathBuf> {
    let running = std::path::PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { std::env::current_exe() }
}
