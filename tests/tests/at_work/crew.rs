//! Two of a crew write the same things differently, offline: both versions stand, one list shows them, a person settles, and
//! nothing is forgotten.

use serde_json::{Value, json};

use crate::world::{MORNING, World, each, id, note, plain, works};

const ITEM: &str = "execution-form.confirm-address-time";

fn says(yes: bool) -> Value {
    json!({ "do": "answer", "item": ITEM, "value": { "yes": yes } })
}

fn dispatched(world: &World, number: &str) -> String {
    let body = json!({
        "standard": "execution-form", "crew": ["lee", "mei"],
        "start": "2026-03-02T09:00:00+08:00", "end": "2026-03-02T12:00:00+08:00",
    });
    id(&world.office.post(&format!("/v1/requests/{number}/dispatch"), &body).unwrap())
}

fn values(history: &Value) -> Vec<String> {
    each(history)
        .flat_map(|entry| each(&entry["fields"]))
        .map(|field| field["after"]["is"].to_string())
        .collect()
}

#[test]
fn a_crew_settles_what_it_wrote_differently_and_every_version_is_still_told() {
    let world = World::new();
    let (lee, mei) = (world.phone("lee"), world.phone("mei"));
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM"), ("REQ-2", "03/01/2026 06:55:00 PM")]);
    let visits = [dispatched(&world, "REQ-1"), dispatched(&world, "REQ-2")];
    lee.at(MORNING).sync().unwrap();
    for visit in &visits {
        works(&lee, "2026-03-02T08:10:00+08:00", visit, &[plain("accept")]);
    }
    lee.at("2026-03-02T08:11:00+08:00").sync().unwrap();
    mei.at("2026-03-02T08:12:00+08:00").sync().unwrap();

    // Out of coverage, in both visits.
    for visit in &visits {
        works(&lee, "2026-03-02T08:20:00+08:00", visit, &[says(true), note("steps", "Belt worn.")]);
        works(&mei, "2026-03-02T08:21:00+08:00", visit, &[says(false), note("steps", "Belt torn.")]);
    }
    for phone in [&lee, &mei, &lee] {
        phone.at("2026-03-02T08:30:00+08:00").sync().unwrap();
    }

    // One list across the visits, on both devices and at the office.
    let of_lee = lee.at("2026-03-02T08:31:00+08:00").json(&["conflicts"]).unwrap();
    let of_mei = mei.at("2026-03-02T08:31:00+08:00").json(&["conflicts"]).unwrap();
    assert_eq!((each(&of_lee).count(), each(&of_mei).count()), (2, 2));
    for (list, own) in [(&of_lee, "lee"), (&of_mei, "mei")] {
        for version in each(list).flat_map(|conflict| each(&conflict["versions"])) {
            let device = if version["person"] == own { "this-device" } else { "crew-device" };
            assert_eq!(version["device"], device, "{version}");
        }
    }
    let at_office = world.office.get("/v1/conflicts").unwrap();
    assert_eq!((&at_office["total"], each(&at_office["conflicts"]).count()), (&json!(2), 2));
    let names: Vec<&Value> =
        each(&at_office["conflicts"][0]["versions"]).map(|one| &one["device_name"]).collect();
    assert!(names.contains(&&json!("lee-phone")) && names.contains(&&json!("mei-phone")), "{names:?}");

    // Lee settles the first from the list while mei, who knows both versions, answers anew.
    let first = each(&of_lee).find(|conflict| conflict["visit"] == json!(visits[0])).unwrap();
    let place = first["place"].as_str().unwrap();
    lee.at("2026-03-02T08:40:00+08:00").json(&["resolve", &visits[0], place, "0"]).unwrap();
    let left = lee.at("2026-03-02T08:41:00+08:00").json(&["conflicts"]).unwrap();
    assert_eq!(each(&left).count(), 1, "the other visit's waits");
    works(&mei, "2026-03-02T08:41:00+08:00", &visits[0], &[says(true)]);
    for phone in [&lee, &mei, &lee] {
        phone.at("2026-03-02T08:50:00+08:00").sync().unwrap();
    }
    let again = lee.at("2026-03-02T08:51:00+08:00").json(&["conflicts", &visits[0]]).unwrap();
    assert_eq!(each(&again).count(), 1, "a settlement and a new answer are a new conflict: {again}");
    mei.at("2026-03-02T08:52:00+08:00").json(&["resolve", &visits[0], place, "1"]).unwrap();
    for phone in [&mei, &lee] {
        phone.at("2026-03-02T08:53:00+08:00").sync().unwrap();
    }
    let settled = lee.at("2026-03-02T08:54:00+08:00").json(&["conflicts", &visits[0]]).unwrap();
    assert_eq!(settled, json!([]));

    // Every value that was ever written, on the phone and at the office alike.
    let told =
        lee.at("2026-03-02T08:55:00+08:00").json(&["history", &visits[0], "--field", "confirm-address-time"]);
    let told = told.unwrap();
    assert_eq!(each(&told).count(), 5, "two answers, a settlement, an answer, a settlement: {told}");
    let office = world.office.get(&format!("/v1/visits/{}/changes?field={ITEM}", visits[0])).unwrap();
    let sorted = |history: &Value| {
        let mut values = values(history);
        values.sort();
        values
    };
    assert_eq!(sorted(&told), sorted(&office));
    assert!(values(&told).contains(&json!({ "yes": false }).to_string()));
    let steps =
        lee.at("2026-03-02T08:55:00+08:00").json(&["history", &visits[0], "--field", "steps"]).unwrap();
    let [one, two] = &steps.as_array().unwrap()[..] else { panic!("{steps}") };
    assert_eq!(one["fields"][0]["beside"], json!([two["change"]]), "written without each other's knowledge");
    let persons = [&one["person"], &two["person"]];
    assert!(persons.contains(&&json!("lee")) && persons.contains(&&json!("mei")));
}
