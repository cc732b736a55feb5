//! The end of an upload: the hash is checked and the file moved to its place, or everything is thrown away.

use std::sync::PoisonError;

use jiff::Timestamp;
use uuid::Uuid;

use super::error::UploadError;
use super::{Standing, live};
use crate::app::{App, Shared};
use crate::store::UploadRow;

/// Checks a file of which every byte has come, and puts it in its place. Whoever calls it has the upload's turn.
pub(super) fn finish(app: &App, row: UploadRow, now: Timestamp) -> Result<Standing, UploadError> {
    let uploads = &app.uploads;
    let UploadRow { id, device, document, sha256, length, .. } = row;
    match uploads.blobs.hash_part(&id)? {
        Some(found) if found == sha256 => {
            let _placing = uploads.placing.lock().unwrap_or_else(PoisonError::into_inner);
            let placed = app.store.write(|tx| -> Result<bool, UploadError> {
                tx.begin_file(&sha256, length, &device, now)?;
                Ok(tx.file(&sha256)?.is_some_and(|file| file.placed))
            })?;
            // Another device may have sent the same bytes meanwhile; what is noted and does not lie there was lost.
            if !placed || !uploads.blobs.is_placed(&sha256) {
                uploads.blobs.place(&id, &sha256)?;
            }
            note_done(app, &row)?;
            uploads.blobs.remove_part(&id)?;
        }
        // A crash came after the file had been moved and before that was noted.
        None if uploads.blobs.is_placed(&sha256) && app.store.read(|tx| tx.file(&sha256))?.is_some() => {
            note_done(app, &row)?;
        }
        None => {
            remove(app, &id)?;
            return Err(UploadError::Lost);
        }
        Some(_) => {
            remove(app, &id)?;
            tracing::warn!(upload = %id, visit = %document, "an upload did not have its announced hash");
            return Err(UploadError::HashMismatch);
        }
    }
    Ok(UploadRow { received: length, done: true, ..row }.into())
}

fn note_done(app: &App, row: &UploadRow) -> Result<(), UploadError> {
    app.store.write(|tx| {
        tx.place_file(&row.sha256)?;
        tx.hold_file(&row.document, &row.sha256)?;
        tx.note_upload_done(&row.id)?;
        Ok(())
    })
}

/// The row first: a part without a row is swept, a row without its part would stand in the way.
pub(super) fn remove(app: &App, id: &Uuid) -> Result<(), UploadError> {
    app.store.write(|tx| tx.remove_upload(id))?;
    Ok(app.uploads.blobs.remove_part(id)?)
}

/// Where an upload stands. A request that sends to it is told to stop first; one whose end was broken off is finished.
pub(crate) async fn standing(app: &Shared, device: Uuid, id: Uuid) -> Result<Standing, UploadError> {
    with_turn(app, device, id, |app, row, now| {
        if row.received == row.length && !row.done { finish(app, row, now) } else { Ok(row.into()) }
    })
    .await
}

/// Ends an upload and forgets what came of it. A file that is in its place stays there: a document names it.
pub(crate) async fn terminate(app: &Shared, device: Uuid, id: Uuid) -> Result<(), UploadError> {
    with_turn(app, device, id, |app, row, _| remove(app, &row.id)).await
}

async fn with_turn<T: Send + 'static>(
    app: &Shared,
    device: Uuid,
    id: Uuid,
    work: impl FnOnce(&App, UploadRow, Timestamp) -> Result<T, UploadError> + Send + 'static,
) -> Result<T, UploadError> {
    // Whose it is comes first: a stranger must not be able to stop it.
    let now = app.clock.now();
    let looked = app.clone();
    blocking(move || live(&looked.store, &device, &id, now)).await?;
    let turn = app.uploads.turns.taken_over(device, id).await?;
    let app = app.clone();
    blocking(move || {
        let row = live(&app.store, &device, &id, now)?;
        let done = work(&app, row, now);
        drop(turn);
        done
    })
    .await
}

/// Work on the disk, beside the threads that answer the network; it runs to its end even if nobody waits any more.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, UploadError> + Send + 'static,
) -> Result<T, UploadError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(UploadError::BrokenOff(error.to_string())),
    }
}
