//! Shifts and cases: documents without a request behind them.

use std::collections::BTreeMap;

use jobsheet_core::record::Command;
use jobsheet_core::standard::Kind;
use jobsheet_core::{Moment, hex};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actions::check_crew;
use super::register::{Opening, has_field, job_of, open};
use super::{By, OfficeError, check_id};
use crate::secret;
use crate::standards::Standards;
use crate::store::{Reading, Writing};

/// How often another number is drawn if the one drawn is taken.
const DRAWS: usize = 20;

/// A shift to be opened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewShift {
    /// Id of the standard it pins.
    standard: String,
    /// Shift job of the standard; none: its first.
    #[serde(default)]
    job: Option<String>,
    /// Who is on duty, by id.
    person: String,
    /// Planned start.
    start: Moment,
    /// Planned end.
    end: Moment,
    /// Order fields.
    #[serde(default)]
    order: BTreeMap<String, String>,
    /// Its number; none: one is made.
    #[serde(default)]
    number: Option<String>,
}

/// A case to be opened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCase {
    /// Id of the standard it pins.
    standard: String,
    /// Case job of the standard; none: its first.
    #[serde(default)]
    job: Option<String>,
    /// Order fields.
    #[serde(default)]
    order: BTreeMap<String, String>,
    /// When the matter reached the company; none: now.
    #[serde(default)]
    received_at: Option<Moment>,
    /// Its number; none: one is made.
    #[serde(default)]
    number: Option<String>,
    /// The document it is about.
    #[serde(default)]
    about: Option<Uuid>,
}

/// A document that has been opened.
#[derive(Debug, Serialize)]
pub(crate) struct OpenedDocument {
    /// Id.
    visit: Uuid,
    /// Number.
    number: String,
    /// Kind of document.
    kind: Kind,
    /// Job.
    job: String,
}

/// Registers a shift and rosters its person, in one transaction.
pub(crate) fn open_shift(
    tx: &Writing<'_>,
    standards: &Standards,
    new: NewShift,
    by: &By,
) -> Result<OpenedDocument, OfficeError> {
    let NewShift { standard, job, person, start, end, order, number } = new;
    let crew = vec![person];
    check_crew(tx, &crew)?;
    let standard = standards.current(tx, &standard)?;
    let job = job_of(&standard, job.as_deref(), Kind::Shift)?;
    let number = number_for(tx, "SHIFT", number, by)?;
    let opening = Opening {
        standard: &standard,
        job,
        number: &number,
        request: None,
        about: None,
        order,
        received_at: None,
    };
    let mut opened = open(tx, opening, by)?;
    opened.apply(&Command::Dispatch { crew: crew.clone(), start, end, tools: Vec::new() }, by)?;
    let visit = opened.commit(tx, &crew, by)?;
    tx.audit(by.now, &by.person, "shift-open", &visit.to_string(), &number)?;
    Ok(OpenedDocument { visit, number, kind: Kind::Shift, job: job.id.clone() })
}

/// Registers a case. No device gets to see it.
pub(crate) fn open_case(
    tx: &Writing<'_>,
    standards: &Standards,
    new: NewCase,
    by: &By,
) -> Result<OpenedDocument, OfficeError> {
    let NewCase { standard, job, mut order, received_at, number, about } = new;
    if received_at.is_some_and(|received| received.instant() > by.now) {
        let reason = "lies ahead; leave it out for what comes in now".to_owned();
        return Err(OfficeError::Invalid { field: "received_at", reason });
    }
    if let Some(about) = about
        && !tx.is_visit(&about)?
    {
        return Err(OfficeError::Unknown { what: "visit", id: about.to_string() });
    }
    let standard = standards.current(tx, &standard)?;
    let job = job_of(&standard, job.as_deref(), Kind::Case)?;
    let number = number_for(tx, "CASE", number, by)?;
    if has_field(&standard, job, "received_at") {
        let received = received_at.unwrap_or_else(|| Moment::utc(by.now));
        order.entry("received_at".to_owned()).or_insert_with(|| received.to_string());
    }
    if let Some(about) = about.filter(|_| has_field(&standard, job, "visit")) {
        order.insert("visit".to_owned(), about.to_string());
    }
    let opening = Opening {
        standard: &standard,
        job,
        number: &number,
        request: None,
        about: about.as_ref(),
        order,
        received_at,
    };
    let visit = open(tx, opening, by)?.commit(tx, &[], by)?;
    tx.audit(by.now, &by.person, "case-open", &visit.to_string(), &number)?;
    Ok(OpenedDocument { visit, number, kind: Kind::Case, job: job.id.clone() })
}

/// The number that was asked for, or a new one; no document and no request has it.
fn number_for(
    tx: &Reading<'_>,
    prefix: &str,
    wanted: Option<String>,
    by: &By,
) -> Result<String, OfficeError> {
    let taken = |id: String| OfficeError::Taken { what: "number", id };
    if let Some(number) = wanted {
        check_id("number", &number)?;
        return if tx.is_number_taken(&number)? { Err(taken(number)) } else { Ok(number) };
    }
    let mut number = String::new();
    for _ in 0..DRAWS {
        number = format!("{prefix}-{}-{}", by.now.strftime("%Y%m%d"), hex(&secret::random::<3>()?));
        if !tx.is_number_taken(&number)? {
            return Ok(number);
        }
    }
    Err(taken(number))
}
