//! Packs of the company: published, listed, shown.

use std::sync::Arc;

use jiff::Timestamp;
use jobsheet_core::standard::{BasedOn, Diagnostic, Kind, Standard};
use jobsheet_core::{Text, hex, standard};
use serde::Serialize;

use super::{By, OfficeError};
use crate::standards::{Sent, StandardError, Standards, Version, sha256_of};
use crate::store::{Reading, StandardRow, Store};

/// What became of a pack that was sent.
#[derive(Debug, Serialize)]
pub(crate) struct Published {
    /// Id of the standard.
    pub(crate) id: String,
    /// Its version.
    pub(crate) version: String,
    /// SHA-256 of the whole pack.
    pub(crate) sha256: String,
    /// Stored now; else the same pack had been stored before.
    pub(crate) new: bool,
    /// The pack it was made from, and what it changed there.
    pub(crate) based_on: Option<BasedOn>,
    /// What is worth a look, though the pack is taken.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// A job of a standard.
#[derive(Debug, Serialize)]
struct JobSummary {
    id: String,
    kind: Kind,
    name: Text,
    role: String,
}

/// A standard as lists show it.
#[derive(Debug, Serialize)]
pub(crate) struct StandardSummary {
    /// Id.
    pub(crate) id: String,
    /// Version.
    pub(crate) version: String,
    /// SHA-256 of the pack.
    pub(crate) sha256: String,
    /// `builtin` or `company`.
    pub(crate) origin: &'static str,
    /// New documents follow it.
    pub(crate) current: bool,
    /// Name.
    pub(crate) title: Text,
    jobs: Vec<JobSummary>,
    /// Id and version of the pack it was made from.
    based_on: Option<String>,
    added_by: Option<String>,
    added_at: Option<Timestamp>,
}

/// A rule that the company has switched off.
#[derive(Debug, Serialize)]
struct DisabledRule {
    rule: String,
    reason: Text,
}

/// A standard with its text.
#[derive(Debug, Serialize)]
pub(crate) struct StandardView {
    #[serde(flatten)]
    summary: StandardSummary,
    /// Stored versions of this id.
    versions: Vec<String>,
    /// The pack it was made from.
    base: Option<BasedOn>,
    /// Rules that were given other parameters.
    overridden: Vec<String>,
    /// Rules that were added.
    added: Vec<String>,
    /// Rules that are switched off.
    disabled: Vec<DisabledRule>,
    warnings: Vec<Diagnostic>,
    /// The whole pack.
    source: String,
    /// What was sent, where that is not the whole pack.
    original: Option<String>,
}

/// Takes a pack: checks it and stores it under its id and version, where it stays as it is.
pub(crate) fn publish(
    store: &Store,
    standards: &Standards,
    source: &str,
    by: &By,
) -> Result<Published, OfficeError> {
    // Reading a large pack takes a while: it is done before the one writer is asked for.
    let read = store.read(|tx| standards.read(tx, source))?;
    let Sent { standard, warnings } = read.map_err(|errors| OfficeError::Pack(errors.0))?;
    let pack = standard.pack();
    let (id, version) = (pack.id.clone(), pack.version.clone());
    if Version::parse(&version).is_none() {
        let reason = "is no semantic version such as 1.0.0".to_owned();
        return Err(OfficeError::Invalid { field: "version", reason });
    }
    let sha256 = sha256_of(&standard).unwrap_or_default();
    let builtin = standards.builtin(&id)?.filter(|known| known.pack().version == version);
    let new = store.write(|tx| -> Result<bool, OfficeError> {
        let stored = tx.standard_hashes(&id)?.into_iter().find(|(known, _)| *known == version);
        let known = stored.map(|(_, sha256)| sha256).or(builtin.as_deref().and_then(sha256_of));
        match known {
            Some(known) if known == sha256 => return Ok(false),
            Some(_) => {
                return Err(OfficeError::VersionTaken { id: id.clone(), version: version.clone() });
            }
            None => {}
        }
        tx.add_standard(&StandardRow {
            id: id.clone(),
            version: version.clone(),
            sha256,
            source: standard.source().to_owned(),
            original: source.to_owned(),
            added_by: by.person.clone(),
            added_at: by.now,
        })?;
        tx.audit(by.now, &by.person, "standard-add", &id, &format!("{version} {}", hex(&sha256)))?;
        Ok(true)
    })?;
    Ok(Published {
        id,
        version,
        sha256: standard.sha256().to_owned(),
        new,
        based_on: pack.based_on.clone(),
        warnings,
    })
}

struct Known {
    standard: Arc<Standard>,
    row: Option<StandardRow>,
    current: bool,
}

/// All standards of an id, or all there are: those that come with the server first, then the company's, oldest first.
fn known(tx: &Reading<'_>, standards: &Standards, of: Option<&str>) -> Result<Vec<Known>, StandardError> {
    let wanted = |id: &str| of.is_none_or(|of| of == id);
    let mut list = Vec::new();
    for id in standard::builtin_ids().filter(|id| wanted(id)) {
        if let Some(standard) = standards.builtin(id)? {
            list.push(Known { standard, row: None, current: false });
        }
    }
    for row in tx.standards()?.into_iter().filter(|row| wanted(&row.id)) {
        let standard = standards.held_or(&row.sha256, || Ok(Some(row.source.clone())))?;
        list.push(Known { standard, row: Some(row), current: false });
    }
    for known in &mut list {
        let current = standards.current(tx, &known.standard.pack().id)?;
        known.current = current.sha256() == known.standard.sha256();
    }
    Ok(list)
}

fn summary(known: &Known) -> StandardSummary {
    let pack = known.standard.pack();
    let job = |job: &standard::Job| JobSummary {
        id: job.id.clone(),
        kind: job.kind,
        name: job.name.clone(),
        role: job.role.clone(),
    };
    StandardSummary {
        id: pack.id.clone(),
        version: pack.version.clone(),
        sha256: known.standard.sha256().to_owned(),
        origin: if known.row.is_some() { "company" } else { "builtin" },
        current: known.current,
        title: pack.title.clone(),
        jobs: pack.jobs.iter().map(job).collect(),
        based_on: pack.based_on.as_ref().map(|base| format!("{} {}", base.id, base.version)),
        added_by: known.row.as_ref().map(|row| row.added_by.clone()),
        added_at: known.row.as_ref().map(|row| row.added_at),
    }
}

/// All standards.
pub(crate) fn list_standards(
    tx: &Reading<'_>,
    standards: &Standards,
) -> Result<Vec<StandardSummary>, OfficeError> {
    Ok(known(tx, standards, None)?.iter().map(summary).collect())
}

/// One standard with its text; without a version the one that new documents follow.
pub(crate) fn show_standard(
    tx: &Reading<'_>,
    standards: &Standards,
    id: &str,
    version: Option<&str>,
) -> Result<StandardView, OfficeError> {
    let all = known(tx, standards, Some(id))?;
    let versions = all.iter().map(|known| known.standard.pack().version.clone()).collect();
    let wanted = |known: &Known| match version {
        Some(version) => known.standard.pack().version == version,
        None => known.current,
    };
    let unknown = || {
        let id: String = [Some(id), version].into_iter().flatten().collect::<Vec<_>>().join(" ");
        OfficeError::Unknown { what: "standard", id: id.chars().take(80).collect() }
    };
    let found = all.iter().find(|known| wanted(known)).ok_or_else(unknown)?;
    let pack = found.standard.pack();
    let off = |rule: &standard::Rule| {
        rule.disabled.clone().map(|reason| DisabledRule { rule: rule.id.clone(), reason })
    };
    let source = found.standard.source();
    Ok(StandardView {
        summary: summary(found),
        versions,
        overridden: pack.based_on.as_ref().map(|base| base.overridden.clone()).unwrap_or_default(),
        added: pack.based_on.as_ref().map(|base| base.added.clone()).unwrap_or_default(),
        base: pack.based_on.clone(),
        disabled: pack.rules.iter().filter_map(off).collect(),
        warnings: found.standard.warnings().to_vec(),
        original: found.row.as_ref().map(|row| row.original.clone()).filter(|original| original != source),
        source: source.to_owned(),
    })
}
