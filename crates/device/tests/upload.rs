//! Sending files against a small HTTP server in this process that fails at one of them.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::thread;

use common::{delivery, dispatched, options, visit_id};
use jobsheet::{DocumentFacts, Enrolment, Store, UploadReport};
use jobsheet_core::key::{DeviceKey as _, SecretKey};
use jobsheet_wire::Reply;

/// Bytes of the file at which the server fails: more than go with the request that begins an upload.
const LARGE: usize = (1 << 20) + 1;

/// A server that takes small files, and of a large one answers what `append` and `ask` say.
fn server(append: &'static str, ask: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut first = String::new();
            stream.read_line(&mut first).unwrap();
            let (mut length, mut whole) = (0, 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim_end().split_once(": ") else { break };
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().unwrap(),
                    "upload-length" => whole = value.parse().unwrap(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let (head, body) = match first.split(' ').next().unwrap() {
                // A device that never ends is stopped.
                _ if number > 100 => ("401 X".to_owned(), ""),
                "POST" if first.contains("/v1/nonce") => {
                    ("200 X".to_owned(), r#"{"nonce": "n", "expires_in": 60}"#)
                }
                "POST" if first.contains("/v1/token") => {
                    ("200 X".to_owned(), r#"{"token": "t", "expires_in": 3600}"#)
                }
                "POST" => {
                    let offset = if whole < LARGE { whole } else { 0 };
                    (format!("201 X\r\nlocation: /v1/uploads/{whole}\r\nupload-offset: {offset}"), "")
                }
                "PATCH" => (append.to_owned(), ""),
                _ => (ask.to_owned(), ""),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            let stream = stream.get_mut();
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    address
}

/// Sends one large file and five small ones.
fn upload(server: String) -> UploadReport {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), options()).unwrap();
    let organisation = SecretKey::from_bytes(&[9; 32]).unwrap().public_key().unwrap();
    let (device, technician) = ("device-1".to_owned(), common::TECHNICIAN.to_owned());
    store.adopt(&Enrolment { server, device, technician, organisation }).unwrap();
    store.receive(&Reply { deliveries: vec![delivery(&dispatched(0))], ..Reply::default() }).unwrap();
    for size in [LARGE, 1000, 1001, 1002, 1003, 1004] {
        let file = folder.path().join("paper.pdf");
        std::fs::write(&file, vec![7; size]).unwrap();
        store.attach_document(visit_id(0), &file, &DocumentFacts::default()).unwrap();
    }
    let report = store.upload(|_| ControlFlow::Continue(())).unwrap();
    store.shutdown().unwrap();
    report
}

#[test]
fn a_file_that_brings_nothing_waits_and_stops_no_other() {
    let report = upload(server("423 X", "200 X\r\nupload-offset: 0"));
    assert_eq!((report.sent, report.waiting, report.stopped), (5, 1, None));
}

#[test]
fn a_server_that_does_not_say_where_an_upload_stands_is_not_asked_for_ever() {
    for ask in ["423 X", "410 X"] {
        let report = upload(server("423 X", ask));
        assert_eq!((report.sent, report.waiting, report.stopped), (5, 1, None), "{ask}");
    }
}

#[test]
fn a_file_at_which_the_server_fails_is_told_and_stops_no_other() {
    let report = upload(server("500 X", "200 X\r\nupload-offset: 0"));
    assert_eq!((report.sent, report.stopped), (5, None));
    assert_eq!(report.problems[0].code, "failed");
}
