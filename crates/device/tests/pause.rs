//! Pausing: no file is held, calls are told so, observers and work go on afterwards.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use common::{note, open, seeded, visit_id};
use jobsheet::{ApplyError, ListChange, Query, StoreError};

/// Files below a folder that this process has open.
#[cfg(target_os = "linux")]
fn held(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let folder = folder.canonicalize().unwrap();
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    targets.filter(|target| target.starts_with(&folder)).collect()
}

#[test]
fn a_paused_store_holds_no_file_and_says_so_and_goes_on_after_it() {
    let seeded = seeded(2);
    let store = &seeded.store;
    let (tell, told) = channel();
    let _subscription = store.observe(Query::default(), move |change| tell.send(change).unwrap()).unwrap();
    let next = || told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(matches!(next(), ListChange::All(rows) if rows.len() == 2));
    store.apply(visit_id(0), &note("before")).unwrap();
    assert!(matches!(next(), ListChange::Put(row) if row.unsent == 1));

    store.pause().unwrap();
    store.pause().unwrap();
    #[cfg(target_os = "linux")]
    assert_eq!(held(seeded.folder.path()), Vec::<std::path::PathBuf>::new());
    assert!(matches!(store.visits(&Query::default()), Err(StoreError::Paused)));
    assert!(matches!(store.visit(visit_id(0)), Err(StoreError::Paused)));
    let refused = store.apply(visit_id(0), &note("x"));
    assert!(matches!(refused, Err(ApplyError::Store(StoreError::Paused))));
    // Meanwhile nothing keeps others out.
    let other = open(seeded.folder.path());
    other.apply(visit_id(0), &note(", meanwhile")).unwrap();
    other.shutdown().unwrap();

    store.resume().unwrap();
    store.resume().unwrap();
    store.apply(visit_id(0), &note(", after")).unwrap();
    assert!(matches!(next(), ListChange::Put(row) if row.unsent == 3));
    assert_eq!(store.visit(visit_id(0)).unwrap().record.notes["steps"], "before, meanwhile, after");
    store.shutdown().unwrap();
    assert!(matches!(store.pause(), Err(StoreError::Closed)));
    assert!(matches!(store.resume(), Err(StoreError::Closed)));
}

#[test]
fn pausing_while_others_work_loses_nothing_that_was_acknowledged() {
    let seeded = seeded(1);
    let over = AtomicBool::new(false);
    let (done, paused) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let (mut done, mut paused) = (0, 0);
                    while !over.load(Ordering::Acquire) {
                        match seeded.store.apply(visit_id(0), &note("x")) {
                            Ok(_) => done += 1,
                            Err(ApplyError::Store(StoreError::Paused)) => paused += 1,
                            Err(error) => panic!("{error}"),
                        }
                        match seeded.store.visits(&Query::default()) {
                            Ok(_) | Err(StoreError::Paused) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                    (done, paused)
                })
            })
            .collect();
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(15));
            seeded.store.pause().unwrap();
            #[cfg(target_os = "linux")]
            assert_eq!(held(seeded.folder.path()), Vec::<std::path::PathBuf>::new());
            seeded.store.resume().unwrap();
        }
        over.store(true, Ordering::Release);
        workers.into_iter().map(|worker| worker.join().unwrap()).fold((0, 0), |(a, b), (c, d)| (a + c, b + d))
    });
    assert!(done > 0 && paused > 0, "{done} {paused}");
    let words = &seeded.store.visit(visit_id(0)).unwrap().record.notes["steps"];
    assert_eq!(words.len(), done);
    println!("{done} commands acknowledged, {paused} told of a pause, 20 pauses, 0 lost");
}
