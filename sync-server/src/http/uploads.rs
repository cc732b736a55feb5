//! Files that devices send: tus 1.0.0 with creation, creation-with-upload, checksum, expiration and termination.
//!
//! These requests carry bodies of any length, so each has its own limits ([`crate::uploads`]) and not those of all others.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{head, options};

use super::auth::Device;
use super::input::{PathId, drain};
use super::problem::Problem;
use crate::app::Shared;
use crate::uploads::{
    self, Announced, Bytes, CHECKSUM_ALGORITHMS, Checksum, Standing, Unfinished, UploadError, number,
};

/// The version of the protocol.
const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,checksum,expiration,termination";
/// Media type of the bytes of a file.
const BYTES: &str = "application/offset+octet-stream";

/// The routes of the protocol.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/uploads", options(offer).post(create))
        .route("/v1/uploads/{id}", head(show).patch(append).delete(terminate).options(offer).post(overridden))
        .layer(from_fn(speak))
}

/// What every request and every answer says: which version of the protocol it is.
async fn speak(request: Request, next: Next) -> Response {
    let asked = request.headers().get("tus-resumable").and_then(|value| value.to_str().ok());
    let mut response = if request.method() == Method::OPTIONS || asked == Some(VERSION) {
        next.run(request).await
    } else {
        let detail = format!("send `Tus-Resumable: {VERSION}`; no other version is spoken here");
        let mut response = Problem::new(412, "unknown-tus-version", detail).into_response();
        response.headers_mut().insert("tus-version", HeaderValue::from_static(VERSION));
        response
    };
    let headers = response.headers_mut();
    headers.insert("tus-resumable", HeaderValue::from_static(VERSION));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `OPTIONS /v1/uploads`: what the server speaks and takes.
async fn offer(State(app): State<Shared>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert("tus-version", HeaderValue::from_static(VERSION));
    headers.insert("tus-extension", HeaderValue::from_static(EXTENSIONS));
    headers.insert("tus-checksum-algorithm", HeaderValue::from_static(CHECKSUM_ALGORITHMS));
    headers.insert("tus-max-size", HeaderValue::from(app.uploads.limits.file_bytes));
    response
}

/// `POST /v1/uploads`: begins an upload; with a body, its first bytes come at once.
async fn create(
    Device(sender): Device,
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let device = sender.device;
    let begun = async {
        let checksum = checksum(&headers)?;
        let announced = Announced::read(text(&headers, "upload-length"), text(&headers, "upload-metadata"))?;
        Ok::<_, UploadError>((checksum, uploads::create(&app, sender, announced).await?))
    };
    let (checksum, mut standing) = match begun.await {
        Ok(begun) => begun,
        Err(error) => return Err(refused(Unfinished { error, rest: Some(body) }).await),
    };
    if is_bytes(&headers) && standing.offset == 0 {
        let bytes = Bytes { offset: 0, declared: declared(&headers), checksum, body };
        standing = match uploads::append(&app, device, standing.id, bytes).await {
            Ok(standing) => standing,
            // The upload has begun all the same: the client asks where it stands.
            Err(Unfinished {
                error: UploadError::Cut | UploadError::TooSlow | UploadError::Locked | UploadError::Busy,
                rest,
            }) => {
                drain_rest(rest).await;
                uploads::standing(&app, device, standing.id).await?
            }
            Err(unfinished) => return Err(refused(unfinished).await),
        };
    } else {
        drain(body).await;
    }
    let location = HeaderValue::from_str(&format!("/v1/uploads/{}", standing.id));
    let mut response = answer(StatusCode::CREATED, &standing);
    response.headers_mut().insert(header::LOCATION, location.map_err(|error| Problem::internal(&error))?);
    Ok(response)
}

/// `HEAD /v1/uploads/{id}`: where it stands. A request that still sends to it is ended first.
async fn show(
    Device(sender): Device,
    State(app): State<Shared>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let standing = uploads::standing(&app, sender.device, id).await?;
    let mut response = answer(StatusCode::OK, &standing);
    let headers = response.headers_mut();
    headers.insert("upload-length", HeaderValue::from(standing.length));
    if let Ok(metadata) = HeaderValue::from_str(&standing.metadata) {
        headers.insert("upload-metadata", metadata);
    }
    Ok(response)
}

/// `PATCH /v1/uploads/{id}`: bytes from `Upload-Offset` on.
async fn append(
    Device(sender): Device,
    State(app): State<Shared>,
    PathId(id): PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if !is_bytes(&headers) {
        let detail = format!("send the bytes as `Content-Type: {BYTES}`");
        drain(body).await;
        return Err(Problem::new(415, "wrong-media-type", detail));
    }
    let Some(offset) = text(&headers, "upload-offset").and_then(number) else {
        drain(body).await;
        return Err(Problem::new(400, "header-not-valid", "Upload-Offset: send where the bytes begin"));
    };
    let checksum = match checksum(&headers) {
        Ok(checksum) => checksum,
        Err(error) => return Err(refused(Unfinished { error, rest: Some(body) }).await),
    };
    let bytes = Bytes { offset, declared: declared(&headers), checksum, body };
    match uploads::append(&app, sender.device, id, bytes).await {
        Ok(standing) => Ok(answer(StatusCode::NO_CONTENT, &standing)),
        Err(unfinished) => Err(refused(unfinished).await),
    }
}

/// `DELETE /v1/uploads/{id}`.
async fn terminate(
    Device(sender): Device,
    State(app): State<Shared>,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    uploads::terminate(&app, sender.device, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/uploads/{id}` with `X-HTTP-Method-Override`: for clients behind proxies that let neither PATCH nor DELETE through.
async fn overridden(
    device: Device,
    app: State<Shared>,
    id: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    match text(&headers, "x-http-method-override") {
        Some("PATCH") => append(device, app, id, headers, body).await,
        Some("DELETE") => Ok(terminate(device, app, id).await?.into_response()),
        Some("HEAD") => show(device, app, id).await,
        _ => {
            drain(body).await;
            Err(Problem::new(405, "method-not-allowed", "this path does not take this method"))
        }
    }
}

fn answer(status: StatusCode, standing: &Standing) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert("upload-offset", HeaderValue::from(standing.offset));
    let expires = standing.expires_at.and_then(|at| {
        let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()?;
        HeaderValue::from_str(&text).ok()
    });
    if let Some(expires) = expires {
        headers.insert("upload-expires", expires);
    }
    response
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_bytes(headers: &HeaderMap) -> bool {
    text(headers, "content-type").is_some_and(|media_type| media_type.eq_ignore_ascii_case(BYTES))
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    text(headers, "content-length").and_then(number)
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, UploadError> {
    text(headers, "upload-checksum").map(Checksum::read).transpose()
}

/// A client that is still sending would not see the answer otherwise.
async fn refused(unfinished: Unfinished) -> Problem {
    drain_rest(unfinished.rest).await;
    unfinished.error.into()
}

async fn drain_rest(rest: Option<Body>) {
    if let Some(rest) = rest {
        drain(rest).await;
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let detail = error.to_string();
        let (status, code) = match error {
            UploadError::Header { .. } => (400, "header-not-valid"),
            UploadError::TooLarge { .. } => (413, "too-large"),
            UploadError::TooMany { .. } => (413, "longer-than-announced"),
            UploadError::Quota { .. } => (413, "quota-exceeded"),
            UploadError::TooManyOpen { .. } => (429, "too-many-uploads"),
            UploadError::NoSpace => (507, "no-space"),
            UploadError::OutOfScope => (404, "no-such-document"),
            UploadError::NotNamed => (409, "not-named"),
            UploadError::Unknown => (404, "no-such-upload"),
            UploadError::Expired => (410, "upload-expired"),
            UploadError::Lost => (410, "upload-lost"),
            UploadError::WrongOffset { .. } => (409, "wrong-offset"),
            UploadError::Locked => (423, "upload-locked"),
            UploadError::ChecksumMismatch => (460, "checksum-mismatch"),
            UploadError::HashMismatch => (422, "hash-mismatch"),
            UploadError::Cut => (400, "body-cut"),
            UploadError::TooSlow | UploadError::Busy => return Self::busy(detail),
            UploadError::Io(_) | UploadError::BrokenOff(_) | UploadError::Randomness(_) => {
                return Self::internal(&detail);
            }
            UploadError::Store(error) => return error.into(),
        };
        Self::new(status, code, detail)
    }
}
