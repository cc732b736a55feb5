//! Points: a complaint, a pending deduction, an appeal from the phone, and what the reviewer says of it.

use serde_json::{Value, json};

use crate::world::{
    MORNING, World, each, finding, on, plain, refused, report, tell, text, violated, works, yes,
};

const MANNERS: &str = "diesel.score-violation-maintenance";
const LATE: &str = "diesel.score-late";

#[test]
fn points_count_once_a_reviewer_has_spoken() {
    let mut world = World::new();
    let lee = world.phone("lee");
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let visit =
        world.dispatch("REQ-1", "diesel", "maintenance", "lee", &json!({ "time_zone": "Asia/Shanghai" }));
    lee.at(MORNING).sync().unwrap();
    let way = [
        plain("accept"),
        text("diesel.learn-fault-before-visit", "No start when cold."),
        text("diesel.analyse-fault", "Glow plugs or fuel."),
        text("diesel.learn-site-rules", "Helmet, no smoking."),
        yes("diesel.prepare-tools"),
        plain("depart"),
    ];
    works(&lee, "2026-03-02T08:20:00+08:00", &visit, &way);
    // A minute late, and known before: what the record knows of the delay is that nobody foresaw it.
    works(&lee, "2026-03-02T09:01:00+08:00", &visit, &[plain("arrive"), plain("start")]);
    world.later("2026-03-02T09:30:00+08:00");
    lee.at("2026-03-02T09:30:00+08:00").sync().unwrap();

    let supervisor = world.by(&["supervisor"]);
    let breach = json!({
        "do": "report-breach", "rule": "diesel.obey-site-rules", "source": "complaint",
        "note": "The engineer smoked in the engine room.",
    });
    let shown = world.by(&["hotline-agent"]).command(&visit, &breach).unwrap();
    assert_eq!(violated(&shown), ["diesel.obey-site-rules", "diesel.arrive-on-time"]);
    let manners = line(&shown, MANNERS);
    assert_eq!((&manners["state"], &manners["centipoints"]), (&json!("pending"), &json!(-20)));
    assert_eq!(
        (&manners["cause"], &manners["condition_met"]),
        (&json!("diesel.obey-site-rules"), &json!(false))
    );
    assert_eq!((&manners["clause"], &manners["persons"]), (&json!("二.服务准备.考核.1"), &json!(["lee"])));
    assert_eq!(line(&shown, LATE)["state"], "pending");
    let confirm = |rule: &str, cause: &str| json!({ "do": "score", "rule": rule, "cause": cause, "verdict": "confirm" });
    let early = tell(&supervisor, &visit, &confirm(MANNERS, "diesel.obey-site-rules"));
    refused(&early, "invalid", MANNERS, "二.服务准备.考核.1");
    assert_eq!(world.owed("supervisor"), 0);

    let shown = world.office.command(&visit, &report("customer-complained")).unwrap();
    for rule in [MANNERS, LATE] {
        assert_eq!(line(&shown, rule)["state"], "to-confirm", "{rule}");
    }
    assert_eq!(sums(&shown), (0, -70));
    assert_eq!(world.owed("supervisor"), 1);

    appealed(&world, &lee, &visit);
    world.later("2026-03-02T10:00:00+08:00");
    decided(&world, &lee, &visit);
}

#[test]
fn a_reviewer_has_the_last_word_whatever_the_clock_of_a_phone_says() {
    let world = World::new();
    let lee = world.phone("lee");
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let visit = world.dispatch("REQ-1", "diesel", "maintenance", "lee", &json!({}));
    let cause = "diesel.obey-site-rules";
    let breach = json!({ "do": "report-breach", "rule": cause, "source": "complaint", "note": "Smoked." });
    world.office.command(&visit, &breach).unwrap();
    world.office.command(&visit, &report("customer-complained")).unwrap();
    lee.at(MORNING).sync().unwrap();
    // Somebody sets the phone's clock an hour on.
    let fast = lee.at("2026-03-02T09:00:00+08:00");
    fast.json(&["score", &visit, MANNERS, cause, "appeal", "--reason", "It was not me."]).unwrap();
    fast.sync().unwrap();
    assert_eq!(line(&world.shown(&visit), MANNERS)["state"], "appealed");
    let waive = json!({ "do": "score", "rule": MANNERS, "cause": cause, "verdict": "waive", "reason": "He is right." });
    let shown = world.by(&["supervisor"]).command(&visit, &waive).unwrap();
    assert_eq!(line(&shown, MANNERS)["state"], "waived");
}

