//! A whole visit with photos and syncs, and a crash at every write of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use jobsheet::Store;
use jobsheet_core::record::DocumentId;

use crate::disk::{Dice, Disk, Platter, put};
use crate::work::{self, SetClock, World};

/// Crashes per point, beside the death of the process alone.
const SEEDS: u64 = 5;

fn points() -> usize {
    std::env::var("JOBSHEET_STORE_POINTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000)
}

/// What one visit left: everything that was written, and what was acknowledged when.
struct Told {
    disk: Disk,
    visit: DocumentId,
    /// After how many events which change was acknowledged.
    acknowledged: Vec<(usize, String)>,
    /// Notes of the log's durability, and after how many events each stood there.
    notes: Vec<(usize, Vec<u8>)>,
    folder: tempfile::TempDir,
}

/// Does a whole visit on a store of its own.
fn visit(world: &World, number: &str) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("store");
    let disk = Disk::below(&home);
    let clock = SetClock::at("2026-03-02T08:00:00-05:00");
    let visit = world.dispatch(number);
    let store = work::open(&home, &clock).unwrap();
    world.enrol(&store);
    sync(&store);
    let mut told = Told { disk, visit, acknowledged: Vec::new(), notes: Vec::new(), folder };
    for (number, stage) in work::stages().iter().enumerate() {
        clock.set(&stage.at);
        for json in &stage.commands {
            let receipt = store.apply(visit, &work::command(json)).unwrap();
            told.acknowledge(receipt.change);
        }
        if (2..4).contains(&number) {
            let photo = work::photo(&store, told.folder.path(), visit, u32::try_from(number).unwrap());
            told.acknowledge(photo);
        }
        if number % 2 == 1 {
            sync(&store);
            told.note();
        }
    }
    // Closed as an app that is sent to the background, and opened again.
    store.pause().unwrap();
    store.resume().unwrap();
    let receipt =
        store.apply(visit, &work::command(&serde_json::json!({ "do": "say", "words": "Back." }))).unwrap();
    told.acknowledge(receipt.change);
    sync(&store);
    store.shutdown().unwrap();
    told
}

impl Told {
    fn acknowledge(&mut self, change: String) {
        self.acknowledged.push((self.disk.len(), change));
        self.note();
    }

    fn note(&mut self) {
        if let Ok(note) = std::fs::read(self.folder.path().join("store/jobsheet.db-synced")) {
            self.notes.push((self.disk.len(), note));
        }
    }
}

fn sync(store: &Store) {
    let report = store.sync(|_| ControlFlow::Continue(())).unwrap();
    let told = serde_json::to_value(&report).unwrap();
    assert_eq!(told["refused"], 0, "{told}");
}

/// The changes in a store's log, by a connection of its own, and whether `SQLite` finds the file whole.
pub(crate) fn changes(folder: &Path) -> BTreeSet<String> {
    let connection = rusqlite::open_plain(&folder.join("jobsheet.db")).unwrap();
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let mut statement = connection.prepare("SELECT lower(hex(hash)) FROM change").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// One crash after another of one visit.
struct Crashes<'a> {
    told: &'a Told,
    clock: Arc<SetClock>,
    folder: &'a Path,
    opened: usize,
    images: usize,
    lost: usize,
    /// Files that have been looked at: the changes found in them.
    seen: HashMap<u64, BTreeSet<String>>,
}

