//! The same changes under another actor: what two copies of one installation wrote under the same numbers, told apart.

use std::collections::{BTreeMap, HashMap};

use automerge::legacy::{ElementId, Key, ObjectId, OpId, OpType};
use automerge::{ActorId, Change, ChangeHash, ExpandedChange, ScalarValue};

use super::document::Document;
use super::error::RecordError;
use super::ownership::{check_field_change, read, read_header};

/// A change under another actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// Hash of the change that it stands for.
    pub was: [u8; 32],
    /// Its own hash.
    pub hash: [u8; 32],
    /// Its number under the new actor.
    pub seq: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What an operation of one of the changes is called: actor and a range of counters.
struct Own {
    actor: ActorId,
    first: u64,
    last: u64,
}

/// The commands whose entries name versions of the record by the hashes of their heads: signatures and amendments. Whoever
/// settles a conflict of a sealed record amends it.
const NAMING: [&str; 3] = ["sign", "amend", "resolve"];

/// A text that names changes by their hashes, with the names that they have now.
fn naming(text: &str, renamed: &HashMap<ChangeHash, Vec<ChangeHash>>) -> String {
    renamed.iter().fold(text.to_owned(), |text, (was, now)| match now.as_slice() {
        [now] => text.replace(&crate::hex(&was.0), &crate::hex(&now.0)),
        _ => text,
    })
}

/// Writes changes anew under an actor that has written nothing yet. All of them say the same as before, with their command, their
/// time and the ids of their entries; what refers to one of them refers to its new form, a signature or an amendment to the version that it was made on.
///
/// `changes` are of one installation and one document, parents first, as that installation made them. Those that `leave_out`
/// names by hash are not written anew; what builds on them builds on their parents.
///
/// # Errors
/// [`RecordError`] if a change can not be read, or if they do not follow each other as one installation writes them.
pub fn under_new_actor(
    changes: &[Vec<u8>],
    leave_out: impl Fn(&[u8; 32]) -> bool,
    actor: &[u8; 16],
) -> Result<Vec<Renewed>, RecordError> {
    let actor = ActorId::from(actor.as_slice());
    let changes = changes.iter().map(|bytes| read(bytes)).collect::<Result<Vec<Change>, _>>()?;
    let mut own: Vec<Own> = Vec::new();
    for change in &changes {
        let first = change.start_op().get();
        // One counter for all: two operations under one actor must never get one name.
        if own.last().is_some_and(|before| before.last >= first) {
            let reason = "the changes were not made one after the other".to_owned();
            return Err(RecordError::Unreadable { what: "change", reason });
        }
        let last = first + (change.len() as u64).max(1) - 1;
        own.push(Own { actor: change.actor_id().clone(), first, last });
    }
    let name = |id: &mut OpId| {
        let is_own = |own: &Own| own.actor == id.1 && (own.first..=own.last).contains(&id.0);
        if own.iter().any(is_own) {
            id.1 = actor.clone();
        }
    };
    let mut parents: HashMap<ChangeHash, Vec<ChangeHash>> = HashMap::new();
    let mut renewed = Vec::new();
    for change in &changes {
        let was = change.hash();
        let mut expanded = ExpandedChange::from(change);
        let deps = expanded.deps.iter().flat_map(|dep| parents.get(dep).cloned().unwrap_or(vec![*dep]));
        let mut deps: Vec<ChangeHash> = deps.collect();
        deps.sort_unstable();
        deps.dedup();
        if leave_out(&was.0) {
            parents.insert(was, deps);
            continue;
        }
        expanded.deps = deps;
        expanded.actor_id = actor.clone();
        expanded.seq = renewed.len() as u64 + 1;
        expanded.hash = None;
        for operation in &mut expanded.operations {
            if let ObjectId::Id(id) = &mut operation.obj {
                name(id);
            }
            if let Key::Seq(ElementId::Id(id)) = &mut operation.key {
                name(id);
            }
            let mut pred: Vec<OpId> = operation.pred.iter().cloned().collect();
            pred.iter_mut().for_each(&name);
            operation.pred = pred.into();
        }
        if change.message().is_some_and(|command| NAMING.contains(&command)) {
            for operation in &mut expanded.operations {
                if let OpType::Put(ScalarValue::Str(text)) = &mut operation.action {
                    *text = naming(text, &parents).into();
                }
            }
        }
        let seq = expanded.seq;
        let new = Change::from(expanded);
        parents.insert(was, vec![new.hash()]);
        renewed.push(Renewed { was: was.0, hash: new.hash().0, seq, bytes: new.raw_bytes().to_vec() });
    }
    Ok(renewed)
}

/// Why a change is not written anew: a short code in kebab case, and words.
pub type NotRenewed = (String, String);

/// Writes as many changes anew as a device of a person may write and as fit a document: what does not is left out and told, and what
/// builds on it builds on what it built on. `left`: those that are left out from the beginning. Gives the document with what is
/// written anew.
///
/// `changes` are of one installation and one document, in the order in which it made them.
pub fn renew_what_fits(
    document: &Document,
    changes: &[Vec<u8>],
    left: &mut BTreeMap<[u8; 32], NotRenewed>,
    person: &str,
    actor: &[u8; 16],
) -> (Document, Vec<Renewed>) {
    loop {
        let Ok(renewed) = under_new_actor(changes, |hash| left.contains_key(hash), actor) else {
            let reason = "it was not written after those before it; give the command again";
            for header in changes.iter().filter_map(|bytes| read_header(bytes).ok()) {
                left.entry(header.hash).or_insert(("out-of-order".to_owned(), reason.to_owned()));
            }
            return (document.clone(), Vec::new());
        };
        let mut merged = document.clone();
        let fault = renewed.iter().find_map(|change| Some((change.was, fault(&mut merged, change, person)?)));
        match fault {
            Some((was, fault)) => left.insert(was, fault),
            None => return (merged, renewed),
        };
    }
}

