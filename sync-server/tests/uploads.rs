//! Files on their way from devices: tus 1.0, cuts, quotas, crashes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::files::{Scene, bytes, files_below, files_of, metadata, offset_of, scene, scene_with, sha256};
use common::{Device, NOW, Server, http, ok, order, problem};
use reqwest::Method;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Pieces in which the server writes.
const BLOCK: usize = 256 << 10;

/// The same device at a server that was started anew on the folder.
fn again(server: Server, lee: &mut Device, arguments: &[&str]) -> Server {
    let (folder, token) = (server.folder.clone(), server.token.clone());
    drop(server);
    let mut server = Server::on(folder, &[&["--clock", NOW], arguments].concat());
    server.token = token;
    lee.url.clone_from(&server.url);
    server
}

#[test]
fn the_server_says_what_it_speaks_and_takes_no_other_version() {
    let Scene { server, visit, mut lee } = scene_with(&["--max-file-bytes", "1000"]);
    let offer = http().request(Method::OPTIONS, format!("{}/v1/uploads", server.url)).send().unwrap();
    assert_eq!(offer.status(), 204);
    let said = |name: &str| offer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(said("tus-version"), "1.0.0");
    assert_eq!(said("tus-extension"), "creation,creation-with-upload,checksum,expiration,termination");
    assert_eq!(said("tus-checksum-algorithm"), "sha256,sha1");
    assert_eq!(said("tus-max-size"), "1000");
    let file = bytes(1, 100);
    lee.name_files(&visit, &[&file]);
    let upload = lee.begin(&visit, &file);
    let old = http().head(format!("{}{upload}", lee.url)).bearer_auth(&lee.token).send().unwrap();
    assert_eq!((old.status().as_u16(), &old.headers()["tus-version"]), (412, &"1.0.0".parse().unwrap()));
    let head = lee.tus(Method::HEAD, &upload).send().unwrap();
    assert_eq!(head.headers()["upload-length"], "100");
    assert_eq!(head.headers()["upload-metadata"], metadata(&sha256(&file), &visit));
    assert_eq!(head.headers()["cache-control"], "no-store");
    assert_eq!(head.headers()["tus-resumable"], "1.0.0");
    problem(
        http().post(format!("{}/v1/uploads", lee.url)).header("tus-resumable", "1.0.0").send().unwrap(),
        401,
        "token-missing",
    );
    problem(
        server.ask(Method::POST, "/v1/uploads").header("tus-resumable", "1.0.0").send().unwrap(),
        403,
        "device-only",
    );
    // A proxy that lets no PATCH through.
    let patched = lee
        .tus(Method::POST, &upload)
        .header("x-http-method-override", "PATCH")
        .header("upload-offset", 0)
        .header("content-type", "application/offset+octet-stream")
        .body(file.clone())
        .send()
        .unwrap();
    assert_eq!((patched.status().as_u16(), offset_of(&patched)), (204, 100));
}

#[test]
fn only_what_a_document_of_the_device_names_is_taken() {
    let Scene { server, visit, mut lee } = scene();
    let file = bytes(1, 1000);
    let hash = sha256(&file);
    problem(lee.create(&hash, &visit, 1000), 409, "not-named");
    problem(lee.create(&hash, &Uuid::from_u128(7), 1000), 404, "no-such-document");
    lee.name_files(&visit, &[&file]);
    let mut ann = server.device("ann");
    ann.sync(&[]);
    problem(ann.create(&hash, &visit, 1000), 404, "no-such-document");
    problem(lee.create("00", &visit, 1000), 400, "header-not-valid");
    problem(lee.create(&hash, &visit, 0), 400, "header-not-valid");
    let deferred = lee
        .tus(Method::POST, "/v1/uploads")
        .header("upload-defer-length", "1")
        .header("upload-metadata", metadata(&hash, &visit));
    problem(deferred.send().unwrap(), 400, "header-not-valid");
    let upload = lee.begin(&visit, &file);
    // Another device, of the same crew, does not get at it.
    let mut mei = server.device("mei");
    mei.sync(&[]);
    problem(mei.patch(&upload, 0, &file), 404, "no-such-upload");
    assert_eq!(mei.tus(Method::HEAD, &upload).send().unwrap().status(), 404);
    problem(mei.tus(Method::DELETE, &upload).send().unwrap(), 404, "no-such-upload");
    assert_eq!(lee.offset(&upload), 0);
    // Work that was done before the visit was given to somebody else is not lost.
    let given = server.ask(Method::PUT, &format!("/v1/visits/{visit}/assignment")).json(&order(&["ann"]));
    ok(given.send().unwrap());
    assert_eq!(lee.patch(&upload, 0, &file).status(), 204);
    assert_eq!(lee.download(&hash).status(), 404, "it is no longer lee's to see");
    assert_eq!(ann.download(&hash).status(), 200);
}

