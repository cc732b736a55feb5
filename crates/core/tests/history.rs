//! What became of every field: told from the operations, compared with the document at every point of its life.
//!
//! `JOBSHEET_PROPTEST_CASES` asks for more cases than the 64 of an ordinary run.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use automerge::{Automerge, ChangeHash, ObjType, ROOT, ReadDoc, Value as Stored};
use common::{Job, rule};
use jobsheet_core::hex;
use jobsheet_core::record::{
    AnswerValue, Command, FieldChange, FieldEdit, NoteEdit, PastChange, PastValue, ResolveTarget, TextEdit,
};
use jobsheet_core::standard::Side;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

const CASES: u32 = 64;

/// The same visit on several devices: of tech-1, of tech-2, a second one of tech-1, and the office.
const PEOPLE: [(&str, Side); 4] =
    [("tech-1", Side::Field), ("tech-2", Side::Field), ("tech-1", Side::Field), ("office-1", Side::Office)];

fn devices(job: &Job, count: usize) -> Vec<Job> {
    (0..count)
        .map(|at| {
            let mut copy = job.clone();
            let number = u8::try_from(at).unwrap();
            copy.visit.set_actor(&[21 + number; 16]);
            PEOPLE[at].0.clone_into(&mut copy.person);
            copy.count += 10_000 * (u64::from(number) + 1);
            copy
        })
        .collect()
}

fn deliver(from: usize, to: usize, devices: &mut [Job]) {
    let bytes: Vec<Vec<u8>> = devices[from].visit.changes().into_iter().map(|change| change.bytes).collect();
    devices[to].visit.merge(&bytes).unwrap();
}

fn exchange(devices: &mut [Job]) {
    for from in 0..devices.len() {
        for to in 0..devices.len() {
            if from != to {
                deliver(from, to, devices);
            }
        }
    }
    for device in devices.iter() {
        assert_eq!(device.visit.heads(), devices[0].visit.heads());
    }
}

fn answer(name: &str, words: &str) -> Command {
    Command::Answer { item: rule(name), value: AnswerValue::Text(words.to_owned()) }
}

fn splice(at: usize, delete: usize, insert: &str) -> Command {
    let edit = NoteEdit::Splice { at, delete, insert: insert.to_owned() };
    Command::Note { note: "steps".to_owned(), edit }
}

/// What happened to one field, in causal order.
fn of_field<'a>(history: &'a [PastChange], name: &str) -> Vec<(&'a PastChange, &'a FieldChange)> {
    let concerned = |change: &'a PastChange| {
        change.fields.iter().filter(|field| field.concerns(name)).map(move |field| (change, field))
    };
    history.iter().flat_map(concerned).collect()
}

fn put(field: &FieldChange) -> (Vec<Value>, Value, bool) {
    let FieldEdit::Put { before, after, stands } = &field.edit else { panic!("{field:?}") };
    let said = |value: &Value| value.get("is").cloned().unwrap_or_else(|| value.clone());
    (before.iter().map(|before| said(&before.value)).collect(), said(after), *stands)
}

fn texts(field: &FieldChange) -> &[TextEdit] {
    let FieldEdit::Text { edits } = &field.edit else { panic!("{field:?}") };
    edits
}

#[test]
fn a_register_tells_who_wrote_what_by_which_command_and_what_stood_before() {
    let mut job = Job::in_work("normal");
    job.at("10:30").go(answer("state-duration", "two hours"));
    let history = job.visit.history();
    let told = of_field(&history, &rule("state-duration"));
    let [(first, one), (second, two)] = told[..] else { panic!("{told:?}") };
    assert_eq!(one.path, format!("field/answers/{}", rule("state-duration")));
    assert_eq!(put(one), (vec![], json!({"text": "one hour"}), false));
    assert_eq!(put(two), (vec![json!({"text": "one hour"})], json!({"text": "two hours"}), true));
    assert_eq!((first.header.command.as_deref(), second.person.as_deref()), (Some("answer"), Some("tech-1")));
    let FieldEdit::Put { before, .. } = &two.edit else { panic!("{two:?}") };
    assert_eq!(before[0].change, hex(&first.header.hash));
    assert_eq!((one.beside.len(), two.beside.len()), (0, 0));
    assert_eq!(second.side, Side::Field);
}

