//! Visits that one technician handed over to another without a network: whose work it is, who may see it, what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Device, Server, codes, ok, order, problem};
use jobsheet_core::key::{HandOver, SignedHandOver};
use jobsheet_core::record::Command;
use jobsheet_wire::{Delivery, Framed};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const NUMBERS: [&str; 2] = ["101001241039", "101001241625"];
/// The server's clock begins here.
const AT: &str = "2026-03-02T09:00:00Z";
/// Most hand-overs of one visit.
const MAX_HAND_OVERS_OF_VISIT: usize = 64;

struct Scene {
    server: Server,
    visit: Uuid,
    maria: Device,
    tom: Device,
    eve: Device,
    /// What Maria did offline: she passed the visit on to Tom, and said something.
    work: Vec<Framed>,
    /// What Tom did on top of it.
    toms: Vec<Framed>,
}

fn say(words: &str) -> Command {
    Command::Say { words: words.to_owned() }
}

fn scene() -> Scene {
    let server = Server::start();
    server.import();
    for id in ["maria", "tom", "eve"] {
        server.technician(id);
    }
    let visit = server.dispatch(NUMBERS[0], &["maria"]);
    let [mut maria, mut tom, eve] = ["maria", "tom", "eve"].map(|id| server.device(id));
    maria.sync(&[]);
    let pass_on = Command::PassOn { to: "tom".to_owned() };
    let work = vec![maria.work(&visit, pass_on), maria.work(&visit, say("The valve is off."))];
    take(&mut tom, &maria, &visit);
    let toms = vec![tom.work(&visit, Command::Accept), tom.work(&visit, say("I go on."))];
    Scene { server, visit, maria, tom, eve, work, toms }
}

/// One device has the document of another.
fn take(to: &mut Device, from: &Device, visit: &Uuid) {
    to.visits.insert(*visit, from.visits[visit].clone());
    to.standards.clone_from(&from.standards);
}

impl Scene {
    fn says(&self) -> HandOver {
        self.maria.hands_over(&self.visit, "tom", &self.work.iter().collect::<Vec<_>>(), AT)
    }

    fn signed(&self) -> SignedHandOver {
        self.maria.signs(self.says())
    }

    /// What Tom's device brings.
    fn all(&self) -> Vec<(Uuid, Vec<Framed>)> {
        vec![(self.visit, [&self.work[..], &self.toms].concat())]
    }

    fn tom_sends(&mut self, signed: &[SignedHandOver]) -> Vec<String> {
        let all = self.all();
        codes(&self.tom.sync_handed(&all, signed))
    }

    /// Asserts that nothing comes in by a hand-over, that Tom sees nothing, and gives the code.
    fn refused(mut self, signed: &[SignedHandOver]) -> String {
        let told = self.tom_sends(signed);
        assert_eq!(told.len(), 4);
        assert!(told.iter().all(|code| *code == told[0]), "{told:?}");
        assert!(!["accepted", "duplicate"].contains(&told[0].as_str()), "{told:?}");
        assert_eq!(
            self.server.get(&format!("/v1/visits/{}/changes", self.visit)).as_array().unwrap().len(),
            2
        );
        self.sees_nothing("tom");
        self.server.alive();
        told[0].clone()
    }

    fn sees_nothing(&self, technician: &str) {
        let mut fresh = self.server.device(technician);
        fresh.sync(&[]);
        assert!(!fresh.visits.contains_key(&self.visit));
    }

    fn hand_overs(&self) -> Value {
        self.server.get("/v1/hand-overs")
    }

    /// Who wrote what, as the office sees it, without its own.
    fn writers(&self) -> Vec<(String, String, String)> {
        let changes = self.server.get(&format!("/v1/visits/{}/changes", self.visit));
        let of_field = changes.as_array().unwrap().iter().filter(|change| change["device"].is_string());
        let text = |change: &Value, field: &str| change[field].as_str().unwrap().to_owned();
        of_field.map(|one| (text(one, "command"), text(one, "person"), text(one, "device"))).collect()
    }
}

