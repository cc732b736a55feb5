//! The HTTP client: TLS set up explicitly, every wait bounded, few retries.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use jobsheet_wire::WireError;
use reqwest::blocking::{Client as Http, RequestBuilder, Response};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::SyncError;
use crate::{StoreError, random};

/// Tries of one request, the first included.
const TRIES: u32 = 4;
/// Wait before the second try; it doubles with each further one, and up to as much again is added at random so that
/// devices which lost the network together do not come back together.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Longest wait a server may ask for before a try.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// An idle connection is kept so long: less than servers and gateways keep theirs.
const IDLE: Duration = Duration::from_secs(10);
/// Longest wait before another connection that a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(1);
/// Longest reason that is read from an error's body, in bytes.
const MAX_REASON_BYTES: usize = 16 << 10;

/// How the server is reached.
#[derive(Debug, Clone)]
pub struct Network {
    /// Certificates (PEM) that are trusted beside the public ones: an operator's own authority.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Allows `http://` to machines other than this one. The token then travels in the open.
    pub allow_plain_http: bool,
    /// Longest wait for a connection (default 10 s).
    pub connect_timeout: Duration,
    /// Longest wait for a whole answer (default 60 s).
    pub request_timeout: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            extra_ca_pem: None,
            allow_plain_http: false,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_mins(1),
        }
    }
}

/// A connection to one server, kept open between requests.
pub(crate) struct Client {
    http: Http,
    server: Url,
    /// The address as it was given.
    given: String,
}

