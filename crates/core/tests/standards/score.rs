//! Points: pending, to confirm, confirmed, waived, appealed; counted once; the same on every replica.

use std::sync::Arc;

use jobsheet_core::Stamp;
use jobsheet_core::assess::{Points, ScoreLine, ScoreState};
use jobsheet_core::record::{Actor, ApplyError, Command, Document, Refusal, ScoreVerdict};
use jobsheet_core::rehearse::OFFICE;
use jobsheet_core::standard::{Check, Rule, Score, Side, Standard};

use crate::scenario::{self, Word};
use crate::stage::{Desk, after, play, standard};
use crate::table;

const PACK: &str = "diesel";

fn scores(standard: &Standard) -> Vec<(&Rule, &Score)> {
    let rules = standard.pack().rules.iter();
    rules
        .filter_map(|rule| if let Check::Score(score) = &rule.check { Some((rule, score)) } else { None })
        .collect()
}

/// A document in which the cause of a scoring rule has come, with or without its condition; nobody has spoken.
fn caused(standard: &Arc<Standard>, rule: &Rule, score: &Score, condition: bool) -> Desk {
    let row = table::row(&rule.id);
    let words = scenario::read(&row.kept).into_iter().filter(|word| match word {
        Word::Points(..) => false,
        Word::Incident(event) => condition || !score.condition.contains(event),
        _ => true,
    });
    play(standard, &row.job, &words.collect::<Vec<_>>()).unwrap()
}

fn lines(desk: &Desk, rule: &str) -> Vec<ScoreLine> {
    desk.assess().points.lines.into_iter().filter(|line| line.rule == rule).collect()
}

fn say(rule: &str, cause: &str, verdict: ScoreVerdict, reason: Option<&str>) -> Command {
    let reason = reason.map(ToOwned::to_owned);
    Command::Score { rule: rule.to_owned(), cause: cause.to_owned(), verdict, reason }
}

fn decide(desk: &mut Desk, rule: &str, verdict: ScoreVerdict) {
    let reason = (verdict != ScoreVerdict::Confirm).then_some("looked into");
    let cause = lines(desk, rule)[0].cause.clone();
    desk.now = after(desk.now, 60);
    desk.give(Side::Office, &say(rule, &cause, verdict, reason)).unwrap();
}

/// The clause that a refusal cites.
fn cited(refused: Result<jobsheet_core::record::Applied, ApplyError>) -> String {
    let Err(ApplyError::Refused(refusal)) = refused else { panic!("it was not refused: {refused:?}") };
    match refusal {
        Refusal::Invalid { rule: Some(need), .. } | Refusal::Forbidden { rule: Some(need), .. } => {
            need.clause
        }
        other => panic!("{other:?} cites nothing"),
    }
}

#[test]
fn points_wait_for_their_condition_and_then_for_a_reviewer() {
    let standard = standard(PACK);
    let scores = scores(&standard);
    assert_eq!(scores.len(), 17);
    for (rule, score) in scores {
        let id = rule.id.as_str();
        #[allow(clippy::cast_possible_truncation)]
        let centipoints = (score.points * 100.0).round() as i64;
        if !score.condition.is_empty() {
            let mut desk = caused(&standard, rule, score, false);
            let line = lines(&desk, id).remove(0);
            assert_eq!((line.state, line.condition_met), (ScoreState::Pending, false), "{id}");
            let refused = desk.give(Side::Office, &say(id, &line.cause, ScoreVerdict::Confirm, None));
            assert_eq!(cited(refused), rule.clause, "{id}: confirmed before its condition");
            assert_eq!(desk.assess().points.confirmed_centipoints, 0, "{id}");
        }
        let mut desk = caused(&standard, rule, score, true);
        let line = lines(&desk, id).remove(0);
        assert_eq!((line.state, line.condition_met), (ScoreState::ToConfirm, true), "{id}");
        assert_eq!((line.centipoints, line.clause.as_str()), (centipoints, rule.clause.as_str()), "{id}");
        assert_eq!(line.money, score.money, "{id}");
        assert_eq!(desk.assess().points.confirmed_centipoints, 0, "{id}: it counts unconfirmed");
        decide(&mut desk, id, ScoreVerdict::Confirm);
        assert_eq!(lines(&desk, id)[0].state, ScoreState::Confirmed, "{id}");
        assert_eq!(desk.assess().points.confirmed_centipoints, centipoints, "{id}");
    }
}

#[test]
fn more_reports_of_one_breach_count_once_where_each_does_not() {
    let standard = standard(PACK);
    for (rule, score) in scores(&standard) {
        let mut desk = caused(&standard, rule, score, true);
        let line = lines(&desk, &rule.id).remove(0);
        let Some(cause) = score.applies_to.iter().find(|id| line.cause.starts_with(id.as_str())) else {
            continue;
        };
        let before = lines(&desk, &rule.id).len();
        for source in ["survey", "complaint", "audit"] {
            desk.now = after(desk.now, 60);
            desk.go(&Command::ReportBreach {
                rule: cause.clone(),
                source: source.to_owned(),
                note: "seen again".to_owned(),
            });
        }
        let after = lines(&desk, &rule.id);
        let own: i64 = after.iter().map(|line| line.centipoints).sum();
        let each = line.centipoints;
        if score.per_violation {
            assert_eq!((after.len(), own), (before + 3, each * 4), "{}: each report counts", rule.id);
        } else {
            assert_eq!((after.len(), own), (before, each), "{}", rule.id);
        }
    }
}

