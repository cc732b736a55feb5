//! Work of devices is judged in processes of their own: what kills one costs nobody else anything.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::bomb::repeated;
use common::{Device, Server, codes, ok, problem};
use jobsheet_core::record::Command;
use jobsheet_wire::{Framed, encode_exchange};
use serde_json::{Value, json};
use uuid::Uuid;

/// Most memory that a worker may write to.
const WORKER_MEMORY_BYTES: u64 = 96 << 20;
/// A device whose changes have killed so many workers is shut out.
const MAX_STRIKES: u64 = 3;
/// Operations that no worker has the time for.
const TOO_MANY: u32 = 100_000_000;

struct Scene {
    server: Server,
    visit: Uuid,
    lee: Device,
    mei: Device,
}

fn scene() -> Scene {
    let server = Server::start();
    server.import();
    for id in ["lee", "mei"] {
        server.technician(id);
    }
    let visit = server.dispatch("101001241039", &["lee", "mei"]);
    let (mut lee, mut mei) = (server.device("lee"), server.device("mei"));
    lee.sync(&[]);
    mei.sync(&[]);
    Scene { server, visit, lee, mei }
}

fn say(words: &str) -> Command {
    Command::Say { words: words.to_owned() }
}

impl Scene {
    /// Work of a device that stays on it: what is made of it shares its actor and number.
    fn bomb(&mut self, count: u32) -> Framed {
        let held = self.lee.visits[&self.visit].clone();
        let change = self.lee.work(&self.visit, say("boom"));
        self.lee.visits.insert(self.visit, held);
        repeated(&change.bytes, count)
    }

    fn listed(&self, device: Uuid) -> Value {
        let devices = self.server.get("/v1/devices");
        devices.as_array().unwrap().iter().find(|one| one["id"] == json!(device)).unwrap().clone()
    }
}

/// Process ids of the server's workers.
fn workers(server: &Server) -> Vec<u32> {
    let mut found = Vec::new();
    // Any thread of the server may have started one.
    for thread in std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap() {
        let text = std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default();
        found.extend(text.split_whitespace().map(|pid| pid.parse::<u32>().unwrap()));
    }
    found
}

#[test]
fn a_change_that_would_fill_the_memory_is_refused_and_others_go_on() {
    let mut scene = scene();
    let few = scene.bomb(3);
    let reply = scene.lee.sync(&[(scene.visit, vec![few])]);
    assert_eq!(codes(&reply), ["foreign-operation"], "a null is no entry");

    let many = scene.bomb(4 * 20_000 + 1);
    assert_eq!(codes(&scene.lee.sync(&[(scene.visit, vec![many])])), ["too-large"]);

    let bomb = scene.bomb(TOO_MANY);
    assert!(bomb.bytes.len() < 400);
    let good = scene.lee.work(&scene.visit, say("before the bomb"));
    let others = scene.mei.work(&scene.visit, say("meanwhile"));
    let reply = scene.lee.sync(&[(scene.visit, vec![good, bomb])]);
    assert_eq!(codes(&reply), ["accepted", "too-costly"], "only what kills is refused");
    assert_eq!(codes(&scene.mei.sync(&[(scene.visit, vec![others])])), ["accepted"]);
    assert_eq!(scene.listed(scene.lee.id)["strikes"], 1);
    assert_eq!(scene.listed(scene.mei.id)["strikes"], 0);
    let metrics = common::http().get(format!("{}/metrics", scene.server.url)).send().unwrap().text().unwrap();
    assert!(metrics.contains("jobsheet_worker_deaths_total"), "{metrics}");
}

#[test]
fn a_device_that_goes_on_killing_workers_is_shut_out_until_the_office_lets_it_in() {
    let mut scene = scene();
    for strike in 1..=MAX_STRIKES {
        assert_eq!(scene.listed(scene.lee.id)["suspended_at"], Value::Null);
        let bomb = scene.bomb(TOO_MANY - u32::try_from(strike).unwrap());
        let reply = scene.lee.sync(&[(scene.visit, vec![bomb])]);
        assert_eq!(codes(&reply), ["too-costly"]);
        assert_eq!(scene.listed(scene.lee.id)["strikes"], strike);
    }
    let body = encode_exchange(&scene.lee.message(&[])).unwrap();
    problem(scene.lee.send(body), 403, "device-suspended");
    let path = format!("/v1/devices/{}/suspension", scene.lee.id);
    let readmit = scene.server.ask(reqwest::Method::PUT, &path).json(&json!({"suspended": false}));
    assert!(readmit.send().unwrap().status().is_success());
    assert_eq!(scene.listed(scene.lee.id)["strikes"], 0);
    let change = scene.lee.work(&scene.visit, say("again"));
    assert_eq!(codes(&scene.lee.sync(&[(scene.visit, vec![change])])), ["accepted"]);
}

#[test]
fn workers_have_limits_and_are_started_again() {
    let mut scene = scene();
    let change = scene.lee.work(&scene.visit, say("first"));
    assert_eq!(codes(&scene.lee.sync(&[(scene.visit, vec![change])])), ["accepted"]);
    let before = workers(&scene.server);
    assert!(!before.is_empty());
    for pid in &before {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let data = limits.lines().find(|line| line.starts_with("Max data size")).unwrap();
        assert!(data.split_whitespace().nth(3) == Some(&WORKER_MEMORY_BYTES.to_string()), "{data}");
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
        assert!(environment.is_empty(), "a worker knows nothing of the server's environment");
        assert!(
            std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success()
        );
    }
    let change = scene.lee.work(&scene.visit, say("second"));
    assert_eq!(
        codes(&scene.lee.sync(&[(scene.visit, vec![change])])),
        ["accepted"],
        "tried with another one"
    );
    assert_eq!(scene.listed(scene.lee.id)["strikes"], 0, "a worker that dies once is nobody's fault");
    assert!(workers(&scene.server).iter().all(|pid| !before.contains(pid)));
    ok(scene
        .server
        .post(&format!("/v1/visits/{}/commands", scene.visit), &json!({"do": "say", "words": "all well"})));
}
