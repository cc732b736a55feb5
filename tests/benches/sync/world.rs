//! A server process, its office, and what is asked of it while something is measured.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jobsheet_core::key::{DeviceKey, SecretKey};
use jobsheet_core::record::DocumentId;
use jobsheet_tests::office::Office;
use jobsheet_tests::server::{Server, server_command};
use serde_json::{Value, json};

use crate::process;
use crate::proxy::{Proxy, Through};

/// The columns that the mapping of the import reads.
const COLUMNS: &str = "CASE_ENQUIRY_ID,OPEN_DT,TARGET_DT,CLOSED_DT,OnTime_Status,CASE_TITLE,REASON,TYPE,Location,neighborhood,LATITUDE,LONGITUDE,Source";
/// Requests of one import.
const IMPORTED_AT_ONCE: usize = 10_000;
/// Calls of the office at once while something is prepared.
const AT_ONCE: usize = 16;
/// Everybody comes from one address here, all at once.
const RATES: [&str; 4] = ["--enrolments-per-minute", "10000000", "--unknown-per-minute", "10000000"];

/// A server on a folder of its own.
pub(crate) struct World {
    folder: PathBuf,
    port: u16,
    server: Option<Server>,
    pub(crate) office: Office,
    pub(crate) proxy: Proxy,
}

/// What a piece of work took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
    /// Of the server and its workers.
    pub(crate) cpu: Duration,
    pub(crate) through: Through,
    /// Requests that were not the office's.
    pub(crate) requests: u64,
}

impl World {
    /// A new server.
    pub(crate) fn new(folder: PathBuf) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let server = Server::start_with(&folder.join("server"), None, 0, &RATES).unwrap();
        let office = Office::at(&server.address, server.first_token.as_deref().unwrap()).unwrap();
        let (port, proxy) = (server.port(), Proxy::before(server.port()));
        Self { folder, port, server: Some(server), office, proxy }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Id of the server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.server.as_ref().unwrap().pid()
    }

    /// SIGKILL, at once.
    pub(crate) fn kill(&mut self) {
        self.server.take().unwrap().kill().unwrap();
    }

    /// The server is there again.
    pub(crate) fn start(&mut self) {
        self.server = Some(Server::start_with(&self.folder.join("server"), None, self.port, &RATES).unwrap());
    }

    /// Ends the server and starts it again.
    pub(crate) fn restart(&mut self) {
        self.server.take().unwrap().stop().unwrap();
        self.start();
    }

    /// Archives all visits, as the server does with those that are finished, and gives the space back.
    pub(crate) fn archive(&mut self) {
        self.server.take().unwrap().stop().unwrap();
        let archive = ["archive", "--any-state", "--idle-days", "0", "--shrink"];
        server_command(&self.folder.join("server"), &archive).unwrap();
        self.start();
    }

    /// Bytes in the server's folder.
    pub(crate) fn disk(&self) -> u64 {
        size(&self.folder.join("server"))
    }

    /// What some work costs. The office asks nothing meanwhile.
    pub(crate) fn cost<T>(&self, work: impl FnOnce() -> T) -> (T, Cost) {
        let pid = self.pid();
        process::forget_peaks(pid);
        let (asked, through, cpu) = (self.asked(), self.proxy.through(), process::cpu(pid));
        let started = Instant::now();
        let done = work();
        let time = started.elapsed();
        let cpu = process::cpu(pid).saturating_sub(cpu);
        let now = self.proxy.through();
        let through = Through { up: now.up - through.up, down: now.down - through.down };
        (done, Cost { time, cpu, through, requests: self.asked() - asked })
    }

    /// Requests below `/v1` until now.
    fn asked(&self) -> u64 {
        let metrics = self.office.text("/metrics").unwrap();
        let counts = metrics
            .lines()
            .filter(|line| line.starts_with("jobsheet_requests_total") && line.contains("route=\"/v1"));
        counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// Adds technicians.
    pub(crate) fn technicians(&self, ids: impl Iterator<Item = String>) {
        let ids: Vec<String> = ids.collect();
        each(&ids, |id| self.office.technician(id, id).unwrap());
    }

    /// Imports requests and sends somebody to each, as the office does. Gives the visits in the order of the numbers.
    pub(crate) fn visits(
        &self,
        numbers: std::ops::Range<u64>,
        crew: impl Fn(u64) -> String + Sync,
    ) -> Vec<DocumentId> {
        let numbers: Vec<u64> = numbers.collect();
        for page in numbers.chunks(IMPORTED_AT_ONCE) {
            let row = |number: &u64| {
                format!(
                    "SR-{number:06},11/25/2026 08:00:00 AM,,,,Fault,Housing,Repair,{} Harbour Street,Area {},42.3,-71.0,Call\n",
                    number % 500,
                    number % 20
                )
            };
            let rows: String = page.iter().map(row).collect();
            let done = self.office.import(format!("{COLUMNS}\n{rows}").into_bytes()).unwrap();
            assert_eq!(done["added"], page.len(), "{done}");
        }
        each(&numbers, |number| {
            let body = json!({
                "standard": "execution-form", "crew": [crew(*number)], "order": order(*number), "tools": ["multimeter"],
                "start": "2026-11-25T09:00:00-05:00", "end": "2026-11-25T12:00:00-05:00",
            });
            let told = self.office.post(&format!("/v1/requests/SR-{number:06}/dispatch"), &body).unwrap();
            told["visit"].as_str().unwrap().parse().unwrap()
        })
    }

    /// Enrols devices that only the server knows: nobody holds them.
    pub(crate) fn known_devices(&self, count: u64, of: impl Fn(u64) -> String + Sync) {
        let numbers: Vec<u64> = (0..count).collect();
        each(&numbers, |number| {
            let mut bytes = [7; 32];
            bytes[8..16].copy_from_slice(&(number + 1).to_be_bytes());
            let key = SecretKey::from_bytes(&bytes).unwrap().public_key().unwrap();
            let code = self.office.code(&of(*number)).unwrap();
            let body = json!({ "code": code, "device_name": format!("known-{number}"), "public_key": key });
            self.office.post("/v1/enrol", &body).unwrap();
        });
    }
}

/// Ten short strings, all different between visits.
fn order(number: u64) -> Value {
    json!({
        "number": format!("SR-{number:06}"),
        "customer_name": format!("Customer {number}"),
        "contact_person": format!("Ms {}", number * 7 % 1000),
        "contact_details": format!("555-{:04}", number % 10_000),
        "product_model": format!("WX-{}", number % 97),
        "service_type": "repair",
        "fault": format!("Fault {} in unit {number}", number % 13),
        "urgency": if number.is_multiple_of(5) { "urgent" } else { "normal" },
        "location": format!("{} Harbour Street", number % 500),
        "area": format!("Area {}", number % 20),
    })
}

/// Works on some things, a few at once, and gives what came of each in their order.
pub(crate) fn each<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let size = things.len().div_ceil(AT_ONCE).max(1);
    std::thread::scope(|scope| {
        let work = &work;
        let parts: Vec<_> = things
            .chunks(size)
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

/// Bytes of the files in a folder.
fn size(folder: &Path) -> u64 {
    let of = |entry: std::fs::DirEntry| {
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() { size(&entry.path()) } else { metadata.len() }
    };
    std::fs::read_dir(folder).unwrap().map(|entry| of(entry.unwrap())).sum()
}
