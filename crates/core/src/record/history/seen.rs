//! Which changes the writer of a change had seen.

use std::collections::HashMap;

use automerge::{ActorId, Change, ChangeHash};

/// Actors that are looked for one after the other. A document has a handful, and hashing each would take longer.
const FEW_ACTORS: usize = 8;

/// Actors as numbers, and for every change how far its writer had heard of each of them.
pub(super) struct Seen {
    actors: HashMap<ActorId, u32>,
    few: Vec<(ActorId, u32)>,
    /// Actor and sequence number of each change.
    pub(super) made: Vec<(u32, u64)>,
    /// For each change, by actor: the last sequence number among the change and all it builds on.
    clocks: Vec<Box<[u64]>>,
}

impl Seen {
    /// Reads what changes, parents first, build on.
    pub(super) fn of(changes: &[Change]) -> Self {
        let mut seen = Self { actors: HashMap::new(), few: Vec::new(), made: Vec::new(), clocks: Vec::new() };
        for change in changes {
            let next = u32::try_from(seen.actors.len()).unwrap_or(u32::MAX);
            let actor = *seen.actors.entry(change.actor_id().clone()).or_insert(next);
            seen.made.push((actor, change.seq()));
        }
        if seen.actors.len() <= FEW_ACTORS {
            seen.few = seen.actors.iter().map(|(actor, number)| (actor.clone(), *number)).collect();
        }
        let mut places: HashMap<ChangeHash, usize> = HashMap::with_capacity(changes.len());
        for (at, change) in changes.iter().enumerate() {
            let mut clock = vec![0; seen.actors.len()].into_boxed_slice();
            for parent in change.deps().iter().filter_map(|hash| places.get(hash)) {
                for (known, of_parent) in clock.iter_mut().zip(&seen.clocks[*parent]) {
                    *known = (*known).max(*of_parent);
                }
            }
            let (actor, seq) = seen.made[at];
            if let Some(own) = clock.get_mut(actor as usize) {
                *own = (*own).max(seq);
            }
            seen.clocks.push(clock);
            places.insert(change.hash(), at);
        }
        seen
    }

    /// The number of an actor. One that wrote no change of the document has none.
    pub(super) fn actor(&self, actor: &ActorId) -> Option<u32> {
        if self.few.is_empty() {
            return self.actors.get(actor).copied();
        }
        self.few.iter().find(|(known, _)| known == actor).map(|(_, number)| *number)
    }

    /// Actors by number, each with its rank: Automerge orders what was written at once by the actors' bytes.
    pub(super) fn ranks(&self) -> Vec<u32> {
        let mut sorted: Vec<(&ActorId, u32)> = self.actors.iter().map(|(id, number)| (id, *number)).collect();
        sorted.sort_unstable();
        let mut ranks = vec![0; sorted.len()];
        for (rank, (_, number)) in (0_u32..).zip(sorted) {
            ranks[number as usize] = rank;
        }
        ranks
    }

    /// Whether the writer of change `later` had seen change `earlier`. A change has seen itself.
    pub(super) fn has_seen(&self, later: usize, earlier: usize) -> bool {
        let (actor, seq) = self.made[earlier];
        self.clocks[later].get(actor as usize).is_some_and(|known| *known >= seq)
    }

    /// Of the changes in `among` (in causal order), the last of each other actor that neither has seen `change` nor was
    /// seen by it.
    pub(super) fn beside(&self, change: usize, among: &ByActor) -> Vec<usize> {
        let mut beside = Vec::new();
        for (actor, changes) in &among.0 {
            if *actor == self.made[change].0 {
                continue;
            }
            // An actor hears of a change once and for all, and `change` had heard of its changes up to one.
            let unaware = changes.partition_point(|other| !self.has_seen(*other, change));
            if let Some(last) = changes[..unaware].last()
                && !self.has_seen(change, *last)
            {
                beside.push(*last);
            }
        }
        beside.sort_unstable();
        beside
    }
}

/// Changes of one field by actor, each actor's in its own order.
#[derive(Default)]
pub(super) struct ByActor(Vec<(u32, Vec<usize>)>);

impl ByActor {
    /// Adds a change of an actor, if it is not the last one already.
    pub(super) fn add(&mut self, actor: u32, change: usize) {
        let at = self.0.iter().position(|(known, _)| *known == actor);
        match at {
            Some(at) => {
                let changes = &mut self.0[at].1;
                if changes.last() != Some(&change) {
                    changes.push(change);
                }
            }
            None => self.0.push((actor, vec![change])),
        }
    }
}
