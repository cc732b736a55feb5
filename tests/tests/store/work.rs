//! The work that is done while the disk misbehaves: whole visits, as a crew does them, against a real server.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jobsheet::clock::{Clock, Reading, SteppedClock};
use jobsheet::{Options, PhotoFacts, Store};
use jobsheet_core::Moment;
use jobsheet_core::record::{Command, DocumentId};
use jobsheet_tests::office::Office;
use jobsheet_tests::programs::workspace;
use jobsheet_tests::scenario::{self, Ending, Stage};
use jobsheet_tests::server::Server;
use serde_json::json;
use tempfile::TempDir;

/// A clock that the work sets.
pub(crate) struct SetClock(Mutex<Reading>);

impl SetClock {
    pub(crate) fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(reading(text))))
    }

    pub(crate) fn set(&self, text: &str) {
        *self.0.lock().unwrap() = reading(text);
    }
}

fn reading(text: &str) -> Reading {
    SteppedClock::starting(text.parse().unwrap()).read()
}

impl Clock for SetClock {
    fn read(&self) -> Reading {
        self.0.lock().unwrap().clone()
    }
}

/// A server with requests, and a code for a device.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) office: Office,
    /// The folder of the server; goes away last.
    _folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(&folder.path().join("server"), Some(START), 0).unwrap();
        let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
        let requests = workspace("sync-server/data/boston-311/service_requests.csv");
        office.import(std::fs::read(requests).unwrap()).unwrap();
        office.technician("maria", "Maria Santos").unwrap();
        Self { server, office, _folder: folder }
    }

    /// Dispatches a request to Maria.
    pub(crate) fn dispatch(&self, number: &str) -> DocumentId {
        let start: Moment = START.parse().unwrap();
        let told = self
            .office
            .post(
                &format!("/v1/requests/{number}/dispatch"),
                &json!({
                    "standard": "execution-form", "crew": ["maria"],
                    "start": start.to_string(), "end": scenario::minutes(&start, 60)
                }),
            )
            .unwrap();
        told["visit"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn enrol(&self, store: &Store) {
        store.enrol(&self.server.address, &self.office.code("maria").unwrap(), "phone").unwrap();
    }
}

/// Planned start of every visit.
pub(crate) const START: &str = "2026-03-02T10:00:00-05:00";

pub(crate) fn open(folder: &Path, clock: &Arc<SetClock>) -> Result<Store, jobsheet::StoreError> {
    Store::open(folder, Options { clock: clock.clone(), ..Options::default() })
}

/// The stages of a whole visit that ends well.
pub(crate) fn stages() -> Vec<Stage> {
    let start: Moment = START.parse().unwrap();
    let mut stages = scenario::preparation(&start);
    stages.push(scenario::diagnosis(&start, 0, "Contactor burnt, supply in order."));
    stages.push(scenario::work(&start, 0, Some("SN-1")));
    stages.push(scenario::sign_off(&start, 0, Ending::Satisfied));
    stages
}

pub(crate) fn command(json: &serde_json::Value) -> Command {
    serde_json::from_value(json.clone()).unwrap()
}

/// Attaches a small picture of its own; the hash of the change.
pub(crate) fn photo(store: &Store, folder: &Path, visit: DocumentId, seed: u32) -> String {
    let file: PathBuf = folder.join(format!("picture-{seed}.bmp"));
    std::fs::write(&file, scenario::picture(seed)).unwrap();
    let facts = PhotoFacts { item: Some(scenario::rule("protect-site")), ..PhotoFacts::default() };
    store.attach(visit, &file, &facts).unwrap().change
}
