//! The van on a device: replies that are lost, late, repeated, or of a server that knows no stock; old parts and requests.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use common::{TECHNICIAN, context, delivery, dispatched, note, open, seeded, standard, visit_id};
use jobsheet::{Receipt, Store, VanStock};
use jobsheet_core::record::{Command, OldPart};
use jobsheet_core::standard::Side;
use jobsheet_core::unhex;
use jobsheet_wire::{
    Delivery, EntryKey, Framed, Reply, Stock, StockFault, StockLine, Tail, Tariffs, Verdict, VerdictOfChange,
};

fn consume(number: &str, quantity: u32) -> Command {
    Command::ConsumePart { number: number.to_owned(), name: None, quantity, serial: None, replaces: None }
}

fn uses(store: &Store, quantity: u32) -> Receipt {
    store.apply(visit_id(0), &consume("BELT-7", quantity)).unwrap()
}

fn stock(as_of: u64, quantity: i64) -> Stock {
    let line = StockLine { number: "BELT-7".to_owned(), quantity, ..StockLine::default() };
    Stock { as_of, lines: vec![line], ..Stock::default() }
}

fn told(store: &Store, stock: Stock, verdicts: Vec<VerdictOfChange>) -> bool {
    store.receive(&Reply { verdicts, stock: Some(stock), ..Reply::default() }).unwrap().stock
}

fn verdict(receipt: &Receipt, verdict: Verdict) -> VerdictOfChange {
    let hash = unhex(&receipt.change).unwrap().try_into().unwrap();
    VerdictOfChange { document: visit_id(0).into_bytes(), hash, verdict }
}

fn van(store: &Store) -> VanStock {
    store.van_stock().unwrap().unwrap()
}

fn pieces(store: &Store) -> i64 {
    van(store).lines[0].quantity
}

#[test]
fn what_is_unsent_or_committed_later_than_the_figures_is_taken_off_once() {
    let seeded = seeded(1);
    let store = &seeded.store;
    assert_eq!(store.van_stock().unwrap(), None);
    let first = uses(store, 1);
    assert_eq!(store.van_stock().unwrap(), None, "a server that keeps no stock");
    assert!(told(store, stock(10, 9), Vec::new()));
    assert_eq!(pieces(store), 8, "used before the first figures came, and unsent");

    let second = uses(store, 2);
    assert_eq!(pieces(store), 6);
    assert!(told(store, stock(12, 8), vec![verdict(&first, Verdict::Accepted(12))]));
    assert_eq!((pieces(store), van(store).lines[0].used_here), (6, 2));
    // The boundary: committed with the number of the figures it is in them, with a later one it is not.
    assert!(told(store, stock(13, 8), vec![verdict(&second, Verdict::Accepted(14))]));
    assert_eq!(pieces(store), 6);
    assert!(told(store, stock(14, 6), Vec::new()));
    assert_eq!((pieces(store), van(store).lines[0].used_here), (6, 0));

    // The same answer again, and one that was overtaken.
    assert!(told(store, stock(14, 6), vec![verdict(&second, Verdict::Duplicate(14))]));
    assert!(!told(store, stock(13, 8), Vec::new()), "older figures say nothing new");
    assert_eq!(pieces(store), 6);
    let again = open(seeded.folder.path());
    assert_eq!(pieces(&again), 6, "after a reopening");
}

#[test]
fn a_use_whose_verdict_was_lost_is_not_taken_off_twice() {
    let seeded = seeded(1);
    let store = &seeded.store;
    told(store, stock(10, 9), Vec::new());
    let lost = uses(store, 1);
    let unsent = uses(store, 1);
    // The server has committed the first under 11, its verdict never came, and the next answer speaks of other changes.
    let figures = Stock { included: vec![EntryKey(lost.entry.into_bytes())], ..stock(11, 8) };
    told(store, figures.clone(), Vec::new());
    assert_eq!(pieces(store), 7);
    told(store, figures, Vec::new());
    assert_eq!(pieces(store), 7);
    let verdicts = vec![verdict(&lost, Verdict::Duplicate(11)), verdict(&unsent, Verdict::Accepted(12))];
    told(store, stock(12, 7), verdicts);
    assert_eq!(pieces(store), 7);
}

#[test]
fn a_restored_server_is_believed_and_what_it_lost_is_taken_off_again() {
    let seeded = seeded(1);
    let store = &seeded.store;
    told(store, stock(10, 9), Vec::new());
    let one = uses(store, 1);
    told(store, stock(11, 8), vec![verdict(&one, Verdict::Accepted(11))]);
    assert_eq!(pieces(store), 8);
    store.receive(&Reply { epoch_changed: true, cursor: vec![1], ..Reply::default() }).unwrap();
    assert_eq!(store.van_stock().unwrap(), None, "nothing is known until its figures come");
    // It was restored to a time before the use: the document it sends lacks it.
    let deliveries = vec![delivery(&dispatched(0))];
    store.receive(&Reply { deliveries, stock: Some(stock(5, 9)), ..Reply::default() }).unwrap();
    assert_eq!((pieces(store), van(store).as_of), (8, 5));
    told(store, stock(6, 8), vec![verdict(&one, Verdict::Accepted(6))]);
    assert_eq!(pieces(store), 8);
}

