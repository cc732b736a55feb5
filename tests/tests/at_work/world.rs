//! A server, the people at its office, and the devices of those who go out.

use std::path::{Path, PathBuf};

use jobsheet_tests::office::{Answer, Office};
use jobsheet_tests::phone::{Phone, acknowledged};
use jobsheet_tests::scenario::picture;
use jobsheet_tests::server::{Server, server_command};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Monday morning in Shanghai, when every story begins.
pub(crate) const MORNING: &str = "2026-03-02T08:00:00+08:00";

/// The columns that the mapping reads.
const COLUMNS: &str = "CASE_ENQUIRY_ID,OPEN_DT,TARGET_DT,CLOSED_DT,OnTime_Status,CASE_TITLE,REASON,TYPE,Location,neighborhood,LATITUDE,LONGITUDE,Source";

/// A server on a folder of its own, and whoever holds its first token.
pub(crate) struct World {
    folder: TempDir,
    data: PathBuf,
    port: u16,
    server: Option<Server>,
    pub(crate) office: Office,
}

impl World {
    /// A server whose clock starts in the morning.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Server::start(&data, Some(MORNING), 0).unwrap();
        let office = Office::at(&server.address, server.first_token.as_deref().unwrap()).unwrap();
        Self { folder, data, port: server.port(), server: Some(server), office }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The server stops: what follows happens without it.
    pub(crate) fn stop(&mut self) {
        self.server.take().unwrap().stop().unwrap();
    }

    /// The server is there again, later.
    pub(crate) fn start(&mut self, clock: &str) {
        self.server = Some(Server::start(&self.data, Some(clock), self.port).unwrap());
    }

    /// The server's clock is set on.
    pub(crate) fn later(&mut self, clock: &str) {
        self.stop();
        self.start(clock);
    }

    /// Somebody at the office with these roles.
    pub(crate) fn by(&self, roles: &[&str]) -> Office {
        let name = roles.join(".");
        let mut arguments = vec!["token", "create", "--json", "--name", &name];
        arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
        let made: Value = serde_json::from_str(&server_command(&self.data, &arguments).unwrap()).unwrap();
        Office::at(&self.office.address, made["token"].as_str().unwrap()).unwrap()
    }

    /// A person and a device of that person, enrolled in the morning.
    pub(crate) fn phone(&self, person: &str) -> Phone {
        self.office.technician(person, person).unwrap();
        let phone = Phone::new(&format!("{person}-phone"), self.path());
        let code = self.office.code(person).unwrap();
        phone.at(MORNING).enrol(&self.office.address, &code).unwrap();
        phone
    }

    /// Imports requests, each by its number and the time in New York at which it came in.
    pub(crate) fn import(&self, requests: &[(&str, &str)]) {
        let row = |(number, received): &(&str, &str)| {
            format!(
                "{number},{received},,,,Smell of gas,Housing,Leak,12 Harbour Street,North,42.3,-71.0,Call"
            )
        };
        let lines: Vec<String> = requests.iter().map(row).collect();
        let csv = format!("{COLUMNS}\n{}\n", lines.join("\n"));
        let done = self.office.import(csv.into_bytes()).unwrap();
        assert_eq!(done["added"], requests.len(), "{done}");
    }

    /// Turns a request into a visit; gives its id.
    pub(crate) fn dispatch(
        &self,
        number: &str,
        standard: &str,
        job: &str,
        crew: &str,
        order: &Value,
    ) -> String {
        let body = json!({
            "standard": standard, "job": job, "crew": [crew], "order": order,
            "start": "2026-03-02T09:00:00+08:00", "end": "2026-03-02T12:00:00+08:00",
        });
        id(&self.office.post(&format!("/v1/requests/{number}/dispatch"), &body).unwrap())
    }

    /// A document as the office sees it.
    pub(crate) fn shown(&self, visit: &str) -> Value {
        self.office.get(&format!("/v1/visits/{visit}?lang=en")).unwrap()
    }

    /// Keeps everything in less space, and gives what the server says of it.
    pub(crate) fn archive(&self) -> String {
        server_command(&self.data, &["archive", "--any-state", "--idle-days", "0"]).unwrap()
    }

    /// How many documents a role owes something in.
    pub(crate) fn owed(&self, role: &str) -> Value {
        self.office.get(&format!("/v1/visits?owed={role}")).unwrap()["total"].clone()
    }

