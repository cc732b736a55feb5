//! What a phone makes of a file that is not right, or not for it: told, and nothing kept.

use std::path::Path;

use jobsheet_tests::phone::{Called, Phone};
use serde_json::json;

use crate::world::{World, take_over, world};

fn take(phone: &Phone, file: &Path) -> Called {
    phone.at("2026-03-02T15:08:00Z").call(&["take-over", file.to_str().unwrap()]).unwrap()
}

/// A phone refuses a file and has nothing of it.
fn refused(phone: &Phone, file: &Path, words: &str) {
    let called = take(phone, file);
    assert_eq!(called.code, 2, "{called:?}");
    let told = called.json["error"]["message"].as_str().unwrap();
    assert!(told.contains(words), "{told}");
    assert_eq!(phone.json(&["visits"]).unwrap()["total"], 0);
    let kept = std::fs::read_dir(phone.store.join("attachments"))
        .map_or(0, |folder| folder.filter(|entry| entry.as_ref().unwrap().file_name().len() == 64).count());
    assert_eq!(kept, 0, "files were kept");
}

fn handed() -> (World, std::path::PathBuf) {
    let world = world();
    world.maria_begins();
    let file = world.pass_on(&world.maria, "tom", "for-tom.tar");
    (world, file)
}

#[test]
fn a_file_is_for_whom_it_names_alone() {
    let (world, file) = handed();
    refused(&world.eve, &file, "was handed over to `tom`");
    let called = take(&world.maria, &file);
    assert!(called.code == 2 && called.text.contains("made on this device"), "{called:?}");
    let stranger = Phone::new("nobody", world.folder.path());
    assert_eq!(take(&stranger, &file).code, 6);
}

#[test]
fn a_phone_of_another_organisation_takes_nothing() {
    let (_world, file) = handed();
    let other = world();
    refused(&other.tom, &file, "another organisation");
}

#[test]
fn whatever_is_changed_in_a_file_is_found() {
    let (world, file) = handed();
    let whole = std::fs::read(&file).unwrap();
    let changed = world.folder.path().join("changed.tar");
    let step = whole.len() / 37;
    for at in (0..whole.len()).step_by(step) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&changed, &bytes).unwrap();
        refused(&world.tom, &changed, "");
    }
    for length in [0, 511, 512, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&changed, &whole[..length]).unwrap();
        refused(&world.tom, &changed, "was cut off");
    }
    let mut longer = whole.clone();
    longer.push(0);
    std::fs::write(&changed, &longer).unwrap();
    refused(&world.tom, &changed, "was cut off");
    // As it was made, it is taken; twice is once.
    let once = take_over(&world.tom, &file);
    let twice = take_over(&world.tom, &file);
    assert!(once["changes"].as_u64().unwrap() > 10, "{once}");
    assert_eq!(twice["changes"], 0);
}

#[test]
fn a_newer_format_says_update_and_another_kind_of_file_is_none() {
    let (world, file) = handed();
    let text = std::fs::read(&file).unwrap();
    let mark = b"hand-over-file-1";
    let at = text.windows(mark.len()).position(|window| window == mark).unwrap();
    let mut newer = text.clone();
    newer[at + mark.len() - 1] = b'2';
    let path = world.folder.path().join("newer.tar");
    std::fs::write(&path, newer).unwrap();
    refused(&world.tom, &path, "update the app");
    let record = world.folder.path().join("record.tar");
    world.maria.json(&["export", &world.visit, "--out", record.to_str().unwrap()]).unwrap();
    refused(&world.tom, &record, "no hand-over");
    refused(&world.tom, &world.folder.path().join("maria/jobsheet.db"), "no hand-over");
}

#[test]
fn attachments_go_along_up_to_the_limit_that_is_set() {
    let world = world();
    world.maria_begins();
    let size = jobsheet_tests::scenario::picture(1).len();
    for (limit, attachments) in [(size - 1, 0), (size, 1), (2 * size - 1, 1), (2 * size, 2)] {
        let file = world.folder.path().join(format!("{limit}.tar"));
        let (file, limit) = (file.to_str().unwrap(), limit.to_string());
        let arguments = ["pass-on", &world.visit, "--to", "tom", "--out", file, "--attachments", &limit];
        let told = world.maria.json(&arguments).unwrap();
        assert_eq!(told["attachments"], attachments);
        assert_eq!(told["left_out"].as_array().unwrap().len(), 2 - attachments);
    }
    let taken = take_over(&world.tom, &world.folder.path().join(format!("{size}.tar")));
    assert_eq!((&taken["attachments"], taken["missing"].as_array().unwrap().len()), (&json!(1), 1));
    // None is written over.
    let again = world.folder.path().join(format!("{size}.tar"));
    let arguments = ["pass-on", &world.visit, "--to", "tom", "--out", again.to_str().unwrap()];
    assert_eq!(world.maria.call(&arguments).unwrap().code, 2);
}

#[test]
fn a_visit_is_passed_on_to_somebody_else_by_whoever_works_on_it() {
    let world = world();
    let out = world.folder.path().join("none.tar");
    let to = |phone: &Phone, to: &str| {
        phone.call(&["pass-on", &world.visit, "--to", to, "--out", out.to_str().unwrap()]).unwrap()
    };
    assert_eq!(to(&world.maria, "maria").code, 3);
    assert_eq!(to(&world.maria, "").code, 3);
    assert_eq!(to(&world.eve, "tom").code, 4);
    assert!(!out.exists());
    assert_eq!(to(&world.maria, "tom").code, 0);
}
