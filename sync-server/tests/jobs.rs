//! Jobs of a standard: visits of a job, shifts and cases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Server, codes, ok, order};
use jobsheet_core::record::Command;
use jobsheet_wire::Delivery;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const NUMBERS: [&str; 2] = ["101001241039", "101001241625"];

fn shift(person: &str) -> Value {
    json!({
        "standard": "gas", "job": "counter-shift", "person": person,
        "start": "2026-03-02T09:00:00Z", "end": "2026-03-02T17:00:00Z", "order": {"workplace": "Main hall"},
    })
}

fn case() -> Value {
    json!({"standard": "gas", "job": "complaint", "order": {"complaint": "Nobody came."}})
}

fn id(answer: &Value) -> Uuid {
    answer["visit"].as_str().unwrap().parse().unwrap()
}

fn audited(server: &Server, action: &str) -> Vec<(String, String)> {
    let database = rusqlite::Connection::open(server.data().join("jobsheet.db")).unwrap();
    let mut rows =
        database.prepare("SELECT subject, detail FROM audit WHERE action = ?1 ORDER BY id").unwrap();
    rows.query_map([action], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_request_is_dispatched_under_a_visit_job() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let path = |number: &str| format!("/v1/requests/{number}/dispatch");
    let mut body = order(&["lee"]);
    body["standard"] = json!("engineering");
    body["job"] = json!("complaint");
    let told = server.refused(|| server.post(&path(NUMBERS[0]), &body), 422, "wrong-kind");
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("`complaint` is a case") && detail.contains("installation, repair"), "{detail}");
    body["job"] = json!("fly");
    let told = server.refused(|| server.post(&path(NUMBERS[0]), &body), 422, "invalid");
    assert!(told["detail"].as_str().unwrap().contains("installation, repair"), "{told}");
    body["job"] = json!("repair");
    let repair = id(&ok(server.post(&path(NUMBERS[0]), &body)));
    let job = |id: &Uuid| server.get(&format!("/v1/visits/{id}"))["record"]["job"].clone();
    assert_eq!(job(&repair), "repair");
    body["standard"] = json!("diesel");
    body.as_object_mut().unwrap().remove("job");
    let first = id(&ok(server.post(&path(NUMBERS[1]), &body)));
    assert_eq!(job(&first), "installation", "the first visit job of the standard");
    let row = &server.get("/v1/visits?job=repair")["visits"][0];
    assert_eq!((&row["kind"], &row["job"], &row["id"]), (&json!("visit"), &json!("repair"), &json!(repair)));
    let device = server.device("lee").sync(&[]);
    assert_eq!((device.deliveries.len(), device.packs.len()), (2, 2));
}

#[test]
fn a_job_that_wants_a_decision_first_is_registered_and_sent_later() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let (path, number) = (|what: &str| format!("/v1/requests/{}/{what}", NUMBERS[0]), NUMBERS[0]);
    let mut body = order(&["lee"]);
    body["standard"] = json!("engineering");
    body["job"] = json!("installation");
    let told = server.refused(|| server.post(&path("dispatch"), &body), 409, "not-yet");
    let needs = told["rules"].as_array().unwrap();
    assert!(needs.iter().any(|need| need["rule"] == "engineering.install-order-director-sign"), "{told}");
    let only = json!({"standard": "engineering", "job": "installation"});
    let visit = id(&ok(server.post(&path("register"), &only)));
    assert_eq!(audited(&server, "register"), [(visit.to_string(), number.to_owned())]);
    server.refused(|| server.post(&path("register"), &only), 409, "already-dispatched");
    server.refused(|| server.post(&path("dispatch"), &body), 409, "already-dispatched");
    let commands = format!("/v1/visits/{visit}/commands");
    ok(server.post(&commands, &json!({"do": "report", "event": "install-order-issued"})));
    assert_eq!(server.get("/v1/visits?owed=service-director")["total"], 1);
    let decide = json!({"do": "decide", "rule": "engineering.install-order-director-sign", "approved": true});
    ok(server.post(&commands, &decide));
    let assignment = format!("/v1/visits/{visit}/assignment");
    let shown = ok(server.ask(Method::PUT, &assignment).json(&order(&["lee"])).send().unwrap());
    assert_eq!(shown["assessment"]["state"]["id"], "assigned");
    assert_eq!(server.device("lee").sync(&[]).deliveries.len(), 1);
}

