//! The tampering matrix: whatever is changed in an exported sealed record is found, and nothing is found in one that nobody has
//! touched.
//!
//! `JOBSHEET_TAMPER_CASES` asks for more byte flips than those of an ordinary run.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::io::Cursor;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT, ReadDoc};
use common::{Job, id, moment, rule};
use jobsheet_core::hex;
use jobsheet_core::key::{Certificate, CertificateFacts, DeviceKey, SecretKey};
use jobsheet_core::record::{AnswerValue, Command, Document};
use jobsheet_core::seal::file::{self, Attached, Exporter, FileProblem, FileVerification};
use jobsheet_core::seal::{Problem, Trust, Verdict, verify};
use sha2::{Digest, Sha256};

/// Byte flips of an ordinary run.
const FLIPS: usize = 6_000;

/// A small generator of its own (splitmix64), so that every run makes the same cases.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides.max(1) as u64).unwrap()
    }
}

fn organisation() -> SecretKey {
    SecretKey::from_bytes(&[1; 32]).unwrap()
}

fn trust() -> Trust {
    Trust::of(organisation().public_key().unwrap())
}

/// A device of the crew, certified.
fn device(seed: u8, person: &str) -> (SecretKey, Certificate) {
    let key = SecretKey::from_bytes(&[seed; 32]).unwrap();
    let says = CertificateFacts {
        tenant: "default".into(),
        device: format!("device-{seed}"),
        person: person.into(),
        key: key.public_key().unwrap(),
        issued_at: moment("2026-03-01T09:00:00Z"),
    };
    let certificate = Certificate::issue(says, &organisation()).unwrap();
    (key, certificate)
}

fn seal(job: &mut Job) {
    let (key, certificate) = device(2, &job.person);
    let statement = job.visit.seal_statement();
    let signature = key.sign(&statement.bytes()).unwrap();
    let key = key.public_key().unwrap();
    job.go(Command::Seal { statement, key, certificate: Some(Box::new(certificate)), signature });
}

type Blobs = BTreeMap<String, Vec<u8>>;

fn photo(job: &mut Job, blobs: &mut Blobs, bytes: Vec<u8>, amend: bool) {
    let sha256 = hex(&Sha256::digest(&bytes));
    let command = Command::AddPhoto {
        sha256: sha256.clone(),
        size: bytes.len() as u64,
        media_type: "image/jpeg".to_owned(),
        item: Some(rule("protect-site")),
        moment: None,
        caption: None,
        pair_with: None,
        shot: None,
    };
    blobs.insert(sha256, bytes);
    job.go(if amend {
        Command::Amend { reason: "forgotten".to_owned(), command: Box::new(command) }
    } else {
        command
    });
}

/// A sealed record, a little different for each number: photos, notes, ratings, amendments, second signatures.
fn sealed(number: u64) -> (Job, Blobs) {
    let mut dice = Dice(number);
    let mut blobs = Blobs::new();
    let mut order = common::order("normal");
    order.insert("number".to_owned(), format!("SR-{number}"));
    let mut job = Job::ordered(order, common::RECEIVED);
    job.count = number * 1_000;
    job.dispatch().at("08:10").go(Command::Accept);
    job.yes("confirm-address-time").go(Command::ConfirmAppointment { channel: "phone".to_owned() });
    job.go(Command::Prepare).go(Command::Depart).at("09:55").go(Command::Arrive);
    job.go(Command::PresentBadge).yes("diagnose-procedure").yes("professional-tools");
    job.at("10:10").go(Command::Diagnose).note("cause", "belt worn").yes("explain-problem");
    job.yes("explain-solution").text("state-duration", &format!("{} minutes", dice.roll(90)));
    job.go(Command::ObtainConsent { granted: true, note: None }).at("10:20").go(Command::Start);
    for count in 0..=dice.roll(3) {
        let bytes = (0..300 + count * 700).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect();
        photo(&mut job, &mut blobs, bytes, false);
    }
    if dice.roll(2) == 0 {
        job.part(Some(dice.roll(2) == 0));
    }
    job.note("solution", "belt changed").note("steps", "opened, closed").note("communication", "told");
    job.at("11:00").go(Command::Finish).yes("test-run").yes("problem-solved");
    job.text("explain-precautions", "no long runs").go(Command::HandOver);
    if dice.roll(3) > 0 {
        job.survey(["satisfied", "dissatisfied"][dice.roll(2)]);
    }
    job.at("11:20").sign("customer");
    if dice.roll(3) > 0 {
        job.sign("technician");
    }
    seal(&mut job);
    if dice.roll(2) == 0 {
        job.at("11:30").go(Command::Leave);
    }
    if dice.roll(3) == 0 {
        photo(&mut job, &mut blobs, vec![u8::try_from(dice.roll(256)).unwrap(); 50], true);
    }
    if dice.roll(3) == 0 {
        let command =
            Command::Answer { item: rule("state-duration"), value: AnswerValue::Text("longer".to_owned()) };
        job.at("11:40").go(Command::Amend { reason: "counted".to_owned(), command: Box::new(command) });
        let roles: Vec<String> =
            job.visit.record().signatures.values().map(|signature| signature.role.clone()).collect();
        for role in roles {
            job.sign(&role);
        }
        seal(&mut job);
    }
    (job, blobs)
}

