//! What a modified app may write into its own side of the record without being its to say: it counts for nothing.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT, ReadDoc};
use common::{Job, rule};
use jobsheet_core::assess::{MilestoneState, Status};
use serde_json::{Value, json};

/// Writes an entry below `field/`, as a device could.
fn forge(doc: &mut AutoCommit, place: &str, key: &str, entry: &Value) {
    let field = doc.get(ROOT, "field").unwrap().unwrap().1;
    let place = doc.get(&field, place).unwrap().unwrap().1;
    doc.put(&place, key, entry.to_string()).unwrap();
}

const KEY: &str = "4a6f6273-6865-4574-8000-0000000f0001";

fn event(kind: &str, more: &Value) -> Value {
    let mut entry = json!({ "type": kind, "by": "tech-1", "at": "2026-03-02T08:05:00+08:00" });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

#[test]
fn an_event_of_the_office_in_the_field_stops_no_clock() {
    let honest = Job::dispatched("normal");
    let forged = Job::dispatched("normal")
        .crafted(|doc| forge(doc, "events", KEY, &event("first-response-given", &json!({}))));
    for job in [&honest, &forged] {
        let assessment = job.assess();
        let clock = assessment.milestone(&rule("normal-response-24h")).unwrap();
        assert_eq!((clock.state, clock.ended), (MilestoneState::Running, None));
    }
    assert!(honest.assess().state.contradictions.is_empty());
    let shown = forged.assess().state.contradictions;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].events[0], "first-response-given", "it is shown: {shown:?}");
}

#[test]
fn derived_events_are_not_made_up() {
    let forged =
        Job::in_work("normal").crafted(|doc| forge(doc, "events", KEY, &event("signed-off", &json!({}))));
    assert_eq!(forged.assess().state.id, "in-work");
    assert_eq!(forged.status("customer-sign"), Status::NotYetDue);
}

#[test]
fn an_audit_from_the_field_proves_and_breaks_nothing() {
    let facts = json!({ "about": "work", "facts": { rule("no-extra-promise"): "made up" } });
    let forged = Job::in_work("normal").crafted(|doc| forge(doc, "events", KEY, &event("audited", &facts)));
    for name in ["no-extra-promise", "no-change-of-content"] {
        assert_eq!(forged.status(name), Status::Guidance);
    }
}

#[test]
fn an_answer_in_the_field_to_an_item_of_the_office_is_none() {
    let answer = json!({ "is": { "yes": true }, "by": "tech-1", "at": "2026-03-02T08:05:00+08:00" });
    let mut forged =
        Job::dispatched("normal").crafted(|doc| forge(doc, "answers", "execution-form.verify-need", &answer));
    assert_eq!(forged.status("verify-need"), Status::Outstanding);
    forged.office_answer("verify-need", jobsheet_core::record::AnswerValue::Yes(false));
    assert_eq!(forged.status("verify-need"), Status::Violated, "the office's own answer stands");
}

#[test]
fn nobody_attests_for_the_other_side() {
    let attestation = json!({ "exceptions": [], "by": "tech-1", "at": "2026-03-02T10:30:00+08:00" });
    let forged =
        Job::in_work("normal").crafted(|doc| forge(doc, "attested", "work/supervisor", &attestation));
    assert!(forged.visit.record().attestations.is_empty());
}
