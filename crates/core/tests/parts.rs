//! Parts: the van's arithmetic, old parts, and what several devices of a crew do at once.
//!
//! `JOBSHEET_PROPTEST_CASES` asks for more cases than the 64 of an ordinary run.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Job, id, moment};
use jobsheet_core::Stamp;
use jobsheet_core::assess::Status;
use jobsheet_core::record::{
    Actor, Command, Condition, Context, Document, OldPart, VisitLink, check_field_change, linked_visits,
    old_parts, part_requests, parts_in_change,
};
use jobsheet_core::standard::Side;
use jobsheet_core::stock::{Brought, Fault, Stock, Use};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

fn brought(number: &str, quantity: u32, serials: &[&str]) -> Brought {
    Brought {
        number: number.to_owned(),
        name: None,
        quantity,
        serials: serials.iter().map(|serial| (*serial).to_owned()).collect(),
        tracked: false,
    }
}

fn used(number: &str, quantity: u32, serial: Option<&str>) -> Use {
    Use { number: number.to_owned(), name: None, quantity, serial: serial.map(ToOwned::to_owned) }
}

fn faults(stock: &Stock) -> Vec<(Fault, u64)> {
    stock.findings().into_iter().map(|finding| (finding.fault, finding.quantity)).collect()
}

#[test]
fn the_last_piece_is_no_finding_and_one_more_is() {
    let mut stock = Stock::default();
    stock.count(brought("A", 2, &[]));
    stock.take(&used("A", 2, None));
    assert_eq!((stock.line("A").unwrap().quantity, faults(&stock)), (0, vec![]));
    stock.take(&used("A", 1, None));
    assert_eq!(faults(&stock), [(Fault::StockShort, 1)]);
    stock.receive(brought("A", 1, &[]));
    assert_eq!(faults(&stock), [], "the receipt that was missing");
}

#[test]
fn a_serial_number_is_there_once() {
    let mut stock = Stock::default();
    stock.count(brought("P", 2, &["S1", "S2"]));
    stock.take(&used("P", 1, Some("S1")));
    assert_eq!(faults(&stock), []);
    stock.take(&used("P", 1, Some("S1")));
    assert_eq!(faults(&stock), [(Fault::SerialNotInVan, 1)], "used twice");
    let left: Vec<&str> = stock.line("P").unwrap().serials().collect();
    assert_eq!(left, ["S2"]);
    // Receipts and uses come in any order: a receipt that is entered late settles the finding.
    let mut late = Stock::default();
    late.count(brought("P", 1, &["S1"]));
    late.take(&used("P", 1, Some("S7")));
    assert_eq!(faults(&late), [(Fault::SerialNotInVan, 1)]);
    late.receive(brought("P", 1, &["S7"]));
    assert_eq!((faults(&late), late.line("P").unwrap().quantity), (vec![], 1));
    // Where serial numbers are not followed they are of no consequence.
    let mut loose = Stock::default();
    loose.count(brought("B", 1, &[]));
    loose.take(&used("B", 1, Some("X")));
    assert_eq!(faults(&loose), []);
}

fn swap(number: &str, returned: bool) -> Command {
    Command::ConsumePart {
        number: number.to_owned(),
        name: None,
        quantity: 1,
        serial: None,
        replaces: Some(OldPart { serial: None, returned, condition: Some(Condition::Worn) }),
    }
}

#[test]
fn an_old_part_is_open_until_the_store_has_it_and_the_rules_follow() {
    let mut job = Job::in_work("normal");
    job.at("10:30").go(swap("BELT-7", false));
    let part = old_parts(job.visit.record())[0].part;
    assert_eq!(job.status("old-for-new"), Status::Outstanding);
    job.at("10:40").go(Command::HandInPart { part, serial: Some("OLD-1".to_owned()), condition: None });
    let row = old_parts(job.visit.record()).remove(0);
    assert_eq!(
        (row.is_open(), row.serial.as_deref(), row.condition),
        (true, Some("OLD-1"), Some(Condition::Worn))
    );
    assert_eq!(job.status("old-for-new"), Status::Satisfied, "handed in is what the rule asks for");
    assert_eq!(job.status("old-parts-collect"), Status::Outstanding, "the store has not said so");
    job.refused(Command::ReceivePart { part, serial: None, condition: None });
    let receive = Command::ReceivePart { part, serial: None, condition: Some(Condition::Damaged) };
    job.at("10:50").office(receive.clone()).unwrap();
    let row = old_parts(job.visit.record()).remove(0);
    assert_eq!((row.is_open(), row.condition), (false, Some(Condition::Damaged)));
    assert_eq!(job.status("old-parts-collect"), Status::Satisfied);
    assert!(job.office(receive).is_err(), "once");
    job.refused(Command::HandInPart { part, serial: None, condition: None });
    job.refused(Command::HandInPart { part: id(77), serial: None, condition: None });
}

