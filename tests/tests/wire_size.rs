//! How many bytes a visit takes on the wire, beside what Automerge's own encoding of the same documents takes.
#![allow(clippy::unwrap_used)]

use automerge::Automerge;
use jobsheet_core::standard::builtin;
use jobsheet_tests::workload;
use jobsheet_wire::{DocumentPush, Exchange, Framed, encode_exchange};

/// Visits of one device.
const VISITS: u64 = 8;
/// Changes of the office, which the device does not send.
const OF_THE_OFFICE: usize = 2;

/// A device that comes back with eight visits, 97 changes of its own in each.
#[test]
fn a_shift_is_sent_in_no_more_than_1_3_times_what_its_documents_compress_to() {
    let standard = builtin("execution-form").unwrap().unwrap();
    let (mut saves, mut push) = (Vec::new(), Vec::new());
    for number in 0..VISITS {
        let visit = workload::worked(&standard, number).unwrap();
        saves.extend(Automerge::load(&visit.save()).unwrap().save_nocompress());
        let changes: Vec<Framed> = visit
            .changes()
            .into_iter()
            .skip(OF_THE_OFFICE)
            .map(|change| Framed { hash: change.hash, bytes: change.bytes })
            .collect();
        assert_eq!(changes.len(), workload::CHANGES - OF_THE_OFFICE);
        push.push(DocumentPush { document: visit.record().id.into_bytes(), changes });
    }
    let floor = zstd::encode_all(&saves[..], 3).unwrap().len();
    let raw: usize = push.iter().flat_map(|push| &push.changes).map(|change| change.bytes.len()).sum();
    let sent = encode_exchange(&Exchange { push, ..Exchange::default() }).unwrap().len();
    println!("{VISITS} visits: changes {raw} bytes, documents compressed {floor}, sent {sent}");
    assert!(sent * 10 <= floor * 13, "{sent} bytes sent, documents compressed {floor}");
}