#[test]
fn a_waiver_and_an_appeal_need_words_and_a_reviewer_has_the_last_one() {
    let standard = standard(PACK);
    for (rule, score) in scores(&standard) {
        let id = rule.id.as_str();
        let mut desk = caused(&standard, rule, score, true);
        let cause = lines(&desk, id)[0].cause.clone();
        let open = lines(&desk, id)[0].centipoints;
        for verdict in [ScoreVerdict::Waive, ScoreVerdict::Appeal] {
            assert!(
                desk.give(Side::Office, &say(id, &cause, verdict, None)).is_err(),
                "{id}: without a reason"
            );
        }
        decide(&mut desk, id, ScoreVerdict::Waive);
        let points = desk.assess().points;
        assert_eq!(lines(&desk, id)[0].state, ScoreState::Waived, "{id}");
        assert_eq!(lines(&desk, id)[0].reason.as_deref(), Some("looked into"), "{id}");
        assert_eq!(points.confirmed_centipoints, 0, "{id}");
        decide(&mut desk, id, ScoreVerdict::Confirm);
        assert_eq!(desk.assess().points.confirmed_centipoints, open, "{id}");
        // Only reviewers confirm and waive; whom the points concern appeals.
        for verdict in [ScoreVerdict::Confirm, ScoreVerdict::Waive] {
            assert!(desk.give(Side::Field, &say(id, &cause, verdict, Some("mine"))).is_err(), "{id}");
        }
        desk.now = after(desk.now, 60);
        desk.give(Side::Field, &say(id, &cause, ScoreVerdict::Appeal, Some("it was not me"))).unwrap();
        assert_eq!(lines(&desk, id)[0].state, ScoreState::Appealed, "{id}");
        let points = desk.assess().points;
        assert_eq!(
            (points.confirmed_centipoints, points.open_centipoints - open),
            (0, open_of_others(&points, id)),
            "{id}"
        );
        let mut waived = desk.clone();
        decide(&mut desk, id, ScoreVerdict::Confirm);
        assert_eq!(desk.assess().points.confirmed_centipoints, open, "{id}");
        decide(&mut waived, id, ScoreVerdict::Waive);
        assert_eq!(waived.assess().points.confirmed_centipoints, 0, "{id}");
    }
}

fn open_of_others(points: &Points, rule: &str) -> i64 {
    let open = [ScoreState::Pending, ScoreState::ToConfirm, ScoreState::Appealed];
    let others = points.lines.iter().filter(|line| line.rule != rule && open.contains(&line.state));
    others.map(|line| line.centipoints).sum()
}

#[test]
fn who_is_no_reviewer_is_refused_under_the_clause() {
    let standard = standard(PACK);
    for (rule, score) in scores(&standard) {
        let mut desk = caused(&standard, rule, score, true);
        let cause = lines(&desk, &rule.id)[0].cause.clone();
        let command = say(&rule.id, &cause, ScoreVerdict::Confirm, None);
        for role in standard.pack().roles.iter().map(|role| &role.id) {
            let mut context = desk.context(Side::Office, Stamp::wall(desk.now));
            context.actor =
                Actor { person: OFFICE.to_owned(), side: Side::Office, roles: vec![role.clone()] };
            let mut document = desk.document.clone();
            let given = document.apply(&standard, &command, &context);
            if score.reviewers.contains(role) {
                given.unwrap();
            } else {
                assert_eq!(cited(given), rule.clause, "{} by {role}", rule.id);
            }
        }
    }
}

/// An installation on which much went wrong and something well.
fn eventful() -> Desk {
    let words = "incident customer-complained; incident schedule-slipped; incident data-lost; incident praise-received; \
                 incident innovation-made; incident major-accident; late diesel.arrive-on-time; \
                 breach diesel.prepare-tools=audit; breach diesel.obey-site-rules=complaint; \
                 breach diesel.follow-procedures=survey; breach diesel.data-backup=audit; \
                 breach diesel.no4-no-smoking=audit; breach diesel.no3-no-trespass=complaint";
    play(&standard(PACK), "installation", &scenario::read(words)).unwrap()
}

