//! Whether the server lives, and whether it can work.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::input::blocking;
use super::problem::Problem;
use crate::app::Shared;

/// The process answers.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({"status": "alive"}))
}

/// The store can be written.
pub(super) async fn ready(State(app): State<Shared>) -> Result<Json<Value>, Problem> {
    blocking(&app, |app| app.store.check_writable()).await?;
    Ok(Json(json!({"status": "ready"})))
}
