//! Two devices of one technician and one van: the figure is right offline, after a lost answer and after every sync.

use reqwest::Method;
use serde_json::{Value, json};

use crate::line::Line;
use crate::world::{MORNING, World, each, works};
use crate::{another_phone, pieces, repair, uses, with_csv};

const COUNTED: &str = "part_number,quantity,name,serials,tracked\nBELT-7,5,Belt,,\nPUMP-1,2,Pump,S1 S2,\n";

fn van(phone: &jobsheet_tests::phone::Phone) -> Value {
    phone.at(MORNING).json(&["parts", "stock"]).unwrap()
}

fn faults(stock: &Value) -> Vec<(&str, &str, u64)> {
    let finding = |one| -> (&str, &str, u64) {
        let one: &Value = one;
        let fault = one["fault"].as_str().unwrap();
        (fault, one["number"].as_str().unwrap(), one["quantity"].as_u64().unwrap())
    };
    each(&stock["findings"]).map(finding).collect()
}

#[test]
fn the_figure_is_right_on_both_devices_offline_after_lost_answers_and_after_every_sync() {
    let world = World::new();
    let line = Line::to(&world.office.address);
    world.office.technician("lee", "Lee").unwrap();
    let one = another_phone(&world, "lee", "lee-one", &line.address).at(MORNING);
    let two = another_phone(&world, "lee", "lee-two", &line.address).at(MORNING);
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let visit = world.dispatch("REQ-1", "execution-form", "service", "lee", &repair());
    one.sync().unwrap();
    assert_eq!(van(&one), Value::Null, "the office keeps no stock yet");

    let told = with_csv(&world, &["stock", "count", "lee"], COUNTED).unwrap();
    assert_eq!((&told["added"], &told["refused"]), (&json!(2), &json!(0)), "{told}");
    assert_eq!(van(&one), Value::Null, "a device hears of it when it asks");
    one.sync().unwrap();
    two.sync().unwrap();
    assert_eq!(pieces(&van(&one), "BELT-7"), Some(5));

    // Offline: each device knows its own uses and not the other's.
    works(&one, MORNING, &visit, &[uses("BELT-7", 2)]);
    works(&two, MORNING, &visit, &[uses("BELT-7", 1)]);
    assert_eq!((pieces(&van(&one), "BELT-7"), pieces(&van(&two), "BELT-7")), (Some(3), Some(4)));

    // The server has it, the device has not heard so. The figure does not move, however often that happens.
    line.loses(true);
    for _ in 0..2 {
        assert!(one.sync().is_err());
        assert_eq!(pieces(&van(&one), "BELT-7"), Some(3));
    }
    line.loses(false);
    let there = world.office.get("/v1/technicians/lee/stock").unwrap();
    assert_eq!(pieces(&there, "BELT-7"), Some(3), "the server took it once");

    // Something more is used before the answer comes at last.
    works(&one, MORNING, &visit, &[uses("BELT-7", 1)]);
    assert_eq!(pieces(&van(&one), "BELT-7"), Some(2));
    for _ in 0..2 {
        one.sync().unwrap();
        assert_eq!(pieces(&van(&one), "BELT-7"), Some(2), "after each sync");
    }
    two.sync().unwrap();
    assert_eq!(pieces(&van(&two), "BELT-7"), Some(1), "the uses of the other device come with the stock");
    one.sync().unwrap();
    assert_eq!(pieces(&van(&one), "BELT-7"), Some(1));

    // Restocked by REST, while the device uses what it has.
    works(&two, MORNING, &visit, &[uses("BELT-7", 1)]);
    let csv = b"part_number,quantity\nBELT-7,10\nNEW-1,4\n".to_vec();
    let path = "/v1/technicians/lee/stock/receipts";
    let told = world.by(&["warehouse"]).ask(Method::POST, path, Some(("text/csv", csv))).unwrap();
    assert_eq!((told.status, &told.json["added"]), (200, &json!(2)), "{}", told.text);
    assert_eq!(pieces(&van(&two), "BELT-7"), Some(0), "offline nothing is heard of it");
    two.sync().unwrap();
    one.sync().unwrap();
    for phone in [&one, &two] {
        let stock = van(phone);
        assert_eq!((pieces(&stock, "BELT-7"), pieces(&stock, "NEW-1")), (Some(10), Some(4)));
        assert_eq!(faults(&stock), []);
    }
    let there = world.office.get("/v1/technicians/lee/stock").unwrap();
    assert_eq!(pieces(&there, "BELT-7"), Some(10));
}

