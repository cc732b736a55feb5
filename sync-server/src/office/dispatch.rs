//! A request becomes a visit.

use std::collections::BTreeMap;

use jobsheet_core::Moment;
use jobsheet_core::record::{Applied, Command, Registration, Document};
use serde::Deserialize;
use uuid::Uuid;

use super::actions::{check_crew, grant};
use super::{By, OfficeError};
use crate::documents::{commit, office_context};
use crate::secret;
use crate::standards::{Standards, sha256_of};
use crate::store::{NewChange, RequestRow, StoreError, Writing};

/// How a request is dispatched.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dispatch {
    /// Id of the standard the visit pins.
    #[serde(default = "default_standard")]
    pub(crate) standard: String,
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
    check_crew(tx, &dispatch.crew)?;
    let standard = standards.builtin(&dispatch.standard)?;
    let known = |field: &str| standard.pack().order.iter().any(|order| order.id == field);
    let registration = registration(&request, dispatch.order, known)?;

    let id = secret::random_uuid()?;
    let actor: [u8; 16] = secret::random()?;
    let context = office_context(&by.person, by.now)?;
    let (mut visit, genesis) = Document::register(id, &standard, &registration, &actor, &context)?;
    visit.set_actor(&actor);
    let Dispatch { crew, start, end, tools, .. } = dispatch;
    let command = Command::Dispatch { crew: crew.clone(), start, end, tools };
    let sent = visit.apply(&standard, &command, &office_context(&by.person, by.now)?)?;

    let sha256 = sha256_of(&standard).ok_or_else(|| StoreError::Damaged {
        what: "pack",
        id: standard.pack().id.clone(),
        reason: "its hash is not one".to_owned(),
    })?;
    tx.add_pack(&sha256, &standard.pack().id, standard.source())?;
    tx.add_visit(&id, number, &sha256, &actor)?;
    let changes = [genesis, sent].map(|applied| office_change(applied, by));
    commit(tx, &id, &visit, &standard, &changes, by.now)?;
    grant(tx, &id, &[], &crew)?;
    tx.audit(by.now, &by.person, "dispatch", &id.to_string(), number)?;
    Ok(id)
}

/// A change that the office made.
pub(super) fn office_change(applied: Applied, by: &By) -> NewChange {
    NewChange {
        hash: applied.hash,
        actor: applied.actor,
        actor_seq: applied.seq,
        bytes: applied.bytes,
        device: None,
        person: by.person.clone(),
    }
}

/// The order fields that the standard names; what else the request holds stays with the request.
fn registration(
    request: &RequestRow,
    given: BTreeMap<String, String>,
    known: impl Fn(&str) -> bool,
) -> Result<Registration, OfficeError> {
    let mut order: BTreeMap<String, String> = request
        .fields
        .iter()
        .filter(|(id, _)| known(id))
        .map(|(id, value)| (id.clone(), value.clone()))
        .collect();
    // Taken as they are: a field that the standard does not know is refused there, with its name.
    order.extend(given);
    order.insert("number".to_owned(), request.number.clone());
    if known("received_at") {
        order.insert("received_at".to_owned(), request.received_at.clone());
    }
    let received_at = request.received_at.parse().map_err(|error| StoreError::Damaged {
        what: "request",
        id: request.number.clone(),
        reason: format!("{error}"),
    })?;
    Ok(Registration { job: None, order, received_at: Some(received_at) })
}
