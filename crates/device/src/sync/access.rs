//! Requests that show the server who this device is: a short access token, and another one for the device's signature when the
//! first is no longer good. The server's answer decides, and no clock of this device.

use std::sync::Arc;

use jobsheet_core::key::{Assertion, KeySignature};
use reqwest::blocking::{RequestBuilder, Response};
use reqwest::{Method, Url};
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
    client: Arc<Client>,
    enrolment: Enrolment,
}

impl Store {
    /// A connection to the server at which this device is enrolled. Nothing is sent yet.
    pub(crate) fn authorised(&self) -> Result<Authorised<'_>, SyncError> {
        let enrolment = self.enrolment()?.ok_or(SyncError::NotEnrolled)?;
        let client = self.client(&enrolment.server)?;
        Ok(Authorised { store: self, client, enrolment })
    }
}

impl Store {
    /// The connection to a server, the one before if it is the same.
    fn client(&self, server: &str) -> Result<Arc<Client>, SyncError> {
        let mut kept = lock(&self.inner.client);
        if let Some(client) = kept.as_ref().filter(|client| client.leads_to(server)) {
            return Ok(client.clone());
        }
        let client = Arc::new(Client::new(&self.inner.options.network, server)?);
        *kept = Some(client.clone());
        Ok(client)
    }
}

impl Authorised<'_> {
    /// Opens a stream of the server's; once more with a new token if it asks for one. None: `open` gave up.
    pub(crate) fn stream(
        &self,
        path: &str,
        mut open: impl FnMut(Url, &str) -> Option<Result<reqwest::Response, Failed>>,
    ) -> Option<Result<reqwest::Response, Failed>> {
        let url = match self.client.url(path) {
            Ok(url) => url,
            Err(error) => return Some(Err(error.into())),
        };
        let token = match self.token() {
            Ok(token) => token,
            Err(error) => return Some(Err(error.into())),
        };
        match open(url.clone(), &token)? {
            Err(failed) if failed.is_one_of(&RENEW) => match self.renew(Some(&token), failed.nonce) {
                Ok(token) => open(url, &token),
                Err(error) => Some(Err(error.into())),
            },
            done => Some(done),
        }
    }

    /// A token that may be good. One that can hardly be good any more is not tried: the body would be sent for nothing.
    fn token(&self) -> Result<String, SyncError> {
        let now = self.store.inner.options.clock.read().wall;
        match self.store.access_token(now)? {
            Some(token) => Ok(token),
            None => self.renew(None, None),
        }
    }

    /// Sends a request that is safe to repeat: it is tried again where that may help, and once more with a new token if the
    /// server asks for one. `finish` adds headers and body; it may be called again.
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
        let token = self.token()?;
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