fn export_with(job: &Job, blobs: &Blobs, exporter: &(SecretKey, Certificate)) -> Vec<u8> {
    let attachments = blobs
        .iter()
        .map(|(sha256, bytes)| Attached {
            sha256: sha256.clone(),
            size: bytes.len() as u64,
            bytes: Box::new(Cursor::new(bytes.clone())),
        })
        .collect();
    let exporter =
        Exporter { key: &exporter.0, certificate: Some(exporter.1.clone()), at: job.now.instant() };
    let mut out = Vec::new();
    file::write(&mut out, &job.visit, &job.standard, attachments, &exporter).unwrap();
    out
}

fn export(job: &Job, blobs: &Blobs) -> Vec<u8> {
    export_with(job, blobs, &device(2, "tech-1"))
}

fn verified(bytes: &[u8]) -> FileVerification {
    file::verify(&mut &bytes[..], &trust()).unwrap()
}

#[test]
fn nothing_is_found_in_what_nobody_has_touched() {
    let (mut intact, mut amended) = (0, 0);
    for number in 1..=300 {
        let (job, blobs) = sealed(number);
        let found = verified(&export(&job, &blobs));
        assert!(found.verdict.holds(), "{number}: {found:#?}");
        assert_eq!(found.manifest.unwrap().missing, Vec::<String>::new());
        intact += usize::from(found.verdict == Verdict::Intact);
        amended += usize::from(found.verdict == Verdict::Amended);
    }
    assert!(intact > 50 && amended > 50, "{intact} intact, {amended} amended");
    println!("300 untouched files, 0 false alarms ({intact} intact, {amended} amended)");
}

#[test]
fn one_flipped_byte_anywhere_is_found() {
    let asked = std::env::var("JOBSHEET_TAMPER_CASES").ok().and_then(|cases| cases.parse().ok());
    let flips: usize = asked.unwrap_or(FLIPS);
    let (job, blobs) = sealed(3);
    let bytes = export(&job, &blobs);
    assert!(verified(&bytes).verdict.holds());
    let mut dice = Dice(7);
    let mut changed = bytes.clone();
    // Every byte of the frame, the manifest and its signature, and others all over the file.
    let frame = 0..bytes.len().min(4_096);
    let elsewhere =
        (0..flips.saturating_sub(frame.len())).map(|_| dice.roll(bytes.len())).collect::<Vec<_>>();
    let mut cases = 0;
    for at in frame.chain(elsewhere) {
        changed[at] ^= 1 << (at % 8);
        assert_eq!(verified(&changed).verdict, Verdict::Broken, "a flipped bit of byte {at} is not found");
        changed[at] = bytes[at];
        cases += 1;
    }
    println!("{cases} flipped bytes of a file of {} bytes, all found", bytes.len());
}

