//! Signatures, the seal and amendments of one visit, and what a verification says of them.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use automerge::transaction::Transactable;
use automerge::{ROOT, ReadDoc};
use common::sealing::*;
use common::{Job, rule};
use jobsheet_core::assess::{Why, next};
use jobsheet_core::key::{Certificate, DeviceKey};
use jobsheet_core::record::{AnswerValue, Command, Document, NoteEdit, Refusal, SealState, SurveyAnswer};
use jobsheet_core::seal::{Problem, Trust, Verdict, verify};
use jobsheet_core::standard::Side;

#[test]
fn all_signers_sign_one_hash_and_the_seal_holds() {
    let job = sealed();
    let record = job.visit.record();
    let hashes: Vec<&str> =
        record.signatures.values().map(|signature| signature.facts_sha256.as_str()).collect();
    assert_eq!(hashes.len(), 2);
    assert_eq!(hashes[0], hashes[1], "customer and technician signed the same facts");
    let verification = verified(&job);
    assert_eq!(verification.verdict, Verdict::Intact, "{verification:#?}");
    assert!(verification.seals[0].trusted);
    assert_eq!(verification.seals[0].device.as_deref(), Some("device-1"));
    assert!(matches!(verification.state, SealState::Sealed { .. }));
    // Whoever does not know the organisation is told so.
    assert_eq!(verify(&job.visit, &job.standard, &Trust::default()).verdict, Verdict::Untrusted);
    let other = Trust::of(phone().public_key().unwrap());
    assert_eq!(verify(&job.visit, &job.standard, &other).verdict, Verdict::Untrusted);
    // Read again from its bytes and from its changes it says the same.
    let loaded = Document::load(&job.visit.save()).unwrap();
    assert_eq!(verify(&loaded, &job.standard, &trust()), verification);
}

#[test]
fn the_sealed_version_is_readable_and_does_not_change() {
    let mut job = sealed();
    let seal = job.visit.record().seals.values().next().unwrap().clone();
    let sealed = job.visit.record_at(&seal.statement.heads).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
    assert_eq!(json["office"]["order"]["number"], "SR-1");
    assert_eq!(json["notes"]["cause"], "belt worn");
    assert_eq!(json["field"]["answers"][rule("test-run")]["is"]["yes"], true);
    job.go(Command::Leave);
    job.go(amend("forgot the belt", part()));
    assert_eq!(job.visit.record_at(&seal.statement.heads).unwrap(), sealed);
    assert_eq!(serde_json_canonicalizer::to_vec(&json).unwrap(), sealed, "it is canonical JSON");
}

#[test]
fn nothing_is_sealed_before_all_have_signed() {
    let mut job = Job::handed_over("normal");
    assert_eq!(job.visit.record().seal_state(&job.standard), SealState::Open);
    let refusal = refused_seal(&mut job);
    assert_eq!((refusal.code(), refusal.rules()[0].rule.as_str()), ("not-yet", &*rule("customer-sign")));
    job.sign("customer");
    assert_eq!(job.visit.record().seal_state(&job.standard), SealState::Due);
    assert_eq!(verified(&job).verdict, Verdict::Unsealed);
    seal(&mut job);
    assert_eq!(refused_seal(&mut job).code(), "sealed", "one seal for one version");
    // The technician signs as well: a second seal names both signatures.
    job.sign("technician");
    assert_eq!(job.visit.record().seal_state(&job.standard), SealState::Due);
    seal(&mut job);
    let verification = verified(&job);
    assert_eq!((verification.verdict, verification.seals.len()), (Verdict::Intact, 2));
}

