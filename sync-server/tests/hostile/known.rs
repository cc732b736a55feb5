//! Attacks that are known by name: each is refused, and what comes after it is taken.

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ObjType, ROOT, ReadDoc};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jobsheet_core::record::Command;
use jobsheet_wire::{Framed, MAX_INFLATED_BYTES, encode_exchange};
use reqwest::header::HeaderValue;
use uuid::Uuid;

use crate::common::bomb::write_number;
use crate::common::{codes, http, problem};
use crate::mutate::{Dice, message, mutated, renumbered, sealed};
use crate::scene::{Scene, typed};
use crate::{change, mutate};

/// Levels that overflow the stack of whoever walks down them.
const DEEP: usize = 300;

/// The change that Automerge itself makes of an edit of a visit.
fn forged(scene: &Scene, visit: &Uuid, actor: u8, edit: impl FnOnce(&mut AutoCommit)) -> Framed {
    let document = scene.lee.visits[visit].save();
    let mut doc = AutoCommit::load(&document).unwrap().with_actor(ActorId::from([actor; 16]));
    edit(&mut doc);
    doc.commit();
    let change = doc.get_last_local_change().unwrap();
    Framed { hash: change.hash().0, bytes: change.raw_bytes().to_vec() }
}

/// Pushes one change that must be refused with a code; a good one with it is taken.
fn refused(scene: &mut Scene, visit: Uuid, change: Framed, expected: &[&str]) {
    let mut dice = Dice(u64::from_le_bytes(change.hash[..8].try_into().unwrap()));
    let good = crate::change(&mut scene.lee, visit, &mut dice);
    let reply = scene.lee.sync(&[(visit, vec![change, good])]);
    let told = codes(&reply);
    assert!(expected.contains(&told[0].as_str()), "{told:?} is none of {expected:?}");
    assert!(["accepted", "duplicate"].contains(&told[1].as_str()), "durable: {told:?}");
    scene.server.alive();
    scene.let_in_again();
}

#[test]
fn counters_and_numbers_at_their_ends_are_refused() {
    let mut scene = Scene::new();
    let visit = scene.next_visit();
    let mut dice = Dice(3);
    for start in [u64::from(u32::MAX) - 1, u64::from(u32::MAX), u64::MAX, 0] {
        let one = change(&mut scene.lee, visit, &mut dice);
        refused(
            &mut scene,
            visit,
            renumbered(&one.bytes, None, Some(start)),
            &["unreadable", "foreign-operation", "too-large", "wrong-counter"],
        );
    }
    for seq in [0, u64::from(u32::MAX), u64::MAX] {
        let one = change(&mut scene.lee, visit, &mut dice);
        refused(
            &mut scene,
            visit,
            renumbered(&one.bytes, Some(seq), None),
            &["unreadable", "wrong-sequence", "actor-diverged"],
        );
    }
    scene.still_sound(&visit);
}

#[test]
fn objects_within_objects_are_refused() {
    let mut scene = Scene::new();
    let visit = scene.next_visit();
    let deep = forged(&scene, &visit, 9, |doc| {
        let (_, field) = doc.get(ROOT, "field").unwrap().unwrap();
        let (_, mut at) = doc.get(&field, "events").unwrap().unwrap();
        for _ in 0..DEEP {
            at = doc.put_object(&at, "deeper", ObjType::Map).unwrap();
        }
    });
    refused(&mut scene, visit, deep, &["foreign-path", "foreign-operation"]);
    scene.still_sound(&visit);
}

#[test]
fn no_place_of_the_office_is_written_by_a_device() {
    let mut scene = Scene::new();
    let visit = scene.next_visit();
    let places: Vec<String> = {
        let doc = AutoCommit::load(&scene.lee.visits[&visit].save()).unwrap();
        let (_, office) = doc.get(ROOT, "office").unwrap().unwrap();
        doc.keys(&office).collect()
    };
    assert!(places.len() >= 4, "{places:?}");
    for (at, place) in (10..).zip(&places) {
        let change = forged(&scene, &visit, at, |doc| {
            let (_, office) = doc.get(ROOT, "office").unwrap().unwrap();
            match doc.get(&office, place.as_str()).unwrap() {
                Some((value, inside)) if value.is_object() => {
                    doc.put(&inside, "4a6f6273-6865-4574-8000-0000000f0001", "{}").unwrap();
                }
                _ => doc.put(&office, place.as_str(), "{}").unwrap(),
            }
        });
        refused(&mut scene, visit, change, &["foreign-path"]);
    }
}

