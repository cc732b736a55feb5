//! Every deadline: at its limit and a second after it, running and run out, explained, paused, and one clock for each start.

use std::sync::Arc;

use jobsheet_core::Moment;
use jobsheet_core::assess::{MilestoneState, MilestoneStatus, Status};
use jobsheet_core::record::Command;
use jobsheet_core::standard::{Check, Milestone, Rule, Severity, Standard};

use crate::scenario::{self, Word};
use crate::stage::{Desk, PACKS, after, end_of, plan, running, standard};
use crate::table::{self, Row};

/// A deadline of a pack with the scenario in which it is kept.
pub struct Clock {
    pub standard: Arc<Standard>,
    pub row: Row,
    pub words: Vec<Word>,
}

impl Clock {
    pub fn rule(&self) -> &Rule {
        self.standard.rule(&self.row.rule).unwrap()
    }

    pub fn milestone(&self) -> &Milestone {
        let Check::Milestone(milestone) = &self.rule().check else {
            panic!("{} is no deadline", self.row.rule)
        };
        milestone
    }

    pub fn has_figure(&self) -> bool {
        self.milestone().limit.as_deref() != Some("at-once")
    }

    /// The moment at which the clock runs, if the scenario has one between its start and its end.
    fn running(&self) -> Option<Desk> {
        let whole = running(&self.standard, &self.row.job, &self.words, &self.row.rule);
        whole.or_else(|| {
            // The scenario may name the end as well.
            let ends = &self.milestone().end;
            let open = self
                .words
                .iter()
                .filter(|word| !matches!(word, Word::Incident(event) if ends.contains(event)));
            let open: Vec<Word> = open.cloned().collect();
            running(&self.standard, &self.row.job, &open, &self.row.rule)
        })
    }
}

fn clocks_of(standard: &Arc<Standard>) -> Vec<Clock> {
    let rows = table::rows(&standard.pack().id).into_iter().filter(|row| row.check == "milestone");
    rows.map(|row| Clock { standard: standard.clone(), words: scenario::read(&row.kept), row }).collect()
}

pub fn clocks() -> Vec<Clock> {
    PACKS.into_iter().flat_map(|pack| clocks_of(&standard(pack))).collect()
}

fn status(desk: &Desk, now: Moment, rule: &str) -> (MilestoneStatus, Status) {
    let assessment = desk.assess_at(now);
    let milestone = assessment.milestone(rule).unwrap().clone();
    (milestone, assessment.finding(rule).unwrap().status)
}

/// A recommendation that was not followed is no breach.
fn of_severity(standard: &Standard, rule: &str, wanted: Status) -> Status {
    let should = standard.rule(rule).unwrap().severity == Severity::Should;
    if should && wanted == Status::Violated { Status::Guidance } else { wanted }
}

#[test]
fn a_deadline_is_met_at_its_limit_and_late_a_second_after() {
    let mut count = 0;
    for clock in clocks().into_iter().filter(Clock::has_figure) {
        let rule = &clock.row.rule;
        let (event, due) = end_of(&clock.standard, &clock.row.job, &clock.words, rule)
            .unwrap_or_else(|| panic!("{rule} has no end in `{}`", clock.row.kept));
        for (seconds, state, wanted) in
            [(0, MilestoneState::Met, Status::Satisfied), (1, MilestoneState::MetLate, Status::Violated)]
        {
            let ended = after(due, seconds);
            let mut rehearsal = plan(&clock.standard, &clock.row.job, &clock.words).at(&event, ended);
            for demand in clock.standard.pack().rules.iter().filter(|rule| rule.check.kind() == "on-breach") {
                rehearsal = rehearsal.leave_out(&demand.id);
            }
            let rehearsed = rehearsal.run().unwrap();
            let mut desk = Desk::at_end(&clock.standard, &rehearsed);
            let now = desk.now;
            for now in [now, after(now, 100 * 86_400)] {
                let (milestone, finding) = status(&desk, now, rule);
                let wanted = of_severity(&clock.standard, rule, wanted);
                assert_eq!(
                    (milestone.state, finding),
                    (state, wanted),
                    "{rule} ended {seconds} s after its limit"
                );
                assert_eq!(
                    (milestone.left_seconds, milestone.ended),
                    (Some(-seconds), Some(ended)),
                    "{rule}"
                );
            }
            if seconds == 1 {
                explained(&mut desk, rule);
            }
        }
        count += 1;
    }
    assert_eq!(count, 31, "deadlines with a figure");
}

