//! Ten minutes under pressure: across a crash of the phone, one second short, and once more.

use jobsheet_core::Moment;
use jobsheet_tests::phone::{Phone, acknowledged};
use serde_json::{Value, json};

use crate::world::{MORNING, World, about, each, finding, on, plain, state, stopped, violated, works, yes};

const TEST: &str = "gas.ignition-pressure-hold";
const CLAUSE: &str = "三.(三).4";

fn ends(value: f64) -> Value {
    json!({ "do": "end-hold", "item": TEST, "value": value, "unit": "mm[H2O]" })
}

fn begins(value: f64) -> Value {
    json!({ "do": "begin-hold", "item": TEST, "value": value, "unit": "mm[H2O]", "instrument": "gauge 4" })
}

#[test]
fn gas_is_lit_only_after_ten_minutes_under_pressure() {
    let mut world = World::new();
    let lee = world.phone("lee");
    let visit = on_site(&world, &lee);
    let light = about("guarded-step-started", "ignition");
    stopped(&lee, "2026-03-02T08:59:00+08:00", &visit, &light, "not-yet", TEST, CLAUSE);

    one_second_short(&lee, &visit);
    stopped(&lee, "2026-03-02T09:11:00+08:00", &visit, &light, "not-yet", TEST, CLAUSE);
    works(&lee, "2026-03-02T09:12:00+08:00", &visit, &[begins(5100.0)]);
    let full = after_beginning(&lee, &visit, "2026-03-02T09:13:00+08:00", 600_999);
    works(&lee, &full, &visit, &[ends(5100.0)]);
    let shown = on(&lee, "2026-03-02T09:23:00+08:00", &visit);
    let passed = finding(&shown, TEST);
    assert_eq!((&passed["status"], &passed["missing"]), (&json!("satisfied"), &json!([])), "{passed}");
    assert_eq!(finding(&shown, "gas.ignition-pressure-level")["status"], "satisfied");
    assert_eq!(
        finding(&shown, "gas.ignition-only-after-pass")["status"],
        "satisfied",
        "the test is the proof"
    );
    works(&lee, "2026-03-02T09:24:00+08:00", &visit, &[light]);
    let shown = on(&lee, "2026-03-02T09:25:00+08:00", &visit);
    assert_eq!((state(&shown), violated(&shown)), ("in-work", Vec::new()));

    world.later("2026-03-02T09:30:00+08:00");
    lee.at("2026-03-02T09:30:00+08:00").sync().unwrap();
    let there = world.shown(&visit);
    assert_eq!(finding(&there, TEST)["status"], "satisfied");
    assert_eq!(
        finding(&there, TEST)["evidence"],
        finding(&shown, TEST)["evidence"],
        "the same proof at the office"
    );
    assert_eq!(there["record"]["events"], shown["record"]["events"]);
}

fn dispatched(world: &World, lee: &Phone) -> String {
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let visit = world.dispatch("REQ-1", "gas", "ignition", "lee", &json!({ "urgency": "booked" }));
    lee.sync().unwrap();
    visit
}

/// At the customer's, about to light the gas.
fn on_site(world: &World, lee: &Phone) -> String {
    let visit = dispatched(world, &lee.at(MORNING));
    let way = [plain("accept"), json!({ "do": "confirm-appointment", "channel": "phone" }), plain("depart")];
    works(lee, "2026-03-02T08:20:00+08:00", &visit, &way);
    let site = [
        plain("arrive"),
        yes("gas.identify-self"),
        yes("gas.show-card"),
        plain("start"),
        about("guarded-step-planned", "ignition"),
    ];
    works(lee, "2026-03-02T08:55:00+08:00", &visit, &site);
    visit
}

/// The whole second that lies so many milliseconds or a little less after the last test began: how long a program takes until
/// it reads its clock is then no matter of luck.
fn after_beginning(lee: &Phone, visit: &str, at: &str, milliseconds: i64) -> String {
    let (_, began) = stamp(&on(lee, at, visit), "hold-started");
    let then = jiff::Timestamp::from_millisecond(began + milliseconds).unwrap();
    let east = MORNING.parse::<Moment>().unwrap().offset();
    Moment::new(then, east).to_string()
}

