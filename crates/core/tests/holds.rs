//! Hold tests with samples, across restarts and on several phones; series; instruments that must have been calibrated.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use jobsheet_core::assess::{Status, assess, next};
use jobsheet_core::record::{
    Actor, Calibration, Command, Context, Document, HoldVerdict, Refusal, Registration, hold_views, holds,
};
use jobsheet_core::standard::{Side, Standard, builtin, resolve};
use jobsheet_core::{Moment, Stamp};
use proptest::prelude::*;
use uuid::Uuid;

const TEST: &str = "gas.ignition-pressure-hold";
const UNIT: &str = "mm[H2O]";

/// A stamp so many seconds after nine: the true time is the monotonic one, `fast` is how far the wall clock is ahead.
fn stamp(boot: &str, seconds: i64, fast: i64) -> Stamp {
    let nine: Moment = "2026-03-02T09:00:00+08:00".parse().unwrap();
    let wall = nine.instant() + SignedDuration::from_secs(seconds + fast);
    Stamp {
        at: Moment::new(wall, nine.offset()),
        mono_ms: Some(u64::try_from(10_000_000 + seconds * 1000).unwrap()),
        boot: Some(boot.to_owned()),
        skew_ms: None,
    }
}

struct Site {
    standard: Arc<Standard>,
    visits: Vec<Document>,
    entries: u128,
}

impl Site {
    /// A crew about to test for leaks, each with a phone.
    fn under(standard: Arc<Standard>, phones: usize) -> Self {
        let order = [("number", "1"), ("fault", "new"), ("urgency", "booked"), ("location", "Harbour 1")];
        let order: BTreeMap<String, String> =
            order.into_iter().map(|(id, value)| (id.to_owned(), value.to_owned())).collect();
        let registration = Registration { job: Some("ignition".to_owned()), order, received_at: None };
        let office = |entry| context(0, Side::Office, entry, stamp("office", -3600, 0));
        let (mut visit, _) =
            Document::register(Uuid::from_u128(7), &standard, &registration, &[1; 16], &office(1)).unwrap();
        visit.set_actor(&[1; 16]);
        let (start, end) =
            ("2026-03-02T09:00:00+08:00".parse().unwrap(), "2026-03-02T12:00:00+08:00".parse().unwrap());
        let crew = (1..=phones).map(|phone| format!("crew-{phone}")).collect();
        visit
            .apply(&standard, &Command::Dispatch { crew, start, end, tools: Vec::new() }, &office(2))
            .unwrap();
        let visits = (0..phones)
            .map(|phone| {
                let mut copy = Document::load(&visit.save()).unwrap();
                copy.set_actor(&[u8::try_from(phone).unwrap() + 2; 16]);
                copy
            })
            .collect();
        Self { standard, visits, entries: 10 }
    }

    fn gas(phones: usize) -> Self {
        Self::under(builtin("gas").unwrap().unwrap(), phones)
    }

    fn gives(&mut self, phone: usize, stamp: Stamp, command: &Command) -> Result<(), Refusal> {
        self.entries += 1;
        let context = context(phone + 1, Side::Field, self.entries, stamp);
        match self.visits[phone].apply(&self.standard, command, &context) {
            Ok(_) => Ok(()),
            Err(jobsheet_core::record::ApplyError::Refused(refusal)) => Err(refusal),
            Err(error) => panic!("{error}"),
        }
    }

    fn meet(&mut self) {
        let all: BTreeMap<[u8; 32], Vec<u8>> = self
            .visits
            .iter()
            .flat_map(Document::changes)
            .map(|change| (change.hash, change.bytes))
            .collect();
        let all: Vec<Vec<u8>> = all.into_values().collect();
        for visit in &mut self.visits {
            visit.merge(&all).unwrap();
        }
    }

    fn passed(&self) -> bool {
        holds(self.visits[0].record(), &self.standard)[TEST].passed()
    }

    fn failures(&self) -> Vec<String> {
        holds(self.visits[0].record(), &self.standard)[TEST].failures()
    }
}

fn context(person: usize, side: Side, entry: u128, stamp: Stamp) -> Context {
    let actor = Actor { person: format!("crew-{person}"), side, roles: Vec::new() };
    Context { actor, stamp, entry_id: Uuid::from_u128(entry << 8) }
}

fn begin(value: f64) -> Command {
    Command::BeginHold {
        item: TEST.to_owned(),
        value,
        unit: UNIT.to_owned(),
        instrument: None,
        calibration: None,
    }
}

fn sample(value: f64) -> Command {
    Command::SampleHold { item: TEST.to_owned(), value, unit: UNIT.to_owned() }
}

fn end(value: f64) -> Command {
    Command::EndHold { item: TEST.to_owned(), value, unit: UNIT.to_owned() }
}

