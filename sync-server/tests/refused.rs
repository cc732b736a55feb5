//! What was refused is kept for the office: to see, to admit, to write anew, to throw away, within limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, ROOT, ReadDoc};
use common::{Device, Server, codes, ok, problem};
use jobsheet_core::record::{Command, NoteEdit};
use jobsheet_wire::Framed;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Digest;
use uuid::Uuid;

const NUMBER: &str = "101001241039";
/// Most refused changes that are kept of one device.
const MAX_REFUSED_CHANGES: usize = 2_000;
/// Most bytes of refused changes that are kept of one device.
const MAX_REFUSED_BYTES: usize = 4 << 20;

struct Scene {
    server: Server,
    visit: Uuid,
    lee: Device,
}

fn scene() -> Scene {
    let server = Server::start();
    server.import();
    for id in ["lee", "ann"] {
        server.technician(id);
    }
    let visit = server.dispatch(NUMBER, &["lee"]);
    let mut lee = server.device("lee");
    lee.sync(&[]);
    Scene { server, visit, lee }
}

fn note(words: &str) -> Command {
    Command::Note { note: "steps".to_owned(), edit: NoteEdit::Append(words.to_owned()) }
}

fn say(words: &str) -> Command {
    Command::Say { words: words.to_owned() }
}

/// A change that writes where only the office may, as a program of somebody's own would make it.
fn forged(device: &Device, visit: &Uuid) -> Framed {
    let mut doc = AutoCommit::load(&device.visits[visit].save()).unwrap();
    doc.set_actor(ActorId::from([9_u8; 16].as_slice()));
    let (_, office) = doc.get(ROOT, "office").unwrap().unwrap();
    let (_, order) = doc.get(&office, "order").unwrap().unwrap();
    doc.put(&order, "fault", "Nothing was wrong.").unwrap();
    doc.commit_with(CommitOptions::default().with_message("fill-order"));
    let bytes = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
    Framed { hash: sha2::Sha256::digest(&bytes[8..]).into(), bytes }
}

impl Scene {
    fn path(&self) -> String {
        format!("/v1/late/{}/{}", self.lee.id, self.visit)
    }

    fn late(&self) -> Value {
        self.server.get("/v1/late")
    }

    fn shown(&self) -> Vec<Value> {
        self.server.get(&format!("{}/changes", self.path())).as_array().unwrap().clone()
    }

    fn post(&self, what: &str) -> Value {
        ok(self.server.ask(Method::POST, &format!("{}/{what}", self.path())).send().unwrap())
    }

    fn words(&self) -> String {
        self.server.get(&format!("/v1/visits/{}", self.visit))["record"].to_string()
    }
}

#[test]
fn a_forged_change_is_kept_and_shown_and_never_comes_in() {
    let mut scene = scene();
    let forged = forged(&scene.lee, &scene.visit);
    assert_eq!(codes(&scene.lee.sync(&[(scene.visit, vec![forged.clone()])])), ["foreign-path"]);
    let late = scene.late();
    let row = &late[0];
    assert_eq!(
        (&row["changes"], &row["refused"], &row["codes"]),
        (&json!(1), &json!(1), &json!(["foreign-path"]))
    );
    assert_eq!(
        (row["device"].as_str(), row["technician"].as_str()),
        (Some(&*scene.lee.id.to_string()), Some("lee"))
    );
    let shown = scene.shown();
    assert_eq!((&shown[0]["code"], &shown[0]["now"]), (&json!("foreign-path"), &json!("foreign-path")));
    assert_eq!(shown[0]["change"], jobsheet_core::hex(&forged.hash));
    let fields = &shown[0]["says"]["fields"][0];
    assert_eq!(
        (&fields["path"], &fields["after"]),
        (&json!("office/order/fault"), &json!("Nothing was wrong."))
    );
    assert_eq!(shown[0]["says"]["command"], "fill-order");
    for how in ["admit", "repair"] {
        let told = scene.post(how);
        assert_eq!(
            (&told["admitted"], &told["waiting"][0]["code"]),
            (&json!(0), &json!("foreign-path")),
            "{how}"
        );
    }
    assert!(!scene.words().contains("Nothing was wrong."));
    // Sent again, it is kept once; exported, it is a salvage file; thrown away, it is gone.
    scene.lee.sync(&[(scene.visit, vec![forged])]);
    assert_eq!(scene.late(), late);
    let file = scene.server.ask(Method::GET, &scene.path()).send().unwrap().text().unwrap();
    assert!(file.contains("\"salvage\":1") && file.lines().count() == 3, "{file}");
    assert_eq!(ok(scene.server.ask(Method::DELETE, &scene.path()).send().unwrap()), json!({"discarded": 1}));
    assert_eq!(scene.late(), json!([]));
    scene.server.alive();
}

