//! Work that waits for somebody at the office: of revoked devices, and what was refused.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, time, to_sql};

/// What waits of one device for one document.
#[derive(Debug, Serialize)]
pub(crate) struct LateRow {
    /// The device.
    pub(crate) device: Uuid,
    /// Whose it was.
    pub(crate) technician: String,
    /// The visit or shift.
    pub(crate) visit: Uuid,
    /// Its number.
    pub(crate) number: String,
    /// How many changes.
    pub(crate) changes: u64,
    /// Their bytes together.
    pub(crate) bytes: u64,
    /// When the first came.
    pub(crate) first_received_at: Timestamp,
    /// When the last came.
    pub(crate) last_received_at: Timestamp,
    /// How many of them were refused when they came, or could not be admitted when it was tried.
    pub(crate) refused: u64,
    /// Why, short codes in kebab case.
    pub(crate) codes: Vec<String>,
}

/// A change that waits.
#[derive(Debug, Clone)]
pub(crate) struct LateChange {
    /// The hash under which it came.
    pub(crate) hash: [u8; 32],
    /// Its bytes as they came.
    pub(crate) bytes: Vec<u8>,
    /// Why it was refused: code and reason; none: nobody has judged it.
    pub(crate) refusal: Option<(String, String)>,
}

/// Why a change waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LateCause {
    /// The device had been revoked.
    Revoked,
    /// It was refused.
    Refused,
}

impl LateCause {
    fn id(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Refused => "refused",
        }
    }
}

