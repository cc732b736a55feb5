//! Bytes that come: written, synced, counted, in this order.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, HttpBody};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::announce::Checksum;
use super::blobs::PartWriter;
use super::error::UploadError;
use super::finish::{blocking, finish, remove};
use super::limits::{BLOCK_BYTES, CHECKPOINT_BYTES, LAST_SILENCE, MAX_LEAVING, MAX_REQUEST, MAX_SILENCE};
use super::turns::Turn;
use super::{Standing, live};
use crate::app::Shared;
use crate::store::UploadRow;

/// A body with what was said of it.
pub(crate) struct Bytes {
    /// Where it begins in the file.
    pub(crate) offset: u64,
    /// How many bytes it has; none: it does not say.
    pub(crate) declared: Option<u64>,
    /// Its checksum.
    pub(crate) checksum: Option<Checksum>,
    /// The body.
    pub(crate) body: Body,
}

/// Why an upload did not go on, and what of the body nobody has read: a client that is still sending sees no answer.
pub(crate) struct Unfinished {
    /// Why.
    pub(crate) error: UploadError,
    /// The rest of the body.
    pub(crate) rest: Option<Body>,
}

impl From<UploadError> for Unfinished {
    fn from(error: UploadError) -> Self {
        Self { error, rest: None }
    }
}

/// How a body ended.
enum End {
    Whole,
    Cut,
    TooSlow,
    /// Somebody else wants the upload.
    Wanted,
}

/// Adds a body to an upload. What came of a body that was cut short is kept, unless it has a checksum, which says nothing
/// about a part of it. The work goes on to its end even if the caller's connection, and with it this future, is gone.
pub(crate) async fn append(
    app: &Shared,
    device: Uuid,
    id: Uuid,
    bytes: Bytes,
) -> Result<Standing, Unfinished> {
    let app = app.clone();
    let work = tokio::spawn(async move {
        let mut bytes = bytes;
        match begin(&app, device, id, bytes.offset, bytes.declared).await {
            Ok((row, Some(writer), turn)) => {
                receive(&app, row, writer, &mut bytes, turn).await.map_err(|error| {
                    let comes = matches!(error, UploadError::NoSpace | UploadError::TooMany { .. });
                    Unfinished { error, rest: comes.then_some(bytes.body) }
                })
            }
            Ok((row, None, _)) => Ok(row.into()),
            Err(error) => Err(Unfinished { error, rest: Some(bytes.body) }),
        }
    });
    match work.await {
        Ok(done) => done,
        Err(error) => Err(UploadError::BrokenOff(error.to_string()).into()),
    }
}

async fn begin(
    app: &Shared,
    device: Uuid,
    id: Uuid,
    offset: u64,
    declared: Option<u64>,
) -> Result<(UploadRow, Option<PartWriter>, Turn), UploadError> {
    let looked = app.clone();
    // Whose it is comes first: what others do with it says nothing to a stranger.
    blocking(move || live(&looked.store, &device, &id, looked.clock.now())).await?;
    let turn = app.uploads.turns.to_send(device, id)?;
    let app = app.clone();
    let (row, writer) = blocking(move || open(&app, device, id, offset, declared)).await?;
    Ok((row, writer, turn))
}

