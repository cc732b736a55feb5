//! Files on their way from a device to the server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jobsheet_core::hex;
use jobsheet_core::record::Command;
use jobsheet_wire::Framed;
use reqwest::Method;
use reqwest::blocking::{RequestBuilder, Response};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Device, NOW, Server, codes, http};

/// Requests that become visits.
pub const NUMBERS: [&str; 2] = ["101001241039", "101001241625"];

/// A server with a visit of lee and mei, lee's device with it, and ann, who is of no crew.
pub struct Scene {
    pub server: Server,
    pub visit: Uuid,
    pub lee: Device,
}

pub fn scene_with(arguments: &[&str]) -> Scene {
    let arguments = [&["--clock", NOW], arguments].concat();
    let server = Server::on(Arc::new(tempfile::tempdir().unwrap()), &arguments);
    server.import();
    for id in ["lee", "mei", "ann"] {
        server.technician(id);
    }
    let visit = server.dispatch(NUMBERS[0], &["lee", "mei"]);
    let mut lee = server.device("lee");
    lee.sync(&[]);
    Scene { server, visit, lee }
}

pub fn scene() -> Scene {
    scene_with(&[])
}

/// What the office sees of the files of a visit.
pub fn files_of(server: &Server, visit: &Uuid) -> serde_json::Value {
    server.get(&format!("/v1/visits/{visit}"))["files"].clone()
}

/// Bytes that differ from place to place and from seed to seed.
pub fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = Vec::with_capacity(count + 8);
    while out.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.truncate(count);
    out
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn metadata(sha256: &str, document: &Uuid) -> String {
    format!("sha256 {},document {}", STANDARD.encode(sha256), STANDARD.encode(document.to_string()))
}

pub fn add_document(sha256: &str, size: u64) -> Command {
    Command::AddDocument {
        sha256: sha256.to_owned(),
        size,
        media_type: "application/pdf".to_owned(),
        name: "paper.pdf".to_owned(),
        item: None,
    }
}

impl Device {
    /// Names files in a record and sends it.
    pub fn name_files(&mut self, visit: &Uuid, files: &[&[u8]]) {
        let work: Vec<Framed> = files
            .iter()
            .map(|file| self.work(visit, add_document(&sha256(file), file.len() as u64)))
            .collect();
        let reply = self.sync(&[(*visit, work)]);
        assert!(codes(&reply).iter().all(|code| code == "accepted"), "{:?}", codes(&reply));
    }

    pub fn tus(&self, method: Method, path: &str) -> RequestBuilder {
        http()
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .header("tus-resumable", "1.0.0")
    }

    pub fn create(&self, sha256: &str, visit: &Uuid, length: u64) -> Response {
        self.tus(Method::POST, "/v1/uploads")
            .header("upload-length", length)
            .header("upload-metadata", metadata(sha256, visit))
            .send()
            .unwrap()
    }

    /// Begins an upload of a file that a record names and gives its path.
    pub fn begin(&self, visit: &Uuid, file: &[u8]) -> String {
        let response = self.create(&sha256(file), visit, file.len() as u64);
        assert_eq!(response.status(), 201, "{:?}", response.text());
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    pub fn patch(&self, upload: &str, offset: u64, bytes: &[u8]) -> Response {
        self.patching(upload, offset).body(bytes.to_vec()).send().unwrap()
    }

    /// As [`Device::patch`] after a request that was cut: where the server has not yet noticed, it is asked again as it says.
    pub fn patch_after_cut(&self, upload: &str, offset: u64, bytes: &[u8]) -> Response {
        loop {
            let response = self.patch(upload, offset, bytes);
            if response.status() != 423 {
                return response;
            }
            assert_eq!(self.offset(upload), offset);
        }
    }

    pub fn patching(&self, upload: &str, offset: u64) -> RequestBuilder {
        self.tus(Method::PATCH, upload)
            .header("upload-offset", offset)
            .header("content-type", "application/offset+octet-stream")
    }

    /// Where an upload stands.
    pub fn offset(&self, upload: &str) -> u64 {
        let response = self.tus(Method::HEAD, upload).send().unwrap();
        assert_eq!(response.status(), 200);
        offset_of(&response)
    }

    /// Begins a request that sends all of `bytes` and sends only `sent` of them.
    pub fn patch_in_part(&self, upload: &str, offset: u64, bytes: &[u8], sent: usize) -> TcpStream {
        self.patch_in_part_with("", upload, offset, bytes, sent)
    }

    /// As [`Device::patch_in_part`], with more lines in the head, each with its end.
    pub fn patch_in_part_with(
        &self,
        lines: &str,
        upload: &str,
        offset: u64,
        bytes: &[u8],
        sent: usize,
    ) -> TcpStream {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        let head = format!(
            "PATCH {upload} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ntus-resumable: 1.0.0\r\n\
             upload-offset: {offset}\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: {}\r\n{lines}\r\n",
            self.token,
            bytes.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&bytes[..sent]).unwrap();
        stream
    }

    pub fn download(&self, sha256: &str) -> Response {
        self.tus(Method::GET, &format!("/v1/files/{sha256}")).send().unwrap()
    }
}

pub fn offset_of(response: &Response) -> u64 {
    response.headers()["upload-offset"].to_str().unwrap().parse().unwrap()
}

/// Files in a folder and the folders in it.
pub fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

/// Reads what comes until the other side closes.
pub fn rest(mut stream: TcpStream) -> String {
    let mut out = String::new();
    let _ = stream.read_to_string(&mut out);
    out
}
