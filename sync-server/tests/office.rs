//! The back office over HTTP and on the command line: imports, dispatch, visits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Server, ok, order, problem, sample};
use reqwest::Method;
use reqwest::blocking::Response;
use serde_json::{Value, json};

const NUMBER: &str = "101001241039";

fn import(server: &Server, csv: Vec<u8>) -> Response {
    server.ask(Method::POST, "/v1/imports?mapping=boston-311").body(csv).send().unwrap()
}

#[test]
fn six_hundred_requests_are_imported_once() {
    let server = Server::start();
    let csv = sample("service_requests.csv");
    let mapping = sample("mapping.toml");
    let arguments = ["import", "--mapping", mapping.to_str().unwrap(), csv.to_str().unwrap()];
    let first = server.console(&arguments);
    let said = String::from_utf8(first.stdout).unwrap();
    assert!(
        first.status.success() && said.ends_with("600 requests: 600 added, 0 known, 0 refused\n"),
        "{said}"
    );
    let second = server.console(&arguments);
    assert_eq!(String::from_utf8(second.stdout).unwrap(), "600 requests: 0 added, 600 known, 0 refused\n");
    let third = ok(import(&server, std::fs::read(&csv).unwrap()));
    assert_eq!((&third["added"], &third["known"]), (&json!(0), &json!(600)));
    let page = server.get("/v1/requests?query=heat&page=2&size=10");
    assert_eq!(page["requests"].as_array().unwrap().len(), 10);
    assert!(page["total"].as_u64().unwrap() >= 50, "{page}");
}

#[test]
fn a_broken_row_is_listed_and_blocks_nothing() {
    let server = Server::start();
    let text = std::fs::read_to_string(sample("service_requests.csv")).unwrap();
    let lines: Vec<&str> = text.lines().take(5).collect();
    let broken = lines[2].replacen("01/03/2015", "31/31/2015", 1);
    let csv = [lines[0], lines[1], &broken, "too,short", lines[4]].join("\n");
    let summary = ok(import(&server, csv.clone().into_bytes()));
    assert_eq!((&summary["added"], &summary["refused"]), (&json!(2), &json!(2)), "{summary}");
    let problems = summary["problems"].as_array().unwrap();
    assert_eq!((&problems[0]["line"], &problems[0]["column"]), (&json!(3), &json!("OPEN_DT")));
    assert_eq!((&problems[1]["line"], &problems[1]["column"]), (&json!(4), &Value::Null));
    let file = server.folder.path().join("broken.csv");
    std::fs::write(&file, csv).unwrap();
    let mapping = sample("mapping.toml");
    let output = server.console(&["import", "--mapping", mapping.to_str().unwrap(), file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "rows were refused");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("refused: line 3, column OPEN_DT:"), "{said}");
}

#[test]
fn a_file_that_can_not_be_read_adds_nothing() {
    let server = Server::start();
    let text = std::fs::read_to_string(sample("service_requests.csv")).unwrap();
    let missing = text.replacen("OPEN_DT", "OPENED", 1);
    let body = server.refused(|| import(&server, missing.into_bytes()), 422, "missing-column");
    assert!(body["detail"].as_str().unwrap().contains("OPEN_DT"), "{body}");
    let mut latin1 = text.clone().into_bytes();
    latin1[400] = 0xe9;
    let body = server.refused(|| import(&server, latin1), 422, "wrong-encoding");
    assert!(body["detail"].as_str().unwrap().contains("UTF-8"), "{body}");
    server.refused(|| import(&server, Vec::new()), 422, "header-not-valid");
    let unknown = || server.ask(Method::POST, "/v1/imports?mapping=paris").body("x").send().unwrap();
    server.refused(unknown, 400, "unknown-mapping");
}

#[test]
fn a_request_becomes_a_visit_that_is_listed_and_judged() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    server.technician("mei");
    let visit = server.dispatch(NUMBER, &["lee"]);
    let list = server.get("/v1/visits?technician=lee&state=assigned");
    assert_eq!(list["total"], 1);
    let row = &list["visits"][0];
    assert_eq!((&row["id"], &row["number"]), (&json!(visit), &json!(NUMBER)));
    assert_eq!((&row["state"], &row["crew"]), (&json!("assigned"), &json!(["lee"])));
    assert_eq!(server.get("/v1/visits?technician=mei")["total"], 0);
    assert_eq!(server.get("/v1/visits?query=CATCH")["total"], 1);
    assert_eq!(server.get("/v1/visits?query=%25")["total"], 0, "a percent sign is no wildcard");

    let shown = server.get(&format!("/v1/visits/{visit}?lang=en"));
    assert_eq!(shown["record"]["order"]["number"], NUMBER);
    assert_eq!(shown["record"]["order"]["received_at"], "2015-01-02T09:17:43-05:00");
    assert_eq!(shown["assessment"]["state"]["id"], "assigned");
    let finding = &shown["assessment"]["findings"][0];
    assert!(finding["text"].is_string() && finding["clause"].is_string(), "{finding}");
    assert!(shown["next"].is_array());
    let history = server.get(&format!("/v1/visits/{visit}/changes"));
    let names: Vec<&str> =
        history.as_array().unwrap().iter().map(|c| c["command"].as_str().unwrap()).collect();
    assert_eq!(names, ["register", "dispatch"]);
    assert_eq!(history[1]["person"], "office");
    let report = server.ask(Method::GET, &format!("/v1/visits/{visit}/report?lang=zh")).send().unwrap();
    assert!(report.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let report = report.text().unwrap();
    assert!(report.contains(NUMBER) && report.contains("zh-Hans"));
}

