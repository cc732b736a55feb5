//! A day at the counter, in an outage of everything: the computer, and the server that the phone reports to.

use serde_json::{Value, json};

use crate::world::{
    MORNING, World, about, cites, deadline, each, finding, id, note, on, plain, report, state, stopped, text,
    violated, works, yes,
};

/// What the counter clerk has to have done before the doors open.
const OPENING: [&str; 4] =
    ["gas.counter-clean", "gas.counter-devices-ready", "gas.counter-name-plate", "gas.counter-supplies"];
/// The phase that nobody attests.
const SILENT: &str = "handover";

fn on_paper(event: &str, minute: u8) -> Value {
    json!({ "do": "report", "event": event, "happened": format!("2026-03-02T10:{minute:02}:00+08:00") })
}

#[test]
fn a_counter_clerk_works_a_day_without_computer_and_without_server() {
    let mut world = World::new();
    let (mei, lee) = (world.phone("mei"), world.phone("lee"));
    let opened = world
        .office
        .post(
            "/v1/shifts",
            &json!({
                "standard": "gas", "job": "counter-shift", "person": "mei",
                "start": "2026-03-02T08:20:00+08:00", "end": "2026-03-02T17:30:00+08:00",
                "order": {
                    "workplace": "Main hall", "time_zone": "Asia/Shanghai",
                    "opening_at": "2026-03-02T08:30:00+08:00", "closing_at": "2026-03-02T17:00:00+08:00",
                },
            }),
        )
        .unwrap();
    assert_eq!((&opened["kind"], &opened["job"]), (&json!("shift"), &json!("counter-shift")));
    let (shift, number) = (id(&opened), opened["number"].as_str().unwrap());
    mei.at(MORNING).sync().unwrap();
    lee.at(MORNING).sync().unwrap();
    world.stop();

    morning(&mei, &shift);
    outage(&world, &mei, &shift);
    evening(&mei, &shift);

    let nothing = lee.at("2026-03-02T18:00:00+08:00").json(&["visits"]).unwrap();
    assert_eq!(nothing["total"], 0, "the shift of somebody else: {nothing}");
    assert_eq!(lee.call(&["show", number]).unwrap().code, 4);

    let here = on(&mei, "2026-03-02T18:00:00+08:00", &shift);
    world.start("2026-03-02T18:00:00+08:00");
    let sent = mei.at("2026-03-02T18:00:05+08:00").sync().unwrap();
    assert!(sent["accepted"].as_u64().unwrap() >= 25 && sent["refused"] == 0, "{sent}");
    assert_eq!(lee.at("2026-03-02T18:00:05+08:00").sync().unwrap()["documents"], 0);
    let shown = world.shown(&shift);
    judged(&shown, &here);
    audited(&world, &shift);
    assert_eq!(state(&world.office.command(&shift, &plain("close")).unwrap()), "closed");
    world.stop();
}

fn morning(mei: &jobsheet_tests::phone::Phone, shift: &str) {
    works(mei, "2026-03-02T08:15:00+08:00", shift, &[report("at-post")]);
    let steps = mei.at("2026-03-02T08:16:00+08:00").json(&["next", shift]).unwrap();
    let asked: Vec<&str> = each(&steps).filter_map(|step| step["rule"].as_str()).take(4).collect();
    assert_eq!(asked, OPENING, "the checklist comes first, then the doors: {steps}");
    let opens = each(&steps).find(|step| step["argument"] == "counter-opened").unwrap();
    assert_eq!((&opens["rule"], &opens["why"]), (&json!("gas.counter-open-on-time"), &json!("deadline")));
    works(mei, "2026-03-02T08:20:00+08:00", shift, &OPENING.map(yes));
    works(mei, "2026-03-02T08:28:00+08:00", shift, &[report("counter-opened")]);
}

fn outage(world: &World, mei: &jobsheet_tests::phone::Phone, shift: &str) {
    works(mei, "2026-03-02T10:00:00+08:00", shift, &[about("system-down", "computer-fault")]);
    let steps = mei.at("2026-03-02T10:01:00+08:00").json(&["next", shift]).unwrap();
    for (rule, clause, command) in [
        ("gas.counter-outage-sign", "三.(一).11", "add-photo"),
        ("gas.outage-record", "三.(一).11; 三.(二).14", "note"),
    ] {
        cites(&steps, rule, clause);
        let step = each(&steps).find(|step| step["rule"] == rule).unwrap();
        assert_eq!((&step["why"], &step["command"]), (&json!("owed"), &json!(command)), "{step}");
    }
    let sign = json!({ "do": "add-photo", "file": world.picture(1), "item": "counter-outage-sign" });
    let record =
        note("outage-record", "10:10 Ms Li, two bills. 10:14 Mr Wu: can a balcony kitchen be connected?");
    works(mei, "2026-03-02T10:05:00+08:00", shift, &[sign, record]);
    let restored = [
        report("system-restored"),
        on_paper("transaction-done", 10),
        on_paper("question-unresolved", 14),
        on_paper("supervisor-alerted", 16),
        json!({
            "do": "report", "event": "reply-given", "happened": "2026-03-02T10:17:00+08:00",
            "note": "An answer was promised for 5 March.",
        }),
        report("backfill-done"),
    ];
    works(mei, "2026-03-02T10:40:00+08:00", shift, &restored);
    let ahead =
        json!({ "do": "report", "event": "transaction-done", "happened": "2026-03-02T12:00:00+08:00" });
    let answer = mei.at("2026-03-02T10:45:00+08:00").run(shift, &[ahead]).unwrap().remove(0);
    assert_eq!(answer["error"]["code"], "invalid", "what lies ahead has not happened: {answer}");
}

