//! A part is not here: it is explained, another time is fixed, the office sees what is needed and by when, a further visit goes
//! on with the work, and the part arrives.

use jobsheet_tests::phone::Phone;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{MORNING, World, each, finding, id, note, on, plain, state, text, works};
use crate::{repair, uses, with_csv};

const NOON: &str = "2026-03-02T12:00:00+08:00";
const THURSDAY: &str = "2026-03-05T09:00:00+08:00";

fn another_time(item: &str) -> Value {
    json!({ "do": "answer", "item": item, "value": { "time": "2026-03-05T10:00:00+08:00" } })
}

fn owed(world: &World) -> Value {
    world.by(&["warehouse"]).get("/v1/part-requests").unwrap()
}

/// The office books a further visit for what the first has left open.
fn follow_on(world: &World, first: &str) -> Value {
    let body =
        json!({ "crew": ["lee"], "start": "2026-03-05T10:00:00+08:00", "end": "2026-03-05T12:00:00+08:00" });
    world.by(&["dispatcher"]).post(&format!("/v1/visits/{first}/follow-on"), &body).unwrap()
}

fn arrives(world: &World, row: &Value) {
    let (visit, request) = (row["visit"].as_str().unwrap(), row["request"].as_str().unwrap());
    let path = format!("/v1/part-requests/{visit}/{request}/arrival");
    world.by(&["warehouse"]).post(&path, &json!({ "note": "Shelf 4" })).unwrap();
    let again = world.office.ask(Method::POST, &path, Some(("application/json", b"{}".to_vec()))).unwrap();
    assert_eq!(again.status, 409, "a part arrives once: {}", again.text);
}

fn asks(phone: &Phone, visit: &str) {
    phone
        .at(NOON)
        .json(&["request-part", visit, "PUMP-1", "--quantity", "2", "--name", "Pump", "--note", "seal too"])
        .unwrap();
}

