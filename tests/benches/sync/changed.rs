//! W4: the office has changed a few of many visits.

use jobsheet_core::record::DocumentId;
use serde_json::json;

use crate::devices::Device;
use crate::figures::{Figures, median, ms, number};
use crate::plan::Plan;
use crate::world::{Cost, World};

/// Visits that the office changes.
const CHANGED: usize = 5;

pub(crate) fn measure(
    world: &World,
    device: &mut Device,
    visits: &[DocumentId],
    plan: &Plan,
    figures: &mut Figures,
) {
    device.sync();
    let costs: Vec<Cost> = (0..plan.sizes.returns)
        .map(|round| {
            for at in 0..CHANGED {
                // Others each time, spread over all.
                let visit = visits[(round * 37 + at * visits.len() / CHANGED) % visits.len()];
                let words = format!("The customer asks for a call before {}:{at:02}.", 8 + round % 10);
                world.office.command(&visit.to_string(), &json!({ "do": "say", "words": words })).unwrap();
            }
            device.reopen();
            let (report, cost) = world.cost(|| device.sync());
            assert_eq!((report.documents, report.changes as usize), (0, CHANGED), "{report:?}");
            cost
        })
        .collect();
    let middle = |figure: &dyn Fn(&Cost) -> f64| median(costs.iter().map(figure).collect());
    figures.bar("w4-requests", middle(&|cost| number(cost.requests)), 1.0, "");
    let bytes = middle(&|cost| number(cost.through.up + cost.through.down));
    figures.bar("w4-bytes-both-ways", bytes / 1e3, 10.0, "kB");
    figures.bar("w4-up-to-date", middle(&|cost| ms(cost.time)), 40.0, "ms");
}