/// Takes a change into a document, or says why it is not taken.
fn fault(document: &mut Document, change: &Renewed, person: &str) -> Option<NotRenewed> {
    if let Err(error) = check_field_change(document, &change.bytes, person) {
        return Some((error.code().to_owned(), error.to_string()));
    }
    let before = document.clone();
    let merged = document.merge(std::slice::from_ref(&change.bytes)).is_ok();
    if merged && document.contains(&change.hash) {
        return None;
    }
    *document = before;
    let reason = "it builds on what is not in the record; give the command again";
    Some(("builds-on-missing".to_owned(), reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use automerge::transaction::Transactable;
    use automerge::{AutoCommit, ROOT, ReadDoc};

    /// Three changes of one actor: a text, an edit of it, another edit.
    fn made() -> (AutoCommit, Vec<Vec<u8>>) {
        let mut doc = AutoCommit::new().with_actor(ActorId::from([1; 16].as_slice()));
        let text = doc.put_object(ROOT, "text", automerge::ObjType::Text).unwrap();
        doc.commit();
        doc.splice_text(&text, 0, 0, "one").unwrap();
        doc.commit();
        doc.splice_text(&text, 3, 0, " two").unwrap();
        doc.commit();
        let changes = doc.get_changes(&[]).into_iter().map(|change| change.raw_bytes().to_vec()).collect();
        (doc, changes)
    }

    fn with(changes: &[Vec<u8>]) -> AutoCommit {
        let mut doc = AutoCommit::new();
        doc.apply_changes(changes.iter().map(|bytes| read(bytes).unwrap()).collect::<Vec<_>>()).unwrap();
        doc
    }

    fn text(doc: &AutoCommit) -> String {
        let (_, text) = doc.get(ROOT, "text").unwrap().unwrap();
        doc.text(&text).unwrap()
    }

    #[test]
    fn they_say_the_same_under_another_name() {
        let (_, changes) = made();
        let renewed = under_new_actor(&changes, |_| false, &[2; 16]).unwrap();
        assert_eq!(renewed.iter().map(|change| change.seq).collect::<Vec<_>>(), [1, 2, 3]);
        let bytes: Vec<Vec<u8>> = renewed.iter().map(|change| change.bytes.clone()).collect();
        let doc = with(&bytes);
        assert_eq!(text(&doc), "one two");
        for (old, new) in changes.iter().zip(&renewed) {
            assert_eq!(read(old).unwrap().hash().0, new.was);
            assert_eq!(read(&new.bytes).unwrap().actor_id().to_bytes(), [2; 16]);
        }
    }

    #[test]
    fn what_is_written_to_a_part_of_the_history_refers_to_what_stays() {
        let (_, changes) = made();
        // The first stands; the last two were made twice.
        let renewed = under_new_actor(&changes[1..], |_| false, &[2; 16]).unwrap();
        let mut all = vec![changes[0].clone()];
        all.extend(renewed.into_iter().map(|change| change.bytes));
        assert_eq!(text(&with(&all)), "one two");
    }

    #[test]
    fn one_that_is_left_out_is_bridged() {
        let mut doc = AutoCommit::new().with_actor(ActorId::from([1; 16].as_slice()));
        for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
            doc.put(ROOT, key, value).unwrap();
            doc.commit();
        }
        let changes: Vec<Vec<u8>> =
            doc.get_changes(&[]).into_iter().map(|change| change.raw_bytes().to_vec()).collect();
        let middle = read(&changes[1]).unwrap().hash().0;
        let renewed = under_new_actor(&changes, |hash| *hash == middle, &[2; 16]).unwrap();
        let bytes: Vec<Vec<u8>> = renewed.into_iter().map(|change| change.bytes).collect();
        let doc = with(&bytes);
        assert!(doc.get_missing_deps(&[]).is_empty());
        let has = |key: &str| doc.get(ROOT, key).unwrap().is_some();
        assert_eq!([has("a"), has("b"), has("c")], [true, false, true]);
    }

    #[test]
    fn whatever_names_a_version_names_its_new_form_and_words_stay() {
        use automerge::transaction::CommitOptions;
        for (command, follows) in [("sign", true), ("amend", true), ("resolve", true), ("say", false)] {
            let mut doc = AutoCommit::new().with_actor(ActorId::from([1; 16].as_slice()));
            doc.put(ROOT, "a", 1).unwrap();
            let was = crate::hex(&doc.commit().unwrap().0);
            doc.put(ROOT, "entry", format!("{{\"heads\":[\"{was}\"]}}")).unwrap();
            doc.commit_with(CommitOptions::default().with_message(command));
            let changes: Vec<Vec<u8>> =
                doc.get_changes(&[]).into_iter().map(|change| change.raw_bytes().to_vec()).collect();
            let renewed = under_new_actor(&changes, |_| false, &[2; 16]).unwrap();
            let now = crate::hex(&renewed[0].hash);
            let bytes: Vec<Vec<u8>> = renewed.into_iter().map(|change| change.bytes).collect();
            let doc = with(&bytes);
            let (entry, _) = doc.get(ROOT, "entry").unwrap().unwrap();
            let names = if follows { &now } else { &was };
            assert!(entry.as_str().unwrap().contains(names), "{command}");
        }
    }

    #[test]
    fn changes_of_two_writers_are_refused() {
        let (_, mut changes) = made();
        changes.reverse();
        assert!(under_new_actor(&changes, |_| false, &[2; 16]).is_err());
    }
}
