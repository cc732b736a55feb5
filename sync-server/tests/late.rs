//! What a revoked device sends: kept as it came, within limits, and touching nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::files::add_document;
use common::{Device, Server, problem};
use jobsheet_wire::{Framed, MAX_CHANGE_BYTES, encode_exchange};
use reqwest::Method;
use serde_json::Value;
use sha2::Digest;
use uuid::Uuid;

/// Most changes, and most bytes, that are kept of one revoked device.
const MAX_LATE_CHANGES: usize = 20_000;
const MAX_LATE_BYTES: usize = 16 << 20;

struct Scene {
    server: Server,
    visit: Uuid,
    device: Device,
}

/// A device with a visit, revoked.
fn scene() -> Scene {
    let server = Server::start();
    server.import();
    server.technician("lee");
    server.technician("mei");
    let visit = server.dispatch("101001296115", &["lee"]);
    let mut device = server.device("lee");
    device.sync(&[]);
    let path = format!("/v1/devices/{}", device.id);
    assert_eq!(server.ask(Method::DELETE, &path).send().unwrap().status(), 204);
    Scene { server, visit, device }
}

/// Changes that are none, each of its own: what a stranger may send.
fn garbage(first: usize, count: usize, bytes: usize) -> Vec<Framed> {
    let change = |at: usize| {
        // Bytes that do not compress.
        let mut seed = at as u64;
        let mut byte = |_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u8::try_from(seed >> 56).unwrap()
        };
        let mut bytes: Vec<u8> = (0..bytes).map(&mut byte).collect();
        // No two have the same hash, which is over all but the first 8 bytes.
        bytes[8..16].copy_from_slice(&at.to_be_bytes());
        Framed { hash: sha2::Sha256::digest(&bytes[8..]).into(), bytes }
    };
    (first..first + count).map(change).collect()
}

impl Scene {
    /// Sends changes and gives what the device is told.
    fn send(&self, visit: Uuid, changes: Vec<Framed>) -> String {
        let body = encode_exchange(&self.device.message(&[(visit, changes)])).unwrap();
        problem(self.device.send(body), 401, "device-revoked")["detail"].as_str().unwrap().to_owned()
    }

    fn waits(&self) -> (u64, u64) {
        let late = self.server.get("/v1/late");
        let sum = |field: &str| late.as_array().unwrap().iter().map(|row| row[field].as_u64().unwrap()).sum();
        (sum("changes"), sum("bytes"))
    }
}

#[test]
fn strange_bytes_are_kept_touch_nothing_and_are_never_admitted() {
    let scene = scene();
    let before = scene.server.rows();
    let told = scene.send(scene.visit, garbage(0, 3, 100));
    assert!(told.contains("3 of its changes"), "{told}");
    assert_eq!(scene.waits(), (3, 300));
    scene.send(scene.visit, garbage(0, 3, 100));
    assert_eq!(scene.waits(), (3, 300), "sent again, they are known");
    let path = format!("/v1/late/{}/{}/admit", scene.device.id, scene.visit);
    let admitted: Value = common::ok(scene.server.ask(Method::POST, &path).send().unwrap());
    assert_eq!(admitted["admitted"], 0);
    assert_eq!(admitted["waiting"].as_array().unwrap().len(), 3);
    assert!(admitted["waiting"].as_array().unwrap().iter().all(|one| one["code"] == "unreadable"));
    assert_eq!(scene.waits(), (3, 300), "they go on waiting");
    assert_eq!(scene.server.get("/v1/late")[0]["refused"], 3);
    assert_eq!(scene.server.rows(), before);
    scene.server.alive();
}

#[test]
fn what_is_damaged_elsewhere_holds_up_neither_lists_nor_work() {
    let mut scene = scene();
    let path = format!("/v1/devices/{}/unsent", scene.device.id);
    let before = scene.server.get(&path);
    assert_eq!(before["visits"].as_array().unwrap().len(), 1);
    let database = rusqlite::Connection::open(scene.server.data().join("jobsheet.db")).unwrap();
    let damage = |sql: &str, visit: &Uuid| assert_eq!(database.execute(sql, [visit.as_bytes()]).unwrap(), 1);
    // Another visit of the technician, of which nothing is left.
    let other = scene.server.dispatch("101001241039", &["lee"]);
    damage("DELETE FROM snapshot WHERE document = ?1", &other);
    let work = scene.device.work(&scene.visit, add_document(&"ab".repeat(32), 7));
    scene.send(scene.visit, vec![work]);
    let admit = format!("/v1/late/{}/{}/admit", scene.device.id, scene.visit);
    let admitted = common::ok(scene.server.ask(Method::POST, &admit).send().unwrap());
    assert_eq!(admitted, serde_json::json!({"admitted": 1, "waiting": []}));
    assert_eq!(scene.waits(), (0, 0));
    // The visit itself: it may be on the device all the same.
    damage("UPDATE snapshot SET bytes = x'00' WHERE document = ?1", &scene.visit);
    let after = scene.server.get(&path);
    assert_eq!(after["last_seen_at"], before["last_seen_at"]);
    let row = |told: &Value| {
        let rows = told["visits"].as_array().unwrap().iter();
        let mut found = rows.filter(|row| row["visit"] == scene.visit.to_string());
        let row = found.next().unwrap();
        (row["number"].clone(), row["state"].clone())
    };
    assert_eq!(row(&after), row(&before));
    assert_eq!(row(&after).0, "101001296115");
}

#[test]
fn what_is_no_business_of_the_device_is_not_kept() {
    let scene = scene();
    let others = scene.server.dispatch("101001241039", &["mei"]);
    for visit in [others, Uuid::from_u128(1)] {
        let told = scene.send(visit, garbage(0, 2, 16));
        assert!(told.contains("2 changes stay on the device"), "{told}");
    }
    assert_eq!(scene.waits(), (0, 0));
    // A device that only asks is told no more than that it is out.
    let told = problem(
        scene.device.send(encode_exchange(&scene.device.message(&[])).unwrap()),
        401,
        "device-revoked",
    );
    assert!(!told["detail"].as_str().unwrap().contains("changes"), "{told}");
    let me = common::http().get(format!("{}/v1/me", scene.server.url)).bearer_auth(&scene.device.token);
    problem(me.send().unwrap(), 401, "device-revoked");
}

#[test]
fn so_many_changes_are_kept_and_no_more() {
    let scene = scene();
    for first in (0..MAX_LATE_CHANGES).step_by(4000) {
        scene.send(scene.visit, garbage(first, 4000, 16));
    }
    assert_eq!(scene.waits().0, MAX_LATE_CHANGES as u64);
    let told = scene.send(scene.visit, garbage(MAX_LATE_CHANGES, 1, 16));
    assert!(told.contains("1 changes stay on the device"), "{told}");
    assert_eq!(scene.waits().0, MAX_LATE_CHANGES as u64);
}

#[test]
fn so_many_bytes_are_kept_and_no_more() {
    let scene = scene();
    let most = MAX_LATE_BYTES / MAX_CHANGE_BYTES;
    for first in (0..most).step_by(8) {
        scene.send(scene.visit, garbage(first, 8, MAX_CHANGE_BYTES));
    }
    assert_eq!(scene.waits().1, MAX_LATE_BYTES as u64);
    let told = scene.send(scene.visit, garbage(most, 1, 16));
    assert!(told.contains("1 changes stay on the device"), "{told}");
    assert_eq!(scene.waits().1, MAX_LATE_BYTES as u64);
}
