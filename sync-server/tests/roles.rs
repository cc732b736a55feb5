//! What the roles of an office token open, and what they do not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Server, ok, order, problem};
use reqwest::Method;
use serde_json::{Value, json};

const NUMBER: &str = "101001241039";
const ROLES: [&str; 13] = [
    "dispatcher",
    "customer-service",
    "hotline-agent",
    "counter-clerk",
    "supervisor",
    "service-director",
    "quality",
    "production",
    "finance",
    "sales",
    "follow-up-agent",
    "warehouse",
    "auditor",
];

#[test]
fn every_call_is_open_to_its_roles_alone() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let visit = server.dispatch(NUMBER, &["lee"]);
    let assignment = format!("/v1/visits/{visit}/assignment");
    let commands = format!("/v1/visits/{visit}/commands");
    let desk = "dispatcher customer-service hotline-agent supervisor service-director";
    let takes = format!("{desk} counter-clerk quality sales follow-up-agent");
    let writers = format!("{takes} production finance warehouse");
    // Bodies that get no further than the door where the door is open: what is asked here is who gets in.
    let calls: [(Method, &str, &str); 11] = [
        (Method::POST, "/v1/imports?mapping=none", "dispatcher customer-service supervisor"),
        (Method::POST, "/v1/requests/none/dispatch", desk),
        (Method::POST, "/v1/requests/none/register", desk),
        (Method::POST, "/v1/shifts", desk),
        (Method::PUT, &assignment, desk),
        (Method::POST, "/v1/cases", &takes),
        (Method::POST, &commands, &writers),
        (Method::POST, "/v1/technicians", "dispatcher supervisor"),
        (Method::POST, "/v1/enrolments", "dispatcher supervisor"),
        (Method::DELETE, "/v1/devices/none", "dispatcher supervisor"),
        (Method::POST, "/v1/standards", "supervisor"),
    ];
    let before = server.rows();
    for role in ROLES {
        let token = server.token_of(&[role]);
        for (method, path, open_to) in &calls {
            let ask = server.ask_by(&token, method.clone(), path).body("{").send().unwrap();
            let open = open_to.split(' ').any(|known| known == role);
            let status = ask.status();
            assert!(status.is_client_error(), "{role} {path}: {status}");
            if open {
                assert_ne!(status, 403, "{role} {method} {path}");
            } else {
                problem(ask, 403, "role");
            }
        }
        for path in ["/v1/visits", "/v1/requests", "/v1/devices", "/v1/technicians", "/v1/standards"] {
            assert!(
                server.ask_by(&token, Method::GET, path).send().unwrap().status().is_success(),
                "{role} {path}"
            );
        }
    }
    let after = server.rows();
    let kept = |rows: &[(&'static str, i64)]| {
        rows.iter().filter(|(table, _)| *table != "token").copied().collect::<Vec<_>>()
    };
    assert_eq!(kept(&after), kept(&before));
}

#[test]
fn the_standard_says_which_role_answers_and_decides() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let visit = server.dispatch(NUMBER, &["lee"]);
    let path = format!("/v1/visits/{visit}/commands");
    let give =
        |token: &str, body: &Value| server.ask_by(token, Method::POST, &path).json(body).send().unwrap();
    let answer = json!({"do": "answer", "item": "execution-form.verify-need", "value": {"yes": true}});
    let warehouse = server.token_of(&["warehouse"]);
    let told = server.refused(|| give(&warehouse, &answer), 409, "forbidden");
    assert_eq!(told["rules"][0]["rule"], "execution-form.verify-need");
    assert!(told["rules"][0]["clause"].as_str().is_some_and(|clause| !clause.is_empty()), "{told}");
    let both = server.token_of(&["warehouse", "customer-service"]);
    let shown = ok(give(&both, &answer));
    let given = &shown["record"]["office_answers"]["execution-form.verify-need"];
    assert_eq!(given["by"], "warehouse.customer-service");
    ok(give(&warehouse, &json!({"do": "say", "words": "The pump is in store."})));
    let mut dispatch = order(&["lee"]);
    dispatch["do"] = json!("dispatch");
    server.refused(|| give(&warehouse, &dispatch), 403, "role");
    ok(give(&both, &dispatch));

    let order = json!({"standard": "engineering", "job": "installation", "order": {"scope": "One line"}});
    let visit =
        ok(server.post("/v1/requests/101001241625/register", &order))["visit"].as_str().unwrap().to_owned();
    let path = format!("/v1/visits/{visit}/commands");
    let give =
        |token: &str, body: &Value| server.ask_by(token, Method::POST, &path).json(body).send().unwrap();
    let sales = server.token_of(&["sales"]);
    ok(give(&sales, &json!({"do": "report", "event": "install-order-issued"})));
    let decide = json!({"do": "decide", "rule": "engineering.install-order-director-sign", "approved": true});
    let told = server.refused(|| give(&sales, &decide), 409, "forbidden");
    assert_eq!(told["rules"][0]["rule"], "engineering.install-order-director-sign");
    let director = server.token_of(&["service-director"]);
    let shown = ok(give(&director, &decide));
    let findings = shown["assessment"]["findings"].as_array().unwrap();
    let signed = findings.iter().find(|finding| finding["rule"] == "engineering.install-order-director-sign");
    assert_eq!(signed.unwrap()["status"], "satisfied");
}

#[test]
fn roles_that_are_unknown_or_do_not_go_together_are_not_given() {
    let server = Server::start();
    let create = |roles: &[&str]| {
        let mut arguments = vec!["token", "create", "--name", "ann"];
        arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
        server.console(&arguments).status.success()
    };
    for roles in [&["root"][..], &["technician"], &["supervisor", "auditor"], &["admin", "quality"]] {
        assert!(!create(roles), "{roles:?}");
    }
    assert!(create(&["supervisor", "quality"]) && create(&[]));
    let listed = String::from_utf8(server.console(&["token", "list"]).stdout).unwrap();
    assert!(
        listed.contains("ann  supervisor, quality  made") && listed.contains("ann  dispatcher  made"),
        "{listed}"
    );
}

#[test]
fn a_token_with_a_role_of_another_version_opens_nothing() {
    let server = Server::start();
    let token = server.token_of(&["supervisor"]);
    let database = rusqlite::Connection::open(server.data().join("jobsheet.db")).unwrap();
    for roles in [r#"["supervisor","wizard"]"#, "[]", "supervisor", r#"["supervisor","auditor"]"#] {
        database.execute("UPDATE token SET roles = ?1 WHERE name = 'supervisor'", [roles]).unwrap();
        let read = || server.ask_by(&token, Method::GET, "/v1/visits").send().unwrap();
        server.refused(read, 403, "role");
    }
}
