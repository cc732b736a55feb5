//! Who bears the costs of a visit, and what is charged: warranties on both sides of each limit, departments, tariffs.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{id, moment};
use jobsheet_core::Stamp;
use jobsheet_core::assess::{Bearer, Charge, ChargeFault, assess, charge};
use jobsheet_core::record::{Actor, Command, Context, Document, Registration};
use jobsheet_core::standard::{CostOf, Side, Standard, builtin};
use jobsheet_core::tariff::{Amount, Tariff};
use serde_json::json;

/// A visit under any pack.
struct Visit {
    document: Document,
    standard: Arc<Standard>,
    count: u64,
}

impl Visit {
    fn new(pack: &str, job: &str, received: &str, order: &[(&str, &str)]) -> Self {
        let standard = builtin(pack).unwrap().unwrap();
        let mut fields: std::collections::BTreeMap<String, String> =
            order.iter().map(|(id, value)| ((*id).to_owned(), (*value).to_owned())).collect();
        let known = |id: &str| standard.course(job).flow().order.iter().any(|field| field.id == id);
        for (id, value) in [("number", "SR-1"), ("fault", "Leaks"), ("time_zone", "Asia/Shanghai")] {
            if known(id) {
                fields.entry(id.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        let registration =
            Registration { job: Some(job.to_owned()), order: fields, received_at: Some(moment(received)) };
        let actor = Actor { person: "office-1".to_owned(), side: Side::Office, roles: Vec::new() };
        let context = Context { actor, stamp: Stamp::wall(moment(received)), entry_id: id(1) };
        let (mut document, _) =
            Document::register(id(999), &standard, &registration, &[1; 16], &context).unwrap();
        document.set_actor(&[1; 16]);
        let mut visit = Self { document, standard, count: 1 };
        let (start, end) = (moment("2030-01-01T10:00:00+08:00"), moment("2030-01-01T12:00:00+08:00"));
        let crew = vec!["lee".to_owned(), "kim".to_owned()];
        visit.office(received, &Command::Dispatch { crew, start, end, tools: Vec::new() });
        visit
    }

    fn gives(&mut self, person: &str, side: Side, stamp: Stamp, command: &Command) {
        self.count += 1;
        let actor = Actor { person: person.to_owned(), side, roles: Vec::new() };
        let context = Context { actor, stamp, entry_id: id(self.count) };
        if let Err(error) = self.document.apply(&self.standard, command, &context) {
            panic!("{} was refused: {error}", command.name());
        }
    }

    fn office(&mut self, at: &str, command: &Command) {
        self.gives("office-1", Side::Office, Stamp::wall(moment(at)), command);
    }

    fn field(&mut self, at: &str, command: &Command) {
        self.gives("lee", Side::Field, Stamp::wall(moment(at)), command);
    }

    fn uses(&mut self, at: &str, number: &str, quantity: u32) {
        let (number, name) = (number.to_owned(), None);
        self.field(at, &Command::ConsumePart { number, name, quantity, serial: None, replaces: None });
    }

    fn event(&mut self, at: &str, event: &str) {
        let event = event.to_owned();
        self.field(at, &Command::Report { event, note: None, about: None, happened: None });
    }

    fn charge(&self, tariffs: &[Tariff]) -> Charge {
        charge(self.document.record(), &self.standard, tariffs)
    }

    fn bearer(&self, of: CostOf) -> Bearer {
        self.charge(&[]).costs.into_iter().find(|borne| borne.of == of).unwrap().bearer
    }
}

fn diesel(received: &str, order: &[(&str, &str)]) -> Visit {
    Visit::new("diesel", "maintenance", received, order)
}

fn tariff(change: &serde_json::Value) -> Tariff {
    let mut whole = json!({
        "id": "service", "valid_from": "2026-01-01", "currency": "CNY", "parts": { "RING-1": 12_050 },
        "labour": { "per": "PT30M", "price": 9000 }, "fees": { "misuse": 50_000 },
    });
    for (key, value) in change.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let tariff: Tariff = serde_json::from_value(whole).unwrap();
    tariff.check().unwrap();
    tariff
}

fn faults(charge: &Charge) -> Vec<(ChargeFault, &str)> {
    charge.findings.iter().map(|finding| (finding.fault, finding.about.as_str())).collect()
}

fn customer() -> Bearer {
    Bearer::Role { role: "customer".to_owned() }
}

#[test]
fn the_warranty_ends_with_the_earlier_of_two_spans_and_holds_on_its_last_day() {
    // Delivered, sea trial, last day: ends of months, a leap day, the other span first, both at once.
    let cases = [
        ("2024-08-31", "2025-12-01", "2026-02-28"),
        ("2024-08-30", "2025-12-01", "2026-02-28"),
        ("2024-08-28", "2025-12-01", "2026-02-28"),
        ("2024-08-27", "2025-12-01", "2026-02-27"),
        ("2022-08-31", "2023-12-01", "2024-02-29"),
        ("2026-01-01", "2024-02-29", "2025-02-28"),
        ("2026-01-01", "2025-03-31", "2026-03-31"),
        ("2024-10-02", "2025-04-02", "2026-04-02"),
    ];
    for (delivered, trial, last) in cases {
        let order = [("delivered_on", delivered), ("sea_trial_on", trial)];
        let last_day: jiff::civil::Date = last.parse().unwrap();
        let on = |day: jiff::civil::Date, time: &str| diesel(&format!("{day}T{time}+08:00"), &order);
        let what = format!("{delivered} {trial}");
        assert_eq!(
            on(last_day, "00:00:00").bearer(CostOf::Parts),
            Bearer::Company,
            "{what}: the morning of the last day"
        );
        assert_eq!(
            on(last_day, "23:59:59").bearer(CostOf::Labour),
            Bearer::Company,
            "{what}: its last second"
        );
        let after = last_day.tomorrow().unwrap();
        assert_eq!(on(after, "00:00:00").bearer(CostOf::Parts), customer(), "{what}: the day after");
        let status = on(last_day, "12:00:00");
        let assessment = assess(status.document.record(), &status.standard, jiff::Timestamp::UNIX_EPOCH);
        let ends =
            assessment.warranties.iter().find(|one| one.rule == "diesel.warranty-earlier-ends").unwrap();
        assert_eq!(ends.until, Some(last_day), "{what}");
    }
}

#[test]
fn the_last_day_is_that_of_the_place_of_service() {
    let order = |zone| [("delivered_on", "2024-09-02"), ("sea_trial_on", "2025-12-01"), ("time_zone", zone)];
    // 23:30 in Shanghai on the last day is still the morning in New York; 00:30 a day later in Shanghai is the last day there.
    assert_eq!(
        diesel("2026-03-02T23:30:00+08:00", &order("Asia/Shanghai")).bearer(CostOf::Parts),
        Bearer::Company
    );
    assert_eq!(
        diesel("2026-03-03T00:30:00+08:00", &order("Asia/Shanghai")).bearer(CostOf::Parts),
        customer()
    );
    assert_eq!(
        diesel("2026-03-03T00:30:00+08:00", &order("America/New_York")).bearer(CostOf::Parts),
        Bearer::Company
    );
}

#[test]
fn a_date_that_is_not_known_is_asked_for_unless_it_makes_no_difference() {
    let at = "2026-03-02T10:00:00+08:00";
    let not_known = |missing: &[&str]| Bearer::NotKnown {
        missing: missing.iter().map(|one| (*one).to_owned()).collect(),
    };
    assert_eq!(
        diesel(at, &[]).bearer(CostOf::Parts),
        not_known(&["order.delivered_on", "order.sea_trial_on"])
    );
    assert_eq!(
        diesel(at, &[("delivered_on", "2025-12-01")]).bearer(CostOf::Parts),
        not_known(&["order.sea_trial_on"])
    );
    assert_eq!(
        diesel(at, &[("sea_trial_on", "2025-12-01")]).bearer(CostOf::Parts),
        not_known(&["order.delivered_on"])
    );
    assert_eq!(
        diesel(at, &[("delivered_on", "soon")]).bearer(CostOf::Parts),
        not_known(&["order.delivered_on", "order.sea_trial_on"])
    );
    // One span is over: whatever the other says, the earlier end has passed.
    assert_eq!(diesel(at, &[("delivered_on", "2020-01-01")]).bearer(CostOf::Parts), customer());
    let mut visit = diesel(at, &[("delivered_on", "2025-12-01")]);
    visit.uses(at, "RING-1", 1);
    let told = visit.charge(&[tariff(&json!({}))]);
    assert_eq!(faults(&told), [(ChargeFault::BearerNotKnown, "order.sea_trial_on")]);
    assert!(told.lines.is_empty() && told.totals.is_empty());
    visit.office(
        at,
        &Command::FillOrder {
            field: "sea_trial_on".to_owned(),
            value: "2026-01-15T09:00:00+08:00".to_owned(),
        },
    );
    assert_eq!(visit.bearer(CostOf::Parts), Bearer::Company, "a time is a date too");
}

/// A visit after the warranty, with a part, whose tariff is in question.
fn charged(day: &str) -> Visit {
    let mut visit = diesel(
        &format!("{day}T08:00:00+08:00"),
        &[("delivered_on", "2020-01-01"), ("sea_trial_on", "2020-01-01")],
    );
    visit.uses(&format!("{day}T09:00:00+08:00"), "RING-1", 2);
    visit
}

#[test]
fn the_version_of_the_tariff_that_holds_on_the_day_counts_and_without_one_nothing_is_said() {
    let tariffs =
        [tariff(&json!({})), tariff(&json!({ "valid_from": "2026-04-01", "parts": { "RING-1": 13_000 } }))];
    let total = |day: &str| charged(day).charge(&tariffs).totals[0].total.as_ref().map(|total| total.minor);
    assert_eq!(total("2026-01-01"), Some(24_100));
    assert_eq!(total("2026-03-31"), Some(24_100));
    assert_eq!(total("2026-04-01"), Some(26_000));
    let before = charged("2025-12-31").charge(&tariffs);
    assert_eq!(
        (faults(&before), before.totals[0].total.as_ref()),
        (vec![(ChargeFault::NoTariff, "service")], None)
    );
    let other = charged("2026-02-01").charge(&[tariff(&json!({ "id": "another" }))]);
    assert_eq!(faults(&other), [(ChargeFault::NoTariff, "service")]);
}

#[test]
fn what_the_tariff_lacks_leaves_no_total() {
    let mut visit = charged("2026-02-01");
    visit.uses("2026-02-01T09:10:00+08:00", "SEAL-2", 1);
    let told = visit.charge(&[tariff(&json!({}))]);
    assert_eq!(faults(&told), [(ChargeFault::NotInTariff, "SEAL-2")]);
    assert_eq!(
        (told.lines.len(), told.totals[0].total.as_ref()),
        (1, None),
        "what is known is shown, and no sum"
    );
    let huge = tariff(&json!({ "parts": { "RING-1": 1_000_000_000_000_i64, "SEAL-2": 0 } }));
    let told = visit.charge(&[huge]);
    let total = Amount { minor: 2_000_000_000_000, currency: "CNY".to_owned() };
    assert_eq!(
        (faults(&told), told.totals[0].total.as_ref()),
        (vec![], Some(&total)),
        "a price of nothing is a price"
    );
}

#[test]
fn misuse_costs_the_fee_of_the_tariff_whatever_the_warranty_says() {
    let at = "2026-02-01T09:00:00+08:00";
    let mut visit = diesel(at, &[("delivered_on", "2026-01-01"), ("sea_trial_on", "2026-01-01")]);
    visit.uses(at, "RING-1", 1);
    assert_eq!(visit.charge(&[tariff(&json!({}))]).lines, [], "nothing has happened yet");
    visit.field(at, &Command::Accept);
    visit.event(at, "misuse-found");
    let told = visit.charge(&[tariff(&json!({}))]);
    let lines: Vec<_> = told.lines.iter().map(|line| (line.what.as_str(), line.amount.to_string())).collect();
    assert_eq!(
        (lines, visit.bearer(CostOf::Parts)),
        (vec![("misuse", "500.00 CNY".to_owned())], Bearer::Company)
    );
    let none = visit.charge(&[tariff(&json!({ "fees": {} }))]);
    assert_eq!(
        (faults(&none), none.totals[0].total.as_ref()),
        (vec![(ChargeFault::NotInTariff, "misuse")], None)
    );
    assert_eq!(faults(&visit.charge(&[])), [(ChargeFault::NoTariff, "service")]);
}

#[test]
fn a_department_bears_what_the_pack_says_and_pays_by_no_tariff() {
    let at = "2026-02-01T09:00:00+08:00";
    let mut visit = Visit::new("aftersales-rules", "service", at, &[("service_kind", "maintenance")]);
    visit.uses(at, "RING-1", 1);
    assert_eq!(visit.bearer(CostOf::Parts), Bearer::Role { role: "manufacturing".to_owned() });
    let told = visit.charge(&[]);
    assert_eq!(faults(&told), [(ChargeFault::NoTariffNamed, "parts")]);
    // Training without parts is no manufacturing cost: the pack says nothing of it.
    let training = Visit::new("aftersales-rules", "service", at, &[("service_kind", "training")]);
    assert_eq!(training.bearer(CostOf::Parts), Bearer::NotStated);
    assert_eq!(faults(&training.charge(&[])), [], "and no cost has arisen");
    let silent = Visit::new(
        "execution-form",
        "service",
        at,
        &common::order("normal").iter().map(|(id, value)| (id.as_str(), value.as_str())).collect::<Vec<_>>(),
    );
    assert_eq!(silent.bearer(CostOf::Labour), Bearer::NotStated);
}

#[test]
fn work_is_counted_in_units_that_were_begun_without_pauses_and_by_the_monotonic_clock() {
    let minutes = |times: &[(&str, &str, &str)]| {
        let mut visit = Visit::new(
            "diesel",
            "maintenance",
            "2026-02-01T08:00:00+08:00",
            &[("delivered_on", "2020-01-01"), ("sea_trial_on", "2020-01-01")],
        );
        visit.field("2026-02-01T08:10:00+08:00", &Command::Accept);
        for (_, time, kind) in times {
            let at = format!("2026-02-01T{time}+08:00");
            let command = match *kind {
                "depart" => Command::Depart,
                "arrive" => Command::Arrive,
                "start" => Command::Start,
                "finish" => Command::Finish,
                other => panic!("{other}"),
            };
            visit.field(&at, &command);
        }
        let told = visit.charge(&[tariff(&json!({}))]);
        told.lines.iter().find(|line| line.what == "labour").map(|line| line.quantity)
    };
    let way = [("", "08:20:00", "depart"), ("", "08:40:00", "arrive"), ("", "09:00:00", "start")];
    let until = |end: &str| minutes(&[&way[..], &[("", end, "finish")]].concat());
    assert_eq!(until("09:00:01"), Some(1));
    assert_eq!(until("09:30:00"), Some(1), "the unit that is full");
    assert_eq!(until("09:30:01"), Some(2), "the next one that was begun");
    assert_eq!(until("09:00:00"), Some(0));
    assert_eq!(until("08:59:59"), None, "no amount by a clock that runs backwards");
    assert_eq!(minutes(&way), None);
}

#[test]
fn a_clock_that_is_set_during_the_work_does_not_change_the_bill() {
    let order = [("delivered_on", "2020-01-01"), ("sea_trial_on", "2020-01-01")];
    let mut visit = diesel("2026-02-01T08:00:00+08:00", &order);
    let stamp = |at: &str, mono: u64| Stamp {
        mono_ms: Some(mono),
        boot: Some("one".to_owned()),
        ..Stamp::wall(moment(at))
    };
    let mut gives =
        |at: &str, mono, command: &Command| visit.gives("lee", Side::Field, stamp(at, mono), command);
    gives("2026-02-01T08:10:00+08:00", 0, &Command::Accept);
    gives("2026-02-01T08:20:00+08:00", 600_000, &Command::Depart);
    gives("2026-02-01T08:40:00+08:00", 1_800_000, &Command::Arrive);
    gives("2026-02-01T09:00:00+08:00", 3_000_000, &Command::Start);
    // Somebody sets the clock to the next day; 20 minutes have passed.
    gives("2026-02-02T09:00:00+08:00", 4_200_000, &Command::Finish);
    let told = visit.charge(&[tariff(&json!({}))]);
    assert_eq!(told.lines[0].quantity, 1);
}

/// A service visit whose work begins at 09:00.
fn begun() -> Visit {
    let mut visit =
        Visit::new("aftersales-rules", "service", &at("08:00"), &[("service_kind", "maintenance")]);
    for (time, command) in
        [("08:10", Command::Accept), ("08:20", Command::Depart), ("08:40", Command::Arrive)]
    {
        visit.field(&at(time), &command);
    }
    visit.field(&at("09:00"), &Command::Start);
    visit
}

fn at(time: &str) -> String {
    format!("2026-02-01T{time}:00+08:00")
}

fn pause() -> Command {
    Command::Pause { reason: "Mealtime.".to_owned() }
}

/// Minutes charged, their price at one yuan each, and who bears them. A company that charges what the pack leaves open says
/// so in its own pack; the engine reckons the same there.
fn minutes_charged(visit: &Visit) -> (u64, String, String) {
    let source = visit.standard.source().replace(
        r#"quantity = "manufacturing-cost", window = { after = "left-site" }, of = ["parts", "labour"]"#,
        r#"quantity = "manufacturing-cost", window = { after = "left-site" }, of = ["parts", "labour"], tariff = "service""#,
    );
    let own = Standard::load(&source).unwrap();
    let tariff = tariff(&json!({ "labour": { "per": "PT1M", "price": 100 } }));
    let told = charge(visit.document.record(), &own, &[tariff]);
    let labour = told.lines.iter().find(|line| line.what == "labour").unwrap();
    (labour.quantity, labour.amount.to_string(), labour.bearer.clone())
}

#[test]
fn pauses_cost_nothing_and_a_crew_that_pauses_together_pauses_once() {
    let mut visit = begun();
    visit.field(&at("09:20"), &pause());
    visit.gives("kim", Side::Field, Stamp::wall(moment(&at("09:25"))), &pause());
    visit.field(&at("09:50"), &Command::Resume);
    visit.field(&at("10:00"), &Command::Finish);
    assert_eq!(minutes_charged(&visit), (30, "30.00 CNY".to_owned(), "manufacturing".to_owned()));
}

#[test]
fn a_pause_that_nobody_ends_lasts_to_the_end_of_the_work() {
    let mut visit = begun();
    visit.field(&at("09:20"), &pause());
    visit.field(&at("11:00"), &Command::Finish);
    assert_eq!(minutes_charged(&visit).0, 20);
    let mut visit = begun();
    visit.field(&at("09:10"), &pause());
    visit.field(&at("09:40"), &Command::Resume);
    visit.field(&at("10:00"), &pause());
    visit.gives("kim", Side::Field, Stamp::wall(moment(&at("10:05"))), &pause());
    visit.field(&at("11:00"), &Command::Finish);
    assert_eq!(minutes_charged(&visit).0, 30, "ten minutes and twenty");
}

#[test]
fn a_tariff_that_is_not_sound_is_none() {
    let of = |change: &serde_json::Value| {
        let mut whole = json!({ "id": "service", "valid_from": "2026-01-01", "currency": "CNY" });
        for (key, value) in change.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value::<Tariff>(whole)
            .map_err(|error| error.to_string())
            .and_then(|tariff| tariff.check().map_err(|error| error.to_string()))
    };
    assert!(of(&json!({})).is_ok());
    for wrong in [
        json!({ "id": "" }),
        json!({ "id": "Service" }),
        json!({ "currency": "RMB" }),
        json!({ "currency": "cny" }),
        json!({ "parts": { "A": -1 } }),
        json!({ "parts": { "A": 1.5 } }),
        json!({ "parts": { "": 1 } }),
        json!({ "parts": { "A": 1_000_000_000_001_i64 } }),
        json!({ "labour": { "per": "P1M", "price": 1 } }),
        json!({ "labour": { "per": "PT0S", "price": 1 } }),
        json!({ "labour": { "per": "-PT1H", "price": 1 } }),
        json!({ "taxes": {} }),
    ] {
        assert!(of(&wrong).is_err(), "{wrong}");
    }
}
