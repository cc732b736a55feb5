//! A technician with many finished visits: what W2, W3 and W4 work on.

use crate::devices::{Device, standard};
use crate::figures::{Figures, begins};
use crate::plan::Plan;
use crate::world::{World, each};
use crate::{changed, first, idle};

/// The technician.
pub(crate) const TECHNICIAN: &str = "tech-1";

pub(crate) fn measure(plan: &Plan, figures: &mut Figures) {
    let mut world = World::new(plan.folder.join("thousand"));
    let begun = begins(&format!("{} visits of one technician", plan.sizes.visits));
    world.technicians(std::iter::once(TECHNICIAN.to_owned()));
    let visits = world.visits(0..plan.sizes.visits, |_| TECHNICIAN.to_owned());
    let mut device = Device::enrolled(&world, TECHNICIAN, "phone");
    device.sync();
    let standard = standard();
    let numbered: Vec<_> = (0..).zip(&visits).collect();
    each(&numbered, |(number, visit)| device.work(&standard, **visit, *number));
    device.sync();
    println!("       prepared in {:.1} s", begun.elapsed().as_secs_f64());
    if plan.wants("w2") {
        idle::measure(&mut world, &mut device, plan, figures);
    }
    if plan.wants("w3") {
        first::measure(&world, &device, plan, figures);
    }
    if plan.wants("w4") {
        changed::measure(&world, &mut device, &visits, plan, figures);
    }
}