#[test]
fn the_work_of_both_comes_in_as_what_it_is_and_the_office_is_told() {
    let mut scene = scene();
    let signed = scene.signed();
    let all = scene.all();
    let reply = scene.tom.sync_handed(&all, std::slice::from_ref(&signed));
    assert_eq!(codes(&reply), ["accepted"; 4]);
    assert!(matches!(&reply.deliveries[..], [Delivery::New(_)]), "from now on Tom gets what is new");
    let (maria, tom) = (scene.maria.id.to_string(), scene.tom.id.to_string());
    let writer = |command: &str, person: &str, device: &str| (command.into(), person.into(), device.into());
    let expected = vec![
        writer("pass-on", "maria", &maria),
        writer("say", "maria", &maria),
        writer("accept", "tom", &tom),
        writer("say", "tom", &tom),
    ];
    assert_eq!(scene.writers(), expected);
    let row = &scene.hand_overs()[0];
    assert_eq!((&row["from"], &row["to"], &row["state"]), (&json!("maria"), &json!("tom"), &json!("taken")));
    assert_eq!((row["device"].as_str(), row["brought_by"].as_str()), (Some(&*maria), Some(&*tom)));
    let view = scene.server.get(&format!("/v1/visits/{}", scene.visit));
    assert_eq!(view["hand_overs"], scene.hand_overs());
    // Sent again, by either of them, it is known.
    assert_eq!(scene.tom_sends(&[signed]), ["duplicate"; 4]);
    let marias = vec![(scene.visit, scene.work.clone())];
    let reply = scene.maria.sync(&marias);
    assert_eq!(codes(&reply), ["duplicate"; 2]);
    // She worked on meanwhile, under the same actor.
    let more = scene.maria.work(&scene.visit, say("Key is under the mat."));
    assert_eq!(codes(&scene.maria.sync(&[(scene.visit, vec![more])])), ["accepted"]);
    assert_eq!(scene.writers().len(), 5);
    assert_eq!(scene.hand_overs().as_array().unwrap().len(), 1);
    scene.sees_nothing("eve");
}

#[test]
fn what_the_first_has_sent_herself_is_known_and_the_second_gets_in_all_the_same() {
    let mut scene = scene();
    let marias = vec![(scene.visit, scene.work.clone())];
    assert_eq!(codes(&scene.maria.sync(&marias)), ["accepted"; 2]);
    let signed = scene.signed();
    assert_eq!(scene.tom_sends(&[signed]), ["duplicate", "duplicate", "accepted", "accepted"]);
    let reply = scene.maria.sync(&[]);
    assert!(matches!(&reply.deliveries[..], [Delivery::Tail(tail)] if tail.changes.len() == 2));
}

#[test]
fn without_a_hand_over_nothing_comes_in() {
    assert_eq!(scene().refused(&[]), "out-of-scope");
}

#[test]
fn a_hand_over_that_the_device_has_not_signed_is_refused() {
    let scene = scene();
    let forged = scene.tom.signs(scene.says());
    assert_eq!(scene.refused(&[forged]), "hand-over-not-signed");
}

#[test]
fn whatever_is_changed_in_a_hand_over_is_refused() {
    for change in [
        (|says: &mut HandOver| says.changes.push("00".repeat(32))) as fn(&mut HandOver),
        |says| says.at = "2026-03-02T09:00:01Z".parse().unwrap(),
        |says| says.from = "tom".to_owned(),
        |says| says.device = Uuid::from_u128(1).to_string(),
        |says| says.device = "no id".to_owned(),
    ] {
        let scene = scene();
        let mut signed = scene.signed();
        change(&mut signed.says);
        assert_eq!(scene.refused(&[signed]), "hand-over-not-signed");
    }
}

#[test]
fn a_hand_over_to_somebody_else_opens_nothing() {
    let scene = scene();
    let mut says = scene.says();
    says.to = "eve".to_owned();
    let to_eve = scene.maria.signs(says);
    assert_eq!(scene.refused(&[to_eve]), "hand-over-other-person");
    let mut scene = self::scene();
    let mut says = scene.says();
    says.to = "nobody".to_owned();
    let to_nobody = scene.maria.signs(says);
    assert_eq!(scene.tom_sends(&[to_nobody]), ["hand-over-other-person"; 4]);
    // A third one who got hold of the file of Tom.
    let signed = scene.signed();
    let all = scene.all();
    assert_eq!(codes(&scene.eve.sync_handed(&all, &[signed])), ["hand-over-other-person"; 4]);
    scene.sees_nothing("eve");
    assert_eq!(scene.hand_overs(), json!([]));
}

