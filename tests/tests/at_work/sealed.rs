//! From the customer's signature to a file that anybody can verify: sealed, exported, amended, signed again, tampered with.

use jobsheet_tests::phone::Phone;
use serde_json::{Value, json};

use crate::world::{MORNING, World, each, note, on, plain, text, works, yes};

const EVENING: &str = "2026-03-02T17:00:00+08:00";

fn rule(name: &str) -> String {
    format!("execution-form.{name}")
}

fn sign(role: &str) -> Value {
    json!({ "do": "sign", "role": role, "name": "Chen Wei" })
}

/// A visit up to the moment at which the customer may sign.
fn done(world: &World, phone: &Phone) -> String {
    world.import(&[("REQ-1", "03/01/2026 06:50:00 PM")]);
    let order = json!({ "urgency": "normal" });
    let visit = world.dispatch("REQ-1", "execution-form", "service", "maria", &order);
    phone.at(MORNING).sync().unwrap();
    let way = [
        plain("accept"),
        yes(&rule("confirm-address-time")),
        json!({ "do": "confirm-appointment", "channel": "phone" }),
        plain("prepare"),
        plain("depart"),
        plain("arrive"),
        plain("present-badge"),
        yes(&rule("diagnose-procedure")),
        yes(&rule("professional-tools")),
        plain("diagnose"),
        note("cause", "belt worn"),
        yes(&rule("explain-problem")),
        yes(&rule("explain-solution")),
        text(&rule("state-duration"), "one hour"),
        json!({ "do": "obtain-consent", "granted": true }),
        plain("start"),
    ];
    works(phone, "2026-03-02T09:30:00+08:00", &visit, &way);
    let picture = world.picture(1);
    phone
        .at("2026-03-02T10:00:00+08:00")
        .json(&["add-photo", &visit, &picture, "--item", "protect-site"])
        .unwrap();
    let work = [
        note("solution", "belt changed"),
        note("steps", "opened, changed, closed"),
        note("communication", "told about the belt"),
        plain("finish"),
        yes(&rule("test-run")),
        yes(&rule("problem-solved")),
        text(&rule("explain-precautions"), "no long runs for two weeks"),
        plain("hand-over"),
        json!({ "do": "survey", "level": "satisfied" }),
    ];
    works(phone, "2026-03-02T11:00:00+08:00", &visit, &work);
    visit
}

fn verdict(phone: &Phone, what: &str) -> (i32, Value) {
    let called = phone.at(EVENING).call(&["verify", what]).unwrap();
    (called.code, called.json)
}

#[test]
fn a_record_is_signed_sealed_exported_and_verified_without_a_server() {
    let mut world = World::new();
    let maria = world.phone("maria");
    let visit = done(&world, &maria);
    let organisation = world.office.get("/v1/organisation").unwrap();
    let key = organisation["key"].as_str().unwrap().to_owned();
    world.stop();

    let (code, found) = verdict(&maria, &visit);
    assert_eq!((code, &found["verdict"]), (3, &json!("unsealed")));
    works(&maria, "2026-03-02T11:20:00+08:00", &visit, &[sign("customer"), sign("technician")]);
    let (code, found) = verdict(&maria, &visit);
    assert_eq!((code, &found["verdict"]), (0, &json!("intact")), "{found}");
    let seal = each(&found["seals"]).last().unwrap();
    assert_eq!((&seal["person"], &seal["trusted"]), (&json!("maria"), &json!(true)));
    let hashes: Vec<&Value> =
        each(&found["signatures"]).map(|signature| &signature["facts_sha256"]).collect();
    assert_eq!(hashes[0], hashes[1], "both signed the same facts");

    // The file is verified on the device, and on a machine that knows nothing but the organisation's key.
    let file = world.path().join("record.jobsheet").to_string_lossy().into_owned();
    let exported = maria.at(EVENING).json(&["export", &visit, "--out", &file]).unwrap();
    assert_eq!(exported["manifest"]["missing"], json!([]));
    let (code, found) = verdict(&maria, &file);
    assert_eq!((code, &found["verdict"]), (0, &json!("intact")), "{found}");
    let stranger = Phone::new("stranger", world.path());
    let (code, found) = verdict(&stranger, &file);
    assert_eq!((code, &found["verdict"], &found["record"]), (3, &json!("untrusted"), &Value::Null));
    assert_eq!(found["certificate"]["issuer"], key.as_str());
    let told = stranger.at(EVENING).call(&["verify", &file, "--trust", &key]).unwrap();
    assert_eq!((told.code, &told.json["verdict"]), (0, &json!("intact")), "{}", told.text);
    assert!(!stranger.store.exists(), "no store is made to verify a file");

    // One byte is enough, and so is a photo that is not what it was.
    let bytes = std::fs::read(&file).unwrap();
    for at in [700, bytes.len() / 2, bytes.len() - 3_000] {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        let other = world.path().join("other.jobsheet");
        std::fs::write(&other, changed).unwrap();
        let (code, found) = verdict(&maria, &other.to_string_lossy());
        assert_eq!((code, &found["verdict"]), (3, &json!("broken")), "byte {at}");
    }
    let photo =
        exported["manifest"]["entries"].as_array().unwrap().last().unwrap()["sha256"].as_str().unwrap();
    let kept = maria.store.join("attachments").join(photo);
    let original = std::fs::read(&kept).unwrap();
    std::fs::write(&kept, vec![0; original.len()]).unwrap();
    let refused = maria.at(EVENING).call(&["export", &visit, "--out", &file]).unwrap();
    assert_ne!(refused.code, 0, "a damaged photo is not exported as if nothing were: {}", refused.text);
    std::fs::write(&kept, original).unwrap();

    // The office sees the same, from the same document.
    world.start(EVENING);
    maria.at(EVENING).sync().unwrap();
    let shown = world.shown(&visit);
    assert_eq!(shown["verification"]["verdict"], "intact", "{}", shown["verification"]);
    let report =
        world.office.ask(reqwest::Method::GET, &format!("/v1/visits/{visit}/report?lang=en"), None).unwrap();
    assert!(report.text.contains("Sealed; verified"), "the report says whether it holds");

    // Kept in less space it is the same record, and the seal still holds.
    let (before, told) = (world.shown(&visit), world.archive());
    assert!(told.starts_with("1 documents archived"), "{told}");
    assert_eq!(world.shown(&visit)["verification"], before["verification"]);
}

