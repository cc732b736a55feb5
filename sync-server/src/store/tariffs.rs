//! Tariffs of the company.

use jiff::Timestamp;
use jobsheet_core::tariff::Tariff;

use super::{Reading, StoreError, Writing, from_sql, to_sql};

impl Reading<'_> {
    /// The number of the last change to the tariffs; 0: there are none.
    pub(crate) fn tariffs_changed(&self) -> Result<u64, StoreError> {
        let last: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(max(seq), 0) FROM tariff WHERE tenant = ?1")?
            .query_row([self.tenant], |row| row.get(0))?;
        Ok(from_sql(last))
    }

    /// Every version of every tariff as JSON, by id and first day.
    pub(crate) fn tariff_sources(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT source FROM tariff WHERE tenant = ?1 ORDER BY id, valid_from")?;
        let rows = statement.query_map([self.tenant], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every version of every tariff, by id and first day.
    pub(crate) fn tariffs(&self) -> Result<Vec<Tariff>, StoreError> {
        let read = |source: String| {
            serde_json::from_str(&source).map_err(|error| StoreError::damaged("tariff", &"one", &error))
        };
        self.tariff_sources()?.into_iter().map(read).collect()
    }
}

impl Writing<'_> {
    /// Adds a version of a tariff. `false`: one of this id and first day is stored.
    pub(crate) fn add_tariff(
        &self,
        tariff: &Tariff,
        source: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let seq = self.take_seqs(1)?;
        self.news.borrow_mut().everybody = true;
        let added = self.connection.execute(
            "INSERT INTO tariff (tenant, id, valid_from, seq, source, added_by, added_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            (
                self.tenant,
                &tariff.id,
                tariff.valid_from.to_string(),
                to_sql(seq),
                source,
                by,
                at.as_millisecond(),
            ),
        )?;
        Ok(added > 0)
    }
}
