//! A server, a visit of Maria's, and the phones of Maria, Tom and Eve.

use std::path::{Path, PathBuf};

use jobsheet_core::Moment;
use jobsheet_tests::office::Office;
use jobsheet_tests::phone::Phone;
use jobsheet_tests::programs::workspace;
use jobsheet_tests::scenario::{self, Ending, Stage, picture};
use jobsheet_tests::server::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

const START: &str = "2026-03-02T10:00:00-05:00";
const NUMBER: &str = "101001296115";

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
    pub(crate) office: Office,
    pub(crate) visit: String,
    pub(crate) maria: Phone,
    pub(crate) tom: Phone,
    pub(crate) eve: Phone,
}

/// The visit is Maria's alone; all phones have synced.
pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), Some("2026-03-02T13:00:00Z"), 0).unwrap();
    let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
    let requests = workspace("sync-server/data/boston-311/service_requests.csv");
    office.import(std::fs::read(requests).unwrap()).unwrap();
    for (id, name) in [("maria", "Maria Santos"), ("tom", "Tom Reed"), ("eve", "Eve Lund")] {
        office.technician(id, name).unwrap();
    }
    let order = json!({
        "standard": "execution-form", "crew": ["maria"], "start": START, "end": "2026-03-02T11:00:00-05:00"
    });
    let told = office.post(&format!("/v1/requests/{NUMBER}/dispatch"), &order).unwrap();
    let visit = told["visit"].as_str().unwrap().to_owned();
    let [maria, tom, eve] = ["maria", "tom", "eve"].map(|technician| {
        let phone = Phone::new(technician, folder.path()).at("2026-03-02T13:00:00Z");
        phone.enrol(&server.address, &office.code(technician).unwrap()).unwrap();
        phone.sync().unwrap();
        phone
    });
    World { folder, server, office, visit, maria, tom, eve }
}

fn start() -> Moment {
    START.parse().unwrap()
}

impl World {
    fn stage(&self, phone: &Phone, stage: &Stage) {
        phone.at(&stage.at).work(&self.visit, &stage.commands).unwrap();
    }

    /// Maria accepts, drives there, and finds the cause; then she must leave.
    pub(crate) fn maria_begins(&self) {
        for stage in scenario::preparation(&start()) {
            self.stage(&self.maria, &stage);
        }
        self.stage(&self.maria, &scenario::diagnosis(&start(), 0, "Contacts burnt."));
        for (at, moment) in [(1, "before"), (2, "after")] {
            let photo = self.folder.path().join(format!("{moment}.bmp"));
            std::fs::write(&photo, picture(at)).unwrap();
            let photo = photo.to_str().unwrap();
            let add = ["add-photo", &self.visit, photo, "--moment", moment];
            self.maria.at("2026-03-02T15:06:00Z").json(&add).unwrap();
        }
    }

    /// Maria's phone writes the visit into a file for somebody.
    pub(crate) fn pass_on(&self, from: &Phone, to: &str, name: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        let arguments = ["pass-on", &self.visit, "--to", to, "--out", file.to_str().unwrap()];
        let told = from.at("2026-03-02T15:07:00Z").json(&arguments).unwrap();
        assert_eq!(told["to"], to);
        file
    }

    /// Somebody does the work, has it signed and leaves.
    pub(crate) fn finishes(&self, phone: &Phone) {
        self.stage(phone, &scenario::work(&start(), 0, None));
        self.stage(phone, &scenario::sign_off(&start(), 0, Ending::Satisfied));
    }

    /// Who made the changes of the field, as the office sees it: person and device's name, with how many.
    pub(crate) fn writers(&self) -> Vec<(String, String, usize)> {
        let changes = self.office.get(&format!("/v1/visits/{}/changes", self.visit)).unwrap();
        let mut writers: Vec<(String, String, usize)> = Vec::new();
        for change in changes.as_array().unwrap().iter().filter(|change| change["device"].is_string()) {
            let text = |field: &str| change[field].as_str().unwrap().to_owned();
            let (person, device) = (text("person"), text("device_name"));
            match writers.iter_mut().find(|known| (&known.0, &known.1) == (&person, &device)) {
                Some(known) => known.2 += 1,
                None => writers.push((person, device, 1)),
            }
        }
        writers
    }

    pub(crate) fn view(&self) -> Value {
        self.office.get(&format!("/v1/visits/{}", self.visit)).unwrap()
    }
}

/// Heads of the visit as a phone has it.
pub(crate) fn history(phone: &Phone, visit: &str) -> Vec<String> {
    let told = phone.json(&["history", visit]).unwrap();
    let list = told.as_array().or(told["changes"].as_array()).unwrap();
    let mut hashes: Vec<String> =
        list.iter().map(|one| one["hash"].as_str().or(one["change"].as_str()).unwrap().to_owned()).collect();
    hashes.sort_unstable();
    hashes
}

/// A phone takes a visit over.
pub(crate) fn take_over(phone: &Phone, file: &Path) -> Value {
    phone.at("2026-03-02T15:08:00Z").json(&["take-over", file.to_str().unwrap()]).unwrap()
}
