//! Parts: used, asked for, and the old ones on their way back to the store.

use std::collections::BTreeMap;

use super::register::derived_id;
use super::values::{invalid, limit_option, limit_words};
use super::{Plan, Planned, event_of};
use crate::record::command::{Condition, OldPart, VisitLink};
use crate::record::containers::Place;
use crate::record::entry::{EntryId, PartUsed};
use crate::record::error::Refusal;
use crate::record::limits::{MAX_NAME_CHARS, MAX_QUANTITY, MAX_WORDS_CHARS};
use crate::record::old_parts::old_parts;
use crate::record::part_requests::part_requests;
use crate::record::write::{Entry, Write};
use crate::standard::{Kind, Side};

/// Events of packs that say what a request for a part says too. Where a standard has one, its rules must see it.
const SAID_WITH_A_REQUEST: [&str; 2] = ["part-missing", "part-requested"];

impl Plan<'_> {
    pub(super) fn part(
        &self,
        number: &str,
        name: Option<&str>,
        quantity: u32,
        serial: Option<&str>,
        replaces: Option<&OldPart>,
    ) -> Planned {
        self.side(Side::Field)?;
        self.unsealed(None)?;
        limit_words("number", number, MAX_NAME_CHARS)?;
        limit_option("name", name, MAX_NAME_CHARS)?;
        limit_option("serial", serial, MAX_NAME_CHARS)?;
        limit_option("replaces.serial", replaces.and_then(|old| old.serial.as_deref()), MAX_NAME_CHARS)?;
        if quantity == 0 || quantity > MAX_QUANTITY {
            return Err(invalid("quantity", &format!("must be 1 to {MAX_QUANTITY}")));
        }
        let entry = Entry::Part(PartUsed {
            number: number.to_owned(),
            name: name.map(ToOwned::to_owned),
            quantity,
            serial: serial.map(ToOwned::to_owned),
            replaces: replaces.cloned(),
            by: self.by(),
        });
        Ok(vec![self.append(Place::Parts, entry)])
    }

    pub(super) fn hand_in(
        &self,
        part: EntryId,
        serial: Option<&str>,
        condition: Option<Condition>,
    ) -> Planned {
        self.side(Side::Field)?;
        let about = self.old_part(part)?;
        self.said_of_old_part("old-part-handed-in", about, serial, condition)
    }

    pub(super) fn receive(
        &self,
        part: EntryId,
        serial: Option<&str>,
        condition: Option<Condition>,
    ) -> Planned {
        self.side(Side::Office)?;
        let about = self.old_part(part)?;
        self.said_of_old_part("old-part-received", about, serial, condition)
    }

    /// An old part that the store does not have yet.
    fn old_part(&self, part: EntryId) -> Result<String, Refusal> {
        let known = old_parts(self.record);
        match known.iter().find(|old| old.part == part) {
            Some(old) if old.received.is_none() => Ok(part.to_string()),
            Some(_) => Err(invalid("part", "the store has received its old part already")),
            None => Err(invalid("part", "no old part came out for it; see `jobsheet parts returns`")),
        }
    }

    fn said_of_old_part(
        &self,
        kind: &str,
        about: String,
        serial: Option<&str>,
        condition: Option<Condition>,
    ) -> Planned {
        limit_option("serial", serial, MAX_NAME_CHARS)?;
        self.step(kind, |event| {
            event.about = Some(about);
            event.facts = facts([("serial", serial), ("condition", condition.map(Condition::id))]);
        })
    }

    pub(super) fn request_part(
        &self,
        number: &str,
        name: Option<&str>,
        quantity: u32,
        note: Option<&str>,
    ) -> Planned {
        self.side(Side::Field)?;
        limit_words("number", number, MAX_NAME_CHARS)?;
        limit_option("name", name, MAX_NAME_CHARS)?;
        limit_option("note", note, MAX_WORDS_CHARS)?;
        if quantity == 0 || quantity > MAX_QUANTITY {
            return Err(invalid("quantity", &format!("must be 1 to {MAX_QUANTITY}")));
        }
        let pieces = quantity.to_string();
        let mut writes = self.step("part-asked-for", |event| {
            event.about = Some(number.to_owned());
            event.note = note.map(ToOwned::to_owned);
            event.facts = facts([("quantity", Some(pieces.as_str())), ("name", name)]);
        })?;
        for kind in SAID_WITH_A_REQUEST {
            // What the standard does not let happen now is left to the standard: the request stands all the same.
            if self.may_happen(kind, Some(number)).is_err() {
                continue;
            }
            let mut event = event_of(kind, self.by());
            event.about = Some(number.to_owned());
            event.note = note.map(ToOwned::to_owned);
            event.facts = facts([("request", Some(self.context.entry_id.to_string().as_str()))]);
            let key = derived_id(&self.context.entry_id, kind).to_string();
            writes.push(Write::Put { place: Place::FieldEvents, key, entry: Entry::Event(event) });
        }
        Ok(writes)
    }

    pub(super) fn part_arrived(&self, request: EntryId, note: Option<&str>) -> Planned {
        self.side(Side::Office)?;
        limit_option("note", note, MAX_WORDS_CHARS)?;
        let requests = part_requests(self.record, self.standard);
        match requests.iter().find(|known| known.request == request) {
            Some(known) if known.arrived.is_some() => {
                Err(invalid("request", "the part has been recorded as arrived already"))
            }
            Some(_) => self.step("part-arrived", |event| {
                event.about = Some(request.to_string());
                event.note = note.map(ToOwned::to_owned);
            }),
            None => Err(invalid("request", "no part was asked for under this key")),
        }
    }

    pub(super) fn link(&self, how: VisitLink, visit: uuid::Uuid, number: &str) -> Planned {
        self.side(Side::Office)?;
        limit_words("number", number, MAX_NAME_CHARS)?;
        if self.record.kind != Kind::Visit {
            return Err(invalid("how", "only a visit goes on with another"));
        }
        if visit == self.record.id {
            return Err(invalid("visit", "is this visit itself"));
        }
        let kind = match how {
            VisitLink::FollowOn => "follow-on-booked",
            VisitLink::Follows => "follows-visit",
        };
        self.step(kind, |event| {
            event.about = Some(visit.to_string());
            event.facts = facts([("number", Some(number))]);
        })
    }
}

fn facts<const N: usize>(facts: [(&str, Option<&str>); N]) -> BTreeMap<String, String> {
    let known = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    known.collect()
}
