//! What became of a record after its signatures and its seal, and what somebody may have forged about that.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT, ReadDoc};
use common::sealing::{amend, answer, part, seal, trust, verified};
use common::{Job, id, rule};
use jobsheet_core::record::{
    Command, MAX_SEALS, MAX_SIGNATURES, OwnershipError, SealState, SurveyAnswer, check_field_change,
};
use jobsheet_core::seal::{Problem, Verdict, verify};
use serde_json::{Value, json};

/// Signed by both and sealed, not rated.
fn sealed() -> Job {
    let mut job = Job::handed_over("normal");
    job.at("11:20").sign("customer").sign("technician");
    seal(&mut job);
    job
}

fn container(doc: &AutoCommit, side: &str, place: &str) -> automerge::ObjId {
    let side = doc.get(ROOT, side).unwrap().unwrap().1;
    doc.get(&side, place).unwrap().unwrap().1
}

fn field(doc: &mut AutoCommit, place: &str, key: &str, entry: &Value) {
    let place = container(doc, "field", place);
    doc.put(&place, key, entry.to_string()).unwrap();
}

/// An entry of the field side as it stands in the document.
fn entry(job: &Job, place: &str, key: &str) -> Value {
    let doc = AutoCommit::load(&job.visit.save()).unwrap();
    let place = container(&doc, "field", place);
    serde_json::from_str(doc.get(&place, key).unwrap().unwrap().0.as_str().unwrap()).unwrap()
}

fn heads(job: &Job) -> Vec<String> {
    job.visit.heads().iter().map(|head| jobsheet_core::hex(head)).collect()
}

#[test]
fn what_is_only_added_without_an_amendment_is_shown_too() {
    type Craft = fn(&mut AutoCommit);
    let crafts: [(&str, Craft); 7] = [
        ("field/photos/", |doc| {
            let photo = json!({ "sha256": "cd".repeat(32), "size": 9, "media_type": "image/jpeg",
                "by": "tech-1", "at": "2026-03-02T11:30:00+08:00" });
            field(doc, "photos", &id(88_001).to_string(), &photo);
        }),
        ("field/measures/", |doc| {
            let measure = json!({ "quantity": "supply-voltage", "value": 230.0, "unit": "V",
                "by": "tech-1", "at": "2026-03-02T11:30:00+08:00" });
            field(doc, "measures", &id(88_002).to_string(), &measure);
        }),
        ("field/answers/", |doc| {
            let text = json!({ "is": { "time": "2026-03-05T10:00:00+08:00" },
                "by": "tech-1", "at": "2026-03-02T11:30:00+08:00" });
            field(doc, "answers", &rule("temporary-next-time"), &text);
        }),
        ("field/survey/rating", |doc| {
            let rating = json!({ "level": "satisfied", "by": "tech-1", "at": "2026-03-02T11:30:00+08:00" });
            field(doc, "survey", "rating", &rating);
        }),
        ("field/notes/cause", |doc| {
            let notes = container(doc, "field", "notes");
            let cause = doc.get(&notes, "cause").unwrap().unwrap().1;
            let length = doc.length(&cause);
            doc.splice_text(&cause, length, 0, " and torn").unwrap();
        }),
        ("field/notes/objection", |doc| {
            let notes = container(doc, "field", "notes");
            let objection = doc.get(&notes, "objection").unwrap().unwrap().1;
            doc.splice_text(&objection, 0, 0, "none, really").unwrap();
        }),
        ("office/order/time_zone", |doc| {
            let order = container(doc, "office", "order");
            doc.put(&order, "time_zone", "Asia/Shanghai").unwrap();
        }),
    ];
    for (path, craft) in crafts {
        let job = sealed().crafted(craft);
        assert_eq!(job.visit.record().unreadable, Vec::<String>::new(), "{path}");
        let verification = verified(&job);
        assert_eq!(verification.verdict, Verdict::Amended, "{path}: {verification:#?}");
        assert_eq!((verification.amended.len(), verification.late.len()), (0, 1), "{path}");
        assert!(verification.late[0].path.starts_with(path), "{path}: {}", verification.late[0].path);
        assert!(!verification.late[0].by[0].late, "its writer knew of the seal");
    }
}

#[test]
fn the_office_fills_an_order_field_after_the_seal_and_it_is_shown() {
    let mut job = sealed();
    let fill = |field: &str, value: &str| Command::FillOrder { field: field.into(), value: value.into() };
    job.office(fill("location", "Pier 4")).unwrap();
    let verification = verified(&job);
    assert_eq!(verification.verdict, Verdict::Outdated, "what the customer signed is another place now");
    assert_eq!((verification.amended.len(), verification.late.len()), (0, 1));
    job.sign("customer").sign("technician");
    seal(&mut job);
    let verification = verified(&job);
    assert_eq!((verification.verdict, verification.late.len()), (Verdict::Amended, 1));
}

