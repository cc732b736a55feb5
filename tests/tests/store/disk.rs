//! A layer between `SQLite` and the real files: it keeps a tape of everything that is written below one folder, and can make
//! the n-th of these calls fail.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use rusqlite::ffi;
use rusqlite::layer::{Below, Code, Kind, Layer, LayerFile, register};

/// One thing that happened to the files of a store, by the name of the file.
#[derive(Clone)]
pub(crate) enum Event {
    Write { file: String, at: u64, bytes: Vec<u8> },
    Truncate { file: String, size: u64 },
    Sync { file: String },
    Delete { file: String, durable: bool },
}

/// What a disk does that fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// It is full: from here on nothing can be written until space is made.
    Full,
    /// One call fails, with half of it done.
    Once,
}

#[derive(Default)]
struct State {
    tape: Vec<Event>,
    /// Calls that write, counted from the last `arm`.
    calls: usize,
    armed: Option<(usize, Fault)>,
    failed: usize,
}

/// The disk below one folder.
#[derive(Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

static DISKS: LazyLock<Mutex<HashMap<PathBuf, Disk>>> = LazyLock::new(|| {
    // Before any store is opened: the layers of stores come to stand on this one.
    register("tests-disk", None, true, Box::new(Disks)).unwrap();
    Mutex::default()
});

impl Disk {
    /// Watches a folder. Every test of this program comes through here before it opens a store.
    pub(crate) fn below(folder: &Path) -> Self {
        let disk = Self::default();
        DISKS.lock().unwrap().insert(folder.to_path_buf(), disk.clone());
        disk
    }

    /// How many things have happened.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().tape.len()
    }

    pub(crate) fn tape(&self) -> Vec<Event> {
        self.0.lock().unwrap().tape.clone()
    }

    /// Makes the n-th writing call from now fail.
    pub(crate) fn arm(&self, call: usize, fault: Fault) {
        let mut state = self.0.lock().unwrap();
        (state.calls, state.armed, state.failed) = (0, Some((call, fault)), 0);
    }

    /// The disk works again. How many calls failed.
    pub(crate) fn heal(&self) -> usize {
        let mut state = self.0.lock().unwrap();
        state.armed = None;
        state.failed
    }

    fn happens(&self, event: Event) -> Result<(), Fault> {
        let mut state = self.0.lock().unwrap();
        let call = state.calls;
        state.calls += 1;
        match state.armed {
            Some((at, fault)) if call == at || fault == Fault::Full && call > at => {
                state.failed += 1;
                Err(fault)
            }
            _ => {
                state.tape.push(event);
                Ok(())
            }
        }
    }
}

struct Disks;

impl Layer for Disks {
    fn open(&self, path: Option<&Path>, kind: Kind) -> Result<Box<dyn LayerFile>, Code> {
        let disk = path.and_then(|path| DISKS.lock().unwrap().get(path.parent()?).cloned());
        Ok(match (path.and_then(|path| path.file_name()?.to_str()), disk) {
            (Some(name), Some(disk)) if kind != Kind::Other => {
                Box::new(Watched { name: name.to_owned(), disk })
            }
            _ => Box::new(Unwatched),
        })
    }

    fn delete(&self, path: &Path, durable: bool) -> Result<(), Code> {
        let disk = path.parent().and_then(|folder| DISKS.lock().unwrap().get(folder).cloned());
        if let (Some(disk), Some(name)) = (disk, path.file_name().and_then(|name| name.to_str())) {
            disk.happens(Event::Delete { file: name.to_owned(), durable })
                .map_err(|_| Code(ffi::SQLITE_IOERR_DELETE))?;
        }
        Ok(())
    }
}

struct Unwatched;

impl LayerFile for Unwatched {}

struct Watched {
    name: String,
    disk: Disk,
}

impl LayerFile for Watched {
    fn write(&mut self, below: &Below, bytes: &[u8], at: u64) -> Result<(), Code> {
        match self.disk.happens(Event::Write { file: self.name.clone(), at, bytes: bytes.to_vec() }) {
            Ok(()) => below.write(bytes, at),
            Err(Fault::Full) => Err(Code(ffi::SQLITE_FULL)),
            Err(Fault::Once) => {
                below.write(&bytes[..bytes.len() / 2], at)?;
                Err(Code(ffi::SQLITE_IOERR_WRITE))
            }
        }
    }

