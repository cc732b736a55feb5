//! Calls for help as the office reads them: with the words and the place, which stand in the documents alone.

use jobsheet_core::record::{Alert, alerts};
use serde::Serialize;

use super::OfficeError;
use crate::documents::load;
use crate::standards::Standards;
use crate::store::{AlertRow, Reading};

/// A call for help.
#[derive(Debug, Serialize)]
pub(crate) struct AlertView {
    /// Whose, where, when.
    #[serde(flatten)]
    row: AlertRow,
    /// What was said, where the person was, and the office's answer; none: the document can not be read.
    alert: Option<Alert>,
    /// The document's state.
    state: String,
}

/// One page of them.
#[derive(Debug, Serialize)]
pub(crate) struct AlertPage {
    /// How many there are in all.
    total: u64,
    /// How many of all nobody has answered.
    open: u64,
    /// Page, from 1.
    page: u32,
    /// Alerts per page.
    size: u32,
    /// Those that nobody has answered first, then the latest first.
    alerts: Vec<AlertView>,
}

/// Lists calls for help.
pub(crate) fn list_alerts(
    tx: &Reading<'_>,
    standards: &Standards,
    open_only: bool,
    page: u32,
    size: u32,
) -> Result<AlertPage, OfficeError> {
    let (total, open, rows) = tx.alerts(open_only, page, size)?;
    let alerts = rows.into_iter().map(|row| view(tx, standards, row)).collect();
    Ok(AlertPage { total, open, page, size, alerts })
}

/// A document that can not be read must not hide that somebody calls for help.
fn view(tx: &Reading<'_>, standards: &Standards, row: AlertRow) -> AlertView {
    match load(tx, standards, &row.visit) {
        Ok(Some(loaded)) => {
            let record = loaded.visit.record();
            let alert = alerts(record).into_iter().find(|alert| alert.id == row.id);
            let state = jobsheet_core::record::state(record, &loaded.standard).id;
            AlertView { row, alert, state }
        }
        Ok(None) => AlertView { row, alert: None, state: String::new() },
        Err(error) => {
            tracing::error!(visit = %row.visit, %error, "the document of an alert can not be read");
            AlertView { row, alert: None, state: String::new() }
        }
    }
}
