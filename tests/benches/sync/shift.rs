//! W1, the end of a shift: many devices come back at once, each with a day of offline work; at the last acknowledgement the
//! server is killed. Also what the server holds in memory meanwhile, and on the disk afterwards.

use std::sync::Barrier;
use std::time::Duration;

use jobsheet_core::record::DocumentId;
use jobsheet_core::standard::Standard;

use crate::devices::{COMMANDS, Device, standard};
use crate::figures::{Figures, begins, median, note, number};
use crate::plan::{Plan, Sizes};
use crate::world::{Cost, World, each};
use crate::{floor, process};

/// What the end of one shift cost.
pub(crate) struct Ended {
    pub(crate) cost: Cost,
    pub(crate) server_peak: u64,
    pub(crate) worker_peak: Option<u64>,
    /// Automerge parsing and applying the same changes once.
    pub(crate) apply_floor: Duration,
    /// zstd over the saves of each device's documents.
    pub(crate) bytes_floor: u64,
    /// Documents of which the server had not everything after it was killed.
    pub(crate) lost: u64,
}

/// Devices that have worked offline.
struct Shift {
    devices: Vec<(Device, Vec<DocumentId>)>,
}

/// Prepares a shift through the office and the device library.
fn offline(world: &World, standard: &Standard, sizes: Sizes, first: u64, name: &str) -> Shift {
    let begun = begins(&format!("{} devices work on {} visits each", sizes.devices, sizes.visits_each));
    let technician = |device: u64| format!("{name}-{device}");
    world.technicians((0..sizes.devices).map(technician));
    let last = first + sizes.devices * sizes.visits_each;
    let visits = world.visits(first..last, |number| technician((number - first) / sizes.visits_each));
    let numbered: Vec<(u64, Vec<(u64, DocumentId)>)> = (first..)
        .zip(visits)
        .collect::<Vec<_>>()
        .chunks(usize::try_from(sizes.visits_each).unwrap())
        .zip(0..)
        .map(|(own, device)| (device, own.to_vec()))
        .collect();
    let devices = each(&numbered, |(device, visits)| {
        let device = Device::enrolled(world, &technician(*device), &technician(*device));
        device.sync();
        for (number, visit) in visits {
            device.work(standard, *visit, *number);
        }
        (device, visits.iter().map(|(_, visit)| *visit).collect())
    });
    println!("       prepared in {:.1} s", begun.elapsed().as_secs_f64());
    Shift { devices }
}

/// All devices come back at the same moment; when the last has been acknowledged, the server is killed.
pub(crate) fn end(world: &mut World, sizes: Sizes, first: u64, name: &str) -> Ended {
    let standard = standard();
    let shift = offline(world, &standard, sizes, first, name);
    let barrier = Barrier::new(shift.devices.len());
    let (acknowledged, cost) = world.cost(|| {
        std::thread::scope(|scope| {
            let come_back = |device: &'_ Device| {
                barrier.wait();
                device.sync().accepted
            };
            let threads: Vec<_> =
                shift.devices.iter().map(|(device, _)| scope.spawn(move || come_back(device))).collect();
            threads.into_iter().map(|thread| u64::from(thread.join().unwrap())).sum::<u64>()
        })
    });
    let (server_peak, worker_peak) = (process::peak(world.pid()), process::peak_below(world.pid()));
    world.kill();
    assert_eq!(acknowledged, sizes.devices * sizes.visits_each * COMMANDS as u64);
    world.start();
    let lost = lost(world, &shift);
    let (mut apply_floor, mut bytes_floor) = (Duration::ZERO, 0);
    for (device, _) in &shift.devices {
        let documents = device.documents();
        bytes_floor += floor::compressed(&documents);
        apply_floor += documents.iter().map(floor::parse_and_apply).sum::<Duration>();
    }
    Ended { cost, server_peak, worker_peak, apply_floor, bytes_floor, lost }
}

/// Documents of which another device of the same technician does not get the heads that the first one has.
fn lost(world: &World, shift: &Shift) -> u64 {
    let lost = each(&shift.devices, |(device, visits)| {
        let other = Device::enrolled(world, &device.technician, &format!("{}-other", device.technician));
        other.sync();
        let differs = |visit: &&DocumentId| {
            device.store.heads(**visit).unwrap() != other.store.heads(**visit).unwrap_or_default()
        };
        let lost = visits.iter().filter(differs).count() as u64;
        other.store.shutdown().unwrap();
        lost
    });
    lost.into_iter().sum()
}

pub(crate) fn measure(plan: &Plan, figures: &mut Figures) {
    let sizes = plan.sizes;
    let mut world = World::new(plan.folder.join("w1"));
    let empty = world.disk();
    let step = sizes.devices * sizes.visits_each;
    let ended: Vec<Ended> = (0..sizes.shifts)
        .map(|shift| end(&mut world, sizes, shift * step, &format!("shift{shift}")))
        .collect();
    let middle = |figure: &dyn Fn(&Ended) -> f64| median(ended.iter().map(figure).collect());
    let visits = number(step);

    note("w1 floor F per visit", middle(&|one| number(one.bytes_floor)) / visits, "B");
    note("w1 floor Automerge parse and apply", middle(&|one| one.apply_floor.as_secs_f64()), "s");
    note("w1 server and worker CPU", middle(&|one| one.cost.cpu.as_secs_f64()), "s");
    note("w1 bytes down", middle(&|one| number(one.cost.through.down)), "B");
    figures.bar(
        "w1-bytes-up-over-F",
        middle(&|one| number(one.cost.through.up) / number(one.bytes_floor)),
        1.3,
        "x",
    );
    figures.bar(
        "w1-requests-per-device",
        middle(&|one| number(one.cost.requests) / number(sizes.devices)),
        2.0,
        "",
    );
    figures.bar("w1-durable-for-all", middle(&|one| one.cost.time.as_secs_f64()), 2.5, "s");
    let cpu = |one: &Ended| one.cost.cpu.as_secs_f64() / one.apply_floor.as_secs_f64();
    figures.bar("w1-cpu-over-automerge", middle(&cpu), 1.5, "x");
    let lost: u64 = ended.iter().map(|one| one.lost).sum();
    figures.bar("w1-lost-after-sigkill", number(lost), 0.0, "documents");
    memory(figures, "w1", &ended);

    world.restart();
    let each =
        |world: &World| number(world.disk().saturating_sub(empty)) / (visits * number(sizes.shifts)) / 1e3;
    figures.bar("disk-active-visit", each(&world), 20.0, "kB");
    world.archive();
    figures.bar("disk-archived-visit", each(&world), 3.0, "kB");
}

/// The bars of memory.
pub(crate) fn memory(figures: &mut Figures, name: &str, ended: &[Ended]) {
    let server = ended.iter().map(|one| one.server_peak).max().unwrap_or(0);
    figures.bar(format!("memory-server-{name}"), number(server) / 1e6, 120.0, "MB");
    if let Some(worker) = ended.iter().filter_map(|one| one.worker_peak).max() {
        figures.bar(format!("memory-worker-{name}"), number(worker) / 1e6, 100.0, "MB");
    }
}
