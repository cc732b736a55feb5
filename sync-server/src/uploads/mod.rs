//! Uploads of files from devices (tus 1.0), each checked by the hash that was announced.
//!
//! An upload is a row and a part on the disk. The row comes first and goes first: a part without a row is swept. Bytes are
//! synced before the row counts them, and only what the row counts is told: the offset never falls. A whole file is noted as
//! about to be placed, moved, and noted as placed: whatever a crash leaves of it is found again by its row.
//!
//! Only what a document of the sender names may be sent. A file that the server has is not sent again by whoever may read it;
//! to others it says nothing about what it has, and takes the bytes once more.

mod announce;
mod append;
mod blobs;
mod error;
mod finish;
mod limits;
mod sweep;
mod turns;

use std::path::PathBuf;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub(crate) use announce::{Announced, CHECKSUM_ALGORITHMS, Checksum, number};
pub(crate) use append::{Bytes, Unfinished, append};
pub(crate) use error::UploadError;
pub(crate) use finish::{standing, terminate};
pub(crate) use limits::{
    DEVICE_BYTES, EXPIRY_SECONDS, FILE_BYTES, OPEN_UPLOADS, PARALLEL, RESERVE_BYTES, UploadLimits,
};
pub(crate) use sweep::{Swept, sweep};

use crate::admission::Sender;
use crate::app::Shared;
use crate::secret;
use crate::store::{FileHash, Store, UploadRow};
use blobs::Blobs;
use finish::blocking;
use turns::Turns;

/// The uploads of a server.
pub(crate) struct Uploads {
    pub(crate) limits: UploadLimits,
    blobs: Blobs,
    turns: Turns,
    /// Held while a file is placed, or what is left of one is removed.
    placing: Mutex<()>,
}

/// Where an upload stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Id.
    pub(crate) id: Uuid,
    /// Bytes received.
    pub(crate) offset: u64,
    /// Bytes announced.
    pub(crate) length: u64,
    /// `Upload-Metadata` as it was given.
    pub(crate) metadata: String,
    /// When it is thrown away if nobody goes on; none: the file is in its place.
    pub(crate) expires_at: Option<Timestamp>,
}

impl From<UploadRow> for Standing {
    fn from(row: UploadRow) -> Self {
        Self {
            id: row.id,
            offset: row.received,
            length: row.length,
            metadata: row.metadata,
            expires_at: (!row.done).then_some(row.expires_at),
        }
    }
}

impl Uploads {
    /// Uploads beside a store.
    pub(crate) fn new(store: &Store, limits: UploadLimits) -> Self {
        let turns = Turns::new(limits.parallel);
        Self { blobs: Blobs::of(store), turns, placing: Mutex::default(), limits }
    }

    /// Where a whole file lies.
    pub(crate) fn file(&self, sha256: &FileHash) -> PathBuf {
        self.blobs.whole(sha256)
    }

    fn expiry(&self, now: Timestamp) -> Timestamp {
        let after = SignedDuration::try_from(self.limits.expiry).unwrap_or(SignedDuration::MAX);
        now.saturating_add(after).unwrap_or(Timestamp::MAX)
    }

    fn begin(
        &self,
        store: &Store,
        sender: &Sender,
        announced: Announced,
        now: Timestamp,
    ) -> Result<UploadRow, UploadError> {
        let Announced { sha256, document, length, metadata } = announced;
        let limit = self.limits.file_bytes;
        if length > limit {
            return Err(UploadError::TooLarge { length, limit });
        }
        let device = sender.device;
        let (row, replaced) = store.write(|tx| -> Result<_, UploadError> {
            if !tx.was_granted(&sender.technician, &document)? {
                return Err(UploadError::OutOfScope);
            }
            let held = tx.named_file(&document, &sha256)?.ok_or(UploadError::NotNamed)?;
            let mut replaced = None;
            if let Some(row) = tx.upload_of(&device, &document, &sha256)? {
                let lost = row.done && !self.blobs.is_placed(&sha256);
                if row.length == length && row.expires_at > now && !lost {
                    return Ok((row, None));
                }
                // One of the two lengths is wrong, its time is over, or the file is gone: the new one counts.
                tx.remove_upload(&row.id)?;
                replaced = Some(row.id);
            }
            let there = tx.file(&sha256)?.is_some_and(|file| file.placed && file.size == length);
            // The disk is asked too: blobs that came back from a backup may be older than the database.
            let there = there && self.blobs.is_placed(&sha256);
            let done = there && (held || tx.may_read_file(&sender.technician, &sha256)?);
            if done {
                tx.hold_file(&document, &sha256)?;
            } else {
                self.check_quota(tx, &device, length)?;
            }
            let row = UploadRow {
                id: secret::random_uuid()?,
                device,
                document,
                sha256,
                length,
                received: if done { length } else { 0 },
                metadata,
                expires_at: self.expiry(now),
                done,
            };
            tx.add_upload(&row)?;
            Ok((row, replaced))
        })?;
        if let Some(replaced) = replaced {
            self.blobs.remove_part(&replaced)?;
        }
        Ok(row)
    }

    fn check_quota(
        &self,
        tx: &crate::store::Reading<'_>,
        device: &Uuid,
        length: u64,
    ) -> Result<(), UploadError> {
        let (open, limit) = (tx.open_uploads(device)?, self.limits.open_uploads);
        if open.count >= limit {
            return Err(UploadError::TooManyOpen { limit });
        }
        let used = tx.bytes_of_device(device)?.saturating_add(open.bytes);
        let limit = self.limits.device_bytes;
        if used.saturating_add(length) > limit {
            return Err(UploadError::Quota { used, limit });
        }
        self.check_space(length)
    }

    /// Whether so many bytes more leave free what is to be left free.
    fn check_space(&self, bytes: u64) -> Result<(), UploadError> {
        let needed = bytes.saturating_add(self.limits.reserve_bytes);
        if self.blobs.free_bytes().is_some_and(|free| free < needed) {
            Err(UploadError::NoSpace)
        } else {
            Ok(())
        }
    }
}

/// Begins an upload, or gives the one that this device has of the file already. A file that the server has, and that the device
/// may read, is complete at once; one of which every byte has come and whose end was broken off is finished.
pub(crate) async fn create(
    app: &Shared,
    sender: Sender,
    announced: Announced,
) -> Result<Standing, UploadError> {
    let (device, begun) = (sender.device, app.clone());
    let row =
        blocking(move || begun.uploads.begin(&begun.store, &sender, announced, begun.clock.now())).await?;
    if row.received == row.length && !row.done { standing(app, device, row.id).await } else { Ok(row.into()) }
}

/// An upload of a device that can go on.
fn live(store: &Store, device: &Uuid, id: &Uuid, now: Timestamp) -> Result<UploadRow, UploadError> {
    let row = store.read(|tx| tx.upload(device, id))?.ok_or(UploadError::Unknown)?;
    if row.expires_at <= now { Err(UploadError::Expired) } else { Ok(row) }
}
