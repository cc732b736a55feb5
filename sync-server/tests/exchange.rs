//! The exchange with devices: what is taken, what is refused, what comes back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Device, Server, codes, ok, order, problem};
use jobsheet_core::record::{AnswerValue, Command, NoteEdit, SurveyAnswer};
use jobsheet_wire::{Delivery, Framed, MAX_BODY_BYTES, PROTOCOL, PULL_PAGE_BYTES, Verdict, encode_exchange};
use reqwest::Method;
use serde_json::json;
use sha2::Digest;
use uuid::Uuid;

const NUMBERS: [&str; 3] = ["101001241039", "101001241625", "101001241817"];

struct Scene {
    server: Server,
    visit: Uuid,
    lee: Device,
}

/// One visit of lee and mei, and lee's phone with it.
fn scene() -> Scene {
    let server = Server::start();
    server.import();
    for id in ["lee", "mei", "ann"] {
        server.technician(id);
    }
    let visit = server.dispatch(NUMBERS[0], &["lee", "mei"]);
    let mut lee = server.device("lee");
    let reply = lee.sync(&[]);
    assert_eq!((reply.deliveries.len(), reply.packs.len(), reply.more), (1, 1, false));
    Scene { server, visit, lee }
}

fn say(words: &str) -> Command {
    Command::Say { words: words.to_owned() }
}

fn answer(rule: &str) -> Command {
    Command::Answer { item: format!("execution-form.{rule}"), value: AnswerValue::Yes(true) }
}

fn state(server: &Server, visit: &Uuid) -> serde_json::Value {
    server.get(&format!("/v1/visits/{visit}"))["assessment"]["state"]["id"].clone()
}

/// Bytes under the hash that they have.
fn framed(bytes: Vec<u8>) -> Framed {
    Framed { hash: sha2::Sha256::digest(bytes.get(8..).unwrap_or_default()).into(), bytes }
}

#[test]
fn work_reaches_the_office_and_the_other_device() {
    let Scene { server, visit, mut lee } = scene();
    let mut mei = server.device("mei");
    mei.sync(&[]);
    let accepted = lee.work(&visit, Command::Accept);
    let said = lee.work(&visit, say("On my way."));
    let pushed = vec![accepted, said];
    let reply = lee.sync(&[(visit, pushed.clone())]);
    assert_eq!(codes(&reply), ["accepted", "accepted"]);
    assert!(reply.deliveries.is_empty(), "own changes do not come back");
    assert_eq!(state(&server, &visit), "accepted");
    assert_eq!(server.get("/v1/visits")["visits"][0]["state"], "accepted");

    let Verdict::Accepted(seq) = reply.verdicts[0].verdict else { panic!() };
    let again = lee.sync(&[(visit, pushed.clone())]);
    assert_eq!(again.verdicts[0].verdict, Verdict::Duplicate(seq), "the same request twice is safe");
    assert!(again.cursor >= reply.cursor);

    let news = mei.sync(&[]);
    let Delivery::Tail(tail) = &news.deliveries[0] else { panic!("{:?}", news.deliveries) };
    assert_eq!(tail.changes, pushed);
    assert_eq!(mei.visits[&visit].heads(), lee.visits[&visit].heads());
    assert!(mei.sync(&[]).deliveries.is_empty());

    let history = server.get(&format!("/v1/visits/{visit}/changes"));
    let last = history.as_array().unwrap().last().unwrap();
    assert_eq!((&last["command"], &last["person"]), (&json!("say"), &json!("lee")));
    assert_eq!(last["device"], json!(lee.id));
}

