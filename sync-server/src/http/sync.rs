//! The exchange with devices.

use std::time::Instant;

use axum::extract::State;
use axum::http::{HeaderName, header};
use jobsheet_wire::{MAX_BODY_BYTES, MEDIA_TYPE, decode_exchange, encode_reply};

use super::auth::Device;
use super::input::{Body, blocking};
use super::metrics;
use super::problem::Problem;
use crate::admission::exchange;
use crate::app::{App, Shared};

/// `POST /v1/sync`.
pub(super) async fn sync(
    Device(sender): Device,
    State(app): State<Shared>,
    Body(body): Body<MAX_BODY_BYTES>,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), Problem> {
    let work = move |app: &App| -> Result<Vec<u8>, Problem> {
        let begun = Instant::now();
        let message = decode_exchange(&body)?;
        let reply = exchange(&app.store, &app.standards, &sender, &message, app.clock.now())?;
        // What was accepted is durable; a reply that can not be written only makes the device ask again.
        let bytes = encode_reply(&reply).map_err(|error| Problem::internal(&error))?;
        metrics::exchanged(&reply, body.len(), bytes.len(), begun.elapsed().as_secs_f64());
        Ok(bytes)
    };
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], blocking(&app, work).await?))
}