#[test]
fn what_stands_under_a_wrong_name_is_written_anew_as_the_technicians() {
    let mut scene = scene();
    let lost = scene.lee.work(&scene.visit, say("Lost."));
    let first = scene.lee.work(&scene.visit, say("First."));
    assert_eq!(codes(&scene.lee.sync(&[(scene.visit, vec![first])])), ["pending"], "without {:?}", lost.hash);
    assert_eq!(scene.late(), json!([]), "what waits for others is no matter of the office");
    // An actor that is another's.
    let mut ann = scene.server.device("ann");
    let path = format!("/v1/visits/{}/assignment", scene.visit);
    ok(scene.server.ask(Method::PUT, &path).json(&common::order(&["lee", "ann"])).send().unwrap());
    ann.sync(&[]);
    ann.actor = [5; 16];
    let anns = ann.work(&scene.visit, say("I am Ann."));
    assert_eq!(codes(&ann.sync(&[(scene.visit, vec![anns])])), ["accepted"]);
    let mut lee = scene.server.device("lee");
    lee.sync(&[]);
    lee.actor = [5; 16];
    let pair = vec![lee.work(&scene.visit, say("I am Lee.")), lee.work(&scene.visit, note("Cover off."))];
    assert_eq!(codes(&lee.sync(&[(scene.visit, pair)])), ["foreign-actor", "descends-from-refused"]);
    let id = lee.id;
    scene.lee = lee;
    let row = scene.late()[0].clone();
    assert_eq!((&row["changes"], &row["device"]), (&json!(2), &json!(id.to_string())));
    let now: Vec<Value> = scene.shown().into_iter().map(|one| one["now"].clone()).collect();
    assert_eq!(now, ["foreign-actor", "descends-from-refused"]);
    assert_eq!(scene.post("admit")["admitted"], 0);
    assert_eq!(scene.post("repair"), json!({"admitted": 2, "waiting": []}));
    let words = scene.words();
    assert!(words.contains("I am Lee.") && words.contains("Cover off."), "{words}");
    let changes = scene.server.get(&format!("/v1/visits/{}/changes", scene.visit));
    let lees = changes.as_array().unwrap().iter().filter(|one| one["device"] == *id.to_string());
    assert!(lees.clone().count() == 2 && lees.into_iter().all(|one| one["person"] == "lee"));
    assert_eq!(scene.late(), json!([]));
    problem(
        scene.server.ask(Method::POST, &format!("{}/repair", scene.path())).send().unwrap(),
        404,
        "unknown",
    );
}

#[test]
fn what_came_too_early_is_admitted_once_the_visit_is_assigned() {
    let mut scene = scene();
    let passed = scene.lee.work(&scene.visit, Command::PassOn { to: "ann".to_owned() });
    let mut ann = scene.server.device("ann");
    ann.visits.insert(scene.visit, scene.lee.visits[&scene.visit].clone());
    ann.standards.clone_from(&scene.lee.standards);
    let said = ann.work(&scene.visit, say("By Ann, too early."));
    assert_eq!(codes(&scene.lee.sync(&[(scene.visit, vec![passed])])), ["accepted"]);
    assert_eq!(codes(&ann.sync(&[(scene.visit, vec![said])])), ["out-of-scope"]);
    scene.lee = ann;
    assert_eq!(scene.shown()[0]["now"], "out-of-scope");
    assert_eq!(scene.post("admit")["waiting"][0]["code"], "out-of-scope");
    let path = format!("/v1/visits/{}/assignment", scene.visit);
    ok(scene.server.ask(Method::PUT, &path).json(&common::order(&["lee", "ann"])).send().unwrap());
    let shown = scene.shown();
    assert_eq!((&shown[0]["now"], &shown[0]["says"]["command"]), (&json!("accepted"), &json!("say")));
    assert_eq!(scene.post("admit"), json!({"admitted": 1, "waiting": []}));
    assert!(scene.words().contains("By Ann, too early."));
    assert_eq!(scene.late(), json!([]));
}

