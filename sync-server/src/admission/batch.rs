//! The order in which the changes of one push can be judged: parents first, whatever order they came in.

use std::collections::{HashMap, HashSet};

use jobsheet_core::record::{ChangeHeader, ReadChange};
use jobsheet_wire::{BytesHash, Hash};

use super::Refused;
use super::job::Told;

/// What is known of a change of the push.
#[derive(Debug, Clone)]
pub(super) enum Judged {
    /// Stands in the document.
    Known,
    /// Will be committed.
    Taken,
    /// Waits for these.
    Waits(Vec<Hash>),
    /// Not taken.
    Refused(Refused),
}

/// A change whose header has been read and whose hash is right.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// What it says of itself.
    pub(super) header: ChangeHeader,
    /// The change.
    pub(super) change: ReadChange,
}

/// The changes of one push to one document.
#[derive(Debug, Default)]
pub(super) struct Batch {
    judged: HashMap<Hash, Judged>,
    waiting: Vec<Candidate>,
    taken: Vec<Candidate>,
}

impl Batch {
    /// Notes the judgement of a change.
    pub(super) fn judge(&mut self, hash: Hash, judged: Judged) {
        self.judged.insert(hash, judged);
    }

    /// Whether a change has been added before: the same change twice in one push is one change.
    pub(super) fn has(&self, hash: &Hash) -> bool {
        self.judged.contains_key(hash) || self.waiting.iter().any(|candidate| candidate.header.hash == *hash)
    }

    /// Adds a change that is to be judged.
    pub(super) fn add(&mut self, candidate: Candidate) {
        self.waiting.push(candidate);
    }

