//! What to do now, in order, why, whose duty it is, and what follows otherwise.

use std::fmt::Write as _;

use jobsheet_core::assess::{NextStep, Why};
use jobsheet_core::standard::Standard;

use crate::Here;
use crate::failure::Failure;
use crate::names::Names;
use crate::visit::find;
use crate::words::{cut, span};

/// Prints what to do now.
pub(crate) fn next(here: &Here<'_>, visit: &str, role: Option<&str>) -> Result<(), Failure> {
    let view = here.store.visit(find(&here.store, visit)?)?;
    let role = role.map(|role| known_role(&view.standard, role)).transpose()?;
    let steps: Vec<&NextStep> = view.next.iter().filter(|step| is_for(step, role)).collect();
    here.output.result(&steps, || {
        if steps.is_empty() {
            return here.output.words.nothing.to_owned();
        }
        let names = Names::new(here.output, &view.standard);
        let mut out = String::new();
        for (at, step) in steps.iter().enumerate() {
            describe(&names, at + 1, step, &mut out);
        }
        out
    })
}

/// A role by its id or by its name in either language.
fn known_role<'a>(standard: &'a Standard, role: &str) -> Result<&'a str, Failure> {
    let roles = &standard.pack().roles;
    let wanted = role.trim().to_lowercase();
    let found = roles.iter().find(|known| {
        [&known.id, &known.name.en, &known.name.zh].into_iter().any(|name| name.to_lowercase() == wanted)
    });
    found.map(|known| known.id.as_str()).ok_or_else(|| {
        let known: Vec<&str> = roles.iter().map(|role| role.id.as_str()).collect();
        let role = cut(role, 40);
        Failure::input("--role", format!("the standard has no role `{role}`; it has {}", known.join(", ")))
    })
}

/// Whether a step is for a role. A step that names none is for any person of the side.
fn is_for(step: &NextStep, role: Option<&str>) -> bool {
    let Some(role) = role else { return true };
    step.roles.is_empty() || step.roles.iter().any(|one| one == role || one == "any")
}

fn describe(names: &Names<'_>, number: usize, step: &NextStep, out: &mut String) {
    let words = names.words;
    let clause =
        step.clause.as_ref().map_or_else(String::new, |clause| format!(" ({} {clause})", words.clause));
    let (why, gated) = match &step.reason {
        Why::Gate { events } => (format!("→ {}", names.events(events)), events.as_slice()),
        Why::Deadline { left_seconds: Some(left) } if *left < 0 => {
            (format!("{} {}", span(*left), words.over), &[][..])
        }
        Why::Deadline { left_seconds: Some(left) } => (format!("{} {}", span(*left), words.left), &[][..]),
        Why::Deadline { left_seconds: None } => (words.deadlines.to_owned(), &[][..]),
        Why::Owed => (words.owed.to_owned(), &[][..]),
        Why::Alert { .. } => (words.alert_open.to_owned(), &[][..]),
        Why::SignAgain { changed } => (changed.join(", "), &[][..]),
        Why::Conflict => (words.conflicts.to_owned(), &[][..]),
        Why::Attest { rules } => (words.rules(rules.len()), &[][..]),
        Why::Step => (String::new(), &[][..]),
    };
    let _ = writeln!(out, "{number:>2}. {}{clause}", step.text.get(names.lang));
    let hint = names.subcommand(&step.command, step.argument.as_deref());
    let hint = match step.or {
        Some(other) => {
            let other = names.subcommand(other, step.argument.as_deref());
            format!("{} {} {}", hint.trim_end(), words.or, other.trim_end())
        }
        None => hint,
    };
    let _ = writeln!(out, "    {}", format!("{}  {why}", hint.trim_end()).trim_end());
    if let Some(known) = step.situation.as_deref().and_then(|id| names.standard.situation(id)) {
        let _ = writeln!(out, "    {}: {} [{}]", words.situation, known.name.get(names.lang), known.id);
    }
    if !step.moments.is_empty() {
        let _ = writeln!(out, "    {}: {}", words.no_photo, names.moments(&step.moments));
    }
    if !step.roles.is_empty() {
        let _ = writeln!(out, "    {}: {}", words.who, names.roles(&step.roles));
    }
    if let Some(follows) = names.consequences(&step.consequences, gated) {
        let _ = writeln!(out, "    {follows}");
    }
}
