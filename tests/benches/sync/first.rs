//! W3: a new device of a technician with many visits.

use jobsheet::Query;

use crate::devices::Device;
use crate::figures::{Figures, median, note, number};
use crate::floor;
use crate::plan::Plan;
use crate::thousand::TECHNICIAN;
use crate::world::World;

pub(crate) fn measure(world: &World, device: &Device, plan: &Plan, figures: &mut Figures) {
    let documents = device.documents();
    let bytes_floor = floor::compressed_pages(&documents);
    let saves: Vec<Vec<u8>> = documents.iter().map(|held| held.whole.save_nocompress()).collect();
    let (mut down, mut times, mut floors, mut requests) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..plan.sizes.new_devices {
        floors.push(floor::load_and_insert(&world.folder().join("bare"), &saves).as_secs_f64());
        let new = Device::enrolled(world, TECHNICIAN, &format!("new-{round}"));
        let (listed, cost) = world.cost(|| {
            new.sync();
            new.store.visits(&Query::default()).unwrap().total
        });
        assert_eq!(u64::from(listed), plan.sizes.visits);
        down.push(number(cost.through.down));
        times.push(cost.time.as_secs_f64());
        requests.push(number(cost.requests));
        new.store.shutdown().unwrap();
    }
    let (time, bare) = (median(times), median(floors));
    note("w3 floor F per visit", number(bytes_floor) / number(documents.len()), "B");
    note("w3 floor load and insert", bare, "s");
    note("w3 durable and listed", time, "s");
    note("w3 requests", median(requests), "");
    figures.bar("w3-bytes-down-over-F", median(down) / number(bytes_floor), 1.3, "x");
    figures.bar("w3-listed-over-load-and-insert", time / bare, 1.5, "x");
}