/// The gas standard with another word on what counts across a restart.
fn across(word: &str) -> Arc<Standard> {
    let source = builtin("gas")
        .unwrap()
        .unwrap()
        .source()
        .replace("lasts = \"PT10M\", drop", &format!("across-boots = \"{word}\", lasts = \"PT10M\", drop"));
    let standard = Standard::load(&source).unwrap_or_else(|errors| panic!("{errors}"));
    assert_ne!(standard.sha256(), builtin("gas").unwrap().unwrap().sha256());
    Arc::new(standard)
}

#[test]
fn a_restart_counts_as_the_pack_says() {
    for (word, covered, bare) in
        [("samples", true, false), ("wall-clock", true, true), ("never", false, false)]
    {
        let standard = if word == "samples" { builtin("gas").unwrap().unwrap() } else { across(word) };
        // Covered: six minutes before the restart, four after it, three between which nothing proves.
        for (readings, passes) in [(true, covered), (false, bare)] {
            let mut site = Site::under(standard.clone(), 1);
            site.gives(0, stamp("a", 0, 0), &begin(5000.0)).unwrap();
            if readings {
                site.gives(0, stamp("a", 360, 0), &sample(5000.0)).unwrap();
                site.gives(0, stamp("b", 540, 0), &sample(5000.0)).unwrap();
            }
            site.gives(0, stamp("b", 780, 0), &end(5000.0)).unwrap();
            assert_eq!(site.passed(), passes, "{word} {readings}: {:?}", site.failures());
            let view = hold_views(site.visits[0].record(), &standard, &stamp("b", 800, 0)).remove(0);
            assert!(view.rebooted && view.readings.len() == if readings { 4 } else { 2 });
            assert_eq!(view.verdict == HoldVerdict::Passed, passes);
        }
    }
}

#[test]
fn ten_minutes_are_ten_minutes_on_either_side_of_a_restart() {
    for (last, passes) in [(779, false), (780, true)] {
        let mut site = Site::gas(1);
        site.gives(0, stamp("a", 0, 0), &begin(5000.0)).unwrap();
        site.gives(0, stamp("a", 360, 0), &sample(5000.0)).unwrap();
        site.gives(0, stamp("b", 540, 0), &sample(5000.0)).unwrap();
        site.gives(0, stamp("b", last, 0), &end(5000.0)).unwrap();
        assert_eq!(site.passed(), passes, "{last}: {:?}", site.failures());
    }
    // Within one boot no reading in between is needed, and none makes the test longer.
    for (last, passes) in [(599, false), (600, true)] {
        let mut site = Site::gas(1);
        site.gives(0, stamp("a", 0, 0), &begin(5000.0)).unwrap();
        site.gives(0, stamp("a", 300, 7200), &sample(5000.0)).unwrap();
        site.gives(0, stamp("a", last, 7200), &end(5000.0)).unwrap();
        assert_eq!(site.passed(), passes, "the wall clock is set ahead by two hours");
    }
}

#[test]
fn a_wall_clock_set_ahead_between_two_boots_proves_nothing() {
    let mut site = Site::gas(1);
    site.gives(0, stamp("a", 0, 0), &begin(5000.0)).unwrap();
    site.gives(0, stamp("a", 60, 0), &sample(5000.0)).unwrap();
    site.gives(0, stamp("b", 120, 3600), &sample(5000.0)).unwrap();
    site.gives(0, stamp("b", 180, 3600), &end(5000.0)).unwrap();
    assert_eq!(site.failures(), ["restarted, proved 120 s < 600 s"]);
    let now = "2026-03-02T10:30:00+08:00".parse::<Moment>().unwrap().instant();
    let judged = assess(site.visits[0].record(), &site.standard, now);
    let found = judged.finding(TEST).unwrap();
    assert!(found.clock_suspect && found.status == Status::Violated);
}

#[test]
fn a_value_below_the_drop_fails_at_once_and_a_reading_after_the_end_does_not_count() {
    let mut site = Site::gas(2);
    site.gives(0, stamp("a", 0, 0), &begin(5000.0)).unwrap();
    site.meet();
    // The second phone does not hear of the end and reads on.
    site.gives(0, stamp("a", 600, 0), &end(5000.0)).unwrap();
    site.gives(1, stamp("b", 660, 0), &sample(4000.0)).unwrap();
    site.meet();
    assert!(site.passed(), "{:?}", site.failures());
    site.gives(0, stamp("a", 700, 0), &begin(5000.0)).unwrap();
    site.gives(0, stamp("a", 760, 0), &sample(4999.0)).unwrap();
    assert_eq!(site.failures(), ["drop 1 > 0"]);
    let view = hold_views(site.visits[0].record(), &site.standard, &stamp("a", 800, 0)).remove(0);
    assert_eq!((view.verdict, view.proved_seconds, view.remaining_seconds), (HoldVerdict::Failing, 100, 500));
    site.gives(0, stamp("a", 1400, 0), &end(5000.0)).unwrap();
    assert!(!site.passed(), "it rose again, and has fallen all the same");
}