impl Crashes<'_> {
    /// Opens the files of a crash, and looks for everything that was acknowledged before it.
    fn crash(&mut self, point: usize, files: &BTreeMap<String, Vec<u8>>, what: &str) {
        self.images += 1;
        let mut hasher = DefaultHasher::new();
        files.hash(&mut hasher);
        let told = self.told;
        let found = self.seen.entry(hasher.finish()).or_insert_with(|| {
            self.opened += 1;
            let folder = self.folder.join("image");
            let _ = std::fs::remove_dir_all(&folder);
            put(files, &folder);
            let store = work::open(&folder, &self.clock)
                .unwrap_or_else(|error| panic!("point {point}, {what}: the store does not open: {error}"));
            // The log is the truth and is looked at every time; the documents made from it now and then.
            let held = !store.find(&told.visit.to_string()).unwrap().is_empty();
            if held && self.opened.is_multiple_of(4) {
                store.visit(told.visit).unwrap_or_else(|error| panic!("point {point}, {what}: {error}"));
            }
            // Work goes on.
            if held && self.opened.is_multiple_of(8) {
                let note = work::command(&serde_json::json!({ "do": "say", "words": "After the crash." }));
                store.apply(told.visit, &note).unwrap();
            }
            store.shutdown().unwrap();
            changes(&folder)
        });
        let acknowledged = told.acknowledged.iter().take_while(|(at, _)| *at <= point);
        for (at, change) in acknowledged {
            if !found.contains(change) {
                self.lost += 1;
                assert!(self.lost < 20, "and more");
                println!("point {point}, {what}: {change}, acknowledged at {at}, is lost");
            }
        }
    }
}

#[test]
fn no_acknowledged_command_is_lost_wherever_the_power_goes() {
    let started = std::time::Instant::now();
    let world = World::new();
    let (mut points_done, mut images, mut opened, mut lost, mut acknowledged) = (0, 0, 0, 0, 0);
    let mut whole_visits = 0;
    let numbers = numbers();
    let mut numbers = numbers.iter();
    while points_done < points() {
        let told = visit(&world, numbers.next().unwrap());
        let folder = in_memory();
        let clock = SetClock::at("2026-03-02T12:00:00-05:00");
        let mut crashes = Crashes {
            told: &told,
            clock,
            folder: folder.path(),
            opened: 0,
            images: 0,
            lost: 0,
            seen: HashMap::new(),
        };
        let tape = told.disk.tape();
        let mut platter = Platter::default();
        let mut dice = Dice(points_done as u64);
        let here = (tape.len() + 1).min(points() - points_done);
        for point in 0..here {
            if let Some(event) = point.checked_sub(1).and_then(|at| tape.get(at)) {
                platter.take(event);
            }
            for seed in 0..=SEEDS {
                let mut files =
                    if seed == 0 { platter.after_kill() } else { platter.after_power_loss(&mut dice) };
                // The note is never synced: any that was there may be, the last one most often.
                let there: Vec<_> = told.notes.iter().take_while(|(at, _)| *at <= point).collect();
                let back = if seed < 3 { 0 } else { usize::try_from(dice.below(3)).unwrap() };
                if let Some((_, note)) = there.len().checked_sub(1 + back).and_then(|at| there.get(at)) {
                    files.insert("jobsheet.db-synced".to_owned(), note.clone());
                }
                crashes.crash(point, &files, &format!("seed {seed}"));
            }
        }
        points_done += here;
        acknowledged += told.acknowledged.len();
        images += crashes.images;
        opened += crashes.opened;
        lost += crashes.lost;
        // The crash at the very end of a visit, opened once more, has nothing to tell the server that it does not take. One in
        // the middle would: the device that went on has used the same numbers for other work.
        if here == tape.len() + 1 {
            let folder = folder.path().join("image");
            let store = work::open(&folder, &crashes.clock).unwrap();
            sync(&store);
            assert_eq!(store.outbox().unwrap(), []);
            whole_visits += 1;
        }
    }
    println!(
        "{points_done} points, {SEEDS} losses of power and one kill each: {images} crashes ({opened} of them different), \
         {acknowledged} commands acknowledged, {lost} lost, integrity ok, in {:.0?}",
        started.elapsed()
    );
    assert_eq!(points_done, points());
    assert!(whole_visits > 0, "no visit was crashed up to its end");
    assert_eq!(lost, 0);
}

/// A folder in memory where there is one: thousands of stores are made and synced in it.
pub(crate) fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Numbers of requests in the sample data.
fn numbers() -> Vec<String> {
    let file = jobsheet_tests::programs::workspace("sync-server/data/boston-311/service_requests.csv");
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader.records().map(|row| row.unwrap()[0].to_owned()).take(100).collect()
}
