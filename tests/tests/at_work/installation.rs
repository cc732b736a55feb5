//! An installation: sales and the director before anybody goes, the customer's word before anybody enters or leaves, a call
//! after a week, and a complaint that sales passes on.

use jobsheet_tests::phone::Phone;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{
    MORNING, World, cites, deadline, each, finding, id, note, on, plain, refused, report, state, stopped,
    tell, text, violated, works, yes,
};

const SIGN: &str = "engineering.install-order-director-sign";
const ORDER: &str = "engineering.install-order-by-sales";

#[test]
fn an_installation_is_approved_done_and_followed_up() {
    let mut world = World::new();
    let lee = world.phone("lee");
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let visit = approved(&world);
    works_on_site(&lee, &visit);

    world.later("2026-03-02T13:00:00+08:00");
    assert_eq!(lee.at("2026-03-02T13:00:00+08:00").sync().unwrap()["refused"], 0);
    let shown = world.shown(&visit);
    assert_eq!((state(&shown), violated(&shown)), ("left", Vec::new()));
    let week = deadline(&shown, "engineering.follow-up-1-week");
    assert_eq!((&week["state"], &week["clause"]), (&json!("running"), &json!("(二).2.3.10")));
    assert_eq!(week["roles"], json!(["follow-up-agent"]));
    assert!(week["due"].as_str().unwrap().starts_with("2026-03-09T11:"), "{week}");
    assert_eq!(world.owed("follow-up-agent"), 1);

    world.later("2026-03-08T10:00:00+08:00");
    let agent = world.by(&["follow-up-agent"]);
    let usage = json!({ "do": "answer", "item": "engineering.follow-up-usage", "value": { "choice": "works-normally" } });
    let by_sales = tell(&world.by(&["sales"]), &visit, &usage);
    refused(&by_sales, "forbidden", "engineering.follow-up-usage", "(二).2.3.10");
    let early = tell(&agent, &visit, &plain("close"));
    refused(&early, "not-yet", "engineering.follow-up-usage", "(二).2.3.10");
    agent.command(&visit, &usage).unwrap();
    let shown = agent.command(&visit, &report("follow-up-done")).unwrap();
    assert_eq!(deadline(&shown, "engineering.follow-up-1-week")["state"], "met");
    assert_eq!(state(&agent.command(&visit, &plain("close")).unwrap()), "closed");
    assert_eq!(violated(&world.shown(&visit)), Vec::<&str>::new());
    assert_eq!(world.owed("follow-up-agent"), 0);
}

/// Nobody is sent before sales has issued the order and the director has signed it.
fn approved(world: &World) -> String {
    let (sales, director) = (world.by(&["sales"]), world.by(&["service-director"]));
    let sent = json!({
        "crew": ["lee"], "start": "2026-03-02T09:00:00+08:00", "end": "2026-03-02T12:00:00+08:00",
    });
    let assign = |visit: &str, office: &jobsheet_tests::office::Office| {
        let body = Some(("application/json", sent.to_string().into_bytes()));
        office.ask(Method::PUT, &format!("/v1/visits/{visit}/assignment"), body).unwrap()
    };
    let mut at_once = sent.clone();
    at_once["standard"] = json!("engineering");
    at_once["job"] = json!("installation");
    let body = Some(("application/json", at_once.to_string().into_bytes()));
    let answer = world.office.ask(Method::POST, "/v1/requests/REQ-1/dispatch", body).unwrap();
    refused(&answer, "not-yet", ORDER, "(二).1");
    refused(&answer, "not-yet", SIGN, "(二).1");
    assert_eq!(world.office.get("/v1/visits").unwrap()["total"], 0, "a refused dispatch writes nothing");

    let new = json!({ "standard": "engineering", "job": "installation", "order": { "scope": "One line, with training", "customer_class": "ordinary" } });
    let visit = id(&world.office.post("/v1/requests/REQ-1/register", &new).unwrap());
    assert_eq!((world.owed("sales"), world.owed("service-director")), (json!(1), json!(0)));
    refused(&assign(&visit, &director), "not-yet", ORDER, "(二).1");
    let decide = |approved: bool, note: Option<&str>| json!({ "do": "decide", "rule": SIGN, "approved": approved, "note": note });
    let early = tell(&director, &visit, &decide(true, None));
    refused(&early, "invalid", SIGN, "(二).1");
    sales.command(&visit, &report("install-order-issued")).unwrap();
    assert_eq!((world.owed("sales"), world.owed("service-director")), (json!(0), json!(1)));

    let answer = assign(&visit, &director);
    refused(&answer, "not-yet", SIGN, "(二).1");
    assert!(each(&answer.json["rules"]).all(|rule| rule["rule"] != ORDER), "{}", answer.text);
    refused(&tell(&sales, &visit, &decide(true, None)), "forbidden", SIGN, "(二).1");
    let wordless = tell(&director, &visit, &decide(false, None));
    assert_eq!((wordless.status, &wordless.json["code"]), (409, &json!("invalid")), "a no needs words");
    director.command(&visit, &decide(false, Some("The foundation is not ready."))).unwrap();
    refused(&assign(&visit, &director), "not-yet", SIGN, "(二).1");
    let shown = director.command(&visit, &decide(true, None)).unwrap();
    assert_eq!(finding(&shown, SIGN)["status"], "satisfied", "the yes takes the no back");
    assert_eq!(assign(&visit, &sales).status, 403, "sales sends nobody");
    let answer = assign(&visit, &director);
    assert_eq!((answer.status, state(&answer.json)), (200, "assigned"), "{}", answer.text);
    visit
}

