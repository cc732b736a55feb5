//! How a document comes to be: registered under a job of its standard, listed, and sent on its way.

use std::collections::BTreeMap;
use std::sync::Arc;

use jobsheet_core::Moment;
use jobsheet_core::record::{Applied, Command, Document, Registration};
use jobsheet_core::standard::{Job, Kind, Standard};
use uuid::Uuid;

use super::actions::grant;
use super::{By, OfficeError};
use crate::documents::{commit, office_context};
use crate::secret;
use crate::standards::sha256_of;
use crate::store::{NewChange, NewVisit, StoreError, Writing};

/// What a document is opened with.
pub(super) struct Opening<'a> {
    /// The standard it pins.
    pub(super) standard: &'a Arc<Standard>,
    /// The job, one of the standard's.
    pub(super) job: &'a Job,
    /// Its number, which no other document has.
    pub(super) number: &'a str,
    /// The imported request behind it.
    pub(super) request: Option<&'a str>,
    /// The document that a case is about.
    pub(super) about: Option<&'a Uuid>,
    /// Order fields.
    pub(super) order: BTreeMap<String, String>,
    /// When the matter reached the company; none: now.
    pub(super) received_at: Option<Moment>,
}

/// A document that has been registered and not yet committed.
pub(super) struct Opened {
    pub(super) id: Uuid,
    standard: Arc<Standard>,
    document: Document,
    changes: Vec<NewChange>,
}

/// A job by id; none: the first of the kind.
pub(super) fn job_of<'s>(
    standard: &'s Standard,
    job: Option<&str>,
    kind: Kind,
) -> Result<&'s Job, OfficeError> {
    let jobs = &standard.pack().jobs;
    let fitting = || jobs.iter().filter(move |job| job.kind == kind);
    let known = || fitting().map(|job| job.id.as_str()).collect::<Vec<_>>().join(", ");
    let invalid = |reason: String| Err(OfficeError::Invalid { field: "job", reason });
    let Some(wanted) = job else {
        return fitting().next().map_or_else(
            || invalid(format!("the standard `{}` has no {} job", standard.pack().id, kind.id())),
            Ok,
        );
    };
    match jobs.iter().find(|job| job.id == wanted) {
        Some(job) if job.kind == kind => Ok(job),
        Some(job) => Err(OfficeError::WrongKind {
            job: job.id.clone(),
            is: job.kind.id(),
            wanted: kind.id(),
            known: known(),
        }),
        None => {
            invalid(format!("the standard `{}` has the {} jobs {}", standard.pack().id, kind.id(), known()))
        }
    }
}

/// Whether the documents of a job have an order field.
pub(super) fn has_field(standard: &Standard, job: &Job, field: &str) -> bool {
    standard.course(&job.id).flow().order.iter().any(|order| order.id == field)
}

/// Registers a document and adds its row.
pub(super) fn open(tx: &Writing<'_>, opening: Opening<'_>, by: &By) -> Result<Opened, OfficeError> {
    let Opening { standard, job, number, request, about, mut order, received_at } = opening;
    if has_field(standard, job, "number") {
        order.insert("number".to_owned(), number.to_owned());
    }
    let registration = Registration { job: Some(job.id.clone()), order, received_at };
    let id = secret::random_uuid()?;
    let actor: [u8; 16] = secret::random()?;
    let (mut document, genesis) =
        Document::register(id, standard, &registration, &actor, &office_context(by)?)?;
    document.set_actor(&actor);

    let pack = &standard.pack().id;
    let sha256 = sha256_of(standard).ok_or_else(|| StoreError::Damaged {
        what: "pack",
        id: pack.clone(),
        reason: "its hash is not one".to_owned(),
    })?;
    tx.add_pack(&sha256, pack, standard.source())?;
    tx.add_visit(&NewVisit { id: &id, job, number, request, about, pack: &sha256, office_actor: &actor })?;
    Ok(Opened { id, standard: standard.clone(), document, changes: vec![office_change(genesis, by)] })
}

impl Opened {
    /// Gives a command before the document is committed.
    pub(super) fn apply(&mut self, command: &Command, by: &By) -> Result<(), OfficeError> {
        let applied = self.document.apply(&self.standard, command, &office_context(by)?)?;
        self.changes.push(office_change(applied, by));
        Ok(())
    }

    /// Commits the document and lets its crew see it.
    pub(super) fn commit(self, tx: &Writing<'_>, crew: &[String], by: &By) -> Result<Uuid, OfficeError> {
        commit(tx, &self.id, &self.document, &self.standard, &self.changes, by.now)?;
        grant(tx, &self.id, crew, &[])?;
        Ok(self.id)
    }
}

/// A change that the office made.
pub(super) fn office_change(applied: Applied, by: &By) -> NewChange {
    NewChange {
        actor: applied.actor,
        actor_seq: applied.seq,
        bytes: applied.bytes,
        device: None,
        person: by.person.clone(),
    }
}
