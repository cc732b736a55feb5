//! The real server process on a folder of its own, asked over real HTTP, and devices that work on real documents.
// Each test file uses its part of this.
#![allow(dead_code, unused_imports, missing_docs, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod bomb;
mod device;
pub mod files;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use device::{Device, codes, pack};
use jobsheet_core::key::{DeviceKey, SecretKey};
use reqwest::Method;
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub const BIN: &str = env!("CARGO_BIN_EXE_jobsheet-server");
static NEXT_KEY: AtomicU8 = AtomicU8::new(1);
pub const NOW: &str = "2026-03-02T08:00:00Z";

/// A folder with a server on it. It is ended when the test ends.
pub struct Server {
    pub folder: Arc<TempDir>,
    pub url: String,
    pub token: Option<String>,
    pub said: Vec<String>,
    child: Child,
    out: BufReader<ChildStdout>,
}

pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/boston-311").join(name)
}

pub fn http() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(Duration::from_mins(1))
            .pool_max_idle_per_host(0)
            .build()
            .unwrap()
    })
}

impl Server {
    /// A server with a new folder.
    pub fn start() -> Self {
        Self::on(Arc::new(tempfile::tempdir().unwrap()), &["--clock", NOW])
    }

    /// A server on a folder.
    #[allow(clippy::zombie_processes)] // a server that does not come up fails the test, which ends it
    pub fn on(folder: Arc<TempDir>, arguments: &[&str]) -> Self {
        let mut child = Command::new(BIN)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = Vec::new();
        let mut token = None;
        loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "the server ended; it said {said:?}");
            let line = line.trim_end().to_owned();
            if let Some(text) = line.strip_prefix("office token: ") {
                token = Some(text.to_owned());
            }
            said.push(line.clone());
            if let Some(url) = line.strip_prefix("listening on ") {
                return Self { folder, url: url.to_owned(), token, said, child, out };
            }
        }
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// A request with the office token.
    pub fn ask(&self, method: Method, path: &str) -> reqwest::blocking::RequestBuilder {
        http()
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(self.token.as_deref().unwrap_or("none"))
    }

    /// A token of the office with these roles.
    pub fn token_of(&self, roles: &[&str]) -> String {
        let name = roles.join(".");
        let mut arguments = vec!["token", "create", "--json", "--name", &name];
        arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
        let made = self.console(&arguments);
        assert!(made.status.success(), "{made:?}");
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        made["token"].as_str().unwrap().to_owned()
    }

    /// A request with another token.
    pub fn ask_by(&self, token: &str, method: Method, path: &str) -> reqwest::blocking::RequestBuilder {
        http().request(method, format!("{}{path}", self.url)).bearer_auth(token)
    }

    pub fn get(&self, path: &str) -> Value {
        ok(self.ask(Method::GET, path).send().unwrap())
    }

    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.ask(Method::POST, path).json(body).send().unwrap()
    }

    pub fn alive(&self) {
        let response = http().get(format!("{}/readyz", self.url)).send().unwrap();
        assert_eq!(response.status(), 200, "the server is up and can write");
    }

    pub fn signal(&self, name: &str) {
        let told = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    /// Most memory that the process ever held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    pub fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        status
    }

    pub fn stop(mut self) -> Arc<TempDir> {
        self.signal("-TERM");
        assert!(self.wait().success());
        self.folder.clone()
    }

    /// `jobsheet-server` on this server's folder.
    pub fn console(&self, arguments: &[&str]) -> Output {
        console(&self.data(), arguments)
    }

    pub fn import(&self) {
        let (mapping, csv) = (sample("mapping.toml"), sample("service_requests.csv"));
        let output = self.console(&["import", "--mapping", mapping.to_str().unwrap(), csv.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
    }

    pub fn technician(&self, id: &str) {
        let response = self.post("/v1/technicians", &json!({"id": id, "name": format!("Name of {id}")}));
        assert_eq!(response.status(), 201);
    }

    pub fn dispatch(&self, number: &str, crew: &[&str]) -> Uuid {
        let response = self.post(&format!("/v1/requests/{number}/dispatch"), &order(crew));
        ok(response)["visit"].as_str().unwrap().parse().unwrap()
    }

    pub fn code(&self, technician: &str) -> String {
        ok(self.post("/v1/enrolments", &json!({"technician": technician})))["code"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub fn device(&self, technician: &str) -> Device {
        let code = self.code(technician);
        let key = key(NEXT_KEY.fetch_add(1, Ordering::Relaxed));
        let public_key = key.public_key().unwrap();
        let body = json!({"code": code, "device_name": "phone", "public_key": public_key});
        Device::new(&self.url, &ok(self.post("/v1/enrol", &body)), key)
    }

    /// How many rows stand in each table that devices and the office write.
    pub fn rows(&self) -> Vec<(&'static str, i64)> {
        let path = self.data().join("jobsheet.db");
        let database = rusqlite::Connection::open(path).unwrap();
        let tables = [
            "request",
            "visit",
            "log",
            "actor",
            "scope",
            "technician",
            "device",
            "token",
            "enrolment",
            "pack",
            "standard",
        ];
        let count = |table: &str| {
            database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        tables.into_iter().map(|table| (table, count(table))).collect()
    }

    /// Runs a step that must be refused, and asserts that nothing was written and that the server is up.
    pub fn refused(&self, step: impl FnOnce() -> Response, status: u16, code: &str) -> Value {
        let before = self.rows();
        let body = problem(step(), status, code);
        assert_eq!(self.rows(), before, "something was written");
        self.alive();
        body
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key of a device.
pub fn key(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&[seed; 32]).unwrap()
}

pub fn console(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(BIN);
    command.args(arguments).arg("--data").arg(data).env("JOBSHEET_CLOCK", NOW).output().unwrap()
}

pub fn order(crew: &[&str]) -> Value {
    json!({"crew": crew, "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T12:00:00Z", "tools": ["multimeter"]})
}

pub fn ok(response: Response) -> Value {
    let status = response.status();
    let text = response.text().unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The body of a problem, which must be well formed.
pub fn problem(response: Response, status: u16, code: &str) -> Value {
    let given = response.status().as_u16();
    let media = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let text = response.text().unwrap();
    assert_eq!(given, status, "{text}");
    assert_eq!(media.as_deref(), Some("application/problem+json"), "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["code"], code, "{text}");
    assert_eq!(body["status"], status, "{text}");
    for field in ["type", "title", "detail"] {
        assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {text}");
    }
    body
}
