//! What two people wrote differently and nobody has settled yet, across all visits and shifts.

use jobsheet_core::record::{DocumentId, ResolveTarget, Version};
use jobsheet_core::standard::Side;
use jobsheet_core::{Moment, unhex};
use serde::Serialize;

use crate::StoreError;
use crate::history::Writer;
use crate::store::{self, Store, load_visit};

/// A conflict that a person must settle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenConflict {
    /// The visit or shift.
    pub visit: DocumentId,
    /// The order's number.
    pub number: String,
    /// Where, as [`jobsheet_core::record::Command::Resolve`] takes it.
    pub target: ResolveTarget,
    /// Where, in one word, as the command line takes it.
    pub place: String,
    /// The side that settles it. None: the standard is not on this device.
    pub settled_by: Option<Side>,
    /// The versions, in the order in which `Resolve` counts them; the first is the one that is shown.
    pub versions: Vec<OpenVersion>,
}

/// One version of a conflict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenVersion {
    /// The value, as it stands in the record.
    pub value: serde_json::Value,
    /// Who wrote it.
    pub person: String,
    /// When.
    pub at: Moment,
    /// Where.
    pub device: Writer,
}

impl Store {
    /// All conflicts of all visits and shifts on this device, in the order of the list. None is ever settled by itself:
    /// `Resolve` settles one, and what was not chosen stays in the history.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails or a document can not be read.
    pub fn conflicts(&self) -> Result<Vec<OpenConflict>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let mut statement = tx.prepare_cached(
            "SELECT document, number FROM visit WHERE revoked = 0 AND conflicts > 0 ORDER BY planned_start, document",
        )?;
        let visits: Vec<(DocumentId, String)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let mut open = Vec::new();
        for (visit, number) in visits {
            let (document, _) = load_visit(&tx, visit)?;
            let record = document.record();
            let standard = match self.inner.standards.get(&tx, &record.standard) {
                Ok(standard) => Some(standard),
                Err(StoreError::PackMissing(_) | StoreError::PackDamaged(_)) => None,
                Err(error) => return Err(error),
            };
            let own = store::own_actors(&tx, visit)?;
            let device = |version: &Version, side: Option<Side>| match unhex(&version.actor) {
                Some(actor) if own.contains(&actor) => Writer::ThisDevice,
                _ if side == Some(Side::Office) => Writer::Office,
                _ => Writer::CrewDevice,
            };
            for conflict in &record.conflicts {
                let side = standard.as_deref().map(|standard| conflict.target.side(&record.job, standard));
                let version = |version: &Version| OpenVersion {
                    value: version.value.clone(),
                    person: version.person.clone(),
                    at: version.at,
                    device: device(version, side),
                };
                open.push(OpenConflict {
                    visit,
                    number: number.clone(),
                    target: conflict.target.clone(),
                    place: conflict.target.to_string(),
                    settled_by: side,
                    versions: conflict.versions.iter().map(version).collect(),
                });
            }
        }
        Ok(open)
    }
}
