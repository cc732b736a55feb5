//! Many steps of two devices of one technician, with answers lost at random: the figure is that of the model at every step.

use std::ops::ControlFlow;
use std::sync::Arc;

use jobsheet::clock::SteppedClock;
use jobsheet::{Options, Store};
use jobsheet_core::record::{Command, DocumentId};
use reqwest::Method;

use crate::line::Line;
use crate::repair;
use crate::world::{MORNING, World};

const STEPS: u32 = 60;
const SEED: u64 = 20_260_302;

/// A small generator of its own (splitmix64), so that a failing run says everything in its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

struct Device {
    store: Store,
    /// The server's figure when this device last stored an answer.
    base: i64,
    /// Own uses since then.
    since: i64,
    /// Own uses that the server has committed for certain or not: those that it had not before the last try.
    unsent: i64,
}

fn figure(store: &Store) -> i64 {
    let van = store.van_stock().unwrap().unwrap();
    van.lines.iter().find(|line| line.number == "BELT-7").unwrap().quantity
}

#[test]
fn the_figure_is_that_of_the_model_at_every_step_whatever_is_lost() {
    let world = World::new();
    let line = Line::to(&world.office.address);
    world.office.technician("lee", "Lee").unwrap();
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM"), ("REQ-2", "03/01/2026 06:50:00 PM")]);
    let visits: Vec<DocumentId> = ["REQ-1", "REQ-2"]
        .map(|number| world.dispatch(number, "execution-form", "service", "lee", &repair()).parse().unwrap())
        .to_vec();
    let counted = b"part_number,quantity\nBELT-7,12\n".to_vec();
    let csv = |rows: Vec<u8>| Some(("text/csv", rows));
    let counts = "/v1/technicians/lee/stock/counts";
    assert_eq!(world.office.ask(Method::POST, counts, csv(counted)).unwrap().status, 200);

    let device = |name: &str| {
        let clock = SteppedClock::starting(MORNING.parse().unwrap());
        let options = Options { clock: Arc::new(clock), ..Options::default() };
        let store = Store::open(world.path().join(name), options).unwrap();
        store.enrol(&line.address, &world.office.code("lee").unwrap(), name).unwrap();
        store.sync(|_| ControlFlow::Continue(())).unwrap();
        Device { store, base: 12, since: 0, unsent: 0 }
    };
    let mut devices = [device("one"), device("two")];
    let mut server = 12_i64;
    let mut dice = Dice(SEED);
    let (mut lost, mut short) = (0, 0);
    for step in 0..STEPS {
        let which = usize::try_from(dice.roll(2)).unwrap();
        let device = &mut devices[which];
        match dice.roll(8) {
            0..=3 => {
                let quantity = u32::try_from(1 + dice.roll(3)).unwrap();
                let visit = visits[usize::try_from(dice.roll(2)).unwrap()];
                let number = "BELT-7".to_owned();
                let command =
                    Command::ConsumePart { number, name: None, quantity, serial: None, replaces: None };
                device.store.apply(visit, &command).unwrap();
                device.since += i64::from(quantity);
                device.unsent += i64::from(quantity);
            }
            4 | 5 => {
                device.store.sync(|_| ControlFlow::Continue(())).unwrap();
                server -= device.unsent;
                (device.base, device.since, device.unsent) = (server, 0, 0);
            }
            6 => {
                line.loses(true);
                assert!(device.store.sync(|_| ControlFlow::Continue(())).is_err());
                line.loses(false);
                // It was committed all the same.
                server -= device.unsent;
                device.unsent = 0;
                lost += 1;
            }
            _ => {
                let pieces = 1 + dice.roll(6);
                let rows = format!("part_number,quantity\nBELT-7,{pieces}\n").into_bytes();
                let path = "/v1/technicians/lee/stock/receipts";
                assert_eq!(world.office.ask(Method::POST, path, csv(rows)).unwrap().status, 200);
                server += i64::try_from(pieces).unwrap();
            }
        }
        for device in &devices {
            let van = device.store.van_stock().unwrap().unwrap();
            let expected = device.base - device.since;
            assert_eq!(figure(&device.store), expected, "seed {SEED}, step {step}");
            let is_short = van.findings.iter().any(|finding| finding.fault == "stock-short");
            assert_eq!(is_short, expected < 0, "seed {SEED}, step {step}");
            short += u32::from(is_short);
        }
        let there = world.office.get("/v1/technicians/lee/stock").unwrap();
        assert_eq!(crate::pieces(&there, "BELT-7"), Some(server), "seed {SEED}, step {step}");
    }
    assert!(lost > 2 && short > 0, "the run meets what it is about: {lost} lost, {short} short");
}