#[test]
fn a_hand_over_of_another_visit_or_organisation_opens_nothing() {
    let scene = scene();
    let mut says = scene.says();
    says.document = scene.server.dispatch(NUMBERS[1], &["maria"]);
    let other = scene.maria.signs(says);
    assert_eq!(scene.refused(&[other]), "out-of-scope");
    let scene = self::scene();
    let mut says = scene.says();
    says.organisation = jobsheet_core::key::DeviceKey::public_key(&common::key(200)).unwrap();
    let other = scene.maria.signs(says);
    assert_eq!(scene.refused(&[other]), "hand-over-other-organisation");
}

#[test]
fn whoever_does_not_see_a_visit_can_not_hand_it_over() {
    let mut scene = scene();
    let visit = scene.server.dispatch(NUMBERS[1], &["eve"]);
    scene.eve.sync(&[]);
    take(&mut scene.maria, &scene.eve, &visit);
    let says = scene.maria.hands_over(&visit, "tom", &[], AT);
    let signed = scene.maria.signs(says);
    let said = scene.eve.work(&visit, say("Mine."));
    assert_eq!(codes(&scene.tom.sync_handed(&[(visit, vec![said])], &[signed])), ["out-of-scope"]);
    scene.sees_nothing("tom");
}

#[test]
fn changes_that_she_did_not_hand_over_are_refused_and_no_others() {
    let mut scene = scene();
    let mut says = scene.says();
    says.changes.pop();
    let signed = scene.maria.signs(says);
    let told = scene.tom_sends(&[signed]);
    assert_eq!(told, ["accepted", "foreign-actor", "descends-from-refused", "descends-from-refused"]);
}

#[test]
fn she_can_hand_over_her_own_work_alone() {
    let mut scene = scene();
    // Maria's device writes in Tom's name, and signs that.
    let forged = scene.maria.work_as(&scene.visit, &say("Tom was here."), "tom");
    let says = scene.maria.hands_over(&scene.visit, "tom", &[&scene.work[0], &scene.work[1], &forged], AT);
    let signed = scene.maria.signs(says);
    let pushed = [&scene.work[..], &[forged]].concat();
    let told = codes(&scene.tom.sync_handed(&[(scene.visit, pushed)], &[signed]));
    assert_eq!(told, ["accepted", "accepted", "foreign-author"]);
}

#[test]
fn nobody_takes_her_actor_by_being_first() {
    let mut scene = scene();
    // Tom writes under the actor of Maria, and sends that before her work.
    scene.tom.actor = scene.maria.actor;
    let forged = scene.tom.work(&scene.visit, say("As Maria."));
    let signed = scene.signed();
    let pushed = [&scene.work[..], &scene.toms, &[forged]].concat();
    let told = codes(&scene.tom.sync_handed(&[(scene.visit, pushed)], &[signed]));
    assert_eq!(told, ["accepted", "accepted", "accepted", "accepted", "foreign-actor"]);
}

#[test]
fn it_goes_from_hand_to_hand() {
    let mut scene = scene();
    take(&mut scene.eve, &scene.tom, &scene.visit);
    let passed = scene.tom.work(&scene.visit, Command::PassOn { to: "eve".to_owned() });
    take(&mut scene.eve, &scene.tom, &scene.visit);
    scene.toms.push(passed);
    let eves = scene.eve.work(&scene.visit, say("Third."));
    let first = scene.signed();
    let second = scene.tom.hands_over(&scene.visit, "eve", &scene.toms.iter().collect::<Vec<_>>(), AT);
    let second = scene.tom.signs(second);
    let mut all = scene.all();
    all[0].1.push(eves);
    // The last link alone is not enough: Tom never saw the visit.
    let told = codes(&scene.eve.sync_handed(&all, std::slice::from_ref(&second)));
    assert!(told.iter().all(|code| code == "out-of-scope"), "{told:?}");
    assert_eq!(codes(&scene.eve.sync_handed(&all, &[first, second])), ["accepted"; 6]);
    let writers = scene.writers();
    let people: Vec<&str> = writers.iter().map(|(_, person, _)| person.as_str()).collect();
    assert_eq!(people, ["maria", "maria", "tom", "tom", "tom", "eve"]);
}

#[test]
fn a_hand_over_counts_once_and_the_office_can_take_it_back() {
    let mut scene = scene();
    let signed = scene.signed();
    assert_eq!(scene.tom_sends(std::slice::from_ref(&signed)), ["accepted"; 4]);
    let path = format!("/v1/visits/{}/assignment", scene.visit);
    ok(scene.server.ask(Method::PUT, &path).json(&order(&["eve"])).send().unwrap());
    assert_eq!(scene.tom.sync(&[]).deliveries, [Delivery::Revoked(scene.visit.into_bytes())]);
    // Replayed, it opens nothing again; what Tom had done until then still comes in.
    assert_eq!(scene.tom_sends(&[signed]), ["duplicate"; 4]);
    scene.sees_nothing("tom");
}

