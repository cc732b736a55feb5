//! Every visit and every shift of every pack, worked to its last state by doing what `next` says: on the phone as
//! `jobsheet next` prints it, at the office as the server answers it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use jobsheet_core::Moment;
use jobsheet_core::standard::{Kind, Side, Standard, builtin};
use jobsheet_tests::phone::{Phone, Session, acknowledged};
use serde_json::{Value, json};

use crate::sample::Sampler;
use crate::world::{MORNING, World, each, id, state, tell};

/// The most that may be asked of the person who does a job.
const MOST: usize = 40;
/// Longer than any hold test.
const HOLD: SignedDuration = SignedDuration::from_mins(16);
/// More rounds than any course has changes of side.
const ROUNDS: usize = 12;
/// Commands after which the list stays as it is but for themselves.
const ENTRIES: [&str; 5] = ["answer", "note", "measure", "add-photo", "survey"];

/// A clock that runs for the phone as the server's does.
struct Clock {
    base: Timestamp,
    since: Instant,
}

impl Clock {
    fn from(base: Timestamp) -> Self {
        Self { base, since: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        self.base + SignedDuration::try_from(self.since.elapsed()).unwrap()
    }

    fn text(&self) -> String {
        let east = MORNING.parse::<Moment>().unwrap().offset();
        Moment::new(self.now(), east).to_string()
    }
}

/// One document and what it took.
struct Course<'a> {
    id: String,
    sampler: Sampler<'a>,
    by_phone: usize,
    by_office: usize,
    refused: BTreeSet<String>,
    attested: bool,
}

/// In which turn a step is done: what stops something or is owed, then deadlines, then what leads on; an attestation last.
fn turn(step: &Value) -> usize {
    match step["why"].as_str().unwrap() {
        "conflict" | "gate" | "owed" => 0,
        "deadline" => 1,
        "step" => 2,
        _ => 3,
    }
}

fn key(step: &Value) -> String {
    format!("{} {}", step["command"], step["argument"])
}