#[test]
fn what_is_cut_off_added_or_moved_is_found() {
    let (job, blobs) = sealed(5);
    let bytes = export(&job, &blobs);
    let blocks: Vec<&[u8]> = bytes.chunks(512).collect();
    let mut cases = 0;
    let mut found = |changed: Vec<u8>, what: &str| {
        assert_eq!(verified(&changed).verdict, Verdict::Broken, "{what}");
        cases += 1;
    };
    for length in (0..bytes.len()).step_by(211) {
        found(bytes[..length].to_vec(), &format!("cut to {length}"));
    }
    for extra in [1, 511, 512, 1024, 10_240] {
        found([&bytes[..], &vec![0; extra]].concat(), &format!("{extra} zeros at the end"));
    }
    let mut dice = Dice(11);
    for _ in 0..300 {
        let (one, other) = (dice.roll(blocks.len()), dice.roll(blocks.len()));
        if blocks[one] == blocks[other] {
            continue;
        }
        let mut moved = blocks.clone();
        moved.swap(one, other);
        found(moved.concat(), &format!("blocks {one} and {other} swapped"));
        let mut dropped = blocks.clone();
        dropped.remove(one);
        // One of several empty blocks looks like another: the file is shorter all the same.
        found(dropped.concat(), &format!("block {one} dropped"));
        let mut doubled = blocks.clone();
        doubled.insert(other, blocks[one]);
        found(doubled.concat(), &format!("block {one} doubled at {other}"));
    }
    println!("{cases} files cut, prolonged or rearranged, all found");
}

/// All places of a document that hold entries: path and object.
fn entries(doc: &AutoCommit) -> Vec<(String, automerge::ObjId, String)> {
    let mut found = Vec::new();
    for side in ["office", "field"] {
        let root = doc.get(ROOT, side).unwrap().unwrap().1;
        for place in doc.keys(&root).collect::<Vec<_>>() {
            let (value, object) = doc.get(&root, &place).unwrap().unwrap();
            if !value.is_object() {
                found.push((side.to_owned(), root.clone(), place));
                continue;
            }
            if place == "notes" {
                continue;
            }
            for key in doc.keys(&object).collect::<Vec<_>>() {
                found.push((format!("{side}/{place}"), object.clone(), key));
            }
        }
    }
    found
}

/// Another text for an entry: one leaf of its JSON is another one.
fn variants(text: &str) -> Vec<String> {
    fn leaves(value: &mut serde_json::Value, at: &mut usize, wanted: usize) -> bool {
        match value {
            serde_json::Value::Object(fields) => fields.values_mut().any(|field| leaves(field, at, wanted)),
            serde_json::Value::Array(items) => items.iter_mut().any(|item| leaves(item, at, wanted)),
            leaf => {
                *at += 1;
                if *at - 1 != wanted {
                    return false;
                }
                *leaf = match leaf {
                    serde_json::Value::String(text) => other_text(text).into(),
                    serde_json::Value::Bool(yes) => (!*yes).into(),
                    serde_json::Value::Number(number) => (number.as_f64().unwrap_or(0.0) + 1.0).into(),
                    _ => "x".into(),
                };
                true
            }
        }
    }
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
        return vec![other_text(text)];
    };
    if !value.is_object() {
        return vec![other_text(text)];
    }
    let mut variants = Vec::new();
    for wanted in 0.. {
        let mut changed = value.clone();
        if !leaves(&mut changed, &mut 0, wanted) {
            return variants;
        }
        variants.push(changed.to_string());
    }
    variants
}

fn other_text(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    match chars.last_mut() {
        Some(last) => *last = if *last == '1' { '2' } else { '1' },
        None => chars.push('x'),
    }
    chars.into_iter().collect()
}

