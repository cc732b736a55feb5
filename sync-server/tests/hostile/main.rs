//! An enrolled device that means harm. The server goes on, says what is wrong with each change, and answers others meanwhile.
//!
//! `JOBSHEET_HOSTILE_CHANGES` changes and messages; `cargo xtask prove hostile` is the long form.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod known;
mod mutate;
mod scene;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{Device, codes};
use jobsheet_core::record::{AnswerValue, Command, NoteEdit};
use jobsheet_wire::{Framed, decode_reply, encode_exchange};
use uuid::Uuid;

use mutate::{Dice, mutated, mutated_change, mutated_message};
use scene::{Scene, typed};

/// Changes and messages of an ordinary run.
const CHANGES: usize = 3000;
/// Changes of one exchange.
const EXCHANGED_AT_ONCE: usize = 50;
/// Messages that are tampered with as a whole, after each exchange.
const MESSAGES: usize = 10;
/// Exchanges for one visit: what is taken of all the changes makes it grow.
const EXCHANGES_OF_A_VISIT: usize = 40;
/// How long the honest device waits between exchanges.
const PAUSE: Duration = Duration::from_millis(5);
/// Most resident memory of a worker: what it may write to, and the program itself.
const WORKER_BYTES: u64 = 100 << 20;

fn command(dice: &mut Dice) -> Command {
    match dice.below(4) {
        0 => Command::Say { words: "On my way.".to_owned() },
        1 => Command::Note {
            note: "steps".to_owned(),
            edit: NoteEdit::Append("cleaned, greased. ".to_owned()),
        },
        2 => Command::Answer {
            item: "execution-form.confirm-address-time".to_owned(),
            value: AnswerValue::Yes(true),
        },
        _ => Command::ConsumePart {
            number: "K-204".to_owned(),
            name: Some("contactor".to_owned()),
            quantity: 1,
            serial: Some("SN-1".to_owned()),
            replaces: None,
        },
    }
}

/// A change that could be taken, under an actor of its own; the device does not keep it.
fn change(device: &mut Device, visit: Uuid, dice: &mut Dice) -> Framed {
    let held = device.visits[&visit].clone();
    device.actor = dice.actor();
    let change = device.work(&visit, command(dice));
    device.visits.insert(visit, held);
    change
}

/// The honest device works until it is told to stop; how long each of its exchanges took.
fn honest(mut device: Device, visit: Uuid, stop: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let change = device.work(&visit, Command::Say { words: format!("word {}", times.len() % 50) });
        let begun = Instant::now();
        assert_eq!(codes(&device.sync(&[(visit, vec![change])])), ["accepted"]);
        times.push(begun.elapsed());
        // A visit that only one device talks in for ever grows without end.
        if times.len() >= 2000 {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    times
}

#[test]
fn tampered_changes_and_messages_harm_nobody() {
    let wanted = std::env::var("JOBSHEET_HOSTILE_CHANGES").ok().and_then(|text| text.parse().ok());
    let wanted = wanted.unwrap_or(CHANGES);
    let mut scene = Scene::new();
    let pid = scene.server.pid();
    let (others, place) = scene.honest();
    let stop = AtomicBool::new(false);
    let (mut told, mut worker_peak) = (BTreeMap::<String, usize>::new(), 0);
    let times = std::thread::scope(|scope| {
        let working = scope.spawn(|| honest(others, place, &stop));
        // Whatever fails here, the other thread ends.
        let stopping = Stopping(&stop);
        let mut dice = Dice(0x5eed);
        let mut done = 0;
        while done < wanted {
            let visit = scene.next_visit();
            for _ in 0..EXCHANGES_OF_A_VISIT {
                let pushed: Vec<Framed> = (0..EXCHANGED_AT_ONCE)
                    .map(|_| {
                        let (one, other) = (
                            change(&mut scene.lee, visit, &mut dice),
                            change(&mut scene.lee, visit, &mut dice),
                        );
                        mutated_change(&one.bytes, &other.bytes, &mut dice)
                    })
                    .collect();
                let asked = scene.lee.message(&[(visit, pushed)]);
                let body = encode_exchange(&asked).unwrap();
                let response = scene.lee.send(body.clone());
                assert_eq!(response.status(), 200, "every change has its verdict");
                let reply = decode_reply(&response.bytes().unwrap(), &asked).unwrap();
                assert_eq!(reply.verdicts.len(), asked.push[0].changes.len());
                for code in codes(&reply) {
                    *told.entry(code).or_default() += 1;
                }
                for at in 0..MESSAGES {
                    let body = if at % 2 == 0 {
                        mutated_message(&body, &mut dice)
                    } else {
                        mutated(&body, &body, 0, &mut dice)
                    };
                    let status = typed(scene.lee.send(body));
                    *told.entry(format!("message {status}")).or_default() += 1;
                }
                done += EXCHANGED_AT_ONCE + MESSAGES;
                worker_peak = worker_peak.max(scene.worker_peak());
                scene.let_in_again();
                if done >= wanted {
                    break;
                }
            }
            scene.still_sound(&visit);
        }
        drop(stopping);
        working.join().unwrap()
    });
    assert_eq!(scene.server.pid(), pid);
    scene.server.alive();
    assert!(worker_peak <= WORKER_BYTES, "a worker held {worker_peak} bytes");
    let mut times = times;
    times.sort();
    println!(
        "{} changes and messages: {told:?}; largest worker {} MB; {} exchanges of another device meanwhile, p50 {:.1} ms, p99 {:.1} ms",
        told.values().sum::<usize>(),
        worker_peak >> 20,
        times.len(),
        times[times.len() / 2].as_secs_f64() * 1e3,
        times[times.len() * 99 / 100].as_secs_f64() * 1e3,
    );
}

/// Tells the honest device to stop when this is dropped.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