impl Course<'_> {
    fn last_state(&self) -> &str {
        &self.sampler.standard.course(self.sampler.job).flow().states.last().unwrap().id
    }

    /// Whether a step is the last one that the field side records.
    fn is_last(&self, step: &Value) -> bool {
        let by_field = |event: &str| {
            self.sampler.standard.event(event).is_some_and(|known| known.by.contains(&Side::Field))
        };
        let states = &self.sampler.standard.course(self.sampler.job).flow().states;
        let last = states.iter().map(|state| state.event.as_str()).rfind(|event| by_field(event));
        let own = match step["command"].as_str() {
            Some("leave") => Some("left-site"),
            Some("report") => step["argument"].as_str(),
            _ => None,
        };
        own.is_some() && own == last
    }

    /// What is done next of a list, in order, up to the first command that leads on.
    fn choose(&self, list: &Value, side: Side) -> Vec<Value> {
        let open = |step: &&Value| !self.refused.contains(&key(step)) && step["command"] != "score";
        // While a hold test runs, nothing leads on.
        let turns = if each(list).any(|step| step["command"] == "end-hold") { 0..1 } else { 0..3 };
        let mut chosen: Vec<Value> = Vec::new();
        for wanted in turns {
            let mut seen = BTreeSet::new();
            for step in each(list).filter(open).filter(|step| turn(step) == wanted) {
                if side == Side::Field && step["command"] == "end-hold" {
                    continue;
                }
                if seen.insert(key(step)) {
                    chosen.push(step.clone());
                }
                if !ENTRIES.iter().any(|entry| step["command"] == *entry) {
                    break;
                }
            }
            if !chosen.is_empty() {
                break;
            }
        }
        let last = side == Side::Field && chosen.first().is_some_and(|step| self.is_last(step));
        if (last || chosen.is_empty() && side == Side::Office) && !self.attested {
            chosen = each(list).filter(|step| turn(step) == 3).cloned().collect();
        }
        chosen
    }

    /// A refusal is expected only where a deadline runs for something that may not happen yet.
    fn refuse(&mut self, step: &Value, code: &Value, whole: &Value) {
        let expected = turn(step) == 1 && (code == "wrong-state" || code == "not-yet");
        assert!(
            expected,
            "{} {}: {step} was refused: {whole}",
            self.sampler.standard.pack().id,
            self.sampler.job
        );
        self.refused.insert(key(step));
    }

    /// The phone does what its list says until nothing is left; `true`: it did something.
    fn on_phone(&mut self, phone: &Phone, session: &mut Session, clock: &Clock) -> bool {
        let before = self.by_phone;
        loop {
            let at = clock.text();
            let list = phone.at(&at).json(&["next", &self.id]).unwrap();
            let steps = self.choose(&list, Side::Field);
            if steps.is_empty() {
                // Nothing is left but what was attested or waits: the last step comes after the attestation.
                let waits = !self.attested && each(&list).any(|step| self.is_last(step) && turn(step) < 3);
                self.attested |= waits;
                if waits {
                    continue;
                }
                return self.by_phone > before;
            }
            for step in steps {
                self.attested |= turn(&step) == 3;
                let Some(mut command) = self.sampler.command(&step, &at) else { continue };
                command["visit"] = json!(self.id);
                if step["command"] == "attest" {
                    command["role"] = Value::Null;
                }
                let answer = session.give(&command).unwrap();
                if acknowledged(&answer) {
                    self.by_phone += 1;
                    self.refused.clear();
                    assert!(self.by_phone <= 3 * MOST, "{} never ends: {command}", self.sampler.job);
                } else {
                    self.refuse(&step, &answer["error"]["code"], &answer);
                }
            }
        }
    }

    /// The office does what its list says until nothing is left; `true`: it did something.
    fn at_office(&mut self, world: &World, clock: &Clock) -> bool {
        let before = self.by_office;
        let mut shown = world.office.get(&format!("/v1/visits/{}", self.id)).unwrap();
        // The office attests at the very end.
        self.attested = state(&shown) != self.last_state();
        loop {
            let steps = self.choose(&shown["next"], Side::Office);
            if steps.is_empty() {
                return self.by_office > before;
            }
            for step in steps {
                let Some(command) = self.sampler.command(&step, &clock.text()) else { continue };
                let answer = tell(&world.office, &self.id, &command);
                if answer.status == 200 {
                    self.by_office += 1;
                    self.refused.clear();
                    assert!(self.by_office <= 3 * MOST, "{} never ends: {command}", self.sampler.job);
                    shown = answer.json;
                } else {
                    self.refuse(&step, &answer.json["code"], &answer.json);
                }
            }
        }
    }
}

/// Opens a document of every visit and shift job: a visit is registered only, its dispatch is a step of the office.
fn open<'a>(world: &World, standard: &'a Standard, picture: &'a str) -> Vec<Course<'a>> {
    let pack = standard.pack();
    let jobs: Vec<_> = pack.jobs.iter().filter(|job| job.kind != Kind::Case).collect();
    let numbers: Vec<String> = (1..=jobs.len()).map(|at| format!("REQ-{at}")).collect();
    world.import(
        &numbers.iter().map(|number| (number.as_str(), "03/01/2026 06:59:00 PM")).collect::<Vec<_>>(),
    );
    let open = |(job, number): (&&'a jobsheet_core::standard::Job, &String)| {
        let sampler = Sampler::new(standard, &job.id, "lee", picture);
        let order = json!(sampler.order);
        let opened = if job.kind == Kind::Shift {
            let new = json!({
                "standard": pack.id, "job": job.id, "person": "lee", "order": order,
                "start": MORNING, "end": "2026-03-02T17:30:00+08:00",
            });
            world.office.post("/v1/shifts", &new).unwrap()
        } else {
            let new = json!({ "standard": pack.id, "job": job.id, "order": order });
            world.office.post(&format!("/v1/requests/{number}/register"), &new).unwrap()
        };
        Course {
            id: id(&opened),
            sampler,
            by_phone: 0,
            by_office: 0,
            refused: BTreeSet::new(),
            attested: false,
        }
    };
    jobs.iter().zip(&numbers).map(open).collect()
}

