//! Under the gas standard: nobody at home, other wishes, hazards, a notice that the customer signs, an outage, gifts.

use jobsheet_tests::phone::Phone;
use serde_json::{Value, json};

use crate::walk::{Walk, duties, guidance, list, told};
use crate::world::{
    MORNING, World, about, deadline, id, note, on, plain, report, state, stopped, text, violated, works, yes,
};

fn rule(name: &str) -> String {
    format!("gas.{name}")
}

fn booked<'a>(world: &World, lee: &'a Phone, number: &str, job: &str) -> Walk<'a> {
    let walk = Walk::dispatched(world, lee, number, ("gas", job), &json!({ "urgency": "booked" }));
    let way = [
        plain("accept"),
        json!({ "do": "confirm-appointment", "channel": "phone" }),
        plain("depart"),
        plain("arrive"),
    ];
    walk.works("2026-03-02T08:55:00+08:00", &way);
    walk
}

#[test]
fn where_nobody_is_at_home_the_crew_leaves_without_what_needs_the_customer() {
    let world = World::new();
    let lee = world.phone("lee");
    let walk = booked(&world, &lee, "REQ-1", "booked-repair");
    walk.reports("2026-03-02T09:05:00+08:00", "customer-absent", "Rang three times.");
    let at = "2026-03-02T09:06:00+08:00";
    let shown = walk.shows(at, "customer-absent");
    assert!(shown["open"] == true && guidance(&shown) == ["knock-gently", "no-shouting"], "{shown}");
    assert!(shown["reading"]["zh"].as_str().unwrap().contains("客户不在"));
    walk.works(at, &[plain("leave")]);
    let shown = walk.shows("2026-03-02T09:07:00+08:00", "customer-absent");
    assert_eq!((&shown["open"], &shown["closed_by"]), (&json!(false), &json!("left-site")));
    let here = on(&lee, "2026-03-02T09:08:00+08:00", &walk.visit);
    assert_eq!((state(&here), violated(&here)), ("left", Vec::new()));
}

#[test]
fn a_hazard_gets_its_proposal_and_other_wishes_and_gifts_a_kind_no() {
    let world = World::new();
    let lee = world.phone("lee");
    let walk = booked(&world, &lee, "REQ-1", "booked-repair");
    walk.works(
        "2026-03-02T09:00:00+08:00",
        &[yes(&rule("identify-self")), yes(&rule("show-card")), plain("start")],
    );
    walk.reports("2026-03-02T09:10:00+08:00", "out-of-scope-request", "Can you mend the boiler too?");
    walk.reports("2026-03-02T09:11:00+08:00", "gift-offered", "A carton of cigarettes.");
    walk.reports("2026-03-02T09:12:00+08:00", "hazard-found", "Hose without clamp.");
    let at = "2026-03-02T09:13:00+08:00";
    let mut open = walk.open(at);
    open.sort();
    assert_eq!(open, ["gift-offered", "hazard", "out-of-scope"]);
    let wish = walk.shows(at, "out-of-scope");
    assert_eq!(
        guidance(&wish)[..3],
        ["explain-out-of-scope", "no-quarrel-field", "repair-no-unlisted-devices"]
    );
    assert_eq!(guidance(&walk.shows(at, "gift-offered")), ["decline-tips", "no-private-gain"]);
    walk.reports(at, "gift-declined", "");
    let hazard = walk.shows(at, "hazard");
    assert_eq!(
        (duties(&hazard), &hazard["duties"][0]["command"]),
        (list(&[("repair-hazard-notice", false)]), &json!("answer"))
    );
    assert_eq!(told(&hazard, "customer")["told"], Value::Null);
    // Nobody leaves before the proposal is written.
    stopped(&lee, at, &walk.visit, &plain("leave"), "not-yet", &rule("repair-hazard-notice"), "三.(五).7");
    walk.works(
        "2026-03-02T09:15:00+08:00",
        &[text(&rule("repair-hazard-notice"), "Proposal 12: clamp at the hob, today.")],
    );
    let hazard = walk.shows("2026-03-02T09:16:00+08:00", "hazard");
    assert_eq!(
        (&hazard["open"], &told(&hazard, "customer")["told"]),
        (&json!(false), &json!("2026-03-02T09:15:00+08:00"))
    );
    assert_eq!(walk.open("2026-03-02T09:16:00+08:00"), ["out-of-scope"]);
}

