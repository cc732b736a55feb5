//! Stock and tariffs in the exchange, the rows that are refused, and a database of an older version.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Device, Server, ok};
use jobsheet_core::record::{Command, OldPart};
use jobsheet_wire::{Exchange, Reply, decode_reply, encode_exchange};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

const NUMBER: &str = "101001241039";

fn scene() -> (Server, Uuid, Device) {
    let server = Server::start();
    server.import();
    for id in ["lee", "mei"] {
        server.technician(id);
    }
    let visit = server.dispatch(NUMBER, &["lee"]);
    let mut lee = server.device("lee");
    lee.sync(&[]);
    (server, visit, lee)
}

fn csv(server: &Server, path: &str, rows: &'static str) -> reqwest::blocking::Response {
    server.ask(Method::POST, path).header("content-type", "text/csv").body(rows).send().unwrap()
}

fn asks(device: &Device, stock: Option<u64>, tariffs: Option<u64>) -> Reply {
    let message = Exchange { stock, tariffs, ..device.message(&[]) };
    let response = device.send(encode_exchange(&message).unwrap());
    assert!(response.status().is_success());
    decode_reply(&response.bytes().unwrap(), &message).unwrap()
}

fn consume(replaces: Option<OldPart>) -> Command {
    Command::ConsumePart { number: "BELT-7".to_owned(), name: None, quantity: 2, serial: None, replaces }
}

#[test]
fn a_stock_is_sent_to_those_who_ask_for_it_when_it_has_changed() {
    let (server, visit, mut lee) = scene();
    let mei = server.device("mei");
    assert_eq!(asks(&lee, Some(0), Some(0)).stock, None, "there is none");
    ok(csv(&server, "/v1/technicians/lee/stock/counts", "part_number,quantity\nBELT-7,5\n"));
    let first = asks(&lee, Some(0), Some(0)).stock.expect("it has changed");
    assert_eq!((first.lines[0].number.as_str(), first.lines[0].quantity), ("BELT-7", 5));
    assert_eq!(asks(&lee, None, None).stock, None, "a device that knows nothing of stocks");
    assert_eq!(asks(&lee, Some(first.as_of), Some(0)).stock, None, "unchanged");
    assert_eq!(asks(&mei, Some(0), Some(0)).stock, None, "another technician's");

    // A use moves the figure and is named as included until the cursor has passed it.
    let used = lee.work(&visit, consume(None));
    let entry = lee.visits[&visit].record().parts.keys().next().unwrap().into_bytes();
    let message = Exchange { stock: Some(first.as_of), ..lee.message(&[(visit, vec![used])]) };
    let body = lee.send(encode_exchange(&message).unwrap()).bytes().unwrap();
    let lost = decode_reply(&body, &message).unwrap();
    let told = lost.stock.expect("it has changed");
    assert_eq!((told.lines[0].quantity, told.included[0].0), (3, entry));
    let again = asks(&lee, Some(first.as_of), None).stock.expect("the answer was lost");
    assert_eq!((again.lines[0].quantity, again.included.len()), (3, 1));
    lee.cursor = lost.cursor;
    let later = asks(&lee, Some(first.as_of), None).stock.expect("still older");
    assert_eq!((later.lines[0].quantity, later.included.len()), (3, 0));
}

#[test]
fn tariffs_come_once_to_every_device_and_a_bad_one_is_not_stored() {
    let (server, _, lee) = scene();
    let set = |query: &str, rows| csv(&server, &format!("/v1/tariffs/service?{query}"), rows);
    let good = "kind,code,price\npart,A,100\n";
    server.refused(|| set("valid_from=2026-01-01&currency=RMB", good), 422, "tariff-not-valid");
    server.refused(
        || set("valid_from=2026-01-01&currency=CNY", "kind,code,price\npart,A,1.0\n"),
        422,
        "tariff-not-valid",
    );
    server.refused(|| set("valid_from=soon&currency=CNY", good), 400, "query-not-valid");
    assert_eq!(asks(&lee, Some(0), Some(0)).tariffs, None);
    assert_eq!(set("valid_from=2026-01-01&currency=CNY", good).status(), 201);
    server.refused(|| set("valid_from=2026-01-01&currency=CNY", good), 409, "tariff-taken");
    let told = asks(&lee, Some(0), Some(0)).tariffs.expect("there is one");
    assert_eq!(told.tariffs.len(), 1);
    assert_eq!(asks(&lee, Some(0), Some(told.as_of)).tariffs, None);
    assert_eq!(asks(&lee, None, None).tariffs, None);
}

