//! Sealing on the device: the key that is locked, the phone that dies between signature and seal, the exported file.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use common::{TECHNICIAN, context, dispatched, open_with, options, seeded, standard, visit_id};
use jobsheet::{ApplyError, DocumentFacts, Options, PhotoFacts, Store, verify_file};
use jobsheet_core::key::{DeviceKey, KeyError, KeySignature, PublicKey, SecretKey};
use jobsheet_core::record::{AnswerValue, Command, DocumentId, NoteEdit, SealState};
use jobsheet_core::seal::{Problem, Trust, Verdict};
use jobsheet_core::standard::Side;
use jobsheet_core::unhex;
use jobsheet_wire::{Delivery, Framed, Reply, Tail};

/// A key in hardware that its owner can lock.
struct Enclave {
    key: SecretKey,
    locked: AtomicBool,
    asked: AtomicU32,
}

impl Enclave {
    fn new() -> Arc<Self> {
        let key = SecretKey::from_bytes(&[5; 32]).unwrap();
        Arc::new(Self { key, locked: AtomicBool::new(false), asked: AtomicU32::new(0) })
    }
}

impl DeviceKey for Enclave {
    fn public_key(&self) -> Result<PublicKey, KeyError> {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<KeySignature, KeyError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.locked.load(Ordering::SeqCst) {
            return Err(KeyError::Unavailable("the phone is locked".to_owned()));
        }
        self.key.sign(message)
    }
}

fn with_key(key: &Arc<Enclave>) -> Options {
    Options { device_key: Some(key.clone()), ..options() }
}

fn item(name: &str) -> String {
    format!("execution-form.{name}")
}

fn yes(name: &str) -> Command {
    Command::Answer { item: item(name), value: AnswerValue::Yes(true) }
}

fn text(name: &str, words: &str) -> Command {
    Command::Answer { item: item(name), value: AnswerValue::Text(words.to_owned()) }
}

fn note(name: &str) -> Command {
    Command::Note { note: name.to_owned(), edit: NoteEdit::Append("as usual".to_owned()) }
}

fn sign(role: &str) -> Command {
    Command::Sign { role: role.to_owned(), name: "Chen".to_owned(), image_sha256: None }
}

/// Works a visit up to the customer's signature.
fn worked(store: &Store) -> DocumentId {
    let visit = visit_id(1);
    let photo = store.folder().join("photo.jpg");
    std::fs::write(&photo, b"\xff\xd8\xff\xe0 not much of a picture").unwrap();
    let way = [
        Command::Accept,
        yes("confirm-address-time"),
        Command::ConfirmAppointment { channel: "phone".to_owned() },
        Command::Prepare,
        Command::Depart,
        Command::Arrive,
        Command::PresentBadge,
        yes("diagnose-procedure"),
        yes("professional-tools"),
        Command::Diagnose,
        note("cause"),
        yes("explain-problem"),
        yes("explain-solution"),
        text("state-duration", "one hour"),
        Command::ObtainConsent { granted: true, note: None },
        Command::Start,
    ];
    for command in way {
        store.apply(visit, &command).unwrap();
    }
    let facts = PhotoFacts { item: Some(item("protect-site")), ..PhotoFacts::default() };
    store.attach(visit, &photo, &facts).unwrap();
    let rest = [
        note("solution"),
        note("steps"),
        note("communication"),
        Command::Finish,
        yes("test-run"),
        yes("problem-solved"),
        text("explain-precautions", "none"),
        Command::HandOver,
    ];
    for command in rest {
        store.apply(visit, &command).unwrap();
    }
    visit
}

fn is_sealed(store: &Store, visit: DocumentId) -> bool {
    matches!(store.seal_state(visit).unwrap(), SealState::Sealed { .. })
}

