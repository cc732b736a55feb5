//! Devices that stay connected and are told when it pays to sync.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::time::Instant;

use super::auth::{Device, TokenEnd};
use super::problem::Problem;
use crate::app::Shared;
use crate::pokes::Listener;

/// How often something is sent while there is nothing to tell, so that both sides see that the other is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Name of the one event, and all it says: browsers pass on no event without a line of data.
const POKE: &str = "poke";

/// `GET /v1/pokes`: Server-Sent Events that say nothing, one at the beginning and one whenever there may be something new for the
/// device. The stream ends when the token does, or the device is shut out.
pub(super) async fn listen(
    Device(sender): Device,
    TokenEnd(left): TokenEnd,
    State(app): State<Shared>,
) -> Result<([(HeaderName, HeaderValue); 2], Sse<impl Stream<Item = Result<Event, Infallible>>>), Problem> {
    let listener = app.store.pokes().listen(&sender.technician, sender.device).map_err(|_| {
        Problem::busy("as many devices listen as the server takes at once; sync, and try again")
    })?;
    let events = unfold((listener, Instant::now() + left), next);
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // What stands between must pass on each event as it comes; nginx asks for this name.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))))
}

type Listening = (Listener, Instant);

/// The next event; none: it is over.
async fn next((listener, end): Listening) -> Option<(Result<Event, Infallible>, Listening)> {
    tokio::time::timeout_at(end, listener.poked()).await.ok().flatten()?;
    Some((Ok(Event::default().event(POKE).data(POKE)), (listener, end)))
}
