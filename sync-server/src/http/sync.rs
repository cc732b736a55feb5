//! The exchange with devices.

use std::fmt::Write as _;
use std::time::Instant;

use axum::extract::State;
use axum::http::{HeaderName, header};
use jobsheet_wire::{Exchange, MAX_BODY_BYTES, MEDIA_TYPE, decode_exchange, encode_reply};

use super::auth::Exchanging;
use super::input::{Body, blocking};
use super::metrics;
use super::problem::Problem;
use crate::admission::{Sender, answer, take_in};
use crate::app::{App, Shared};
use crate::failpoint;
use crate::office::{LateKept, keep_late};

/// `POST /v1/sync`.
pub(super) async fn sync(
    Exchanging { sender, revoked }: Exchanging,
    State(app): State<Shared>,
    Body(body): Body<MAX_BODY_BYTES>,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), Problem> {
    let begun = Instant::now();
    let size = body.len();
    let room = app.room.for_message(&body).await?;
    let by = sender.clone();
    let taken_in = blocking(&app, move |app| -> Result<_, Problem> {
        let mut message = decode_exchange(&body)?;
        failpoint::reached("request-read");
        if revoked {
            return Err(late(app, &by, &message));
        }
        let verdicts = take_in(&app.desk(), &by, &mut message, app.clock.now())?;
        Ok((message, verdicts))
    });
    let (message, verdicts) = taken_in.await?;
    drop(room);
    let _room = app.room.for_page().await?;
    let answered = blocking(&app, move |app| -> Result<_, Problem> {
        let reply = answer(&app.desk(), &sender, &message, verdicts, app.clock.now())?;
        // What was accepted is durable; a reply that can not be written only makes the device ask again.
        let bytes = encode_reply(&reply, &message).map_err(|error| Problem::internal(&error))?;
        failpoint::reached("reply-ready");
        metrics::exchanged(&reply, size, bytes.len(), begun.elapsed().as_secs_f64());
        Ok(bytes)
    });
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], answered.await?))
}

/// What a revoked device sends waits for somebody at the office. The answer is that it is out, and what became of its work.
fn late(app: &App, sender: &Sender, message: &Exchange) -> Problem {
    let now = app.clock.now();
    let kept = if message.push.is_empty() {
        Ok(LateKept::default())
    } else {
        app.store.write(|tx| keep_late(tx, sender, message, now))
    };
    match kept {
        Err(error) => error.into(),
        Ok(LateKept { kept, left }) => {
            let mut detail = "the device has been revoked; enrol it again with a new code".to_owned();
            if kept > 0 {
                let _ = write!(detail, ". The office has {kept} of its changes, to decide on");
            }
            if left > 0 {
                let _ = write!(detail, ". {left} changes stay on the device alone");
            }
            Problem::new(401, "device-revoked", detail)
        }
    }
}