#[test]
fn the_last_signature_seals_with_the_store_s_own_key() {
    let seeded = seeded(3);
    let store = &seeded.store;
    let visit = worked(store);
    let before = store.history(visit).unwrap().len();
    store.apply(visit, &sign("customer")).unwrap();
    assert!(is_sealed(store, visit));
    assert_eq!(store.history(visit).unwrap().len(), before + 2, "one change signs, one seals");
    let found = store.verify(visit).unwrap();
    assert_eq!(found.verdict, Verdict::Untrusted, "this store is enrolled with nobody who certifies");
    assert_eq!(found.seals[0].problems, [Problem::NotCertified]);
    // Opened again the store has the same key.
    let key = store.device_key().unwrap().public_key().unwrap();
    store.shutdown().unwrap();
    let again = open_with(seeded.folder.path(), options());
    assert_eq!(again.device_key().unwrap().public_key().unwrap(), key);
    assert!(is_sealed(&again, visit));
    assert!(matches!(again.seal(visit), Err(ApplyError::Refused(refusal)) if refusal.code() == "sealed"));
}

#[test]
fn a_locked_key_keeps_the_signature_and_seals_later() {
    let seeded = seeded(3);
    seeded.store.shutdown().unwrap();
    let key = Enclave::new();
    let store = open_with(seeded.folder.path(), with_key(&key));
    let visit = worked(&store);
    key.locked.store(true, Ordering::SeqCst);
    store.apply(visit, &sign("customer")).unwrap();
    assert_eq!(store.seal_state(visit).unwrap(), SealState::Due);
    assert_eq!(store.visit(visit).unwrap().record.signatures.len(), 1, "the signature is kept");
    let error = store.seal(visit).unwrap_err();
    assert!(error.to_string().contains("the phone is locked"), "{error}");
    // The phone dies. Opened again, and unlocked, the next sync seals before it looks for the server.
    drop(store);
    let store = open_with(seeded.folder.path(), with_key(&key));
    assert_eq!(store.seal_state(visit).unwrap(), SealState::Due);
    key.locked.store(false, Ordering::SeqCst);
    assert!(store.sync(|_| std::ops::ControlFlow::Continue(())).is_err(), "nobody listens there");
    assert!(is_sealed(&store, visit));
    let asked = key.asked.load(Ordering::SeqCst);
    assert!(store.sync(|_| std::ops::ControlFlow::Continue(())).is_err());
    assert_eq!(key.asked.load(Ordering::SeqCst), asked, "what is sealed is not sealed again");
}

#[test]
fn a_seal_waits_for_no_lock_and_holds_none() {
    /// A key whose owner takes his time, and looks at the list meanwhile.
    struct Slow {
        key: SecretKey,
        store: std::sync::OnceLock<Store>,
    }
    impl DeviceKey for Slow {
        fn public_key(&self) -> Result<PublicKey, KeyError> {
            self.key.public_key()
        }
        fn sign(&self, message: &[u8]) -> Result<KeySignature, KeyError> {
            if let Some(store) = self.store.get() {
                // Another command on the same visit, given while the key is asked: the seal begins anew.
                store.apply(visit_id(1), &Command::Say { words: "nearly done".to_owned() }).unwrap();
            }
            self.key.sign(message)
        }
    }
    let seeded = seeded(3);
    seeded.store.shutdown().unwrap();
    let key =
        Arc::new(Slow { key: SecretKey::from_bytes(&[6; 32]).unwrap(), store: std::sync::OnceLock::new() });
    let options = Options { device_key: Some(key.clone()), ..options() };
    let store = open_with(seeded.folder.path(), options);
    let visit = worked(&store);
    assert!(key.store.set(store.clone()).is_ok());
    // Every attempt is overtaken by a message: the record stays due, and nothing hangs.
    store.apply(visit, &sign("customer")).unwrap();
    assert_eq!(store.seal_state(visit).unwrap(), SealState::Due);
}

