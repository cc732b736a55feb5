//! A device as the protocol sees it: documents, an actor for each, a cursor and a token.

use std::collections::BTreeMap;
use std::sync::Arc;

use jobsheet_core::key::{
    Assertion, Certificate, CertificateFacts, DeviceKey, HandOver, KeySignature, PublicKey, SecretKey,
    SignedHandOver,
};
use jobsheet_core::record::{Actor, Applied, Command, Context, Document};
use jobsheet_core::standard::{Side, Standard, builtin};
use jobsheet_core::{Moment, Stamp};
use jobsheet_wire::{
    Delivery, DocumentPush, Exchange, Framed, HandOverBytes, MEDIA_TYPE, Reply, Verdict, decode_reply,
    encode_exchange,
};
use reqwest::blocking::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use super::http;

pub struct Device {
    pub url: String,
    pub id: Uuid,
    pub technician: String,
    pub token: String,
    pub key: SecretKey,
    pub organisation: PublicKey,
    pub visits: BTreeMap<Uuid, Document>,
    pub cursor: Vec<u8>,
    pub packs: Vec<jobsheet_wire::BytesHash>,
    pub standards: BTreeMap<String, Arc<Standard>>,
    pub actor: [u8; 16],
    count: u128,
}

/// The text of a pack that comes with the server.
pub fn pack(id: &str) -> String {
    builtin(id).unwrap().unwrap().source().to_owned()
}

/// The verdicts as short texts: `accepted`, `duplicate`, `pending` or the code of the refusal.
pub fn codes(reply: &Reply) -> Vec<String> {
    let code = |verdict: &Verdict| match verdict {
        Verdict::Accepted(_) => "accepted".to_owned(),
        Verdict::Duplicate(_) => "duplicate".to_owned(),
        Verdict::Pending(_) => "pending".to_owned(),
        Verdict::Refused { code, .. } => code.clone(),
    };
    reply.verdicts.iter().map(|told| code(&told.verdict)).collect()
}

impl Device {
    pub fn new(url: &str, answer: &Value, key: SecretKey) -> Self {
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        let id: Uuid = text("device").parse().unwrap();
        let mut device = Self {
            url: url.to_owned(),
            id,
            technician: text("technician"),
            token: String::new(),
            key,
            organisation: text("organisation").parse().unwrap(),
            visits: BTreeMap::new(),
            cursor: Vec::new(),
            packs: Vec::new(),
            standards: BTreeMap::new(),
            actor: *id.as_bytes(),
            count: 0,
        };
        let nonce = device.nonce();
        device.renew(&nonce);
        device
    }

    /// Gets an access token.
    pub fn renew(&mut self, nonce: &str) {
        super::ok(self.prove(nonce))["token"].as_str().unwrap().clone_into(&mut self.token);
    }

    /// A nonce for this device.
    pub fn nonce(&self) -> String {
        let asked = http().post(format!("{}/v1/nonce", self.url)).json(&json!({"device": self.id}));
        super::ok(asked.send().unwrap())["nonce"].as_str().unwrap().to_owned()
    }

    /// Asks for a token with this device's signature of a nonce.
    pub fn prove(&self, nonce: &str) -> Response {
        let device = self.id.to_string();
        let assertion = Assertion { organisation: self.organisation, device: &device, nonce };
        self.show(nonce, &assertion.sign(&self.key).unwrap())
    }

    /// Asks for a token with any signature.
    pub fn show(&self, nonce: &str, signature: &KeySignature) -> Response {
        let proof = json!({"device": self.id, "nonce": nonce, "signature": signature});
        http().post(format!("{}/v1/token", self.url)).json(&proof).send().unwrap()
    }

    /// Carries a command out on the device.
    #[allow(clippy::needless_pass_by_value)] // reads better where commands are made on the spot
    pub fn work(&mut self, visit: &Uuid, command: Command) -> Framed {
        let technician = self.technician.clone();
        self.work_as(visit, &command, &technician)
    }

    pub fn work_as(&mut self, visit: &Uuid, command: &Command, person: &str) -> Framed {
        self.count += 1;
        let now: Moment = "2026-03-02T10:30:00Z".parse().unwrap();
        let context = Context {
            actor: Actor { person: person.to_owned(), side: Side::Field, roles: Vec::new() },
            stamp: Stamp::wall(now),
            entry_id: Uuid::from_u128(self.id.as_u128() ^ self.count),
        };
        let document = self.visits.get_mut(visit).unwrap();
        document.set_actor(&self.actor);
        let standard = &self.standards[&document.record().standard.sha256];
        let name = command.name();
        let Applied { hash, bytes, .. } = match document.apply(standard, command, &context) {
            Ok(applied) => applied,
            Err(error) => panic!("{name} was refused: {error}"),
        };
        Framed { hash, bytes }
    }