/// The phone dies while the test runs. The test goes on, and a second is a second.
fn one_second_short(lee: &Phone, visit: &str) {
    let mut session = lee.at("2026-03-02T09:00:00+08:00").session(visit).unwrap();
    assert!(acknowledged(&session.give(&begins(5100.0)).unwrap()));
    session.send(&json!({ "do": "say", "words": "The phone gets warm." })).unwrap();
    session.kill().unwrap();

    let steps = lee.at("2026-03-02T09:05:00+08:00").json(&["next", visit]).unwrap();
    let step = each(&steps).find(|step| step["rule"] == TEST).unwrap();
    assert_eq!(step["command"], "end-hold", "the test runs on through the crash: {step}");
    let shown = on(lee, "2026-03-02T09:05:00+08:00", visit);
    let running = finding(&shown, TEST);
    assert_eq!((&running["status"], &running["clause"]), (&json!("outstanding"), &json!(CLAUSE)));

    let short = after_beginning(lee, visit, "2026-03-02T09:05:00+08:00", 598_500);
    works(lee, &short, visit, &[ends(5100.0)]);
    let shown = on(lee, "2026-03-02T09:10:30+08:00", visit);
    let short = finding(&shown, TEST);
    let why = short["missing"].to_string();
    assert!(why.contains("lasted 59") && why.contains("< 600 s"), "{short}");
    assert_eq!(short["clock_suspect"], false);
    evidence(&shown);
    let again = lee.at("2026-03-02T09:10:40+08:00").run(visit, &[ends(5100.0)]).unwrap().remove(0);
    assert_eq!(again["error"]["code"], "invalid", "no test runs: {again}");
}

fn reads(value: f64) -> Value {
    json!({ "do": "sample-hold", "item": TEST, "value": value, "unit": "mm[H2O]" })
}

/// Where a phone is started anew nothing but its wall clock spans the test, which proves nothing; what is read within each
/// boot does.
#[test]
#[cfg(target_os = "linux")]
fn across_a_restart_of_the_phone_only_what_was_read_within_a_boot_proves_the_test() {
    let world = World::new();
    let lee = world.phone("lee");
    let visit = dispatched(&world, &lee);
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let now = jiff::Timestamp::now();
    let later = |minutes: i64| (now + jiff::SignedDuration::from_mins(minutes)).to_string();
    // No clock is given: the phone has the machine's clocks, the one that counts from the boot among them.
    lee.work(&visit, &[plain("accept"), plain("depart")]).unwrap();
    lee.work(&visit, &[plain("arrive"), plain("start"), about("guarded-step-planned", "ignition")]).unwrap();
    lee.work(&visit, &[begins(5000.0)]).unwrap();
    let shown = lee.json(&["show", &visit]).unwrap();
    let (way, begun) = (stamp(&shown, "arrived"), stamp(&shown, "hold-started"));
    assert_eq!((begun.0, way.0), (boot.trim(), boot.trim()), "two processes, one boot");
    assert!(way.1 < begun.1, "and one clock that counts on");
    assert_eq!(finding(&shown, TEST)["status"], "outstanding");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let running = lee.json(&["holds", &visit]).unwrap();
    let proved = running[0]["proved_seconds"].as_i64().unwrap();
    assert!((2..60).contains(&proved), "the screen was locked, no process ran: {running}");
    assert_eq!((&running[0]["verdict"], &running[0]["rebooted"]), (&json!("running"), &json!(false)));

    lee.at(&later(15)).work(&visit, &[ends(5000.0)]).unwrap();
    let shown = on(&lee, &later(15), &visit);
    let failed = finding(&shown, TEST);
    assert_eq!((&failed["status"], &failed["clock_suspect"]), (&json!("violated"), &json!(true)), "{failed}");
    assert!(failed["missing"].to_string().contains("restarted, proved 0 s < 600 s"), "{failed}");

    // Begun before the restart, read twice after it, ten minutes apart: those ten minutes are proved.
    lee.work(&visit, &[begins(5000.0)]).unwrap();
    lee.at(&later(16)).work(&visit, &[reads(5000.0)]).unwrap();
    lee.at(&later(22)).work(&visit, &[reads(5000.0)]).unwrap();
    let running = lee.at(&later(23)).json(&["holds", &visit]).unwrap();
    assert_eq!(running[0]["readings"].as_array().unwrap().len(), 3);
    let proved = running[0]["proved_seconds"].as_i64().unwrap();
    assert!((415..430).contains(&proved), "{running}");
    let end = (now + jiff::SignedDuration::from_mins(26) + jiff::SignedDuration::from_secs(2)).to_string();
    lee.at(&end).work(&visit, &[ends(5000.0)]).unwrap();
    let shown = on(&lee, &end, &visit);
    let passed = finding(&shown, TEST);
    assert_eq!(
        (&passed["status"], &passed["clock_suspect"]),
        (&json!("satisfied"), &json!(true)),
        "{passed}"
    );
    let view = lee.at(&end).json(&["holds", &visit]).unwrap();
    assert_eq!((&view[0]["verdict"], &view[0]["rebooted"]), (&json!("passed"), &json!(true)));
}

