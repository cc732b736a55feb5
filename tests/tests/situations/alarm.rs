//! Abuse and detention: one command calls the office, at once or as soon as there is a network again.

use std::time::{Duration, Instant};

use jobsheet_tests::phone::Phone;
use jobsheet_tests::server::signal;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::walk::{Walk, told};
use crate::world::{World, each, finding, on, plain, state, tell, text, violated};

const PACK: (&str, &str) = ("aftersales-rules", "service");
const PLACE: &str = "31.2304,121.4737,15";

fn alerts(world: &World) -> Value {
    world.office.get("/v1/alerts").unwrap()
}

/// `jobsheet alert` as its own process, which goes on until the server has it.
fn calling(phone: &Phone, at: &str, visit: &str) -> std::process::Child {
    let program = jobsheet_tests::programs::program("jobsheet").unwrap();
    let mut command = std::process::Command::new(program);
    command.arg("--store").arg(&phone.store).args(["--json", "alert", visit, "--place", PLACE]);
    command.args(["--words", "They took the van keys."]).env("JOBSHEET_CLOCK", at);
    command.stdout(std::process::Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_call_for_help_waits_for_the_server_goes_first_and_is_answered() {
    let mut world = World::new();
    let lee = world.phone("lee");
    // Much other work that has not been sent, on visits before and behind.
    let others: Vec<Walk> = (1..=3)
        .map(|number| Walk::dispatched(&world, &lee, &format!("REQ-{number}"), PACK, &json!({})))
        .collect();
    let walk = Walk::dispatched(&world, &lee, "REQ-9", PACK, &json!({}));
    walk.at_work();
    for other in &others {
        other.works("2026-03-02T09:05:00+08:00", &[json!({ "do": "say", "words": "Waiting." })]);
    }
    world.stop();

    let at = "2026-03-02T10:00:00+08:00";
    let mut child = calling(&lee, at, &walk.visit);
    // The alert is durable although nobody can be reached, and the tries go on.
    let begun = Instant::now();
    while walk.open(at).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the alert is kept at once");
    }
    std::thread::sleep(Duration::from_secs(6));
    assert!(child.try_wait().unwrap().is_none(), "it keeps trying");
    world.start("2026-03-02T10:00:05+08:00");
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success());
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(said["delivery"]["tries"].as_u64().unwrap() >= 2, "{said}");
    assert_eq!((&said["delivery"]["waiting"], &said["delivery"]["refused"]), (&json!(0), &json!(0)));

    let listed = alerts(&world);
    assert_eq!((&listed["total"], &listed["open"]), (&json!(1), &json!(1)));
    let alert = &listed["alerts"][0];
    assert_eq!((&alert["visit"], &alert["person"]), (&json!(walk.visit), &json!("lee")));
    assert_eq!((&alert["situation"], &alert["state"]), (&json!("abuse"), &json!("in-work")));
    assert_eq!(
        alert["alert"]["place"],
        json!({ "latitude": 31.2304, "longitude": 121.4737, "accuracy_m": 15.0 })
    );
    assert_eq!(alert["alert"]["words"], "They took the van keys.");
    let rows = world.office.get("/v1/visits?incident=abuse").unwrap();
    assert_eq!((&rows["total"], &rows["visits"][0]["alerts"]), (&json!(1), &json!(1)));
    let shown = world.shown(&walk.visit);
    let first = &shown["next"][0];
    assert_eq!((&first["why"], &first["command"]), (&json!("alert"), &json!("acknowledge-alert")), "{first}");

    // A dispatcher answers; the technician sees it with the next sync, and the centre has been told.
    let answer = json!({ "do": "acknowledge-alert", "alert": first["argument"], "words": "Manager Wu is on the way." });
    let answered = tell(&world.by(&["dispatcher"]), &walk.visit, &answer);
    assert_eq!(answered.status, 200, "{}", answered.text);
    assert_eq!(alerts(&world)["open"], 0);
    let later = "2026-03-02T10:02:00+08:00";
    lee.at("2026-03-02T10:00:20+08:00").sync().unwrap();
    let here = walk.shows(later, "abuse");
    let said = &here["alerts"][0]["acknowledged"];
    assert_eq!(
        (&said["person"], &said["words"]),
        (&json!("dispatcher"), &json!("Manager Wu is on the way."))
    );
    assert!(told(&here, "service-centre")["told"].is_string(), "{here}");
    assert_eq!(here["open"], true, "somebody has to take it up");
    assert_eq!(here["frees"], json!(["left-site", "closed"]));

    // Nobody signs, nobody leaves as the rules ask: the office closes the record in the middle of the work.
    let taken = text("aftersales-rules.abuse-others-handle", "Manager Wu and the police.");
    assert_eq!(tell(&world.by(&["supervisor"]), &walk.visit, &taken).status, 200);
    let closed = world.office.command(&walk.visit, &plain("close")).unwrap();
    assert_eq!((state(&closed), &closed["assessment"]["state"]["side"]), ("closed", &json!("interrupted")));
    assert_eq!(violated(&closed), Vec::<&str>::new());
    assert_eq!(finding(&closed, "aftersales-rules.key-person-acceptance")["status"], "not-applicable");
    assert_eq!(walk.at_office(&world, "abuse")["open"], false);
    // No report for a customer says where the technician was.
    for audience in ["customer", "third-party", "office", "crew"] {
        let page =
            world.office.text(&format!("/v1/visits/{}/report?audience={audience}", walk.visit)).unwrap();
        assert!(!page.contains("31.2304") && !page.contains("121.4737"), "{audience}");
    }
    let log = std::fs::read_to_string(world.path().join("server.log")).unwrap();
    assert!(!log.contains("31.2304") && !log.contains("van keys"), "no personal data in logs");
}

