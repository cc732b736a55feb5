//! Staying in touch with the server until the program is interrupted.

use std::sync::mpsc::channel;
use std::time::Duration;

use jobsheet::{LiveEvent, LiveOptions, SyncReport};
use serde_json::{Value, json};

use crate::Here;
use crate::failure::Failure;
use crate::output::{Output, line};

/// How often it is looked for work that another call of this program has written.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Tells what happens, a line each, until the program is interrupted or no further try can help.
pub(crate) fn follow(here: &Here<'_>) -> Result<(), Failure> {
    let (told, events) = channel();
    let options = LiveOptions { look_every: Some(LOOK_EVERY) };
    let _live = here.store.live(&options, move |event| {
        // Nobody listens any more only when the program ends.
        let _ = told.send(event);
    })?;
    for event in events {
        match event {
            LiveEvent::Ended(error) => return Err(error.into()),
            event => show(here.output, &event)?,
        }
    }
    Ok(())
}

fn show(output: &Output, event: &LiveEvent) -> Result<(), Failure> {
    if output.is_json() {
        return as_json(event).map_or(Ok(()), |value| line(&value.to_string()));
    }
    let words = output.words;
    let text = match event {
        LiveEvent::Connected => words.connected.to_owned(),
        LiveEvent::Disconnected => words.disconnected.to_owned(),
        LiveEvent::Polling { every } => format!("{} ({} s)", words.polling, every.as_secs()),
        LiveEvent::Synced(report) if is_idle(report) => return Ok(()),
        LiveEvent::Synced(report) => {
            format!("↑ {} · ↓ {} + {}", report.accepted, report.documents, report.changes)
        }
        LiveEvent::Waiting { reason, next_in } => {
            format!("{reason} ({}: {:.1} s)", words.next_try, next_in.as_secs_f64())
        }
        _ => return Ok(()),
    };
    line(&text)
}

/// Nothing went either way.
fn is_idle(report: &SyncReport) -> bool {
    report.accepted + report.refused + report.documents + report.changes + report.revoked == 0
        && report.problems.is_empty()
}

fn as_json(event: &LiveEvent) -> Option<Value> {
    Some(match event {
        LiveEvent::Connected => json!({"event": "connected"}),
        LiveEvent::Disconnected => json!({"event": "disconnected"}),
        LiveEvent::Polling { every } => json!({"event": "polling", "every_ms": milliseconds(*every)}),
        LiveEvent::Synced(report) => json!({"event": "synced", "report": report}),
        LiveEvent::Waiting { reason, next_in } => {
            json!({"event": "waiting", "reason": reason, "next_in_ms": milliseconds(*next_in)})
        }
        LiveEvent::Paused => json!({"event": "paused"}),
        _ => return None,
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
