//! Shifts and cases are opened.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::auth::Office;
use super::input::{JsonBody, blocking};
use super::problem::Problem;
use crate::app::Shared;
use crate::office::{self, NewCase, NewShift, OpenedDocument};

/// `POST /v1/shifts`.
pub(super) async fn shift(
    office: Office,
    State(app): State<Shared>,
    JsonBody(new): JsonBody<NewShift>,
) -> Result<(StatusCode, Json<OpenedDocument>), Problem> {
    let opened = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::open_shift(tx, &app.standards, new, &by))
    });
    Ok((StatusCode::CREATED, Json(opened.await?)))
}

/// `POST /v1/cases`.
pub(super) async fn case(
    office: Office,
    State(app): State<Shared>,
    JsonBody(new): JsonBody<NewCase>,
) -> Result<(StatusCode, Json<OpenedDocument>), Problem> {
    let opened = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::open_case(tx, &app.standards, new, &by))
    });
    Ok((StatusCode::CREATED, Json(opened.await?)))
}
