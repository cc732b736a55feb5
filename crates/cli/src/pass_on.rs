//! Passing a visit on to another technician by a file, and taking one over.

use std::fmt::Write as _;
use std::path::Path;

use jobsheet::HandOverOptions;

use crate::Here;
use crate::failure::Failure;
use crate::visit::find;

/// Writes a visit into a file for another technician.
pub(crate) fn pass_on(
    here: &Here<'_>,
    visit: &str,
    to: &str,
    out: &Path,
    attachment_bytes: u64,
) -> Result<(), Failure> {
    if out.exists() {
        return Err(Failure::input("--out", format!("{} is there already; name a new file", out.display())));
    }
    let visit = find(&here.store, visit)?;
    let options = HandOverOptions { attachment_bytes };
    let done = here.store.export_hand_over(visit, to, out, &options)?;
    here.output.result(&done, || {
        let mut text = format!("→ {} · {} · {} 📎", done.to, out.display(), done.attachments);
        for sha256 in &done.left_out {
            let _ = write!(text, "\n− {sha256}");
        }
        text
    })
}

/// Takes a visit over from a file.
pub(crate) fn take_over(here: &Here<'_>, file: &Path) -> Result<(), Failure> {
    let done = here.store.import_hand_over(file)?;
    here.output.result(&done, || {
        let mut text =
            format!("← {} · {} · {} · {} 📎", done.from, done.number, done.changes, done.attachments);
        for sha256 in &done.missing {
            let _ = write!(text, "\n− {sha256}");
        }
        text
    })
}