#[test]
fn whoever_was_taken_off_hands_over_the_work_and_nothing_new() {
    let mut scene = scene();
    let path = format!("/v1/visits/{}/assignment", scene.visit);
    ok(scene.server.ask(Method::PUT, &path).json(&order(&["eve"])).send().unwrap());
    let signed = scene.signed();
    assert_eq!(scene.tom_sends(&[signed]), ["accepted"; 4]);
    scene.sees_nothing("tom");
}

#[test]
fn of_a_device_that_was_shut_out_the_office_decides() {
    for admit in [true, false] {
        let mut scene = scene();
        let gone = scene.server.ask(Method::DELETE, &format!("/v1/devices/{}", scene.maria.id));
        assert_eq!(gone.send().unwrap().status(), 204);
        let signed = scene.signed();
        let told = scene.tom_sends(std::slice::from_ref(&signed));
        assert_eq!(told, ["pending"; 4], "it stays in the outbox of Tom's device");
        scene.sees_nothing("tom");
        let row = scene.hand_overs()[0].clone();
        assert_eq!((&row["state"], &row["reason"]), (&json!("waiting"), &json!("device-shut-out")));
        let path = format!("/v1/hand-overs/{}", row["id"].as_str().unwrap());
        let warehouse = scene.server.token_of(&["warehouse"]);
        let post = |path: &str| scene.server.ask(Method::POST, path).send().unwrap();
        let not_his = scene.server.ask_by(&warehouse, Method::POST, &format!("{path}/admit"));
        problem(not_his.send().unwrap(), 403, "role");
        problem(post("/v1/hand-overs/00/admit"), 404, "unknown");
        if admit {
            assert_eq!(ok(post(&format!("{path}/admit")))["state"], "taken");
            assert_eq!(scene.tom_sends(&[signed]), ["accepted"; 4]);
            assert_eq!(scene.writers().len(), 4);
        } else {
            assert_eq!(ok(scene.server.ask(Method::DELETE, &path).send().unwrap())["state"], "refused");
            assert_eq!(scene.tom_sends(&[signed]), ["hand-over-refused"; 4]);
            scene.sees_nothing("tom");
        }
        problem(scene.server.ask(Method::POST, &format!("{path}/admit")).send().unwrap(), 404, "unknown");
    }
}

#[test]
fn an_old_hand_over_waits_for_the_office_on_both_sides_of_the_limit() {
    for (at, told) in [
        ("2026-02-01T09:00:00Z", "accepted"),
        ("2026-01-30T09:00:00Z", "pending"),
        ("2026-03-03T08:00:00Z", "accepted"),
        ("2026-03-04T09:00:00Z", "pending"),
        ("2036-03-04T09:00:00Z", "pending"),
    ] {
        let mut scene = scene();
        let says = HandOver { at: at.parse().unwrap(), ..scene.says() };
        let signed = scene.maria.signs(says);
        assert_eq!(scene.tom_sends(&[signed])[0], told, "{at}");
    }
}

#[test]
fn a_visit_is_handed_over_so_often_and_no_more() {
    let mut scene = scene();
    for second in 0..MAX_HAND_OVERS_OF_VISIT {
        let at = format!("2026-03-02T08:{:02}:{:02}Z", second / 60, second % 60);
        let signed = scene.maria.signs(HandOver { at: at.parse().unwrap(), ..scene.says() });
        let said = scene.tom.sync_handed(&[(scene.visit, scene.work.clone())], &[signed]);
        assert_ne!(codes(&said)[0], "hand-over-too-many", "{second}");
    }
    let signed = scene.signed();
    let more = scene.maria.work(&scene.visit, say("Again."));
    let says = scene.maria.hands_over(&scene.visit, "tom", &[&more], AT);
    let fresh = scene.maria.signs(says);
    let told = codes(&scene.tom.sync_handed(&[(scene.visit, vec![more])], &[signed, fresh]));
    assert_eq!(told, ["hand-over-too-many"]);
}

#[test]
fn garbage_for_a_hand_over_is_told() {
    let mut scene = scene();
    let mut signed = scene.signed();
    signed.says.jobsheet = "hand-over-9".to_owned();
    assert_eq!(scene.tom_sends(&[signed]), ["hand-over-unreadable"; 4]);
}
