//! Changes whose parents nobody has any more: a server was restored from a backup, and what the office wrote after it is lost.

use std::collections::{HashMap, HashSet};

use automerge::legacy::{ElementId, Key, ObjectId, OpId};
use automerge::{ActorId, Change, ChangeHash, ExpandedChange};

use super::document::Document;
use super::ownership::read;
use super::renew::Renewed;

/// A seal is of an exact version: it does not stand on another one.
const SEAL: &str = "seal";

/// Which operations a document holds: by actor, the first counter and the one after the last.
#[derive(Default)]
struct Operations(HashMap<ActorId, Vec<(u64, u64)>>);

impl Operations {
    fn add(&mut self, change: &Change) {
        let first = change.start_op().get();
        self.0.entry(change.actor_id().clone()).or_default().push((first, first + change.len() as u64));
    }

    fn has(&self, id: &OpId) -> bool {
        let ranges = self.0.get(&id.1);
        ranges.is_some_and(|ranges| ranges.iter().any(|(first, end)| (*first..*end).contains(&id.0)))
    }

    /// Whether all that the operations of a change refer to is there, or made by the change itself.
    fn suffice(&self, change: &Change, expanded: &ExpandedChange) -> bool {
        let first = change.start_op().get();
        let own = first..first + change.len() as u64;
        let there = |id: &OpId| (id.1 == *change.actor_id() && own.contains(&id.0)) || self.has(id);
        expanded.operations.iter().all(|operation| {
            let object = match &operation.obj {
                ObjectId::Id(id) => there(id),
                ObjectId::Root => true,
            };
            let element = match &operation.key {
                Key::Seq(ElementId::Id(id)) => there(id),
                Key::Seq(ElementId::Head) | Key::Map(_) => true,
            };
            object && element && operation.pred.iter().all(&there)
        })
    }
}

/// Whether a document is the same once it has been saved and loaded.
fn is_sound(document: &Document) -> bool {
    Document::load(&document.save()).is_ok_and(|loaded| loaded.heads() == document.heads())
}

/// The heads of what a document had before an operation with a counter was made. Parents always have lower counters: what is
/// saved could not be loaded again otherwise.
fn heads_before(history: &[Change], counter: u64) -> Vec<ChangeHash> {
    let earlier = || history.iter().filter(|change| change.max_op() < counter);
    let parents: HashSet<ChangeHash> = earlier().flat_map(|change| change.deps().iter().copied()).collect();
    let mut heads: Vec<ChangeHash> =
        earlier().map(Change::hash).filter(|hash| !parents.contains(hash)).collect();
    heads.sort_unstable();
    heads
}

