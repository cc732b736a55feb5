//! Visits, cases and shifts as the office reads and changes them.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::Html;
use jobsheet_core::Lang;
use jobsheet_core::record::Command;
use jobsheet_core::report::Audience;
use jobsheet_core::standard::{Kind, Side};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::auth::Office;
use super::input::{JsonBody, Paging, Params, PathId, blocking, without_values};
use super::problem::Problem;
use crate::app::{App, Shared};
use crate::office::{self, Assign, ConflictPage, HistoryEntry, OfficeError, Viewer};
use crate::store::{VisitFilter, VisitPage};

#[derive(Deserialize)]
pub(super) struct ListParams {
    #[serde(default)]
    state: String,
    #[serde(default)]
    technician: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    job: String,
    #[serde(default)]
    owed: String,
    #[serde(default)]
    incident: String,
    /// `missing`: only where the server lacks a file that is named; `complete`: only the others.
    #[serde(default)]
    files: String,
    page: Option<u32>,
    size: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct ShowParams {
    lang: Option<String>,
    side: Option<Side>,
    role: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ChangesParams {
    field: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PageParams {
    page: Option<u32>,
    size: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct ReportParams {
    lang: Option<String>,
    audience: Option<String>,
}

fn parse<T: FromStr<Err = String>>(text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|reason: String| Problem::new(400, "query-not-valid", reason)))
        .transpose()
}

/// `GET /v1/visits?state=&technician=&query=&kind=&job=&owed=&incident=&files=&page=&size=`.
pub(super) async fn list(
    _office: Office,
    State(app): State<Shared>,
    Params(params): Params<ListParams>,
) -> Result<Json<VisitPage>, Problem> {
    let (page, size) = Paging::new(params.page, params.size).get();
    let ListParams { state, technician, query, kind, job, owed, incident, files, .. } = params;
    if !kind.is_empty() && Kind::of(&kind).is_none() {
        let kinds = Kind::ALL.map(Kind::id).join(", ");
        return Err(Problem::new(400, "query-not-valid", format!("`kind` must be one of {kinds}")));
    }
    if !["", "missing", "complete"].contains(&files.as_str()) {
        return Err(Problem::new(400, "query-not-valid", "`files` must be `missing` or `complete`"));
    }
    let filter = VisitFilter { state, technician, query, kind, job, owed, incident, files };
    Ok(Json(blocking(&app, move |app| app.store.read(|tx| tx.visits(&filter, page, size))).await?))
}

fn view(app: &App, id: &Uuid, viewer: &Viewer) -> Result<Value, OfficeError> {
    app.store.read(|tx| office::visit_view(tx, &app.standards, id, viewer, app.clock.now()))
}

/// `GET /v1/visits/{id}?lang=&side=&role=`.
pub(super) async fn show(
    _office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
    Params(params): Params<ShowParams>,
) -> Result<Json<Value>, Problem> {
    let lang: Option<Lang> = parse(params.lang.as_deref())?;
    let viewer = Viewer { side: params.side.unwrap_or(Side::Office), role: params.role, lang };
    Ok(Json(blocking(&app, move |app| view(app, &id, &viewer)).await?))
}

/// `GET /v1/visits/{id}/report?lang=&audience=`.
pub(super) async fn report(
    _office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
    Params(params): Params<ReportParams>,
) -> Result<([(HeaderName, &'static str); 1], Html<String>), Problem> {
    let lang = parse(params.lang.as_deref())?.unwrap_or_default();
    let audience = parse(params.audience.as_deref())?.unwrap_or(Audience::Office);
    let html = blocking(&app, move |app| {
        app.store.read(|tx| office::report(tx, &app.standards, &id, lang, audience, app.clock.now()))
    });
    // What people wrote stands in the page: it must not be able to load or run anything.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(html.await?)))
}

/// `GET /v1/visits/{id}/charge?lang=`: what it costs and whom.
pub(super) async fn charge(
    _office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
    Params(params): Params<ShowParams>,
) -> Result<Json<Value>, Problem> {
    let lang: Option<Lang> = parse(params.lang.as_deref())?;
    let charge = move |app: &App| app.store.read(|tx| office::charge(tx, &app.standards, &id, lang));
    Ok(Json(blocking(&app, charge).await?))
}

/// `GET /v1/visits/{id}/changes?field=`.
pub(super) async fn changes(
    _office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
    Params(params): Params<ChangesParams>,
) -> Result<Json<Vec<HistoryEntry>>, Problem> {
    let work = move |app: &App| {
        app.store.read(|tx| office::history(tx, &app.standards, &id, params.field.as_deref()))
    };
    Ok(Json(blocking(&app, work).await?))
}

/// `GET /v1/conflicts?page=&size=`.
pub(super) async fn conflicts(
    _office: Office,
    State(app): State<Shared>,
    Params(params): Params<PageParams>,
) -> Result<Json<ConflictPage>, Problem> {
    let (page, size) = Paging::new(params.page, params.size).get();
    let work = move |app: &App| app.store.read(|tx| office::conflicts(tx, &app.standards, page, size));
    Ok(Json(blocking(&app, work).await?))
}

/// `POST /v1/visits/{id}/commands`: answers with the visit as it is then.
pub(super) async fn command(
    office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
    JsonBody(body): JsonBody<Value>,
) -> Result<Json<Value>, Problem> {
    let command =
        Command::read(body).map_err(|error| Problem::new(400, "body-not-valid", without_values(&error)))?;
    let work = move |app: &App| {
        let by = office.by(app);
        app.store.write(|tx| office::command(tx, &app.standards, &id, &command, &by))?;
        view(app, &id, &Viewer::default())
    };
    Ok(Json(blocking(&app, work).await?))
}

/// `PUT /v1/visits/{id}/assignment`: answers with the visit as it is then.
pub(super) async fn assign(
    office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
    JsonBody(assign): JsonBody<Assign>,
) -> Result<Json<Value>, Problem> {
    let work = move |app: &App| {
        let by = office.by(app);
        app.store.write(|tx| office::assign(tx, &app.standards, &id, assign, &by))?;
        view(app, &id, &Viewer::default())
    };
    Ok(Json(blocking(&app, work).await?))
}
