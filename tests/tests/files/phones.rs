//! The device library sends and fetches files.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use jobsheet::{FetchError, Lack, Options, Presence, Store, SyncError, SyncReport};
use jobsheet_core::record::Command;
use jobsheet_tests::phone::Phone;
use jobsheet_tests::server::Server;

use crate::world::{accept, content, exchange, sha256, world};

/// First piece of a file that the device sends.
const PIECE: usize = 1 << 20;

fn sync(store: &Store) -> SyncReport {
    store.sync(|_| ControlFlow::Continue(())).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let listed = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn files_follow_their_records_and_the_crew_gets_them() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    let (large, small) = (world.file(1, 3 * PIECE), world.file(2, 1000));
    let (large, small) = (world.attach(&maria, &large), world.attach(&maria, &small));
    let strokes = world.file(3, 500);
    let unsent = |store: &Store| {
        let lacks = store.readiness(1).unwrap().findings.into_iter().map(|finding| finding.lack);
        lacks
            .filter_map(|lack| if let Lack::FilesUnsent { files } = lack { Some(files) } else { None })
            .sum::<u32>()
    };
    assert_eq!(unsent(&maria), 2);
    let listed = maria.attachments(Some(world.visit)).unwrap();
    assert!(listed.iter().all(|file| file.to_send && file.presence == Presence::Here));
    let kept = maria.keep_file(&strokes).unwrap();

    let mut order = Vec::new();
    let report = maria
        .sync(|progress| {
            if progress.files.bytes > 0 {
                order.push(progress.files.files_to_send);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((report.files.sent, report.files.waiting), (2, 0));
    assert_eq!(report.files.bytes_sent, 3 * PIECE as u64 + 1000);
    assert!(report.files.problems.is_empty() && report.files.stopped.is_none());
    assert_eq!(order.last(), Some(&0));
    assert_eq!(unsent(&maria), 0);
    assert!(maria.attachments(None).unwrap().iter().all(|file| !file.to_send));
    assert_eq!(world.files()["complete"], true);
    assert_eq!(world.at_office(&large), large);
    assert_eq!(sync(&maria).files, jobsheet::UploadReport::default(), "nothing is sent twice");

    // The crew: known, elsewhere, fetched.
    sync(&tom);
    let listed = tom.attachments(None).unwrap();
    assert!(listed.iter().all(|file| file.presence == Presence::Elsewhere && !file.to_send));
    assert!(tom.attachment(&small).is_none());
    let path = tom.fetch_file(&small).unwrap();
    assert_eq!(sha256(&std::fs::read(path).unwrap()), small);
    assert_eq!(tom.prefetch(Some(PIECE as u64)).unwrap().left, 1, "beyond the limit");
    assert!(tom.attachment(&large).is_none());
    let fetched = tom.prefetch(None).unwrap();
    assert_eq!((fetched.files, fetched.bytes, fetched.left), (1, 3 * PIECE as u64, 0));
    assert_eq!(sha256(&std::fs::read(tom.attachment(&large).unwrap()).unwrap()), large);
    assert!(matches!(tom.fetch_file(&kept.sha256), Err(FetchError::NotNamed(_))));
    assert!(matches!(tom.fetch_file("../jobsheet.db"), Err(FetchError::NotNamed(_))));
}

#[test]
fn cut_at_every_boundary_and_a_byte_beside_it_a_device_sends_the_same_file() {
    let world = world();
    let maria = world.device("maria");
    let size = 5 * PIECE + 100;
    let hash = world.attach(&maria, &world.file(7, size));
    exchange(&maria);
    let around = |at: usize| [at.saturating_sub(1), at, at + 1];
    let cuts: BTreeSet<u64> = (0..=5)
        .flat_map(|n| around(n * PIECE))
        .chain(around(size))
        .filter(|at| *at <= size)
        .map(|at| at as u64)
        .collect();
    world.proxy.cut_at(cuts);
    // More cuts than one sync puts up with: each goes on from where the one before stood.
    let mut syncs = 0;
    while world.files()["complete"] == false {
        syncs += 1;
        assert!(syncs < 10, "{:?} are left", world.proxy.left());
        let _ = maria.sync(|_| ControlFlow::Continue(()));
    }
    assert_eq!(sync(&maria).files.sent, 0);
    assert!(world.proxy.left().is_empty(), "{:?}", world.proxy.left());
    let told = world.proxy.acknowledged();
    assert!(told.is_sorted(), "the offset fell: {told:?}");
    assert_eq!(world.at_office(&hash), hash);
    // Whoever begins anew at any of the cuts sends more again than what was on its way when it came.
    let passed = world.proxy.passed();
    assert!(passed < (size + PIECE) as u64, "what was sent is not sent again: {passed} of {size}");
    assert!(names(&world.data().join("uploads")).is_empty());
}

#[test]
fn a_fetch_that_is_cut_off_goes_on_and_what_is_not_the_file_appears_nowhere() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    let size = 9 * PIECE + 5;
    let hash = world.attach(&maria, &world.file(50, size));
    exchange(&maria);
    sync(&tom);
    assert!(matches!(tom.fetch_file(&hash), Err(FetchError::NotThere(_))), "maria has not sent it yet");
    sync(&maria);
    let part = world.folder.path().join("tom/attachments").join(format!(".{hash}.part"));
    // Inside the head of an answer, inside its body, and around the end of a piece of 4 MiB.
    world.proxy.cut_answers_after([10, 5000, PIECE, 3 * PIECE, PIECE, 100]);
    let mut tries = 0;
    let path = loop {
        tries += 1;
        assert!(tries < 10);
        match tom.fetch_file(&hash) {
            Ok(path) => break path,
            Err(FetchError::Sync(SyncError::Unreachable(_) | SyncError::TimedOut)) => {
                assert!(tom.attachment(&hash).is_none(), "half a file is no file");
            }
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(world.proxy.answer_cuts_left(), 0);
    assert_eq!(sha256(&std::fs::read(&path).unwrap()), hash);
    assert!(!part.exists());

    // What an earlier try left is not what it should be: it is thrown away, and the file is fetched anew at once.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&part, content(51, PIECE)).unwrap();
    let path = tom.fetch_file(&hash).unwrap();
    assert_eq!(sha256(&std::fs::read(path).unwrap()), hash);
    assert!(!part.exists());
}

#[test]
fn a_call_for_help_waits_for_no_file() {
    let world = world();
    let maria = world.device("maria");
    world.attach(&maria, &world.file(80, 3 * PIECE));
    maria.alert(world.visit, jobsheet::CallForHelp::default()).unwrap();
    let told = maria.keep_alerting(|| false, |_| {}).unwrap();
    assert_eq!((told.tries, told.waiting, told.refused), (1, 0, 0));
    assert_eq!(world.proxy.passed(), 0, "no byte of a file went before it");
    assert_eq!(sync(&maria).files.sent, 1);
}

#[test]
fn files_that_are_sent_side_by_side_share_one_new_token() {
    let mut world = world();
    let maria = world.device("maria");
    for seed in 90..96 {
        world.attach(&maria, &world.file(seed, 2 * PIECE));
    }
    exchange(&maria);
    let server = world.server.take().unwrap();
    let (data, port) = (server.data.clone(), server.port());
    server.stop().unwrap();
    // Every token has ended by the server's clock; the device believes in its own.
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(3);
    world.server = Some(Server::start(&data, Some(&later.to_string()), port).unwrap());
    let report = maria.upload(|_| ControlFlow::Continue(())).unwrap();
    assert_eq!(report.sent, 6);
    let metrics = world.office.text("/metrics").unwrap();
    let tokens = metrics
        .lines()
        .filter(|line| line.starts_with("jobsheet_requests_total") && line.contains("route=\"/v1/token\""));
    let tokens: u64 = tokens.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(tokens, 1);
}

#[test]
fn a_file_that_can_not_be_had_now_fails_no_preparation() {
    let world = world();
    let (maria, tom) = (world.device("maria"), world.device("tom"));
    let [busy, free] = [100, 101].map(|seed| world.attach(&maria, &world.file(seed, 3000)));
    sync(&maria);
    sync(&tom);
    let folder = world.folder.path().join("tom/attachments");
    std::fs::create_dir_all(&folder).unwrap();
    // Another process is fetching it.
    let part = std::fs::File::create(folder.join(format!(".{busy}.part"))).unwrap();
    part.lock().unwrap();
    tom.prime(1, |_| ControlFlow::Continue(())).unwrap();
    assert!(tom.attachment(&free).is_some());
    assert_eq!(tom.prefetch(None).unwrap().left, 1);
    drop(part);
    assert_eq!(tom.prefetch(None).unwrap().files, 1);
}

#[test]
fn a_store_of_an_older_version_sends_what_it_names() {
    let world = world();
    let maria = world.device("maria");
    let hash = world.attach(&maria, &world.file(60, 3000));
    exchange(&maria);
    maria.shutdown().unwrap();
    let folder = world.folder.path().join("maria");
    let database = rusqlite::open_plain(&folder.join("jobsheet.db")).unwrap();
    // As the migration leaves a store that holds documents.
    database.execute("DELETE FROM file", []).unwrap();
    database.execute("UPDATE meta SET files_noted = 0", []).unwrap();
    drop(database);
    let maria = Store::open(folder, Options::default()).unwrap();
    assert!(maria.attachments(None).unwrap().iter().all(|file| file.to_send));
    assert_eq!(sync(&maria).files.sent, 1);
    assert_eq!(world.at_office(&hash), hash);
}

#[test]
fn the_command_line_sends_lists_and_fetches() {
    let world = world();
    let phone = |name: &str| {
        let phone = Phone::new(name, world.folder.path());
        phone.enrol(&world.proxy.address, &world.office.code(name).unwrap()).unwrap();
        phone.sync().unwrap();
        phone
    };
    let (maria, tom) = (phone("maria"), phone("tom"));
    let file = world.file(70, 2000);
    let visit = world.visit.to_string();
    maria.json(&["add-document", &visit, file.to_str().unwrap()]).unwrap();
    let listed = |phone: &Phone| phone.json(&["attachments", "list"]).unwrap()[0].clone();
    assert_eq!(listed(&maria)["to_send"], true);
    assert_eq!(maria.sync().unwrap()["files"]["sent"], 1);
    assert_eq!(listed(&maria)["to_send"], false);
    tom.sync().unwrap();
    let hash = listed(&tom)["sha256"].as_str().unwrap().to_owned();
    assert_eq!(listed(&tom)["presence"], "elsewhere");
    let fetched = tom.json(&["attachments", "fetch", &hash[..8]]).unwrap();
    assert_eq!(sha256(&std::fs::read(fetched["file"].as_str().unwrap()).unwrap()), hash);
    assert_eq!(listed(&tom)["presence"], "here");
    assert_eq!(tom.json(&["attachments", "fetch"]).unwrap()["files"], 0);
    assert_eq!(tom.call(&["attachments", "fetch", "00000000"]).unwrap().code, 4);
}

#[test]
fn a_device_that_stops_and_a_server_that_dies_lose_nothing() {
    let mut world = world();
    let maria = world.device("maria");
    let hashes: Vec<String> =
        (0..4).map(|seed| world.attach(&maria, &world.file(20 + seed, 2 * PIECE + 10))).collect();
    exchange(&maria);
    let stopped = maria.upload(|progress| {
        if progress.bytes_sent > PIECE as u64 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(SyncError::Cancelled)), "{stopped:?}");
    assert_eq!(world.files()["complete"], false);
    let server = world.server.take().unwrap();
    let (data, port) = (server.data.clone(), server.port());
    server.kill().unwrap();
    let alone = maria.upload(|_| ControlFlow::Continue(()));
    assert!(matches!(alone, Err(SyncError::Unreachable(_) | SyncError::TimedOut)), "{alone:?}");
    // The phone is closed and opened again.
    maria.shutdown().unwrap();
    let maria = Store::open(world.folder.path().join("maria"), Options::default()).unwrap();
    world.server = Some(Server::start(&data, None, port).unwrap());
    let before = world.proxy.passed();
    let report = sync(&maria);
    assert!(report.files.stopped.is_none(), "{report:?}");
    assert_eq!(world.files()["complete"], true);
    for hash in &hashes {
        assert_eq!(world.at_office(hash), *hash);
    }
    let all = 4 * (2 * PIECE as u64 + 10);
    assert!(world.proxy.passed() - before < all, "what had been sent is not sent again");
}

#[test]
fn a_file_that_is_gone_or_damaged_holds_up_nothing() {
    let world = world();
    let maria = world.device("maria");
    accept(&maria, world.visit);
    let sizes = [3 * PIECE, 2000, 1000, 5000];
    let hashes: Vec<String> = sizes.iter().map(|size| world.attach(&maria, &world.file(30, *size))).collect();
    std::fs::remove_file(maria.attachment(&hashes[3]).unwrap()).unwrap();
    let report = sync(&maria);
    assert_eq!(report.files.sent, 3);
    let problem = &report.files.problems[0];
    assert_eq!((problem.code.as_str(), &problem.sha256), ("missing", &hashes[3]));
    let missing = world.files()["missing"].clone();
    assert_eq!(missing[0]["sha256"], hashes[3].as_str());
    // Bytes that no longer fit their hash reach nobody.
    let damaged = world.attach(&maria, &world.file(31, 4000));
    std::fs::write(maria.attachment(&damaged).unwrap(), content(32, 4000)).unwrap();
    let report = sync(&maria);
    let codes: BTreeSet<&str> = report.files.problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, BTreeSet::from(["hash-mismatch", "missing"]));
    let report = sync(&maria);
    let codes: BTreeSet<&str> = report.files.problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!((codes, report.files.bytes_sent), (BTreeSet::from(["damaged", "missing"]), 0));
    assert_eq!(world.files()["complete"], false);
}

#[test]
fn records_are_exchanged_while_files_are_sent() {
    let world = world();
    let maria = world.device("maria");
    world.attach(&maria, &world.file(40, 6 * PIECE));
    exchange(&maria);
    let (mut asked, mut exchanged) = (0, None);
    let report = maria
        .upload(|progress| {
            if asked == 0 && progress.bytes_sent > 0 {
                asked = 1;
                let said = Command::Say { words: "On my way.".to_owned() };
                maria.apply(world.visit, &said).unwrap();
                exchanged = Some(sync(&maria));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let exchanged = exchanged.unwrap();
    assert_eq!(exchanged.accepted, 1, "the message went out while the file was being sent");
    assert!(exchanged.files.stopped.unwrap().contains("already"));
    assert_eq!(report.sent, 1);
}
