//! Photos before and after, attached documents, and what a report shows of them to whom.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Job, id, moment, rule};
use jobsheet_core::Lang;
use jobsheet_core::assess::{PhotoDoubt, Status, next, pairs};
use jobsheet_core::record::{
    ApplyError, Command, Document, EntryId, FileUse, MAX_FILE_BYTES, MAX_NAME_CHARS, Refusal, Registration,
    Shot, Spot, hashes_in,
};
use jobsheet_core::report::{Audience, Pictures, Subject, html};
use jobsheet_core::seal::{Trust, verify};
use jobsheet_core::standard::{Side, builtin};

const ITEM: &str = "photo-key-steps";

fn hash(of: &str) -> String {
    of.repeat(32)
}

fn photo(sha256: &str, at: Option<&str>, pair_with: Option<EntryId>, shot: Option<Shot>) -> Command {
    Command::AddPhoto {
        sha256: hash(sha256),
        size: 2_000,
        media_type: "image/jpeg".to_owned(),
        item: at.map(|_| rule(ITEM)),
        moment: at.map(ToOwned::to_owned),
        caption: Some("Ms Chen's kitchen".to_owned()),
        pair_with,
        shot,
    }
}

fn document(name: &str, item: Option<String>) -> Command {
    Command::AddDocument {
        sha256: hash("dd"),
        size: 9_000,
        media_type: "application/pdf".to_owned(),
        name: name.to_owned(),
        item,
    }
}

fn shot(taken: &str) -> Shot {
    Shot {
        taken_at: Some(moment(taken)),
        position: Some(Spot { latitude: 42.358_4, longitude: -71.059_8, accuracy_m: None }),
        clock_ahead_s: Some(45),
        ..Shot::default()
    }
}

/// The key of the photo with these bytes.
fn key(job: &Job, sha256: &str) -> EntryId {
    let photos = &job.visit.record().photos;
    *photos.iter().find(|(_, photo)| photo.sha256 == hash(sha256)).unwrap().0
}

