//! Signing, sealing, amending and verifying the visit of a test.

use jobsheet_core::key::{Certificate, CertificateFacts, DeviceKey, SecretKey};
use jobsheet_core::record::{AnswerValue, Command, OldPart, Refusal};
use jobsheet_core::seal::{Trust, Verification, verify};

use super::{Job, moment, rule};

pub fn organisation() -> SecretKey {
    SecretKey::from_bytes(&[1; 32]).unwrap()
}

pub fn phone() -> SecretKey {
    SecretKey::from_bytes(&[2; 32]).unwrap()
}

pub fn trust() -> Trust {
    Trust::of(organisation().public_key().unwrap())
}

pub fn certificate(person: &str) -> Certificate {
    let says = CertificateFacts {
        tenant: "default".into(),
        device: "device-1".into(),
        person: person.into(),
        key: phone().public_key().unwrap(),
        issued_at: moment("2026-03-01T09:00:00Z"),
    };
    Certificate::issue(says, &organisation()).unwrap()
}

pub fn seal_of(job: &Job) -> Command {
    let statement = job.visit.seal_statement();
    let signature = phone().sign(&statement.bytes()).unwrap();
    let key = phone().public_key().unwrap();
    Command::Seal { statement, key, certificate: Some(Box::new(certificate(&job.person))), signature }
}

pub fn seal(job: &mut Job) {
    let command = seal_of(job);
    job.go(command);
}

pub fn refused_seal(job: &mut Job) -> Refusal {
    let command = seal_of(job);
    job.refused(command)
}

/// Signed by both and sealed.
pub fn sealed() -> Job {
    let mut job = Job::handed_over("normal");
    job.at("11:15").survey("satisfied");
    job.at("11:20").sign("customer").sign("technician");
    seal(&mut job);
    job
}

pub fn verified(job: &Job) -> Verification {
    verify(&job.visit, &job.standard, &trust())
}

pub fn amend(reason: &str, command: Command) -> Command {
    Command::Amend { reason: reason.to_owned(), command: Box::new(command) }
}

pub fn answer(item: &str, words: &str) -> Command {
    Command::Answer { item: rule(item), value: AnswerValue::Text(words.to_owned()) }
}

pub fn part() -> Command {
    Command::ConsumePart {
        number: "BELT-7".to_owned(),
        name: None,
        quantity: 1,
        serial: None,
        replaces: Some(OldPart { serial: None, returned: true, condition: None }),
    }
}
