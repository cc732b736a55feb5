//! Throwing away what nobody will finish: expired uploads, parts without a row, files that were never placed.

use std::sync::PoisonError;

use super::error::UploadError;
use super::limits::SWEPT_AT_ONCE;
use crate::app::App;

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Swept {
    /// Expired uploads.
    pub(crate) uploads: u32,
    /// Parts and files that belonged to no upload.
    pub(crate) orphans: u32,
}

/// Removes what nobody will finish. Uploads to which bytes come now are left alone.
pub(crate) fn sweep(app: &App) -> Result<Swept, UploadError> {
    let uploads = &app.uploads;
    let now = app.clock.now();
    let mut swept = Swept::default();
    loop {
        let expired = app.store.read(|tx| tx.expired_uploads(now, SWEPT_AT_ONCE))?;
        let mut removed = 0;
        for id in &expired {
            let Some(_turn) = uploads.turns.if_free(*id) else { continue };
            if app.store.write(|tx| tx.remove_expired_upload(id, now))? {
                uploads.blobs.remove_part(id)?;
                removed += 1;
            }
        }
        swept.uploads += removed;
        if removed == 0 || expired.len() < SWEPT_AT_ONCE as usize {
            break;
        }
    }
    // The row of a part is committed before the part is made: a part that is listed and has none is nobody's.
    for id in uploads.blobs.parts()? {
        let Some(_turn) = uploads.turns.if_free(id) else { continue };
        if !app.store.read(|tx| tx.is_upload(&id))? {
            uploads.blobs.remove_part(&id)?;
            swept.orphans += 1;
        }
    }
    let _placing = uploads.placing.lock().unwrap_or_else(PoisonError::into_inner);
    for sha256 in app.store.read(|tx| tx.abandoned_files())? {
        uploads.blobs.remove_whole(&sha256)?;
        app.store.write(|tx| tx.forget_file(&sha256))?;
        swept.orphans += 1;
    }
    Ok(swept)
}
