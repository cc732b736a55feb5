//! What the office reads of the past: every field's history, and the conflicts of all visits.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Device, Server, codes, ok};
use jobsheet_core::record::{AnswerValue, Command, ResolveTarget};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const NUMBER: &str = "101001296115";
const ITEM: &str = "execution-form.confirm-address-time";

fn answer(yes: bool) -> Command {
    Command::Answer { item: ITEM.to_owned(), value: AnswerValue::Yes(yes) }
}

/// Two devices of one crew that have answered one item differently, offline.
fn in_conflict() -> (Server, Uuid, Device, Device) {
    let server = Server::start();
    server.import();
    server.technician("lee");
    server.technician("mei");
    let visit = server.dispatch(NUMBER, &["lee", "mei"]);
    let (mut lee, mut mei) = (server.device("lee"), server.device("mei"));
    lee.sync(&[]);
    let accept = lee.work(&visit, Command::Accept);
    assert_eq!(codes(&lee.sync(&[(visit, vec![accept])])), ["accepted"]);
    mei.sync(&[]);
    for (device, yes) in [(&mut lee, true), (&mut mei, false)] {
        let change = device.work(&visit, answer(yes));
        assert_eq!(codes(&device.sync(&[(visit, vec![change])])), ["accepted"]);
    }
    lee.sync(&[]);
    (server, visit, lee, mei)
}

fn of_field(server: &Server, visit: &Uuid, field: &str) -> Vec<Value> {
    server.get(&format!("/v1/visits/{visit}/changes?field={field}")).as_array().unwrap().clone()
}

#[test]
fn conflicts_of_all_visits_are_listed_with_who_where_and_when_until_one_is_settled() {
    let (server, visit, mut lee, mei) = in_conflict();
    let page = server.get("/v1/conflicts");
    assert_eq!((&page["total"], &page["page"]), (&json!(1), &json!(1)));
    let [conflict] = &page["conflicts"].as_array().unwrap()[..] else { panic!("{page}") };
    assert_eq!((&conflict["visit"], &conflict["number"]), (&json!(visit), &json!(NUMBER)));
    assert_eq!((&conflict["target"], &conflict["settled_by"]), (&json!({ "answer": ITEM }), &json!("field")));
    let mut versions: Vec<(&str, &Value, &Value)> = conflict["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            (version["person"].as_str().unwrap(), &version["value"]["is"]["yes"], &version["device"])
        })
        .collect();
    versions.sort_unstable_by_key(|(person, ..)| *person);
    let (of_lee, of_mei) = (json!(lee.id), json!(mei.id));
    assert_eq!(versions, [("lee", &json!(true), &of_lee), ("mei", &json!(false), &of_mei)]);
    assert!(conflict["versions"][0]["device_name"].is_string());
    assert_eq!(server.get("/v1/conflicts?page=2")["conflicts"], json!([]));

    // The office does not settle what is the crew's.
    let resolve = json!({ "do": "resolve", "target": { "answer": ITEM }, "version": 0 });
    let refused = server.post(&format!("/v1/visits/{visit}/commands"), &resolve);
    common::problem(refused, 409, "forbidden");
    let settle = Command::Resolve { target: ResolveTarget::Answer(ITEM.to_owned()), version: 0 };
    let change = lee.work(&visit, settle);
    assert_eq!(codes(&lee.sync(&[(visit, vec![change])])), ["accepted"]);
    let page = server.get("/v1/conflicts");
    assert_eq!((&page["total"], &page["conflicts"]), (&json!(0), &json!([])));

    // Both versions are still told, each beside the other, and what the settlement replaced.
    let told = of_field(&server, &visit, ITEM);
    assert_eq!(told.len(), 3);
    for (one, other) in [(0, 1), (1, 0)] {
        assert_eq!(told[one]["fields"][0]["beside"], json!([told[other]["hash"]]));
        assert_eq!(told[one]["fields"][0]["before"], json!([]));
        assert_eq!(told[one]["fields"][0]["stands"], false);
    }
    assert_eq!(told[2]["command"], "resolve");
    assert_eq!(told[2]["fields"][0]["before"].as_array().unwrap().len(), 2);
    assert_eq!((&told[2]["person"], &told[2]["device"]), (&json!("lee"), &of_lee));
}

#[test]
fn an_order_field_tells_who_at_the_office_changed_it_and_what_stood_before() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let visit = server.dispatch(NUMBER, &["lee"]);
    let token = server.token_of(&["customer-service"]);
    let fill = json!({ "do": "fill-order", "field": "location", "value": "Pier 4" });
    let path = format!("/v1/visits/{visit}/commands");
    ok(server.ask_by(&token, Method::POST, &path).json(&fill).send().unwrap());
    let told = of_field(&server, &visit, "location");
    let last = told.last().unwrap();
    assert_eq!(
        (&last["command"], &last["side"], &last["device"]),
        (&json!("fill-order"), &json!("office"), &Value::Null)
    );
    assert_eq!(last["fields"][0]["after"], "Pier 4");
    assert!(last["person"].as_str().is_some_and(|person| person != "office"), "{last}");
    assert_eq!(of_field(&server, &visit, "nothing-of-this-name"), Vec::<Value>::new());
    // All fields: the first change tells the whole order.
    let all = server.get(&format!("/v1/visits/{visit}/changes"));
    assert!(all[0]["fields"].as_array().unwrap().len() > 5, "{}", all[0]);
}
