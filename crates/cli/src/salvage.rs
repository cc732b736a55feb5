//! A damaged store: set aside, what is in it saved, and restored into a fresh one.

use std::fmt::Write;
use std::path::Path;

use jobsheet::{Key, Store};
use serde_json::json;

use crate::Here;
use crate::failure::Failure;
use crate::output::Output;

/// Reads the key of an encrypted store.
pub(crate) fn key(file: &Path) -> Result<Key, Failure> {
    let content = std::fs::read(file).map_err(|error| Failure::file(file, &error))?;
    if let Ok(bytes) = content.as_slice().try_into() {
        return Ok(Key::from_bytes(bytes));
    }
    let text = std::str::from_utf8(&content).ok().and_then(Key::from_hex);
    text.ok_or_else(|| Failure::input("--key-file", "it must hold 32 bytes, or 64 hexadecimal digits"))
}

/// Sets the store aside, unless one that was set aside is named, and saves what it holds.
pub(crate) fn salvage(
    output: &Output,
    folder: &Path,
    from: Option<&Path>,
    key: Option<&Key>,
    out: &Path,
) -> Result<(), Failure> {
    if out.exists() {
        return Err(Failure::input("--out", format!("{} is there already; name a new file", out.display())));
    }
    let aside = match from {
        Some(from) => from.to_path_buf(),
        None => Store::set_aside(folder)?,
    };
    let salvaged = Store::salvage(&aside, key, out)?;
    let shown = json!({ "aside": aside, "salvaged": salvaged });
    output.result(&shown, || {
        format!(
            "{} → {}\n{} · {} ({} ✓) · {} ✗ · {} ?",
            aside.display(),
            out.display(),
            salvaged.visits,
            salvaged.changes,
            salvaged.durable,
            salvaged.refused,
            salvaged.unreadable
        )
    })
}

/// Restores saved work.
pub(crate) fn restore(here: &Here<'_>, file: &Path, refused: bool) -> Result<(), Failure> {
    let restored = if refused { here.store.restore_refused(file)? } else { here.store.restore(file)? };
    here.output.result(&restored, || {
        let mut text = format!("+ {} · = {}", restored.restored, restored.known);
        if restored.unusable + restored.damaged > 0 {
            let _ = write!(text, " · ✗ {} · ? {}", restored.unusable, restored.damaged);
        }
        for visit in &restored.elsewhere {
            let _ = write!(text, "\n− {visit}");
        }
        text
    })
}
