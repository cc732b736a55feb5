//! A server, an office, and visits for one technician.

use std::path::PathBuf;

use jobsheet_tests::office::Office;
use jobsheet_tests::phone::Phone;
use jobsheet_tests::programs::workspace;
use jobsheet_tests::server::Server;
use serde_json::json;
use tempfile::TempDir;

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) server: Option<Server>,
    pub(crate) office: Office,
    pub(crate) visits: Vec<String>,
}

const NUMBERS: [&str; 2] = ["101001296115", "101001241039"];

pub(crate) fn world(clock: Option<&str>) -> World {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), clock, 0).unwrap();
    let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
    let requests = workspace("sync-server/data/boston-311/service_requests.csv");
    office.import(std::fs::read(requests).unwrap()).unwrap();
    office.technician("maria", "Maria Santos").unwrap();
    let dispatch = |number: &&str| {
        let order = json!({
            "standard": "execution-form", "crew": ["maria"],
            "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
        });
        let told = office.post(&format!("/v1/requests/{number}/dispatch"), &order).unwrap();
        told["visit"].as_str().unwrap().to_owned()
    };
    let visits = NUMBERS.iter().map(dispatch).collect();
    World { folder, server: Some(server), office, visits }
}

impl World {
    /// A phone of maria's that has its visits.
    pub(crate) fn phone(&self, name: &str) -> Phone {
        let phone = Phone::new(name, self.folder.path());
        phone.enrol(&self.office.address, &self.office.code("maria").unwrap()).unwrap();
        phone.sync().unwrap();
        phone
    }

    /// How often the running server was asked for something.
    pub(crate) fn asked(&self, route: &str) -> u64 {
        let metrics = self.office.text("/metrics").unwrap();
        let of_route = format!("route=\"{route}\"");
        let counts = metrics
            .lines()
            .filter(|line| line.starts_with("jobsheet_requests_total") && line.contains(&of_route));
        counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// Stops the server and starts it again at the same address, its clock at an instant.
    pub(crate) fn restart(&mut self, clock: Option<&str>) {
        let server = self.server.take().unwrap();
        let (data, port): (PathBuf, u16) = (server.data.clone(), server.port());
        server.stop().unwrap();
        self.server = Some(Server::start(&data, clock, port).unwrap());
    }
}