#[test]
fn a_seal_that_is_not_right_is_refused() {
    let mut job = Job::handed_over("normal");
    job.sign("customer");
    let Command::Seal { statement, key, certificate: Some(right), signature } = seal_of(&job) else {
        panic!()
    };
    let seal = |statement: &_, key, certificate: Option<Box<Certificate>>, signature| Command::Seal {
        statement: Clone::clone(statement),
        key,
        certificate,
        signature,
    };
    let mut other = statement.clone();
    other.record_sha256 = "0".repeat(64);
    let signed = phone().sign(&other.bytes()).unwrap();
    let refusal = job.refused(seal(&other, key, Some(right.clone()), signed));
    assert!(refusal.to_string().contains("`statement`"), "{refusal}");
    let forged = organisation().sign(&statement.bytes()).unwrap();
    let refusal = job.refused(seal(&statement, key, Some(right.clone()), forged));
    assert!(refusal.to_string().contains("`signature`"), "{refusal}");
    let refusal = job.refused(seal(&statement, key, Some(Box::new(certificate("tech-2"))), signature));
    assert!(refusal.to_string().contains("`certificate`"), "{refusal}");
    let mut foreign = right;
    foreign.signature = signature;
    let refusal = job.refused(seal(&statement, key, Some(foreign), signature));
    assert!(refusal.to_string().contains("`certificate`"), "{refusal}");
    // The office seals nothing.
    assert!(matches!(
        job.office(seal(&statement, key, None, signature)),
        Err(jobsheet_core::record::ApplyError::Refused(Refusal::Forbidden { .. }))
    ));
    // Without a certificate the seal is made, and whoever verifies it is told that nobody vouches for it.
    job.go(seal(&statement, key, None, signature));
    let verification = verified(&job);
    assert_eq!(verification.verdict, Verdict::Untrusted);
    assert_eq!(verification.seals[0].problems, [Problem::NotCertified]);
}

#[test]
fn a_fact_that_changes_between_two_signatures_is_signed_again() {
    let mut job = Job::handed_over("normal");
    job.at("11:20").sign("customer");
    // Before the seal, and with the signing event standing, only an amendment changes a fact.
    assert_eq!(job.refused(answer("state-duration", "two hours")).code(), "sealed");
    job.at("11:25").go(amend("it took longer", answer("state-duration", "two hours")));
    let roles = vec!["customer".to_owned()];
    assert_eq!(job.visit.record().seal_state(&job.standard), SealState::Outdated { roles });
    assert_eq!(refused_seal(&mut job).code(), "not-yet");
    let steps = next(job.visit.record(), &job.standard, Side::Field, job.now.instant());
    let again = steps.iter().find(|step| matches!(step.reason, Why::SignAgain { .. })).unwrap();
    assert_eq!((again.command.as_str(), again.argument.as_deref()), ("sign", Some("customer")));
    let Why::SignAgain { changed } = &again.reason else { panic!() };
    assert_eq!(*changed, [format!("field/answers/{}", rule("state-duration"))]);
    job.at("11:30").sign("customer");
    seal(&mut job);
    assert_eq!(verified(&job).verdict, Verdict::Intact, "nothing changed after the seal");
    assert_eq!(
        job.refused(Command::Sign { role: "customer".into(), name: "Chen".into(), image_sha256: None })
            .code(),
        "sealed"
    );
}

#[test]
fn an_amendment_names_its_reason_and_asks_for_a_signature_only_where_a_signed_fact_changed() {
    let mut job = sealed();
    assert_eq!(job.refused(part()).code(), "sealed");
    // A photo that was forgotten changes nothing that was signed.
    job.at("11:40").go(amend(
        "forgotten",
        Command::AddPhoto {
            sha256: "cd".repeat(32),
            size: 9,
            media_type: "image/jpeg".to_owned(),
            item: Some(rule("protect-site")),
            moment: None,
            caption: None,
            pair_with: None,
            shot: None,
        },
    ));
    let verification = verified(&job);
    assert_eq!(verification.verdict, Verdict::Amended);
    assert_eq!((verification.amended.len(), verification.late.len()), (1, 0));
    // An answer that changes does, and so does a part.
    for (at, command) in [("11:45", answer("state-duration", "two hours")), ("11:55", part())] {
        job.at(at).go(amend("counted again", command));
        let roles = vec!["customer".to_owned(), "technician".to_owned()];
        let verification = verified(&job);
        assert_eq!(verification.verdict, Verdict::Outdated);
        assert_eq!(verification.state, SealState::Outdated { roles });
        job.sign("customer").sign("technician");
        seal(&mut job);
        assert_eq!(verified(&job).verdict, Verdict::Amended);
    }
    let amendments: Vec<(&str, &str)> = job
        .visit
        .record()
        .amendments
        .values()
        .map(|amendment| (amendment.reason.as_str(), amendment.command.as_str()))
        .collect();
    assert_eq!(
        amendments,
        [("forgotten", "add-photo"), ("counted again", "answer"), ("counted again", "consume-part")]
    );
    // What was before and what is now stand side by side.
    let verification = verified(&job);
    let changed = verification.amended.iter().find(|change| change.path.contains("state-duration")).unwrap();
    assert!(changed.before.as_ref().unwrap().contains("one hour"));
    assert!(changed.now.as_ref().unwrap().contains("two hours"));
    assert_eq!(verification.seals.len(), 3, "the old seals stay, and still hold");
}

