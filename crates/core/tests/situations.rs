//! Special situations: one from several devices at once, order of duties, who is told, what closes them, what they free.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use jobsheet_core::assess::{Incident, NextStep, Status, Why, incidents, judge, situation, tally};
use jobsheet_core::record::{
    Actor, AnswerValue, Command, Context, Document, Refusal, Registration, SideState, Spot, alerts, state,
};
use jobsheet_core::standard::{Side, Standard, builtin};
use jobsheet_core::{Moment, Stamp};
use proptest::prelude::*;
use uuid::Uuid;

fn moment(text: &str) -> Moment {
    format!("2026-03-02T{text}:00+08:00").parse().unwrap()
}

/// A visit and one replica of it for each device.
struct World {
    standard: Arc<Standard>,
    replicas: Vec<Document>,
    entries: u128,
}

const OFFICE: usize = 0;

impl World {
    /// Assigned to a crew, with one device each.
    fn assigned(pack: &str, job: &str, devices: usize) -> Self {
        Self::under(builtin(pack).unwrap().unwrap(), job, devices)
    }

    fn under(standard: Arc<Standard>, job: &str, devices: usize) -> Self {
        let urgency = if standard.pack().id == "gas" { "booked" } else { "normal" };
        let order =
            [("number", "1"), ("fault", "stands still"), ("urgency", urgency), ("location", "Harbour 1")];
        let known: Vec<&str> =
            standard.course(job).flow().order.iter().map(|field| field.id.as_str()).collect();
        let order: BTreeMap<String, String> = order
            .into_iter()
            .filter(|(id, _)| known.contains(id))
            .map(|(id, value)| (id.to_owned(), value.to_owned()))
            .collect();
        let registration = Registration { job: Some(job.to_owned()), order, received_at: None };
        let context = context(Side::Office, 1, moment("08:00"));
        let (visit, _) =
            Document::register(Uuid::from_u128(7), &standard, &registration, &[1; 16], &context).unwrap();
        let mut world = Self { standard, replicas: vec![visit], entries: 1 };
        let crew = (1..=devices).map(person).collect();
        let (start, end) = (moment("09:00"), moment("12:00"));
        world.gives(OFFICE, "08:01", &Command::Dispatch { crew, start, end, tools: Vec::new() }).unwrap();
        for device in 1..=devices {
            let mut copy = Document::load(&world.replicas[OFFICE].save()).unwrap();
            copy.set_actor(&[u8::try_from(device).unwrap() + 1; 16]);
            world.replicas.push(copy);
        }
        world
    }

    /// At the customer's, in work.
    fn in_work(pack: &str, job: &str, devices: usize) -> Self {
        Self::assigned(pack, job, devices).at_work()
    }

    fn at_work(self) -> Self {
        let mut world = self;
        for command in [Command::Accept, Command::Depart, Command::Arrive, Command::Diagnose, Command::Start]
        {
            world.gives(1, "09:00", &command).unwrap();
        }
        world.meet();
        world
    }

    fn gives(&mut self, device: usize, at: &str, command: &Command) -> Result<Uuid, Refusal> {
        self.entries += 1;
        let side = if device == OFFICE { Side::Office } else { Side::Field };
        let mut context = context(side, self.entries, moment(at));
        if device != OFFICE {
            context.actor.person = person(device);
        }
        let replica = &mut self.replicas[device];
        if device == OFFICE {
            replica.set_actor(&[1; 16]);
        }
        match replica.apply(&self.standard, command, &context) {
            Ok(_) => Ok(context.entry_id),
            Err(jobsheet_core::record::ApplyError::Refused(refusal)) => Err(refusal),
            Err(error) => panic!("{error}"),
        }
    }

    /// Everybody gets everything.
    fn meet(&mut self) {
        let all: BTreeMap<[u8; 32], Vec<u8>> = self
            .replicas
            .iter()
            .flat_map(Document::changes)
            .map(|change| (change.hash, change.bytes))
            .collect();
        let all: Vec<Vec<u8>> = all.into_values().collect();
        for replica in &mut self.replicas {
            replica.merge(&all).unwrap();
        }
    }

    fn incidents(&self, device: usize, at: &str) -> Vec<Incident> {
        incidents(self.replicas[device].record(), &self.standard, moment(at).instant())
    }