#[test]
fn sums_are_those_of_a_person_with_a_pencil() {
    let mut desk = eventful();
    desk.go(&Command::ReportBreach {
        rule: "diesel.no4-no-smoking".to_owned(),
        source: "complaint".to_owned(),
        note: "a second cigarette".to_owned(),
    });
    // In the order of the pack: site rules, accident, tools, late, violation, backup, twice smoking, trespass, praise.
    let by_hand: [(&str, i64); 11] = [
        ("diesel.score-site-rules", -20),
        ("diesel.score-major-accident", 0),
        ("diesel.score-tools", -20),
        ("diesel.score-late", -50),
        ("diesel.score-violation", -20),
        ("diesel.score-backup", -20),
        ("diesel.score-four-nos", -20),
        ("diesel.score-four-nos", -20),
        ("diesel.score-four-nos", -20),
        ("diesel.reward-praise-points", 200),
        ("diesel.reward-innovation", 0),
    ];
    let points = desk.assess().points;
    let mut found: Vec<(&str, i64)> =
        points.lines.iter().map(|line| (line.rule.as_str(), line.centipoints)).collect();
    let money: i64 =
        points.lines.iter().filter_map(|line| line.money.as_ref()).map(|money| money.amount).sum();
    assert_eq!(money, 100);
    found.retain(|(rule, _)| *rule != "diesel.reward-praise-money");
    let sorted = |list: &[(&str, i64)]| {
        let mut list: Vec<(String, i64)> =
            list.iter().map(|(rule, points)| ((*rule).to_owned(), *points)).collect();
        list.sort();
        list
    };
    assert_eq!(sorted(&found), sorted(&by_hand));
    assert_eq!((points.confirmed_centipoints, points.open_centipoints), (0, 10), "-1.90 and 2.00");
    // The lateness, one cigarette and the praise are confirmed, the tools waived, the backup appealed.
    for line in &points.lines {
        let verdict = match line.rule.as_str() {
            "diesel.score-late" | "diesel.reward-praise-points" => ScoreVerdict::Confirm,
            "diesel.score-tools" => ScoreVerdict::Waive,
            "diesel.score-backup" => ScoreVerdict::Appeal,
            _ => continue,
        };
        desk.now = after(desk.now, 60);
        desk.give(Side::Office, &say(&line.rule, &line.cause, verdict, Some("seen"))).unwrap();
    }
    let smoked = lines(&desk, "diesel.score-four-nos").remove(0);
    desk.give(Side::Office, &say(&smoked.rule, &smoked.cause, ScoreVerdict::Confirm, None)).unwrap();
    let points = desk.assess().points;
    assert_eq!(points.confirmed_centipoints, -50 + 200 - 20);
    assert_eq!(points.open_centipoints, -20 - 20 - 20 - 20 - 20);
}

#[test]
fn points_are_the_same_once_saved_and_on_every_replica() {
    let base = eventful();
    let mut server = base.clone();
    let mut device = base.clone();
    let of = |rule: &str| lines(&base, rule)[0].cause.clone();
    let mut written: Vec<Vec<Vec<u8>>> = Vec::new();
    let office = [
        say("diesel.score-late", &of("diesel.score-late"), ScoreVerdict::Confirm, None),
        say("diesel.score-tools", &of("diesel.score-tools"), ScoreVerdict::Waive, Some("borrowed in time")),
        say("diesel.score-backup", &of("diesel.score-backup"), ScoreVerdict::Confirm, None),
    ];
    let field = [
        say("diesel.score-late", &of("diesel.score-late"), ScoreVerdict::Appeal, Some("the ferry")),
        say("diesel.score-backup", &of("diesel.score-backup"), ScoreVerdict::Appeal, Some("not asked for")),
        Command::ReportBreach {
            rule: "diesel.no4-no-smoking".to_owned(),
            source: "self".to_owned(),
            note: "one".to_owned(),
        },
    ];
    // The technician speaks 30 s before the office does, on a device that is offline.
    for (desk, side, commands, offset) in
        [(&mut server, Side::Office, office, 60), (&mut device, Side::Field, field, 30)]
    {
        let mut changes = Vec::new();
        for command in commands {
            desk.now = after(desk.now, offset);
            // Ids of both sides must differ, as those of two installations do.
            if side == Side::Field {
                for _ in 0..20 {
                    desk.context(side, Stamp::wall(desk.now));
                }
            }
            changes.push(desk.give(side, &command).unwrap().bytes);
        }
        written.push(changes);
    }
    server.document.merge(&written[1]).unwrap();
    let backwards: Vec<Vec<u8>> = written[0].iter().rev().cloned().collect();
    device.document.merge(&backwards).unwrap();
    let now = after(base.now, 3600);
    let judged = server.assess_at(now);
    assert_eq!(device.assess_at(now), judged, "the order in which changes come decides");
    let points = &judged.points;
    let state = |rule: &str| points.lines.iter().find(|line| line.rule == rule).unwrap().state;
    assert_eq!(state("diesel.score-late"), ScoreState::Appealed, "the office did not know of the appeal");
    assert_eq!(state("diesel.score-tools"), ScoreState::Waived);
    assert_eq!(state("diesel.score-backup"), ScoreState::Appealed);
    assert_eq!(points.confirmed_centipoints, 0);
    let loaded = Desk::of(&base.standard, Document::load(&server.document.save()).unwrap(), now);
    assert_eq!(loaded.assess(), judged);
    let all: Vec<Vec<u8>> = device.document.changes().into_iter().map(|change| change.bytes).collect();
    let rebuilt = Desk::of(&base.standard, Document::from_changes(&all).unwrap(), now);
    assert_eq!(rebuilt.assess(), judged);
}