#[test]
fn every_kind_of_field_is_told() {
    let mut job = Job::handed_over("normal");
    job.part(Some(true));
    job.at("11:15").survey("satisfied").attest("work").at("11:20").sign("customer");
    job.office(Command::Say { words: "Thank you.".to_owned() }).unwrap();
    job.office(Command::FillOrder { field: "location".to_owned(), value: "Pier 4".to_owned() }).unwrap();
    let history = job.visit.history();
    for (path, command) in [
        ("office/order/number", "register"),
        ("office/order/location", "fill-order"),
        ("office/assignment", "dispatch"),
        ("field/survey/rating", "survey"),
        ("field/attested/work", "attest"),
        ("field/notes/steps", "note"),
    ] {
        let told = of_field(&history, path);
        let (change, _) = told.last().unwrap_or_else(|| panic!("{path}"));
        assert_eq!(change.header.command.as_deref(), Some(command), "{path}");
    }
    for place in ["field/events", "field/parts", "field/photos", "field/signatures", "talk"] {
        let told: Vec<_> = history
            .iter()
            .flat_map(|change| &change.fields)
            .filter(|field| field.path.starts_with(&format!("{place}/")))
            .collect();
        assert!(!told.is_empty(), "{place}");
        for field in told {
            let (before, _, stands) = put(field);
            assert!(before.is_empty() && stands, "{field:?}");
        }
    }
    let location: Vec<_> = of_field(&history, "location").into_iter().map(|(_, field)| put(field)).collect();
    assert_eq!(location[1], (vec![json!("Harbour Street")], json!("Pier 4"), true));
    let (filled, _) = of_field(&history, "location")[1];
    assert_eq!((filled.side, filled.person.as_deref()), (Side::Office, None));
    assert_eq!(of_field(&history, "assignment").len(), 1);
    // An entry is found by what it is about: the photo by its item.
    assert_eq!(of_field(&history, &rule("protect-site")).len(), 1);
}

