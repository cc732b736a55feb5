//! One history: devices write and exchange, and things go wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jobsheet_core::record::DocumentId;
use jobsheet_tests::office::Office;
use jobsheet_tests::programs::workspace;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::device::{Device, Mark};
use crate::dice::Dice;
use crate::machine::Machine;
use crate::proxy::{Fault, Proxy};

/// Requests behind the visits.
const NUMBERS: [&str; 2] = ["101001296115", "101001241039"];
/// Ten years, in seconds.
const TEN_YEARS: i64 = 10 * 365 * 24 * 3600;
/// Rounds in which all must be in sync when nothing goes wrong any more.
const ROUNDS: usize = 6;

/// What happened in a history, or in several.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) commands: u64,
    pub(crate) acknowledged: u64,
    pub(crate) spoiled: u64,
    pub(crate) ended_at: BTreeMap<String, u64>,
    pub(crate) servers_restored: u64,
    pub(crate) stores_restored: u64,
    pub(crate) clocks_set: u64,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: &Self) {
        self.commands += other.commands;
        self.acknowledged += other.acknowledged;
        self.spoiled += other.spoiled;
        for (place, count) in &other.ended_at {
            *self.ended_at.entry(place.clone()).or_default() += count;
        }
        self.servers_restored += other.servers_restored;
        self.stores_restored += other.stores_restored;
        self.clocks_set += other.clocks_set;
    }
}

/// What is lost with the disk it was on. One of the two in a history: what both lose, nobody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Restores {
    Server,
    Stores,
}

struct History {
    folder: TempDir,
    dice: Dice,
    machine: Machine,
    proxy: Proxy,
    office: Office,
    visits: Vec<DocumentId>,
    technicians: Vec<String>,
    devices: Vec<Device>,
    office_marks: Vec<Mark>,
    restores: Restores,
    /// A backup of the server, and how much the office had written then.
    backup: Option<(PathBuf, usize)>,
    backups: u32,
    outcome: Outcome,
    steps: Vec<String>,
}

/// Plays a history. What is wrong with it is told with its steps.
pub(crate) fn history(seed: u64) -> Result<Outcome, String> {
    let mut history = History::begin(seed)?;
    let steps = 25 + history.dice.below(20);
    let played = (0..steps).try_for_each(|_| history.step()).and_then(|()| history.settle());
    match played {
        Ok(()) => {
            let mut outcome = history.outcome;
            outcome.ended_at = history.machine.ended_at();
            outcome.spoiled = history.proxy.spoiled();
            Ok(outcome)
        }
        Err(what) => Err(format!("{what}\n  seed {seed}, steps:\n  {}", history.steps.join("\n  "))),
    }
}