fn works_on_site(lee: &Phone, visit: &str) {
    assert_eq!(lee.at(MORNING).sync().unwrap()["documents"], 1);
    let before = [
        plain("accept"),
        json!({ "do": "confirm-appointment", "channel": "phone" }),
        text("engineering.precall-problem-points", "Socket, door width, floor."),
        yes("engineering.tools-check"),
    ];
    works(lee, "2026-03-02T08:15:00+08:00", visit, &before);
    works(lee, "2026-03-02T08:30:00+08:00", visit, &[plain("depart"), yes("engineering.tools-carry")]);
    works(lee, "2026-03-02T08:55:00+08:00", visit, &[plain("arrive")]);
    let (enter, consent) = (plain("enter"), "engineering.entry-consent");
    let at = "2026-03-02T08:56:00+08:00";
    stopped(lee, at, visit, &enter, "not-yet", consent, "(二).2.3.3");
    let steps = lee.at(at).json(&["next", visit]).unwrap();
    cites(&steps, consent, "(二).2.3.3");
    assert_eq!((&steps[0]["rule"], &steps[0]["why"]), (&json!(consent), &json!("gate")), "{steps}");
    assert_eq!(steps[0]["consequences"][0], json!({ "then": "blocks", "events": ["entered"] }), "{steps}");
    let no = json!({ "do": "answer", "item": consent, "value": { "yes": false } });
    works(lee, at, visit, &[no]);
    stopped(lee, at, visit, &enter, "not-yet", consent, "(二).2.3.3");
    works(lee, "2026-03-02T08:58:00+08:00", visit, &[yes(consent), enter]);
    let work = [
        yes("engineering.announce-name"),
        yes("engineering.prework-prepare"),
        plain("start"),
        yes("engineering.unbox-layout"),
        yes("engineering.ask-before-moving"),
        yes("engineering.power-on-test"),
        yes("engineering.explain-equipment"),
        report("training-finished"),
        yes("engineering.handover-manual"),
        yes("engineering.handover-certificate"),
        yes("engineering.handover-warranty-card"),
        yes("engineering.handover-precautions"),
    ];
    works(lee, "2026-03-02T09:10:00+08:00", visit, &work);
    works(lee, "2026-03-02T11:30:00+08:00", visit, &[plain("finish")]);
    let clear = "engineering.leave-when-clear";
    stopped(lee, "2026-03-02T11:31:00+08:00", visit, &plain("leave"), "not-yet", clear, "(二).2.3.9");
    let end = [
        yes("engineering.clean-own-mess"),
        note("work-done", "Set up, commissioned, two people trained."),
        json!({ "do": "survey", "level": "satisfied", "words": "Explained well." }),
        yes("engineering.leave-ask-more"),
        yes(clear),
        plain("leave"),
    ];
    works(lee, "2026-03-02T11:40:00+08:00", visit, &end);
    let shown = on(lee, "2026-03-02T11:50:00+08:00", visit);
    assert_eq!(violated(&shown), Vec::<&str>::new());
    let open = each(&shown["assessment"]["findings"]).filter(|finding| finding["status"] == "outstanding");
    let open: Vec<&str> = open.map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert_eq!(
        open,
        ["engineering.follow-up-1-week", "engineering.follow-up-usage"],
        "the call after a week"
    );
}

