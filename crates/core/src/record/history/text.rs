//! A note through its history: the characters ever written, in the order in which they stand, with who wrote and who
//! removed them.

use std::cmp::Reverse;

use super::TextEdit;
use super::fold::OpKey;
use super::seen::{ByActor, Seen};

/// Characters shown on either side of an edit.
const CONTEXT_CHARS: usize = 24;

/// A character: its run, and its place in it.
type Place = (usize, usize);

/// How what was put after one character is ordered: what takes its place first, then the latest operation.
type Order = (Option<usize>, bool, Reverse<(u64, u32)>);

/// Characters that one change wrote in a row. Words are typed and pasted: a note of thousands of characters has a few
/// hundred runs.
struct Run {
    /// Operation of the first character; the others follow it.
    first: OpKey,
    /// Change that wrote it.
    written: usize,
    /// What the first character was put after: another one, or the beginning.
    after: Option<Place>,
    /// It took the other's place.
    instead: bool,
    text: String,
    /// Where each character ends in the text, in bytes.
    ends: Vec<usize>,
    /// Characters that were removed, each with the change that did.
    removed: Vec<(usize, usize)>,
}

/// A note with its history.
#[derive(Default)]
pub(super) struct Note {
    pub(super) path: String,
    runs: Vec<Run>,
    /// Runs by actor, by the counter of their first operation.
    by_actor: Vec<Vec<(u64, usize)>>,
    pub(super) touched: ByActor,
}

