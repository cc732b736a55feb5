//! Quotas, on both sides of each limit, and the space that a copy must leave.

use std::path::Path;

use jobsheet::{
    AttachError, AttachmentLimits, MAX_ATTACHMENT_BYTES, MAX_SIGNATURE_BYTES, Options, PhotoFacts, Receipt,
    Store,
};
use jobsheet_core::record::Command;

use crate::common::{delivery, dispatched, open_with, options, visit_id};
use crate::pictures::write;

fn store(folder: &Path, attachments: AttachmentLimits) -> Store {
    let store = open_with(folder, Options { attachments, ..options() });
    let deliveries = (0..2).map(|at| delivery(&dispatched(at))).collect();
    store.receive(&jobsheet_wire::Reply { deliveries, ..Default::default() }).unwrap();
    store
}

fn attach(store: &Store, folder: &Path, visit: usize, byte: u8, size: usize) -> Result<Receipt, AttachError> {
    let file = write(folder, "file.jpg", &vec![byte; size]);
    store.attach(visit_id(visit), &file, &PhotoFacts::default())
}

#[test]
fn one_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), AttachmentLimits { file_bytes: 1000, ..AttachmentLimits::default() });
    attach(&store, folder.path(), 0, 1, 1000).unwrap();
    let large = attach(&store, folder.path(), 0, 2, 1001);
    assert!(matches!(large, Err(AttachError::TooLarge { limit: 1000 })), "{large:?}");
    assert_eq!(MAX_ATTACHMENT_BYTES, AttachmentLimits::default().file_bytes);
}

#[test]
fn one_visit() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), AttachmentLimits { visit_bytes: 2500, ..AttachmentLimits::default() });
    attach(&store, folder.path(), 0, 1, 1000).unwrap();
    attach(&store, folder.path(), 0, 2, 1000).unwrap();
    let full = attach(&store, folder.path(), 0, 3, 501);
    assert!(matches!(full, Err(AttachError::VisitFull { size: 501, left: 500, limit: 2500 })), "{full:?}");
    assert!(full.unwrap_err().to_string().contains("only 500 of the 2500 bytes"));
    attach(&store, folder.path(), 0, 3, 500).unwrap();
    // The other visit has its own.
    attach(&store, folder.path(), 1, 4, 2500).unwrap();
}

#[test]
fn the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), AttachmentLimits { store_bytes: 2500, ..AttachmentLimits::default() });
    attach(&store, folder.path(), 0, 1, 1000).unwrap();
    attach(&store, folder.path(), 1, 2, 1000).unwrap();
    let full = attach(&store, folder.path(), 0, 3, 501);
    assert!(matches!(full, Err(AttachError::StoreFull { size: 501, left: 500, limit: 2500 })), "{full:?}");
    // What is kept already needs no room.
    attach(&store, folder.path(), 1, 1, 500).unwrap();
    let file = write(folder.path(), "file.jpg", &[9; 501]);
    assert!(matches!(store.keep_file(&file), Err(AttachError::StoreFull { left: 0, .. })));
    let rows = store.attachments(None).unwrap().len();
    assert_eq!(rows, 3);
}

#[test]
fn the_disk_keeps_a_reserve() {
    let folder = tempfile::tempdir().unwrap();
    let limits = AttachmentLimits { reserve_bytes: u64::MAX, ..AttachmentLimits::default() };
    let store = store(folder.path(), limits);
    let full = attach(&store, folder.path(), 0, 1, 1000);
    assert!(matches!(full, Err(AttachError::NoSpace { size: 1000, reserve: u64::MAX, .. })), "{full:?}");
    // Everything else works.
    store.apply(visit_id(0), &Command::Accept).unwrap();
}

#[test]
fn strokes_have_a_limit_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = crate::common::open_with(folder.path(), options());
    store
        .receive(&jobsheet_wire::Reply {
            deliveries: vec![delivery(&crate::visits::handed_over())],
            ..Default::default()
        })
        .unwrap();
    let size = usize::try_from(MAX_SIGNATURE_BYTES).unwrap();
    let sign = |size| {
        let file = write(folder.path(), "strokes.png", &vec![7; size]);
        store.sign_with_strokes(visit_id(0), "customer", "Chen", &file)
    };
    assert!(matches!(sign(size + 1), Err(AttachError::TooLarge { limit: MAX_SIGNATURE_BYTES })));
    sign(size).unwrap();
    let record = store.visit(visit_id(0)).unwrap().record;
    let image = record.signatures.values().next().unwrap().image_sha256.clone().unwrap();
    assert_eq!(std::fs::metadata(store.attachment(&image).unwrap()).unwrap().len(), MAX_SIGNATURE_BYTES);
}
