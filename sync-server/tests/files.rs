//! Files that the server has: what a visit lacks, who may read what, and in which parts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::files::{NUMBERS, Scene, bytes, files_below, files_of, metadata, offset_of, scene, sha256};
use common::{NOW, Server, http, problem};
use reqwest::Method;
use serde_json::json;

#[test]
fn a_visit_is_complete_when_every_file_that_it_names_is_there() {
    let Scene { server, visit, mut lee } = scene();
    assert_eq!(files_of(&server, &visit), json!({"complete": true, "named": 0, "missing": []}));
    let (one, two) = (bytes(1, 300_000), bytes(2, 10));
    lee.name_files(&visit, &[&one, &two]);
    let files = files_of(&server, &visit);
    assert_eq!((&files["complete"], &files["named"]), (&json!(false), &json!(2)));
    assert_eq!(server.get("/v1/visits?files=missing")["total"], 1);
    assert_eq!(server.get("/v1/visits?files=complete")["total"], 0);
    assert_eq!(server.get("/v1/visits")["visits"][0]["files_missing"], 2);

    let upload = lee.begin(&visit, &one);
    let half = lee.patch(&upload, 0, &one[..100_000]);
    assert_eq!((half.status().as_u16(), offset_of(&half)), (204, 100_000));
    assert!(half.headers().contains_key("upload-expires"));
    assert_eq!(lee.offset(&upload), 100_000);
    let whole = lee.patch(&upload, 100_000, &one[100_000..]);
    assert_eq!((whole.status().as_u16(), offset_of(&whole)), (204, 300_000));
    assert_eq!(files_of(&server, &visit)["missing"], json!([{"sha256": sha256(&two), "uses": ["document"]}]));

    // A small file goes with the request that begins its upload.
    let at_once = lee
        .tus(Method::POST, "/v1/uploads")
        .header("upload-length", two.len())
        .header("upload-metadata", metadata(&sha256(&two), &visit))
        .header("content-type", "application/offset+octet-stream")
        .body(two.clone())
        .send()
        .unwrap();
    assert_eq!((at_once.status().as_u16(), offset_of(&at_once)), (201, 10));
    assert_eq!(files_of(&server, &visit), json!({"complete": true, "named": 2, "missing": []}));
    assert_eq!(server.get("/v1/visits?files=missing")["total"], 0);
    assert_eq!(server.get("/v1/visits?files=complete")["total"], 1);
    assert_eq!(lee.download(&sha256(&one)).bytes().unwrap(), one);
    problem(server.ask(Method::GET, "/v1/visits?files=some").send().unwrap(), 400, "query-not-valid");
    assert!(files_below(&server.data().join("uploads")).is_empty());
    let mut expected = [sha256(&one), sha256(&two)];
    expected.sort();
    assert_eq!(files_below(&server.data().join("blobs")), expected);
}

#[test]
fn a_file_is_stored_once_and_told_only_to_those_who_may_read_it() {
    let Scene { server, visit, mut lee } = scene();
    let file = bytes(9, 200_000);
    lee.name_files(&visit, &[&file]);
    let upload = lee.begin(&visit, &file);
    assert_eq!(lee.patch(&upload, 0, &file).status(), 204);
    // The same crew: there is nothing to send.
    let mut mei = server.device("mei");
    mei.sync(&[]);
    let there = mei.create(&sha256(&file), &visit, 200_000);
    assert_eq!((there.status().as_u16(), offset_of(&there)), (201, 200_000));
    let location = there.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(mei.offset(&location), 200_000);
    problem(mei.patch(&location, 0, &file), 409, "wrong-offset");
    assert_eq!(mei.patch(&location, 200_000, &[]).status(), 204);
    // Another crew that knows the hash and names it: it has to show the bytes before it may read them.
    let other = server.dispatch(NUMBERS[1], &["ann"]);
    let mut ann = server.device("ann");
    ann.sync(&[]);
    ann.name_files(&other, &[&file]);
    assert_eq!(ann.download(&sha256(&file)).status(), 404);
    let upload = ann.begin(&other, &file);
    assert_eq!(ann.offset(&upload), 0);
    assert_eq!(files_of(&server, &other)["complete"], false);
    assert_eq!(ann.patch(&upload, 0, &file).status(), 204);
    assert_eq!(ann.download(&sha256(&file)).bytes().unwrap(), file);
    assert_eq!(files_of(&server, &other)["complete"], true);
    assert_eq!(files_below(&server.data().join("blobs")), [sha256(&file)]);
    assert!(files_below(&server.data().join("uploads")).is_empty());
}