impl Client {
    pub(super) fn new(network: &Network, server: &str) -> Result<Self, SyncError> {
        let (given, server) = (server.to_owned(), address(server, network.allow_plain_http)?);
        let http = Http::builder()
            .tls_backend_preconfigured(tls(network)?)
            .connect_timeout(network.connect_timeout)
            .timeout(network.request_timeout)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("jobsheet/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SyncError::Address(error.to_string()))?;
        Ok(Self { http, server, given })
    }

    /// Whether it leads to this address.
    pub(super) fn leads_to(&self, server: &str) -> bool {
        self.given == server
    }

    /// A path below the server's address.
    pub(super) fn url(&self, path: &str) -> Result<Url, SyncError> {
        self.server.join(path).map_err(|error| SyncError::Address(error.to_string()))
    }

    /// `POST /v1/enrol`. Tried once: the server spends the code before it answers.
    pub(super) fn enrol(&self, body: Vec<u8>) -> Result<Vec<u8>, SyncError> {
        let request = self
            .request(&Method::POST, "v1/enrol")?
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json");
        let answer = attempt(&request.body(body)).map_err(|failed| match *failed.error {
            SyncError::Unauthorized(reason) => SyncError::CodeRefused(reason),
            SyncError::Server { status: 400 | 404 | 409 | 410 | 422, reason } => {
                SyncError::CodeRefused(reason)
            }
            other => other,
        });
        read(answer?, MAX_REASON_BYTES)
    }

    /// Sends JSON that is safe to send again, and reads the JSON of the answer.
    pub(super) fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failed> {
        let protocol = |error: serde_json::Error| SyncError::Protocol(error.to_string());
        let body = serde_json::to_vec(body).map_err(protocol)?;
        let request = self
            .request(&Method::POST, path)?
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json");
        let answer = read(self.send(&request.body(body))?, MAX_REASON_BYTES)?;
        Ok(serde_json::from_slice(&answer).map_err(protocol)?)
    }

    /// A request to a path below the server's address.
    pub(super) fn request(&self, method: &Method, path: &str) -> Result<RequestBuilder, SyncError> {
        Ok(self.http.request(method.clone(), self.url(path)?))
    }

    /// Sends a request, again where that may help. Only for requests that are safe to repeat: pushes are recognised by their
    /// hashes.
    #[allow(clippy::unused_self)] // a request is of its client
    pub(super) fn send(&self, request: &RequestBuilder) -> Result<Response, Failed> {
        let mut wait = FIRST_WAIT;
        for _ in 1..TRIES {
            match attempt(request) {
                Ok(response) => return Ok(response),
                Err(Failed { again_after: Some(asked), .. }) => {
                    std::thread::sleep(jittered(asked.max(wait)));
                }
                Err(failed) => return Err(failed),
            }
            wait *= 2;
        }
        attempt(request)
    }
}

/// The base address. Plain HTTP is for this machine, or where it was asked for.
fn address(server: &str, allow_plain_http: bool) -> Result<Url, SyncError> {
    let mut url: Url = server.parse().map_err(|_| {
        SyncError::Address("write it as https://jobs.example.org or http://127.0.0.1:8080".to_owned())
    })?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => {}
        "http" if local || allow_plain_http => {}
        "http" => {
            let reason = "plain http is only for this machine; use https, or allow plain http explicitly";
            return Err(SyncError::Address(reason.to_owned()));
        }
        other => return Err(SyncError::Address(format!("`{other}` is neither https nor http"))),
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Ring and the public roots compiled in: nothing depends on what the process or the platform has set up.
fn tls(network: &Network) -> Result<rustls::ClientConfig, SyncError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = &network.extra_ca_pem {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| SyncError::Certificate(error.to_string()))?;
            roots.add(certificate).map_err(|error| SyncError::Certificate(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(SyncError::Certificate("it holds no certificate".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SyncError::Certificate(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Why a request failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// For the caller.
    error: Box<SyncError>,
    /// How long to wait before another try; none: it would not help.
    again_after: Option<Duration>,
    /// How long the server asked to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// The code of the server's problem document.
    pub(super) code: Option<String>,
    /// What the server gives to be signed.
    pub(super) nonce: Option<String>,
}

impl Failed {
    /// The HTTP status, where it is not one that says something about the device.
    pub(crate) fn status(&self) -> Option<u16> {
        match *self.error {
            SyncError::Server { status, .. } => Some(status),
            _ => None,
        }
    }

    /// The office has revoked this device: what the server says of it.
    pub(super) fn revoked(&self) -> Option<String> {
        match &*self.error {
            SyncError::Revoked(reason) => Some(reason.clone()),
            _ => None,
        }
    }

    /// The server has said that this device may not come in.
    pub(crate) fn is_about_device(&self) -> bool {
        matches!(*self.error, SyncError::Unauthorized(_) | SyncError::Revoked(_) | SyncError::Suspended(_))
    }

    /// The code of the server's problem document.
    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// For the caller.
    pub(crate) fn error(&self) -> &SyncError {
        &self.error
    }

    pub(super) fn is_one_of(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

impl From<SyncError> for Failed {
    fn from(error: SyncError) -> Self {
        Self { error: Box::new(error), again_after: None, retry_after: None, code: None, nonce: None }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        SyncError::from(error).into()
    }
}

impl From<WireError> for Failed {
    fn from(error: WireError) -> Self {
        SyncError::from(error).into()
    }
}

impl From<Failed> for SyncError {
    fn from(failed: Failed) -> Self {
        *failed.error
    }
}

/// One try.
pub(super) fn attempt(request: &RequestBuilder) -> Result<Response, Failed> {
    let request =
        request.try_clone().ok_or_else(|| SyncError::Protocol("a body can not be sent twice".to_owned()))?;
    let response = request.send().map_err(|error| failed(&error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let asked = asked(response.headers());
    let mut body = Vec::new();
    let whole = response.take(MAX_REASON_BYTES as u64).read_to_end(&mut body);
    Err(refused(status, asked, Told::read(status, whole.map_or(&[], |_| body.as_slice()))))
}

/// A stream of the server, for as long as something comes on it at least every `silence`.
pub(crate) fn streaming(network: &Network, silence: Duration) -> Result<reqwest::Client, SyncError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls(network)?)
        .connect_timeout(network.connect_timeout)
        .read_timeout(silence)
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("jobsheet/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| SyncError::Address(error.to_string()))
}

/// Opens a stream.
pub(crate) async fn open(request: reqwest::RequestBuilder) -> Result<reqwest::Response, Failed> {
    let mut response = request.send().await.map_err(|error| failed(&error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let asked = asked(response.headers());
    let mut body = Vec::new();
    while let (true, Ok(Some(piece))) = (body.len() < MAX_REASON_BYTES, response.chunk().await) {
        body.extend_from_slice(&piece);
    }
    Err(refused(status, asked, Told::read(status, &body)))
}

/// Why nothing came back.
fn failed(error: &reqwest::Error) -> Failed {
    if error.is_timeout() {
        return SyncError::TimedOut.into();
    }
    let again_after = Some(Duration::ZERO);
    Failed { again_after, ..SyncError::Unreachable(root_cause(error)).into() }
}

/// How long the server asks to be left alone.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok())?;
    Some(Duration::from_secs(seconds).min(LONGEST_ASKED))
}

/// What an answer means that is not what was asked for.
fn refused(status: StatusCode, retry_after: Option<Duration>, told: Told) -> Failed {
    let asked = retry_after.unwrap_or_default().min(LONGEST_WAIT);
    let (error, again_after) = match status {
        StatusCode::UNAUTHORIZED if told.code.as_deref() == Some("device-revoked") => {
            (SyncError::Revoked(told.reason), None)
        }
        StatusCode::FORBIDDEN if told.code.as_deref() == Some("device-suspended") => {
            (SyncError::Suspended(told.reason), None)
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (SyncError::Unauthorized(told.reason), None),
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            (SyncError::Server { status: status.as_u16(), reason: told.reason }, Some(asked))
        }
        _ => (SyncError::Server { status: status.as_u16(), reason: told.reason }, None),
    };
    Failed { error: Box::new(error), again_after, retry_after, code: told.code, nonce: told.nonce }
}

/// The innermost cause: `error sending request` alone helps nobody. It names no personal data: hosts and system errors.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// What a problem document (RFC 9457) says.
struct Told {
    reason: String,
    code: Option<String>,
    nonce: Option<String>,
}

impl Told {
    fn read(status: StatusCode, body: &[u8]) -> Self {
        let fallback = status.canonical_reason().unwrap_or("no reason given").to_owned();
        let problem = serde_json::from_slice::<serde_json::Value>(body).ok();
        let text = |name| Some(problem.as_ref()?.get(name)?.as_str()?.to_owned());
        let reason = text("detail").or_else(|| text("title"));
        let reason = reason.map_or(fallback, |words| words.chars().take(500).collect());
        Self { reason, code: text("code"), nonce: text("nonce") }
    }
}

pub(super) fn read(response: Response, limit: usize) -> Result<Vec<u8>, SyncError> {
    let mut body = Vec::new();
    let taken = response.take(limit as u64 + 1).read_to_end(&mut body);
    taken.map_err(|error| SyncError::Unreachable(format!("the answer was cut short: {error}")))?;
    if body.len() > limit {
        return Err(SyncError::Protocol(format!("the answer has more than {limit} bytes")));
    }
    Ok(body)
}

pub(crate) fn jittered(wait: Duration) -> Duration {
    let share = random::bytes::<1>().map_or(0, |[byte]| byte);
    wait + wait.mul_f64(f64::from(share) / 256.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_unless_allowed() {
        assert!(address("http://127.0.0.1:8080", false).is_ok());
        assert!(address("http://localhost:8080/", false).is_ok());
        assert!(address("http://jobs.example.org", false).is_err());
        assert!(address("http://jobs.example.org", true).is_ok());
        assert!(address("ftp://jobs.example.org", true).is_err());
        assert!(address("jobs.example.org", true).is_err());
    }

    #[test]
    fn a_path_of_the_server_is_kept() {
        let base = address("https://example.org/jobs", false).unwrap();
        assert_eq!(base.join("v1/sync").unwrap().as_str(), "https://example.org/jobs/v1/sync");
    }

    #[test]
    fn a_certificate_that_is_none_is_refused() {
        let network = Network { extra_ca_pem: Some(b"no certificate".to_vec()), ..Network::default() };
        assert!(matches!(tls(&network), Err(SyncError::Certificate(_))));
        assert!(tls(&Network::default()).is_ok());
    }

    #[test]
    fn waits_grow_by_less_than_twice() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_millis(100));
            assert!((100..200).contains(&wait.as_millis()));
        }
    }
}
