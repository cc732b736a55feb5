//! What callers send, read into types. Whatever can not be read is a problem with a reason.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::problem::Problem;
use crate::app::{App, Shared};

/// Largest JSON body, in bytes.
const MAX_JSON_BYTES: usize = 1 << 20;
/// How much of a body that is too large is read and thrown away before the answer, in bytes.
const MAX_DRAINED_BYTES: usize = 64 << 20;
/// How long that may take.
const MAX_DRAINING: Duration = Duration::from_secs(10);
/// Most rows of one page.
const MAX_PAGE_ROWS: u32 = 200;
/// Rows of a page if the caller does not say.
const PAGE_ROWS: u32 = 50;

/// A body of at most `LIMIT` bytes.
pub(super) struct Body<const LIMIT: usize>(pub(super) Vec<u8>);

impl<S: Send + Sync, const LIMIT: usize> FromRequest<S> for Body<LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let mut body = request.into_body();
        let mut bytes = Vec::new();
        while let Some(chunk) = next_chunk(&mut body).await? {
            if bytes.len() + chunk.len() > LIMIT {
                drain(body).await;
                let detail = format!("the body exceeds the limit of {LIMIT} bytes; send less");
                return Err(Problem::new(413, "too-large", detail));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Self(bytes))
    }
}

/// The next piece of a body. `None`: it has ended whole.
async fn next_chunk(body: &mut axum::body::Body) -> Result<Option<Bytes>, Problem> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            None => return Ok(None),
            Some(Err(_)) => {
                return Err(Problem::new(400, "body-cut", "the body was cut short; send it again"));
            }
            Some(Ok(frame)) => {
                if let Ok(chunk) = frame.into_data() {
                    return Ok(Some(chunk));
                }
            }
        }
    }
}

/// Reads on for a while without keeping anything: a client that is still sending would not see the answer otherwise.
pub(super) async fn drain(mut body: axum::body::Body) {
    let mut left = MAX_DRAINED_BYTES;
    let rest = async {
        while let Ok(Some(chunk)) = next_chunk(&mut body).await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(MAX_DRAINING, rest).await;
}

/// A JSON body.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Body(bytes) = Body::<MAX_JSON_BYTES>::from_request(request, state).await?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Problem::new(400, "body-not-valid", without_values(&error.to_string())))
    }
}

/// What serde says of a body, without the value it stumbled over, which may be personal.
pub(super) fn without_values(error: &str) -> String {
    if !error.starts_with("invalid type") && !error.starts_with("invalid value") {
        return format!("the body is not valid: {error}");
    }
    match error.split_once(", expected ") {
        Some((_, expected)) => {
            format!("the body is not valid: a value is not what it should be, expected {expected}")
        }
        None => "the body is not valid: a value is not what it should be".to_owned(),
    }
}

/// The id in a path.
pub(super) struct PathId(pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let wrong = || {
            Problem::new(
                400,
                "id-not-valid",
                "the id in the path is not a UUID such as 7f1c2a3e-0b5d-4c6f-8a9b-0c1d2e3f4a5b",
            )
        };
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| wrong())?;
        text.parse().map(Self).map_err(|_| wrong())
    }
}

/// Two ids in a path.
pub(super) struct PathIds(pub(super) Uuid, pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathIds {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let wrong = |_| Problem::new(400, "id-not-valid", "an id in the path is not a UUID");
        let Path((one, other)) =
            Path::<(Uuid, Uuid)>::from_request_parts(parts, state).await.map_err(wrong)?;
        Ok(Self(one, other))
    }
}

/// The parameters of a query.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(params) = Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::new(400, "query-not-valid", rejection.body_text()))?;
        Ok(Self(params))
    }
}

/// Which page of a list.
#[derive(Debug)]
pub(super) struct Paging {
    page: Option<u32>,
    size: Option<u32>,
}

impl Paging {
    /// What the caller asks for.
    pub(super) fn new(page: Option<u32>, size: Option<u32>) -> Self {
        Self { page, size }
    }

    /// Page from 1, and rows per page.
    pub(super) fn get(&self) -> (u32, u32) {
        let size = self.size.unwrap_or(PAGE_ROWS).clamp(1, MAX_PAGE_ROWS);
        (self.page.unwrap_or(1).max(1), size)
    }
}

/// Runs work that reads or writes the store beside the threads that answer the network. It runs to its end even if the
/// caller goes away: a transaction is never torn.
pub(super) async fn blocking<T, E>(
    app: &Shared,
    work: impl FnOnce(&App) -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    let app = app.clone();
    match tokio::task::spawn_blocking(move || work(&app)).await {
        Ok(result) => result.map_err(Into::into),
        Err(error) => Err(Problem::internal(&error)),
    }
}