#[test]
fn a_shift_reaches_the_device_of_its_person_and_moves_with_it() {
    let server = Server::start();
    server.technician("mei");
    server.technician("lee");
    let opened = ok(server.post("/v1/shifts", &shift("mei")));
    let number = opened["number"].as_str().unwrap();
    assert!(number.starts_with("SHIFT-20260302-"), "{number}");
    let shift_id = id(&opened);
    let shown = server.get(&format!("/v1/visits/{shift_id}?lang=en"));
    assert_eq!(
        (&shown["record"]["kind"], &shown["record"]["job"]),
        (&json!("shift"), &json!("counter-shift"))
    );
    assert_eq!(shown["record"]["order"]["number"], number);
    assert_eq!(shown["record"]["assignment"]["crew"], json!(["mei"]));
    assert_eq!(shown["assessment"]["state"]["id"], "rostered");
    assert_eq!(audited(&server, "shift-open"), [(shift_id.to_string(), number.to_owned())]);

    let mut mei = server.device("mei");
    let reply = mei.sync(&[]);
    assert_eq!((reply.deliveries.len(), reply.packs.len()), (1, 1));
    let at_post = Command::Report { event: "at-post".to_owned(), note: None, about: None, happened: None };
    let begun = mei.work(&shift_id, at_post);
    assert_eq!(codes(&mei.sync(&[(shift_id, vec![begun])])), ["accepted"]);
    let row = server.get("/v1/visits?kind=shift&technician=mei")["visits"][0].clone();
    assert_eq!((&row["state"], &row["number"]), (&json!("at-post"), &json!(number)));

    let path = format!("/v1/visits/{shift_id}/assignment");
    let again = server.ask(Method::PUT, &path).json(&order(&["lee"])).send().unwrap();
    // The pack says until when a shift can be given to somebody else: not once somebody is at the post.
    common::problem(again, 409, "wrong-state");
    let other = id(&ok(server.post("/v1/shifts", &shift("mei"))));
    mei.sync(&[]);
    let path = format!("/v1/visits/{other}/assignment");
    ok(server.ask(Method::PUT, &path).json(&order(&["lee"])).send().unwrap());
    assert_eq!(mei.sync(&[]).deliveries, [Delivery::Revoked(other.into_bytes())]);
    let mut lee = server.device("lee");
    lee.sync(&[]);
    assert_eq!(lee.visits.keys().collect::<Vec<_>>(), [&other]);
    let report = server.ask(Method::GET, &format!("/v1/visits/{other}/report")).send().unwrap();
    assert!(report.status().is_success());
    assert_eq!(server.get(&format!("/v1/visits/{other}/changes")).as_array().unwrap().len(), 3);
}

#[test]
fn a_shift_that_can_not_be_opened_writes_nothing() {
    let server = Server::start();
    server.import();
    server.technician("mei");
    let open = |field: &str, value: Value| {
        let mut body = shift("mei");
        body[field] = value;
        server.post("/v1/shifts", &body)
    };
    server.refused(|| open("person", json!("nobody")), 404, "unknown");
    server.refused(|| open("job", json!("complaint")), 422, "wrong-kind");
    server.refused(|| open("job", json!("booked-repair")), 422, "wrong-kind");
    server.refused(|| open("job", json!("nothing")), 422, "invalid");
    server.refused(|| open("standard", json!("execution-form")), 422, "invalid");
    server.refused(|| open("standard", json!("nothing")), 422, "unknown-standard");
    server.refused(|| open("end", json!("2026-03-02T08:00:00Z")), 409, "invalid");
    server.refused(|| open("order", json!({"colour": "red"})), 409, "invalid");
    server.refused(|| open("number", json!("a b")), 422, "invalid");
    server.refused(|| open("number", json!(NUMBERS[0])), 409, "taken");
    server.refused(|| open("tools", json!([])), 400, "body-not-valid");
    ok(open("number", json!("S-1")));
    server.refused(|| open("number", json!("S-1")), 409, "taken");
    let mut same = case();
    same["number"] = json!("S-1");
    server.refused(|| server.post("/v1/cases", &same), 409, "taken");
}