#[test]
fn wrong_offsets_checksums_and_hashes_change_nothing() {
    let Scene { server, visit, mut lee } = scene();
    let file = bytes(1, 700_000);
    lee.name_files(&visit, &[&file]);
    let upload = lee.begin(&visit, &file);
    problem(lee.patch(&upload, 1, &file[1..]), 409, "wrong-offset");
    problem(
        lee.tus(Method::PATCH, &upload).header("upload-offset", 0).body("x").send().unwrap(),
        415,
        "wrong-media-type",
    );
    let nowhere = lee.tus(Method::PATCH, &upload).header("content-type", "application/offset+octet-stream");
    problem(nowhere.header("upload-offset", "x").body("x").send().unwrap(), 400, "header-not-valid");
    let sum = |bytes: &[u8]| format!("sha256 {}", STANDARD.encode(Sha256::digest(bytes)));
    let sent = |range: std::ops::Range<usize>, sum: &str| {
        let at = range.start as u64;
        lee.patching(&upload, at).header("upload-checksum", sum).body(file[range].to_vec()).send().unwrap()
    };
    problem(sent(0..400_000, &sum(b"other")), 460, "checksum-mismatch");
    assert_eq!(lee.offset(&upload), 0);
    problem(sent(0..700_000, "md5 AAAA"), 400, "header-not-valid");
    assert_eq!(sent(0..400_000, &sum(&file[..400_000])).status(), 204);
    assert_eq!(lee.offset(&upload), 400_000);
    let sha1 = format!("sha1 {}", STANDARD.encode(sha1::Sha1::digest(&file[400_000..400_001])));
    assert_eq!(sent(400_000..400_001, &sha1).status(), 204);
    // Part of a body with a checksum proves nothing, not even the blocks of it that are written.
    let rest = &file[400_001..];
    let line = format!("upload-checksum: {}\r\n", sum(rest));
    lee.patch_in_part_with(&line, &upload, 400_001, rest, BLOCK + 1000).flush_and_cut().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(lee.offset(&upload), 400_001);
    let long = [&file[400_001..], b"x"].concat();
    problem(lee.patch_after_cut(&upload, 400_001, &long), 413, "longer-than-announced");
    assert_eq!(lee.offset(&upload), 400_001);
    // The last byte is another one: everything is thrown away.
    let mut wrong = file[400_001..].to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    problem(lee.patch(&upload, 400_001, &wrong), 422, "hash-mismatch");
    problem(lee.patch(&upload, 0, &file), 404, "no-such-upload");
    assert!(files_below(&server.data().join("uploads")).is_empty());
    assert!(files_below(&server.data().join("blobs")).is_empty());
    assert_eq!(files_of(&server, &visit)["complete"], false);
}

trait Cut {
    fn flush_and_cut(&mut self) -> std::io::Result<()>;
}

impl Cut for std::net::TcpStream {
    fn flush_and_cut(&mut self) -> std::io::Result<()> {
        self.shutdown(std::net::Shutdown::Both)
    }
}