#[test]
fn taking_an_amendment_back_lets_the_old_signatures_stand_again() {
    let mut job = sealed();
    job.go(amend("slip", answer("state-duration", "two hours")));
    assert_eq!(verified(&job).verdict, Verdict::Outdated);
    let Some(AnswerValue::Text(before)) =
        job.visit.record().answers.get(&rule("state-duration")).map(|answer| answer.value.clone())
    else {
        panic!()
    };
    assert_eq!(before, "two hours");
    job.go(amend("it was right", answer("state-duration", "one hour")));
    // The value is the same, its time is another: the register differs, so the signature is asked for. It is not guessed.
    assert_eq!(verified(&job).verdict, Verdict::Outdated);
}

#[test]
fn what_can_not_be_amended() {
    let mut job = Job::handed_over("normal");
    let refusal = job.refused(amend("early", part()));
    assert!(refusal.to_string().contains("nothing is signed yet"), "{refusal}");
    let mut job = sealed();
    for command in [Command::Leave, Command::Say { words: "x".into() }, amend("twice", part())] {
        let refusal = job.refused(amend("why not", command));
        assert!(refusal.to_string().contains("states no fact"), "{refusal}");
    }
    let refusal = job.refused(amend(" ", part()));
    assert!(refusal.to_string().contains("`reason` is not valid: is empty"), "{refusal}");
    job.go(Command::Leave);
    assert_eq!(verified(&job).verdict, Verdict::Intact, "leaving changes nothing that was signed");
}

/// Another device of the crew, with the visit as it was.
fn mate(job: &Job) -> Job {
    let mut mate = job.clone();
    "tech-2".clone_into(&mut mate.person);
    mate.count += 1_000_000;
    mate.visit.set_actor(&[9; 16]);
    mate
}

fn exchange(left: &mut Job, right: &mut Job) {
    let bytes = |job: &Job| job.visit.changes().into_iter().map(|change| change.bytes).collect::<Vec<_>>();
    let (from_left, from_right) = (bytes(left), bytes(right));
    left.visit.merge(&from_right).unwrap();
    right.visit.merge(&from_left).unwrap();
}

#[test]
fn a_late_edit_of_a_crew_mate_is_shown_as_an_amendment() {
    let mut job = Job::handed_over("normal");
    let mut tom = mate(&job);
    job.at("11:20").sign("customer").sign("technician");
    seal(&mut job);
    tom.at("11:21").text("state-duration", "two hours");
    tom.at("11:22").photo("protect-site", None);
    exchange(&mut job, &mut tom);
    assert_eq!(verified(&job), verified(&tom));
    let verification = verified(&job);
    assert_eq!(verification.verdict, Verdict::Outdated, "{verification:#?}");
    assert_eq!(verification.late.len(), 2, "both late facts are shown");
    let late = verification.late.iter().find(|change| change.path.contains("state-duration")).unwrap();
    assert!(
        late.before.as_ref().unwrap().contains("one hour")
            && late.now.as_ref().unwrap().contains("two hours")
    );
    assert!(late.is_late() && late.by[0].command == "answer");
    // Signed again it stands, and what was late stays on show.
    job.at("12:00").sign("customer").sign("technician");
    seal(&mut job);
    let verification = verified(&job);
    assert_eq!((verification.verdict, verification.late.len()), (Verdict::Amended, 2));
}