/// The engineer sees the same points and does not agree with one of them.
fn appealed(world: &World, lee: &jobsheet_tests::phone::Phone, visit: &str) {
    let at = "2026-03-02T09:31:00+08:00";
    lee.at(at).sync().unwrap();
    same_points(world, lee, at, visit);
    let cause = "obey-site-rules";
    let score = |verdict: &'static str| vec!["score", visit, "score-violation-maintenance", cause, verdict];
    let wordless = lee.at(at).call(&score("appeal")).unwrap();
    assert_eq!(wordless.code, 3, "an appeal needs a reason: {}", wordless.text);
    let own = lee.at(at).call(&score("confirm")).unwrap();
    assert_eq!(
        (own.code, &own.json["error"]["code"]),
        (3, &json!("forbidden")),
        "nobody confirms his own points"
    );
    let mut reasoned = score("appeal");
    reasoned.extend(["--reason", "It was the customer's own man."]);
    lee.at(at).json(&reasoned).unwrap();
    let here = on(lee, at, visit);
    assert_eq!(line(&here, MANNERS)["state"], "appealed");
    lee.at(at).sync().unwrap();
    same_points(world, lee, at, visit);
}

fn decided(world: &World, lee: &jobsheet_tests::phone::Phone, visit: &str) {
    let (supervisor, warehouse) = (world.by(&["supervisor"]), world.by(&["warehouse"]));
    let score = |rule: &str, cause: &str, verdict: &str, reason: Option<&str>| json!({ "do": "score", "rule": rule, "cause": cause, "verdict": verdict, "reason": reason });
    let (manners, late) = ("diesel.obey-site-rules", "diesel.arrive-on-time");
    let by_warehouse = tell(&warehouse, visit, &score(MANNERS, manners, "waive", Some("No.")));
    refused(&by_warehouse, "forbidden", MANNERS, "二.服务准备.考核.1");
    let wordless = tell(&supervisor, visit, &score(MANNERS, manners, "waive", None));
    assert_eq!((wordless.status, &wordless.json["code"]), (409, &json!("invalid")), "a waiver needs words");
    let words = "The log of the yard names its own man.";
    supervisor.command(visit, &score(MANNERS, manners, "waive", Some(words))).unwrap();
    let shown = supervisor.command(visit, &score(LATE, late, "confirm", None)).unwrap();
    let waived = line(&shown, MANNERS);
    assert_eq!((&waived["state"], &waived["reason"]), (&json!("waived"), &json!(words)));
    assert_eq!((&line(&shown, LATE)["state"], sums(&shown)), (&json!("confirmed"), (-50, 0)));
    assert_eq!(finding(&shown, LATE)["status"], "satisfied", "decided");
    assert_eq!(world.owed("supervisor"), 0);

    let at = "2026-03-02T10:00:00+08:00";
    lee.at(at).sync().unwrap();
    same_points(world, lee, at, visit);
    let here = lee.at(at).call(&["report", visit, "--audience", "office"]).unwrap().text;
    let there = world.office.text(&format!("/v1/visits/{visit}/report?lang=en&audience=office")).unwrap();
    for (who, page) in [("phone", here), ("server", there)] {
        for words in ["-0.20", "-0.50", "二.服务准备.考核.1", "二.服务准备.考核.3", words] {
            assert!(page.contains(words), "the report of the {who} lacks {words}");
        }
    }
    let customer =
        world.office.text(&format!("/v1/visits/{visit}/report?lang=en&audience=customer")).unwrap();
    assert!(!customer.contains("-0.50"), "points are no business of the customer");
}

fn line<'a>(shown: &'a Value, rule: &str) -> &'a Value {
    let lines = &shown["assessment"]["points"]["lines"];
    each(lines).find(|line| line["rule"] == rule).unwrap_or_else(|| panic!("no {rule} in {lines}"))
}

fn sums(shown: &Value) -> (i64, i64) {
    let sum = |name: &str| shown["assessment"]["points"][name].as_i64().unwrap();
    (sum("confirmed_centipoints"), sum("open_centipoints"))
}

/// The phone and the server list the same lines and sums.
fn same_points(world: &World, lee: &jobsheet_tests::phone::Phone, at: &str, visit: &str) {
    let there = world.office.get(&format!("/v1/visits/{visit}")).unwrap();
    assert_eq!(on(lee, at, visit)["assessment"]["points"], there["assessment"]["points"]);
}