#[test]
fn cut_at_every_boundary_and_a_byte_beside_it_the_offset_never_falls() {
    let Scene { server, visit, mut lee } = scene();
    let file = bytes(5, 4 * BLOCK + 100);
    let cuts: BTreeSet<usize> = (0..=4)
        .flat_map(|n| [(n * BLOCK).saturating_sub(1), n * BLOCK, n * BLOCK + 1])
        .filter(|cut| *cut < file.len())
        .collect();
    // Each cut in an upload of its own, and then all of them in one.
    for cut in &cuts {
        let mut own = file.clone();
        own[0] = u8::try_from(cut % 251).unwrap();
        own[1] = u8::try_from(cut / BLOCK).unwrap() ^ 0x5a;
        lee.name_files(&visit, &[&own]);
        let upload = lee.begin(&visit, &own);
        lee.patch_in_part(&upload, 0, &own, *cut).flush_and_cut().unwrap();
        let at = wait_for(&lee, &upload, *cut as u64);
        assert_eq!(lee.patch_after_cut(&upload, at, &own[usize::try_from(at).unwrap()..]).status(), 204);
        assert_eq!(lee.download(&sha256(&own)).bytes().unwrap(), own, "cut at {cut}");
    }
    lee.name_files(&visit, &[&file]);
    let upload = lee.begin(&visit, &file);
    let mut at = 0_u64;
    for cut in cuts {
        let from = usize::try_from(at).unwrap();
        if cut <= from {
            continue;
        }
        lee.patch_in_part(&upload, at, &file[from..], cut - from).flush_and_cut().unwrap();
        let now = wait_for(&lee, &upload, cut as u64);
        assert!(now >= at, "the offset fell from {at} to {now}");
        at = now;
    }
    assert_eq!(lee.patch_after_cut(&upload, at, &file[usize::try_from(at).unwrap()..]).status(), 204);
    assert_eq!(lee.download(&sha256(&file)).bytes().unwrap(), file);
    assert!(files_of(&server, &visit)["complete"].as_bool().unwrap());
    assert!(files_below(&server.data().join("uploads")).is_empty());
}

/// Where an upload stands after a request that was cut: no further than what was sent. Asking ends a request whose last bytes
/// the server has not read; they are sent again.
fn wait_for(device: &Device, upload: &str, sent: u64) -> u64 {
    std::thread::sleep(Duration::from_millis(30));
    let at = device.offset(upload);
    assert!(at <= sent, "{at}, and {sent} bytes were sent");
    assert_eq!(device.offset(upload), at, "asking changes nothing");
    at
}

#[test]
fn a_request_that_hangs_gives_way_to_the_next() {
    let Scene { server: _server, visit, mut lee } = scene();
    let file = bytes(3, 100_000);
    lee.name_files(&visit, &[&file]);
    let upload = lee.begin(&visit, &file);
    let hanging = lee.patch_in_part(&upload, 0, &file, 40_000);
    std::thread::sleep(Duration::from_millis(100));
    problem(lee.patch(&upload, 0, &file), 423, "upload-locked");
    assert_eq!(lee.offset(&upload), 40_000, "asking ends the request that hangs, and keeps what it sent");
    assert_eq!(lee.patch(&upload, 40_000, &file[40_000..]).status(), 204);
    assert!(common::files::rest(hanging).starts_with("HTTP/1.1 423"));
    assert_eq!(lee.download(&sha256(&file)).bytes().unwrap(), file);
}