#[test]
fn a_signed_record_is_noted_as_uploaded() {
    let Scene { server, visit, mut lee } = scene();
    let text = |rule: &str| Command::Answer {
        item: format!("execution-form.{rule}"),
        value: AnswerValue::Text("one hour".to_owned()),
    };
    let note =
        |note: &str| Command::Note { note: note.to_owned(), edit: NoteEdit::Append("words".to_owned()) };
    let sign =
        |role: &str| Command::Sign { role: role.to_owned(), name: "Chen".to_owned(), image_sha256: None };
    let photo = Command::AddPhoto {
        sha256: "ab".repeat(32),
        size: 1000,
        media_type: "image/jpeg".to_owned(),
        item: Some("execution-form.protect-site".to_owned()),
        moment: None,
        caption: None,
        pair_with: None,
        shot: None,
    };
    let before = [
        Command::Accept,
        answer("confirm-address-time"),
        Command::ConfirmAppointment { channel: "phone".to_owned() },
        Command::Prepare,
        Command::Depart,
        Command::Arrive,
        Command::PresentBadge,
        answer("diagnose-procedure"),
        answer("professional-tools"),
        Command::Diagnose,
        note("cause"),
        answer("explain-problem"),
        answer("explain-solution"),
        text("state-duration"),
        Command::ObtainConsent { granted: true, note: None },
        Command::Start,
        photo,
        note("solution"),
        note("steps"),
        note("communication"),
        Command::Finish,
        answer("test-run"),
        answer("problem-solved"),
        text("explain-precautions"),
        Command::HandOver,
        Command::Survey(SurveyAnswer { level: "satisfied".to_owned(), words: None }),
    ];
    let pushed: Vec<Framed> = before.into_iter().map(|command| lee.work(&visit, command)).collect();
    let reply = lee.sync(&[(visit, pushed)]);
    assert!(codes(&reply).iter().all(|code| code == "accepted"), "{:?}", reply.verdicts);
    assert!(reply.deliveries.is_empty(), "not signed yet");
    let signed = vec![lee.work(&visit, sign("customer")), lee.work(&visit, sign("technician"))];
    let reply = lee.sync(&[(visit, signed.clone())]);
    assert_eq!(codes(&reply), ["accepted", "accepted"]);
    let Verdict::Accepted(last) = reply.verdicts[1].verdict else { panic!() };
    assert_eq!(state(&server, &visit), "uploaded");
    let history = server.get(&format!("/v1/visits/{visit}/changes"));
    let note = history.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&note["person"], &note["seq"]),
        (&json!("server"), &json!(last + 1)),
        "after the device's changes"
    );
    assert_eq!(reply.deliveries.len(), 1, "the device learns of it at once");
    assert!(lee.sync(&[(visit, signed)]).deliveries.is_empty(), "noted once");
}

#[test]
fn bodies_that_are_damaged_are_refused_whole() {
    let Scene { server, visit, mut lee } = scene();
    let change = lee.work(&visit, Command::Accept);
    let body = encode_exchange(&lee.message(&[(visit, vec![change])])).unwrap();
    server.refused(|| lee.send(body[..body.len() - 1].to_vec()), 400, "body-damaged");
    server.refused(|| lee.send(Vec::new()), 400, "body-damaged");
    let mut flipped = body.clone();
    flipped[body.len() / 2] ^= 1;
    server.refused(|| lee.send(flipped), 400, "body-damaged");
    let mut version = body.clone();
    version[0] = 9;
    let told = server.refused(|| lee.send(version), 400, "unknown-protocol-version");
    assert!(
        told["detail"].as_str().unwrap().contains(&format!("supported: {PROTOCOL} to {PROTOCOL}")),
        "{told}"
    );
    server.refused(|| lee.send(vec![PROTOCOL; MAX_BODY_BYTES + 1]), 413, "too-large");
    let another = lee.work(&visit, say("swapped"));
    let swapped = Framed { hash: [7; 32], ..another };
    let bound = lee.message(&[(visit, vec![swapped])]);
    server.refused(|| lee.send(encode_exchange(&bound).unwrap()), 400, "wrong-binding");
    assert!(lee.send(body).status().is_success(), "the whole body is taken");
}

#[test]
fn a_body_cut_short_on_the_way_leaves_nothing() {
    use std::io::{Read, Write};
    let Scene { server, visit, mut lee } = scene();
    let change = lee.work(&visit, Command::Accept);
    let body = encode_exchange(&lee.message(&[(visit, vec![change])])).unwrap();
    let before = server.rows();
    let mut wire = std::net::TcpStream::connect(server.address()).unwrap();
    write!(
        wire,
        "POST /v1/sync HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        lee.token,
        body.len()
    )
    .unwrap();
    wire.write_all(&body[..body.len() / 2]).unwrap();
    wire.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    let _ = wire.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(server.rows(), before);
    server.alive();
}

#[test]
fn a_change_that_is_damaged_costs_itself_and_its_descendants_only() {
    let Scene { server, visit, mut lee } = scene();
    let other = server.dispatch(NUMBERS[1], &["lee"]);
    lee.sync(&[]);
    let good = lee.work(&visit, Command::Accept);
    let mut flipped = lee.work(&visit, say("one"));
    let child = lee.work(&visit, say("two"));
    let elsewhere = lee.work(&other, Command::Accept);
    let at = flipped.bytes.len() / 2;
    flipped.bytes[at] ^= 1;
    let flipped = framed(flipped.bytes);
    let reply = lee.sync(&[(visit, vec![good, flipped, child]), (other, vec![elsewhere])]);
    assert_eq!(codes(&reply), ["accepted", "unreadable", "pending", "accepted"]);
    server.alive();
}

