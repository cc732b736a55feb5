//! Which technician may see which document. The latest event of the two holds.

use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, to_sql};

/// The latest scope event of a document for one technician.
#[derive(Debug, Clone)]
pub(crate) struct ScopeRow {
    /// The document.
    pub(crate) document: Uuid,
    /// Its sequence number.
    pub(crate) seq: u64,
    /// May see it; else: may no longer see it.
    pub(crate) granted: bool,
}

impl Reading<'_> {
    /// Whether a technician is or has been in a document's crew. Work done before a reassignment became known must not be
    /// lost, so such a technician may still send changes, though sees no new ones.
    pub(crate) fn was_granted(&self, technician: &str, document: &Uuid) -> Result<bool, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM scope_event WHERE tenant = ?1 AND technician = ?2 AND document = ?3 AND granted = 1 LIMIT 1",
            )?
            .query_row((self.tenant, technician, document.as_bytes()), |_| Ok(()))
            .optional()?;
        Ok(found.is_some())
    }

    /// The latest event of every document for a technician.
    pub(crate) fn scope(&self, technician: &str) -> Result<Vec<ScopeRow>, StoreError> {
        // SQLite takes `granted` from the row that has the maximum.
        let mut statement = self.connection.prepare_cached(
            "SELECT document, max(seq), granted FROM scope_event WHERE tenant = ?1 AND technician = ?2 GROUP BY document",
        )?;
        let rows = statement.query_map((self.tenant, technician), |row| {
            Ok(ScopeRow {
                document: Uuid::from_bytes(row.get(0)?),
                seq: from_sql(row.get(1)?),
                granted: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Adds a scope event.
    pub(crate) fn add_scope_event(
        &self,
        technician: &str,
        document: &Uuid,
        granted: bool,
    ) -> Result<u64, StoreError> {
        let seq = self.take_seqs(1)?;
        self.connection.execute(
            "INSERT INTO scope_event (tenant, technician, document, seq, granted) VALUES (?1, ?2, ?3, ?4, ?5)",
            (self.tenant, technician, document.as_bytes(), to_sql(seq), granted),
        )?;
        Ok(seq)
    }
}
