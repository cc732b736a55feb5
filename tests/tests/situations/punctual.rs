//! Who can not be punctual tells the customer in time; and what the engineering standard says of other wishes and gifts.

use jobsheet_tests::phone::Phone;
use reqwest::Method;
use serde_json::{Value, json};

use crate::walk::{Walk, duties, guidance, list, time, told};
use crate::world::{World, deadline, finding, on, plain, report, text, yes};

/// A delay on a visit that begins at noon or at nine: known, told, and what the clock of two hours says of it.
fn told_of_delay(world: &World, lee: &Phone, number: &str, start: &str, due: &str, known: &str, state: &str) {
    let order = json!({});
    let walk = Walk::dispatched(world, lee, number, ("diesel", "maintenance"), &order);
    let window = json!({ "crew": ["lee"], "start": start, "end": "2026-03-02T15:00:00+08:00" });
    let path = format!("/v1/visits/{}/assignment", walk.visit);
    let moved =
        world.office.ask(Method::PUT, &path, Some(("application/json", window.to_string().into_bytes())));
    assert_eq!(moved.unwrap().status, 200);
    lee.at("2026-03-02T08:00:10+08:00").sync().unwrap();
    walk.works("2026-03-02T08:00:20+08:00", &[plain("accept")]);
    walk.reports("2026-03-02T08:00:30+08:00", "delay-foreseen", "The ferry does not run.");
    let shown = walk.shows(known, "delay");
    let asked = [("delay-notify-2h", false), ("delay-apologise", false), ("delay-new-time", false)];
    assert_eq!(duties(&shown), list(&asked), "{shown}");
    let customer = told(&shown, "customer");
    assert_eq!((&customer["due"], &customer["told"]), (&json!(due), &Value::Null));
    assert_eq!(walk.next_of(known, "delay")[0], "diesel.delay-notify-2h", "the clock comes first");
    let call = [
        report("delay-notified"),
        yes("diesel.delay-apologise"),
        time("diesel.delay-new-time", "2026-03-02T13:00:00+08:00"),
    ];
    walk.works(known, &call);
    let shown = walk.shows(known, "delay");
    assert!(duties(&shown).iter().all(|(_, done)| *done), "{shown}");
    assert_eq!(told(&shown, "customer")["told"].as_str().unwrap()[..17], known[..17]);
    assert_eq!(told(&shown, "customer")["late"], state == "met-late");
    let here = on(lee, known, &walk.visit);
    assert_eq!(deadline(&here, "diesel.delay-notify-2h")["state"], state);
    assert_eq!(shown["open"], true, "until somebody is there");
    walk.works("2026-03-02T13:00:00+08:00", &[plain("depart"), plain("arrive")]);
    assert_eq!(walk.shows("2026-03-02T13:01:00+08:00", "delay")["closed_by"], "arrived");
}

#[test]
fn under_the_diesel_standard_the_customer_hears_of_a_delay_two_hours_before() {
    let world = World::new();
    let lee = world.phone("lee");
    let (noon, ten) = ("2026-03-02T12:00:00+08:00", "2026-03-02T10:00:00+08:00");
    told_of_delay(&world, &lee, "REQ-1", noon, ten, "2026-03-02T09:59:00+08:00", "met");
    told_of_delay(&world, &lee, "REQ-2", noon, ten, "2026-03-02T10:00:30+08:00", "met-late");
}

#[test]
fn under_the_engineering_standard_a_delay_is_told_before_the_agreed_time_and_gifts_are_declined() {
    let world = World::new();
    let lee = world.phone("lee");
    let walk = Walk::dispatched(&world, &lee, "REQ-1", ("engineering", "repair"), &json!({}));
    walk.works("2026-03-02T08:05:00+08:00", &[plain("accept")]);
    walk.reports("2026-03-02T08:30:00+08:00", "delay-foreseen", "Traffic jam.");
    let at = "2026-03-02T08:31:00+08:00";
    let shown = walk.shows(at, "delay");
    assert_eq!(told(&shown, "customer")["due"], "2026-03-02T09:00:00+08:00");
    assert_eq!(walk.next_of(at, "delay")[0], "engineering.delay-apologise", "the deadline comes first");
    let call = [
        report("delay-notified"),
        text("engineering.delay-explain", "Traffic jam on the bridge."),
        yes("engineering.delay-understanding"),
        time("engineering.delay-rebook", "2026-03-02T09:40:00+08:00"),
    ];
    walk.works("2026-03-02T08:35:00+08:00", &call);
    let here = on(&lee, "2026-03-02T08:36:00+08:00", &walk.visit);
    assert_eq!(finding(&here, "engineering.delay-apologise")["status"], "satisfied");
    assert_eq!(told(&walk.shows("2026-03-02T08:36:00+08:00", "delay"), "customer")["late"], false);

    walk.reports("2026-03-02T08:40:00+08:00", "out-of-scope-request", "What about the lift?");
    walk.reports("2026-03-02T08:41:00+08:00", "gift-offered", "Tea.");
    let at = "2026-03-02T08:42:00+08:00";
    let wish = walk.shows(at, "out-of-scope");
    assert_eq!(guidance(&wish), ["never-not-my-job", "check-with-company"]);
    assert_eq!(wish["guidance"][0]["clause"], "(二).2.2");
    assert_eq!(guidance(&walk.shows(at, "gift-offered")), ["no-gifts"]);
    walk.reports(at, "gift-declined", "");
    walk.reports(at, "cannot-fix-on-site", "");
    let mut open = walk.open(at);
    open.sort();
    assert_eq!(open, ["cannot-fix", "delay", "out-of-scope"]);
}
