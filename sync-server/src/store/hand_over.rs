//! Hand-overs of visits between technicians, as devices brought them.

use jiff::Timestamp;
use jobsheet_core::hex;
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, time, to_sql};

/// Most hand-overs that one list shows.
const MAX_LISTED: u32 = 500;

/// How a hand-over stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HandOverState {
    /// It holds.
    Taken,
    /// Somebody at the office must decide on it.
    Waiting,
    /// It does not hold: somebody at the office said so.
    Refused,
}

impl HandOverState {
    fn id(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
        }
    }

    /// What is not known holds nothing.
    fn parse(id: &str) -> Self {
        match id {
            "taken" => Self::Taken,
            "waiting" => Self::Waiting,
            _ => Self::Refused,
        }
    }
}

/// A hand-over.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HandOverRow {
    /// SHA-256 of what was signed, hexadecimal.
    #[serde(serialize_with = "as_hex")]
    pub(crate) id: [u8; 32],
    /// The visit.
    pub(crate) visit: Uuid,
    /// Device that signed.
    pub(crate) device: Uuid,
    /// Person id of its technician.
    pub(crate) from: String,
    /// Person id of whoever works on.
    pub(crate) to: String,
    /// Device that brought it.
    pub(crate) brought_by: Uuid,
    /// How many changes it names.
    pub(crate) changes: u64,
    /// When it was made, by the clock of the device that signed.
    pub(crate) made_at: Timestamp,
    /// When it came.
    pub(crate) received_at: Timestamp,
    /// How it stands.
    pub(crate) state: HandOverState,
    /// Why it waits, a short code in kebab case.
    pub(crate) reason: Option<String>,
}

fn as_hex<S: serde::Serializer>(id: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(id))
}

const COLUMNS: &str =
    "id, document, device, giver, taker, brought_by, changes, made_at, received_at, state, reason";

fn read(row: &Row<'_>) -> rusqlite::Result<HandOverRow> {
    Ok(HandOverRow {
        id: row.get(0)?,
        visit: Uuid::from_bytes(row.get(1)?),
        device: Uuid::from_bytes(row.get(2)?),
        from: row.get(3)?,
        to: row.get(4)?,
        brought_by: Uuid::from_bytes(row.get(5)?),
        changes: from_sql(row.get(6)?),
        made_at: time(row.get(7)?),
        received_at: time(row.get(8)?),
        state: HandOverState::parse(&row.get::<_, String>(9)?),
        reason: row.get(10)?,
    })
}

impl Reading<'_> {
    /// A hand-over.
    pub(crate) fn hand_over(&self, id: &[u8; 32]) -> Result<Option<HandOverRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM hand_over WHERE tenant = ?1 AND id = ?2");
        Ok(self.connection.prepare_cached(&sql)?.query_row((self.tenant, id), read).optional()?)
    }

    /// The latest hand-overs, of one visit or of all.
    pub(crate) fn hand_overs(&self, visit: Option<&Uuid>) -> Result<Vec<HandOverRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM hand_over WHERE tenant = ?1 AND (?2 IS NULL OR document = ?2)
             ORDER BY received_at DESC, id LIMIT ?3"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let visit = visit.map(Uuid::as_bytes);
        let rows = statement.query_map((self.tenant, visit, MAX_LISTED), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many hand-overs of a visit are known.
    pub(crate) fn hand_over_count(&self, visit: &Uuid) -> Result<u64, StoreError> {
        let count = self
            .connection
            .prepare_cached("SELECT count(*) FROM hand_over WHERE tenant = ?1 AND document = ?2")?
            .query_row((self.tenant, visit.as_bytes()), |row| row.get(0))?;
        Ok(from_sql(count))
    }
}

impl Writing<'_> {
    /// Notes a hand-over that is new.
    pub(crate) fn add_hand_over(&self, row: &HandOverRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO hand_over (tenant, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        );
        self.connection.prepare_cached(&sql)?.execute((
            self.tenant,
            row.id,
            row.visit.as_bytes(),
            row.device.as_bytes(),
            &row.from,
            &row.to,
            row.brought_by.as_bytes(),
            to_sql(row.changes),
            row.made_at.as_millisecond(),
            row.received_at.as_millisecond(),
            row.state.id(),
            &row.reason,
        ))?;
        Ok(())
    }

    /// Decides on a hand-over.
    pub(crate) fn decide_hand_over(&self, id: &[u8; 32], state: HandOverState) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE hand_over SET state = ?3 WHERE tenant = ?1 AND id = ?2")?
            .execute((self.tenant, id, state.id()))?;
        Ok(())
    }
}