/// Another program than Jobsheet rewrites one field of the document; somebody who holds a certified device key, but not that of
/// the seal, exports it again. What was signed is no longer what stands there, and that is said.
#[test]
fn every_field_that_is_rewritten_is_found_even_behind_a_valid_export() {
    let insider = device(9, "tech-2");
    let mut cases = 0;
    for number in 21..=60 {
        let (job, blobs) = sealed(number);
        let doc = AutoCommit::load(&job.visit.save()).unwrap();
        let seal_heads: Vec<String> = job
            .visit
            .record()
            .seals
            .values()
            .max_by_key(|seal| seal.by.stamp.corrected())
            .unwrap()
            .statement
            .heads
            .clone();
        let sealed: serde_json::Value =
            serde_json::from_slice(&job.visit.record_at(&seal_heads).unwrap()).unwrap();
        for (place, object, key) in entries(&doc) {
            let (value, _) = doc.get(&object, &key).unwrap().unwrap();
            let text = value.as_str().unwrap().to_owned();
            let pointer = format!("/{place}/{}", key.replace('/', "~1"));
            // What the office writes in registers of its own is no fact that was signed.
            if sealed.pointer(&pointer).is_none() || key == "assignment" || key.contains('/') {
                continue;
            }
            let register = ["office/answers", "field/attested"].contains(&place.as_str());
            if register {
                continue;
            }
            for variant in variants(&text) {
                let changed = job.clone().crafted(|doc| doc.put(&object, &key, variant.as_str()).unwrap());
                let found = verify(&changed.visit, &job.standard, &trust());
                assert!(!found.verdict.holds(), "{place}/{key}: {text} → {variant}: {found:#?}");
                if cases % 50 == 0 {
                    let file = verified(&export_with(&changed, &blobs, &insider));
                    assert_eq!(file.record, Some(found), "the file says the same");
                }
                cases += 1;
            }
            if cases % 3 == 0 {
                let changed = job.clone().crafted(|doc| doc.delete(&object, key.as_str()).unwrap());
                let found = verify(&changed.visit, &job.standard, &trust());
                assert!(!found.verdict.holds(), "{place}/{key} deleted: {found:#?}");
                cases += 1;
            }
        }
    }
    println!("{cases} fields rewritten or deleted behind a valid export, all found");
    assert!(cases > 4_000, "{cases}");
}

#[test]
fn attachments_that_are_dropped_swapped_or_changed_are_found() {
    let insider = device(9, "tech-2");
    let (job, blobs) = sealed(8);
    let mut cases = 0;
    for sha256 in blobs.keys() {
        // Left out by whoever exports: the manifest says so.
        let mut fewer = blobs.clone();
        fewer.remove(sha256);
        let found = verified(&export_with(&job, &fewer, &insider));
        assert_eq!(found.manifest.as_ref().unwrap().missing.as_slice(), std::slice::from_ref(sha256));
        // Other bytes under its name are not even written.
        let mut other = blobs.clone();
        other.insert(sha256.clone(), b"another picture".to_vec());
        let attachments = other
            .iter()
            .map(|(sha256, bytes)| Attached {
                sha256: sha256.clone(),
                size: bytes.len() as u64,
                bytes: Box::new(Cursor::new(bytes.clone())),
            })
            .collect();
        let exporter = Exporter { key: &insider.0, certificate: None, at: job.now.instant() };
        let written = file::write(&mut Vec::new(), &job.visit, &job.standard, attachments, &exporter);
        assert!(matches!(written, Err(file::ExportError::Damaged { .. })));
        cases += 2;
    }
    // Another photo put in its place under its own name is one that the record does not name, and the named one is missing.
    let bytes = export(&job, &blobs);
    let first = blobs.keys().next().unwrap();
    let mut swapped = blobs.clone();
    let taken = swapped.remove(first).unwrap();
    let other: Vec<u8> = taken.iter().map(|byte| byte ^ 1).collect();
    swapped.insert(hex(&Sha256::digest(&other)), other);
    let found = verified(&export_with(&job, &swapped, &insider));
    assert_eq!(found.manifest.as_ref().unwrap().missing.as_slice(), std::slice::from_ref(first));
    // And in the finished file: the bytes, the name, the manifest's hash.
    let at = |needle: &[u8]| bytes.windows(needle.len()).rposition(|window| window == needle).unwrap();
    for (needle, what) in [(&taken[..], "bytes"), (first.as_bytes(), "name")] {
        let mut changed = bytes.clone();
        changed[at(needle)] ^= 1;
        assert_eq!(verified(&changed).verdict, Verdict::Broken, "{what}");
        cases += 1;
    }
    println!("{} attachment cases, all found", cases + 1);
}

#[test]
fn a_signature_or_a_seal_of_another_visit_is_found() {
    let insider = device(9, "tech-2");
    let mut cases = 0;
    let read = |job: &Job, place: &str| {
        let doc = AutoCommit::load(&job.visit.save()).unwrap();
        let field = doc.get(ROOT, "field").unwrap().unwrap().1;
        let object = doc.get(&field, place).unwrap().unwrap().1;
        let keys: Vec<String> = doc.keys(&object).collect();
        let text = |key: &String| doc.get(&object, key).unwrap().unwrap().0.as_str().unwrap().to_owned();
        keys.iter().map(text).collect::<Vec<_>>()
    };
    for number in 100..160 {
        let (from, _) = sealed(number);
        let (to, blobs) = sealed(number + 1_000);
        for place in ["signatures", "seals"] {
            for (nth, text) in read(&from, place).into_iter().enumerate() {
                let forged = to.clone().crafted(|doc| {
                    let field = doc.get(ROOT, "field").unwrap().unwrap().1;
                    let object = doc.get(&field, place).unwrap().unwrap().1;
                    doc.put(&object, id(900_000 + nth as u64).to_string(), text.as_str()).unwrap();
                });
                let found = verified(&export_with(&forged, &blobs, &insider));
                assert_eq!(found.verdict, Verdict::Broken, "{place}: {found:#?}");
                cases += 1;
            }
        }
    }
    println!("{cases} signatures and seals replayed onto another visit, all found");
}