#[test]
fn changes_whose_parents_are_not_there_wait() {
    let Scene { server, visit, mut lee } = scene();
    let first = lee.work(&visit, Command::Accept);
    let second = lee.work(&visit, say("two"));
    let before = server.rows();
    let reply = lee.sync(&[(visit, vec![second.clone()])]);
    assert_eq!(reply.verdicts[0].verdict, Verdict::Pending(vec![jobsheet_wire::BytesHash(first.hash)]));
    assert_eq!(server.rows(), before);
    let reply = lee.sync(&[(visit, vec![second, first])]);
    assert_eq!(codes(&reply), ["accepted", "accepted"], "in any order once they are all there");
}

#[test]
fn another_technicians_visit_is_out_of_scope_as_is_one_that_does_not_exist() {
    let Scene { server, visit, mut lee } = scene();
    let mut ann = server.device("ann");
    assert!(ann.sync(&[]).deliveries.is_empty(), "nothing of another crew is shown");
    let change = lee.work(&visit, Command::Accept);
    let before = server.rows();
    let reply = ann.sync(&[(visit, vec![change.clone()]), (Uuid::from_u128(1), vec![change.clone()])]);
    assert_eq!(codes(&reply), ["out-of-scope", "out-of-scope"]);
    let (Verdict::Refused { reason: foreign, .. }, Verdict::Refused { reason: unknown, .. }) =
        (&reply.verdicts[0].verdict, &reply.verdicts[1].verdict)
    else {
        panic!()
    };
    assert_eq!(foreign, unknown);
    assert_eq!(server.rows(), before);
    assert_eq!(codes(&lee.sync(&[(visit, vec![change])])), ["accepted"]);
}

#[test]
fn an_actor_belongs_to_one_device() {
    let Scene { server, visit, mut lee } = scene();
    let first = lee.work(&visit, Command::Accept);
    lee.sync(&[(visit, vec![first])]);
    let mut mei = server.device("mei");
    mei.sync(&[]);
    let before = server.rows();
    mei.actor = lee.actor;
    let forged = mei.work(&visit, say("as lee's device"));
    assert_eq!(codes(&mei.sync(&[(visit, vec![forged])])), ["foreign-actor"]);

    mei.cursor.clear();
    mei.sync(&[]);
    let history = server.get(&format!("/v1/visits/{visit}/changes"));
    mei.actor = jobsheet_core::unhex(history[0]["actor"].as_str().unwrap()).unwrap().try_into().unwrap();
    let forged = mei.work(&visit, say("as the office"));
    assert_eq!(codes(&mei.sync(&[(visit, vec![forged])])), ["foreign-actor"]);

    mei.cursor.clear();
    mei.sync(&[]);
    mei.actor = [8; 16];
    let forged = mei.work_as(&visit, &say("in lee's name"), "lee");
    assert_eq!(codes(&mei.sync(&[(visit, vec![forged])])), ["foreign-author"]);
    assert_eq!(server.rows(), before);
    server.alive();
}

#[test]
fn one_number_of_an_actor_is_one_change() {
    let Scene { server, visit, mut lee } = scene();
    let document = lee.visits[&visit].clone();
    let one = lee.work(&visit, say("one"));
    lee.visits.insert(visit, document);
    let other = lee.work(&visit, say("other"));
    assert_eq!(codes(&lee.sync(&[(visit, vec![one])])), ["accepted"]);
    assert_eq!(codes(&lee.sync(&[(visit, vec![other])])), ["actor-diverged"]);
    assert!(server.get("/v1/devices")[0]["diverged_at"].is_string());
    server.alive();
}

#[test]
fn what_the_field_may_not_write_is_refused() {
    let Scene { server, visit, mut lee } = scene();
    let document = lee.visits[&visit].save();
    let mut forged =
        automerge::AutoCommit::load(&document).unwrap().with_actor(automerge::ActorId::from([9; 16]));
    automerge::transaction::Transactable::put(&mut forged, automerge::ROOT, "schema", 9).unwrap();
    forged.commit();
    let change = forged.get_last_local_change().unwrap();
    let framed = Framed { hash: change.hash().0, bytes: change.raw_bytes().to_vec() };
    let before = server.rows();
    let reply = lee.sync(&[(visit, vec![framed])]);
    assert_eq!(codes(&reply), ["foreign-path"]);
    assert_eq!(server.rows(), before);
    let good = lee.work(&visit, Command::Accept);
    assert_eq!(codes(&lee.sync(&[(visit, vec![good])])), ["accepted"]);
}

