//! Enrolment: a one-time code becomes this device's identity.

use jobsheet_core::key::{Certificate, PublicKey};
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::error::SyncError;
use crate::StoreError;
use crate::store::{Enrolment, Store};

#[derive(Serialize)]
struct Request<'a> {
    code: &'a str,
    device_name: &'a str,
    public_key: PublicKey,
}

#[derive(Deserialize)]
struct Answer {
    device: String,
    technician: String,
    certificate: Certificate,
    organisation: PublicKey,
}

impl Store {
    /// Enrols this device with a server by a one-time code from the office. `name` tells the office which device it is.
    ///
    /// # Errors
    /// [`SyncError::CodeRefused`] for a wrong, used or old code; [`SyncError::Unreachable`] and others of the network.
    pub fn enrol(&self, server: &str, code: &str, name: &str) -> Result<Enrolment, SyncError> {
        let server = server.trim_end_matches('/');
        let client = Client::new(&self.inner.options.network, server)?;
        let public_key = self.device_key()?.public_key().map_err(StoreError::from)?;
        let request = serde_json::to_vec(&Request { code: code.trim(), device_name: name, public_key })
            .map_err(|error| SyncError::Protocol(error.to_string()))?;
        let answer = client.enrol(request)?;
        let answer: Answer = serde_json::from_slice(&answer).map_err(|error| {
            SyncError::Protocol(format!("the answer to the enrolment can not be read: {error}"))
        })?;
        let enrolment = Enrolment {
            server: server.to_owned(),
            device: answer.device,
            technician: answer.technician,
            organisation: answer.organisation,
        };
        // Whatever does not vouch for this key and person vouches for nothing.
        let fits = |certificate: &Certificate| {
            certificate.is_valid()
                && certificate.says.key == public_key
                && certificate.says.person == enrolment.technician
                && certificate.issuer == enrolment.organisation
        };
        let certificate = Some(answer.certificate).filter(fits);
        self.adopt_vouched(&enrolment, certificate.as_ref())?;
        Ok(enrolment)
    }
}
