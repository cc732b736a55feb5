//! The visit that benchmarks work on: 99 changes with varied content, every value different between visits.

use std::collections::BTreeMap;
use std::sync::Arc;

use jobsheet_core::record::{
    Actor, AnswerValue, ApplyError, Command, Context, Document, DocumentId, NoteEdit, OldPart, Registration,
};
use jobsheet_core::standard::{Ask, Side, Standard};
use jobsheet_core::{Moment, Stamp};
use uuid::Uuid;

/// The technician of every visit of the workload.
pub const TECHNICIAN: &str = "tech-1";

/// Changes of one visit: the genesis, the dispatch and what the crew does.
pub const CHANGES: usize = 99;

/// Id of the n-th visit.
pub fn visit_id(number: u64) -> DocumentId {
    Uuid::from_u64_pair(0x5e5e_5e5e_0000_4000 | (number >> 48), 0x8000_0000_0000_0000 | number)
}

/// What the crew does in the n-th visit: 60 answers (every third a note of 30 characters), 29 appends of 45 characters to a
/// note, 8 parts with serials.
pub fn field_commands(standard: &Standard, number: u64) -> Vec<Command> {
    let items: Vec<(&str, &Ask)> = standard
        .pack()
        .rules
        .iter()
        .filter(|rule| standard.side_of(&standard.pack().jobs[0].id, rule) == Some(Side::Field))
        .filter(|rule| rule.window().is_none_or(|window| window.after.as_deref() != Some("signed-off")))
        .filter_map(|rule| rule.ask().map(|ask| (rule.id.as_str(), ask)))
        .filter(|(_, ask)| matches!(ask, Ask::YesNo | Ask::Text))
        .collect();
    let texts: Vec<&str> =
        items.iter().filter(|(_, ask)| matches!(ask, Ask::Text)).map(|(id, _)| *id).collect();
    let ticks: Vec<&str> =
        items.iter().filter(|(_, ask)| matches!(ask, Ask::YesNo)).map(|(id, _)| *id).collect();
    let mut commands = Vec::new();
    for at in 0..60_usize {
        let (item, value) = if at % 3 == 0 {
            let words = format!("{number:06} {at:02} checked and in order");
            (texts[at / 3 % texts.len()], AnswerValue::Text(words))
        } else {
            (ticks[at % ticks.len()], AnswerValue::Yes(!(at as u64 + number).is_multiple_of(7)))
        };
        commands.push(Command::Answer { item: item.to_owned(), value });
        if at % 2 == 0 && at < 58 {
            let words = format!("{number:06}/{at:02}: bearing measured, cleaned, greased. ");
            commands.push(Command::Note { note: "steps".to_owned(), edit: NoteEdit::Append(words) });
        }
        if at % 8 == 7 || at == 58 {
            commands.push(Command::ConsumePart {
                number: format!("P-{:04}", (number * 31 + at as u64) % 10_000),
                name: None,
                quantity: 1 + u32::try_from(at % 3).unwrap_or(0),
                serial: Some(format!("SN{number:06}{at:02}")),
                replaces: Some(OldPart { serial: None, returned: at % 2 == 0, condition: None }),
            });
        }
    }
    commands
}

/// The context of the n-th command of a visit.
pub fn context(visit: u64, command: u64, side: Side) -> Context {
    let second = 1_770_000_000 + i64::try_from(visit * 600 + command * 20).unwrap_or(0);
    let at = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let person = if side == Side::Office { "office" } else { TECHNICIAN };
    Context {
        actor: Actor { person: person.to_owned(), side, roles: Vec::new() },
        stamp: Stamp::wall(Moment::utc(at)),
        entry_id: Uuid::from_u64_pair((visit << 16) | 0x4000, 0x8000_0000_0000_0000 | command),
    }
}

/// The n-th visit, registered and dispatched by the office.
///
/// # Errors
/// [`ApplyError`] if the pack does not fit the workload.
pub fn dispatched(standard: &Arc<Standard>, number: u64) -> Result<Document, ApplyError> {
    let mut order: BTreeMap<String, String> = BTreeMap::new();
    for (field, value) in [
        ("number", format!("SR-{number:06}")),
        ("customer_name", format!("Customer {number}")),
        ("contact_person", format!("Ms {}", number * 7 % 1000)),
        ("contact_details", format!("555-{:04}", number % 10_000)),
        ("product_model", format!("WX-{}", number % 97)),
        ("service_type", "repair".to_owned()),
        ("fault", format!("Fault {} in unit {}", number % 13, number)),
        ("urgency", if number.is_multiple_of(5) { "urgent" } else { "normal" }.to_owned()),
        ("location", format!("{} Harbour Street", number % 500)),
        ("area", format!("Area {}", number % 20)),
    ] {
        order.insert(field.to_owned(), value);
    }
    let office = [0xa0; 16];
    let registration = Registration { job: None, order, received_at: None };
    let (mut visit, _) = Document::register(
        visit_id(number),
        standard,
        &registration,
        &office,
        &context(number, 0, Side::Office),
    )?;
    let start = context(number, 10, Side::Office).stamp.at;
    let end = context(number, 400, Side::Office).stamp.at;
    let dispatch = Command::Dispatch {
        crew: vec![TECHNICIAN.to_owned()],
        start,
        end,
        tools: vec!["multimeter".to_owned()],
    };
    visit.apply(standard, &dispatch, &context(number, 1, Side::Office))?;
    Ok(visit)
}

/// The n-th visit with all its changes.
///
/// # Errors
/// [`ApplyError`] if the pack does not fit the workload.
pub fn worked(standard: &Arc<Standard>, number: u64) -> Result<Document, ApplyError> {
    let mut visit = dispatched(standard, number)?;
    visit.set_actor(&visit_id(number).into_bytes());
    for (at, command) in field_commands(standard, number).iter().enumerate() {
        visit.apply(standard, command, &context(number, at as u64 + 2, Side::Field))?;
    }
    Ok(visit)
}

/// The n-th visit with `changes` changes: two devices of the crew work at once and exchange what they have every 25 commands.
///
/// # Errors
/// [`ApplyError`] if the pack does not fit the workload.
pub fn long(standard: &Arc<Standard>, number: u64, changes: usize) -> Result<Document, ApplyError> {
    const EXCHANGE_EVERY: usize = 25;
    let mut first = dispatched(standard, number)?;
    let mut second = first.clone();
    first.set_actor(&visit_id(number).into_bytes());
    second.set_actor(&visit_id(number + 1).into_bytes());
    let mut commands = (number..).flat_map(|round| field_commands(standard, round)).zip(2_u64..);
    let mut made = first.changes().len();
    while made < changes {
        let mut bytes = Vec::new();
        for visit in [&mut first, &mut second] {
            let take = EXCHANGE_EVERY.min(changes - made);
            for (command, at) in commands.by_ref().take(take) {
                bytes.push(visit.apply(standard, &command, &context(number, at, Side::Field))?.bytes);
            }
            made += take;
        }
        first.merge(&bytes)?;
        second.merge(&bytes)?;
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_of_the_workload_has_its_99_changes() {
        let standard = jobsheet_core::standard::builtin("execution-form").unwrap().unwrap();
        let visit = worked(&standard, 7).unwrap();
        assert_eq!(visit.changes().len(), CHANGES);
        assert_eq!(visit.record().parts.len(), 8);
    }

    #[test]
    fn a_long_visit_has_as_many_changes_as_were_asked_for() {
        let standard = jobsheet_core::standard::builtin("execution-form").unwrap().unwrap();
        assert_eq!(long(&standard, 7, 310).unwrap().changes().len(), 310);
    }
}