#[test]
fn settling_a_conflict_after_the_seal_is_an_amendment() {
    let mut job = Job::handed_over("normal");
    let mut tom = mate(&job);
    job.at("11:10").text("state-duration", "one and a half hours");
    tom.at("11:11").text("state-duration", "two hours");
    job.at("11:20").sign("customer").sign("technician");
    seal(&mut job);
    exchange(&mut job, &mut tom);
    let conflict = job.visit.record().conflicts[0].clone();
    let version = conflict
        .versions
        .iter()
        .position(|version| version.value.to_string().contains("one and a half"))
        .unwrap();
    job.at("12:00").go(Command::Resolve { target: conflict.target, version });
    let amendment = job.visit.record().amendments.values().next().unwrap();
    assert_eq!((amendment.reason.as_str(), amendment.command.as_str()), ("resolve", "resolve"));
    assert_eq!(verified(&job).verdict, Verdict::Outdated);
    job.sign("customer").sign("technician");
    seal(&mut job);
    assert_eq!(verified(&job).verdict, Verdict::Amended);
}

#[test]
fn nobody_signs_off_what_two_devices_wrote_differently() {
    let mut job = Job::handed_over("normal");
    let mut tom = mate(&job);
    job.text("state-duration", "one and a half hours");
    tom.text("state-duration", "two hours");
    exchange(&mut job, &mut tom);
    let sign = || Command::Sign { role: "customer".into(), name: "Chen".into(), image_sha256: None };
    let refusal = job.refused(sign());
    assert_eq!((refusal.code(), refusal.rules()[0].rule.as_str()), ("not-yet", &*rule("state-duration")));
    let target = job.visit.record().conflicts[0].target.clone();
    job.go(Command::Resolve { target, version: 0 }).go(sign());
}

#[test]
fn a_change_without_right_after_the_seal_is_shown() {
    // Another program writes into the record that was sealed: a new value, an entry more, a signature that was not given.
    type Craft = fn(&mut automerge::AutoCommit);
    let crafts: [(&str, Craft, Verdict); 3] = [
        (
            "answer",
            |doc| {
                let field = doc.get(ROOT, "field").unwrap().unwrap().1;
                let answers = doc.get(&field, "answers").unwrap().unwrap().1;
                let text = r#"{"is":{"text":"five minutes"},"by":"tech-1","at":"2026-03-02T11:30:00+08:00"}"#;
                doc.put(&answers, rule("state-duration"), text).unwrap();
            },
            Verdict::Outdated,
        ),
        (
            "note",
            |doc| {
                let field = doc.get(ROOT, "field").unwrap().unwrap().1;
                let notes = doc.get(&field, "notes").unwrap().unwrap().1;
                let cause = doc.get(&notes, "cause").unwrap().unwrap().1;
                doc.splice_text(&cause, 0, 4, "motor").unwrap();
            },
            Verdict::Outdated,
        ),
        (
            "signature",
            |doc| {
                let field = doc.get(ROOT, "field").unwrap().unwrap().1;
                let signatures = doc.get(&field, "signatures").unwrap().unwrap().1;
                let key = doc.keys(&signatures).next().unwrap();
                let (value, _) = doc.get(&signatures, &key).unwrap().unwrap();
                let text = value.as_str().unwrap().replace("Chen", "Wang");
                doc.put(&signatures, &key, text).unwrap();
            },
            Verdict::Broken,
        ),
    ];
    for (what, craft, verdict) in crafts {
        let job = sealed().crafted(craft);
        let verification = verified(&job);
        assert_eq!(verification.verdict, verdict, "{what}: {verification:#?}");
    }
}

