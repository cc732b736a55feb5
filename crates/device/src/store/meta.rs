//! Who this device is, and how far it has heard.

use rusqlite::{Connection, params};

use super::Store;
use crate::StoreError;

/// What the server gave this device when it enrolled.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Address of the server, such as `https://jobs.example.org`.
    pub server: String,
    /// Id of this device.
    pub device: String,
    /// Person id of the technician.
    pub technician: String,
    /// Token that the device shows to the server. Secret.
    pub token: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Enrolment")
            .field("server", &self.server)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// Who acts, and by how much the server's clock is ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) technician: Option<String>,
    pub(crate) skew_ms: Option<i64>,
}

impl Identity {
    pub(crate) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let mut statement = connection.prepare_cached("SELECT technician, skew_ms FROM meta")?;
        Ok(statement.query_row([], |row| Ok(Self { technician: row.get(0)?, skew_ms: row.get(1)? }))?)
    }
}

impl Store {
    /// What the server gave this device, if it is enrolled.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn enrolment(&self) -> Result<Option<Enrolment>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let row = tx.query_row("SELECT server, device, technician, token FROM meta", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        Ok(match row {
            (Some(server), Some(device), Some(technician), Some(token)) => {
                Some(Enrolment { server, device, technician, token })
            }
            _ => None,
        })
    }

    /// Takes on an identity, as [`Store::enrol`] does after the server has answered. The cursor starts anew: what was
    /// heard from another server or as another device says nothing about this one. Unsent work stays.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn adopt(&self, enrolment: &Enrolment) -> Result<(), StoreError> {
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        tx.execute(
            "UPDATE meta SET server = ?1, device = ?2, technician = ?3, token = ?4, cursor = x'', skew_ms = NULL",
            params![enrolment.server, enrolment.device, enrolment.technician, enrolment.token],
        )?;
        tx.commit()?;
        Ok(())
    }

    /// Server clock minus this device's clock when last compared, milliseconds.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn skew_ms(&self) -> Result<Option<i64>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        Ok(Identity::read(&*reader.begin()?)?.skew_ms)
    }
}