#[test]
fn a_file_that_the_disk_lacks_is_taken_again_whatever_the_database_says() {
    let Scene { server, visit, mut lee } = scene();
    let mut mei = server.device("mei");
    let file = bytes(9, 200_000);
    lee.name_files(&visit, &[&file]);
    mei.sync(&[]);
    let first = lee.begin(&visit, &file);
    assert_eq!(lee.patch(&first, 0, &file).status(), 204);
    // As a backup leaves it whose blobs are older than its database.
    let hash = sha256(&file);
    std::fs::remove_file(server.data().join("blobs").join(&hash[..2]).join(&hash)).unwrap();
    for device in [&mei, &lee] {
        let told = device.create(&hash, &visit, 200_000);
        assert_eq!((told.status().as_u16(), offset_of(&told)), (201, 0));
        let upload = told.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(device.patch(&upload, 0, &file).status(), 204);
        assert_eq!(device.download(&hash).bytes().unwrap(), file);
        if device.id == mei.id {
            std::fs::remove_file(server.data().join("blobs").join(&hash[..2]).join(&hash)).unwrap();
        }
    }
    assert_eq!(offset_of(&mei.create(&hash, &visit, 200_000)), 200_000);
    assert!(files_below(&server.data().join("uploads")).is_empty());
}

#[test]
fn a_file_is_read_whole_or_in_part_by_those_who_see_its_document() {
    let Scene { server, visit, mut lee } = scene();
    let file = bytes(4, 100_000);
    let hash = sha256(&file);
    lee.name_files(&visit, &[&file]);
    let path = format!("/v1/files/{hash}");
    problem(lee.download(&hash), 404, "no-such-file");
    let upload = lee.begin(&visit, &file);
    assert_eq!(lee.patch(&upload, 0, &file).status(), 204);
    let whole = server.ask(Method::GET, &path).send().unwrap();
    let said = |name: &str| whole.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(said("content-length"), "100000");
    assert_eq!(said("etag"), format!("\"{hash}\""));
    assert_eq!(said("accept-ranges"), "bytes");
    assert_eq!(said("content-type"), "application/octet-stream");
    assert_eq!(said("content-disposition"), format!("attachment; filename=\"{hash}\""));
    assert_eq!(said("x-content-type-options"), "nosniff");
    assert_eq!(whole.bytes().unwrap(), file);
    let part = |range: &str| lee.tus(Method::GET, &path).header("range", range).send().unwrap();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=65535-65536", 65535, 65537),
        ("bytes=-10", 99_990, 100_000),
        ("bytes=99999-", 99_999, 100_000),
    ] {
        let answer = part(range);
        assert_eq!(answer.status(), 206, "{range}");
        assert_eq!(answer.headers()["content-range"], format!("bytes {from}-{}/100000", to - 1));
        assert_eq!(answer.bytes().unwrap(), file[from..to]);
    }
    let beyond = part("bytes=100000-");
    assert_eq!(beyond.headers()["content-range"], "bytes */100000");
    problem(beyond, 416, "range-not-satisfiable");
    assert_eq!(part("bytes=0-1,5-6").status(), 200);
    let if_range = |tag: &str| {
        lee.tus(Method::GET, &path)
            .header("range", "bytes=0-9")
            .header("if-range", tag)
            .send()
            .unwrap()
            .status()
    };
    assert_eq!(if_range(&format!("\"{hash}\"")), 206);
    assert_eq!(if_range("\"other\""), 200);
    let known = lee.tus(Method::GET, &path).header("if-none-match", format!("\"{hash}\"")).send().unwrap();
    assert_eq!(known.status(), 304);
    let head = lee.tus(Method::HEAD, &path).send().unwrap();
    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-length"]),
        (200, &"100000".parse().unwrap())
    );
    let mut ann = server.device("ann");
    ann.sync(&[]);
    problem(ann.download(&hash), 404, "no-such-file");
    problem(lee.download("../../jobsheet.db"), 404, "no-such-path");
    problem(lee.download(&hash[1..]), 404, "no-such-file");
    problem(http().get(format!("{}{path}", server.url)).send().unwrap(), 401, "token-missing");
    let auditor = server.token_of(&["auditor"]);
    assert_eq!(server.ask_by(&auditor, Method::GET, &path).send().unwrap().status(), 200);
}

#[test]
fn an_older_database_learns_which_files_its_documents_name() {
    let Scene { server, visit, mut lee } = scene();
    let file = bytes(1, 1000);
    lee.name_files(&visit, &[&file]);
    let (before, token) = (files_of(&server, &visit), server.token.clone());
    assert_eq!(before["complete"], false);
    let folder = server.stop();
    let database = rusqlite::Connection::open(folder.path().join("data/jobsheet.db")).unwrap();
    // As the migration leaves a database that holds documents.
    database.execute("DELETE FROM document_file", []).unwrap();
    database.execute("INSERT INTO to_derive (tenant, what) VALUES ('main', 'files')", []).unwrap();
    drop(database);
    let mut server = Server::on(folder, &["--clock", NOW]);
    server.token = token;
    lee.url.clone_from(&server.url);
    assert_eq!(files_of(&server, &visit), before);
    let upload = lee.begin(&visit, &file);
    assert_eq!(lee.patch(&upload, 0, &file).status(), 204);
    assert_eq!(files_of(&server, &visit)["complete"], true);
}