#[test]
fn stock_below_zero_and_strange_serials_are_findings_on_the_device_and_at_the_office() {
    let world = World::new();
    let lee = world.phone("lee").at(MORNING);
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let visit = world.dispatch("REQ-1", "execution-form", "service", "lee", &repair());
    with_csv(&world, &["stock", "count", "lee"], COUNTED).unwrap();
    lee.sync().unwrap();

    let pump =
        |serial: &str| json!({ "do": "consume-part", "number": "PUMP-1", "quantity": 1, "serial": serial });
    works(&lee, MORNING, &visit, &[pump("S1"), uses("BELT-7", 5)]);
    let stock = van(&lee);
    assert_eq!(
        (faults(&stock), pieces(&stock, "BELT-7")),
        (Vec::new(), Some(0)),
        "the last piece is no finding"
    );
    let pumps = each(&stock["lines"]).find(|line| line["number"] == "PUMP-1").unwrap();
    assert_eq!((&pumps["quantity"], &pumps["serials"]), (&json!(1), &json!(["S2"])));

    // The part is in the hand: nothing is refused, and everything is told.
    works(&lee, MORNING, &visit, &[uses("BELT-7", 1), pump("S9"), uses("PUMP-1", 1), uses("LOST-3", 2)]);
    let expected = vec![
        ("stock-short", "BELT-7", 1),
        ("stock-short", "LOST-3", 2),
        ("stock-short", "PUMP-1", 1),
        ("serial-not-in-van", "PUMP-1", 1),
        ("serial-missing", "PUMP-1", 1),
    ];
    assert_eq!(faults(&van(&lee)), expected);
    lee.sync().unwrap();
    let mut told = van(&lee);
    assert_eq!(sorted(faults(&told)), sorted(expected.clone()), "the same once the server has taken it over");
    for line in told["lines"].as_array_mut().unwrap() {
        assert_eq!(line["used_here"], 0, "{line}");
    }
    let office = world.office.get("/v1/stock").unwrap();
    assert_eq!(sorted(faults(&office[0])), sorted(expected));
    assert!(each(&office[0]["findings"]).all(|one| one["visits"] == json!([visit])), "{office}");

    // A count puts an end to it.
    with_csv(
        &world,
        &["stock", "count", "lee"],
        "part_number,quantity,serials\nBELT-7,1,\nPUMP-1,1,S2\nLOST-3,0,\n",
    )
    .unwrap();
    lee.sync().unwrap();
    let stock = van(&lee);
    assert_eq!(
        (faults(&stock), pieces(&stock, "BELT-7"), pieces(&stock, "LOST-3")),
        (Vec::new(), Some(1), Some(0))
    );
}

fn sorted<'a>(mut faults: Vec<(&'a str, &'a str, u64)>) -> Vec<(&'a str, &'a str, u64)> {
    faults.sort_unstable();
    faults
}

#[test]
fn a_device_hears_of_the_van_of_its_own_technician_and_bad_rows_block_nothing() {
    let world = World::new();
    let lee = world.phone("lee").at(MORNING);
    let kim = world.phone("kim").at(MORNING);
    let refused = with_csv(&world, &["stock", "count", "lee"], "part_number,quantity\nA,x\nB,3\n");
    assert!(refused.unwrap_err().contains("1 rows were not taken"));
    lee.sync().unwrap();
    kim.sync().unwrap();
    assert_eq!(pieces(&van(&lee), "B"), Some(3), "the good row was stored");
    assert_eq!(van(&kim), Value::Null);

    let csv = || Some(("text/csv", b"part_number,quantity\nB,9\n".to_vec()));
    let counts = "/v1/technicians/lee/stock/counts";
    let told = world.by(&["dispatcher"]).ask(Method::POST, counts, csv()).unwrap();
    assert_eq!((told.status, &told.json["code"]), (403, &json!("role")));
    let told = world.office.ask(Method::POST, "/v1/technicians/nobody/stock/counts", csv()).unwrap();
    assert_eq!((told.status, &told.json["code"]), (404, &json!("unknown")));
    // An unchanged stock is not sent again.
    let first = lee.sync().unwrap()["bytes_received"].as_u64().unwrap();
    assert!(first < 100, "an answer without news has {first} bytes");
}
