//! Hand-overs of visits between technicians.

use axum::Json;
use axum::extract::{Path, State};

use super::auth::Office;
use super::input::blocking;
use super::problem::Problem;
use crate::app::Shared;
use crate::office;
use crate::store::HandOverRow;

/// `GET /v1/hand-overs`: the latest first.
pub(super) async fn list(
    _office: Office,
    State(app): State<Shared>,
) -> Result<Json<Vec<HandOverRow>>, Problem> {
    Ok(Json(blocking(&app, |app| app.store.read(|tx| tx.hand_overs(None))).await?))
}

/// `POST /v1/hand-overs/{id}/admit`.
pub(super) async fn admit(
    office: Office,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<HandOverRow>, Problem> {
    decide(office, app, id, true).await
}

/// `DELETE /v1/hand-overs/{id}`.
pub(super) async fn refuse(
    office: Office,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<HandOverRow>, Problem> {
    decide(office, app, id, false).await
}

async fn decide(office: Office, app: Shared, id: String, taken: bool) -> Result<Json<HandOverRow>, Problem> {
    let work = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::decide_hand_over(tx, &id, taken, &by))
    });
    Ok(Json(work.await?))
}
