//! How much a job asks of the person who does it, and that silence is never a breach.

use std::collections::BTreeSet;

use jobsheet_core::assess::Status;
use jobsheet_core::rehearse::Rehearsal;
use jobsheet_core::standard::{Check, Kind};

use crate::scenario;
use crate::stage::{Desk, PACKS, plan, standard};
use crate::table;

const HEADING: &str = "pack\tjob\tkind\tanswers\tone tap";

/// Most answers that a visit asks of the crew.
const MOST: usize = 40;

#[test]
fn each_job_ends_with_few_answers_and_nothing_violated() {
    let mut lines = Vec::new();
    let mut wrong = Vec::new();
    for pack in PACKS {
        let standard = standard(pack);
        for job in &standard.pack().jobs {
            let rehearsed = Rehearsal::of(&standard, &job.id).run().unwrap();
            let (answers, taps) = rehearsed.effort();
            lines.push(format!("{pack}\t{}\t{}\t{answers}\t{taps}", job.id, job.kind.id()));
            let visit = job.kind == Kind::Visit;
            if !rehearsed.finished || visit && (answers > MOST || taps * 2 <= answers) {
                wrong.push(format!(
                    "{pack} {}: finished {}, {answers} answers, {taps} taps",
                    job.id, rehearsed.finished
                ));
            }
            let desk = Desk::at_end(&standard, &rehearsed);
            for finding in desk.assess().findings.iter().filter(|finding| finding.status == Status::Violated)
            {
                wrong.push(format!("{pack} {}: {} is violated: {:?}", job.id, finding.rule, finding.missing));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if table::updating() {
        table::write("effort", &[vec![HEADING.to_owned()], lines.clone()].concat());
    }
    assert_eq!(table::lines("effort", HEADING), lines);
}

#[test]
fn a_box_that_nobody_ticks_is_no_breach() {
    let mut looked_at = 0;
    let mut wrong = BTreeSet::new();
    for pack in PACKS {
        let standard = standard(pack);
        let ordinary = standard.pack().jobs.iter().map(|job| (job.id.clone(), "ordinary".to_owned()));
        let kept = table::rows(pack).into_iter().map(|row| (row.job, row.kept));
        for (job, words) in ordinary.chain(kept).collect::<BTreeSet<_>>() {
            let words = scenario::read(&words);
            let rehearsed = plan(&standard, &job, &words).silent().run().unwrap();
            assert!(rehearsed.given.iter().all(|given| given.command != "attest"));
            let desk = Desk::at_end(&standard, &rehearsed);
            for finding in desk.assess().findings {
                let rule = standard.rule(&finding.rule).unwrap();
                if !matches!(
                    rule.check,
                    Check::Conduct(_) | Check::Script(_) | Check::Guidance(_) | Check::Privacy(_)
                ) {
                    continue;
                }
                looked_at += 1;
                if !matches!(finding.status, Status::Guidance | Status::NotYetDue | Status::NotApplicable) {
                    wrong.insert(format!("{job}: {} is {:?}", rule.id, finding.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(looked_at > 3000, "{looked_at}");
}
