//! Before a technician drives out of coverage: not ready, primed, ready, and still right after a day offline.

use serde_json::{Value, json};

use crate::world::{MORNING, World, each, note, plain, works};

fn lacks(readiness: &Value) -> Vec<&str> {
    each(&readiness["findings"]).map(|finding| finding["lack"].as_str().unwrap()).collect()
}

#[test]
fn a_device_is_primed_goes_offline_works_and_says_what_is_missing() {
    let mut world = World::new();
    let lee = world.phone("lee");
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM"), ("REQ-2", "03/01/2026 06:55:00 PM")]);
    let visit = world.dispatch("REQ-1", "gas", "ignition", "lee", &json!({ "urgency": "booked" }));

    let called = lee.at(MORNING).call(&["ready", "--days", "2"]).unwrap();
    assert_eq!((called.code, &called.json["ready"]), (3, &json!(false)), "{}", called.text);
    assert!(lacks(&called.json).contains(&"never-synced"), "{}", called.text);

    let primed = lee.at(MORNING).call(&["ready", "--days", "2", "--sync"]).unwrap();
    assert_eq!((primed.code, &primed.json["ready"]), (0, &json!(true)), "{}{}", primed.text, primed.error);
    assert_eq!((&primed.json["planned"], lacks(&primed.json)), (&json!(1), Vec::new()), "{}", primed.text);

    // Out of coverage: work goes on, and what warns does not block.
    world.stop();
    works(&lee, "2026-03-02T08:20:00+08:00", &visit, &[plain("accept"), note("work-done", "Valve checked.")]);
    let offline = lee.at("2026-03-02T10:00:00+08:00").call(&["ready"]).unwrap();
    assert_eq!((offline.code, lacks(&offline.json)), (0, vec!["unsent"]), "{}", offline.text);
    let late = lee.at("2026-03-04T10:00:00+08:00").call(&["ready"]).unwrap();
    assert!(lacks(&late.json).contains(&"sync-is-old"), "{}", late.text);
    let unreachable = lee.at("2026-03-02T10:05:00+08:00").call(&["ready", "--sync"]).unwrap();
    assert_eq!(unreachable.code, 5, "{}", unreachable.text);

    // Back: one call sends the work, brings the new visit and says that nothing is missing.
    world.start("2026-03-02T12:00:00+08:00");
    world.dispatch("REQ-2", "gas", "ignition", "lee", &json!({ "urgency": "booked" }));
    let back = lee.at("2026-03-02T12:00:00+08:00").call(&["ready", "--days", "2", "--sync"]).unwrap();
    assert_eq!((back.code, &back.json["planned"]), (0, &json!(2)), "{}", back.text);
    assert_eq!(lacks(&back.json), Vec::<&str>::new(), "{}", back.text);

    // The office shuts the device out: it learns of it when it asks, keeps its work, and says what to do.
    let device = each(&world.office.get("/v1/devices").unwrap()).next().unwrap()["id"].clone();
    let path = format!("/v1/devices/{}", device.as_str().unwrap());
    world.office.ask(reqwest::Method::DELETE, &path, None).unwrap();
    let asked = lee.at("2026-03-02T12:10:00+08:00").call(&["ready", "--sync"]).unwrap();
    assert_eq!(asked.code, 6, "{}", asked.text);
    let told = lee.at("2026-03-02T12:11:00+08:00").call(&["ready"]).unwrap();
    assert_eq!((told.code, lacks(&told.json)[0]), (3, "shut-out"), "{}", told.text);
}

#[test]
fn a_technician_knows_offline_what_was_done_before_at_the_asset() {
    let mut world = World::new();
    let (lee, ann) = (world.phone("lee"), world.phone("ann"));
    let requests = ["REQ-1", "REQ-2", "REQ-3", "REQ-4"].map(|number| (number, "03/01/2026 06:50:00 PM"));
    world.import(&requests);
    let order =
        |customer: &str| json!({ "urgency": "normal", "customer_name": customer, "product_model": "WX-200" });
    let dispatch = |number: &str, crew: &str, customer: &str, day: &str| {
        let body = json!({
            "standard": "execution-form", "job": "service", "crew": [crew], "order": order(customer),
            "start": format!("2026-03-{day}T09:00:00+08:00"), "end": format!("2026-03-{day}T12:00:00+08:00"),
        });
        let path = format!("/v1/requests/{number}/dispatch");
        world.office.post(&path, &body).unwrap()["visit"].as_str().unwrap().to_owned()
    };
    let first = dispatch("REQ-1", "ann", "Harbour Laundry", "02");
    dispatch("REQ-2", "ann", "Other Customer", "02");
    ann.at(MORNING).sync().unwrap();
    let work = [plain("accept"), note("cause", "belt worn"), note("solution", "belt changed")];
    works(&ann, "2026-03-02T09:30:00+08:00", &first, &work);
    let part = json!({ "do": "consume-part", "number": "BELT-7", "quantity": 2 });
    works(&ann, "2026-03-02T09:40:00+08:00", &first, &[part]);
    ann.at("2026-03-02T10:00:00+08:00").sync().unwrap();

    // Another technician is sent to the same machine, and to one of which nothing is known.
    let second = dispatch("REQ-3", "lee", "Harbour Laundry", "03");
    let new = dispatch("REQ-4", "lee", "New Customer", "03");
    lee.at("2026-03-02T12:00:00+08:00").sync().unwrap();
    world.stop();
    let earlier = lee.at("2026-03-03T09:00:00+08:00").json(&["earlier", &second]).unwrap();
    let told: Vec<&Value> = each(&earlier).collect();
    assert_eq!(told.len(), 1, "that of the other customer is nobody's business: {earlier}");
    assert_eq!((&told[0]["number"], &told[0]["cause"]), (&json!("REQ-1"), &json!("belt worn")));
    assert_eq!((&told[0]["solution"], &told[0]["parts"]), (&json!("belt changed"), &json!(["2 × BELT-7"])));
    assert!(!earlier.to_string().contains("Harbour Laundry"), "no name travels with it: {earlier}");
    assert_eq!(lee.at("2026-03-03T09:00:00+08:00").json(&["earlier", &new]).unwrap(), json!([]));
    let ready = lee.at("2026-03-02T13:00:00+08:00").call(&["ready", "--days", "3"]).unwrap();
    assert!(!lacks(&ready.json).contains(&"past-unknown"), "{}", ready.text);
}
