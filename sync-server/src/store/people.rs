//! Technicians, their devices, and the codes by which devices enrol.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jobsheet_core::key::PublicKey;
use rusqlite::OptionalExtension;
use serde::Serialize;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, time};
use crate::secret::SecretHash;

/// A technician.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TechnicianRow {
    /// Person id.
    pub(crate) id: String,
    /// Name. Personal.
    pub(crate) name: String,
}

/// A device as lists show it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DeviceRow {
    /// Id.
    pub(crate) id: Uuid,
    /// Whose it is.
    pub(crate) technician: String,
    /// What its owner calls it.
    pub(crate) name: String,
    /// When it enrolled.
    pub(crate) enrolled_at: Timestamp,
    /// When it was revoked.
    pub(crate) revoked_at: Option<Timestamp>,
    /// When it last exchanged.
    pub(crate) last_seen_at: Option<Timestamp>,
    /// When it last sent other changes under numbers that were taken: its store was copied or restored.
    pub(crate) diverged_at: Option<Timestamp>,
    /// Since when it is shut out until the office lets it in again.
    pub(crate) suspended_at: Option<Timestamp>,
    /// Changes of it of which worker processes died, since the office last let it in.
    pub(crate) strikes: u32,
}

/// A device as it is let in.
#[derive(Debug, Clone)]
pub(crate) struct DeviceCredentials {
    /// Whose it is.
    pub(crate) technician: String,
    /// Its key as it is stored, read where it is used; none: it enrolled with a version that asked for none.
    pub(crate) key: Option<Vec<u8>>,
    /// It has been revoked.
    pub(crate) revoked: bool,
    /// It is shut out until the office lets it in again.
    pub(crate) suspended: bool,
    /// When it last exchanged.
    pub(crate) last_seen_at: Option<Timestamp>,
}

