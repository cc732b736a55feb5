//! The machine that the server runs on: it is started again whenever it ends, and its data can be put back from a backup.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jobsheet_tests::office::Office;
use jobsheet_tests::server::{Server, server_command};

use crate::dice::Dice;

/// Where the server can be told to end, as `JOBSHEET_FAILPOINT` names it.
pub(crate) const PLACES: [&str; 5] =
    ["request-read", "judged", "before-commit", "after-commit", "reply-ready"];
/// How often a place is reached, at most, before the server ends there.
const REACHED: u64 = 4;

struct Running {
    server: Option<Server>,
    clock: Option<String>,
    /// Where it is to end, if anywhere.
    place: Option<&'static str>,
    /// Servers end where they are told.
    failing: bool,
    dice: Dice,
    ended_at: BTreeMap<String, u64>,
    broken: Option<String>,
}

/// A server that comes back.
#[derive(Clone)]
pub(crate) struct Machine {
    data: PathBuf,
    pub(crate) port: u16,
    running: Arc<Mutex<Running>>,
}

impl Machine {
    /// Starts a server on a new folder.
    pub(crate) fn start(data: &Path, seed: u64) -> Result<(Self, Office), String> {
        let server = Server::start(data, None, 0)?;
        let office = Office::at(&server.address, server.first_token.as_deref().unwrap_or_default())?;
        let port = server.port();
        let running = Running {
            server: Some(server),
            clock: None,
            place: None,
            failing: false,
            dice: Dice::new(seed ^ 0x5eed),
            ended_at: BTreeMap::new(),
            broken: None,
        };
        let machine = Self { data: data.to_owned(), port, running: Arc::new(Mutex::new(running)) };
        let watched = Arc::downgrade(&machine.running);
        let (data, port) = (machine.data.clone(), port);
        std::thread::spawn(move || {
            while let Some(running) = watched.upgrade() {
                running.lock().unwrap().revive(&data, port);
                drop(running);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Ok((machine, office))
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap()
    }

    /// From now on the server ends at places that the dice choose.
    pub(crate) fn begin_failing(&self) {
        self.running().failing = true;
        self.kill("outside");
    }

    /// From now on the server runs as it should. What broke it before is told.
    pub(crate) fn end_failing(&self, clock: Option<String>) -> Result<(), String> {
        self.running().failing = false;
        self.restart(clock);
        self.running().broken.clone().map_or(Ok(()), Err)
    }

    /// SIGKILL.
    pub(crate) fn kill(&self, why: &str) {
        let mut running = self.running();
        if let Some(server) = running.server.take() {
            let _ = server.kill();
            *running.ended_at.entry(why.to_owned()).or_default() += 1;
        }
        running.revive(&self.data, self.port);
    }

    /// SIGKILL and a start with another clock.
    pub(crate) fn restart(&self, clock: Option<String>) {
        self.running().clock = clock;
        self.kill("outside");
    }

    /// Copies the data as they lie there when the server is killed.
    pub(crate) fn back_up(&self, to: &Path) {
        let mut running = self.running();
        drop(running.server.take());
        copy(&self.data, to);
        running.revive(&self.data, self.port);
    }

    /// Puts a backup in the place of the data, as an operator does.
    pub(crate) fn restore(&self, from: &Path) -> Result<(), String> {
        let mut running = self.running();
        drop(running.server.take());
        std::fs::remove_dir_all(&self.data).unwrap();
        copy(from, &self.data);
        server_command(&self.data, &["restored"])?;
        running.revive(&self.data, self.port);
        Ok(())
    }

    /// How often a server ended, and where.
    pub(crate) fn ended_at(&self) -> BTreeMap<String, u64> {
        self.running().ended_at.clone()
    }
}

impl Running {
    /// Starts the server again if it has ended.
    fn revive(&mut self, data: &Path, port: u16) {
        if let Some(server) = &mut self.server {
            if !server.has_ended() {
                return;
            }
            let place = self.place.unwrap_or("nowhere");
            *self.ended_at.entry(place.to_owned()).or_default() += 1;
            if self.place.is_none() {
                let log = std::fs::read_to_string(data.with_extension("log")).unwrap_or_default();
                self.broken.get_or_insert(format!("the server ended by itself\n{log}"));
            }
        }
        self.server = None;
        self.place = self.failing.then(|| PLACES[self.dice.place(PLACES.len())]);
        let reached = 1 + self.dice.below(REACHED);
        let place = self.place.map(|place| format!("{place}:{reached}"));
        match Server::start_failing(data, self.clock.as_deref(), port, place.as_deref()) {
            Ok(server) => self.server = Some(server),
            Err(error) => {
                self.broken.get_or_insert(error);
            }
        }
    }
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