#[test]
fn what_was_written_at_once_stands_beside_and_not_before() {
    let mut devices = devices(&Job::in_work("normal"), 2);
    devices[0].at("10:30").go(answer("state-duration", "two hours"));
    devices[1].at("10:31").go(answer("state-duration", "three hours"));
    devices[1].at("10:32").go(answer("state-duration", "four hours"));
    exchange(&mut devices);
    let history = devices[0].visit.history();
    let told = of_field(&history, &rule("state-duration"));
    let by = |words: &str| {
        *told
            .iter()
            .find(|(_, field)| put(field).1 == json!({ "text": words }))
            .unwrap_or_else(|| panic!("{words}"))
    };
    let name = |words: &str| hex(&by(words).0.header.hash);
    let (one, two, three) = (by("two hours").1, by("three hours").1, by("four hours").1);
    // Both replaced what both had seen, and neither replaced the other.
    assert_eq!(put(one).0, [json!({"text": "one hour"})]);
    assert_eq!(put(two).0, [json!({"text": "one hour"})]);
    assert_eq!(put(three).0, [json!({"text": "three hours"})]);
    assert_eq!(one.beside, [name("four hours")], "the last of the other device");
    assert_eq!(two.beside, [name("two hours")]);
    assert_eq!(three.beside, [name("two hours")]);
    assert_eq!((put(one).2, put(two).2, put(three).2), (true, false, true));

    // Settling replaces both; what lost is still told.
    let target = ResolveTarget::Answer(rule("state-duration"));
    devices[0].at("10:40").go(Command::Resolve { target, version: 1 });
    let history = devices[0].visit.history();
    let told = of_field(&history, &rule("state-duration"));
    let (change, last) = told.last().unwrap();
    assert_eq!(change.header.command.as_deref(), Some("resolve"));
    let before: BTreeSet<String> = put(last).0.iter().map(ToString::to_string).collect();
    assert_eq!(
        before,
        BTreeSet::from([r#"{"text":"two hours"}"#.to_owned(), r#"{"text":"four hours"}"#.to_owned()])
    );
    assert_eq!(told.iter().filter(|(_, field)| put(field).2).count(), 1);
    assert_eq!(told.len(), 5);
}

#[test]
fn a_settlement_that_crosses_a_new_answer_is_a_new_conflict_and_no_loss() {
    let mut devices = devices(&Job::in_work("normal"), 3);
    devices[0].at("10:30").go(answer("state-duration", "two hours"));
    devices[1].at("10:31").go(answer("state-duration", "three hours"));
    exchange(&mut devices);
    let target = ResolveTarget::Answer(rule("state-duration"));
    devices[0].at("10:40").go(Command::Resolve { target, version: 0 });
    devices[2].at("10:41").go(answer("state-duration", "five hours"));
    exchange(&mut devices);
    let [conflict] = &devices[1].visit.record().conflicts[..] else { panic!() };
    assert_eq!(conflict.versions.len(), 2);
    let history = devices[1].visit.history();
    let told = of_field(&history, &rule("state-duration"));
    let settled =
        told.iter().find(|(change, _)| change.header.command.as_deref() == Some("resolve")).unwrap();
    let new = told.iter().find(|(_, field)| put(field).1 == json!({"text": "five hours"})).unwrap();
    assert_eq!(settled.1.beside, [hex(&new.0.header.hash)]);
    assert_eq!(new.1.beside, [hex(&settled.0.header.hash)]);
    assert_eq!(put(new.1).0.len(), 2, "it had seen the two in conflict");
}

#[test]
fn a_note_tells_which_words_came_and_went_and_whose_they_were() {
    let mut devices = devices(&Job::in_work("normal"), 2);
    devices[0].at("10:30").go(splice(0, 0, "Belt worn 皮带磨损, changed.")).yes("test-run");
    devices[1].at("10:30").no("problem-solved");
    deliver(0, 1, &mut devices);
    devices[1].at("10:35").go(splice(5, 9, "torn 断裂"));
    let history = devices[1].visit.history();
    let told = of_field(&history, "steps");
    let [(first, one), (second, two)] = told[..] else { panic!("{told:?}") };
    let edit = |edits: &[TextEdit]| {
        let [edit] = edits else { panic!("{edits:?}") };
        (edit.at, edit.left.clone(), edit.deleted.clone(), edit.inserted.clone(), edit.right.clone())
    };
    let whole = "Belt worn 皮带磨损, changed.";
    assert_eq!(edit(texts(one)), (0, String::new(), String::new(), whole.to_owned(), String::new()));
    let (left, gone, come, right) = ("Belt ", "worn 皮带磨损", "torn 断裂", ", changed.");
    assert_eq!(edit(texts(two)), (5, left.to_owned(), gone.to_owned(), come.to_owned(), right.to_owned()));
    assert_eq!(texts(two)[0].written_by, [hex(&first.header.hash)]);
    assert_eq!((first.person.as_deref(), second.person.as_deref()), (Some("tech-1"), Some("tech-2")));
}

#[test]
fn the_context_of_an_edit_is_cut_and_long_notes_need_no_deep_stack() {
    let mut job = Job::in_work("normal");
    for _ in 0..4 {
        job.at("10:30").go(splice(0, 0, &"0123456789".repeat(450)));
    }
    job.go(splice(9_000, 0, "here"));
    let history = job.visit.history();
    let (_, last) = *of_field(&history, "steps").last().unwrap();
    let [edit] = texts(last) else { panic!() };
    assert_eq!((edit.at, edit.inserted.as_str()), (9_000, "here"));
    assert_eq!(
        (edit.left.as_str(), edit.right.as_str()),
        ("678901234567890123456789", "012345678901234567890123")
    );
}

/// What one device does, or which one tells another.
#[derive(Debug, Clone)]
enum Happening {
    Answer { device: usize, item: usize, words: u8 },
    Settle { device: usize, which: usize, version: usize },
    Write { device: usize, at: usize, delete: usize, words: String },
    Deliver { from: usize, to: usize },
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let write = (0_usize..4, any::<usize>(), 0_usize..6, "[a-c皮带]{0,6}")
        .prop_map(|(device, at, delete, words)| Happening::Write { device, at, delete, words });
    prop::collection::vec(
        prop_oneof![
            3 => (0_usize..4, 0_usize..2, any::<u8>())
                .prop_map(|(device, item, words)| Happening::Answer { device, item, words }),
            2 => (0_usize..4, any::<usize>(), any::<usize>())
                .prop_map(|(device, which, version)| Happening::Settle { device, which, version }),
            3 => write,
            2 => (0_usize..4, 0_usize..4).prop_map(|(from, to)| Happening::Deliver { from, to }),
        ],
        10..50,
    )
}

const ITEMS: [&str; 2] = ["state-duration", "explain-precautions"];
const ORDER: [&str; 2] = ["location", "contact_details"];

fn is_office(job: &Job) -> bool {
    job.person == "office-1"
}

fn happen(devices: &mut [Job], happening: &Happening) {
    let count = devices.len();
    match happening {
        Happening::Answer { device, item, words } => {
            let job = &mut devices[device % count];
            let words = format!("words {words}");
            if is_office(job) {
                let command = Command::FillOrder { field: ORDER[*item].to_owned(), value: words };
                job.office(command).unwrap();
            } else {
                job.go(answer(ITEMS[*item], &words));
            }
        }
        Happening::Settle { device, which, version } => {
            let job = &mut devices[device % count];
            let conflicts = job.visit.record().conflicts.clone();
            let Some(conflict) = conflicts.get(which % conflicts.len().max(1)) else { return };
            let version = version % conflict.versions.len();
            // The crew settles its own fields.
            if !is_office(job) {
                job.go(Command::Resolve { target: conflict.target.clone(), version });
            }
        }
        Happening::Write { device, at, delete, words } => {
            let job = &mut devices[device % count];
            if is_office(job) {
                return;
            }
            let length = job.visit.record().notes["steps"].chars().count();
            let at = at % (length + 1);
            let delete = (*delete).min(length - at);
            if delete > 0 || !words.is_empty() {
                job.go(splice(at, delete, words));
            }
        }
        Happening::Deliver { from, to } => {
            let (from, to) = (from % count, to % count);
            if from != to {
                deliver(from, to, devices);
            }
        }
    }
}

fn note_at(doc: &Automerge, heads: &[ChangeHash]) -> String {
    let (_, field) = doc.get(ROOT, "field").unwrap().unwrap();
    let (_, notes) = doc.get(&field, "notes").unwrap().unwrap();
    let (kind, steps) = doc.get(&notes, "steps").unwrap().unwrap();
    assert!(matches!(kind, Stored::Object(ObjType::Text)));
    doc.text_at(&steps, heads).unwrap()
}

/// The note as the edits make it from what stood before.
fn edited(before: &str, edits: &[TextEdit]) -> String {
    let letters: Vec<char> = before.chars().collect();
    let (mut text, mut at) = (String::new(), 0);
    for edit in edits {
        text.extend(&letters[at..edit.at]);
        let end = edit.at + edit.deleted.chars().count();
        assert_eq!(letters[edit.at..end].iter().collect::<String>(), edit.deleted);
        text.push_str(&edit.inserted);
        at = end;
        let left: String = letters[..edit.at].iter().collect();
        assert!(edit.left.is_empty() || left.ends_with(&edit.left) || edits.len() > 1);
        let right: String = letters[end..].iter().collect();
        assert!(right.starts_with(&edit.right) || edits.len() > 1, "{edit:?} in {before}");
    }
    text.extend(&letters[at..]);
    text
}

/// Where the devices write, and the office.
fn compared(path: &str) -> Option<(&'static str, &'static str, &str)> {
    let answer = path.strip_prefix("field/answers/").map(|item| ("field", "answers", item));
    answer.or_else(|| path.strip_prefix("office/order/").map(|item| ("office", "order", item)))
}

/// The values of a register as Automerge shows them after some changes.
fn stored(doc: &Automerge, path: &str, heads: &[ChangeHash]) -> BTreeSet<String> {
    let (side, place, item) = compared(path).unwrap();
    let (_, side) = doc.get(ROOT, side).unwrap().unwrap();
    let (_, object) = doc.get(&side, place).unwrap().unwrap();
    let values = doc.get_all_at(&object, item, heads).unwrap();
    let values = values.into_iter().map(|(value, _)| value.into_string().unwrap());
    values.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)).to_string()).collect()
}