impl Reading<'_> {
    /// All technicians by id.
    pub(crate) fn technicians(&self) -> Result<Vec<TechnicianRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, name FROM technician WHERE tenant = ?1 ORDER BY id")?;
        let rows = statement
            .query_map([self.tenant], |row| Ok(TechnicianRow { id: row.get(0)?, name: row.get(1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A technician.
    pub(crate) fn technician(&self, id: &str) -> Result<Option<TechnicianRow>, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT id, name FROM technician WHERE tenant = ?1 AND id = ?2")?
            .query_row((self.tenant, id), |row| Ok(TechnicianRow { id: row.get(0)?, name: row.get(1)? }))
            .optional()?;
        Ok(found)
    }

    /// All devices, oldest first.
    pub(crate) fn devices(&self) -> Result<Vec<DeviceRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, technician, name, enrolled_at, revoked_at, last_seen_at, diverged_at, suspended_at, strikes
             FROM device
             WHERE tenant = ?1 ORDER BY enrolled_at, id",
        )?;
        let rows = statement.query_map([self.tenant], |row| {
            Ok(DeviceRow {
                id: Uuid::from_bytes(row.get(0)?),
                technician: row.get(1)?,
                name: row.get(2)?,
                enrolled_at: time(row.get(3)?),
                revoked_at: row.get::<_, Option<i64>>(4)?.map(time),
                last_seen_at: row.get::<_, Option<i64>>(5)?.map(time),
                diverged_at: row.get::<_, Option<i64>>(6)?.map(time),
                suspended_at: row.get::<_, Option<i64>>(7)?.map(time),
                strikes: row.get(8)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Devices that are shut out.
    pub(crate) fn devices_out(&self) -> Result<BTreeSet<Uuid>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM device WHERE tenant = ?1 AND (revoked_at IS NOT NULL OR suspended_at IS NOT NULL)",
        )?;
        let rows = statement.query_map([self.tenant], |row| row.get(0).map(Uuid::from_bytes))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What is needed to let a device in.
    pub(crate) fn device(&self, id: &Uuid) -> Result<Option<DeviceCredentials>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT technician, public_key, revoked_at IS NOT NULL, last_seen_at, suspended_at IS NOT NULL FROM device
                 WHERE tenant = ?1 AND id = ?2",
            )?
            .query_row((self.tenant, id.as_bytes()), |row| {
                Ok(DeviceCredentials {
                    technician: row.get(0)?,
                    key: row.get(1)?,
                    revoked: row.get(2)?,
                    suspended: row.get(4)?,
                    last_seen_at: row.get::<_, Option<i64>>(3)?.map(time),
                })
            })
            .optional()?;
        Ok(found)
    }
}

impl Writing<'_> {
    /// Adds a technician. `false`: the id is taken.
    pub(crate) fn add_technician(&self, id: &str, name: &str, at: Timestamp) -> Result<bool, StoreError> {
        let added = self.connection.execute(
            "INSERT INTO technician (tenant, id, name, added_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            (self.tenant, id, name, at.as_millisecond()),
        )?;
        Ok(added > 0)
    }

    /// Adds an enrolment code.
    pub(crate) fn add_enrolment(
        &self,
        code: &SecretHash,
        technician: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO enrolment (tenant, code_hash, technician, expires_at) VALUES (?1, ?2, ?3, ?4)",
            (self.tenant, code, technician, expires_at.as_millisecond()),
        )?;
        Ok(())
    }

    /// Uses up an enrolment code and returns its technician. `None`: unknown, used or expired, which is all one to the
    /// outside.
    pub(crate) fn use_enrolment(
        &self,
        code: &SecretHash,
        at: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let technician = self
            .connection
            .query_row(
                "UPDATE enrolment SET used_at = ?3
                 WHERE tenant = ?1 AND code_hash = ?2 AND used_at IS NULL AND expires_at > ?3 RETURNING technician",
                (self.tenant, code, at.as_millisecond()),
                |row| row.get(0),
            )
            .optional()?;
        Ok(technician)
    }

    /// Adds a device.
    pub(crate) fn add_device(
        &self,
        id: &Uuid,
        technician: &str,
        name: &str,
        public_key: PublicKey,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO device (tenant, id, technician, name, public_key, enrolled_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (self.tenant, id.as_bytes(), technician, name, public_key.to_sec1(), at.as_millisecond()),
        )?;
        Ok(())
    }

    /// Revokes a device. `false`: there is none that still holds.
    pub(crate) fn revoke_device(&self, id: &Uuid, at: Timestamp) -> Result<bool, StoreError> {
        let changed = self.connection.execute(
            "UPDATE device SET revoked_at = ?3 WHERE tenant = ?1 AND id = ?2 AND revoked_at IS NULL",
            (self.tenant, id.as_bytes(), at.as_millisecond()),
        )?;
        self.news.borrow_mut().out.insert(*id);
        Ok(changed > 0)
    }

    /// Shuts a device out until further notice, or lets it in again. `false`: there is none that still holds.
    pub(crate) fn suspend_device(&self, id: &Uuid, since: Option<Timestamp>) -> Result<bool, StoreError> {
        let changed = self.connection.execute(
            "UPDATE device SET suspended_at = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(suspended_at, ?3) END,
                 strikes = CASE WHEN ?3 IS NULL THEN 0 ELSE strikes END
             WHERE tenant = ?1 AND id = ?2 AND revoked_at IS NULL",
            (self.tenant, id.as_bytes(), since.map(Timestamp::as_millisecond)),
        )?;
        if since.is_some() {
            self.news.borrow_mut().out.insert(*id);
        }
        Ok(changed > 0)
    }

    /// Notes that a device's store was copied or restored.
    pub(crate) fn device_diverged(&self, id: &Uuid, at: Timestamp) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE device SET diverged_at = ?3 WHERE tenant = ?1 AND id = ?2")?
            .execute((self.tenant, id.as_bytes(), at.as_millisecond()))?;
        Ok(())
    }

    /// Notes that changes of a device killed workers. Gives how many they have been in all.
    pub(crate) fn strike_device(&self, id: &Uuid, strikes: u32) -> Result<u32, StoreError> {
        let all = self.connection.query_row(
            "UPDATE device SET strikes = strikes + ?3 WHERE tenant = ?1 AND id = ?2 RETURNING strikes",
            (self.tenant, id.as_bytes(), strikes),
            |row| row.get(0),
        )?;
        Ok(all)
    }

    /// Notes that a device was heard of.
    pub(crate) fn device_seen(&self, id: &Uuid, at: Timestamp) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE device SET last_seen_at = ?3 WHERE tenant = ?1 AND id = ?2")?
            .execute((self.tenant, id.as_bytes(), at.as_millisecond()))?;
        Ok(())
    }
}
