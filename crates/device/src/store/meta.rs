//! Who this device is, and how far it has heard.

use jobsheet_core::key::{Certificate, PublicKey};
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

/// What the organisation vouches for: whose device this is, and which key it has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Vouched {
    pub(crate) certificate: Option<Certificate>,
    pub(crate) organisation: Option<PublicKey>,
}

impl Vouched {
    /// What cannot be read counts as not there: a seal is made all the same, and shown as certified by nobody.
    pub(crate) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let mut statement = connection.prepare_cached("SELECT certificate, organisation FROM meta")?;
        let (certificate, organisation): (Option<String>, Option<String>) =
            statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self {
            certificate: certificate.and_then(|text| serde_json::from_str(&text).ok()),
            organisation: organisation.and_then(|text| text.parse().ok()),
        })
    }

    pub(crate) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        let certificate =
            self.certificate.as_ref().and_then(|certificate| serde_json::to_string(certificate).ok());
        let organisation = self.organisation.map(|key| key.to_string());
        connection.execute(
            "UPDATE meta SET certificate = ?1, organisation = ?2",
            params![certificate, organisation],
        )?;
        Ok(())
    }
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

fn adopt(connection: &Connection, enrolment: &Enrolment) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE meta SET server = ?1, device = ?2, technician = ?3, token = ?4, cursor = x'', skew_ms = NULL,
                         certificate = NULL, organisation = NULL, synced_at = NULL, assigned = NULL, shut_out = 0",
        params![enrolment.server, enrolment.device, enrolment.technician, enrolment.token],
    )?;
    super::forget_reference(connection)
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
        adopt(&tx, enrolment)?;
        tx.commit()?;
        Ok(())
    }

    /// As [`Store::adopt`], with what the organisation vouches for.
    pub(crate) fn adopt_vouched(&self, enrolment: &Enrolment, vouched: &Vouched) -> Result<(), StoreError> {
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        adopt(&tx, enrolment)?;
        vouched.write(&tx)?;
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
