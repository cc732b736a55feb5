//! The order in which the changes of one push can be judged: parents first, whatever order they came in.

use std::collections::{HashMap, HashSet};

use jobsheet_core::record::ChangeHeader;
use jobsheet_wire::{BytesHash, Framed, Hash, Verdict};

use super::Refused;

/// What is known of a change of the push.
#[derive(Debug, Clone)]
pub(super) enum Judged {
    /// Stands in the log.
    Known(u64),
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
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
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

    /// Judges the candidates, parents first. `known` tells whether a parent stands in the log; `admit` judges a candidate
    /// all of whose parents stand or are taken.
    pub(super) fn run<E>(
        &mut self,
        mut known: impl FnMut(&Hash) -> Result<bool, E>,
        mut admit: impl FnMut(&Candidate) -> Result<Result<(), Refused>, E>,
    ) -> Result<(), E> {
        loop {
            let before = self.waiting.len();
            for candidate in std::mem::take(&mut self.waiting) {
                let hash = candidate.header.hash;
                let mut missing = false;
                let mut refused = false;
                for parent in &candidate.header.deps {
                    match self.judged.get(parent) {
                        Some(Judged::Known(_) | Judged::Taken) => {}
                        Some(Judged::Refused(_)) => refused = true,
                        Some(Judged::Waits(_)) => missing = true,
                        None => missing |= !known(parent)?,
                    }
                }
                if refused {
                    self.judge(hash, Judged::Refused(Refused::descends()));
                } else if missing {
                    self.waiting.push(candidate);
                } else {
                    match admit(&candidate)? {
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
                let stands = matches!(self.judged.get(parent), Some(Judged::Known(_) | Judged::Taken));
                if !stands && !known(parent)? {
                    missing.push(*parent);
                }
            }
            self.judge(candidate.header.hash, Judged::Waits(missing));
        }
        Ok(())
    }

    /// The changes taken so far, parents first.
    pub(super) fn taken(&self) -> &[Candidate] {
        &self.taken
    }

    /// Takes back a change that could not be applied, and all that build on it.
    pub(super) fn refuse_taken(&mut self, hash: &Hash, refusal: Refused) {
        let mut gone = HashSet::from([*hash]);
        self.judge(*hash, Judged::Refused(refusal));
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

    /// The verdicts, in the order of the push. The changes taken have been committed under `first` and the numbers after it.
    pub(super) fn verdicts(&self, pushed: &[Framed], first: u64) -> Vec<Verdict> {
        let seqs: HashMap<Hash, u64> =
            (first..).zip(&self.taken).map(|(seq, candidate)| (candidate.header.hash, seq)).collect();
        let mut told = HashSet::new();
        let verdict = |framed: &Framed| {
            let again = !told.insert(framed.hash);
            match self.judged.get(&framed.hash) {
                Some(Judged::Known(seq)) => Verdict::Duplicate(*seq),
                Some(Judged::Taken) => {
                    let seq = seqs.get(&framed.hash).copied().unwrap_or(first);
                    if again { Verdict::Duplicate(seq) } else { Verdict::Accepted(seq) }
                }
                Some(Judged::Waits(parents)) => {
                    Verdict::Pending(parents.iter().copied().map(BytesHash).collect())
                }
                Some(Judged::Refused(refusal)) => refused(refusal),
                None => refused(&Refused::unreadable()),
            }
        };
        pushed.iter().map(verdict).collect()
    }
}

/// A refusal as a verdict.
pub(super) fn refused(refusal: &Refused) -> Verdict {
    Verdict::Refused { code: refusal.code.to_owned(), reason: refusal.reason.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(hash: u8, parents: &[u8]) -> Candidate {
        let header = ChangeHeader {
            hash: [hash; 32],
            actor: vec![1],
            seq: u64::from(hash),
            deps: parents.iter().map(|parent| [*parent; 32]).collect(),
            command: None,
            time: 0,
        };
        Candidate { header, bytes: Vec::new() }
    }

    fn verdicts(candidates: &[Candidate], refuse: u8) -> Vec<Verdict> {
        let mut batch = Batch::default();
        for candidate in candidates {
            batch.add(candidate.clone());
        }
        let known = |hash: &Hash| Ok::<_, ()>(hash[0] == 0);
        let judge = |candidate: &Candidate| {
            Ok(if candidate.header.hash[0] == refuse { Err(Refused::new("bad", "bad")) } else { Ok(()) })
        };
        batch.run(known, judge).unwrap();
        let pushed: Vec<Framed> = candidates
            .iter()
            .map(|candidate| Framed { hash: candidate.header.hash, bytes: Vec::new() })
            .collect();
        batch.verdicts(&pushed, 10)
    }

    fn code(verdict: &Verdict) -> &str {
        match verdict {
            Verdict::Refused { code, .. } => code,
            _ => "",
        }
    }

    #[test]
    fn children_that_come_before_their_parents_are_taken_after_them() {
        let told = verdicts(&[candidate(3, &[2]), candidate(2, &[1]), candidate(1, &[0])], 99);
        assert_eq!(told, [Verdict::Accepted(12), Verdict::Accepted(11), Verdict::Accepted(10)]);
    }

    #[test]
    fn a_refused_change_takes_its_descendants_with_it_and_nothing_else() {
        let told =
            verdicts(&[candidate(1, &[0]), candidate(2, &[1]), candidate(3, &[2]), candidate(4, &[1])], 2);
        assert_eq!(told[0], Verdict::Accepted(10));
        assert_eq!((code(&told[1]), code(&told[2])), ("bad", "descends-from-refused"));
        assert_eq!(told[3], Verdict::Accepted(11));
    }

    #[test]
    fn changes_wait_for_parents_that_are_not_there() {
        let told = verdicts(&[candidate(2, &[9]), candidate(3, &[2]), candidate(1, &[0])], 99);
        assert_eq!(told[0], Verdict::Pending(vec![BytesHash([9; 32])]));
        assert_eq!(told[1], Verdict::Pending(vec![BytesHash([2; 32])]));
        assert_eq!(told[2], Verdict::Accepted(10));
    }

    #[test]
    fn what_can_not_be_applied_is_taken_back_with_its_descendants() {
        let mut batch = Batch::default();
        for candidate in [candidate(1, &[0]), candidate(2, &[1]), candidate(3, &[2]), candidate(4, &[1])] {
            batch.add(candidate);
        }
        batch.run(|hash| Ok::<_, ()>(hash[0] == 0), |_| Ok(Ok(()))).unwrap();
        batch.refuse_taken(&[2; 32], Refused::unreadable());
        let taken: Vec<u8> = batch.taken().iter().map(|candidate| candidate.header.hash[0]).collect();
        assert_eq!(taken, [1, 4]);
    }
}
