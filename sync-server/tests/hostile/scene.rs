//! A server, a device that means harm, and one that does not.

use std::sync::Arc;

use jobsheet_core::record::{Command, Document};
use reqwest::blocking::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{Device, NOW, Server, codes, ok, sample};

/// As many requests as it likes.
const REQUESTS: [&str; 4] = ["--clock", NOW, "--requests-per-minute", "10000000"];

pub(crate) struct Scene {
    pub(crate) server: Server,
    /// The device that means harm.
    pub(crate) lee: Device,
    numbers: std::vec::IntoIter<String>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let server = Server::on(Arc::new(tempfile::tempdir().unwrap()), &REQUESTS);
        server.import();
        for id in ["lee", "mei"] {
            server.technician(id);
        }
        let lee = server.device("lee");
        let text = std::fs::read_to_string(sample("service_requests.csv")).unwrap();
        let first = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
        let numbers =
            text.lines().skip(1).map(first).filter(|number| number.len() == 12 && number.starts_with('1'));
        let numbers = numbers.collect::<Vec<_>>().into_iter();
        Self { server, lee, numbers }
    }

    /// A device of somebody else, and a visit of theirs.
    pub(crate) fn honest(&mut self) -> (Device, Uuid) {
        let visit = self.server.dispatch(&self.numbers.next().unwrap(), &["mei"]);
        let mut mei = self.server.device("mei");
        mei.sync(&[]);
        (mei, visit)
    }

    /// A further visit of the one who means harm. The device keeps no others: they cost it time.
    pub(crate) fn next_visit(&mut self) -> Uuid {
        let visit = self.server.dispatch(&self.numbers.next().unwrap(), &["lee"]);
        self.lee.visits.clear();
        self.lee.sync(&[]);
        assert!(self.lee.visits.contains_key(&visit));
        visit
    }

    /// Most resident memory that any worker has held.
    pub(crate) fn worker_peak(&self) -> u64 {
        let peak = |pid: &str| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? << 10)
        };
        let mut most = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.server.pid())).unwrap() {
            let text = std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default();
            most = text.split_whitespace().filter_map(peak).fold(most, u64::max);
        }
        most
    }

    /// If the server has shut the device out, the office lets it in again, to see more.
    pub(crate) fn let_in_again(&self) {
        let path = format!("/v1/devices/{}/suspension", self.lee.id);
        let readmit = self.server.ask(reqwest::Method::PUT, &path).json(&json!({"suspended": false}));
        assert!(readmit.send().unwrap().status().is_success());
    }

    /// Whatever was taken: the office can work on the visit, it can be loaded, and so can the device work on.
    pub(crate) fn still_sound(&mut self, visit: &Uuid) {
        let path = format!("/v1/visits/{visit}");
        ok(self.server.post(&format!("{path}/commands"), &json!({"do": "say", "words": "all well"})));
        self.server.get(&path);
        self.lee.cursor.clear();
        self.lee.visits.clear();
        self.lee.sync(&[]);
        let document = &self.lee.visits[visit];
        let again = Document::load(&document.save()).unwrap();
        assert_eq!(again.heads(), document.heads());
        self.lee.actor = *Uuid::from_u128(visit.as_u128() ^ 1).as_bytes();
        let good = self.lee.work(visit, Command::Say { words: "still here".to_owned() });
        assert_eq!(codes(&self.lee.sync(&[(*visit, vec![good])])), ["accepted"]);
    }
}

/// The status of an answer, which is a success or a problem that has a code.
pub(crate) fn typed(response: Response) -> u16 {
    let status = response.status().as_u16();
    if status == 200 {
        return status;
    }
    let told: Value = serde_json::from_str(&response.text().unwrap()).unwrap();
    assert!((400..500).contains(&status), "{status}: {told}");
    assert!(told["code"].as_str().is_some_and(|code| code != "internal"), "{told}");
    status
}