/// A company that wants its gauges calibrated within a year.
fn careful(within: &str, blocks: &str) -> Arc<Standard> {
    let source = format!(
        r#"
format = 1
id = "careful"
version = "1.0.0"
extends = {{ id = "gas", version = "1.0.0" }}

[[rules]]
id = "careful.gauges"
clause = "4"
phase = "work"
roles = ["commissioning-tech"]
in = ["ignition"]
severity = "must"
text = {{ en = "Use gauges calibrated within a year.", zh = "使用一年内校准的压力表。" }}
check.calibrated = {{ quantities = ["ignition-test-pressure"], within = "{within}", window = {{ after = "hold-started", blocks = [{blocks}] }} }}
"#
    );
    let find = |id: &str| builtin(id).ok().flatten();
    let whole = resolve(&source, &find).unwrap_or_else(|errors| panic!("{errors}"));
    Arc::new(Standard::load(&whole).unwrap_or_else(|errors| panic!("{errors}")))
}

#[test]
fn a_company_may_ask_for_instruments_calibrated_within_a_year_and_its_gate_holds() {
    let standard = careful("P1Y", "\"guarded-step-started/ignition\"");
    let now = "2026-03-02T10:00:00+08:00".parse::<Moment>().unwrap().instant();
    let gauge = |site: &mut Site, seconds: i64, on: Option<&str>, due: Option<&str>| {
        let calibration =
            on.map(|on| Calibration { on: on.parse().unwrap(), due: due.map(|due| due.parse().unwrap()) });
        let instrument = Some("gauge 4".to_owned());
        let command = Command::BeginHold {
            item: TEST.to_owned(),
            value: 5000.0,
            unit: UNIT.to_owned(),
            instrument,
            calibration,
        };
        site.gives(0, stamp("a", seconds, 0), &command)
    };
    let finding = |site: &Site| {
        let judged = assess(site.visits[0].record(), &site.standard, now);
        judged.finding("careful.gauges").unwrap().clone()
    };
    let mut site = Site::under(standard.clone(), 1);
    assert_eq!(finding(&site).status, Status::NotApplicable, "nothing has been measured");
    for (at, (on, due, status, missing)) in [
        (None, None, Status::Outstanding, "measure.ignition-test-pressure calibration gauge 4"),
        (
            Some("2025-03-01"),
            None,
            Status::Violated,
            "measure.ignition-test-pressure calibration gauge 4 over since 2026-03-01",
        ),
        (Some("2025-03-02"), None, Status::Satisfied, ""),
        (
            Some("2025-09-01"),
            Some("2026-03-01"),
            Status::Violated,
            "measure.ignition-test-pressure calibration gauge 4 over since 2026-03-01",
        ),
        (Some("2025-09-01"), Some("2026-03-02"), Status::Satisfied, ""),
    ]
    .into_iter()
    .enumerate()
    {
        gauge(&mut site, i64::try_from(at).unwrap() * 60, on, due).unwrap();
        let found = finding(&site);
        assert_eq!(
            (found.status, found.missing.first().map_or("", String::as_str)),
            (status, missing),
            "{on:?}"
        );
        assert_eq!(found.clause, "4");
        let asked = next(site.visits[0].record(), &standard, Side::Field, now);
        let step = asked.iter().find(|step| step.rule.as_deref() == Some("careful.gauges"));
        if status == Status::Outstanding {
            let step = step.unwrap();
            let does = (step.command.as_str(), step.argument.as_deref());
            assert_eq!(does, ("measure", Some("ignition-test-pressure")));
        }
    }
    // It gates what the company says it gates.
    let light = Command::Report {
        event: "guarded-step-started".to_owned(),
        note: None,
        about: Some("ignition".to_owned()),
        happened: None,
    };
    gauge(&mut site, 900, Some("2024-01-01"), None).unwrap();
    let refusal = site.gives(0, stamp("a", 960, 0), &light).unwrap_err();
    let Refusal::NotYet { needs } = &refusal else { panic!("{refusal:?}") };
    assert!(needs.iter().any(|need| need.rule == "careful.gauges"), "{needs:?}");
    // What a label can not say is refused.
    let wrong = |site: &mut Site, on, due| gauge(site, 1000, Some(on), due).unwrap_err().to_string();
    assert!(wrong(&mut site, "2026-03-03", None).contains("calibration.on"));
    assert!(wrong(&mut site, "2025-03-03", Some("2025-03-02")).contains("calibration.due"));
}

