//! Imports and requests.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Office;
use super::input::{Body, JsonBody, Paging, Params, blocking};
use super::problem::Problem;
use crate::app::Shared;
use crate::intake::{self, IntakeError, Mapping, Summary};
use crate::office::{self, Dispatch, Register};
use crate::store::RequestPage;

/// Largest CSV file, in bytes.
const MAX_CSV_BYTES: usize = 64 << 20;

#[derive(Deserialize)]
pub(super) struct ImportParams {
    mapping: String,
}

#[derive(Deserialize)]
pub(super) struct ListParams {
    #[serde(default)]
    query: String,
    page: Option<u32>,
    size: Option<u32>,
}

/// `POST /v1/imports?mapping=NAME`: a CSV file.
pub(super) async fn import(
    office: Office,
    State(app): State<Shared>,
    Params(params): Params<ImportParams>,
    Body(file): Body<MAX_CSV_BYTES>,
) -> Result<Json<Summary>, Problem> {
    let summary = blocking(&app, move |app| -> Result<Summary, Problem> {
        let mapping = Mapping::builtin(&params.mapping).map_err(IntakeError::from)?;
        let rows = intake::read(&file, &mapping)?;
        let by = office.by(app);
        Ok(app.store.write(|tx| intake::store(tx, rows, &by))?)
    });
    Ok(Json(summary.await?))
}

/// `GET /v1/requests?query=&page=&size=`.
pub(super) async fn list(
    _office: Office,
    State(app): State<Shared>,
    Params(params): Params<ListParams>,
) -> Result<Json<RequestPage>, Problem> {
    let (page, size) = Paging::new(params.page, params.size).get();
    Ok(Json(blocking(&app, move |app| app.store.read(|tx| tx.requests(&params.query, page, size))).await?))
}

/// `POST /v1/requests/{number}/dispatch`.
pub(super) async fn dispatch(
    office: Office,
    State(app): State<Shared>,
    Path(number): Path<String>,
    JsonBody(dispatch): JsonBody<Dispatch>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let visit = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::dispatch(tx, &app.standards, &number, dispatch, &by))
    });
    Ok((StatusCode::CREATED, Json(json!({"visit": visit.await?}))))
}

/// `POST /v1/requests/{number}/register`: a visit to which nobody is sent yet.
pub(super) async fn register(
    office: Office,
    State(app): State<Shared>,
    Path(number): Path<String>,
    JsonBody(register): JsonBody<Register>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let visit = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::register(tx, &app.standards, &number, register, &by))
    });
    Ok((StatusCode::CREATED, Json(json!({"visit": visit.await?}))))
}
