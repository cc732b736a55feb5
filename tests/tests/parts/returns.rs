//! Old parts: taken out, handed in, received by the store.

use jobsheet_tests::office::Office;
use reqwest::Method;
use serde_json::{Value, json};

use crate::repair;
use crate::world::{MORNING, World, each, finding, tell, works};

fn returns(office: &Office, query: &str) -> Value {
    office.get(&format!("/v1/returns{query}")).unwrap()
}

fn receive(office: &Office, row: &Value, body: &Value) -> jobsheet_tests::office::Answer {
    let path =
        format!("/v1/returns/{}/{}/receipt", row["visit"].as_str().unwrap(), row["part"].as_str().unwrap());
    office.ask(Method::POST, &path, Some(("application/json", body.to_string().into_bytes()))).unwrap()
}

#[test]
fn an_old_part_is_owed_until_the_store_has_received_it() {
    let world = World::new();
    let (lee, kim) = (world.phone("lee").at(MORNING), world.phone("kim").at(MORNING));
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let body = json!({
        "standard": "execution-form", "crew": ["lee", "kim"], "order": repair(),
        "start": "2026-03-02T09:00:00+08:00", "end": "2026-03-02T12:00:00+08:00",
    });
    let visit = crate::world::id(&world.office.post("/v1/requests/REQ-1/dispatch", &body).unwrap());
    lee.sync().unwrap();
    kim.sync().unwrap();
    let swap = |number: &str, old: Value| json!({ "do": "consume-part", "number": number, "quantity": 1, "replaces": old });
    let belt = swap("BELT-7", json!({ "serial": "OLD-1", "returned": false, "condition": "worn" }));
    let pump = swap("PUMP-1", json!({ "returned": true, "condition": "defective" }));
    works(&lee, MORNING, &visit, &[belt, json!({ "do": "consume-part", "number": "OIL", "quantity": 1 })]);
    works(&lee, "2026-03-02T08:10:00+08:00", &visit, &[pump]);
    works(&kim, MORNING, &visit, &[swap("FUSE-2", json!({ "returned": false }))]);

    let open = lee.json(&["parts", "returns"]).unwrap();
    let shown: Vec<_> =
        each(&open).map(|row| (&row["number"], &row["condition"], row["handed_in"].is_string())).collect();
    assert_eq!(
        shown,
        [(&json!("BELT-7"), &json!("worn"), false), (&json!("PUMP-1"), &json!("defective"), true)]
    );
    let belt = open[0]["part"].as_str().unwrap().to_owned();

    lee.sync().unwrap();
    kim.sync().unwrap();
    assert_eq!(each(&returns(&world.office, "")).count(), 3, "consumables owe nothing");
    assert_eq!(each(&returns(&world.office, "?technician=kim")).count(), 1);
    assert_eq!(finding(&world.shown(&visit), "execution-form.old-for-new")["status"], "outstanding");

    // Handed in, and not heard of by the store yet.
    lee.json(&["hand-in-part", "REQ-1", &belt, "--serial", "OLD-1A"]).unwrap();
    let open = lee.json(&["parts", "returns"]).unwrap();
    assert_eq!((&open[0]["serial"], open[0]["handed_in"].is_string()), (&json!("OLD-1A"), true));
    lee.sync().unwrap();
    let rows = returns(&world.office, "?technician=lee");
    assert_eq!(each(&rows).filter(|row| row["handed_in"].is_string()).count(), 2);

    // The storekeeper confirms, and corrects what was said.
    let store = world.by(&["warehouse"]);
    let row = each(&rows).find(|row| row["number"] == "BELT-7").unwrap();
    let told = receive(&store, row, &json!({ "condition": "damaged" }));
    assert_eq!(told.status, 200, "{}", told.text);
    let again = receive(&store, row, &json!({}));
    assert_eq!((again.status, &again.json["code"]), (409, &json!("invalid")), "{}", again.text);
    let stranger = receive(&world.by(&["dispatcher"]), &rows[1], &json!({}));
    assert_eq!((stranger.status, &stranger.json["code"]), (403, &json!("role")));
    let command = json!({ "do": "receive-part", "part": rows[1]["part"] });
    assert_eq!(tell(&world.by(&["dispatcher"]), &visit, &command).status, 403, "nor by the other way");

    let all = returns(&world.office, "?technician=lee&all=true");
    let settled = each(&all).find(|row| row["number"] == "BELT-7").unwrap();
    assert_eq!((&settled["condition"], &settled["serial"]), (&json!("damaged"), &json!("OLD-1A")));
    lee.sync().unwrap();
    let open = lee.json(&["parts", "returns"]).unwrap();
    assert_eq!(each(&open).map(|row| &row["number"]).collect::<Vec<_>>(), ["PUMP-1"]);
}
