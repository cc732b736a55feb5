//! Who this device is, and how far it has heard.

use jiff::{SignedDuration, Timestamp};
use jobsheet_core::key::{Certificate, PublicKey};
use rusqlite::{Connection, params};

use super::Store;
use crate::StoreError;

/// What the server gave this device when it enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Address of the server, such as `https://jobs.example.org`.
    pub server: String,
    /// Id of this device.
    pub device: String,
    /// Person id of the technician.
    pub technician: String,
    /// The organisation's public key: it names the server to which the device proves who it is, and signs the certificates of
    /// devices.
    pub organisation: PublicKey,
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
}

/// A short access token. Secret.
pub(crate) struct AccessToken {
    pub(crate) text: String,
    /// Until when it holds, by this device's clock when it came.
    until: Timestamp,
}

impl AccessToken {
    /// One that came now and holds for so many seconds.
    pub(crate) fn new(text: String, now: Timestamp, seconds: u64) -> Self {
        let life = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        Self { text, until: now.saturating_add(life).unwrap_or(Timestamp::MAX) }
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

fn adopt(
    connection: &Connection,
    enrolment: &Enrolment,
    certificate: Option<&Certificate>,
) -> Result<(), StoreError> {
    let Enrolment { server, device, technician, organisation } = enrolment;
    let certificate = certificate.and_then(|certificate| serde_json::to_string(certificate).ok());
    connection.execute(
        "UPDATE meta SET server = ?1, device = ?2, technician = ?3, organisation = ?4, certificate = ?5, cursor = x'',
                         token = NULL, token_until = NULL, skew_ms = NULL, synced_at = NULL, assigned = NULL,
                         shut_out = 0",
        params![server, device, technician, organisation.to_string(), certificate],
    )?;
    super::forget_reference(connection)
}

impl Store {
    /// What the server gave this device, if it is enrolled. A device that enrolled with a version that did not tell it the
    /// organisation's key is not: it can not prove to that server who it is.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn enrolment(&self) -> Result<Option<Enrolment>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let row = tx.query_row("SELECT server, device, technician, organisation FROM meta", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, Option<String>>(3)?))
        })?;
        let (Some(server), Some(device), Some(technician), Some(organisation)) = row else { return Ok(None) };
        let organisation = organisation.parse().ok();
        Ok(organisation.map(|organisation| Enrolment { server, device, technician, organisation }))
    }

    /// Takes on an identity, as [`Store::enrol`] does after the server has answered. The cursor starts anew: what was
    /// heard from another server or as another device says nothing about this one. Unsent work stays.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn adopt(&self, enrolment: &Enrolment) -> Result<(), StoreError> {
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        adopt(&tx, enrolment, None)?;
        tx.commit()?;
        Ok(())
    }

    /// As [`Store::adopt`], with what the organisation vouches for.
    pub(crate) fn adopt_vouched(
        &self,
        enrolment: &Enrolment,
        certificate: Option<&Certificate>,
    ) -> Result<(), StoreError> {
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        adopt(&tx, enrolment, certificate)?;
        tx.commit()?;
        Ok(())
    }

    /// The access token that came last, unless it can hardly be good any more.
    pub(crate) fn access_token(&self, now: Timestamp) -> Result<Option<String>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let (text, until): (Option<String>, Option<i64>) =
            tx.query_row("SELECT token, token_until FROM meta", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(text.filter(|_| until.is_some_and(|until| now.as_millisecond() < until)))
    }

    /// Keeps an access token, if this store is still that device.
    pub(crate) fn keep_access_token(&self, device: &str, token: &AccessToken) -> Result<(), StoreError> {
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        tx.execute(
            "UPDATE meta SET token = ?1, token_until = ?2 WHERE device = ?3",
            params![token.text, token.until.as_millisecond(), device],
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
