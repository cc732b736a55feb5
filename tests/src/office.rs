//! The back office: a plain REST client.

use std::sync::Once;
use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::Client;
use serde_json::Value;

use crate::Outcome;

/// An HTTP client for tests.
///
/// # Errors
/// If it can not be built.
pub fn client() -> Outcome<Client> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder().timeout(Duration::from_secs(30)).build().map_err(|error| format!("client: {error}"))
}

/// Somebody at the office with a token.
#[derive(Debug, Clone)]
pub struct Office {
    client: Client,
    /// Address of the server.
    pub address: String,
    /// Office token.
    pub token: String,
}

/// An answer of the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Media type.
    pub media_type: String,
    /// The body, if it is JSON.
    pub json: Value,
    /// The body as text.
    pub text: String,
}

impl Office {
    /// An office at an address.
    ///
    /// # Errors
    /// If the client can not be built.
    pub fn at(address: &str, token: &str) -> Outcome<Self> {
        Ok(Self { client: client()?, address: address.to_owned(), token: token.to_owned() })
    }

    /// Sends a request and gives the answer, whatever its status.
    ///
    /// # Errors
    /// If the server can not be reached.
    pub fn ask(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Outcome<Answer> {
        let url = format!("{}{path}", self.address);
        let mut request = self.client.request(method, &url).bearer_auth(&self.token);
        if let Some((media_type, bytes)) = body {
            request = request.header("content-type", media_type).body(bytes);
        }
        let response = request.send().map_err(|error| format!("{path}: {error}"))?;
        let status = response.status().as_u16();
        let media_type = response
            .headers()
            .get("content-type")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let text = response.text().map_err(|error| format!("{path}: {error}"))?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, media_type, json, text })
    }

    fn expect(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Outcome<Answer> {
        let what = format!("{method} {path}");
        let answer = self.ask(method, path, body)?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(format!("{what}: {} {}", answer.status, answer.text))
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// If the status is not a success.
    pub fn get(&self, path: &str) -> Outcome<Value> {
        Ok(self.expect(Method::GET, path, None)?.json)
    }

    /// Reads text.
    ///
    /// # Errors
    /// If the status is not a success.
    pub fn text(&self, path: &str) -> Outcome<String> {
        Ok(self.expect(Method::GET, path, None)?.text)
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// If the status is not a success.
    pub fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let bytes = body.to_string().into_bytes();
        Ok(self.expect(Method::POST, path, Some(("application/json", bytes)))?.json)
    }

    /// Posts a CSV file for import.
    ///
    /// # Errors
    /// If the status is not a success.
    pub fn import(&self, csv: Vec<u8>) -> Outcome<Value> {
        Ok(self.expect(Method::POST, "/v1/imports?mapping=boston-311", Some(("text/csv", csv)))?.json)
    }

    /// Adds a technician.
    ///
    /// # Errors
    /// If the status is not a success.
    pub fn technician(&self, id: &str, name: &str) -> Outcome<()> {
        self.post("/v1/technicians", &serde_json::json!({ "id": id, "name": name })).map(drop)
    }

    /// A one-time enrolment code for a technician.
    ///
    /// # Errors
    /// If the status is not a success.
    pub fn code(&self, technician: &str) -> Outcome<String> {
        let answer = self.post("/v1/enrolments", &serde_json::json!({ "technician": technician }))?;
        answer["code"].as_str().map(ToOwned::to_owned).ok_or_else(|| format!("no code in {answer}"))
    }

    /// Carries out an office command on a visit.
    ///
    /// # Errors
    /// If the status is not a success.
    pub fn command(&self, visit: &str, command: &Value) -> Outcome<Value> {
        self.post(&format!("/v1/visits/{visit}/commands"), command)
    }
}
