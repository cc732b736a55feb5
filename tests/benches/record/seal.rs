//! Sealing a worked visit of more than a hundred changes and verifying it: rendering, hashing, the device's signature, and all of
//! it proved anew. The floor beside it is the two operations on the curve alone.

use std::path::Path;

use jobsheet_core::Moment;
use jobsheet_core::key::{Certificate, CertificateFacts, DeviceKey, SecretKey};
use jobsheet_core::record::{Command, Document};
use jobsheet_core::seal::{Trust, Verdict, verify};
use jobsheet_core::standard::{Side, Standard};
use jobsheet_tests::scenario::{Ending, diagnosis, preparation, sign_off, work};
use jobsheet_tests::workload::{TECHNICIAN, context, worked};
use std::sync::Arc;

use crate::measure::{Bar, paired, standard};

const ROUNDS: usize = 100;

/// The workload's visit, worked on to the customer's signature.
fn signed(standard: &Arc<Standard>) -> Document {
    let mut visit = worked(standard, 0).unwrap();
    let start: Moment = "2026-03-02T09:00:00+08:00".parse().unwrap();
    let stages = [
        preparation(&start),
        vec![
            diagnosis(&start, 0, "belt worn"),
            work(&start, 0, None),
            sign_off(&start, 0, Ending::Satisfied),
        ],
    ];
    let commands = stages.concat().into_iter().flat_map(|stage| stage.commands);
    // A photo is given by its file there; a signature ends what is measured here.
    let commands = commands.filter(|command| command["do"] != "add-photo");
    let commands = commands.take_while(|command| command["do"] != "sign" && command["do"] != "leave");
    let sign = Command::Sign { role: "customer".to_owned(), name: "Chen".to_owned(), image_sha256: None };
    let photo = Command::AddPhoto {
        sha256: "ab".repeat(32),
        size: 5_000_000,
        media_type: "image/jpeg".to_owned(),
        item: Some("execution-form.protect-site".to_owned()),
        moment: None,
        caption: None,
        pair_with: None,
        shot: None,
    };
    let commands = commands.map(|command| Command::read(command).unwrap()).chain([photo, sign]);
    for (at, command) in (10_000..).zip(commands) {
        // What the workload has answered already may not be asked again; the last command says whether all was done.
        let _ = visit.apply(standard, &command, &context(0, at, Side::Field));
    }
    assert_eq!(visit.record().signatures.len(), 1, "the visit did not come to its signature");
    visit
}

pub(crate) fn bars(_folder: &Path) -> Vec<Bar> {
    let standard = standard();
    let visit = signed(&standard);
    let organisation = SecretKey::from_bytes(&[1; 32]).unwrap();
    let key = SecretKey::from_bytes(&[2; 32]).unwrap();
    let public = key.public_key().unwrap();
    let says = CertificateFacts {
        tenant: "default".to_owned(),
        device: "bench".to_owned(),
        person: TECHNICIAN.to_owned(),
        key: public,
        issued_at: "2026-03-01T09:00:00Z".parse().unwrap(),
    };
    let certificate = Certificate::issue(says, &organisation).unwrap();
    let trust = Trust::of(organisation.public_key().unwrap());
    let (curve, sealed) = paired(
        ROUNDS,
        |_| {
            let signature = key.sign(b"a statement of a few hundred bytes").unwrap();
            assert!(public.verifies(b"a statement of a few hundred bytes", &signature));
        },
        |_| {
            let mut visit = visit.clone();
            let statement = visit.seal_statement();
            let signature = key.sign(&statement.bytes()).unwrap();
            let certificate = Some(Box::new(certificate.clone()));
            let command = Command::Seal { statement, key: public, certificate, signature };
            visit.apply(&standard, &command, &context(0, 99_999, Side::Field)).unwrap();
            assert_eq!(verify(&visit, &standard, &trust).verdict, Verdict::Intact);
        },
    );
    println!("floor  sign and verify on the curve   {curve:9.2} ms");
    println!("figure seal and verify a whole record {sealed:9.2} ms");
    vec![Bar { name: "seal-and-verify", measured: sealed, limit: 10.0, unit: "ms" }]
}