#[test]
fn uses_of_others_and_of_the_same_person_elsewhere_come_with_the_figures() {
    let seeded = seeded(1);
    let store = &seeded.store;
    told(store, stock(10, 9), Vec::new());
    let mut visit = dispatched(0);
    let mut deliver = |person: &str, actor: u8, figures: Option<Stock>| {
        visit.set_actor(&[actor; 16]);
        let hand = context(person, Side::Field, "2026-03-02T10:00:00+08:00", 900 + u128::from(actor));
        let applied = visit.apply(&standard(), &consume("BELT-7", 3), &hand).unwrap();
        let changes = vec![Framed { hash: applied.hash, bytes: applied.bytes }];
        let tail = Delivery::Tail(Tail { document: visit_id(0).into_bytes(), changes });
        store.receive(&Reply { deliveries: vec![tail], stock: figures, ..Reply::default() }).unwrap();
        pieces(store)
    };
    assert_eq!(deliver("tech-2", 31, None), 9, "another van");
    assert_eq!(deliver(TECHNICIAN, 32, Some(stock(12, 6))), 6, "another phone of this person");
    let shown = store.visit(visit_id(0)).unwrap().record.parts;
    assert_eq!(shown.len(), 2);
}

#[test]
fn a_refused_use_is_no_use() {
    let seeded = seeded(1);
    let store = &seeded.store;
    told(store, stock(10, 9), Vec::new());
    let one = uses(store, 4);
    assert_eq!(pieces(store), 5);
    let refused = Verdict::Refused { code: "wrong-sequence".to_owned(), reason: "no".to_owned() };
    store.receive(&Reply { verdicts: vec![verdict(&one, refused)], ..Reply::default() }).unwrap();
    assert_eq!(pieces(store), 9, "the record does not hold it, nor does the ledger; the quarantine does");
    assert_eq!(store.quarantine().unwrap().len(), 1);
}

#[test]
fn faults_are_shown_and_one_of_a_newer_server_as_it_is() {
    let seeded = seeded(1);
    let store = &seeded.store;
    let fault =
        |code: &str| StockFault { number: "P".to_owned(), code: code.to_owned(), serial: None, quantity: 1 };
    told(
        store,
        Stock { faults: vec![fault("serial-missing"), fault("melted")], ..stock(10, -2) },
        Vec::new(),
    );
    let shown: Vec<_> =
        van(store).findings.into_iter().map(|one| (one.fault, one.quantity, one.text.is_some())).collect();
    let expected = [("stock-short", 2, true), ("serial-missing", 1, true), ("melted", 1, false)];
    assert_eq!(shown, expected.map(|(fault, many, said)| (fault.to_owned(), many, said)));
}

#[test]
fn tariffs_are_kept_and_one_that_is_not_sound_is_left_out() {
    let seeded = seeded(1);
    let store = &seeded.store;
    let sound = r#"{"id":"service","valid_from":"2026-01-01","currency":"CNY"}"#;
    let tariffs = |as_of, sources: &[&str]| Tariffs {
        as_of,
        tariffs: sources.iter().map(|source| (*source).to_owned()).collect(),
    };
    let give =
        |tariffs| store.receive(&Reply { tariffs: Some(tariffs), ..Reply::default() }).unwrap().tariffs;
    assert!(give(tariffs(4, &[sound, &sound.replace("CNY", "XXQ"), "{}", "no JSON"])));
    assert_eq!(store.tariffs().unwrap().len(), 1);
    assert!(!give(tariffs(3, &[])), "older ones");
    assert_eq!(store.tariffs().unwrap().len(), 1);
}

#[test]
fn old_parts_stay_on_the_list_when_the_visit_goes_to_another_crew() {
    let seeded = seeded(2);
    let store = &seeded.store;
    store.apply(visit_id(1), &note("nothing to return")).unwrap();
    let replaces = Some(OldPart { serial: None, returned: false, condition: None });
    let swap =
        Command::ConsumePart { number: "A".to_owned(), name: None, quantity: 1, serial: None, replaces };
    let receipt = store.apply(visit_id(0), &swap).unwrap();
    let open = store.open_returns().unwrap();
    assert_eq!((open.len(), open[0].old.part, open[0].revoked), (1, receipt.entry, false));
    let revoked = vec![Delivery::Revoked(visit_id(0).into_bytes())];
    store.receive(&Reply { deliveries: revoked, ..Reply::default() }).unwrap();
    let open = store.open_returns().unwrap();
    assert_eq!((open.len(), open[0].revoked), (1, true), "it is still owed");
}
