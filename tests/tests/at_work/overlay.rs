//! A company that promises more than the standard asks: twenty minutes instead of thirty.

use jobsheet_tests::phone::Phone;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{MORNING, World, deadline, each, finding, on, plain, works, yes};

const ACME: &str = r#"
format = 1
id = "acme-gas"
version = "1.0.0"
title = { en = "Acme gas service", zh = "艾克美燃气服务" }
extends = { id = "gas", version = "1.0.0" }
roles = [{ id = "supervisor", name = { en = "Duty manager", zh = "值班经理" }, side = "office" }]
override = [
  { rule = "gas.repair-emergency-30min", set = { check = { milestone = { limit = "PT20M", tell = [{ to = "supervisor" }] } } }, reason = { en = "Promised to the city.", zh = "对市政府的承诺。" } },
]
disable = [{ rule = "gas.quality-opinion", reason = { en = "Asked by text message instead.", zh = "改由短信征询。" } }]

[[rules]]
id = "acme-gas.detector-on"
clause = "Acme 4.2"
phase = "arrive"
roles = ["technician"]
in = ["emergency-repair"]
severity = "must"
text = { en = "Switch the gas detector on at the door.", zh = "到门即开启燃气检测仪。" }
check.item = { ask = "yes-no", window = { after = "arrived", before = ["work-started"], blocks = ["work-started"] } }
"#;
const ARRIVAL: &str = "gas.repair-emergency-30min";
const OWN: &str = "acme-gas.detector-on";
const OFF: &str = "gas.quality-opinion";

#[test]
fn a_company_promises_twenty_minutes() {
    let mut world = World::new();
    let lee = world.phone("lee");
    // Both alarms came in at eight o'clock sharp in Shanghai.
    world.import(&[("REQ-1", "03/01/2026 07:00:00 PM"), ("REQ-2", "03/01/2026 07:00:00 PM")]);
    let order = json!({ "urgency": "emergency", "time_zone": "Asia/Shanghai" });
    let before = world.dispatch("REQ-1", "gas", "emergency-repair", "lee", &order);
    let sent = world
        .office
        .ask(Method::POST, "/v1/standards", Some(("application/toml", ACME.as_bytes().to_vec())))
        .unwrap();
    assert_eq!(sent.status, 201, "{}", sent.text);
    assert_eq!(
        (&sent.json["based_on"]["id"], &sent.json["based_on"]["overridden"]),
        (&json!("gas"), &json!([ARRIVAL]))
    );
    assert_eq!(sent.json["based_on"]["added"], json!([OWN]));
    let after = world.dispatch("REQ-2", "acme-gas", "emergency-repair", "lee", &order);
    let pinned = |visit: &str| world.shown(visit)["record"]["standard"].clone();
    assert_eq!(
        (&pinned(&after)["id"], &pinned(&after)["sha256"]),
        (&json!("acme-gas"), &sent.json["sha256"])
    );
    assert_eq!(pinned(&before)["id"], "gas");

    let synced = lee.at(MORNING).sync().unwrap();
    assert_eq!(
        (&synced["documents"], &synced["packs"]),
        (&json!(2), &json!(1)),
        "gas is on the phone: {synced}"
    );
    world.stop();
    offline(&lee, &before, &after, &sent.json["sha256"]);
    let here = [&before, &after].map(|visit| on(&lee, "2026-03-02T08:30:00+08:00", visit));
    judged(&here[0], &here[1]);
    world.start("2026-03-02T08:30:00+08:00");
    lee.at("2026-03-02T08:30:00+08:00").sync().unwrap();
    let there = [&before, &after].map(|visit| world.office.get(&format!("/v1/visits/{visit}")).unwrap());
    judged(&there[0], &there[1]);
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(deadline(here, ARRIVAL), deadline(there, ARRIVAL), "phone and server judge alike");
    }
    let told = json!({ "do": "escalate", "milestone": ARRIVAL, "to": "supervisor" });
    let shown = world.by(&["supervisor"]).command(&after, &told).unwrap();
    assert_eq!(deadline(&shown, ARRIVAL)["tell"][0]["done"], true);
}

/// The crew sees the company's limit and its rule before it goes, and what is switched off with the reason.
fn offline(lee: &Phone, before: &str, after: &str, sha256: &Value) {
    let at = "2026-03-02T08:06:00+08:00";
    let shown = on(lee, at, after);
    assert_eq!(&shown["record"]["standard"]["sha256"], sha256, "the resolved pack, whole");
    let clock = deadline(&shown, ARRIVAL);
    assert_eq!((&clock["state"], &clock["due"]), (&json!("running"), &json!("2026-03-02T08:20:00+08:00")));
    assert_eq!((&clock["clause"], &clock["tell"][0]["to"]), (&json!("三.(五).2"), &json!("supervisor")));
    let off = finding(&shown, OFF);
    assert_eq!(
        (&off["status"], &off["disabled"]["en"]),
        (&json!("disabled"), &json!("Asked by text message instead."))
    );
    assert_eq!(finding(&shown, OWN)["clause"], "Acme 4.2");
    let steps = lee.at(at).json(&["next", after]).unwrap();
    let arrival = each(&steps).find(|step| step["rule"] == ARRIVAL).unwrap();
    assert!(
        each(&arrival["consequences"]).any(|one| *one == json!({ "then": "tells", "roles": ["supervisor"] })),
        "{arrival}"
    );
    assert_eq!(
        deadline(&on(lee, at, before), ARRIVAL)["due"],
        "2026-03-02T08:30:00+08:00",
        "begun under plain gas"
    );

    for visit in [before, after] {
        works(lee, "2026-03-02T08:07:00+08:00", visit, &[plain("accept"), plain("depart")]);
        works(lee, "2026-03-02T08:25:00+08:00", visit, &[plain("arrive")]);
    }
    let start = plain("start");
    crate::world::stopped(lee, "2026-03-02T08:26:00+08:00", after, &start, "not-yet", OWN, "Acme 4.2");
    works(lee, "2026-03-02T08:27:00+08:00", before, std::slice::from_ref(&start));
    works(lee, "2026-03-02T08:27:00+08:00", after, &[yes("detector-on"), start]);
}

/// 25 minutes are late for the company's promise and in time for the standard's.
fn judged(before: &Value, after: &Value) {
    let (plain, promised) = (deadline(before, ARRIVAL), deadline(after, ARRIVAL));
    assert_eq!((&plain["state"], &promised["state"]), (&json!("met"), &json!("met-late")));
    assert_eq!(
        (&plain["tell"], &promised["tell"][0]["from"]),
        (&json!([]), &json!("2026-03-02T08:20:00+08:00"))
    );
    let late = promised["left_seconds"].as_i64().unwrap();
    assert!((-360..=-300).contains(&late), "{promised}");
    assert_eq!(finding(before, ARRIVAL)["status"], "satisfied");
    assert_eq!(finding(after, ARRIVAL)["status"], "violated");
    assert_eq!(finding(after, OWN)["status"], "satisfied");
    let has = |shown: &Value| each(&shown["assessment"]["findings"]).any(|one| one["rule"] == OWN);
    assert!(has(after) && !has(before));
}