#[test]
fn only_those_who_keep_the_store_count_and_receive_and_only_finance_prices() {
    let (server, visit, _) = scene();
    let dispatcher = server.token_of(&["dispatcher"]);
    for path in [
        "/v1/technicians/lee/stock/counts".to_owned(),
        "/v1/technicians/lee/stock/receipts".to_owned(),
        "/v1/tariffs/service?valid_from=2026-01-01&currency=CNY".to_owned(),
        format!("/v1/returns/{visit}/{visit}/receipt"),
        format!("/v1/part-requests/{visit}/{visit}/arrival"),
    ] {
        server.refused(
            || server.ask_by(&dispatcher, Method::POST, &path).body("{}").send().unwrap(),
            403,
            "role",
        );
    }
    let warehouse = server.token_of(&["warehouse"]);
    let follow = format!("/v1/visits/{visit}/follow-on");
    server.refused(
        || server.ask_by(&warehouse, Method::POST, &follow).body("{}").send().unwrap(),
        403,
        "role",
    );
    let link = json!({ "do": "link-visit", "how": "follows", "visit": Uuid::from_u128(9), "number": "X" });
    let commands = format!("/v1/visits/{visit}/commands");
    server.refused(
        || server.ask_by(&warehouse, Method::POST, &commands).json(&link).send().unwrap(),
        403,
        "role",
    );
    server.refused(
        || server.ask(Method::POST, "/v1/returns/x/y/receipt").body("{}").send().unwrap(),
        400,
        "id-not-valid",
    );
}

#[test]
fn an_older_database_learns_of_its_old_parts_and_requests() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let database = rusqlite::Connection::open(folder.path().join("data/jobsheet.db")).unwrap();
    database.execute_batch(include_str!("data/schema-3.sql")).unwrap();
    drop(database);
    let mut server = Server::on(folder, &[]);
    server.token =
        Some("jsk_632a4590_2b3e8ef98aa706982077bb4b115f181d85d96cfde6fe751c14b5836193a360e0".to_owned());
    let returns = server.get("/v1/returns");
    assert_eq!(
        (&returns[0]["serial"], &returns[0]["visit_number"]),
        (&json!("OLD-1"), &json!("101001241039"))
    );
    let requests = server.get("/v1/part-requests");
    assert_eq!((&requests[0]["number"], &requests[0]["technician"]), (&json!("PUMP-1"), &json!("lee")));
    assert_eq!((returns.as_array().unwrap().len(), requests.as_array().unwrap().len()), (1, 1));

    // Scope and log came along.
    let listed = server.get("/v1/visits?technician=lee");
    assert_eq!(listed["total"], 1);
    let id = listed["visits"][0]["id"].as_str().unwrap().to_owned();
    let history = server.get(&format!("/v1/visits/{id}/changes"));
    let told = |entry: &serde_json::Value| {
        (entry["seq"].as_u64(), entry["command"].as_str().unwrap().to_owned(), entry["device"].is_string())
    };
    let told: Vec<_> = history.as_array().unwrap().iter().map(told).collect();
    let expected = [("register", false), ("dispatch", false), ("consume-part", true), ("request-part", true)];
    assert!(told.iter().map(|(_, command, device)| (command.as_str(), *device)).eq(expected), "{told:?}");
    assert!(told.iter().all(|(seq, ..)| seq.is_some()), "{told:?}");
    ok(server
        .post(&format!("/v1/visits/{id}/commands"), &json!({"do": "say", "words": "after the upgrade"})));
}
