//! What grows with what exists: W1 with many documents and devices known to the server, W2 with few and with many visits.

use crate::devices::Device;
use crate::figures::{Figures, begins, median, ms, note, number};
use crate::idle::come_back;
use crate::plan::Plan;
use crate::shift::{self, Ended};
use crate::world::World;

/// Technicians among whom the documents are spread.
const TECHNICIANS: u64 = 1000;

pub(crate) fn measure(plan: &Plan, figures: &mut Figures) {
    let sizes = plan.sizes;
    let step = sizes.devices * sizes.visits_each;
    // Turn and turn about: whatever else the machine does falls on both.
    let mut empty = World::new(plan.folder.join("growth-empty"));
    let mut full = World::new(plan.folder.join("growth-full"));
    fill(&full, plan);
    let first = |shift: u64| 1_000_000 + shift * step;
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for shift in 0..sizes.shifts {
        let name = format!("shift{shift}");
        few.push(shift::end(&mut empty, sizes, first(shift), &name));
        many.push(shift::end(&mut full, sizes, first(shift), &name));
    }
    let cpu = |ended: &[Ended]| median(ended.iter().map(|one| one.cost.cpu.as_secs_f64()).collect());
    let time = |ended: &[Ended]| median(ended.iter().map(|one| one.cost.time.as_secs_f64()).collect());
    note("growth w1 CPU, empty server", cpu(&few), "s");
    note("growth w1 CPU, full server", cpu(&many), "s");
    note("growth w1 time, empty server", time(&few), "s");
    note("growth w1 time, full server", time(&many), "s");
    figures.bar("growth-w1-cpu", cpu(&many) / cpu(&few), 1.15, "x");
    figures.bar("growth-w1-time", time(&many) / time(&few), 1.15, "x");
    shift::memory(figures, "full", &many);
    flat(&mut full, plan, figures);
}

/// Documents and devices that exist, all made through the office.
fn fill(world: &World, plan: &Plan) {
    let sizes = plan.sizes;
    let begun = begins(&format!("{} documents and {} devices", sizes.documents, sizes.known_devices));
    let technicians = TECHNICIANS.min(sizes.documents);
    let technician = |number: u64| format!("known-{}", number % technicians);
    world.technicians((0..technicians).map(technician));
    world.visits(0..sizes.documents, technician);
    world.known_devices(sizes.known_devices, technician);
    println!("       prepared in {:.1} s", begun.elapsed().as_secs_f64());
}

/// W2 with few and with many visits, in turn.
fn flat(world: &mut World, plan: &Plan, figures: &mut Figures) {
    let (few, many) = plan.sizes.flat;
    world.technicians(["few", "many"].map(ToOwned::to_owned).into_iter());
    let mut first = 2_000_000;
    let mut devices = [("few", few), ("many", many)].map(|(technician, visits)| {
        let begun = begins(&format!("{visits} visits of one technician"));
        world.visits(first..first + visits, |_| technician.to_owned());
        first += visits;
        let device = Device::enrolled(world, technician, technician);
        device.sync();
        println!("       prepared in {:.1} s", begun.elapsed().as_secs_f64());
        device
    });
    let (mut times, mut bytes) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..plan.sizes.returns {
        for at in [round % 2, 1 - round % 2] {
            world.restart();
            let cost = come_back(world, &mut devices[at]);
            times[at].push(ms(cost.time));
            bytes[at].push(number(cost.through.up + cost.through.down));
        }
    }
    let [few_times, many_times] = times.map(median);
    let [few_bytes, many_bytes] = bytes.map(median);
    note("growth w2 time, few visits", few_times, "ms");
    note("growth w2 time, many visits", many_times, "ms");
    figures.bar("growth-w2-time", many_times / few_times, 1.1, "x");
    figures.bar("growth-w2-bytes", many_bytes / few_bytes, 1.1, "x");
}