#[test]
fn a_value_that_fell_in_between_fails_the_test_though_it_rose_again() {
    let world = World::new();
    let lee = world.phone("lee");
    let visit = on_site(&world, &lee);
    let begin = [
        "begin-hold",
        &visit,
        TEST,
        "5100",
        "mm[H2O]",
        "--instrument",
        "gauge 4",
        "--calibrated",
        "2025-11-03",
        "--calibration-due",
        "2026-11-03",
    ];
    lee.at("2026-03-02T09:00:00+08:00").json(&begin).unwrap();
    let read =
        |at: &str, value: &str| lee.at(at).json(&["sample-hold", &visit, TEST, value, "mm[H2O]"]).unwrap();
    read("2026-03-02T09:03:00+08:00", "5100");
    let running = lee.at("2026-03-02T09:04:00+08:00").json(&["holds", &visit]).unwrap();
    let left = running[0]["remaining_seconds"].as_i64().unwrap();
    assert!((&running[0]["verdict"] == "running") && (355..=361).contains(&left), "{running}");
    read("2026-03-02T09:05:00+08:00", "5060");
    let failing = lee.at("2026-03-02T09:05:30+08:00").json(&["holds", &visit]).unwrap();
    assert_eq!((&failing[0]["verdict"], &failing[0]["lowest"]), (&json!("failing"), &json!(5060.0)));
    assert_eq!(finding(&on(&lee, "2026-03-02T09:05:40+08:00", &visit), TEST)["status"], "violated");
    works(&lee, "2026-03-02T09:11:00+08:00", &visit, &[ends(5100.0)]);
    let shown = on(&lee, "2026-03-02T09:11:10+08:00", &visit);
    let failed = finding(&shown, TEST);
    assert!(failed["missing"].to_string().contains("drop 40 > 0"), "{failed}");
    let light = about("guarded-step-started", "ignition");
    stopped(&lee, "2026-03-02T09:12:00+08:00", &visit, &light, "not-yet", TEST, CLAUSE);
    let over = lee.at("2026-03-02T09:12:30+08:00").run(&visit, &[reads(5100.0)]).unwrap().remove(0);
    assert_eq!(over["error"]["code"], "invalid", "no test runs: {over}");
    let measured = shown["record"]["measures"].as_object().unwrap().values().next().unwrap().clone();
    assert_eq!(measured["calibration"], json!({ "on": "2025-11-03", "due": "2026-11-03" }));
    let gauge = ["measure", &visit, "ignition-test-pressure", "1", "mm[H2O]", "--calibrated", "2025-11-03"];
    assert_eq!(lee.at("2026-03-02T09:13:00+08:00").call(&gauge).unwrap().code, 2, "of which instrument?");
}

#[test]
fn a_test_that_has_failed_is_asked_for_again() {
    let world = World::new();
    let lee = world.phone("lee");
    let visit = on_site(&world, &lee);
    one_second_short(&lee, &visit);
    let steps = lee.at("2026-03-02T09:10:50+08:00").json(&["next", &visit]).unwrap();
    let step = each(&steps).find(|step| step["rule"] == TEST).unwrap_or_else(|| panic!("{steps}"));
    assert_eq!(step["command"], "begin-hold", "{step}");
}

/// Two processes, one boot: the monotonic clock spans them, and it is what the test was measured with.
fn evidence(shown: &Value) {
    let ((boot, from), (same, to)) = (stamp(shown, "hold-started"), stamp(shown, "hold-ended"));
    assert_eq!((boot, same), ("stepped", "stepped"));
    assert!((597_000..600_000).contains(&(to - from)), "{from} {to}");
}

/// Boot and monotonic clock of the last event of a kind.
fn stamp<'a>(shown: &'a Value, kind: &str) -> (&'a str, i64) {
    let events = shown["record"]["events"].as_object().unwrap();
    let found = events.values().map(|event| &event[1]).filter(|event| event["type"] == kind);
    let stamps = found.map(|event| (event["boot"].as_str().unwrap(), event["mono"].as_i64().unwrap()));
    stamps.max_by_key(|(_, mono)| *mono).unwrap_or_else(|| panic!("no {kind} in {events:?}"))
}