#[test]
fn a_collection_that_names_no_part_does_not_cover_what_comes_out_later() {
    let mut job = Job::in_work("normal");
    job.at("10:30").go(swap("BELT-7", false));
    job.at("10:40").office_report("old-parts-collected");
    job.at("10:50").go(swap("PUMP-1", false));
    let open: Vec<(String, bool)> =
        old_parts(job.visit.record()).into_iter().map(|row| (row.number.clone(), row.is_open())).collect();
    assert_eq!(open, [("BELT-7".to_owned(), false), ("PUMP-1".to_owned(), true)]);
}

#[test]
fn an_event_of_the_wrong_side_returns_no_part_and_names_no_request() {
    let mut job = Job::in_work("normal");
    job.at("10:30").go(swap("BELT-7", false));
    let part = old_parts(job.visit.record())[0].part.to_string();
    let forged = format!(
        r#"{{"type":"old-part-received","by":"tech-1","at":"2026-03-02T10:31:00+08:00","about":"{part}"}}"#
    );
    let job = job.crafted(|doc| {
        use automerge::transaction::Transactable;
        use automerge::{ROOT, ReadDoc};
        let (_, field) = doc.get(ROOT, "field").unwrap().unwrap();
        let (_, events) = doc.get(&field, "events").unwrap().unwrap();
        doc.put(&events, id(4242).to_string(), forged).unwrap();
    });
    assert!(old_parts(job.visit.record())[0].is_open());
}

#[test]
fn a_request_says_what_is_needed_and_a_visit_is_tied_to_another_once() {
    let mut job = Job::in_work("normal");
    let ask =
        |quantity| Command::RequestPart { number: "PUMP-1".to_owned(), name: None, quantity, note: None };
    job.refused(ask(0));
    job.refused(ask(10_001));
    job.at("10:30").go(ask(10_000));
    let standard = job.standard.clone();
    let request = part_requests(job.visit.record(), &standard).remove(0);
    assert_eq!((request.number.as_str(), request.quantity, request.needed_by), ("PUMP-1", 10_000, None));
    let here = Command::PartArrived { request: request.request, note: None };
    job.refused(here.clone());
    job.office(here.clone()).unwrap();
    assert!(part_requests(job.visit.record(), &standard)[0].arrived.is_some());
    assert!(job.office(here).is_err());
    let link = |visit| Command::LinkVisit { how: VisitLink::FollowOn, visit, number: "SR-1-2".to_owned() };
    job.office(link(id(5))).unwrap();
    job.office(link(id(5))).unwrap();
    assert_eq!(linked_visits(job.visit.record()).len(), 1);
    assert!(job.office(link(job.visit.record().id)).is_err(), "not to itself");
    job.refused(link(id(6)));
}

/// What a device of the crew does.
#[derive(Debug, Clone)]
enum Deed {
    Use { number: usize, quantity: u32, serial: Option<usize> },
    Swap { number: usize, returned: bool },
    HandIn { nth: usize },
}

fn deeds() -> impl Strategy<Value = Vec<(usize, Deed)>> {
    let take = (0_usize..4, 1_u32..4, prop::option::of(0_usize..4))
        .prop_map(|(number, quantity, serial)| Deed::Use { number, quantity, serial });
    let swap = (0_usize..4, any::<bool>()).prop_map(|(number, returned)| Deed::Swap { number, returned });
    let hand_in = (0_usize..8).prop_map(|nth| Deed::HandIn { nth });
    prop::collection::vec((0_usize..4, prop_oneof![3 => take, 2 => swap, 1 => hand_in]), 1..40)
}

struct Device {
    visit: Document,
    person: &'static str,
    count: u64,
    sent: Vec<Vec<u8>>,
}

/// Two devices of one technician, one of another, and a third of the first.
const PEOPLE: [&str; 4] = ["tech-1", "tech-2", "tech-1", "tech-1"];
const NUMBERS: [&str; 4] = ["BELT-7", "PUMP-1", "FUSE-2", "LOST-3"];

fn devices(count: usize, job: &Job) -> Vec<Device> {
    let device = |(at, person): (usize, &&'static str)| {
        let number = u8::try_from(at).unwrap();
        let mut visit = job.visit.clone();
        visit.set_actor(&[50 + number; 16]);
        Device { visit, person, count: 1_000_000 * (u64::from(number) + 1), sent: Vec::new() }
    };
    PEOPLE[..count].iter().enumerate().map(device).collect()
}