    /// A picture on the disk.
    pub(crate) fn picture(&self, seed: u32) -> String {
        let file = self.path().join(format!("picture-{seed}.bmp"));
        std::fs::write(&file, picture(seed)).unwrap();
        file.to_string_lossy().into_owned()
    }
}

/// The id in an answer that opened a document.
pub(crate) fn id(answer: &Value) -> String {
    answer["visit"].as_str().unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
}

/// Gives an office command and the answer, whatever its status.
pub(crate) fn tell(office: &Office, visit: &str, command: &Value) -> Answer {
    let body = command.to_string().into_bytes();
    office
        .ask(Method::POST, &format!("/v1/visits/{visit}/commands"), Some(("application/json", body)))
        .unwrap()
}

/// A refusal of the office: status, code, and the clause of a rule that it cites.
pub(crate) fn refused(answer: &Answer, code: &str, rule: &str, clause: &str) {
    assert_eq!((answer.status, &answer.json["code"]), (409, &json!(code)), "{}", answer.text);
    cites(&answer.json["rules"], rule, clause);
}

/// A list of rules holds one with its clause.
pub(crate) fn cites(rules: &Value, rule: &str, clause: &str) {
    let found = each(rules).find(|one| one["rule"] == rule);
    assert_eq!(found.unwrap_or_else(|| panic!("no {rule} in {rules}"))["clause"], clause);
}

/// A device gives commands at a time; none may be refused.
pub(crate) fn works(phone: &Phone, at: &str, visit: &str, commands: &[Value]) {
    phone.at(at).work(visit, commands).unwrap();
}

/// A device gives a command that is refused: code, and the clause of a rule that is cited.
pub(crate) fn stopped(
    phone: &Phone,
    at: &str,
    visit: &str,
    command: &Value,
    code: &str,
    rule: &str,
    clause: &str,
) {
    let answer = phone.at(at).run(visit, std::slice::from_ref(command)).unwrap().remove(0);
    assert!(!acknowledged(&answer), "{command} should have been refused");
    assert_eq!(answer["error"]["code"], code, "{answer}");
    cites(&answer["error"]["rules"], rule, clause);
}

/// A document as a device sees it at a time.
pub(crate) fn on(phone: &Phone, at: &str, visit: &str) -> Value {
    phone.at(at).json(&["show", visit]).unwrap()
}

/// The elements of a JSON array.
pub(crate) fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// What is said of a rule.
pub(crate) fn finding<'a>(shown: &'a Value, rule: &str) -> &'a Value {
    let found = each(&shown["assessment"]["findings"]).find(|finding| finding["rule"] == rule);
    found.unwrap_or_else(|| panic!("no finding of {rule}"))
}

/// The deadline of a rule.
pub(crate) fn deadline<'a>(shown: &'a Value, rule: &str) -> &'a Value {
    let found = each(&shown["assessment"]["milestones"]).find(|clock| clock["rule"] == rule);
    found.unwrap_or_else(|| panic!("no deadline of {rule}"))
}

/// The rules that were not kept.
pub(crate) fn violated(shown: &Value) -> Vec<&str> {
    let findings = each(&shown["assessment"]["findings"]);
    findings.filter(|one| one["status"] == "violated").map(|one| one["rule"].as_str().unwrap()).collect()
}

/// The state of a document.
pub(crate) fn state(shown: &Value) -> &str {
    shown["assessment"]["state"]["id"].as_str().unwrap()
}

/// An answer of yes.
pub(crate) fn yes(item: &str) -> Value {
    json!({ "do": "answer", "item": item, "value": { "yes": true } })
}

/// An answer in words.
pub(crate) fn text(item: &str, words: &str) -> Value {
    json!({ "do": "answer", "item": item, "value": { "text": words } })
}

/// The report of an event.
pub(crate) fn report(event: &str) -> Value {
    json!({ "do": "report", "event": event })
}

/// The report of an event with its subject.
pub(crate) fn about(event: &str, about: &str) -> Value {
    json!({ "do": "report", "event": event, "about": about })
}

/// Words at the end of a note.
pub(crate) fn note(note: &str, words: &str) -> Value {
    json!({ "do": "note", "note": note, "edit": { "append": words } })
}

/// A command without arguments.
pub(crate) fn plain(name: &str) -> Value {
    json!({ "do": name })
}