#[test]
fn order_text_that_looks_like_json_stays_text() {
    let mut job = Job::handed_over("normal");
    let text = r#"{"floor":3}"#;
    job.office(Command::FillOrder { field: "location".into(), value: text.into() }).unwrap();
    let record: Value = serde_json::from_slice(&job.visit.record_at(&heads(&job)).unwrap()).unwrap();
    assert_eq!(record["office"]["order"]["location"], text);
}

#[test]
fn what_arose_after_the_seal_is_recorded_without_an_amendment_and_stays_intact() {
    let mut job = sealed();
    job.at("11:25").report("objection-raised");
    job.at("11:26").note("objection", "wants another colour");
    let verification = verified(&job);
    assert_eq!(verification.verdict, Verdict::Intact, "{verification:#?}");
    // What another program writes beside it is not let through by that.
    let job = job.crafted(|doc| {
        let notes = container(doc, "field", "notes");
        let plan = doc.get(&notes, "temporary-plan").unwrap().unwrap().1;
        doc.splice_text(&plan, 0, 0, "come again").unwrap();
    });
    let verification = verified(&job);
    assert_eq!((verification.verdict, verification.late.len()), (Verdict::Amended, 1));
}

#[test]
fn an_amendment_does_not_cover_what_was_written_after_it_without_one() {
    let mut job = sealed();
    let note = |edit: &str| Command::Note {
        note: "cause".to_owned(),
        edit: jobsheet_core::record::NoteEdit::Append(edit.to_owned()),
    };
    job.go(amend("more", note("; seen again")));
    assert_eq!((verified(&job).amended.len(), verified(&job).late.len()), (1, 0));
    let amendment = job.visit.record().amendments.values().next().unwrap();
    assert_eq!(amendment.paths, ["field/notes/cause"]);
    assert_eq!(verified(&job).amended[0].path, amendment.paths[0], "one name for one place");
    let job = job.crafted(|doc| {
        let notes = container(doc, "field", "notes");
        let cause = doc.get(&notes, "cause").unwrap().unwrap().1;
        let length = doc.length(&cause);
        doc.splice_text(&cause, length, 0, "; and the motor").unwrap();
    });
    assert_eq!((verified(&job).amended.len(), verified(&job).late.len()), (0, 1));
}

#[test]
fn a_seal_under_the_id_of_a_signature_hides_nothing() {
    let mut job = sealed();
    let (customer, _) =
        job.visit.record().signatures.iter().find(|(_, signature)| signature.role == "customer").unwrap();
    let customer = *customer;
    let key = job.visit.record().seals.keys().next().unwrap().to_string();
    job.at("11:30").go(amend("longer", answer("state-duration", "two hours")));
    let outdated = SealState::Outdated { roles: vec!["customer".to_owned(), "technician".to_owned()] };
    assert_eq!(job.visit.record().seal_state(&job.standard), outdated);
    let mut forged = entry(&job, "seals", &key);
    forged["statement"]["heads"] = heads(&job).into();
    let mut job = job.crafted(|doc| field(doc, "seals", &customer.to_string(), &forged));
    job.count += 100;
    // Something that only adds: the forged seal has a list of changes of its own.
    job.go(amend("asked", Command::Survey(SurveyAnswer { level: "satisfied".into(), words: None })));
    assert_eq!(job.visit.record().seal_state(&job.standard), outdated);
}

#[test]
fn the_clock_of_a_later_seal_hides_no_amendment() {
    let mut job = sealed();
    job.at("11:30").go(amend("one more", part()));
    // A phone whose clock is hours behind signs and seals again.
    job.at("08:00").sign("customer").sign("technician");
    seal(&mut job);
    let verification = verified(&job);
    assert_eq!(verification.seals[0].at, common::moment("2026-03-02T08:00:00+08:00"), "it sorts first");
    assert_eq!((verification.verdict, verification.amended.len()), (Verdict::Amended, 1));
}

#[test]
fn a_signature_of_no_version_stands_for_nothing() {
    let honest = {
        let mut job = Job::handed_over("normal");
        job.at("11:20").sign("customer");
        let key = job.visit.record().signatures.keys().next().unwrap().to_string();
        entry(&job, "signatures", &key)
    };
    let open = Job::handed_over("normal");
    let unknown = "ab".repeat(32);
    for named in [json!([]), json!(["no hash"]), json!([unknown]), json!([heads(&open)[0], unknown])] {
        let mut forged = honest.clone();
        forged["heads"] = named.clone();
        let mut job = open.clone().crafted(|doc| field(doc, "signatures", &id(77).to_string(), &forged));
        let roles = vec!["customer".to_owned()];
        assert_eq!(job.visit.record().seal_state(&job.standard), SealState::Outdated { roles }, "{named}");
        assert_eq!(common::sealing::refused_seal(&mut job).code(), "not-yet", "{named}");
        let verification = verified(&job);
        assert_eq!(verification.signatures[0].problems, [Problem::ChangesMissing], "{named}");
        assert_eq!(verification.verdict, Verdict::Broken, "{named}");
        // Who signs properly is not kept from it.
        job.count += 100;
        job.sign("customer");
        assert_eq!(job.visit.record().seal_state(&job.standard), SealState::Due, "{named}");
    }
}

