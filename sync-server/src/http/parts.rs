//! Vans, old parts, parts asked for, and tariffs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use jobsheet_core::record::{Command, Condition};
use jobsheet_core::tariff::Tariff;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::auth::Office;
use super::input::{Body, JsonBody, Params, PathId, blocking};
use super::problem::Problem;
use crate::app::{App, Shared};
use crate::intake::{self, Summary};
use crate::office::{self, FollowOn, FollowOnOpened, OfficeError, Van};
use crate::store::{EntryKind, PartsFilter, RequestedPartRow, ReturnRow};

/// Largest CSV file of parts or prices, in bytes.
const MAX_CSV_BYTES: usize = 8 << 20;

#[derive(Deserialize)]
pub(super) struct ListParams {
    #[serde(default)]
    technician: String,
    #[serde(default)]
    all: bool,
}

#[derive(Deserialize)]
pub(super) struct TariffParams {
    valid_from: Date,
    currency: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    #[serde(default)]
    serial: Option<String>,
    #[serde(default)]
    condition: Option<Condition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arrival {
    #[serde(default)]
    note: Option<String>,
}

/// `GET /v1/stock`: all vans.
pub(super) async fn vans(_office: Office, State(app): State<Shared>) -> Result<Json<Vec<Van>>, Problem> {
    Ok(Json(blocking(&app, |app| app.store.read(office::vans)).await?))
}

/// `GET /v1/technicians/{id}/stock`.
pub(super) async fn van(
    _office: Office,
    State(app): State<Shared>,
    Path(technician): Path<String>,
) -> Result<Json<Van>, Problem> {
    Ok(Json(blocking(&app, move |app| app.store.read(|tx| office::van(tx, &technician))).await?))
}

/// `POST /v1/technicians/{id}/stock/counts`: a CSV file.
pub(super) async fn count(
    office: Office,
    State(app): State<Shared>,
    Path(technician): Path<String>,
    Body(file): Body<MAX_CSV_BYTES>,
) -> Result<Json<Summary>, Problem> {
    brought(office, app, technician, file, EntryKind::Count).await
}

/// `POST /v1/technicians/{id}/stock/receipts`: a CSV file.
pub(super) async fn receive(
    office: Office,
    State(app): State<Shared>,
    Path(technician): Path<String>,
    Body(file): Body<MAX_CSV_BYTES>,
) -> Result<Json<Summary>, Problem> {
    brought(office, app, technician, file, EntryKind::Receipt).await
}

async fn brought(
    office: Office,
    app: Shared,
    technician: String,
    file: Vec<u8>,
    kind: EntryKind,
) -> Result<Json<Summary>, Problem> {
    let summary = blocking(&app, move |app| -> Result<Summary, Problem> {
        let rows = intake::stock::read(&file, kind)?;
        let by = office.by(app);
        Ok(app.store.write(|tx| office::stock(tx, &technician, kind, rows, &by))?)
    });
    Ok(Json(summary.await?))
}

/// `GET /v1/returns?technician=&all=`: old parts that the store does not have yet.
pub(super) async fn returns(
    _office: Office,
    State(app): State<Shared>,
    Params(ListParams { technician, all }): Params<ListParams>,
) -> Result<Json<Vec<ReturnRow>>, Problem> {
    let filter = PartsFilter { technician, all };
    Ok(Json(blocking(&app, move |app| app.store.read(|tx| tx.old_parts(&filter))).await?))
}

/// `POST /v1/returns/{visit}/{part}/receipt`: the store has an old part.
pub(super) async fn returned(
    office: Office,
    State(app): State<Shared>,
    Path(ids): Path<(String, String)>,
    JsonBody(Receipt { serial, condition }): JsonBody<Receipt>,
) -> Result<Json<Value>, Problem> {
    let (visit, part) = uuids(&ids)?;
    told(office, app, visit, Command::ReceivePart { part, serial, condition }).await
}

/// `GET /v1/part-requests?technician=&all=`: parts that are needed on site and not there yet.
pub(super) async fn requests(
    _office: Office,
    State(app): State<Shared>,
    Params(ListParams { technician, all }): Params<ListParams>,
) -> Result<Json<Vec<RequestedPartRow>>, Problem> {
    let filter = PartsFilter { technician, all };
    Ok(Json(blocking(&app, move |app| app.store.read(|tx| tx.part_requests(&filter))).await?))
}

/// `POST /v1/part-requests/{visit}/{request}/arrival`: the part is here.
pub(super) async fn arrived(
    office: Office,
    State(app): State<Shared>,
    Path(ids): Path<(String, String)>,
    JsonBody(Arrival { note }): JsonBody<Arrival>,
) -> Result<Json<Value>, Problem> {
    let (visit, request) = uuids(&ids)?;
    told(office, app, visit, Command::PartArrived { request, note }).await
}

/// The two ids of a path: the visit, and the entry in it.
fn uuids((visit, entry): &(String, String)) -> Result<(Uuid, Uuid), Problem> {
    let wrong = |_| Problem::new(400, "id-not-valid", "an id in the path is not a UUID");
    Ok((visit.parse().map_err(wrong)?, entry.parse().map_err(wrong)?))
}

async fn told(office: Office, app: Shared, visit: Uuid, command: Command) -> Result<Json<Value>, Problem> {
    let work = blocking(&app, move |app: &App| -> Result<Value, OfficeError> {
        let by = office.by(app);
        app.store.write(|tx| office::command(tx, &app.standards, &visit, &command, &by))?;
        Ok(json!({ "visit": visit, "command": command.name() }))
    });
    Ok(Json(work.await?))
}

/// `POST /v1/visits/{id}/follow-on`: a further visit for what this one has left open.
pub(super) async fn follow_on(
    office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
    JsonBody(new): JsonBody<FollowOn>,
) -> Result<(StatusCode, Json<FollowOnOpened>), Problem> {
    let opened = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::follow_on(tx, &app.standards, &id, new, &by))
    });
    Ok((StatusCode::CREATED, Json(opened.await?)))
}

/// `GET /v1/tariffs`.
pub(super) async fn tariffs(
    _office: Office,
    State(app): State<Shared>,
) -> Result<Json<Vec<Tariff>>, Problem> {
    Ok(Json(blocking(&app, |app| app.store.read(|tx| tx.tariffs())).await?))
}

/// `POST /v1/tariffs/{id}?valid_from=&currency=`: a CSV file.
pub(super) async fn set_tariff(
    office: Office,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Params(TariffParams { valid_from, currency }): Params<TariffParams>,
    Body(file): Body<MAX_CSV_BYTES>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let set = blocking(&app, move |app| -> Result<Value, Problem> {
        let rows = intake::tariff::read(&file, &id, valid_from, &currency)?;
        let by = office.by(app);
        let set = app.store.write(|tx| office::set_tariff(tx, rows, &by))?;
        Ok(json!(set))
    });
    Ok((StatusCode::CREATED, Json(set.await?)))
}
