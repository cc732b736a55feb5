//! Standards: those that come with the server, and the company's own.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::auth::Office;
use super::input::{Body, Params, blocking};
use super::problem::Problem;
use crate::app::{App, Shared};
use crate::office::{self, Published, StandardSummary, StandardView};

/// Largest pack file, in bytes: several times the largest that comes with the server.
const MAX_PACK_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
pub(super) struct ShowParams {
    version: Option<String>,
}

/// `POST /v1/standards`: a pack file. 201 if it was stored now, 200 if the same pack had been stored before.
pub(super) async fn publish(
    office: Office,
    State(app): State<Shared>,
    Body(file): Body<MAX_PACK_BYTES>,
) -> Result<(StatusCode, Json<Published>), Problem> {
    let published = blocking(&app, move |app: &App| -> Result<Published, Problem> {
        let source = String::from_utf8(file).map_err(|error| {
            let byte = error.utf8_error().valid_up_to();
            let detail = format!("the pack is not UTF-8: byte {byte} does not belong");
            Problem::new(422, "wrong-encoding", detail)
        })?;
        Ok(office::publish(&app.store, &app.standards, &source, &office.by(app))?)
    });
    let published = published.await?;
    let status = if published.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(published)))
}

/// `GET /v1/standards`.
pub(super) async fn list(
    _office: Office,
    State(app): State<Shared>,
) -> Result<Json<Vec<StandardSummary>>, Problem> {
    let list = |app: &App| app.store.read(|tx| office::list_standards(tx, &app.standards));
    Ok(Json(blocking(&app, list).await?))
}

/// `GET /v1/standards/{id}?version=`.
pub(super) async fn show(
    _office: Office,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Params(params): Params<ShowParams>,
) -> Result<Json<StandardView>, Problem> {
    let show = move |app: &App| {
        app.store.read(|tx| office::show_standard(tx, &app.standards, &id, params.version.as_deref()))
    };
    Ok(Json(blocking(&app, show).await?))
}
