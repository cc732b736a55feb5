//! The server's face to the network. Handlers parse, call and render; what is decided is decided elsewhere.

mod alerts;
mod auth;
mod files;
mod guard;
mod hand_overs;
mod input;
mod late;
mod listen;
mod metrics;
mod open;
mod parts;
mod people;
mod pokes;
mod probes;
mod problem;
mod requests;
mod room;
mod standards;
mod sync;
mod tls;
mod token;
mod uploads;
mod visits;

use axum::Router;
use axum::extract::State;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post, put};

pub(crate) use guard::Limits;
pub(crate) use listen::{ServeError, Waits, serve, stopped};
pub(crate) use room::Room;
pub(crate) use tls::{Tls, TlsError};

use crate::app::Shared;
use problem::Problem;

/// All routes over an app.
pub(crate) fn router(app: Shared, limits: Limits) -> Router {
    let metrics = metrics::install();
    let v1 = Router::new()
        .route("/v1/imports", post(requests::import))
        .route("/v1/requests", get(requests::list))
        .route("/v1/requests/{number}/dispatch", post(requests::dispatch))
        .route("/v1/requests/{number}/register", post(requests::register))
        .route("/v1/shifts", post(open::shift))
        .route("/v1/cases", post(open::case))
        .route("/v1/standards", get(standards::list).post(standards::publish))
        .route("/v1/standards/{id}", get(standards::show))
        .route("/v1/alerts", get(alerts::list))
        .route("/v1/visits", get(visits::list))
        .route("/v1/visits/{id}", get(visits::show))
        .route("/v1/visits/{id}/report", get(visits::report))
        .route("/v1/visits/{id}/changes", get(visits::changes))
        .route("/v1/conflicts", get(visits::conflicts))
        .route("/v1/visits/{id}/commands", post(visits::command))
        .route("/v1/visits/{id}/assignment", put(visits::assign))
        .route("/v1/technicians", get(people::technicians).post(people::add_technician))
        .route("/v1/technicians/{id}/stock", get(parts::van))
        .route("/v1/technicians/{id}/stock/counts", post(parts::count))
        .route("/v1/technicians/{id}/stock/receipts", post(parts::receive))
        .route("/v1/stock", get(parts::vans))
        .route("/v1/returns", get(parts::returns))
        .route("/v1/returns/{visit}/{part}/receipt", post(parts::returned))
        .route("/v1/part-requests", get(parts::requests))
        .route("/v1/part-requests/{visit}/{request}/arrival", post(parts::arrived))
        .route("/v1/visits/{id}/follow-on", post(parts::follow_on))
        .route("/v1/visits/{id}/charge", get(visits::charge))
        .route("/v1/tariffs", get(parts::tariffs))
        .route("/v1/tariffs/{id}", post(parts::set_tariff))
        .route("/v1/enrolments", post(people::issue_code))
        .route("/v1/enrol", post(people::enrol))
        .route("/v1/nonce", post(token::nonce))
        .route("/v1/token", post(token::token))
        .route("/v1/organisation", get(people::organisation))
        .route("/v1/devices", get(people::devices))
        .route("/v1/devices/{id}", delete(people::revoke_device))
        .route("/v1/devices/{id}/suspension", put(people::suspend_device))
        .route("/v1/devices/{id}/unsent", get(late::unsent))
        .route("/v1/late", get(late::list))
        .route("/v1/late/{device}/{visit}", get(late::export).delete(late::discard))
        .route("/v1/late/{device}/{visit}/admit", post(late::admit))
        .route("/v1/late/{device}/{visit}/changes", get(late::changes))
        .route("/v1/late/{device}/{visit}/repair", post(late::repair))
        .route("/v1/hand-overs", get(hand_overs::list))
        .route("/v1/hand-overs/{id}", delete(hand_overs::refuse))
        .route("/v1/hand-overs/{id}/admit", post(hand_overs::admit))
        .route("/v1/me", get(people::me))
        .route("/v1/sync", post(sync::sync))
        .route("/v1/pokes", get(pokes::listen))
        .route("/v1/files/{sha256}", get(files::show))
        .layer(from_fn_with_state(limits, guard::guard));
    Router::new()
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(move |State(app): State<Shared>| async move { metrics.render(&app) }))
        .merge(v1)
        .merge(uploads::routes())
        .fallback(|| async { Problem::new(404, "no-such-path", "there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(405, "method-not-allowed", "this path does not take this method")
        })
        .layer(from_fn(metrics::observe))
        .with_state(app)
}