#[test]
fn a_case_is_handled_at_the_office_and_reaches_no_device() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let visit = server.dispatch(NUMBERS[0], &["lee"]);
    let mut lee = server.device("lee");
    lee.sync(&[]);
    let mut body = case();
    body["about"] = json!(visit);
    body["received_at"] = json!("2026-03-02T07:30:00Z");
    let opened = ok(server.post("/v1/cases", &body));
    let case_id = id(&opened);
    let number = opened["number"].as_str().unwrap();
    assert!(number.starts_with("CASE-20260302-"), "{number}");
    assert_eq!(audited(&server, "case-open"), [(case_id.to_string(), number.to_owned())]);
    let row = &server.get("/v1/visits?kind=case")["visits"][0];
    assert_eq!(
        (&row["id"], &row["job"], &row["about"]),
        (&json!(case_id), &json!("complaint"), &json!(visit))
    );
    let shown = server.get(&format!("/v1/visits/{case_id}"));
    assert_eq!(shown["about"], json!(visit));
    assert_eq!(shown["record"]["order"]["received_at"], "2026-03-02T07:30:00+00:00");

    let commands = format!("/v1/visits/{case_id}/commands");
    let judged = json!({"do": "answer", "item": "gas.hotline-valid-class", "value": {"choice": "valid"}});
    let shown = ok(server.post(&commands, &judged));
    assert_eq!(shown["assessment"]["state"]["id"], "judged");
    let path = format!("/v1/visits/{case_id}/assignment");
    let assign = || server.ask(Method::PUT, &path).json(&order(&["lee"])).send().unwrap();
    server.refused(assign, 409, "forbidden");
    assert!(lee.sync(&[]).deliveries.is_empty(), "no device gets to see it");
    assert_eq!(server.get("/v1/visits?technician=lee&kind=case")["total"], 0);
    let report = server.ask(Method::GET, &format!("/v1/visits/{case_id}/report")).send().unwrap();
    assert!(report.status().is_success());

    body["about"] = json!(Uuid::from_u128(1));
    server.refused(|| server.post("/v1/cases", &body), 404, "unknown");
    body["about"] = json!("7");
    server.refused(|| server.post("/v1/cases", &body), 400, "body-not-valid");
    let mut ahead = case();
    ahead["received_at"] = json!("2027-03-02T07:30:00Z");
    server.refused(|| server.post("/v1/cases", &ahead), 422, "invalid");
    let mut lacking = case();
    lacking["order"] = json!({});
    server.refused(|| server.post("/v1/cases", &lacking), 409, "invalid");
    let mut wrong = case();
    wrong["job"] = json!("counter-shift");
    server.refused(|| server.post("/v1/cases", &wrong), 422, "wrong-kind");
}

