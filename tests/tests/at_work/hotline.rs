//! A complaint at the hotline: the office's own, from the call to the file.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{
    MORNING, World, cites, deadline, each, finding, id, plain, refused, report, state, tell, text, violated,
    yes,
};

const CLAUSE: &str = "三.(二).10";

#[test]
fn the_hotline_sees_a_valid_complaint_through() {
    let world = World::new();
    let mei = world.phone("mei");
    let (agent, warehouse) = (world.by(&["hotline-agent"]), world.by(&["warehouse"]));
    let auditor = world.by(&["auditor"]);
    let new = json!({
        "standard": "gas", "job": "complaint", "received_at": "2026-03-02T07:55:00+08:00",
        "order": { "complaint": "Nobody came on Friday.", "customer_name": "Mr Wu", "time_zone": "Asia/Shanghai" },
    });
    let body = || Some(("application/json", new.to_string().into_bytes()));
    assert_eq!(warehouse.ask(Method::POST, "/v1/cases", body()).unwrap().status, 403);
    assert_eq!(world.owed("hotline-agent"), 0);
    let case = id(&agent.post("/v1/cases", &new).unwrap());
    assert_eq!((world.owed("hotline-agent"), world.owed("counter-clerk")), (json!(1), json!(0)));
    asked(&world, &case);

    let judge = |class: &str| json!({ "do": "answer", "item": "gas.hotline-valid-class", "value": { "choice": class } });
    refused(&tell(&warehouse, &case, &judge("invalid")), "forbidden", "gas.hotline-valid-class", CLAUSE);
    assert_eq!(tell(&auditor, &case, &judge("valid")).status, 403, "an auditor reads");
    let early = tell(&agent, &case, &report("complaint-resolved"));
    refused(&early, "wrong-state", "gas.hotline-valid-class", CLAUSE);

    let shown = agent.command(&case, &judge("valid")).unwrap();
    assert_eq!(state(&shown), "judged");
    for rule in ["gas.hotline-valid-apologise", "gas.hotline-valid-solution", "gas.hotline-valid-route"] {
        assert_eq!(finding(&shown, rule)["status"], "outstanding", "{rule}");
    }
    assert_eq!(finding(&shown, "gas.hotline-invalid-explain")["status"], "not-yet-due", "it is valid");

    let apology = yes("gas.hotline-valid-apologise");
    refused(&tell(&warehouse, &case, &apology), "forbidden", "gas.hotline-valid-apologise", CLAUSE);
    for (command, expected) in [
        (apology, "judged"),
        (text("gas.hotline-valid-solution", "A crew comes today before noon."), "judged"),
        (report("complaint-routed"), "routed"),
        (report("reply-given"), "answered"),
    ] {
        assert_eq!(world.owed("hotline-agent"), 1, "before {command}");
        assert_eq!(state(&agent.command(&case, &command).unwrap()), expected, "{command}");
    }
    let early = tell(&agent, &case, &plain("close"));
    refused(&early, "wrong-state", "gas.hotline-complaint-summary", CLAUSE);
    assert_eq!(state(&agent.command(&case, &report("complaint-resolved")).unwrap()), "resolved");
    assert_eq!(world.owed("hotline-agent"), 1, "the summary is owed");
    agent.command(&case, &text("gas.hotline-complaint-summary", "Summary of week 10")).unwrap();
    assert_eq!(world.owed("hotline-agent"), 0, "nothing is owed any more");
    assert_eq!(state(&agent.command(&case, &plain("close")).unwrap()), "closed");
    ended(&world, &case);

    let sync = mei.at(MORNING).sync().unwrap();
    assert_eq!(sync["documents"], 0, "a case is on no device: {sync}");
    assert_eq!(mei.json(&["visits"]).unwrap()["total"], 0);
    assert_eq!(mei.call(&["show", &case]).unwrap().code, 4);
}

/// What the hotline is asked, with clause, role and what follows.
fn asked(world: &World, case: &str) {
    let mine = world.office.get(&format!("/v1/visits/{case}?lang=en&role=hotline-agent")).unwrap();
    cites(&mine["next"], "gas.hotline-valid-class", CLAUSE);
    let step = each(&mine["next"]).find(|step| step["rule"] == "gas.hotline-valid-class").unwrap();
    assert_eq!(
        (&step["why"], &step["command"], &step["roles"]),
        (&json!("owed"), &json!("answer"), &json!(["hotline-agent"]))
    );
    let reply = each(&mine["next"]).find(|step| step["rule"] == "gas.hotline-complaint-reply").unwrap();
    assert_eq!((&reply["why"], &reply["argument"]), (&json!("deadline"), &json!("reply-given")));
    let other = world.office.get(&format!("/v1/visits/{case}?role=counter-clerk")).unwrap();
    assert!(each(&other["next"]).all(|step| step["rule"] != "gas.hotline-valid-class"), "{}", other["next"]);
}

fn ended(world: &World, case: &str) {
    let shown = world.shown(case);
    assert_eq!(violated(&shown), Vec::<&str>::new());
    assert_eq!(shown["assessment"]["counts"]["outstanding"], 0);
    let reply = deadline(&shown, "gas.hotline-complaint-reply");
    assert_eq!((&reply["state"], &reply["clause"]), (&json!("met"), &json!(CLAUSE)));
    assert_eq!(reply["started"], "2026-03-02T07:55:00+08:00", "from the call on");
    assert_eq!(reply["due"], Value::Null, "the text gives no figure");
    for (rule, status) in [
        ("gas.hotline-complaint-record", "satisfied"),
        ("gas.hotline-valid-class", "satisfied"),
        ("gas.hotline-valid-route", "satisfied"),
        ("gas.hotline-complaint-summary", "satisfied"),
    ] {
        assert_eq!(finding(&shown, rule)["status"], status, "{rule}");
    }
    let report = world.office.text(&format!("/v1/visits/{case}/report?lang=zh&audience=office")).unwrap();
    assert!(report.contains("Nobody came on Friday.") && report.contains("Summary of week 10"));
}