/// A part of a run that nothing was put into and whose characters were removed by the same changes.
struct Piece {
    run: usize,
    from: usize,
    to: usize,
    removed: Vec<usize>,
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
        if let Some(run) = self.runs.last_mut() {
            let next = run.first.counter + run.ends.len() as u64;
            let last = OpKey { counter: next - 1, actor: run.first.actor };
            if !instead && run.written == change && op.counter == next && after == Some(last) {
                run.text.push_str(letter);
                run.ends.push(run.text.len());
                return;
            }
        }
        let after = after.and_then(|after| self.place(after));
        let actor = op.actor as usize;
        if self.by_actor.len() <= actor {
            self.by_actor.resize_with(actor + 1, Vec::new);
        }
        self.by_actor[actor].push((op.counter, self.runs.len()));
        self.runs.push(Run {
            first: op,
            written: change,
            after,
            instead,
            text: letter.to_owned(),
            ends: vec![letter.len()],
            removed: Vec::new(),
        });
    }

    /// A character goes.
    pub(super) fn remove(&mut self, op: OpKey, change: usize) {
        if let Some((run, at)) = self.place(op) {
            self.runs[run].removed.push((at, change));
        }
    }

    fn place(&self, op: OpKey) -> Option<Place> {
        // An actor's operations come in the order of their counters.
        let runs = self.by_actor.get(op.actor as usize)?;
        let (first, run) =
            *runs.get(runs.partition_point(|(first, _)| *first <= op.counter).checked_sub(1)?)?;
        let at = usize::try_from(op.counter - first).ok()?;
        (at < self.runs[run].ends.len()).then_some((run, at))
    }

    /// The runs cut into pieces; also, for each run, its first piece.
    fn pieces(&mut self) -> (Vec<Piece>, Vec<usize>) {
        let mut cuts: Vec<Vec<usize>> = self.runs.iter().map(|_| Vec::new()).collect();
        for (run, at) in self.runs.iter().filter_map(|run| run.after) {
            cuts[run].push(at + 1);
        }
        let (mut pieces, mut first) = (Vec::new(), Vec::new());
        for (at, (run, mut cuts)) in self.runs.iter_mut().zip(cuts).enumerate() {
            first.push(pieces.len());
            run.removed.sort_unstable();
            run.removed.dedup();
            let of = |place: usize| {
                let from = run.removed.partition_point(|(removed, _)| *removed < place);
                let to = run.removed.partition_point(|(removed, _)| *removed <= place);
                run.removed[from..to].iter().map(|(_, change)| *change)
            };
            for (removed, _) in &run.removed {
                cuts.extend([*removed, removed + 1]);
            }
            cuts.push(run.ends.len());
            cuts.sort_unstable();
            cuts.dedup();
            let mut from = 0;
            for to in cuts.into_iter().filter(|to| (1..=run.ends.len()).contains(to)) {
                pieces.push(Piece { run: at, from, to, removed: of(from).collect() });
                from = to;
            }
        }
        (pieces, first)
    }

    /// Everything that was ever written, in the order in which it stands. What was put after one character stands there
    /// latest first, as in every replica.
    fn stretches(mut self, ranks: &[u32]) -> Vec<Stretch> {
        let (pieces, first) = self.pieces();
        let runs = &self.runs;
        let parent = |(run, at): Place| {
            let from = first[run];
            let to = first.get(run + 1).copied().unwrap_or(pieces.len());
            from + pieces[from..to].partition_point(|piece| piece.to <= at)
        };
        let order = |at: usize, piece: &Piece| -> Order {
            let run = &runs[piece.run];
            let rank = ranks.get(run.first.actor as usize).copied().unwrap_or(0);
            let op = Reverse((run.first.counter + piece.from as u64, rank));
            if piece.from > 0 { (Some(at - 1), true, op) } else { (run.after.map(parent), !run.instead, op) }
        };
        let mut children: Vec<(Order, usize)> =
            pieces.iter().enumerate().map(|(at, piece)| (order(at, piece), at)).collect();
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
            let Piece { run, from, to, removed } = &pieces[place];
            let Run { text, ends, written, .. } = &runs[*run];
            let text = &text[from.checked_sub(1).map_or(0, |last| ends[last])..ends[to - 1]];
            match stretches.last_mut() {
                Some(last) if last.written == *written && last.removed == *removed => {
                    last.text.push_str(text);
                    last.chars += text.chars().count();
                }
                _ => stretches.push(Stretch {
                    text: text.to_owned(),
                    chars: text.chars().count(),
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
        let mut changes: Vec<usize> = self
            .runs
            .iter()
            .flat_map(|run| run.removed.iter().map(|(_, by)| *by).chain([run.written]))
            .collect();
        changes.sort_unstable();
        changes.dedup();
        let stretches = self.stretches(&seen.ranks());
        changes.into_iter().map(|change| (change, edits_of(&stretches, change, seen, names))).collect()
    }
}

/// What one change did to a note, as its writer saw it.
fn edits_of(stretches: &[Stretch], change: usize, seen: &Seen, names: &[String]) -> Vec<TextEdit> {
    let knew = |other: usize| other != change && seen.has_seen(change, other);
    let there =
        |stretch: &Stretch| knew(stretch.written) && !stretch.removed.iter().any(|other| knew(*other));
    let stays = |stretch: &&Stretch| there(stretch) && !stretch.removed.contains(&change);
    let mut edits: Vec<TextEdit> = Vec::new();
    // The edit at the end of which the walk stands, if nothing that stays came after it.
    let mut open = false;
    let mut at = 0;
    for (place, stretch) in stretches.iter().enumerate() {
        let removed = stretch.removed.contains(&change);
        let goes = removed && there(stretch);
        if !goes && (removed || stretch.written != change) {
            if there(stretch) {
                open = false;
                at += stretch.chars;
            }
            continue;
        }
        if !open {
            let left = stretches[..place].iter().rev().filter(stays);
            edits.push(TextEdit {
                at,
                left: last_chars(left),
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
        let right = stretches[place + 1..].iter().filter(stays).flat_map(|stretch| stretch.text.chars());
        edit.right = right.take(CONTEXT_CHARS).collect();
    }
    edits
}

/// The last characters of a text of which the last stretch comes first.
fn last_chars<'a>(stretches: impl Iterator<Item = &'a Stretch>) -> String {
    let backward = stretches.flat_map(|stretch| stretch.text.chars().rev());
    let mut letters: Vec<char> = backward.take(CONTEXT_CHARS).collect();
    letters.reverse();
    letters.into_iter().collect()
}