    fn truncate(&mut self, below: &Below, size: u64) -> Result<(), Code> {
        match self.disk.happens(Event::Truncate { file: self.name.clone(), size }) {
            // A full disk can still cut files.
            Ok(()) | Err(Fault::Full) => below.truncate(size),
            Err(Fault::Once) => Err(Code(ffi::SQLITE_IOERR_TRUNCATE)),
        }
    }

    fn sync(&mut self, below: &Below) -> Result<(), Code> {
        match self.disk.happens(Event::Sync { file: self.name.clone() }) {
            Ok(()) => below.sync(),
            Err(Fault::Full) => Err(Code(ffi::SQLITE_FULL)),
            Err(Fault::Once) => Err(Code(ffi::SQLITE_IOERR_FSYNC)),
        }
    }
}

/// Pseudo-random numbers (`splitmix64`): a seed gives the same crash every time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound.max(1)
    }
}

/// What of a store's files is certainly on the disk, and what may be.
#[derive(Default, Clone)]
pub(crate) struct Platter {
    files: BTreeMap<String, Vec<u8>>,
    pending: Vec<Event>,
}

impl Platter {
    /// One more thing happens.
    pub(crate) fn take(&mut self, event: &Event) {
        match event {
            Event::Sync { file } | Event::Delete { file, durable: true } => {
                let (mut settled, mut others) = (Vec::new(), Vec::new());
                for event in self.pending.drain(..) {
                    if event.file() == file { settled.push(event) } else { others.push(event) }
                }
                self.pending = others;
                for event in &settled {
                    event.happen(&mut self.files, None);
                }
                event.happen(&mut self.files, None);
            }
            other => self.pending.push(other.clone()),
        }
    }

    /// The files as a loss of power may leave them: of what was not synced, some is there, some is not, some is torn.
    pub(crate) fn after_power_loss(&self, dice: &mut Dice) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files.clone();
        // Some crashes lose nearly everything that was not synced, some nearly nothing.
        let lost = dice.below(5);
        // Of a file that was deleted and made anew the folder names the old one or the new one, never a mixture.
        let mut named: BTreeMap<&str, u64> = BTreeMap::new();
        for event in self.pending.iter().filter(|event| matches!(event, Event::Delete { .. })) {
            *named.entry(event.file()).or_default() += 1;
        }
        for deletions in named.values_mut() {
            *deletions = dice.below(*deletions + 1);
        }
        let mut passed: BTreeMap<&str, u64> = BTreeMap::new();
        for event in &self.pending {
            let (named, passed) =
                (named.get(event.file()).copied().unwrap_or(0), passed.entry(event.file()).or_default());
            if matches!(event, Event::Delete { .. }) {
                *passed += 1;
                if *passed <= named {
                    event.happen(&mut files, None);
                }
            } else if *passed == named && dice.below(4) >= lost {
                let torn = dice.below(6) == 0;
                event.happen(&mut files, torn.then_some(dice));
            }
        }
        files
    }

    /// The files as the death of the process leaves them: the system still has everything.
    pub(crate) fn after_kill(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files.clone();
        for event in &self.pending {
            event.happen(&mut files, None);
        }
        files
    }
}

impl Event {
    fn file(&self) -> &str {
        match self {
            Self::Write { file, .. }
            | Self::Truncate { file, .. }
            | Self::Sync { file }
            | Self::Delete { file, .. } => file,
        }
    }

    fn happen(&self, files: &mut BTreeMap<String, Vec<u8>>, torn: Option<&mut Dice>) {
        match self {
            Self::Write { file, at, bytes } => {
                let content = files.entry(file.clone()).or_default();
                let at = usize::try_from(*at).unwrap();
                let part = match torn {
                    None => 0..bytes.len(),
                    // Half of it, at any byte: the beginning or the end.
                    Some(dice) => {
                        let cut = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
                        if dice.below(2) == 0 { 0..cut } else { cut..bytes.len() }
                    }
                };
                if content.len() < at + part.end {
                    content.resize(at + part.end, 0);
                }
                content[at + part.start..at + part.end].copy_from_slice(&bytes[part]);
            }
            Self::Truncate { file, size } => {
                files.entry(file.clone()).or_default().resize(usize::try_from(*size).unwrap(), 0);
            }
            Self::Delete { file, .. } => {
                files.remove(file);
            }
            Self::Sync { .. } => {}
        }
    }
}

/// Puts files into an empty folder.
pub(crate) fn put(files: &BTreeMap<String, Vec<u8>>, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, content) in files {
        std::fs::write(folder.join(name), content).unwrap();
    }
}
