//! Work of revoked devices and what was refused, and what may still be on a device that is lost.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde_json::{Value, json};

use super::auth::Office;
use super::input::{PathId, PathIds, blocking};
use super::problem::Problem;
use crate::app::Shared;
use crate::office::{self, LateAdmitted, LateShown, Unsent};
use crate::store::LateRow;

/// `GET /v1/late`.
pub(super) async fn list(_office: Office, State(app): State<Shared>) -> Result<Json<Vec<LateRow>>, Problem> {
    Ok(Json(blocking(&app, |app| app.store.read(office::list_late)).await?))
}

/// `GET /v1/late/{device}/{visit}`: a salvage file.
pub(super) async fn export(
    _office: Office,
    State(app): State<Shared>,
    PathIds(device, visit): PathIds,
) -> Result<([(HeaderName, &'static str); 2], String), Problem> {
    let file =
        blocking(&app, move |app| app.store.read(|tx| office::export_late(tx, &device, &visit))).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"late.txt\""),
    ];
    Ok((headers, file))
}

/// `POST /v1/late/{device}/{visit}/admit`.
pub(super) async fn admit(
    office: Office,
    State(app): State<Shared>,
    PathIds(device, visit): PathIds,
) -> Result<Json<LateAdmitted>, Problem> {
    let work = blocking(&app, move |app| office::admit_late(&app.desk(), &device, &visit, &office.by(app)));
    Ok(Json(work.await?))
}

/// `GET /v1/late/{device}/{visit}/changes`.
pub(super) async fn changes(
    _office: Office,
    State(app): State<Shared>,
    PathIds(device, visit): PathIds,
) -> Result<Json<Vec<LateShown>>, Problem> {
    let work = blocking(&app, move |app| office::show_late(&app.desk(), &device, &visit, app.clock.now()));
    Ok(Json(work.await?))
}

/// `POST /v1/late/{device}/{visit}/repair`.
pub(super) async fn repair(
    office: Office,
    State(app): State<Shared>,
    PathIds(device, visit): PathIds,
) -> Result<Json<LateAdmitted>, Problem> {
    let work = blocking(&app, move |app| office::repair_late(&app.desk(), &device, &visit, &office.by(app)));
    Ok(Json(work.await?))
}

/// `DELETE /v1/late/{device}/{visit}`.
pub(super) async fn discard(
    office: Office,
    State(app): State<Shared>,
    PathIds(device, visit): PathIds,
) -> Result<Json<Value>, Problem> {
    let work = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::discard_late(tx, &device, &visit, &by))
    });
    Ok(Json(json!({"discarded": work.await?})))
}

/// `GET /v1/devices/{id}/unsent`.
pub(super) async fn unsent(
    _office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
) -> Result<Json<Unsent>, Problem> {
    Ok(Json(blocking(&app, move |app| app.store.read(|tx| office::unsent(tx, &app.standards, &id))).await?))
}