#[test]
fn bytes_that_are_no_change_are_kept_and_told() {
    let mut scene = scene();
    let bytes = vec![7; 100];
    let garbage = Framed { hash: sha2::Sha256::digest(&bytes[8..]).into(), bytes };
    assert_eq!(codes(&scene.lee.sync(&[(scene.visit, vec![garbage])])), ["unreadable"]);
    let shown = scene.shown();
    assert_eq!((&shown[0]["code"], &shown[0]["says"]), (&json!("unreadable"), &json!(null)));
    assert_eq!(scene.post("repair")["waiting"][0]["code"], "unreadable");
    scene.server.alive();
}

#[test]
fn a_device_is_kept_so_much_of_and_no_more() {
    let garbage = |at: usize, size: usize| {
        let mut bytes: Vec<u8> = vec![0; size];
        bytes[8..16].copy_from_slice(&at.to_be_bytes());
        Framed { hash: sha2::Sha256::digest(&bytes[8..]).into(), bytes }
    };
    let changes = |scene: &Scene| {
        let late = scene.late();
        (late[0]["changes"].as_u64().unwrap(), late[0]["bytes"].as_u64().unwrap())
    };
    let mut scene = scene();
    let many: Vec<Framed> = (0..=MAX_REFUSED_CHANGES).map(|at| garbage(at, 16)).collect();
    scene.lee.sync(&[(scene.visit, many[..MAX_REFUSED_CHANGES].to_vec())]);
    assert_eq!(changes(&scene).0, MAX_REFUSED_CHANGES as u64);
    scene.lee.sync(&[(scene.visit, many)]);
    assert_eq!(changes(&scene).0, MAX_REFUSED_CHANGES as u64);
    let mut scene = self::scene();
    let size = 128 << 10;
    let large: Vec<Framed> = (0..=MAX_REFUSED_BYTES / size).map(|at| garbage(at, size)).collect();
    scene.lee.sync(&[(scene.visit, large)]);
    assert_eq!(changes(&scene), (32, MAX_REFUSED_BYTES as u64));
    // Nobody else is in the way.
    let mut other = scene.server.device("lee");
    other.sync(&[]);
    other.sync(&[(scene.visit, vec![garbage(1 << 20, 16)])]);
    assert_eq!(scene.late().as_array().unwrap().len(), 2);
}

#[test]
fn who_may_decide_on_what_was_refused() {
    let mut scene = scene();
    let forged = forged(&scene.lee, &scene.visit);
    scene.lee.sync(&[(scene.visit, vec![forged])]);
    let warehouse = scene.server.token_of(&["warehouse"]);
    for (method, what) in [(Method::POST, "/admit"), (Method::POST, "/repair"), (Method::DELETE, "")] {
        let path = format!("{}{what}", scene.path());
        problem(scene.server.ask_by(&warehouse, method, &path).send().unwrap(), 403, "role");
    }
    let seen = scene.server.ask_by(&warehouse, Method::GET, &format!("{}/changes", scene.path()));
    assert_eq!(seen.send().unwrap().status(), 200);
    let console =
        scene.server.console(&["late", "show", &scene.lee.id.to_string(), &scene.visit.to_string()]);
    let console: Value = serde_json::from_slice(&console.stdout).unwrap();
    assert_eq!(console.as_array().unwrap(), &scene.shown());
}