#[test]
fn a_seal_of_no_version_seals_nothing() {
    let job = sealed();
    let key = job.visit.record().seals.keys().next().unwrap().to_string();
    for named in [json!([]), json!(["zz"]), json!(["ab".repeat(32)])] {
        let mut forged = entry(&job, "seals", &key);
        forged["statement"]["heads"] = named.clone();
        let job = job.clone().crafted(|doc| field(doc, "seals", &key, &forged));
        assert_eq!(job.visit.record().seal_state(&job.standard), SealState::Due, "{named}");
        let verification = verified(&job);
        assert!(verification.seals[0].problems.contains(&Problem::ChangesMissing), "{named}");
        assert_eq!(verification.verdict, Verdict::Broken, "{named}");
    }
}

#[test]
fn a_record_takes_so_many_signatures_and_seals_and_no_more() {
    let job = sealed();
    let of = |place: &str, most: usize| {
        let key = match place {
            "signatures" => job.visit.record().signatures.keys().next(),
            _ => job.visit.record().seals.keys().next(),
        };
        let copy = entry(&job, place, &key.unwrap().to_string());
        let held = AutoCommit::load(&job.visit.save()).unwrap();
        let held = held.length(container(&held, "field", place));
        let filled = |until: usize| {
            let mut job = job.clone().crafted(|doc| {
                for number in held..until {
                    field(doc, place, &id(70_000 + number as u64).to_string(), &copy);
                }
            });
            job.count += 1000;
            job.go(amend("longer", answer("state-duration", "two hours")));
            job
        };
        let add = |mut job: Job| {
            let office = job.visit.clone();
            job.sign("customer");
            if place == "seals" {
                job.sign("technician");
                seal(&mut job);
            }
            let changes = job.visit.changes();
            let (last, before) = changes.split_last().unwrap();
            let mut known = office;
            known.merge(&before.iter().map(|change| change.bytes.clone()).collect::<Vec<_>>()).unwrap();
            (known, last.bytes.clone())
        };
        // One below the limit there is room for one, on the device and where it arrives.
        let (known, change) = add(filled(most - 1));
        assert!(check_field_change(&known, &change, "tech-1").is_ok());
        // At the limit the device refuses, and what another program made is not admitted.
        let mut full = filled(most);
        let crowded = full.visit.clone();
        let refusal = if place == "seals" {
            full.sign("customer").sign("technician");
            common::sealing::refused_seal(&mut full)
        } else {
            full.refused(Command::Sign { role: "customer".into(), name: "Chen".into(), image_sha256: None })
        };
        assert!(refusal.to_string().contains(&format!("holds {most} {place}")), "{refusal}");
        let mut doc = AutoCommit::load(&crowded.save()).unwrap();
        field(&mut doc, place, &id(90_000).to_string(), &copy);
        let bytes = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
        let error = check_field_change(&crowded, &bytes, "tech-1").unwrap_err();
        assert!(matches!(error, OwnershipError::TooLarge { limit, .. } if limit == most as u64), "{error}");
    };
    of("signatures", MAX_SIGNATURES);
    of("seals", MAX_SEALS);
}

#[test]
fn a_record_of_a_newer_version_is_not_called_broken() {
    let newer = |doc: &mut AutoCommit| {
        doc.put(ROOT, "schema", 3_u64).unwrap();
    };
    let job = sealed().crafted(newer);
    let verification = verified(&job);
    assert_eq!((verification.verdict, verification.verdict.name()), (Verdict::Newer, "newer"));
    assert!(!verification.verdict.holds());
    // What is wrong whatever a later version knows stays wrong.
    let key = job.visit.record().seals.keys().next().unwrap().to_string();
    let mut forged = entry(&job, "seals", &key);
    forged["statement"]["record_sha256"] = "0".repeat(64).into();
    let forged = job.crafted(|doc| field(doc, "seals", &key, &forged));
    assert_eq!(verified(&forged).verdict, Verdict::Broken);
}

#[test]
fn an_entry_that_can_not_be_read_breaks_only_where_it_is_a_signature_or_a_seal() {
    let unknown = json!({ "is": { "degrees": 7 } });
    let job = sealed().crafted(|doc| field(doc, "survey", "rating", &unknown));
    assert_eq!(job.visit.record().unreadable, ["field/survey/rating"]);
    let verification = verified(&job);
    assert_eq!((verification.verdict, verification.late.len()), (Verdict::Amended, 1));
    for place in ["signatures", "seals"] {
        let job = sealed().crafted(|doc| field(doc, place, &id(99_000).to_string(), &unknown));
        assert_eq!(verify(&job.visit, &job.standard, &trust()).verdict, Verdict::Broken, "{place}");
    }
}
