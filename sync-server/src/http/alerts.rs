//! Calls for help.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::auth::Office;
use super::input::{Paging, Params, blocking};
use super::problem::Problem;
use crate::app::Shared;
use crate::office::{self, AlertPage};

#[derive(Deserialize)]
pub(super) struct ListParams {
    #[serde(default)]
    open: bool,
    page: Option<u32>,
    size: Option<u32>,
}

/// `GET /v1/alerts?open=&page=&size=`: those that nobody has answered first. They are answered with the command
/// `acknowledge-alert` on their document.
pub(super) async fn list(
    _office: Office,
    State(app): State<Shared>,
    Params(params): Params<ListParams>,
) -> Result<Json<AlertPage>, Problem> {
    let (page, size) = Paging::new(params.page, params.size).get();
    let work = move |app: &crate::app::App| {
        app.store.read(|tx| office::list_alerts(tx, &app.standards, params.open, page, size))
    };
    Ok(Json(blocking(&app, work).await?))
}