#[test]
fn a_call_that_was_cut_off_goes_out_first_with_the_next_sync() {
    let mut world = World::new();
    let lee = world.phone("lee");
    let walk = Walk::dispatched(&world, &lee, "REQ-1", PACK, &json!({}));
    walk.at_work();
    world.stop();
    let at = "2026-03-02T10:00:00+08:00";
    let mut child = calling(&lee, at, &walk.visit);
    while walk.open(at).is_empty() {}
    // The phone is taken away; later the app starts again.
    signal(&child, Signal::KILL).unwrap();
    child.wait().unwrap();
    let waiting = lee.at(at).json(&["outbox"]).unwrap();
    assert_eq!(waiting[0]["number"], "REQ-1");
    world.start("2026-03-02T10:30:00+08:00");
    lee.at("2026-03-02T10:30:00+08:00").sync().unwrap();
    assert_eq!(alerts(&world)["open"], 1);

    // Without waiting: kept, and the next sync takes it along. Answered ones come after the open ones.
    let first = alerts(&world)["alerts"][0]["id"].clone();
    let answer = json!({ "do": "acknowledge-alert", "alert": first });
    assert_eq!(tell(&world.office, &walk.visit, &answer).status, 200);
    let kept = lee.at("2026-03-02T10:31:00+08:00").json(&["alert", &walk.visit, "--no-wait"]).unwrap();
    assert_eq!((&kept["delivery"], &kept["receipt"]["command"]), (&Value::Null, &json!("alert")));
    assert_eq!(alerts(&world)["total"], 1, "not sent yet");
    lee.at("2026-03-02T10:31:30+08:00").sync().unwrap();
    let listed = alerts(&world);
    let open: Vec<bool> = each(&listed["alerts"]).map(|one| one["acknowledged_at"].is_null()).collect();
    assert_eq!(open, [true, false]);
    assert_eq!(world.office.get("/v1/alerts?open=true").unwrap()["alerts"].as_array().unwrap().len(), 1);
}

#[test]
fn any_job_can_call_for_help_and_what_makes_no_sense_is_refused() {
    let world = World::new();
    let lee = world.phone("lee");
    let walk =
        Walk::dispatched(&world, &lee, "REQ-1", ("gas", "booked-repair"), &json!({ "urgency": "booked" }));
    // Not even accepted: nothing stops a call for help. The pack has no situation with an alert, so none is named.
    let at = "2026-03-02T08:10:00+08:00";
    let called = lee.at(at).json(&["alert", &walk.visit, "--words", "Locked in."]).unwrap();
    assert_eq!(called["delivery"]["waiting"], 0);
    let listed = alerts(&world);
    assert_eq!((&listed["alerts"][0]["situation"], &listed["open"]), (&Value::Null, &json!(1)));
    for (arguments, code) in [
        (vec!["alert", walk.visit.as_str(), "--situation", "abuse"], 3),
        (vec!["alert", walk.visit.as_str(), "--place", "north"], 2),
        (vec!["alert", walk.visit.as_str(), "--place", "95,10"], 3),
        (vec!["alert", "REQ-77"], 4),
        (vec!["incident", walk.visit.as_str(), "abuse"], 2),
    ] {
        let answer = lee.at(at).call(&arguments).unwrap();
        assert_eq!(answer.code, code, "{arguments:?}: {} {}", answer.text, answer.error);
        assert!(!answer.text.contains("95") && !answer.error.contains("95"), "a place is not repeated");
    }
    let shown = on(&lee, at, &walk.visit);
    assert_eq!(state(&shown), "assigned");
    let unknown = json!({ "do": "acknowledge-alert", "alert": "00000000-0000-4000-8000-000000000001" });
    assert_eq!(tell(&world.office, &walk.visit, &unknown).json["code"], "invalid");
    // Somebody who is not enrolled gets no further by trying again.
    let stranger = Phone::new("stranger", world.path());
    assert_eq!(stranger.at(at).call(&["alert", "REQ-1"]).unwrap().code, 4, "it holds no visit at all");
}