fn refused(job: &mut Job, command: Command, field: &str, words: &str) {
    match job.try_do(command) {
        Err(ApplyError::Refused(Refusal::Invalid { field: found, reason, .. })) => {
            assert_eq!(found, field, "{reason}");
            assert!(reason.contains(words), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

/// An installation of an engine, assigned.
fn installation() -> Job {
    let standard = builtin("diesel").unwrap().unwrap();
    let order = [("number", "ENG-1"), ("customer_name", "Yard"), ("fault", "New engine")];
    let registration = Registration {
        job: Some("installation".to_owned()),
        order: order.into_iter().map(|(id, value)| (id.to_owned(), value.to_owned())).collect(),
        received_at: None,
    };
    let mut job = Job::registered("normal", common::RECEIVED);
    let context = job.context(Side::Office);
    job.visit = Document::register(id(77), &standard, &registration, &[7; 16], &context).unwrap().0;
    job.standard = standard;
    job.dispatch();
    job
}

#[test]
fn before_and_after_stand_side_by_side_and_what_is_missing_is_named() {
    let mut job = Job::in_work("normal");
    assert!(pairs(job.visit.record(), &job.standard).iter().all(|item| item.rule != rule(ITEM)));
    // A part was changed: the standard wants to see it before and after.
    job.part(Some(true));
    let item = |job: &Job| {
        let all = pairs(job.visit.record(), &job.standard);
        all.into_iter().find(|item| item.rule == rule(ITEM)).unwrap()
    };
    let todo = |job: &Job| {
        let list = next(job.visit.record(), &job.standard, Side::Field, job.now.instant());
        list.into_iter().find(|step| step.rule.as_ref() == Some(&rule(ITEM)))
    };
    assert_eq!(item(&job).missing, ["before", "after"]);
    assert_eq!(todo(&job).unwrap().moments, ["before", "after"]);
    job.go(photo("01", Some("before"), None, None)).go(photo("02", Some("before"), None, None));
    assert_eq!(item(&job).missing, ["after"]);
    assert_eq!(todo(&job).unwrap().moments, ["after"]);
    // Named, it stands beside the second; the next one fills the free place.
    let second = key(&job, "02");
    job.go(photo("12", Some("after"), Some(second), None)).go(photo("11", Some("after"), None, None));
    job.go(photo("13", Some("after"), None, None));
    let found = item(&job);
    let rows: Vec<Vec<Option<EntryId>>> = found.rows.iter().map(|row| row.photos.clone()).collect();
    let cell = |sha256: &str| Some(key(&job, sha256));
    assert_eq!(rows, [vec![cell("01"), cell("11")], vec![cell("02"), cell("12")], vec![None, cell("13")]]);
    assert!(found.missing.is_empty() && found.rows.iter().all(|row| row.doubts.is_empty()));
    assert!(todo(&job).is_none());
    assert_eq!((found.clause.is_empty(), found.moments.len()), (false, 2));
}

#[test]
fn one_file_for_both_moments_and_a_reversed_order_are_doubts() {
    let of = |before: Command, after: Command| {
        let mut job = Job::in_work("normal");
        job.go(before).go(after);
        let all = pairs(job.visit.record(), &job.standard);
        all.into_iter().find(|item| item.rule == rule(ITEM)).unwrap().rows[0].doubts.clone()
    };
    let taken = |sha: &str, at: &str, time: &str| photo(sha, Some(at), None, Some(shot(time)));
    assert_eq!(
        of(photo("01", Some("before"), None, None), photo("01", Some("after"), None, None)),
        [PhotoDoubt::SameFile]
    );
    let ten = "2026-03-02T10:30:00+08:00";
    for (after, doubts) in [
        ("2026-03-02T11:00:00+08:00", &[][..]),
        // Within the tolerance of clocks.
        ("2026-03-02T10:28:00+08:00", &[][..]),
        ("2026-03-02T10:27:59+08:00", &[PhotoDoubt::TakenInReverse][..]),
        // The same instant in another zone.
        ("2026-03-02T02:31:00Z", &[][..]),
    ] {
        assert_eq!(of(taken("01", "before", ten), taken("02", "after", after)), doubts, "{after}");
    }
}

#[test]
fn a_pair_is_of_one_item_and_two_moments() {
    let mut job = Job::in_work("normal");
    job.go(photo("01", Some("before"), None, None)).photo("protect-site", None);
    let before = key(&job, "01");
    let other = key(&job, "ab");
    refused(&mut job, photo("02", Some("after"), Some(id(9_999)), None), "pair_with", "no such photo");
    refused(&mut job, photo("02", Some("after"), Some(other), None), "pair_with", "same item");
    refused(&mut job, photo("02", None, Some(before), None), "pair_with", "same item");
    refused(&mut job, photo("02", Some("before"), Some(before), None), "pair_with", "another moment");
    job.go(photo("02", Some("after"), Some(before), None));
}

#[test]
fn what_a_camera_says_has_limits() {
    let mut job = Job::in_work("normal");
    let at = |latitude: f64, longitude: f64| {
        photo(
            "01",
            None,
            None,
            Some(Shot { position: Some(Spot { latitude, longitude, accuracy_m: None }), ..Shot::default() }),
        )
    };
    for (latitude, longitude) in
        [(90.1, 0.0), (-90.1, 0.0), (0.0, 180.1), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)]
    {
        refused(&mut job, at(latitude, longitude), "shot.position", "must lie between");
    }
    job.go(at(90.0, 180.0)).go(at(-90.0, -180.0));
    let turned = |orientation| {
        photo("01", None, None, Some(Shot { orientation: Some(orientation), ..Shot::default() }))
    };
    for orientation in [0, 9] {
        refused(&mut job, turned(orientation), "shot.orientation", "1 to 8");
    }
    job.go(turned(1)).go(turned(8));
    // A camera that says nothing leaves nothing in the record.
    job.go(photo("77", None, None, Some(Shot::default())));
    assert_eq!(job.visit.record().photos[&key(&job, "77")].shot, None);
}

#[test]
fn a_document_is_named_and_limited() {
    let mut job = Job::in_work("normal");
    refused(&mut job, document(" ", None), "name", "is empty");
    refused(&mut job, document(&"x".repeat(MAX_NAME_CHARS + 1), None), "name", "at most");
    refused(&mut job, document("x", Some(rule("test-run"))), "item", "does not ask for a document");
    refused(&mut job, document("x", Some(rule("no-such-rule"))), "item", "no such rule");
    let sized = |size| match document("x", None) {
        Command::AddDocument { sha256, media_type, name, item, .. } => {
            Command::AddDocument { sha256, size, media_type, name, item }
        }
        other => other,
    };
    refused(&mut job, sized(0), "size", "empty");
    refused(&mut job, sized(MAX_FILE_BYTES + 1), "size", "at most");
    job.go(document(&"x".repeat(MAX_NAME_CHARS), None)).go(sized(MAX_FILE_BYTES));
    assert_eq!(job.visit.record().documents.len(), 2);
    assert!(job.office(document("x", None)).is_err(), "only the crew attaches");
}

#[test]
fn a_document_proves_the_item_that_asks_for_one() {
    let mut job = installation();
    let item = "diesel.data-backup".to_owned();
    job.go(Command::Report {
        event: "guarded-step-planned".to_owned(),
        note: None,
        about: Some("data-change".to_owned()),
        happened: None,
    });
    let status = |job: &Job| job.assess().finding(&item).unwrap().status;
    assert_eq!(status(&job), Status::Outstanding);
    let list = next(job.visit.record(), &job.standard, Side::Field, job.now.instant());
    let step = list.iter().find(|step| step.rule.as_ref() == Some(&item)).unwrap();
    assert_eq!((step.command.as_str(), step.or), ("answer", Some("add-document")));
    job.go(document("backup.zip", Some(item.clone())));
    assert_eq!(status(&job), Status::Satisfied);
    let assessment = job.assess();
    let finding = assessment.finding(&item).unwrap();
    assert_eq!(
        (finding.evidence[0].source.as_str(), finding.evidence[0].value.as_str()),
        ("documents", "backup.zip")
    );
}

#[test]
fn a_report_shows_each_reader_what_is_meant_for_them() {
    let mut job = Job::in_work("normal");
    job.go(photo("01", Some("before"), None, Some(shot("2026-03-02T10:30:00+08:00"))));
    job.go(photo("01", Some("after"), None, Some(shot("2026-03-02T10:20:00+08:00"))));
    job.go(photo("02", None, None, None)).go(document("contract Chen.pdf", None));
    let render = |lang, audience, pictures: &Pictures| {
        let verification = verify(&job.visit, &job.standard, &Trust::default());
        let (record, standard) = (job.visit.record(), &*job.standard);
        let subject = Subject { record, standard, verification: &verification, pictures, tariffs: None };
        html(&subject, job.now.instant(), lang, audience).unwrap()
    };
    let page = |audience| render(Lang::En, audience, &Pictures::new());
    for audience in [Audience::Crew, Audience::Office] {
        let page = page(audience);
        for shown in [
            "42.358400, -71.059800",
            "camera clock ahead by 45 s",
            "contract Chen.pdf",
            "one file stands for both moments",
            "was taken first",
        ] {
            assert!(page.contains(shown), "{shown} is not shown to {audience:?}");
        }
    }
    let customer = page(Audience::Customer);
    for hidden in ["42.3584", "71.0598", "camera clock", "one file stands"] {
        assert!(!customer.contains(hidden), "{hidden} is shown to the customer");
    }
    assert!(customer.contains("contract Chen.pdf") && customer.contains("taken 2026-03-02T10:30"));
    let third = page(Audience::ThirdParty);
    for hidden in ["42.3584", "Chen", "one file stands"] {
        assert!(!third.contains(hidden), "{hidden} is shown to a third party");
    }
    assert!(third.contains(&hash("dd")) && third.contains(&hash("02")));
    assert!(!customer.contains("<img"));
    let pictures: Pictures = [(hash("01"), "data:image/jpeg;base64,AAAA".to_owned())].into();
    let with = render(Lang::Zh, Audience::Customer, &pictures);
    assert_eq!(with.matches("<img src=\"data:image/jpeg;base64,AAAA\"").count(), 2);
    assert!(with.contains("照片") && with.contains("文件") && with.contains("前"));
}

#[test]
fn the_files_of_a_record_are_listed_and_found_in_its_changes() {
    let mut job = Job::handed_over("normal");
    job.go(photo("02", None, None, None)).go(document("x", None));
    job.go(Command::Sign {
        role: "customer".to_owned(),
        name: "Chen".to_owned(),
        image_sha256: Some(hash("ee")),
    });
    let record = job.visit.record();
    let files: Vec<(&str, FileUse)> = record.files().collect();
    for (sha256, of) in [("02", FileUse::Photo), ("dd", FileUse::Document), ("ee", FileUse::Signature)] {
        assert!(files.contains(&(hash(sha256).as_str(), of)));
    }
    let in_changes: std::collections::BTreeSet<String> =
        job.visit.changes().iter().flat_map(|change| hashes_in(&change.bytes)).collect();
    for (sha256, _) in files {
        assert!(in_changes.contains(sha256));
    }
}
