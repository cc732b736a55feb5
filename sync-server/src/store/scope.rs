//! Which technician may see which document, and where there is something new for whom.

use rusqlite::{OptionalExtension, Row};
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, to_sql};

/// How a document stands with one technician.
#[derive(Debug, Clone)]
pub(crate) struct ScopeRow {
    /// The document.
    pub(crate) document: Uuid,
    /// Sequence number under which it was last granted or withdrawn.
    pub(crate) seq: u64,
    /// May see it; else: may no longer see it.
    pub(crate) granted: bool,
}

/// A document as a technician should hold it.
#[derive(Debug)]
pub(crate) struct KnownDocument {
    /// The document.
    pub(crate) document: Uuid,
    /// May see it; else: may no longer see it.
    pub(crate) granted: bool,
    /// Its heads.
    pub(crate) heads: Vec<[u8; 32]>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<ScopeRow> {
    Ok(ScopeRow { document: Uuid::from_bytes(row.get(0)?), seq: from_sql(row.get(1)?), granted: row.get(2)? })
}

impl Reading<'_> {
    /// Whether a technician is or has been in a document's crew. Work done before a reassignment became known must not be
    /// lost, so such a technician may still send changes, though sees no new ones.
    pub(crate) fn was_granted(&self, technician: &str, document: &Uuid) -> Result<bool, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT 1 FROM scope WHERE tenant = ?1 AND technician = ?2 AND document = ?3")?
            .query_row((self.tenant, technician, document.as_bytes()), |_| Ok(()))
            .optional()?;
        Ok(found.is_some())
    }

    /// Whether a technician may see a document now. `None`: he never could.
    pub(crate) fn is_granted(&self, technician: &str, document: &Uuid) -> Result<Option<bool>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT granted FROM scope WHERE tenant = ?1 AND technician = ?2 AND document = ?3",
            )?
            .query_row((self.tenant, technician, document.as_bytes()), |row| row.get(0))
            .optional()?;
        Ok(found)
    }

    /// Who may see a document now.
    pub(crate) fn granted_to(&self, document: &Uuid) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT technician FROM scope WHERE tenant = ?1 AND document = ?2 AND granted = 1",
        )?;
        let rows = statement.query_map((self.tenant, document.as_bytes()), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every document that a technician may or once might see.
    pub(crate) fn scope(&self, technician: &str) -> Result<Vec<ScopeRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT document, seq, granted FROM scope WHERE tenant = ?1 AND technician = ?2",
        )?;
        let rows = statement.query_map((self.tenant, technician), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Documents of which there is something new for a technician after a sequence number.
    pub(crate) fn scope_news(&self, technician: &str, after: u64) -> Result<Vec<ScopeRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT document, seq, granted FROM scope WHERE tenant = ?1 AND technician = ?2 AND news_seq > ?3",
        )?;
        let rows = statement.query_map((self.tenant, technician, to_sql(after)), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Documents that a technician may or once might see, whose ids lie after one and up to another; empty: no bound.
    pub(crate) fn scope_between(
        &self,
        technician: &str,
        after: &[u8],
        upto: &[u8],
    ) -> Result<Vec<KnownDocument>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT s.document, s.granted, v.heads FROM scope AS s
             JOIN visit AS v ON v.tenant = s.tenant AND v.id = s.document
             WHERE s.tenant = ?1 AND s.technician = ?2 AND s.document > ?3 AND (length(?4) = 0 OR s.document <= ?4)",
        )?;
        let rows = statement.query_map((self.tenant, technician, after, upto), |row| {
            let heads: Vec<u8> = row.get(2)?;
            Ok(KnownDocument {
                document: Uuid::from_bytes(row.get(0)?),
                granted: row.get(1)?,
                heads: heads.as_chunks().0.to_vec(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many documents a technician may see.
    pub(crate) fn granted_count(&self, technician: &str) -> Result<u32, StoreError> {
        let count = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM scope WHERE tenant = ?1 AND technician = ?2 AND granted = 1",
            )?
            .query_row((self.tenant, technician), |row| row.get(0))?;
        Ok(count)
    }
}

impl Writing<'_> {
    /// Lets a technician see a document from now on, or no longer.
    pub(crate) fn set_scope(
        &self,
        technician: &str,
        document: &Uuid,
        granted: bool,
    ) -> Result<u64, StoreError> {
        let seq = self.take_seqs(1)?;
        self.connection.execute(
            "INSERT INTO scope (tenant, technician, document, granted, seq, news_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
             ON CONFLICT (tenant, technician, document)
             DO UPDATE SET granted = excluded.granted, seq = excluded.seq, news_seq = excluded.news_seq",
            (self.tenant, technician, document.as_bytes(), granted, to_sql(seq)),
        )?;
        self.news.borrow_mut().technicians.insert(technician.to_owned());
        Ok(seq)
    }

    /// Notes that a document has changed for all who may see it.
    pub(super) fn note_news(&self, document: &Uuid, seq: u64) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE scope SET news_seq = ?3 WHERE tenant = ?1 AND document = ?2 AND granted = 1 RETURNING technician",
        )?;
        let rows = statement.query_map((self.tenant, document.as_bytes(), to_sql(seq)), |row| row.get(0))?;
        let technicians = rows.collect::<Result<Vec<String>, _>>()?;
        self.news.borrow_mut().technicians.extend(technicians);
        Ok(())
    }
}
