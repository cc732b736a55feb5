//! The whole history of a visit of 1,000 changes by two devices.

use std::path::Path;

use jobsheet::Options;
use jobsheet_tests::workload::{long, visit_id};

use crate::measure::{Bar, paired, seed, standard, store};

const CHANGES: usize = 1_000;
const ROUNDS: usize = 60;

pub(crate) fn bars(folder: &Path) -> Vec<Bar> {
    let standard = standard();
    let visit = long(&standard, 0, CHANGES).unwrap();
    let store = store(&folder.join("history"), Options::default());
    seed(&store, &standard, &[visit.clone()]);
    let snapshot = visit.save();
    let (load, history) = paired(
        ROUNDS,
        |_| automerge::Automerge::load(&snapshot).unwrap(),
        |_| {
            let history = store.history(visit_id(0)).unwrap();
            assert_eq!(history.len(), CHANGES);
            history
        },
    );
    println!("floor  Automerge::load, 1,000 changes {load:9.2} ms");
    println!("figure history from the store         {history:9.2} ms");
    vec![Bar { name: "history-of-1000-changes", measured: history, limit: 20.0, unit: "ms" }]
}
