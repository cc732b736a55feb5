//! A device: the `jobsheet` program on a folder of its own, one process a call.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::Outcome;
use crate::programs::program;

/// A device.
#[derive(Debug, Clone)]
pub struct Phone {
    /// Name of the device.
    pub name: String,
    /// Folder of its store.
    pub store: PathBuf,
    /// Where its clock starts in each process (RFC 3339); none: the machine's clock.
    pub clock: Option<String>,
}

/// What one call gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// Exit code.
    pub code: i32,
    /// The JSON on standard output; null if there is none.
    pub json: Value,
    /// Standard output.
    pub text: String,
    /// Standard error.
    pub error: String,
}

impl Phone {
    /// A device with its folder below another.
    pub fn new(name: &str, below: &Path) -> Self {
        Self { name: name.to_owned(), store: below.join(name), clock: None }
    }

    /// The same device with its clock at an instant.
    #[must_use]
    pub fn at(&self, clock: &str) -> Self {
        Self { clock: Some(clock.to_owned()), ..self.clone() }
    }

    fn command(&self, arguments: &[&str]) -> Outcome<Command> {
        let mut command = Command::new(program("jobsheet")?);
        command.arg("--store").arg(&self.store).arg("--json").args(arguments);
        command.env_remove("JOBSHEET_CLOCK");
        if let Some(clock) = &self.clock {
            command.env("JOBSHEET_CLOCK", clock);
        }
        Ok(command)
    }

    /// Calls the program and gives what came of it, whatever the exit code.
    ///
    /// # Errors
    /// If the program can not be started.
    pub fn call(&self, arguments: &[&str]) -> Outcome<Called> {
        let output = self
            .command(arguments)?
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{}: {error}", self.name))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Called {
            code: output.status.code().unwrap_or(-1),
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
            error: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Calls the program and gives its JSON.
    ///
    /// # Errors
    /// If the exit code is not 0.
    pub fn json(&self, arguments: &[&str]) -> Outcome<Value> {
        let called = self.call(arguments)?;
        if called.code == 0 {
            return Ok(called.json);
        }
        Err(format!(
            "{}: {}: exit {}: {}{}",
            self.name,
            arguments.join(" "),
            called.code,
            called.text,
            called.error
        ))
    }

    /// Enrols with a one-time code.
    ///
    /// # Errors
    /// If the exit code is not 0.
    pub fn enrol(&self, server: &str, code: &str) -> Outcome<Value> {
        self.json(&["enrol", "--server", server, "--code", code, "--name", &self.name])
    }

    /// Exchanges with the server.
    ///
    /// # Errors
    /// If the exit code is not 0.
    pub fn sync(&self) -> Outcome<Value> {
        self.json(&["sync"])
    }

    /// Opens a session that takes one JSON command a line.
    ///
    /// # Errors
    /// If the program can not be started.
    pub fn session(&self, visit: &str) -> Outcome<Session> {
        let mut child = self
            .command(&["run", visit])?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.name))?;
        let input = child.stdin.take().ok_or("no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Session { child, input: Some(input), output })
    }

    /// Runs commands on a visit and gives one answer each.
    ///
    /// # Errors
    /// If the session breaks off.
    pub fn run(&self, visit: &str, commands: &[Value]) -> Outcome<Vec<Value>> {
        let mut session = self.session(visit)?;
        let answers = commands.iter().map(|command| session.give(command)).collect::<Outcome<Vec<_>>>()?;
        session.end()?;
        Ok(answers)
    }

    /// Runs commands on a visit, none of which may be refused.
    ///
    /// # Errors
    /// The first refusal.
    pub fn work(&self, visit: &str, commands: &[Value]) -> Outcome<usize> {
        for (command, answer) in commands.iter().zip(self.run(visit, commands)?) {
            if !acknowledged(&answer) {
                return Err(format!("{}: {command} was refused: {answer}", self.name));
            }
        }
        Ok(commands.len())
    }
}

/// Whether an answer of a session is a receipt.
pub fn acknowledged(answer: &Value) -> bool {
    answer.get("change").is_some_and(Value::is_string)
}

/// A running `jobsheet run`.
#[derive(Debug)]
pub struct Session {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Session {
    /// Gives one command and waits for its answer: the receipt, or the error.
    ///
    /// # Errors
    /// If the program ends before it answers.
    pub fn give(&mut self, command: &Value) -> Outcome<Value> {
        let input = self.input.as_mut().ok_or("the session has ended")?;
        writeln!(input, "{command}")
            .and_then(|()| input.flush())
            .map_err(|error| format!("session: {error}"))?;
        let mut line = String::new();
        let read = self.output.read_line(&mut line).map_err(|error| format!("session: {error}"))?;
        if read == 0 {
            return Err(format!("the session ended before it answered {command}"));
        }
        let answer: Value =
            serde_json::from_str(&line).map_err(|error| format!("session: {error}: {line}"))?;
        Ok(match answer.get("receipt") {
            Some(receipt) => receipt.clone(),
            None => answer,
        })
    }

    /// Gives a command without waiting for its answer.
    ///
    /// # Errors
    /// If the program has ended.
    pub fn send(&mut self, command: &Value) -> Outcome<()> {
        let input = self.input.as_mut().ok_or("the session has ended")?;
        writeln!(input, "{command}").and_then(|()| input.flush()).map_err(|error| format!("session: {error}"))
    }

    /// Kills the process at once, as a crash or an empty battery does.
    ///
    /// # Errors
    /// If it can not be killed.
    pub fn kill(mut self) -> Outcome<()> {
        self.child.kill().map_err(|error| format!("session: {error}"))?;
        self.child.wait().map_err(|error| format!("session: {error}"))?;
        Ok(())
    }

    /// Ends the session.
    ///
    /// # Errors
    /// If it breaks off.
    pub fn end(mut self) -> Outcome<()> {
        drop(self.input.take());
        self.child.wait().map_err(|error| format!("session: {error}"))?;
        Ok(())
    }
}
