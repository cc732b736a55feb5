//! A device of a history: a real store, a clock that is set about, and what it has written.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::SignedDuration;
use jobsheet::clock::{Clock, Reading, SystemClock};
use jobsheet::{Options, Store};
use jobsheet_core::record::{Command, DocumentId, NoteEdit};
use jobsheet_tests::office::Office;

use crate::dice::Dice;
use crate::machine::copy;

/// A clock that can be set.
#[derive(Default)]
struct SetClock {
    machine: SystemClock,
    ahead_s: AtomicI64,
}

impl Clock for SetClock {
    fn read(&self) -> Reading {
        let mut reading = self.machine.read();
        reading.wall += SignedDuration::from_secs(self.ahead_s.load(Ordering::SeqCst));
        reading
    }
}

/// Something that a device or the office wrote, which can be told from all else.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) visit: DocumentId,
    pub(crate) text: String,
    /// The server has acknowledged it.
    pub(crate) acknowledged: bool,
    /// It may be lost with what it was written on.
    pub(crate) may_be_lost: bool,
}

/// A copy of a store, and how much had been written into it.
struct Backup {
    folder: PathBuf,
    marks: usize,
}

/// A device.
pub(crate) struct Device {
    pub(crate) name: String,
    folder: PathBuf,
    clock: Arc<SetClock>,
    store: Option<Store>,
    pub(crate) marks: Vec<Mark>,
    backup: Option<Backup>,
    copies: u32,
}

fn open(folder: &Path, clock: &Arc<SetClock>) -> Store {
    let clock: Arc<dyn Clock> = clock.clone();
    Store::open(folder, Options { clock, ..Options::default() }).unwrap()
}

impl Device {
    /// A new device of a technician.
    pub(crate) fn enrolled(
        name: &str,
        below: &Path,
        office: &Office,
        address: &str,
        technician: &str,
    ) -> Result<Self, String> {
        let (folder, clock) = (below.join(name), Arc::<SetClock>::default());
        let store = open(&folder, &clock);
        let code = office.code(technician)?;
        store.enrol(address, &code, name).map_err(|error| format!("{name}: enrol: {error}"))?;
        let name = name.to_owned();
        Ok(Self { name, folder, clock, store: Some(store), marks: Vec::new(), backup: None, copies: 0 })
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Writes something; what the rules refuse is not written.
    pub(crate) fn write(&mut self, visit: DocumentId, dice: &mut Dice) -> Option<String> {
        let text = format!("{}.{}.", self.name, self.marks.len() + 1);
        let command = match dice.below(3) {
            0 => Command::Say { words: text.clone() },
            1 => Command::Note { note: "steps".to_owned(), edit: NoteEdit::Append(text.clone()) },
            _ => Command::ConsumePart {
                number: format!("P-{}", dice.below(3)),
                name: None,
                quantity: 1,
                serial: Some(text.clone()),
                replaces: None,
            },
        };
        // A command that was tried has used its number up, whatever came of it.
        let written = self.store().apply(visit, &command).is_ok();
        self.marks.push(Mark { visit, text: text.clone(), acknowledged: false, may_be_lost: !written });
        written.then_some(text)
    }

    /// Exchanges; what it had written before is acknowledged if that succeeds.
    pub(crate) fn sync(&mut self) -> Result<(), String> {
        let report = self.store().sync(|_| ControlFlow::Continue(())).map_err(|error| error.to_string())?;
        if !report.problems.is_empty() || report.refused > 0 {
            return Err(format!("BROKEN {}: {report:?}", self.name));
        }
        if self.store().outbox().unwrap().is_empty() {
            self.marks.iter_mut().for_each(|mark| mark.acknowledged = true);
        }
        Ok(())
    }

    /// Sets the clock.
    pub(crate) fn set_clock(&self, ahead_s: i64) {
        self.clock.ahead_s.store(ahead_s, Ordering::SeqCst);
    }

    /// The app ends and begins anew.
    pub(crate) fn reopen(&mut self) {
        self.store.take().unwrap().shutdown().unwrap();
        self.store = Some(open(&self.folder, &self.clock));
    }

    /// Keeps a copy of the store.
    pub(crate) fn back_up(&mut self) {
        self.store.take().unwrap().shutdown().unwrap();
        self.copies += 1;
        let folder = self.folder.with_extension(format!("backup{}", self.copies));
        copy(&self.folder, &folder);
        self.backup = Some(Backup { folder, marks: self.marks.len() });
        self.store = Some(open(&self.folder, &self.clock));
    }

    /// Puts the last copy in the place of the store. What only the store had is lost with it.
    pub(crate) fn restore(&mut self) -> bool {
        let Some(backup) = &self.backup else { return false };
        self.store.take().unwrap().shutdown().unwrap();
        std::fs::remove_dir_all(&self.folder).unwrap();
        copy(&backup.folder, &self.folder);
        let lost = self.marks[backup.marks..].iter_mut().filter(|mark| !mark.acknowledged);
        lost.for_each(|mark| mark.may_be_lost = true);
        self.store = Some(open(&self.folder, &self.clock));
        true
    }

    /// A second device with a copy of this one's store: both write on as one device.
    pub(crate) fn cloned(&mut self) -> Self {
        self.store.take().unwrap().shutdown().unwrap();
        self.copies += 1;
        let name = format!("{}c{}", self.name, self.copies);
        let folder = self.folder.with_file_name(&name);
        copy(&self.folder, &folder);
        self.store = Some(open(&self.folder, &self.clock));
        let clock = Arc::<SetClock>::default();
        let store = Some(open(&folder, &clock));
        Self { name, folder, clock, store, marks: Vec::new(), backup: None, copies: 0 }
    }
}
