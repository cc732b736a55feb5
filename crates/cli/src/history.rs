//! What became of a visit or shift, and of every field of it.

use std::fmt::Write as _;

use jobsheet::{HistoryEntry, Writer};
use jobsheet_core::record::{FieldChange, FieldEdit, PastValue, TextEdit};

use crate::Here;
use crate::complete::qualified;
use crate::failure::Failure;
use crate::lists::local;
use crate::show::said;
use crate::visit::find;
use crate::words::{Words, cut};

/// Widest value in a line, in characters.
const VALUE_CHARS: usize = 100;

/// Prints the history, of one field or of all.
pub(crate) fn history(here: &Here<'_>, visit: &str, field: Option<String>) -> Result<(), Failure> {
    let visit = find(&here.store, visit)?;
    let history = match field {
        None => here.store.history(visit)?,
        Some(field) => of_field(here, visit, &field)?,
    };
    here.output.result(&history, || history.iter().map(|entry| told(here, entry)).collect())
}

/// A field by the name that was given, else as a rule without the prefix of its pack.
fn of_field(
    here: &Here<'_>,
    visit: jobsheet_core::record::DocumentId,
    field: &str,
) -> Result<Vec<HistoryEntry>, Failure> {
    let mut history = here.store.field_history(visit, field)?;
    if history.is_empty() {
        let standard = here.store.standard(visit)?;
        let rule = qualified(&standard, field.to_owned());
        history = here.store.field_history(visit, &rule)?;
    }
    if history.is_empty() {
        let shown = cut(field, 80);
        return Err(Failure::NotFound(format!(
            "nothing was ever written to `{shown}`; see `jobsheet history VISIT` for the fields"
        )));
    }
    Ok(history)
}

/// Where something was written.
pub(crate) fn writer(words: &Words, device: Writer) -> &'static str {
    match device {
        Writer::ThisDevice => words.this_device,
        Writer::CrewDevice => words.crew_device,
        Writer::Office => words.office,
    }
}

fn told(here: &Here<'_>, entry: &HistoryEntry) -> String {
    let words = here.output.words;
    let at = entry.at.map_or_else(String::new, |at| local(here, at));
    let unsent = if entry.durable { "" } else { words.unsent };
    let person = entry.person.as_deref().unwrap_or("–");
    let head = format!(
        "{at}  {:<20}  {person} ({})  {}:{}  {unsent}",
        entry.command,
        writer(words, entry.device),
        cut(&entry.actor, 9),
        entry.seq
    );
    let mut out = format!("{}\n", head.trim_end());
    for field in &entry.fields {
        let _ = writeln!(out, "    {}: {}", field.path, edit(words, field));
        if !field.beside.is_empty() {
            let others: Vec<String> = field.beside.iter().map(|change| cut(change, 9)).collect();
            let _ = writeln!(out, "      {} {}", words.written_at_once, others.join(", "));
        }
    }
    out
}

/// What was done to a field, in one line.
pub(crate) fn edit(words: &Words, field: &FieldChange) -> String {
    match &field.edit {
        FieldEdit::Put { before, after, stands } => {
            let before = if before.is_empty() { String::new() } else { format!("{} → ", values(before)) };
            let replaced = if *stands { String::new() } else { format!("  ({})", words.replaced) };
            format!("{before}{}{replaced}", value(after))
        }
        FieldEdit::Drop { gone, kept } => format!("{} | {} → {}", values(kept), values(gone), values(kept)),
        FieldEdit::Text { edits } => edits.iter().map(difference).collect::<Vec<_>>().join(" · "),
    }
}

fn values(values: &[PastValue]) -> String {
    values.iter().map(|past| value(&past.value)).collect::<Vec<_>>().join(" | ")
}

fn value(value: &serde_json::Value) -> String {
    cut(&said(value).to_string(), VALUE_CHARS)
}

/// An edit of a note: `@5 …Belt [-worn-]{+torn+}, changed.…`.
fn difference(edit: &TextEdit) -> String {
    let mut out = format!("@{} {}", edit.at, cut(&edit.left, VALUE_CHARS));
    if !edit.deleted.is_empty() {
        let _ = write!(out, "[-{}-]", cut(&edit.deleted, VALUE_CHARS));
    }
    if !edit.inserted.is_empty() {
        let _ = write!(out, "{{+{}+}}", cut(&edit.inserted, VALUE_CHARS));
    }
    out.push_str(&cut(&edit.right, VALUE_CHARS));
    out
}
