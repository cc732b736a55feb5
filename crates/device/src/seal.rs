//! Sealing: the device's key signs what all signers have signed.

use std::sync::Arc;

use jobsheet_core::key::{DeviceKey, SecretKey};
use jobsheet_core::record::{Command, DocumentId, Refusal, SealState};
use jobsheet_core::seal::{Trust, Verification, verify};
use rusqlite::{Connection, OptionalExtension};

use crate::apply::{Receipt, visible_head};
use crate::store::{Store, Vouched, lock_warm};
use crate::{ApplyError, StoreError, random};

/// How often sealing begins anew because the record has changed while the key was signing.
const ATTEMPTS: u32 = 5;

impl Store {
    /// The key by which this device seals: the app's own, or one that the store makes when it is first asked for.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn device_key(&self) -> Result<Arc<dyn DeviceKey>, StoreError> {
        if let Some(key) = &self.inner.options.device_key {
            return Ok(key.clone());
        }
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        let known: Option<Vec<u8>> =
            tx.query_row("SELECT device_key FROM meta", [], |row| row.get(0)).optional()?.flatten();
        if let Some(bytes) = known {
            return Ok(Arc::new(SecretKey::from_bytes(&bytes)?));
        }
        // One draw in 2³² is no key.
        let key = loop {
            if let Ok(key) = SecretKey::from_bytes(&random::bytes::<32>()?) {
                break key;
            }
        };
        tx.execute("UPDATE meta SET device_key = ?1", [key.to_bytes()])?;
        tx.commit()?;
        Ok(Arc::new(key))
    }

    /// Seals the record as it stands, once all who must sign have signed it. [`Store::apply`] does so by itself after the last
    /// signature; this is for a record whose key could not be used then, and for jobs in which nobody signs. The key is
    /// asked while no lock is held.
    ///
    /// # Errors
    /// [`ApplyError::Refused`] with [`Refusal::NotYet`] while a signature is missing, with [`Refusal::Sealed`] if it is
    /// sealed; [`StoreError::Key`] if the key can not be used.
    pub fn seal(&self, visit: DocumentId) -> Result<Receipt, ApplyError> {
        let key = self.device_key()?;
        let public = key.public_key().map_err(StoreError::from)?;
        for _ in 1..ATTEMPTS {
            match self.seal_with(visit, &*key, public) {
                Err(ApplyError::Refused(Refusal::Invalid { field, .. })) if field == "statement" => {}
                done => return done,
            }
        }
        self.seal_with(visit, &*key, public)
    }

    fn seal_with(
        &self,
        visit: DocumentId,
        key: &dyn DeviceKey,
        public: jobsheet_core::key::PublicKey,
    ) -> Result<Receipt, ApplyError> {
        let (statement, vouched) = {
            let inner = &*self.inner;
            let mut reader = inner.connections.read()?;
            let tx = reader.begin()?;
            let head = visible_head(&tx, visit)?;
            let slot = inner.warmth.get(&tx, &inner.standards, visit, &head)?;
            (lock_warm(&slot).visit.seal_statement(), Vouched::read(&tx)?)
        };
        let signature = key.sign(&statement.bytes()).map_err(StoreError::from)?;
        let certificate =
            vouched.certificate.filter(|certificate| certificate.says.key == public).map(Box::new);
        self.carry_out(visit, &Command::Seal { statement, key: public, certificate, signature })
    }

    /// Seals after a signature, if that was the last one.
    pub(crate) fn seal_after(&self, visit: DocumentId, command: &Command) {
        if matches!(command, Command::Sign { .. }) {
            self.seal_if_due(visit);
        }
    }

    /// A key that can not be used now leaves the signatures as they are: the record stays due for its seal, and the next
    /// signature, sync or [`Store::seal`] makes it.
    fn seal_if_due(&self, visit: DocumentId) {
        let done = match self.seal_state(visit) {
            Ok(SealState::Due) => self.seal(visit).map(drop),
            Ok(_) => self.forget_due(visit).map_err(ApplyError::from),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = done {
            tracing::warn!(%visit, %error, "the record could not be sealed yet");
        }
    }

    /// Seals what was signed and could not be sealed then: the app was killed, or the key was locked.
    pub(crate) fn seal_what_is_due(&self) -> Result<(), StoreError> {
        for visit in self.due()? {
            self.seal_if_due(visit);
        }
        Ok(())
    }

    fn due(&self) -> Result<Vec<DocumentId>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let mut statement = tx.prepare_cached("SELECT document FROM seal_due")?;
        let due = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(due)
    }

    fn forget_due(&self, visit: DocumentId) -> Result<(), StoreError> {
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        forget(&tx, visit)?;
        tx.commit()?;
        Ok(())
    }

    /// How a record stands with its signatures and its seal.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn seal_state(&self, visit: DocumentId) -> Result<SealState, StoreError> {
        self.read(visit, |warm, _, _| Ok(warm.visit.record().seal_state(&warm.standard)))
    }

    /// Verifies the signatures and seals of a record on this device. It believes the organisation in which it is enrolled.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn verify(&self, visit: DocumentId) -> Result<Verification, StoreError> {
        let trust = self.trust()?;
        self.read(visit, |warm, _, _| Ok(verify(&warm.visit, &warm.standard, &trust)))
    }

    /// The organisation in which this device is enrolled.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn trust(&self) -> Result<Trust, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let vouched = Vouched::read(&*reader.begin()?)?;
        Ok(Trust { organisations: vouched.organisation.into_iter().collect() })
    }
}

/// Notes in the transaction of a command whether the document waits for its seal.
pub(crate) fn note(connection: &Connection, visit: DocumentId, command: &Command) -> Result<(), StoreError> {
    match command {
        Command::Sign { .. } => note_due(connection, visit)?,
        Command::Seal { .. } => forget(connection, visit)?,
        _ => {}
    }
    Ok(())
}

/// Notes that the document may wait for its seal.
pub(crate) fn note_due(connection: &Connection, visit: DocumentId) -> Result<(), StoreError> {
    connection.prepare_cached("INSERT OR IGNORE INTO seal_due (document) VALUES (?1)")?.execute([visit])?;
    Ok(())
}

fn forget(connection: &Connection, visit: DocumentId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM seal_due WHERE document = ?1")?.execute([visit])?;
    Ok(())
}
