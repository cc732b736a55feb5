//! Hold tests: how long they have run, what is missing, what was read.

use std::fmt::Write as _;

use jobsheet_core::record::{HoldVerdict, HoldView};

use crate::Here;
use crate::failure::Failure;
use crate::lists::local;
use crate::visit::find;
use crate::words::span;

/// Lists the last hold test of each item, the running ones first.
pub(crate) fn list(here: &Here<'_>, visit: &str) -> Result<(), Failure> {
    let holds = here.store.holds(find(&here.store, visit)?)?;
    here.output.result(&holds, || {
        if holds.is_empty() {
            return here.output.words.nothing.to_owned();
        }
        let mut out = String::new();
        for hold in &holds {
            one(here, hold, &mut out);
        }
        out
    })
}

fn one(here: &Here<'_>, hold: &HoldView, out: &mut String) {
    let (words, lang) = (here.output.words, here.output.lang);
    let verdict = match hold.verdict {
        HoldVerdict::Running => words.running,
        HoldVerdict::Failing => words.failing,
        HoldVerdict::Passed => words.passed,
        HoldVerdict::Failed => words.failed,
    };
    let _ = writeln!(out, "{} ({} {})", hold.text.get(lang), words.clause, hold.clause);
    let mut facts =
        vec![verdict.to_owned(), format!("{} / {}", span(hold.proved_seconds), span(hold.lasts_seconds))];
    if matches!(hold.verdict, HoldVerdict::Running | HoldVerdict::Failing) {
        facts.push(format!("{} {}", span(hold.remaining_seconds), words.left));
    }
    if hold.rebooted {
        facts.push(words.rebooted.to_owned());
    }
    if hold.clock_suspect {
        facts.push(words.clock_suspect.to_owned());
    }
    let _ = writeln!(out, "  {} [{}]", facts.join(" · "), hold.item);
    for reading in &hold.readings {
        let at = local(here, reading.at.instant());
        let _ = writeln!(out, "  {at}  {} {}  {}", reading.value, hold.unit, reading.person);
    }
    for failure in &hold.failures {
        let _ = writeln!(out, "  ! {failure}");
    }
}