fn told(values: &[PastValue]) -> BTreeSet<String> {
    values.iter().map(|past| past.value.to_string()).collect()
}

/// Compares the history with the document itself, as Automerge shows it before and after every change.
fn agrees(job: &Job) {
    let doc = Automerge::load(&job.visit.save()).unwrap();
    let history = job.visit.history();
    let mut standing: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for change in &history {
        let parents: Vec<ChangeHash> = change.header.deps.iter().map(|hash| ChangeHash(*hash)).collect();
        let after = [ChangeHash(change.header.hash)];
        for field in &change.fields {
            let path = field.path.as_str();
            match &field.edit {
                FieldEdit::Text { edits } if path == "field/notes/steps" => {
                    assert_eq!(edited(&note_at(&doc, &parents), edits), note_at(&doc, &after), "{field:?}");
                }
                FieldEdit::Put { before, after: value, stands } if compared(path).is_some() => {
                    assert_eq!(told(before), stored(&doc, path, &parents), "{field:?}");
                    assert_eq!(BTreeSet::from([value.to_string()]), stored(&doc, path, &after));
                    if *stands {
                        standing.entry(path).or_default().insert(value.to_string());
                    }
                }
                FieldEdit::Drop { gone, kept } => {
                    let both: BTreeSet<String> = &told(gone) | &told(kept);
                    assert_eq!(both, stored(&doc, path, &parents), "{field:?}");
                    assert_eq!(told(kept), stored(&doc, path, &after), "{field:?}");
                }
                FieldEdit::Put { .. } | FieldEdit::Text { .. } => {}
            }
        }
    }
    for (path, told) in standing {
        assert_eq!(told, stored(&doc, path, &doc.get_heads()));
    }
    beside_is_mutual_ignorance(&history);
}