#[test]
fn a_series_stands_in_the_order_in_which_it_was_read_and_each_value_is_judged() {
    let source = r#"
format = 1
id = "careful"
version = "1.0.0"
extends = { id = "gas", version = "1.0.0" }

[[rules]]
id = "careful.readings"
clause = "5"
phase = "work"
roles = ["commissioning-tech"]
in = ["ignition"]
severity = "must"
text = { en = "Read the pressure three times.", zh = "读取压力三次。" }
check.item = { ask = { series = { quantity = "ignition-test-pressure", count = 3, min = 4000.0, max = 6000.0 } } }
"#;
    let find = |id: &str| builtin(id).ok().flatten();
    let whole = resolve(source, &find).unwrap_or_else(|errors| panic!("{errors}"));
    let mut site = Site::under(Arc::new(Standard::load(&whole).unwrap()), 2);
    let read = |value: f64| Command::Measure {
        quantity: "ignition-test-pressure".to_owned(),
        value,
        unit: UNIT.to_owned(),
        instrument: Some("gauge 4".to_owned()),
        calibration: None,
    };
    let finding = |site: &Site| {
        let now = "2026-03-02T10:00:00+08:00".parse::<Moment>().unwrap().instant();
        assess(site.visits[0].record(), &site.standard, now).finding("careful.readings").unwrap().clone()
    };
    // Two phones read, and hear of each other later.
    site.gives(0, stamp("a", 60, 0), &read(5020.0)).unwrap();
    site.gives(1, stamp("b", 30, 0), &read(5030.0)).unwrap();
    site.meet();
    assert_eq!(finding(&site).missing, ["measure.ignition-test-pressure 2 of 3"]);
    site.gives(1, stamp("b", 90, 0), &read(5010.0)).unwrap();
    site.meet();
    let found = finding(&site);
    let values: Vec<&str> = found.evidence.iter().map(|evidence| evidence.value.as_str()).collect();
    assert_eq!(values, ["5030 mm[H2O]", "5020 mm[H2O]", "5010 mm[H2O]"]);
    let times: Vec<String> = found.evidence.iter().map(|one| one.at.unwrap().to_string()).collect();
    assert_eq!(times[0], "2026-03-02T09:00:30+08:00");
    assert!(times.is_sorted() && found.status == Status::Satisfied);
    // Everybody's last value is right, and one of them was not.
    site.gives(0, stamp("a", 100, 0), &read(3999.0)).unwrap();
    site.gives(0, stamp("a", 110, 0), &read(5000.0)).unwrap();
    assert_eq!(finding(&site).status, Status::Violated);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Two to four phones read one test, each with boots and a wall clock of its own, without hearing of each other. All see
    /// the same in the end; no test passes that fell or that did not truly last; what one phone measured alone counts whole.
    #[test]
    fn phones_that_met_judge_a_hold_alike_and_none_is_longer_than_it_was(
        phones in 2_usize..=4,
        readings in proptest::collection::vec((0_usize..4, 0_i64..900, 0_u8..3, 0_u8..12), 0..14),
        last in 1_i64..900,
        ender in 0_usize..4,
    ) {
        let mut site = Site::gas(phones);
        site.gives(0, stamp("0-0", 0, 0), &begin(5000.0)).unwrap();
        site.meet();
        let boot = |phone: usize, seconds: i64, restarts: u8| {
            format!("{phone}-{}", seconds / 300 * i64::from(restarts))
        };
        let ender = ender % phones;
        let mut fell = false;
        for (phone, seconds, restarts, value) in &readings {
            let phone = phone % phones;
            let value = if *value == 0 { 4990.0 } else { 5000.0 };
            fell |= value < 5000.0 && *seconds <= last;
            let at = stamp(&boot(phone, *seconds, *restarts), *seconds, 0);
            site.gives(phone, at, &sample(value)).unwrap();
        }
        site.gives(ender, stamp(&boot(ender, last, 1), last, 0), &end(5000.0)).unwrap();
        site.meet();
        let told = holds(site.visits[0].record(), &site.standard);
        for visit in &site.visits {
            prop_assert_eq!(&holds(visit.record(), &site.standard), &told);
            let now = stamp("0-0", 1000, 0);
            let view = hold_views(visit.record(), &site.standard, &now).remove(0);
            prop_assert!(view.proved_seconds <= last, "{} s proved of {last}", view.proved_seconds);
            prop_assert!(view.remaining_seconds >= 0);
            prop_assert_eq!(view.verdict == HoldVerdict::Passed, told[TEST].passed());
        }
        let test = &told[TEST];
        if test.passed() {
            prop_assert!(!fell && last >= 600);
        }
        if ender == 0 && last < 300 {
            prop_assert_eq!(test.lasted().unwrap().duration.as_secs(), last, "one boot, one clock");
        }
    }
}
