//! The requests of tus 1.0.0, as far as this device needs them. The clients for Rust that there are were left years ago.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Method;
use reqwest::blocking::Response;
use reqwest::header::{CONTENT_TYPE, LOCATION};

use crate::SyncError;
use crate::store::FileToSend;
use crate::sync::{Authorised, Failed};

const VERSION: (&str, &str) = ("tus-resumable", "1.0.0");
const BYTES: &str = "application/offset+octet-stream";

/// What the server answers.
pub(super) enum Answer {
    /// So many bytes are there.
    At { location: String, offset: u64 },
    /// The record that names the file is not there.
    NotNamed,
    /// There is no room now.
    Later,
    /// There is no such upload any more.
    Gone,
    /// The upload stands elsewhere, or another request is at it.
    Elsewhere,
    /// The file is not taken.
    Refused { code: String, reason: String },
}

/// The server, as it takes files.
pub(super) struct Tus<'a> {
    pub(super) server: &'a Authorised<'a>,
}

impl Tus<'_> {
    /// Begins an upload, or finds the one that there is. With bytes, they are its first.
    pub(super) fn create(&self, file: &FileToSend, size: u64, first: &Bytes) -> Result<Answer, SyncError> {
        let document = STANDARD.encode(file.document.to_string());
        let metadata = format!("sha256 {},document {document}", STANDARD.encode(&file.sha256));
        let answer = self.server.try_send(&Method::POST, "v1/uploads", |request| {
            let request = request
                .header(VERSION.0, VERSION.1)
                .header("upload-length", size)
                .header("upload-metadata", &metadata);
            if first.is_empty() { request } else { request.header(CONTENT_TYPE, BYTES).body(first.clone()) }
        });
        told(answer, None)
    }

    /// Adds bytes.
    pub(super) fn append(&self, location: &str, offset: u64, bytes: &Bytes) -> Result<Answer, SyncError> {
        let answer = self.server.try_once(&Method::PATCH, location, |request| {
            let request = request.header(VERSION.0, VERSION.1).header("upload-offset", offset);
            request.header(CONTENT_TYPE, BYTES).body(bytes.clone())
        });
        told(answer, Some(location))
    }

    /// Asks how many bytes are there.
    pub(super) fn ask(&self, location: &str) -> Result<Answer, SyncError> {
        let answer =
            self.server.try_send(&Method::HEAD, location, |request| request.header(VERSION.0, VERSION.1));
        match answer {
            // The answer to HEAD has no body that would say why.
            Err(failed) if matches!(failed.status(), Some(404 | 410 | 422)) => Ok(Answer::Gone),
            answer => told(answer, Some(location)),
        }
    }
}

fn told(answer: Result<Response, Failed>, location: Option<&str>) -> Result<Answer, SyncError> {
    let failed = match answer {
        Ok(response) => return at(&response, location),
        Err(failed) => failed,
    };
    Ok(match (failed.status(), failed.code()) {
        (Some(409), Some("not-named")) => Answer::NotNamed,
        (Some(409 | 423), _) | (Some(400), Some("body-cut")) => Answer::Elsewhere,
        (Some(404), Some("no-such-upload")) | (Some(410), _) => Answer::Gone,
        (Some(429 | 503 | 507), _) => Answer::Later,
        (Some(400 | 404 | 413 | 415 | 422), Some(code)) => {
            Answer::Refused { code: code.to_owned(), reason: SyncError::from(failed).to_string() }
        }
        _ => return Err(failed.into()),
    })
}

fn at(response: &Response, location: Option<&str>) -> Result<Answer, SyncError> {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let missing = |what: &str| SyncError::Protocol(format!("the answer to an upload has no {what}"));
    let offset = header("upload-offset").and_then(|offset| offset.parse().ok());
    let location = match location {
        Some(location) => location.to_owned(),
        // A path of this server, whatever host it names: the token goes nowhere else.
        None => header(LOCATION.as_str())
            .and_then(|location| location.rsplit_once("v1/uploads/"))
            .map(|(_, id)| format!("v1/uploads/{id}"))
            .ok_or_else(|| missing("location"))?,
    };
    Ok(Answer::At { location, offset: offset.ok_or_else(|| missing("offset"))? })
}