    fn one(&self, device: usize, at: &str) -> Incident {
        let mut all = self.incidents(device, at);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    fn next(&self, side: Side, at: &str) -> Vec<NextStep> {
        judge(self.replicas[OFFICE].record(), &self.standard, side, moment(at).instant()).1
    }
}

fn person(device: usize) -> String {
    format!("crew-{device}")
}

fn context(side: Side, entry: u128, at: Moment) -> Context {
    let actor = Actor { person: "office".to_owned(), side, roles: Vec::new() };
    Context { actor, stamp: Stamp::wall(at), entry_id: Uuid::from_u128(entry << 8) }
}

fn report(event: &str) -> Command {
    about(event, None)
}

fn about(event: &str, about: Option<&str>) -> Command {
    let about = about.map(ToOwned::to_owned);
    Command::Report { event: event.to_owned(), note: None, about, happened: None }
}

fn answer(item: &str, value: AnswerValue) -> Command {
    Command::Answer { item: item.to_owned(), value }
}

fn help(situation: Option<&str>) -> Command {
    let place = Some(Spot { latitude: 31.23, longitude: 121.47, accuracy_m: Some(12.0) });
    Command::Alert {
        situation: situation.map(ToOwned::to_owned),
        words: Some("They took the van keys.".to_owned()),
        place,
    }
}

#[test]
fn what_two_devices_report_at_once_is_one_situation_with_two_reports() {
    let mut world = World::in_work("aftersales-rules", "service", 2);
    world.gives(1, "10:00", &report("mealtime-reached")).unwrap();
    world.gives(2, "10:02", &report("mealtime-reached")).unwrap();
    world.meet();
    for device in 0..=2 {
        let meal = world.one(device, "10:05");
        assert!(meal.open && meal.situation == "mealtime");
        assert_eq!(
            meal.reports.iter().map(|one| one.person.as_str()).collect::<Vec<_>>(),
            ["crew-1", "crew-2"]
        );
        assert_eq!(meal.since, Some(moment("10:00")));
        // The return time does not arise until the user finds going on inconvenient.
        assert_eq!(
            meal.duties.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(),
            ["aftersales-rules.mealtime-continue"]
        );
        assert!(meal.guidance.iter().any(|line| line.rule == "aftersales-rules.mealtime-never-eat"));
    }
    let inconvenient = AnswerValue::Choice("inconvenient".to_owned());
    world.gives(1, "10:06", &answer("aftersales-rules.mealtime-continue", inconvenient)).unwrap();
    let order: Vec<(String, bool)> =
        world.one(1, "10:07").duties.into_iter().map(|duty| (duty.rule, duty.done)).collect();
    let names = ["continue", "clear", "return-time"].map(|name| format!("aftersales-rules.mealtime-{name}"));
    assert_eq!(order, names.into_iter().zip([true, false, false]).collect::<Vec<_>>());
    world.gives(1, "10:08", &answer("aftersales-rules.mealtime-clear", AnswerValue::Yes(true))).unwrap();
    assert!(world.one(1, "10:08").open);
    let back = AnswerValue::Time(moment("13:00"));
    world.gives(1, "10:09", &answer("aftersales-rules.mealtime-return-time", back)).unwrap();
    let over = world.one(1, "10:10");
    assert!(!over.open && over.closed_by.is_none(), "closed once what it asks is done");
}

#[test]
fn a_situation_that_an_event_closed_opens_anew_with_the_next_report() {
    let mut world = World::assigned("execution-form", "service", 1);
    world.gives(1, "10:00", &report("objection-raised")).unwrap();
    world.gives(1, "10:10", &report("reply-given")).unwrap();
    world.gives(1, "10:20", &report("objection-raised")).unwrap();
    world.gives(1, "10:21", &report("objection-raised")).unwrap();
    let all = world.incidents(1, "10:30");
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].open, all[0].since, all[0].reports.len()), (true, Some(moment("10:20")), 2));
    assert_eq!(all[1].closed_by.as_deref(), Some("reply-given"));
    assert_eq!((all[1].since, all[1].closed), (Some(moment("10:00")), Some(moment("10:10"))));
    let shown =
        situation(world.replicas[1].record(), &world.standard, "objection", moment("10:30").instant());
    assert_eq!(shown.unwrap(), all[0], "the open one is shown");
}