    /// Changes that are to be judged.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.waiting.iter()
    }

    /// Judges the candidates, parents first. `known` tells whether a parent stands in the log; `admit` judges a candidate
    /// all of whose parents stand or are taken.
    pub(super) fn run(
        &mut self,
        mut known: impl FnMut(&Hash) -> bool,
        mut admit: impl FnMut(&Candidate) -> Result<(), Refused>,
    ) {
        loop {
            let before = self.waiting.len();
            for candidate in std::mem::take(&mut self.waiting) {
                let hash = candidate.header.hash;
                let mut missing = false;
                let mut refused = false;
                for parent in &candidate.header.deps {
                    match self.judged.get(parent) {
                        Some(Judged::Known | Judged::Taken) => {}
                        Some(Judged::Refused(_)) => refused = true,
                        Some(Judged::Waits(_)) => missing = true,
                        None => missing |= !known(parent),
                    }
                }
                if refused {
                    self.judge(hash, Judged::Refused(Refused::descends()));
                } else if missing {
                    self.waiting.push(candidate);
                } else {
                    match admit(&candidate) {
                        Ok(()) => {
                            self.judge(hash, Judged::Taken);
                            self.taken.push(candidate);
                        }
                        Err(refusal) => self.judge(hash, Judged::Refused(refusal)),
                    }
                }
            }
            if self.waiting.len() == before {
                break;
            }
        }
        for candidate in std::mem::take(&mut self.waiting) {
            let mut missing = Vec::new();
            for parent in &candidate.header.deps {
                let stands = matches!(self.judged.get(parent), Some(Judged::Known | Judged::Taken));
                if !stands && !known(parent) {
                    missing.push(*parent);
                }
            }
            self.judge(candidate.header.hash, Judged::Waits(missing));
        }
    }

    /// The changes taken so far, parents first.
    pub(super) fn taken(&self) -> &[Candidate] {
        &self.taken
    }

    /// Takes back a change that could not be applied, and all that build on it.
    pub(super) fn refuse_taken(&mut self, hash: &Hash, refusal: &Refused) {
        let mut gone = HashSet::from([*hash]);
        self.judge(*hash, Judged::Refused(refusal.clone()));
        let mut kept = Vec::new();
        for candidate in std::mem::take(&mut self.taken) {
            let own = candidate.header.hash;
            if candidate.header.deps.iter().any(|parent| gone.contains(parent)) {
                gone.insert(own);
                self.judge(own, Judged::Refused(Refused::descends()));
            } else if own != *hash {
                kept.push(candidate);
            }
        }
        self.taken = kept;
    }

    /// What became of each change, in the order of the push.
    pub(super) fn told<'a>(&self, pushed: impl IntoIterator<Item = &'a Hash>) -> Vec<Told> {
        let places: HashMap<Hash, u32> =
            (0..).zip(&self.taken).map(|(at, candidate)| (candidate.header.hash, at)).collect();
        let mut before = HashSet::new();
        let told = |hash: &Hash| {
            let again = !before.insert(*hash);
            match self.judged.get(hash) {
                Some(Judged::Known) => Told::Known,
                Some(Judged::Taken) => {
                    let at = places.get(hash).copied().unwrap_or_default();
                    if again { Told::Again(at) } else { Told::Taken(at) }
                }
                Some(Judged::Waits(parents)) => Told::Waits(parents.iter().copied().map(BytesHash).collect()),
                Some(Judged::Refused(refusal)) => refusal.clone().into(),
                None => Refused::unreadable().into(),
            }
        };
        pushed.into_iter().map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u8) -> Hash {
        [n; 32]
    }

    /// A real change stands in for all: what is judged here is the order, by the headers.
    fn change() -> ReadChange {
        let mut doc = automerge::AutoCommit::new();
        automerge::transaction::Transactable::put(&mut doc, automerge::ROOT, "key", 1).unwrap();
        doc.commit();
        ReadChange::read(doc.get_last_local_change().unwrap().raw_bytes()).unwrap()
    }

    fn candidate(n: u8, parents: &[u8]) -> Candidate {
        let header = ChangeHeader {
            hash: hash(n),
            actor: vec![1],
            seq: u64::from(n),
            deps: parents.iter().copied().map(hash).collect(),
            command: None,
            time: 0,
        };
        Candidate { header, change: change() }
    }

    fn told(candidates: &[Candidate], refuse: u8) -> Vec<Told> {
        let mut batch = Batch::default();
        for candidate in candidates {
            batch.add(candidate.clone());
        }
        let judge = |candidate: &Candidate| {
            if candidate.header.hash == hash(refuse) { Err(Refused::new("bad", "bad")) } else { Ok(()) }
        };
        batch.run(|parent| *parent == hash(0), judge);
        batch.told(candidates.iter().map(|candidate| &candidate.header.hash))
    }

    fn code(told: &Told) -> &str {
        match told {
            Told::Refused(code, _) => code,
            _ => "",
        }
    }

    #[test]
    fn children_that_come_before_their_parents_are_taken_after_them() {
        let told = told(&[candidate(3, &[2]), candidate(2, &[1]), candidate(1, &[0])], 99);
        assert_eq!(told, [Told::Taken(2), Told::Taken(1), Told::Taken(0)]);
    }

    #[test]
    fn a_refused_change_takes_its_descendants_with_it_and_nothing_else() {
        let told = told(&[candidate(1, &[0]), candidate(2, &[1]), candidate(3, &[2]), candidate(4, &[1])], 2);
        assert_eq!(told[0], Told::Taken(0));
        assert_eq!((code(&told[1]), code(&told[2])), ("bad", "descends-from-refused"));
        assert_eq!(told[3], Told::Taken(1));
    }

    #[test]
    fn changes_wait_for_parents_that_are_not_there() {
        let told = told(&[candidate(2, &[9]), candidate(3, &[2]), candidate(1, &[0])], 99);
        assert_eq!(told[0], Told::Waits(vec![BytesHash(hash(9))]));
        assert_eq!(told[1], Told::Waits(vec![BytesHash(hash(2))]));
        assert_eq!(told[2], Told::Taken(0));
    }

    #[test]
    fn what_can_not_be_applied_is_taken_back_with_its_descendants() {
        let mut batch = Batch::default();
        for candidate in [candidate(1, &[0]), candidate(2, &[1]), candidate(3, &[2]), candidate(4, &[1])] {
            batch.add(candidate);
        }
        batch.run(|parent| *parent == hash(0), |_| Ok(()));
        batch.refuse_taken(&hash(2), &Refused::unreadable());
        let taken: Vec<Hash> = batch.taken().iter().map(|candidate| candidate.header.hash).collect();
        assert_eq!(taken, [hash(1), hash(4)]);
    }
}