#[test]
fn an_exported_file_is_complete_or_not_there() {
    let seeded = seeded(3);
    let store = &seeded.store;
    let visit = worked(store);
    store.apply(visit, &sign("customer")).unwrap();
    let file = seeded.folder.path().join("out").join("record.jobsheet");
    assert!(store.export(visit, &file).is_err(), "there is no such folder");
    std::fs::create_dir(seeded.folder.path().join("out")).unwrap();
    let manifest = store.export(visit, &file).unwrap();
    assert_eq!((manifest.entries.len(), manifest.missing.len()), (4, 0));
    assert_eq!(std::fs::read_dir(seeded.folder.path().join("out")).unwrap().count(), 1, "no part is left");
    let found = verify_file(&file, &Trust::default()).unwrap();
    assert_eq!((found.verdict, found.problems.len()), (Verdict::Untrusted, 0));
    // A photo that is gone is named as missing; one that is damaged stops the export.
    let photo = store.attachment(&manifest.entries[3].sha256).unwrap();
    std::fs::write(&photo, b"other").unwrap();
    let error = store.export(visit, &file).unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
    assert_eq!(
        verify_file(&file, &Trust::default()).unwrap().problems.len(),
        0,
        "the old file is still there"
    );
    std::fs::remove_file(&photo).unwrap();
    assert_eq!(store.export(visit, &file).unwrap().missing.len(), 1);
    assert!(verify_file(&seeded.folder.path().join("none"), &Trust::default()).is_err());
}

#[test]
fn a_photo_and_a_document_are_added_after_the_seal_as_amendments() {
    let seeded = seeded(3);
    let store = &seeded.store;
    let visit = worked(store);
    store.apply(visit, &sign("customer")).unwrap();
    let file = seeded.folder.path().join("letter.pdf");
    std::fs::write(&file, b"%PDF-1.7 a letter").unwrap();
    let amend = Some("came later".to_owned());
    let refused = store.attach_document(visit, &file, &DocumentFacts::default()).unwrap_err();
    assert!(refused.to_string().contains("the record is signed"), "{refused}");
    store
        .attach_document(visit, &file, &DocumentFacts { amend: amend.clone(), ..DocumentFacts::default() })
        .unwrap();
    store.attach(visit, &file, &PhotoFacts { amend, ..PhotoFacts::default() }).unwrap();
    let view = store.visit(visit).unwrap();
    assert_eq!((view.record.amendments.len(), view.record.documents.len()), (2, 1));
    assert!(matches!(view.seal, SealState::Sealed { .. }), "nothing that was signed has changed");
    assert_eq!(store.verify(visit).unwrap().amended.len(), 2);
}

#[test]
fn a_copied_store_that_has_sealed_seals_anew_under_its_new_name() {
    let seeded = seeded(3);
    let store = &seeded.store;
    let visit = worked(store);
    store.apply(visit, &sign("customer")).unwrap();
    assert!(is_sealed(store, visit));
    let history = store.history(visit).unwrap();
    let own: Vec<_> = history.iter().filter(|change| change.person.as_deref() == Some(TECHNICIAN)).collect();
    let actor = unhex(&own[0].actor).unwrap();
    // A copy of this store wrote other words as its first change, and they came to the server before all of this.
    let mut copy = dispatched(1);
    copy.set_actor(&actor);
    let hand = context(TECHNICIAN, Side::Field, "2026-03-02T10:00:00+08:00", 78);
    let said = copy.apply(&standard(), &Command::Say { words: "from the copy".to_owned() }, &hand).unwrap();
    let changes = vec![Framed { hash: said.hash, bytes: said.bytes }];
    let deliveries = vec![Delivery::Tail(Tail { document: visit.into_bytes(), changes })];
    let received = store.receive(&Reply { deliveries, ..Reply::default() }).unwrap();

    // All but the seal, which is of exact changes, is written anew; the record holds what it held, and what the copy said.
    assert_eq!((received.renewed as usize, received.refused), (own.len() - 1, 1));
    let kept = store.quarantine().unwrap();
    assert_eq!((kept.len(), kept[0].command.as_str()), (1, "seal"));
    let record = store.visit(visit).unwrap().record;
    assert_eq!((record.signatures.len(), record.photos.len(), record.talk.len()), (1, 1, 1));
    assert_eq!(store.history(visit).unwrap().len(), history.len());
    // What was signed is what it was, so the next sync seals it again.
    assert_eq!(store.seal_state(visit).unwrap(), SealState::Due);
    assert!(store.sync(|_| std::ops::ControlFlow::Continue(())).is_err(), "nobody listens there");
    assert!(is_sealed(store, visit));
    let found = store.verify(visit).unwrap();
    assert_eq!(found.verdict, Verdict::Untrusted, "{found:?}");
}
