//! A request becomes a visit.

use std::collections::BTreeMap;

use jobsheet_core::Moment;
use jobsheet_core::record::Command;
use jobsheet_core::standard::Kind;
use serde::Deserialize;
use uuid::Uuid;

use super::actions::check_crew;
use super::register::{Opening, has_field, job_of, open};
use super::{By, OfficeError};
use crate::standards::Standards;
use crate::store::{RequestRow, StoreError, Writing};

/// How a request is dispatched.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dispatch {
    /// Id of the standard the visit pins.
    #[serde(default = "default_standard")]
    pub(crate) standard: String,
    /// Visit job of the standard; none: its first.
    #[serde(default)]
    pub(crate) job: Option<String>,
    /// Technicians, by id; the first leads.
    pub(crate) crew: Vec<String>,
    /// Planned start.
    pub(crate) start: Moment,
    /// Planned end.
    pub(crate) end: Moment,
    /// Tools to carry.
    #[serde(default)]
    pub(crate) tools: Vec<String>,
    /// Order fields that the request lacks or that are to be put right.
    #[serde(default)]
    pub(crate) order: BTreeMap<String, String>,
}

fn default_standard() -> String {
    "execution-form".to_owned()
}

/// Registers the visit of a request and sends its crew, in one transaction.
pub(crate) fn dispatch(
    tx: &Writing<'_>,
    standards: &Standards,
    number: &str,
    dispatch: Dispatch,
    by: &By,
) -> Result<Uuid, OfficeError> {
    let unknown = || OfficeError::Unknown { what: "request", id: number.chars().take(80).collect() };
    let request = tx.request(number)?.ok_or_else(unknown)?;
    if let Some(visit) = tx.visit_of_request(number)? {
        return Err(OfficeError::AlreadyDispatched { number: request.number, visit });
    }
    if tx.visit_of_number(number)?.is_some() {
        return Err(OfficeError::Taken { what: "number", id: request.number });
    }
    check_crew(tx, &dispatch.crew)?;
    let standard = standards.current(tx, &dispatch.standard)?;
    let job = job_of(&standard, dispatch.job.as_deref(), Kind::Visit)?;
    let known = |field: &str| has_field(&standard, job, field);
    let order = order_of(&request, dispatch.order, known);
    let received_at = received_at(&request)?;

    let opening = Opening {
        standard: &standard,
        job,
        number,
        request: Some(number),
        about: None,
        order,
        received_at: Some(received_at),
    };
    let mut opened = open(tx, opening, by)?;
    let Dispatch { crew, start, end, tools, .. } = dispatch;
    opened.apply(&Command::Dispatch { crew: crew.clone(), start, end, tools }, by)?;
    let id = opened.commit(tx, &crew, by)?;
    tx.audit(by.now, &by.person, "dispatch", &id.to_string(), number)?;
    Ok(id)
}

/// The order fields that the standard names; what else the request holds stays with the request.
fn order_of(
    request: &RequestRow,
    given: BTreeMap<String, String>,
    known: impl Fn(&str) -> bool,
) -> BTreeMap<String, String> {
    let mut order: BTreeMap<String, String> = request
        .fields
        .iter()
        .filter(|(id, _)| known(id))
        .map(|(id, value)| (id.clone(), value.clone()))
        .collect();
    // Taken as they are: a field that the standard does not know is refused there, with its name.
    order.extend(given);
    if known("received_at") {
        order.insert("received_at".to_owned(), request.received_at.clone());
    }
    order
}

fn received_at(request: &RequestRow) -> Result<Moment, StoreError> {
    request.received_at.parse().map_err(|error| StoreError::Damaged {
        what: "request",
        id: request.number.clone(),
        reason: format!("{error}"),
    })
}
