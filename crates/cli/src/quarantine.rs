//! Changes that were refused: seen, written anew, carried elsewhere, thrown away.

use std::fmt::Write as _;
use std::path::Path;

use jobsheet::Quarantined;
use serde_json::json;

use crate::Here;
use crate::args::QuarantineVerb;
use crate::failure::Failure;
use crate::history::edit;
use crate::lists::local;
use crate::visit::find;
use crate::words::cut;

/// Exit code of a repair that could write nothing.
const NOTHING_WRITTEN: u8 = 3;

/// Carries one out.
pub(crate) fn carry_out(here: &Here<'_>, verb: Option<QuarantineVerb>) -> Result<(), Failure> {
    match verb.unwrap_or(QuarantineVerb::List) {
        QuarantineVerb::List => list(here),
        QuarantineVerb::Show { change } => show(here, &change),
        QuarantineVerb::Repair { visit, preview } => repair(here, &visit, preview),
        QuarantineVerb::Export { visit, out } => export(here, visit.as_deref(), &out),
        QuarantineVerb::Discard { change } => discard(here, &change),
    }
}

fn line(here: &Here<'_>, kept: &Quarantined) -> String {
    let at = kept.made_at.map_or_else(String::new, |at| local(here, at));
    format!("{}  {}  {}  {}\n  {}: {}\n", kept.number, at, kept.command, kept.change, kept.code, kept.reason)
}

fn list(here: &Here<'_>) -> Result<(), Failure> {
    let kept = here.store.quarantine()?;
    here.output.result(&kept, || {
        if kept.is_empty() {
            return here.output.words.nothing.to_owned();
        }
        kept.iter().map(|kept| line(here, kept)).collect()
    })
}

fn one(here: &Here<'_>, change: &str) -> Result<Quarantined, Failure> {
    let found = here.store.quarantine()?.into_iter().find(|kept| kept.change == change);
    found.ok_or_else(|| Failure::NotFound(format!("no refused change `{}`", cut(change, 80))))
}

fn show(here: &Here<'_>, change: &str) -> Result<(), Failure> {
    let kept = one(here, change)?;
    let Some(shown) = here.store.refused_change(kept.visit, &kept.change)? else {
        return Err(Failure::NotFound(format!("no refused change `{}`", cut(change, 80))));
    };
    here.output.result(&shown, || {
        let mut text = line(here, &shown.kept);
        for field in &shown.fields {
            let _ = writeln!(text, "    {}: {}", field.path, edit(here.output.words, field));
        }
        if !shown.readable {
            text.push_str("    ?\n");
        }
        text
    })
}

fn repair(here: &Here<'_>, visit: &str, preview: bool) -> Result<(), Failure> {
    let visit = find(&here.store, visit)?;
    let done = if preview { here.store.repair_preview(visit)? } else { here.store.repair(visit)? };
    here.output.result(&done, || {
        let mut text = String::new();
        for one in &done.written {
            let _ = writeln!(text, "+ {}  {}", one.command, one.now);
        }
        for one in &done.left {
            let _ = writeln!(text, "✗ {}  {}\n  {}: {}", one.command, one.change, one.code, one.reason);
        }
        text
    })?;
    if done.written.is_empty() { Err(Failure::Told(NOTHING_WRITTEN)) } else { Ok(()) }
}

fn export(here: &Here<'_>, visit: Option<&str>, out: &Path) -> Result<(), Failure> {
    if out.exists() {
        return Err(Failure::input("--out", format!("{} is there already; name a new file", out.display())));
    }
    let visit = visit.map(|visit| find(&here.store, visit)).transpose()?;
    let changes = here.store.export_refused(visit, out)?;
    here.output
        .result(&json!({ "file": out, "changes": changes }), || format!("{} · {changes}", out.display()))
}

fn discard(here: &Here<'_>, change: &str) -> Result<(), Failure> {
    let found = one(here, change)?;
    here.store.discard(found.visit, &found.change)?;
    here.output.result(&found, || format!("{} {}", found.number, found.change))
}
