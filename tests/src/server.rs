//! A real server process.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Outcome;
use crate::programs::program;

const PATIENCE: Duration = Duration::from_secs(30);

/// A running `jobsheet-server serve`. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Data folder.
    pub data: PathBuf,
    /// Address, such as `http://127.0.0.1:41234`.
    pub address: String,
    /// The office token that was printed at the first start.
    pub first_token: Option<String>,
}

impl Server {
    /// Starts a server on a data folder. `clock`: where its clock starts (RFC 3339); none: the machine's. `port` 0: any.
    ///
    /// # Errors
    /// If it does not say within 30 seconds that it listens.
    pub fn start(data: &Path, clock: Option<&str>, port: u16) -> Outcome<Self> {
        Self::start_with(data, clock, port, &[])
    }

    /// Starts a server with further arguments.
    ///
    /// # Errors
    /// If it does not say within 30 seconds that it listens.
    pub fn start_with(data: &Path, clock: Option<&str>, port: u16, further: &[&str]) -> Outcome<Self> {
        Self::spawn(data, clock, port, further, None)
    }

    /// Starts a server that ends at once when it reaches a place for the n-th time: `place` is `NAME:N`. Only a server that was
    /// built with debug assertions has such places.
    ///
    /// # Errors
    /// If it does not say within 30 seconds that it listens.
    pub fn start_failing(data: &Path, clock: Option<&str>, port: u16, place: Option<&str>) -> Outcome<Self> {
        Self::spawn(data, clock, port, &[], place)
    }

    fn spawn(
        data: &Path,
        clock: Option<&str>,
        port: u16,
        further: &[&str],
        place: Option<&str>,
    ) -> Outcome<Self> {
        let mut command = Command::new(program("jobsheet-server")?);
        if let Some(place) = place {
            command.env("JOBSHEET_FAILPOINT", place);
        }
        command.arg("serve").arg("--data").arg(data).args(["--listen", &format!("127.0.0.1:{port}")]);
        if let Some(clock) = clock {
            command.args(["--clock", clock]);
        }
        command.args(further);
        let log =
            std::fs::File::create(data.with_extension("log")).map_err(|error| format!("log: {error}"))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(|error| format!("server: {error}"))?;
        let stdout = child.stdout.take().ok_or("server: no output")?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut first_token = None;
        let started = Instant::now();
        let address = loop {
            let line = match lines.recv_timeout(PATIENCE.saturating_sub(started.elapsed())) {
                Ok(line) => line,
                Err(error) => {
                    let _ = child.kill();
                    let log = std::fs::read_to_string(data.with_extension("log")).unwrap_or_default();
                    return Err(format!("the server did not start: {error}\n{log}"));
                }
            };
            if let Some(token) = line.strip_prefix("office token: ") {
                first_token = Some(token.trim().to_owned());
            }
            if let Some(address) = line.strip_prefix("listening on ") {
                break address.trim().to_owned();
            }
        };
        Ok(Self { child, data: data.to_owned(), address, first_token })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0)
    }

    /// Id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether its process has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// If there is no such process.
    pub fn signal(&self, told: Signal) -> Outcome<()> {
        signal(&self.child, told)
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// If it does not stop within 30 seconds, or not with success.
    pub fn stop(mut self) -> Outcome<()> {
        signal(&self.child, Signal::TERM)?;
        let started = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("the server stopped with {status}")),
                Ok(None) if started.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
                Ok(None) => return Err("the server did not stop".to_owned()),
                Err(error) => return Err(format!("server: {error}")),
            }
        }
    }

    /// Kills it at once.
    ///
    /// # Errors
    /// If it can not be killed.
    pub fn kill(mut self) -> Outcome<()> {
        self.child.kill().map_err(|error| format!("server: {error}"))?;
        self.child.wait().map_err(|error| format!("server: {error}"))?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a child process.
///
/// # Errors
/// If there is no such process.
pub fn signal(child: &Child, signal: Signal) -> Outcome<()> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or("no process")?;
    kill_process(pid, signal).map_err(|error| format!("signal: {error}"))
}

/// Runs one command of `jobsheet-server` on a data folder and gives what it prints.
///
/// # Errors
/// What it prints on its error output, if it fails.
pub fn server_command(data: &Path, arguments: &[&str]) -> Outcome<String> {
    let output = Command::new(program("jobsheet-server")?)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("server: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!(
        "{} {}: {text}{}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    ))
}
