//! Taking a visit over from a file.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use jobsheet_core::key::{CertificateFacts, SignedHandOver};
use jobsheet_core::seal::Trust;
use jobsheet_core::seal::file::{HandOverFile, ManifestEntry, read_hand_over};
use jobsheet_core::standard::Kind;
use jobsheet_core::unhex;

use super::{HandOverError, MAX_HAND_OVER_FILE_BYTES, TakenOver};
use crate::store::{Identity, Store, Vouched};
use crate::{ApplyError, StoreError};

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 256 << 10;

impl Store {
    /// Takes a visit over from a file that another technician's device has made for the one of this device. It is verified
    /// against the organisation in which this device is enrolled before anything of it is kept. The visit can be worked on at
    /// once; the next sync brings the other's changes to the server as his, and what is done here as what it is.
    ///
    /// # Errors
    /// [`HandOverError`].
    pub fn import_hand_over(&self, file: &Path) -> Result<TakenOver, HandOverError> {
        let (vouched, me) = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            (Vouched::read(&tx)?, Identity::read(&tx)?.technician)
        };
        let me = me.ok_or(ApplyError::NotEnrolled)?;
        let trust = Trust { organisations: vouched.organisation.into_iter().collect() };
        let opened = read(file, &trust, &mut |_, _| Ok(()))?;
        let last = opened.signed.last().ok_or(HandOverError::NotAVisit)?;
        check(last, &me, vouched.certificate.map(|certificate| certificate.says).as_ref())?;
        if opened.document.record().kind != Kind::Visit {
            return Err(HandOverError::NotAVisit);
        }
        // Read once more: only now is it known that the attachments are to be kept.
        let (mut kept, mut missing) = (Vec::new(), opened.manifest.missing.clone());
        let again = read(file, &trust, &mut |entry, bytes| {
            match self.keep_incoming(bytes, entry.size, &entry.sha256) {
                Ok(()) => kept.push(entry.sha256.clone()),
                Err(error) => {
                    tracing::warn!(%error, "an attachment of a visit that is taken over was not kept");
                    missing.push(entry.sha256.clone());
                }
            }
            Ok(())
        })?;
        if again.manifest != opened.manifest {
            return Err(HandOverError::Export("the file was changed while it was read".to_owned()));
        }
        let hash = |change: &String| unhex(change).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let handed: HashSet<[u8; 32]> =
            opened.signed.iter().flat_map(|one| &one.says.changes).filter_map(hash).collect();
        let changes = self.take_over(&opened, &handed, &kept)?;
        let record = opened.document.record();
        Ok(TakenOver {
            visit: record.id,
            number: record.order.get("number").cloned().unwrap_or_default(),
            from: last.says.from.clone(),
            changes,
            attachments: u32::try_from(kept.len()).unwrap_or(u32::MAX),
            missing,
        })
    }
}

fn read(
    path: &Path,
    trust: &Trust,
    attached: &mut dyn FnMut(&ManifestEntry, &mut dyn Read) -> std::io::Result<()>,
) -> Result<HandOverFile, HandOverError> {
    let failed = |source| StoreError::file("the file could not be read", path, source);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > MAX_HAND_OVER_FILE_BYTES {
        return Err(HandOverError::TooLarge { size, limit: MAX_HAND_OVER_FILE_BYTES });
    }
    let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
    Ok(read_hand_over(&mut file, trust, attached).map_err(failed)??)
}

/// Whether a hand-over is for the person of this device.
fn check(signed: &SignedHandOver, me: &str, own: Option<&CertificateFacts>) -> Result<(), HandOverError> {
    if let Some(own) = own {
        let tenant = &signed.certificate.says.tenant;
        if *tenant != own.tenant {
            return Err(HandOverError::OtherTenant { tenant: tenant.clone() });
        }
        if signed.says.device == own.device {
            return Err(HandOverError::OwnDevice);
        }
    }
    if signed.says.to != me {
        return Err(HandOverError::NotForYou { to: signed.says.to.clone() });
    }
    Ok(())
}
