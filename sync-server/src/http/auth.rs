//! Who calls: the office or a device, checked against the store on every request.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{Method, header};
use uuid::Uuid;

use super::input::blocking;
use super::problem::Problem;
use crate::access::{Peer, TOKEN_PREFIX, TokenFault};
use crate::admission::Sender;
use crate::app::{App, Shared};
use crate::office::{Act, By, OfficeError, Roles};
use crate::secret::Token;

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
        (
            "POST",
            "/v1/technicians"
            | "/v1/enrolments"
            | "/v1/late/{device}/{visit}/admit"
            | "/v1/late/{device}/{visit}/repair"
            | "/v1/hand-overs/{id}/admit",
        )
        | ("PUT", "/v1/devices/{id}/suspension")
        | ("DELETE", "/v1/devices/{id}" | "/v1/late/{device}/{visit}" | "/v1/hand-overs/{id}") => Act::Admit,
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

impl FromRequestParts<Shared> for Office {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let (name, roles) = match known_office(parts, app).await {
            Ok(known) => known,
            Err(problem) => return Err(unknown(parts, app, problem)),
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
        let Exchanging { sender, revoked } = Exchanging::from_request_parts(parts, app).await?;
        if revoked {
            let detail = "the device has been revoked; enrol it again with a new code";
            return Err(Problem::new(401, "device-revoked", detail));
        }
        Ok(Self(sender))
    }
}

/// How long the token of a device still holds.
pub(super) struct TokenEnd(pub(super) Duration);

impl FromRequestParts<Shared> for TokenEnd {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        app.access.left(bearer(parts)?, app.clock.now()).map(Self).ok_or_else(not_valid)
    }
}

/// A device that exchanges: one that has been revoked may still hand over what it did.
pub(super) struct Exchanging {
    pub(super) sender: Sender,
    pub(super) revoked: bool,
}

impl FromRequestParts<Shared> for Exchanging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let known = match known_device(parts, app).await {
            Ok(known) => known,
            Err(problem) => return Err(unknown(parts, app, problem)),
        };
        app.rates.device(&known.sender.device).map_err(Problem::too_many)?;
        Ok(known)
    }
}

/// Whoever reads: the office, or a device.
pub(super) enum Reader {
    /// Somebody of the office who may read.
    Office,
    /// A device.
    Device(Sender),
}

impl FromRequestParts<Shared> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        if bearer(parts).is_ok_and(|text| text.starts_with(TOKEN_PREFIX)) {
            return Ok(Self::Device(Device::from_request_parts(parts, app).await?.0));
        }
        Office::from_request_parts(parts, app).await.map(|_| Self::Office)
    }
}

/// Whoever tries to enrol, counted by address before the code is looked at.
pub(super) struct Enrolling;

impl FromRequestParts<Shared> for Enrolling {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        app.rates.enrolment(address(parts, app)?).map_err(Problem::too_many)?;
        Ok(Self)
    }
}

/// Whoever has not shown yet who it is, counted by address.
pub(super) struct Unknown;

impl FromRequestParts<Shared> for Unknown {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        app.rates.unknown(address(parts, app)?).map_err(Problem::too_many)?;
        Ok(Self)
    }
}

/// Counts a request that was not let in, if that is because nobody knows who asks.
fn unknown(parts: &Parts, app: &App, problem: Problem) -> Problem {
    if !problem.is_unauthorized() {
        return problem;
    }
    match address(parts, app) {
        Ok(address) => app.rates.unknown(address).map_or_else(Problem::too_many, |()| problem),
        Err(problem) => problem,
    }
}

/// From which address a request comes.
fn address(parts: &Parts, app: &App) -> Result<IpAddr, Problem> {
    let peer = parts.extensions.get::<Peer>().copied();
    let peer = peer.ok_or_else(|| Problem::internal(&"the connection has no address"))?;
    let lines: Vec<&str> = parts
        .headers
        .get_all(app.proxies.header.name())
        .iter()
        .map(|value| value.to_str().unwrap_or_default())
        .collect();
    Ok(app.proxies.client(peer, lines.into_iter()))
}

async fn known_office(parts: &Parts, app: &Shared) -> Result<(String, Option<Roles>), Problem> {
    let text = bearer(parts)?;
    if text.starts_with(TOKEN_PREFIX) {
        return Err(Problem::new(403, "office-only", "a device's token does not open this path"));
    }
    let token = Token::parse(text).ok_or_else(not_valid)?;
    blocking(app, move |app| office(app, &token)).await
}

async fn known_device(parts: &Parts, app: &Shared) -> Result<Exchanging, Problem> {
    let text = bearer(parts)?;
    if Token::parse(text).is_some() {
        return Err(Problem::new(403, "device-only", "an office token does not open this path"));
    }
    let id = app.access.read(text, app.clock.now()).map_err(|fault| match fault {
        TokenFault::NotValid => not_valid(),
        TokenFault::Expired(device) => {
            let detail = "the access token has expired; sign the nonce in this answer for another";
            Problem::new(401, "token-expired", detail).with_nonce(app.access.nonce(&device))
        }
    })?;
    blocking(app, move |app| device(app, id)).await
}

fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let header = parts.headers.get(header::AUTHORIZATION);
    let missing = || Problem::new(401, "token-missing", "send `Authorization: Bearer TOKEN`");
    let text = header.and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(token.trim())
}

fn not_valid() -> Problem {
    Problem::new(401, "token-not-valid", "the token is not valid")
}

/// Whether a token was revoked is told only to whoever holds its secret.
fn office(app: &App, token: &Token) -> Result<(String, Option<Roles>), Problem> {
    let found = app.store.read(|tx| tx.token(&token.id))?;
    let matches = token.matches(found.as_ref().map(|found| &found.hash));
    let found = found.filter(|_| matches).ok_or_else(not_valid)?;
    if found.revoked {
        return Err(Problem::new(401, "token-revoked", "the token has been revoked"));
    }
    Ok((found.name, Roles::parse(&found.roles)))
}

/// The device's status is read on every request: a token that is still good opens nothing to a device that is out.
fn device(app: &App, device: Uuid) -> Result<Exchanging, Problem> {
    let found = app.store.read(|tx| tx.device(&device))?.ok_or_else(|| {
        let detail = "the server does not know this device any more; enrol it again with a new code";
        Problem::new(401, "device-unknown", detail)
    })?;
    if found.suspended && !found.revoked {
        let detail = "the office has suspended this device; sync again when the office has let it in";
        return Err(Problem::new(403, "device-suspended", detail));
    }
    let sender = Sender { device, technician: found.technician, last_seen: found.last_seen_at };
    Ok(Exchanging { sender, revoked: found.revoked })
}