async fn receive(
    app: &Shared,
    row: UploadRow,
    mut writer: PartWriter,
    bytes: &mut Bytes,
    turn: Turn,
) -> Result<Standing, UploadError> {
    let (mut checksum, body) = (bytes.checksum.take(), &mut bytes.body);
    let id = row.id;
    let summed = checksum.is_some();
    let (deadline, length) = (Instant::now() + MAX_REQUEST, row.length);
    let mut block: Vec<u8> = Vec::new();
    let mut leaving: Option<Instant> = None;
    let end = loop {
        let silence = match leaving {
            None => (Instant::now() + MAX_SILENCE).min(deadline),
            Some(until) => (Instant::now() + LAST_SILENCE).min(until),
        };
        let data = tokio::select! {
            () = turn.wanted(), if leaving.is_none() => {
                // What is on its way already is taken along: it need not be sent again.
                leaving = Some(Instant::now() + MAX_LEAVING);
                continue;
            }
            data = timeout_at(silence, next_data(body)) => match data {
                Err(_) => break if leaving.is_some() { End::Wanted } else { End::TooSlow },
                Ok(None) => break End::Whole,
                Ok(Some(Err(_))) => break End::Cut,
                Ok(Some(Ok(data))) => data,
            },
        };
        if writer.at + (block.len() + data.len()) as u64 > length {
            return Err(UploadError::TooMany { length });
        }
        if let Some(checksum) = &mut checksum {
            checksum.update(&data);
        }
        block.extend_from_slice(&data);
        if block.len() >= BLOCK_BYTES {
            let app = app.clone();
            let full = std::mem::take(&mut block);
            writer = blocking(move || {
                write(&app, &mut writer, &full)?;
                if !summed && writer.at - writer.counted >= CHECKPOINT_BYTES {
                    count(&app, &id, &mut writer)?;
                }
                Ok(writer)
            })
            .await?;
        }
    };
    // What is not counted is cut off by whoever opens the part next.
    let may_count = match checksum {
        None => true,
        Some(_) if !matches!(end, End::Whole) => false,
        Some(checksum) => {
            if !checksum.fits() {
                return Err(UploadError::ChecksumMismatch);
            }
            true
        }
    };
    let app = app.clone();
    let standing = blocking(move || {
        if may_count {
            write(&app, &mut writer, &block)?;
            count(&app, &id, &mut writer)?;
        }
        let row = UploadRow { received: writer.counted, ..row };
        drop(writer);
        let standing = if row.received == length {
            finish(&app, row, app.clock.now())
        } else {
            Ok(Standing { expires_at: Some(app.uploads.expiry(app.clock.now())), ..row.into() })
        };
        drop(turn);
        standing
    })
    .await?;
    match end {
        End::Whole => Ok(standing),
        End::Cut => Err(UploadError::Cut),
        End::TooSlow => Err(UploadError::TooSlow),
        End::Wanted => Err(UploadError::Locked),
    }
}

/// Opens the part where it stands. `None`: the file is whole, and there is nothing to add.
fn open(
    app: &Shared,
    device: Uuid,
    id: Uuid,
    offset: u64,
    declared: Option<u64>,
) -> Result<(UploadRow, Option<PartWriter>), UploadError> {
    let row = live(&app.store, &device, &id, app.clock.now())?;
    if row.received != offset {
        return Err(UploadError::WrongOffset { at: row.received });
    }
    if declared.is_some_and(|declared| declared > row.length - offset) {
        return Err(UploadError::TooMany { length: row.length });
    }
    if row.done {
        return Ok((row, None));
    }
    let Some(file) = app.uploads.blobs.open_part(&id, offset)? else {
        remove(app, &id)?;
        return Err(UploadError::Lost);
    };
    Ok((row, Some(PartWriter::new(file, offset))))
}

/// Writes, as long as that leaves free what is to be left free: others fill the disk too.
fn write(app: &Shared, writer: &mut PartWriter, bytes: &[u8]) -> Result<(), UploadError> {
    if !bytes.is_empty() {
        app.uploads.check_space(bytes.len() as u64)?;
    }
    Ok(writer.write(bytes)?)
}

/// Syncs what was written and counts it.
fn count(app: &Shared, id: &Uuid, writer: &mut PartWriter) -> Result<(), UploadError> {
    writer.sync()?;
    let expires_at = app.uploads.expiry(app.clock.now());
    app.store.write(|tx| tx.note_received(id, writer.at, expires_at))?;
    writer.counted = writer.at;
    Ok(())
}

/// The next piece of a body. `None`: it has ended whole.
async fn next_data(body: &mut Body) -> Option<Result<axum::body::Bytes, axum::Error>> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await? {
            Err(error) => return Some(Err(error)),
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
        }
    }
}
