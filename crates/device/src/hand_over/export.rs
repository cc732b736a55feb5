//! Writing a visit into a file for another technician.

use std::path::Path;

use jobsheet_core::key::{HandOver, MAX_HAND_OVER_CHAIN, MAX_HAND_OVER_CHANGES, SignedHandOver};
use jobsheet_core::record::{Command, DocumentId};
use jobsheet_core::seal::file::{Exporter, write_hand_over};
use jobsheet_core::{Moment, hex};

use super::{HandOverError, HandOverOptions, HandedOver};
use crate::ApplyError;
use crate::apply::visible_head;
use crate::export::{attached, write_file};
use crate::store::{self, Identity, Store, Vouched, lock_warm};

impl Store {
    /// Writes a visit into a file by which another technician takes it over: the record with everything that was done on this
    /// device, sent or not, its standard, the attachments that fit, and the signature of this device that it goes to him. The
    /// record says that it was passed on. Work may go on here too; both are merged.
    ///
    /// # Errors
    /// [`HandOverError`].
    pub fn export_hand_over(
        &self,
        visit: DocumentId,
        to: &str,
        file: &Path,
        options: &HandOverOptions,
    ) -> Result<HandedOver, HandOverError> {
        let key = self.device_key()?;
        let public = key.public_key()?;
        let (vouched, me) = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            (Vouched::read(&tx)?, Identity::read(&tx)?.technician)
        };
        let me = me.ok_or(ApplyError::NotEnrolled)?;
        let certificate = vouched.certificate.filter(|certificate| certificate.says.key == public);
        let certificate = certificate.ok_or(HandOverError::NotCertified)?;
        let passed = self.read(visit, |warm, _, _| {
            let mut events = warm.visit.record().events.values();
            Ok(events.any(|(_, event)| event.passes_on(&me, to)))
        })?;
        if !passed {
            self.apply(visit, &Command::PassOn { to: to.to_owned() })?;
        }
        let (document, standard, changes, mut signed, skew) = {
            let inner = &*self.inner;
            let mut reader = inner.connections.read()?;
            let tx = reader.begin()?;
            let head = visible_head(&tx, visit)?;
            let slot = inner.warmth.get(&tx, &inner.standards, visit, &head)?;
            let own = store::logged(&tx, visit)?.into_iter().filter(|change| change.own);
            let changes: Vec<String> = own.map(|change| hex(&change.hash)).collect();
            let signed = store::hand_overs(&tx, visit)?;
            let signed: Vec<SignedHandOver> =
                signed.iter().filter_map(|bytes| SignedHandOver::read(bytes)).collect();
            let warm = lock_warm(&slot);
            (warm.visit.clone(), warm.standard.clone(), changes, signed, Identity::read(&tx)?.skew_ms)
        };
        if changes.len() > MAX_HAND_OVER_CHANGES {
            return Err(HandOverError::TooManyChanges { limit: MAX_HAND_OVER_CHANGES });
        }
        if signed.len() >= MAX_HAND_OVER_CHAIN {
            return Err(HandOverError::TooOften { limit: MAX_HAND_OVER_CHAIN });
        }
        let now = self.now(skew);
        let says = HandOver {
            heads: document.heads().iter().map(|head| hex(head)).collect(),
            changes,
            ..HandOver::new(&certificate, visit, to, Moment::utc(now))
        };
        let count = says.changes.len();
        signed.push(says.sign(certificate.clone(), &*key)?);
        let mut attachments = attached(self, &document)?;
        attachments.sort_by_key(|one| one.size);
        let mut room = options.attachment_bytes;
        attachments.retain(|one| {
            let fits = one.size <= room;
            room = room.saturating_sub(if fits { one.size } else { 0 });
            fits
        });
        let held = attachments.len();
        let exporter = Exporter { key: &*key, certificate: Some(certificate), at: now };
        let manifest = write_file(file, |out| {
            write_hand_over(out, &document, &standard, &signed, attachments, &exporter)
        })?;
        Ok(HandedOver {
            visit,
            to: to.to_owned(),
            file: file.to_path_buf(),
            changes: u32::try_from(count).unwrap_or(u32::MAX),
            attachments: u32::try_from(held).unwrap_or(u32::MAX),
            left_out: manifest.missing,
        })
    }
}