#[test]
fn an_amendment_after_the_seal_asks_for_the_signature_again() {
    let world = World::new();
    let maria = world.phone("maria");
    let visit = done(&world, &maria);
    works(
        &maria,
        "2026-03-02T11:20:00+08:00",
        &visit,
        &[sign("customer"), sign("technician"), plain("leave")],
    );
    let at = maria.at("2026-03-02T12:00:00+08:00");
    let refused = at.call(&["answer", &visit, "state-duration", "--text", "two hours"]).unwrap();
    assert_eq!((refused.code, &refused.json["error"]["code"]), (3, &json!("sealed")));
    at.json(&["answer", &visit, "state-duration", "--text", "two hours", "--amend", "it took longer"])
        .unwrap();
    let (code, found) = verdict(&maria, &visit);
    assert_eq!((code, &found["verdict"]), (3, &json!("outdated")));
    assert_eq!(found["state"]["roles"], json!(["customer", "technician"]));
    let steps = at.json(&["next", &visit]).unwrap();
    let again: Vec<&Value> = each(&steps).filter(|step| step["why"] == "sign-again").collect();
    assert_eq!(again.len(), 2, "{steps}");
    works(&maria, "2026-03-02T12:05:00+08:00", &visit, &[sign("customer"), sign("technician")]);
    let (code, found) = verdict(&maria, &visit);
    assert_eq!((code, &found["verdict"]), (0, &json!("amended")), "{found}");
    let report = maria.at(EVENING).json(&["report", &visit, "--audience", "customer"]).unwrap();
    let html = report["html"].as_str().unwrap();
    for words in ["Changed after the seal", "it took longer", "one hour", "two hours"] {
        assert!(html.contains(words), "the customer's report lacks `{words}`");
    }
    maria.at(EVENING).sync().unwrap();
    assert_eq!(world.shown(&visit)["verification"]["verdict"], "amended");
    let amendment =
        world.shown(&visit)["record"]["amendments"].as_object().unwrap().values().next().unwrap().clone();
    assert_eq!((&amendment["reason"], &amendment["command"]), (&json!("it took longer"), &json!("answer")));
}

#[test]
fn what_a_crew_mate_wrote_offline_is_shown_when_it_arrives_after_the_seal() {
    let world = World::new();
    let maria = world.phone("maria");
    let visit = done(&world, &maria);
    maria.at("2026-03-02T11:01:00+08:00").sync().unwrap();
    // A second device of the same person holds the visit, and is offline while the customer signs on the first.
    let tablet = Phone::new("maria-tablet", world.path());
    let code = world.office.code("maria").unwrap();
    tablet.at(MORNING).enrol(&world.office.address, &code).unwrap();
    tablet.at("2026-03-02T11:02:00+08:00").sync().unwrap();
    works(&tablet, "2026-03-02T11:10:00+08:00", &visit, &[text(&rule("state-duration"), "two hours")]);
    works(&maria, "2026-03-02T11:20:00+08:00", &visit, &[sign("customer"), sign("technician")]);
    maria.at("2026-03-02T11:30:00+08:00").sync().unwrap();
    tablet.at("2026-03-02T11:40:00+08:00").sync().unwrap();
    maria.at("2026-03-02T11:50:00+08:00").sync().unwrap();
    for phone in [&maria, &tablet] {
        let (code, found) = verdict(phone, &visit);
        assert_eq!((code, &found["verdict"]), (3, &json!("outdated")), "{found}");
        assert_eq!(found["late"].as_array().unwrap().len(), 1, "{found}");
    }
    let shown = on(&maria, EVENING, &visit);
    assert_eq!(shown["seal"], json!({ "is": "outdated", "roles": ["customer", "technician"] }));
    assert_eq!(world.shown(&visit)["verification"]["late"].as_array().unwrap().len(), 1);
    works(&maria, "2026-03-02T12:00:00+08:00", &visit, &[sign("customer"), sign("technician")]);
    assert_eq!(verdict(&maria, &visit).1["verdict"], "amended");
}
