//! What the office does with a document: give a command, change the crew.

use jobsheet_core::Moment;
use jobsheet_core::record::{Command, Record};
use jobsheet_core::standard::Kind;
use serde::Deserialize;
use uuid::Uuid;

use super::register::office_change;
use super::{Act, By, OfficeError};
use crate::documents::{commit, load, office_context};
use crate::standards::Standards;
use crate::store::{Reading, StoreError, Writing};

/// Who is sent to a visit, and when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assign {
    /// Technicians, by id; the first leads.
    crew: Vec<String>,
    /// Planned start.
    start: Moment,
    /// Planned end.
    end: Moment,
    /// Tools to carry.
    #[serde(default)]
    tools: Vec<String>,
}

/// Changes who is sent to a visit, and when.
pub(crate) fn assign(
    tx: &Writing<'_>,
    standards: &Standards,
    id: &Uuid,
    assign: Assign,
    by: &By,
) -> Result<(), OfficeError> {
    let Assign { crew, start, end, tools } = assign;
    command(tx, standards, id, &Command::Dispatch { crew, start, end, tools }, by)
}

/// Carries out an office command on a visit. Whoever joins the crew by it may see the visit from then on, whoever leaves it
/// no longer.
pub(crate) fn command(
    tx: &Writing<'_>,
    standards: &Standards,
    id: &Uuid,
    command: &Command,
    by: &By,
) -> Result<(), OfficeError> {
    let unknown = || OfficeError::Unknown { what: "visit", id: id.to_string() };
    let mut loaded = load(tx, standards, id)?.ok_or_else(unknown)?;
    if let Command::Dispatch { crew, .. } = command {
        if !by.roles.may(Act::Assign) {
            return Err(OfficeError::Role);
        }
        check_crew(tx, crew)?;
    }
    let needs = match command {
        Command::ReceivePart { .. } | Command::PartArrived { .. } => Act::Stock,
        Command::LinkVisit { .. } => Act::Assign,
        _ => Act::Command,
    };
    if !by.roles.may(needs) {
        return Err(OfficeError::Role);
    }
    loaded.visit.set_actor(&loaded.office_actor);
    let applied = loaded.visit.apply(&loaded.standard, command, &office_context(by)?)?;
    commit(tx, id, &loaded.visit, &loaded.standard, &[office_change(applied, by)], by.now)?;
    let record = loaded.visit.record();
    // A case is handled at the office: no device gets to see it, whoever keeps it.
    let moves = matches!(command, Command::Dispatch { .. } | Command::Resolve { .. });
    if moves && record.kind != Kind::Case {
        grant(tx, id, &crew_of(record), &record.workers())?;
    }
    tx.audit(by.now, &by.person, command.name(), &id.to_string(), "")?;
    Ok(())
}

fn crew_of(record: &Record) -> Vec<String> {
    record.assignment.as_ref().map(|assignment| assignment.crew.clone()).unwrap_or_default()
}

/// Every member of a crew must be a technician of this tenant.
pub(super) fn check_crew(tx: &Reading<'_>, crew: &[String]) -> Result<(), OfficeError> {
    for id in crew {
        if tx.technician(id)?.is_none() {
            return Err(OfficeError::Unknown { what: "technician", id: id.chars().take(80).collect() });
        }
    }
    Ok(())
}

/// Lets the crew see a document, and nobody who does not work on it any more. Those to whom one of the crew passed it on stay, but
/// get to see nothing by that alone: a hand-over lets them.
pub(super) fn grant(
    tx: &Writing<'_>,
    id: &Uuid,
    crew: &[String],
    workers: &[&str],
) -> Result<(), StoreError> {
    let seen_by = tx.granted_to(id)?;
    for technician in seen_by.iter().filter(|technician| !workers.contains(&technician.as_str())) {
        tx.set_scope(technician, id, false)?;
    }
    for technician in crew.iter().filter(|technician| !seen_by.contains(technician)) {
        tx.set_scope(technician, id, true)?;
    }
    Ok(())
}
