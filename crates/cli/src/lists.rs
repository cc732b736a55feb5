//! Lists: visits and shifts, the outbox.

use std::fmt::Write as _;

use jiff::Timestamp;
use jobsheet::{Query, VisitRow};

use crate::Here;
use crate::args::{ListedKind, VisitsArgs};
use crate::failure::Failure;
use crate::words::cut;

/// Lists visits and shifts.
pub(crate) fn visits(here: &Here<'_>, args: VisitsArgs) -> Result<(), Failure> {
    let query = Query {
        text: args.query,
        kind: args.kind.map(ListedKind::kind),
        states: args.state,
        only_open: args.open,
        skip: (args.page - 1).saturating_mul(args.size),
        rows: args.size,
    };
    let page = here.store.visits(&query)?;
    here.output.result(&page, || {
        let mut text = String::new();
        for row in &page.rows {
            text.push_str(&line(here, row));
        }
        let shown = u32::try_from(page.rows.len()).unwrap_or(u32::MAX);
        let last = query.skip.saturating_add(shown);
        let first = if shown == 0 { 0 } else { query.skip + 1 };
        let _ = write!(text, "{first}–{last} / {}", page.total);
        text
    })
}

fn line(here: &Here<'_>, row: &VisitRow) -> String {
    let words = here.output.words;
    let planned = row.planned_start.map_or_else(|| "–".to_owned(), |at| local(here, at));
    let mut marks = Vec::new();
    for (count, name) in [
        (row.outstanding, words.owed),
        (row.violated, words.violated),
        (row.conflicts, words.conflicts),
        (row.unsent, words.unsent),
    ] {
        if count > 0 {
            marks.push(format!("{count} {name}"));
        }
    }
    if row.unsent == 0 && !row.applied {
        marks.push(words.unapplied.to_owned());
    }
    marks.extend(row.handed_over_by.as_ref().map(|person| format!("← {}", cut(person, 24))));
    let state = if row.ready { row.state.as_str() } else { "?" };
    let kind = format!("{} {}", words.kind(row.kind), cut(&row.job, 24));
    let about = [kind, cut(&row.place, 40), cut(&row.fault, 60)];
    let about: Vec<String> = about.into_iter().filter(|text| !text.is_empty()).collect();
    format!(
        "{planned:<16}  {:<16}  {state:<14}  {:<7}  {}\n{:16}  {}\n",
        cut(&row.number, 24),
        cut(&row.urgency, 12),
        marks.join(", "),
        "",
        about.join(" · "),
    )
}

/// An instant as this device's clock shows it, to the minute.
pub(crate) fn local(here: &Here<'_>, at: Timestamp) -> String {
    here.offset.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Lists work that the server does not have yet.
pub(crate) fn outbox(here: &Here<'_>) -> Result<(), Failure> {
    let outbox = here.store.outbox()?;
    here.output.result(&outbox, || {
        let words = here.output.words;
        if outbox.is_empty() {
            return words.nothing.to_owned();
        }
        let lines = outbox.iter().map(|out| {
            format!("{}  {} {} · {} {}\n", out.number, out.unsent, words.unsent, out.refused, words.refused)
        });
        lines.collect()
    })
}
