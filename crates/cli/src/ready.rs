//! Whether the device is ready for days without a network.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use jobsheet::Severity;

use crate::Here;
use crate::failure::Failure;

/// Says what is missing for the next days; with `sync`, fetches it first. Ends with exit code 3 if something blocks.
pub(crate) fn ready(here: &Here<'_>, days: u32, sync: bool) -> Result<(), Failure> {
    let readiness = if sync {
        here.store.prime(days, |_| ControlFlow::Continue(()))?
    } else {
        here.store.readiness(days)?
    };
    here.output.result(&readiness, || {
        let words = here.output.words;
        let mut out = String::new();
        let head = if readiness.ready { words.ready } else { words.not_ready };
        let _ = writeln!(out, "{head} · {} d · {} {}", readiness.days, readiness.planned, words.planned);
        for finding in &readiness.findings {
            let mark = match finding.severity {
                Severity::Blocks => "✗",
                Severity::Warns => "!",
            };
            let _ = writeln!(out, "{mark} {}", finding.text.get(here.output.lang));
        }
        out
    })?;
    if readiness.ready { Ok(()) } else { Err(Failure::Told(3)) }
}