#[test]
fn a_missing_part_is_explained_another_visit_booked_and_the_part_fitted_there() {
    let mut world = World::new();
    let lee = world.phone("lee");
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let order = json!({ "service_kind": "maintenance", "fault": "Pump leaks" });
    let first = world.dispatch("REQ-1", "aftersales-rules", "service", "lee", &order);
    with_csv(&world, &["stock", "count", "lee"], "part_number,quantity\nPUMP-1,0\n").unwrap();
    lee.at(MORNING).sync().unwrap();
    let way = [
        plain("accept"),
        json!({ "do": "confirm-appointment", "channel": "phone" }),
        plain("depart"),
        plain("arrive"),
        plain("diagnose"),
    ];
    works(&lee, MORNING, &first, &way);

    asks(&lee, "REQ-1");
    let shown = on(&lee, NOON, &first);
    assert_eq!(shown["assessment"]["state"]["side"], "parked");
    for rule in ["aftersales-rules.missing-parts-explain", "aftersales-rules.missing-parts-rebook"] {
        assert_eq!(finding(&shown, rule)["status"], "outstanding", "the standard asks for it: {rule}");
    }
    lee.at(NOON).sync().unwrap();
    let rows = owed(&world);
    assert_eq!(rows.as_array().unwrap().len(), 1, "one request, said once: {rows}");
    assert_eq!(
        (&rows[0]["needed_by"], &rows[0]["follow_on"]),
        (&Value::Null, &Value::Null),
        "nothing is agreed yet"
    );

    let said = [
        text("aftersales-rules.missing-parts-explain", "The pump has to be ordered."),
        another_time("aftersales-rules.missing-parts-rebook"),
        plain("leave"),
    ];
    works(&lee, NOON, &first, &said);
    lee.at(NOON).sync().unwrap();
    let rows = owed(&world);
    let row = &rows[0];
    let what = ["number", "quantity", "technician", "visit_number", "needed_by", "note"]
        .map(|field| row[field].clone());
    let expected = json!(["PUMP-1", 2, "lee", "REQ-1", "2026-03-05T10:00:00+08:00", "seal too"]);
    assert_eq!(json!(what), expected, "what, for which visit, by when");

    let booked = follow_on(&world, &first);
    let second = id(&booked);
    assert_eq!((&booked["number"], &booked["follows"]), (&json!("REQ-1-2"), &json!(first)));
    assert_eq!(owed(&world)[0]["follow_on"], second.as_str());
    assert_eq!(world.shown(&second)["about"], first.as_str());
    lee.at(NOON).sync().unwrap();
    let asked = lee.at(NOON).json(&["parts", "requests"]).unwrap();
    assert_eq!((&asked[0]["arrived"], &asked[0]["linked"][0]["number"]), (&Value::Null, &json!("REQ-1-2")));
    assert_eq!(asked[0]["linked"][0]["how"], "follow-on");
    let shown = on(&lee, NOON, &second);
    assert_eq!((state(&shown), &shown["record"]["order"]["fault"]), ("assigned", &json!("Pump leaks")));

    world.later(THURSDAY);
    arrives(&world, row);
    assert_eq!(owed(&world), json!([]), "nothing is waited for any more");
    let settled = world.office.get("/v1/part-requests?all=true&technician=lee").unwrap();
    assert!(settled[0]["arrived"].is_string(), "{settled}");
    let receipt = b"part_number,quantity\nPUMP-1,2\n".to_vec();
    let path = "/v1/technicians/lee/stock/receipts";
    assert_eq!(world.office.ask(Method::POST, path, Some(("text/csv", receipt))).unwrap().status, 200);
    let lee = lee.at(THURSDAY);
    lee.sync().unwrap();
    assert!(lee.json(&["parts", "requests"]).unwrap()[0]["arrived"].is_string());

    works(
        &lee,
        THURSDAY,
        &second,
        &[
            plain("accept"),
            json!({ "do": "confirm-appointment", "channel": "phone" }),
            plain("depart"),
            plain("arrive"),
            plain("start"),
            uses("PUMP-1", 2),
        ],
    );
    lee.sync().unwrap();
    let stock = lee.json(&["parts", "stock"]).unwrap();
    assert_eq!((crate::pieces(&stock, "PUMP-1"), &stock["findings"]), (Some(0), &json!([])));
    let there = world.shown(&second);
    assert_eq!(state(&there), "in-work");
    assert_eq!(each(&world.office.get("/v1/visits?query=REQ-1").unwrap()["visits"]).count(), 2);
    assert_eq!(state(&world.shown(&first)), "left", "the first visit stays what it was");
}

#[test]
fn a_fault_that_waits_for_a_part_gets_a_temporary_plan_and_a_time() {
    let world = World::new();
    let lee = world.phone("lee");
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let visit = world.dispatch("REQ-1", "execution-form", "service", "lee", &repair());
    lee.at(MORNING).sync().unwrap();
    works(&lee, MORNING, &visit, &[plain("accept")]);
    asks(&lee, "REQ-1");
    works(
        &lee,
        NOON,
        &visit,
        &[
            json!({ "do": "report", "event": "cannot-fix-on-site" }),
            note("temporary-plan", "Runs by hand until then."),
            another_time("execution-form.temporary-next-time"),
        ],
    );
    let shown = on(&lee, NOON, &visit);
    assert_eq!(shown["assessment"]["state"]["side"], "parked");
    assert_eq!(
        finding(&shown, "execution-form.spares-request")["status"],
        "satisfied",
        "the request is the act that is asked for"
    );
    lee.at(NOON).sync().unwrap();
    let rows = owed(&world);
    assert_eq!(
        (&rows[0]["number"], &rows[0]["needed_by"]),
        (&json!("PUMP-1"), &json!("2026-03-05T10:00:00+08:00"))
    );
    let booked = follow_on(&world, &visit);
    assert_eq!(booked["number"], "REQ-1-2");
    assert_eq!(follow_on(&world, &visit)["number"], "REQ-1-3", "there may be several");
}