#[test]
fn a_signature_of_another_visit_or_version_does_not_fit() {
    let mut other = Job::ordered(
        common::order("urgent")
            .into_iter()
            .map(|(key, value)| (key, value.replace("SR-1", "SR-2")))
            .collect(),
        common::RECEIVED,
    );
    other.dispatch();
    let taken = sealed();
    let copy = |place: &str| {
        let doc = automerge::AutoCommit::load(&taken.visit.save()).unwrap();
        let field = doc.get(ROOT, "field").unwrap().unwrap().1;
        let object = doc.get(&field, place).unwrap().unwrap().1;
        let keys: Vec<String> = doc.keys(&object).collect();
        keys.into_iter()
            .map(|key| {
                let text = doc.get(&object, &key).unwrap().unwrap().0.as_str().unwrap().to_owned();
                (key, text)
            })
            .collect::<Vec<_>>()
    };
    let (signatures, seals) = (copy("signatures"), copy("seals"));
    let forged = other.crafted(|doc| {
        let field = doc.get(ROOT, "field").unwrap().unwrap().1;
        for (place, entries) in [("signatures", &signatures), ("seals", &seals)] {
            let object = doc.get(&field, place).unwrap().unwrap().1;
            for (key, text) in entries {
                doc.put(&object, key, text.as_str()).unwrap();
            }
        }
    });
    let verification = verified(&forged);
    assert_eq!(verification.verdict, Verdict::Broken);
    assert!(
        verification.seals[0].problems.contains(&Problem::OtherDocument)
            || verification.seals[0].problems.contains(&Problem::ChangesMissing)
    );
    assert!(verification.signatures.iter().all(|check| check.problems == [Problem::ChangesMissing]));
    // An earlier signature of the same visit, put where a later one belongs: its hash is that of other facts.
    let mut job = sealed();
    job.go(amend("longer", answer("state-duration", "two hours")));
    let text = signatures[0].1.clone();
    let heads: Vec<String> = job.visit.heads().iter().map(|head| jobsheet_core::hex(head)).collect();
    let mut replayed: serde_json::Value = serde_json::from_str(&text).unwrap();
    replayed["heads"] = heads.into();
    let replayed = job.crafted(|doc| {
        let field = doc.get(ROOT, "field").unwrap().unwrap().1;
        let object = doc.get(&field, "signatures").unwrap().unwrap().1;
        doc.put(&object, common::id(77_777).to_string(), replayed.to_string()).unwrap();
    });
    let verification = verified(&replayed);
    assert_eq!(verification.verdict, Verdict::Broken);
    assert!(verification.signatures.iter().any(|check| check.problems == [Problem::FactsDiffer]));
}

#[test]
fn a_note_may_grow_and_a_rating_may_come_after_the_signature_without_a_new_one() {
    let mut job = sealed();
    let edit = NoteEdit::Append("; seen again".to_owned());
    job.go(amend("more", Command::Note { note: "cause".to_owned(), edit }));
    assert_eq!(verified(&job).verdict, Verdict::Amended);
    let edit = NoteEdit::Splice { at: 0, delete: 4, insert: "motor".to_owned() };
    job.go(amend("other", Command::Note { note: "cause".to_owned(), edit }));
    assert_eq!(verified(&job).verdict, Verdict::Outdated);
    let mut job = Job::handed_over("normal");
    job.sign("customer");
    seal(&mut job);
    job.go(amend(
        "asked at the door",
        Command::Survey(SurveyAnswer { level: "satisfied".into(), words: None }),
    ));
    assert_eq!(verified(&job).verdict, Verdict::Amended);
}

#[test]
fn an_older_document_has_no_place_for_a_seal_and_says_so() {
    let mut job = Job::in_work("normal").crafted(|doc| {
        doc.put(ROOT, "schema", 1_u64).unwrap();
        let field = doc.get(ROOT, "field").unwrap().unwrap().1;
        for place in ["seals", "documents"] {
            doc.delete(&field, place).unwrap();
        }
    });
    job.photo("protect-site", None).note("solution", "belt changed").note("steps", "done");
    job.note("communication", "told").at("11:00").go(Command::Finish);
    job.yes("test-run").yes("problem-solved").text("explain-precautions", "none").go(Command::HandOver);
    job.sign("customer");
    assert_eq!(refused_seal(&mut job).code(), "older-schema");
    assert_eq!(verified(&job).verdict, Verdict::Unsealed);
}
