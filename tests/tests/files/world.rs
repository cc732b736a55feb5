//! A server behind a cutting proxy, an office, visits, and the devices of a crew.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use jobsheet::{DocumentFacts, Network, Options, Query, Store, SyncError};
use jobsheet_core::record::{Command, DocumentId};
use jobsheet_tests::office::{Office, client};
use jobsheet_tests::programs::workspace;
use jobsheet_tests::server::Server;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::proxy::Proxy;

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) server: Option<Server>,
    pub(crate) office: Office,
    pub(crate) proxy: Proxy,
    pub(crate) visit: DocumentId,
}

pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), None, 0).unwrap();
    let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
    let requests = workspace("sync-server/data/boston-311/service_requests.csv");
    office.import(std::fs::read(requests).unwrap()).unwrap();
    for id in ["maria", "tom"] {
        office.technician(id, id).unwrap();
    }
    let order = json!({
        "standard": "execution-form", "crew": ["maria", "tom"],
        "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
    });
    let told = office.post("/v1/requests/101001296115/dispatch", &order).unwrap();
    let visit = told["visit"].as_str().unwrap().parse().unwrap();
    let proxy = Proxy::before(&server.address);
    World { folder, server: Some(server), office, proxy, visit }
}

impl World {
    /// A device of somebody of the crew, behind the proxy, with the visit.
    pub(crate) fn device(&self, person: &str) -> Store {
        self.device_with(person, Options::default())
    }

    pub(crate) fn device_with(&self, person: &str, options: Options) -> Store {
        let network = Network { request_timeout: std::time::Duration::from_secs(20), ..Network::default() };
        let options = Options { network, ..options };
        let store = Store::open(self.folder.path().join(person), options).unwrap();
        store.enrol(&self.proxy.address, &self.office.code(person).unwrap(), person).unwrap();
        store.sync(|_| ControlFlow::Continue(())).unwrap();
        assert_eq!(store.visits(&Query::default()).unwrap().rows.len(), 1);
        store
    }

    /// A file with bytes of its own.
    pub(crate) fn file(&self, seed: u64, bytes: usize) -> PathBuf {
        let path = self.folder.path().join(format!("paper-{seed}-{bytes}.pdf"));
        std::fs::write(&path, content(seed, bytes)).unwrap();
        path
    }

    /// Attaches a file to the visit and gives its hash.
    pub(crate) fn attach(&self, store: &Store, file: &Path) -> String {
        store.attach_document(self.visit, file, &DocumentFacts::default()).unwrap();
        sha256(&std::fs::read(file).unwrap())
    }

    /// What the office says of the visit's files.
    pub(crate) fn files(&self) -> Value {
        self.office.get(&format!("/v1/visits/{}", self.visit)).unwrap()["files"].clone()
    }

    /// SHA-256 of a file as the office gets it.
    pub(crate) fn at_office(&self, hash: &str) -> String {
        let address = &self.server.as_ref().unwrap().address;
        let answer =
            client().unwrap().get(format!("{address}/v1/files/{hash}")).bearer_auth(&self.office.token);
        let answer = answer.send().unwrap();
        assert_eq!(answer.status(), 200);
        sha256(&answer.bytes().unwrap())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.server.as_ref().unwrap().data.clone()
    }
}

/// Exchanges records and no files.
pub(crate) fn exchange(store: &Store) {
    let done =
        store.sync(
            |progress| {
                if progress.to_send == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
    assert!(matches!(done, Err(SyncError::Cancelled)), "{done:?}");
}

pub(crate) fn accept(store: &Store, visit: DocumentId) {
    store.apply(visit, &Command::Accept).unwrap();
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    jobsheet_core::hex(&Sha256::digest(bytes))
}

pub(crate) fn content(seed: u64, count: usize) -> Vec<u8> {
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
