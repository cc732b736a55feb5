//! W2, an idle reconnect: both sides were restarted, nothing has changed.

use crate::devices::Device;
use crate::figures::{Figures, median, ms, number};
use crate::plan::Plan;
use crate::world::{Cost, World};

/// A device comes back and finds nothing new.
pub(crate) fn come_back(world: &World, device: &mut Device) -> Cost {
    device.reopen();
    let (report, cost) = world.cost(|| device.sync());
    assert_eq!((report.accepted, report.documents, report.changes), (0, 0, 0), "{report:?}");
    cost
}

pub(crate) fn measure(world: &mut World, device: &mut Device, plan: &Plan, figures: &mut Figures) {
    let costs: Vec<Cost> = (0..plan.sizes.returns)
        .map(|_| {
            world.restart();
            come_back(world, device)
        })
        .collect();
    let middle = |figure: &dyn Fn(&Cost) -> f64| median(costs.iter().map(figure).collect());
    figures.bar("w2-requests", middle(&|cost| number(cost.requests)), 1.0, "");
    figures.bar(
        "w2-bytes-both-ways",
        middle(&|cost| number(cost.through.up + cost.through.down)),
        2000.0,
        "B",
    );
    figures.bar("w2-up-to-date", middle(&|cost| ms(cost.time)), 15.0, "ms");
}
