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

/// Where a phone is started anew nothing but its wall clock spans the test. It counts, and the finding says what it rests on.
#[test]
#[cfg(target_os = "linux")]
fn after_a_restart_of_the_phone_the_test_rests_on_the_wall_clock() {
    let world = World::new();
    let lee = world.phone("lee");
    let visit = dispatched(&world, &lee);
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let now = jiff::Timestamp::now();
    // No clock is given: the phone has the machine's clocks, the one that counts from the boot among them.
    lee.work(&visit, &[plain("accept"), plain("depart")]).unwrap();
    lee.work(&visit, &[plain("arrive"), plain("start"), about("guarded-step-planned", "ignition")]).unwrap();
    lee.work(&visit, &[begins(5000.0)]).unwrap();
    let shown = lee.json(&["show", &visit]).unwrap();
    let (way, begun) = (stamp(&shown, "arrived"), stamp(&shown, "hold-started"));
    assert_eq!((way.0, begun.0), (boot.trim(), boot.trim()), "two processes, one boot");
    assert!(way.1 < begun.1, "and one clock that counts on");
    assert_eq!(finding(&shown, TEST)["status"], "outstanding");

    let other_boot = (now + jiff::SignedDuration::from_mins(15)).to_string();
    lee.at(&other_boot).work(&visit, &[ends(5000.0)]).unwrap();
    let shown = on(&lee, &other_boot, &visit);
    let passed = finding(&shown, TEST);
    assert_eq!(
        (&passed["status"], &passed["clock_suspect"]),
        (&json!("satisfied"), &json!(true)),
        "{passed}"
    );
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
