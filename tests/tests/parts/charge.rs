//! Who pays for a visit, and how much: by the warranty, by the pack's rules, by the company's tariffs. The phone says the same
//! offline as the office.

use jobsheet_tests::phone::Phone;
use serde_json::{Value, json};

use crate::world::{MORNING, World, plain, tell, works};
use crate::{uses, with_csv};

const TARIFF: &str =
    "kind,code,price,per\npart,RING-1,12050,\npart,SEAL-2,990,\nlabour,,9000,PT30M\nfee,misuse,50000,\n";

fn at(time: &str) -> String {
    format!("2026-03-02T{time}:00+08:00")
}

/// A visit under the standard of the diesel engines, worked from 9:30 on.
fn worked(world: &World, lee: &Phone, order: &Value) -> String {
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let visit = world.dispatch("REQ-1", "diesel", "maintenance", "lee", order);
    lee.at(MORNING).sync().unwrap();
    let way = [plain("accept"), json!({ "do": "confirm-appointment", "channel": "phone" })];
    works(lee, MORNING, &visit, &way);
    let run = |time: &str, commands: &[Value]| works(lee, &at(time), &visit, commands);
    run("08:30", &[plain("depart")]);
    run("08:50", &[plain("arrive")]);
    run("09:30", &[plain("start")]);
    run("10:00", &[uses("RING-1", 2), uses("SEAL-2", 1)]);
    visit
}

fn finished(lee: &Phone, visit: &str) {
    works(lee, &at("10:31"), visit, &[plain("finish")]);
}

fn charge(lee: &Phone) -> Value {
    lee.at(&at("11:00")).json(&["charge", "REQ-1"]).unwrap()
}

fn faults(charge: &Value) -> Vec<(&str, &str)> {
    crate::world::each(&charge["findings"])
        .map(|one| (one["fault"].as_str().unwrap(), one["about"].as_str().unwrap()))
        .collect()
}

fn bearers(charge: &Value) -> Vec<String> {
    let bearer =
        |one: &Value| one["bearer"]["role"].as_str().or(one["bearer"]["state"].as_str()).unwrap().to_owned();
    crate::world::each(&charge["costs"]).map(bearer).collect()
}

fn tariff(world: &World, from: &str, csv: &str) -> Result<Value, String> {
    with_csv(world, &["tariff", "set", "service", "--valid-from", from, "--currency", "CNY"], csv)
}