#[test]
fn what_has_not_been_reported_shows_what_it_would_ask() {
    let world = World::in_work("aftersales-rules", "service", 1);
    let now = moment("10:00").instant();
    let view = |id: &str| situation(world.replicas[1].record(), &world.standard, id, now);
    let abuse = view("abuse").unwrap();
    assert!(!abuse.open && abuse.since.is_none() && abuse.alert);
    assert_eq!(abuse.guidance.len(), 2);
    assert_eq!(
        (abuse.tells[0].to.as_str(), abuse.tells[0].at_once, abuse.tells[0].told),
        ("service-centre", true, None)
    );
    assert!(view("foundation-problem").is_none(), "of another job");
    assert!(view("nothing").is_none());
    assert_eq!(world.incidents(1, "10:00"), []);
}

#[test]
fn an_alert_opens_the_situation_and_its_answer_tells_the_centre() {
    let mut world = World::in_work("aftersales-rules", "service", 2);
    let alert = world.gives(1, "10:00", &help(Some("abuse"))).unwrap();
    world.meet();
    let first = &world.next(Side::Office, "10:01")[0];
    assert_eq!(
        (first.command.as_str(), first.argument.clone()),
        ("acknowledge-alert", Some(alert.to_string()))
    );
    assert!(matches!(&first.reason, Why::Alert { person, .. } if person == "crew-1"));
    let shown = world.one(OFFICE, "10:01");
    assert!(shown.open && shown.alerts.len() == 1 && shown.tells[0].told.is_none());
    let field = tally(world.replicas[1].record(), &world.standard, Side::Field, moment("10:01").instant());
    assert_eq!((field.incidents, field.alerts), (vec!["abuse".to_owned()], 1));
    // The crew's first step belongs to it.
    let own = judge(world.replicas[1].record(), &world.standard, Side::Field, moment("10:01").instant()).1;
    assert_eq!(own[0].rule.as_deref(), Some("aftersales-rules.abuse-phone-centre"));
    assert_eq!(own[0].situation.as_deref(), Some("abuse"));

    let words = Some("The manager is on the way.".to_owned());
    world.gives(OFFICE, "10:05", &Command::AcknowledgeAlert { alert, words: words.clone() }).unwrap();
    world.meet();
    let at_crew = alerts(world.replicas[2].record());
    let answered = at_crew[0].acknowledged.clone().unwrap();
    assert_eq!((answered.at, answered.words), (moment("10:05"), words));
    assert_eq!(at_crew[0].place, Some(Spot { latitude: 31.23, longitude: 121.47, accuracy_m: Some(12.0) }));
    let shown = world.one(1, "10:06");
    assert_eq!(shown.tells[0].told, Some(moment("10:05")), "the answer is the call to the centre");
    assert!(shown.open, "somebody still has to take it up");
    let taken = AnswerValue::Text("Manager Wu speaks with the user.".to_owned());
    world.gives(OFFICE, "10:07", &answer("aftersales-rules.abuse-others-handle", taken)).unwrap();
    assert!(!world.one(OFFICE, "10:08").open);
}

#[test]
fn a_record_is_closed_without_signatures_where_the_situation_frees_it_and_only_there() {
    let mut world = World::in_work("aftersales-rules", "service", 1);
    let refusal = world.gives(OFFICE, "10:00", &Command::Close).unwrap_err();
    assert_eq!(refusal.code(), "wrong-state");
    world.gives(1, "10:00", &help(Some("abuse"))).unwrap();
    world.meet();
    let record = world.replicas[OFFICE].record();
    assert_eq!(state(record, &world.standard).side, Some(SideState::Interrupted));
    // The work goes on after all: the ordinary course holds again.
    let mut calm = World { standard: world.standard.clone(), replicas: Vec::new(), entries: 500 };
    calm.replicas = world.replicas.iter().map(|one| Document::load(&one.save()).unwrap()).collect();
    calm.replicas[1].set_actor(&[9; 16]);
    calm.gives(1, "10:20", &Command::Finish).unwrap();
    calm.meet();
    let after = calm.gives(OFFICE, "10:30", &Command::Close).unwrap_err();
    assert_eq!(after.code(), "wrong-state");
    assert_eq!(state(calm.replicas[OFFICE].record(), &calm.standard).side, None);

    world.gives(OFFICE, "10:30", &Command::Close).unwrap();
    let record = world.replicas[OFFICE].record();
    let there = state(record, &world.standard);
    assert_eq!((there.id.as_str(), there.side), ("closed", Some(SideState::Interrupted)));
    let (assessment, _) = judge(record, &world.standard, Side::Office, moment("10:31").instant());
    let violated: Vec<&str> = assessment
        .findings
        .iter()
        .filter(|one| one.status == Status::Violated)
        .map(|one| one.rule.as_str())
        .collect();
    assert_eq!(violated, Vec::<&str>::new(), "leaving rules and signatures do not apply");
    let open = world.one(OFFICE, "10:31");
    assert!(open.open, "what the centre owes stays owed on the closed record");
}