#[test]
fn a_history_that_is_written_anew_does_not_carry_the_seal() {
    // The same entries in a document of the same id, with one answer changed from the beginning: no change has the old hash.
    let (job, blobs) = sealed(12);
    let old = AutoCommit::load(&job.visit.save()).unwrap();
    let mut anew = Job::ordered(common::order("normal"), common::RECEIVED);
    anew.visit = {
        let mut doc = AutoCommit::load(&anew.visit.save()).unwrap();
        doc.put(ROOT, "id", job.visit.record().id.to_string()).unwrap();
        for (place, object, key) in entries(&old) {
            let text = old.get(&object, &key).unwrap().unwrap().0.as_str().unwrap().to_owned();
            let (side, leaf) = place.split_once('/').unwrap_or((&place, ""));
            let mut target = doc.get(ROOT, side).unwrap().unwrap().1;
            if !leaf.is_empty() {
                target = doc.get(&target, leaf).unwrap().unwrap().1;
            }
            let text = if key == rule("state-duration") { text.replace("minutes", "seconds") } else { text };
            doc.put(&target, &key, text).unwrap();
        }
        Document::load(&doc.save()).unwrap()
    };
    let found = verified(&export_with(&anew, &blobs, &device(9, "tech-2")));
    assert_eq!(found.verdict, Verdict::Broken);
    let record = found.record.unwrap();
    assert!(record.seals.iter().all(|check| check.problems.contains(&Problem::ChangesMissing)));
}

#[test]
fn a_stranger_is_not_believed_and_his_document_is_not_opened() {
    let (job, blobs) = sealed(2);
    let key = SecretKey::from_bytes(&[77; 32]).unwrap();
    let says = CertificateFacts {
        tenant: "default".into(),
        device: "device-2".into(),
        person: "tech-1".into(),
        key: key.public_key().unwrap(),
        issued_at: moment("2026-03-01T09:00:00Z"),
    };
    let own = Certificate::issue(says, &SecretKey::from_bytes(&[78; 32]).unwrap()).unwrap();
    let bytes = export_with(&job, &blobs, &(key, own.clone()));
    let found = verified(&bytes);
    assert_eq!((found.verdict, found.record.is_none()), (Verdict::Untrusted, true));
    assert_eq!(found.organisation(), Some(own.issuer));
    // Whoever believes him opens it, and sees that another organisation vouched for the seal.
    let found = file::verify(&mut &bytes[..], &Trust::of(own.issuer)).unwrap();
    assert_eq!(found.verdict, Verdict::Untrusted);
    // A certificate of somebody else's key does not pass for his.
    let (_, certificate) = device(2, "tech-1");
    let stolen = SecretKey::from_bytes(&[77; 32]).unwrap();
    let found = verified(&export_with(&job, &blobs, &(stolen, certificate)));
    assert_eq!(found.problems, [FileProblem::Certificate]);
}

#[test]
fn any_bytes_are_read_without_harm() {
    let mut dice = Dice(5);
    for length in [0, 1, 511, 512, 513, 1024, 4096] {
        let noise: Vec<u8> = (0..length).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect();
        assert_eq!(verified(&noise).verdict, Verdict::Broken);
    }
    // A header that promises more than there is, and more than is read.
    let mut header = tar::Header::new_ustar();
    header.set_path("manifest.json").unwrap();
    for size in [100, file::MAX_MANIFEST_BYTES, file::MAX_MANIFEST_BYTES + 1, u64::from(u32::MAX)] {
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        let found = verified(header.as_bytes());
        assert_eq!(found.problems, [FileProblem::Form { at: "manifest.json".to_owned() }]);
    }
}
