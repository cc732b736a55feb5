//! Technicians, devices and enrolment.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jobsheet_core::key::{DeviceKey, PublicKey};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{Device, Enrolling, Office};
use super::input::{JsonBody, PathId, blocking};
use super::problem::Problem;
use crate::app::Shared;
use crate::office::{self, Enrolled, EnrolmentCode};
use crate::store::{DeviceRow, StoreError, TechnicianRow};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTechnician {
    id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEnrolment {
    technician: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enrol {
    code: String,
    device_name: String,
    /// The device's public key in SEC 1 form, hexadecimal: by it the device is let in, and its seals are certified.
    public_key: PublicKey,
}

/// `GET /v1/technicians`.
pub(super) async fn technicians(
    _office: Office,
    State(app): State<Shared>,
) -> Result<Json<Vec<TechnicianRow>>, Problem> {
    Ok(Json(blocking(&app, |app| app.store.read(|tx| tx.technicians())).await?))
}

/// `POST /v1/technicians`.
pub(super) async fn add_technician(
    office: Office,
    State(app): State<Shared>,
    JsonBody(new): JsonBody<NewTechnician>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let id = new.id.clone();
    let work = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::add_technician(tx, &new.id, &new.name, &by))
    });
    work.await?;
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

/// `POST /v1/enrolments`.
pub(super) async fn issue_code(
    office: Office,
    State(app): State<Shared>,
    JsonBody(new): JsonBody<NewEnrolment>,
) -> Result<(StatusCode, Json<EnrolmentCode>), Problem> {
    let code = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::issue_code(tx, &new.technician, &by))
    });
    Ok((StatusCode::CREATED, Json(code.await?)))
}

/// `POST /v1/enrol`: the code is all the caller has.
pub(super) async fn enrol(
    _: Enrolling,
    State(app): State<Shared>,
    JsonBody(enrol): JsonBody<Enrol>,
) -> Result<(StatusCode, Json<Enrolled>), Problem> {
    let enrolled = blocking(&app, move |app| {
        let now = app.clock.now();
        app.store.write(|tx| office::enrol(tx, &enrol.code, &enrol.device_name, enrol.public_key, now))
    });
    Ok((StatusCode::CREATED, Json(enrolled.await?)))
}

/// `GET /v1/devices`.
pub(super) async fn devices(
    _office: Office,
    State(app): State<Shared>,
) -> Result<Json<Vec<DeviceRow>>, Problem> {
    Ok(Json(blocking(&app, |app| app.store.read(|tx| tx.devices())).await?))
}

/// `DELETE /v1/devices/{id}`: it is out at once, whatever token it holds.
pub(super) async fn revoke_device(
    office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    let work = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::revoke_device(tx, &id, &by))
    });
    work.await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suspension {
    suspended: bool,
}

/// `PUT /v1/devices/{id}/suspension`: it is out, or in again, at once.
pub(super) async fn suspend_device(
    office: Office,
    State(app): State<Shared>,
    PathId(id): PathId,
    JsonBody(told): JsonBody<Suspension>,
) -> Result<StatusCode, Problem> {
    let work = blocking(&app, move |app| {
        let by = office.by(app);
        app.store.write(|tx| office::suspend_device(tx, &id, told.suspended, &by))
    });
    work.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/organisation`: the key by which anybody verifies what this organisation's devices sealed.
pub(super) async fn organisation(_office: Office, State(app): State<Shared>) -> Result<Json<Value>, Problem> {
    let work = blocking(&app, |app| -> Result<Value, Problem> {
        let (tenant, key) = app.store.read(|tx| {
            let key = tx.organisation_key()?.public_key()?;
            Ok::<_, StoreError>((tx.tenant().to_owned(), key))
        })?;
        Ok(json!({"tenant": tenant, "key": key, "fingerprint": key.fingerprint()}))
    });
    Ok(Json(work.await?))
}

/// `GET /v1/me`: whose device this is.
pub(super) async fn me(Device(sender): Device, State(app): State<Shared>) -> Result<Json<Value>, Problem> {
    let work = blocking(&app, move |app| -> Result<Value, Problem> {
        let technician = app.store.read(|tx| tx.technician(&sender.technician))?;
        Ok(json!({"device": sender.device, "technician": technician, "server_time": app.clock.now()}))
    });
    Ok(Json(work.await?))
}
