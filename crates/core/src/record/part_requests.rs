//! Parts that were needed on site and not at hand, and the visits that go on with the work.

use serde::{Deserialize, Serialize};

use super::command::VisitLink;
use super::entry::{AnswerValue, EntryId, Event};
use super::view::Record;
use crate::Moment;
use crate::standard::{Ask, Side, Standard};

/// The events after which a standard asks for the time of another visit.
const LEAVES_OPEN: [&str; 2] = ["part-missing", "cannot-fix-on-site"];

/// A part that somebody on site needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRequest {
    /// Key of the request.
    pub request: EntryId,
    /// Part number; empty: a part is missing, and nobody has said which.
    pub number: String,
    /// Name of the part.
    pub name: Option<String>,
    /// Pieces.
    pub quantity: u32,
    /// Words.
    pub note: Option<String>,
    /// Who needs it.
    pub technician: String,
    /// When it was asked for.
    pub asked_at: Moment,
    /// By when it is needed: the time that was agreed for another visit; none: nothing is agreed.
    pub needed_by: Option<Moment>,
    /// When it arrived.
    pub arrived: Option<Moment>,
}

/// A visit that goes with another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkedVisit {
    /// How.
    pub how: VisitLink,
    /// The other visit.
    pub visit: uuid::Uuid,
    /// Its number.
    pub number: String,
}

/// The parts that were asked for in a record, in the order in which they were.
pub fn part_requests(record: &Record, standard: &Standard) -> Vec<PartRequest> {
    let needed_by = another_time(record, standard);
    let asked = record.events.iter().filter(|(_, (side, event))| *side == Side::Field && is_request(event));
    let mut requests: Vec<PartRequest> = asked
        .map(|(id, (_, event))| PartRequest {
            request: *id,
            number: event.about.clone().unwrap_or_default(),
            name: event.facts.get("name").cloned(),
            quantity: event.facts.get("quantity").and_then(|pieces| pieces.parse().ok()).unwrap_or(1),
            note: event.note.clone(),
            technician: event.by.person.clone(),
            asked_at: event.by.stamp.at,
            needed_by,
            arrived: arrived(record, *id),
        })
        .collect();
    requests.sort_by_key(|request| (request.asked_at.instant(), request.request));
    requests
}

/// Asked for by the command, or reported as missing by itself.
fn is_request(event: &Event) -> bool {
    match event.kind.as_str() {
        "part-asked-for" => true,
        "part-missing" => !event.facts.contains_key("request"),
        _ => false,
    }
}

fn arrived(record: &Record, request: EntryId) -> Option<Moment> {
    let key = request.to_string();
    let about = |(side, event): &&(Side, Event)| {
        *side == Side::Office && event.kind == "part-arrived" && event.about.as_ref() == Some(&key)
    };
    record.events.values().filter(about).map(|(_, event)| event.by.stamp.at).min_by_key(Moment::instant)
}

/// The time that was agreed for another visit, where the standard asks for it.
fn another_time(record: &Record, standard: &Standard) -> Option<Moment> {
    let asks = |rule: &&crate::standard::Rule| {
        let after = rule.window().and_then(|window| window.after.as_deref());
        matches!(rule.ask(), Some(Ask::Time)) && after.is_some_and(|after| LEAVES_OPEN.contains(&after))
    };
    let rules = standard.pack().rules.iter().filter(asks);
    let times = rules.filter_map(|rule| match &record.answer(standard, &rule.id)?.value {
        AnswerValue::Time(time) => Some(*time),
        _ => None,
    });
    times.max_by_key(Moment::instant)
}

/// The visits that a record is tied to, each once, the one that was tied first coming first.
pub fn linked_visits(record: &Record) -> Vec<LinkedVisit> {
    let mut links: Vec<(jiff::Timestamp, EntryId, LinkedVisit)> = Vec::new();
    for (id, (side, event)) in &record.events {
        let how = match (side, event.kind.as_str()) {
            (Side::Office, "follow-on-booked") => VisitLink::FollowOn,
            (Side::Office, "follows-visit") => VisitLink::Follows,
            _ => continue,
        };
        let Some(visit) = event.about.as_deref().and_then(|id| id.parse().ok()) else { continue };
        let number = event.facts.get("number").cloned().unwrap_or_default();
        links.push((event.by.stamp.corrected(), *id, LinkedVisit { how, visit, number }));
    }
    links.sort_by_key(|(at, id, _)| (*at, *id));
    let mut seen = Vec::new();
    for (_, _, link) in links {
        if !seen.contains(&link) {
            seen.push(link);
        }
    }
    seen
}