/// Works every job of a pack; gives how many commands each took on the phone and at the office.
fn work(pack: &str) -> BTreeMap<String, (usize, usize)> {
    let mut world = World::new();
    let mut clock = Clock::from(MORNING.parse::<Moment>().unwrap().instant());
    let standard = builtin(pack).unwrap().unwrap();
    let phone = world.phone("lee");
    let picture = world.picture(7);
    let mut courses = open(&world, &standard, &picture);
    for round in 0.. {
        assert!(round < ROUNDS, "{pack}: no end in sight");
        let mut moved = false;
        for course in &mut courses {
            moved |= course.at_office(&world, &clock);
            course.attested = false;
        }
        phone.at(&clock.text()).sync().unwrap();
        let mut session = phone.at(&clock.text()).session(&courses[0].id).unwrap();
        for course in &mut courses {
            moved |= course.on_phone(&phone, &mut session, &clock);
        }
        session.end().unwrap();
        if !moved {
            let held = end_holds(&mut courses, &phone, &mut world, &mut clock);
            if !held {
                break;
            }
        }
        phone.at(&clock.text()).sync().unwrap();
    }
    for course in &courses {
        ended(&world, &phone, &clock, course);
    }
    let held = phone.at(&clock.text()).json(&["visits", "--size", "200"]).unwrap();
    assert_eq!(held["total"], courses.len(), "{held}");
    for course in &courses {
        let row = each(&held["rows"]).find(|row| row["visit"] == course.id).unwrap();
        assert_eq!(row["state"], course.last_state(), "the phone knows that it is over: {row}");
    }
    assert_eq!(phone.json(&["outbox"]).unwrap(), json!([]), "everything is sent");
    let took = |course: &Course<'_>| (course.sampler.job.to_owned(), (course.by_phone, course.by_office));
    courses.iter().map(took).collect()
}

/// Hold tests that run are ended once their time is over; `false`: none runs.
fn end_holds(courses: &mut [Course<'_>], phone: &Phone, world: &mut World, clock: &mut Clock) -> bool {
    let running = |course: &Course<'_>, at: &str| {
        let list = phone.at(at).json(&["next", &course.id]).unwrap();
        each(&list).find(|step| step["command"] == "end-hold").cloned()
    };
    let at = clock.text();
    let waiting: Vec<(usize, Value)> = courses
        .iter()
        .enumerate()
        .filter_map(|(place, course)| running(course, &at).map(|step| (place, step)))
        .collect();
    if waiting.is_empty() {
        return false;
    }
    phone.at(&at).sync().unwrap();
    let later = clock.now() + HOLD;
    world.later(&Moment::utc(later).to_string());
    *clock = Clock::from(later);
    for (place, step) in waiting {
        let course = &mut courses[place];
        let at = clock.text();
        let command = course.sampler.command(&step, &at).unwrap();
        phone.at(&at).work(&course.id, &[command]).unwrap();
        course.by_phone += 1;
    }
    true
}

/// The last state is reached, nobody is asked for anything, and nothing was broken but deadlines.
fn ended(world: &World, phone: &Phone, clock: &Clock, course: &Course<'_>) {
    let job = course.sampler.job;
    let shown = world.shown(&course.id);
    let asked: Vec<&Value> = each(&shown["next"]).filter(|step| turn(step) < 3).collect();
    assert_eq!(state(&shown), course.last_state(), "{job}: the office is still asked {asked:?}");
    for finding in each(&shown["assessment"]["findings"]) {
        let broken = finding["status"] == "violated" && finding["kind"] != "milestone";
        assert!(!broken, "{job}: {finding}");
        let due = finding["status"] == "outstanding"
            && finding["kind"] != "milestone"
            && finding["kind"] != "score";
        assert!(!due, "{job}: {finding}");
    }
    let left = phone.at(&clock.text()).json(&["next", &course.id]).unwrap();
    let left: Vec<&Value> = each(&left).filter(|step| turn(step) < 3).collect();
    assert!(left.is_empty(), "{job}: the phone is still asked {left:?}");
    assert!(course.by_phone <= MOST, "{job}: {} commands on the phone", course.by_phone);
}

#[test]
fn every_job_of_the_execution_form() {
    println!("{:?}", work("execution-form"));
}

#[test]
fn every_job_of_the_after_sales_rules() {
    println!("{:?}", work("aftersales-rules"));
}

#[test]
fn every_job_of_the_gas_standard() {
    let took = work("gas");
    assert_eq!(took.len(), 10, "{took:?}");
    println!("{took:?}");
}

#[test]
fn every_job_of_the_diesel_guide() {
    println!("{:?}", work("diesel"));
}

#[test]
fn every_job_of_the_engineering_process() {
    println!("{:?}", work("engineering"));
}