#[test]
fn the_list_is_filtered_by_kind_job_and_who_owes_something() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let mut body = order(&["lee"]);
    body["order"] = json!({
        "customer_name": "R. Alvarez", "contact_person": "R. Alvarez", "contact_details": "617-555-0100",
        "product_model": "HX-2", "expected_at": "2026-03-02T10:00:00Z", "entered_by": "ann", "scene": "on-site-repair",
    });
    let visit = id(&ok(server.post(&format!("/v1/requests/{}/dispatch", NUMBERS[0]), &body)));
    ok(server.post("/v1/shifts", &shift("lee")));
    let case_id = id(&ok(server.post("/v1/cases", &case())));
    let total = |query: &str| server.get(&format!("/v1/visits?{query}"))["total"].as_u64().unwrap();
    assert_eq!((total(""), total("kind=visit"), total("kind=case"), total("kind=shift")), (3, 1, 1, 1));
    assert_eq!((total("job=complaint"), total("job=counter-shift"), total("job=nothing")), (1, 1, 0));
    assert_eq!(total("kind=case&job=counter-shift"), 0);
    let wrong = || server.ask(Method::GET, "/v1/visits?kind=dream").send().unwrap();
    server.refused(wrong, 400, "query-not-valid");

    let owing = |role: &str| {
        let page = server.get(&format!("/v1/visits?owed={role}"));
        let rows = page["visits"].as_array().unwrap();
        rows.iter().map(|row| row["id"].as_str().unwrap().parse().unwrap()).collect::<Vec<Uuid>>()
    };
    assert_eq!(owing("customer-service"), [visit], "the need is to be verified");
    assert_eq!(owing("hotline-agent"), [case_id], "the complaint is to be judged");
    assert!(owing("warehouse").is_empty() && owing("%25").is_empty());
    let missed = "execution-form.normal-response-24h";
    for command in [
        json!({"do": "answer", "item": "execution-form.verify-need", "value": {"yes": true}}),
        json!({"do": "answer", "item": "execution-form.recheck-key-fields", "value": {"yes": true}}),
        json!({"do": "explain-delay", "milestone": missed, "reason": "It came by another system."}),
        json!({"do": "escalate", "milestone": missed, "to": "supervisor"}),
    ] {
        assert_eq!(owing("customer-service"), [visit], "before {command}");
        ok(server.post(&format!("/v1/visits/{visit}/commands"), &command));
    }
    let row = server.get("/v1/visits?kind=visit")["visits"][0].clone();
    assert_eq!(row["owed_by"], json!([]), "all done: {row}");
    assert!(owing("customer-service").is_empty());
}

#[test]
fn who_owes_is_judged_anew_when_a_deadline_passes() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let mut body = order(&["lee"]);
    body["order"] = json!({"urgency": "urgent"});
    ok(server.post(&format!("/v1/requests/{}/dispatch", NUMBERS[0]), &body));
    let row = |server: &Server| server.get("/v1/visits")["visits"][0].clone();
    let before = row(&server);
    let token = server.token.clone();
    let mut later = Server::on(server.stop(), &["--clock", "2026-06-02T08:00:00Z"]);
    later.token = token;
    let after = (0..50)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            row(&later)
        })
        .find(|row| row["owed_by"] != before["owed_by"])
        .unwrap_or_else(|| panic!("still {before}"));
    let role = after["owed_by"][0].as_str().unwrap();
    assert_eq!(later.get(&format!("/v1/visits?owed={role}"))["total"], 1, "{after}");
}

#[test]
fn next_steps_are_given_for_a_role() {
    let server = Server::start();
    let case_id = id(&ok(server.post("/v1/cases", &case())));
    let steps =
        |query: &str| server.get(&format!("/v1/visits/{case_id}{query}"))["next"].as_array().unwrap().clone();
    let all = steps("");
    let mine = steps("?role=hotline-agent");
    let owed = |list: &[Value], rule: &str| list.iter().any(|step| step["rule"] == rule);
    assert!(owed(&all, "gas.hotline-valid-class") && owed(&mine, "gas.hotline-valid-class"), "{all:?}");
    let other = steps("?role=counter-clerk");
    assert!(!owed(&other, "gas.hotline-valid-class"), "{other:?}");
    for step in &other {
        let roles = step["roles"].as_array().unwrap();
        let fits = |role: &Value| role == "counter-clerk" || role == "any";
        assert!(roles.is_empty() || roles.iter().any(fits), "{step}");
    }
    let path = format!("/v1/visits/{case_id}?role=juggler");
    let told = server.refused(|| server.ask(Method::GET, &path).send().unwrap(), 422, "invalid");
    assert!(told["detail"].as_str().unwrap().contains("hotline-agent"), "{told}");
}