/// No change that is named beside another is among its ancestors or descendants.
fn beside_is_mutual_ignorance(history: &[PastChange]) {
    let named = |(at, change): (usize, &PastChange)| (hex(&change.header.hash), at);
    let places: HashMap<String, usize> = history.iter().enumerate().map(named).collect();
    let mut ancestors: Vec<BTreeSet<usize>> = Vec::new();
    for change in history {
        let mut known = BTreeSet::new();
        for parent in &change.header.deps {
            let parent = places[&hex(parent)];
            known.insert(parent);
            known.extend(ancestors[parent].iter().copied());
        }
        ancestors.push(known);
    }
    for (at, change) in history.iter().enumerate() {
        for field in &change.fields {
            let others: BTreeSet<usize> = history
                .iter()
                .enumerate()
                .filter(|(other, _)| {
                    *other != at && !ancestors[at].contains(other) && !ancestors[*other].contains(&at)
                })
                .filter(|(_, change)| change.fields.iter().any(|there| there.path == field.path))
                .map(|(other, _)| other)
                .collect();
            let told: BTreeSet<usize> = field.beside.iter().map(|name| places[name]).collect();
            assert!(told.is_subset(&others), "{field:?}");
            assert_eq!(told.is_empty(), others.is_empty(), "{field:?}");
        }
    }
}

/// Every value that anybody ever wrote is told, whatever was settled in the meantime.
fn nothing_is_lost(job: &Job, written: &BTreeSet<String>) {
    let history = job.visit.history();
    let told: BTreeSet<String> = history.iter().map(|change| hex(&change.header.hash)).collect();
    assert!(written.is_subset(&told));
    let standing = |item: &str| {
        of_field(&history, &format!("field/answers/{}", rule(item)))
            .iter()
            .filter(|(_, field)| matches!(field.edit, FieldEdit::Put { stands: true, .. }))
            .count()
    };
    for item in ITEMS {
        let target = ResolveTarget::Answer(rule(item));
        let conflict = job.visit.record().conflicts.iter().find(|conflict| conflict.target == target);
        let versions = conflict.map_or(1, |conflict| conflict.versions.len());
        assert!(standing(item) == versions || standing(item) == 0, "{item}");
    }
}

#[test]
fn the_history_agrees_with_the_document_at_every_point_of_its_life() {
    let cases = std::env::var("JOBSHEET_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: cases.unwrap_or(CASES),
        rng_seed: RngSeed::Fixed(17),
        failure_persistence: None,
        ..Config::default()
    };
    let job = Job::in_work("normal");
    TestRunner::new(config)
        .run(&(2_usize..=4, happenings()), |(count, happenings)| {
            let mut devices = devices(&job, count);
            for happening in &happenings {
                happen(&mut devices, happening);
            }
            let written: BTreeSet<String> = devices
                .iter()
                .flat_map(|device| device.visit.changes())
                .map(|change| hex(&change.hash))
                .collect();
            exchange(&mut devices);
            for device in &devices {
                assert_eq!(device.visit.record(), devices[0].visit.record());
            }
            agrees(&devices[0]);
            nothing_is_lost(&devices[0], &written);
            Ok(())
        })
        .unwrap();
}