fn evening(mei: &jobsheet_tests::phone::Phone, shift: &str) {
    let closes = report("counter-closed");
    let at = "2026-03-02T17:05:00+08:00";
    stopped(mei, at, shift, &closes, "not-yet", "gas.counter-finish-queue", "三.(一).13");
    let mut commands = vec![
        yes("gas.counter-finish-queue"),
        note("service-record", "64 customers."),
        text("gas.counter-write-forms", "Day book 2026-03-02"),
        yes("gas.counter-return-papers"),
        yes("gas.counter-remind-check"),
        closes,
    ];
    works(mei, at, shift, &commands);
    commands = vec![
        json!({ "do": "measure", "quantity": "cash-counted", "value": 18240.5, "unit": "CNY" }),
        text("gas.counter-daily-report", "Daily report 61"),
        text("gas.counter-shift-handover", "Handover sheet 61, to Ms Zhou"),
    ];
    works(mei, "2026-03-02T17:31:00+08:00", shift, &commands);
    let steps = mei.at("2026-03-02T17:35:00+08:00").json(&["next", shift]).unwrap();
    let owed: Vec<&Value> = each(&steps).filter(|step| step["why"] != "attest").collect();
    assert_eq!(owed.len(), 1, "only the end of the shift is left: {owed:?}");
    assert_eq!(owed[0]["argument"], "shift-ended");
    let phases: Vec<&str> = each(&steps)
        .filter(|step| step["why"] == "attest")
        .map(|step| step["argument"].as_str().unwrap())
        .filter(|phase| *phase != SILENT)
        .collect();
    assert!(
        phases.contains(&"counter") && phases.contains(&"general") && phases.contains(&"greet"),
        "{phases:?}"
    );
    commands = phases.iter().map(|phase| json!({ "do": "attest", "phase": phase })).collect();
    commands.push(report("shift-ended"));
    works(mei, "2026-03-02T17:40:00+08:00", shift, &commands);
}

/// The office sees what the clerk saw, and that part of it was entered later.
fn judged(shown: &Value, here: &Value) {
    assert_eq!(state(shown), "ended");
    assert_eq!(
        (&shown["assessment"]["counts"]["violated"], &violated(shown)),
        (&json!(0), &Vec::<&str>::new())
    );
    assert_eq!(shown["assessment"]["counts"], here["assessment"]["counts"], "phone and office judge alike");
    for rule in
        OPENING.into_iter().chain(["gas.counter-outage-sign", "gas.outage-record", "gas.counter-cash-count"])
    {
        assert_eq!(finding(shown, rule)["status"], "satisfied", "{rule}");
    }
    for (rule, left) in [("gas.counter-arrive-early", 300), ("gas.counter-open-on-time", 120)] {
        let clock = deadline(shown, rule);
        assert_eq!((&clock["state"], &clock["entered_later"]), (&json!("met"), &json!(false)), "{clock}");
        let spare = clock["left_seconds"].as_i64().unwrap();
        assert!((left - 60..=left).contains(&spare), "{clock}");
    }
    for (rule, ended) in [("gas.counter-escalate", "10:16"), ("gas.counter-dated-reply", "10:17")] {
        let clock = deadline(shown, rule);
        assert_eq!((&clock["state"], &clock["entered_later"]), (&json!("met"), &json!(true)), "{clock}");
        assert_eq!(clock["started"], "2026-03-02T10:14:00+08:00");
        assert_eq!(clock["ended"], format!("2026-03-02T{ended}:00+08:00"));
        assert_eq!((&clock["clause"], &clock["roles"]), (&json!("三.(一).9"), &json!(["counter-clerk"])));
    }
    let backfill = deadline(shown, "gas.outage-backfill");
    assert_eq!((&backfill["state"], &backfill["entered_later"]), (&json!("met"), &json!(false)));
    let silent: Vec<&Value> =
        each(&shown["assessment"]["findings"]).filter(|finding| finding["phase"] == SILENT).collect();
    assert!(!silent.is_empty());
    for finding in silent {
        assert_eq!(finding["status"], "guidance", "nobody spoke, and that is no breach: {finding}");
    }
    assert_eq!(finding(shown, "gas.counter-no-chat")["status"], "satisfied", "attested");
}

/// A supervisor looks at the counter and finds one rule that was not kept. It is broken, and nothing else is.
fn audited(world: &World, shift: &str) {
    let before = world.shown(shift);
    let reason = "Talked about football at 15:10, on camera.";
    let audit = json!({
        "do": "audit", "phase": "counter", "exceptions": [{ "rule": "gas.counter-no-chat", "reason": reason }],
    });
    world.by(&["supervisor"]).command(shift, &audit).unwrap();
    let shown = world.shown(shift);
    assert_eq!(violated(&shown), ["gas.counter-no-chat"]);
    let broken = finding(&shown, "gas.counter-no-chat");
    assert_eq!((&broken["note"], &broken["evidence"][0]["source"]), (&json!(reason), &json!("breach.audit")));
    for (was, is) in each(&before["assessment"]["findings"]).zip(each(&shown["assessment"]["findings"])) {
        let same = was["rule"] == "gas.counter-no-chat" || was["status"] == is["status"];
        assert!(same, "the audit spoke of one rule: {was} {is}");
    }
}
