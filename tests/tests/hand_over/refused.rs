//! Work that the server refused is not lost: a person sees it, writes it anew once it may come in, carries it to another phone, or
//! throws it away.

use jobsheet_tests::phone::Phone;
use jobsheet_tests::scenario::{note, yes};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, take_over, world};

const LATER: &str = "2026-03-02T17:00:00Z";

/// Tom took a visit over and worked on; the office refused the hand-over, since Maria's phone had been shut out.
fn refused() -> World {
    let world = world();
    world.maria.at("2026-03-02T14:00:00Z").work(&world.visit, &[json!({"do": "accept"})]).unwrap();
    let file = world.pass_on(&world.maria, "tom", "for-tom.tar");
    take_over(&world.tom, &file);
    let work = [
        note("steps", "Tom: cover off. "),
        yes("confirm-address-time"),
        json!({"do": "say", "words": "Here."}),
    ];
    world.tom.at("2026-03-02T15:10:00Z").work(&world.visit, &work).unwrap();
    let devices = world.office.get("/v1/devices").unwrap();
    let marias = devices.as_array().unwrap().iter().find(|device| device["technician"] == "maria").unwrap();
    let gone =
        world.office.ask(Method::DELETE, &format!("/v1/devices/{}", marias["id"].as_str().unwrap()), None);
    assert_eq!(gone.unwrap().status, 204);
    let tom = world.tom.at(LATER);
    tom.sync().unwrap();
    let id = world.office.get("/v1/hand-overs").unwrap()[0]["id"].as_str().unwrap().to_owned();
    let told = world.office.ask(Method::DELETE, &format!("/v1/hand-overs/{id}"), None).unwrap();
    assert_eq!(told.json["state"], "refused", "{told:?}");
    let report = tom.sync().unwrap();
    assert_eq!(report["refused"], 5, "{report}");
    world
}

fn quarantine(phone: &Phone) -> Vec<Value> {
    phone.json(&["quarantine"]).unwrap().as_array().unwrap().clone()
}

fn steps(world: &World) -> String {
    world.view()["record"]["notes"]["steps"].as_str().unwrap_or_default().to_owned()
}

/// The office sends Tom itself.
fn assign_tom(world: &World) {
    let order = json!({
        "crew": ["tom"], "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
    });
    let body = Some(("application/json", order.to_string().into_bytes()));
    let told =
        world.office.ask(Method::PUT, &format!("/v1/visits/{}/assignment", world.visit), body).unwrap();
    assert_eq!(told.status, 200, "{told:?}");
}

#[test]
fn a_person_sees_what_was_refused() {
    let world = refused();
    let kept = quarantine(&world.tom);
    let codes: Vec<&str> = kept.iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["hand-over-refused"; 5]);
    let show = |command: &str| {
        let one = kept.iter().find(|one| one["command"] == command).unwrap();
        world.tom.json(&["quarantine", "show", one["change"].as_str().unwrap()]).unwrap()
    };
    let said = show("say");
    assert_eq!(said["readable"], true);
    assert_eq!(said["fields"][0]["after"]["words"], "Here.", "{said}");
    let answered = show("answer");
    assert_eq!(answered["fields"][0]["path"], "field/answers/execution-form.confirm-address-time");
    let noted = show("note");
    assert_eq!(noted["fields"][0]["edits"][0]["inserted"], "Tom: cover off. ", "{noted}");
    assert_eq!(world.tom.call(&["quarantine", "show", "00"]).unwrap().code, 4);
    // At the office the same waits, and says as much.
    let late = world.office.get("/v1/late").unwrap();
    assert_eq!((&late[0]["changes"], &late[0]["technician"]), (&json!(5), &json!("tom")));
    let path = format!("/v1/late/{}/{}/changes", late[0]["device"].as_str().unwrap(), world.visit);
    let shown = world.office.get(&path).unwrap();
    assert_eq!(shown.as_array().unwrap().len(), 5);
    assert!(shown.to_string().contains("Tom: cover off. "), "{shown}");
}