#[test]
fn what_can_not_be_dispatched_is_refused_and_writes_nothing() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let path = format!("/v1/requests/{NUMBER}/dispatch");
    server.refused(|| server.post("/v1/requests/404/dispatch", &order(&["lee"])), 404, "unknown");
    server.refused(|| server.post(&path, &order(&["nobody"])), 404, "unknown");
    server.refused(|| server.post(&path, &order(&[])), 409, "invalid");
    server.refused(|| server.post(&path, &order(&["lee", "lee"])), 409, "invalid");
    let mut other = order(&["lee"]);
    other["standard"] = json!("no-such-standard");
    server.refused(|| server.post(&path, &other), 422, "unknown-standard");
    let mut backwards = order(&["lee"]);
    backwards["end"] = json!("2026-03-02T09:00:00Z");
    server.refused(|| server.post(&path, &backwards), 409, "invalid");
    let mut unknown = order(&["lee"]);
    unknown["order"] = json!({"urgency": "very"});
    server.refused(|| server.post(&path, &unknown), 409, "invalid");
    server.refused(|| server.post(&path, &json!({"crew": "lee"})), 400, "body-not-valid");
    let cut = || server.ask(Method::POST, &path).body("{\"crew\": [").send().unwrap();
    server.refused(cut, 400, "body-not-valid");
    server.dispatch(NUMBER, &["lee"]);
    server.refused(|| server.post(&path, &order(&["lee"])), 409, "already-dispatched");
}

#[test]
fn visits_that_are_not_there_and_ids_that_are_none_are_problems() {
    let server = Server::start();
    let none = "/v1/visits/7f1c2a3e-0b5d-4c6f-8a9b-0c1d2e3f4a5b";
    for path in [none.to_owned(), format!("{none}/changes"), format!("{none}/report")] {
        server.refused(|| server.ask(Method::GET, &path).send().unwrap(), 404, "unknown");
    }
    server.refused(|| server.post(&format!("{none}/commands"), &json!({"do": "close"})), 404, "unknown");
    for path in ["/v1/visits/7", "/v1/visits/%00", "/v1/visits/..%2f..%2fetc/changes"] {
        server.refused(|| server.ask(Method::GET, path).send().unwrap(), 400, "id-not-valid");
    }
    server.refused(|| server.ask(Method::GET, "/v1/visits?page=x").send().unwrap(), 400, "query-not-valid");
}

#[test]
fn a_refused_command_cites_its_rules_and_writes_nothing() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let visit = server.dispatch(NUMBER, &["lee"]);
    let path = format!("/v1/visits/{visit}/commands");
    let body = server.refused(|| server.post(&path, &json!({"do": "close"})), 409, "wrong-state");
    assert_eq!(body["rules"][0]["rule"], "execution-form.field-archive-date");
    assert!(body["rules"][0]["clause"].as_str().is_some_and(|clause| !clause.is_empty()), "{body}");
    server.refused(|| server.post(&path, &json!({"do": "accept"})), 409, "forbidden");
    server.refused(|| server.post(&path, &json!({"do": "fly"})), 400, "body-not-valid");
    let long = json!({"do": "say", "words": "x".repeat(10 << 20)});
    server.refused(|| server.post(&path, &long), 413, "too-large");
    let lengthy = json!({"do": "say", "words": "x".repeat(5_000)});
    server.refused(|| server.post(&path, &lengthy), 409, "invalid");
    let said = ok(server.post(&path, &json!({"do": "say", "words": "Bring the long ladder."})));
    assert_eq!(said["record"]["talk"].as_object().unwrap().len(), 1);
}

#[test]
fn a_new_assignment_moves_the_visit_to_another_technician() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    server.technician("mei");
    let visit = server.dispatch(NUMBER, &["lee"]);
    let path = format!("/v1/visits/{visit}/assignment");
    let put = |body: &Value| server.ask(Method::PUT, &path).json(body).send().unwrap();
    let shown = ok(put(&order(&["mei"])));
    assert_eq!(shown["record"]["assignment"]["crew"], json!(["mei"]));
    assert_eq!(server.get("/v1/visits?technician=lee")["total"], 0);
    assert_eq!(server.get("/v1/visits?technician=mei")["total"], 1);
    server.refused(|| put(&order(&["nobody"])), 404, "unknown");
}

#[test]
fn technicians_have_ids_that_are_theirs() {
    let server = Server::start();
    server.technician("lee");
    let add = |id: &str, name: &str| server.post("/v1/technicians", &json!({"id": id, "name": name}));
    server.refused(|| add("lee", "Other"), 409, "taken");
    for id in ["", "a b", "../x", &"x".repeat(65)] {
        server.refused(|| add(id, "Name"), 422, "invalid");
    }
    server.refused(|| add("mei", ""), 422, "invalid");
    problem(server.post("/v1/technicians", &json!({"id": "mei"})), 400, "body-not-valid");
    assert_eq!(server.get("/v1/technicians")[0]["id"], "lee");
}

#[test]
fn a_deadline_that_passes_shows_without_anybody_touching_the_visit() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let visit = server.dispatch(NUMBER, &["lee"]);
    let before = server.get("/v1/visits")["visits"][0].clone();
    let due = before["next_due"].as_str().unwrap_or_else(|| panic!("a deadline runs: {before}")).to_owned();
    let token = server.token.clone();
    let mut later = Server::on(server.stop(), &["--clock", &due.replace("2026", "2027")]);
    later.token = token;
    let row = (0..50)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            later.get("/v1/visits")["visits"][0].clone()
        })
        .find(|row| row["next_due"] != before["next_due"])
        .unwrap_or_else(|| panic!("still due {due}"));
    let shown = later.get(&format!("/v1/visits/{visit}"));
    assert_eq!(row["violated"], shown["assessment"]["counts"]["violated"]);
    assert_eq!(row["updated_seq"], before["updated_seq"], "the visit itself has not changed");
}