/// Writes changes that wait for parents anew, on top of what the document has, and merges them into it. They keep actor, number,
/// time and the names of their operations, so that what others made of them still fits; only their parents, and with them their
/// hashes, are others.
///
/// `waiting` are changes of one installation, parents first, that are not in the document, nor in what waits inside it. Left as
/// they are, to wait on: those that refer to operations which are missing, which somebody else may bring; seals; and what follows
/// either under the same actor.
pub fn adopt_orphans(document: &mut Document, waiting: &[Vec<u8>]) -> Vec<Renewed> {
    let mut operations = Operations::default();
    let mut history = document.history_changes();
    for change in &history {
        operations.add(change);
    }
    let mut adopted = Vec::new();
    for bytes in waiting {
        let Ok(change) = read(bytes) else { continue };
        let follows = change.seq() == document.next_seq(change.actor_id().to_bytes());
        if !follows || change.message().is_some_and(|command| command == SEAL) {
            continue;
        }
        let mut expanded = ExpandedChange::from(&change);
        if !operations.suffice(&change, &expanded) {
            continue;
        }
        expanded.deps = heads_before(&history, change.start_op().get());
        expanded.hash = None;
        let new = Change::from(expanded);
        let before = document.clone();
        let bytes = new.raw_bytes().to_vec();
        let merged = document.merge(std::slice::from_ref(&bytes)).is_ok();
        if !merged || !document.contains(&new.hash().0) || !is_sound(document) {
            *document = before;
            continue;
        }
        operations.add(&new);
        history.push(new.clone());
        adopted.push(Renewed { was: change.hash().0, hash: new.hash().0, seq: new.seq(), bytes });
    }
    adopted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Actor, Command, Context, NoteEdit, Registration};
    use crate::standard::{Side, Standard, builtin};
    use crate::{Moment, Stamp};
    use std::sync::Arc;
    use uuid::Uuid;

    fn standard() -> Arc<Standard> {
        builtin("execution-form").unwrap().unwrap()
    }

    fn context(side: Side, entry: u64) -> Context {
        let at = jiff::Timestamp::from_second(1_770_000_000).unwrap();
        let actor = Actor { person: "lee".to_owned(), side, roles: Vec::new() };
        Context { actor, stamp: Stamp::wall(Moment::utc(at)), entry_id: Uuid::from_u64_pair(entry, 1 << 63) }
    }

    /// A visit as a device has it, under an actor of its own.
    fn visit() -> Document {
        let fields = [
            ("number", "SR-1"),
            ("customer_name", "Harbour Laundry"),
            ("contact_person", "Ms Chen"),
            ("contact_details", "555 0100"),
            ("product_model", "WX-200"),
            ("service_type", "repair"),
            ("fault", "Drum does not turn"),
            ("urgency", "normal"),
            ("location", "Harbour Street"),
            ("area", "North"),
        ];
        let order = fields.map(|(id, value)| (id.to_owned(), value.to_owned())).into();
        let registration = Registration { job: None, order, received_at: None };
        let id = Uuid::from_u64_pair(1, 1 << 63);
        let office = context(Side::Office, 1);
        let (mut visit, _) =
            Document::register(id, &standard(), &registration, &[0xa0; 16], &office).unwrap();
        visit.set_actor(&[1; 16]);
        let (start, end) = ("2026-03-02T09:00:00Z".parse().unwrap(), "2026-03-02T10:00:00Z".parse().unwrap());
        let dispatch = Command::Dispatch { crew: vec!["lee".to_owned()], start, end, tools: Vec::new() };
        visit.apply(&standard(), &dispatch, &office).unwrap();
        visit
    }

    fn say(visit: &mut Document, side: Side, entry: u64) -> Vec<u8> {
        let command = Command::Say { words: format!("words {entry}") };
        visit.apply(&standard(), &command, &context(side, entry)).unwrap().bytes
    }

    fn note(visit: &mut Document, words: &str, entry: u64) -> Vec<u8> {
        let edit = NoteEdit::Append(words.to_owned());
        let command = Command::Note { note: "steps".to_owned(), edit };
        visit.apply(&standard(), &command, &context(Side::Field, entry)).unwrap().bytes
    }

    #[test]
    fn what_was_written_on_lost_words_of_the_office_stands_without_them() {
        let mut restored = visit();
        let mut office = restored.clone();
        office.set_actor(&[0xa0; 16]);
        let lost = say(&mut office, Side::Office, 2);
        let mut device = restored.clone();
        device.merge(&[lost]).unwrap();
        device.set_actor(&[2; 16]);
        let waiting = [say(&mut device, Side::Field, 3), note(&mut device, "cleaned", 4)];
        // The office goes on after the restore, with higher counters than the changes that wait.
        for entry in 5..9 {
            say(&mut restored, Side::Office, entry);
        }
        let adopted = adopt_orphans(&mut restored, &waiting);
        assert_eq!(adopted.len(), 2);
        assert_eq!(restored.record().talk.len(), 5);
        assert_eq!(restored.record().notes["steps"], "cleaned");
        let headers = restored.headers();
        let seqs: Vec<u64> =
            headers.iter().filter(|header| header.actor == [2; 16]).map(|header| header.seq).collect();
        assert_eq!(seqs, [1, 2]);
        assert_eq!(Document::load(&restored.save()).unwrap().heads(), restored.heads());
    }

    #[test]
    fn what_refers_to_something_missing_waits_for_it() {
        let mut restored = visit();
        let mut other = restored.clone();
        other.set_actor(&[3; 16]);
        let missing = note(&mut other, "opened, ", 2);
        let mut device = restored.clone();
        device.merge(std::slice::from_ref(&missing)).unwrap();
        device.set_actor(&[2; 16]);
        let waiting = [note(&mut device, "cleaned", 3), say(&mut device, Side::Field, 4)];
        assert_eq!(adopt_orphans(&mut restored, &waiting), []);
        assert!(restored.record().talk.is_empty(), "what follows under the same actor waits too");
        restored.merge(&[missing]).unwrap();
        restored.merge(&waiting).unwrap();
        assert_eq!(restored.record().notes["steps"], "opened, cleaned");
    }
}