#[test]
fn it_is_written_anew_once_it_may_come_in_and_not_before() {
    let world = refused();
    let tom = world.tom.at(LATER);
    // Nobody has assigned the visit: what he wrote would be refused again.
    let called = tom.call(&["quarantine", "repair", &world.visit, "--preview"]).unwrap();
    assert_eq!(called.code, 3, "{called:?}");
    let left = called.json["left"].as_array().unwrap();
    assert!(left.len() == 5 && left.iter().all(|one| one["code"] == "not-assigned"), "{called:?}");
    assign_tom(&world);
    tom.sync().unwrap();
    let preview = tom.json(&["quarantine", "repair", &world.visit, "--preview"]).unwrap();
    assert_eq!(quarantine(&tom).len(), 5, "a preview writes nothing");
    let done = tom.json(&["quarantine", "repair", &world.visit]).unwrap();
    let commands = |told: &Value, field: &str| -> Vec<String> {
        let list = told[field].as_array().unwrap();
        list.iter().map(|one| one["command"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(commands(&done, "written"), ["note", "answer", "say"]);
    assert_eq!(commands(&preview, "written"), commands(&done, "written"));
    // What Maria did is not Tom's to write.
    assert_eq!(commands(&done, "left"), ["accept", "pass-on"]);
    assert!(done["left"].as_array().unwrap().iter().all(|one| one["code"] == "foreign-author"), "{done}");
    let report = tom.sync().unwrap();
    assert_eq!((&report["accepted"], &report["refused"]), (&json!(3), &json!(0)), "{report}");
    assert_eq!(steps(&world), "Tom: cover off. ");
    assert_eq!(world.writers(), [("tom".into(), "tom".into(), 3)]);
    // Done once; what is left is Maria's.
    assert_eq!(tom.call(&["quarantine", "repair", &world.visit]).unwrap().code, 3);
    for one in quarantine(&tom) {
        tom.json(&["quarantine", "discard", one["change"].as_str().unwrap()]).unwrap();
    }
    assert_eq!(tom.json(&["outbox"]).unwrap(), json!([]));
}

#[test]
fn it_is_carried_to_another_phone() {
    let world = refused();
    let out = world.folder.path().join("refused.txt");
    let export = ["quarantine", "export", "--out", out.to_str().unwrap()];
    assert_eq!(world.tom.json(&export).unwrap()["changes"], 5);
    assert_eq!(world.tom.call(&export).unwrap().code, 2, "none is written over");
    assert_eq!(quarantine(&world.tom).len(), 5, "it stays here as well");
    assign_tom(&world);
    let next = Phone::new("next", world.folder.path()).at(LATER);
    next.enrol(&world.office.address, &world.office.code("tom").unwrap()).unwrap();
    next.sync().unwrap();
    let file = out.to_str().unwrap();
    assert_eq!(
        next.json(&["restore", file]).unwrap()["restored"],
        0,
        "what was refused stays unless asked for"
    );
    assert_eq!(next.json(&["restore", file, "--refused"]).unwrap()["restored"], 5);
    let report = next.sync().unwrap();
    assert_eq!(report["refused"], 5, "Maria's are not his, and his build on them: {report}");
    let done = next.json(&["quarantine", "repair", &world.visit]).unwrap();
    assert_eq!(done["written"].as_array().unwrap().len(), 3);
    next.sync().unwrap();
    assert_eq!(steps(&world), "Tom: cover off. ");
}

#[test]
fn what_the_office_takes_in_leaves_the_quarantine() {
    let world = refused();
    assign_tom(&world);
    let late = world.office.get("/v1/late").unwrap();
    let path = format!("/v1/late/{}/{}", late[0]["device"].as_str().unwrap(), world.visit);
    let told = world.office.post(&format!("{path}/repair"), &json!({})).unwrap();
    assert_eq!(told["admitted"], 3, "{told}");
    assert_eq!(steps(&world), "Tom: cover off. ");
    let tom = world.tom.at(LATER);
    tom.sync().unwrap();
    // The office wrote it anew for him; to write it once more is refused, entry by entry.
    let done = tom.call(&["quarantine", "repair", &world.visit]).unwrap();
    let said = done.json["left"].as_array().unwrap().iter().find(|one| one["command"] == "say").unwrap();
    assert_eq!(said["code"], "rewrites", "{done:?}");
}
