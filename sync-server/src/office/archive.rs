//! Documents with which nobody works any more are kept in less space. Nothing is lost: each change comes out as it came, and the seal
//! still holds.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use super::By;
use crate::documents::is_finished;
use crate::standards::Standards;
use crate::store::{Store, StoreError};

/// Documents looked at in one transaction.
const LOOKED_AT_ONCE: u32 = 200;

/// Which documents are archived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Idle {
    /// Nothing came for them for so long.
    pub(crate) idle: SignedDuration,
    /// Also those that are not finished, or owe or lack something.
    pub(crate) any_state: bool,
}

/// What was archived.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ArchiveReport {
    /// Visits, cases and shifts.
    documents: u64,
    /// What their changes and documents took, in bytes,
    bytes_before: usize,
    /// and what they take now.
    bytes_after: usize,
    /// Documents that could not be archived: damaged, or too large for it.
    left: u64,
}

impl std::fmt::Display for ArchiveReport {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { documents, bytes_before, bytes_after, left } = self;
        write!(out, "{documents} documents archived: {bytes_after} bytes instead of {bytes_before}")?;
        if *left > 0 {
            write!(out, "; {left} could not be")?;
        }
        Ok(())
    }
}

/// Archives what is idle. Stops when `go_on` says so.
pub(crate) fn archive_idle(
    store: &Store,
    standards: &Standards,
    Idle { idle, any_state }: Idle,
    by: &By,
    go_on: impl Fn() -> bool,
) -> Result<ArchiveReport, StoreError> {
    let since = by.now.saturating_sub(idle).unwrap_or(Timestamp::MIN);
    let mut report = ArchiveReport::default();
    let mut after = Uuid::nil();
    while go_on() {
        let found = store.read(|tx| tx.idle_documents(since, !any_state, &after, LOOKED_AT_ONCE))?;
        let Some(last) = found.last() else { break };
        after = *last;
        for id in found {
            let made = store.read(|tx| -> Result<_, StoreError> {
                let brief = tx.visit_brief(&id)?;
                let may = any_state || brief.is_some_and(|brief| is_finished(tx, standards, &brief));
                if may { tx.to_archive(&id).map(Some) } else { Ok(None) }
            });
            match made {
                Ok(None) => {}
                Ok(Some(Some(made))) => {
                    if store.write(|tx| tx.archive(&made, by.now))? {
                        report.documents += 1;
                        report.bytes_before += made.before;
                        report.bytes_after += made.size();
                    }
                }
                Ok(Some(None)) => report.left += 1,
                // One that is damaged stays as it is, for somebody to see; it keeps no other from being archived.
                Err(error @ StoreError::Damaged { .. }) => {
                    tracing::error!(visit = %id, %error, "a document could not be archived");
                    report.left += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
    if report.documents > 0 {
        store.write(|tx| tx.audit(by.now, &by.person, "archive", "main", &report.documents.to_string()))?;
    }
    Ok(report)
}
