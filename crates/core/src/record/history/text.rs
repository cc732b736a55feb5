//! A note through its history: the characters ever written, in the order in which they stand, with who wrote and who
//! removed them.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::TextEdit;
use super::fold::OpKey;
use super::seen::{ByActor, Seen};

/// Characters shown on either side of an edit.
const CONTEXT_CHARS: usize = 24;

/// How what was put after one character is ordered: what takes its place first, then the latest operation.
type Order = (Option<usize>, bool, Reverse<(u64, u32)>);

/// A character with its history.
struct Character {
    letter: Box<str>,
    op: OpKey,
    /// Change that wrote it.
    written: usize,
    /// Changes that removed it.
    removed: Vec<usize>,
}

/// A note with its history.
#[derive(Default)]
pub(super) struct Note {
    pub(super) path: String,
    characters: Vec<Character>,
    places: HashMap<OpKey, usize>,
    /// What each character stands after: another one, or the beginning.
    after: Vec<(Option<usize>, bool)>,
    pub(super) touched: ByActor,
}

/// Characters in a row that share their history.
struct Stretch {
    text: String,
    chars: usize,
    written: usize,
    removed: Vec<usize>,
}

impl Note {
    pub(super) fn at(path: String) -> Self {
        Self { path, ..Self::default() }
    }

    /// A character comes after another, or at the beginning. `instead`: it takes the other's place.
    pub(super) fn insert(
        &mut self,
        op: OpKey,
        change: usize,
        after: Option<OpKey>,
        letter: &str,
        instead: bool,
    ) {
        let place = self.characters.len();
        self.places.insert(op, place);
        let anchor = after.and_then(|after| self.places.get(&after).copied());
        self.after.push((anchor, instead));
        self.characters.push(Character { letter: letter.into(), op, written: change, removed: Vec::new() });
    }

    /// A character goes.
    pub(super) fn remove(&mut self, op: OpKey, change: usize) {
        if let Some(place) = self.places.get(&op)
            && let Some(character) = self.characters.get_mut(*place)
        {
            character.removed.push(change);
        }
    }

    /// Everything that was ever written, in the order in which it stands. What was put after one character stands there
    /// latest first, as in every replica.
    fn stretches(self, ranks: &[u32]) -> Vec<Stretch> {
        let rank = |op: OpKey| (op.counter, ranks.get(op.actor as usize).copied().unwrap_or(0));
        let mut children: Vec<(Order, usize)> = self
            .after
            .iter()
            .zip(&self.characters)
            .enumerate()
            .map(|(place, ((after, instead), character))| {
                ((*after, !instead, Reverse(rank(character.op))), place)
            })
            .collect();
        children.sort_unstable();
        let of = |anchor: Option<usize>| {
            let from = children.partition_point(|child| child.0.0 < anchor);
            let to = from + children[from..].partition_point(|child| child.0.0 == anchor);
            from..to
        };
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut open = vec![of(None)];
        while let Some(range) = open.last_mut() {
            let Some(at) = range.next() else {
                open.pop();
                continue;
            };
            let place = children[at].1;
            let Character { letter, written, removed, .. } = &self.characters[place];
            match stretches.last_mut() {
                Some(last) if last.written == *written && last.removed == *removed => {
                    last.text.push_str(letter);
                    last.chars += letter.chars().count();
                }
                _ => stretches.push(Stretch {
                    text: letter.to_string(),
                    chars: letter.chars().count(),
                    written: *written,
                    removed: removed.clone(),
                }),
            }
            // A range that is used up goes before the next one comes, so that a long text needs no deep stack.
            if range.start >= range.end {
                open.pop();
            }
            open.push(of(Some(place)));
        }
        stretches
    }

    /// The edits of every change that touched the note, by change.
    pub(super) fn edits(self, seen: &Seen, names: &[String]) -> Vec<(usize, Vec<TextEdit>)> {
        let mut changes: Vec<usize> =
            self.characters.iter().flat_map(|one| one.removed.iter().copied().chain([one.written])).collect();
        changes.sort_unstable();
        changes.dedup();
        let stretches = self.stretches(&seen.ranks());
        changes.into_iter().map(|change| (change, edits_of(&stretches, change, seen, names))).collect()
    }
}

/// What one change did to a note, as its writer saw it.
fn edits_of(stretches: &[Stretch], change: usize, seen: &Seen, names: &[String]) -> Vec<TextEdit> {
    let knew = |other: usize| other != change && seen.has_seen(change, other);
    let mut edits: Vec<TextEdit> = Vec::new();
    // The edit at the end of which the walk stands, if nothing that stays came after it.
    let mut open = false;
    let (mut at, mut left) = (0, String::new());
    for stretch in stretches {
        let there = knew(stretch.written) && !stretch.removed.iter().any(|other| knew(*other));
        let removed = stretch.removed.contains(&change);
        let comes = stretch.written == change && !removed;
        let goes = there && removed;
        if !comes && !goes {
            if there {
                open = false;
                at += stretch.chars;
                keep_end(&mut left, &stretch.text);
                for edit in edits.iter_mut().rev() {
                    let missing = CONTEXT_CHARS.saturating_sub(edit.right.chars().count());
                    if missing == 0 {
                        break;
                    }
                    edit.right.extend(stretch.text.chars().take(missing));
                }
            }
            continue;
        }
        if !open {
            edits.push(TextEdit {
                at,
                left: left.clone(),
                deleted: String::new(),
                inserted: String::new(),
                right: String::new(),
                written_by: Vec::new(),
            });
            open = true;
        }
        let Some(edit) = edits.last_mut() else { continue };
        if goes {
            at += stretch.chars;
            edit.deleted.push_str(&stretch.text);
            let name = &names[stretch.written];
            if !edit.written_by.contains(name) {
                edit.written_by.push(name.clone());
            }
        } else {
            edit.inserted.push_str(&stretch.text);
        }
    }
    edits
}

/// Keeps the last characters of what was read.
fn keep_end(left: &mut String, text: &str) {
    left.push_str(text);
    let chars = left.chars().count();
    if let Some((from, _)) = left.char_indices().nth(chars.saturating_sub(CONTEXT_CHARS)) {
        left.drain(..from);
    }
}
