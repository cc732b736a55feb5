//! What two people wrote differently, across all visits and shifts.

use std::fmt::Write as _;

use jobsheet_core::standard::Side;

use crate::Here;
use crate::failure::Failure;
use crate::history::writer;
use crate::show::said;
use crate::visit::find;
use crate::words::cut;

/// Lists conflicts, of one visit or shift or of all.
pub(crate) fn conflicts(here: &Here<'_>, visit: Option<&str>) -> Result<(), Failure> {
    let visit = visit.map(|visit| find(&here.store, visit)).transpose()?;
    let mut open = here.store.conflicts()?;
    open.retain(|conflict| visit.is_none_or(|visit| visit == conflict.visit));
    here.output.result(&open, || {
        let words = here.output.words;
        if open.is_empty() {
            return words.nothing.to_owned();
        }
        let mut out = String::new();
        for conflict in &open {
            let number = cut(if conflict.number.is_empty() { "–" } else { &conflict.number }, 24);
            let how = match conflict.settled_by {
                Some(Side::Office) => words.office_settles.to_owned(),
                _ => format!("jobsheet resolve {} {} VERSION", conflict.visit, conflict.place),
            };
            let _ = writeln!(out, "{number}  {}\n  {how}", conflict.place);
            for (at, version) in conflict.versions.iter().enumerate() {
                let value = cut(&said(&version.value).to_string(), 80);
                let device = writer(words, version.device);
                let _ = writeln!(out, "  {at}: {value} · {} ({device}) · {}", version.person, version.at);
            }
        }
        out
    })
}
