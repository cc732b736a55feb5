//! A visit that is ready to be signed, and refusals of a server.

use jobsheet_core::record::{AnswerValue, Command, Document, NoteEdit, SurveyAnswer};
use jobsheet_core::standard::Side;
use jobsheet_wire::{Reply, Verdict, VerdictOfChange};

use crate::common::{TECHNICIAN, context, dispatched, standard, visit_id};

/// The first visit, worked up to the handover.
pub(crate) fn handed_over() -> Document {
    let rule = |name: &str| format!("execution-form.{name}");
    let yes = |name: &str| Command::Answer { item: rule(name), value: AnswerValue::Yes(true) };
    let text =
        |name: &str| Command::Answer { item: rule(name), value: AnswerValue::Text("one hour".to_owned()) };
    let note =
        |note: &str| Command::Note { note: note.to_owned(), edit: NoteEdit::Append("belt worn".to_owned()) };
    let photo = Command::AddPhoto {
        sha256: "ab".repeat(32),
        size: 10,
        media_type: "image/jpeg".to_owned(),
        item: Some(rule("protect-site")),
        moment: None,
        caption: None,
        pair_with: None,
        shot: None,
    };
    let commands = [
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
        text("state-duration"),
        Command::ObtainConsent { granted: true, note: None },
        Command::Start,
        photo,
        note("solution"),
        note("steps"),
        note("communication"),
        Command::Finish,
        yes("test-run"),
        yes("problem-solved"),
        text("explain-precautions"),
        Command::HandOver,
        Command::Survey(SurveyAnswer { level: "satisfied".to_owned(), words: None }),
    ];
    let (mut visit, standard) = (dispatched(0), standard());
    visit.set_actor(&[9; 16]);
    for (at, command) in commands.into_iter().enumerate() {
        let time = format!("2026-03-02T09:{at:02}:00+08:00");
        visit
            .apply(&standard, &command, &context(TECHNICIAN, Side::Field, &time, 70_000 + at as u128))
            .unwrap();
    }
    visit
}

/// What the server says of one change.
pub(crate) fn verdict(at: usize, change: &str, verdict: Verdict) -> Reply {
    let hash = jobsheet_core::unhex(change).unwrap().try_into().unwrap();
    let document = visit_id(at).into_bytes();
    Reply { verdicts: vec![VerdictOfChange { document, hash, verdict }], ..Reply::default() }
}

/// A reply that refuses one change.
pub(crate) fn refusal(at: usize, change: &str) -> Reply {
    let refused = Verdict::Refused { code: "foreign-path".to_owned(), reason: "a test".to_owned() };
    verdict(at, change, refused)
}