impl History {
    fn begin(seed: u64) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let mut dice = Dice::new(seed);
        let (machine, office) = Machine::start(&folder.path().join("server"), seed)?;
        let proxy = Proxy::before(&machine);
        office
            .import(std::fs::read(workspace("sync-server/data/boston-311/service_requests.csv")).unwrap())?;
        let technicians: Vec<String> =
            (1..=1 + dice.below(3)).map(|number| format!("tech-{number}")).collect();
        for technician in &technicians {
            office.technician(technician, technician)?;
        }
        let mut visits = Vec::new();
        for number in &NUMBERS[..=dice.place(NUMBERS.len())] {
            let order = json!({
                "standard": "execution-form", "crew": technicians,
                "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
            });
            let told = office.post(&format!("/v1/requests/{number}/dispatch"), &order)?;
            visits.push(told["visit"].as_str().unwrap().parse().unwrap());
        }
        let mut devices = Vec::new();
        for number in 0..2 + dice.place(5) {
            let technician = &technicians[number % technicians.len()];
            let mut device =
                Device::enrolled(&format!("d{number}"), folder.path(), &office, &proxy.address, technician)?;
            device.sync()?;
            devices.push(device);
        }
        machine.begin_failing();
        let restores = if dice.happens(1, 2) { Restores::Server } else { Restores::Stores };
        Ok(Self {
            folder,
            dice,
            machine,
            proxy,
            office,
            visits,
            technicians,
            devices,
            office_marks: Vec::new(),
            restores,
            backup: None,
            backups: 0,
            outcome: Outcome::default(),
            steps: Vec::new(),
        })
    }

    fn note(&mut self, what: impl Into<String>) {
        self.steps.push(what.into());
    }

    fn step(&mut self) -> Result<(), String> {
        let at = self.dice.place(self.devices.len());
        match self.dice.below(20) {
            0..7 => self.write(at),
            7..12 => self.exchange(at)?,
            12 => self.office_writes(),
            13 => self.set_clock(at),
            14 => {
                self.note("what was held back arrives");
                let turn = self.dice.below(100);
                self.proxy.release(|length| usize::try_from(turn).unwrap() % length);
            }
            15 => {
                self.note("an exchange of before arrives again");
                let turn = self.dice.below(100);
                self.proxy.repeat(|length| usize::try_from(turn).unwrap() % length);
            }
            16 => {
                self.note(format!("{} ends and begins anew", self.devices[at].name));
                self.devices[at].reopen();
            }
            17 => self.back_up(at),
            18 => self.restore(at)?,
            _ if self.dice.happens(1, 3) => {
                self.note("the server is killed");
                self.machine.kill("outside");
            }
            _ => self.write(at),
        }
        Ok(())
    }

    fn write(&mut self, at: usize) {
        for _ in 0..=self.dice.below(3) {
            let visit = self.visits[self.dice.place(self.visits.len())];
            let written = self.devices[at].write(visit, &mut self.dice);
            self.outcome.commands += u64::from(written.is_some());
            self.note(format!("{} writes {written:?} into {visit}", self.devices[at].name));
        }
    }

    fn exchange(&mut self, at: usize) -> Result<(), String> {
        let part = u8::try_from(self.dice.below(256)).unwrap();
        let fault = match self.dice.below(14) {
            0 => Some(Fault::TornRequest(part)),
            1 => Some(Fault::TornReply(part)),
            2 => Some(Fault::Twice),
            3 => Some(Fault::TwiceAtOnce),
            4 => Some(Fault::HeldBack),
            5 => Some(Fault::KilledInRequest(part)),
            6 => Some(Fault::KilledInReply(part)),
            _ => None,
        };
        if let Some(fault) = fault {
            self.proxy.spoil_next(fault);
        }
        let told = self.devices[at].sync();
        self.note(format!("{} exchanges ({fault:?}): {told:?}", self.devices[at].name));
        self.proxy.spoil_none();
        match told {
            Err(broken) if broken.starts_with("BROKEN") => Err(broken),
            _ => Ok(()),
        }
    }

    fn office_writes(&mut self) {
        let visit = self.visits[self.dice.place(self.visits.len())];
        let text = format!("office.{}.", self.office_marks.len() + 1);
        let told = self.office.command(&visit.to_string(), &json!({ "do": "say", "words": text }));
        self.note(format!("the office writes {text} into {visit}: {}", told.is_ok()));
        let may_be_lost = told.is_err();
        self.outcome.commands += 1;
        self.office_marks.push(Mark { visit, text, acknowledged: !may_be_lost, may_be_lost });
    }

    fn set_clock(&mut self, at: usize) {
        let ahead = [-TEN_YEARS, 0, TEN_YEARS][self.dice.place(3)];
        self.outcome.clocks_set += 1;
        if self.dice.happens(1, 4) {
            let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(ahead);
            self.note(format!("the server's clock is set {ahead} s ahead"));
            self.machine.restart(Some(now.to_string()));
        } else {
            self.note(format!("the clock of {} is set {ahead} s ahead", self.devices[at].name));
            self.devices[at].set_clock(ahead);
        }
    }

    fn back_up(&mut self, at: usize) {
        match self.restores {
            Restores::Server => {
                self.note("the server is backed up");
                self.backups += 1;
                let to = self.folder.path().join(format!("server-backup{}", self.backups));
                self.machine.back_up(&to);
                self.backup = Some((to, self.office_marks.len()));
            }
            Restores::Stores => {
                self.note(format!("{} is backed up", self.devices[at].name));
                self.devices[at].back_up();
            }
        }
    }

    fn restore(&mut self, at: usize) -> Result<(), String> {
        match self.restores {
            Restores::Server => {
                let Some((from, marks)) = &self.backup else { return Ok(()) };
                self.machine.restore(from)?;
                // What the office wrote since then has no other copy but by chance.
                self.office_marks[*marks..].iter_mut().for_each(|mark| mark.may_be_lost = true);
                self.outcome.servers_restored += 1;
                self.note("the server is restored from its backup");
            }
            Restores::Stores if self.dice.happens(1, 3) && self.devices.len() < 6 => {
                let copy = self.devices[at].cloned();
                self.note(format!("{} is copied to {}", self.devices[at].name, copy.name));
                self.devices.push(copy);
                self.outcome.stores_restored += 1;
            }
            Restores::Stores => {
                if self.devices[at].restore() {
                    self.outcome.stores_restored += 1;
                    self.note(format!("{} is restored from its backup", self.devices[at].name));
                }
            }
        }
        Ok(())
    }

    /// Nothing goes wrong any more: all must come to have the same, by exchanging alone.
    fn settle(&mut self) -> Result<(), String> {
        self.proxy.spoil_none();
        self.machine.end_failing(None)?;
        self.proxy.release(|_| 0);
        let mut open = String::new();
        for round in 0..ROUNDS {
            open.clear();
            for device in &mut self.devices {
                if let Err(error) = device.sync() {
                    self.steps.push(format!("settling, round {round}: {}: {error}", device.name));
                    open = error;
                }
            }
            if open.is_empty() {
                open = self.differences();
            }
            if open.is_empty() {
                return self.complete();
            }
        }
        Err(format!("not in sync after {ROUNDS} rounds: {open}"))
    }

    /// What keeps the devices from being in sync, in words.
    fn differences(&self) -> String {
        for device in &self.devices {
            let outbox = device.store().outbox().unwrap();
            if !outbox.is_empty() {
                return format!("{} has {} in its outbox", device.name, outbox.len());
            }
            for visit in &self.visits {
                let (here, there) = (device.store().heads(*visit), self.devices[0].store().heads(*visit));
                if here.as_ref().ok() != there.as_ref().ok() || here.is_err() {
                    return format!(
                        "{} has {here:?} of {visit}, {} has {there:?}",
                        device.name, self.devices[0].name
                    );
                }
            }
        }
        String::new()
    }

    /// The server has what all devices have, and all that was acknowledged is in it, once.
    fn complete(&mut self) -> Result<(), String> {
        let technician = &self.technicians[0];
        let mut fresh =
            Device::enrolled("fresh", self.folder.path(), &self.office, &self.proxy.address, technician)?;
        fresh.sync()?;
        let mut wrong = Vec::new();
        for visit in &self.visits {
            let (server, device) = (fresh.store().heads(*visit), self.devices[0].store().heads(*visit));
            if server.as_ref().ok() != device.as_ref().ok() || server.is_err() {
                wrong.push(format!("the server has {server:?} of {visit}, the devices {device:?}"));
            }
        }
        for device in &self.devices {
            let refused = device.store().quarantine().unwrap();
            if !refused.is_empty() {
                wrong.push(format!("{} has in quarantine: {refused:?}", device.name));
            }
        }
        let text: BTreeMap<DocumentId, String> =
            self.visits.iter().map(|visit| (*visit, written(&fresh, *visit))).collect();
        for mark in self.devices.iter().flat_map(|device| &device.marks).chain(&self.office_marks) {
            let found = text[&mark.visit].matches(&mark.text).count();
            self.outcome.acknowledged += u64::from(mark.acknowledged);
            if found > 1 || (found == 0 && !mark.may_be_lost) {
                wrong.push(format!("{mark:?} is there {found} times"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

/// All words, notes and serial numbers of a visit. The marks begin with what they are told apart by.
fn written(device: &Device, visit: DocumentId) -> String {
    let record: Value = serde_json::to_value(device.store().visit(visit).unwrap().record).unwrap();
    let mut text = record["notes"]["steps"].to_string();
    for place in ["talk", "parts"] {
        text.push_str(&record[place].to_string());
    }
    text
}
