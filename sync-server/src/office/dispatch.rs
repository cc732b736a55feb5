//! A request becomes a visit.

use std::collections::BTreeMap;

use jobsheet_core::Moment;
use jobsheet_core::record::Command;
use jobsheet_core::standard::Kind;
use serde::Deserialize;
use uuid::Uuid;

use super::actions::check_crew;
use super::register::{Opened, Opening, has_field, job_of, open};
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

/// How a request is registered as a visit to which nobody is sent yet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    /// Id of the standard the visit pins.
    #[serde(default = "default_standard")]
    pub(crate) standard: String,
    /// Visit job of the standard; none: its first.
    #[serde(default)]
    pub(crate) job: Option<String>,
    /// Order fields that the request lacks or that are to be put right.
    #[serde(default)]
    pub(crate) order: BTreeMap<String, String>,
}

/// Registers the visit of a request and sends its crew, in one transaction.
pub(crate) fn dispatch(
    tx: &Writing<'_>,
    standards: &Standards,
    number: &str,
    dispatch: Dispatch,
    by: &By,
) -> Result<Uuid, OfficeError> {
    let Dispatch { standard, job, crew, start, end, tools, order } = dispatch;
    let mut opened = visit_of(tx, standards, number, Register { standard, job, order }, by)?;
    check_crew(tx, &crew)?;
    opened.apply(&Command::Dispatch { crew: crew.clone(), start, end, tools }, by)?;
    let id = opened.commit(tx, &crew, by)?;
    tx.audit(by.now, &by.person, "dispatch", &id.to_string(), number)?;
    Ok(id)
}

/// Registers the visit of a request: for jobs on which the standard wants something before anybody is sent.
pub(crate) fn register(
    tx: &Writing<'_>,
    standards: &Standards,
    number: &str,
    register: Register,
    by: &By,
) -> Result<Uuid, OfficeError> {
    let id = visit_of(tx, standards, number, register, by)?.commit(tx, &[], by)?;
    tx.audit(by.now, &by.person, "register", &id.to_string(), number)?;
    Ok(id)
}

fn visit_of(
    tx: &Writing<'_>,
    standards: &Standards,
    number: &str,
    register: Register,
    by: &By,
) -> Result<Opened, OfficeError> {
    let unknown = || OfficeError::Unknown { what: "request", id: number.chars().take(80).collect() };
    let request = tx.request(number)?.ok_or_else(unknown)?;
    if let Some(visit) = tx.visit_of_request(number)? {
        return Err(OfficeError::AlreadyDispatched { number: request.number, visit });
    }
    if tx.visit_of_number(number)?.is_some() {
        return Err(OfficeError::Taken { what: "number", id: request.number });
    }
    let standard = standards.current(tx, &register.standard)?;
    let job = job_of(&standard, register.job.as_deref(), Kind::Visit)?;
    let order = order_of(&request, register.order, |field| has_field(&standard, job, field));
    let opening = Opening {
        standard: &standard,
        job,
        number,
        request: Some(number),
        about: None,
        order,
        received_at: Some(received_at(&request)?),
    };
    open(tx, opening, by)
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