#[test]
fn quotas_hold_on_both_sides_of_each_limit() {
    let limits = ["--max-file-bytes", "600", "--device-file-bytes", "1000", "--device-open-uploads", "2"];
    let Scene { server, visit, mut lee } = scene_with(&limits);
    let sized = |seed: u64, size: usize| bytes(seed, size);
    let (a, b, c, d) = (sized(1, 600), sized(2, 601), sized(3, 400), sized(4, 401));
    lee.name_files(&visit, &[&a, &b, &c, &d]);
    problem(lee.create(&sha256(&b), &visit, 601), 413, "too-large");
    let first = lee.begin(&visit, &a);
    assert_eq!(lee.patch(&first, 0, &a).status(), 204);
    problem(lee.create(&sha256(&d), &visit, 401), 413, "quota-exceeded");
    let second = lee.begin(&visit, &c);
    assert_eq!(lee.begin(&visit, &c), second, "the same upload, asked for again");
    problem(lee.create(&sha256(&d), &visit, 401), 413, "quota-exceeded");
    assert_eq!(lee.tus(Method::DELETE, &second).send().unwrap().status(), 204);
    problem(
        lee.tus(Method::HEAD, &second).send().map(|_| lee.patch(&second, 0, &c)).unwrap(),
        404,
        "no-such-upload",
    );

    // What another device has sent does not count for this one.
    let mut mei = server.device("mei");
    mei.sync(&[]);
    let small: Vec<Vec<u8>> = (10..13).map(|seed| sized(seed, 10)).collect();
    mei.name_files(&visit, &small.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let open: Vec<String> = small[..2].iter().map(|file| mei.begin(&visit, file)).collect();
    problem(mei.create(&sha256(&small[2]), &visit, 10), 429, "too-many-uploads");
    assert_eq!(mei.patch(&open[0], 0, &small[0]).status(), 204);
    mei.begin(&visit, &small[2]);
}

#[test]
fn no_upload_begins_where_the_disk_is_almost_full() {
    let Scene { server: _server, visit, mut lee } = scene_with(&["--reserve-bytes", "4611686018427387904"]);
    let file = bytes(1, 10);
    lee.name_files(&visit, &[&file]);
    problem(lee.create(&sha256(&file), &visit, 10), 507, "no-space");
}

#[test]
fn what_came_whole_and_was_not_put_in_its_place_is_by_whoever_begins_it_again() {
    let Scene { mut server, visit, mut lee } = scene();
    let (good, bad) = (bytes(1, 300_000), bytes(2, 300_000));
    lee.name_files(&visit, &[&good, &bad]);
    let uploads = [&good, &bad].map(|file| {
        let upload = lee.begin(&visit, file);
        assert_eq!(lee.patch(&upload, 0, &file[..200_000]).status(), 204);
        upload
    });
    // As a kill after the last bytes were counted leaves it; of one file other bytes came than were announced.
    server.signal("-KILL");
    server.wait();
    for upload in &uploads {
        let part = server.data().join("uploads").join(upload.rsplit('/').next().unwrap());
        std::fs::write(part, &good).unwrap();
    }
    let database = rusqlite::Connection::open(server.data().join("jobsheet.db")).unwrap();
    assert_eq!(database.execute("UPDATE upload SET received = length", []).unwrap(), 2);
    drop(database);
    server = again(server, &mut lee, &[]);
    let told = lee.create(&sha256(&good), &visit, 300_000);
    assert_eq!((told.status().as_u16(), offset_of(&told)), (201, 300_000));
    assert_eq!(told.headers()["location"], uploads[0].as_str());
    assert!(!told.headers().contains_key("upload-expires"));
    assert_eq!(lee.download(&sha256(&good)).bytes().unwrap(), good);
    problem(lee.create(&sha256(&bad), &visit, 300_000), 422, "hash-mismatch");
    let told = lee.create(&sha256(&bad), &visit, 300_000);
    assert_eq!((told.status().as_u16(), offset_of(&told)), (201, 0), "it is sent again");
    let missing = &files_of(&server, &visit)["missing"];
    assert_eq!((missing.as_array().unwrap().len(), &missing[0]["sha256"]), (1, &sha256(&bad).into()));
}

#[test]
fn the_space_that_is_left_free_is_left_by_uploads_that_have_begun() {
    let Scene { server, visit, mut lee } = scene();
    let file = bytes(1, 3 * BLOCK);
    lee.name_files(&visit, &[&file]);
    let upload = lee.begin(&visit, &file);
    assert_eq!(lee.patch(&upload, 0, &file[..1000]).status(), 204);
    // Others have filled the disk meanwhile.
    let server = again(server, &mut lee, &["--reserve-bytes", "4611686018427387904"]);
    problem(lee.patch(&upload, 1000, &file[1000..]), 507, "no-space");
    problem(lee.patch(&upload, 1000, &file[1000..1001]), 507, "no-space");
    assert_eq!(lee.offset(&upload), 1000, "what was counted is kept");
    let _server = again(server, &mut lee, &[]);
    assert_eq!(lee.patch(&upload, 1000, &file[1000..]).status(), 204);
    assert_eq!(lee.download(&sha256(&file)).bytes().unwrap(), file);
}

#[test]
fn a_checksum_that_can_not_be_read_begins_nothing() {
    let Scene { server, visit, mut lee } = scene();
    let file = bytes(1, 700_000);
    lee.name_files(&visit, &[&file]);
    let asked = lee
        .tus(Method::POST, "/v1/uploads")
        .header("upload-length", file.len())
        .header("upload-metadata", metadata(&sha256(&file), &visit))
        .header("content-type", "application/offset+octet-stream")
        .header("upload-checksum", "md5 AAAA")
        .body(file);
    problem(asked.send().unwrap(), 400, "header-not-valid");
    let database = rusqlite::Connection::open(server.data().join("jobsheet.db")).unwrap();
    let rows: i64 = database.query_row("SELECT count(*) FROM upload", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
}

#[test]
fn only_so_many_uploads_send_at_once() {
    let Scene { server: _server, visit, mut lee } = scene_with(&["--max-uploads", "1"]);
    let (a, b) = (bytes(1, 1000), bytes(2, 1000));
    lee.name_files(&visit, &[&a, &b]);
    let (first, second) = (lee.begin(&visit, &a), lee.begin(&visit, &b));
    let hanging = lee.patch_in_part(&first, 0, &a, 10);
    std::thread::sleep(Duration::from_millis(100));
    let busy = lee.patch(&second, 0, &b);
    assert_eq!(busy.headers()["retry-after"], "2");
    problem(busy, 503, "busy");
    hanging.shutdown(std::net::Shutdown::Both).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(lee.patch(&second, 0, &b).status(), 204);
}

#[test]
fn what_nobody_finishes_expires_and_leaves_nothing() {
    let Scene { server, visit, mut lee } = scene_with(&["--upload-expiry", "1"]);
    let file = bytes(1, 100_000);
    lee.name_files(&visit, &[&file]);
    let upload = lee.begin(&visit, &file);
    assert_eq!(lee.patch(&upload, 0, &file[..50_000]).status(), 204);
    assert_eq!(files_below(&server.data().join("uploads")).len(), 1);
    std::thread::sleep(Duration::from_millis(1050));
    let late = lee.patch(&upload, 50_000, &file[50_000..]);
    assert!([404, 410].contains(&late.status().as_u16()), "{}", late.status());
    swept(&server);
    problem(lee.patch(&upload, 50_000, &file[50_000..]), 404, "no-such-upload");
    let upload = lee.begin(&visit, &file);
    assert_eq!(lee.patch(&upload, 0, &file).status(), 204);
    assert_eq!(lee.download(&sha256(&file)).status(), 200);
    // What is in its place stays there.
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(lee.download(&sha256(&file)).bytes().unwrap(), file);
    assert_eq!(lee.create(&sha256(&file), &visit, 100_000).headers()["upload-offset"], "100000");
}

/// Waits until nothing is left of uploads, neither row nor file, and every whole file has a row.
fn swept(server: &Server) {
    let begun = Instant::now();
    loop {
        let database = rusqlite::Connection::open(server.data().join("jobsheet.db")).unwrap();
        let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let rows = count("SELECT count(*) FROM upload");
        let unplaced = count("SELECT count(*) FROM file WHERE placed = 0");
        let placed = count("SELECT count(*) FROM file WHERE placed = 1");
        let parts = files_below(&server.data().join("uploads"));
        let whole = files_below(&server.data().join("blobs"));
        if rows == 0 && unplaced == 0 && parts.is_empty() && i64::try_from(whole.len()).unwrap() == placed {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{rows} rows, {unplaced} unplaced, {placed} placed, {parts:?}, {whole:?}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn two_devices_send_the_same_file_at_the_same_time() {
    let Scene { server, visit, mut lee } = scene();
    let mut mei = server.device("mei");
    let file = bytes(9, 3_000_000);
    lee.name_files(&visit, &[&file]);
    mei.sync(&[]);
    let uploads = [lee.begin(&visit, &file), mei.begin(&visit, &file)];
    assert_ne!(uploads[0], uploads[1]);
    std::thread::scope(|scope| {
        for (device, upload) in [&lee, &mei].into_iter().zip(&uploads) {
            scope.spawn(|| assert_eq!(device.patch(upload, 0, &file).status(), 204));
        }
    });
    assert_eq!(files_below(&server.data().join("blobs")), [sha256(&file)]);
    assert!(files_below(&server.data().join("uploads")).is_empty());
    assert_eq!(mei.download(&sha256(&file)).bytes().unwrap(), file);
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_left_behind() {
    let Scene { mut server, visit, mut lee } = scene();
    let files: Vec<Vec<u8>> = (0..12).map(|seed| bytes(100 + seed, 600_000)).collect();
    lee.name_files(&visit, &files.iter().map(Vec::as_slice).collect::<Vec<_>>());
    for (n, file) in files.iter().enumerate() {
        let upload = lee.begin(&visit, file);
        assert_eq!(lee.patch(&upload, 0, &file[..200_000]).status(), 204);
        // From before the rest is sent until after the file is in its place.
        let sending = {
            let (url, token, file, upload) =
                (lee.url.clone(), lee.token.clone(), file.clone(), upload.clone());
            std::thread::spawn(move || {
                http()
                    .patch(format!("{url}{upload}"))
                    .bearer_auth(token)
                    .header("tus-resumable", "1.0.0")
                    .header("upload-offset", 200_000)
                    .header("content-type", "application/offset+octet-stream")
                    .body(file[200_000..].to_vec())
                    .send()
                    .is_ok_and(|answer| answer.status() == 204)
            })
        };
        std::thread::sleep(Duration::from_millis(n as u64 * 2));
        server.signal("-KILL");
        server.wait();
        let acknowledged = sending.join().unwrap();
        server = again(server, &mut lee, &[]);
        // Whoever asks, in one way or the other, is told the whole length only of a file that is in its place.
        let asked = if n % 2 == 0 {
            lee.tus(Method::HEAD, &upload).send().unwrap()
        } else {
            lee.create(&sha256(file), &visit, file.len() as u64)
        };
        let at = usize::try_from(offset_of(&asked)).unwrap();
        assert!(at >= 200_000 && at <= file.len(), "killed after {n}: {at}");
        assert!(
            at < file.len() || lee.download(&sha256(file)).status() == 200,
            "killed after {n}: whole and not there"
        );
        assert!(!acknowledged || at == file.len(), "killed after {n}: acknowledged and {at}");
        if n % 3 != 2 {
            assert_eq!(lee.patch(&upload, at as u64, &file[at..]).status(), 204);
            assert_eq!(lee.download(&sha256(file)).bytes().unwrap(), *file);
        }
    }
    // Two days later: what was left to itself is gone, with whatever the kills left.
    server = {
        let (folder, token) = (server.folder.clone(), server.token.clone());
        drop(server);
        let mut server = Server::on(folder, &["--clock", "2026-03-09T08:00:00Z"]);
        server.token = token;
        server
    };
    swept(&server);
}

#[test]
fn a_hundred_megabytes_pass_through_little_memory() {
    let Scene { server, visit, mut lee } = scene();
    let file = bytes(77, 100 << 20);
    lee.name_files(&visit, &[&file]);
    let upload = lee.begin(&visit, &file);
    let before = server.peak_memory();
    assert_eq!(lee.patch(&upload, 0, &file).status(), 204);
    let sent = server.peak_memory();
    assert!(sent < before + (24 << 20), "sending took {} MB", (sent - before) >> 20);
    let (mut digest, mut answer) = (Sha256::new(), lee.download(&sha256(&file)));
    let mut block = vec![0; 1 << 20];
    loop {
        match answer.read(&mut block).unwrap() {
            0 => break,
            read => digest.update(&block[..read]),
        }
    }
    assert_eq!(jobsheet_core::hex(&digest.finalize()), sha256(&file));
    let read = server.peak_memory();
    assert!(read < before + (24 << 20), "reading took {} MB", (read - before) >> 20);
}