#[test]
fn where_gas_is_not_lit_the_customer_signs_the_rectification_notice() {
    let mut world = World::new();
    let lee = world.phone("lee");
    let walk = booked(&world, &lee, "REQ-1", "ignition");
    walk.works(
        "2026-03-02T09:00:00+08:00",
        &[yes(&rule("identify-self")), yes(&rule("show-card")), plain("start")],
    );
    walk.reports("2026-03-02T09:10:00+08:00", "ignition-refused", "No flue.");
    let at = "2026-03-02T09:11:00+08:00";
    let asked = ["ignition-refuse-explain", "ignition-rectification-notice", "ignition-notice-signed"];
    assert_eq!(duties(&walk.shows(at, "ignition-refused")), list(&asked.map(|one| (one, false))));
    let steps = walk.next_of(at, "ignition-refused");
    assert_eq!(steps, asked.map(rule), "in the order of the situation");
    stopped(&lee, at, &walk.visit, &plain("leave"), "not-yet", &rule("ignition-notice-signed"), "三.(三).5");
    let notice = [
        text(&rule("ignition-refuse-explain"), "The flue is missing."),
        text(&rule("ignition-rectification-notice"), "Notice 7"),
    ];
    walk.works("2026-03-02T09:15:00+08:00", &notice);
    stopped(
        &lee,
        "2026-03-02T09:16:00+08:00",
        &walk.visit,
        &plain("leave"),
        "not-yet",
        &rule("ignition-notice-signed"),
        "三.(三).5",
    );
    let signed = lee.at("2026-03-02T09:20:00+08:00").json(&[
        "sign",
        &walk.visit,
        "--role",
        "notice-recipient",
        "--name",
        "Ms Li",
    ]);
    assert_eq!(signed.unwrap()["command"], "sign");
    walk.works("2026-03-02T09:25:00+08:00", &[plain("leave")]);
    world.later("2026-03-02T10:00:00+08:00");
    lee.at("2026-03-02T10:00:00+08:00").sync().unwrap();
    let there = walk.at_office(&world, "ignition-refused");
    assert_eq!((&there["open"], duties(&there)), (&json!(false), list(&asked.map(|one| (one, true)))));
    assert_eq!(told(&there, "customer")["told"], "2026-03-02T09:15:00+08:00");
}

#[test]
fn an_outage_lasts_until_what_was_written_down_has_been_entered() {
    let world = World::new();
    let mei = world.phone("mei");
    let opened = json!({
        "standard": "gas", "job": "hotline-shift", "person": "mei",
        "start": "2026-03-02T08:20:00+08:00", "end": "2026-03-02T17:30:00+08:00",
        "order": { "workplace": "Hotline", "time_zone": "Asia/Shanghai" },
    });
    let shift = id(&world.office.post("/v1/shifts", &opened).unwrap());
    mei.at(MORNING).sync().unwrap();
    let walk = Walk { phone: &mei, visit: shift.clone() };
    works(&mei, "2026-03-02T08:15:00+08:00", &shift, &[report("at-post")]);
    works(&mei, "2026-03-02T10:00:00+08:00", &shift, &[about("system-down", "power-cut")]);
    let at = "2026-03-02T10:01:00+08:00";
    let shown = walk.shows(at, "outage");
    assert_eq!((&shown["open"], guidance(&shown)), (&json!(true), vec!["outage-explain".to_owned()]));
    assert_eq!(duties(&shown), list(&[("outage-record", false), ("outage-backfill", false)]));
    works(&mei, at, &shift, &[note("outage-record", "10:10 Mr Wu asks for a new meter.")]);
    let entered = [
        report("system-restored"),
        json!({ "do": "report", "event": "question-unresolved", "happened": "2026-03-02T10:10:00+08:00" }),
    ];
    works(&mei, "2026-03-02T10:40:00+08:00", &shift, &entered);
    assert_eq!(walk.open("2026-03-02T10:41:00+08:00"), ["outage"], "restored, not yet entered");
    works(&mei, "2026-03-02T10:50:00+08:00", &shift, &[report("backfill-done")]);
    let over = walk.shows("2026-03-02T10:51:00+08:00", "outage");
    assert_eq!((&over["open"], &over["closed_by"]), (&json!(false), &json!("backfill-done")));
    let here = on(&mei, "2026-03-02T10:52:00+08:00", &shift);
    assert_eq!(deadline(&here, &rule("outage-backfill"))["state"], "met");
    // A second outage of the same shift is a situation of its own.
    works(&mei, "2026-03-02T14:00:00+08:00", &shift, &[about("system-down", "power-cut")]);
    let all = mei.at("2026-03-02T14:01:00+08:00").json(&["incidents", &shift]).unwrap();
    assert_eq!(
        (all.as_array().unwrap().len(), &all[0]["open"], &all[1]["open"]),
        (2, &json!(true), &json!(false))
    );
    // And a caller who asks for something else.
    works(
        &mei,
        "2026-03-02T14:10:00+08:00",
        &shift,
        &[report("out-of-scope-request"), report("media-contact")],
    );
    let call = walk.shows("2026-03-02T14:11:00+08:00", "out-of-scope-call");
    assert_eq!(duties(&call), list(&[("hotline-decline-out-of-scope", false)]));
    works(
        &mei,
        "2026-03-02T14:12:00+08:00",
        &shift,
        &[text(&rule("hotline-decline-out-of-scope"), "Asked for a plumber.")],
    );
    assert_eq!(walk.shows("2026-03-02T14:13:00+08:00", "out-of-scope-call")["open"], false);
    assert_eq!(guidance(&walk.shows("2026-03-02T14:13:00+08:00", "media")), ["hotline-no-media"]);
}