/// A reason stands in the status and satisfies what is demanded of a missed deadline; it heals nothing.
fn explained(desk: &mut Desk, rule: &str) {
    let asks = |desk: &Desk| -> Vec<String> {
        let assessment = desk.assess();
        let demands = assessment.findings.iter().filter(|finding| finding.kind == "on-breach");
        demands
            .filter(|finding| finding.missing.iter().any(|missing| missing == rule))
            .map(|one| one.rule.clone())
            .collect()
    };
    let before = asks(desk);
    let reason_asked = {
        let Check::Milestone(milestone) = &desk.standard.rule(rule).unwrap().check else { panic!("{rule}") };
        milestone.reason_on_breach
    };
    assert_eq!(!before.is_empty(), reason_asked, "{rule}: {before:?}");
    desk.go(&Command::ExplainDelay { milestone: rule.to_owned(), reason: "road closed".to_owned() });
    let to = desk.standard.pack().roles[0].id.clone();
    desk.go(&Command::Escalate { milestone: rule.to_owned(), to: to.clone() });
    assert_eq!(asks(desk), Vec::<String>::new(), "{rule}");
    let (milestone, finding) = status(desk, desk.now, rule);
    let wanted = of_severity(&desk.standard, rule, Status::Violated);
    assert_eq!((milestone.state, finding), (MilestoneState::MetLate, wanted), "{rule}");
    assert_eq!(milestone.reason.as_deref(), Some("road closed"), "{rule}");
    assert_eq!(milestone.escalated_to, [to], "{rule}");
    assert_eq!(desk.assess().finding(rule).unwrap().note.as_deref(), Some("road closed"), "{rule}");
}

#[test]
fn a_deadline_runs_at_its_limit_and_is_breached_a_second_after_without_an_end() {
    for clock in clocks().into_iter().filter(Clock::has_figure) {
        let rule = &clock.row.rule;
        let desk = clock.running().unwrap_or_else(|| panic!("{rule} never runs in `{}`", clock.row.kept));
        let due = status(&desk, desk.now, rule).0.due.unwrap_or_else(|| panic!("{rule} has no limit"));
        for (seconds, state, wanted) in [
            (0, MilestoneState::Running, Status::Outstanding),
            (1, MilestoneState::Breached, Status::Violated),
        ] {
            let (milestone, finding) = status(&desk, after(due, seconds), rule);
            let wanted = of_severity(&clock.standard, rule, wanted);
            assert_eq!((milestone.state, finding), (state, wanted), "{rule}, {seconds} s after its limit");
            assert_eq!((milestone.left_seconds, milestone.ended), (Some(-seconds), None), "{rule}");
        }
    }
}

/// Their start and their end both stand in the registration, so they never run.
const REGISTERED: [&str; 2] = ["execution-form.register-at-once", "gas.hotline-emergency-grasp"];

#[test]
fn at_once_has_no_figure_and_is_never_breached_by_a_clock() {
    let mut count = 0;
    for clock in clocks().into_iter().filter(|clock| !clock.has_figure()) {
        let rule = &clock.row.rule;
        count += 1;
        let Some(desk) = clock.running() else {
            assert!(REGISTERED.contains(&rule.as_str()), "{rule} never runs in `{}`", clock.row.kept);
            continue;
        };
        assert!(!REGISTERED.contains(&rule.as_str()), "{rule} runs");
        let much_later = after(desk.now, 10 * 365 * 86_400);
        let (milestone, finding) = status(&desk, much_later, rule);
        assert_eq!((milestone.state, finding), (MilestoneState::Running, Status::Outstanding), "{rule}");
        assert_eq!((milestone.due, milestone.left_seconds), (None, None), "{rule}");
        assert!(!milestone.is_missed(), "{rule}");
    }
    assert_eq!(count, 23, "deadlines without a figure");
}