    /// What this device signs to hand a visit over; the server knows whose key it is without a certificate.
    pub fn hands_over(&self, visit: &Uuid, to: &str, changes: &[&Framed], at: &str) -> HandOver {
        let says = CertificateFacts {
            tenant: "default".to_owned(),
            device: self.id.to_string(),
            person: self.technician.clone(),
            key: self.key.public_key().unwrap(),
            issued_at: at.parse().unwrap(),
        };
        let mut certificate = Certificate::issue(says, &self.key).unwrap();
        certificate.issuer = self.organisation;
        HandOver {
            changes: changes.iter().map(|change| jobsheet_core::hex(&change.hash)).collect(),
            ..HandOver::new(&certificate, *visit, to, at.parse().unwrap())
        }
    }

    /// Signs it.
    pub fn signs(&self, says: HandOver) -> SignedHandOver {
        let facts = CertificateFacts {
            tenant: "default".to_owned(),
            device: self.id.to_string(),
            person: self.technician.clone(),
            key: self.key.public_key().unwrap(),
            issued_at: says.at,
        };
        says.sign(Certificate::issue(facts, &self.key).unwrap(), &self.key).unwrap()
    }

    pub fn message(&self, pushes: &[(Uuid, Vec<Framed>)]) -> Exchange {
        let push = |(document, changes): &(Uuid, Vec<Framed>)| DocumentPush {
            document: document.into_bytes(),
            changes: changes.clone(),
        };
        Exchange {
            cursor: self.cursor.clone(),
            push: pushes.iter().map(push).collect(),
            packs: self.packs.clone(),
            sent_at_ms: 0,
            stock: None,
            tariffs: None,
            held: None,
            unapplied: Vec::new(),
            hand_overs: Vec::new(),
        }
    }

    pub fn send(&self, body: Vec<u8>) -> Response {
        http()
            .post(format!("{}/v1/sync", self.url))
            .bearer_auth(&self.token)
            .header("content-type", MEDIA_TYPE)
            .body(body)
            .send()
            .unwrap()
    }

    /// One exchange; what it brings is taken in.
    pub fn sync(&mut self, pushes: &[(Uuid, Vec<Framed>)]) -> Reply {
        self.sync_handed(pushes, &[])
    }

    /// As [`Device::sync`], with hand-overs.
    pub fn sync_handed(&mut self, pushes: &[(Uuid, Vec<Framed>)], signed: &[SignedHandOver]) -> Reply {
        let hand_overs = signed.iter().map(|one| HandOverBytes(one.bytes())).collect();
        let asked = Exchange { hand_overs, ..self.message(pushes) };
        let response = self.send(encode_exchange(&asked).unwrap());
        let status = response.status();
        let body = response.bytes().unwrap();
        assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
        let reply = decode_reply(&body, &asked).unwrap();
        self.take_in(&reply);
        reply
    }

    fn take_in(&mut self, reply: &Reply) {
        for pack in &reply.packs {
            let standard = Standard::load(&pack.source).unwrap();
            let sha256 = jobsheet_core::hex(&pack.sha256);
            assert_eq!(standard.sha256(), sha256);
            self.standards.insert(sha256, Arc::new(standard));
            self.packs.push(jobsheet_wire::BytesHash(pack.sha256));
        }
        for delivery in &reply.deliveries {
            match delivery {
                Delivery::New(new) => {
                    let visit = Document::load(&new.snapshot).unwrap();
                    self.visits.insert(Uuid::from_bytes(new.document), visit);
                }
                Delivery::Tail(tail) => {
                    let changes: Vec<Vec<u8>> =
                        tail.changes.iter().map(|change| change.bytes.clone()).collect();
                    let visit = self.visits.get_mut(&Uuid::from_bytes(tail.document)).unwrap();
                    assert!(visit.merge(&changes).unwrap().waiting.is_empty());
                }
                Delivery::Revoked(document) => {
                    self.visits.remove(&Uuid::from_bytes(*document));
                }
            }
        }
        self.cursor.clone_from(&reply.cursor);
    }
}
