//! W5, live: from a command on one device until the observer on another one is told, durable at the server and on both. The
//! devices stay in touch with [`jobsheet::Store::live`].

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use jobsheet::{ListChange, Live, LiveEvent, LiveOptions, Query, Subscription};
use jobsheet_core::record::{Command, DocumentId};

use crate::devices::Device;
use crate::figures::{Figures, begins, median, ms};
use crate::plan::Plan;
use crate::world::{World, each};

/// How often somebody works, when many do at once: two answers a second are fast for a person.
const EVERY: Duration = Duration::from_millis(500);
/// A change that has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Two devices with one visit.
struct Pair {
    visit: DocumentId,
    works: Device,
    watches: Device,
    told: Mutex<Receiver<Instant>>,
    _subscription: Subscription,
    _live: [Live; 2],
}

/// Starts to stay in touch, and waits until the server tells of news.
fn in_touch(device: &Device) -> Live {
    let (connected, wait) = channel();
    let live = device.store.live(&LiveOptions::default(), move |event| {
        if matches!(event, LiveEvent::Connected) {
            let _ = connected.send(());
        }
    });
    let live = live.unwrap();
    wait.recv_timeout(PATIENCE).unwrap();
    live
}

impl Pair {
    fn new(world: &World, visit: DocumentId, technician: &str) -> Self {
        let [works, watches] = ["works", "watches"].map(|name| {
            let device = Device::enrolled(world, technician, &format!("{technician}-{name}"));
            device.sync();
            device
        });
        let (teller, told) = channel();
        let tell = move |change| {
            if matches!(change, ListChange::Put(_)) {
                let _ = teller.send(Instant::now());
            }
        };
        let subscription = watches.store.observe(Query::default(), tell).unwrap();
        let live = [in_touch(&works), in_touch(&watches)];
        Self { visit, works, watches, told: Mutex::new(told), _subscription: subscription, _live: live }
    }

    /// One change, and how long it took to the observer.
    fn round(&self, count: usize) -> f64 {
        let told = self.told.lock().unwrap();
        while told.try_recv().is_ok() {}
        let words = format!("{count}: bearing measured, cleaned, greased.");
        let begun = Instant::now();
        let receipt = self.works.store.apply(self.visit, &Command::Say { words }).unwrap();
        loop {
            let at = told.recv_timeout(PATIENCE).unwrap();
            if self.watches.store.heads(self.visit).unwrap().contains(&receipt.change) {
                return ms(at.saturating_duration_since(begun));
            }
        }
    }
}

fn share(samples: &[f64], percent: usize) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn bars(figures: &mut Figures, name: &str, samples: Vec<f64>) {
    let late = share(&samples, 99);
    figures.bar(format!("w5-{name}-p50"), median(samples), 20.0, "ms");
    figures.bar(format!("w5-{name}-p99"), late, 80.0, "ms");
}

pub(crate) fn measure(plan: &Plan, figures: &mut Figures) {
    let (pairs, rounds) = (plan.sizes.pairs, plan.sizes.rounds);
    let world = World::new(plan.folder.join("live"));
    let begun = begins(&format!("{pairs} pairs of devices"));
    let technician = |number: u64| format!("pair-{number}");
    world.technicians((0..pairs).map(technician));
    let visits = world.visits(0..pairs, technician);
    let numbered: Vec<(u64, DocumentId)> = (0..).zip(visits).collect();
    let all = each(&numbered, |(number, visit)| Pair::new(&world, *visit, &technician(*number)));
    println!("       prepared in {:.1} s", begun.elapsed().as_secs_f64());
    let alone = (0..rounds * 5).map(|count| all[0].round(count)).collect();
    bars(figures, "one-pair", alone);
    let part = EVERY / u32::try_from(all.len()).unwrap();
    let together = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(&all)
            .map(|(number, pair)| {
                scope.spawn(move || {
                    std::thread::sleep(part * number);
                    let mut times = Vec::new();
                    for count in 0..rounds {
                        let begun = Instant::now();
                        times.push(pair.round(1000 + count));
                        std::thread::sleep(EVERY.saturating_sub(begun.elapsed()));
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    bars(figures, "all-pairs", together);
}
