//! Under the execution form: a loan unit, extra wishes, an objection and the hours to answer it, a major fault, dissatisfaction.

use jobsheet_core::Moment;
use jobsheet_tests::scenario::{Ending, diagnosis, minutes, preparation, sign_off, work};
use serde_json::{Value, json};

use crate::walk::{Walk, duties, guidance, list, told};
use crate::world::{MORNING, World, deadline, finding, note, plain, report, state, tell, text, violated};

const PACK: (&str, &str) = ("execution-form", "service");

fn rule(name: &str) -> String {
    format!("execution-form.{name}")
}

fn start() -> Moment {
    "2026-03-02T09:00:00+08:00".parse().unwrap()
}

/// At work at the customer's.
fn at_work(world: &World, phone: &'static str, number: &str) -> Walk<'static> {
    let lee: &'static jobsheet_tests::phone::Phone = Box::leak(Box::new(world.phone(phone)));
    let walk = Walk::dispatched(world, lee, number, PACK, &json!({ "urgency": "normal" }));
    for stage in preparation(&start()) {
        // The tools are checked an hour ahead; the device has the visit from the morning on.
        let at = if stage.at.as_str() < MORNING { MORNING.to_owned() } else { stage.at };
        walk.works(&at, &stage.commands);
    }
    for stage in [diagnosis(&start(), 0, "Contactor burnt."), work(&start(), 0, None)] {
        walk.works(&stage.at, &stage.commands);
    }
    walk
}

#[test]
fn what_can_not_be_fixed_gets_a_loan_unit_and_a_date() {
    let world = World::new();
    let walk = at_work(&world, "lee", "REQ-1");
    walk.reports("2026-03-02T09:30:00+08:00", "out-of-scope-request", "Could you look at the pump too?");
    let at = "2026-03-02T09:31:00+08:00";
    let shown = walk.shows(at, "out-of-scope");
    assert_eq!(guidance(&shown), ["no-change-of-content", "no-extra-promise"]);
    assert_eq!(shown["guidance"][1]["severity"], "must-not");
    walk.reports("2026-03-02T09:32:00+08:00", "cannot-fix-on-site", "Board not made any more.");
    let at = "2026-03-02T09:33:00+08:00";
    let shown = walk.shows(at, "cannot-fix");
    assert_eq!(duties(&shown), list(&[("temporary-plan", false), ("temporary-next-time", false)]));
    assert_eq!(shown["duties"][0]["command"], "note");
    assert_eq!(told(&shown, "customer")["told"], Value::Null);
    assert_eq!(walk.next_of(at, "cannot-fix"), [rule("temporary-plan"), rule("temporary-next-time")]);
    let next = json!({ "do": "answer", "item": rule("temporary-next-time"), "value": { "time": minutes(&start(), 7 * 1440) } });
    walk.works(
        "2026-03-02T09:40:00+08:00",
        &[note("temporary-plan", "Loan unit 17 until the board comes."), next],
    );
    assert_eq!(walk.open("2026-03-02T09:41:00+08:00"), ["out-of-scope"]);
    walk.works("2026-03-02T09:45:00+08:00", &[plain("leave")]);
    assert_eq!(walk.open("2026-03-02T09:46:00+08:00"), Vec::<String>::new());
}

/// An objection at the signature, by a customer who then signs all the same.
fn objected(world: &World, number: &str) -> Walk<'static> {
    let walk = at_work(world, "lee", number);
    walk.works("2026-03-02T09:30:00+08:00", &[plain("finish")]);
    walk.reports("2026-03-02T09:35:00+08:00", "objection-raised", "It hums louder than before.");
    walk
}

#[test]
fn an_objection_is_answered_within_a_day_by_whoever_answers_and_both_sides_see_it() {
    let mut world = World::new();
    let walk = objected(&world, "REQ-1");
    let at = "2026-03-02T09:36:00+08:00";
    let shown = walk.shows(at, "objection");
    assert_eq!(guidance(&shown), ["objection-explain"]);
    assert_eq!(duties(&shown), list(&[("objection-record", false), ("objection-reply-24h", false)]));
    let customer = told(&shown, "customer");
    assert_eq!((&customer["due"], &customer["told"]), (&json!("2026-03-03T09:35:00+08:00"), &Value::Null));
    let left = shown["duties"][1]["left_seconds"].as_i64().unwrap();
    assert!((24 * 3600 - 70..=24 * 3600 - 60).contains(&left), "{left} s");
    walk.works(at, &[note("objection", "Hum under load; compare with the sister unit."), plain("leave")]);
    world.later("2026-03-02T10:00:00+08:00");
    walk.phone.at("2026-03-02T10:00:00+08:00").sync().unwrap();
    // The office sees who owes what, and by when.
    let there = walk.at_office(&world, "objection");
    let owed = &there["duties"][1];
    assert_eq!((&owed["roles"], &owed["side"]), (&json!(["technician"]), &json!("field")), "{owed}");
    assert_eq!(owed["due"], "2026-03-03T09:35:00+08:00");
    let row = world.office.get("/v1/visits?incident=objection").unwrap();
    assert_eq!((&row["total"], &row["visits"][0]["incidents"]), (&json!(1), &json!(["objection"])));
    // A minute before the end somebody at the office calls.
    world.later("2026-03-03T09:34:00+08:00");
    let customer_service = world.by(&["customer-service"]);
    assert_eq!(tell(&customer_service, &walk.visit, &report("reply-given")).status, 200);
    let there = walk.at_office(&world, "objection");
    assert_eq!((&there["open"], &there["closed_by"]), (&json!(false), &json!("reply-given")));
    assert_eq!(told(&there, "customer")["late"], false);
    walk.phone.at("2026-03-03T09:35:00+08:00").sync().unwrap();
    for shown in
        [world.shown(&walk.visit), crate::world::on(walk.phone, "2026-03-04T08:00:00+08:00", &walk.visit)]
    {
        assert_eq!(deadline(&shown, &rule("objection-reply-24h"))["state"], "met");
        assert_eq!(finding(&shown, &rule("objection-reply-24h"))["status"], "satisfied");
    }
}

