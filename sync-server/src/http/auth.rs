//! Who calls: an office token or a device token, checked against the store on every request.

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{Method, header};
use uuid::Uuid;

use super::input::blocking;
use super::problem::Problem;
use crate::admission::Sender;
use crate::app::{App, Shared};
use crate::office::{Act, By, OfficeError, Roles};
use crate::secret::{Token, TokenKind};

/// A person or program of the office.
pub(super) struct Office {
    name: String,
    roles: Roles,
}

impl Office {
    /// Who acts now: the token's name is the person id of what is done by it.
    pub(super) fn by(&self, app: &App) -> By {
        By { person: self.name.clone(), roles: self.roles.clone(), now: app.clock.now() }
    }
}

/// What a call does. A call that is not named here is for the administrator alone.
fn act(method: &Method, route: &str) -> Act {
    match (method.as_str(), route) {
        ("GET" | "HEAD", _) => Act::Read,
        ("POST", "/v1/imports") => Act::Import,
        (
            "POST",
            "/v1/requests/{number}/dispatch"
            | "/v1/requests/{number}/register"
            | "/v1/shifts"
            | "/v1/visits/{id}/follow-on",
        )
        | ("PUT", "/v1/visits/{id}/assignment") => Act::Assign,
        ("POST", "/v1/cases") => Act::OpenCase,
        ("POST", "/v1/visits/{id}/commands") => Act::Command,
        ("POST", "/v1/technicians" | "/v1/enrolments") | ("DELETE", "/v1/devices/{id}") => Act::Admit,
        ("POST", "/v1/standards") => Act::Publish,
        (
            "POST",
            "/v1/technicians/{id}/stock/counts"
            | "/v1/technicians/{id}/stock/receipts"
            | "/v1/returns/{visit}/{part}/receipt"
            | "/v1/part-requests/{visit}/{request}/arrival",
        ) => Act::Stock,
        ("POST", "/v1/tariffs/{id}") => Act::Price,
        _ => Act::Other,
    }
}

/// A device.
pub(super) struct Device(pub(super) Sender);

enum Caller {
    Office { name: String, roles: Option<Roles> },
    Device(Sender),
}

impl FromRequestParts<Shared> for Office {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let Caller::Office { name, roles } = caller(parts, app).await? else {
            return Err(Problem::new(403, "office-only", "a device token does not open this path"));
        };
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let act = act(&parts.method, route);
        match roles {
            Some(roles) if roles.may(act) => Ok(Self { name, roles }),
            _ => Err(OfficeError::Role.into()),
        }
    }
}

impl FromRequestParts<Shared> for Device {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        match caller(parts, app).await? {
            Caller::Device(sender) => Ok(Self(sender)),
            Caller::Office { .. } => {
                Err(Problem::new(403, "device-only", "an office token does not open this path"))
            }
        }
    }
}

async fn caller(parts: &Parts, app: &Shared) -> Result<Caller, Problem> {
    let token = bearer(parts)?;
    blocking(app, move |app| identify(app, &token)).await
}

fn bearer(parts: &Parts) -> Result<Token, Problem> {
    let header = parts.headers.get(header::AUTHORIZATION);
    let missing = || Problem::new(401, "token-missing", "send `Authorization: Bearer TOKEN`");
    let text = header.and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Token::parse(token.trim()).ok_or_else(not_valid)
}

fn not_valid() -> Problem {
    Problem::new(401, "token-not-valid", "the token is not valid")
}

/// Whether a token was revoked is told only to whoever holds its secret.
fn identify(app: &App, token: &Token) -> Result<Caller, Problem> {
    match token.kind {
        TokenKind::Office => {
            let found = app.store.read(|tx| tx.token(&token.id))?;
            let matches = token.matches(found.as_ref().map(|found| &found.hash));
            let found = found.filter(|_| matches).ok_or_else(not_valid)?;
            if found.revoked {
                return Err(Problem::new(401, "token-revoked", "the token has been revoked"));
            }
            Ok(Caller::Office { roles: Roles::parse(&found.roles), name: found.name })
        }
        TokenKind::Device => {
            let device: Uuid = token.id.parse().map_err(|_| not_valid())?;
            let found = app.store.read(|tx| tx.device(&device))?;
            let matches = token.matches(found.as_ref().map(|found| &found.hash));
            let found = found.filter(|_| matches).ok_or_else(not_valid)?;
            if found.revoked {
                let detail = "the device has been revoked; enrol it again with a new code";
                return Err(Problem::new(401, "device-revoked", detail));
            }
            let last_seen = found.last_seen_at;
            Ok(Caller::Device(Sender { device, technician: found.technician, last_seen }))
        }
    }
}