#[test]
fn a_complaint_from_sales_is_answered_within_half_an_hour() {
    let mut world = World::new();
    let (sales, service) = (world.by(&["sales"]), world.by(&["customer-service"]));
    let open = |number: &str, source: &str| {
        let new = json!({
            "standard": "engineering", "job": "complaint", "number": number, "received_at": "2026-03-02T08:00:00+08:00",
            "order": { "source": source, "salesperson": "Han", "complaint": "The line stops.", "time_zone": "Asia/Shanghai" },
        });
        id(&sales.post("/v1/cases", &new).unwrap())
    };
    let rule = "engineering.feedback-sales-30min";
    let (just, late, silent) = (open("C-1", "sales"), open("C-2", "sales"), open("C-3", "sales"));
    let direct = open("C-4", "customer");
    assert_eq!(
        deadline(&world.shown(&direct), rule)["state"],
        "not-applicable",
        "it did not come from sales"
    );
    let running = world.shown(&just);
    let clock = deadline(&running, rule);
    assert_eq!((&clock["state"], &clock["due"]), (&json!("running"), &json!("2026-03-02T08:30:00+08:00")));
    assert_eq!((&clock["clause"], &clock["roles"]), (&json!("8.反馈"), &json!(["customer-service"])));
    let step = each(&running["next"]).find(|step| step["rule"] == rule).unwrap();
    assert!(
        each(&step["consequences"]).any(|one| *one == json!({ "then": "tells", "roles": ["supervisor"] })),
        "{step}"
    );
    let queued = service.get("/v1/visits?owed=customer-service&query=C-1").unwrap();
    assert_eq!(queued["visits"][0]["next_due"], "2026-03-02T00:30:00Z", "{queued}");

    world.later("2026-03-02T08:30:30+08:00");
    let answered = |second: u8| json!({ "do": "report", "event": "sales-informed", "happened": format!("2026-03-02T08:30:{second:02}+08:00") });
    let shown = service.command(&just, &answered(0)).unwrap();
    let clock = deadline(&shown, rule);
    assert_eq!((&clock["state"], &clock["left_seconds"]), (&json!("met"), &json!(0)), "{clock}");
    assert_eq!(clock["entered_later"], true);
    assert_eq!(finding(&shown, rule)["status"], "satisfied");

    let shown = service.command(&late, &answered(1)).unwrap();
    let clock = deadline(&shown, rule);
    assert_eq!((&clock["state"], &clock["left_seconds"]), (&json!("met-late"), &json!(-1)), "{clock}");
    assert_eq!(violated(&shown), [rule]);
    assert_eq!((&clock["tell"][0]["to"], &clock["tell"][0]["done"]), (&json!("supervisor"), &json!(false)));
    let told = json!({ "do": "escalate", "milestone": rule, "to": "supervisor" });
    let shown = service.command(&late, &told).unwrap();
    assert_eq!(deadline(&shown, rule)["tell"][0]["done"], true);

    let shown = world.shown(&silent);
    assert_eq!(deadline(&shown, rule)["state"], "breached", "the half hour is over and nobody has answered");
    let ahead = json!({ "do": "report", "event": "sales-informed", "happened": "2026-03-02T09:30:00+08:00" });
    let answer: Value = tell(&service, &silent, &ahead).json;
    assert_eq!(answer["code"], "invalid", "{answer}");
}