/// The pack with a pause in every deadline, and two events that hold a clock and let it go on.
fn with_pauses(pack: &str) -> Arc<Standard> {
    let standard = standard(pack);
    let held = r#"pause = [{ from = "clock-held", to = "clock-released" }], "#;
    let mut text = standard.source().replace("check.milestone = { ", &format!("check.milestone = {{ {held}"));
    let event = |id: &str| {
        format!(r#"{{ id = "{id}", name = {{ en = "{id}", zh = "{id}" }}, by = ["office", "field"] }}"#)
    };
    let events = format!("\nevents = [\n  {},\n  {},", event("clock-held"), event("clock-released"));
    text = text.replacen("\nevents = [", &events, 1);
    for (kind, flow) in standard.pack().flows() {
        let (first, last) = (&flow.states.first().unwrap().id, &flow.states.last().unwrap().id);
        let step =
            |event: &str| format!(r#"{{ event = "{event}", from = ["{first}..{last}"], repeats = true }}"#);
        let section = text.find(&format!("\n[{}]", kind.id())).unwrap();
        let steps = section + text[section..].find("\nsteps = [").unwrap() + "\nsteps = [".len();
        text.insert_str(steps, &format!("\n  {},\n  {},", step("clock-held"), step("clock-released")));
    }
    Arc::new(Standard::load(&text).unwrap_or_else(|errors| panic!("{pack}: {errors}")))
}

#[test]
fn a_paused_clock_stands_still_and_its_limit_moves_by_the_pause() {
    for pack in PACKS {
        let standard = with_pauses(pack);
        for clock in clocks_of(&standard) {
            let rule = &clock.row.rule;
            let Some(mut desk) = clock.running() else { continue };
            let (before, _) = status(&desk, desk.now, rule);
            let started = before.started.unwrap();
            let counts = clock
                .milestone()
                .limit
                .as_deref()
                .is_some_and(|limit| limit.starts_with('P') && limit != "PT0S");
            let from = if counts && started.instant() > desk.now.instant() { started } else { desk.now };
            desk.now = after(from, 10);
            desk.report("clock-held");
            let (held, _) = status(&desk, after(desk.now, 60), rule);
            assert_eq!(held.state, MilestoneState::Paused, "{rule}");
            if counts {
                let (long, finding) = status(&desk, after(before.due.unwrap(), 86_400), rule);
                assert_eq!((long.state, finding), (MilestoneState::Paused, Status::Outstanding), "{rule}");
            }
            desk.now = after(desk.now, 90);
            desk.report("clock-released");
            let due = before.due.map(|due| after(due, if counts { 90 } else { 0 }));
            let (released, _) = status(&desk, due.unwrap_or(desk.now), rule);
            assert_eq!((released.state, released.due), (MilestoneState::Running, due), "{rule}");
            if let Some(due) = due {
                let (late, _) = status(&desk, after(due, 1), rule);
                assert_eq!(late.state, MilestoneState::Breached, "{rule}");
            }
        }
    }
}

#[test]
fn each_start_has_a_clock_of_its_own() {
    let mut count = 0;
    for clock in clocks().into_iter().filter(|clock| clock.milestone().each) {
        let rule = &clock.row.rule;
        let milestone = clock.milestone();
        let mut desk = clock.running().unwrap_or_else(|| panic!("{rule} never runs"));
        let states = |desk: &Desk| -> Vec<MilestoneState> {
            let all = desk.assess().milestones.into_iter().filter(|status| status.rule == *rule);
            all.map(|status| status.state).collect()
        };
        desk.now = after(desk.now, 60);
        desk.report(&milestone.start[0]);
        assert_eq!(states(&desk), [MilestoneState::Running; 2], "{rule}");
        desk.now = after(desk.now, 60);
        desk.report(&milestone.end[0]);
        assert_eq!(states(&desk), [MilestoneState::Met, MilestoneState::Running], "{rule}");
        assert_eq!(desk.status(rule), Status::Outstanding, "{rule}: one is met and one is not");
        desk.now = after(desk.now, 60);
        desk.report(&milestone.end[0]);
        assert_eq!(states(&desk), [MilestoneState::Met; 2], "{rule}");
        assert_eq!(desk.status(rule), Status::Satisfied, "{rule}");
        count += 1;
    }
    assert_eq!(count, 7, "deadlines with a clock for each start");
}