#[test]
fn who_leaves_the_crew_loses_the_visit_and_not_the_work() {
    let Scene { server, visit, mut lee } = scene();
    let late = lee.work(&visit, Command::Accept);
    let path = format!("/v1/visits/{visit}/assignment");
    ok(server.ask(Method::PUT, &path).json(&order(&["mei", "ann"])).send().unwrap());
    let reply = lee.sync(&[(visit, vec![late])]);
    assert_eq!(codes(&reply), ["accepted"], "work done before the change was known is not lost");
    assert_eq!(reply.deliveries, [Delivery::Revoked(visit.into_bytes())]);
    let mut ann = server.device("ann");
    ann.sync(&[]);
    assert!(ann.visits.contains_key(&visit));
    ok(server.post(&format!("/v1/visits/{visit}/commands"), &json!({"do": "say", "words": "for ann"})));
    assert_eq!(ann.sync(&[]).deliveries.len(), 1);
    assert!(lee.sync(&[]).deliveries.is_empty(), "nothing more of the visit reaches who left");
}

#[test]
fn after_a_restore_everything_is_fetched_anew() {
    let Scene { server, visit, mut lee } = scene();
    assert!(server.console(&["restored"]).status.success());
    let change = lee.work(&visit, Command::Accept);
    let reply = lee.sync(&[(visit, vec![change])]);
    assert!(reply.epoch_changed);
    assert_eq!(codes(&reply), ["accepted"], "unsent work is kept");
    assert!(matches!(reply.deliveries[..], [Delivery::New(_)]));
    let next = lee.sync(&[]);
    assert!(!next.epoch_changed && next.deliveries.is_empty());
    ok(server
        .post(&format!("/v1/visits/{visit}/commands"), &json!({"do": "say", "words": "under a new actor"})));
    assert_eq!(lee.sync(&[]).deliveries.len(), 1);
}

#[test]
fn much_comes_in_pages() {
    let Scene { server, visit, mut lee } = scene();
    let others = [NUMBERS[1], NUMBERS[2]].map(|number| server.dispatch(number, &["lee", "mei"]));
    let documents = [visit, others[0], others[1]];
    lee.sync(&[]);
    let mut mei = server.device("mei");
    mei.sync(&[]);
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x4e00 + (state >> 18)).unwrap_or('x')
    };
    for document in documents {
        for _ in 0..4 {
            let words: Vec<String> = (0..50).map(|_| (0..3_900).map(|_| next()).collect()).collect();
            let pushed: Vec<Framed> = words.iter().map(|words| lee.work(&document, say(words))).collect();
            let reply = lee.sync(&[(document, pushed)]);
            assert!(codes(&reply).iter().all(|code| code == "accepted"), "{:?}", reply.verdicts[0]);
        }
    }
    let mut pages = vec![mei.sync(&[])];
    while pages.last().unwrap().more {
        let page = mei.sync(&[]);
        assert!(page.cursor > pages.last().unwrap().cursor);
        pages.push(page);
    }
    assert!(pages.len() > 1, "more than a page");
    for page in &pages {
        let sizes = page.deliveries.iter().map(|delivery| match delivery {
            Delivery::Tail(tail) => tail.changes.iter().map(|change| change.bytes.len()).sum::<usize>(),
            other => panic!("{other:?}"),
        });
        let bytes: usize = sizes.sum();
        // A row of the log comes whole.
        assert!(bytes < PULL_PAGE_BYTES + (1 << 20), "{bytes}");
    }
    for document in documents {
        assert_eq!(mei.visits[&document].heads(), lee.visits[&document].heads());
    }

    // A new device gets each document once, whole, though there are several pages; what comes between them follows.
    let mut new = server.device("mei");
    let first = new.sync(&[]);
    assert!(first.more);
    let late = lee.work(&visit, say("between two pages"));
    assert_eq!(codes(&lee.sync(&[(visit, vec![late])])), ["accepted"]);
    let mut deliveries = first.deliveries;
    loop {
        let page = new.sync(&[]);
        deliveries.extend(page.deliveries);
        if !page.more {
            break;
        }
    }
    let whole = deliveries.iter().filter(|delivery| matches!(delivery, Delivery::New(_))).count();
    let tails: Vec<_> = deliveries
        .iter()
        .filter_map(
            |delivery| if let Delivery::Tail(tail) = delivery { Some(tail.changes.len()) } else { None },
        )
        .collect();
    assert_eq!((whole, tails), (3, vec![1]));
    for document in documents {
        assert_eq!(new.visits[&document].heads(), lee.visits[&document].heads());
    }
}

#[test]
fn an_exchange_is_counted() {
    let Scene { server, visit, mut lee } = scene();
    let change = lee.work(&visit, Command::Accept);
    lee.sync(&[(visit, vec![change]), (Uuid::from_u128(1), vec![framed(vec![1])])]);
    let text = common::http().get(format!("{}/metrics", server.url)).send().unwrap().text().unwrap();
    for line in [
        "jobsheet_exchanges_total 2",
        r#"jobsheet_changes_total{verdict="accepted",code=""} 1"#,
        r#"jobsheet_changes_total{verdict="refused",code="out-of-scope"} 1"#,
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    problem(lee.send(vec![0]), 400, "unknown-protocol-version");
}
