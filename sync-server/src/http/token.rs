//! How a device is let in: it signs a nonce and gets a short access token.

use axum::Json;
use axum::extract::State;
use jobsheet_core::key::{Assertion, DeviceKey, KeySignature, PublicKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::auth::Unknown;
use super::input::{JsonBody, blocking};
use super::problem::Problem;
use crate::access::NONCE_LIFETIME;
use crate::app::{App, Shared};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    device: Uuid,
}

#[derive(Serialize)]
pub(super) struct Nonce {
    nonce: String,
    /// Seconds that it holds.
    expires_in: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    device: Uuid,
    nonce: String,
    signature: KeySignature,
}

#[derive(Serialize)]
pub(super) struct Granted {
    token: String,
    /// Seconds that it holds.
    expires_in: u64,
}

/// `POST /v1/nonce`: the answer does not tell whether there is such a device.
pub(super) async fn nonce(
    _: Unknown,
    State(app): State<Shared>,
    JsonBody(who): JsonBody<Who>,
) -> Json<Nonce> {
    Json(Nonce { nonce: app.access.nonce(&who.device), expires_in: NONCE_LIFETIME.as_secs() })
}

/// `POST /v1/token`.
pub(super) async fn token(
    _: Unknown,
    State(app): State<Shared>,
    JsonBody(proof): JsonBody<Proof>,
) -> Result<Json<Granted>, Problem> {
    Ok(Json(blocking(&app, move |app| grant(app, &proof)).await?))
}

/// Gives a token to whoever holds the device's key. A revoked device gets one too: the token says who asks, and what the device
/// may still do is decided on every request.
fn grant(app: &App, proof: &Proof) -> Result<Granted, Problem> {
    let again = || app.access.nonce(&proof.device);
    let stale = || {
        let detail = "the nonce is not this device's, too old, or was used; sign the one in this answer";
        Problem::new(401, "nonce-not-valid", detail).with_nonce(again())
    };
    if !app.access.is_fresh(&proof.device, &proof.nonce) {
        return Err(stale());
    }
    // One answer for a device that is not there and one whose key did not sign.
    let refused = || {
        let detail =
            "the signature is not one of a device that is enrolled here, for this server and this nonce";
        Problem::new(401, "assertion-not-valid", detail)
    };
    let (found, organisation) = app.store.read(|tx| {
        Ok::<_, crate::store::StoreError>((tx.device(&proof.device)?, tx.organisation_key()?.public_key()?))
    })?;
    let found = found.ok_or_else(refused)?;
    let key = found.key.and_then(|bytes| PublicKey::from_sec1(&bytes).ok()).ok_or_else(|| {
        let detail = "the device enrolled without a key; enrol it again with a new code";
        Problem::new(401, "device-without-key", detail)
    })?;
    let device = proof.device.to_string();
    let assertion = Assertion { organisation, device: &device, nonce: &proof.nonce };
    if !assertion.is_signed_by(key, &proof.signature) {
        return Err(refused());
    }
    if !app.access.spend(&proof.device, &proof.nonce) {
        return Err(stale());
    }
    let token = app.access.issue(&proof.device, app.clock.now());
    Ok(Granted { token, expires_in: app.access.lifetime.as_secs() })
}
