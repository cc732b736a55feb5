//! Devices: real stores, in this process.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use automerge::{Automerge, Change};
use jobsheet::{Options, Store, SyncReport};
use jobsheet_core::record::{Command, DocumentId, NoteEdit};
use jobsheet_core::standard::{Standard, builtin};
use jobsheet_tests::workload::field_commands;

use crate::world::World;

/// Commands of a device in one visit: 60 answers, 30 appends, 8 parts. With the genesis, in which the order stands, these are the
/// 99 changes of the workload; the dispatch of the crew is one more.
pub(crate) const COMMANDS: usize = 98;

/// The standard of all visits.
pub(crate) fn standard() -> Arc<Standard> {
    builtin("execution-form").unwrap().unwrap()
}

/// What a device does in the n-th visit.
fn commands(standard: &Standard, number: u64) -> Vec<Command> {
    let mut commands = field_commands(standard, number);
    let words = format!("{number:06}/99: bearing measured, cleaned, greased. ");
    commands.push(Command::Note { note: "steps".to_owned(), edit: NoteEdit::Append(words) });
    assert_eq!(commands.len(), COMMANDS);
    commands
}

/// A device of a technician.
pub(crate) struct Device {
    folder: PathBuf,
    pub(crate) technician: String,
    pub(crate) store: Store,
}

impl Device {
    /// A new store, enrolled through the proxy.
    pub(crate) fn enrolled(world: &World, technician: &str, name: &str) -> Self {
        let folder = world.folder().join("devices").join(name);
        let store = Store::open(&folder, Options::default()).unwrap();
        let code = world.office.code(technician).unwrap();
        store.enrol(&world.proxy.address, &code, name).unwrap();
        Self { folder, technician: technician.to_owned(), store }
    }

    /// Exchanges until nothing is left.
    pub(crate) fn sync(&self) -> SyncReport {
        let report = self.store.sync(|_| ControlFlow::Continue(())).unwrap();
        assert_eq!((report.refused, report.pending), (0, 0), "{report:?}");
        assert!(report.problems.is_empty(), "{report:?}");
        report
    }

    /// Ends the store and opens it again, as a new process would.
    pub(crate) fn reopen(&mut self) {
        self.store.shutdown().unwrap();
        self.store = Store::open(&self.folder, Options::default()).unwrap();
    }

    /// Does the whole work of the n-th visit.
    pub(crate) fn work(&self, standard: &Standard, visit: DocumentId, number: u64) {
        for command in commands(standard, number) {
            self.store.apply(visit, &command).unwrap();
        }
    }

    /// The documents as the device has them.
    pub(crate) fn documents(&self) -> Vec<Held> {
        let database = rusqlite::open_plain(&self.folder.join("jobsheet.db")).unwrap();
        let mut snapshots =
            database.prepare("SELECT document, bytes FROM snapshot ORDER BY document").unwrap();
        let mut log =
            database.prepare("SELECT bytes, origin FROM change WHERE document = ?1 ORDER BY n").unwrap();
        let snapshots: Vec<(Vec<u8>, Vec<u8>)> = snapshots
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let held = |(document, snapshot): (Vec<u8>, Vec<u8>)| {
            let changes: Vec<(Vec<u8>, i64)> = log
                .query_map([document], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let mut whole = Automerge::load(&snapshot).unwrap();
            let parsed = changes.iter().map(|(bytes, _)| Change::from_bytes(bytes.clone()).unwrap());
            whole.apply_changes(parsed).unwrap();
            let own =
                changes.into_iter().filter(|(_, origin)| *origin == 0).map(|(bytes, _)| bytes).collect();
            Held { whole, own }
        };
        snapshots.into_iter().map(held).collect()
    }
}

/// A document of a device.
pub(crate) struct Held {
    /// All of it.
    pub(crate) whole: Automerge,
    /// The changes that the device made, parents first.
    pub(crate) own: Vec<Vec<u8>>,
}