fn command(visit: &Document, deed: &Deed) -> Option<Command> {
    Some(match deed {
        Deed::Use { number, quantity, serial } => Command::ConsumePart {
            number: NUMBERS[*number].to_owned(),
            name: None,
            quantity: *quantity,
            serial: serial.map(|serial| format!("S{serial}")),
            replaces: None,
        },
        Deed::Swap { number, returned } => swap(NUMBERS[*number], *returned),
        Deed::HandIn { nth } => {
            let open = old_parts(visit.record());
            let part = open.get(*nth)?.part;
            Command::HandInPart { part, serial: None, condition: None }
        }
    })
}

fn counted() -> Stock {
    let mut stock = Stock::default();
    stock.count(brought("BELT-7", 6, &[]));
    stock.count(brought("PUMP-1", 2, &["S0", "S1"]));
    stock.count(brought("FUSE-2", 0, &[]));
    stock
}

#[test]
fn concurrent_work_of_a_crew_converges_and_the_ledger_is_the_sum() {
    let cases =
        std::env::var("JOBSHEET_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64);
    let job = Job::in_work("normal");
    let config =
        Config { cases, rng_seed: RngSeed::Fixed(14), failure_persistence: None, ..Config::default() };
    let happenings = (2_usize..=4, deeds(), any::<u64>());
    let result = TestRunner::new(config).run(&happenings, |(count, deeds, order)| {
        let mut devices = devices(count, &job);
        for (nth, (device, deed)) in deeds.iter().enumerate() {
            let device = &mut devices[device % count];
            let Some(command) = command(&device.visit, deed) else { continue };
            device.count += 1;
            let minutes = 30 + i64::try_from(nth).unwrap();
            let at = moment("2026-03-02T10:00:00+08:00").instant() + jiff::SignedDuration::from_mins(minutes);
            let context = Context {
                actor: Actor { person: device.person.to_owned(), side: Side::Field, roles: Vec::new() },
                stamp: Stamp::wall(jobsheet_core::Moment::utc(at)),
                entry_id: id(device.count),
            };
            let applied = device.visit.apply(&job.standard, &command, &context).unwrap();
            check_field_change(&job.visit, &applied.bytes, device.person).unwrap();
            device.sent.push(applied.bytes);
        }
        // The server takes the changes device by device, in an order of its own; each device gets all in another.
        let mut turns: Vec<usize> = (0..count).collect();
        turns.rotate_left(usize::try_from(order % count as u64).unwrap());
        if order % 2 == 1 {
            turns.reverse();
        }
        let mut server = job.visit.clone();
        let mut vans: BTreeMap<String, Stock> = BTreeMap::new();
        for turn in &turns {
            for bytes in &devices[*turn].sent {
                server.merge(std::slice::from_ref(bytes)).unwrap();
                for (_, part) in parts_in_change(&server, bytes).unwrap() {
                    let van = vans.entry(part.by.person.clone()).or_insert_with(counted);
                    van.take(&Use {
                        number: part.number,
                        name: part.name,
                        quantity: part.quantity,
                        serial: part.serial,
                    });
                }
            }
        }
        for at in 0..count {
            let others: Vec<Vec<u8>> = devices.iter().flat_map(|device| device.sent.clone()).collect();
            let device = &mut devices[at];
            device.visit.merge(&others).unwrap();
            prop_assert_eq!(device.visit.record(), server.record(), "device {} holds another record", at);
        }
        // The ledger is the sum of what stands in the record, whatever the order.
        for (person, van) in &vans {
            let mut anew = counted();
            for part in server.record().parts.values().filter(|part| part.by.person == *person) {
                anew.take(&used(&part.number, part.quantity, part.serial.as_deref()));
            }
            prop_assert_eq!(van, &anew);
            for line in van.lines() {
                let taken: i64 = server
                    .record()
                    .parts
                    .values()
                    .filter(|part| part.by.person == *person && part.number == line.number)
                    .map(|part| i64::from(part.quantity))
                    .sum();
                let before = counted().line(&line.number).map_or(0, |line| line.quantity);
                prop_assert_eq!(line.quantity, before - taken);
                let short = van
                    .findings()
                    .into_iter()
                    .find(|one| one.number == line.number && one.fault == Fault::StockShort);
                prop_assert_eq!(short.is_some(), line.quantity < 0, "{:?}", line);
                prop_assert_eq!(short.map_or(0, |one| one.quantity), (-line.quantity).max(0).unsigned_abs());
            }
        }
        // No old part is lost: each that came out has one row, and what was not received is open.
        let rows = old_parts(server.record());
        let replaced: BTreeSet<_> = server
            .record()
            .parts
            .iter()
            .filter(|(_, part)| part.replaces.is_some())
            .map(|(id, _)| *id)
            .collect();
        prop_assert_eq!(rows.iter().map(|row| row.part).collect::<BTreeSet<_>>(), replaced);
        prop_assert!(rows.iter().all(jobsheet_core::record::OldPartRow::is_open));
        Ok(())
    });
    result.unwrap();
}
