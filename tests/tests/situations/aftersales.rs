//! Under the after-sales rules: called away, mealtime, exchange, compensation, a missing part, no repair, no acceptance, prices.

use serde_json::{Value, json};

use crate::walk::{Walk, choice, duties, guidance, list, time, told};
use crate::world::{World, about, note, plain, state, tell, text, yes};

const PACK: (&str, &str) = ("aftersales-rules", "service");

fn rule(name: &str) -> String {
    format!("aftersales-rules.{name}")
}

#[test]
fn called_away_the_technician_tells_the_centre_and_the_dispatcher_decides() {
    let mut world = World::new();
    let lee = world.phone("lee");
    let walk = Walk::dispatched(&world, &lee, "REQ-1", PACK, &json!({}));
    walk.at_work();
    walk.reports("2026-03-02T10:00:00+08:00", "other-customer-called", "The mill stands still.");
    let at = "2026-03-02T10:01:00+08:00";
    let shown = walk.shows(at, "called-away");
    assert_eq!(shown["open"], true);
    assert_eq!(guidance(&shown), ["called-away-not-in-home", "called-away-explain"]);
    assert!(shown["guidance"][1]["say"]["en"].as_str().unwrap().contains("{technician}"));
    assert_eq!(shown["guidance"][0]["clause"], "第二篇.五.(1)");
    assert_eq!(duties(&shown), list(&[("called-away-tell-centre", false), ("called-away-reassign", false)]));
    let centre = told(&shown, "service-centre");
    assert_eq!((&centre["at_once"], &centre["told"]), (&json!(true), &Value::Null));
    assert_eq!(walk.next_of(at, "called-away"), [rule("called-away-tell-centre")]);

    let called = ["report-event", &walk.visit, "reported-to", "--about", "service-centre"];
    lee.at("2026-03-02T10:04:00+08:00").json(&called).unwrap();
    world.later("2026-03-02T10:05:00+08:00");
    lee.at("2026-03-02T10:05:00+08:00").sync().unwrap();
    let shown = walk.at_office(&world, "called-away");
    assert_eq!(told(&shown, "service-centre")["told"], "2026-03-02T10:04:00+08:00");
    assert_eq!(world.office.get("/v1/visits?incident=called-away").unwrap()["total"], 1);
    // The technician can not decide it, somebody without the role neither.
    let decision = choice(&rule("called-away-reassign"), "rebooked");
    let own = lee.at("2026-03-02T10:06:00+08:00").run(&walk.visit, std::slice::from_ref(&decision)).unwrap();
    assert_eq!(own[0]["error"]["code"], "forbidden", "{own:?}");
    assert_eq!(tell(&world.by(&["follow-up-agent"]), &walk.visit, &decision).status, 409);
    let dispatcher = world.by(&["dispatcher"]);
    assert_eq!(tell(&dispatcher, &walk.visit, &decision).status, 200);
    let shown = walk.at_office(&world, "called-away");
    assert_eq!(duties(&shown).pop().unwrap(), ("called-away-rebook".to_owned(), false), "a time is owed now");
    let answer =
        tell(&dispatcher, &walk.visit, &time(&rule("called-away-rebook"), "2026-03-02T16:00:00+08:00"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    lee.at("2026-03-02T10:07:00+08:00").sync().unwrap();
    assert_eq!(walk.open("2026-03-02T10:07:00+08:00"), Vec::<String>::new());
    assert_eq!(world.office.get("/v1/visits?incident=any").unwrap()["total"], 0);
}

#[test]
fn at_mealtime_the_crew_clears_up_names_its_return_and_never_eats_there() {
    let world = World::new();
    let lee = world.phone("lee");
    let walk = Walk::dispatched(&world, &lee, "REQ-1", PACK, &json!({}));
    walk.at_work();
    walk.reports("2026-03-02T11:40:00+08:00", "mealtime-reached", "");
    let at = "2026-03-02T11:41:00+08:00";
    let shown = walk.shows(at, "mealtime");
    assert_eq!(guidance(&shown), ["mealtime-never-eat", "mealtime-decline"]);
    assert_eq!(shown["guidance"][0]["severity"], "must-not");
    assert_eq!(duties(&shown), list(&[("mealtime-continue", false)]));
    walk.works(at, &[choice(&rule("mealtime-continue"), "inconvenient")]);
    let shown = walk.shows(at, "mealtime");
    let asked = [("mealtime-continue", true), ("mealtime-clear", false), ("mealtime-return-time", false)];
    assert_eq!(duties(&shown), list(&asked));
    assert_eq!(walk.next_of(at, "mealtime"), [rule("mealtime-clear"), rule("mealtime-return-time")]);
    let back = "2026-03-02T13:00:00+08:00";
    let leaving = [
        yes(&rule("mealtime-clear")),
        time(&rule("mealtime-return-time"), back),
        json!({ "do": "pause", "reason": "meal" }),
    ];
    walk.works("2026-03-02T11:45:00+08:00", &leaving);
    assert_eq!(walk.open("2026-03-02T11:46:00+08:00"), Vec::<String>::new());
    walk.works(back, &[plain("resume")]);

    // Eating there all the same is a breach of the one rule, whoever reports it.
    let eaten = json!({ "do": "report-breach", "rule": rule("mealtime-never-eat"), "source": "self", "note": "Had soup." });
    walk.works("2026-03-02T13:05:00+08:00", &[eaten]);
    let shown = crate::world::on(&lee, "2026-03-02T13:06:00+08:00", &walk.visit);
    let found = crate::world::finding(&shown, &rule("mealtime-never-eat"));
    assert_eq!((&found["status"], &found["note"]), (&json!("violated"), &json!("Had soup.")));
    assert_ne!(
        crate::world::finding(&shown, &rule("mealtime-decline"))["status"],
        "violated",
        "the one rule alone"
    );
}

#[test]
fn an_exchange_is_asked_of_the_superior_and_decided_by_the_manager() {
    let mut world = World::new();
    let lee = world.phone("lee");
    let walk = Walk::dispatched(&world, &lee, "REQ-1", PACK, &json!({}));
    walk.at_work();
    walk.reports("2026-03-02T10:00:00+08:00", "exchange-demanded", "Wants another machine, no repair.");
    let at = "2026-03-02T10:01:00+08:00";
    let shown = walk.shows(at, "exchange");
    assert_eq!(guidance(&shown)[0], "exchange-no-promise");
    let asked = ["exchange-ask-superior", "exchange-alternatives", "exchange-eligible", "exchange-special"];
    assert_eq!(duties(&shown), list(&asked.map(|one| (one, false))));
    assert_eq!(told(&shown, "superior-department")["at_once"], true);
    assert_eq!(walk.next_of(at, "exchange")[0], rule("exchange-ask-superior"));
    let asked =
        [about("reported-to", "superior-department"), choice(&rule("exchange-alternatives"), "insists")];
    walk.works("2026-03-02T10:03:00+08:00", &asked);
    // Nobody accepts anything, so nobody signs: the crew leaves, the record stays open.
    walk.works("2026-03-02T10:30:00+08:00", &[plain("leave")]);
    world.later("2026-03-02T11:00:00+08:00");
    lee.at("2026-03-02T11:00:00+08:00").sync().unwrap();
    let shown = walk.at_office(&world, "exchange");
    assert_eq!(told(&shown, "superior-department")["told"], "2026-03-02T10:03:00+08:00");
    let shut = tell(&world.office, &walk.visit, &plain("close"));
    crate::world::refused(&shut, "not-yet", &rule("exchange-eligible"), "第二篇.五.(3)");
    let decision = choice(&rule("exchange-eligible"), "refused");
    assert_eq!(tell(&world.by(&["service-director"]), &walk.visit, &decision).status, 200);
    let shown = walk.at_office(&world, "exchange");
    assert_eq!(shown["open"], false);
    let rules = shown["guidance"].as_array().unwrap();
    let explain = rules.iter().find(|line| line["rule"] == rule("exchange-ineligible-explain")).unwrap();
    assert!(explain["say"].as_str().unwrap().contains("three guarantees"), "{explain}");
    assert_eq!(tell(&world.office, &walk.visit, &plain("close")).status, 200);
}

#[test]
fn a_claim_stays_open_until_the_centres_answer_has_been_given() {
    let mut world = World::new();
    let lee = world.phone("lee");
    let walk = Walk::dispatched(&world, &lee, "REQ-1", PACK, &json!({}));
    walk.at_work();
    walk.reports("2026-03-02T10:00:00+08:00", "compensation-demanded", "A week without the machine.");
    let at = "2026-03-02T10:01:00+08:00";
    let shown = walk.shows(at, "compensation");
    assert_eq!(guidance(&shown), ["compensation-no-quick-answer", "compensation-defer"]);
    assert_eq!(told(&shown, "service-centre")["at_once"], true);
    assert_eq!(told(&shown, "department")["moot"], true, "only where the claim is set aside");
    walk.works(at, &[text(&rule("compensation-reason"), "Lost a week of work.")]);
    walk.works(at, &[choice(&rule("compensation-persuade"), "set-aside")]);
    let shown = walk.shows(at, "compensation");
    let other_way =
        (told(&shown, "service-centre")["moot"].clone(), told(&shown, "department")["moot"].clone());
    assert_eq!(other_way, (json!(true), json!(false)));
    assert_eq!(shown["open"], true, "set aside in the conversation, not in the record");
    walk.works("2026-03-02T10:05:00+08:00", &[about("reported-to", "departments"), plain("leave")]);
    world.later("2026-03-02T11:00:00+08:00");
    lee.at("2026-03-02T11:00:00+08:00").sync().unwrap();
    let shown = walk.at_office(&world, "compensation");
    assert_eq!(told(&shown, "department")["told"], "2026-03-02T10:05:00+08:00");
    let shut = tell(&world.office, &walk.visit, &plain("close"));
    crate::world::refused(&shut, "not-yet", &rule("compensation-as-approved"), "第二篇.五.(4)");
    assert_eq!(tell(&world.office, &walk.visit, &about("reply-given", "claim")).status, 200);
    let shown = walk.at_office(&world, "compensation");
    assert_eq!((&shown["open"], &shown["closed_by"]), (&json!(false), &json!("reply-given/claim")));
    assert_eq!(tell(&world.office, &walk.visit, &plain("close")).status, 200);
}

#[test]
fn without_the_part_another_visit_is_agreed_and_without_a_repair_the_problem_stays_open() {
    let world = World::new();
    let lee = world.phone("lee");
    let walk = Walk::dispatched(&world, &lee, "REQ-1", PACK, &json!({}));
    walk.at_work();
    walk.reports("2026-03-02T10:00:00+08:00", "part-missing", "Seal kit.");
    let at = "2026-03-02T10:01:00+08:00";
    let asked = [("missing-parts-explain", false), ("missing-parts-rebook", false)];
    assert_eq!(duties(&walk.shows(at, "part-missing")), list(&asked));
    let again = [
        text(&rule("missing-parts-explain"), "The seal kit comes on Thursday."),
        time(&rule("missing-parts-rebook"), "2026-03-05T09:00:00+08:00"),
    ];
    walk.works(at, &again);
    walk.reports("2026-03-02T10:05:00+08:00", "cannot-fix-on-site", "");
    assert_eq!(walk.open("2026-03-02T10:06:00+08:00"), ["cannot-fix"], "the part is settled");
    walk.works("2026-03-02T10:10:00+08:00", &[plain("leave")]);
    let shown = walk.shows("2026-03-02T10:11:00+08:00", "cannot-fix");
    assert_eq!((&shown["open"], &shown["closed_by"]), (&json!(false), &json!("left-site")));

    // Somebody else accepts, but not the person who matters; and prices are asked about.
    let walk = Walk::dispatched(&world, &lee, "REQ-2", PACK, &json!({}));
    walk.at_work();
    walk.reports("2026-03-02T10:20:00+08:00", "out-of-scope-request", "What would a new one cost?");
    let shown = walk.shows("2026-03-02T10:21:00+08:00", "price-question");
    assert_eq!(guidance(&shown), ["avoid-price-talk", "price-to-sales", "no-absolutes"]);
    walk.works("2026-03-02T10:30:00+08:00", &[note("cause", "Worn seal."), plain("finish")]);
    let out = lee.at("2026-03-02T10:31:00+08:00").run(&walk.visit, &[plain("leave")]).unwrap();
    assert_eq!(out[0]["error"]["code"], "not-yet", "{out:?}");
    walk.reports("2026-03-02T10:32:00+08:00", "acceptance-withheld", "The manager is away.");
    let shown = walk.shows("2026-03-02T10:33:00+08:00", "not-accepted");
    assert!(shown["open"] == true && shown["reading"]["en"].as_str().unwrap().contains("absent"), "{shown}");
    walk.works("2026-03-02T10:35:00+08:00", &[plain("leave")]);
    let at = "2026-03-02T10:36:00+08:00";
    assert_eq!(walk.open(at), Vec::<String>::new());
    assert_eq!(state(&crate::world::on(&lee, at, &walk.visit)), "left");
}