#[test]
fn an_objection_that_nobody_answers_in_time_is_late_at_both_sides_and_goes_to_the_supervisor() {
    let mut world = World::new();
    let walk = objected(&world, "REQ-1");
    let at = "2026-03-02T09:36:00+08:00";
    walk.works(at, &[note("objection", "Hum under load."), plain("leave")]);
    world.later("2026-03-02T10:00:00+08:00");
    walk.phone.at("2026-03-02T10:00:00+08:00").sync().unwrap();
    world.later("2026-03-03T09:36:00+08:00");
    let id = rule("objection-reply-24h");
    for shown in
        [world.shown(&walk.visit), crate::world::on(walk.phone, "2026-03-03T09:36:00+08:00", &walk.visit)]
    {
        let clock = deadline(&shown, &id);
        assert_eq!((&clock["state"], &clock["tell"][0]["to"]), (&json!("breached"), &json!("supervisor")));
        assert!(violated(&shown).contains(&id.as_str()));
    }
    let there = walk.at_office(&world, "objection");
    assert!(there["open"] == true && told(&there, "customer")["late"] == true, "{there}");
    // The crew's device says that it is over, with the command that ends it.
    let steps = walk
        .phone
        .at("2026-03-03T09:37:00+08:00")
        .json(&["next", &walk.visit, "--role", "technician"])
        .unwrap();
    let step = crate::world::each(&steps).find(|step| step["rule"] == id).unwrap();
    assert!(step["left_seconds"].as_i64().unwrap() < 0 && step["situation"] == "objection", "{step}");
    let late = [
        report("reply-given"),
        json!({ "do": "explain-delay", "milestone": id, "reason": "The sister unit could not be measured." }),
        json!({ "do": "escalate", "milestone": id, "to": "supervisor" }),
    ];
    walk.works("2026-03-03T10:00:00+08:00", &late);
    let here = crate::world::on(walk.phone, "2026-03-03T10:01:00+08:00", &walk.visit);
    let clock = deadline(&here, &id);
    assert_eq!((&clock["state"], &clock["escalated_to"]), (&json!("met-late"), &json!(["supervisor"])));
    assert_eq!(told(&walk.shows("2026-03-03T10:01:00+08:00", "objection"), "customer")["late"], true);
}

#[test]
fn a_rating_has_three_levels_and_words_and_a_bad_one_is_followed_up() {
    let mut world = World::new();
    let walk = at_work(&world, "lee", "REQ-1");
    let answer = walk.phone.at("2026-03-02T09:40:00+08:00").call(&["survey", &walk.visit, "fair"]).unwrap();
    let said = &answer.json["error"]["message"];
    let levels = "satisfied, basically-satisfied, dissatisfied";
    assert!(answer.code == 3 && said.as_str().unwrap().contains(levels), "{answer:?}");
    let closing = sign_off(&start(), 0, Ending::Dissatisfied);
    walk.works(&closing.at, &closing.commands);
    let shown = walk.shows("2026-03-02T09:45:00+08:00", "dissatisfied");
    assert_eq!(told(&shown, "customer")["due"], "2026-03-04T09:40:00+08:00", "{shown}");
    world.later("2026-03-02T10:00:00+08:00");
    walk.phone.at("2026-03-02T10:00:00+08:00").sync().unwrap();
    let there = world.shown(&walk.visit);
    assert_eq!(there["record"]["rating"]["words"], "Took two calls before anybody came.");
    assert_eq!(state(&there), "uploaded");
    let owes = world.owed("supervisor");
    assert_eq!(owes, 1, "the supervisor leads the analysis");
    let supervisor = world.by(&["supervisor"]);
    let measures = [
        text(&rule("dissatisfied-analysis"), "Two calls were not passed on."),
        report("improvement-set"),
        report("reply-given"),
    ];
    for command in &measures {
        let answer = tell(&supervisor, &walk.visit, command);
        assert_eq!(answer.status, 200, "{command}: {}", answer.text);
    }
    let there = walk.at_office(&world, "dissatisfied");
    assert_eq!(there["open"], false, "{there}");
    assert_eq!(told(&there, "customer")["late"], false);
}

#[test]
fn a_major_fault_goes_to_the_director_and_starts_the_emergency_plan() {
    let mut world = World::new();
    let walk = at_work(&world, "lee", "REQ-1");
    walk.reports("2026-03-02T09:30:00+08:00", "major-fault-found", "Housing live.");
    let shown = walk.shows("2026-03-02T09:31:00+08:00", "major-fault");
    assert_eq!(duties(&shown), list(&[("major-fault-escalate", false), ("emergency-plan", false)]));
    assert_eq!(told(&shown, "service-director")["at_once"], true);
    walk.works("2026-03-02T09:32:00+08:00", &[report("director-told")]);
    world.later("2026-03-02T09:40:00+08:00");
    walk.phone.at("2026-03-02T09:40:00+08:00").sync().unwrap();
    assert_eq!(
        told(&walk.at_office(&world, "major-fault"), "service-director")["told"],
        "2026-03-02T09:32:00+08:00"
    );
    assert_eq!(
        tell(&world.by(&["service-director"]), &walk.visit, &report("emergency-plan-started")).status,
        200
    );
    assert_eq!(walk.at_office(&world, "major-fault")["open"], false);
}