impl Reading<'_> {
    /// What waits, of all devices.
    pub(crate) fn late(&self) -> Result<Vec<LateRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT l.device, d.technician, l.document, v.number, count(*), sum(length(l.bytes)),
                    min(l.received_at), max(l.received_at), count(l.code), json_group_array(DISTINCT l.code) FILTER (WHERE l.code IS NOT NULL)
             FROM late_change l
             JOIN device d ON d.tenant = l.tenant AND d.id = l.device
             JOIN visit v ON v.tenant = l.tenant AND v.id = l.document
             WHERE l.tenant = ?1 AND l.state = 'kept' GROUP BY l.device, l.document ORDER BY 7, v.number",
        )?;
        let rows = statement.query_map([self.tenant], |row| {
            Ok(LateRow {
                device: Uuid::from_bytes(row.get(0)?),
                technician: row.get(1)?,
                visit: Uuid::from_bytes(row.get(2)?),
                number: row.get(3)?,
                changes: super::from_sql(row.get(4)?),
                bytes: super::from_sql(row.get(5)?),
                first_received_at: time(row.get(6)?),
                last_received_at: time(row.get(7)?),
                refused: super::from_sql(row.get(8)?),
                codes: serde_json::from_str(&row.get::<_, String>(9)?).unwrap_or_default(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The changes that wait of one device for one document, in the order in which they came.
    pub(crate) fn late_changes(&self, device: &Uuid, document: &Uuid) -> Result<Vec<LateChange>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT hash, bytes, code, reason FROM late_change
             WHERE tenant = ?1 AND device = ?2 AND document = ?3 AND state = 'kept' ORDER BY n",
        )?;
        let rows = statement.query_map((self.tenant, device.as_bytes(), document.as_bytes()), |row| {
            let (code, reason): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            let refusal = code.map(|code| (code, reason.unwrap_or_default()));
            Ok(LateChange { hash: row.get(0)?, bytes: row.get(1)?, refusal })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How much waits of one device of one cause: changes, settled ones included, and bytes.
    pub(crate) fn late_size(&self, device: &Uuid, cause: LateCause) -> Result<(u64, u64), StoreError> {
        let size = self.connection.query_row(
            "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM late_change
             WHERE tenant = ?1 AND device = ?2 AND cause = ?3",
            (self.tenant, device.as_bytes(), cause.id()),
            |row| Ok((super::from_sql(row.get(0)?), super::from_sql(row.get(1)?))),
        )?;
        Ok(size)
    }

    /// The number of the first change after an instant. `None`: there was none.
    pub(crate) fn first_seq_after(&self, at: Timestamp) -> Result<Option<u64>, StoreError> {
        let seq: Option<i64> = self.connection.query_row(
            "SELECT min(seq) FROM log WHERE tenant = ?1 AND received_at > ?2",
            (self.tenant, at.as_millisecond()),
            |row| row.get(0),
        )?;
        Ok(seq.map(super::from_sql))
    }

    /// When a device last sent work for a document.
    pub(crate) fn last_work(&self, device: &Uuid, document: &Uuid) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> = self.connection.query_row(
            "SELECT max(received_at) FROM log WHERE tenant = ?1 AND document = ?3 AND device = ?2",
            (self.tenant, device.as_bytes(), document.as_bytes()),
            |row| row.get(0),
        )?;
        Ok(at.map(time))
    }
}

impl Writing<'_> {
    /// Keeps a change of a revoked device. `false`: it has been kept before.
    pub(crate) fn keep_late(
        &self,
        device: &Uuid,
        document: &Uuid,
        n: u64,
        change: &LateChange,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let kept = self
            .connection
            .prepare_cached(
                "INSERT INTO late_change (tenant, device, document, hash, n, bytes, received_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            )?
            .execute((
                self.tenant,
                device.as_bytes(),
                document.as_bytes(),
                change.hash,
                to_sql(n),
                &change.bytes,
                at.as_millisecond(),
            ))?;
        Ok(kept > 0)
    }

    /// Keeps a change that was refused. `false`: it is kept already, and only the refusal is noted.
    pub(crate) fn keep_refused(
        &self,
        device: &Uuid,
        document: &Uuid,
        change: (&[u8; 32], &[u8]),
        (code, reason): (&str, &str),
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (hash, bytes) = change;
        let noted = self
            .connection
            .prepare_cached(
                "UPDATE late_change SET code = ?5, reason = ?6
                 WHERE tenant = ?1 AND device = ?2 AND document = ?3 AND hash = ?4 AND state = 'kept'",
            )?
            .execute((self.tenant, device.as_bytes(), document.as_bytes(), hash, code, reason))?;
        if noted > 0 {
            return Ok(false);
        }
        let kept = self
            .connection
            .prepare_cached(
                "INSERT INTO late_change (tenant, device, document, hash, n, bytes, received_at, code, reason, cause)
                 SELECT ?1, ?2, ?3, ?4, coalesce(max(n) + 1, 0), ?5, ?6, ?7, ?8, 'refused' FROM late_change
                 WHERE tenant = ?1 AND device = ?2 AND document = ?3 ON CONFLICT DO NOTHING",
            )?
            .execute((
                self.tenant,
                device.as_bytes(),
                document.as_bytes(),
                hash,
                bytes,
                at.as_millisecond(),
                code,
                reason,
            ))?;
        Ok(kept > 0)
    }

    /// A change that waited stands in the log now, or was thrown away. What a device was told to be refused it does not send
    /// again, so nothing is remembered of it.
    pub(crate) fn settle_late(
        &self,
        device: &Uuid,
        document: &Uuid,
        hash: &[u8; 32],
        admitted: bool,
    ) -> Result<(), StoreError> {
        let state = if admitted { "admitted" } else { "discarded" };
        self.connection
            .prepare_cached(
                "UPDATE late_change SET state = ?5, bytes = x'', code = NULL, reason = NULL
                 WHERE tenant = ?1 AND device = ?2 AND document = ?3 AND hash = ?4",
            )?
            .execute((self.tenant, device.as_bytes(), document.as_bytes(), hash, state))?;
        self.connection
            .prepare_cached(
                "DELETE FROM late_change
                 WHERE tenant = ?1 AND device = ?2 AND document = ?3 AND hash = ?4 AND cause = 'refused'",
            )?
            .execute((self.tenant, device.as_bytes(), document.as_bytes(), hash))?;
        Ok(())
    }

    /// Why a change could not be admitted. It goes on waiting.
    pub(crate) fn refuse_late(
        &self,
        device: &Uuid,
        document: &Uuid,
        hash: &[u8; 32],
        (code, reason): (&str, &str),
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE late_change SET code = ?5, reason = ?6
                 WHERE tenant = ?1 AND device = ?2 AND document = ?3 AND hash = ?4",
            )?
            .execute((self.tenant, device.as_bytes(), document.as_bytes(), hash, code, reason))?;
        Ok(())
    }
}
