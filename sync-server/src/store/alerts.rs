//! Calls for help, as lists need them.

use jiff::Timestamp;
use jobsheet_core::record::Alert;
use serde::Serialize;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, time, to_sql};

/// A call for help without what is personal in it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AlertRow {
    /// Id of the alert: what an acknowledgement names.
    pub(crate) id: Uuid,
    /// The document in which it was raised.
    pub(crate) visit: Uuid,
    /// Its number.
    pub(crate) number: String,
    /// Who raised it.
    pub(crate) person: String,
    /// The special situation, an id of the document's standard.
    pub(crate) situation: Option<String>,
    /// When, by the device's clock.
    pub(crate) raised_at: Timestamp,
    /// When the server got it.
    pub(crate) received_at: Timestamp,
    /// When somebody at the office answered it.
    pub(crate) acknowledged_at: Option<Timestamp>,
}

impl Reading<'_> {
    /// One page of alerts, those that nobody has answered first, then the latest first; and how many there are.
    pub(crate) fn alerts(
        &self,
        open_only: bool,
        page: u32,
        size: u32,
    ) -> Result<(u64, u64, Vec<AlertRow>), StoreError> {
        let (total, open): (i64, i64) = self
            .connection
            .prepare_cached(
                "SELECT count(*), coalesce(sum(acknowledged_at IS NULL), 0) FROM alert WHERE tenant = ?1",
            )?
            .query_row([self.tenant], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let skip = to_sql(u64::from(page.saturating_sub(1)) * u64::from(size));
        let mut statement = self.connection.prepare_cached(
            "SELECT a.id, a.document, v.number, a.person, a.situation, a.raised_at, a.received_at, a.acknowledged_at
             FROM alert a JOIN visit v ON v.tenant = a.tenant AND v.id = a.document
             WHERE a.tenant = ?1 AND (?2 = 0 OR a.acknowledged_at IS NULL)
             ORDER BY a.acknowledged_at IS NULL DESC, a.received_at DESC, a.id LIMIT ?3 OFFSET ?4",
        )?;
        let rows = statement.query_map((self.tenant, open_only, size, skip), |row| {
            Ok(AlertRow {
                id: Uuid::from_bytes(row.get(0)?),
                visit: Uuid::from_bytes(row.get(1)?),
                number: row.get(2)?,
                person: row.get(3)?,
                situation: row.get(4)?,
                raised_at: time(row.get(5)?),
                received_at: time(row.get(6)?),
                acknowledged_at: row.get::<_, Option<i64>>(7)?.map(time),
            })
        })?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let of = if open_only { open } else { total };
        Ok((from_sql(of), from_sql(open), rows))
    }
}

impl Writing<'_> {
    /// Stores the alerts of a document. One that is known keeps the time at which it came.
    pub(crate) fn store_alerts(&self, id: &Uuid, alerts: &[Alert], now: Timestamp) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO alert (tenant, document, id, person, situation, raised_at, received_at, acknowledged_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (tenant, document, id) DO UPDATE SET acknowledged_at = excluded.acknowledged_at",
        )?;
        for alert in alerts {
            let answered = alert.acknowledged.as_ref().map(|answer| answer.at.instant().as_millisecond());
            statement.execute((
                self.tenant,
                id.as_bytes(),
                alert.id.as_bytes(),
                &alert.person,
                &alert.situation,
                alert.at.instant().as_millisecond(),
                now.as_millisecond(),
                answered,
            ))?;
        }
        Ok(())
    }
}