#[test]
fn of_two_situations_that_free_something_each_frees_its_own() {
    let built_in = builtin("aftersales-rules").unwrap().unwrap();
    let claims = r#"opens = ["compensation-demanded"]"#;
    let report =
        |event: &str| Command::Report { event: event.to_owned(), note: None, about: None, happened: None };
    // A company lets a visit end where compensation is demanded: by leaving, or by closing it too.
    let ended = |frees: &str| {
        let frees = format!("{claims}\nfrees = {{ events = [{frees}], until = [\"resumed\"] }}");
        let standard = Arc::new(Standard::load(&built_in.source().replace(claims, &frees)).unwrap());
        let mut world = World::under(standard, "service", 1).at_work();
        world.gives(1, "10:00", &report("compensation-demanded")).unwrap();
        world.gives(1, "10:01", &report("abuse-started")).unwrap();
        world.meet();
        let closed = world.gives(OFFICE, "10:10", &Command::Close);
        (world, closed)
    };
    // The claim stands first in the pack and frees another event: it does not hide what the abuse frees.
    let (world, closed) = ended(r#""left-site""#);
    closed.unwrap();
    let record = world.replicas[OFFICE].record();
    let (assessment, _) = judge(record, &world.standard, Side::Office, moment("10:11").instant());
    let signed = assessment.finding("aftersales-rules.key-person-acceptance").unwrap();
    assert_eq!(signed.status, Status::NotApplicable);
    // Where both free it, the duties of both stop it.
    let (_, refused) = ended(r#""left-site", "closed""#);
    let refusal = refused.unwrap_err();
    let needs: Vec<&str> = refusal.rules().iter().map(|need| need.rule.as_str()).collect();
    assert_eq!(needs, ["aftersales-rules.compensation-as-approved"]);
}

#[test]
fn an_alert_needs_no_situation_and_is_stopped_by_nothing_but_nonsense() {
    // A pack without any alert of its own.
    let mut world = World::assigned("gas", "booked-repair", 1);
    world.gives(1, "10:00", &help(None)).unwrap();
    let code = |world: &mut World, device: usize, command: &Command| {
        world.gives(device, "10:01", command).unwrap_err().code()
    };
    assert_eq!(code(&mut world, 1, &help(Some("hazard"))), "invalid");
    assert_eq!(code(&mut world, OFFICE, &help(None)), "forbidden");
    for (latitude, longitude, accuracy_m) in [
        (90.1, 0.0, None),
        (-90.1, 0.0, None),
        (f64::NAN, 0.0, None),
        (0.0, 180.1, None),
        (0.0, 0.0, Some(-1.0)),
        (0.0, 0.0, Some(100_001.0)),
    ] {
        let place = Some(Spot { latitude, longitude, accuracy_m });
        let refusal = world.gives(1, "10:01", &Command::Alert { situation: None, words: None, place });
        let told = refusal.unwrap_err();
        assert!(told.code() == "invalid" && !told.to_string().contains("90.1"), "{told}");
    }
    for (latitude, longitude) in [(90.0, 180.0), (-90.0, -180.0)] {
        let place = Some(Spot { latitude, longitude, accuracy_m: Some(100_000.0) });
        world.gives(1, "10:02", &Command::Alert { situation: None, words: None, place }).unwrap();
    }
    let unknown = Command::AcknowledgeAlert { alert: Uuid::from_u128(99), words: None };
    assert_eq!(code(&mut world, OFFICE, &unknown), "invalid");
    let raised = alerts(world.replicas[1].record());
    assert_eq!(raised.len(), 3);
    let refused = Command::AcknowledgeAlert { alert: raised[0].id, words: None };
    assert_eq!(code(&mut world, 1, &refused), "forbidden", "a crew does not answer its own call");
}

/// What a device may do in the property test.
fn some_command(kind: u8) -> Command {
    let choice = |id: &str| AnswerValue::Choice(id.to_owned());
    match kind % 14 {
        0 => report("mealtime-reached"),
        1 => answer("aftersales-rules.mealtime-continue", choice("inconvenient")),
        2 => answer("aftersales-rules.mealtime-continue", choice("agreed")),
        3 => answer("aftersales-rules.mealtime-clear", AnswerValue::Yes(true)),
        4 => report("other-customer-called"),
        5 => about("reported-to", Some("service-centre")),
        6 => help(Some("abuse")),
        7 => report("abuse-started"),
        8 => report("compensation-demanded"),
        9 => about("reply-given", Some("claim")),
        10 => Command::Survey(jobsheet_core::record::SurveyAnswer {
            level: "dissatisfied".to_owned(),
            words: Some("Too slow.".to_owned()),
        }),
        11 => Command::Pause { reason: "meal".to_owned() },
        12 => Command::Resume,
        _ => Command::Finish,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Two to four devices and the office work on special situations, alerts and surveys without hearing of each other,
    /// meeting now and then. In the end all see the same, and nothing of it is impossible.
    #[test]
    fn replicas_that_met_tell_the_same_of_every_situation(
        devices in 2_usize..=4,
        moves in proptest::collection::vec((0_usize..=4, any::<u8>(), 0_u32..40, any::<bool>()), 1..40),
    ) {
        let mut world = World::in_work("aftersales-rules", "service", devices);
        for (device, kind, minute, meet) in moves {
            let device = device % (devices + 1);
            let at = format!("10:{minute:02}");
            let command = some_command(kind);
            if device == OFFICE {
                let open = alerts(world.replicas[OFFICE].record());
                let open = open.into_iter().find(|alert| alert.acknowledged.is_none());
                if let Some(alert) = open {
                    let command = Command::AcknowledgeAlert { alert: alert.id, words: None };
                    world.gives(OFFICE, &at, &command).unwrap();
                }
            } else {
                let _ = world.gives(device, &at, &command);
            }
            if meet {
                world.meet();
            }
        }
        world.meet();
        let told = world.incidents(OFFICE, "11:00");
        for device in 1..=devices {
            prop_assert_eq!(&world.incidents(device, "11:00"), &told);
            prop_assert_eq!(alerts(world.replicas[device].record()), alerts(world.replicas[OFFICE].record()));
        }
        for incident in &told {
            prop_assert!(!incident.reports.is_empty() && incident.since.is_some());
            prop_assert!(incident.reports.windows(2).all(|two| two[0].at.instant() <= two[1].at.instant()));
            prop_assert!(!(incident.open && incident.closed.is_some()));
            if let (Some(since), Some(closed)) = (incident.since, incident.closed) {
                prop_assert!(since.instant() <= closed.instant());
            }
        }
        // One situation is open at most once.
        let mut open: Vec<&str> = told.iter().filter(|one| one.open).map(|one| one.situation.as_str()).collect();
        let many = open.len();
        open.sort_unstable();
        open.dedup();
        prop_assert_eq!(open.len(), many);
        let record = world.replicas[OFFICE].record();
        let counted = tally(record, &world.standard, Side::Office, moment("11:00").instant());
        let mut shown: Vec<String> = told.iter().filter(|one| one.open).map(|one| one.situation.clone()).collect();
        let mut listed = counted.incidents;
        shown.sort();
        listed.sort();
        prop_assert_eq!(listed, shown, "lists and views tell the same");
        let unanswered = alerts(record).iter().filter(|alert| alert.acknowledged.is_none()).count();
        prop_assert_eq!(counted.alerts, unanswered);
    }
}
