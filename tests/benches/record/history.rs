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
    seed(&store, &standard, std::slice::from_ref(&visit));
    let snapshot = visit.save();
    let told = || {
        let history = store.history(visit_id(0)).unwrap();
        assert_eq!(history.len(), CHANGES);
        history
    };
    let (load, cold) = paired(ROUNDS, |_| automerge::Automerge::load(&snapshot).unwrap(), |_| told());
    // Whoever reads a visit's history has the visit open.
    store.visit(visit_id(0)).unwrap();
    let (_, open) = paired(ROUNDS, |_| (), |_| told());
    println!("floor  Automerge::load, 1,000 changes {load:9.2} ms");
    println!("figure history of a closed visit      {cold:9.2} ms");
    println!("figure history of an open visit       {open:9.2} ms");
    vec![Bar { name: "history-of-1000-changes", measured: open, limit: 20.0, unit: "ms" }]
}
