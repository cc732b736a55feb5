//! Requests that show the server who this device is: a short access token, and another one for the device's signature when the
//! first is no longer good. The server's answer decides, and no clock of this device.

use jobsheet_core::key::{Assertion, KeySignature};
use reqwest::Method;
use reqwest::blocking::{RequestBuilder, Response};
use serde::{Deserialize, Serialize};

use super::client::{self, Client, Failed};
use super::error::SyncError;
use crate::store::{AccessToken, Enrolment, Store, lock};

/// Codes of a 401 that another token mends.
const RENEW: [&str; 3] = ["token-expired", "token-not-valid", "token-missing"];
/// The code of a 401 to a nonce that came too late, or that another process of this device had overtaken.
const STALE: &str = "nonce-not-valid";

#[derive(Serialize)]
struct NonceRequest<'a> {
    device: &'a str,
}

#[derive(Deserialize)]
struct NonceAnswer {
    nonce: String,
}

#[derive(Serialize)]
struct TokenRequest<'a> {
    device: &'a str,
    nonce: &'a str,
    signature: KeySignature,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: String,
    expires_in: u64,
}

/// A connection to the server on which this device is known.
pub(crate) struct Authorised<'s> {
    store: &'s Store,
    client: Client,
    enrolment: Enrolment,
}

impl Store {
    /// A connection to the server at which this device is enrolled. Nothing is sent yet.
    pub(crate) fn authorised(&self) -> Result<Authorised<'_>, SyncError> {
        let enrolment = self.enrolment()?.ok_or(SyncError::NotEnrolled)?;
        let client = Client::new(&self.inner.options.network, &enrolment.server)?;
        Ok(Authorised { store: self, client, enrolment })
    }
}

impl Authorised<'_> {
    /// Sends a request that is safe to repeat: it is tried again where that may help, and once more with a new token if the
    /// server asks for one. `finish` adds headers and body; it may be called again.
    pub(crate) fn send(
        &self,
        method: &Method,
        path: &str,
        finish: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, SyncError> {
        Ok(self.try_send(method, path, finish)?)
    }

    /// As [`Authorised::send`]; the error keeps what the server said.
    pub(crate) fn try_send(
        &self,
        method: &Method,
        path: &str,
        finish: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Failed> {
        self.send_with(|request| self.client.send(request), method, path, finish)
    }

    /// As [`Authorised::try_send`], for a request that is not sent again as it is: what came of it is asked first.
    pub(crate) fn try_once(
        &self,
        method: &Method,
        path: &str,
        finish: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Failed> {
        self.send_with(client::attempt, method, path, finish)
    }

    fn send_with(
        &self,
        send: impl Fn(&RequestBuilder) -> Result<Response, Failed>,
        method: &Method,
        path: &str,
        finish: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Failed> {
        let request = |token: &str| -> Result<_, SyncError> {
            Ok(finish(self.client.request(method, path)?.bearer_auth(token)))
        };
        let now = self.store.inner.options.clock.read().wall;
        // A token that can hardly be good any more is not tried: the body would be sent for nothing.
        let token = match self.store.access_token(now).map_err(SyncError::from)? {
            Some(token) => token,
            None => self.renew(None, None)?,
        };
        match send(&request(&token)?) {
            Err(failed) if failed.is_one_of(&RENEW) => {
                let token = self.renew(Some(&token), failed.nonce)?;
                send(&request(&token)?)
            }
            done => done,
        }
    }

    /// Gets another token than the one that was refused, for the signature of a nonce, and keeps it. One call at a time: what
    /// another one got meanwhile serves both.
    fn renew(&self, refused: Option<&str>, nonce: Option<String>) -> Result<String, SyncError> {
        let _turn = lock(&self.store.inner.renewing);
        let now = self.store.inner.options.clock.read().wall;
        if let Some(token) = self.store.access_token(now)?.filter(|token| Some(token.as_str()) != refused) {
            return Ok(token);
        }
        let nonce = if let Some(nonce) = nonce {
            nonce
        } else {
            let request = NonceRequest { device: &self.enrolment.device };
            self.client.post_json::<NonceAnswer>("v1/nonce", &request)?.nonce
        };
        let answer = match self.prove(&nonce) {
            Err(Failed { nonce: Some(nonce), code: Some(code), .. }) if code == STALE => {
                self.prove(&nonce)?
            }
            done => done?,
        };
        let now = self.store.inner.options.clock.read().wall;
        let token = AccessToken::new(answer.token, now, answer.expires_in);
        self.store.keep_access_token(&self.enrolment.device, &token)?;
        Ok(token.text)
    }

    fn prove(&self, nonce: &str) -> Result<TokenAnswer, Failed> {
        let Enrolment { device, organisation, .. } = &self.enrolment;
        let key = self.store.device_key().map_err(SyncError::from)?;
        // The person may be asked to unlock the key here. No lock of the store is held.
        let assertion = Assertion { organisation: *organisation, device, nonce };
        let signature = assertion.sign(&*key).map_err(SyncError::Key)?;
        self.client.post_json("v1/token", &TokenRequest { device, nonce, signature })
    }
}
