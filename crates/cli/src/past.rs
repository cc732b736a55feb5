//! Earlier visits of the same asset.

use std::fmt::Write as _;

use crate::Here;
use crate::failure::Failure;
use crate::lists::local;
use crate::visit::find;

/// Prints what was done before.
pub(crate) fn earlier(here: &Here<'_>, visit: &str) -> Result<(), Failure> {
    let earlier = here.store.earlier_visits(find(&here.store, visit)?)?;
    here.output.result(&earlier, || {
        let mut out = String::new();
        for past in earlier.iter().flatten() {
            let start = past.start.map_or_else(String::new, |start| local(here, start));
            let _ = writeln!(out, "{}  {start}", past.number);
            for text in [&past.fault, &past.cause, &past.solution, &past.parts.join(", ")] {
                if !text.is_empty() {
                    let _ = writeln!(out, "  {text}");
                }
            }
        }
        if out.is_empty() { here.output.words.nothing.to_owned() } else { out }
    })
}