#[test]
fn a_change_of_one_visit_is_not_taken_into_another() {
    let mut scene = Scene::new();
    let first = scene.next_visit();
    let change = scene.lee.work(&first, Command::Accept);
    let second = scene.next_visit();
    let reply = scene.lee.sync(&[(second, vec![change.clone()])]);
    assert_eq!(codes(&reply), ["pending"], "its parents are in another document");
    assert_eq!(codes(&scene.lee.sync(&[(first, vec![change])])), ["accepted"]);
    scene.still_sound(&second);
}

#[test]
fn headers_of_uploads_that_were_tampered_with_are_refused_or_taken() {
    const TRIES: usize = 400;
    let mut scene = Scene::new();
    let visit = scene.next_visit();
    let mut dice = Dice(11);
    let metadata = format!(
        "sha256 {},document {},filename dw==",
        STANDARD.encode("ab".repeat(32)),
        STANDARD.encode(visit.to_string())
    );
    let headers = [
        ("upload-length", "5000000".to_owned()),
        ("upload-metadata", metadata),
        ("upload-offset", "0".to_owned()),
        ("upload-checksum", format!("sha256 {}", STANDARD.encode([7; 32]))),
        ("tus-resumable", "1.0.0".to_owned()),
        ("content-length", "0".to_owned()),
    ];
    let mut told = std::collections::BTreeMap::<u16, usize>::new();
    for _ in 0..TRIES {
        let tampered = dice.below(5);
        let mut request =
            http().post(format!("{}/v1/uploads", scene.server.url)).bearer_auth(&scene.lee.token);
        for (at, (name, value)) in headers.iter().enumerate() {
            let bytes = value.as_bytes();
            let value = if at == tampered { mutated(bytes, bytes, 0, &mut dice) } else { bytes.to_vec() };
            // What no HTTP client sends.
            let Ok(value) = HeaderValue::from_bytes(&value) else { continue };
            request = request.header(*name, value);
        }
        *told.entry(typed(request.send().unwrap())).or_default() += 1;
    }
    // 409: the headers are right, but no record names that file.
    assert!([400, 409, 412].iter().all(|status| told.contains_key(status)), "{told:?}");
    scene.server.alive();
}

#[test]
fn compressed_changes_are_not_inflated() {
    let mut scene = Scene::new();
    let visit = scene.next_visit();
    // What inflates to zeros: stored blocks would do as well, the type byte alone decides.
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 2];
    let deflated = [0xed, 0xc1, 1, 1, 0, 0, 0, 0x80, 0x90, 0xfe, 0xaf, 0xee, 8, 0x0a].repeat(1000);
    write_number(&mut bytes, deflated.len() as u64);
    bytes.extend(deflated);
    refused(&mut scene, visit, sealed(bytes), &["unreadable", "wrong-hash"]);
    scene.still_sound(&visit);
}

#[test]
fn messages_that_would_fill_memory_or_stack_are_refused() {
    let mut scene = Scene::new();
    let visit = scene.next_visit();
    let lee = &scene.lee;
    problem(lee.send(message(&vec![0; MAX_INFLATED_BYTES + 1])), 413, "too-large");
    problem(lee.send(message(&vec![0; 256 << 20])), 413, "too-large");
    for byte in [0x9f, 0x81, 0xbf, 0xa1, 0xc1, 0xdb, 0x9b, 0xbb, 0x5f] {
        problem(lee.send(message(&vec![byte; 1 << 20])), 400, "body-damaged");
        let huge = [vec![byte], vec![0xff; 8], vec![0; 100]].concat();
        problem(lee.send(message(&huge)), 400, "body-damaged");
    }
    // Messages of Automerge's own sync protocol, some of which crash it.
    for bytes in [
        &[0x42, 0, 0, 1, 0, 0, 1, 0, 0, 0][..],
        &[0x42, 1, 0xff, 0xff, 0xff, 0xff, 0xf, 0, 0, 1, 0, 0, 0, 0, 0],
    ] {
        problem(lee.send(message(bytes)), 400, "body-damaged");
        let status = lee.send(bytes.to_vec()).status();
        assert_eq!(status, 400);
    }
    scene.server.alive();
    let mut dice = Dice(5);
    let good = mutate::mutated_change(&change(&mut scene.lee, visit, &mut dice).bytes, &[1], &mut dice);
    let asked = scene.lee.message(&[(visit, vec![good])]);
    assert!(scene.lee.send(encode_exchange(&asked).unwrap()).status().is_success());
    scene.still_sound(&visit);
}
