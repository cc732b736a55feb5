//! Errors as problem details (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jobsheet_core::record::{Need, Refusal};
use jobsheet_core::standard::Diagnostic;
use jobsheet_wire::WireError;
use serde::Serialize;

use crate::access::TooMany;
use crate::admission::{ExchangeError, PushError};
use crate::intake::{IntakeError, MappingError};
use crate::office::OfficeError;
use crate::secret::NoRandomness;
use crate::standards::StandardError;
use crate::store::StoreError;

/// How long a client waits before it tries again when the server is busy, in seconds.
const RETRY_AFTER_SECONDS: u32 = 2;

/// An error as it is answered.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    rules: Vec<Need>,
    diagnostics: Vec<Diagnostic>,
    nonce: Option<Box<str>>,
    /// Seconds after which to try again.
    retry_after: Option<u32>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[Need]>::is_empty")]
    rules: &'a [Need],
    #[serde(skip_serializing_if = "<[Diagnostic]>::is_empty")]
    diagnostics: &'a [Diagnostic],
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl Problem {
    /// A problem with a status, a short code in kebab case and what is wrong in words.
    pub(crate) fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (rules, diagnostics) = (Vec::new(), Vec::new());
        Self { status, code, detail: detail.into(), rules, diagnostics, nonce: None, retry_after: None }
    }

    /// Whether it is that nobody knows who asks.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// With what the device signs to be let in.
    pub(crate) fn with_nonce(self, nonce: String) -> Self {
        Self { nonce: Some(nonce.into()), ..self }
    }

    /// The server can not answer now; trying again helps.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..Self::new(503, "busy", detail) }
    }

    /// As [`Problem::busy`], with how long to wait.
    pub(super) fn busy_for(detail: impl Into<String>, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..Self::busy(detail) }
    }

    /// Somebody asks too often.
    pub(crate) fn too_many(TooMany(wait): TooMany) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        let detail = format!("too many requests; try again in {seconds} s");
        Self { retry_after: Some(seconds), ..Self::new(429, "too-many-requests", detail) }
    }

    /// The server failed. The cause goes to the log and not to the caller.
    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "request failed");
        Self::new(500, "internal", "the server failed; the cause is in its log")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: format!("urn:jobsheet:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            rules: &self.rules,
            diagnostics: &self.diagnostics,
            nonce: self.nonce.as_deref(),
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_busy() {
            return Self::busy("the store is busy; try again");
        }
        Self::internal(&error)
    }
}

impl From<NoRandomness> for Problem {
    fn from(error: NoRandomness) -> Self {
        Self::internal(&error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let rules = refusal.rules().into_iter().cloned().collect();
        Self { rules, ..Self::new(409, refusal.code(), refusal.to_string()) }
    }
}

impl From<OfficeError> for Problem {
    fn from(error: OfficeError) -> Self {
        let detail = error.to_string();
        match error {
            OfficeError::Push(error) => error.into(),
            OfficeError::Unknown { .. } => Self::new(404, "unknown", detail),
            OfficeError::AlreadyDispatched { .. } => Self::new(409, "already-dispatched", detail),
            OfficeError::Taken { .. } => Self::new(409, "taken", detail),
            OfficeError::Invalid { .. } => Self::new(422, "invalid", detail),
            OfficeError::Refused(refusal) => refusal.into(),
            OfficeError::Role => Self::new(403, "role", detail),
            OfficeError::WrongKind { .. } => Self::new(422, "wrong-kind", detail),
            OfficeError::Pack(diagnostics) => {
                Self { diagnostics, ..Self::new(422, "pack-not-valid", detail) }
            }
            OfficeError::VersionTaken { .. } => Self::new(409, "version-taken", detail),
            OfficeError::Tariff(_) | OfficeError::TariffRows(_) => Self::new(422, "tariff-not-valid", detail),
            OfficeError::TariffTaken { .. } => Self::new(409, "tariff-taken", detail),
            OfficeError::TariffsTooLarge { .. } => Self::new(413, "too-large", detail),
            OfficeError::CodeNotValid => Self::new(403, "code-not-valid", detail),
            OfficeError::Standard(StandardError::Unknown { .. }) => {
                Self::new(422, "unknown-standard", detail)
            }
            OfficeError::Store(error) | OfficeError::Standard(StandardError::Store(error)) => error.into(),
            OfficeError::Standard(StandardError::Broken { .. })
            | OfficeError::Record(_)
            | OfficeError::Report(_)
            | OfficeError::Randomness(_) => Self::internal(&detail),
        }
    }
}

impl From<PushError> for Problem {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Contended | PushError::AtWork => Self::busy(error.to_string()),
            PushError::Store(error) => error.into(),
            PushError::Work(error) => Self::internal(&error),
        }
    }
}

impl From<ExchangeError> for Problem {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::TooManyChanges => Self::new(413, "too-large", error.to_string()),
            ExchangeError::Store(error) => error.into(),
            ExchangeError::Push(error) => error.into(),
        }
    }
}

impl From<WireError> for Problem {
    fn from(error: WireError) -> Self {
        let (status, code) = match &error {
            WireError::Empty | WireError::Damaged(_) => (400, "body-damaged"),
            WireError::UnknownVersion { .. } => (400, "unknown-protocol-version"),
            WireError::TooLarge { .. } => (413, "too-large"),
            WireError::WrongBinding => (400, "wrong-binding"),
            WireError::NotRebuilt => (400, "not-rebuilt"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        let (status, code) = match &error {
            IntakeError::Mapping(MappingError::Unknown(_)) => (400, "unknown-mapping"),
            IntakeError::Mapping(_) => (400, "mapping-not-valid"),
            IntakeError::Encoding { .. } => (422, "wrong-encoding"),
            IntakeError::MissingColumn { .. } => (422, "missing-column"),
            IntakeError::TooManyRows => (413, "too-large"),
            IntakeError::Empty | IntakeError::Header(_) | IntakeError::DoubleColumn(_) => {
                (422, "header-not-valid")
            }
        };
        Self::new(status, code, error.to_string())
    }
}