#[test]
fn after_the_warranty_the_customer_pays_by_the_tariff_and_the_phone_says_it_offline() {
    let world = World::new();
    let lee = world.phone("lee");
    // 18 months after delivery ended on 1 March, the day before the work.
    let order =
        json!({ "delivered_on": "2024-09-01", "sea_trial_on": "2025-12-01", "time_zone": "Asia/Shanghai" });
    let visit = worked(&world, &lee, &order);
    assert_eq!(bearers(&charge(&lee)), ["customer", "customer"]);
    assert_eq!(faults(&charge(&lee)), [("no-tariff", "service")], "never an amount without a tariff");
    assert_eq!(charge(&lee)["totals"], json!([{ "bearer": "customer", "total": null }]));

    let told = tariff(&world, "2026-01-01", &TARIFF.replace("990", "9.90")).unwrap_err();
    assert!(told.contains("1 rows were not taken"), "{told}");
    assert_eq!(
        world.office.get("/v1/tariffs").unwrap(),
        json!([]),
        "a tariff with a hole in it is not stored"
    );
    tariff(&world, "2026-01-01", TARIFF).unwrap();
    tariff(&world, "2026-04-01", &TARIFF.replace("12050", "13000")).unwrap();
    assert!(tariff(&world, "2026-01-01", TARIFF).unwrap_err().contains("stored"), "a version stays as it is");
    lee.at(&at("10:05")).sync().unwrap();
    assert_eq!(faults(&charge(&lee)), [("work-not-over", "labour")]);

    finished(&lee, &visit);
    let told = charge(&lee);
    assert_eq!(faults(&told), [] as [(&str, &str); 0]);
    let amounts: Vec<_> = crate::world::each(&told["lines"])
        .map(|line| (line["what"].clone(), line["quantity"].clone(), line["amount"]["minor"].clone()))
        .collect();
    // 61 minutes of work are three half hours that were begun.
    let expected = [("RING-1", 2, 24_100), ("SEAL-2", 1, 990), ("labour", 3, 27_000)];
    assert_eq!(amounts, expected.map(|(what, many, minor)| (json!(what), json!(many), json!(minor))));
    assert_eq!(
        told["totals"],
        json!([{ "bearer": "customer", "total": { "minor": 52_090, "currency": "CNY" } }])
    );
    assert_eq!(told["lines"][0]["tariff_from"], "2026-01-01", "the version of the day of the work");
    assert_eq!(lee.at(&at("11:00")).json(&["show", "REQ-1"]).unwrap()["charge"], told);
    let page = lee.at(&at("11:00")).json(&["report", "REQ-1", "--audience", "customer"]).unwrap();
    assert!(page["html"].as_str().unwrap().contains("520.90 CNY"));
    let page = lee.at(&at("11:00")).json(&["report", "REQ-1", "--audience", "third-party"]).unwrap();
    assert!(!page["html"].as_str().unwrap().contains("520.90 CNY"));

    lee.at(&at("11:00")).sync().unwrap();
    assert_eq!(world.office.get(&format!("/v1/visits/{visit}/charge")).unwrap(), told, "one code reckons");
}

#[test]
fn while_the_warranty_runs_nothing_is_charged_and_misuse_costs_a_fee() {
    let world = World::new();
    let lee = world.phone("lee");
    tariff(&world, "2026-01-01", TARIFF).unwrap();
    // 18 months after delivery end on 2 March, the day of the request and of the work.
    let order = json!({ "delivered_on": "2024-09-02", "time_zone": "Asia/Shanghai" });
    let visit = worked(&world, &lee, &order);
    finished(&lee, &visit);
    assert_eq!(bearers(&charge(&lee)), ["not-known", "not-known"]);
    assert_eq!(faults(&charge(&lee)), [("bearer-not-known", "order.sea_trial_on")], "give the date");

    lee.at(&at("11:00")).sync().unwrap();
    let fill = json!({ "do": "fill-order", "field": "sea_trial_on", "value": "2025-06-01" });
    assert_eq!(tell(&world.office, &visit, &fill).status, 200);
    lee.at(&at("11:00")).sync().unwrap();
    let told = charge(&lee);
    assert_eq!(
        (bearers(&told), faults(&told), &told["lines"]),
        (vec!["company".to_owned(); 2], vec![], &json!([]))
    );

    works(&lee, &at("11:00"), &visit, &[json!({ "do": "report", "event": "misuse-found" })]);
    let told = charge(&lee);
    assert_eq!(
        (&told["lines"][0]["what"], &told["lines"][0]["amount"]["minor"]),
        (&json!("misuse"), &json!(50_000))
    );
    assert_eq!(bearers(&told), ["company", "company"], "the repair stays free of charge");
    let entered = json!({ "do": "measure", "quantity": "misuse-fee", "value": 400.0, "unit": "CNY" });
    works(&lee, &at("11:00"), &visit, &[entered]);
    assert_eq!(faults(&charge(&lee)), [("entered-differs", "misuse-fee")]);
    let total = json!([{ "bearer": "customer", "total": { "minor": 50_000, "currency": "CNY" } }]);
    assert_eq!(charge(&lee)["totals"], total);
    works(
        &lee,
        &at("11:05"),
        &visit,
        &[json!({ "do": "measure", "quantity": "misuse-fee", "value": 500.0, "unit": "CNY" })],
    );
    assert_eq!(faults(&charge(&lee)), []);
}
