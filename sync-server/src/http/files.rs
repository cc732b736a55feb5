//! Files that the server has: for the office, and for devices that see a document which has them.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jobsheet_core::{hex, unhex};
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use tokio_util::io::ReaderStream;

use super::auth::Reader;
use super::input::blocking;
use super::problem::Problem;
use crate::app::{App, Shared};
use crate::store::{FileHash, StoreError};

/// Bytes of a file that are read at a time: all of it that is in memory.
const BLOCK_BYTES: usize = 64 << 10;

/// `GET /v1/files/{sha256}`, whole or one range of it.
pub(super) async fn show(
    reader: Reader,
    State(app): State<Shared>,
    Path(sha256): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // Whoever may not read a file is not told that there is one.
    let none = || Problem::new(404, "no-such-file", "there is no file of this hash here for you");
    let sha256 = unhex(&sha256).and_then(|bytes| FileHash::try_from(bytes).ok()).ok_or_else(none)?;
    let work = move |app: &App| -> Result<Option<u64>, StoreError> {
        app.store.read(|tx| {
            let may = match &reader {
                Reader::Office => true,
                Reader::Device(sender) => tx.may_read_file(&sender.technician, &sha256)?,
            };
            Ok(tx.file(&sha256)?.filter(|file| may && file.placed).map(|file| file.size))
        })
    };
    let size = blocking(&app, work).await?.ok_or_else(none)?;
    let name = hex(&sha256);
    let tag = format!("\"{name}\"");
    let is_tag = |header: &str| {
        let given = headers.get(header).and_then(|value| value.to_str().ok());
        given.map(|given| given.split(',').any(|one| one.trim() == tag))
    };
    let part = match (headers.get(header::RANGE), is_tag("if-range")) {
        (Some(range), None | Some(true)) => range.to_str().ok().and_then(|range| one_range(range, size)),
        _ => None,
    };
    let (status, range) = match part {
        _ if is_tag("if-none-match") == Some(true) => (StatusCode::NOT_MODIFIED, None),
        None => (StatusCode::OK, Some((0, size))),
        Some(Ok((from, to))) => (StatusCode::PARTIAL_CONTENT, Some((from, to))),
        Some(Err(())) => {
            let detail = format!("the file has {size} bytes; ask for a range within them");
            let mut response = Problem::new(416, "range-not-satisfiable", detail).into_response();
            put(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
            return Ok(response);
        }
    };
    let mut response = match range {
        None => status.into_response(),
        Some((from, to)) => {
            let mut file = tokio::fs::File::open(app.uploads.file(&sha256))
                .await
                .map_err(|error| Problem::internal(&format!("file {name}: {error}")))?;
            file.seek(SeekFrom::Start(from)).await.map_err(|error| Problem::internal(&error))?;
            let stream = ReaderStream::with_capacity(file.take(to - from), BLOCK_BYTES);
            let mut response = (status, Body::from_stream(stream)).into_response();
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(to - from));
            response
        }
    };
    if let (StatusCode::PARTIAL_CONTENT, Some((from, to))) = (status, range) {
        put(&mut response, header::CONTENT_RANGE, &format!("bytes {from}-{}/{size}", to - 1));
    }
    put(&mut response, header::ETAG, &tag);
    put(&mut response, header::ACCEPT_RANGES, "bytes");
    // What devices sent is shown by no browser as a page of this server.
    put(&mut response, header::CONTENT_TYPE, "application/octet-stream");
    put(&mut response, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    put(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(&mut response, header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    // Personal, and whoever may read it now may not tomorrow.
    put(&mut response, header::CACHE_CONTROL, "private, no-cache");
    Ok(response)
}

fn put(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The one range that is asked for, from and to. `None`: it is to be ignored, as RFC 9110 has it for what can not be read, and
/// as it allows for several. An error: it lies outside of the file.
fn one_range(range: &str, size: u64) -> Option<Result<(u64, u64), ()>> {
    let parsed = http_range_header::parse_range_header(range).ok()?;
    if parsed.ranges.len() != 1 {
        return None;
    }
    let valid = parsed.validate(size).ok().and_then(|ranges| ranges.into_iter().next());
    Some(valid.map(|range| (*range.start(), range.end() + 1)).ok_or(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_given_and_what_can_not_be_read_is_ignored() {
        assert_eq!(one_range("bytes=0-0", 10), Some(Ok((0, 1))));
        assert_eq!(one_range("bytes=4-", 10), Some(Ok((4, 10))));
        assert_eq!(one_range("bytes=-3", 10), Some(Ok((7, 10))));
        assert_eq!(one_range("bytes=8-99", 10), Some(Ok((8, 10))));
        assert_eq!(one_range("bytes=10-", 10), Some(Err(())));
        assert_eq!(one_range("bytes=5-4", 10), Some(Err(())));
        assert_eq!(one_range("bytes=0-1,4-5", 10), None);
        assert_eq!(one_range("lines=0-1", 10), None);
    }
}
